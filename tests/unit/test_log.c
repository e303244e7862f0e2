#define KD_LOG_MODULE "test"
#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int sink;
static char text[1 << 20];

static void setup(void)
{
    unsetenv("JOURNAL_STREAM");
    sink = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_ge(sink, 0);
    kd_log_set_fd(sink);
    kd_log_set_level(KD_LOG_INFO);
}

static void teardown(void)
{
    unsetenv("JOURNAL_STREAM");
    kd_log_set_fd(STDERR_FILENO);
    kd_log_set_level(KD_LOG_INFO);
    close(sink);
}

static const char *logged(void)
{
    ssize_t got = pread(sink, text, sizeof(text) - 1, 0);
    ck_assert_int_ge(got, 0);
    text[got] = '\0';
    return text;
}

START_TEST(test_a_line)
{
    errno = ENOSPC;
    KD_WARN("client %d (%s): gone", 3, "meteors");
    ck_assert_int_eq(errno, ENOSPC);
    long long seconds;
    long micros;
    int end = 0;
    sscanf(logged(), "[%lld.%6ld] warn  test: client 3 (meteors): gone\n%n", &seconds, &micros,
           &end);
    ck_assert_msg(end > 0 && text[end] == '\0', "logged: %s", text);
}
END_TEST

START_TEST(test_levels)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    kd_log_set_level((enum kd_log_level)_i);
    ck_assert_int_eq(kd_log_get_level(), _i);
    KD_ERROR("<error>");
    KD_WARN("<warn>");
    KD_INFO("<info>");
    KD_DEBUG("<debug>");
    logged();
    for (int i = 0; i < 4; i++) {
        char wanted[48];
        snprintf(wanted, sizeof(wanted), "%-5s test: <%s>\n", names[i], names[i]);
        ck_assert_msg((strstr(text, wanted) != NULL) == (i <= _i), "at level %s: %s", names[_i],
                      text);
    }
    enum kd_log_level level = KD_LOG_ERROR;
    ck_assert(kd_log_level_parse(names[_i], &level));
    ck_assert_int_eq(level, _i);
    ck_assert_str_eq(kd_log_level_name(level), names[_i]);
    ck_assert(!kd_log_level_parse("loud", &level));
    ck_assert(!kd_log_level_parse("", &level));
}
END_TEST

static void announce_journal(int fd, int off_by)
{
    struct stat stat;
    char stream[64];
    ck_assert_int_eq(fstat(fd, &stat), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)stat.st_dev,
             (unsigned long long)stat.st_ino + (unsigned long long)off_by);
    setenv("JOURNAL_STREAM", stream, 1);
    kd_log_set_fd(fd);
}

START_TEST(test_prefixes_for_the_journal)
{
    announce_journal(sink, 0);
    kd_log_set_level(KD_LOG_DEBUG);
    KD_ERROR("a");
    KD_WARN("b");
    KD_INFO("c");
    KD_DEBUG("d");
    ck_assert_str_eq(logged(), "<3>test: a\n<4>test: b\n<6>test: c\n<7>test: d\n");
}
END_TEST

/* Somebody redirected stderr of a unit: the variable is there, but means another file. */
START_TEST(test_no_prefixes_for_others)
{
    announce_journal(sink, 1);
    KD_ERROR("a");
    ck_assert_ptr_null(strchr(logged(), '<'));
}
END_TEST

START_TEST(test_nothing_forges_a_line)
{
    KD_INFO("title %s", "x\n[     0.000000] error test: forged\r\x1b[31m\x7f\xc2\x85");
    logged();
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_nonnull(strstr(text, "x?[     0.000000] error test: forged??[31m???\n"));
}
END_TEST

START_TEST(test_long_lines_are_cut)
{
    char *huge = malloc(100000);
    memset(huge, 'x', 99999);
    huge[99999] = '\0';
    KD_INFO("%s", huge);
    KD_INFO("next");
    free(huge);
    logged();
    size_t first = strcspn(text, "\n");
    ck_assert_uint_ge(first, 1000);
    ck_assert_uint_le(first, 1024);
    ck_assert_int_eq(strncmp(text + first - 4, "x...\n", 5), 0);
    ck_assert_ptr_nonnull(strstr(text + first, "test: next\n"));
}
END_TEST

static const struct {
    const char *bytes;
    uint32_t room;
    const char *wanted;
} texts[] = {
    {"plain", 64, "plain"},
    {"", 64, ""},
    {"h\xc3\xa9llo \xe2\x98\x83 \xf0\x9f\x8e\xae", 64,
     "h\xc3\xa9llo \xe2\x98\x83 \xf0\x9f\x8e\xae"},
    {"tab\there", 64, "tab?here"},
    {"\x01\x1f\x7f", 64, "???"},
    {"\xc0\x80", 64, "??"},           /* overlong */
    {"\xe0\x9f\xbf", 64, "???"},      /* overlong */
    {"\xed\xa0\x80", 64, "???"},      /* a surrogate */
    {"\xf4\x90\x80\x80", 64, "????"}, /* above U+10FFFF */
    {"\xc2\x9b"
     "31m",
     64, "??31m"},                  /* a C1 control */
    {"cut \xe2\x98", 64, "cut ??"}, /* ends inside a character */
    {"\xff\xfe", 64, "??"},
    {"12345678", 9, "12345678"},
    {"123456789", 9, "12345..."},
    {"1234\xe2\x98\x83xyz", 10, "1234..."}, /* no half character before the dots */
    {"\xe2\x98\x83\xe2\x98\x83", 6, "..."},
    {"12345", 4, "..."},
    {"12345", 3, "12"},
    {"12345", 1, ""},
};

START_TEST(test_safe)
{
    char buffer[65];
    memset(buffer, '#', sizeof(buffer));
    uint32_t bytes = (uint32_t)strlen(texts[_i].bytes);
    /* Exactly as long as it says, so that a sanitizer sees who reads on. */
    char *copy = malloc(bytes + 1);
    memcpy(copy, texts[_i].bytes, bytes);
    ck_assert_ptr_eq(kd_log_safe(buffer, texts[_i].room, copy, bytes), buffer);
    free(copy);
    ck_assert_str_eq(buffer, texts[_i].wanted);
    ck_assert_int_eq(buffer[texts[_i].room], '#');
}
END_TEST

START_TEST(test_safe_with_zero_bytes)
{
    char buffer[16];
    ck_assert_str_eq(kd_log_safe(buffer, sizeof(buffer), "a\0b", 3), "a?b");
    ck_assert_str_eq(kd_log_safe(buffer, 0, "abc", 3), "");
    ck_assert_str_eq(kd_log_safe(buffer, sizeof(buffer), NULL, 0), "");
}
END_TEST

START_TEST(test_the_ring_keeps_all_levels)
{
    kd_log_set_level(KD_LOG_ERROR);
    for (int i = 0; i < 1000; i++) {
        KD_DEBUG("ring line %d", i);
    }
    ck_assert_str_eq(logged(), "");
    kd_log_dump_ring();
    logged();
    ck_assert_ptr_null(strstr(text, "ring line 743\n"));
    const char *at = text;
    for (int i = 744; i < 1000; i++) {
        char wanted[48];
        snprintf(wanted, sizeof(wanted), "debug test: ring line %d\n", i);
        at = strstr(at, wanted);
        ck_assert_msg(at != NULL, "%s is not in its place", wanted);
    }
}
END_TEST

START_TEST(test_the_ring_cuts_long_lines)
{
    char line[600];
    memset(line, 'y', sizeof(line));
    line[599] = '\0';
    KD_INFO("%s", line);
    KD_INFO("behind it");
    ck_assert_int_eq(ftruncate(sink, 0), 0);
    ck_assert_int_eq(lseek(sink, 0, SEEK_SET), 0);
    kd_log_dump_ring();
    ck_assert_ptr_nonnull(strstr(logged(), "yyyy\n"));
    ck_assert_ptr_nonnull(strstr(text, "info  test: behind it\n"));
}
END_TEST

START_TEST(test_a_sink_that_fails)
{
    kd_log_set_fd(-1);
    KD_ERROR("lost");
    kd_log_set_fd(sink);
    kd_log_dump_ring();
    ck_assert_ptr_nonnull(strstr(logged(), "test: lost\n"));
}
END_TEST

#define THREADS 4
#define LINES   500

static void *log_many(void *arg)
{
    for (int i = 0; i < LINES; i++) {
        KD_INFO("thread %ld line %d end", (long)arg, i);
    }
    return NULL;
}

START_TEST(test_threads)
{
    pthread_t threads[THREADS];
    /* Appending, as stderr does: lines of one write(2) then never mix. */
    ck_assert_int_eq(fcntl(sink, F_SETFL, fcntl(sink, F_GETFL) | O_APPEND), 0);
    for (long i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many, (void *)i), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    int next[THREADS] = {0};
    unsigned lines = 0;
    for (const char *at = logged(); *at != '\0'; at = strchr(at, '\n') + 1) {
        int thread = -1, line = -1, end = 0;
        sscanf(at, "[%*d.%*d] info test: thread %d line %d end%n", &thread, &line, &end);
        ck_assert(end > 0 && at[end] == '\n' && thread >= 0 && thread < THREADS);
        ck_assert_int_eq(line, next[thread]++);
        lines++;
    }
    ck_assert_uint_eq(lines, THREADS * LINES);
}
END_TEST

#define SECOND INT64_C(1000000000)

START_TEST(test_limit)
{
    struct kd_log_limit limit = {0};
    uint32_t suppressed = 77;
    int64_t now = 5 * SECOND;
    for (int i = 0; i < 10; i++) {
        ck_assert(kd_log_allow(&limit, now, &suppressed));
        ck_assert_uint_eq(suppressed, 0);
    }
    for (int i = 0; i < 25; i++) {
        ck_assert(!kd_log_allow(&limit, now + i, &suppressed));
    }
    ck_assert(!kd_log_allow(&limit, now + SECOND - 1, &suppressed));
    ck_assert(kd_log_allow(&limit, now + SECOND, &suppressed));
    ck_assert_uint_eq(suppressed, 26);
    ck_assert(!kd_log_allow(&limit, now + SECOND, &suppressed));
    ck_assert(kd_log_allow(&limit, now + 2 * SECOND + SECOND / 2, &suppressed));
    ck_assert_uint_eq(suppressed, 1);

    /* One a second for as long as it goes on. */
    unsigned allowed = 0;
    for (int64_t at = now + 3 * SECOND; at < now + 23 * SECOND; at += SECOND / 100) {
        allowed += kd_log_allow(&limit, at, &suppressed);
    }
    ck_assert_uint_eq(allowed, 20);

    /* Quiet minutes fill it up again, and no more than that. */
    for (int i = 0; i < 10; i++) {
        ck_assert(kd_log_allow(&limit, now + 600 * SECOND, &suppressed));
    }
    ck_assert(!kd_log_allow(&limit, now + 600 * SECOND, &suppressed));
}
END_TEST

Suite *log_suite(void);
Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines");
    tcase_add_checked_fixture(lines, setup, teardown);
    tcase_add_test(lines, test_a_line);
    tcase_add_loop_test(lines, test_levels, 0, 4);
    tcase_add_test(lines, test_prefixes_for_the_journal);
    tcase_add_test(lines, test_no_prefixes_for_others);
    tcase_add_test(lines, test_nothing_forges_a_line);
    tcase_add_test(lines, test_long_lines_are_cut);
    tcase_add_test(lines, test_the_ring_keeps_all_levels);
    tcase_add_test(lines, test_the_ring_cuts_long_lines);
    tcase_add_test(lines, test_a_sink_that_fails);
    tcase_add_test(lines, test_threads);
    suite_add_tcase(suite, lines);

    TCase *safe = tcase_create("safe");
    tcase_add_loop_test(safe, test_safe, 0, sizeof(texts) / sizeof(texts[0]));
    tcase_add_test(safe, test_safe_with_zero_bytes);
    suite_add_tcase(suite, safe);

    TCase *limit = tcase_create("limit");
    tcase_add_test(limit, test_limit);
    suite_add_tcase(suite, limit);
    return suite;
}

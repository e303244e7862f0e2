/*
 * Clients' memory: which fds are taken, and reading them.
 */
#include "image/memory.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct kd_account *account;

static int sealed_memfd(uint64_t bytes, int seals)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static int open_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(only_sealed_memfds_are_taken)
{
    int pair[2], fds[8], before, count = 0;
    struct kd_memory *memory;
    const char *why;

    account = kd_account_create(1000);
    before = open_fds();
    ck_assert_int_eq(pipe(pair), 0);
    fds[count++] = pair[0];
    fds[count++] = pair[1];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fds[count++] = pair[0];
    fds[count++] = pair[1];
    fds[count++] = open("/dev/zero", O_RDWR | O_CLOEXEC);
    fds[count++] = open("/", O_RDONLY | O_CLOEXEC);
    fds[count++] = sealed_memfd(100, 0);
    fds[count++] = sealed_memfd(100, F_SEAL_GROW | F_SEAL_WRITE);
    for (int i = 0; i < count; i++) {
        why = NULL;
        ck_assert_int_eq(kd_memory_create(fds[i], account, &why, &memory), -EBADF);
        ck_assert_ptr_nonnull(why);
    }
    ck_assert_int_eq(open_fds(), before); /* taken over in any case */
    ck_assert_int_eq(kd_memory_create(sealed_memfd(0, F_SEAL_SHRINK), account, &why, &memory), 0);
    kd_memory_unref(kd_memory_ref(memory));
    ck_assert_int_eq(open_fds(), before + 1);
    kd_memory_unref(memory);
    kd_memory_unref(NULL);
    ck_assert_int_eq(open_fds(), before);
    ck_assert_uint_eq(account->used_bytes, 0);
    kd_account_unref(account);
}
END_TEST

START_TEST(reading_past_the_end)
{
    struct kd_memory *memory;
    char bytes[100], out[64];
    const char *why;
    int fd = sealed_memfd(100, F_SEAL_SHRINK);

    account = kd_account_create(1000);
    for (int i = 0; i < 100; i++)
        bytes[i] = (char)i;
    ck_assert_int_eq(pwrite(fd, bytes, 100, 0), 100);
    ck_assert_int_eq(kd_memory_create(fd, account, &why, &memory), 0);
    ck_assert_uint_eq(account->used_bytes, 100);
    ck_assert_int_eq(kd_memory_read(memory, 36, out, 64), 0);
    ck_assert_int_eq(memcmp(out, bytes + 36, 64), 0);
    ck_assert_int_eq(kd_memory_read(memory, 37, out, 64), -EIO);
    ck_assert_int_eq(kd_memory_read(memory, 100, out, 0), 0);
    ck_assert_int_eq(kd_memory_read(memory, UINT64_MAX, out, 1), -EIO);
    ck_assert_int_eq(kd_memory_read(memory, INT64_MAX, out, 64), -EIO);
    kd_memory_unref(memory);
    ck_assert_uint_eq(account->used_bytes, 0);
    kd_account_unref(account);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *memory = tcase_create("memory");

    tcase_add_test(memory, only_sealed_memfds_are_taken);
    tcase_add_test(memory, reading_past_the_end);
    suite_add_tcase(suite, memory);
    return suite;
}

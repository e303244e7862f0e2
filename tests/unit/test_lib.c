/* libkmsblit: the connection, errors, tools; against a scripted daemon. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <kmsblit.h>

#include "fake_daemon.h"

static struct fake fake;

static void setup(void)
{
    setenv("KMSBLIT_RECONNECT", "0", 1);
    fake_start(&fake);
}

static void teardown(void)
{
    fake_stop(&fake);
}

static struct kb_display *connected(void)
{
    struct kb_display *display;
    int error = kb_connect(fake.path, "test", &display);
    ck_assert_msg(error == 0, "%s", kb_last_error());
    return display;
}

static void assert_says(const char *what)
{
    ck_assert_msg(strstr(kb_last_error(), what) != NULL, "\"%s\" does not say \"%s\"",
                  kb_last_error(), what);
}

static unsigned open_fds(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

START_TEST(connect_tells)
{
    struct kb_display *display = connected();
    struct kb_output_info output;
    ck_assert_str_eq(kb_server_name(display), "fake 1.0");
    ck_assert_str_eq(kb_socket_path(display), fake.path);
    ck_assert_uint_eq(kb_permissions(display), KB_PERMISSION_SCREENSHOT | KB_PERMISSION_CLOCK);
    ck_assert_uint_eq(kb_output_count(display), 2);
    ck_assert_int_eq(kb_output_get(display, 1, &output), 0);
    ck_assert_str_eq(output.name, "FAKE-2");
    ck_assert_int_eq(output.x, 640);
    ck_assert_int_eq(kb_output_get(display, 2, &output), -EINVAL);
    assert_says("there are 2");
    kb_disconnect(display);
    kb_disconnect(NULL);
    const struct fake_record *hello = fake_find(&fake, KB_REQ_HELLO, 0);
    struct kb_req_hello decoded;
    ck_assert_int_eq(
        kb_req_hello_decode(hello->message, *(uint32_t *)hello->message, NULL, 0, &decoded, NULL),
        0);
    ck_assert_int_eq(strncmp(decoded.name, "test", decoded.name_bytes), 0);
    ck_assert_uint_eq(decoded.version, KB_PROTO_VERSION);
}
END_TEST

START_TEST(connect_byte_by_byte)
{
    fake.byte_by_byte = true;
    kb_disconnect(connected());
}
END_TEST

START_TEST(connect_chooses_the_first_that_exists)
{
    struct kb_display *display;
    setenv("XDG_RUNTIME_DIR", fake.folder, 1);
    ck_assert_int_eq(kb_connect(NULL, NULL, &display), 0);
    ck_assert_str_eq(kb_socket_path(display), fake.path);
    kb_disconnect(display);
    /* What the user named is meant, there or not. */
    setenv("KMSBLIT_SOCKET", "/nonexistent/kmsblit.sock", 1);
    ck_assert_int_eq(kb_connect(NULL, NULL, &display), -ENOENT);
    assert_says("no kmsblitd at /nonexistent/kmsblit.sock: start it with `systemctl start");
}
END_TEST

START_TEST(connect_nobody_there)
{
    struct kb_display *display = (void *)1;
    char path[128], longer[200];
    snprintf(path, sizeof(path), "%s/none", fake.folder);
    ck_assert_int_eq(kb_connect(path, "test", &display), -ENOENT);
    ck_assert_ptr_null(display);
    assert_says(path);
    assert_says("kmsblitd --output headless");
    fclose(fopen(path, "w"));
    ck_assert_int_eq(kb_connect(path, "test", &display), -ECONNREFUSED);
    assert_says("systemctl start kmsblitd");
    unlink(path);
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    ck_assert_int_eq(kb_connect(longer, "test", &display), -ENAMETOOLONG);
    longer[107] = '\0'; /* fits exactly */
    ck_assert_int_eq(kb_connect(longer, "test", &display), -ENOENT);
    ck_assert_int_eq(kb_connect("", "test", &display), -EINVAL);
    ck_assert_int_eq(kb_connect(fake.path, "a\x01", &display), -EINVAL);
    assert_says("name");
}
END_TEST

START_TEST(connect_other_kind_of_socket)
{
    struct kb_display *display;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/other", fake.folder);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(kb_connect(address.sun_path, "test", &display), -EPROTO);
    close(fd);
    unlink(address.sun_path);
}
END_TEST

START_TEST(connect_other_version)
{
    struct kb_display *display;
    FAKE_SET(&fake, version, KB_PROTO_VERSION + 1);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EPROTONOSUPPORT);
    assert_says("version 2");
    FAKE_SET(&fake, refuse, KB_REQ_HELLO);
    FAKE_SET(&fake, refuse_code, KB_ERROR_CODE_VERSION);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EPROTONOSUPPORT);
    assert_says("not today");
    FAKE_SET(&fake, refuse_code, KB_ERROR_CODE_PERMISSION);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EACCES);
    FAKE_SET(&fake, refuse_code, KB_ERROR_CODE_QUOTA);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EDQUOT);
}
END_TEST

/* Answers that are no kmsblitd's. */
static const struct {
    const char *bytes;
    size_t size;
    const char *says;
} garbage[] = {
    {"", 0, "closed the connection"},
    {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, "does not speak"},
    {"\x08\0\0\0\x01\x80\0\0\0\0\0\0\0\0\0\0", 16, "header.size"},
    {"\x30\0\0\0\x01\x80\0\0\0\0\0\0\0\0\0\0", 16, "closed the connection"},
    {"\x18\0\0\0\x01\x80\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 24, "does not speak"},
    {"\x10\0\0\0\x61\x80\x01\0\0\0\0\0\0\0\0\0", 16, "file descriptors"},
};

START_TEST(connect_garbage)
{
    struct kb_display *display;
    fake.derail = KB_REQ_HELLO;
    fake.derail_bytes = garbage[_i].bytes;
    fake.derail_size = garbage[_i].size;
    fake.derail_closes = true;
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EPROTO);
    assert_says(garbage[_i].says);
    ck_assert_ptr_null(display);
}
END_TEST

START_TEST(sync_reports_once)
{
    static const struct {
        enum kb_error_code code;
        int error;
    } codes[] = {
        {KB_ERROR_CODE_NOT_IMPLEMENTED, -ENOSYS},
        {KB_ERROR_CODE_BAD_OBJECT, -EBADF},
        {KB_ERROR_CODE_BAD_VALUE, -EINVAL},
        {KB_ERROR_CODE_QUOTA, -EDQUOT},
        {KB_ERROR_CODE_NO_MEMORY, -ENOMEM},
        {KB_ERROR_CODE_PERMISSION, -EPERM},
        {KB_ERROR_CODE_IO, -EIO},
        {KB_ERROR_CODE_BAD_FD, -EBADF},
    };
    struct kb_display *display = connected();
    const uint32_t pixel = 1;
    struct kb_image *image;
    ck_assert_int_eq(kb_sync(display), 0);
    fake.refuse = KB_REQ_IMAGE_CREATE;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fake.refuse_code = (uint16_t)codes[i].code;
        ck_assert_int_eq(kb_image_create(display, &(struct kb_image_info){.width = 1, .height = 1},
                                         &pixel, &image),
                         0);
        ck_assert_int_eq(kb_sync(display), codes[i].error);
        ck_assert_str_eq(kb_last_error(), "image_create: not today");
        ck_assert_int_eq(kb_sync(display), 0);
    }
    kb_disconnect(display);
}
END_TEST

START_TEST(destroying_what_was_refused_is_no_error)
{
    struct kb_display *display = connected();
    const uint32_t pixel = 1;
    struct kb_image *image;
    ck_assert_int_eq(
        kb_image_create(display, &(struct kb_image_info){.width = 1, .height = 1}, &pixel, &image),
        0);
    fake.refuse = KB_REQ_IMAGE_DESTROY;
    fake.refuse_code = KB_ERROR_CODE_BAD_OBJECT;
    kb_image_destroy(image);
    kb_image_destroy(NULL);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_DESTROY), 1);
    kb_disconnect(display);
}
END_TEST

/* After the daemon has gone, every call says so, and no signal comes. */
static void assert_gone(struct kb_display *display, struct kb_window *window, const char *says)
{
    struct kb_image *image;
    const uint32_t pixel = 1;
    ck_assert_int_eq(kb_sync(display), -EPIPE);
    assert_says(says);
    ck_assert_int_eq(kb_commit(window, NULL), -EPIPE);
    assert_says(says);
    ck_assert_int_eq(kb_flip(window, NULL), -EPIPE);
    ck_assert_int_eq(kb_dispatch(display, -1), -EPIPE);
    ck_assert_int_eq(kb_flush(display), -EPIPE);
    ck_assert_int_eq(
        kb_image_create(display, &(struct kb_image_info){.width = 1, .height = 1}, &pixel, &image),
        -EPIPE);
    ck_assert_ptr_null(image);
    assert_says(says);
}

START_TEST(daemon_goes)
{
    /* Nothing; garbage; an output event that ends too early; a fatal error. */
    static const uint64_t short_output[] = {0x801000000018, 0, 0};
    const struct kb_evt_error error = {
        .code = KB_ERROR_CODE_TIMEOUT, .message = "events were not read", .message_bytes = 20};
    static uint64_t encoded[16];
    struct kb_writer writer;
    kb_writer_init(&writer, encoded, sizeof(encoded));
    ck_assert_int_eq(kb_evt_error_encode(&writer, &error), 0);
    const struct {
        const void *bytes;
        size_t size;
        const char *says;
    } ends[] = {
        {"", 0, "closed the connection"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, "header.size"},
        {short_output, sizeof(short_output), "does not speak"},
        {encoded, writer.used_bytes, "ended the connection: events were not read"},
    };
    struct kb_display *display = connected();
    struct kb_window *window;
    const struct kb_window_info info = {.width = 32, .height = 32};
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    fake.derail_bytes = ends[_i].bytes;
    fake.derail_size = ends[_i].size;
    fake.derail_closes = true;
    fake.derail = KB_REQ_SYNC;
    assert_gone(display, window, ends[_i].says);
    kb_disconnect(display);
}
END_TEST

START_TEST(events_that_mean_nothing_are_ignored)
{
    struct kb_display *display = connected();
    struct kb_window *window;
    const struct kb_window_info info = {.width = 32, .height = 32};
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    uint32_t id = kb_window_id(window);
    kb_window_destroy(window);
    ck_assert_int_eq(kb_sync(display), 0);
    uint64_t bytes[64];
    struct kb_writer writer;
    kb_writer_init(&writer, bytes, sizeof(bytes));
    kb_evt_presented_encode(&writer, &(struct kb_evt_presented){.object = id, .serial = 3});
    kb_evt_window_state_encode(&writer, &(struct kb_evt_window_state){.object = id});
    kb_evt_released_encode(&writer, &(struct kb_evt_released){.object = 99, .serial = 4});
    kb_evt_done_encode(&writer, &(struct kb_evt_done){.serial = 77});
    kb_evt_output_gone_encode(&writer, &(struct kb_evt_output_gone){.object = 7});
    kb_evt_focus_encode(&writer, &(struct kb_evt_focus){.object = id, .gained = 1});
    const struct kb_header unknown = {.size = 16, .opcode = 0xfff0};
    memcpy((uint8_t *)bytes + writer.used_bytes, &unknown, sizeof(unknown));
    fake.derail = KB_REQ_WINDOW_DESTROY;
    fake.derail_bytes = bytes;
    fake.derail_size = writer.used_bytes + sizeof(unknown);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    ck_assert_uint_ne(kb_window_id(window), id);
    kb_window_destroy(window);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(kb_output_count(display), 1);
    kb_disconnect(display);
}
END_TEST

static int picture_fd(size_t bytes)
{
    static const uint32_t words[6] = {0xff000001, 2, 3, 4, 5, 0x00ffffff};
    int fd = memfd_create("picture", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, words, bytes), (ssize_t)bytes);
    return fd;
}

START_TEST(screenshot)
{
    uint32_t width, height, *pixels;
    struct kb_display *display = connected();
    fake.event_fd = picture_fd(24);
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), 0);
    ck_assert_uint_eq(width, 3);
    ck_assert_uint_eq(height, 2);
    ck_assert_uint_eq(pixels[0], 0xff000001);
    ck_assert_uint_eq(pixels[5], 0x00ffffff);
    free(pixels);
    close(fake.event_fd);
    fake.event_fd = picture_fd(23);
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), -EPROTO);
    ck_assert_ptr_null(pixels);
    close(fake.event_fd);
    fake.refuse = KB_REQ_SCREENSHOT;
    fake.refuse_code = KB_ERROR_CODE_PERMISSION;
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), -EPERM);
    assert_says("screenshot: not today");
    fake.refuse_code = KB_ERROR_CODE_NO_OUTPUT;
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), -ENODEV);
    ck_assert_int_eq(kb_sync(display), 0); /* it has been told already */
    kb_disconnect(display);
}
END_TEST

START_TEST(description)
{
    struct kb_display *display = connected();
    char *text;
    ck_assert_int_eq(kb_describe(display, &text), 0);
    ck_assert_str_eq(text, "daemon: a fake\noutput: none\n");
    free(text);
    fake.refuse = KB_REQ_DESCRIBE;
    fake.refuse_code = KB_ERROR_CODE_PERMISSION;
    ck_assert_int_eq(kb_describe(display, &text), -EPERM);
    ck_assert_ptr_null(text);
    assert_says("describe: not today");
    kb_disconnect(display);
}
END_TEST

START_TEST(counters_and_clock)
{
    struct kb_statistic_value values[3];
    struct kb_display *display = connected();
    ck_assert_int_eq(kb_statistics(display, KB_STATISTICS_SCOPE_CLIENT, 0, values, 3), 3);
    ck_assert_uint_eq(values[1].name, KB_STATISTIC_COMMANDS);
    ck_assert_uint_eq(values[1].value, 22);
    ck_assert_int_eq(kb_statistics(display, KB_STATISTICS_SCOPE_CLIENT, 0, values, 1), 1);
    ck_assert_int_eq(kb_statistics(display, KB_STATISTICS_SCOPE_CLIENT, 0, NULL, 0), 0);
    ck_assert_int_eq(kb_clock_step(display, 5), 0);
    ck_assert_int_eq(kb_clock_step(display, UINT64_MAX), -EINVAL);
    assert_says("clock_step.duration_ns");
    fake.refuse = KB_REQ_CLOCK_STEP;
    fake.refuse_code = KB_ERROR_CODE_NOT_POSSIBLE;
    ck_assert_int_eq(kb_clock_step(display, 5), -ENOTSUP);
    fake.refuse = 0;
    ck_assert_int_eq(kb_clock_step(display, 5), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_CLOCK_STEP), 3);
    kb_disconnect(display);
}
END_TEST

static void ignore(int number)
{
    (void)number;
}

/* A signal that comes again and again, so that one comes while the call waits. */
static void ring(bool on)
{
    const struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
    const struct itimerval time = {{0, on ? 5000 : 0}, {0, on ? 5000 : 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &time, NULL);
}

/* A daemon that never answers. */
static void say_nothing(struct fake *self, int fd)
{
    char byte;
    (void)self;
    while (read(fd, &byte, 1) == 1) {
    }
}

START_TEST(signals_interrupt_waiting)
{
    struct kb_display *display = connected();
    struct kb_window *window;
    const struct kb_window_info info = {.width = 32, .height = 32};
    uint32_t width, height, *pixels;
    /* The daemon takes these and answers nothing. */
    FAKE_SET(&fake, derail_bytes, "");
    FAKE_SET(&fake, derail, KB_REQ_WINDOW_CREATE);
    ring(true);
    ck_assert_int_eq(kb_window_create(display, &info, &window), -EINTR);
    ck_assert_ptr_null(window);
    ck_assert_int_eq(kb_dispatch(display, -1), -EINTR);
    FAKE_SET(&fake, derail, KB_REQ_SCREENSHOT);
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), -EINTR);
    FAKE_SET(&fake, derail, KB_REQ_CLOCK_STEP);
    ck_assert_int_eq(kb_clock_step(display, 5), -EINTR);
    ck_assert_int_eq(kb_clock_step(display, 5), -EINTR);
    ring(false);
    FAKE_SET(&fake, derail, 0);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_CREATE), 1);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_DESTROY), 1);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_CLOCK_STEP), 1);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    kb_disconnect(display);
    FAKE_SET(&fake, on_connect, say_nothing);
    ring(true);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EINTR);
    ring(false);
    ck_assert_ptr_null(display);
}
END_TEST

/* One of everything that moves an fd, also where it fails. */
static void use_fds(void)
{
    struct kb_display *display = connected();
    struct kb_image *image, *shared;
    struct kb_window *window;
    uint32_t width, height, *pixels, pixel = 5;
    const struct kb_image_info one = {.width = 1, .height = 1};
    const struct kb_window_info info = {.width = 32, .height = 32};
    ck_assert_int_eq(kb_image_create(display, &one, &pixel, &image), 0);
    ck_assert_int_eq(kb_image_create_shared(display, &one, &shared), 0);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    ck_assert_int_eq(kb_image_load(display, "/proc/self/exe", &image), -EINVAL);
    for (int i = 0; i < 3000; i++)
        kb_fill(window, NULL, 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    FAKE_SET(&fake, event_fd, picture_fd(24));
    ck_assert_int_eq(kb_screenshot(display, 0, NULL, &width, &height, &pixels), 0);
    free(pixels);
    /* A picture that nobody asked for, and a keymap, which this library does not know. */
    const struct kb_evt_screenshot_done picture = {
        .serial = 999, .width = 3, .height = 2, .pixels = fake.event_fd};
    fake_send(&fake, KB_EVT_SCREENSHOT_DONE, &picture, fake.event_fd);
    const struct kb_evt_keymap keymap = {.size_bytes = 3, .text = fake.event_fd};
    fake_send(&fake, KB_EVT_KEYMAP, &keymap, fake.event_fd);
    ck_assert_int_eq(kb_sync(display), 0);
    /* Announced, but still in the buffer. */
    ck_assert_int_eq(kb_image_create(display, &one, &pixel, &image), 0);
    close(fake.event_fd);
    kb_disconnect(display);
}

START_TEST(no_fd_is_left)
{
    struct kb_display *display = connected();
    unsigned before = open_fds();
    kb_disconnect(display);
    for (int i = 0; i < 3; i++)
        use_fds();
    FAKE_SET(&fake, derail, KB_REQ_HELLO);
    FAKE_SET(&fake, derail_closes, true);
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        FAKE_SET(&fake, derail_bytes, garbage[i].bytes);
        FAKE_SET(&fake, derail_size, garbage[i].size);
        ck_assert_int_eq(kb_connect(fake.path, "test", &display), -EPROTO);
    }
    FAKE_SET(&fake, derail, 0);
    display = connected(); /* served after all those before it have been closed */
    ck_assert_uint_eq(open_fds(), before);
    kb_disconnect(display);
}
END_TEST

START_TEST(dispatch_does_not_wait)
{
    struct kb_display *display = connected();
    ck_assert_int_eq(kb_dispatch(display, 0), 0);
    ck_assert_int_eq(kb_dispatch(display, 1), 0);
    ck_assert_int_ge(kb_get_fd(display), 0);
    kb_disconnect(display);
}
END_TEST

Suite *lib_suite(void)
{
    Suite *suite = suite_create("lib");
    TCase *connecting = tcase_create("connect");
    tcase_add_checked_fixture(connecting, setup, teardown);
    tcase_add_test(connecting, connect_tells);
    tcase_add_test(connecting, connect_byte_by_byte);
    tcase_add_test(connecting, connect_chooses_the_first_that_exists);
    tcase_add_test(connecting, connect_nobody_there);
    tcase_add_test(connecting, connect_other_kind_of_socket);
    tcase_add_test(connecting, connect_other_version);
    tcase_add_loop_test(connecting, connect_garbage, 0, sizeof(garbage) / sizeof(garbage[0]));
    suite_add_tcase(suite, connecting);
    TCase *events = tcase_create("events");
    tcase_add_checked_fixture(events, setup, teardown);
    tcase_add_test(events, sync_reports_once);
    tcase_add_test(events, destroying_what_was_refused_is_no_error);
    tcase_add_loop_test(events, daemon_goes, 0, 4);
    tcase_add_test(events, events_that_mean_nothing_are_ignored);
    tcase_add_test(events, screenshot);
    tcase_add_test(events, counters_and_clock);
    tcase_add_test(events, description);
    tcase_add_test(events, signals_interrupt_waiting);
    tcase_add_test(events, no_fd_is_left);
    tcase_add_test(events, dispatch_does_not_wait);
    suite_add_tcase(suite, events);
    return suite;
}

/* Recordings: what is written is read again, mistakes are named with their line, and a full disk ends the recording only. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/kmsblit_types.h"
#include "input/recording.h"
#include "input_rig.h"

#define BEGIN_NS INT64_C(5000000000)

static char folder[64], path[96], why[512];
static struct kd_input_source *replay;

static void set_up(void)
{
    rig_refuses = false;
    rig_last_id = 100;
    rig_told();
    snprintf(folder, sizeof(folder), "/tmp/kmsblit-replay-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/input", folder);
}

static void tear_down(void)
{
    if (replay)
        replay->impl->destroy(replay);
    replay = NULL;
    unlink(path);
    rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static int open_text(const char *text)
{
    write_file(text);
    return kd_replay_create(&rig_handler, path, BEGIN_NS, why, sizeof(why), &replay);
}

#define DEVICES                                                                   \
    "kmsblit-input 1\n# by hand\n\n"                                              \
    "device 1 keyboard,pointer 0 0 3 0x46d 0xc31c 0x111 \"A \\\"good\\\" one\"\n" \
    "device 2 touch 0 0 0x18 0 0 0 \"Panel\" \"DSI-1\"  # with its output\n"      \
    "device 7 gamepad,mapped,rumble 6 15 3 0x45e 0x28e 0x114 \"Pad\"\n"

/* ---- Playing --------------------------------------------------------------------------------- */

START_TEST(test_plays_in_time)
{
    ck_assert_msg(open_text(DEVICES "0.25 1 key 57 down\n"
                                    "0.250000001 1 key KEY_SPACE up\n"
                                    "1 1 gone\n") == 0,
                  "%s", why);
    ck_assert_int_eq(replay->impl->get_fd(replay), -1);
    ck_assert_int_eq(replay->impl->wake_ns(replay), BEGIN_NS);
    ck_assert_int_eq(replay->impl->dispatch(replay, BEGIN_NS - 1), 0);
    ck_assert_str_eq(rig_told(), "");
    replay->impl->dispatch(replay, BEGIN_NS);
    ck_assert_str_eq(rig_told(), "added A \"good\" one caps 3 axes 0 buttons 0 3:46d:c31c:111\n"
                                 "added Panel caps 4 axes 0 buttons 0 18:0:0:0 on DSI-1\n"
                                 "added Pad caps 56 axes 6 buttons 15 3:45e:28e:114\n");
    ck_assert_int_eq(replay->impl->wake_ns(replay), BEGIN_NS + 250000000);
    replay->impl->dispatch(replay, BEGIN_NS + 250000000);
    ck_assert_str_eq(rig_told(), "5250000000 101 key 57 1\n");
    ck_assert_int_eq(replay->impl->rumble(replay, 103, 1, 1, 1), 0);
    ck_assert_int_eq(replay->impl->rumble(replay, 101, 1, 1, 1), -EOPNOTSUPP);
    ck_assert_int_eq(replay->impl->rumble(replay, 104, 1, 1, 1), -ENODEV);
    ck_assert_int_eq(replay->impl->rumble(replay, 0, 1, 1, 1), -ENODEV);
    replay->impl->dispatch(replay, BEGIN_NS + 9000000000);
    ck_assert_str_eq(rig_told(), "5250000001 101 key 57 0\nremoved 101\n");
    ck_assert_int_eq(replay->impl->wake_ns(replay), 0);
    ck_assert_int_eq(replay->impl->dispatch(replay, INT64_MAX), 0);
    ck_assert_str_eq(rig_told(), "");
}
END_TEST

START_TEST(test_every_event)
{
    ck_assert_msg(open_text(DEVICES "0 1 button BTN_LEFT down\n"
                                    "0 1 motion 1.5 -0.25\n"
                                    "0 1 motion 0 -1 2 0.0000152587890625\n"
                                    "0 1 position 65535 -\n"
                                    "0 1 wheel -120 15\n"
                                    "0 2 touch 3 down 0 65535\n"
                                    "0 2 touch 3 motion 1 2\n"
                                    "0 2 touch 3 up\n"
                                    "0 2 touch 4 cancel\n"
                                    "0 7 axis lefty -32768\n"
                                    "0 7 axis 5 32767\n"
                                    "0 7 pad_button dpup down\n"
                                    "0 7 pad_button 11 up") == 0,
                  "%s", why);
    replay->impl->dispatch(replay, BEGIN_NS);
    const char *told = strstr(rig_told(), "5000000000");
    ck_assert_str_eq(told, "5000000000 101 button 272 1\n"
                           "5000000000 101 motion 98304 -16384 98304 -16384\n"
                           "5000000000 101 motion 0 -65536 131072 1\n"
                           "5000000000 101 position 65535 -1\n"
                           "5000000000 101 wheel -120 15\n"
                           "5000000000 102 touch 3 down 0 65535\n"
                           "5000000000 102 touch 3 motion 1 2\n"
                           "5000000000 102 touch 3 up 0 0\n"
                           "5000000000 102 touch 4 cancel 0 0\n"
                           "5000000000 103 axis 1 -32768\n"
                           "5000000000 103 axis 5 32767\n"
                           "5000000000 103 pad_button 11 1\n"
                           "5000000000 103 pad_button 11 0\n");
}
END_TEST

START_TEST(test_suspended)
{
    ck_assert_int_eq(open_text("kmsblit-input 1\ndevice 1 keyboard 0 0 0 0 0 0 \"K\"\n"
                               "1 1 key 30 down\n2 1 key 30 up\n"
                               "2.5 device 2 keyboard 0 0 0 0 0 0 \"L\"\n"
                               "4 2 key 31 down\n"),
                     0);
    replay->impl->dispatch(replay, BEGIN_NS + 1000000000);
    rig_told();
    replay->impl->suspend(replay);
    ck_assert_str_eq(rig_told(), "removed 101\n");
    replay->impl->dispatch(replay, BEGIN_NS + 3000000000);
    ck_assert_str_eq(rig_told(), "");
    replay->impl->resume(replay);
    replay->impl->resume(replay);
    ck_assert_str_eq(rig_told(), "added K caps 1 axes 0 buttons 0 0:0:0:0\n"
                                 "added L caps 1 axes 0 buttons 0 0:0:0:0\n");
    replay->impl->dispatch(replay, BEGIN_NS + 5000000000);
    ck_assert_str_eq(rig_told(), "9000000000 103 key 31 1\n");
}
END_TEST

START_TEST(test_unwanted_devices_and_times_that_go_back)
{
    ck_assert_int_eq(open_text("kmsblit-input 1\r\ndevice 1 keyboard 0 0 0 0 0 0 \"K\"\r\n"
                               "2 1 key 30 down\r\n1 1 key 30 up\r\n2 1 gone"),
                     0);
    replay->impl->dispatch(replay, BEGIN_NS + 1000000000);
    ck_assert_int_eq(replay->impl->wake_ns(replay), BEGIN_NS + 2000000000);
    rig_told();
    replay->impl->dispatch(replay, BEGIN_NS + 2000000000);
    ck_assert_str_eq(rig_told(), "7000000000 101 key 30 1\n6000000000 101 key 30 0\nremoved 101\n");
    replay->impl->destroy(replay);
    rig_refuses = true;
    kd_replay_create(&rig_handler, path, BEGIN_NS, why, sizeof(why), &replay);
    replay->impl->dispatch(replay, INT64_MAX);
    ck_assert_str_eq(rig_told(), "added K caps 1 axes 0 buttons 0 0:0:0:0\n");
}
END_TEST

/* Long recordings are played in turns, so that others can work between. */
START_TEST(test_turns)
{
    FILE *file = fopen(path, "w");
    unsigned turns = 0;

    fprintf(file, "kmsblit-input 1\ndevice 1 pointer 0 0 0 0 0 0 \"M\"\n");
    for (int i = 0; i < 5000; i++)
        fprintf(file, "0 1 motion 1 0\n");
    fclose(file);
    ck_assert_int_eq(kd_replay_create(&rig_handler, path, BEGIN_NS, why, sizeof(why), &replay), 0);
    for (; replay->impl->wake_ns(replay); turns++) {
        ck_assert_int_eq(replay->impl->dispatch(replay, BEGIN_NS), 0);
        rig_told();
    }
    ck_assert_uint_gt(turns, 3);
}
END_TEST

/* ---- Mistakes -------------------------------------------------------------------------------- */

#define ONE "kmsblit-input 1\ndevice 1 keyboard 0 0 0 0 0 0 \"K\"\n"

static const struct {
    const char *text, *why;
} mistakes[] = {
    {"", "empty"},
    {"kmsblit-input 2\n", ":1: a recording begins with"},
    {"kmsblit-input 1x\n", ":1: a recording begins with"},
    {ONE "0 1 key 57\n", ":3: up or down is missing"},
    {ONE "0 1 key 57 sideways\n", ":3: \"sideways\" is neither up nor down"},
    {ONE "0 1 key KEY_NOSUCH down\n", ":3: \"KEY_NOSUCH\" is no code"},
    {ONE "0 1 key 768 down\n", ":3: \"768\" is no code"},
    {ONE "0 1 key 57 down up\n", ":3: \"up\" is too much"},
    {ONE "0 1 keyy 57 down\n", ":3: \"keyy\" is nothing that happens"},
    {ONE "0 1 key%n%s 57 down\n", ":3: \"key%n%s\" is no"},
    {ONE "\n#\n0 2 key 57 down\n", ":5: there is no device 2"},
    {ONE "0 1 gone\n0 1 gone\n", ":4: there is no device 1"},
    {ONE "0 0 gone\n", ":3: \"0\" is no number of a device"},
    {ONE "0 1 motion 1 1\n", ":3: device 1 has no motion"},
    {ONE "0 1 axis 0 1\n", ":3: device 1 has no axis"},
    {ONE "-1 1 key 57 down\n", ":3: \"-1\" is no time"},
    {ONE "1. 1 key 57 down\n", ":3: \"1.\" is no time"},
    {ONE "1.0000000001 1 key 57 down\n", ":3: \"1.0000000001\" is no time"},
    {ONE "99999999999 1 key 57 down\n", ":3: \"99999999999\" is no time"},
    {ONE "nan 1 key 57 down\n", ":3: \"nan\" is no time"},
    {ONE "0\n", ":3: number of a device is missing"},
    {ONE "0 1\n", ":3: what happens is missing"},
    {ONE "device 1 keyboard 0 0 0 0 0 0 \"K\"\n", ":3: device 1 is there already"},
    {ONE "device 2 toaster 0 0 0 0 0 0 \"K\"\n", ":3: \"toaster\" is not what a device can do"},
    {ONE "device 2 keyboard 0 0 0 0 0 \"K\"\n", ":3: \"K\" is no version"},
    {ONE "device 2 keyboard 0 0 0x10000 0 0 0 \"K\"\n", ":3: \"0x10000\" is no bus"},
    {ONE "device 2 keyboard 0 0 0 0 0 0 K\n", ":3: the name stands in quotes"},
    {ONE "device 2 keyboard 0 0 0 0 0 0 \"K\n", ":3: a quote is not closed"},
    {ONE "device 2 keyboard 0 0 0 0 0 0 \"K\"x\n", ":3: there is no space behind a quote"},
    {ONE "0 1 key 57 down \x1b[2J\x80\n", ":3: \"?[2J?\" is too much"},
    {ONE "a b c d e f g h i j k l m n o p q r\n", ":3: this line has too many words"},
};

START_TEST(test_mistakes)
{
    ck_assert_int_eq(open_text(mistakes[_i].text), -EINVAL);
    ck_assert_msg(strstr(why, mistakes[_i].why), "%s", why);
    ck_assert_ptr_null(replay);
}
END_TEST

START_TEST(test_limits)
{
    char text[8192];
    int used = snprintf(text, sizeof(text), "kmsblit-input 1\n");

    for (int i = 1; i <= 64; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used,
                         "device %d none 0 0 0 0 0 0 \"\"\n", i);
    ck_assert_msg(open_text(text) == 0, "%s", why);
    replay->impl->destroy(replay);
    replay = NULL;
    snprintf(text + used, sizeof(text) - (size_t)used, "device 65 none 0 0 0 0 0 0 \"\"\n");
    ck_assert_int_eq(open_text(text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, ":66: at most 64 devices"));

    snprintf(text, sizeof(text), "kmsblit-input 1\n# %01021d\n", 0);
    ck_assert_int_eq(open_text(text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, ":2: the line is too long"));
    ck_assert_int_eq(kd_replay_create(&rig_handler, "/nonexistent", 0, why, sizeof(why), &replay),
                     -ENOENT);
    ck_assert_int_eq(kd_replay_create(&rig_handler, "/dev/zero", 0, why, sizeof(why), &replay),
                     -EINVAL);
    ck_assert_int_eq(kd_replay_create(&rig_handler, "/tmp", 0, why, sizeof(why), &replay), -EISDIR);
}
END_TEST

/* A file that becomes shorter, or worse, while it is played. */
START_TEST(test_changed_while_played)
{
    char text[70000];
    int used = snprintf(text, sizeof(text), ONE);

    while (used < 60000)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "1 1 key 57 down\n");
    ck_assert_int_eq(open_text(text), 0);
    replay->impl->dispatch(replay, BEGIN_NS);
    memset(text + 100, 'x', (size_t)used - 100);
    write_file(text);
    int error = 0;
    for (int i = 0; i < 10 && !error; i++) {
        error = replay->impl->dispatch(replay, INT64_MAX);
        rig_told();
    }
    ck_assert_int_eq(error, -EINVAL);
    ck_assert_int_eq(replay->impl->wake_ns(replay), 0);
}
END_TEST

/* ---- Recording ------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static int64_t random_in(int64_t min, int64_t max)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return min + (int64_t)((random_state >> 16) % (uint64_t)(max - min + 1));
}

static struct kd_input random_input(uint32_t device)
{
    struct kd_input input = {.device = device, .time_ns = BEGIN_NS + random_in(0, 1000000000000)};

    input.kind = (enum kd_input_kind)random_in(0, 7);
    switch (input.kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
    case KD_INPUT_PAD_BUTTON:
        input.key.code = (uint32_t)random_in(0, KEY_MAX);
        input.key.down = random_in(0, 1) != 0;
        break;
    case KD_INPUT_MOTION:
        input.motion.dx = (kb_fixed)random_in(-2147483000, 2147483000);
        input.motion.dy = (kb_fixed)random_in(-3, 3);
        input.motion.raw_dx = (kb_fixed)random_in(-70000, 70000);
        input.motion.raw_dy = (kb_fixed)random_in(-10, 10) * 65536;
        break;
    case KD_INPUT_POSITION:
        input.position.x = (int32_t)random_in(-1, 65535);
        input.position.y = (int32_t)random_in(-1, 65535);
        break;
    case KD_INPUT_WHEEL:
        input.wheel.horizontal = (int32_t)random_in(-1000, 1000);
        input.wheel.vertical = (int32_t)random_in(-1000, 1000);
        break;
    case KD_INPUT_TOUCH:
        input.touch.phase = (enum kb_touch_phase)random_in(0, 3);
        input.touch.finger = (int32_t)random_in(0, 255);
        if (input.touch.phase <= KB_TOUCH_PHASE_MOTION)
            input.touch.x = input.touch.y = (int32_t)random_in(0, 65535);
        break;
    case KD_INPUT_PAD_AXIS:
        input.axis.axis = (uint32_t)random_in(0, 100);
        input.axis.value = (int32_t)random_in(-32768, 32767);
        break;
    }
    return input;
}

/* What is recorded is played again, to the bit; compared as text that the rig makes of both. */
START_TEST(test_round_trip)
{
    enum { COUNT = 500 };
    static char before[65536];
    struct kd_input_device device = {.capabilities = 0x3f,
                                     .axes = 6,
                                     .buttons = 21,
                                     .bus = 3,
                                     .vendor = 0xffff,
                                     .version = 1,
                                     .output = "HDMI-A-1"};
    struct kd_recorder *recorder;
    struct stat stat_;

    memset(device.name, '"', sizeof(device.name) - 1);
    memcpy(device.name, "\\ # Ä", 6);
    ck_assert_int_eq(kd_recorder_create(path, BEGIN_NS, &recorder), 0);
    ck_assert_int_eq(stat(path, &stat_), 0);
    ck_assert_uint_eq(stat_.st_mode, S_IFREG | 0600);
    uint32_t id = rig_handler.added(NULL, &device);
    kd_recorder_added(recorder, 1, &device, BEGIN_NS - 5);
    for (int i = 0; i < COUNT; i++) {
        struct kd_input input = random_input(id);
        rig_handler.input(NULL, &input);
        input.device = 1;
        kd_recorder_input(recorder, &input);
    }
    rig_handler.removed(NULL, id);
    kd_recorder_removed(recorder, 1, BEGIN_NS + 2);
    ck_assert_int_eq(kd_recorder_destroy(recorder), 0);
    snprintf(before, sizeof(before), "%s", rig_told());
    rig_last_id = 100;

    ck_assert_msg(kd_replay_create(&rig_handler, path, BEGIN_NS, why, sizeof(why), &replay) == 0,
                  "%s", why);
    while (replay->impl->wake_ns(replay))
        ck_assert_int_eq(replay->impl->dispatch(replay, INT64_MAX), 0);
    const char *line = before, *again = rig_told();
    for (int i = 0; i < COUNT + 2; i++) {
        char ours[600], theirs[600];
        snprintf(ours, sizeof(ours), "%.*s", (int)strcspn(line, "\n"), line);
        snprintf(theirs, sizeof(theirs), "%.*s", (int)strcspn(again, "\n"), again);
        ck_assert_str_eq(theirs, ours);
        line += strcspn(line, "\n") + 1;
        again += strcspn(again, "\n") + 1;
    }
    ck_assert_str_eq(again, "");
}
END_TEST

START_TEST(test_only_new_files)
{
    struct kd_recorder *recorder;
    char other[128], text[64];

    /* Whoever has the old file open sees nothing of the new one. */
    write_file("old");
    ck_assert_int_eq(chmod(path, 0644), 0);
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(kd_recorder_create(path, 0, &recorder), 0);
    kd_recorder_destroy(recorder);
    ck_assert_int_eq(read(fd, text, sizeof(text)), 3);
    close(fd);
    unlink(path);

    snprintf(other, sizeof(other), "%s/other", folder);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(kd_recorder_create(path, 0, &recorder), -EEXIST);
    ck_assert_int_eq(access(other, F_OK), -1);
    ck_assert_int_eq(kd_recorder_create("/dev/null", 0, &recorder), -EEXIST);
    ck_assert_int_eq(kd_recorder_create("/nonexistent/x", 0, &recorder), -ENOENT);
    ck_assert_int_eq(kd_recorder_destroy(NULL), 0);
}
END_TEST

/* The limit of a file's size stands for a disk that is full. */
START_TEST(test_full_disk)
{
    struct kd_recorder *recorder;
    struct kd_input_device device = {.capabilities = KB_DEVICE_CAPABILITY_KEYBOARD, .name = "K"};
    struct rlimit limit, usual;

    ck_assert_int_eq(kd_recorder_create(path, 0, &recorder), 0);
    getrlimit(RLIMIT_FSIZE, &usual);
    limit = (struct rlimit){1000, usual.rlim_max};
    /* What is logged meanwhile may go to a file that is larger than that. */
    int log = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
    ck_assert_int_eq(dup2(nowhere, STDERR_FILENO), STDERR_FILENO);
    int error = setrlimit(RLIMIT_FSIZE, &limit);
    kd_recorder_added(recorder, 1, &device, 0);
    for (int i = 0; i < 10000; i++) {
        struct kd_input input = {.kind = KD_INPUT_KEY, .device = 1, .time_ns = i * 1000000LL};
        kd_recorder_input(recorder, &input);
    }
    int ended = kd_recorder_destroy(recorder);
    setrlimit(RLIMIT_FSIZE, &usual); /* Check writes to a file, too */
    dup2(log, STDERR_FILENO);
    close(log);
    close(nowhere);
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(ended, -EFBIG);
    /* What was written can be played. */
    ck_assert_msg(kd_replay_create(&rig_handler, path, BEGIN_NS, why, sizeof(why), &replay) == 0,
                  "%s", why);
    replay->impl->dispatch(replay, INT64_MAX);
    ck_assert_ptr_nonnull(strstr(rig_told(), "5010000000 101 key 0 0\n"));
}
END_TEST

/* What happened a second ago is in the file, whatever becomes of the daemon. */
START_TEST(test_kept_over_a_crash)
{
    struct kd_recorder *recorder;
    struct kd_input_device device = {.capabilities = KB_DEVICE_CAPABILITY_KEYBOARD, .name = "K"};

    ck_assert_int_eq(kd_recorder_create(path, 0, &recorder), 0);
    kd_recorder_added(recorder, 1, &device, 0);
    for (int i = 0; i < 3; i++) {
        struct kd_input input = {.kind = KD_INPUT_KEY, .device = 1, .time_ns = i * 900000000LL};
        kd_recorder_input(recorder, &input);
    }
    ck_assert_int_eq(kd_replay_create(&rig_handler, path, 0, why, sizeof(why), &replay), 0);
    replay->impl->dispatch(replay, INT64_MAX);
    ck_assert_ptr_nonnull(strstr(rig_told(), "1800000000 101 key 0 0\n"));
    ck_assert_int_eq(kd_recorder_destroy(recorder), 0);
}
END_TEST

/* ---- Names ----------------------------------------------------------------------------------- */

static const struct {
    const char *from, *to;
} names[] = {
    {"", ""},
    {"Logitech K120", "Logitech K120"},
    {"  two  words  ", "two  words"},
    {"%n%s%x%1$n", "%n%s%x%1$n"},
    {"a\nb\rc\td\x1b[31m\x7f", "a?b?c?d?[31m?"},
    {"Tastatur für Größe 键盘 🎮", "Tastatur für Größe 键盘 🎮"},
    {"\xc3", "?"},
    {"\xff\xfe x", "?? x"},
    {"\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "?? ??? ????"}, /* overlong */
    {"\xed\xa0\x80", "???"},                                   /* a surrogate */
    {"\xf4\x90\x80\x80", "????"},                              /* above U+10FFFF */
    {"\xf8\x88\x80\x80\x80", "?????"},
    {"\xc2\x85\xc2\x9b", "??"},                     /* C1 */
    {"a\u202eb\u2066c\u200fd\u2028e", "a?b?c?d?e"}, /* other order, other line */
    {"\ufeffa\u200b\ufffe", "?a??"},                /* not to be seen */
    {"\xf3\xa0\x81\x81", "?"},                      /* a tag */
};

START_TEST(test_safe_names)
{
    char to[257], exact[64];

    kd_input_safe_name(to, sizeof(to), names[_i].from);
    ck_assert_str_eq(to, names[_i].to);
    /* Cut anywhere, it is still whole characters and ends. */
    for (size_t bytes = 1; bytes < sizeof(exact); bytes++) {
        memset(exact, 'x', sizeof(exact));
        kd_input_safe_name(exact, bytes, names[_i].from);
        ck_assert_uint_lt(strlen(exact), bytes);
        ck_assert_int_eq(strncmp(exact, names[_i].to, strlen(exact)), 0);
        ck_assert_uint_ne((uint8_t)names[_i].to[strlen(exact)] & 0xc0, 0x80);
    }
}
END_TEST

START_TEST(test_long_names)
{
    static char from[4097];
    char to[257];

    for (size_t i = 0; i < 4095; i += 3)
        memcpy(from + i, "\u20ac", 3);
    kd_input_safe_name(to, sizeof(to), from);
    ck_assert_uint_eq(strlen(to), 255);
    kd_input_safe_name(NULL, 0, from);
}
END_TEST

Suite *replay_suite(void)
{
    Suite *suite = suite_create("replay");
    TCase *tcase = tcase_create("replay");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_plays_in_time);
    tcase_add_test(tcase, test_every_event);
    tcase_add_test(tcase, test_suspended);
    tcase_add_test(tcase, test_unwanted_devices_and_times_that_go_back);
    tcase_add_test(tcase, test_turns);
    tcase_add_loop_test(tcase, test_mistakes, 0, sizeof(mistakes) / sizeof(mistakes[0]));
    tcase_add_test(tcase, test_limits);
    tcase_add_test(tcase, test_changed_while_played);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_test(tcase, test_only_new_files);
    tcase_add_test(tcase, test_full_disk);
    tcase_add_test(tcase, test_kept_over_a_crash);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("names");
    tcase_add_loop_test(tcase, test_safe_names, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_test(tcase, test_long_names);
    suite_add_tcase(suite, tcase);
    return suite;
}

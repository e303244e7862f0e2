/*
 * Cards: which one is chosen among what the machines that there are have, what is said about it,
 * and who has a display.
 */
#include "output/cards.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 4

static struct kd_card cards[MANY];
static char why[2048];

static struct kd_card *card(size_t index, const char *driver, const char *bus)
{
    struct kd_card *out = &cards[index];

    memset(out, 0, sizeof(*out));
    snprintf(out->path, sizeof(out->path), "/dev/dri/card%zu", index);
    snprintf(out->driver, sizeof(out->driver), "%s", driver);
    snprintf(out->bus, sizeof(out->bus), "%s", bus);
    snprintf(out->group, sizeof(out->group), "video");
    out->is_display = out->is_atomic = out->has_dumb = true;
    return out;
}

static struct kd_card_connector *connector(struct kd_card *to, const char *name,
                                           enum kd_connector_status status, int32_t width,
                                           int32_t height)
{
    struct kd_card_connector *out = &to->connectors[to->connectors_count++];

    snprintf(out->name, sizeof(out->name), "%s", name);
    out->status = status;
    out->is_desktop = true;
    if (width > 0)
        out->modes[out->modes_count++] = (struct kd_mode){
            .width_px = width, .height_px = height, .refresh_mhz = 60000, .preferred = true};
    return out;
}

static struct kd_card *render_only(size_t index)
{
    struct kd_card *out = card(index, "v3d", "platform:v3d");

    out->is_display = out->is_atomic = false;
    return out;
}

static struct kd_card *refused(size_t index)
{
    struct kd_card *out = card(index, "", "platform:gpu");

    out->error = -EACCES;
    snprintf(out->problem, sizeof(out->problem),
             "cannot open %s: permission denied; add the user pi to group video", out->path);
    out->is_display = out->is_atomic = out->has_dumb = false;
    return out;
}

/* Puts card n of order[] in place n. The numbers of the files go with the places, as after a boot
 * in which the drivers came in another order. */
static void reorder(const struct kd_card *from, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cards[i] = from[order[i]];
        snprintf(cards[i].path, sizeof(cards[i].path), "/dev/dri/card%zu", i);
    }
}

static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

/* In every order of the three cards, the one with this driver is chosen. */
static void check_all_orders(const char *driver, const char *must_say)
{
    static struct kd_card from[3];

    memcpy(from, cards, sizeof(from));
    for (size_t i = 0; i < 6; i++) {
        int index;

        reorder(from, orders[i], 3);
        index = kd_cards_choose(cards, 3, "", why, sizeof(why));
        ck_assert_msg(index >= 0, "%s", why);
        ck_assert_str_eq(cards[index].driver, driver);
        ck_assert_msg(strstr(why, must_say) != NULL, "%s", why);
        ck_assert_msg(strstr(why, cards[index].path) == why, "%s", why);
    }
}

START_TEST(pi_4)
{
    struct kd_card *display;

    render_only(0);
    display = card(1, "vc4", "platform:gpu");
    connector(display, "HDMI-A-1", KD_CONNECTED, 1920, 1080);
    connector(display, "HDMI-A-2", KD_DISCONNECTED, 0, 0);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), 1);
    ck_assert_str_eq(why, "/dev/dri/card1 (vc4) is used: HDMI-A-1 is connected. Not used: "
                          "/dev/dri/card0 (v3d): it only draws and has no display");

    display->connectors[0].status = KD_DISCONNECTED; /* no monitor: it is waited for */
    ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), 1);
    ck_assert_msg(strstr(why, "nothing is connected to HDMI-A-1, HDMI-A-2") != NULL, "%s", why);
}
END_TEST

START_TEST(pi_5)
{
    struct kd_card *display, *panel;

    render_only(0);
    display = card(1, "vc4", "platform:axi:gpu");
    connector(display, "HDMI-A-1", KD_DISCONNECTED, 0, 0);
    connector(display, "HDMI-A-2", KD_CONNECTED, 1920, 1080);
    panel = card(2, "drm-rp1-dsi", "platform:1f00110000.dsi");
    connector(panel, "DSI-1", KD_DISCONNECTED, 0, 0);
    check_all_orders("vc4", "HDMI-A-2 is connected");

    for (size_t i = 0; i < 3; i++) { /* now the panel alone is connected */
        if (strcmp(cards[i].driver, "vc4") == 0)
            cards[i].connectors[1].status = KD_DISCONNECTED;
        else if (cards[i].driver[0] == 'd')
            cards[i].connectors[0].status = KD_CONNECTED;
    }
    check_all_orders("drm-rp1-dsi", "DSI-1 is connected");

    for (size_t i = 0; i < 3; i++) { /* both: the larger picture, in every order */
        if (strcmp(cards[i].driver, "vc4") == 0)
            cards[i].connectors[1].status = KD_CONNECTED;
        else if (cards[i].driver[0] == 'd')
            cards[i].connectors[0].modes[cards[i].connectors[0].modes_count++] =
                (struct kd_mode){800, 480, 60000, true, false};
    }
    check_all_orders("vc4", "HDMI-A-2 is connected");
}
END_TEST

START_TEST(virtual_machine)
{
    struct kd_card *display = card(0, "virtio_gpu", "pci:0000:00:02.0"), *virtual_one;

    connector(display, "Virtual-1", KD_CONNECTED, 1280, 800);
    virtual_one = card(1, "vkms", "platform:vkms");
    connector(virtual_one, "Virtual-2", KD_CONNECTED, 1920, 1080);
    connector(virtual_one, "Virtual-3", KD_CONNECTED, 1920, 1080);
    card(2, "nothing", "pci:0000:00:03.0"); /* without connectors */
    check_all_orders("virtio_gpu", "it has no connectors");
}
END_TEST

START_TEST(equal_cards_are_told_apart_by_their_bus)
{
    static struct kd_card from[3];

    for (size_t i = 0; i < 3; i++)
        connector(card(i, "gud",
                       i == 0   ? "usb:1:4"
                       : i == 1 ? "usb:1:2"
                                : "usb:1:3"),
                  "USB-1", KD_CONNECTED, 800, 480);
    memcpy(from, cards, sizeof(from));
    for (size_t i = 0; i < 6; i++) {
        int index;

        reorder(from, orders[i], 3);
        index = kd_cards_choose(cards, 3, "", why, sizeof(why));
        ck_assert_int_ge(index, 0);
        ck_assert_str_eq(cards[index].bus, "usb:1:2");
    }
}
END_TEST

START_TEST(what_is_unknown_is_better_than_nothing)
{
    connector(card(0, "one", "pci:1"), "HDMI-A-1", KD_DISCONNECTED, 0, 0);
    connector(card(1, "two", "pci:2"), "Composite-1", KD_CONNECTION_UNKNOWN, 720, 576);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), 1);
    ck_assert_msg(strstr(why, "it is not known whether a display is connected to Composite-1") !=
                      NULL,
                  "%s", why);
}
END_TEST

START_TEST(cards_that_cannot_be_used)
{
    static const struct {
        bool is_atomic, has_dumb, is_desktop;
        const char *says;
    } table[] = {
        {false, true, true, "no atomic commits"},
        {true, false, true, "no memory to draw into"},
        {true, true, false, "none of its connectors is for a display"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct kd_card *bad = card(0, "radeon", "pci:1");

        bad->is_atomic = table[i].is_atomic;
        bad->has_dumb = table[i].has_dumb;
        connector(bad, "HDMI-A-1", KD_CONNECTED, 640, 480)->is_desktop = table[i].is_desktop;
        ck_assert_int_eq(kd_cards_choose(cards, 1, "", why, sizeof(why)), -ENODEV);
        ck_assert_msg(strstr(why, table[i].says) != NULL, "%s", why);
        ck_assert_msg(strstr(why, "/dev/dri/card0 (radeon)") != NULL, "%s", why);

        connector(card(1, "vc4", "pci:2"), "HDMI-A-1", KD_DISCONNECTED, 0, 0);
        ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), 1);
        ck_assert_msg(strstr(why, table[i].says) != NULL, "%s", why);
    }
}
END_TEST

START_TEST(no_card_at_all)
{
    ck_assert_int_eq(kd_cards_choose(cards, 0, "", why, sizeof(why)), -ENODEV);
    ck_assert_msg(strstr(why, "vc4-kms-v3d") != NULL, "%s", why);
    ck_assert_int_eq(kd_cards_choose(cards, 0, "vc4", why, sizeof(why)), -ENODEV);
    ck_assert_msg(strstr(why, "vc4 was asked for") != NULL, "%s", why);
}
END_TEST

START_TEST(what_may_not_be_opened_is_named)
{
    refused(0);
    render_only(1);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), -EACCES);
    ck_assert_str_eq(why, "no card can be used: cannot open /dev/dri/card0: permission denied; "
                          "add the user pi to group video; /dev/dri/card1 (v3d): it only draws and "
                          "has no display");
    /* Another one that can be opened is used, and the first is still named. */
    connector(card(1, "vc4", "platform:gpu"), "HDMI-A-1", KD_CONNECTED, 640, 480);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "", why, sizeof(why)), 1);
    ck_assert_msg(strstr(why, "add the user pi to group video") != NULL, "%s", why);
    /* Its driver cannot be known: it might be the one that is asked for. */
    ck_assert_int_eq(kd_cards_choose(cards, 2, "panel", why, sizeof(why)), -EACCES);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "/dev/dri/card0", why, sizeof(why)), -EACCES);
    ck_assert_int_eq(kd_cards_choose(cards, 2, "/dev/dri/card7", why, sizeof(why)), -ENODEV);
}
END_TEST

START_TEST(wishes)
{
    connector(card(0, "vc4", "platform:gpu"), "HDMI-A-1", KD_CONNECTED, 1920, 1080);
    connector(card(1, "vkms", "platform:vkms"), "Virtual-1", KD_CONNECTED, 1024, 768);
    connector(card(2, "gud", "usb:1:3"), "USB-1", KD_DISCONNECTED, 0, 0);
    render_only(3);
    ck_assert_int_eq(kd_cards_choose(cards, 4, "", why, sizeof(why)), 0);
    ck_assert_int_eq(kd_cards_choose(cards, 4, "vkms", why, sizeof(why)), 1);
    ck_assert_str_eq(why, "/dev/dri/card1 (vkms) is used as asked for: Virtual-1 is connected");
    ck_assert_int_eq(kd_cards_choose(cards, 4, "/dev/dri/card2", why, sizeof(why)), 2);
    ck_assert_int_eq(kd_cards_choose(cards, 4, "usb:1:3", why, sizeof(why)), 2);
    ck_assert_int_eq(kd_cards_choose(cards, 4, "v3d", why, sizeof(why)), -ENODEV);
    ck_assert_msg(strstr(why, "the card that was asked for (v3d) cannot be used") == why, "%s",
                  why);
    ck_assert_int_eq(kd_cards_choose(cards, 4, "/dev/dri/card", why, sizeof(why)), -ENODEV);
    ck_assert_str_eq(why,
                     "there is no card /dev/dri/card; there is: /dev/dri/card0 (vc4): HDMI-A-1 is "
                     "connected; /dev/dri/card1 (vkms): Virtual-1 is connected; /dev/dri/card2 "
                     "(gud): nothing is connected to USB-1; /dev/dri/card3 (v3d): it only draws "
                     "and has no display");
}
END_TEST

START_TEST(short_room_for_the_sentence)
{
    for (size_t i = 0; i < MANY; i++)
        refused(i);
    for (size_t bytes = 1; bytes < 400; bytes++) {
        memset(why, 'x', sizeof(why));
        kd_cards_choose(cards, MANY, "", why, bytes);
        ck_assert_uint_lt(strnlen(why, bytes), bytes);
        ck_assert_int_eq(why[bytes], 'x');
    }
}
END_TEST

/* ---- Files ---------------------------------------------------------------------------------- */

static char root[64];

static void write_file(const char *path, const char *text)
{
    char whole[512];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void open_in(const char *pid, const char *device)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/%s/fd/x", pid);
    write_file(path, "");
    snprintf(path, sizeof(path), "%s/proc/%s/fd/7", root, pid);
    ck_assert_int_eq(symlink(device, path), 0);
}

static void root_setup(void)
{
    snprintf(root, sizeof(root), "/tmp/kmsblit-cards-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void root_teardown(void)
{
    pid_t child = fork();

    if (child == 0) {
        execlp("rm", "rm", "-rf", root, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

START_TEST(holder_by_open_files)
{
    char out[128];

    write_file("/proc/512/comm", "Xorg\n");
    open_in("512", "/dev/null");
    write_file("/proc/77/comm", "systemd-logind\n");
    open_in("77", "/dev/null");
    write_file("/proc/99/comm", "other\n");
    open_in("99", "/dev/zero");
    ck_assert(kd_card_holder_at(root, "/dev/null", out, sizeof(out)));
    ck_assert_str_eq(out, "Xorg (pid 512)");
    ck_assert(kd_card_holder_at(root, "/dev/zero", out, sizeof(out)));
    ck_assert_str_eq(out, "other (pid 99)");
    ck_assert(!kd_card_holder_at(root, "/dev/full", out, sizeof(out)));
    ck_assert_str_eq(out, "no program that can be seen");
    ck_assert(!kd_card_holder_at(root, "/dev/no-such-device", out, sizeof(out)));
    write_file("/proc/513/comm", "we\x1b[31m\n"); /* a name may be anything */
    open_in("513", "/dev/full");
    ck_assert(kd_card_holder_at(root, "/dev/full", out, sizeof(out)));
    ck_assert_str_eq(out, "we?[31m (pid 513)");
}
END_TEST

START_TEST(holder_by_the_kernels_table)
{
    struct stat file;
    char path[128], out[128];

    ck_assert_int_eq(stat("/dev/null", &file), 0);
    snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/clients", minor(file.st_rdev));
    write_file(path, "             command  tgid dev master a   uid      magic\n"
                     "            onlooker   600   0   n    y     0          0\n"
                     "       my game y 1 y   700   0   y    y     0          0\n");
    write_file("/proc/600/comm", "onlooker\n");
    open_in("600", "/dev/null");
    write_file("/proc/700/comm", "my game y 1 y\n");
    ck_assert(kd_card_holder_at(root, "/dev/null", out, sizeof(out)));
    ck_assert_str_eq(out, "my game y 1 y (pid 700)");
    /* logind opened it for somebody: that one has it. */
    write_file("/proc/700/comm", "systemd-logind\n");
    ck_assert(kd_card_holder_at(root, "/dev/null", out, sizeof(out)));
    ck_assert_str_eq(out, "onlooker (pid 600)");
}
END_TEST

START_TEST(holder_does_not_overrun)
{
    char out[129];

    for (int i = 0; i < 6; i++) {
        char path[64], pid[16];

        snprintf(pid, sizeof(pid), "%d", 4000000 + i);
        snprintf(path, sizeof(path), "/proc/%s/comm", pid);
        write_file(path, "a-long-name-abc\n");
        open_in(pid, "/dev/null");
    }
    for (size_t bytes = 1; bytes < 128; bytes++) {
        memset(out, 'x', sizeof(out));
        kd_card_holder_at(root, "/dev/null", out, bytes);
        ck_assert_uint_lt(strnlen(out, bytes), bytes);
        ck_assert_int_eq(out[bytes], 'x');
    }
}
END_TEST

START_TEST(problems_name_file_and_group)
{
    char path[128], out[512], expected[256];
    const struct group *group;
    struct stat file;

    write_file("/card0", "");
    snprintf(path, sizeof(path), "%s/card0", root);
    ck_assert_int_eq(chmod(path, 0660), 0);
    ck_assert_int_eq(stat(path, &file), 0);
    kd_open_problem(path, -EACCES, out, sizeof(out));
    ck_assert_msg(strstr(out, path) != NULL, "%s", out);
    group = getgrgid(file.st_gid);
    if (geteuid() != 0 && group) {
        snprintf(expected, sizeof(expected), "to group %s", group->gr_name);
        ck_assert_msg(strstr(out, expected) != NULL, "%s", out);
    }
    if (geteuid() == 0) { /* a plain user of a card that belongs to group video */
        group = getgrnam("video");
        ck_assert_ptr_nonnull(group);
        ck_assert_int_eq(chmod(root, 0755), 0);
        ck_assert_int_eq(chown(path, 0, group->gr_gid), 0);
        ck_assert_int_eq(setegid(65534) | seteuid(65534), 0);
        ck_assert_int_lt(open(path, O_RDWR | O_CLOEXEC), 0);
        kd_open_problem(path, -errno, out, sizeof(out));
        ck_assert_int_eq(seteuid(0) | setegid(0), 0);
        ck_assert_msg(strstr(out, "permission denied; add the user nobody to group video") != NULL,
                      "%s", out);
    }
    snprintf(path, sizeof(path), "%s/card9", root);
    kd_open_problem(path, -ENOENT, out, sizeof(out));
    ck_assert_msg(strstr(out, "card9: there is no such device") != NULL, "%s", out);
    kd_open_problem("/dev/null", -EBUSY, out, sizeof(out));
    ck_assert_msg(strstr(out, "has it; end that program first") != NULL, "%s", out);
}
END_TEST

START_TEST(links_are_followed)
{
    char link_path[128], out[64];

    snprintf(link_path, sizeof(link_path), "%s/platform-gpu-card", root);
    ck_assert_int_eq(symlink("/dev/null", link_path), 0);
    ck_assert_str_eq(kd_card_wish(link_path, out, sizeof(out)), "/dev/null");
    ck_assert_str_eq(kd_card_wish("vc4", out, sizeof(out)), "vc4");
    ck_assert_str_eq(kd_card_wish("", out, sizeof(out)), "");
    ck_assert_str_eq(kd_card_wish("/dev/dri/card99", out, sizeof(out)), "/dev/dri/card99");
}
END_TEST

Suite *cards_suite(void);

Suite *cards_suite(void)
{
    Suite *suite = suite_create("cards");
    TCase *choice = tcase_create("choice");
    TCase *files = tcase_create("files");

    tcase_add_test(choice, pi_4);
    tcase_add_test(choice, pi_5);
    tcase_add_test(choice, virtual_machine);
    tcase_add_test(choice, equal_cards_are_told_apart_by_their_bus);
    tcase_add_test(choice, what_is_unknown_is_better_than_nothing);
    tcase_add_test(choice, cards_that_cannot_be_used);
    tcase_add_test(choice, no_card_at_all);
    tcase_add_test(choice, what_may_not_be_opened_is_named);
    tcase_add_test(choice, wishes);
    tcase_add_test(choice, short_room_for_the_sentence);
    suite_add_tcase(suite, choice);
    tcase_add_checked_fixture(files, root_setup, root_teardown);
    tcase_add_test(files, holder_by_open_files);
    tcase_add_test(files, holder_by_the_kernels_table);
    tcase_add_test(files, holder_does_not_overrun);
    tcase_add_test(files, problems_name_file_and_group);
    tcase_add_test(files, links_are_followed);
    suite_add_tcase(suite, files);
    return suite;
}

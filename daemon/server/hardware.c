#include "server/hardware.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/cards.h"
#include "output/hotplug.h"
#include "output/kms.h"
#include "output/layout.h"
#include "server/renderer.h"
#include "server/server.h"
#include "server/session.h"

#define KD_LOG_MODULE "display"
#include "base/log.h"

/* A card whose events cannot be read so often is no longer watched: it would be readable for ever. */
#define MAX_READ_FAILURES 100

/* How often a display that somebody else has is asked for. */
#define RETRY_NS KD_NS_PER_S

struct kd_hardware {
    struct kd_server *server;
    struct kd_session *session; /* owned */
    struct kd_watch session_watch;
    struct kd_hotplug *hotplug; /* owned; NULL: this machine tells nobody */
    struct kd_watch hotplug_watch;
    int fd; /* the card's, of the session; -1: there is no card yet */
    char path[64], driver[32];
    char choice[256];   /* why this card */
    char said[512];     /* why there is none; "" while there is one */
    struct kd_kms *kms; /* owned; NULL: there is no card yet */
    struct kd_watch kms_watch;
    bool is_lost;           /* somebody else has the display */
    int64_t retry_at_ns;    /* when it is asked for again; 0: not */
    unsigned displays;      /* plugged in */
    bool is_gone;           /* the card itself was plugged out */
    unsigned read_failures; /* of its events, one after another */
    struct kd_connector_wish wishes[KD_CONFIG_MAX_CONNECTORS];
};

/* ---- Settings ---------------------------------------------------------------------------------- */

static struct kd_kms_settings settings_of(struct kd_hardware *hardware)
{
    static const enum kd_kms_damage damages[] = {
        [KD_DAMAGE_AUTO] = KD_KMS_DAMAGE_AUTO,
        [KD_DAMAGE_CLIPS] = KD_KMS_DAMAGE_CLIPS,
        [KD_DAMAGE_DIRTYFB] = KD_KMS_DAMAGE_DIRTYFB,
        [KD_DAMAGE_FULL] = KD_KMS_DAMAGE_FULL,
    };
    const struct kd_config *config = &hardware->server->config;

    for (size_t i = 0; i < config->connectors_count; i++) {
        const struct kd_config_connector *from = &config->connectors[i];
        struct kd_connector_wish *to = &hardware->wishes[i];

        *to = (struct kd_connector_wish){.mode = from->mode,
                                         .rotation = (enum kb_rotation)from->rotation,
                                         .reflect_x = from->reflect_x,
                                         .reflect_y = from->reflect_y,
                                         .off = from->off,
                                         .has_format = from->has_format,
                                         .format = from->format};
        memcpy(to->name, from->name, sizeof(to->name));
        memcpy(to->overscan_px, from->overscan, sizeof(to->overscan_px));
    }
    return (struct kd_kms_settings){.buffers = config->buffers,
                                    .damage = damages[config->damage],
                                    .window_planes = config->plane_scaling != KD_OFF,
                                    .blurred_ok = config->plane_scaling == KD_ON,
                                    .cursor_planes = config->hardware_cursor != KD_OFF,
                                    .rotation_planes = true,
                                    .mapped_buffers = config->debug_damage,
                                    .sharing = kd_renderer_sharing(hardware->server),
                                    .wishes = hardware->wishes,
                                    .wishes_count = config->connectors_count};
}

/* ---- Displays come and go ---------------------------------------------------------------------- */

static struct kd_layout_item item_of(const struct kd_server *server, const struct kd_output *output)
{
    const struct kd_config *config = &server->config;
    struct kd_layout_item item = {.width_px = kd_box_width(output->place.box),
                                  .height_px = kd_box_height(output->place.box),
                                  .place = output->place};

    for (size_t i = 0; i < config->connectors_count; i++) {
        const struct kd_config_connector *wish = &config->connectors[i];

        if (!wish->has_position || strcmp(wish->name, output->name) != 0)
            continue;
        item.has_wish = true;
        item.wish_x = wish->x;
        item.wish_y = wish->y;
    }
    return item;
}

/* Gives the new output its place. Others may have to make room for it: they are told so, and move. Mirrors have no place of their own. */
static void lay_out(struct kd_server *server, struct kd_output *fresh)
{
    struct kd_layout_item items[KD_MAX_DISPLAYS + 1];
    struct kd_output *outputs[KD_MAX_DISPLAYS + 1];
    size_t count = 0;

    for (size_t i = 0; i < server->displays_count; i++) {
        if (kd_mirror_is(server->displays[i]))
            continue;
        outputs[count] = server->displays[i]->output;
        items[count] = item_of(server, outputs[count]);
        items[count++].is_placed = true;
    }
    outputs[count] = fresh;
    items[count++] = item_of(server, fresh);
    kd_layout(items, count);
    for (size_t i = 0; i < count; i++) {
        bool moved = !kd_box_equal(outputs[i]->place.box, items[i].place.box);

        outputs[i]->place = items[i].place;
        if (moved && outputs[i] != fresh)
            kd_displays_tell(server, outputs[i]);
    }
}

static void on_added(void *ctx, struct kd_output *output)
{
    struct kd_hardware *hardware = ctx;
    int error;

    kd_renderer_judge(hardware->server, output);
    lay_out(hardware->server, output);
    error = kd_displays_add(hardware->server, output);
    if (error) {
        KD_ERROR("output %s: cannot be used: %s", output->name, strerror(-error));
        output->impl->destroy(output);
        return;
    }
    if (hardware->is_lost || !kd_session_active(hardware->session))
        kd_display_pause(kd_display_find(hardware->server, output->id),
                         kd_server_now_ns(hardware->server));
}

static void on_removed(void *ctx, struct kd_output *output)
{
    struct kd_hardware *hardware = ctx;

    kd_displays_remove(hardware->server, output);
}

static void on_lost(void *ctx, struct kd_output *output)
{
    struct kd_hardware *hardware = ctx;
    struct kd_display *display = kd_display_find(hardware->server, output->id);

    if (display)
        kd_display_show_again(display);
}

static void close_card(struct kd_hardware *hardware)
{
    kd_loop_unwatch(&hardware->kms_watch);
    kd_kms_destroy(hardware->kms);
    hardware->kms = NULL;
    if (hardware->fd >= 0)
        kd_session_close(hardware->session, hardware->fd);
    hardware->fd = -1;
}

static void scan(struct kd_hardware *hardware)
{
    int displays = kd_kms_scan(hardware->kms, kd_server_now_ns(hardware->server));

    if (displays < 0 && !hardware->is_gone)
        KD_ERROR("card %s: %s", hardware->path, strerror(-displays));
    if (displays == -ENODEV)
        hardware->is_gone = true;
    if (displays == 0 && hardware->displays != 0)
        KD_WARN("card %s: no display is plugged in; waiting for one", hardware->path);
    hardware->displays = displays > 0 ? (unsigned)displays : 0;
}

/* ---- Who has the display ------------------------------------------------------------------------ */

static void pause_all(struct kd_hardware *hardware)
{
    struct kd_server *server = hardware->server;

    kd_kms_pause(hardware->kms);
    for (size_t i = 0; i < server->displays_count; i++)
        if (server->displays[i]->output->state != KD_OUTPUT_PAUSED)
            kd_display_pause(server->displays[i], kd_server_now_ns(server));
}

static void resume_all(struct kd_hardware *hardware)
{
    struct kd_server *server = hardware->server;

    scan(hardware); /* what was plugged meanwhile */
    for (size_t i = 0; i < server->displays_count; i++)
        kd_display_resume(server->displays[i], kd_server_now_ns(server));
    kd_displays_moved(server);
}

/* True if the display is ours. */
static bool try_to_resume(struct kd_hardware *hardware)
{
    if (!kd_session_active(hardware->session) || kd_kms_resume(hardware->kms) < 0)
        return false;
    if (hardware->is_lost)
        KD_INFO("card %s: the display is ours", hardware->path);
    hardware->is_lost = false;
    hardware->retry_at_ns = 0;
    return true;
}

static void say_who_has_it(const struct kd_hardware *hardware, char *text, size_t text_bytes)
{
    char holder[128];

    kd_card_holder(hardware->path, holder, sizeof(holder));
    snprintf(text, text_bytes, "the display %s is used by %s", hardware->path, holder);
}

void kd_hardware_lost(struct kd_hardware *hardware)
{
    char who[256];

    if (!hardware->is_lost && kd_session_active(hardware->session)) {
        say_who_has_it(hardware, who, sizeof(who));
        KD_WARN("%s: waiting until it is free", who);
        hardware->is_lost = true;
    }
    hardware->retry_at_ns = kd_server_now_ns(hardware->server) + RETRY_NS;
    pause_all(hardware);
}

int64_t kd_hardware_wake_ns(const struct kd_hardware *hardware)
{
    bool waits = hardware && hardware->is_lost && kd_session_active(hardware->session);

    return waits ? hardware->retry_at_ns : 0; /* a session that resumes says so itself */
}

static void on_paused(void *ctx)
{
    struct kd_hardware *hardware = ctx;

    KD_INFO("session: paused, another virtual terminal is shown");
    kd_sources_suspend(hardware->server);
    if (hardware->kms)
        pause_all(hardware);
}

static void on_resumed(void *ctx)
{
    struct kd_hardware *hardware = ctx;

    KD_INFO("session: resumed");
    kd_sources_resume(hardware->server);
    if (!hardware->kms)
        return;
    if (try_to_resume(hardware))
        resume_all(hardware);
    else
        kd_hardware_lost(hardware);
}

/* ---- The card ----------------------------------------------------------------------------------- */

static int open_device(void *ctx, const char *path)
{
    return kd_session_open(ctx, path, NULL);
}

static void close_device(void *ctx, int fd)
{
    kd_session_close(ctx, fd);
}

/* Which card; -errno and why. */
static int choose(struct kd_hardware *hardware, bool with_display, char *why, size_t why_bytes)
{
    const struct kd_opener opener = {hardware->session, open_device, close_device};
    struct kd_card *cards = calloc(KD_CARDS_MAX, sizeof(*cards));
    int count = cards ? kd_cards_find(&opener, cards, KD_CARDS_MAX) : -ENOMEM;
    int index = count < 0 ? count
                          : kd_cards_choose(cards, (size_t)count, hardware->server->config.card,
                                            why, why_bytes);
    bool connected = false;

    if (count < 0)
        snprintf(why, why_bytes, "cannot look for displays: %s", strerror(-count));
    if (index >= 0) {
        for (size_t i = 0; i < cards[index].connectors_count; i++)
            connected |= cards[index].connectors[i].status == KD_CONNECTED;
        memcpy(hardware->path, cards[index].path, sizeof(hardware->path));
        memcpy(hardware->driver, cards[index].driver, sizeof(hardware->driver));
    }
    free(cards);
    if (index >= 0 && with_display && !connected) {
        snprintf(why, why_bytes, "no display is plugged into %s", hardware->path);
        return -ENODEV;
    }
    return index < 0 ? index : 0;
}

static int open_card(struct kd_hardware *hardware, char *why, size_t why_bytes)
{
    const struct kd_kms_settings settings = settings_of(hardware);
    const struct kd_kms_listener listener = {hardware, on_added, on_removed, on_lost};
    int error;

    hardware->fd = kd_session_open(hardware->session, hardware->path, NULL);
    if (hardware->fd < 0) {
        error = hardware->fd;
        kd_open_problem(hardware->path, error, why, why_bytes);
        return error;
    }
    error = kd_kms_create(hardware->fd, hardware->path, &settings, &listener, &hardware->kms);
    if (error) {
        snprintf(why, why_bytes, "%s cannot be used: %s", hardware->path, strerror(-error));
        close_card(hardware);
    }
    return error;
}

/* Finds and opens the card. In the end it is open, ours or not, or -errno. */
static int find_card(struct kd_hardware *hardware, bool with_display, char *why, size_t why_bytes)
{
    int error = choose(hardware, with_display, why, why_bytes);

    if (error)
        return error;
    snprintf(hardware->choice, sizeof(hardware->choice), "%s", why);
    error = open_card(hardware, why, why_bytes);
    if (error)
        return error;
    KD_INFO("card %s: %s", hardware->path, hardware->choice);
    if (kd_session_active(hardware->session) && !try_to_resume(hardware)) {
        say_who_has_it(hardware, why, why_bytes);
        if (with_display)
            return -EBUSY;
        kd_hardware_lost(hardware);
    }
    return 0;
}

static void on_card(void *ctx)
{
    struct kd_hardware *hardware = ctx;
    int error = kd_kms_dispatch(hardware->kms);

    if (error && hardware->read_failures == 0)
        KD_ERROR("card %s: cannot read its events: %s", hardware->path, strerror(-error));
    hardware->read_failures = error ? hardware->read_failures + 1 : 0;
    if (error == -ENODEV || hardware->read_failures >= MAX_READ_FAILURES)
        kd_loop_unwatch(&hardware->kms_watch);
    kd_kms_forget_stale(hardware->kms);
}

static void use_card(struct kd_hardware *hardware)
{
    kd_session_keep_display(hardware->session, hardware->fd);
    hardware->kms_watch = (struct kd_watch){on_card, hardware, NULL};
    if (kd_loop_watch(hardware->server->loop, &hardware->kms_watch, hardware->fd) < 0)
        KD_ERROR("card %s: cannot be watched", hardware->path);
    kd_renderer_use_card(hardware->server, hardware->path, hardware->driver);
    hardware->displays = 1; /* so that their absence is said */
    scan(hardware);
}

/* Why there is no card; what comes or goes elsewhere does not change it. */
static void say_once(struct kd_hardware *hardware, const char *why)
{
    char text[sizeof(hardware->said)];

    snprintf(text, sizeof(text), "%s", why);
    if (strcmp(text, hardware->said) != 0)
        KD_WARN("%s; waiting for a display", text);
    memcpy(hardware->said, text, sizeof(text));
}

/* There may be one now. */
static void look_for_card(struct kd_hardware *hardware)
{
    char why[512];

    if (hardware->kms || !kd_session_active(hardware->session))
        return;
    if (find_card(hardware, false, why, sizeof(why)) < 0) {
        say_once(hardware, why);
        return;
    }
    hardware->said[0] = '\0';
    kd_session_take_console(hardware->session);
    use_card(hardware);
}

/* A card that was plugged out is closed when nobody draws into its buffers any more. True if it was. */
static bool drop_gone_card(struct kd_hardware *hardware)
{
    if (!hardware->is_gone)
        return false;
    kd_displays_reap(hardware->server);
    if (hardware->server->gone)
        return false;
    kd_renderer_leave_card(hardware->server);
    close_card(hardware);
    hardware->is_gone = hardware->is_lost = false;
    return true;
}

/* A card may have come, or what is plugged in may have changed. */
static void on_hotplug(void *ctx)
{
    struct kd_hardware *hardware = ctx;

    if (!kd_hotplug_dispatch(hardware->hotplug))
        return;
    if (hardware->kms && !hardware->is_gone)
        scan(hardware);
    drop_gone_card(hardware);
    look_for_card(hardware);
}

static void on_session(void *ctx)
{
    struct kd_hardware *hardware = ctx;

    if (kd_session_dispatch(hardware->session) < 0) {
        KD_ERROR("session: lost; ending");
        kd_loop_unwatch(&hardware->session_watch);
        kd_loop_quit(hardware->server->loop, -EPIPE);
        return;
    }
    look_for_card(hardware); /* a seat that was in the background could not be asked for one */
}

void kd_hardware_run(struct kd_hardware *hardware, int64_t now_ns)
{
    if (hardware->kms && !hardware->is_gone && kd_kms_wants_scan(hardware->kms))
        scan(hardware);
    if (drop_gone_card(hardware))
        look_for_card(hardware);
    if (!hardware->is_lost || !kd_session_active(hardware->session) ||
        now_ns < hardware->retry_at_ns)
        return;
    if (try_to_resume(hardware))
        resume_all(hardware);
    else
        hardware->retry_at_ns = now_ns + RETRY_NS;
}

int kd_hardware_open(const struct kd_hardware *hardware, const char *path)
{
    return kd_session_open(hardware->session, path, NULL);
}

void kd_hardware_close(const struct kd_hardware *hardware, int fd)
{
    kd_session_close(hardware->session, fd);
}

bool kd_hardware_is_active(const struct kd_hardware *hardware)
{
    return kd_session_active(hardware->session);
}

int kd_hardware_switch_vt(const struct kd_hardware *hardware, unsigned vt)
{
    return kd_session_switch_vt(hardware->session, vt);
}

void kd_hardware_describe(const struct kd_hardware *hardware, char *text, size_t text_bytes)
{
    snprintf(text, text_bytes, "%s, session %s%s",
             hardware->kms ? hardware->choice : "no card yet, waiting for one",
             kd_session_name(hardware->session),
             hardware->is_lost                       ? ", the display is somebody else's"
             : !kd_session_active(hardware->session) ? ", paused"
                                                     : "");
}

/* ---- Beginning and end --------------------------------------------------------------------------- */

int kd_hardware_create(struct kd_server *server, struct kd_hardware **out, char *why,
                       size_t why_bytes)
{
    const struct kd_config *config = &server->config;
    bool may_wait = config->backend == KD_BACKEND_KMS;
    struct kd_hardware *hardware = calloc(1, sizeof(*hardware));
    struct kd_session_info info = {.mode = config->session_mode,
                                   .vt = config->vt,
                                   .handler = {hardware, on_paused, on_resumed}};
    int error = -ENOMEM;

    if (!hardware) {
        snprintf(why, why_bytes, "out of memory");
        return error;
    }
    hardware->server = server;
    hardware->fd = -1;
    error = kd_session_create(&info, &hardware->session, why, why_bytes);
    if (!error && may_wait && !kd_session_active(hardware->session))
        KD_INFO("session: in the background; waiting until it is shown");
    else if (!error)
        error = find_card(hardware, !may_wait, why, why_bytes);
    if (error == -ENODEV && may_wait) {
        say_once(hardware, why);
        error = 0;
    }
    if (error) {
        kd_hardware_destroy(hardware);
        return error;
    }
    if (hardware->kms)
        kd_session_take_console(hardware->session);
    *out = hardware;
    return 0;
}

int kd_hardware_start(struct kd_hardware *hardware)
{
    struct kd_loop *loop = hardware->server->loop;
    int error = kd_hotplug_create(&hardware->hotplug);

    if (error) {
        KD_WARN("plugging displays in and out will not be noticed: %s", strerror(-error));
    } else {
        hardware->hotplug_watch = (struct kd_watch){on_hotplug, hardware, NULL};
        kd_loop_watch(loop, &hardware->hotplug_watch, kd_hotplug_fd(hardware->hotplug));
    }
    if (kd_session_fd(hardware->session) >= 0) {
        hardware->session_watch = (struct kd_watch){on_session, hardware, NULL};
        kd_loop_watch(loop, &hardware->session_watch, kd_session_fd(hardware->session));
    }
    if (hardware->kms)
        use_card(hardware);
    return 0;
}

void kd_hardware_stop(struct kd_hardware *hardware)
{
    if (!hardware)
        return;
    kd_loop_unwatch(&hardware->session_watch);
    kd_loop_unwatch(&hardware->hotplug_watch);
    kd_loop_unwatch(&hardware->kms_watch);
}

void kd_hardware_destroy(struct kd_hardware *hardware)
{
    if (!hardware)
        return;
    kd_hotplug_destroy(hardware->hotplug);
    close_card(hardware);
    if (hardware->session)
        kd_session_destroy(hardware->session);
    free(hardware);
}

/*
 * What happened: the newest commits for C tests, and everything as lines of JSON for tests of the whole daemon.
 */
#include "fake_model.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *log_file;
static pid_t log_pid;

void fake_log_open(const char *path)
{
    log_file = fopen(path, "we");
    log_pid = getpid();
    if (!log_file) {
        fprintf(stderr, "fake drm: %s cannot be written: %s\n", path, strerror(errno));
        abort();
    }
    setvbuf(log_file, NULL, _IOLBF, 1 << 16);
}

void fake_log(const char *format, ...)
{
    va_list list;

    if (!log_file || getpid() != log_pid) /* a child says nothing */
        return;
    fputc('{', log_file);
    va_start(list, format);
    vfprintf(log_file, format, list);
    va_end(list);
    fputs("}\n", log_file);
}

/* ---- Commits -------------------------------------------------------------------------------- */

struct fake_commit *fake_new_commit(struct fake_card *card)
{
    struct fake_commit *commit = &card->commits[card->commits_count % FAKE_KEPT];

    memset(commit, 0, sizeof(*commit));
    commit->number = card->commits_count++;
    return commit;
}

const struct fake_commit *fake_drm_commit(const struct fake_card *card, int n)
{
    int64_t number = n < 0 ? (int64_t)card->commits_count + n : n;

    if (number < 0 || number >= card->commits_count ||
        number + FAKE_KEPT < (int64_t)card->commits_count) {
        fprintf(stderr, "fake drm: there is no commit %d of %u\n", n, card->commits_count);
        abort();
    }
    return &card->commits[number % FAKE_KEPT];
}

static void record_plane(const struct fake_card *card, struct fake_commit_plane *plane,
                         unsigned index, const struct fake_check *check)
{
    const uint64_t *v = check->next->values[index];
    const struct fake_blob *blob = fake_find_blob(card, (uint32_t)v[K_DAMAGE]);
    const struct fake_fb *fb = fake_find_fb(card, (uint32_t)v[K_FB_ID]);

    plane->id = card->objects[index].id;
    plane->type = (uint32_t)v[K_TYPE];
    plane->crtc = (uint32_t)v[K_CRTC_ID];
    plane->fb = (uint32_t)v[K_FB_ID];
    plane->format = fb ? fb->format : 0;
    plane->to = (struct fake_rect){(int32_t)v[K_CRTC_X], (int32_t)v[K_CRTC_Y],
                                   (int32_t)(v[K_CRTC_X] + v[K_CRTC_W]),
                                   (int32_t)(v[K_CRTC_Y] + v[K_CRTC_H])};
    for (unsigned n = 0; n < 4; n++)
        plane->from[n] = (uint32_t)v[K_SRC_X + n];
    plane->rotation = (uint32_t)v[K_ROTATION];
    plane->zpos = (uint32_t)v[K_ZPOS];
    plane->alpha = (uint32_t)v[K_ALPHA];
    plane->changed = check->named >> index & 1;
    plane->has_clips = blob != NULL;
    if (blob)
        plane->clips_count = (unsigned)(blob->bytes_count / sizeof(struct drm_mode_rect));
    for (unsigned n = 0; n < plane->clips_count && n < FAKE_CLIPS; n++)
        memcpy(&plane->clips[n], blob->bytes + n * sizeof(plane->clips[n]),
               sizeof(plane->clips[n]));
}

static void record_state(const struct fake_card *card, struct fake_commit *commit,
                         const struct fake_check *check)
{
    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
        if (check->next->values[n][K_FB_ID])
            record_plane(card, &commit->planes[commit->planes_count++], n, check);
    for (unsigned n = 0; n < card->crtcs; n++) {
        drmModeModeInfo mode = {0};

        commit->crtcs[n].id = card->objects[n].id;
        commit->crtcs[n].active = check->next->values[n][K_ACTIVE];
        if (fake_crtc_mode(card, check->next, n, &mode)) {
            commit->crtcs[n].width_px = mode.hdisplay;
            commit->crtcs[n].height_px = mode.vdisplay;
            commit->crtcs[n].refresh_mhz = fake_refresh_mhz(&mode);
        }
    }
    commit->crtcs_count = card->crtcs;
    for (unsigned n = 0; n < card->connectors; n++) {
        const struct fake_object *connector = &card->objects[FAKE_FIRST_CONNECTOR + n];

        memcpy(commit->connectors[n].name, connector->name, sizeof(connector->name));
        commit->connectors[n].crtc =
            (uint32_t)check->next->values[FAKE_FIRST_CONNECTOR + n][K_CRTC_ID];
    }
    commit->connectors_count = card->connectors;
}

static void count(struct fake_card *card, const struct fake_commit *commit)
{
    if (commit->result)
        card->counts.refused++;
    else if (commit->is_dirtyfb)
        card->counts.dirtyfbs++;
    else if (commit->flags & DRM_MODE_ATOMIC_TEST_ONLY)
        card->counts.tests++;
    else
        card->counts.commits++;
    if (!commit->result && commit->modeset && !(commit->flags & DRM_MODE_ATOMIC_TEST_ONLY))
        card->counts.modesets++;
    fake_changed();
}

static int print_plane(char *text, size_t bytes, const struct fake_commit_plane *plane, bool first)
{
    int length = snprintf(
        text, bytes,
        "%s{\"id\": %u, \"type\": %u, \"crtc\": %u, \"fb\": %u, \"changed\": %d, "
        "\"to\": [%d, %d, %d, %d], \"from\": [%g, %g, %g, %g], \"rotation\": %u, \"zpos\": %u, "
        "\"format\": \"%.4s\", \"clips\": ",
        first ? "" : ", ", plane->id, plane->type, plane->crtc, plane->fb, plane->changed,
        plane->to.x1, plane->to.y1, plane->to.x2, plane->to.y2, plane->from[0] / 65536.0,
        plane->from[1] / 65536.0, plane->from[2] / 65536.0, plane->from[3] / 65536.0,
        plane->rotation, plane->zpos, plane->format ? (const char *)&plane->format : "");

    if (!plane->has_clips)
        return length + snprintf(text + length, bytes - (size_t)length, "null}");
    for (unsigned n = 0; n < plane->clips_count && n < FAKE_CLIPS; n++)
        length += snprintf(text + length, bytes - (size_t)length, "%s[%d, %d, %d, %d]",
                           n ? ", " : "[", plane->clips[n].x1, plane->clips[n].y1,
                           plane->clips[n].x2, plane->clips[n].y2);
    return length +
           snprintf(text + length, bytes - (size_t)length, plane->clips_count ? "]}" : "[]}");
}

static void print_commit(const struct fake_card *card, const struct fake_commit *commit)
{
    size_t room = 1000 + commit->planes_count * (400 + FAKE_CLIPS * 40);
    char *planes = calloc(1, room), crtcs[400] = "", connectors[600] = "";
    size_t at = 0;
    int length = 0;

    for (unsigned n = 0; n < commit->planes_count; n++)
        at += (size_t)print_plane(planes + at, room - at, &commit->planes[n], n == 0);
    for (unsigned n = 0; n < commit->crtcs_count; n++)
        length += snprintf(crtcs + length, sizeof(crtcs) - (size_t)length,
                           "%s{\"id\": %u, \"active\": %d, \"mode\": [%u, %u, %u]}", n ? ", " : "",
                           commit->crtcs[n].id, commit->crtcs[n].active, commit->crtcs[n].width_px,
                           commit->crtcs[n].height_px, commit->crtcs[n].refresh_mhz);
    length = 0;
    for (unsigned n = 0; n < commit->connectors_count; n++)
        length += snprintf(connectors + length, sizeof(connectors) - (size_t)length, "%s\"%s\": %u",
                           n ? ", " : "", commit->connectors[n].name, commit->connectors[n].crtc);
    fake_log("\"what\": \"%s\", \"card\": \"%s\", \"number\": %u, \"test\": %s, \"flags\": %u, "
             "\"result\": %d, \"why\": \"%s\", \"modeset\": %s, \"time\": %lld, \"planes\": [%s], "
             "\"crtcs\": [%s], \"connectors\": {%s}",
             commit->is_dirtyfb ? "dirtyfb" : "commit", card->name, commit->number,
             commit->flags & DRM_MODE_ATOMIC_TEST_ONLY ? "true" : "false", commit->flags,
             commit->result, commit->why, commit->modeset ? "true" : "false",
             (long long)commit->time_ns, planes, crtcs, connectors);
    free(planes);
}

void fake_record(struct fake_card *card, struct fake_commit *commit, const struct fake_check *check,
                 uint32_t flags, int result)
{
    commit->flags = flags;
    commit->result = result;
    commit->time_ns = fake_now_ns();
    if (check) {
        commit->modeset = check->modeset;
        memcpy(commit->why, check->why, sizeof(commit->why));
        record_state(card, commit, check);
    }
    count(card, commit);
    if (log_file)
        print_commit(card, commit);
}

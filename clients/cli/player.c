#include "player.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNREAD_MAX 8u /* requests whose memory is under way at once: quotas count it */

static int __attribute__((format(printf, 2, 3)))
fail(struct cli_player *player, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(player->why, sizeof(player->why), format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- Lists of requests ----------------------------------------------------------------------- */

static int add(struct cli_player *player, struct cli_requests *requests, struct cli_request request)
{
    if (requests->count == requests->capacity) {
        size_t capacity = requests->capacity == 0 ? 16 : requests->capacity * 2;
        struct cli_request *more = realloc(requests->list, capacity * sizeof(*more));
        if (more == NULL)
            return fail(player, "no memory");
        requests->list = more;
        requests->capacity = capacity;
    }
    requests->list[requests->count++] = request;
    return 0;
}

static bool remove_serial(struct cli_requests *requests, uint32_t serial)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (requests->list[i].serial == serial) {
            requests->list[i] = requests->list[--requests->count];
            return true;
        }
    }
    return false;
}

static void remove_object(struct cli_requests *requests, uint32_t object)
{
    for (size_t i = 0; i < requests->count;) {
        if (requests->list[i].object == object)
            requests->list[i] = requests->list[--requests->count];
        else
            i++;
    }
}

static unsigned count_object(const struct cli_requests *requests, uint32_t object)
{
    unsigned count = 0;
    for (size_t i = 0; i < requests->count; i++)
        count += requests->list[i].object == object;
    return count;
}

static const struct cli_request *find_serial(const struct cli_requests *requests, uint32_t serial)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (requests->list[i].serial == serial)
            return &requests->list[i];
    }
    return NULL;
}

/* ---- What the daemon says -------------------------------------------------------------------- */

static void answered(struct cli_player *player, uint32_t serial)
{
    if (remove_serial(&player->frames, serial))
        player->last_answer_ns = cli_link_now_ns();
}

static int on_presented(void *ctx, const struct kb_evt_presented *event)
{
    struct cli_player *player = ctx;
    player->presented++;
    player->unchanged += (event->flags & KB_PRESENTED_FLAG_UNCHANGED) != 0;
    answered(player, event->serial);
    return 0;
}

static int on_discarded(void *ctx, const struct kb_evt_discarded *event)
{
    struct cli_player *player = ctx;
    player->discarded++;
    answered(player, event->serial);
    return 0;
}

static int on_released(void *ctx, const struct kb_evt_released *event)
{
    struct cli_player *player = ctx;
    remove_serial(&player->unread, event->serial);
    return 0;
}

static int on_done(void *ctx, const struct kb_evt_done *event)
{
    struct cli_player *player = ctx;
    player->synced = player->synced || event->serial == player->last_serial;
    return 0;
}

static int on_error(void *ctx, const struct kb_evt_error *event)
{
    struct cli_player *player = ctx;
    const struct kb_message_info *info = kb_message_info(event->request);
    fprintf(stderr, "kmsblit replay: request %" PRIu32 " (%s) is refused: %.*s\n", event->serial,
            info != NULL ? info->name : "?", (int)event->message_bytes,
            event->message_bytes > 0 ? event->message : "");
    answered(player, event->serial);
    remove_serial(&player->unread, event->serial);
    return add(player, &player->refused,
               (struct cli_request){.object = event->object,
                                    .serial = event->serial,
                                    .opcode = event->request,
                                    .code = event->code});
}

static const struct kb_evt_handler handler = {
    .presented = on_presented,
    .discarded = on_discarded,
    .released = on_released,
    .done = on_done,
    .error = on_error,
};

int cli_player_wait(struct cli_player *player, int64_t deadline_ns)
{
    if (cli_link_turn(&player->link, deadline_ns) < 0)
        return fail(player, "%s", player->link.why);
    return 0;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static struct cli_shared *find_shared(struct cli_player *player, uint32_t id)
{
    for (size_t i = 0; i < player->shared_count; i++) {
        if (player->shared[i].id == id)
            return &player->shared[i];
    }
    return NULL;
}

static int new_memory(struct cli_player *player, uint64_t bytes)
{
    if (player->memory_fd >= 0 && player->memory_bytes == bytes)
        return 0;
    if (player->memory_fd >= 0)
        return fail(player, "two memories for one request");
    player->memory_fd = memfd_create("kmsblit-replay", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    player->memory_bytes = bytes;
    if (player->memory_fd < 0 || ftruncate(player->memory_fd, (off_t)bytes) < 0)
        return fail(player, "no memory for %" PRIu64 " bytes: %s", bytes, strerror(errno));
    return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        bytes += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

/* A shared image's memory is written only after the daemon has read what it was told of. */
static int play_memory(struct cli_player *player, const struct cli_record *record)
{
    const struct kb_recording_memory *memory = record->memory;
    int fd;
    if (memory->object == 0) {
        if (new_memory(player, memory->size_bytes) < 0)
            return -1;
        fd = player->memory_fd;
    } else {
        const struct cli_shared *shared = find_shared(player, memory->object);
        if (shared == NULL || memory->size_bytes != shared->bytes)
            return fail(player, "memory of image %" PRIu32 ", which has none like it",
                        memory->object);
        fd = shared->fd;
        while (count_object(&player->unread, memory->object) > 0) {
            if (cli_player_wait(player, CLI_LINK_FOREVER) < 0)
                return -1;
        }
    }
    if (write_all(fd, (const uint8_t *)(memory + 1), record->bytes - sizeof(*memory),
                  memory->offset_bytes) < 0)
        return fail(player, "writing memory: %s", strerror(errno));
    return 0;
}

static int keep_shared(struct cli_player *player, uint32_t id)
{
    struct cli_shared *more =
        realloc(player->shared, (player->shared_count + 1) * sizeof(*player->shared));
    if (more == NULL)
        return fail(player, "no memory");
    player->shared = more;
    more[player->shared_count++] =
        (struct cli_shared){.id = id, .fd = player->memory_fd, .bytes = player->memory_bytes};
    player->memory_fd = -1;
    return 0;
}

static void forget_shared(struct cli_player *player, uint32_t id)
{
    struct cli_shared *shared = find_shared(player, id);
    if (shared == NULL)
        return;
    close(shared->fd);
    *shared = player->shared[--player->shared_count];
}

/* ---- Requests -------------------------------------------------------------------------------- */

static bool is_frame(uint16_t opcode)
{
    return opcode == KB_REQ_FRAME || opcode == KB_REQ_FRAME_MEMFD;
}

/* Waits as long as a well-behaved client would have to. */
static int wait_for_room(struct cli_player *player, const struct kb_header *message)
{
    bool of_window =
        is_frame(message->opcode) && count_object(&player->windows, message->object) > 0;
    while ((of_window && count_object(&player->frames, message->object) >= KB_CREDITS) ||
           (message->nfds > 0 && player->unread.count >= UNREAD_MAX)) {
        if (cli_player_wait(player, CLI_LINK_FOREVER) < 0)
            return -1;
    }
    if (!of_window)
        return 0;
    player->frames_sent++;
    if (player->first_frame_ns == 0)
        player->first_frame_ns = cli_link_now_ns();
    return add(player, &player->frames,
               (struct cli_request){.object = message->object, .serial = message->serial});
}

static int seal_memory(struct cli_player *player, const struct kb_message_info *info)
{
    if (info->nfds > 1 || player->memory_fd < 0)
        return fail(player, "%s without its memory", info->name);
    if (fcntl(player->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
        return fail(player, "sealing memory: %s", strerror(errno));
    return 0;
}

/* What the request means for the requests after it. */
static int take_note(struct cli_player *player, const struct kb_header *message)
{
    const struct cli_request request = {.object = message->object, .serial = message->serial};
    struct kb_req_image_create create;
    int fd = 0;
    switch (message->opcode) {
    case KB_REQ_WINDOW_CREATE: return add(player, &player->windows, request);
    case KB_REQ_WINDOW_DESTROY: remove_object(&player->windows, message->object); return 0;
    case KB_REQ_IMAGE_CREATE:
        if (kb_req_image_create_decode(message, message->size, &fd, 1, &create, NULL) == 0 &&
            (create.flags & KB_IMAGE_FLAG_SHARED) && keep_shared(player, message->object) < 0)
            return -1;
        return add(player, &player->unread, request);
    case KB_REQ_IMAGE_UPDATE:
    case KB_REQ_FRAME_MEMFD: return add(player, &player->unread, request);
    case KB_REQ_IMAGE_DESTROY:
        remove_object(&player->unread, message->object);
        forget_shared(player, message->object);
        return 0;
    default: return 0;
    }
}

static int play_request(struct cli_player *player, const struct cli_record *record)
{
    const struct kb_header *message = record->message;
    const struct kb_message_info *info = kb_message_info(message->opcode);
    if (info->nfds > 0 && seal_memory(player, info) < 0)
        return -1;
    if (wait_for_room(player, message) < 0)
        return -1;
    int fd = info->nfds > 0 ? player->memory_fd : -1;
    /* Noted first: the answer may come while it is being sent. */
    player->last_serial = message->serial;
    if (take_note(player, message) < 0)
        return -1;
    if (cli_link_send(&player->link, message, fd) < 0)
        return fail(player, "%s", player->link.why);
    if (player->memory_fd >= 0 && player->memory_fd == fd) {
        close(player->memory_fd);
        player->memory_fd = -1;
    }
    player->sent++;
    return 0;
}

int cli_player_note(struct cli_player *player, const struct cli_record *record)
{
    struct kb_evt_error error;
    if (record->kind != KB_RECORDING_EVENT || record->message->opcode != KB_EVT_ERROR ||
        kb_evt_error_decode(record->message, record->bytes, NULL, 0, &error, NULL) < 0)
        return 0;
    return add(player, &player->recorded,
               (struct cli_request){.object = error.object,
                                    .serial = error.serial,
                                    .opcode = error.request,
                                    .code = error.code});
}

/* What was sent after a frame's answer had come is sent after its answer here. */
static int play_event(struct cli_player *player, const struct cli_record *record)
{
    uint16_t opcode = record->message->opcode;
    bool is_answer = opcode == KB_EVT_PRESENTED || opcode == KB_EVT_DISCARDED;
    while (is_answer && find_serial(&player->frames, record->message->serial) != NULL) {
        if (cli_player_wait(player, CLI_LINK_FOREVER) < 0)
            return -1;
    }
    return cli_player_note(player, record);
}

int cli_player_play(struct cli_player *player, const struct cli_record *record)
{
    switch (record->kind) {
    case KB_RECORDING_REQUEST: return play_request(player, record);
    case KB_RECORDING_MEMORY: return play_memory(player, record);
    case KB_RECORDING_EVENT: return play_event(player, record);
    case KB_RECORDING_END: break;
    }
    return 0;
}

int cli_player_drain(struct cli_player *player)
{
    while (player->frames.count > 0) {
        if (cli_player_wait(player, CLI_LINK_FOREVER) < 0)
            return -1;
    }
    player->last_serial = player->last_serial == UINT32_MAX ? 1 : player->last_serial + 1;
    player->synced = false;
    const struct kb_header sync = {
        .size = sizeof(sync), .opcode = KB_REQ_SYNC, .serial = player->last_serial};
    if (cli_link_send(&player->link, &sync, -1) < 0)
        return fail(player, "%s", player->link.why);
    while (!player->synced) {
        if (cli_player_wait(player, CLI_LINK_FOREVER) < 0)
            return -1;
    }
    return 0;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static const char *code_name(uint16_t code)
{
    const struct kb_message_info *info = kb_message_info(KB_EVT_ERROR);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        if (strcmp(info->fields[i].name, "code") == 0)
            return kb_wire_value_name(info->fields[i].values, code);
    }
    return NULL;
}

static unsigned compare_one(const struct cli_request *here, const struct cli_requests *others,
                            bool in_recording)
{
    const struct cli_request *there = find_serial(others, here->serial);
    if (there != NULL && (there->code == here->code || in_recording))
        return 0; /* other codes are told of once */
    const struct kb_message_info *info = kb_message_info(here->opcode);
    const char *name = code_name(here->code);
    fprintf(stderr, "kmsblit replay: request %" PRIu32 " (%s) was refused %s (%s), but %s%s\n",
            here->serial, info != NULL ? info->name : "?",
            in_recording ? "when it was recorded" : "here", name != NULL ? name : "?",
            there != NULL  ? "for another reason when it was recorded: "
            : in_recording ? "not here"
                           : "not when it was recorded",
            there != NULL && code_name(there->code) != NULL ? code_name(there->code) : "");
    return 1;
}

unsigned cli_player_compare(const struct cli_player *player)
{
    unsigned mismatches = 0;
    for (size_t i = 0; i < player->refused.count; i++)
        mismatches += compare_one(&player->refused.list[i], &player->recorded, false);
    for (size_t i = 0; i < player->recorded.count; i++) {
        if (player->recorded.list[i].serial < player->last_serial)
            mismatches += compare_one(&player->recorded.list[i], &player->refused, true);
    }
    return mismatches;
}

int cli_player_init(struct cli_player *player, const char *socket_path)
{
    memset(player, 0, sizeof(*player));
    player->memory_fd = -1;
    if (cli_link_open(&player->link, socket_path, &handler, player) < 0)
        return fail(player, "%s", player->link.why);
    return 0;
}

void cli_player_finish(struct cli_player *player)
{
    struct cli_requests *lists[] = {&player->frames, &player->unread, &player->windows,
                                    &player->refused, &player->recorded};
    cli_link_close(&player->link);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        free(lists[i]->list);
    for (size_t i = 0; i < player->shared_count; i++)
        close(player->shared[i].fd);
    free(player->shared);
    if (player->memory_fd >= 0)
        close(player->memory_fd);
}

/*
 * Keys that are for the daemon itself: switching VTs, and ending the game that has the focus. A game is asked first; if it is asked again, or is still
 * there after a while, its process is told to end and its connection is closed.
 */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <signal.h>
#include <string.h>

#include "server/hardware.h"
#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "input"
#include "base/log.h"

/* A game has so long to end by itself. */
#define PATIENCE_NS (3 * KD_NS_PER_S)

#define KEYS_OF_SHORTCUTS \
    (KB_MODIFIER_SHIFT | KB_MODIFIER_CTRL | KB_MODIFIER_ALT | KB_MODIFIER_ALTGR | KB_MODIFIER_LOGO)

static void end(struct kd_connection *connection)
{
    struct kd_client *client = connection->client;
    int error = kd_peer_signal(connection->peer, SIGTERM);

    connection->end_at_ns = 0;
    KD_INFO("client %u (%s): ended by the shortcut%s%s", client->number, client->name,
            error ? "; its process cannot be told: " : "", error ? strerror(-error) : "");
    connection->opcode = 0;
    kd_connection_error(connection, 0, 0, KB_ERROR_CODE_ENDED, 0,
                        "this program was ended with the daemon's shortcut");
    kd_peer_shut(connection->peer);
}

static void ask_to_end(struct kd_server *server)
{
    struct kd_window *window = server->inputs.focus.window;
    struct kd_connection *connection = window ? window->client->connection : NULL;

    if (!connection)
        return;
    if (connection->end_at_ns) {
        end(connection);
        return;
    }
    KD_INFO("client %u (%s): asked to end", window->client->number, window->client->name);
    connection->end_at_ns = kd_server_now_ns(server) + PATIENCE_NS;
    kd_feed_flush(connection->feed);
    kd_event_window_close(window->client, window->id);
}

/* F1 to F12, or 0. */
static unsigned function_key(uint32_t code)
{
    return code >= KEY_F1 && code <= KEY_F10    ? code - KEY_F1 + 1
           : code == KEY_F11 || code == KEY_F12 ? code - KEY_F11 + 11
                                                : 0;
}

bool kd_shortcut(struct kd_server *server, uint32_t code)
{
    const struct kd_combination *end_game = &server->config.input.end_game;
    uint32_t modifiers = kd_keyboard_modifiers(&server->inputs.keyboard) & KEYS_OF_SHORTCUTS;
    unsigned vt = function_key(code);

    if (code == end_game->code && modifiers == end_game->modifiers) {
        ask_to_end(server);
        return true;
    }
    if (vt != 0 && modifiers == (KB_MODIFIER_CTRL | KB_MODIFIER_ALT) && server->hardware) {
        int error = kd_hardware_switch_vt(server->hardware, vt);

        if (error && error != -EOPNOTSUPP)
            KD_WARN("VT %u cannot be shown: %s", vt, strerror(-error));
        return error != -EOPNOTSUPP;
    }
    return false;
}

int64_t kd_shortcuts_wake_ns(const struct kd_server *server)
{
    int64_t wake_ns = 0;

    for (const struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->end_at_ns && (wake_ns == 0 || connection->end_at_ns < wake_ns))
            wake_ns = connection->end_at_ns;
    return wake_ns;
}

void kd_shortcuts_run(struct kd_server *server, int64_t now_ns)
{
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->end_at_ns && connection->end_at_ns <= now_ns)
            end(connection);
}

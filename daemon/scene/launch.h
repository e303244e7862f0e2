/*
 * Launches: a client that starts programs, and those programs. What their windows showed can stay when they go ("Launched programs" in
 * docs/protocol.md).
 */
#ifndef KD_SCENE_LAUNCH_H
#define KD_SCENE_LAUNCH_H

#include "scene/client.h"

struct kd_launch_state {
    uint32_t clients, shown, left;
};

/* There as long as it has a keeper or programs, whichever came first. */
struct kd_launch {
    uint64_t token;           /* not 0 */
    struct kd_client *keeper; /* who launched; NULL: not there, or gone */
    uint32_t clients_count;
    struct kd_launch_state told; /* to the keeper */
    struct kd_launch *next;      /* in the scene's list, which owns it */
};

/* Who keeps the launch with this token; NULL: nobody. */
struct kd_client *kd_launch_keeper(const struct kd_scene *scene, uint64_t token);

/* Makes the client the launch's keeper; it must not be one, and the launch must have none. Errors: -ENOMEM. */
int kd_launch_begin(struct kd_scene *scene, struct kd_client *client, uint64_t token);

/* The client, if it is one, is no keeper any more; none of its launch's windows may have stayed. */
void kd_launch_end(struct kd_scene *scene, struct kd_client *client);

/* Counts the client among the launch's programs. Errors: -EEXIST it is one's already, -ENOMEM. */
int kd_launch_join(struct kd_scene *scene, struct kd_client *client, uint64_t token);
void kd_launch_leave(struct kd_scene *scene, struct kd_client *client);

struct kd_launch_state kd_launch_state(const struct kd_scene *scene,
                                       const struct kd_launch *launch);

/* The window, of a launched program, loses its frames and stays as it looks: it is the keeper's, without an id. False: it cannot,
 * and nothing has changed. */
bool kd_launch_keep(struct kd_scene *scene, struct kd_window *window);

/* The topmost window that stayed, or NULL. */
struct kd_window *kd_launch_left(const struct kd_scene *scene, const struct kd_client *keeper);

#endif

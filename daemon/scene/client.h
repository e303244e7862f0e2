/*
 * Clients and the scene: who is there and what is stacked.
 */
#ifndef KD_SCENE_CLIENT_H
#define KD_SCENE_CLIENT_H

#include "scene/window.h"

struct kd_connection; /* the socket's side of a client */
struct kd_launch;

struct kd_client_stats {
    uint64_t requests, errors, frames_committed, frames_presented, frames_discarded;
};

struct kd_client {
    unsigned refs;   /* the connection, and each read of its memory that is under way */
    uint32_t number; /* counts clients, for logs */
    char *name;      /* owned, safe for logs; never NULL */
    struct kd_connection *connection; /* NULL once it is gone */
    uint32_t permissions;             /* enum kb_permission */
    bool wants_input;
    struct kd_objects objects;
    struct kd_account *account; /* a reference */
    struct kd_lane *lane;       /* owned: reading its memory */
    uint32_t frames_counted;    /* for kd_image.frame_mark */
    struct kd_launch *launch;   /* that it is a program of; the scene's, NULL: none */
    struct kd_launch *keeps;    /* its own launch; the scene's, NULL: none */
    struct kd_client_stats stats;
};

struct kd_scene {
    struct kd_window *windows;  /* owned by their clients; newest first */
    struct kd_launch *launches; /* owned */
    uint64_t windows_created;
    uint32_t windows_count;
    uint32_t clients_created;
};

/* Errors: -ENOMEM. */
int kd_client_create(struct kd_scene *scene, struct kd_jobs *jobs, uint64_t max_bytes,
                     uint32_t max_objects, struct kd_client **out);
struct kd_client *kd_client_ref(struct kd_client *client);

/* The last one frees the client; its objects must be gone. */
void kd_client_unref(struct kd_client *client);

/* A window, not yet among the client's objects. title is copied. Errors: -ENOMEM. */
int kd_window_create(struct kd_scene *scene, struct kd_client *client, uint32_t id,
                     const struct kd_window_attr *attr, const char *title, struct kd_jobs *jobs,
                     struct kd_window **out);

/* Takes it out of the scene and frees it and its frames; a frame that is being drawn is freed by whoever draws it. */
void kd_window_destroy(struct kd_scene *scene, struct kd_window *window);

/* Its frames are nobody's any more: freed, now or by whoever draws them. It looks as it does. */
void kd_window_drop_frames(struct kd_window *window);

/* Whether input can be for it at all. */
static inline bool kd_window_wants_input(const struct kd_window *window)
{
    return window->client->wants_input && !window->is_left;
}

int kd_window_set_title(struct kd_window *window, const char *title);

#endif

/*
 * An fd that is watched for reading by the loop (loop.c).
 */
#ifndef KD_SERVER_WATCH_H
#define KD_SERVER_WATCH_H

struct kd_loop;

/* Embedded; set ready and ctx before. Not watched (again): source is NULL. */
struct kd_watch {
    void (*ready)(void *ctx);
    void *ctx;
    void *source; /* the loop's */
};
int kd_loop_watch(struct kd_loop *loop, struct kd_watch *watch, int fd);
void kd_loop_unwatch(struct kd_watch *watch);

#endif

/*
 * For tests of the KMS backend: one scripted card, and virtual time.
 */
#ifndef KMS_RIG_H
#define KMS_RIG_H

#include "output/kms.h"
#include "tests/fakes/fake_drm.h"

#include "base/clock.h"

#define MOST_OUTPUTS 8
#define PERIOD_NS    INT64_C(16666667) /* of 60 Hz */

/* A card, and what the listener was told. */
struct kms_rig {
    struct fake_card *card;
    struct kd_kms *kms;
    struct kd_output *outputs[MOST_OUTPUTS];
    unsigned count;
    int fd;
};

/* What the card and the backend take for the time. */
extern int64_t kms_now_ns;

/* Two buffers, and all that planes can do. */
extern const struct kd_kms_settings kms_usual;

/* Opens card0 of the script. Then starts the backend on it; the number of displays or -errno. */
void kms_open(struct kms_rig *rig);
int kms_start_with(struct kms_rig *rig, const struct kd_kms_settings *settings);

/* Both, as usual; it must go well. */
void kms_start(struct kms_rig *rig);

/* Nothing may be left on the card. */
void kms_stop(struct kms_rig *rig);

/* Commits a buffer of one colour. with: what else, or NULL. */
int kms_show(struct kd_output *output, uint32_t color, struct kd_commit *with);

/* A refresh, and what the daemon makes of it: 1 if a flip was seen. flip may be NULL. */
int kms_refresh(struct kms_rig *rig, struct kd_output *output, struct kd_flip *flip);

/* In the corner of what is to be seen; 0: it is off. */
uint32_t kms_first_pixel(const struct kms_rig *rig);

#endif

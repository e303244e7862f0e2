/*
 * Who may do what.
 */
#ifndef KD_SOCKET_POLICY_H
#define KD_SOCKET_POLICY_H

#include <stdint.h>

#include "socket/peer.h"

struct kd_policy {
    uid_t owner;       /* the daemon's user, who has every permission, as root has */
    uint32_t everyone; /* enum kb_permission bits that everyone has */
};

uint32_t kd_policy_permissions(const struct kd_policy *policy, struct kd_peer_identity who);

#endif

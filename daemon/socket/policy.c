#include "socket/policy.h"

#include "gen/kmsblit_types.h"

uint32_t kd_policy_permissions(const struct kd_policy *policy, struct kd_peer_identity who)
{
    if (who.uid == 0 || who.uid == policy->owner)
        return KB_PERMISSION_ALL;
    return policy->everyone;
}

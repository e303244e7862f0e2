#include "server/simulate.h"

#include "socket/policy.h"

#include "gen/kmsblit_types.h"

#include <check.h>

#define MS INT64_C(1000000)

START_TEST(titles_are_whole)
{
    const char *list = "slow:100,slower:250,:7,a:b:3,slow:999,bad,empty:";

    ck_assert_int_eq(kd_simulated_draw_ns(list, "slow"), 100 * MS); /* the first one counts */
    ck_assert_int_eq(kd_simulated_draw_ns(list, "slower"), 250 * MS);
    ck_assert_int_eq(kd_simulated_draw_ns(list, "slo"), 0);
    ck_assert_int_eq(kd_simulated_draw_ns(list, "slowest"), 0);
    ck_assert_int_eq(kd_simulated_draw_ns(list, ""), 7 * MS);
    ck_assert_int_eq(kd_simulated_draw_ns(list, "bad"), 0);
    ck_assert_int_eq(kd_simulated_draw_ns(list, "empty"), 0);
    ck_assert_int_eq(kd_simulated_draw_ns("", "slow"), 0);
    ck_assert_int_eq(kd_simulated_draw_ns(",,x:1,", "x"), 1 * MS);
}
END_TEST

START_TEST(permissions)
{
    const struct kd_policy policy = {.owner = 1000, .everyone = KB_PERMISSION_SCREENSHOT};

    ck_assert_uint_eq(kd_policy_permissions(&policy, (struct kd_peer_identity){.uid = 0}),
                      KB_PERMISSION_ALL);
    ck_assert_uint_eq(kd_policy_permissions(&policy, (struct kd_peer_identity){.uid = 1000}),
                      KB_PERMISSION_ALL);
    ck_assert_uint_eq(kd_policy_permissions(&policy, (struct kd_peer_identity){.uid = 1001}),
                      KB_PERMISSION_SCREENSHOT);
}
END_TEST

Suite *simulate_suite(void)
{
    Suite *suite = suite_create("simulate");
    TCase *simulate = tcase_create("simulate"), *policy = tcase_create("policy");

    tcase_add_test(simulate, titles_are_whole);
    suite_add_tcase(suite, simulate);
    tcase_add_test(policy, permissions);
    suite_add_tcase(suite, policy);
    return suite;
}

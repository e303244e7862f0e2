/*
 * Runs every unit test. tests/unit/test_NAME.c defines `Suite *NAME_suite(void)`; the makefile
 * lists the names in gen/unit_suites.h, so a new file needs no edit here.
 *
 * CK_RUN_SUITE=NAME, CK_RUN_CASE=NAME, CK_VERBOSITY=verbose and CK_FORK=no choose what and how.
 */
#include <check.h>
#include <stdlib.h>

#define SUITE(name) Suite *name##_suite(void);
#include "gen/unit_suites.h"
#undef SUITE

typedef Suite *(*suite_maker)(void);

static const suite_maker suite_makers[] = {
#define SUITE(name) name##_suite,
#include "gen/unit_suites.h"
#undef SUITE
    NULL,
};

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; suite_makers[i] != NULL; i++) {
        srunner_add_suite(runner, suite_makers[i]());
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

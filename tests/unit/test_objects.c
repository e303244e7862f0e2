#include "pixel_test.h"
#include "scene/objects.h"

#include "gen/kmsblit_types.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static uint32_t id_of(uint32_t slot, uint32_t generation)
{
    return slot | generation << KB_SLOT_BITS;
}

static char things[4];

static void put(struct kd_objects *objects, uint32_t id, enum kd_object_kind kind, void *object)
{
    ck_assert_int_eq(kd_objects_check_new(objects, id), 0);
    kd_objects_put(objects, id, kind, object);
}

static void *get(const struct kd_objects *objects, uint32_t id, enum kd_object_kind want)
{
    enum kd_object_kind kind = KD_OBJECT_WINDOW;
    void *object = kd_objects_get(objects, id, &kind);

    ck_assert_int_eq(kind, object ? want : KD_OBJECT_NONE);
    return object;
}

START_TEST(a_stale_id_is_no_object)
{
    struct kd_objects objects = {.max_used = 10};
    uint32_t first = id_of(3, 7), second = id_of(3, 8);

    ck_assert_ptr_null(get(&objects, first, KD_OBJECT_NONE));
    put(&objects, first, KD_OBJECT_IMAGE, &things[0]);
    ck_assert_ptr_eq(get(&objects, first, KD_OBJECT_IMAGE), &things[0]);
    ck_assert_ptr_null(get(&objects, second, KD_OBJECT_NONE));
    ck_assert_int_eq(kd_objects_check_new(&objects, first), -EEXIST);
    ck_assert_int_eq(kd_objects_check_new(&objects, second), -EEXIST); /* the slot is in use */
    kd_objects_remove(&objects, first);
    ck_assert_ptr_null(get(&objects, first, KD_OBJECT_NONE));
    ck_assert_int_eq(kd_objects_check_new(&objects, first), -EEXIST); /* its last generation */
    put(&objects, second, KD_OBJECT_WINDOW, &things[1]);
    ck_assert_ptr_eq(get(&objects, second, KD_OBJECT_WINDOW), &things[1]);
    ck_assert_ptr_null(get(&objects, first, KD_OBJECT_NONE));
    kd_objects_remove(&objects, second);
    put(&objects, first, KD_OBJECT_IMAGE, &things[2]); /* only the last one is remembered */
    kd_objects_finish(&objects);
}
END_TEST

START_TEST(slots_and_generations_have_ends)
{
    struct kd_objects objects = {.max_used = 10};
    uint32_t top = id_of(KB_MAX_SLOT, 0xFFF);

    ck_assert_int_eq(kd_objects_check_new(&objects, 0), -EINVAL);
    ck_assert_int_eq(kd_objects_check_new(&objects, id_of(0, 5)), -EINVAL);
    ck_assert_int_eq(kd_objects_check_new(&objects, id_of(KB_MAX_SLOT + 1, 0)), -EINVAL);
    ck_assert_int_eq(kd_objects_check_new(&objects, UINT32_MAX), -EINVAL);
    put(&objects, top, KD_OBJECT_IMAGE, &things[0]);
    put(&objects, id_of(1, 0), KD_OBJECT_IMAGE, &things[1]); /* generation 0 is one like others */
    ck_assert_ptr_eq(get(&objects, top, KD_OBJECT_IMAGE), &things[0]);
    ck_assert_ptr_eq(get(&objects, id_of(1, 0), KD_OBJECT_IMAGE), &things[1]);
    ck_assert_ptr_null(get(&objects, UINT32_MAX, KD_OBJECT_NONE));
    kd_objects_finish(&objects);
    ck_assert_ptr_null(get(&objects, top, KD_OBJECT_NONE));
}
END_TEST

START_TEST(quota)
{
    struct kd_objects objects = {.max_used = 2};

    put(&objects, id_of(1, 1), KD_OBJECT_IMAGE, &things[0]);
    put(&objects, id_of(2, 1), KD_OBJECT_IMAGE, &things[1]);
    ck_assert_int_eq(kd_objects_check_new(&objects, id_of(3, 1)), -EDQUOT);
    kd_objects_remove(&objects, id_of(1, 1));
    put(&objects, id_of(3, 1), KD_OBJECT_IMAGE, &things[2]);
    ck_assert_int_eq(kd_objects_check_new(&objects, id_of(1, 2)), -EDQUOT);
    kd_objects_finish(&objects);
}
END_TEST

#define SLOTS 300

static uint32_t live[SLOTS]; /* id, or 0 */
static unsigned visited;

static void visit(void *ctx, uint32_t id, enum kd_object_kind kind, void *object)
{
    ck_assert_ptr_eq(ctx, live);
    ck_assert_uint_eq(live[id & 0xFFFFF], id);
    ck_assert_int_eq(kind, id % 2 ? KD_OBJECT_IMAGE : KD_OBJECT_WINDOW);
    ck_assert_ptr_eq(object, &live[id & 0xFFFFF]);
    visited++;
}

/* Against a table that a child would understand. */
START_TEST(random_lives)
{
    struct kd_objects objects = {.max_used = SLOTS};
    uint32_t last[SLOTS] = {0};
    unsigned count = 0;

    for (int n = 0; n < 20000; n++) {
        uint32_t slot = 1 + random_u32() % (SLOTS - 1), id = id_of(slot, random_u32() % 4);
        enum kd_object_kind kind;

        EXPECT((kd_objects_get(&objects, id, &kind) != NULL) == (live[slot] == id));
        if (live[slot]) {
            EXPECT(kd_objects_check_new(&objects, id) == -EEXIST);
            if (random_u32() % 2) {
                kd_objects_remove(&objects, live[slot]);
                live[slot] = 0;
                count--;
            }
        } else {
            int want = last[slot] == (id | 1u << 31) ? -EEXIST : 0;

            EXPECT(kd_objects_check_new(&objects, id) == want);
            if (want == 0) {
                kd_objects_put(&objects, id, id % 2 ? KD_OBJECT_IMAGE : KD_OBJECT_WINDOW,
                               &live[slot]);
                live[slot] = id;
                last[slot] = id | 1u << 31;
                count++;
            }
        }
        EXPECT(objects.used == count);
    }
    kd_objects_each(&objects, visit, live);
    ck_assert_uint_eq(visited, count);
    kd_objects_finish(&objects);
}
END_TEST

Suite *objects_suite(void)
{
    Suite *suite = suite_create("objects");
    TCase *ids = tcase_create("ids");

    tcase_add_test(ids, a_stale_id_is_no_object);
    tcase_add_test(ids, slots_and_generations_have_ends);
    tcase_add_test(ids, quota);
    tcase_add_test(ids, random_lives);
    suite_add_tcase(suite, ids);
    return suite;
}

/* Which sprites touch: by rectangles, circles and masks, or by a function of the program's. */
#include "bits.h"
#include "sprites.h"

#include <math.h>

/* ---- Rectangles ----------------------------------------------------------------------------- */

static int64_t more(int32_t length, double ratio)
{
    const double wanted = length * ratio;
    return fabs(wanted) < INT32_MAX / 2 ? (int64_t)wanted - length : 0;
}

/* About its middle, as pygame rounds. */
static struct box scaled(struct box box, double ratio)
{
    const int64_t more_w = more(box.w, ratio), more_h = more(box.h, ratio);
    return (struct box){(int32_t)(box.x - more_w / 2), (int32_t)(box.y - more_h / 2),
                        (int32_t)(box.w + more_w), (int32_t)(box.h + more_h)};
}

static bool scaled_box(struct look *look, PyObject *sprite, double ratio, struct box *box)
{
    if (!look_box(look, sprite, box)) {
        return false;
    }
    if (ratio != 1) {
        *box = scaled(*box, ratio);
    }
    return true;
}

static bool rects_touch(struct look *look, PyObject *left, PyObject *right, double ratio,
                        bool *touch)
{
    struct box a, b;
    if (!scaled_box(look, left, ratio, &a) || !scaled_box(look, right, ratio, &b)) {
        return false;
    }
    *touch = rect_boxes_collide(a, b);
    return true;
}

/* ---- Circles -------------------------------------------------------------------------------- */

/* The attribute radius; without one, that of the circle around the rect, which the sprite keeps. */
static bool radius_of(struct look *look, PyObject *sprite, const struct box *box, double *radius)
{
    PyObject *name = look->state->sprites[KEPT_NAME_RADIUS];
    PyObject *value = PyObject_GetAttr(sprite, name);
    if (value == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return false;
        }
        PyErr_Clear();
        const double w = box->w, h = box->h;
        value = PyFloat_FromDouble(0.5 * pow(w * w + h * h, 0.5));
        if (value == NULL || PyObject_SetAttr(sprite, name, value) < 0) {
            Py_XDECREF(value);
            return false;
        }
    }
    *radius = PyFloat_AsDouble(value);
    Py_DECREF(value);
    return *radius != -1 || !PyErr_Occurred();
}

static bool circles_touch(struct look *look, PyObject *left, PyObject *right, double ratio,
                          bool *touch)
{
    struct box a, b;
    double radius_a, radius_b;
    if (!look_box(look, left, &a) || !look_box(look, right, &b) ||
        !radius_of(look, left, &a, &radius_a) || !radius_of(look, right, &b, &radius_b)) {
        return false;
    }
    const double x = (double)((int64_t)a.x + (a.w >> 1)) - (double)((int64_t)b.x + (b.w >> 1));
    const double y = (double)((int64_t)a.y + (a.h >> 1)) - (double)((int64_t)b.y + (b.h >> 1));
    *touch = x * x + y * y <= pow(radius_a * ratio + radius_b * ratio, 2);
    return true;
}

/* ---- Masks ---------------------------------------------------------------------------------- */

/* The attribute mask, or else a mask of the image. */
static PyObject *mask_of(struct look *look, PyObject *sprite)
{
    PyObject *mask = PyObject_GetAttr(sprite, look->state->sprites[KEPT_NAME_MASK]);
    if (mask != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return mask;
    }
    PyErr_Clear();
    PyObject *image = look_image(look, sprite);
    mask = image != NULL ? mask_of_image((struct state *)look->state, image, 127) : NULL;
    Py_XDECREF(image);
    return mask;
}

static bool truth_of(PyObject *result, bool *truth)
{
    const int found = result != NULL ? PyObject_IsTrue(result) : -1;
    Py_XDECREF(result);
    *truth = found > 0;
    return found >= 0;
}

/* Two sprites' masks, and where the second lies in the first. */
struct masks {
    PyObject *left, *right; /* owned */
    long long x, y;
};

static bool masks_begin(struct look *look, PyObject *left, PyObject *right, struct masks *masks)
{
    struct box a, b;
    *masks = (struct masks){NULL};
    if (!look_box(look, left, &a) || !look_box(look, right, &b) ||
        (masks->left = mask_of(look, left)) == NULL) {
        return false;
    }
    if ((masks->right = mask_of(look, right)) == NULL) {
        Py_DECREF(masks->left);
        return false;
    }
    masks->x = (long long)b.x - a.x;
    masks->y = (long long)b.y - a.y;
    return true;
}

/* What overlap() of the first returns: a point, or None. */
static PyObject *masks_overlap(struct look *look, PyObject *left, PyObject *right)
{
    struct masks masks;
    if (!masks_begin(look, left, right, &masks)) {
        return NULL;
    }
    PyObject *result =
        PyObject_CallMethod(masks.left, "overlap", "O(LL)", masks.right, masks.x, masks.y);
    Py_DECREF(masks.left);
    Py_DECREF(masks.right);
    return result;
}

static bool masks_touch(struct look *look, PyObject *left, PyObject *right, bool *touch)
{
    struct masks masks;
    if (!masks_begin(look, left, right, &masks)) {
        return false;
    }
    PyTypeObject *type = look->state->mask_type;
    bool done = true;
    if (Py_TYPE(masks.left) == type && Py_TYPE(masks.right) == type) { /* without a point */
        int64_t x, y;
        *touch =
            bits_overlap(mask_bits(masks.left), mask_bits(masks.right), masks.x, masks.y, &x, &y);
    } else {
        done = truth_of(
            PyObject_CallMethod(masks.left, "overlap", "O(LL)", masks.right, masks.x, masks.y),
            touch);
    }
    Py_DECREF(masks.left);
    Py_DECREF(masks.right);
    return done;
}

/* ---- Ways to tell whether sprites touch ----------------------------------------------------- */

struct test {
    enum { TEST_RECTS, TEST_CIRCLES, TEST_MASKS, TEST_FUNCTION } way;
    double ratio;
    PyObject *function; /* borrowed */
};

struct ratio {
    PyObject_HEAD double ratio;
};

/* False with an exception. */
static bool test_parse(const struct state *state, PyObject *collided, struct test *test)
{
    PyObject *const *kept = state->sprites;
    PyObject *type = (PyObject *)Py_TYPE(collided);

    *test = (struct test){.way = TEST_FUNCTION, .ratio = 1, .function = collided};
    if (collided == Py_None || collided == kept[KEPT_COLLIDE_RECT]) {
        test->way = TEST_RECTS;
    } else if (collided == kept[KEPT_COLLIDE_CIRCLE]) {
        test->way = TEST_CIRCLES;
    } else if (collided == kept[KEPT_COLLIDE_MASK]) {
        test->way = TEST_MASKS;
    } else if (type == kept[KEPT_COLLIDE_RECT_RATIO] || type == kept[KEPT_COLLIDE_CIRCLE_RATIO]) {
        test->way = type == kept[KEPT_COLLIDE_RECT_RATIO] ? TEST_RECTS : TEST_CIRCLES;
        test->ratio = ((struct ratio *)collided)->ratio;
    } else if (!PyCallable_Check(collided)) {
        PyErr_Format(PyExc_TypeError, "collided must be a function of two sprites, not %R",
                     collided);
        return false;
    }
    return true;
}

static bool touch(struct look *look, const struct test *test, PyObject *left, PyObject *right,
                  bool *found)
{
    switch (test->way) {
    case TEST_RECTS: return rects_touch(look, left, right, test->ratio, found);
    case TEST_CIRCLES: return circles_touch(look, left, right, test->ratio, found);
    case TEST_MASKS: return masks_touch(look, left, right, found);
    default:
        return truth_of(PyObject_CallFunctionObjArgs(test->function, left, right, NULL), found);
    }
}

/* ---- Groups --------------------------------------------------------------------------------- */

static PyObject *list_of(const struct state *state, PyObject *group)
{
    return group_check(state, group) ? group_list((struct group *)group) : PySequence_List(group);
}

static bool kill_(const struct state *state, PyObject *sprite)
{
    PyObject *result = PyObject_CallMethodObjArgs(sprite, state->sprites[KEPT_NAME_KILL], NULL);
    Py_XDECREF(result);
    return result != NULL;
}

/* Who may be touched. */
struct crowd {
    PyObject *list;    /* owned, of sprites */
    struct box *boxes; /* owned, of their rects; NULL: they are looked at each time */
};

static void crowd_end(struct crowd *self)
{
    Py_CLEAR(self->list);
    PyMem_Free(self->boxes);
    self->boxes = NULL;
}

static bool crowd_begin(struct crowd *self, const struct state *state, PyObject *group)
{
    *self = (struct crowd){.list = list_of(state, group)};
    return self->list != NULL;
}

/* Reads the rects once, for many searches. */
static bool crowd_look(struct crowd *self, const struct state *state, const struct test *test)
{
    struct look look = {.state = state};
    const Py_ssize_t count = PyList_Size(self->list);
    struct box *boxes = PyMem_Malloc((size_t)count * sizeof(*boxes) + 1);
    bool done = boxes != NULL;

    if (!done) {
        PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; done && i < count; i++) {
        done = scaled_box(&look, PyList_GetItem(self->list, i), test->ratio, &boxes[i]);
    }
    look_end(&look);
    if (!done) {
        PyMem_Free(boxes);
        return false;
    }
    self->boxes = boxes;
    return true;
}

/* A sprite for which others are looked for. */
struct search {
    struct look look;
    const struct test *test;
    PyObject *sprite;         /* borrowed */
    struct box box;           /* of its rect, if that is what the test is about */
    const struct box *others; /* borrowed, or NULL */
};

static bool search_begin(struct search *self)
{
    return self->test->way != TEST_RECTS ||
           scaled_box(&self->look, self->sprite, self->test->ratio, &self->box);
}

static bool search_touch(struct search *self, const struct crowd *crowd, Py_ssize_t index,
                         bool *touches)
{
    struct box box;
    if (self->others != NULL) {
        *touches = rect_boxes_collide(self->box, self->others[index]);
        return true;
    }
    PyObject *other = PyList_GetItem(crowd->list, index);
    if (self->test->way != TEST_RECTS) {
        return touch(&self->look, self->test, self->sprite, other, touches);
    }
    if (!scaled_box(&self->look, other, self->test->ratio, &box)) {
        return false;
    }
    *touches = rect_boxes_collide(self->box, box);
    return true;
}

/* Code that runs then may move what was looked at. */
static bool search_kill(struct search *self, PyObject *other)
{
    self->others = NULL;
    return kill_(self->look.state, other) && search_begin(self);
}

/* Those of a crowd that touch a sprite; kills them, or stops at the first. */
static PyObject *find(const struct state *state, const struct test *test, PyObject *sprite,
                      const struct crowd *crowd, bool kills, bool first)
{
    struct search search = {
        .look = {.state = state}, .test = test, .sprite = sprite, .others = crowd->boxes};
    const Py_ssize_t count = PyList_Size(crowd->list);
    PyObject *found = PyList_New(0);
    bool done = found != NULL && search_begin(&search);

    for (Py_ssize_t i = 0; done && i < count; i++) {
        bool touches;
        done = search_touch(&search, crowd, i, &touches);
        if (!done || !touches) {
            continue;
        }
        PyObject *other = PyList_GetItem(crowd->list, i);
        done = PyList_Append(found, other) == 0 && (!kills || search_kill(&search, other));
        if (first) {
            break;
        }
    }
    look_end(&search.look);
    if (!done) {
        Py_CLEAR(found);
    }
    return found;
}

/* The same for a group. */
static PyObject *find_in(const struct state *state, const struct test *test, PyObject *sprite,
                         PyObject *group, bool kills, bool first)
{
    struct crowd crowd;
    PyObject *found = NULL;
    if (crowd_begin(&crowd, state, group)) {
        found = find(state, test, sprite, &crowd, kills, first);
    }
    crowd_end(&crowd);
    return found;
}

PyObject *collide_spritecollide(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"sprite", "group", "dokill", "collided", NULL};
    const struct state *state = PyModule_GetState(module);
    PyObject *sprite, *group, *collided = Py_None;
    struct test test;
    int kills;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOp|O:spritecollide", keywords, &sprite, &group,
                                     &kills, &collided) ||
        !test_parse(state, collided, &test)) {
        return NULL;
    }
    return find_in(state, &test, sprite, group, kills, false);
}

PyObject *collide_spritecollideany(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"sprite", "group", "collided", NULL};
    const struct state *state = PyModule_GetState(module);
    PyObject *sprite, *group, *collided = Py_None;
    struct test test;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|O:spritecollideany", keywords, &sprite,
                                     &group, &collided) ||
        !test_parse(state, collided, &test)) {
        return NULL;
    }
    PyObject *found = find_in(state, &test, sprite, group, false, true);
    if (found == NULL) {
        return NULL;
    }
    PyObject *result = PyList_Size(found) > 0 ? PyList_GetItem(found, 0) : Py_None;
    Py_INCREF(result);
    Py_DECREF(found);
    return result;
}

struct kills {
    int a, b;
};

/* Puts what a sprite of the first group touches into the dict; any: whether it touches any. */
static bool collide_one(const struct state *state, const struct test *test, PyObject *sprite,
                        const struct crowd *crowd, struct kills kills, PyObject *crashed, bool *any)
{
    PyObject *found = find(state, test, sprite, crowd, kills.b, false);
    *any = found != NULL && PyList_Size(found) > 0;
    bool done = found != NULL && (!*any || (PyDict_SetItem(crashed, sprite, found) == 0 &&
                                            (!kills.a || kill_(state, sprite))));
    Py_XDECREF(found);
    return done;
}

/* What the second group is, is looked at again when code of the program's may have changed it. */
static bool collide_all(const struct state *state, const struct test *test, PyObject *list,
                        PyObject *group, struct kills kills, PyObject *crashed)
{
    const bool code = test->way == TEST_FUNCTION;
    struct crowd crowd = {NULL};
    bool done = true, any = true;

    for (Py_ssize_t i = 0; done && i < PyList_Size(list); i++) {
        if (crowd.list == NULL || code || (any && (kills.a || kills.b))) {
            crowd_end(&crowd);
            done = crowd_begin(&crowd, state, group) &&
                   (test->way != TEST_RECTS || crowd_look(&crowd, state, test));
        }
        done =
            done && collide_one(state, test, PyList_GetItem(list, i), &crowd, kills, crashed, &any);
    }
    crowd_end(&crowd);
    return done;
}

PyObject *collide_groupcollide(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"groupa", "groupb", "dokilla", "dokillb", "collided", NULL};
    const struct state *state = PyModule_GetState(module);
    PyObject *first, *second, *collided = Py_None;
    struct kills kills;
    struct test test;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOpp|O:groupcollide", keywords, &first, &second,
                                     &kills.a, &kills.b, &collided) ||
        !test_parse(state, collided, &test)) {
        return NULL;
    }
    PyObject *list = list_of(state, first);
    PyObject *crashed = list != NULL ? PyDict_New() : NULL;
    if (crashed != NULL && !collide_all(state, &test, list, second, kills, crashed)) {
        Py_CLEAR(crashed);
    }
    Py_XDECREF(list);
    return crashed;
}

/* ---- The functions for two ------------------------------------------------------------------ */

static bool parse_two(PyObject *args, PyObject *kwargs, const char *format, PyObject **left,
                      PyObject **right)
{
    static char *keywords[] = {"left", "right", NULL};
    return PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, left, right);
}

static PyObject *tell(const struct state *state, const struct test *test, PyObject *left,
                      PyObject *right)
{
    struct look look = {.state = state};
    bool found;
    bool done = touch(&look, test, left, right, &found);
    look_end(&look);
    return done ? PyBool_FromLong(found) : NULL;
}

PyObject *collide_rect(PyObject *module, PyObject *args, PyObject *kwargs)
{
    const struct test test = {.way = TEST_RECTS, .ratio = 1};
    PyObject *left, *right;
    return parse_two(args, kwargs, "OO:collide_rect", &left, &right)
               ? tell(PyModule_GetState(module), &test, left, right)
               : NULL;
}

PyObject *collide_circle(PyObject *module, PyObject *args, PyObject *kwargs)
{
    const struct test test = {.way = TEST_CIRCLES, .ratio = 1};
    PyObject *left, *right;
    return parse_two(args, kwargs, "OO:collide_circle", &left, &right)
               ? tell(PyModule_GetState(module), &test, left, right)
               : NULL;
}

PyObject *collide_mask(PyObject *module, PyObject *args, PyObject *kwargs)
{
    struct look look = {.state = PyModule_GetState(module)};
    PyObject *left, *right;
    if (!parse_two(args, kwargs, "OO:collide_mask", &left, &right)) {
        return NULL;
    }
    PyObject *result = masks_overlap(&look, left, right);
    look_end(&look);
    return result;
}

/* ---- With a ratio --------------------------------------------------------------------------- */

static int ratio_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"ratio", NULL};
    return PyArg_ParseTupleAndKeywords(args, kwargs, "d", keywords,
                                       &((struct ratio *)object)->ratio)
               ? 0
               : -1;
}

static PyObject *ratio_call(PyObject *object, PyObject *args, PyObject *kwargs)
{
    const struct state *state = state_of_type(Py_TYPE(object));
    PyObject *left, *right;
    struct test test;
    return state != NULL && test_parse(state, object, &test) &&
                   parse_two(args, kwargs, "OO", &left, &right)
               ? tell(state, &test, left, right)
               : NULL;
}

static PyObject *ratio_repr(PyObject *object)
{
    PyObject *name = PyType_GetName(Py_TYPE(object));
    PyObject *ratio = PyFloat_FromDouble(((struct ratio *)object)->ratio);
    PyObject *result =
        name != NULL && ratio != NULL ? PyUnicode_FromFormat("<%U ratio=%R>", name, ratio) : NULL;
    Py_XDECREF(name);
    Py_XDECREF(ratio);
    return result;
}

static PyMemberDef ratio_members[] = {
    {"ratio", T_DOUBLE, offsetof(struct ratio, ratio), 0, "What sizes are multiplied by."},
    {0},
};

static PyType_Slot rect_ratio_slots[] = {
    {Py_tp_doc, "collide_rect_ratio(ratio)\n--\n\nTells whether two sprites' scaled rects touch."},
    {Py_tp_init, ratio_init},
    {Py_tp_dealloc, object_free},
    {Py_tp_call, ratio_call},
    {Py_tp_repr, ratio_repr},
    {Py_tp_members, ratio_members},
    {0},
};

static PyType_Slot circle_ratio_slots[] = {
    {Py_tp_doc, "collide_circle_ratio(ratio)\n--\n\nTells whether two scaled circles touch."},
    {Py_tp_init, ratio_init},
    {Py_tp_dealloc, object_free},
    {Py_tp_call, ratio_call},
    {Py_tp_repr, ratio_repr},
    {Py_tp_members, ratio_members},
    {0},
};

PyType_Spec collide_rect_ratio_spec = {
    .name = "kmsblit.collide_rect_ratio",
    .basicsize = sizeof(struct ratio),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = rect_ratio_slots,
};

PyType_Spec collide_circle_ratio_spec = {
    .name = "kmsblit.collide_circle_ratio",
    .basicsize = sizeof(struct ratio),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = circle_ratio_slots,
};

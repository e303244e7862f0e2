/* The module: its types, constants and state. */
#include "module.h"
#include "sprites.h"

struct state *state_of_type(PyTypeObject *type)
{
    while (type != NULL) {
        struct state *state = PyType_GetModuleState(type);
        if (state != NULL) {
            return state;
        }
        PyErr_Clear(); /* a subclass made in Python belongs to no module */
        type = PyType_GetSlot(type, Py_tp_base);
    }
    PyErr_SetString(PyExc_SystemError, "this is no class of kmsblit");
    return NULL;
}

void *object_new(PyTypeObject *type)
{
    return PyType_GenericAlloc(type, 0);
}

void object_free(void *object)
{
    PyTypeObject *type = Py_TYPE((PyObject *)object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

PyTypeObject *module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, (PyObject *)base);
    if (type != NULL && PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_DECREF(type);
        return NULL;
    }
    return (PyTypeObject *)type;
}

static PyTypeObject *add_sequence(PyObject *module, PyStructSequence_Desc *desc)
{
    PyTypeObject *type = PyStructSequence_NewType(desc);
    if (type != NULL && PyModule_AddType(module, type) < 0) {
        Py_DECREF(type);
        return NULL;
    }
    return type;
}

/* They lie in the package. */
static bool find_fonts(PyObject *module, struct state *state)
{
    PyObject *file = PyModule_GetFilenameObject(module);
    if (file == NULL) {
        return false;
    }
    const Py_ssize_t length = PyUnicode_GetLength(file);
    const Py_ssize_t slash = PyUnicode_FindChar(file, '/', 0, length, -1);
    PyObject *folder = slash >= 0 ? PyUnicode_Substring(file, 0, slash) : PyUnicode_FromString(".");
    state->fonts = folder != NULL ? PyUnicode_FromFormat("%U/fonts", folder) : NULL;
    Py_XDECREF(folder);
    Py_DECREF(file);
    return state->fonts != NULL;
}

/* Types that only programs make objects of. */
static bool add_others(PyObject *module)
{
    PyType_Spec *const specs[] = {&sheet_spec, &clock_spec, &animation_spec};
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        PyTypeObject *type = module_add_type(module, specs[i], NULL);
        if (type == NULL) {
            return false;
        }
        Py_DECREF((PyObject *)type);
    }
    return true;
}

static int module_exec(PyObject *module)
{
    struct state *state = PyModule_GetState(module);

    if ((state->display_type = module_add_type(module, &display_spec, NULL)) == NULL ||
        (state->window_type = module_add_type(module, &window_spec, NULL)) == NULL ||
        (state->image_type = module_add_type(module, &image_spec, NULL)) == NULL ||
        (state->shared_image_type =
             module_add_type(module, &shared_image_spec, state->image_type)) == NULL ||
        (state->canvas_type = module_add_type(module, &canvas_spec, state->image_type)) == NULL ||
        (state->transformed_type = module_add_type(module, &transformed_spec, NULL)) == NULL ||
        (state->screenshot_type = module_add_type(module, &screenshot_spec, NULL)) == NULL ||
        (state->rect_type = module_add_type(module, &rect_spec, NULL)) == NULL ||
        (state->font_type = module_add_type(module, &font_spec, NULL)) == NULL ||
        (state->mask_type = module_add_type(module, &mask_spec, NULL)) == NULL ||
        (state->sub_image_type = module_add_type(module, &sub_image_spec, NULL)) == NULL ||
        (state->presented_type = add_sequence(module, &presented_desc)) == NULL ||
        (state->output_type = add_sequence(module, &output_desc)) == NULL) {
        return -1;
    }
    if (!add_others(module) || !find_fonts(module, state) || errors_add(module, state) < 0 ||
        names_add(module) < 0 || sprites_add(module, state) < 0) {
        return -1;
    }
    return PyModule_AddStringConstant(module, "__version__", kb_version());
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct state *state = PyModule_GetState(module);
    if (state == NULL) {
        return 0;
    }
    Py_VISIT(state->display_type);
    Py_VISIT(state->window_type);
    Py_VISIT(state->image_type);
    Py_VISIT(state->shared_image_type);
    Py_VISIT(state->canvas_type);
    Py_VISIT(state->transformed_type);
    Py_VISIT(state->screenshot_type);
    Py_VISIT(state->rect_type);
    Py_VISIT(state->font_type);
    Py_VISIT(state->mask_type);
    Py_VISIT(state->sub_image_type);
    Py_VISIT(state->presented_type);
    Py_VISIT(state->output_type);
    Py_VISIT(state->error);
    Py_VISIT(state->no_daemon_error);
    Py_VISIT(state->request_error);
    Py_VISIT(state->connection_lost_error);
    Py_VISIT(state->fonts);
    Py_VISIT(state->hand_out);
    for (int i = 0; i < KEPT_COUNT; i++) {
        Py_VISIT(state->sprites[i]);
    }
    return 0;
}

static int module_clear(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    if (state == NULL) {
        return 0;
    }
    Py_CLEAR(state->display_type);
    Py_CLEAR(state->window_type);
    Py_CLEAR(state->image_type);
    Py_CLEAR(state->shared_image_type);
    Py_CLEAR(state->canvas_type);
    Py_CLEAR(state->transformed_type);
    Py_CLEAR(state->screenshot_type);
    Py_CLEAR(state->rect_type);
    Py_CLEAR(state->font_type);
    Py_CLEAR(state->mask_type);
    Py_CLEAR(state->sub_image_type);
    Py_CLEAR(state->presented_type);
    Py_CLEAR(state->output_type);
    Py_CLEAR(state->error);
    Py_CLEAR(state->no_daemon_error);
    Py_CLEAR(state->request_error);
    Py_CLEAR(state->connection_lost_error);
    Py_CLEAR(state->fonts);
    Py_CLEAR(state->hand_out);
    for (int i = 0; i < KEPT_COUNT; i++) {
        Py_CLEAR(state->sprites[i]);
    }
    return 0;
}

static void module_free(void *module)
{
    module_clear(module);
}

static PyMethodDef module_methods[] = {
    METHOD("_crash_keep", crash_keep, METH_VARARGS, NULL),
    METHOD("_crash_card", crash_card, METH_VARARGS, NULL),
    METHOD("_draw_line", shapes_line, METH_VARARGS | METH_KEYWORDS,
           "_draw_line(surface, color, start_pos, end_pos, width=1)\n--\n\nA line."),
    METHOD(
        "_draw_lines", shapes_lines, METH_VARARGS | METH_KEYWORDS,
        "_draw_lines(surface, color, closed, points, width=1)\n--\n\nLines from point to point."),
    METHOD("_draw_polygon", shapes_polygon, METH_VARARGS | METH_KEYWORDS,
           "_draw_polygon(surface, color, points, width=0)\n--\n\nA polygon."),
    METHOD(
        "_draw_circle", shapes_circle, METH_VARARGS | METH_KEYWORDS,
        "_draw_circle(surface, color, center, radius, width=0, draw_top_right=False, draw_top_left=False, draw_bottom_left=False, draw_bottom_right=False)\n--\n\nA circle or quarters of one."),
    METHOD("_draw_ellipse", shapes_ellipse, METH_VARARGS | METH_KEYWORDS,
           "_draw_ellipse(surface, color, rect, width=0)\n--\n\nAn ellipse."),
    METHOD(
        "_draw_arc", shapes_arc, METH_VARARGS | METH_KEYWORDS,
        "_draw_arc(surface, color, rect, start_angle, stop_angle, width=1)\n--\n\nA part of an ellipse."),
    METHOD(
        "_draw_rect", shapes_rect, METH_VARARGS | METH_KEYWORDS,
        "_draw_rect(surface, color, rect, width=0, border_radius=0, border_top_left_radius=-1, border_top_right_radius=-1, border_bottom_left_radius=-1, border_bottom_right_radius=-1)\n--\n\nA rectangle, perhaps with round corners."),
    METHOD("_draw_aaline", shapes_aaline, METH_VARARGS | METH_KEYWORDS,
           "_draw_aaline(surface, color, start_pos, end_pos, blend=1)\n--\n\nA smooth line."),
    METHOD(
        "_draw_aalines", shapes_aalines, METH_VARARGS | METH_KEYWORDS,
        "_draw_aalines(surface, color, closed, points, blend=1)\n--\n\nSmooth lines from point to point."),
    METHOD("_connect", display_connect, METH_VARARGS | METH_KEYWORDS,
           "What kmsblit.connect() does; a private daemon lives while the display does."),
    METHOD("_set_hand_out", input_set_hand_out, METH_O, "What flip() calls with the display."),
    METHOD("spritecollide", collide_spritecollide, METH_VARARGS | METH_KEYWORDS,
           "spritecollide($module, sprite, group, dokill, collided=None)\n--\n\n"
           "The group's sprites that touch a sprite."),
    METHOD("spritecollideany", collide_spritecollideany, METH_VARARGS | METH_KEYWORDS,
           "spritecollideany($module, sprite, group, collided=None)\n--\n\n"
           "The first sprite of the group that touches a sprite, or None."),
    METHOD("groupcollide", collide_groupcollide, METH_VARARGS | METH_KEYWORDS,
           "groupcollide($module, groupa, groupb, dokilla, dokillb, collided=None)\n--\n\n"
           "Which sprites of one group touch which of another."),
    METHOD("collide_rect", collide_rect, METH_VARARGS | METH_KEYWORDS,
           "collide_rect($module, left, right)\n--\n\nWhether two sprites' rects touch."),
    METHOD("collide_circle", collide_circle, METH_VARARGS | METH_KEYWORDS,
           "collide_circle($module, left, right)\n--\n\nWhether circles about two sprites touch."),
    METHOD("collide_mask", collide_mask, METH_VARARGS | METH_KEYWORDS,
           "collide_mask($module, left, right)\n--\n\nWhere two sprites' masks touch, or None."),
    {0},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0},
};

struct PyModuleDef kmsblit_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "kmsblit._kmsblit",
    .m_doc = "The part of kmsblit that is written in C; use the package kmsblit.",
    .m_size = sizeof(struct state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__kmsblit(void);
PyMODINIT_FUNC PyInit__kmsblit(void)
{
    return PyModuleDef_Init(&kmsblit_module);
}

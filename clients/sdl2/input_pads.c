/* Gamepads are virtual joysticks of SDL's: SDL itself keeps their state, makes their events and knows them as game
 * controllers.
 *
 * Where the daemon knows a gamepad's layout, the joystick has the order of axes and buttons that the kernel gives the
 * commonest one, with a hat and with triggers that rest at the lowest value: what games that ask for joysticks expect. A
 * mapping tells SDL which is which. The real devices that SDL might find by itself are not used: their input is for who
 * has the focus. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "shim.h"

#define PADS_MAX       16
#define MAPPED_AXES    6
#define MAPPED_BUTTONS 17
#define RUMBLE_MS      10000 /* SDL ends it by itself */
/* The maker and product of all our joysticks, by which SDL tells them from those that it is not to use. */
#define OUR_ID         0x6b62
#define ONLY_OURS      "0x6b62/0x6b62"

struct pad {
    uint32_t device; /* of the daemon; 0: unused */
    bool mapped;
    SDL_JoystickID id;
    SDL_Joystick *joystick; /* owned: opened, so that SDL looks at it */
    Uint8 hat;              /* directions that are held */
};
static struct pad pads[PADS_MAX];
static bool attached; /* SDL's joysticks are the same ones since we attached to them */

/* The mapping's, and how joysticks of the commonest driver (xpad) count them. */
static const Uint8 axis_places[MAPPED_AXES] = {0, 1, 3, 4, 2, 5};
static const int8_t button_places[KB_GAMEPAD_BUTTON_TOUCHPAD + 1] = {0,
                                                                     1,
                                                                     2,
                                                                     3,
                                                                     6,
                                                                     8,
                                                                     7,
                                                                     9,
                                                                     10,
                                                                     4,
                                                                     5,
                                                                     -SDL_HAT_UP,
                                                                     -SDL_HAT_DOWN,
                                                                     -SDL_HAT_LEFT,
                                                                     -SDL_HAT_RIGHT,
                                                                     11,
                                                                     12,
                                                                     13,
                                                                     14,
                                                                     15,
                                                                     16};
static const char mapping[] =
    "a:b0,b:b1,x:b2,y:b3,back:b6,guide:b8,start:b7,leftstick:b9,rightstick:b10,leftshoulder:b4,"
    "rightshoulder:b5,dpup:h0.1,dpright:h0.2,dpdown:h0.4,dpleft:h0.8,misc1:b11,paddle1:b12,"
    "paddle2:b13,paddle3:b14,paddle4:b15,touchpad:b16,leftx:a0,lefty:a1,rightx:a3,righty:a4,"
    "lefttrigger:a2,righttrigger:a5,";

static bool is_trigger(uint32_t axis)
{
    return axis == KB_GAMEPAD_AXIS_LEFTTRIGGER || axis == KB_GAMEPAD_AXIS_RIGHTTRIGGER;
}

static int rumble(void *context, Uint16 strong, Uint16 weak)
{
    SDL2_ALONE;
    const struct pad *pad = context;
    struct kb_display *display = sdl2_display();
    if (display == NULL || kb_gamepad_rumble(display, pad->device, strong, weak, RUMBLE_MS) < 0)
        return -1;
    return kb_flush(display) < 0 ? -1 : 0;
}

static int index_of(SDL_JoystickID id)
{
    int i = SDL2_REAL(SDL_NumJoysticks)() - 1;
    while (i >= 0 && SDL2_REAL(SDL_JoystickGetDeviceInstanceID)(i) != id)
        i--;
    return i;
}

static void add_mapping(int index, const char *name)
{
    char guid[33], text[1024], safe[64];
    SDL2_REAL(SDL_JoystickGetGUIDString)
    (SDL2_REAL(SDL_JoystickGetDeviceGUID)(index), guid, sizeof(guid));
    size_t length = SDL2_REAL(SDL_strlcpy)(safe, name, sizeof(safe));
    for (size_t i = 0; i < length && i < sizeof(safe); i++) {
        if (safe[i] == ',')
            safe[i] = ' ';
    }
    SDL2_REAL(SDL_snprintf)(text, sizeof(text), "%s,%s,%s", guid, safe, mapping);
    SDL2_REAL(SDL_GameControllerAddMapping)(text);
}

static void attach(struct pad *pad, const struct kb_device_info *info)
{
    *pad = (struct pad){.device = info->id,
                        .mapped = (info->capabilities & KB_DEVICE_CAPABILITY_MAPPED) != 0};
    SDL_VirtualJoystickDesc wanted = {
        .version = SDL_VIRTUAL_JOYSTICK_DESC_VERSION,
        .type = SDL_JOYSTICK_TYPE_UNKNOWN,
        .naxes = pad->mapped ? MAPPED_AXES : (Uint16)info->axes,
        .nbuttons = pad->mapped ? MAPPED_BUTTONS : (Uint16)info->buttons,
        .nhats = pad->mapped,
        .vendor_id = OUR_ID,
        .product_id = OUR_ID,
        .name = info->name,
        .userdata = pad,
        .Rumble = info->capabilities & KB_DEVICE_CAPABILITY_RUMBLE ? rumble : NULL,
    };
    int index = SDL2_REAL(SDL_JoystickAttachVirtualEx)(&wanted);
    if (index < 0)
        return;
    if (pad->mapped)
        add_mapping(index, info->name);
    pad->id = SDL2_REAL(SDL_JoystickGetDeviceInstanceID)(index);
    pad->joystick = SDL2_REAL(SDL_JoystickOpen)(index);
    for (Uint8 i = 0; pad->mapped && i < MAPPED_AXES; i++) {
        if (is_trigger(i))
            SDL2_REAL(SDL_JoystickSetVirtualAxis)
        (pad->joystick, axis_places[i], SDL_JOYSTICK_AXIS_MIN);
    }
}

static void detach(struct pad *pad)
{
    int index = index_of(pad->id);
    if (pad->joystick != NULL)
        SDL2_REAL(SDL_JoystickClose)(pad->joystick);
    if (index >= 0)
        SDL2_REAL(SDL_JoystickDetachVirtual)(index);
    *pad = (struct pad){0};
}

static struct pad *find(uint32_t device)
{
    int i = 0;
    while (i < PADS_MAX && pads[i].device != device)
        i++;
    return i < PADS_MAX ? &pads[i] : NULL;
}

/* Before the program asks SDL for joysticks, which may be before it asks for a window. */
__attribute__((constructor)) static void prepare(void)
{
    setenv(SDL_HINT_GAMECONTROLLER_IGNORE_DEVICES_EXCEPT, ONLY_OURS, 1);
    setenv(SDL_HINT_JOYSTICK_ALLOW_BACKGROUND_EVENTS, "1", 1);
}

void sdl2_pads_remove(uint32_t device)
{
    struct pad *pad = attached ? find(device) : NULL;
    if (pad != NULL)
        detach(pad);
}

void sdl2_pads_forget(void)
{
    memset(pads, 0, sizeof(pads));
    attached = false;
}

void sdl2_pads_update(void)
{
    struct kb_display *display = sdl2_display();
    struct kb_device_info info;
    if (display == NULL || SDL2_REAL(SDL_WasInit)(SDL_INIT_JOYSTICK) == 0)
        return;
    SDL2_ALONE;
    attached = true;
    for (int i = 0; i < PADS_MAX; i++) {
        if (pads[i].device != 0 && kb_device_find(display, pads[i].device, &info) < 0)
            detach(&pads[i]);
    }
    for (size_t i = 0; kb_device_get(display, i, &info) == 0; i++) {
        struct pad *unused = find(0);
        if (info.capabilities & KB_DEVICE_CAPABILITY_GAMEPAD && find(info.id) == NULL &&
            unused != NULL)
            attach(unused, &info);
    }
}

static void set_button(struct pad *pad, uint32_t button, bool down)
{
    if (pad->mapped && button >= sizeof(button_places))
        return;
    int place = pad->mapped ? button_places[button] : (int)button;
    if (place >= 0) {
        SDL2_REAL(SDL_JoystickSetVirtualButton)(pad->joystick, place, down);
        return;
    }
    pad->hat = (Uint8)(down ? pad->hat | -place : pad->hat & ~-place);
    SDL2_REAL(SDL_JoystickSetVirtualHat)(pad->joystick, 0, pad->hat);
}

static void set_axis(struct pad *pad, uint32_t axis, int32_t value)
{
    if (pad->mapped && axis >= MAPPED_AXES)
        return;
    if (pad->mapped && is_trigger(axis))
        value = value * 2 + SDL_JOYSTICK_AXIS_MIN + (value > 0);
    SDL2_REAL(SDL_JoystickSetVirtualAxis)
    (pad->joystick, pad->mapped ? axis_places[axis] : (int)axis, (Sint16)value);
}

void sdl2_pads_event(const struct kb_event *event)
{
    struct pad *pad = attached ? find(event->device) : NULL;
    if (pad == NULL || pad->joystick == NULL)
        return;
    if (event->type == KB_EVENT_AXIS)
        set_axis(pad, event->gamepad.axis, event->gamepad.value);
    else
        set_button(pad, event->gamepad.button, event->type == KB_EVENT_BUTTON_DOWN);
    /* Now, so that a press and a release that come together are both told. */
    SDL2_REAL(SDL_JoystickUpdate)();
}

/* ---- In place of SDL's ------------------------------------------------------------------------ */

/* Joysticks are there as soon as a program may ask for them. */
int SDL_NumJoysticks(void)
{
    sdl2_pads_update();
    return SDL2_REAL(SDL_NumJoysticks)();
}

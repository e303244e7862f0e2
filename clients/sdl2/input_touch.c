/* Touch screens as SDL's: fingers with places from 0 to 1, of which the first moves the mouse's pointer, too. */
#include "input.h"
#include "shim.h"

#define FINGERS_MAX 64

static struct {
    SDL_TouchID device;
    SDL_Finger finger;
} fingers[FINGERS_MAX];
static int count; /* of fingers that touch */

static struct {
    bool down;
    SDL_TouchID device;
    SDL_FingerID finger;
} pointing; /* the one that is a mouse */

static int find(SDL_TouchID device, SDL_FingerID finger)
{
    int i = 0;
    while (i < count && (fingers[i].device != device || fingers[i].finger.id != finger))
        i++;
    return i;
}

static void push(Uint32 type, SDL_Window *window, int i, float dx, float dy)
{
    const SDL_Finger *finger = &fingers[i].finger;
    SDL_Event event = {.tfinger = {.type = type,
                                   .touchId = fingers[i].device,
                                   .fingerId = finger->id,
                                   .x = finger->x,
                                   .y = finger->y,
                                   .dx = dx,
                                   .dy = dy,
                                   .pressure = finger->pressure,
                                   .windowID = sdl2_input_id(window)}};
    sdl2_input_push(&event);
}

/* As SDL: before the finger is told. */
static void point(SDL_Window *window, Uint32 type, SDL_TouchID device, SDL_FingerID finger, float x,
                  float y)
{
    bool this_one = pointing.down && pointing.device == device && pointing.finger == finger;
    if (!SDL2_REAL(SDL_GetHintBoolean)(SDL_HINT_TOUCH_MOUSE_EVENTS, SDL_TRUE))
        return;
    if (type == SDL_FINGERDOWN ? pointing.down : !this_one)
        return;
    pointing.down = type != SDL_FINGERUP;
    pointing.device = device;
    pointing.finger = finger;
    int width = 1, height = 1; /* where there is no window, it is lifted only */
    SDL2_REAL(SDL_GetWindowSize)(window, &width, &height);
    int left = SDL_max(0, SDL_min((int)(x * (float)width), width - 1));
    int top = SDL_max(0, SDL_min((int)(y * (float)height), height - 1));
    int state = type == SDL_FINGERDOWN ? SDL_PRESSED : type == SDL_FINGERUP ? SDL_RELEASED : -1;
    sdl2_mouse_touch(window, left, top, state);
}

static void touch(SDL_Window *window, SDL_TouchID device, SDL_FingerID id, float x, float y)
{
    int i = find(device, id);
    if (i < count) {
        SDL_Finger *finger = &fingers[i].finger;
        float dx = x - finger->x, dy = y - finger->y;
        point(window, SDL_FINGERMOTION, device, id, x, y);
        finger->x = x;
        finger->y = y;
        if (dx != 0 || dy != 0)
            push(SDL_FINGERMOTION, window, i, dx, dy);
    } else if (count < FINGERS_MAX) {
        point(window, SDL_FINGERDOWN, device, id, x, y);
        fingers[count].device = device;
        fingers[count].finger = (SDL_Finger){.id = id, .x = x, .y = y, .pressure = 1};
        push(SDL_FINGERDOWN, window, count++, 0, 0);
    }
}

static void lift(SDL_Window *window, SDL_TouchID device, SDL_FingerID id)
{
    int i = find(device, id);
    if (i == count)
        return;
    point(window, SDL_FINGERUP, device, id, fingers[i].finger.x, fingers[i].finger.y);
    push(SDL_FINGERUP, window, i, 0, 0);
    for (count--; i < count; i++)
        fingers[i] = fingers[i + 1];
}

void sdl2_touch_event(SDL_Window *window, const struct kb_event *event)
{
    SDL_TouchID device = event->device;
    SDL_FingerID finger = event->touch.finger;
    int width, height;
    if (event->type == KB_EVENT_TOUCH_UP || event->type == KB_EVENT_TOUCH_CANCEL) {
        lift(window, device, finger); /* also of a window that has gone */
        return;
    }
    if (window == NULL)
        return;
    SDL2_REAL(SDL_GetWindowSize)(window, &width, &height);
    touch(window, device, finger, (float)(event->touch.x / width),
          (float)(event->touch.y / height));
}

/* ---- In place of SDL's ------------------------------------------------------------------------ */

/* The index-th touch screen, false if there are not so many; *counted is their number. */
static bool find_screen(int index, struct kb_device_info *info, int *counted)
{
    SDL2_ALONE;
    struct kb_device_info device;
    struct kb_display *display = sdl2_display();
    *counted = 0;
    for (size_t i = 0; display != NULL && kb_device_get(display, i, &device) == 0; i++) {
        if (!(device.capabilities & KB_DEVICE_CAPABILITY_TOUCH))
            continue;
        if (*counted == index)
            *info = device;
        ++*counted;
    }
    return index >= 0 && index < *counted;
}

int SDL_GetNumTouchDevices(void)
{
    struct kb_device_info info;
    int counted;
    find_screen(-1, &info, &counted);
    return counted;
}

SDL_TouchID SDL_GetTouchDevice(int index)
{
    struct kb_device_info info;
    int counted;
    if (find_screen(index, &info, &counted))
        return info.id;
    SDL2_REAL(SDL_SetError)("Unknown touch device index %d", index);
    return 0;
}

/* SDL's buffer of names is ours: none is freed by who asks. */
const char *SDL_GetTouchName(int index)
{
    static struct kb_device_info info;
    int counted;
    return find_screen(index, &info, &counted) ? info.name : NULL;
}

SDL_TouchDeviceType SDL_GetTouchDeviceType(SDL_TouchID device)
{
    SDL2_ALONE;
    struct kb_device_info info;
    struct kb_display *display = sdl2_display();
    bool known =
        display != NULL && device > 0 && kb_device_find(display, (uint32_t)device, &info) == 0;
    return known && info.capabilities & KB_DEVICE_CAPABILITY_TOUCH ? SDL_TOUCH_DEVICE_DIRECT
                                                                   : SDL_TOUCH_DEVICE_INVALID;
}

int SDL_GetNumTouchFingers(SDL_TouchID device)
{
    int touching = 0;
    for (int i = 0; i < count; i++)
        touching += fingers[i].device == device;
    return touching;
}

SDL_Finger *SDL_GetTouchFinger(SDL_TouchID device, int index)
{
    for (int i = 0; i < count; i++) {
        if (fingers[i].device == device && index-- == 0)
            return &fingers[i].finger;
    }
    return NULL;
}

/* Input from the daemon becomes SDL's. */
#include "shim.h"

void sdl2_input_attach(struct sdl2_window *window)
{
    (void)window;
}

void sdl2_input_detach(struct sdl2_window *window)
{
    (void)window;
}

void sdl2_input_pump(void)
{
    if (sdl2_display() != NULL && kb_pump(sdl2_display()) < 0)
        sdl2_give_up();
}

"""A pygame program that says what it sees: each event, and at the release of F12 also what is held.

Lines of JSON on stdout. F12 marks the end of a step and is not told itself. Keys do what their place says: F11 grabs or lets go,
F10 turns relative motion on or off, F9 puts the pointer to (100, 50), and F8 ends it.
"""
import json
import os
import sys

import pygame
from pygame._sdl2 import touch

SHOWN = ("key", "mod", "unicode", "scancode", "text", "pos", "rel", "buttons", "button", "touch", "x", "y", "flipped",
         "gain", "state", "finger_id", "dx", "dy", "axis", "value", "hat", "instance_id")
# Where and when windows appear is the window manager's.
LEFT_OUT = ("ActiveEvent", "VideoExpose", "VideoResize", "AudioDeviceAdded", "TextEditing", "KeyMapChanged", "WindowShown",
            "WindowExposed", "WindowMoved", "WindowResized", "WindowSizeChanged", "WindowTakeFocus", "WindowHitTest",
            "JoyDeviceAdded", "ClipboardUpdate")


def say(**what):
    print(json.dumps(what), flush=True)


def plain(value):
    return list(value) if isinstance(value, tuple) else round(value, 3) if isinstance(value, float) else value


def tell(event):
    name = pygame.event.event_name(event.type)
    if name not in LEFT_OUT:
        say(event=name, **{name: plain(value) for name, value in event.dict.items() if name in SHOWN})


def fingers_on(screen):
    try:
        count = touch.get_num_fingers(screen)
    except pygame.error:
        return []  # pygame takes none for an error
    fingers = [touch.get_finger(screen, index) for index in range(count)]
    return [[round(finger["x"], 3), round(finger["y"], 3)] for finger in fingers]


def held():
    pressed = pygame.key.get_pressed()
    keys = [name for name in dir(pygame) if name.startswith("K_") and pressed[getattr(pygame, name)]]
    sticks = {}
    for index in range(pygame.joystick.get_count()):
        stick = pygame.joystick.Joystick(index)
        sticks[stick.get_name()] = {
            "axes": [round(stick.get_axis(axis), 3) for axis in range(stick.get_numaxes())],
            "buttons": [button for button in range(stick.get_numbuttons()) if stick.get_button(button)],
            "hats": [stick.get_hat(hat) for hat in range(stick.get_numhats())]}
    fingers = [fingers_on(touch.get_device(screen)) for screen in range(touch.get_num_devices())]
    return {"keys": keys, "mods": pygame.key.get_mods(), "pos": pygame.mouse.get_pos(), "rel": pygame.mouse.get_rel(),
            "buttons": pygame.mouse.get_pressed(5), "focused": bool(pygame.key.get_focused()),
            "over": bool(pygame.mouse.get_focused()), "grab": bool(pygame.event.get_grab()),
            "visible": bool(pygame.mouse.get_visible()), "sticks": sticks, "fingers": fingers}


def main():
    size = [int(part) for part in os.environ.get("WITNESS_SIZE", "320x240").split("x")]
    pygame.init()
    screen = pygame.display.set_mode(size, getattr(pygame, os.environ.get("WITNESS_FLAGS", "SHOWN")))
    screen.fill("navy")
    pygame.display.flip()
    sticks = [pygame.joystick.Joystick(index) for index in range(pygame.joystick.get_count())]
    if os.environ.get("WITNESS_CURSOR") == "hidden":
        pygame.mouse.set_visible(False)
    say(ready=True, driver=pygame.display.get_driver())
    while True:
        event = pygame.event.wait()
        key = getattr(event, "key", None)
        if event.type == pygame.JOYDEVICEADDED:
            sticks.append(pygame.joystick.Joystick(event.device_index))
        if event.type == pygame.KEYUP and key == pygame.K_F12:
            # A pointer that was put somewhere comes late from a real display.
            pygame.event.pump()
            for late in pygame.event.get():
                tell(late)
            say(held=held())
        elif event.type in (pygame.KEYUP, pygame.KEYDOWN) and key in (pygame.K_F8, pygame.K_F9, pygame.K_F10, pygame.K_F11,
                                                                     pygame.K_F12):
            if event.type == pygame.KEYUP:
                continue
            if key == pygame.K_F8:
                return
            if key == pygame.K_F9:
                pygame.mouse.set_pos(100, 50)
            elif key == pygame.K_F10:
                # Both, and pygame turns relative motion on.
                hide = pygame.mouse.get_visible()
                pygame.mouse.set_visible(not hide)
                pygame.event.set_grab(hide)
            elif key == pygame.K_F11:
                pygame.event.set_grab(not pygame.event.get_grab())
        else:
            tell(event)


if __name__ == "__main__":
    sys.exit(main())

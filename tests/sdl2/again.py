"""A pygame program that ends parts of SDL and begins them anew. What to do next comes on stdin, a word a line; each is answered by a
line of JSON that tells what happened since, and what is held."""
import json
import os
import sys
import threading

import pygame


def begin():
    pygame.display.init()
    screen = pygame.display.set_mode((320, 240))
    screen.fill("navy")
    pygame.display.flip()


def look():
    """Until the program under test has something to tell, or nothing more."""
    told = [pygame.event.event_name(event.type) for event in pygame.event.get()]
    sticks = [pygame.joystick.Joystick(index) for index in range(pygame.joystick.get_count())]
    pressed = pygame.key.get_pressed()
    return {"events": told, "buttons": pygame.mouse.get_pressed(), "a": bool(pressed[pygame.K_a]), "sticks": len(sticks),
            "focused": pygame.key.get_focused()}


def fork():
    child = os.fork()
    if child == 0:
        pygame.quit()
        os._exit(0)
    os.waitpid(child, 0)


def say_what_happened(word):
    print(json.dumps({"did": word, **look()}), flush=True)


def do(word):
    if word == "window":
        pygame.display.quit()
        begin()
    elif word == "sticks":
        pygame.joystick.quit()
        pygame.joystick.init()
    elif word == "all":
        pygame.quit()
        pygame.init()
        begin()
    elif word == "fork":
        fork()
        pygame.display.get_surface().fill("yellow")
        for _ in range(3):
            pygame.display.flip()


def main():
    pygame.init()
    begin()
    say_what_happened("start")
    for line in sys.stdin:
        word = line.strip()
        if word == "thread":
            pygame.display.quit()
            thread = threading.Thread(target=main_in_thread)
            thread.start()
            thread.join()
            return
        do(word)
        say_what_happened(word)


def main_in_thread():
    begin()
    say_what_happened("thread")
    for line in sys.stdin:
        say_what_happened(line.strip())


main()

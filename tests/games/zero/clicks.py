"""A mark where the mouse was pressed, and a line to where it is; keys change the colour and are written."""
WIDTH, HEIGHT = 400, 300
marks = []
colors = ["red", "green", "yellow", "cyan"]
state = {"pos": (0, 0), "key": "none"}


def on_mouse_down(pos):
    marks.append(pos)


def on_mouse_move(pos):
    state["pos"] = pos


def on_key_down(key):
    state["key"] = key.name
    colors.append(colors.pop(0))


def draw():
    screen.clear()  # noqa: F821 Pygame Zero's
    for mark in marks:
        screen.draw.line(mark, state["pos"], colors[0])  # noqa: F821
        screen.draw.circle(mark, 10, colors[0])  # noqa: F821
    screen.draw.text(state["key"], (10, 10), fontsize=32)  # noqa: F821

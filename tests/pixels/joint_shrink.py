"""Makes a scene that fails small, while it still fails, and stores it:

    joint_shrink.py SCENE.json OUT.json [TRIES]

where SCENE.json is what test_joint.py left behind. TRIES plays each try more often, for failures that
come only now and then (threads). The environment must be that of the tests (`make check` says how it
left the scene, and what to run).
"""
from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from joint_setup import BORDERS, Setup, setup_of
from joint_world import play

Scene = dict[str, Any]


def fails(scene: Scene, how: Setup, tries: int = 1) -> str:
    """How it fails; nothing if it does not."""
    for _ in range(tries):
        with tempfile.TemporaryDirectory() as folder:
            try:
                play(Path(folder), scene, [how])
            except Exception as error:
                return f"{type(error).__name__}: {error}"
    return ""


def fewer(items: list[Any], still: Callable[[list[Any]], bool]) -> list[Any]:
    """As few of these as still do."""
    part = max(1, len(items) // 2)
    while True:
        at = 0
        while at < len(items):
            rest = items[:at] + items[at + part:]
            if still(rest):
                items = rest
            else:
                at += part
        if part == 1:
            return items
        part //= 2


def shrink(scene: Scene, how: Setup, tries: int) -> tuple[Scene, Setup]:
    """The smaller scene and the simpler setup."""
    def still(actions: list[Any]) -> bool:
        return bool(fails({**scene, "actions": actions}, how, tries))

    while True:
        before = json.dumps(scene)
        for simpler in simpler_ones():
            merged = replace(how, **simpler)
            if merged != how and fails(scene, merged, tries):
                how = merged
        for name in how.off:
            merged = replace(how, off=tuple(one for one in how.off if one != name))
            if fails(scene, merged, tries):
                how = merged
        scene = {**scene, "actions": fewer(scene["actions"], still)}
        scene = shrink_frames(scene, how, tries)
        if json.dumps(scene) == before:
            return scene, how


def simpler_ones() -> list[dict[str, Any]]:
    """What may be tried to make a setup simpler."""
    return [{"off": ()}, {"turn": 0}, {"reflect": "none"}, {"border": BORDERS[0]},
            {"format": "xrgb8888"}, {"threads": 1}, {"pix": "ref"}]


def shrink_frames(scene: Scene, how: Setup, tries: int) -> Scene:
    """Fewer commands in each frame."""
    for at, action in enumerate(scene["actions"]):
        if action[0] == "frame" and action[4]:
            def with_commands(commands: list[Any], at: int = at, action: list[Any] = action) -> Scene:
                actions = scene["actions"]
                return {**scene, "actions": [*actions[:at], [*action[:4], commands],
                                             *actions[at + 1:]]}

            scene = with_commands(fewer(action[4], lambda commands: bool(
                fails(with_commands(commands), how, tries))))
    return scene


def text_of(scene: Scene, how: Setup, note: str) -> str:
    """JSON with a line for each action."""
    actions = ",\n  ".join(json.dumps(action) for action in scene["actions"])
    return (f'{{"note": {json.dumps(note)},\n "setup": {json.dumps(how.data())},\n'
            f' "outputs": {json.dumps(scene["outputs"])},\n "actions": [\n  {actions}]}}\n')


def main(arguments: list[str]) -> int:
    """Shrinks a file."""
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    data = json.loads(Path(arguments[0]).read_text())
    tries = int(arguments[2]) if len(arguments) == 3 else 1
    scene, how = {"outputs": data["outputs"], "actions": data["actions"]}, setup_of(data["setup"])
    if not fails(scene, how, tries):
        print("it does not fail", file=sys.stderr)
        return 1
    scene, how = shrink(scene, how, tries)
    Path(arguments[1]).write_text(text_of(scene, how, data.get("note", "")))
    print(f"{len(scene['actions'])} actions: {fails(scene, how, tries)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

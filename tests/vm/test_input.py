"""Keyboards, mice, tablets, touch screens and gamepads, real to the kernel: what arrives at games."""
from __future__ import annotations

import pytest

from inputs import Devices
from machine import Machine


@pytest.fixture(name="devices")
def fixture_devices(virtio: Machine) -> Devices:
    """A program that makes devices."""
    return Devices(virtio)


def test_devices_are_made(virtio: Machine, devices: Devices) -> None:
    """What udev says of them is what they are."""
    for kind, wanted in [("keyboard", "ID_INPUT_KEYBOARD"), ("mouse", "ID_INPUT_MOUSE"),
                         ("tablet", "ID_INPUT_MOUSE"), ("touch", "ID_INPUT_TOUCHSCREEN"),
                         ("gamepad", "ID_INPUT_JOYSTICK"), ("joystick", "ID_INPUT_JOYSTICK")]:
        device = devices.add(kind)
        virtio.run("udevadm settle")
        said = virtio.run(f"udevadm info {device.path}").output
        assert f"{wanted}=1" in said, (kind, said)
        device.remove()

"""Makes the Python package for pip: what `make python` builds, as a wheel. pip calls it by pyproject.toml; it needs nothing but
make and what make needs, and no network.
"""
from __future__ import annotations

import base64
import hashlib
import re
import struct
import subprocess
import sysconfig
import tomllib
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> str:
    done = subprocess.run(["make", "-s", *arguments], cwd=TOP, check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


def version() -> str:
    found = re.search(r"^VERSION := (.+)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert found is not None, "the Makefile has no VERSION"
    return found[1]


def tag() -> str:
    """One binary for every Python from 3.11 on, on this kind of machine; the kernel's may be wider than Python's."""
    platform = sysconfig.get_platform().replace("-", "_")
    if struct.calcsize("P") == 4:
        platform = platform.replace("aarch64", "armv7l").replace("x86_64", "i686")
    return f"cp311-abi3-{platform}"


def metadata() -> str:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    head = {"Metadata-Version": "2.1", "Name": project["name"], "Version": version(), "Summary": project["description"],
            "License": project["license"]["text"], "Requires-Python": project["requires-python"],
            "Description-Content-Type": "text/markdown"}
    return "".join(f"{key}: {value}\n" for key, value in head.items()) + "\n" + (TOP / project["readme"]).read_text()


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """The hook of PEP 517: writes the wheel, returns its name."""
    make("python")
    folder = f"kmsblit-{version()}.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: kmsblit\nRoot-Is-Purelib: false\nTag: {tag()}\n"
    files = {name.removeprefix("build/python/"): (TOP / name).read_bytes() for name in make("python-files").split()}
    files |= {f"{folder}/METADATA": metadata().encode(), f"{folder}/WHEEL": wheel.encode(),
              f"{folder}/LICENSE": (TOP / "LICENSE").read_bytes()}
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files[f"{folder}/RECORD"] = (record + f"{folder}/RECORD,,\n").encode()
    out = f"kmsblit-{version()}-{tag()}.whl"
    with zipfile.ZipFile(Path(wheel_directory) / out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of a fixed date: the same files are the same wheel
            entry.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out

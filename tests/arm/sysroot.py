#!/usr/bin/python3
"""The libraries that the cross-built tests link and run with: Debian's own, for arm64, armhf, armel.

They are downloaded with `apt-get download` from package lists of our own and unpacked with dpkg below
build/arm/cache, by any user; nothing is installed, and the system's list of architectures stays as it
is. What is there already is used without asking the network, unless other packages are wanted now;
remove build/arm/cache to begin afresh.

    tests/arm/sysroot.py        make what is missing

build/arm/skip has the reason where they cannot be had, and is absent where they can.
"""
from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "arm" / "cache"
SKIP = ROOT / "build" / "arm" / "skip"

ARCHITECTURES = ("arm64", "armhf", "armel")
COMPILERS = ("aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "arm-linux-gnueabi-gcc")
EMULATORS = ("qemu-aarch64", "qemu-arm")
PACKAGES = ("check", "libdrm-dev", "libegl-dev", "libevdev-dev", "libfreetype-dev", "libgbm-dev",
            "libgles-dev", "libinih-dev", "libinput-dev", "libpixman-1-dev", "libseat-dev",
            "libspng-dev", "libsystemd-dev", "libudev-dev", "libxkbcommon-dev", "libxxhash-dev")
# Of what these depend on, libraries are of use; these are none of ours, or come with the compiler.
KEPT = re.compile(r"(?:lib|zlib|check$)")
LEFT_OUT = re.compile(r"lib(?:c6-dev|c-dev-bin|crypt|db5|gdbm|gssapi|k5|krb5|keyutils|nsl|perl|ssl|stdc|"
                      r"tirpc|text-|file-|number-|selinux|pcre(?!2-8-0))")
FOLDERS = ("./lib/*", "./usr/lib/*", "./usr/include/*", "./usr/share/pkgconfig/*")
# What a sysroot was made of, in its file "recipe": of anything else it is made anew.
RECIPE = "\n".join([*PACKAGES, KEPT.pattern, LEFT_OUT.pattern, *FOLDERS, ""])
# What apt says when the archive cannot be reached, as opposed to when something is wrong.
UNREACHABLE = re.compile(r"Could not resolve|Temporary failure|[Cc]ould not connect|Unable to connect|"
                         r"Connection (?:failed|refused|timed out)|Network is unreachable|"
                         r"No route to host|timed out|Cannot initiate the connection")


class Failure(Exception):
    """Something went wrong; the text says what and what to do."""


class Unavailable(Exception):
    """Cannot be made here, for a reason that is nobody's mistake."""


def execute(command: Sequence[str], cwd: Path) -> str:
    """Runs a command; its output, or a Failure that has it."""
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def apt_options(architecture: str, work: Path) -> list[str]:
    """An apt that thinks this is a machine of that architecture with nothing installed."""
    for folder in ("lists/partial", "apt/archives/partial", "state"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    settings = {
        "APT::Architecture": architecture, "APT::Architectures": architecture,
        "APT::Architectures::": architecture,
        "Acquire::Languages": "none", "Debug::NoLocking": "1",
        # An ordinary user's folders may be closed to apt's own user.
        "APT::Sandbox::User": "root",
        "Dir::State": f"{work}/state", "Dir::State::lists": f"{work}/lists",
        "Dir::State::status": f"{work}/status", "Dir::Cache": f"{work}/apt",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def update(options: Sequence[str], work: Path) -> str:
    """Fetches the package lists that can be had: one that is absent or stale (those of updates often
    are, for these architectures) is no reason to do without the others."""
    try:
        return execute(["apt-get", "-q", *options, "update"], work)
    except Failure as failure:
        return str(failure)


def wanted(said: str) -> list[str]:
    """The packages worth having, as NAME=VERSION, of those that apt would install."""
    found = re.findall(r"^Inst (\S+) \((\S+) ", said, re.M)
    return sorted(f"{name}={version}" for name, version in found
                  if KEPT.match(name) and not LEFT_OUT.match(name))


def make(architecture: str, target: Path) -> None:
    """Everything of one architecture, in one folder."""
    with tempfile.TemporaryDirectory(prefix="work-", dir=CACHE) as name:
        work = Path(name)
        options = apt_options(architecture, work)
        said = update(options, work)
        if not any((work / "lists").glob("*_main_binary-*_Packages*")):
            raise Unavailable(f"no package list for {architecture}, and {CACHE.relative_to(ROOT)} has "
                              f"nothing of use: {said.strip().splitlines()[-1]}")
        said = execute(["apt-get", "-q", *options, "-s", "--no-install-recommends", "install",
                        *PACKAGES], work)
        debs = work / "debs"
        debs.mkdir()
        execute(["apt-get", "-q", *options, "download", *wanted(said)], debs)
        made = work / "sysroot"
        made.mkdir()
        for deb in sorted(debs.iterdir()):
            with subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
                subprocess.run(["tar", "-x", "-C", made, "--wildcards", *FOLDERS], stdin=tar.stdout,
                               stderr=subprocess.DEVNULL, check=False)
        (made / "packages").write_text("".join(f"{package}\n" for package in wanted(said)))
        (made / "recipe").write_text(RECIPE)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)


def is_made(target: Path) -> bool:
    """Whether there is a sysroot of what is wanted now."""
    recipe = target / "recipe"
    return recipe.is_file() and recipe.read_text() == RECIPE


def sysroots() -> None:
    """Makes what is missing."""
    if platform.machine() != "x86_64":
        raise Unavailable(f"cross compilers are asked for on x86_64 only; this is {platform.machine()}, "
                          f"where the tier `unit` tests what this machine has")
    missing = [program for program in COMPILERS + EMULATORS if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not installed; `make deps` installs what is missing")
    for architecture in ARCHITECTURES:
        target = CACHE / architecture
        if not is_made(target):
            try:
                make(architecture, target)
            except Failure as failure:
                if UNREACHABLE.search(str(failure)):
                    reason = str(failure).strip().splitlines()[-1]
                    raise Unavailable(f"the package archive is not reachable, and {CACHE.relative_to(ROOT)}"
                                      f" has nothing of use: {reason}") from failure
                raise


def main() -> int:
    """Makes what is missing, or says in build/arm/skip why that cannot be."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            sysroots()
        except Unavailable as reason:
            SKIP.write_text(f"{reason}\n")
            return 0
        except Failure as failure:
            print(f"sysroot: {failure}", file=sys.stderr)
            return 1
        SKIP.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

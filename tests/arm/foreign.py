"""Folders with Debian's packages for other machines, made without installing anything.

Packages are downloaded with `apt-get download` from package lists of our own and unpacked with dpkg, by any
user; the system's list of architectures stays as it is. A folder that was made of what is wanted now is
used without asking the network.
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What apt says when the archive cannot be reached, as opposed to when something is wrong.
UNREACHABLE = re.compile(r"Could not resolve|Temporary failure|[Cc]ould not connect|Unable to connect|"
                         r"Connection (?:failed|refused|timed out)|Network is unreachable|"
                         r"No route to host|timed out|Cannot initiate the connection")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class Failure(Exception):
    """Something went wrong; the text says what and what to do."""


class Unavailable(Exception):
    """Cannot be made here, for a reason that is nobody's mistake."""


@dataclass(frozen=True)
class Recipe:
    """What a folder is made of."""

    architecture: str
    packages: tuple[str, ...]
    kept: re.Pattern[str]      # of what the packages depend on: names that begin so ...
    left_out: re.Pattern[str]  # ... but not so
    folders: tuple[str, ...]   # what is unpacked
    backports: bool = False    # packages of Debian's backports are taken where there are any

    def text(self) -> str:
        """In a folder's file "recipe": of anything else it is made anew."""
        return "\n".join([*self.packages, self.kept.pattern, self.left_out.pattern, *self.folders,
                          *(["backports"] if self.backports else []), ""])


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


def with_backports(work: Path) -> list[str]:
    """Options for an apt that knows the backports, too, of the archive that this system uses."""
    said = execute(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
                    "Created-By: Packages"], work)
    found = re.search(r"^(\S+) ([a-z]+) main$", said, re.M)
    if found is None:
        raise Unavailable("apt knows no archive whose backports could be asked for; apt-get update helps")
    sources = work / "sources"
    sources.mkdir()
    for file in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if file.is_file():
            shutil.copy(file, sources / file.name.replace("sources.list", "sources-list.list"))
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    uri, codename = found.groups()
    (sources / "backports.list").write_text(f"deb {signed}{uri} {codename}-backports main\n")
    return ["-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={sources}",
            "-o", f"APT::Default-Release={codename}-backports"]


def update(options: Sequence[str], work: Path) -> str:
    """Fetches the package lists that can be had: one that is absent or stale (those of updates often
    are, for these architectures) is no reason to do without the others."""
    # A release that is preferred is not known before the lists are there.
    plain = [word for word in options if "Default-Release" not in word]
    plain = plain[:-1] if plain[-1] == "-o" else plain
    try:
        return execute(["apt-get", "-q", *plain, "update"], work)
    except Failure as failure:
        return str(failure)


def reason_in(said: str) -> str:
    """The line in what apt said that tells why the archive could not be reached; else its last one."""
    lines = said.strip().splitlines() or ["apt said nothing"]
    return next((line.strip() for line in lines if UNREACHABLE.search(line)), lines[-1])


def wanted(said: str, recipe: Recipe) -> list[str]:
    """The packages worth having, as NAME=VERSION, of those that apt would install."""
    found = re.findall(r"^Inst (\S+) \((\S+) ", said, re.M)
    return sorted(f"{name}={version}" for name, version in found
                  if recipe.kept.match(name) and not recipe.left_out.match(name))


def make(recipe: Recipe, target: Path) -> None:
    """All of a recipe, in one folder."""
    cache = target.parent
    with tempfile.TemporaryDirectory(prefix="work-", dir=cache) as name:
        work = Path(name)
        options = apt_options(recipe.architecture, work)
        options += with_backports(work) if recipe.backports else []
        said = update(options, work)
        lists = "*-backports_main_binary-*_Packages*" if recipe.backports else "*_main_binary-*_Packages*"
        if not any((work / "lists").glob(lists)):
            raise Unavailable(f"no package list for {recipe.architecture}"
                              f"{' in backports' if recipe.backports else ''}, and "
                              f"{cache.relative_to(ROOT)} has nothing of use: {reason_in(said)}")
        said = execute(["apt-get", "-q", *options, "-s", "--no-install-recommends", "install",
                        *recipe.packages], work)
        debs = work / "debs"
        debs.mkdir()
        packages = wanted(said, recipe)
        execute(["apt-get", "-q", *options, "download", *packages], debs)
        made = work / "sysroot"
        made.mkdir()
        for deb in sorted(debs.iterdir()):
            with subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
                subprocess.run(["tar", "-x", "-C", made, "--wildcards", *recipe.folders],
                               stdin=tar.stdout, stderr=subprocess.DEVNULL, check=False)
        (made / "packages").write_text("".join(f"{package}\n" for package in packages))
        (made / "recipe").write_text(recipe.text())
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)


def is_made(recipe: Recipe, target: Path) -> bool:
    """Whether the folder is of what is wanted now."""
    text = target / "recipe"
    return text.is_file() and text.read_text() == recipe.text()


def require(programs: Sequence[str]) -> None:
    """What these folders are good for needs programs, and a machine that Debian has them for."""
    if platform.machine() != "x86_64":
        raise Unavailable(f"cross compilers are asked for on x86_64 only; this is {platform.machine()}, "
                          f"where the tier `unit` tests what this machine has")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not installed; `make deps` installs what is missing")


def make_missing(recipe: Recipe, target: Path) -> None:
    """Makes a folder unless it is there."""
    if is_made(recipe, target):
        return
    try:
        make(recipe, target)
    except Failure as failure:
        if UNREACHABLE.search(str(failure)):
            raise Unavailable(f"the package archive is not reachable, and "
                              f"{target.parent.relative_to(ROOT)} has nothing of use: "
                              f"{reason_in(str(failure))}") from failure
        raise


def provide(cache: Path, programs: Sequence[str], recipes: Mapping[str, Recipe],
            skips: Mapping[str, Path]) -> int:
    """Makes what is missing of the folders, by their names in the cache. What cannot be made is said in its
    file of skips, which is absent otherwise. The exit status."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in set(skips.values()):
            file.unlink(missing_ok=True)
        for name, recipe in recipes.items():
            try:
                require(programs)
                make_missing(recipe, cache / name)
            except Unavailable as reason:
                skips[name].write_text(f"{reason}\n")
            except Failure as failure:
                print(f"sysroot: {failure}", file=sys.stderr)
                return 1
    return 0

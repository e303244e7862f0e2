"""What the virtual machines boot: Debian's kernel, its modules with vkms, and a small initramfs.

Everything is made from Debian packages below build/vm/cache, by any user: packages are downloaded
with `apt-get download` and unpacked with dpkg, nothing is installed. Debian's kernel has no vkms,
so that one module is built here from Debian's own sources of the same version. What is there already
is used as it is, without asking the network for anything; remove build/vm/cache to begin afresh.

    tests/vm/artefacts.py       make what is missing, and say where it lies
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "vm" / "cache"
INITRAMFS_INIT = Path(__file__).resolve().parent / "guest" / "initramfs"

# The package that depends on Debian's present kernel.
KERNEL = "linux-image-amd64"
# What the initramfs needs to mount the host's root.
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
# Big, and of no use in these machines; everything else of the package is kept.
LEFT_OUT = ("drivers/net", "drivers/media", "drivers/scsi", "drivers/infiniband", "drivers/staging",
            "drivers/iio", "drivers/mtd", "drivers/isdn", "drivers/target", "drivers/hwmon",
            "drivers/gpu/drm/amd", "drivers/gpu/drm/i915", "drivers/gpu/drm/nouveau",
            "drivers/gpu/drm/radeon", "sound", "net/netfilter", "net/bluetooth", "net/mac80211",
            "fs/btrfs", "fs/xfs", "fs/ocfs2", "fs/ceph", "fs/cifs", "fs/nfs", "fs/nfsd")
VKMS = "drivers/gpu/drm/vkms"
# What apt says when the archive cannot be reached, as opposed to when something is wrong.
UNREACHABLE = re.compile(r"Could not resolve|Temporary failure|[Cc]ould not connect|Unable to connect|"
                         r"Connection (?:failed|refused|timed out)|Network is unreachable|"
                         r"No route to host|timed out|Cannot initiate the connection")


class Failure(Exception):
    """Something went wrong; the text says what and what to do."""


class Unavailable(Exception):
    """Cannot be made here, for a reason that is nobody's mistake."""


@dataclass(frozen=True)
class Artefacts:
    """What a machine needs to boot."""

    release: str        # as uname -r says it
    kernel: Path        # vmlinuz
    modules: Path       # the folder that modprobe calls /lib/modules/RELEASE
    initramfs: Path


def execute(command: Sequence[str], cwd: Path | None = None) -> str:
    """Runs a command; its output, or a Failure that has it."""
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
    except FileNotFoundError as error:
        raise Failure(f"{command[0]} is not installed; `make deps` installs what is missing") \
            from error
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def tool(name: str) -> str:
    """A program of the system's administrator, which need not be in an ordinary user's PATH."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise Failure(f"{name} is not installed; `make deps` installs what is missing")
    return path


class Archive:
    """The Debian packages that this machine's apt knows. Where apt's lists are old or were never
    fetched, lists of our own are, which takes no privileges."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.options: list[str] = []

    def _update(self) -> None:
        """Fetches package lists into a folder of our own."""
        lists, archives = self.work / "lists" / "partial", self.work / "apt" / "archives" / "partial"
        lists.mkdir(parents=True, exist_ok=True)
        archives.mkdir(parents=True, exist_ok=True)
        self.options = ["-o", f"Dir::State::lists={lists.parent}", "-o", f"Dir::Cache={self.work / 'apt'}"]
        said = execute(["apt-get", "-q", *self.options, "update"])
        # It fails for no other reason than the network, and then only with a warning.
        if UNREACHABLE.search(said) and not any(lists.parent.glob("*_Packages*")):
            raise Failure(said[-2000:])

    def ask(self, *command: str) -> str:
        """An apt command with these package lists, repeated with new ones when it fails."""
        try:
            return execute([command[0], "-q", *self.options, *command[1:]], self.work)
        except Failure as failure:
            if self.options or "is not installed" in str(failure):
                raise
        self._update()
        return execute([command[0], "-q", *self.options, *command[1:]], self.work)

    def field(self, package: str, name: str) -> str:
        """One field of the newest version of a package."""
        text = self.ask("apt-cache", "show", "--no-all-versions", package)
        match = re.search(rf"^{name}: (.*)$", text, re.M)
        if match is None:
            raise Failure(f"apt-cache show {package}: there is no {name}")
        return match.group(1)

    def download(self, package: str, version: str) -> Path:
        """The file of one package."""
        self.ask("apt-get", "download", f"{package}={version}")
        found = sorted(self.work.glob(f"{package}_*.deb"))
        if not found:
            raise Failure(f"apt-get download {package} left no file")
        return found[-1]


def unpack_kernel(package: Path, target: Path) -> None:
    """The kernel and the modules that are of use, out of the package's file."""
    excludes = [f"--exclude=./lib/modules/*/kernel/{folder}" for folder in LEFT_OUT]
    # Debian's newer packages have them below usr.
    excludes += [f"--exclude=./usr/lib/modules/*/kernel/{folder}" for folder in LEFT_OUT]
    with subprocess.Popen(["dpkg", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as tar:
        subprocess.run(["tar", "-x", "-C", str(target), *excludes], stdin=tar.stdout, check=True)
    if (target / "usr" / "lib" / "modules").is_dir():
        shutil.move(str(target / "usr" / "lib"), str(target / "lib"))


def build_vkms(archive: Archive, release: str, version: str, work: Path) -> Path:
    """vkms.ko for this kernel, built in work."""
    headers = f"linux-headers-{release}"
    depends = archive.field(headers, "Depends")
    needed = re.findall(r"(linux-headers-\S+|linux-kbuild-[\d.]+)", depends)
    kbuild = [name for name in needed if name.startswith("linux-kbuild")]
    if not kbuild:
        raise Failure(f"{headers} depends on no linux-kbuild: {depends}")
    system = work / "system"
    for package in [headers, *needed]:
        file = archive.download(package, version)
        execute(["dpkg", "-x", str(file), str(system)])
        file.unlink()
    # The headers expect to lie in /usr/src.
    makefile = system / "usr" / "src" / headers / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{system}/usr/src/"))
    source = f"linux-source-{kbuild[0].removeprefix('linux-kbuild-')}"
    file = archive.download(source, version)
    script = (f"dpkg --fsys-tarfile '{file}' | tar -xO ./usr/src/{source}.tar.xz | "
              f"tar -xJ {source}/{VKMS}")
    execute(["bash", "-o", "pipefail", "-c", script], work)
    file.unlink()
    folder = work / source / VKMS
    # Whoever called this through make meant its variables for our own build, not for the kernel's.
    clean = [f"-u{name}" for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CC", "CFLAGS", "O", "V")]
    execute(["env", *clean, "make", "-C", str(makefile.parent), f"M={folder}", "CONFIG_DRM_VKMS=m",
             "modules"])
    return folder / "vkms.ko"


def make_kernel(target: Path) -> None:
    """Everything of one kernel, in a folder: boot/vmlinuz, lib/modules/RELEASE, release."""
    if platform.machine() != "x86_64":
        raise Unavailable(f"the machines are x86_64 and run this system's programs; "
                          f"this is {platform.machine()}")
    with tempfile.TemporaryDirectory(prefix="work-", dir=CACHE) as name:
        work = Path(name)
        archive = Archive(work)
        try:
            image = re.search(r"linux-image-[^ ,]+", archive.field(KERNEL, "Depends"))
            if image is None:
                raise Failure(f"{KERNEL} depends on no kernel")
            release = image.group(0).removeprefix("linux-image-")
            version = archive.field(image.group(0), "Version")
            made = work / "kernel"
            made.mkdir()
            package = archive.download(image.group(0), version)
            unpack_kernel(package, made)
            package.unlink()
            vkms = build_vkms(archive, release, version, work)
        except Failure as failure:
            why = next((line for line in str(failure).splitlines() if UNREACHABLE.search(line)), None)
            if why is not None:
                raise Unavailable("the package archive is not reachable, and "
                                  f"{CACHE.relative_to(ROOT)} is empty: {why.strip()}") from failure
            raise
        extra = made / "lib" / "modules" / release / "extra"
        extra.mkdir()
        execute(["strip", "--strip-debug", "-o", str(extra / "vkms.ko"), str(vkms)])
        execute([tool("depmod"), "-b", str(made), release])
        (made / "boot" / f"vmlinuz-{release}").rename(made / "boot" / "vmlinuz")
        (made / "release").write_text(release)
        made.rename(target)


def make_initramfs(kernel: Path, release: str, target: Path) -> None:
    """busybox, the modules that mount the host's root, and the script that does."""
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if busybox is None:
        raise Failure("busybox-static is not installed; `make deps` installs what is missing")
    with tempfile.TemporaryDirectory(prefix="work-", dir=CACHE) as name:
        tree = Path(name) / "tree"
        for folder in ("bin", "modules", "proc", "sys", "dev", "host", "overlay", "new"):
            (tree / folder).mkdir(parents=True)
        shutil.copy(busybox, tree / "bin" / "busybox")
        shutil.copy(INITRAMFS_INIT, tree / "init")
        (tree / "init").chmod(0o755)
        order: list[str] = []
        for module in BOOT_MODULES:
            said = execute([tool("modprobe"), "-d", str(kernel), "-S", release, "--show-depends", module])
            for line in said.splitlines():
                words = line.split()
                if words[:1] == ["insmod"] and Path(words[1]).name not in order:
                    shutil.copy(words[1], tree / "modules")
                    order.append(Path(words[1]).name)
        (tree / "modules" / "order").write_text("".join(f"{name}\n" for name in order))
        packed = Path(name) / "initramfs"
        script = f"find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0 | zstd -q -3 -o '{packed}'"
        execute(["bash", "-o", "pipefail", "-c", script], tree)
        packed.rename(target)


def digest(*parts: bytes) -> str:
    """A short name for these contents."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Only one process at a time fills the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in CACHE.glob("work-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def artefacts() -> Artefacts:
    """What a machine boots, made now where it is missing."""
    recipe = digest(repr((KERNEL, LEFT_OUT, VKMS)).encode())
    kernel = CACHE / f"kernel-{recipe}"
    with locked():
        if not kernel.is_dir():
            make_kernel(kernel)
        release = (kernel / "release").read_text()
        recipe = digest(INITRAMFS_INIT.read_bytes(), repr(BOOT_MODULES).encode(), kernel.name.encode(),
                        release.encode())
        initramfs = CACHE / f"initramfs-{recipe}"
        if not initramfs.exists():
            for old in CACHE.glob("initramfs-*"):
                old.unlink()
            make_initramfs(kernel, release, initramfs)
    return Artefacts(release, kernel / "boot" / "vmlinuz", kernel / "lib" / "modules" / release, initramfs)


def main() -> int:
    """Makes what is missing."""
    try:
        print(artefacts())
    except (Failure, Unavailable) as error:
        print(f"artefacts: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

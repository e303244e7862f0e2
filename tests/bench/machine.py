"""What a result depends on: the machine, its kernel, and the versions of what was measured."""
from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def first_line(path: str) -> str:
    """The first line of a file, or nothing."""
    try:
        return Path(path).read_text(errors="replace").rstrip("\0\n").splitlines()[0].strip("\0")
    except (OSError, IndexError):
        return ""


def cpu_model() -> str:
    """As /proc/cpuinfo has it; ARM kernels only give numbers there."""
    numbers: dict[str, str] = {}
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return platform.machine()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        numbers.setdefault(name.strip(), value.strip())
    if "model name" in numbers:
        return numbers["model name"]
    part = " ".join(f"{name} {numbers[name]}" for name in ("CPU implementer", "CPU part")
                    if name in numbers)
    return part or platform.machine()


def memory_mb() -> int:
    """Of the whole machine."""
    for line in (Path("/proc/meminfo").read_text().splitlines()
                 if os.path.exists("/proc/meminfo") else []):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0


def describe() -> dict[str, Any]:
    """Everything that can be read without rights."""
    cores = Path("/sys/devices/system/cpu/cpu0")
    caches = [" ".join((first_line(str(cache / "level")), first_line(str(cache / "type")),
                        first_line(str(cache / "size"))))
              for cache in sorted(cores.glob("cache/index*"))]
    frequency = first_line(str(cores / "cpufreq/cpuinfo_max_freq"))
    return {
        "model": first_line("/proc/device-tree/model") or first_line(
            "/sys/class/dmi/id/product_name"),
        "cpu": cpu_model(), "cores": os.cpu_count(), "caches": caches,
        "max_mhz": int(frequency) // 1000 if frequency.isdigit() else None,
        "governor": first_line(str(cores / "cpufreq/scaling_governor")) or None,
        "memory_mb": memory_mb(), "architecture": platform.machine(),
        "kernel": platform.release(), "system": next(
            (line.partition("=")[2].strip('"') for line in
             (Path("/etc/os-release").read_text().splitlines()
              if os.path.exists("/etc/os-release") else [])
             if line.startswith("PRETTY_NAME=")), ""),
        "load_1min": os.getloadavg()[0],
    }

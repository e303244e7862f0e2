"""Daemons for the tests of programs that use SDL: those of the tests of the Python package."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("python_conftest", Path(__file__).resolve().parents[1] / "python/conftest.py")
assert _spec is not None and _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["python_conftest"] = _module
_spec.loader.exec_module(_module)

Daemon, kmsblit = _module.Daemon, _module.kmsblit
start, daemon = _module.start, _module.daemon

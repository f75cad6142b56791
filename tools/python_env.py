"""The Python environment: .venv with the exact packages of the lock file, ours installed editable."""

import importlib.util
import os
import shutil
import sys
import tomllib
from pathlib import Path

from tools.fresh import ROOT, digest, is_fresh, locked
from tools.step import Trouble, call

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FOLDERS = ("designer", "engine", "flows", "nodes", "templates")
OLDEST = (3, 11)


def ensure(extra: str = "") -> str:
    """Make or renew .venv when its inputs changed. `extra` names a further lock file: dev or bench."""
    if sys.version_info < OLDEST:
        raise Trouble("Expected Python 3.11 or newer; name one with `make PYTHON=python3.11 …`.")
    lock = ROOT / (f"requirements-{extra}.lock" if extra else "requirements.lock")
    stamp = VENV / f".{lock.stem}.sha256"
    wanted = digest([lock], _packaging(), sys.version)
    with locked("python"):
        _link_for_type_checkers()
        if is_fresh(stamp, wanted) and PYTHON.exists():
            return "unchanged"
        if not PYTHON.exists():
            _make_venv()
        _pip("pip", "--require-hashes", "-r", lock)
        _pip("pip-headrace", "--no-build-isolation", "-e", ROOT)
        stamp.write_text(wanted)
    return "installed"


def _packaging() -> str:
    """What pyproject.toml says about installing us; a changed lint rule installs nothing."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return repr((settings["build-system"], settings["project"], settings["tool"]["setuptools"]))


def _pip(log: str, *words: str | Path) -> None:
    """Install exactly what is named: the lock files are complete, so nothing needs resolving."""
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps")
    call(log, *pip, *words, env={"PIP_ROOT_USER_ACTION": "ignore"})


def _make_venv() -> None:
    if not _has_venv():
        if not may_install_packages():
            raise Trouble("Python has no venv module here. Run: sudo apt-get install python3-venv")
        install_debian("python3-venv")
    call("venv", sys.executable, "-m", "venv", "--clear", VENV)


def _has_venv() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def _link_for_type_checkers() -> None:
    """Type checkers cannot follow the editable install; these links show them where headrace.* is."""
    folder = ROOT / ".typed" / "headrace"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", name))


def may_install_packages() -> bool:
    """Only root on a Debian-like system may; others are told what to ask for."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_debian(*packages: str) -> None:
    """Install Debian packages. The list is fetched first: a fresh machine has an old one or none."""
    install = ("apt-get", "install", "-y", "--no-install-recommends", *packages)
    call("apt-update", "apt-get", "update")
    call("apt-install", *install, env={"DEBIAN_FRONTEND": "noninteractive"})

"""The Python environment: .venv with the exact packages of the lock file, ours installed editable."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.fresh import ROOT, STATE, digest, is_fresh, locked
from tools.step import Trouble, call

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FOLDERS = ("designer", "engine", "flows", "nodes", "templates")
OLDEST = (3, 11)


def ensure(extra: str = "") -> str:
    """Make or renew .venv when its inputs changed. `extra` names a further lock file, such as bench."""
    if sys.version_info < OLDEST:
        raise Trouble("Expected Python 3.11 or newer; name one with `make PYTHON=python3.11 …`.")
    lock = ROOT / (f"requirements-{extra}.lock" if extra else "requirements.lock")
    stamp = VENV / f".{lock.stem}.sha256"
    wanted = digest([lock, ROOT / "pyproject.toml"], sys.version)
    with locked("python"):
        _link_for_type_checkers()
        if is_fresh(stamp, wanted) and PYTHON.exists():
            return "unchanged"
        if not PYTHON.exists():
            _make_venv()
        call(
            "pip",
            PYTHON,
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--no-deps",
            "-r",
            lock,
            **QUIET,
        )
        call(
            "pip-headrace", PYTHON, "-m", "pip", "install",
            "--no-deps", "--no-build-isolation", "-e", ROOT, **QUIET,
        )  # fmt: skip
        stamp.write_text(wanted)
    return "installed"


QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}


def _make_venv() -> None:
    if not _has_venv():
        if not may_install_packages():
            raise Trouble("Python has no venv module here. Run: sudo apt-get install python3-venv")
        install_debian("python3-venv")
    call("venv", sys.executable, "-m", "venv", "--clear", VENV)


def _has_venv() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip"], check=False).returncode == 0


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
    STATE.mkdir(exist_ok=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    call("apt-update", "apt-get", "update", **quiet)
    call("apt-install", "apt-get", "install", "-y", "--no-install-recommends", *packages, **quiet)

"""Renew the lock files: exact versions with hashes, and no word on where they were fetched from."""

import json

from tools.python_env import VENV
from tools.step import call
from tools.ui import WEB

WHAT = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet")
NAMELESS = ("--no-emit-index-url", "--no-emit-find-links", "--no-config")


def python_lock(name: str, *extras: str) -> str:
    """Resolve pyproject.toml with these extras for every Python we support, keeping what still fits."""
    chosen = [word for extra in extras for word in ("--extra", extra)]
    below = ["--constraint", "requirements.lock"] if name != "requirements.lock" else []
    how = ["pip", "compile", *WHAT, *NAMELESS, *chosen, *below]
    call("uv", VENV / "bin" / "uv", *how, "--output-file", name, "pyproject.toml")
    return "written"


def npm_lock() -> str:
    """Resolve package.json. Funding addresses go: they are hosts, and nobody installs from them."""
    call("npm-lock", "npm", "install", "--package-lock-only", "--ignore-scripts", cwd=WEB)
    path = WEB / "package-lock.json"
    lock = json.loads(path.read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
    return "written"

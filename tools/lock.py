"""Renew the lock files: exact versions with hashes, and no word on where they were fetched from."""

import json

from tools.fresh import ROOT
from tools.python_env import VENV
from tools.step import call
from tools.ui import WEB

QUIET = ("--quiet", "--no-header", "--generate-hashes", "--allow-unsafe", "--strip-extras")
NAMELESS = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")


def python_lock(name: str, *extras: str) -> str:
    """Resolve pyproject.toml with these extras into requirements<name>.lock, keeping what still fits."""
    chosen = [word for extra in extras for word in ("--extra", extra)]
    call(
        "pip-compile", VENV / "bin" / "pip-compile", *QUIET, *NAMELESS, *chosen,
        "-o", f"requirements{name}.lock", "pyproject.toml",
    )  # fmt: skip
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

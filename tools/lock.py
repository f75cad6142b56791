"""Renew the lock files: exact versions with hashes, and no word on where they were fetched from."""

import json

from tools.python_env import VENV
from tools.step import call
from tools.ui import WEB

QUIET = ("--quiet", "--no-header", "--generate-hashes", "--allow-unsafe", "--strip-extras")
NAMELESS = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")


def python_lock(name: str, *extras: str) -> str:
    """Resolve pyproject.toml with these extras, keeping the versions that still fit.

    What builds us is locked too: an install then asks the registry for nothing without a hash.
    """
    chosen = [word for extra in extras for word in ("--extra", extra)]
    below = ["--constraint", "requirements.lock"] if extras else []
    call(
        "pip-compile",
        VENV / "bin" / "pip-compile",
        *(*QUIET, *NAMELESS, *chosen, *below, "--build-deps-for", "editable"),
        *("--output-file", name, "pyproject.toml"),
    )
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

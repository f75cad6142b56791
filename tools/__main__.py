"""`python3 -m tools <target>`: the steps behind each target of the Makefile, and how to do without make."""

import os
import sys

from tools import browser, lock, python_env, ui
from tools.fresh import ROOT
from tools.step import Step, run_steps

PYTHON: Step = ("Python environment", python_env.ensure)
TOOLS: Step = ("Python environment with tools", lambda: python_env.ensure("dev"))
PACKAGES: Step = ("Designer packages", ui.ensure_packages)
BUILT: Step = ("Designer build", ui.ensure_built)
BROWSER: Step = ("Browser for the end-to-end tests", browser.ensure)

TARGETS: dict[str, list[Step | tuple[Step, ...]]] = {
    "python": [TOOLS],
    "packages": [PACKAGES],
    "web": [PACKAGES, BUILT],
    "browser": [BROWSER],
    "check": [(TOOLS, PACKAGES)],
    "test": [(TOOLS, PACKAGES), BUILT, BROWSER],
    "bench": [TOOLS, ("Peers to measure against", lambda: python_env.ensure("bench"))],
    "run": [(PYTHON, PACKAGES), BUILT, ("Starting Headrace", lambda: "ready")],
    "lock": [
        ("What runs", lambda: lock.python_lock("requirements.lock", "install")),
        (
            "What checks and tests",
            lambda: lock.python_lock("requirements-dev.lock", "install", "otel", "dev"),
        ),
        ("What is measured against", lambda: lock.python_lock("requirements-bench.lock", "bench")),
        ("What the designer is made of", lock.npm_lock),
    ],
}


def main(arguments: list[str]) -> None:
    """Do the steps; `run` then becomes the server."""
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        raise SystemExit(f"Usage: python3 -m tools {' | '.join(TARGETS)}")
    run_steps(TARGETS[arguments[0]])
    if arguments[0] == "run":
        os.chdir(ROOT)
        headrace = python_env.VENV / "bin" / "headrace"
        os.execv(headrace, [str(headrace), "serve", "--demo", "--sandbox"])


main(sys.argv[1:])

"""The command line: `headrace serve`, `sandbox`, `work`, `check`, `audit`, `top`, `migrate`, `purge`, `store`, `user`, …"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from headrace.engine.cli import auditing, database, drawings, people, serving
from headrace.engine.cli.options import command
from headrace.engine.errors import HeadraceError
from headrace.engine.settings import WrongSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what was asked; a wrong use or a known trouble ends with one line, not with a trace."""
    options = parser().parse_args(arguments)
    try:
        code = options.run(options)
    except (HeadraceError, WrongSettings, OSError) as trouble:
        _fail(trouble)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code or 0)


def _fail(trouble: Exception) -> NoReturn:
    print(f"headrace: {trouble}", file=sys.stderr)
    for problem in getattr(trouble, "problems", ()):
        print(f"  {problem.path}: {problem.message}", file=sys.stderr)
    sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """All commands."""
    made = argparse.ArgumentParser(prog="headrace", description="A low-code workflow engine.")
    commands = made.add_subparsers(required=True, metavar="command")
    for area in (serving, database, auditing, people, drawings):
        area.add(commands)
    command(commands, "version", "which version this is", _version)
    return made


def _version(_: argparse.Namespace) -> int:
    print(f"headrace {version('headrace')}")
    return 0

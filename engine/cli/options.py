"""What commands have in common: how they are declared, which database they mean, how they talk."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import Any

from headrace.engine.settings import Settings, from_environment

COUNT_MAX = 256
"""Processes, and threads in each."""


def command(parent: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    """A command, and what does it."""
    parser: argparse.ArgumentParser = parent.add_parser(name, help=text)
    parser.set_defaults(run=run)
    return parser


def takes_database(parser: argparse.ArgumentParser) -> None:
    """It is about a database, the usual one or another."""
    parser.add_argument(
        "--database", help="sqlite:///… or postgresql://…; else HEADRACE_DATABASE_URL"
    )


def count(text: str) -> int:
    """So many processes or threads."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= COUNT_MAX:
        raise argparse.ArgumentTypeError(f"expected 1 to {COUNT_MAX}, but found {text!r}")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """Words with commas between."""
    found = tuple(sorted({part.strip() for part in text.split(",")}))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in found):
        raise argparse.ArgumentTypeError(
            f"expected names with commas between, such as http,mail, but found {text!r}"
        )
    return found


def settings(options: argparse.Namespace) -> Settings:
    """As the environment says, but for the database that was named."""
    found = from_environment()
    return replace(found, database_url=options.database) if options.database else found


def opened(options: argparse.Namespace) -> Any:
    """The workspace without its workers, for one command."""
    from headrace.engine.service.opening import open_workspace

    return open_workspace(settings(options))


def say(line: str) -> None:
    """A line that is seen at once."""
    print(line, flush=True)

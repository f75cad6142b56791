"""Who decided what: `audit verify`, `audit export`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

from headrace.engine.cli.options import command, settings, takes_database
from headrace.engine.settings import WrongSettings


def add(commands: Any) -> None:
    """The commands of this area."""
    audit = commands.add_parser("audit", help="who decided what").add_subparsers(
        required=True, metavar="what"
    )
    verify = command(audit, "verify", "was the chain of decisions touched?", _audit_verify)
    verify.add_argument(
        "--end", action="append", default=[], metavar="NUMBER:HASH", help="an end seen earlier"
    )
    takes_database(verify)
    export = command(audit, "export", "all decisions, to the standard output", _audit_export)
    export.add_argument("--format", choices=("csv", "jsonl"), default="jsonl")
    takes_database(export)


def _audit_verify(options: argparse.Namespace) -> int:
    """Also while the engine runs: it only reads. Each end it finds good is noted in a file, and looked for the next time."""
    from headrace.engine.service import decision_ends, decisions
    from headrace.engine.store.session import open_database

    found = settings(options)
    ends = decision_ends.read(found.home, found.database_url) | _ends(options.end)
    with open_database(found.database_url).connect() as connection:
        told = decisions.verify(connection, found.secret_keys, ends)
    if not told.ok:
        print(
            f"decision {told.wrong} ({told.why}): expected {told.expected}, but found {told.found}"
        )
        return 1
    decision_ends.note(found.home, found.database_url, told.seq, told.hash)
    print(f"{told.checked} decisions, {told.redacted} of them purged: the chain holds")
    print(f"its end: {told.seq}:{told.hash}")
    return 0


def _ends(told: Sequence[str]) -> dict[int, str]:
    ends = {}
    for text in told:
        number, _, hash_ = text.partition(":")
        if not number.isascii() or not number.isdigit() or not re.fullmatch("[0-9a-f]{64}", hash_):
            raise WrongSettings(
                f"--end: expected number:hash as verify prints it, but found {text!r}"
            )
        ends[int(number)] = hash_
    return ends


def _audit_export(options: argparse.Namespace) -> int:
    from headrace.engine.service import decision_log
    from headrace.engine.store.session import open_database

    database = open_database(settings(options).database_url)
    for part in decision_log.lines(database, options.format):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
    return 0

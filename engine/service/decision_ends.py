"""Ends of the chain of decisions that were seen and found good, in a file beside the database and not in it.

So that a database put back to an earlier state is found, too. Whoever wants more than this machine's word copies the lines, or
prints them: `headrace audit verify --end NUMBER:HASH` takes them back.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

NAME = "audit-ends.jsonl"


def read(home: Path, database_url: str) -> dict[int, str]:
    """Number → hash, of this database."""
    path = home / NAME
    if not path.is_file():
        return {}
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    mine = _name(database_url)
    return {int(one["seq"]): str(one["hash"]) for one in found if one["database"] == mine}


def note(home: Path, database_url: str, seq: int, hash_: str) -> None:
    """One more end, unless it is known."""
    if not seq or read(home, database_url).get(seq) == hash_:
        return
    with (home / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"database": _name(database_url), "seq": seq, "hash": hash_}) + "\n")


def _name(database_url: str) -> str:
    """Tells databases apart without writing a password down."""
    return hashlib.sha256(database_url.encode()).hexdigest()[:16]

"""Instances as lines of JSON in compressed files, written before they are deleted: readable without this program.

One file a day in `<home>/archive`, appended to; one line an instance, with its variables, history, tasks and incidents. A line is
on the disk (fsync) before its instance goes; a crash in between writes it twice, and the last one counts.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.run import events as e
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import archived, history

SUFFIX = ".jsonl.gz"


def folder(workspace: Workspace) -> Path:
    """Where the files are."""
    return Path(workspace.settings.home) / "archive"


def write(workspace: Workspace, ids: Sequence[str], to: Path | None = None) -> Path:
    """Append these instances to today's file; answers it."""
    target = to or folder(workspace)
    target.mkdir(parents=True, exist_ok=True)
    now = to_iso(workspace.clock.now_ms())
    path = target / f"{now[:10]}{SUFFIX}"
    with workspace.read() as connection, path.open("ab") as raw:
        with gzip.GzipFile(fileobj=raw, mode="ab") as packed:
            for id_ in ids:
                line = _line(connection, id_)
                if line is not None:
                    packed.write(jsontext.dumps({**line, "archived_at": now}).encode() + b"\n")
        raw.flush()
        os.fsync(raw.fileno())
    return path


def files(target: Path) -> list[Path]:
    """The files there are, newest first."""
    return sorted(target.glob(f"*{SUFFIX}"), reverse=True) if target.is_dir() else []


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The instances in a file; a line cut off by a crash is passed over."""
    with gzip.open(path, "rb") as file:
        try:
            for line in file:
                if line.endswith(b"\n"):
                    yield jsontext.loads(line)
        except EOFError:
            return


def show(target: Path, id_: str) -> dict[str, Any] | None:
    """An archived instance, by its id or its business key; the last one written."""
    for path in files(target):
        found = [line for line in lines(path) if id_ in {line["id"], line["business_key"]}]
        if found:
            return found[-1]
    return None


def _line(connection: Connection, id_: str) -> dict[str, Any] | None:
    row = archived.instance(connection, id_)
    if row is None:
        return None
    state = jsontext.loads(row.state)
    told = [
        {"seq": seq, "at": to_iso(at), **e.describe(event)}
        for seq, at, event in history.read(connection, id_)
    ]
    return {
        "id": row.id,
        "flow_key": row.flow_key,
        "version": row.version,
        "business_key": row.business_key,
        "dedup_key": row.dedup_key,
        "status": row.status,
        "result": row.result,
        "root_id": row.root_id,
        "parent_id": row.parent_id,
        "started_by": row.started_by,
        "started_at": to_iso(row.started_at),
        "ended_at": iso_or_none(row.ended_at),
        "variables": state.get("vars", {}),
        "output": state.get("output"),
        "tasks": archived.rows(connection, "tasks", id_),
        "votes": archived.rows(connection, "task_actors", id_),
        "incidents": archived.rows(connection, "incidents", id_),
        "history": told,
    }

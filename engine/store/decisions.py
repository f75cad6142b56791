"""The chain of decisions: one row each, tied to the one before by its hash; and where the chain ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.store import tables as t

CONTENT = (
    *("at", "actor", "on_behalf_of", "action", "comment", "before", "after", "via", "ip", "client"),
    *("batch_id", "task_id", "seat", "round", "title", "instance_id", "flow_key", "version"),
    *("node", "business_key"),
)
"""What the digest of a row is made of; later columns are left out of it while they are empty."""

CLOCKS_MS = 86_400_000
"""So far the clocks of several machines may be apart."""

GENESIS = "0" * 64
"""The hash before the first."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decisions; what is None does not matter."""

    actor: str | None = None
    action: str | None = None
    flow: str | None = None
    task: str | None = None
    instance: str | None = None
    batch: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    search: str | None = None
    """A business key, or its beginning."""


# --- adding ----------------------------------------------------------------------------------------


def head(connection: Connection, *, lock: bool = False) -> Row[Any] | None:
    """Where the chain ends; with `lock` nobody else adds to it until the commit. None: nothing has been added yet."""
    query = sa.select(t.decision_head).where(t.decision_head.c.id == 1)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def begin(connection: Connection) -> None:
    """The end of an empty chain; of two processes that write it the second tries again, and finds it."""
    connection.execute(
        t.decision_head.insert().values(id=1, seq=0, hash=GENESIS, at=0, signature="")
    )


def add(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    end: Mapping[str, Any],
) -> None:
    """More rows, and the new end of the chain (`seq`, `hash`, `at`, `signature`)."""
    connection.execute(t.decisions.insert(), [dict(row) for row in rows])
    connection.execute(t.decision_head.update().where(t.decision_head.c.id == 1).values(**end))


# --- reading ---------------------------------------------------------------------------------------


def page(
    connection: Connection, wanted: Filter, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Newest first."""
    return connection.execute(query(wanted, before=before).limit(limit)).all()


def query(wanted: Filter, *, before: int | None = None) -> sa.Select[Any]:
    """The rows of a filter, newest first; each way in has its index (…, seq)."""
    columns = t.decisions.c
    found: sa.Select[Any] = sa.select(t.decisions).order_by(columns.seq.desc())
    for column, value in (
        (columns.action, wanted.action),
        (columns.flow_key, wanted.flow),
        (columns.task_id, wanted.task),
        (columns.instance_id, wanted.instance),
        (columns.batch_id, wanted.batch),
    ):
        if value:
            found = found.where(column == value)
    if wanted.actor:
        found = found.where(
            sa.or_(columns.actor == wanted.actor, columns.on_behalf_of == wanted.actor)
        )
    if wanted.search:
        found = found.where(
            columns.business_key >= wanted.search,
            columns.business_key < wanted.search + "\U0010ffff",
        )
    if wanted.from_ms is not None:
        found = found.where(columns.at >= wanted.from_ms)
    if wanted.until_ms is not None:
        found = found.where(columns.at < wanted.until_ms)
    return found.where(columns.seq < before) if before is not None else found


def after(connection: Connection, seq: int, until: int | None, limit: int) -> Sequence[Row[Any]]:
    """The rows behind `seq`, in the order of the chain."""
    columns = t.decisions.c
    found = sa.select(t.decisions).where(columns.seq > seq)
    if until is not None:
        found = found.where(columns.seq <= until)
    return connection.execute(found.order_by(columns.seq).limit(limit)).all()


def one(connection: Connection, seq: int) -> Row[Any] | None:
    """One row."""
    return connection.execute(sa.select(t.decisions).where(t.decisions.c.seq == seq)).one_or_none()


def last_seq(connection: Connection) -> int:
    """The largest number there is, whatever the head says."""
    return int(
        connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(t.decisions.c.seq), 0))
        ).scalar_one()
    )


# --- redacting -------------------------------------------------------------------------------------


def older(connection: Connection, before_ms: int, limit: int) -> list[int]:
    """Numbers of the oldest rows from before a moment that still have their content.

    Looks no further back than where the last purge has come to: all before has lost its content, and is never little.
    """
    columns = t.decisions.c
    found = sa.select(columns.seq).where(
        columns.at >= _purged_until(connection) - CLOCKS_MS,
        columns.at < before_ms,
        columns.redacted_at.is_(None),
        columns.action != "purged",
    )
    return list(connection.execute(found.order_by(columns.at, columns.seq).limit(limit)).scalars())


def _purged_until(connection: Connection) -> int:
    """The moment of the newest row that the last purge has taken the content of."""
    columns = t.decisions.c
    last = sa.select(columns.after).where(columns.action == "purged").order_by(columns.seq.desc())
    record = connection.execute(last.limit(1)).scalar_one_or_none()
    if not record:
        return 0
    seq = max(last for _, last in jsontext.loads(record)["rows"])
    query = sa.select(columns.at).where(columns.seq == seq)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def redact(connection: Connection, seqs: Sequence[int], now_ms: int) -> None:
    """Take the content of these rows away; their place, digest and hash stay, so that the chain still holds."""
    gone: dict[str, Any] = {name: None for name in (*CONTENT, "salt") if name != "at"}
    connection.execute(
        t.decisions.update().where(t.decisions.c.seq.in_(seqs)).values(**gone, redacted_at=now_ms)
    )

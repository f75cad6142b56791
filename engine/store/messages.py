"""Messages, signals, and who waits for them. Publishing and subscribing at once cannot miss one another (`_both_at_once`)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.run import commands as c
from headrace.engine.store import tables as t
from headrace.engine.store.many import write

RECEIVERS_PAGE = 5_000
"""Receivers looked up at once. All of a signal are told in one transaction: who waits when it is sent hears it."""

GREETED_MAX = 10_000
"""Messages of one name and key given out in one transaction."""

ANY_KEY = ""
"""A subscription without a key hears every message of its name."""

LOCKS = 1_000
"""Locks that all names share: a transaction takes no more of them, however many names it is about."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message or signal."""

    id: str
    kind: str
    name: str
    key: str
    payload: Any
    mode: str
    expires_at: int
    dedup: str | None = None
    sender_id: str | None = None


Wish = tuple[str, c.Command]


def publish(
    connection: Connection, message: Message, now_ms: int, *, extra: int = 0
) -> list[Wish] | None:
    """Keep the message and tell who waits for it; None when its dedup key was seen before.

    `extra`: receivers besides those that wait (flows that it starts). A message without any waits for one until it expires.
    """
    dedup = None if message.dedup is None else _dedup(message.name, message.dedup)
    if dedup is not None:
        seen = sa.select(t.messages.c.id).where(t.messages.c.dedup == dedup)
        if connection.execute(seen).first() is not None:
            return None
    _both_at_once(connection, {(message.name, message.key), (message.name, ANY_KEY)})
    wishes = _deliver(connection, message)
    receivers = len(wishes) + extra
    waits = message.kind == "message" and not receivers and message.expires_at > now_ms
    connection.execute(
        t.messages.insert(),
        {
            "id": message.id, "kind": message.kind, "name": message.name, "key": message.key,
            "payload": jsontext.dumps(message.payload), "mode": message.mode, "dedup": dedup,
            "status": "buffered" if waits else "delivered",
            "receivers": receivers, "sender_id": message.sender_id, "created_at": now_ms,
            "expires_at": message.expires_at,
        },
    )  # fmt: skip
    return wishes


def publish_many(connection: Connection, told: Sequence[tuple[Message, int]], now_ms: int) -> None:
    """Keep messages nobody waits for now (see `waited_for`), with the number of flows each starts. None was seen before."""
    rows = [
        {
            "id": message.id, "kind": message.kind, "name": message.name, "key": message.key,
            "payload": jsontext.dumps(message.payload), "mode": message.mode,
            "dedup": None if message.dedup is None else _dedup(message.name, message.dedup),
            "status": "delivered" if started or message.expires_at <= now_ms else "buffered",
            "receivers": started, "sender_id": message.sender_id, "created_at": now_ms,
            "expires_at": message.expires_at,
        }
        for message, started in told
    ]  # fmt: skip
    if rows:
        write(connection, t.messages, rows)


def unseen(connection: Connection, told: Sequence[Message]) -> list[Message]:
    """Those whose dedup key is new."""
    keys = {_dedup(one.name, one.dedup): one for one in told if one.dedup is not None}
    names = list(keys)
    seen: set[str] = set()
    for at in range(0, len(names), 500):
        query = sa.select(t.messages.c.dedup).where(t.messages.c.dedup.in_(names[at : at + 500]))
        seen.update(connection.execute(query).scalars())
    return [one for one in told if one.dedup is None or _dedup(one.name, one.dedup) not in seen]


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who hears these messages."""

    starts: dict[str, list[tuple[str, str]]]
    """Name → (flow key, start node) of the flows it starts."""
    waited: set[str]
    """Names that any step waits for."""


def hearers(connection: Connection, told: Sequence[Message], now_ms: int) -> Hearers:
    """Who hears these, in one question. From now on nobody begins to wait unseen for one that is kept.

    What is not kept for later needs no turns: who begins to wait at the same moment began after it was told.
    """
    kept = {
        (one.name, key) for one in told if one.expires_at > now_ms for key in (one.key, ANY_KEY)
    }
    _both_at_once(connection, kept)
    waits, begins = t.subscriptions.c, t.message_starts.c
    names = sorted({(one.kind, one.name) for one in told})
    none: Any = sa.null()
    first: Any = sa.literal_column("''")
    parts: list[sa.Select[Any]] = [
        sa.select(sa.literal(name).label("name"), none.label("flow"), none.label("node"), first.label("at"))
        .where(sa.exists().where(waits.kind == kind, waits.name == name))
        for kind, name in names
    ]  # fmt: skip
    parts.append(
        sa.select(begins.name, begins.flow_key, begins.node, begins.id).where(
            begins.name.in_({name for _, name in names})
        )
    )
    found = Hearers({}, set())
    for row in sorted(connection.execute(sa.union_all(*parts)), key=lambda row: row.at):
        if row.flow is None:
            found.waited.add(row.name)
        else:
            found.starts.setdefault(row.name, []).append((row.flow, row.node))
    return found


def _dedup(name: str, dedup: str) -> str:
    """One text for both, of a length that the column takes, different for different pairs."""
    return hashlib.sha256(f"{len(name)}:{name}:{dedup}".encode()).hexdigest()


def _deliver(connection: Connection, message: Message) -> list[Wish]:
    """Wishes for whoever waits for it, page by page: a signal may have very many receivers."""
    columns = t.subscriptions.c
    query = (
        sa.select(
            columns.id, columns.instance_id, columns.step, columns.event, columns.flow_key,
            columns.stays, columns.created_at,
        )
        .where(
            columns.kind == message.kind,
            columns.name == message.name,
            columns.key.in_({message.key, ANY_KEY}),
        )
        .order_by(columns.created_at, columns.id)
    )  # fmt: skip
    if message.kind == "message" and message.mode != "all":
        return _told(connection, message, _chosen(connection, message, query))
    wishes: list[Wish] = []
    page = query
    while rows := connection.execute(page.limit(RECEIVERS_PAGE)).all():
        last = (rows[-1].created_at, rows[-1].id)
        wishes += _told(connection, message, rows)
        page = query.where(sa.tuple_(columns.created_at, columns.id) > sa.tuple_(*last))
    return wishes


def _chosen(connection: Connection, message: Message, query: sa.Select[Any]) -> list[Any]:
    """Who waited longest: of all, or of each flow."""
    if message.mode == "one":
        return list(connection.execute(query.limit(1)))
    columns = t.subscriptions.c
    found = connection.execute(
        query.with_only_columns(columns.flow_key).order_by(None).distinct()
    ).scalars()
    first = (
        connection.execute(query.where(columns.flow_key == flow_key).limit(1)).one()
        for flow_key in sorted(found)
    )
    return list(first)


def _told(connection: Connection, message: Message, rows: Sequence[Any]) -> list[Wish]:
    _taken(connection, [row.id for row in rows if not row.stays])
    return [
        (
            row.instance_id,
            c.Deliver(row.step, row.event, message.id, message.payload, message.kind),
        )
        for row in rows
    ]


def _taken(connection: Connection, ids: Sequence[str]) -> None:
    """Whoever takes one message only does not get a second."""
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        connection.execute(t.subscriptions.delete().where(t.subscriptions.c.id.in_(some)))


def greet(
    connection: Connection, subscriptions: Sequence[dict[str, Any]], now_ms: int
) -> list[Wish]:
    """Messages that have waited for these new subscriptions."""
    wanted = {(row["name"], row["key"]) for row in subscriptions if row["kind"] == "message"}
    if not wanted:
        return []
    _both_at_once(connection, wanted)
    columns = t.messages.c
    found: dict[str, list[Any]] = {}
    pairs = sorted(pair for pair in wanted if pair[1] != ANY_KEY)
    for start in range(0, len(pairs), 200):
        _waiting(
            connection,
            sa.tuple_(columns.name, columns.key).in_(pairs[start : start + 200]),
            now_ms,
            found,
        )
    for name in sorted(name for name, key in wanted if key == ANY_KEY):
        _waiting(connection, columns.name == name, now_ms, found)
    wishes: list[Wish] = []
    for subscription in subscriptions if found else ():
        if subscription["kind"] != "message":
            continue
        key = subscription["key"]
        waiting = found.get(subscription["name"], [])
        fitting = [message for message in waiting if key in {ANY_KEY, message.key}]
        taken = fitting if subscription["stays"] else fitting[:1]
        for message in taken:
            waiting.remove(message)
        for message in taken:
            deliver = c.Deliver(
                subscription["step"],
                subscription["event"],
                message.id,
                jsontext.loads(message.payload),
            )
            wishes.append((subscription["instance_id"], deliver))
        if taken:
            ids = [message.id for message in taken]
            delivered = t.messages.update().where(columns.id.in_(ids))
            connection.execute(delivered.values(status="delivered", receivers=1))
            if not subscription["stays"]:
                _taken(connection, [subscription["id"]])
    return wishes


def _waiting(connection: Connection, which: Any, now_ms: int, found: dict[str, list[Any]]) -> None:
    """Add the buffered messages of these names and keys, oldest first."""
    columns = t.messages.c
    query = (
        sa.select(columns.id, columns.name, columns.key, columns.payload)
        .where(columns.status == "buffered", columns.expires_at > now_ms, which)
        .order_by(columns.created_at, columns.id)
        .limit(GREETED_MAX)
    )
    for row in connection.execute(query):
        known = found.setdefault(row.name, [])
        if row not in known:
            known.append(row)


def give_back(connection: Connection, ids: Collection[str], now_ms: int) -> list[Wish]:
    """Messages whose receiver had gone: the next who waits gets them, or they wait again."""
    wishes: list[Wish] = []
    for id_ in ids:
        row = connection.execute(sa.select(t.messages).where(t.messages.c.id == id_)).first()
        if row is None or row.status == "expired" or row.mode != "one":
            continue
        _both_at_once(connection, {(row.name, row.key), (row.name, ANY_KEY)})
        message = Message(
            row.id,
            row.kind,
            row.name,
            row.key,
            jsontext.loads(row.payload),
            row.mode,
            row.expires_at,
        )
        found = _deliver(connection, message)
        wishes.extend(found)
        if not found:
            status = "buffered" if row.expires_at > now_ms else "expired"
            changed = t.messages.update().where(t.messages.c.id == id_)
            connection.execute(changed.values(status=status, receivers=0))
    return wishes


def expire(connection: Connection, now_ms: int, limit: int = 1_000) -> int:
    """Buffered messages whose time is over; answers how many."""
    columns = t.messages.c
    due = (
        sa.select(columns.id)
        .where(columns.status == "buffered", columns.expires_at <= now_ms)
        .limit(limit)
    )
    changed = t.messages.update().where(columns.id.in_(due.scalar_subquery()))
    return int(connection.execute(changed.values(status="expired")).rowcount)


_LOCK = sa.text(  # "MSGG"; one way to the database for all of them, in the order of the list
    "SELECT pg_advisory_xact_lock(1297303367, number)"
    " FROM unnest(CAST(:b_numbers AS integer[])) WITH ORDINALITY AS wanted(number, at)"
)


def _both_at_once(connection: Connection, names: Iterable[tuple[str, str]]) -> None:
    """On PostgreSQL a publisher and a subscriber at the same moment would each miss the other: they take turns."""
    if connection.dialect.name != "postgresql":
        return
    numbers = sorted({zlib.crc32(f"{name}\n{key}".encode()) % LOCKS for name, key in names})
    if numbers:
        connection.execute(_LOCK, {"b_numbers": numbers})


# --- starts ----------------------------------------------------------------------------------------------------------------


def starts_of(connection: Connection, names: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Message name → (flow key, start node) of the flows it starts."""
    columns = t.message_starts.c
    found: dict[str, list[tuple[str, str]]] = {}
    query = sa.select(columns.name, columns.flow_key, columns.node).where(columns.name.in_(names))
    for row in connection.execute(query.order_by(columns.id)):
        found.setdefault(row.name, []).append((row.flow_key, row.node))
    return found


def replace_starts(connection: Connection, flow_key: str, rows: Sequence[dict[str, Any]]) -> None:
    """What starts this flow from now on."""
    connection.execute(t.message_starts.delete().where(t.message_starts.c.flow_key == flow_key))
    if rows:
        connection.execute(t.message_starts.insert(), list(rows))


# --- for screens -------------------------------------------------------------------------------------------------------------


def page(
    connection: Connection,
    *,
    name: str | None,
    key: str | None,
    status: str | None,
    before: tuple[int, str] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Messages and signals, newest first."""
    columns = t.messages.c
    query = sa.select(t.messages).order_by(columns.created_at.desc(), columns.id.desc())
    if name:
        query = query.where(columns.name == name)
    if key:
        query = query.where(columns.key == key)
    if status:
        query = query.where(columns.status == status)
    if before:
        query = query.where(sa.tuple_(columns.created_at, columns.id) < sa.tuple_(*before))
    return connection.execute(query.limit(limit)).all()


def subscriptions_page(
    connection: Connection, *, name: str | None, instance: str | None, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Who waits for what, in the order of their ids."""
    columns = t.subscriptions.c
    query = sa.select(t.subscriptions).order_by(columns.id)
    if name:
        query = query.where(columns.name == name)
    if instance:
        query = query.where(columns.instance_id == instance)
    if after:
        query = query.where(columns.id > after)
    return connection.execute(query.limit(limit)).all()

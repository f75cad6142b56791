"""What nobody could read yet, and what came in raw: for people (R027, R030, R163)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.connector import Incoming
from headrace.engine.errors import Conflict, HeadraceError, NotFound
from headrace.engine.flow import order_map
from headrace.engine.service import audit, intake
from headrace.engine.service import sources as source_service
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, records
from headrace.engine.store import intake as rows

AT_ONCE = 200
"""Exceptions of one status code taken again by one wish."""

BODY_SHOWN = 100_000


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    source: str | None = None,
    status: str | None = "open",
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Newest first; those that wait for a person, unless told otherwise."""
    actor.require("records:read")
    with workspace.read() as connection:
        found = rows.exceptions(
            connection, source=source, status=None if status == "all" else status, kind=kind, before=_number(cursor),
            limit=limit + 1,
        )  # fmt: skip
    return page([_json(row) for row in found], limit, lambda item: str(item["id"]))


def _number(cursor: str | None) -> int | None:
    return (
        int(cursor)
        if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19
        else None
    )


def _json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "source": row.source, "kind": row.kind, "what": row.what, "record_key": row.record_key, "code": row.code,
        "problems": row.problems, "way": row.way, "times": row.times, "status": row.status, "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at), "closed_by": row.closed_by, "note": row.note,
    }  # fmt: skip


def detail(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """One, with what came and what the map of now makes of it."""
    actor.require("records:read")
    with workspace.read() as connection:
        row = _row(connection, id_)
    payload = jsontext.loads(row.payload)
    try:
        now = intake.preview(workspace, actor, row.source, payload, row.what)
    except NotFound:
        now = None
    return {**_json(row), "payload": payload, "preview": now}


def retry(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """Take it again with the map of now; it stays where it is if that does not help."""
    actor.require("records:write")
    with workspace.read() as connection:
        row = _row(connection, id_)
    if row.status != "open":
        raise Conflict(expected="an exception that is open", found=row.status)
    outcome = _again(workspace, actor, row)
    return {**detail(workspace, actor, id_), "outcome": outcome.as_json()}


def _again(workspace: Workspace, actor: Actor, row: Any) -> intake.Outcome:
    payload = jsontext.loads(row.payload)
    outcome = intake.take(workspace, row.source, row.way, [payload], kind=row.what)[0]
    if outcome.outcome in ("created", "updated", "same"):
        now_ms = workspace.clock.now_ms()

        def write(connection: Connection) -> None:
            rows.close_exception(connection, row.id, "done", actor.user_id, "", now_ms)
            audit.note(
                connection, workspace, actor, "exceptions.retry", str(row.id), key=row.record_key
            )

        workspace.writer.call(write)
    return outcome


def learn(
    workspace: Workspace, actor: Actor, id_: int, state: str, *, every: bool = True
) -> dict[str, Any]:
    """Say what an unknown status means: it goes into the source's map, and all that wait for it are taken again."""
    actor.require("tables:write")
    with workspace.read() as connection:
        row = _row(connection, id_)
        source = source_service.read(connection, row.source)
    if row.kind != "status_unknown":
        raise Conflict(expected="an unknown status", found=row.kind)
    known = {**source.statuses.get(row.what, {}), row.code: state}
    statuses = {**source.statuses, row.what: known}
    source_service.change(workspace, actor, row.source, {"statuses": statuses}, source.revision)
    with workspace.read() as connection:
        waiting = rows.exceptions(
            connection, source=row.source, status="open", kind="status_unknown", before=None, limit=AT_ONCE, code=row.code
        )  # fmt: skip
    done = failed = 0
    for one in waiting if every else [row]:
        outcome = _again(workspace, actor, one)
        taken = outcome.outcome in ("created", "updated", "same")
        done, failed = done + taken, failed + (not taken)
    return {"taken": done, "failed": failed, "more": len(waiting) >= AT_ONCE}


def accept(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """A state that would have gone back, or another source's word: a person says that it counts."""
    actor.require("records:write")
    now_ms = workspace.clock.now_ms()
    with workspace.read() as reading:
        row = _row(reading, id_)
        source = source_service.read(reading, row.source)
    if row.status != "open" or row.kind not in ("went_back", "conflict"):
        raise Conflict(expected="an open difference", found=f"{row.kind}, {row.status}")
    connector = source_service.connector_of(workspace, source)
    taken = order_map.take(jsontext.loads(row.payload), connector, source.map, row.what)
    key = source.order_table if row.what == "order" else source.refund_table

    def write(connection: Connection) -> None:
        table = data_tables.find(connection, key)
        if table is None:
            raise NotFound(kind="table", id=key)
        item = records.Item(row.record_key, {**taken.values, "source": source.key}, "upsert")
        who = records.Who(actor.user_id, f"exception:{id_}")
        records.write(connection, table, [item], who, now_ms)
        rows.close_exception(connection, id_, "done", actor.user_id, "accepted", now_ms)
        audit.note(connection, workspace, actor, "exceptions.accept", str(id_), key=row.record_key)

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def dismiss(workspace: Workspace, actor: Actor, id_: int, note: str) -> dict[str, Any]:
    """Leave it be, and say why."""
    actor.require("records:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = _row(connection, id_)
        if row.status != "open":
            raise Conflict(expected="an exception that is open", found=row.status)
        rows.close_exception(connection, id_, "dismissed", actor.user_id, note, now_ms)
        audit.note(connection, workspace, actor, "exceptions.dismiss", str(id_), reason=note)

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def _row(connection: Connection, id_: int) -> Any:
    row = rows.find_exception(connection, id_)
    if row is None:
        raise NotFound(kind="exception", id=str(id_))
    return row


# --- what came in raw ------------------------------------------------------------------------------


def inflows(
    workspace: Workspace,
    actor: Actor,
    *,
    source: str | None = None,
    verdict: str | None = None,
    way: str | None = None,
    digest: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Requests as they came, newest first."""
    actor.require("records:read")
    with workspace.read() as connection:
        found = rows.page(
            connection, source=source, verdict=verdict, way=way, digest=digest, before=_number(cursor), limit=limit + 1
        )  # fmt: skip
    return page([_inflow(row) for row in found], limit, lambda item: str(item["id"]))


def _inflow(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "source": row.source, "way": row.way, "at": to_iso(row.created_at), "digest": row.digest, "size": row.size,
        "verdict": row.verdict, "status": row.status, "detail": row.detail, "keys": row.keys, "took_ms": row.took_ms,
        "lag_ms": row.lag_ms,
    }  # fmt: skip


def inflow(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """One request with all that is kept of it. Buyers' data is in it: for those who may change records."""
    actor.require("records:write")
    with workspace.read() as connection:
        row = rows.find(connection, id_)
        if row is None:
            raise NotFound(kind="request", id=str(id_))
        first = rows.seen(connection, row.source, row.digest)
    return {
        **_inflow(row),
        "headers": row.headers,
        "query": row.query,
        "body": row.body[:BODY_SHOWN].decode("utf-8", "replace"),
        "cut": row.size > min(len(row.body), BODY_SHOWN),
        "reply": row.reply,
        "first": first if first != id_ else None,
    }


def replay(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """Run it once more in test mode: what would be mapped, and what would become of each order. Nothing is kept or told."""
    actor.require("records:write")
    with workspace.read() as connection:
        row = rows.find(connection, id_)
        if row is None:
            raise NotFound(kind="request", id=str(id_))
        source = source_service.read(connection, row.source)
    if row.size > len(row.body):
        raise Conflict(
            expected="a request that was kept whole", found=f"{len(row.body)} of {row.size} bytes"
        )
    found: list[dict[str, Any]] = []
    what: Literal["order", "refund"]
    for what, payload in _inside(workspace, source, row):
        taken = intake.map_all(workspace, source, [order_map.safe(payload)], what)[0]
        found.append(_would(workspace, source, what, taken))
    return {
        "test": True,
        "source": row.source,
        "items": found,
        "at": iso_or_none(workspace.clock.now_ms()),
    }


def _inside(
    workspace: Workspace, source: source_service.Source, row: Any
) -> list[tuple[Literal["order", "refund"], Mapping[str, Any]]]:
    """The orders and refunds in what came. What was sealed cannot be opened again: its seal is not kept."""
    connector = source_service.connector_of(workspace, source)
    try:
        said = jsontext.loads(row.body)
    except ValueError:
        return []
    if row.way == "push" and connector is not None and connector.pushed is not None:
        incoming = Incoming(row.headers, row.query, row.body, row.created_at)
        try:
            told = connector.pushed(said, incoming)
        except (HeadraceError, ValueError):
            told = ()
        return [(one.what, one.payload) for one in told if one.payload is not None]
    if isinstance(said, list):
        return [("order", one) for one in said if isinstance(one, Mapping)]
    return [("order", one) for one in _payloads(connector, said)]


def _payloads(connector: Any, said: Any) -> list[Mapping[str, Any]]:
    """All orders of a page: the neighbours of the first that the connector reads."""
    first = intake.first_payload(connector, said, "order")
    if first is None:
        return []
    level: list[Any] = [said]
    for _ in range(6):
        for one in level:
            if isinstance(one, list) and first in one:
                return [row for row in one if isinstance(row, Mapping)]
        level = [
            inner
            for one in level
            for inner in (
                one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()
            )
        ]
    return [first]


def _would(
    workspace: Workspace,
    source: source_service.Source,
    what: Literal["order", "refund"],
    taken: order_map.Taken,
) -> dict[str, Any]:
    told = {
        "key": taken.key,
        "what": what,
        "values": taken.values,
        "state": taken.state,
        "code": taken.code,
    }
    if taken.problems:
        return {**told, "outcome": "exception", "problems": [p.as_json() for p in taken.problems]}
    key = source.order_table if what == "order" else source.refund_table
    with workspace.read() as connection:
        table = data_tables.find(connection, key)
        row = records.by_keys(connection, table.no, [taken.key]).get(taken.key) if table else None
        if table is None or row is None:
            return {**told, "outcome": "created", "problems": []}
        normal, problems = table.form.accepted(taken.values, {})
    same = all(row.value.get(name) == value for name, value in normal.items())
    wrong = [p.as_json() for p in problems if p.code != "required"]
    outcome = "exception" if wrong else "same" if same else "updated"
    return {**told, "outcome": outcome, "problems": wrong}

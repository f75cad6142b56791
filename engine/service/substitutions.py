"""A is away from … to …, and B acts for A: in all flows, or in some. Everybody sets their own, administrators everybody's.

New tasks go to B at once; open ones follow when the time begins (`handovers.py`). No circles, no two at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, Forbidden, NotFound
from headrace.engine.people.assign import SUBSTITUTES_MAX
from headrace.engine.people.directory import Directory, Substitution
from headrace.engine.service import audit, handovers
from headrace.engine.service.actor import Actor
from headrace.engine.service.directories import substitution_of
from headrace.engine.service.organisation import check_users, names_of, ref, wrong
from headrace.engine.service.paging import key_from, key_text, page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, stages
from headrace.engine.store import organisation as rows

LONGEST_MS = 400 * 86_400_000
"""A little more than a year: whoever is away for longer has left."""

OPEN_MAX = 100
"""Substitutions of one person that are not over."""


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    person: str | None = None,
    state: str | None = None,
    from_ms: int | None = None,
    until_ms: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Those that end last first; without the right to see users only one's own, away or acting."""
    now_ms = workspace.clock.now_ms()
    if not actor.may("users:read"):
        person = actor.user_id
    with workspace.read() as connection:
        directory = workspace.directory(connection)
        found = rows.substitutions(
            connection,
            person=person,
            state=state,
            now_ms=now_ms,
            from_ms=from_ms,
            until_ms=until_ms,
            after=key_from(cursor, int, str),
            limit=limit + 1,
        )
        over = {row.by_id for row in found if row.until_at <= now_ms and row.by_id}
        held = stages.held_for(connection, sorted(over)) if over else {}
    items = [_shown(row, directory, now_ms, actor, held) for row in found]
    last = {row.id: row.until_at for row in found}
    return page(items, limit, lambda one: key_text(last[one["id"]], one["id"]))


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """One of them."""
    with workspace.read() as connection:
        row = _found(connection, id_)
        directory = workspace.directory(connection)
        held = stages.held_for(connection, [row.by_id]) if row.by_id else {}
    return _shown(row, directory, workspace.clock.now_ms(), actor, held)


def create(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`: person_id (oneself without), substitute_id (None: nobody acts), from_ms, until_ms, flows, note."""
    person = values.get("person_id") or actor.user_id
    _may(actor, person)
    id_ = workspace.id("sub")
    now_ms = workspace.clock.now_ms()
    flows = values.get("flows")
    row = {
        "id": id_,
        "user_id": person,
        "by_id": values.get("substitute_id"),
        "from_at": values["from_ms"],
        "until_at": values["until_ms"],
        "flows": None if flows is None else sorted(set(flows)),
        "note": values.get("note", ""),
        "created_at": now_ms,
        "created_by": actor.user_id,
    }

    def write(connection: Connection) -> None:
        rows.changed(connection)
        _check(connection, row, now_ms)
        rows.insert_substitution(connection, row)
        _note(workspace, connection, actor, "substitutions.create", row)
        begin(workspace, connection, actor)

    workspace.writer.call(write)
    workspace.forget_directory()
    return detail(workspace, actor, id_)


def change(
    workspace: Workspace, actor: Actor, id_: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Another time, substitute or scope; what is over stays as it was."""
    now_ms = workspace.clock.now_ms()
    names = {"substitute_id": "by_id", "from_ms": "from_at", "until_ms": "until_at"}
    columns = {names.get(k, k): v for k, v in values.items() if k != "person_id"}
    if columns.get("flows") is not None:
        columns["flows"] = sorted(set(columns["flows"]))

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = _found(connection, id_)
        _may(actor, row.user_id)
        _not_over(row, now_ms)
        if row.from_at <= now_ms and columns.get("from_at", row.from_at) != row.from_at:
            raise Conflict(expected="a begin that stays", found="a substitution that has begun")
        changed = {**row._asdict(), **columns}
        _check(connection, changed, now_ms)
        again = changed["by_id"] != row.by_id or changed["flows"] != row.flows
        rows.update_substitution(
            connection, id_, {**columns, "begun_at": None} if again else columns
        )
        _note(workspace, connection, actor, "substitutions.change", changed)
        begin(workspace, connection, actor)

    workspace.writer.call(write)
    workspace.forget_directory()
    return detail(workspace, actor, id_)


def delete(workspace: Workspace, actor: Actor, id_: str) -> None:
    """Take one away that has not begun; one that holds ends now and stays to be seen."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = _found(connection, id_)
        _may(actor, row.user_id)
        _not_over(row, now_ms)
        if row.from_at < now_ms:
            rows.update_substitution(connection, id_, {"until_at": now_ms})
        else:
            rows.delete_substitution(connection, id_)
        _note(workspace, connection, actor, "substitutions.end", row._asdict())

    workspace.writer.call(write)
    workspace.forget_directory()


def give_back(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Who is back takes what the substitute has not decided; answers `{count, batch_id}`, None where there is nothing."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> dict[str, Any]:
        row = _found(connection, id_)
        _may(actor, row.user_id)
        if row.until_at > now_ms or row.by_id is None:
            raise Conflict(
                expected="a substitution that is over", found="one that holds, or without anybody"
            )
        count = stages.held_for(connection, [row.by_id]).get((row.by_id, row.user_id), 0)
        if not count:
            return {"count": 0, "batch_id": None}
        batch = handovers.give_back(workspace, connection, actor, row.by_id, row.user_id)
        _note(workspace, connection, actor, "substitutions.give_back", row._asdict())
        return {"count": count, "batch_id": batch}

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


BEGIN_MAX = 50


def begin(workspace: Workspace, connection: Connection, actor: Actor) -> int:
    """Let the open tasks of those follow whose substitution has begun; answers how many people."""
    now_ms = workspace.clock.now_ms()
    found = rows.begun(connection, now_ms, BEGIN_MAX)
    for row in found:
        rows.mark_begun(connection, row.id, now_ms)
        if row.until_at > now_ms:  # without a substitute the backup, or the superior
            handovers.queue(workspace, connection, actor, row.user_id, "away", row.flows)
    return len(found)


# --- what may not be -------------------------------------------------------------------------------


def _may(actor: Actor, person: str) -> None:
    actor.require("tasks:decide")
    if person != actor.user_id and not actor.may("users:write"):
        raise Forbidden(permission="users:write")


def _check(connection: Connection, row: Mapping[str, Any], now_ms: int) -> None:
    from_ms, until_ms = row["from_at"], row["until_at"]
    if not from_ms < until_ms or until_ms <= now_ms:
        expected = "an end after the begin, and in the future"
        raise wrong("/until", "substitution_window", {}, expected, to_iso(until_ms))
    if until_ms - from_ms > LONGEST_MS:
        expected = "at most 400 days"
        raise wrong("/until", "substitution_too_long", {"limit": 400}, expected, "a longer time")
    people = [row["user_id"], *([row["by_id"]] if row["by_id"] else [])]
    check_users(connection, "/substitute_id", people)
    if row["by_id"] == row["user_id"]:
        name = names_of(connection, people)[0]
        expected = "somebody else as the substitute"
        params = {"names": [name, name]}
        raise wrong("/substitute_id", "substitution_cycle", params, expected, name)
    if row["by_id"] and not rows.people(connection, ids=[row["by_id"]], active=True, limit=1):
        name = names_of(connection, [row["by_id"]])[0]
        expected = "a substitute who is active"
        raise wrong("/substitute_id", "substitute_inactive", {"name": name}, expected, name)
    unknown = sorted(set(row["flows"] or ()) - drafts.keys(connection))
    if unknown:
        params = {"flow": unknown[0]}
        raise wrong("/flows", "flow_unknown", params, "flows that exist", ", ".join(unknown[:5]))
    others = [
        substitution_of(found)
        for found in rows.not_over(connection, from_ms)
        if found.id != row["id"]
    ]
    own = [one for one in others if one.user == row["user_id"]]
    if len(own) >= OPEN_MAX:
        raise Conflict(expected=f"at most {OPEN_MAX} substitutions to come", found="as many")
    _check_overlap(row, own)
    _check_circle(connection, row, others)


def _check_overlap(row: Mapping[str, Any], own: Sequence[Substitution]) -> None:
    flows = row["flows"]
    for other in own:
        both = (flows is None) == (other.flows is None)
        same = flows is None or bool(other.flows and other.flows.intersection(flows))
        if both and same and other.from_ms < row["until_at"] and row["from_at"] < other.until_ms:
            found = f"one from {to_iso(other.from_ms)} to {to_iso(other.until_ms)}"
            params = {"from": to_iso(other.from_ms), "until": to_iso(other.until_ms)}
            raise wrong(
                "/from", "substitution_overlap", params, "no other substitution then", found
            )


_Way = tuple[list[str], int, int, frozenset[str] | None]


def _check_circle(
    connection: Connection, row: Mapping[str, Any], others: Sequence[Substitution]
) -> None:
    """Is there a moment and a flow in which following the substitutes leads back?"""
    by_user: dict[str, list[Substitution]] = {}
    for one in others:
        by_user.setdefault(one.user, []).append(one)
    scope = None if row["flows"] is None else frozenset(row["flows"])
    first: _Way = ([row["user_id"], row["by_id"]], row["from_at"], row["until_at"], scope)
    waiting = [first] if row["by_id"] else []
    while waiting:
        path, from_ms, until_ms, flows = waiting.pop()
        for next_ in by_user.get(path[-1], ()):
            begins, ends = max(from_ms, next_.from_ms), min(until_ms, next_.until_ms)
            shared = _both(flows, next_.flows)
            if next_.by is None or begins >= ends or (shared is not None and not shared):
                continue
            way = [*path, next_.by]
            if next_.by == row["user_id"] or len(way) > SUBSTITUTES_MAX + 1:
                names = names_of(connection, way)
                code = "substitution_cycle" if next_.by == row["user_id"] else "substitution_chain"
                text = f"substitutes that do not go in a circle, nor over more than {SUBSTITUTES_MAX} people"
                params = {"names": names, "limit": SUBSTITUTES_MAX}
                raise wrong("/substitute_id", code, params, text, " → ".join(names))
            waiting.append((way, begins, ends, shared))


def _both(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


# --- helpers ---------------------------------------------------------------------------------------


def _found(connection: Connection, id_: str) -> Row[Any]:
    row = rows.find_substitution(connection, id_)
    if row is None:
        raise NotFound(kind="substitution", id=id_)
    return row


def _not_over(row: Row[Any], now_ms: int) -> None:
    if row.until_at <= now_ms:
        raise Conflict(expected="a substitution that is not over", found="one that is")


def _note(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    action: str,
    row: Mapping[str, Any],
) -> None:
    people = [row["user_id"], row["by_id"]] if row["by_id"] else [row["user_id"]]
    names = names_of(connection, people)
    audit.note(
        connection, workspace, actor, action, row["id"],
        person=names[0], substitute=names[1] if row["by_id"] else None, flows=row["flows"],
        note=row["note"], **{"from": to_iso(row["from_at"]), "until": to_iso(row["until_at"])},
    )  # fmt: skip


def _shown(
    row: Row[Any],
    directory: Directory,
    now_ms: int,
    actor: Actor,
    held: Mapping[tuple[str, str], int],
) -> dict[str, Any]:
    state = "coming" if row.from_at > now_ms else "now" if row.until_at > now_ms else "past"
    own = row.user_id == actor.user_id or actor.may("users:write")
    return {
        "id": row.id,
        "person": ref(directory, row.user_id),
        "substitute": ref(directory, row.by_id) if row.by_id else None,
        "from": to_iso(row.from_at),
        "until": to_iso(row.until_at),
        "flows": row.flows,
        "note": row.note,
        "state": state,
        "may_change": own and state != "past",
        "still_held": held.get((row.by_id, row.user_id), 0) if own and state == "past" else 0,
        "created_by": ref(directory, row.created_by),
    }

"""Flows: drafts that may be half done, versions that never change, files in and out.

The etag of a draft is the hash of its canonical text: two people who draw the same have the same draft, and a draft that equals
the published version says so by its etag alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, DraftStale, NotFound, Problem, ValidationFailed
from headrace.engine.flow.calls import Call, calls_of, input_problems, not_there
from headrace.engine.flow.diff import diff
from headrace.engine.flow.forms import Form
from headrace.engine.flow.model import canonical, sha256
from headrace.engine.flow.upgrade import upgrade
from headrace.engine.flow.validate import EDGES_MAX, NODES_MAX, NOTES_MAX, validate
from headrace.engine.service import (
    audit,
    canary,
    cases,
    connections,
    decision_tables,
    own_connectors,
    schedules,
    staffing,
    testrun,
)
from headrace.engine.service.actor import Actor
from headrace.engine.service.calendars import calendars_of
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts

Document = Mapping[str, Any]

_KEY = re.compile(r"[a-z][a-z0-9-]{1,63}")
_SLUG_MAX = 40


# --- looking ---------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    state: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Flows by key; `state`: published, draft (never published) or changed (draft differs from the published version)."""
    actor.require("flows:read")
    with workspace.read() as connection:
        rows = drafts.listing(connection, search=search, state=state, after=cursor, limit=limit + 1)
        names = _names(workspace, connection)
    items = [_summary(workspace, row, names) for row in rows]
    return page(items, limit, lambda flow: str(flow["key"]))


def _summary(workspace: Workspace, row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    types = {node.get("type") for node in jsontext.loads(row.draft)["nodes"]}
    return {
        "key": row.key,
        "name": row.name,
        "description": row.description,
        "published_version": row.published_version,
        "draft_updated_at": to_iso(row.draft_updated_at),
        "draft_updated_by": names.get(row.draft_updated_by, row.draft_updated_by),
        "has_draft_changes": row.sha256 != row.draft_etag,
        "open_instances": row.open_instances,
        "incidents": row.incidents,
        "starts": [
            name for name, type_ in workspace.types.items() if type_.starts and name in types
        ],
    }


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """A flow with its draft."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        versions = drafts.last_version(connection, key)
        names = _names(workspace, connection)
    return {
        "key": row.key,
        "name": row.name,
        "published_version": row.published_version,
        "versions": versions,
        "draft": _draft(row, names),
    }


def versions(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Published versions, newest first."""
    actor.require("flows:read")
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        _found(connection, key)
        rows = drafts.versions(connection, key, before=before, limit=limit + 1)
        names = _names(workspace, connection)
    items = [
        {**_version(row, names), "instances": row.instances, "open_instances": row.open_instances}
        for row in rows
    ]
    return page(items, limit, lambda version: str(version["version"]))


def version(workspace: Workspace, actor: Actor, key: str, number: int) -> dict[str, Any]:
    """One published version with its document."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found_version(connection, key, number)
        names = _names(workspace, connection)
    return {**_version(row, names), "document": jsontext.loads(row.document)}


def difference(
    workspace: Workspace, actor: Actor, key: str, before: int | None, after: int | None
) -> dict[str, Any]:
    """What two versions differ in; None: the draft."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        texts = [
            row.draft if number is None else _found_version(connection, key, number).document
            for number in (before, after)
        ]
    old, new = (jsontext.loads(text) for text in texts)
    return {"from": before, "to": after, "changes": [one.as_json() for one in diff(old, new)]}


def export(workspace: Workspace, actor: Actor, key: str, number: int | None = None) -> bytes:
    """The canonical text of the draft, or of a version, with the flow's test cases: equal flows are equal files."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        text = row.draft if number is None else _found_version(connection, key, number).document
        told = cases.exported(connection, key)
    document = jsontext.loads(text)
    return canonical({**document, "cases": told} if told else document)


# --- drawing ---------------------------------------------------------------------------------------


def create(
    workspace: Workspace,
    actor: Actor,
    *,
    key: str | None = None,
    name: Mapping[str, str] | None = None,
    document: Document | None = None,
    action: str = "flows.create",
    told_cases: Sequence[Mapping[str, Any]] = (),
    origin: str = "file",
) -> dict[str, Any]:
    """A new flow: empty (a start and an end), or with a document. Without a key one is made from the name."""
    actor.require("flows:write")
    wanted = key or (document or {}).get("key")
    title = name or (document or {}).get("name") or {"en": wanted or "Flow"}
    if wanted is not None and not (isinstance(wanted, str) and _KEY.fullmatch(wanted)):
        raise _wrong(
            "/key", "flow_key_wrong", "a key of a-z, 0-9 and -, beginning with a letter", wanted
        )
    now = workspace.clock.now_ms()

    def write(connection: Connection) -> tuple[str, Document]:
        taken = drafts.keys(connection)
        final = wanted or _new_key(title, taken)
        if final in taken:
            raise Conflict(
                expected="a new flow key", found=f"{final}, which is taken", current={"key": final}
            )
        drawn = {**(document or _empty()), "key": final, "name": dict(title)}
        row = {
            "key": final,
            "created_at": now,
            "created_by": actor.user_id,
            **_columns(drawn, actor, now),
        }
        drafts.insert(connection, row)
        cases.keep(connection, workspace, actor, final, told_cases, origin)
        audit.note(connection, workspace, actor, action, final)
        return final, drawn

    final, drawn = workspace.writer.call(write)
    return {"key": final, "problems": problems_json(workspace, drawn)}


def import_file(
    workspace: Workspace, actor: Actor, value: Any, *, key: str | None = None
) -> dict[str, Any]:
    """A new flow from a file's JSON, of this format or an older one; under its own key or another."""
    actor.require("flows:write")
    told = (
        cases.from_file(value["cases"]) if isinstance(value, Mapping) and "cases" in value else []
    )
    document = upgrade(value)
    document.pop("cases", None)
    refused = shape_problems(document)
    if refused:
        raise ValidationFailed(what="flow file", count=len(refused), problems=refused)
    return create(
        workspace, actor, key=key, document=document, action="flows.import", told_cases=told
    )


def put(
    connection: Connection,
    workspace: Workspace,
    actor: Actor,
    key: str,
    document: Document,
    etag: str | None,
) -> dict[str, Any]:
    """One flow of an import, within its transaction: a new one, or (`etag`) in place of the draft that says so."""
    now = workspace.clock.now_ms()
    drawn = {**document, "key": key}
    columns = _columns(drawn, actor, now)
    row = drafts.find(connection, key)
    if row is not None and etag is None:
        raise Conflict(
            expected="a new flow key", found=f"{key}, which is taken", current={"key": key}
        )
    if row is None:
        if etag is not None:
            raise NotFound(kind="flow", id=key)
        drafts.insert(
            connection, {"key": key, "created_at": now, "created_by": actor.user_id, **columns}
        )
    else:
        _check_etag(workspace, connection, row, str(etag))
        if columns["draft_etag"] != row.draft_etag:
            drafts.update(connection, key, columns)
    return {"key": key, "created": row is None, "etag": columns["draft_etag"]}


def save(
    workspace: Workspace, actor: Actor, key: str, document: Document, etag: str
) -> dict[str, Any]:
    """Keep a draft, right or not; the problems come back with the new etag. Raises `DraftStale` over somebody else's."""
    actor.require("flows:write")
    if document["key"] != key:
        raise _wrong(
            "/key", "flow_key_changed", f"the key {key}, which never changes", document["key"]
        )
    now = workspace.clock.now_ms()

    def write(connection: Connection) -> str:
        row = _found(connection, key)
        _check_etag(workspace, connection, row, etag)
        columns = _columns(document, actor, now)
        if columns["draft_etag"] != row.draft_etag:
            drafts.update(connection, key, columns)
        return str(columns["draft_etag"])

    new_etag = workspace.writer.call(write)
    return {"etag": new_etag, "problems": problems_json(workspace, document)}


def delete(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take a flow away that never ran; what has run stays, for whoever looks back."""
    actor.require("flows:write")

    def write(connection: Connection) -> None:
        _found(connection, key)
        if drafts.was_started(connection, key):
            raise Conflict(expected="a flow that was never started", found=f"instances of {key}")
        drafts.delete(connection, key)
        workspace.forget_published(key)
        audit.note(connection, workspace, actor, "flows.delete", key)

    workspace.writer.call(write)
    workspace.forget_published(key)


# --- checking and trying ---------------------------------------------------------------------------


def check(
    workspace: Workspace, actor: Actor, key: str, document: Document | None = None
) -> dict[str, Any]:
    """Every problem of the draft, or of a document that is not kept."""
    actor.require("flows:read")
    return {"problems": problems_json(workspace, _drawn(workspace, key, document))}


def test(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    input_: Mapping[str, Any],
    document: Document | None = None,
    now_ms: int | None = None,
    **told: Any,
) -> dict[str, Any]:
    """Run the draft, or a document, in memory: no row, no call outside. A wrong document answers with its problems."""
    actor.require("flows:read")
    drawn = _drawn(workspace, key, document)
    if refused := _cannot_run(workspace, drawn):
        return testrun.refusal(refused)
    with workspace.read() as connection:
        directory = workspace.directory(connection)
        calendar = calendars_of(workspace, connection).of(key)
    return testrun.run_test(
        drawn,
        workspace.types,
        input_,
        now_ms=workspace.clock.now_ms() if now_ms is None else now_ms,
        directory=directory,
        calendar=calendar,
        decide=decision_tables.asking(workspace),
        **told,
    )


def run_cases(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    document: Document | None = None,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Run the test cases over the draft, or a document; all of them are red where it cannot run at all."""
    actor.require("flows:read")
    drawn = {**_drawn(workspace, key, document), "key": key}
    wrong = _cannot_run(workspace, drawn)
    with workspace.read() as connection:
        told = (
            cases.refused(workspace, connection, key)
            if wrong
            else cases.run(workspace, connection, drawn, only)
        )
    return {**told, "problems": [problem.as_json() for problem in wrong]}


def _cannot_run(workspace: Workspace, drawn: Document) -> list[Problem]:
    """What keeps a drawing from being tried. A connection or a person who is not there yet does not: a test run calls nobody."""
    found = [p for p in problems(workspace, drawn) if p.severity == "error"]
    return [p for p in found if p.code not in {"connection_unknown", *staffing.HERE}]


def problems(workspace: Workspace, document: Any) -> list[Problem]:
    """Every problem of a document, with what this workspace knows: flows to call, connections."""
    with workspace.read() as connection:
        flows = drafts.keys(connection)
        known = accounts.kinds(connection)
        called = _call_problems(connection, document, calls_of(document, workspace.types), flows)
        called += staffing.problems(workspace, connection, document)
        called += decision_tables.problems(connection, document, workspace.clock.now_ms())
        called += own_connectors.problems(connection, document)
    found = validate(document, workspace.types, known_flows=flows)
    found += connections.problems(document, workspace.types, known)
    found += _repeats_freely(workspace, document)
    return sorted([*found, *called], key=lambda problem: problem.severity == "warning")


_ASKING = frozenset({"GET", "HEAD", "OPTIONS"})


def _repeats_freely(workspace: Workspace, document: Any) -> list[Problem]:
    """Steps that change something outside and yet may be repeated at will: money would leave twice. A warning."""
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    found: list[Problem] = []
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        settings = node.get("settings") if isinstance(node, Mapping) else None
        if not isinstance(settings, Mapping) or settings.get("effect") != "pure":
            continue
        kind = workspace.types.get(str(node.get("type")))
        method = settings.get("method")
        if kind is None or not kind.in_worker or method in _ASKING or not isinstance(method, str):
            continue
        message = f"Expected a {method} to be sent with a key, but it is repeated freely."
        path = f"/nodes/{index}/settings/effect"
        id_ = node.get("id")
        where = id_ if isinstance(id_, str) else None
        params = {"method": method[:20]}
        found.append(
            Problem(path, "repeats_freely", params, message, node=where, severity="warning")
        )
    return found


def _call_problems(
    connection: Connection, document: Any, calls: list[Call], flows: set[str]
) -> list[Problem]:
    """What is wrong with the sub-flows a document starts. It may start itself: then it is its own draft that counts."""
    own = str(document.get("key")) if isinstance(document, Mapping) else ""
    read: dict[tuple[str, int | None], Any] = {(own, None): document}
    found: list[Problem] = []
    for call in calls:
        if call.flow not in flows and call.flow != own:
            continue  # `validate` says so
        if (call.flow, call.version) not in read:
            text = drafts.document_of(connection, call.flow, call.version)
            read[call.flow, call.version] = None if text is None else jsontext.loads(text)
        called = read[call.flow, call.version]
        found += [not_there(call)] if called is None else input_problems(call, called)
    return found


def problems_json(workspace: Workspace, document: Any) -> list[dict[str, Any]]:
    """The same for an answer."""
    return [problem.as_json() for problem in problems(workspace, document)]


# --- publishing ------------------------------------------------------------------------------------


def publish(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    note: str = "",
    etag: str | None = None,
    activate: bool = True,
    despite: str = "",
) -> dict[str, Any]:
    """Make the draft a version that never changes, and (`activate`) the one that new instances get; else a canary may use it.

    A draft with errors is refused with all of them; one that equals the version in force, or the newest, makes no other.
    A red test case refuses it too, unless an administrator says why it may be (`despite`); the audit keeps that.
    """
    actor.require("flows:publish")
    if despite:
        actor.require("flows:override")
    with workspace.read() as connection:
        row = _found(connection, key)
        _check_etag(workspace, connection, row, etag or row.draft_etag)
    document = jsontext.loads(row.draft)
    found = problems(workspace, document)
    if any(problem.severity == "error" for problem in found):
        raise ValidationFailed(what=f"flow {key}", count=len(found), problems=found)
    with workspace.read() as connection:
        tried = cases.run(workspace, connection, document)
    if not despite:
        cases.must_pass(tried)
    red = [one["id"] for one in tried["results"] if not one["met"]]
    overruled = {"despite": despite, "red": red} if red else {}
    now = workspace.clock.now_ms()

    def write(connection: Connection) -> dict[str, Any]:
        current = drafts.find(connection, key, lock=True) or _found(connection, key)
        _check_etag(workspace, connection, current, row.draft_etag)
        published, last = current.published_version, drafts.last_version(connection, key)
        same = [
            number
            for number in dict.fromkeys((published, last))
            if number and _says(_found_version(connection, key, number), row.draft_etag)
        ]
        if same and (same[0] == published or not activate):
            return {"version": same[0], "unchanged": True}
        if activate:
            canary.refuse_while_running(connection, key)
        number = last if same else last + 1
        if not same:
            drafts.insert_version(
                connection,
                {
                    "flow_key": key,
                    "version": number,
                    "document": row.draft,
                    "sha256": row.draft_etag,
                    "note": note,
                    "published_at": now,
                    "published_by": actor.user_id,
                },
            )
        # The first version comes in force whatever is asked: there is nothing to compare it with.
        if activate or published is None:
            drafts.update(connection, key, {"published_version": number})
            schedules.follow(connection, document, now)
            workspace.changed.add("timers")
        audit.note(
            connection,
            workspace,
            actor,
            "flows.publish",
            key,
            version=number,
            note=note,
            in_force=activate,
            cases=len(tried["results"]),
            **overruled,
        )
        return {"version": number, "unchanged": False}

    answer: dict[str, Any] = workspace.writer.call(write)
    workspace.forget_published(key)
    return answer


# --- documents -------------------------------------------------------------------------------------


def shape_problems(document: Any) -> list[Problem]:
    """What would keep even the designer from showing a document; a draft may have every other fault."""
    return _SHAPE_FORM.problems(document)


_RECORD = {"type": "object"}
_ID = {"type": "string", "maxLength": 64}
SHAPE: Mapping[str, Any] = {
    "type": "object",
    "description": "A flow document, format 1 (engine/flow/flow.schema.json says all of it); a draft may be half done.",
    "required": ["key", "name", "nodes", "edges"],
    "properties": {
        "format": {"const": 1},
        "key": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,63}$"},
        "name": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 200},
            "minProperties": 1,
        },
        "description": {"type": ["object", "null"]},
        "input": _RECORD,
        "sample": _RECORD,
        "nodes": {
            "type": "array",
            "maxItems": NODES_MAX,
            "items": {
                "type": "object",
                "required": ["id", "type"],
                "properties": {
                    "id": _ID,
                    "type": _ID,
                    "name": _RECORD,
                    "settings": _RECORD,
                    "position": {
                        "type": "object",
                        "required": ["x", "y"],
                        "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                    },
                },
            },
        },
        "edges": {
            "type": "array",
            "maxItems": EDGES_MAX,
            "items": {
                "type": "object",
                "required": ["id", "from", "to"],
                "properties": {"id": _ID, "from": _ID, "to": _ID, "port": _ID},
            },
        },
        "notes": {"type": "array", "maxItems": NOTES_MAX, "items": _RECORD},
    },
}
_SHAPE_FORM = Form(SHAPE)


def _empty() -> dict[str, Any]:
    return {
        "format": 1,
        "input": {"type": "object", "properties": {}},
        "nodes": [
            {
                "id": "start",
                "type": "start",
                "name": {"zh": "开始", "en": "Start"},
                "position": {"x": 0, "y": 0},
                "settings": {},
            },
            {
                "id": "end",
                "type": "end",
                "name": {"zh": "结束", "en": "End"},
                "position": {"x": 320, "y": 0},
                "settings": {},
            },
        ],
        "edges": [{"id": "e1", "from": "start", "port": "out", "to": "end"}],
    }


def _columns(document: Document, actor: Actor, now: int) -> dict[str, Any]:
    return {
        "name": document["name"],
        "description": document.get("description"),
        "draft": jsontext.dumps(document),
        "draft_etag": sha256(document),
        "draft_updated_at": now,
        "draft_updated_by": actor.user_id,
    }


def _new_key(title: Mapping[str, str], taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.get("en", "").lower()).strip("-")[:_SLUG_MAX].strip("-")
    base = slug if _KEY.fullmatch(slug) else "flow"
    if base != "flow" and base not in taken:
        return base
    return next(
        key for key in iter(lambda: f"{base}-{secrets.token_hex(3)}", None) if key not in taken
    )


def _drawn(workspace: Workspace, key: str, document: Document | None) -> Document:
    with workspace.read() as connection:
        row = _found(connection, key)
    drawn: Document = jsontext.loads(row.draft) if document is None else document
    return drawn


def _found(connection: Connection, key: str) -> Row[Any]:
    row = drafts.find(connection, key)
    if row is None:
        raise NotFound(kind="flow", id=key)
    return row


def _found_version(connection: Connection, key: str, number: int) -> Row[Any]:
    row = drafts.find_version(connection, key, number)
    if row is None:
        raise NotFound(kind="flow version", id=f"{key} {number}")
    return row


def _says(version: Row[Any], etag: str) -> bool:
    """Is it this document, and not retired?"""
    return bool(version.sha256 == etag and version.status != "retired")


def _check_etag(workspace: Workspace, connection: Connection, row: Row[Any], etag: str) -> None:
    if etag in {row.draft_etag, "*"}:
        return
    names = _names(workspace, connection)
    draft = _draft(row, names)
    raise DraftStale(
        expected=etag[:80],
        etag=row.draft_etag,
        updated_by=draft["updated_by"],
        updated_at=draft["updated_at"],
        draft=draft["document"],
    )


def _draft(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "document": jsontext.loads(row.draft),
        "etag": row.draft_etag,
        "updated_at": to_iso(row.draft_updated_at),
        "updated_by": names.get(row.draft_updated_by, row.draft_updated_by),
    }


def _version(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": row.version,
        "published_at": to_iso(row.published_at),
        "published_by": names.get(row.published_by, row.published_by),
        "note": row.note,
        "sha256": row.sha256,
        "status": row.status,
    }


def _names(workspace: Workspace, connection: Connection) -> Mapping[str, str]:
    people = workspace.directory(connection).people
    return {id_: person.name for id_, person in people.items()}


def _wrong(path: str, code: str, expected: str, found: Any) -> ValidationFailed:
    message = f"Expected {expected}, but found {str(found)[:80]}."
    problem = Problem(path, code, {"found": str(found)[:80]}, message)
    return ValidationFailed(what="flow", count=1, problems=[problem])

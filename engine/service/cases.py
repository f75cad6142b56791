"""Test cases of a flow: sample data, decisions and answers with what must come of it. All of them run before a publish (R205).

A case is run in memory by `testrun`: no row, no call, time jumps. It belongs to the flow, not to a version, so that the same cases
judge every later drawing. They travel with the flow's file (`cases`), and a template's samples become cases of its flows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import from_iso, to_iso
from headrace.engine.errors import (
    CasesFailed,
    Conflict,
    HeadraceError,
    NotFound,
    Problem,
    ValidationFailed,
)
from headrace.engine.flow.compile import CompiledFlow, compile_flow
from headrace.engine.flow.forms import Form
from headrace.engine.service import audit, testrun
from headrace.engine.service.actor import Actor
from headrace.engine.service.calendars import calendars_of
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.expectation import unmet
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import cases, drafts

CASES_MAX = 200
"""Of one flow: all of them run while somebody waits for a publish, a few milliseconds each."""

CONTENT_MAX_BYTES = 200_000
"""Of one case: it is sample data, not a file."""

NOTES_SHOWN = 50
"""Titles of messages that the answer of a case has."""

NAMED_MAX = 5
"""Red cases named in the sentence that refuses a publish; the list has them all."""

_TEXTS = {"type": "array", "maxItems": 500, "items": {"type": "string", "maxLength": 2_000}}
_BY_NAME = {"type": "object", "maxProperties": 500}
EXPECT: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "status": {"type": "string", "maxLength": 20},
        "result": {"type": ["string", "null"], "maxLength": 100},
        "end": {"type": "string", "maxLength": 64},
        "visited": _TEXTS,
        "not_visited": _TEXTS,
        "variables": _BY_NAME,
        "output": _BY_NAME,
        "business_key": {"type": ["string", "null"], "maxLength": 200},
        "dedup_key": {"type": ["string", "null"], "maxLength": 300},
        "asked": {**_BY_NAME, "additionalProperties": _TEXTS},
        "notified": _BY_NAME,
        "not_notified": _TEXTS,
        "lasts_ms": {
            "type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2,
        },
        "problems": _TEXTS,
    },
}  # fmt: skip
"""What a case may expect; `expectation.py` says what each means."""

CONTENT: Mapping[str, Any] = {
    "type": "object",
    "required": ["input", "expect"],
    "additionalProperties": False,
    "properties": {
        "input": {"type": "object"},
        "start_node": {"type": ["string", "null"], "maxLength": 64},
        "at": {"type": "string", "format": "date-time"},
        "decisions": _BY_NAME,
        "mocks": _BY_NAME,
        "pins": _BY_NAME,
        "expect": EXPECT,
    },
}
_CONTENT = Form(CONTENT)
_PARTS = tuple(CONTENT["properties"])


# --- looking and changing --------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """The cases of a flow, oldest first."""
    actor.require("flows:read")
    with workspace.read() as connection:
        _flow(connection, key)
        rows = cases.of_flow(connection, key, after=cursor, limit=limit + 1)
        people = workspace.directory(connection).people
    names = {id_: person.name for id_, person in people.items()}
    return page([_shown(row, names) for row in rows], limit, lambda found: str(found["id"]))


def create(
    workspace: Workspace,
    actor: Actor,
    key: str,
    name: Mapping[str, str],
    content: Mapping[str, Any],
    *,
    origin: str = "hand",
) -> dict[str, Any]:
    """One more case."""
    actor.require("flows:write")
    content = checked(content)

    def write(connection: Connection) -> str:
        if drafts.find(connection, key, lock=True) is None:
            raise NotFound(kind="flow", id=key)
        _room(connection, key, 1)
        row = _row(workspace, actor, key, {"name": name, **content}, origin)
        cases.insert(connection, [row])
        audit.note(connection, workspace, actor, "flows.case", key, case=row["id"], did="create")
        return str(row["id"])

    id_ = workspace.writer.call(write)
    return detail(workspace, actor, key, id_)


def detail(workspace: Workspace, actor: Actor, key: str, id_: str) -> dict[str, Any]:
    """One case."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _case(connection, key, id_)
        people = workspace.directory(connection).people
    return _shown(row, {one: person.name for one, person in people.items()})


def change(
    workspace: Workspace,
    actor: Actor,
    key: str,
    id_: str,
    name: Mapping[str, str],
    content: Mapping[str, Any],
    revision: int,
) -> dict[str, Any]:
    """Another content for a case; `revision` is the one it replaces."""
    actor.require("flows:write")
    content = checked(content)

    def write(connection: Connection) -> None:
        row = _case(connection, key, id_)
        if row.revision != revision:
            raise Conflict(
                expected=f"revision {revision} of the case",
                found=f"revision {row.revision}, saved meanwhile",
                current={"revision": row.revision},
            )
        values = {
            "name": dict(name), "content": dict(content), "revision": revision + 1,
            "updated_at": workspace.clock.now_ms(), "updated_by": actor.user_id,
        }  # fmt: skip
        cases.update(connection, id_, values)
        audit.note(connection, workspace, actor, "flows.case", key, case=id_, did="change")

    workspace.writer.call(write)
    return detail(workspace, actor, key, id_)


def delete(workspace: Workspace, actor: Actor, key: str, id_: str) -> None:
    """Take a case away."""
    actor.require("flows:write")

    def write(connection: Connection) -> None:
        if not cases.delete(connection, key, id_):
            raise NotFound(kind="test case", id=id_)
        audit.note(connection, workspace, actor, "flows.case", key, case=id_, did="delete")

    workspace.writer.call(write)


def checked(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a case without what is empty. Raises `ValidationFailed` with every problem."""
    found = {name: content[name] for name in _PARTS if content.get(name) is not None}
    problems = list(_CONTENT.problems(found))
    size = len(jsontext.dumps(found).encode())
    if size > CONTENT_MAX_BYTES:
        message = f"Expected at most {CONTENT_MAX_BYTES} bytes, but found {size}."
        params = {"limit": CONTENT_MAX_BYTES, "found": size}
        problems.append(Problem("", "too_large", params, message))
    if problems:
        raise ValidationFailed(what="test case", count=len(problems), problems=problems)
    return found


# --- with files and templates ----------------------------------------------------------------------


def exported(connection: Connection, key: str) -> list[dict[str, Any]]:
    """The cases of a flow as its file has them: no id, nobody's name, no day."""
    rows = cases.of_flow(connection, key, limit=CASES_MAX)
    return [{"name": row.name, **row.content} for row in rows]


def keep(
    connection: Connection,
    workspace: Workspace,
    actor: Actor,
    key: str,
    told: Sequence[Mapping[str, Any]],
    origin: str,
) -> int:
    """Write cases that came with a file or a template (`{name, input, expect, …}`); answers how many."""
    rows = [
        _row(workspace, actor, key, one, origin, index)
        for index, one in enumerate(told[:CASES_MAX])
    ]
    _room(connection, key, len(rows))
    cases.insert(connection, rows)
    return len(rows)


def from_file(value: Any) -> list[dict[str, Any]]:
    """The cases of a flow's file, checked. Raises `ValidationFailed`."""
    if not isinstance(value, list) or len(value) > CASES_MAX:
        message = f"Expected a list of at most {CASES_MAX} test cases."
        problem = Problem("/cases", "type", {"expected": "list"}, message)
        raise ValidationFailed(what="flow file", count=1, problems=[problem])
    found: list[dict[str, Any]] = []
    for index, one in enumerate(value):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, Mapping) or not all(isinstance(v, str) for v in name.values()):
            problem = Problem(
                f"/cases/{index}/name", "required", {"name": "name"}, "Expected a name."
            )
            raise ValidationFailed(what="flow file", count=1, problems=[problem])
        found.append({"name": dict(name), **checked(one)})
    return found


def of_template(samples: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """The samples of a template that are about this flow, as cases."""
    return [
        {"name": sample["name"], **{part: sample[part] for part in _PARTS if part in sample}}
        for sample in samples
        if sample["flow"] == key
    ]


# --- running ---------------------------------------------------------------------------------------


def run(
    workspace: Workspace,
    connection: Connection,
    document: Mapping[str, Any],
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Run the cases of a valid document's flow (or those named), and say which of its edges none of them took."""
    key = str(document["key"])
    rows = cases.of_flow(connection, key, limit=CASES_MAX)
    if only:
        rows = [row for row in rows if row.id in set(only)]
    if not rows:
        return _told([], compile_flow(document, workspace.types))
    flow = compile_flow(document, workspace.types)
    # Whoever is in a role today: a case must not turn red because somebody has left, so roles are asked as `role:<key>`.
    directory = replace(workspace.directory(connection), roles={})
    calendar = calendars_of(workspace, connection).of(key)
    now_ms = workspace.clock.now_ms()
    decide = asking(workspace)
    results = []
    for row in rows:
        told = row.content
        try:
            answer = testrun.run_test(
                flow,
                workspace.types,
                told["input"],
                start_node=told.get("start_node"),
                decisions=told.get("decisions"),
                mocks=told.get("mocks"),
                pins=told.get("pins"),
                now_ms=from_iso(told["at"].upper()) if "at" in told else now_ms,
                directory=directory,
                calendar=calendar,
                decide=decide,
            )
        except HeadraceError as wrong:  # a start node that is gone
            answer = testrun.refusal([Problem("", wrong.code, wrong.params, wrong.message)])
        results.append(_result(row, answer))
    return _told(results, flow)


def refused(workspace: Workspace, connection: Connection, key: str) -> dict[str, Any]:
    """The answer for a drawing that cannot run at all: every case is red."""
    rows = cases.of_flow(connection, key, limit=CASES_MAX)
    answer = testrun.refusal([])
    results = [_result(row, answer) for row in rows]
    return {**_told(results, None), "refused": True}


def must_pass(told: Mapping[str, Any]) -> None:
    """Raise `CasesFailed` with every red case."""
    red = [one for one in told["results"] if not one["met"]]
    if not red:
        return
    problems = [
        Problem(
            f"/cases/{one['id']}",
            "case_failed",
            {"name": one["name"], "what": [each["what"] for each in one["unmet"]][:20]},
            f"Expected the test case {_plain(one['name'])} to pass, but it does not.",
        )
        for one in red
    ]
    named = ", ".join(_plain(one["name"]) for one in red[:NAMED_MAX])
    raise CasesFailed(count=len(red), total=len(told["results"]), named=named, problems=problems)


def _result(row: Row[Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    found = unmet(row.content["expect"], answer)
    if answer["status"] == "refused" and "problems" not in row.content["expect"]:
        found = found or [{"what": "status", "expected": None, "found": "refused"}]
    return {
        "id": row.id,
        "name": row.name,
        "met": not found,
        "unmet": found,
        "status": answer["status"],
        "result": answer.get("result"),
        "visited": answer.get("visited", []),
        "end": (answer.get("ends") or [None])[-1],
        "variables": answer.get("variables", {}),
        "asked": _asked(answer),
        "told": [note["title"] for note in answer.get("notifications", ())][:NOTES_SHOWN],
        "edges": sorted(set(answer["edges"])),
        "problems": answer.get("problems", []),
    }


def _asked(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    """Node → who was asked there; roles as `role:<key>`."""
    found: dict[str, set[str]] = {}
    for step in answer["steps"]:
        if step.get("actors"):
            found.setdefault(step["node"], set()).update(step["actors"])
    return {node: sorted(people) for node, people in found.items()}


def _told(results: Sequence[Mapping[str, Any]], flow: CompiledFlow | None) -> dict[str, Any]:
    taken = {edge for one in results for edge in one["edges"]}
    visited = {node for one in results for node in one["visited"]}
    edges = [] if flow is None else [edge for node in flow.nodes.values() for edge in node.entries]
    nodes = [] if flow is None else list(flow.nodes)
    return {
        "passed": sum(1 for one in results if one["met"]),
        "failed": sum(1 for one in results if not one["met"]),
        "results": list(results),
        "coverage": {
            "edges": len(edges),
            "taken": sum(1 for edge in edges if edge in taken),
            "never": [edge for edge in edges if edge not in taken],
            "never_visited": [node for node in nodes if node not in visited],
        },
    }


# --- rows ------------------------------------------------------------------------------------------


def _row(
    workspace: Workspace, actor: Actor, key: str, told: Mapping[str, Any], origin: str, nth: int = 0
) -> dict[str, Any]:
    now_ms = workspace.clock.now_ms()
    return {
        "id": workspace.new_id("tcs", now_ms + nth),  # those of one file stay in its order
        "flow_key": key,
        "name": dict(told["name"]),
        "content": checked({part: told[part] for part in _PARTS if part in told}),
        "origin": origin[:100],
        "revision": 1,
        "created_at": now_ms,
        "created_by": actor.user_id,
        "updated_at": now_ms,
        "updated_by": actor.user_id,
    }


def _shown(row: Row[Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "origin": row.origin,
        "revision": row.revision,
        "updated_at": to_iso(row.updated_at),
        "updated_by": names.get(row.updated_by, row.updated_by),
        "content": row.content,
    }


def _room(connection: Connection, key: str, more: int) -> None:
    if (found := cases.count(connection, key)) + more > CASES_MAX:
        raise Conflict(
            expected=f"at most {CASES_MAX} test cases of a flow", found=f"{found} already"
        )


def _case(connection: Connection, key: str, id_: str) -> Row[Any]:
    row = cases.find(connection, key, id_)
    if row is None:
        raise NotFound(kind="test case", id=id_)
    return row


def _flow(connection: Connection, key: str) -> Row[Any]:
    row = drafts.find(connection, key)
    if row is None:
        raise NotFound(kind="flow", id=key)
    return row


def _plain(name: Mapping[str, str]) -> str:
    return name.get("en") or next(iter(name.values()), "")

"""A test case out of what really happened: an instance's input, what people decided, what outside systems said, the way taken.

Personal data stays behind: whatever a form or a table of the flow masks is disguised for everybody, whoever records it. A disguise
keeps length and kind (`13812345678` → `13800005678`), so that patterns and rules still take it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.form_masks import masked
from headrace.engine.flow.form_veils import veil_of
from headrace.engine.run import events as e
from headrace.engine.service import testrun
from headrace.engine.service.actor import Actor
from headrace.engine.service.calendars import calendars_of
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.expectation import unmet
from headrace.engine.service.instances import row_for
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, history

CHUNKS_MAX = 2_000
"""Of one instance: what is longer is no test case that anybody would read."""

TABLES_MAX = 200


def record(workspace: Workspace, actor: Actor, key: str, instance_id: str) -> dict[str, Any]:
    """The case that an instance would be, not yet kept.

    `hidden`: how many values were disguised. `differences`: what a test run of it does otherwise than the instance did (somebody
    moved a token, an event came that a case cannot tell); empty: it is a true copy.
    """
    actor.require("flows:read")
    actor.require("instances:read")
    with workspace.read() as connection:
        row = row_for(connection, actor, instance_id)
        if row.flow_key != key:
            raise NotFound(kind=f"instance of flow {key}", id=instance_id)
        if row.rev > CHUNKS_MAX:
            raise Conflict(
                expected=f"an instance with at most {CHUNKS_MAX} advances", found=str(row.rev)
            )
        flow = workspace.flow(connection, key, row.version)
        seen = _seen(connection, row, flow)
        hide = _hiding(connection, flow)
        directory = replace(workspace.directory(connection), roles={})  # as cases are run
        calendar = calendars_of(workspace, connection).of(key)
    plain = seen.content(row)
    content, hidden = hide(plain)
    answer = testrun.run_test(
        flow, workspace.types, content["input"], start_node=content.get("start_node"),
        decisions=content["decisions"], mocks=content["mocks"], pins=content["pins"],
        now_ms=row.started_at, directory=directory, calendar=calendar, decide=asking(workspace),
    )  # fmt: skip
    return {
        "name": row.business_key or instance_id,
        "origin": f"instance:{instance_id}",
        "version": row.version,
        "content": {name: value for name, value in content.items() if value not in ({}, None)}
        | {"input": content["input"]},
        "hidden": hidden,
        "differences": unmet(content["expect"], answer),
    }


# --- what happened ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Visit:
    node: str
    at: int
    votes: list[e.VoteCast] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)
    """How its sub-flows ended, as mocks."""
    trouble: str = ""
    ended_at: int | None = None
    port: str | None = None
    output: Any = None
    event: str | None = None
    """The event that came, attached to it or waited for."""


@dataclass(slots=True)
class _Seen:
    flow: CompiledFlow
    start: e.InstanceStarted | None = None
    visits: dict[int, _Visit] = field(default_factory=dict)
    path: list[tuple[int, str]] = field(default_factory=list)

    def tell(self, at: int, event: e.Event) -> None:
        match event:
            case e.InstanceStarted():
                self.start = event
            case e.StepPassed(step, node) | e.JoinFired(step, node):
                self.path.append((step, node))
            case e.StepEntered(step, node):
                self.path.append((step, node))
                self.visits[step] = _Visit(node, at)
            case e.VoteCast(step=step) if step in self.visits:
                self.visits[step].votes.append(event)
            case e.MessageTaken(step, name) if step in self.visits:
                self.visits[step].event = name.partition(".")[2] or name
            case e.ChildEnded(step, _, status, output) if step in self.visits:
                self.visits[step].ends.append(_end(status, output))
            case e.ItemEnded(step, _, _, status, output) if step in self.visits:
                self.visits[step].ends.append(_end(status, output))
            case e.IncidentRaised(_, step, _, code, message) if step in self.visits:
                self.visits[step].trouble = message or code
            case e.StepDone(step, _, port, _, _, output) if step in self.visits:
                visit = self.visits[step]
                visit.ended_at, visit.port, visit.output = at, port, output
            case e.StepInterrupted(step, _, name, _, _, output) if step in self.visits:
                visit = self.visits[step]
                visit.ended_at, visit.event, visit.output = at, name, output
            case _:
                pass

    def content(self, row: Any) -> dict[str, Any]:
        """The case."""
        assert self.start is not None, "history begins with the start"
        start = self.flow.nodes.get(self.start.start_node)
        by_hand = start is None or start.type.name == "start"
        given = dict(self.start.input)
        pin = {"output": given, "business_key": self.start.business_key}
        expect: dict[str, Any] = {"visited": [node for _, node in sorted(self.path)]}
        if row.ended_at is not None:
            expect |= {"status": row.status, "result": row.result}
            ends = [node for node in expect["visited"] if self._ends(node)]
            expect |= {"end": ends[-1]} if ends else {}
        return {
            "input": given if by_hand else {},
            "start_node": self.start.start_node,
            "at": to_iso(row.started_at),
            "decisions": _by_node(self._decisions()),
            "mocks": _by_node(self._mocks()),
            "pins": {} if by_hand else {self.start.start_node: pin},
            "expect": expect,
        }

    def _ends(self, node: str) -> bool:
        return node in self.flow.nodes and self.flow.nodes[node].type.ends

    def _decisions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for _, visit in sorted(self.visits.items()):
            node = self.flow.nodes.get(visit.node)
            if node is None or node.type.in_worker:
                continue
            lasted = 0 if visit.ended_at is None else visit.ended_at - visit.at
            later = {"after_ms": lasted} if lasted else {}
            event = visit.event
            own = {one["id"]: one for one in node.settings.get("events", ())} | dict(node.events)
            if event is not None and event in own:
                if own[event]["kind"] == "timer":
                    yield visit.node, {"port": None}
                else:
                    yield visit.node, {"port": event, "output": visit.output, **later}
            elif visit.votes:
                last = visit.votes[-1]
                form = next((vote.form for vote in reversed(visit.votes) if vote.form), None)
                said = {"comment": last.comment} if last.comment else {}
                filled = {"form": dict(form)} if form else {}
                yield visit.node, {"port": last.decision, **said, **filled, **later}
            elif node.type.name == "approval" or own:
                yield visit.node, {"port": None}

    def _mocks(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for _, visit in sorted(self.visits.items()):
            node = self.flow.nodes.get(visit.node)
            for end in visit.ends:
                yield visit.node, end
            if node is None or not node.type.in_worker:
                continue
            if visit.ended_at is None or visit.port == "error" or visit.port is None:
                told = visit.output.get("message") if isinstance(visit.output, Mapping) else None
                yield visit.node, {"error": str(told or visit.trouble or "failed")}
            else:
                yield visit.node, {"output": visit.output, "port": visit.port}


def _end(status: str, output: Any) -> dict[str, Any]:
    return {"output": output} if status == "completed" else {"error": status}


def _by_node(told: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """One answer for a node that always answered the same, else a list, one a visit."""
    found: dict[str, list[dict[str, Any]]] = {}
    for node, one in told:
        found.setdefault(node, []).append(one)
    return {
        node: every[0] if all(one == every[0] for one in every) else every
        for node, every in found.items()
    }


def _seen(connection: Connection, row: Any, flow: CompiledFlow) -> _Seen:
    seen = _Seen(flow)
    for _, at, event in history.read(connection, row.id):
        seen.tell(at, event)
    return seen


# --- what nobody has to see ------------------------------------------------------------------------


def _hiding(
    connection: Connection, flow: CompiledFlow
) -> Callable[[dict[str, Any]], tuple[dict[str, Any], int]]:
    veil = veil_of((node.settings.get("form") for node in flow.nodes.values()), ())
    kinds = _masks_of_tables(connection, flow)

    def hide(content: dict[str, Any]) -> tuple[dict[str, Any], int]:
        plain = jsontext.loads(jsontext.dumps(content))
        return disguised(plain, _by_field(veil(plain), kinds))

    return hide


def _masks_of_tables(connection: Connection, flow: CompiledFlow) -> dict[str, str]:
    """Field → how it is masked, of all tables that the drawing names."""
    found: dict[str, str] = {}
    named = set(_texts([dict(node.settings) for node in flow.nodes.values()]))
    for table in data_tables.listing(connection, after="", limit=TABLES_MAX):
        if table.key not in named:
            continue
        for one in table.definition.get("fields", ()):
            if one.get("mask"):
                found[str(one["name"])] = str(one["mask"])
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _by_field(value: Any, kinds: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: masked(kinds[name], inner)
            if name in kinds and not isinstance(inner, Mapping | list)
            else _by_field(inner, kinds)
            for name, inner in value.items()
        }
    return [_by_field(one, kinds) for one in value] if isinstance(value, list) else value


def disguised(plain: Any, veiled: Any) -> tuple[Any, int]:
    """`plain` with something of the same length and kind wherever `veiled` has stars; and how many values that were."""
    if isinstance(plain, Mapping) and isinstance(veiled, Mapping):
        pairs = {name: disguised(value, veiled.get(name, value)) for name, value in plain.items()}
        return {name: one for name, (one, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(plain, list) and isinstance(veiled, list) and len(plain) == len(veiled):
        found = [disguised(*pair) for pair in zip(plain, veiled, strict=True)]
        return [one for one, _ in found], sum(n for _, n in found)
    if plain == veiled:
        return plain, 0
    if isinstance(plain, str):
        return _covered(plain, str(veiled)), 1
    if isinstance(plain, bool):
        return False, 1
    if isinstance(plain, int | float):
        return _of_the_size(plain), 1
    return None, 1


def _covered(text: str, stars: str) -> str:
    first, last = stars.partition("*")[0], stars.rpartition("*")[2]
    if not (text.startswith(first) and text.endswith(last)) or len(first) + len(last) > len(text):
        first = last = ""
    middle = text[len(first) : len(text) - len(last)]
    return first + "".join(map(_like, middle)) + last


def _like(letter: str) -> str:
    if letter.isdigit():
        return "0"
    if letter.isascii():
        return "x" if letter.isalpha() else letter
    return "某" if letter.isalpha() else letter


def _of_the_size(number: float) -> float:
    """1, 10, 100 …: as large, and no more than that."""
    if not number or not math.isfinite(number):
        return 0
    size = 10 ** math.floor(math.log10(abs(number)))
    return int(math.copysign(size, number)) if size >= 1 else math.copysign(size, number)

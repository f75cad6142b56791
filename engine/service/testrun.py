"""A test run: the production loop in memory, with a clock that jumps, people who decide as told, and no way out to the world.

No live call can leave by construction: nodes that need a worker are never run here; they answer what the mock says, or what their
example says. The same function runs the samples of templates, the test cases of flows and the designer's "try it" (R205).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError, NotFound, Problem, ValidationFailed
from headrace.engine.flow.compile import CompiledFlow, CompiledNode, compile_flow
from headrace.engine.flow.why import asked
from headrace.engine.node import Context, Decide, Done, NodeType, Outcome
from headrace.engine.people.directory import Directory, Person
from headrace.engine.people.working_hours import STANDARD, BusinessTime
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import Run
from headrace.engine.run.items import EndsKept
from headrace.engine.run.region import children_of
from headrace.engine.run.state import Instance, Step
from headrace.engine.service.starts import StartRequest, by_hand, prepare
from headrace.engine.service.story import Story

ROUNDS_MAX = 500
"""Waits answered in one test run: a loop that asks the same person for ever is cut here, and said so."""

INITIATOR = "usr_test"


def refusal(problems: Sequence[Problem]) -> dict[str, Any]:
    """The answer where nothing could be run."""
    told = [problem.as_json() for problem in problems]
    return {"status": "refused", "steps": [], "edges": [], "problems": told}


def run_test(
    document: Mapping[str, Any] | CompiledFlow,
    types: Mapping[str, NodeType],
    input_: Mapping[str, Any],
    *,
    start_node: str | None = None,
    decisions: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Any] | None = None,
    pins: Mapping[str, Any] | None = None,
    now_ms: int,
    directory: Directory | None = None,
    stop_at: frozenset[str] = frozenset(),
    calendar: BusinessTime = STANDARD,
    decide: Decide | None = None,
) -> dict[str, Any]:
    """Run a valid document on sample data; answers the way taken and what each node saw and said.

    `decisions[node]` is `{port, form?, comment?, after_ms?, output?}` or a list of them, one a visit (the last one repeats); the
    port may be a message or signal the node waits for, or one attached to it, with `output` as its payload. A node in
    `stop_at`, or with the decision `{"port": null}`, is left waiting. `mocks[node]` is `{output, port?}` or `{error, code?}`, or
    a list of them.
    `pins[node]` is `{output, port?}`: the node is not run at all and answers just that, also one that would ask people or wait.
    A pinned start gives `output` as the input of the flow, whatever came, with its `business_key`.
    """
    drawn = document if isinstance(document, CompiledFlow) else compile_flow(document, types)
    flow = _pinned(drawn, pins or {})
    test = _Test(
        flow,
        now_ms,
        directory or Directory(),
        dict(decisions or {}),
        dict(mocks or {}),
        stop_at,
        calendar,
        decide,
    )
    try:
        start = start_node or by_hand(flow)
        if given := (pins or {}).get(start):
            request = _given(flow, start, given)
        else:
            request = prepare(flow, start, input_, now_ms=now_ms, initiator=INITIATOR)
    except HeadraceError as wrong:
        return refusal(wrong.problems or [Problem("", wrong.code, wrong.params, wrong.message)])
    test.tell(c.Start(request.start_node, request.input, request.business_key, INITIATOR))
    test.play()
    return test.answer(request.dedup_key, pins or {})


def run_from(
    document: Mapping[str, Any],
    types: Mapping[str, NodeType],
    node: str,
    variables: Mapping[str, Any],
    *,
    business_key: str | None = None,
    decisions: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Any] | None = None,
    now_ms: int,
    directory: Directory | None = None,
    calendar: BusinessTime = STANDARD,
    decide: Decide | None = None,
) -> dict[str, Any]:
    """`run_test` from a node in the middle on, with these variables."""
    flow = compile_flow(document, types)
    if node not in flow.nodes:
        raise NotFound(kind="node", id=node)
    test = _Test(
        flow,
        now_ms,
        directory or Directory(),
        dict(decisions or {}),
        dict(mocks or {}),
        frozenset(),
        calendar,
        decide,
    )
    for instance in (test.instance, test.story.instance):
        instance.business_key = business_key
        instance.variables = dict(variables)
    test.tell(c.Inject(node, INITIATOR, "from here as a test"))
    test.play()
    return test.answer(None)


def _pinned(flow: CompiledFlow, pins: Mapping[str, Any]) -> CompiledFlow:
    """The flow with these nodes answering what is told. Starts, ends and joins are what a token moves by: they stay."""
    nodes = dict(flow.nodes)
    for id_, pin in pins.items():
        node = nodes.get(id_)
        if node is None or node.type.starts or node.type.ends or node.type.joins:
            continue
        answer = _answering(node, pin if isinstance(pin, Mapping) else {"output": pin})
        still = replace(node.type, run=answer, in_worker=False, waits=False, lock="")
        nodes[id_] = replace(node, type=still, events={}, errors=(), subscribes=False)
    return replace(flow, nodes=nodes) if nodes != flow.nodes else flow


def _given(flow: CompiledFlow, start: str, pin: Mapping[str, Any]) -> StartRequest:
    """What a start gave, taken as it is: a webhook's raw body is not needed to try what follows."""
    node = flow.nodes.get(start)
    if node is None or not node.type.starts:
        raise NotFound(kind="start node", id=start)
    mapped = dict(pin.get("output") or {})
    if problems := flow.check_input(mapped):
        raise ValidationFailed(
            what=f"input of flow {flow.key}", count=len(problems), problems=problems
        )
    return StartRequest(
        flow, start, mapped, business_key=pin.get("business_key"), initiator=INITIATOR
    )


def _answering(node: CompiledNode, pin: Mapping[str, Any]) -> Callable[[Context], Outcome]:
    def run(context: Context) -> Outcome:
        del context
        return Done(output=pin.get("output"), port=pin.get("port") or _usual_port(node))

    return run


def _usual_port(node: CompiledNode) -> str:
    """Where a node leaves when nobody says: by `out`, else by the first exit that is drawn and is not that of errors."""
    drawn = [name for name in node.type.port_names(node.settings) if name in node.connected]
    return next((name for name in ("out", *drawn) if name in drawn and name != "error"), "out")


class _Test:
    def __init__(
        self,
        flow: CompiledFlow,
        now_ms: int,
        directory: Directory,
        decisions: dict[str, Any],
        mocks: dict[str, Any],
        stop_at: frozenset[str],
        calendar: BusinessTime,
        decide: Decide | None,
    ) -> None:
        self.calendar, self.decide = calendar, decide
        self.flow, self.decisions, self.mocks, self.stop_at = flow, decisions, mocks, stop_at
        self.began_at = self.now_ms = now_ms
        self.directory = _Anybody(
            **{field.name: getattr(directory, field.name) for field in fields(Directory)}
        )
        self.instance = Instance("ins_test", flow.key, flow.version, initiator=INITIATOR)
        self.story = Story(flow, Instance("ins_test", flow.key, flow.version))
        self.visits: dict[str, int] = {}
        self.chosen: dict[int, Any] = {}
        self.due: dict[tuple[int, str], int] = {}
        self.notes: list[dict[str, Any]] = []
        self.troubles: dict[str, dict[str, Any]] = {}
        self.rounds = 0
        self.ends = EndsKept()

    def tell(self, command: c.Command) -> None:
        """Apply one wish and let the tokens move."""
        run = Run(
            self.flow, self.instance, self.now_ms, self.directory, self.ends, calendar=self.calendar, decide=self.decide,
        )  # fmt: skip
        run.take(command)
        run.move()
        while not self.instance.rests and not self.instance.ended and self.rounds < ROUNDS_MAX:
            self.rounds += 1
            run.move()
        self.ends.tell(run.events)
        for event in run.events:
            self.story.tell(0, self.now_ms, event)
            if isinstance(event, e.TimerSet):
                self.due[event.step, event.name] = event.due_at
            elif isinstance(event, e.IncidentRaised):
                told = {"node": event.node, "code": event.code, "message": event.message}
                self.troubles[event.incident] = told
            elif isinstance(event, e.NotificationQueued):
                self.notes.append(
                    {
                        "step": event.step,
                        "channel": event.channel,
                        "to": list(event.users),
                        "title": event.title,
                        "text": event.text,
                    }
                )

    def play(self) -> None:
        """Answer every wait until the instance rests for good."""
        while not self.instance.ended and self.rounds < ROUNDS_MAX:
            self.rounds += 1
            answer = next(
                (found for step in self.instance.steps.values() if (found := self._answer(step))),
                None,
            )
            if answer is None:
                answer = self._next_timer()
            if answer is None:
                return
            self.tell(answer)

    def _answer(self, step: Step) -> c.Command | None:
        if step.node in self.stop_at or step.incident:
            return None
        happening = self._event(step)
        if happening is not None:
            return happening
        if step.wait == "job":
            return self._job(step)
        if step.wait == "lock":
            # There is nobody else here; whoever holds the key is another branch of this instance.
            free = step.key not in self.instance.locks
            return c.GrantLock(step.id, step.key) if free else None
        if step.wait == "items" and step.items is not None and not step.items.running:
            return c.CloseItems(step.id, INITIATOR)  # nobody will add any
        if step.wait in {"children", "items"}:
            waiting = children_of(step)
            if not waiting:
                return None
            mock = self._nth(self.mocks.get(step.node), step.node) or {}
            if mock.get("error") is not None:
                return c.EndChild(step.id, waiting[0], "failed", str(mock["error"]))
            return c.EndChild(step.id, waiting[0], "completed", mock.get("output"))
        if step.wait == "task":
            return self._decide(step)
        return None

    def _event(self, step: Step) -> c.Command | None:
        """The message or signal that the decision names, or for a step that waits for nothing else the first one drawn."""
        node = self.flow.nodes[step.node]
        if not node.subscribes:
            return None
        if step.id not in self.chosen:
            self.chosen[step.id] = self._nth(self.decisions.get(step.node, {}), step.node)
        told = self.chosen[step.id] or {}
        told = {"port": told} if isinstance(told, str) else told
        own = {event["id"]: event for event in node.settings.get("events", ())}
        named = told.get("port")
        if named is None and step.wait == "event" and "port" not in told:
            named = next((id_ for id_, event in own.items() if event["kind"] != "timer"), None)
        prefix, event = ("w.", own[named]) if named in own else ("e.", node.events.get(str(named)))
        if event is None or event["kind"] == "timer":
            return None
        after_ms = int(told.get("after_ms", 0))
        if after_ms:
            due_at = self.due.setdefault((step.id, "decide"), self.now_ms + after_ms)
            if self.now_ms < due_at:
                return None
        if prefix == "e." and not event.get("interrupting", True):
            self.chosen[step.id] = {}  # once; then the step goes on as it would
        mock = self._nth(self.mocks.get(step.node), step.node) or {}
        payload = told.get("output", mock.get("output"))
        self.due.pop((step.id, "decide"), None)
        return c.Deliver(step.id, prefix + str(named), "msg_test", payload, event["kind"])

    def _job(self, step: Step) -> c.Command:
        node = self.flow.nodes[step.node]
        mock = self._nth(self.mocks.get(step.node), step.node)
        common = (step.id, 1, self.now_ms, self.now_ms)
        if mock and mock.get("error") is not None:
            code = str(mock.get("code") or "mocked_error")
            return c.JobEnded(*common, None, code=code, message=str(mock["error"]))
        port = (mock or {}).get("port") or _usual_port(node)
        return c.JobEnded(*common, port, (mock or {}).get("output", {}))

    def _decide(self, step: Step) -> c.Command | None:
        if step.id not in self.chosen:  # one choice a visit, however often it is looked at
            self.chosen[step.id] = self._nth(self.decisions.get(step.node, {}), step.node)
        decision = self.chosen[step.id] or {}
        if isinstance(decision, str):
            decision = {"port": decision}
        port = decision.get("port", "approved")
        if port is None:
            return None
        after_ms = int(decision.get("after_ms", 0))
        key = (step.id, "decide")
        if after_ms and key not in self.due:
            self.due[key] = self.now_ms + after_ms
        if key in self.due and self.now_ms < self.due[key]:
            return None
        assert step.task is not None
        asked = step.task.asked()[0]
        if asked.kind == "confirm":
            return c.TaskAct(step.id, "confirm", asked.user, {}, self.now_ms)
        return c.Vote(
            step.id,
            asked.user,
            port,
            decision.get("comment", ""),
            decision.get("form"),
            self.now_ms,
        )

    def _next_timer(self) -> c.Command | None:
        """Jump to the next moment at which something is due."""
        live = {key: at for key, at in self.due.items() if key[0] in self.instance.steps}
        live = {
            key: at
            for key, at in live.items()
            if self.instance.steps[key[0]].node not in self.stop_at or key[1] == "remind"
        }
        if not live:
            return None
        key = min(live, key=lambda found: live[found])
        self.now_ms = max(self.now_ms, live[key])
        step_id, name = key
        if name == "decide":
            step = self.instance.steps[step_id]
            return self._event(step) or self._decide(step)
        del self.due[key]
        return c.FireTimer(step_id, name)

    def _nth(self, told: Any, counter: str) -> Any:
        if not isinstance(told, list):
            return told
        index = self.visits.get(counter, 0)
        self.visits[counter] = index + 1
        return told[min(index, len(told) - 1)] if told else None

    def answer(
        self, dedup_key: str | None, pins: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The API's shape."""
        told = self.story.told()
        for step in told:
            if step["node"] in (pins or {}):
                step["pinned"] = True
            elif why := asked(self.flow.nodes[step["node"]].settings, step["input"]):
                step["why"] = why
        return {
            "status": self.instance.status,
            "result": self.instance.result,
            "output": self.instance.output,
            "business_key": self.instance.business_key,
            "dedup_key": dedup_key,
            "variables": self.instance.variables,
            "steps": [{**step, "virtual_ms": step["duration_ms"] or 0} for step in told],
            "edges": [edge for edge, times in self.story.edges.items() for _ in range(times)],
            "visited": [step["node"] for step in told],
            "ends": [step["node"] for step in told if self.flow.nodes[step["node"]].type.ends],
            "waiting": [
                {"step": step.id, "node": step.node, "waits_for": step.wait}
                for step in self.instance.steps.values()
            ],
            "notifications": self.notes,
            "incidents": [self.troubles[id_] for id_ in self.instance.incidents],
            "started_at": to_iso(self.began_at),
            "ended_at": to_iso(self.now_ms),
            "cut": self.rounds >= ROUNDS_MAX,
            "problems": [],
        }


class _Anybody(Directory):
    """In a test run every role has at least one member, so that an empty workspace can try a template."""

    def find(self, id_or_login: str) -> Person | None:
        return super().find(id_or_login) or Person(id_or_login, id_or_login, id_or_login)

    def members(self, role: str) -> list[Person]:
        return super().members(role) or [Person(f"role:{role}", role, role)]

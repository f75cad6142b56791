"""What an advance counts and traces, read off its events, so that neither the core nor the rows know of metrics.

Noted in the transaction, counted when it commits (`Workspace.note`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from headrace.engine import tracing
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.service.workspace import Workspace
from headrace.engine.store.instances import Stored

_COUNTED = frozenset(
    {
        e.InstanceStarted,
        e.InstanceCompleted,
        e.InstanceCancelled,
        e.JobTried,
        e.IncidentRaised,
        e.ResultIgnored,
    }
)

_JOBS = frozenset({"LateResult", "JobEnded", "JobRetried"})
"""Kinds of wishes that hand in the result of a job."""


def in_a_span(advance: Callable[..., set[str]]) -> Callable[..., set[str]]:
    """One span a group; in the trace of its instances when they share one, else linked with each of theirs."""

    @wraps(advance)
    def traced(workspace: Workspace, connection: Any, batch: Any, *more: Any) -> set[str]:
        if not tracing.enabled():
            return advance(workspace, connection, batch, *more)
        traces = [stored.trace for stored, _ in batch if stored.trace]
        one = len({tracing.trace_id(trace) for trace in traces}) == 1
        with tracing.span(
            "advance",
            parent=traces[0] if one else None,
            links=() if one else traces,
            instances=len(batch),
            instance=batch[0][0].instance.id if len(batch) == 1 else None,
        ):
            return advance(workspace, connection, batch, *more)

    return traced


def note_group(
    workspace: Workspace,
    advanced: Sequence[tuple[Stored, Sequence[e.Event]]],
    flows: Mapping[str, CompiledFlow],
) -> None:
    """One group of advances: how large it was, and what of its events is counted."""
    if not advanced:
        return
    workspace.note("advances_total", len(advanced))
    workspace.note("advance_group_size", len(advanced), observed=True)
    instances: dict[tuple[str, int, str], int] = {}
    for stored, events in advanced:
        instance = stored.instance
        for event in events:
            if type(event) in _COUNTED:
                match event:
                    case e.InstanceStarted():
                        key = (instance.flow_key, instance.version, "")
                    case e.InstanceCompleted() | e.InstanceCancelled():
                        result = instance.result or instance.status
                        key = (instance.flow_key, instance.version, result)
                    case _:
                        _note(workspace, flows[instance.id], instance, events, event)
                        continue
                instances[key] = instances.get(key, 0) + 1
    for (flow, version, result), count in instances.items():
        if result:
            workspace.note(
                "instances_ended_total", count, flow=flow, version=version, result=result
            )
        else:
            workspace.note("instances_started_total", count, flow=flow, version=version)


def _note(
    workspace: Workspace,
    flow: CompiledFlow,
    instance: Instance,
    events: Sequence[e.Event],
    event: e.Event,
) -> None:
    match event:
        case e.JobTried(step, _, started_at, ended_at, outcome):
            connector = _connector(flow, instance, events, step)
            workspace.note("jobs_total", connector=connector, outcome=outcome)
            took_s = max(0, ended_at - started_at) / 1000
            workspace.note("job_seconds", took_s, observed=True, connector=connector)
        case e.IncidentRaised():
            workspace.note("incidents_raised_total", flow=flow.key, code=event.code)
        case e.ResultIgnored(kind) if kind in _JOBS:
            workspace.note("late_results_total")


def _connector(flow: CompiledFlow, instance: Instance, events: Sequence[e.Event], step: int) -> str:
    """The connection that a step's job uses, else the type of its node; its step may have ended in this very advance."""
    found = instance.steps.get(step)
    node = found.node if found else None
    if node is None:
        told: list[Any] = [other for other in events if getattr(other, "step", None) == step]
        node = next((other.node for other in told if hasattr(other, "node")), None)
    if node is None or node not in flow.nodes:
        return "unknown"
    compiled = flow.nodes[node]
    return str(compiled.settings.get("connection") or compiled.type.name)

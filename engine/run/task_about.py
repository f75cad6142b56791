"""What the rules of a task look at (`people/acting.py`): who has decided before, who stands in for whom, where one may return to.

Asked by the run and, before it, by the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.engine.clock import to_iso
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.people import assign, tasking
from headrace.engine.people.directory import Directory
from headrace.engine.people.tasking import Seat
from headrace.engine.run.state import Instance

if TYPE_CHECKING:
    pass

ENGINE = "engine"
"""Who has done what no person has."""


def newest(instance: Instance) -> list[tuple[str, dict[str, Any]]]:
    """Approval nodes that were decided, the last one first."""
    return sorted(instance.approvals.items(), key=lambda found: -found[1]["step"])


def about_of(
    flow: CompiledFlow, instance: Instance, node_id: str, directory: Directory, now_ms: int
) -> tasking.About:
    """What the rules of `people/tasking.py` look at, for a task at this node; asked by the service as well."""
    node = flow.nodes[node_id]
    policy = tasking.policy_of(node.settings)
    asked = asked_of(instance, flow, now_ms, None)

    def find(assignees: Sequence[Mapping[str, Any]]) -> Sequence[assign.Assigned]:
        return assign.assign(assignees, directory, asked).people if assignees else ()

    def instead(seat: Seat, how: str) -> Sequence[assign.Assigned]:
        return _instead(node.settings, directory, asked, seat, how)

    return tasking.About(
        node_id, policy, directory, now_ms, instance.initiator, tuple(_earlier(flow, instance, node_id, policy)), find, instead
    )  # fmt: skip


def about(
    flow: CompiledFlow, instance: Instance, step_id: int, directory: Directory, now_ms: int
) -> tasking.About:
    """The same for an open step, or for one whose task has ended and may be taken back."""
    if step_id in instance.steps:
        return about_of(flow, instance, instance.steps[step_id].node, directory, now_ms)
    node = next(node for node, found in instance.approvals.items() if found["step"] == step_id)
    return about_of(flow, instance, node, directory, now_ms)


def asked_of(
    instance: Instance, flow: CompiledFlow, now_ms: int, variables: Mapping[str, Any] | None
) -> assign.Asked:
    """What a question for people depends on here; `variables` None: those of the root."""
    seen = variables
    if seen is None:
        about = {
            "id": instance.id,
            "business_key": instance.business_key,
            "initiator": instance.initiator,
        }
        seen = {**instance.variables, "instance": about, "now": to_iso(now_ms)}
    evaluator: list[Evaluator] = []

    def evaluate(source: str) -> Any:
        if not evaluator:
            evaluator.append(Evaluator(seen))
        return evaluator[0].expression(source)

    approver = (
        next((found["by"] for _, found in newest(instance)), None) if instance.approvals else None
    )
    return assign.Asked(now_ms, flow.key, instance.initiator, approver, evaluate)


def _instead(
    settings: Mapping[str, Any], directory: Directory, asked: assign.Asked, seat: Seat, how: str
) -> Sequence[assign.Assigned]:
    """Who takes over a seat. `backup` and `superior` go on to the next kind where there is nobody of theirs."""
    backup, fallback, without = (
        settings.get("backup", ()),
        settings.get("fallback", ()),
        (seat.user,),
    )
    if seat.kind == "resubmit":
        return assign.superiors([seat.user], directory, asked, without=without)
    backups = assign.backups(
        settings["assignees"], directory, asked, backup=backup, without=without
    )
    superiors = assign.superiors([seat.user], directory, asked, without=without)
    found = superiors or backups if how == "superior" else backups or superiors
    if found:
        return found
    last = assign.assign([*fallback, *directory.fallback], directory, asked, without=without).people
    return [replace(one, origin="fallback") for one in last]


def _earlier(
    flow: CompiledFlow, instance: Instance, node_id: str, policy: tasking.Policy
) -> list[tasking.Earlier]:
    named = policy.return_to if isinstance(policy.return_to, tuple) else ()
    found = [node for node, _ in newest(instance) if node in flow.nodes and node != node_id]
    found += [node for node in named if node in flow.nodes and node not in found]
    return [
        tasking.Earlier(node, back=node in instance.approvals)
        for node in found
        if node != node_id and node_id in flow.reach.onward(node)
    ]

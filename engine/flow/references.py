"""Nodes that name others: regions, milestones, what to undo; and critical sections, whose two ends belong together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headrace.engine.flow.boundary import rests
from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.graph import ASKED_MAX, Drawing
from headrace.engine.flow.settings import NodeNamed
from headrace.engine.flow.wording import closest, listed


def check_references(drawn: Drawn, named: Sequence[NodeNamed]) -> None:
    """Every node that a setting names exists and fits what it is named for."""
    undone = {edge.source for _, edge in drawn.undoing}
    for found in named:
        if found.id not in drawn.nodes:
            near = closest(found.id, drawn.nodes)
            hint = f" (do you mean {near[0]}?)" if near else ""
            drawn.say(
                found.path, "node_unknown", f"a node of this flow: {listed(drawn.nodes)}", f"{found.id}{hint}",
                node=found.node, id=found.id, name=found.id, closest=near,
            )  # fmt: skip
        else:
            _check_fit(drawn, found, undone)
    _check_undoing(drawn, undone)


def _check_fit(drawn: Drawn, found: NodeNamed, undone: Collection[str]) -> None:
    title, node_type = drawn.title(found.id), drawn.type_of(found.id)
    params: dict[str, Any] = {"id": found.id, "name": title}
    if found.which in {"others", "waits"} and found.id == found.node:
        drawn.say(
            found.path, "node_itself", "another node", "the node itself", node=found.node,
            warning=True, **params,
        )  # fmt: skip
    elif found.which == "waits" and node_type is not None and not rests(node_type):
        expected = "a node where a token waits"
        drawn.say(
            found.path, "node_never_waits", expected, f"{title}, which goes on at once",
            node=found.node, **params,
        )  # fmt: skip
    elif found.which == "undone" and found.id not in undone:
        expected = "a node with another that undoes it"
        drawn.say(
            found.path, "nothing_to_undo", expected, f"none at {title}", node=found.node,
            warning=True, **params,
        )  # fmt: skip


def _check_undoing(drawn: Drawn, undone: Collection[str]) -> None:
    """A node that has all undone, in a flow where nothing can be."""
    if undone:
        return
    for node in drawn.where(lambda t: _asks_for(t.settings, "undone")):
        if not any(drawn.settings(node).values()):
            drawn.say_of_node(
                node, "nothing_to_undo", "a node with another that undoes it", "none in this flow",
                warning=True, name=drawn.title(node),
            )  # fmt: skip


def _asks_for(schema: Mapping[str, Any], which: str) -> bool:
    items = (part.get("items", {}) for part in schema.get("properties", {}).values())
    return any(item.get("x-node") == which for item in items)


# --- critical sections ---------------------------------------------------------------------------


def check_sections(drawn: Drawn, drawing: Drawing) -> None:
    """On every way from a lock to an end its unlock stands; before an unlock, its lock."""
    enters = drawn.where(lambda t: t.lock == "enter")[:ASKED_MAX]
    leaves = drawn.where(lambda t: t.lock == "leave")[:ASKED_MAX]
    ends = set(drawn.where(lambda t: t.ends))
    for lock in enters:
        stops = [leave for leave in leaves if _key(drawn, leave) == _key(drawn, lock)]
        passed = drawing.avoiding(lock, stops)
        if lock in passed or passed & ends:
            found = "a way back to it" if lock in passed else "a way to an end"
            drawn.say_of_node(
                lock, "lock_kept", "an unlock with the same key on every way", f"{found} without",
                warning=True, name=drawn.title(lock),
            )  # fmt: skip
    for unlock in leaves:
        before = drawing.leading_to([unlock])
        if not any(lock in before and _key(drawn, lock) == _key(drawn, unlock) for lock in enters):
            drawn.say_of_node(
                unlock, "unlock_without_lock", "a lock with the same key before it", "none",
                warning=True, name=drawn.title(unlock),
            )  # fmt: skip


def _key(drawn: Drawn, node: str) -> Mapping[str, Any]:
    """The settings, with what is not said at its default."""
    node_type = drawn.type_of(node)
    properties = node_type.settings.get("properties", {}) if node_type else {}
    defaults = {name: part["default"] for name, part in properties.items() if "default" in part}
    return {**defaults, **drawn.settings(node)}

"""A workflow of n8n as a drawing: nodes we have are mapped, the others hold their place; every node of the file has its line.

Data there are items handed from node to node (`$json`); here every step's result has a name. Which name `$json` means follows from
what comes before, and where that is not one thing, an expression is left to be written. Credentials are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.exchange.draw import Drawing, flow_key
from headrace.engine.exchange.n8n_nodes import HANDLERS, TRANSPARENT, Made, Step, hold, open_start
from headrace.engine.exchange.report import Imported
from headrace.engine.exchange.translate import Path

NODES_MAX = 1_000
SCALE_X, SCALE_Y = 1.35, 1.0


def is_n8n(value: Any) -> bool:
    """Does a JSON value look like a workflow of n8n?"""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("nodes"), list)
        and isinstance(value.get("connections"), Mapping)
        and "edges" not in value
    )


def read_n8n(value: Mapping[str, Any], file_name: str) -> Imported:
    """The drawing of a workflow."""
    found = Imported("n8n", file_name)
    nodes = value["nodes"]
    if len(nodes) > NODES_MAX:
        message = f"Expected at most {NODES_MAX} nodes, but found {len(nodes)}."
        found.wrong.append(
            Problem(f"{file_name}/nodes", "too_many_nodes", {"limit": NODES_MAX}, message)
        )
        return found
    name = str(value.get("name") or file_name.rpartition("/")[2].removesuffix(".json"))
    reader = _Reader(found, Drawing(flow_key(name, "workflow"), name), value)
    reader.read()
    found.documents.append(reader.drawing.document())
    return found


class _Reader:
    def __init__(self, found: Imported, drawing: Drawing, value: Mapping[str, Any]) -> None:
        self.report = found.report
        self.drawing = drawing
        self._settings = value["settings"] if isinstance(value.get("settings"), Mapping) else {}
        self._pins = value["pinData"] if isinstance(value.get("pinData"), Mapping) else {}
        self.steps: dict[str, Step] = {}
        self._order: list[Step] = []
        self.ways: dict[str, dict[int, list[str]]] = {}
        self._others: dict[str, tuple[str, str]] = {}
        """Part of another node → (that node, the kind of the connection)."""
        self._before: dict[str, list[str]] = {}
        self._inputs: dict[str, dict[str, str]] = {}
        """Trigger → input of ours → where it comes from."""
        for place, item in enumerate(value["nodes"]):
            self._take(place, item)
        self._connect(value["connections"])

    # --- what is there ---

    def _take(self, place: int, item: Any) -> None:
        if not isinstance(item, Mapping):
            self.report.say(f"(nodes/{place})", "?", "left_out", "not_in_flow")
            return
        name = str(item.get("name") or f"node {place + 1}")
        while name in self.steps:
            name += " (2)"
        at = item.get("position")
        spot = None
        if isinstance(at, list) and len(at) == 2 and all(_finite(part) for part in at):
            spot = (round(at[0] * SCALE_X), round(at[1] * SCALE_Y))
        step = Step(
            key=str(item.get("id") or name),
            name=name,
            type=str(item.get("type", "")),
            version=float(item["typeVersion"]) if _finite(item.get("typeVersion")) else 1.0,
            parameters=item["parameters"] if isinstance(item.get("parameters"), Mapping) else {},
            at=spot,
            item=item,
        )
        self.steps[name] = step
        self._order.append(step)

    def _connect(self, connections: Mapping[str, Any]) -> None:
        for source, kinds in connections.items():
            if source not in self.steps or not isinstance(kinds, Mapping):
                self.report.say(
                    f"(connections/{source})", "connection", "left_out", "arrow_lost", what=source
                )
                continue
            for kind, outputs in kinds.items():
                for index, targets in enumerate(outputs if isinstance(outputs, list) else ()):
                    for target in targets if isinstance(targets, list) else ():
                        self._way(source, str(kind), index, target)

    def _way(self, source: str, kind: str, index: int, target: Any) -> None:
        name = target.get("node") if isinstance(target, Mapping) else None
        if not isinstance(name, str) or name not in self.steps:
            self.report.say(
                f"(connections/{source})",
                "connection",
                "left_out",
                "arrow_lost",
                what=f"{source} → {name}",
            )
        elif kind != "main":
            self._others[source] = (name, kind)
        else:
            self.ways.setdefault(source, {}).setdefault(index, []).append(name)
            self._before.setdefault(name, []).append(source)

    # --- the drawing ---

    def read(self) -> None:
        """Draw every node, then the ways between them."""
        for step in self._order:
            step.node = self.drawing.free(step.name)
            self.drawing.known.add(step.node)
        made: dict[str, Made] = {}
        for step in self._order:
            made[step.name] = self._draw(step)
        for step in self._order:
            self._lead_on(step, made)
        self._say_inputs()
        for name in self._pins:
            self.report.say(f"(pinData/{name})", "pinData", "left_out", "pins", text=name)

    def _draw(self, step: Step) -> Made:
        self.drawing.known.discard(step.node)
        if step.item.get("credentials"):
            kinds = (
                ", ".join(map(str, step.item["credentials"]))
                if isinstance(step.item["credentials"], Mapping)
                else ""
            )
            self.say(step, "left_out", "credentials", text=kinds or "?")
        part = self._others.get(step.name)
        if part is not None and step.name not in self.ways:
            self.say(step, "left_out", "sub_node", text=part[0], what=part[1])
            return Made()
        short = step.type.rpartition(".")[2]
        if short == "stickyNote":
            return self._note(step)
        if step.item.get("disabled") is True:
            self.say(step, "changed", "disabled")
            return Made(through=True)
        handler = HANDLERS.get(short) if step.type.startswith("n8n-nodes-base.") else None
        if handler is None and short.endswith("Trigger") and step.name not in self._before:
            handler = open_start
        made = handler(self, step) if handler is not None else None
        if made is None:
            made = hold(self, step, "kind_open", what=step.type)
        notes = step.item.get("notes")
        if isinstance(notes, str) and notes.strip() and made.entry:
            at = (step.at[0], step.at[1] + 90) if step.at else None
            self.drawing.note(f"about_{made.entry}", f"{step.name}: {notes}", at=at)
        return made

    def _note(self, step: Step) -> Made:
        text = str(step.parameters.get("content") or "…")
        note = self.drawing.note(f"note_{step.key}", text, at=step.at)
        item = self.drawing.notes[-1]
        size = {name: step.parameters.get(name) for name in ("width", "height")}
        if all(isinstance(part, int) and 20 <= part <= 10_000 for part in size.values()):
            item["size"] = size
        colors = {3: "yellow", 5: "blue", 4: "green", 6: "pink"}
        color = step.parameters.get("color")
        if isinstance(color, int) and color in colors:
            item["color"] = colors[color]
        self.say(step, "carried", "note", node=note)
        return Made()

    def say(self, step: Step, fate: Any, code: str, *, node: str = "", **params: Any) -> None:
        """A line about a node."""
        self.report.say(
            step.key,
            step.type,
            fate,
            code,
            name=step.name,
            flow=self.drawing.key,
            node=node,
            **params,
        )

    @property
    def zone(self) -> str:
        """The zone times are meant in; empty: the workflow does not say."""
        zone = self._settings.get("timezone")
        return zone if isinstance(zone, str) and "/" in zone else ""

    def _lead_on(self, step: Step, made: Mapping[str, Made]) -> None:
        own = made[step.name]
        if own.through or (own.entry is None and not own.ports):
            return
        ways = self.ways.get(step.name, {})
        for index, port in enumerate(own.ports):
            targets = [
                found for name in ways.get(index, ()) for found in self._targets(name, made, set())
            ]
            self._lead(step, own, port, targets)
        for index, names in ways.items():
            if index >= len(own.ports):
                self.say(
                    step, "left_out", "arrow_lost", what=f"output {index + 1} → {', '.join(names)}"
                )

    def _lead(self, step: Step, own: Made, port: str, targets: list[str]) -> None:
        drawing = self.drawing
        node = own.exit or own.entry
        assert node is not None
        at = (step.at[0] + 260, step.at[1]) if step.at else None
        if not targets:
            if port not in own.loose:
                drawing.edge(node, port, drawing.add(f"{node}_end", "end", "End", at=at))
            return
        if len(targets) == 1:
            drawing.edge(node, port, targets[0])
            return
        split = drawing.add(f"{node}_split", "split", "Split", at=at)
        self.say(step, "changed", "split_added", node=split)
        drawing.edge(node, port, split)
        for target in targets:
            drawing.edge(split, "out", target)

    def _targets(self, name: str, made: Mapping[str, Made], seen: set[str]) -> list[str]:
        """The nodes a way leads to at last, past what does nothing here."""
        found = made.get(name)
        if found is None or name in seen:
            return []
        if not found.through:
            return [found.entry] if found.entry is not None else []
        following = self.ways.get(name, {}).get(0, [])
        return [one for target in following for one in self._targets(target, made, seen | {name})]

    # --- data ---

    def lookup(self, step: Step) -> Any:
        """What `$json.x`, `$('Set').item.json.x` … are called here, seen from a node."""

        def found(path: Path) -> str | None:
            match path:
                case ("$json", *rest) | ("$input", "item", "json", *rest):
                    return self._named(self._source(step.name, set()), rest)
                case ("$node", str(name), "json", *rest) | ("$", str(name), "item", "json", *rest):
                    return self._named(name if name in self.steps else None, rest)
                case ("$now",):
                    return "now"
                case _:
                    return None

        return found

    def _source(self, name: str, seen: set[str]) -> str | None:
        """The one node whose items come to a node; None: several, or none."""
        sources = set()
        for before in self._before.get(name, ()):
            if before in seen:
                continue
            step = self.steps[before]
            short = step.type.rpartition(".")[2]
            if short in TRANSPARENT or step.item.get("disabled") is True:
                sources.add(self._source(before, seen | {name}))
            else:
                sources.add(before)
        return sources.pop() if len(sources) == 1 else None

    def _named(self, name: str | None, rest: list[str]) -> str | None:
        if (
            name is None
            or not rest
            or not all(
                re.fullmatch(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff]*", part) for part in rest
            )
        ):
            return None
        step = self.steps[name]
        short = step.type.rpartition(".")[2]
        if short == "set":
            if rest[0] in step.sets:
                return ".".join(rest)
            return self._named(self._source(name, set()), rest) if step.keeps_others else None
        if short == "httpRequest":
            return ".".join((f"{step.node}.body", *rest))
        if short == "webhook" and len(rest) > 1 and rest[0] in {"body", "query"}:
            return self._input(name, rest[1], ".".join(rest[:2]), rest[2:])
        if short in {"manualTrigger", "executeWorkflowTrigger", "start"}:
            return self._input(name, rest[0], "", rest[1:])
        return None

    def _input(self, trigger: str, wanted: str, comes_from: str, rest: list[str]) -> str | None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", wanted) or wanted in {
            s.node for s in self.steps.values()
        }:
            return None
        self._inputs.setdefault(trigger, {})[wanted] = comes_from
        return ".".join((wanted, *rest))

    def _say_inputs(self) -> None:
        names: set[str] = set()
        for trigger, read in self._inputs.items():
            node = self.drawing.nodes.get(self.steps[trigger].node)
            rows = [
                {"name": name, "value": source} for name, source in sorted(read.items()) if source
            ]
            if node is not None and rows:
                node["settings"]["values"] = rows[:100]
            names |= read.keys()
        for name in sorted(names):
            self.drawing.inputs[name] = {}
        if names:
            self.report.say(
                "(workflow)",
                "workflow",
                "changed",
                "inputs_made",
                flow=self.drawing.key,
                text=", ".join(sorted(names)),
            )


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6

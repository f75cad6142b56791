"""Flows in words: `flow("leave").then("ask", "approval").on("approved").then("done", "end")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

USUAL_PORT = {"approval": "approved", "condition": "else", "record": "created"}
"""Where one goes on when a test does not say."""


class Flow:
    """A drawing that grows at its end. `on` and `at` say where the next node is tied to."""

    def __init__(self, key: str, start: str = "start", **settings: Any) -> None:
        self.key = key
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self._end: tuple[str, str] | None = None
        self.then("start" if start == "start" else start, start, **settings)

    def then(self, id_: str, type_: str, **settings: Any) -> Flow:
        """Add a node, tie it to the end, and go on from it."""
        self.nodes.append(
            {
                "id": id_,
                "type": type_,
                "name": {"zh": id_, "en": id_},
                "position": {"x": 0, "y": 0},
                "settings": _settings(id_, type_, settings),
            }
        )
        if self._end:
            self.to(id_)
        self._end = (id_, USUAL_PORT.get(type_, "out"))
        return self

    def on(self, port: str) -> Flow:
        """Go on from this port of the node just added."""
        assert self._end
        return self.at(self._end[0], port)

    def at(self, id_: str, port: str = "out") -> Flow:
        """Go on from a port of any node."""
        self._end = (id_, port)
        return self

    def to(self, id_: str) -> Flow:
        """Draw an edge from the end to a node that is, or will be, there."""
        assert self._end
        source, port = self._end
        self.edges.append(
            {"id": f"e{len(self.edges) + 1}", "from": source, "port": port, "to": id_}
        )
        return self

    def event(self, id_: str, kind: str, **more: Any) -> Flow:
        """Attach a boundary event to the node just added; its edge leaves from the port of that name."""
        self.nodes[-1].setdefault("events", []).append({"id": id_, "kind": kind, **more})
        return self

    def bounded(self, visits_max: int) -> Flow:
        """The node just added may be visited so often."""
        self.nodes[-1]["visits_max"] = visits_max
        return self

    def document(self) -> Document:
        """As the store keeps it."""
        return {
            "format": 1,
            "key": self.key,
            "name": {"zh": self.key, "en": self.key},
            "input": {"type": "object", "properties": {}},
            "nodes": self.nodes,
            "edges": self.edges,
        }


def flow(key: str, start: str = "start", **settings: Any) -> Flow:
    """A drawing with its start node."""
    return Flow(key, start, **settings)


def user(id_: str) -> dict[str, str]:
    """One person as an assignee."""
    return {"kind": "user", "id": id_}


def role(key: str) -> dict[str, str]:
    """A role as an assignee."""
    return {"kind": "role", "id": key}


def _settings(id_: str, type_: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a test leaves out, and short forms: `values={"a": "1"}`, `branches={"big": "amount > 5"}`."""
    usual: dict[str, Any] = {}
    match type_:
        case "approval":
            usual = {"title": f"Please decide {id_}", "assignees": [role("boss")], "mode": "any"}
        case "timer":
            usual = {"mode": "until" if "until" in given else "for"}
        case "connector":
            usual = {
                "connection": "bank",
                "method": "POST",
                "path": "/pay",
                "body": "{'key': step.key}",
                "timeout_s": 5,
                "attempts": 3,
                "backoff_s": 1,
                "effect": "keyed",
            }
            if given.get("effect") == "probe":
                usual["probe"] = {
                    "method": "GET",
                    "path": "/paid/{{ step.key }}",
                    "done_when": "status == 200",
                }
        case "record":
            usual = {"operation": "create", "table": "orders", "key": "order_no", "values": []}
        case "notification":
            usual = {"channel": "in_app", "to": [role("boss")], "title": "Note", "text": id_}
        case "schedule":
            usual = {"cron": "*/15 * * * *", "timezone": "Asia/Shanghai", "misfire": "skip"}
        case "webhook":
            usual = {"auth": "none", "values": []}
    settings = {**usual, **given}
    for name in ("values", "input", "output", "payload"):
        if isinstance(settings.get(name), dict):
            settings[name] = [
                {"name": key, "value": value} for key, value in settings[name].items()
            ]
    if isinstance(settings.get("branches"), dict):
        settings["branches"] = [
            {"id": key, "name": {"en": key}, "when": {"expression": text}}
            for key, text in settings["branches"].items()
        ]
    return settings

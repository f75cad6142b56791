"""`docs/nodes.md` out of the node types: every text in it stands beside what it names, in `nodes/`.

`make docs` writes it; a test holds it against the types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.engine.node import NodeType, Port
from headrace.engine.registry import node_types

PLACE = Path(__file__).parents[1] / "docs" / "nodes.md"

GROUPS = {
    "start": "Starts · 开始",
    "control": "Ways · 流转",
    "people": "People · 人",
    "time": "Time and events · 时间与事件",
    "data": "Data · 数据",
    "connect": "Other systems and flows · 外部系统与其他流程",
}

HEAD = """\
# Node types

Made from `nodes/` by `make docs`; edit the texts there. How to write one: `nodes/README.md`.

Every node besides has a name, a `result` (the variable its output is stored under; else its id), `visits_max` (one visit more
is an incident, and a loop may turn without a wait), and `events`: what may happen while a token waits there.

| event | needs | happens |
|---|---|---|
| `timer` | `after` (a duration) or `at` (an expression) | so long after the token came, or at that moment |
| `message` | `name`, perhaps `key` | a message of that name and key is published; what it brings is a variable |
| `signal` | `name`, perhaps `key` | a signal of that name and key is published; what it brings is a variable |
| `error` | perhaps `codes` | the node fails with one of these, or with any; the variable holds `code`, `message`, `unknown` |
| `compensation` | | the node's work is to be undone: where its arrow leads is run, and sees `compensated` |

An event's id is the name of its exit and of its variable. It ends the step and the token leaves by that exit; with
`interrupting: false` a timer, message or signal sends one more token there, and the step goes on. What undoes a node has no other
arrow, in or out.
"""


def text() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    types = node_types()
    yield HEAD
    for group, title in GROUPS.items():
        members = [node_type for node_type in types.values() if node_type.group == group]
        yield f"## {title}\n"
        for node_type in members:
            yield from _node(node_type)


def _node(node_type: NodeType) -> Iterator[str]:
    yield f"### `{node_type.name}` {_both(node_type.title)}\n"
    yield f"{node_type.help['en']}\n\n{node_type.help['zh']}\n"
    yield f"Exits: {_exits(node_type)}. {' '.join(_traits(node_type))}".strip() + "\n"
    properties = node_type.settings.get("properties", {})
    if properties:
        yield "| setting | what | for |"
        yield "|---|---|---|"
        required = set(node_type.settings.get("required", ()))
        yield from _rows(node_type.settings, required, "")
        yield ""
    example = json.dumps(node_type.example, ensure_ascii=False, indent=2)
    yield f"```json\n{example}\n```\n"


def _exits(node_type: NodeType) -> str:
    names = []
    if node_type.ports_from:
        names.append(f"one for each of `{node_type.ports_from}`")
    if node_type.ports_by:
        names += [
            f"with {node_type.ports_by.setting} `{value}` {_ports(ports)}"
            for value, ports in node_type.ports_by.cases.items()
        ]
    if node_type.ports:
        names.append(_ports(node_type.ports))
    return "; ".join(names) or "none"


def _ports(ports: tuple[Port, ...]) -> str:
    return ", ".join(
        f"`{port.name}` {_both(port.title)}{'' if port.required else ' (may be left open)'}"
        for port in ports
    )


def _traits(node_type: NodeType) -> Iterator[str]:
    if node_type.waits:
        yield "A token rests here."
    if node_type.in_worker:
        yield "Works in a worker, outside any transaction."


def _rows(schema: Mapping[str, Any], required: set[str], prefix: str) -> Iterator[str]:
    """One row a setting; what has settings of its own follows with its place."""
    for name, part in schema.get("properties", {}).items():
        if "x-title" not in part:
            continue
        must = " *" if name in required else ""
        about = " ".join(filter(None, (_kind(part), _default(part), _used(part))))
        helps = f"{part['x-help']['en']}<br>{part['x-help']['zh']}"
        yield f"| `{prefix}{name}`{must} | {_cell(_both(part['x-title']))}<br>{_cell(about)} | {_cell(helps)} |"
        if part.get("x-widget") in {"pairs", "assignees"}:
            continue
        inner = part.get("items", part)
        place = f"{prefix}{name}[]." if "items" in part else f"{prefix}{name}."
        yield from _rows(inner, set(inner.get("required", ())), place)


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        titles = part.get("x-enum-titles", {})
        return ", ".join(f"`{value}` {_both(titles.get(value, {}))}" for value in part["enum"])
    kind = part.get("x-widget") or part.get("format") or part.get("type", "")
    limits = [f"{part[word]}" for word in ("minimum", "maximum") if word in part]
    return f"{kind} {' to '.join(limits)}".strip()


def _default(part: Mapping[str, Any]) -> str:
    return f"(usually `{json.dumps(part['default'])}`)" if "default" in part else ""


def _used(part: Mapping[str, Any]) -> str:
    when = part.get("x-when", {})
    return "; ".join(f"with {name} {' or '.join(map(str, v))}" for name, v in when.items())


def _both(title: Mapping[str, str]) -> str:
    zh, en = title.get("zh", ""), title.get("en", "")
    return " · ".join(filter(None, (en, zh))) if zh != en else en


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PLACE.write_text(text(), "utf-8")

"""Did a test run end as its sample expects? What a sample may expect: `status`, `result`, `visited` (in this order, others in
between), `not_visited`, `variables` (dotted names), `business_key`, `dedup_key`, `notified` (part of a message → role),
`not_notified`, `lasts_ms` (from, to), `problems` (paths), `end` (the end reached last), `asked` (node → people or roles that were
asked there, others may be too), `output` (dotted names)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.engine.clock import from_iso

Unmet = dict[str, Any]
_NOTHING = object()


def unmet(expect: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Unmet]:
    """Everything that is otherwise: `{"what", "expected", "found"}`."""
    return [
        {"what": what, "expected": expected, "found": found}
        for what, expected, found in _differences(expect, answer)
    ]


def _differences(
    expect: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for name in ("status", "result", "business_key", "dedup_key"):
        if name in expect and answer.get(name) != expect[name]:
            yield name, expect[name], answer.get(name)
    visited = answer.get("visited", [])
    if "visited" in expect and not _in_order(expect["visited"], visited):
        yield "visited", expect["visited"], visited
    for node in expect.get("not_visited", ()):
        if node in visited:
            yield "not_visited", node, visited
    for path, value in expect.get("variables", {}).items():
        found = _dotted(answer.get("variables"), path)
        if found != value:
            yield f"variables.{path}", value, None if found is _NOTHING else found
    for path, value in expect.get("output", {}).items():
        found = _dotted(answer.get("output"), path)
        if found != value:
            yield f"output.{path}", value, None if found is _NOTHING else found
    if "end" in expect:
        ends = answer.get("ends", [])
        if not ends or ends[-1] != expect["end"]:
            yield "end", expect["end"], ends[-1] if ends else None
    yield from _asked(expect.get("asked", {}), answer.get("steps", ()))
    yield from _told(expect, answer.get("notifications", ()))
    if "lasts_ms" in expect and "ended_at" in answer:
        least, most = expect["lasts_ms"]
        lasted = from_iso(answer["ended_at"]) - from_iso(answer["started_at"])
        if not least <= lasted <= most:
            yield "lasts_ms", expect["lasts_ms"], lasted
    paths = [problem["path"] for problem in answer.get("problems", ())]
    if "problems" in expect and paths != expect["problems"]:
        yield "problems", expect["problems"], paths


def _asked(
    wanted: Mapping[str, Sequence[str]], steps: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any, Any]]:
    for node, people in wanted.items():
        visits = [step.get("actors") for step in steps if step["node"] == node]
        found = sorted({one for actors in visits for one in actors or ()})
        if not set(people) <= set(found):
            yield f"asked.{node}", list(people), found


def _told(
    expect: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any, Any]]:
    texts = [f"{note['title']} {note['text']}" for note in notes]
    for part, role in expect.get("notified", {}).items():
        to = [note["to"] for note, text in zip(notes, texts, strict=True) if part in text]
        if not to or not all(f"role:{role}" in one for one in to):
            yield f"notified.{part}", role, to
    for part in expect.get("not_notified", ()):
        if any(part in text for text in texts):
            yield "not_notified", part, texts


def _in_order(wanted: Sequence[str], visited: Sequence[str]) -> bool:
    walk = iter(visited)
    return all(node in walk for node in wanted)


def _dotted(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _NOTHING
    return value

"""What becomes of a record when another source says something else about it (decision G3). Pure.

A rule: `{"mode": "theirs"|"ours"|"newest", "by": field, "window_s": 300, "fields": {field: mode}, "order": {field: [states]}}`.
`newest` compares the moments of `by`. A field with an `order` never goes back: within the window it stays in silence, beyond it
is held for a person. Whoever is newer by more than the window is worth a look (`alert`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MODES = ("theirs", "ours", "newest", "fill", "largest", "smallest")
"""theirs: take what comes · ours: keep what is there · newest: of the newer one · fill: only where nothing is yet."""

WINDOW_S = 300


@dataclass(slots=True)
class Merged:
    """The record afterwards, and what the sources did not agree on."""

    value: dict[str, Any]
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    alert: bool = False
    """The newer one differs by more than the window."""
    held: list[str] = field(default_factory=list)
    """Fields that would have gone back and wait for a person."""


def merge(
    rule: Mapping[str, Any] | None, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Merged:
    """What is kept of both; fields that `theirs` does not have stay."""
    rule = rule or {"mode": "theirs"}
    by = rule.get("by")
    newer, apart_s = _newer(ours.get(by), theirs.get(by)) if by else (True, 0.0)
    late = apart_s > rule.get("window_s", WINDOW_S)
    made = Merged(dict(ours))
    for name, new in theirs.items():
        old = ours.get(name)
        if old == new:
            continue
        mode = rule.get("fields", {}).get(name, rule.get("mode", "theirs"))
        order = rule.get("order", {}).get(name)
        take = _take(mode, old, new, newer)
        why = mode
        if order and old in order and new in order:
            back = order.index(new) < order.index(old)
            # Within the window the order alone decides; beyond it the newer one, but never back without a person.
            take, why = (not back, "order") if not late else (take and not back, why)
            if back and late and newer and mode != "ours":
                made.held.append(name)
                why = "held"
        if take:
            made.value[name] = new
        if old is not None and name != by:
            kept = "theirs" if take else "ours"
            made.conflicts.append(
                {"field": name, "ours": old, "theirs": new, "kept": kept, "why": why}
            )
    made.alert = late and bool(made.conflicts)
    return made


def _take(mode: str, old: Any, new: Any, newer: bool) -> bool:
    match mode:
        case "ours":
            return False
        case "fill":
            return old is None or old == ""
        case "newest":
            return newer
        case "largest" | "smallest" if _comparable(old, new):
            return bool(new > old if mode == "largest" else new < old)
        case _:
            return True


def _comparable(old: Any, new: Any) -> bool:
    number = (int, float)
    return (isinstance(old, number) and isinstance(new, number)) or (
        isinstance(old, str) and isinstance(new, str)
    )


def _newer(old: Any, new: Any) -> tuple[bool, float]:
    """Is `new` at least as new, and how many seconds lie between them? What has no moment is older."""
    before, after = _moment(old), _moment(new)
    if after is None:
        return before is None, 0.0
    if before is None:
        return True, 0.0
    return after >= before, abs((after - before).total_seconds())


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1_000 if value > 100_000_000_000 else value
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None

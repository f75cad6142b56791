"""Moments of a task with a time limit: it warns, it is due, it escalates step by step. Pure.

Each is a timer of its own, set when the task opens, gone when it ends: `task:warn:0`, `task:due`, `task:escalate:1`, and for
a step that repeats `task:escalate:1:2`, its third time. `moments` lists them, `meaning` says what a name is for, `again` is
the next time of a step that repeats. All times are ms since 1970.

A limit is broken when more than its length has passed: 24:00:00 is in time, 24:00:01 is not (R050). So what follows from a
limit happens a millisecond after it; a warning happens at its moment. docs/time.md has it in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from headrace.engine.duration import duration_ms

PREFIX = "task:"
"""Names of these timers begin with it; no event of a drawing has a colon in its name."""

LATE_MS = 1
"""How long after its limit something is late."""

TIMES_MAX = 100
"""A step that repeats without `times` does so at most so often: nobody reads the hundred and first reminder."""

DUE = "due"
"""In `after`: at the due time of the task, instead of a length from its opening."""

Kind = Literal["warn", "due", "escalate"]
Do = Literal["remind", "backup", "superior", "transfer", "approve", "reject"]
Settings = Mapping[str, Any]


class Clock(Protocol):
    """Whoever can count: all hours, or business time by a calendar."""

    def after(self, start_ms: int, length: str) -> int:
        """The moment when so much has passed since `start_ms`."""
        ...

    def part(self, start_ms: int, end_ms: int, percent: float) -> int:
        """The moment when so many percent of what counts between the two have passed."""
        ...


class AllHours:
    """Every hour counts."""

    def after(self, start_ms: int, length: str) -> int:
        """See `Clock`."""
        return start_ms + duration_ms(length)

    def part(self, start_ms: int, end_ms: int, percent: float) -> int:
        """See `Clock`."""
        return start_ms + round((end_ms - start_ms) * percent / 100)


ALL_HOURS = AllHours()


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a moment was found, so that it can be found again by another version of a calendar."""

    start_ms: int
    length: str
    percent: float | None = None
    late_ms: int = 0

    def moment(self, clock: Clock, start_ms: int | None = None) -> int:
        """The moment by this clock; `start_ms`: counted from then instead."""
        begins = self.start_ms if start_ms is None else start_ms
        end_ms = clock.after(begins, self.length)
        if self.percent is not None:
            end_ms = clock.part(begins, end_ms, self.percent)
        return end_ms + self.late_ms

    def as_json(self, due_ms: int) -> dict[str, Any]:
        """As `timers.reckoning` keeps it; what is usual is left out."""
        found: dict[str, Any] = {"from": self.start_ms, "length": self.length, "due": due_ms}
        if self.percent is not None:
            found["percent"] = self.percent
        if self.late_ms:
            found["late"] = self.late_ms
        return found


def reckoning_of(told: Mapping[str, Any]) -> Reckoning:
    """What `as_json` wrote."""
    return Reckoning(told["from"], told["length"], told.get("percent"), told.get("late", 0))


@dataclass(frozen=True, slots=True)
class Moment:
    """One timer of a task."""

    name: str
    at_ms: int
    reckoning: Reckoning


@dataclass(frozen=True, slots=True)
class Act:
    """What a timer of a task is for."""

    kind: Kind
    index: int = 0
    """Which warning, or which step of the escalation."""
    time: int = 0
    """0: the first time of a step that repeats."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """The step as drawn; of a warning `{percent}`."""

    @property
    def do(self) -> str:
        """What is done: that of the step; a warning and a due time tell."""
        return str(self.row.get("do", self.kind))


def moments(settings: Settings, opened_ms: int, clock: Clock) -> list[Moment]:
    """All timers of a task that opens now, first to last. Without a due time there are no warnings, and no step at the due time."""
    found: list[Moment] = []
    due = settings.get("due")
    if due is not None:
        found += [
            _moment(f"{PREFIX}warn:{index}", Reckoning(opened_ms, due, float(percent)), clock)
            for index, percent in enumerate(settings.get("warn", ()))
        ]
        found.append(_moment(f"{PREFIX}due", Reckoning(opened_ms, due, late_ms=LATE_MS), clock))
    for index, row in enumerate(settings.get("escalation", ())):
        length = due if row["after"] == DUE else row["after"]
        if length is not None:
            reckoning = Reckoning(opened_ms, length, late_ms=LATE_MS)
            found.append(_moment(f"{PREFIX}escalate:{index}", reckoning, clock))
    return sorted(found, key=lambda moment: moment.at_ms)


def again(settings: Settings, name: str, due_ms: int, now_ms: int, clock: Clock) -> Moment | None:
    """The next time of a step that has fired; None: it does not repeat, or has done so often enough.

    Counted from when it was due, so that looking late moves nothing; after a long standstill from now, so that what was
    missed is told once and not in a heap.
    """
    act = meaning(settings, name)
    if act is None or act.kind != "escalate" or not (every := act.row.get("every")):
        return None
    if act.time + 1 >= min(int(act.row.get("times", TIMES_MAX)), TIMES_MAX):
        return None
    next_name = f"{PREFIX}escalate:{act.index}:{act.time + 1}"
    moment = _moment(next_name, Reckoning(due_ms or now_ms, every), clock)
    if moment.at_ms <= now_ms:
        moment = _moment(next_name, Reckoning(now_ms, every), clock)
    return moment


def meaning(settings: Settings, name: str) -> Act | None:
    """What the timer is for by these settings; None: nothing any more (a migration took its step away), or no timer of a task."""
    if not name.startswith(PREFIX):
        return None
    kind, *numbers = name.removeprefix(PREFIX).split(":")
    if kind == "due":
        return Act("due") if "due" in settings else None
    index, time = (int(number) for number in (*numbers, "0")[:2])
    if kind == "warn":
        percents = settings.get("warn", ())
        return (
            Act("warn", index, row={"percent": percents[index]}) if index < len(percents) else None
        )
    rows = settings.get("escalation", ())
    return Act("escalate", index, time, rows[index]) if index < len(rows) else None


def problems(settings: Settings) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """What is wrong with them beyond their schema: (path, code, params)."""
    wants_due = [
        f"/escalation/{index}/after"
        for index, row in enumerate(settings.get("escalation", ()))
        if row.get("after") == DUE
    ]
    if settings.get("warn"):
        wants_due.append("/warn")
    if "due" not in settings:
        for path in wants_due:
            yield path, "setting_missing", {"name": "due"}


# --- for people ------------------------------------------------------------------------------------


def upcoming(settings: Settings, timers: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """What the open timers of a task (name, moment) will do, first to last: `{kind, at_ms, do, text}`."""
    found = []
    for name, at_ms in timers:
        act = Act("escalate", row={"do": "remind"}) if name == "remind" else meaning(settings, name)
        if act is not None:
            kind = "escalation" if act.kind == "escalate" else act.kind
            found.append({"kind": kind, "at_ms": at_ms, "do": act.do, "text": text_of(act)})
    return sorted(found, key=lambda row: row["at_ms"])


def text_of(act: Act) -> Mapping[str, str]:
    """What happens then, in words."""
    if act.kind == "warn":
        percent = f"{act.row['percent']:g}"
        return {"zh": f"时限已用去 {percent}%，提醒处理人", "en": f"Warn at {percent}% of the time"}
    return TEXTS[act.do]


TEXTS: Mapping[str, Mapping[str, str]] = {
    "due": {"zh": "到期", "en": "Due"},
    "remind": {"zh": "催办提醒", "en": "Remind"},
    "backup": {"zh": "转给备岗", "en": "Move to the backup"},
    "superior": {"zh": "升级到上级", "en": "Move up to the superior"},
    "transfer": {"zh": "转给指定的人", "en": "Move to the people named"},
    "approve": {"zh": "自动通过", "en": "Approve by rule"},
    "reject": {"zh": "自动拒绝", "en": "Reject by rule"},
}


def _moment(name: str, reckoning: Reckoning, clock: Clock) -> Moment:
    return Moment(name, reckoning.moment(clock), reckoning)

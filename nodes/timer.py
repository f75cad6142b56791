"""Wait for a length of time, or until a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from headrace.engine.node import Context, Failed, NodeType, WaitUntil, duration_ms
from headrace.nodes._fields import (
    Problems,
    counted_days,
    duration,
    expression,
    form,
    needed,
    setting,
)


def run(context: Context) -> WaitUntil | Failed:
    """A moment that has passed already fires at once."""
    settings = context.settings
    if settings["mode"] == "until":
        return _until(context.evaluate.expression(settings["until"]))
    if settings.get("days") == "business":
        return WaitUntil(context.after_business(settings["duration"]))
    return WaitUntil(context.now_ms + duration_ms(settings["duration"]))


def _until(value: Any) -> WaitUntil | Failed:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        return Failed(
            "not_a_moment",
            f"Expected a date and time with its zone, like 2026-01-09T08:00:00Z, but found {value!r}.",
        )
    return WaitUntil(round(moment.astimezone(UTC).timestamp() * 1000))


def check(settings: Mapping[str, Any]) -> Problems:
    """Each way of waiting needs its own setting."""
    return needed(settings, "duration" if settings.get("mode") == "for" else "until")


NODE = NodeType(
    name="timer",
    title={"zh": "等待", "en": "Wait"},
    help={
        "zh": "等一段时间，或等到某个时刻，再往下走。等待不占用任何资源。",
        "en": "Goes on after a length of time or at a moment. Waiting costs nothing.",
    },
    group="time",
    icon="clock-circle",
    settings=form(
        ["mode"],
        mode=setting(
            ("怎样等", "How"),
            ("等一段时间，或等到某个时刻。", "For a length of time, or until a moment."),
            type="string",
            choices={
                "for": ("等一段时间", "For a time"),
                "until": ("等到某个时刻", "Until a moment"),
            },
            default="for",
        ),
        duration=duration(
            ("多久", "How long"),
            (
                "例如 PT30M（30 分钟）、PT24H（24 小时）、P3D（3 天）。",
                "Such as PT30M (30 minutes), PT24H or P3D (3 days).",
            ),
            when={"mode": ["for"]},
        ),
        days=counted_days(when={"mode": ["for"]}),
        until=expression(
            ("哪个时刻", "Which moment"),
            (
                "结果是带时区的时间，例如 order.ship_before。",
                "Gives a time with its zone, such as order.ship_before.",
            ),
            when={"mode": ["until"]},
        ),
    ),
    example={"mode": "for", "duration": "PT24H", "days": "all"},
    run=run,
    check=check,
    waits=True,
    rows=frozenset({"timer"}),
)

"""Lengths of time as people write them in a flow: ISO 8601 (`PT30M`, `PT24H`, `P1D`, `P2W`).

Months and years are refused: their length depends on when they begin.
"""

from __future__ import annotations

import re
from decimal import Decimal

DURATION_MAX_MS = 10 * 366 * 86_400_000
"""Ten years: longer is a slip of the finger, and keeps every due time inside the calendar."""

_DURATION = re.compile(
    r"P(?:(\d{1,9})W|(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?)",
    re.ASCII,
)
_UNITS_MS = (604_800_000, 86_400_000, 3_600_000, 60_000, 1_000)


def duration_ms(text: str) -> int:
    """`PT1H30M` → `5400000`. Days have 24 hours. Raises ValueError that says what was expected."""
    weeks, days, rest_ms = duration_parts(text)
    return weeks * _UNITS_MS[0] + days * _UNITS_MS[1] + rest_ms


def duration_parts(text: str) -> tuple[int, int, int]:
    """`P1DT2H` → `(0, 1, 7200000)`: weeks, days, and the rest in ms, for clocks whose days are not 24 hours."""
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()) or text.endswith("T"):
        raise ValueError(
            f"Expected a duration as PT30M, PT24H or P1D (no months or years), but found {text[:60]!r}."
        )
    counts = [Decimal(count or 0) for count in found.groups()]
    lengths = [int(count * unit) for count, unit in zip(counts, _UNITS_MS, strict=True)]
    if sum(lengths) > DURATION_MAX_MS:
        raise ValueError(f"Expected a duration of at most ten years, but found {text}.")
    return int(counts[0]), int(counts[1]), sum(lengths[2:])

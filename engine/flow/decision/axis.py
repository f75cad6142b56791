"""A column's values, cut into the few classes (atoms) that its cells can tell apart.

Every literal of the column is an atom of its own, and so is what lies between two of them. Values of one atom are answered by
every row alike, so that "which rows hit", "what is not covered" and "what is covered twice" are exact questions about bits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from headrace.engine.flow.decision.cells import (
    ORDERED,
    Cell,
    Different,
    Only,
    Span,
    literal,
    written,
)
from headrace.engine.flow.decision.model import Column, decimals_of

OTHER = "\0other"


class Axis:
    """The atoms of one column. A set of values is a whole number: bit `i` is atom `i`."""

    __slots__ = ("_index", "all", "column", "count", "given", "nothing", "points")

    def __init__(self, column: Column, cells: Iterable[Cell]) -> None:
        self.column = column
        self.points: list[Any] = []
        self._index: dict[Any, int] = {}
        parts = [part for cell in cells for part in cell.parts or ()]
        if column["kind"] in ORDERED:
            self._ordered(parts)
        else:
            self._named(parts)
        self.nothing = 1 << self.count if column.get("optional") else 0
        self.given = self.all
        self.all |= self.nothing

    def _ordered(self, parts: Iterable[Span | Only]) -> None:
        ends: set[Any] = set()
        for part in parts:
            ends.update(
                end
                for end in ((part.low, part.high) if isinstance(part, Span) else (part.value,))
                if end is not None
            )
        low, high = self.bounds()
        ends.update(end for end in (low, high) if end is not None)
        self.points = sorted(ends)
        self.count = 2 * len(self.points) + 1
        step = self.step()
        self.all = 0
        for atom in range(self.count):
            place, between = atom // 2, atom % 2 == 0
            below = self.points[place - 1] if between and place else None
            above = self.points[place] if place < len(self.points) else None
            if between:
                if low is not None and (below is None or below < low):
                    continue
                if high is not None and (above is None or above > high):
                    continue
                if step is not None and None not in (below, above) and below + step >= above:
                    continue
            elif (low is not None and above < low) or (high is not None and above > high):
                continue
            self.all |= 1 << atom

    def _named(self, parts: Iterable[Span | Only]) -> None:
        column = self.column
        match column["kind"]:
            case "choice":
                values: list[Any] = [one["value"] for one in column.get("options") or ()]
            case "yes_no":
                values = [True, False]
            case _:
                told = (part.value for part in parts if isinstance(part, Only))
                values = [*dict.fromkeys(value for value in told if value is not None), OTHER]
        self.points = values
        self._index = {value: index for index, value in enumerate(values)}
        self.count = len(values)
        self.all = (1 << self.count) - 1

    def bounds(self) -> tuple[Any, Any]:
        """The least and the most the column takes."""
        return self._end("min"), self._end("max")

    def _end(self, which: str) -> Any:
        told = self.column.get(which)
        return None if told in (None, "") else literal(self.column, str(told))

    def _written(self, place: int) -> str:
        return written(self.column, self.points[place])

    def step(self) -> Any:
        """How far two neighbouring values are apart; None: there is always one between."""
        if self.column["kind"] == "date":
            return 1
        decimals = decimals_of(self.column)
        return None if decimals is None else Decimal(1).scaleb(-decimals)

    def atom(self, value: Any) -> int:
        """The bit of this value; 0 for one the column does not take."""
        if value is None:
            return self.nothing
        if self.column["kind"] in ORDERED:
            place = bisect_left(self.points, value)
            at = place < len(self.points) and self.points[place] == value
            bit = 1 << (2 * place + at)
        elif self.column["kind"] == "list":
            bit = 1
        else:
            place = self._index.get(value, self._index.get(OTHER, -1))
            bit = 1 << place if place >= 0 else 0
        return bit & self.all

    def mask(self, cell: Cell) -> int:
        """The atoms a cell holds for; a free one may hold for any."""
        if cell.parts is None:
            return self.all
        found = 0
        for part in cell.parts:
            found |= self._part(part)
        return self.given & ~found if cell.negated else found & self.all

    def _part(self, part: Span | Only) -> int:
        if isinstance(part, Different):
            return self.given & ~self.atom(part.value)
        if isinstance(part, Only):
            return self.atom(part.value)
        last = 2 * len(self.points)
        first = 0
        if part.low is not None:
            first = 2 * bisect_left(self.points, part.low) + 1 + part.low_open
        if part.high is not None:
            last = 2 * bisect_left(self.points, part.high) + 1 - part.high_open
        return ((1 << (last + 1)) - (1 << first)) if last >= first else 0

    # --- and back to words ---

    def example(self, mask: int) -> Any:
        """One value out of these atoms, the plainest."""
        atoms = [atom for atom in range(self.count) if mask >> atom & 1]
        if not atoms:
            return None
        if self.column["kind"] == "list":
            return []
        if self.column["kind"] not in ORDERED:
            value = self.points[atoms[0]]
            return self._other() if value == OTHER else value
        exact = [atom for atom in atoms if atom % 2]
        return self.points[exact[0] // 2] if exact else self._between(atoms[0] // 2)

    def _other(self) -> str:
        number = 0
        while (found := "other" if not number else f"other {number}") in self._index:
            number += 1
        return found

    def _between(self, place: int) -> Any:
        below = self.points[place - 1] if place else None
        above = self.points[place] if place < len(self.points) else None
        step = self.step() or 1
        if below is None:
            return (
                0
                if above is None
                else above - (1 if isinstance(above, int) and step <= 1 else step)
            )
        whole = below + 1
        if above is None or whole < above:
            return whole
        if self.step() is not None:
            return below + step
        return _plain((Decimal(below) + Decimal(above)) / 2)

    def words(self, mask: int) -> str:
        """A set of atoms as a cell would say it."""
        if mask == self.all:
            return "-"
        if self.column["kind"] not in ORDERED:
            return self._names(mask)
        said = [
            self._run(first, last)
            for first, last in _runs(mask & self.given, self.given, self.count)
        ]
        if mask & self.nothing:
            said.append("null")
        return ", ".join(said)

    def _names(self, mask: int) -> str:
        if mask == self.given:
            return "not(null)"
        values = [value for index, value in enumerate(self.points) if mask >> index & 1]
        if OTHER in values:
            out = [v for i, v in enumerate(self.points) if not mask >> i & 1 and v != OTHER]
            said = f"not({', '.join(written(self.column, v) for v in out)})" if out else "not(null)"
        else:
            said = ", ".join(written(self.column, value) for value in values)
        return ", ".join(one for one in (said, "null" if mask & self.nothing else "") if one)

    def _run(self, first: int, last: int) -> str:
        write = self._written
        low = None if first == 0 else (first - 1) // 2
        high = None if last == self.count - 1 else last // 2
        low_open, high_open = first % 2 == 0, last % 2 == 0
        least, most = self.bounds()
        if low is not None and least is not None and self.points[low] == least and not low_open:
            low = None
        if high is not None and most is not None and self.points[high] == most and not high_open:
            high = None
        if first == last and first % 2:
            return write(first // 2)
        if low is None and high is None:
            return "not(null)"
        if low is None:
            assert high is not None
            return f"{'<' if high_open else '<='} {write(high)}"
        if high is None:
            return f"{'>' if low_open else '>='} {write(low)}"
        if not low_open and not high_open:
            return f"{write(low)}..{write(high)}"
        return f"{'(' if low_open else '['}{write(low)}..{write(high)}{')' if high_open else ']'}"


def _runs(mask: int, exists: int, count: int) -> Iterable[tuple[int, int]]:
    """Neighbouring atoms together; what does not exist parts nothing."""
    first: int | None = None
    last = 0
    for atom in range(count):
        if not exists >> atom & 1:
            continue
        if mask >> atom & 1:
            first = atom if first is None else first
            last = atom
        elif first is not None:
            yield first, last
            first = None
    if first is not None:
        yield first, last


def _plain(number: Decimal) -> Any:
    return int(number) if number == number.to_integral_value() else number.normalize()

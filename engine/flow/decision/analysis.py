"""What a table leaves out, says twice, and never comes to. Exact for rows of literals; rows with expressions are named.

A row is a box: a set of atoms a column. What no row covers is what is left of the whole space when every row's box has been cut
out; a row that comes to nothing is one whose box is used up by those before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.engine.flow.decision import cells
from headrace.engine.flow.decision.compiled import Compiled
from headrace.engine.flow.values import same, to_json_value

PIECES_MAX = 4_000
"""Boxes held at once; a table that shatters into more is not looked through to the end."""
PAIRS_MAX = 200
"""Overlaps told."""
GAPS_MAX = 100
"""Gaps told."""
WORK_MAX = 2_000_000
"""Boxes compared in all; beyond it the rest is not looked through."""

Box = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Inputs that no row covers. `maybe`: rows with expressions that could cover some of them."""

    when: Mapping[str, str]
    example: Mapping[str, Any]
    maybe: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows that both hit."""

    rows: tuple[int, int]
    when: Mapping[str, str]
    example: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A row that never counts: `never` holds for nothing, or is `covered` by the rows `by`."""

    row: int
    why: str
    by: tuple[int, ...] = ()


@dataclass(slots=True)
class Report:
    """Rows are counted from 1."""

    gaps: list[Gap] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)
    unreachable: list[Unreachable] = field(default_factory=list)
    free_rows: list[int] = field(default_factory=list)
    """Rows with expressions: not analysable."""
    complete: bool = True
    """Was all looked through, and told?"""


def analyse(table: Compiled) -> Report:
    """Look a table through."""
    return _Analysis(table).report


class _Analysis:
    def __init__(self, table: Compiled) -> None:
        self.table, self.report = table, Report()
        self.work = 0
        self.boxes: list[Box] = [tuple(box) for box in table.boxes]
        self.sure = [row for row in range(len(self.boxes)) if not table.is_free(row)]
        self.report.free_rows = [row + 1 for row in range(len(self.boxes)) if table.is_free(row)]
        self._never()
        self._gaps()
        if table.policy in {"unique", "any"}:
            self._overlaps()
        if table.policy in {"first", "priority"}:
            self._covered()
        self.report.unreachable.sort(key=lambda one: one.row)

    def _never(self) -> None:
        for row, box in enumerate(self.boxes):
            if not all(box) and not self.table.blank[row]:
                self.report.unreachable.append(Unreachable(row + 1, "never"))

    def _gaps(self) -> None:
        left = self._without(tuple(axis.all for axis in self.table.axes), self.sure)
        left = _joined(left) if len(left) <= GAPS_MAX * 4 else left
        if len(left) > GAPS_MAX:
            self.report.complete = False
        for box in left[:GAPS_MAX]:
            maybe = [row for row in self.report.free_rows if _meet(box, self.boxes[row - 1])]
            self.report.gaps.append(Gap(self._words(box), self._example(box), tuple(maybe)))

    def _without(self, whole: Box, rows: Iterable[int]) -> list[Box]:
        """What is left of a box when the boxes of these rows have been cut out."""
        left = [whole]
        for row in rows:
            rule = self.boxes[row]
            if not all(rule):
                continue
            self.work += len(left)
            left = [piece for box in left for piece in _cut(box, rule)]
            if len(left) > PIECES_MAX or self.work > WORK_MAX:
                self.report.complete = False
                return left
            if not left:
                return left
        return left

    def _overlaps(self) -> None:
        rows, boxes = self.sure, self.boxes
        for at, one in enumerate(rows):
            if not all(boxes[one]):
                continue
            for other in rows[at + 1 :]:
                self.work += 1
                if not _meet(boxes[one], boxes[other]):
                    continue
                if self.table.policy == "any" and self._agree(one, other):
                    continue
                if len(self.report.overlaps) >= PAIRS_MAX:
                    self.report.complete = False
                    return
                box = tuple(a & b for a, b in zip(boxes[one], boxes[other], strict=True))
                self.report.overlaps.append(
                    Overlap((one + 1, other + 1), self._words(box), self._example(box))
                )
            if self.work > WORK_MAX:
                self.report.complete = False
                return

    def _agree(self, one: int, other: int) -> bool:
        """Do two rows say the same? Expressions may, so they are not blamed."""
        return all(
            a.free is not None or b.free is not None or same(a.value, b.value)
            for a, b in zip(self.table.then[one], self.table.then[other], strict=True)
        )

    def _covered(self) -> None:
        for row, box in enumerate(self.boxes):
            if not all(box):
                continue
            before = [other for other in self._before(row) if _meet(self.boxes[other], box)]
            if before and not self._without(box, before):
                by = tuple(other + 1 for other in before)
                self.report.unreachable.append(Unreachable(row + 1, "covered", by))

    def _before(self, row: int) -> list[int]:
        """The rows that count instead of this one where both hit."""
        if self.table.policy == "first":
            return [other for other in self.sure if other < row]
        mine = self._rank(row)
        if mine is None:
            return []
        return [
            other
            for other in self.sure
            if other != row
            and (rank := self._rank(other)) is not None
            and (rank, other) < (mine, row)
        ]

    def _rank(self, row: int) -> tuple[int, ...] | None:
        told = self.table.then[row]
        values = {
            column["name"]: result.value
            for column, result in zip(self.table.outputs, told, strict=True)
        }
        if any(
            r.free is not None and c.get("options")
            for c, r in zip(self.table.outputs, told, strict=True)
        ):
            return None
        return self.table.rank(values)

    def _words(self, box: Box) -> dict[str, str]:
        return {
            axis.column["name"]: axis.words(mask)
            for axis, mask in zip(self.table.axes, box, strict=True)
        }

    def _example(self, box: Box) -> dict[str, Any]:
        return {
            axis.column["name"]: to_json_value(cells.as_variable(axis.column, axis.example(mask)))
            for axis, mask in zip(self.table.axes, box, strict=True)
        }


def _meet(one: Box, other: Box) -> bool:
    return all(a & b for a, b in zip(one, other, strict=True))


def _cut(box: Box, rule: Box) -> list[Box]:
    """A box without a rule's: disjoint pieces, at most one a column."""
    if not _meet(box, rule):
        return [box]
    pieces: list[Box] = []
    head: list[int] = []
    for place, (mine, its) in enumerate(zip(box, rule, strict=True)):
        if rest := mine & ~its:
            pieces.append((*head, rest, *box[place + 1 :]))
        head.append(mine & its)
    return pieces


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that differ in one column only become one, so that a gap reads as a person would say it."""
    found = list(boxes)
    again = True
    while again:
        again = False
        for at, one in enumerate(found):
            for later in range(at + 1, len(found)):
                other = found[later]
                differ = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
                if len(differ) == 1:
                    place = differ[0]
                    found[at] = (*one[:place], one[place] | other[place], *one[place + 1 :])
                    del found[later]
                    again = True
                    break
            if again:
                break
    return found

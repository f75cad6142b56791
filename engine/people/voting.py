"""How votes decide: the rule of a task and its seats in, the result out as soon as nothing that can still come changes it.

What counts is the unit: a seat with those signed on before and after it. A unit approves when all of it has approved (where one
is enough: one), and rejects with the first that does; people signed on in parallel are units of their own. A vote to return is
not a vote on the matter: it sends the task back at once, in every mode. A delegate's or a colleague's opinion counts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from headrace.engine.people.seats import Seat

Mode = Literal["any", "all", "ratio", "count", "weight", "sequence"]
Result = Literal["approved", "rejected", "returned"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How votes decide. any: the first · all: everybody, the first refusal ends it · sequence: the same, one after the other ·
    ratio: `percent` of the units · count: `count` of them · weight: units that weigh `weight` together."""

    mode: Mode = "any"
    percent: float = 100.0
    count: int = 1
    weight: int = 1

    def as_json(self) -> dict[str, Any]:
        """As events and rows keep it: only what this mode looks at."""
        found: dict[str, Any] = {"mode": self.mode}
        match self.mode:
            case "ratio":
                found["percent"] = self.percent
            case "count":
                found["count"] = self.count
            case "weight":
                found["weight"] = self.weight
            case _:
                pass
        return found

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> Rule:
        """Back from `as_json`."""
        return Rule(**row)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has been decided, and by which rule (a code): why the rest is not asked any more."""

    result: Result
    why: str


Unit = Literal["approved", "rejected", "open"]


def outcome(rule: Rule, seats: Iterable[Seat]) -> Outcome | None:
    """The result that every way of voting on would lead to; None while it can still be otherwise."""
    voting = [seat for seat in seats if seat.counts]
    if rule.mode == "any" and all(seat.decision is None for seat in voting):
        return None
    if any(seat.decision == "returned" for seat in voting):
        return Outcome("returned", "returned")
    units = units_of(voting)
    if rule.mode == "any":
        return _first(units)
    if any(unit.veto and unit.stands == "rejected" for unit in units):
        return Outcome("rejected", "vetoed")
    have, still, needed = tally(rule, units)
    if have >= needed and not any(unit.veto and unit.stands == "open" for unit in units):
        return Outcome("approved", "all_approved" if rule.mode in _ALL else "enough_approved")
    if have + still < needed:
        return Outcome("rejected", "one_rejected" if rule.mode in _ALL else "cannot_pass")
    return None


_ALL = ("all", "sequence")


@dataclass(frozen=True, slots=True)
class Counted:
    """A seat with those signed on before and after it, as the rule counts them."""

    stands: Unit
    weight: int
    veto: bool
    nth: int
    """When its last vote came, of all votes of the task."""


def units_of(voting: Iterable[Seat]) -> list[Counted]:
    """The units, in the order of their numbers."""
    groups: dict[int, list[Seat]] = {}
    for seat in voting:
        groups.setdefault(seat.unit, []).append(seat)
    return [_unit(groups[number]) for number in sorted(groups)]


def _unit(seats: Sequence[Seat]) -> Counted:
    enough = {seat.any for seat in seats if seat.any and seat.decision == "approved"}
    decisions = [
        seat.decision for seat in seats if seat.decision is not None or seat.any not in enough
    ]
    if "rejected" in decisions:
        stands: Unit = "rejected"
    else:
        stands = "approved" if all(one == "approved" for one in decisions) else "open"
    return Counted(
        stands,
        max(seat.weight for seat in seats),
        any(seat.veto for seat in seats),
        max(seat.nth for seat in seats),
    )


def _first(units: Sequence[Counted]) -> Outcome | None:
    said = [unit for unit in units if unit.stands != "open"]
    if not said:
        # Everybody left and nobody decided: not a result, the task's policy looks for others.
        return None
    first = min(said, key=lambda unit: unit.nth)
    return Outcome("approved" if first.stands == "approved" else "rejected", "first_decision")


def tally(rule: Rule, units: Sequence[Counted]) -> tuple[int, int, int]:
    """(have, still possible, needed): units, or what they weigh."""
    worth = {id(unit): unit.weight if rule.mode == "weight" else 1 for unit in units}
    have = sum(worth[id(unit)] for unit in units if unit.stands == "approved")
    still = sum(worth[id(unit)] for unit in units if unit.stands == "open")
    match rule.mode:
        case "any":
            needed = 1
        case "ratio":
            needed = wanted(rule.percent, len(units))
        case "count":
            needed = min(rule.count, max(1, len(units)))
        case "weight":
            needed = min(rule.weight, max(1, sum(worth.values())))
        case _:
            needed = max(1, len(units))
    return have, still, needed


def wanted(percent: float, of: int) -> int:
    """So many of `of` are `percent`: rounded up, but a hundredth is forgiven, so that 66.67 % of three are two."""
    return max(1, min(max(1, of), math.ceil(round(of * percent / 100, 2))))

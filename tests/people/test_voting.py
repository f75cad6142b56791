"""How votes decide: tables, and the promise that a result comes exactly when nothing that can still come changes it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.people.tasking import Seat
from headrace.engine.people.voting import Outcome, Rule, outcome, wanted

FACTOR = int(os.environ.get("HEADRACE_TASKS_FACTOR", "1"))
"""`make test` looks shortly; `make tasks` a hundred times longer."""

WORDS = {"y": "approved", "n": "rejected", "r": "returned", ".": None}


def seats(votes: str, **more: Sequence[int]) -> list[Seat]:
    """`"y.n"`: the first has approved, the second is asked, the third has rejected, in this order."""
    found = []
    for number, letter in enumerate(votes, start=1):
        seat = Seat(number, f"usr_{number}", weight=more.get("weights", [1] * 99)[number - 1])
        seat.veto = number in more.get("veto", ())
        if letter != ".":
            seat.status, seat.decision, seat.nth = "done", WORDS[letter], number
        found.append(seat)
    return found


def said(rule: Rule, votes: str, **more: Sequence[int]) -> str:
    found = outcome(rule, seats(votes, **more))
    return f"{found.result} {found.why}" if found else "open"


ALL, TWO_THIRDS, HALF = Rule("all"), Rule("ratio", percent=66.67), Rule("ratio", percent=50)


@pytest.mark.parametrize(
    ("rule", "votes", "expected"),
    [
        (Rule("any"), "...", "open"),
        (Rule("any"), ".y.", "approved first_decision"),
        (Rule("any"), "n..", "rejected first_decision"),
        (Rule("any"), ".r.", "returned returned"),
        (ALL, "yy.", "open"),
        (ALL, "yyy", "approved all_approved"),
        (ALL, ".n.", "rejected one_rejected"),
        # R089: three signers, two approve and one rejects
        (ALL, "yyn", "rejected one_rejected"),
        (TWO_THIRDS, "yyn", "approved enough_approved"),
        (TWO_THIRDS, "yy.", "approved enough_approved"),  # the third cannot change it
        (TWO_THIRDS, "yn.", "open"),
        (TWO_THIRDS, "nn.", "rejected cannot_pass"),
        (Rule("ratio", percent=67), "yyn", "rejected cannot_pass"),  # 67 % of three are more than two
        (HALF, "y...", "open"),
        (HALF, "yy..", "approved enough_approved"),  # half of four is enough: "at least"
        (HALF, "nn..", "open"),
        (HALF, "nnn.", "rejected cannot_pass"),
        (Rule("count", count=2), "y...", "open"),
        (Rule("count", count=2), "yy..", "approved enough_approved"),
        (Rule("count", count=2), "nnn.", "rejected cannot_pass"),
        (Rule("count", count=9), "yy", "approved enough_approved"),  # fewer were found than wanted: all of them
        (Rule("sequence"), "yn.", "rejected one_rejected"),
        (Rule("sequence"), "yyy", "approved all_approved"),
        (TWO_THIRDS, "yyr", "returned returned"),  # sent back, whatever the others said
    ],
)  # fmt: skip
def test_each_mode(rule: Rule, votes: str, expected: str) -> None:
    assert said(rule, votes) == expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ("...", "open"),
        ("y..", "approved enough_approved"),  # weighs 5 of the 5 wanted
        (".yy", "open"),  # 1 + 3
        ("n..", "rejected cannot_pass"),  # what is left weighs 4
        (".n.", "open"),
    ],
)
def test_weights(votes: str, expected: str) -> None:
    assert said(Rule("weight", weight=5), votes, weights=[5, 1, 3]) == expected


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ("yy.", "open"),  # enough, but the third may still forbid it
        ("yyy", "approved enough_approved"),
        ("yyn", "rejected vetoed"),
        ("..n", "rejected vetoed"),
        ("nn.", "rejected cannot_pass"),
    ],
)
def test_who_has_a_veto_is_waited_for(votes: str, expected: str) -> None:
    assert said(Rule("count", count=2), votes, veto=[3]) == expected


@pytest.mark.parametrize(
    ("percent", "of", "expected"),
    [
        (66.67, 3, 2), (66.7, 3, 2), (67, 3, 3), (33.33, 3, 1), (50, 3, 2), (50, 4, 2), (100, 7, 7), (0.1, 5, 1),
        (66.67, 300, 201), (14.29, 7, 1),
    ],
)  # fmt: skip
def test_so_many_are_a_percentage(percent: float, of: int, expected: int) -> None:
    assert wanted(percent, of) == expected


def test_who_signs_before_and_after_counts_as_one_with_the_owner() -> None:
    owner = Seat(1, "ann", stage=1)
    before = Seat(2, "law", unit=1, origin="added_before")
    other = Seat(3, "bob", status="done", decision="approved", nth=1)
    rule = Rule("count", count=2)

    owner.status, owner.decision, owner.nth = "done", "approved", 2
    assert outcome(rule, [owner, before, other]) is None
    before.status, before.decision, before.nth = "done", "approved", 3
    assert outcome(rule, [owner, before, other]) == Outcome("approved", "enough_approved")
    before.decision = "rejected"
    assert outcome(rule, [owner, before, other]) == Outcome("rejected", "cannot_pass")


def test_of_several_who_took_over_a_seat_one_is_enough() -> None:
    dan = Seat(3, "dan", unit=1, any=1, status="done", decision="approved", nth=2)
    lea = Seat(4, "lea", unit=1, any=1)
    bob = Seat(2, "bob", status="done", decision="approved", nth=1)

    assert outcome(Rule("all"), [bob, dan, lea]) == Outcome("approved", "all_approved")


def test_the_opinion_of_a_delegate_counts_nothing() -> None:
    owner = Seat(1, "ann", status="owner_waits")
    delegate = Seat(2, "bob", unit=1, returns_to=1, status="done", decision="rejected", nth=1)

    assert outcome(Rule("any"), [owner, delegate]) is None


# --- against every way of voting on ---------------------------------------------------------------


@st.composite
def polls(draw: st.DrawFn) -> tuple[Rule, list[Seat]]:
    """A rule, and some units in the middle of voting; sometimes with people signed on."""
    rule = draw(
        st.one_of(
            st.sampled_from([Rule("any"), Rule("all"), Rule("sequence")]),
            st.integers(1, 100).map(lambda n: Rule("ratio", percent=n)),
            st.integers(1, 6).map(lambda n: Rule("count", count=n)),
            st.integers(1, 12).map(lambda n: Rule("weight", weight=n)),
        )
    )
    letters = draw(st.lists(st.sampled_from("yn..."), min_size=1, max_size=6))
    found = seats("".join(letters))
    for seat in found:
        seat.weight = draw(st.integers(1, 5))
        seat.veto = draw(st.integers(0, 5)) == 0
        seat.unit = draw(st.sampled_from([seat.id, seat.id, seat.id, found[0].id]))
    for seat in found:
        if seat.unit != seat.id:
            seat.weight = next(one for one in found if one.id == seat.unit).weight
    return rule, found


def endings(voting: Sequence[Seat]) -> Iterator[list[Seat]]:
    """Every way in which those still asked may vote, in the order they sit."""
    waiting = [seat for seat in voting if seat.decision is None]
    last = max((seat.nth for seat in voting), default=0)
    for decisions in product(("approved", "rejected"), repeat=len(waiting)):
        full = [Seat(s.id, s.user, unit=s.unit, weight=s.weight, veto=s.veto) for s in voting]
        for seat, old in zip(full, voting, strict=True):
            seat.status, seat.decision, seat.nth = old.status, old.decision, old.nth
        still = iter(enumerate(decisions, start=last + 1))
        for seat in full:
            if seat.decision is None:
                seat.nth, seat.decision = next(still)
                seat.status = "done"
        yield full


def counted_by_hand(rule: Rule, full: Sequence[Seat]) -> str:
    """The result when everybody has voted, straight from the words of the rule."""
    units: dict[int, list[Seat]] = {}
    for seat in full:
        units.setdefault(seat.unit, []).append(seat)
    approved = {n: all(s.decision == "approved" for s in unit) for n, unit in units.items()}
    if any(not approved[n] and any(s.veto for s in unit) for n, unit in units.items()):
        return "rejected"
    yes = sum(approved.values())
    heavy = sum(max(s.weight for s in unit) for n, unit in units.items() if approved[n])
    total = sum(max(s.weight for s in unit) for unit in units.values())
    enough = {
        "all": yes == len(units),
        "sequence": yes == len(units),
        "ratio": yes >= wanted(rule.percent, len(units)),
        "count": yes >= min(rule.count, len(units)),
        "weight": heavy >= min(rule.weight, total),
    }[rule.mode]
    return "approved" if enough else "rejected"


@settings(settings.get_profile("default"), max_examples=300 * FACTOR)
@given(polls())
def test_a_result_comes_exactly_when_every_way_of_voting_on_leads_to_it(
    poll: tuple[Rule, list[Seat]],
) -> None:
    rule, voting = poll
    if rule.mode == "any":  # the first decides: what came later is never asked
        return
    found = outcome(rule, voting)

    possible = {counted_by_hand(rule, full) for full in endings(voting)}

    assert (found.result if found else None) == (possible.pop() if len(possible) == 1 else None)


@settings(settings.get_profile("default"), max_examples=200 * FACTOR)
@given(st.lists(st.sampled_from("yn."), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_of_any_the_first_vote_decides_whatever_follows(letters: list[str], dice: object) -> None:
    voting = seats("".join(letters))
    cast = [seat for seat in voting if seat.nth]
    dice.shuffle(cast)  # type: ignore[attr-defined]
    for nth, seat in enumerate(cast, start=1):
        seat.nth = nth

    found = outcome(Rule("any"), voting)

    assert (found.result if found else None) == (cast[0].decision if cast else None)

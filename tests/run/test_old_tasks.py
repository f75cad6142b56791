"""Tasks that were stored before they had seats: states, histories and wishes of then load, go on, and say the same.

`fixtures/tasks_before_seats.json` was written by the code of that time: one instance with two tasks, waiting and ended.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.flow.compile import compile_flow
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.apply import replay
from headrace.engine.run.state import from_json, to_json
from tests.fakes import ANN, BOB, EVE, TYPES, Case, same

KEPT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures/tasks_before_seats.json").read_text("utf-8")
)


def loaded(moment: str) -> Case:
    """The instance as it was stored then."""
    case = Case(KEPT["document"], amount=12)
    case.flow = compile_flow(KEPT["document"], TYPES)
    case.instance = from_json("ins_1", "golden", 1, same(KEPT[moment]["state"]), initiator=EVE)
    case.history = [e.decode(row) for row in KEPT[moment]["history"]]
    return case


def test_an_old_state_goes_on() -> None:
    case = loaded("waiting")
    assert (case.step("all").actors, case.step("one").actors) == ((ANN, BOB), (ANN, BOB, EVE))
    assert case.step("all").votes[BOB][2] == {"note": "fine"}
    assert case.step("all").remind == [{"kind": "user", "id": "eve"}]

    case.vote("one", EVE)
    case.vote("all", ANN)

    assert case.instance.ended == "completed"
    ended = same(KEPT["ended"]["state"])
    assert case.variables == ended["vars"]


@pytest.mark.parametrize("moment", ["waiting", "ended"])
def test_an_old_history_makes_what_the_old_state_is(moment: str) -> None:
    history = [e.decode(row) for row in KEPT[moment]["history"]]

    replayed = replay("ins_1", "golden", 1, history)

    assert same(to_json(replayed)) == same(to_json(loaded(moment).instance))


def test_a_wish_that_rested_in_the_inbox_is_still_understood() -> None:
    wish = c.decode("Vote", [3, ANN, "approved", "late", None, 5])
    case = loaded("waiting")

    case.tell(wish)

    assert "all" not in case.waiting


def test_what_is_at_its_default_is_not_stored() -> None:
    stored = to_json(loaded("waiting").instance)["steps"]

    assert [row["task"] for row in same(stored)] == [
        {
            "revision": 2,
            "rule": {"mode": "all"},
            "seats": [
                {"id": 1, "user": ANN},
                {
                    "id": 2, "user": BOB, "status": "done", "decision": "approved", "form": {"note": "fine"},
                    "at": 1_767_945_600_000, "nth": 1,
                },
            ],
        },
        {"seats": [{"id": 1, "user": ANN}, {"id": 2, "user": BOB}, {"id": 3, "user": EVE}]},
    ]  # fmt: skip

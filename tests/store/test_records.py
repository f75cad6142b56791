"""Business records: one a key, the same answer to a repeated step, fields merged."""

from typing import Any

from headrace.engine.node import RecordAnswer
from headrace.engine.store import records
from tests.fakes import NOON, House


def apply(house: House, operation: str, value: Any = None, *, step: str = "s1") -> RecordAnswer:
    answer: RecordAnswer = house.write(
        lambda connection: records.apply(
            connection,
            operation,
            "orders",
            "A-1",
            value or {},
            step_key=step,
            instance_id=None,
            now_ms=NOON,
        )
    )
    return answer


def test_what_is_not_there_is_not_found(house: House) -> None:
    assert apply(house, "find") == RecordAnswer(False, False, None)


def test_a_record_is_made_once_and_stays_as_it_is(house: House) -> None:
    assert apply(house, "create", {"n": 1}) == RecordAnswer(False, True, {"n": 1})
    assert apply(house, "create", {"n": 2}, step="s2") == RecordAnswer(True, False, {"n": 1})
    assert apply(house, "find").value == {"n": 1}


def test_a_step_that_is_repeated_hears_the_same(house: House) -> None:
    apply(house, "create", {"n": 1})

    assert apply(house, "create", {"n": 1}).created


def test_an_update_changes_these_fields_and_keeps_the_others(house: House) -> None:
    apply(house, "upsert", {"a": 1, "b": 1})

    answer = apply(house, "upsert", {"b": 2, "c": 3}, step="s2")

    assert answer == RecordAnswer(True, False, {"a": 1, "b": 2, "c": 3})
    assert apply(house, "find").value == {"a": 1, "b": 2, "c": 3}

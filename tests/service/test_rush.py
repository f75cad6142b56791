"""The light path: how fast orders come, when it opens and closes, and that flows are told (R146, G6)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.service import intake, rush
from headrace.engine.service.rush import CALM_MS, Rush, after, per_minute
from headrace.engine.store import tables as t
from headrace.engine.store.rush import SLOT_MS
from tests.fakes import EVE, NOON, House
from tests.orders import source_of

MINUTE = 60_000


def walk(rates: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """So many orders a minute for so many minutes each, one by one and evenly; answers (second, what it became)."""
    slots: dict[int, int] = {}
    now, found, done = 0, Rush(), 0.0
    told: list[tuple[int, str]] = []
    for rate, minutes in rates:
        for _ in range(minutes * 60):
            now += 1_000
            before, done = int(done + 1e-6), done + rate / 60
            slot = now // SLOT_MS
            then = after(found, per_minute(slots, now), now)
            if then.mode != found.mode:
                told.append((now // 1_000, then.mode))
            found = then
            slots[slot] = slots.get(slot, 0) + int(done + 1e-6) - before
    return told


def test_five_hundred_a_minute_are_normal_and_one_more_opens_the_light_path() -> None:
    assert walk([(500, 30)]) == []
    assert [mode for _, mode in walk([(501, 30)])] == ["light"]


def test_it_opens_within_the_first_window_of_a_burst() -> None:
    ((second, mode),) = walk([(720, 2)])
    assert (second <= 60, mode) == (True, "light")


def test_it_closes_once_after_five_minutes_of_calm() -> None:
    rush = 10
    opened, closed = walk([(720, rush), (96, 50)])
    assert (opened[1], closed[1]) == ("light", "normal")
    # A minute until the last of the rush has left the window, then five.
    assert rush * 60 + 300 <= closed[0] <= rush * 60 + 362


@pytest.mark.parametrize("rate", [400, 450, 500, 560])
def test_between_the_bounds_nothing_flaps(rate: int) -> None:
    assert [mode for _, mode in walk([(720, 5), (rate, 60)])] == ["light"]


def test_a_calm_that_is_broken_begins_anew() -> None:
    opened, closed = walk([(720, 3), (300, 4), (450, 2), (300, 10)])
    assert (opened[1], closed[1]) == ("light", "normal")
    assert closed[0] >= (3 + 4 + 2) * 60 + CALM_MS // 1_000


# --- in a workspace --------------------------------------------------------------------------------


def orders(house: House, first: int, count: int) -> list[str]:
    made = [
        {
            "platform_order_id": f"P-{n}", "status_code": "paid", "created_at": to_iso(NOON),
            "updated_at": to_iso(NOON), "total": 9, "currency": "CNY",
        }
        for n in range(first, first + count)
    ]  # fmt: skip
    return [one.outcome for one in intake.take(house.workspace, "till", "file", made)]


def modes(house: House, event: str) -> list[str]:
    query = sa.select(t.messages.c.payload).where(t.messages.c.name == event)
    return [jsontext.loads(row.payload)["mode"] for row in house.rows(query)]


def told(house: House) -> list[str]:
    query = sa.select(t.messages.c.name).where(t.messages.c.name.like("intake.%"))
    return [row.name for row in house.rows(query.order_by(t.messages.c.id))]


def test_orders_say_which_path_they_take_and_the_bus_says_when_it_changes(house: House) -> None:
    source_of(house, "till")
    orders(house, 0, 100)
    assert modes(house, "order.created") == ["normal"] * 100
    house.later(ms=20_000)
    orders(house, 100, 401)
    house.later(ms=2_000)
    orders(house, 501, 1)
    assert (told(house), modes(house, "order.created")[-1]) == (["intake.light"], "light")
    board = rush.board(house.workspace, house.actor(EVE))
    assert (board["mode"], board["per_minute"], board["peak"]) == ("light", 502, 501)

    house.later(ms=2 * MINUTE)
    rush.look(house.workspace)  # nobody orders any more
    house.later(ms=CALM_MS - 1_000)
    rush.look(house.workspace)
    assert told(house) == ["intake.light"]
    house.later(ms=1_000)
    rush.look(house.workspace)
    rush.look(house.workspace)
    assert told(house) == ["intake.light", "intake.normal"]
    orders(house, 502, 1)
    assert modes(house, "order.created")[-1] == "normal"


def test_what_came_before_does_not_count(house: House) -> None:
    source_of(house, "till")
    for _ in range(3):
        assert set(orders(house, 0, 300)) <= {"created", "same"}
        house.later(ms=2_000)
    orders(house, 0, 1)
    assert told(house) == []
    assert rush.board(house.workspace, house.actor(EVE))["per_minute"] == 300

"""In the vertical look a card is carried elsewhere: by mouse on a desk, by finger on a phone, where a swipe still scrolls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.pages import DESK, PHONE, Editor, box_of, make_flow, middle
from tests.e2e.test_vertical import ENDS

STEPS = ("one", "two", "three")
MOVES = 4


def three_steps(key: str) -> dict[str, Any]:
    """start → one → two → three → end, each a value that is set."""
    names = ("start", *STEPS, "end")
    nodes = [
        {
            "id": id_,
            "type": "set_values",
            "name": {"zh": id_, "en": id_},
            "position": {"x": 300 * at, "y": 0},
            "settings": {"values": [{"name": id_, "value": "1"}]},
        }
        for at, id_ in enumerate(STEPS, 1)
    ]
    lines = [
        {"id": f"e{at}", "from": one, "port": "out", "to": other}
        for at, (one, other) in enumerate(pairwise(names))
    ]
    name = {"zh": "三步", "en": "Three steps"}
    return {"format": 1, "key": key, "name": name, "nodes": [*ENDS, *nodes], "edges": lines}


def order(page: Page) -> list[str]:
    """The nodes along the lines, as the server has them."""
    lines = {edge["from"]: edge["to"] for edge in Editor(page).document()["edges"]}
    found, node = [], "start"
    while node in lines:
        node = lines[node]
        found.append(node)
    return found


def place_below(page: Page, node: str) -> Locator:
    return page.get_by_test_id(f"plus-{node}").locator("..")


def test_a_card_is_carried_by_mouse_and_left_where_it_was_by_escape(
    page: Page, context: BrowserContext
) -> None:
    address = make_flow(context, "dora", three_steps("carried-mouse"))
    page.set_viewport_size(DESK)
    page.goto(address)
    page.get_by_test_id("look-vertical").click()
    card = page.get_by_test_id("card-one")
    expect(card).to_be_visible()

    carry = page.mouse
    carry.move(*middle(box_of(card)))
    carry.down()
    goal = middle(box_of(place_below(page, "three")))
    carry.move(*goal, steps=8)
    expect(place_below(page, "three")).to_have_attribute("data-over", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".hr-v[data-dragging]")).to_have_count(0)
    carry.up()
    assert order(page) == [*STEPS, "end"]

    carry.move(*middle(box_of(card)))
    carry.down()
    carry.move(*goal, steps=8)
    carry.move(*middle(box_of(place_below(page, "three"))), steps=2)
    expect(place_below(page, "three")).to_have_attribute("data-over", "true")
    carry.up()
    drawn = page.locator(".hr-v [data-card]")
    expect(drawn.nth(3)).to_have_attribute("data-card", "one")
    assert order(page) == ["two", "three", "one", "end"]
    page.get_by_test_id("btn-undo").click()
    assert order(page) == [*STEPS, "end"]


def test_a_card_is_carried_by_finger_and_a_swipe_scrolls(person: Any) -> None:
    page: Page = person("dora", viewport={**PHONE, "height": 560}, has_touch=True)
    address = make_flow(page.context, "dora", three_steps("carried-finger"))
    page.goto(address)
    card = page.get_by_test_id("card-one")
    expect(card).to_be_visible()

    with finger(page, middle(box_of(card))) as move:
        # Kept still for a moment, the card follows the finger.
        expect(page.locator(".hr-v[data-dragging]")).to_have_count(1)
        place = place_below(page, "two")
        for _ in range(MOVES):  # what is carried makes room, and the places move
            move(*middle(box_of(place)))
        expect(place).to_have_attribute("data-over", "true")
    expect(page.locator(".hr-v [data-card]").nth(2)).to_have_attribute("data-card", "one")
    assert order(page) == ["two", "one", "three", "end"]
    expect(page.get_by_test_id("inspector")).to_have_count(0)

    x, y = middle(box_of(page.get_by_test_id("card-one")))
    with finger(page, (x, y)) as move:
        move(x, y - 120)
    page.wait_for_function("document.querySelector('.hr-v').scrollTop > 0")
    expect(page.locator(".hr-v[data-dragging]")).to_have_count(0)
    assert order(page) == ["two", "one", "three", "end"]


@contextmanager
def finger(page: Page, at: tuple[float, float]) -> Iterator[Any]:
    """One finger that lies on the glass, and is moved to a place."""
    session = page.context.new_cdp_session(page)
    now = list(at)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(x: float, y: float) -> None:
        first = tuple(now)
        for part in range(1, 9):
            now[:] = [
                one + (other - one) * part / 8 for one, other in zip(first, (x, y), strict=True)
            ]
            send("touchMove", [{"x": now[0], "y": now[1]}])

    send("touchStart", [{"x": at[0], "y": at[1]}])
    yield move
    send("touchEnd", [])

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
    card = page.get_by_test_id("card-three")
    expect(card).to_be_visible()
    view = page.get_by_test_id("vertical")

    with finger(page, middle(box_of(card))) as move:
        move(0, -120)
    page.wait_for_function("(view) => view.scrollTop > 0", arg=view.element_handle())
    expect(page.locator(".hr-v[data-dragging]")).to_have_count(0)
    assert order(page) == [*STEPS, "end"]

    view.evaluate("(view) => view.scrollTo(0, 0)")
    card = page.get_by_test_id("card-one")
    x, y = middle(box_of(card))
    with finger(page, (x, y)) as move:
        # Kept still for a moment, the card follows the finger.
        expect(page.locator(".hr-v[data-dragging]")).to_have_count(1)
        goal = middle(box_of(place_below(page, "two")))
        move(goal[0] - x, goal[1] - y)
        goal = middle(box_of(place_below(page, "two")))
        move(goal[0] - x, goal[1] - y)
        expect(place_below(page, "two")).to_have_attribute("data-over", "true")
    expect(page.locator(".hr-v [data-card]").nth(2)).to_have_attribute("data-card", "one")
    assert order(page) == ["two", "one", "three", "end"]
    expect(page.get_by_test_id("inspector")).to_have_count(0)


@contextmanager
def finger(page: Page, at: tuple[float, float]) -> Iterator[Any]:
    """One finger that lies on the glass; it is moved by so much from where it came down."""
    session = page.context.new_cdp_session(page)
    now = list(at)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(by_x: float, by_y: float) -> None:
        goal = (at[0] + by_x, at[1] + by_y)
        first = tuple(now)
        for part in range(1, 9):
            now[:] = [first[axis] + (goal[axis] - first[axis]) * part / 8 for axis in (0, 1)]
            send("touchMove", [{"x": now[0], "y": now[1]}])

    send("touchStart", [{"x": at[0], "y": at[1]}])
    yield move
    send("touchEnd", [])

"""What may happen while an approval waits, drawn by mouse and by keyboard, and what becomes of it in a case."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import DESK, SAVED_MS, Editor, Keys, make_flow

NUMBERS = itertools.count(1)


@pytest.fixture
def editor(page: Page) -> Iterator[Editor]:
    """An approval on its own, drawn; the flow is the test's."""
    page.set_viewport_size(DESK)
    key = f"events-{next(NUMBERS)}"
    yield Editor(page).open(make_flow(page.context, "dora", an_approval(key)))


def an_approval(key: str) -> dict[str, Any]:
    def node(name: str, kind: str, x: int, **settings: Any) -> dict[str, Any]:
        return {
            "id": name,
            "type": kind,
            "name": {"en": name.capitalize()},
            "position": {"x": x, "y": 0},
            "settings": settings,
        }

    return {
        "format": 1,
        "key": key,
        "name": {"en": f"Events {key}"},
        "nodes": [
            node("start", "start", 0),
            node("ask", "approval", 400, title="Please look", assignees=[{"kind": "initiator"}]),
            node("end", "end", 800, result="completed"),
        ],
        "edges": [
            {"id": "e1", "from": "start", "port": "out", "to": "ask"},
            {"id": "e2", "from": "ask", "port": "approved", "to": "end"},
            {"id": "e3", "from": "ask", "port": "rejected", "to": "end"},
        ],
    }


def node_of(editor: Editor, node: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in editor.document()["nodes"] if each["id"] == node)
    return found


def test_a_timer_on_an_approval_drawn_by_mouse(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("ask")
    page.get_by_test_id("events").locator("summary").first.click()

    page.get_by_test_id("btn-add-event").click()
    page.get_by_test_id("add-event-timer").click()
    exit_ = page.get_by_test_id("handle-ask-timeout")
    expect(exit_).to_be_visible()
    page.get_by_test_id("field-$events.0.after").fill("2")
    page.get_by_test_id("event-timeout-interrupting").get_by_text("Beside it").click()
    editor.connect("ask", "timeout", "end")

    assert node_of(editor, "ask")["events"] == [
        {"id": "timeout", "kind": "timer", "after": "PT2H", "interrupting": False}
    ]
    expect(exit_).to_have_attribute("data-beside", "true")
    expect(editor.edge("ask", "timeout", "end")).to_contain_text("after 2 hours")

    page.get_by_test_id("btn-undo").click()
    expect(editor.edges()).to_have_count(3)
    page.get_by_test_id("btn-redo").click()
    expect(editor.edges()).to_have_count(4)
    page.get_by_test_id("event-timeout-remove").click()
    expect(exit_).to_have_count(0)
    expect(editor.edges()).to_have_count(3)


def test_a_timer_on_an_approval_drawn_by_keyboard(editor: Editor) -> None:
    page = editor.page
    keys = Keys(page)

    keys.to("rf__node-ask")
    keys.press("e")
    keys.pick("event-menu", "A time")
    keys.pick("node-menu", "Notification")

    expect(editor.node("notification")).to_be_visible()
    assert [event["after"] for event in node_of(editor, "ask")["events"]] == ["PT24H"]
    expect(editor.edge("ask", "timeout", "notification")).to_be_visible()
    below = editor.node("notification").bounding_box()
    above = editor.node("ask").bounding_box()
    assert below is not None and above is not None
    assert below["y"] > above["y"] + above["height"]

    keys.press("c")
    keys.pick("target-menu", "End")
    expect(editor.edges()).to_have_count(5)
    keys.press("Control+z", "Control+z", "Control+z")
    expect(editor.nodes()).to_have_count(3)
    expect(page.get_by_test_id("handle-ask-timeout")).to_have_count(0)


def test_a_copied_node_brings_its_events(editor: Editor) -> None:
    page = editor.page
    keys = Keys(page)
    keys.to("rf__node-ask")
    keys.press("e")
    keys.pick("event-menu", "A time")
    keys.press("Escape")
    expect(page.get_by_test_id("handle-ask-timeout")).to_be_visible()

    editor.choose_node("ask")
    page.locator("[data-id=ask]").focus()
    keys.press("Control+d")

    expect(page.get_by_test_id("handle-ask_2-timeout_2")).to_be_visible()


def test_a_problem_of_an_event_leads_to_its_field(editor: Editor) -> None:
    page = editor.page
    keys = Keys(page)
    keys.to("rf__node-ask")
    keys.press("e")
    keys.pick("event-menu", "A message")
    keys.press("Escape")

    wrong = page.get_by_test_id("handle-ask-message")
    expect(wrong).to_have_attribute("data-wrong", "true", timeout=SAVED_MS)
    page.get_by_test_id("tab-problems").click()
    rows = page.get_by_test_id("problems").locator("button[data-testid^=problem-]")
    expect(rows.first).to_be_visible(timeout=SAVED_MS)
    rows.filter(has_text="Name").first.click()

    expect(page.get_by_test_id("field-$events.0.name")).to_be_focused()

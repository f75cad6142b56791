"""The vertical look: an approval with a condition drawn in it, on a desk and on a phone, published and run; axe on it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.pages import (
    DESK,
    OPEN_OPTIONS,
    PHONE,
    SAVED_MS,
    Editor,
    api,
    make_flow,
    session_of,
)
from tests.e2e.test_every_screen import AXE, RUN_AXE, SERIOUS

ENDS = [
    {
        "id": "start",
        "type": "start",
        "name": {"zh": "开始", "en": "Start"},
        "position": {"x": 0, "y": 0},
        "settings": {},
    },
    {
        "id": "end",
        "type": "end",
        "name": {"zh": "结束", "en": "End"},
        "position": {"x": 400, "y": 0},
        "settings": {},
    },
]


def empty_flow(key: str) -> dict[str, Any]:
    amount = {"type": "number", "x-title": {"zh": "金额", "en": "Amount"}}
    return {
        "format": 1,
        "key": key,
        "name": {"zh": "费用", "en": "Expenses"},
        "input": {"type": "object", "properties": {"amount": amount}, "required": ["amount"]},
        "nodes": ENDS,
        "edges": [{"id": "e1", "from": "start", "port": "out", "to": "end"}],
    }


class Cards:
    """The vertical look, as a hand uses it."""

    def __init__(self, page: Page, *, phone: bool) -> None:
        self.page = page
        self.phone = phone

    def card(self, node: str) -> Locator:
        return self.page.get_by_test_id(f"card-{node}")

    def add(self, place: str, kind: str) -> None:
        self.page.get_by_test_id(f"plus-{place}").click()
        self.page.get_by_test_id(f"node-menu-item-{kind}").click()

    def settings(self, test_id: str) -> None:
        """Opens what a card or the head of a branch is about."""
        self.page.get_by_test_id(test_id).locator("button").first.click()
        expect(self.page.get_by_test_id("inspector")).to_be_visible()

    def back(self) -> None:
        """On a phone the settings lie over the flow."""
        if self.phone:
            self.page.locator(".ant-drawer-close").click()
            expect(self.page.locator(".ant-drawer-content-wrapper")).to_be_hidden()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_approval_with_a_condition_is_drawn_in_cards_published_and_run(
    page: Page, context: BrowserContext, size: dict[str, int]
) -> None:
    phone = size == PHONE
    key = f"cards-{'phone' if phone else 'desk'}"
    address = make_flow(context, "dora", empty_flow(key))
    page.set_viewport_size(PHONE if phone else DESK)
    page.goto(address)
    if not phone:
        page.get_by_test_id("look-vertical").click()
    cards, editor = Cards(page, phone=phone), Editor(page)
    expect(cards.card("start")).to_be_visible()

    cards.add("start", "condition")
    page.get_by_test_id("branch-condition-branch_1").click()
    editor.rule(0, "Amount", "greater than", "200")
    cards.back()
    expect(page.get_by_test_id("branch-condition-branch_1")).to_contain_text("Amount > 200")
    cards.add("condition-branch_1", "approval")
    cards.settings("card-approval")
    editor.name("The lead agrees")
    editor.write("title", "Spend {{ amount }}")
    if phone:  # Escape closes suggestions, and here the drawer as well
        expect(page.locator(".ant-drawer-content-wrapper")).to_be_hidden()
        cards.settings("card-approval")
    page.get_by_test_id("field-assignees").click()
    page.keyboard.type("Customer service lead")
    option = page.locator(OPEN_OPTIONS).filter(has_text="Customer service lead")
    option.first.click()
    cards.back()
    expect(cards.card("approval")).to_contain_text("Customer service lead")
    expect(page.get_by_test_id("side-approval-rejected")).to_contain_text("Rejected")

    # One branch more and back again: everything can be undone.
    page.get_by_test_id("add-branch-condition").click()
    page.get_by_test_id("btn-undo").click()
    drawn = {(edge["from"], edge["port"], edge["to"]) for edge in editor.document()["edges"]}
    assert drawn == {
        ("start", "out", "condition"),
        ("condition", "branch_1", "approval"),
        ("condition", "else", "end"),
        ("approval", "approved", "end"),
        ("approval", "rejected", "rejected"),
    }
    page.evaluate(AXE.read_text())
    found = page.evaluate(RUN_AXE, None)
    assert [each for each in found if each["impact"] in SERIOUS] == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0

    editor.publish("In cards")
    headers = session_of(context, "dora")
    for amount, status in ((350, "waiting"), (100, "completed")):
        begun = context.request.post(
            f"/api/flows/{key}/instances", headers=headers, data={"input": {"amount": amount}}
        )
        assert begun.ok, begun.text()
        page.goto(f"/instances/{begun.json()['id']}")
        expect(page.get_by_test_id("instance")).to_have_attribute(
            "data-status", status, timeout=SAVED_MS
        )


def test_the_keyboard_draws_moves_and_deletes_and_the_look_is_remembered(
    page: Page, context: BrowserContext
) -> None:
    address = make_flow(context, "dora", empty_flow("cards-keys"))
    page.set_viewport_size(DESK)
    page.goto(address)
    page.get_by_test_id("look-vertical").click()
    keys = page.keyboard
    before = api(context, "/api/flows/cards-keys")["draft"]["document"]
    expect(page.get_by_test_id("card-start")).to_be_visible()

    keys.press("ArrowDown")
    for kind in ("Approval", "Notification"):
        keys.press("a")
        expect(page.get_by_test_id("node-menu")).to_be_visible()
        keys.type(kind)
        keys.press("Enter")
        expect(page.locator(f"[data-card={kind.lower()}]")).to_be_focused()
    keys.press("Alt+ArrowUp")
    drawn = page.locator(".hr-v [data-card]")
    for place, node in enumerate(("start", "notification", "approval")):
        expect(drawn.nth(place)).to_have_attribute("data-card", node)
    keys.press("Delete")
    expect(page.get_by_test_id("card-notification")).to_have_count(0)
    page.get_by_test_id("look-canvas").click()
    expect(page.get_by_test_id("canvas")).to_be_visible()
    page.get_by_test_id("look-vertical").click()
    for _ in range(4):
        keys.press("Control+z")
    assert Editor(page).document()["edges"] == before["edges"]

    page.reload()
    expect(page.get_by_test_id("vertical")).to_be_visible()

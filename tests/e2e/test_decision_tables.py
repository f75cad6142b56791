"""A decision table typed by keyboard only, published, and asked by a flow."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.pages import PHONE, api, session_of

ROWS = [
    ("< 100", "small"),
    *((f"[{n}00..{n + 1}00)", f"band {n}") for n in range(1, 11)),
    (">= 1100", "large"),
]


def new_table(page: Page, key: str) -> None:
    page.goto("/decision-tables")
    page.get_by_test_id("btn-new-decision-table").click()
    page.get_by_test_id("new-title").fill("Bands")
    page.get_by_test_id("new-key").fill(key)
    page.get_by_test_id("btn-create").click()
    expect(page.get_by_test_id("rule-1")).to_be_visible()


def saved(page: Page) -> None:
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


def test_twelve_rows_by_keyboard_are_published_and_asked(person: Callable[..., Page]) -> None:
    page = person("dora")
    new_table(page, "bands")
    page.get_by_test_id("column-result").focus()
    page.keyboard.press("Tab")  # into the grid
    for number, (condition, result) in enumerate(ROWS):
        page.keyboard.type(condition)
        page.keyboard.press("Tab")
        page.keyboard.type(result)
        page.keyboard.press("Tab")
        if number < len(ROWS) - 1:
            page.keyboard.press("Tab")  # past the note, into a new row
    expect(page.get_by_test_id("rule-12")).to_be_visible()
    saved(page)
    expect(page.get_by_test_id("clean")).to_be_visible()

    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("F2")
    page.keyboard.type("0")
    page.keyboard.press("Escape")  # not taken
    expect(page.get_by_test_id("cell-11-amount")).to_contain_text("[1000..1100)")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("cell-11-amount")).to_contain_text("[1000..1100)")
    saved(page)

    page.get_by_test_id("btn-publish").click()
    page.get_by_test_id("btn-publish-now").click()
    expect(page.get_by_test_id("publish-sheet")).to_have_count(0)
    headers = session_of(page.context, "dora")
    document = {
        "format": 1, "key": "bands-flow", "name": {"en": "Bands"},
        "input": {"type": "object", "properties": {"amount": {"type": "number"}}},
        "nodes": [
            {"id": "start", "type": "start", "name": {"en": "Start"}, "position": {"x": 0, "y": 0}, "settings": {}},
            {"id": "band", "type": "decide", "name": {"en": "Band"}, "position": {"x": 0, "y": 90},
             "settings": {"table": "bands", "inputs": [{"name": "amount", "value": "amount"}]}},
            {"id": "end", "type": "end", "name": {"en": "End"}, "position": {"x": 0, "y": 180},
             "settings": {"result": "completed"}},
        ],
        "edges": [
            {"id": "e1", "from": "start", "port": "out", "to": "band"}, {"id": "e2", "from": "band", "port": "out", "to": "end"},
        ],
    }  # fmt: skip
    made = page.context.request.post(
        "/api/flows",
        headers=headers,
        data={"key": "bands-flow", "name": {"en": "Bands"}, "document": document},
    )
    assert made.ok, made.text()
    ran = page.context.request.post(
        "/api/flows/bands-flow/test", headers=headers, data={"input": {"amount": 550}}
    )
    assert ran.ok and "band 5" in ran.text(), ran.text()
    assert api(page.context, "/api/decision-tables/bands")["in_force"] == 1


def test_a_range_comes_from_excel_and_goes_back(person: Callable[..., Page]) -> None:
    page = person("dora")
    new_table(page, "pasted")
    page.get_by_test_id("cell-1-amount").click()
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const told = { clipboardData: data, bubbles: true, cancelable: true };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", told));
        }""",
        "< 100\tsmall\r\nmuch\tlarge\r\n",
    )
    expect(page.get_by_test_id("cell-2-result")).to_contain_text("large")
    expect(page.get_by_test_id("findings")).to_contain_text("much")  # told where it stands
    page.get_by_test_id("cell-2-amount").click()
    page.keyboard.type(">= 200")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("gap")).to_contain_text("[100..200)")
    page.get_by_test_id("btn-fill-gap").click()
    expect(
        page.get_by_test_id("cell-4-amount").or_(page.get_by_test_id("cell-3-amount")).first
    ).to_be_visible()
    saved(page)


def test_a_rule_is_read_and_changed_on_a_phone(person: Callable[..., Page]) -> None:
    page = person("dora")
    new_table(page, "pocket")
    saved(page)
    phone = person("dora", viewport=PHONE)
    phone.goto("/decision-tables/pocket")
    phone.get_by_test_id("card-1").click()
    phone.get_by_test_id("card-amount").fill("> 5")
    phone.get_by_test_id("card-result").fill("big")
    phone.get_by_test_id("btn-done").click()
    expect(phone.get_by_test_id("card-1")).to_contain_text("> 5")
    saved(phone)

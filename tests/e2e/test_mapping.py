"""Fields filled by drawing lines: with a mouse, and by keyboard only; published and run, the record is what was shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.pages import (
    DESK,
    PHONE,
    SAVED_MS,
    Editor,
    Keys,
    api,
    box_of,
    make_flow,
    middle,
    session_of,
)

ROOT = Path(__file__).parents[2]
AXE = ROOT / "designer" / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """() => axe.run(document.querySelector('.ant-modal'), {
  resultTypes: ["violations"],
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
}).then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .map(({ id, nodes }) => id + ": " + nodes.map((node) => node.target.join(" ")).join(", ")))"""

ORDER = {
    "order_no": " tb-1001 ",
    "amount": 128.5,
    "buyer": {"name": "Wang Fang", "city": "Hangzhou"},
    "lines": [{"sku": "A-1", "price": 50}, {"sku": "B-2", "price": 28.5}],
    "paid_at": "2026-01-09T08:00:00Z",
    "channel": "TB",
}


def text(title: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "x-title": {"en": title, "zh": title}, **more}


def flow(key: str, table: str) -> dict[str, Any]:
    """A start that asks for an order, and a record without fields."""
    line = {"sku": text("SKU"), "price": {"type": "number", "x-title": {"en": "Price"}}}
    asked = {
        "order_no": text("Order number"),
        "amount": {"type": "number", "format": "money", "x-title": {"en": "Amount paid"}},
        "buyer": {
            "type": "object",
            "x-title": {"en": "Buyer"},
            "properties": {"name": text("Name"), "city": text("City")},
        },
        "lines": {
            "type": "array",
            "x-title": {"en": "Lines"},
            "items": {"type": "object", "properties": line},
        },
        "paid_at": text("Paid at", format="date-time"),
        "channel": text(
            "Channel", enum=["TB", "JD"], **{"x-enum-titles": {"TB": {"en": "Taobao"}}}
        ),
    }
    keep = {"operation": "upsert", "table": table, "key": "trim(order_no)"}
    nodes = [
        ("start", "start", {}),
        ("keep", "record", keep),
        ("end", "end", {"result": "completed"}),
    ]
    return {
        "format": 1,
        "key": key,
        "name": {"en": key, "zh": key},
        "input": {"type": "object", "required": ["order_no"], "properties": asked},
        "sample": ORDER,
        "nodes": [
            {"id": id_, "type": type_, "name": {"en": id_, "zh": id_}, "settings": settings,
             "position": {"x": 260 * at, "y": 0}}
            for at, (id_, type_, settings) in enumerate(nodes)
        ],
        "edges": [
            {"id": "e1", "from": "start", "port": "out", "to": "keep"},
            {"id": "e2", "from": "keep", "port": "out", "to": "end"},
        ],
    }  # fmt: skip


def make_table(context: BrowserContext, key: str) -> None:
    def field(name: str, kind: str, title: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "kind": kind, "title": {"en": title, "zh": title}, **more}

    options = [
        {"value": "taobao", "title": {"en": "Taobao"}},
        {"value": "jd", "title": {"en": "JD"}},
    ]
    fields = [
        field("order_number", "text", "Order no.", required=True),
        field("fen", "integer", "Paid in fen", required=True),
        field("buyer_name", "text", "Name of the buyer"),
        field("skus", "text", "SKUs"),
        field("goods", "decimal", "Price of all"),
        field("day", "text", "Day"),
        field("source", "enum", "Source", options=options),
        field("member", "yes_no", "Member"),
    ]
    answer = context.request.post(
        "/api/tables",
        headers=session_of(context, "admin"),
        data={"key": key, "definition": {"title": {"en": key, "zh": key}, "fields": fields}},
    )
    assert answer.status == 201, answer.text()


@pytest.fixture
def opened(person: Callable[..., Page]) -> Callable[[str], Page]:
    """The designer's page, the mapping of a fresh flow's record about to be opened."""

    def open_flow(key: str) -> Page:
        page = person("dora", viewport=DESK)
        make_table(page.context, key)
        address = make_flow(page.context, "dora", flow(key.replace("_", "-"), key))
        editor = Editor(page).open(address)
        editor.choose_node("keep")
        return page

    return open_flow


def row(page: Page, field: str) -> str:
    """What a screen reader says of a field: what fills it, and what comes of that."""
    return page.get_by_test_id(f"map-target-{field}").inner_text()


def says(page: Page, field: str, words: str) -> None:
    """After its title, name and kind: what fills it, what comes of that, and whether it must be there."""
    target = page.get_by_test_id(f"map-target-{field}")
    end = re.compile(rf", {re.escape(words)}$".replace("=\\ ", r"=\s*").replace(",", r"\s*,"))
    expect(target).to_have_text(end, timeout=SAVED_MS)


def settings_of(page: Page, node: str) -> dict[str, str]:
    nodes = {each["id"]: each for each in Editor(page).document()["nodes"]}
    return {each["name"]: each["value"] for each in nodes[node]["settings"].get("values", [])}


def ran(page: Page, key: str) -> dict[str, Any]:
    """Publishes, starts one with the order, and answers with its record."""
    Editor(page).publish("Mapped")
    context = page.context
    headers = session_of(context, "dora")
    address = page.url.split("?")[0].rstrip("/").split("/")[-1]
    started = context.request.post(
        f"/api/flows/{address}/instances", headers=headers, data={"input": ORDER}
    )
    assert started.ok, started.text()
    for _ in range(200):
        records = api(context, f"/api/tables/{key}/records")["items"]
        if records:
            values: dict[str, Any] = records[0]["value"]
            return values
        page.wait_for_load_state("networkidle")
    raise AssertionError("Expected a record of the order, but found none.")


def test_lines_drawn_by_mouse_fill_a_record(opened: Callable[[str], Page]) -> None:
    page = opened("mapped_by_mouse")
    editor = Editor(page)
    page.get_by_test_id("field-values.map").click()
    expect(page.get_by_test_id("map-missing")).to_have_text("2 required are missing")

    def draw(source: str, target: str) -> None:
        goal = page.get_by_test_id(f"map-target-{target}")
        editor.drag(page.get_by_test_id(f"map-source-{source}"), *middle(box_of(goal)))
        expect(page.get_by_test_id(f"map-clear-{target}")).to_be_visible()

    draw("order_no", "order_number")
    draw("amount", "fen")
    draw("lines[].price", "goods")
    draw("lines[].sku", "skus")
    draw("paid_at", "day")
    draw("channel", "source")
    expect(page.locator(".hr-map-lines path")).to_have_count(6)

    def step(target: str, kind: str) -> None:
        page.get_by_test_id(f"map-target-{target}").click()
        page.get_by_test_id("map-add-step").click()
        page.get_by_test_id(f"map-steps-menu-item-{kind}").click()
        page.get_by_test_id(f"map-target-{target}").click()

    step("order_number", "trim")
    step("order_number", "upper")
    step("fen", "to_fen")
    step("day", "date")
    says(
        page,
        "order_number",
        "Order number → Trim → Upper case, = TB-1001, required",
    )
    says(page, "fen", "Amount paid → Yuan to fen, = 12850, required")
    says(page, "goods", "Price → Sum, = 78.5")
    says(page, "skus", "SKU → Join to a text, = A-1, B-2")
    says(page, "source", "Channel → Code table, = taobao")

    # A record does not fit a text, and says why; what is dropped there changes nothing.
    before = row(page, "buyer_name")
    buyer = page.get_by_test_id("map-target-buyer_name")
    editor.drag(page.get_by_test_id("map-source-buyer"), *middle(box_of(buyer)))
    expect(buyer).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_test_id("map-target-member")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    assert row(page, "buyer_name") == before

    # What is alike is shown first, taken in one step, and taken back in one.
    page.get_by_test_id("map-alike-open").click()
    expect(page.get_by_test_id("map-alike")).to_contain_text("Name of the buyer")
    page.get_by_test_id("map-alike-take").click()
    expect(page.get_by_test_id("map-clear-buyer_name")).to_be_visible()
    page.get_by_test_id("map-undo").click()
    expect(page.get_by_test_id("map-clear-buyer_name")).to_have_count(0)
    page.get_by_test_id("map-redo").click()
    expect(page.get_by_test_id("map-count")).to_have_text("7 of 8 filled")
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("mapping")).to_have_count(0)

    page.get_by_test_id("tab-history").click()
    history = page.get_by_test_id("history")
    expect(history.get_by_text("Map fields automatically")).to_have_count(1)
    assert settings_of(page, "keep")["fen"] == "round(amount * 100)"
    record = ran(page, "mapped_by_mouse")
    assert record["order_number"] == "TB-1001"
    assert (record["fen"], float(record["goods"])) == (12850, 78.5)
    assert (record["skus"], record["day"], record["source"]) == ("A-1, B-2", "2026-01-09", "taobao")
    assert record["buyer_name"] == "Wang Fang"


def test_fields_are_filled_by_keyboard_alone(opened: Callable[[str], Page]) -> None:
    page = opened("mapped_by_keys")
    keys = Keys(page)
    page.locator("[data-id=keep]").focus()
    keys.press("Enter")
    keys.push("field-values.map")
    expect(page.get_by_test_id("map-search")).to_be_focused()

    def choose(search: str) -> None:
        keys.fill("map-search", search, back=keys.at() != "map-search")
        keys.press("ArrowDown", "ArrowDown", "Enter")  # past the heading, onto the value

    choose("order number")
    expect(page.get_by_test_id("map-target-order_number")).to_be_focused()
    keys.press("Enter")
    says(page, "order_number", "Order number, = tb-1001, required")
    choose("amount")
    expect(page.get_by_test_id("map-target-fen")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_test_id("map-clear-fen")).to_be_visible()
    keys.press("Enter")  # opened: what is done on the way
    keys.push("map-add-step")
    keys.pick("map-steps-menu", "fen")
    says(page, "fen", "Amount paid → Yuan to fen, = 12850, required")
    keys.to("map-target-fen", back=True)
    keys.press("Enter", "ArrowDown", "ArrowDown", "Enter")
    keys.push("map-pick-source")
    keys.pick("map-source-menu", "lines[].sku")
    says(page, "skus", "SKU → Join to a text, = A-1, B-2")
    keys.to("map-target-skus", back=keys.at() != "map-target-skus")
    keys.press("Delete")
    says(page, "skus", "Not filled")
    keys.press("Control+z")
    says(page, "skus", "SKU → Join to a text, = A-1, B-2")
    keys.press("Escape", "Escape")
    expect(page.get_by_test_id("mapping")).to_have_count(0)

    record = ran(page, "mapped_by_keys")
    assert (record["fen"], record["skus"]) == (12850, "A-1, B-2")


def test_what_is_written_by_hand_stays_and_the_form_shows_the_same(
    opened: Callable[[str], Page],
) -> None:
    page = opened("mapped_by_hand")
    page.get_by_test_id("field-values.add").click()
    page.get_by_test_id("field-values.0.name").fill("day")
    Editor(page).write("values.0.value", "order_no + ' / ' + channel")
    page.get_by_test_id("field-values.map").click()
    expect(page.get_by_test_id("map-target-day")).to_contain_text("order_no + ' / ' + channel")

    page.get_by_test_id("map-source-order_no").click()
    page.get_by_test_id("map-target-order_number").click()
    expect(page.get_by_test_id("map-clear-order_number")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_test_id("field-values.1.name")).to_have_value("order_number")
    assert settings_of(page, "keep") == {
        "day": "order_no + ' / ' + channel",
        "order_number": "order_no",
    }


def test_on_a_phone_it_is_a_list(
    opened: Callable[[str], Page], person: Callable[..., Page]
) -> None:
    desk = opened("mapped_on_phone")
    page = person("dora", viewport=PHONE)
    page.goto(desk.url)
    page.get_by_text("keep", exact=True).first.click()
    page.get_by_test_id("field-values.map").click()
    expect(page.get_by_test_id("map-gutter")).to_have_count(0)

    page.get_by_test_id("map-target-order_number").click()
    page.get_by_test_id("map-pick-source").click()
    page.get_by_test_id("map-source-menu-item-order_no").click()

    says(page, "order_number", "Order number, = tb-1001, required")
    wide = "document.querySelector('.hr-map').scrollWidth <= document.querySelector('.hr-map').clientWidth"
    assert page.evaluate(wide)

"""A form drawn by dragging only, published, filled in at the start and by an approver on a phone; axe on the form editor."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, Page, expect

from tests.e2e.pages import DESK, PHONE, SAVED_MS, Editor, api, choose, make_flow, middle

ROOT = Path(__file__).parents[2]
AXE = ROOT / "designer" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
RUN_AXE = """(inside) => axe.run(inside, {
  resultTypes: ["violations"],
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
}).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({
  id, impact, nodes: nodes.slice(0, 4).map((node) => node.target.join(" ") + ": " + node.failureSummary),
})))"""


def text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def drawn(key: str) -> dict[str, Any]:
    def node(id_: str, type_: str, x: int, **settings: Any) -> dict[str, Any]:
        position = {"x": x, "y": 0}
        return {
            "id": id_,
            "type": type_,
            "name": text(id_),
            "position": position,
            "settings": settings,
        }

    ann = [{"kind": "role", "id": "cs_lead"}]
    return {
        "format": 1,
        "key": key,
        "name": text("Expenses"),
        "nodes": [
            node("start", "start", 0),
            node("check", "approval", 260, title="Expenses to check", assignees=ann),
            node("yes", "end", 520),
            node("no", "end", 521),
        ],
        "edges": [
            {"id": "e1", "from": "start", "port": "out", "to": "check"},
            {"id": "e2", "from": "check", "port": "approved", "to": "yes"},
            {"id": "e3", "from": "check", "port": "rejected", "to": "no"},
        ],
    }


class FormEditor:
    """The dialog in which a form is drawn."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_test_id("form-editor")

    def drag(self, what: Locator, onto: Locator, *, low: bool = False) -> None:
        what.scroll_into_view_if_needed()
        start = what.bounding_box()
        assert start
        mouse = self.page.mouse
        mouse.move(*middle(start))
        mouse.down()
        mouse.move(middle(start)[0] + 12, middle(start)[1] + 4, steps=3)
        goal = onto.bounding_box()
        assert goal
        x, y = middle(goal)
        mouse.move(x, goal["y"] + goal["height"] - 6 if low else y, steps=10)
        mouse.move(x + 2, goal["y"] + goal["height"] - 5 if low else y, steps=2)
        mouse.up()

    def new(self, kind: str, *, field: str, onto: str = "section--1") -> None:
        """A kind from the palette into the form, which then has a field of this name."""
        goal = self.page.get_by_test_id(onto)
        self.drag(
            self.page.get_by_test_id(f"kind-{kind}"), goal, low=not onto.startswith("columns")
        )
        expect(self.page.get_by_test_id(f"choose-{field}")).to_be_visible()

    def called(self, title: str) -> None:
        """What the chosen field is called."""
        self.page.get_by_test_id("field-panel").get_by_test_id("field-title-en").fill(title)

    def view(self, name: str) -> None:
        self.page.get_by_test_id(f"form-view-{name}").click()

    def close(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self.box).to_have_count(0)


def serious(page: Page, inside: str) -> list[Any]:
    """What axe finds that matters, inside this place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(RUN_AXE, inside)
    return [each for each in found if each["impact"] in SERIOUS]


def fields_of(editor: Editor, key: str = "form_1") -> list[str]:
    return list(editor.document()["forms"][key]["schema"]["x-order"])


def test_a_form_drawn_by_dragging_is_filled_in_at_the_start_and_by_an_approver_on_a_phone(
    page: Page, person: Callable[..., Page], tmp_path: Path
) -> None:
    page.set_viewport_size(DESK)
    address = make_flow(page.context, "dora", drawn("expenses-drawn"))
    editor = Editor(page).open(address)
    form = FormEditor(page)

    # A form of the flow, made at the start node: every field is dragged in.
    editor.choose_node("start")
    choose(page.get_by_test_id("field-form.which"), "+ New form")
    expect(form.box).to_be_visible()
    form.new("text", field="text")
    form.called("Reason")
    form.new("lines", field="lines")
    form.new("amount", field="lines.amount", onto="columns-lines")
    form.called("Price")
    form.new("number", field="lines.number", onto="columns-lines")
    form.called("Quantity")
    form.new("computed", field="lines.computed", onto="columns-lines")
    page.get_by_test_id("field-formula").fill("amount * number")
    form.new("computed", field="computed")
    page.get_by_test_id("field-sum_of").get_by_text("computed", exact=False).or_(
        page.get_by_test_id("field-panel").get_by_text("Calculated").last
    ).first.click()
    form.new("attachments", field="attachments")
    form.new("long", field="long")
    form.called("Checked how")

    # Moved by its handle; undone and done again.
    form.drag(page.get_by_test_id("handle-attachments"), page.get_by_test_id("choose-lines"))
    order = ["text", "attachments", "lines", "computed", "long"]
    expect(page.locator("[data-testid^=card-]")).to_have_count(5)
    page.get_by_test_id("form-undo").click()
    page.get_by_test_id("form-redo").click()
    assert serious(page, ".hr-fe-modal") == []
    form.view("preview")
    expect(page.get_by_test_id("preview-phone")).to_contain_text("Reason")
    assert serious(page, ".hr-fe-modal") == []
    form.close()
    assert fields_of(editor) == order

    # The approver reads all of it, and says how it was checked.
    editor.choose_node("check")
    editor.unfold("look")
    choose(page.get_by_test_id("field-form.which"), "Form of the flow: Form 1")
    page.get_by_test_id("field-form.rights").click()
    page.get_by_test_id("right-check-others").select_option("read")
    page.get_by_test_id("right-check-long").select_option("required")
    page.get_by_test_id("right-start-long").select_option("hidden")
    assert serious(page, ".hr-fe-modal") == []
    form.close()
    editor.publish("drawn by dragging")

    # Filled in at a desk, with a file.
    picture = tmp_path / "receipt.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 2000)
    page.goto("/start/expenses-drawn")
    page.get_by_test_id("field-text").fill("Trade fair")
    expect(page.get_by_test_id("field-long")).to_have_count(0)
    page.get_by_test_id("add-lines").click()
    page.get_by_test_id("field-lines.0.amount").fill("0.10")
    page.get_by_test_id("field-lines.0.number").fill("3")
    expect(page.get_by_test_id("read-lines.0.computed")).to_have_text("¥0.30")
    expect(page.get_by_test_id("read-computed")).to_contain_text("¥0.30")
    page.get_by_test_id("file-attachments").set_input_files(picture)
    expect(page.get_by_text("receipt.png")).to_be_visible()
    assert serious(page, "[data-testid=form-view]") == []
    page.get_by_test_id("btn-start").click()
    expect(page.get_by_test_id("started")).to_be_visible(timeout=SAVED_MS)

    # Approved on a phone: everything is there to read, and one field to fill in.
    phone = person("ann", viewport=PHONE)
    phone.goto("/tasks/todo")
    phone.locator("a[data-testid^=task-]", has_text="Expenses to check").first.click()
    view = phone.get_by_test_id("task-view")
    expect(view.get_by_test_id("read-text")).to_contain_text("Trade fair")
    expect(view.get_by_test_id("read-lines.0.computed")).to_have_text("¥0.30")
    expect(view.get_by_text("receipt.png")).to_be_visible()
    with phone.expect_download() as download:
        view.get_by_text("receipt.png").click()
    assert download.value.suggested_filename == "receipt.png"
    assert download.value.path().read_bytes() == picture.read_bytes()
    phone.get_by_test_id("btn-approved").click()
    expect(view.get_by_test_id("error-long")).to_be_visible()  # what a yes needs is missing
    view.get_by_test_id("field-long").fill("Seen the receipt")
    phone.get_by_test_id("btn-approved").click()
    expect(phone.locator(".ant-message-success")).to_be_visible()

    [case] = api(page.context, "/api/instances?flow=expenses-drawn")["items"]
    kept = api(page.context, f"/api/instances/{case['id']}")["variables"]["form_1"]
    assert kept["computed"] == "0.30", json.dumps(kept)
    assert kept["long"] == "Seen the receipt"
    assert [file["name"] for file in kept["attachments"]] == ["receipt.png"]


def test_a_form_can_be_put_in_order_by_keyboard(page: Page) -> None:
    page.set_viewport_size(DESK)
    document = drawn("expenses-keyboard")
    fields = {name: {"type": "string", "x-title": text(name)} for name in ("one", "two", "three")}
    schema = {"type": "object", "properties": fields, "x-order": list(fields)}
    document["forms"] = {
        "form_1": {"title": text("Form 1"), "schema": schema, "x-ours": {"kept": 1}}
    }
    editor = Editor(page).open(make_flow(page.context, "dora", document))
    editor.leave_selection()
    page.get_by_test_id("form-form_1").click()

    page.get_by_test_id("handle-three").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("card-three")).to_have_attribute(
        "data-dragging", "true", timeout=SAVED_MS
    )
    for above in ("card-two", "card-one"):
        over = page.locator(f"[data-testid={above}][data-over=true]")
        for _ in range(3):  # a key that comes while the cards still move is not heard
            page.keyboard.press("ArrowUp")
            with contextlib.suppress(Error):
                over.wait_for(timeout=3_000)
                break
        expect(over).to_have_count(1)
    page.keyboard.press("Space")

    cards = page.locator("[data-testid^=card-]")
    expect(cards.first).to_have_attribute("data-testid", "card-three")
    page.get_by_test_id("kind-date").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("choose-date")).to_be_visible()
    page.get_by_test_id("choose-one").focus()
    page.keyboard.press("Delete")
    expect(cards).to_have_count(3)
    FormEditor(page).close()

    form = editor.document()["forms"]["form_1"]
    assert form["schema"]["x-order"] == ["three", "two", "date"]
    assert form["x-ours"] == {"kept": 1}  # what the editor does not know stays

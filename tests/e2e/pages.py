"""What a person does at the screens, by test ids: the words may change and the language does, the ids stay.

Nothing sleeps: every step waits for what it causes. A drag is a press, some moves and a release, as a hand does it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import (
    BrowserContext,
    FloatRect,
    Locator,
    Page,
    ViewportSize,
    expect,
)

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
OPEN_OPTIONS = ".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option"
SAVED_MS = 15_000
"""Saving is quick; the machine that runs the tests may not be."""


def sign_in(page: Page, login: str) -> None:
    """As one of the demo's people, with one press; whoever was signed in here before is not any more."""
    page.context.clear_cookies()
    page.goto("/")
    page.get_by_test_id(f"demo-{login}").click()
    expect(page.get_by_test_id(f"demo-{login}")).to_have_count(0)
    expect(page.get_by_test_id("nav-tasks").first).to_be_visible()


def session_of(context: BrowserContext, login: str) -> dict[str, str]:
    """Signs this context in without a screen; the headers that writes need."""
    answer = context.request.post(
        "/api/session", data={"login": login, "password": f"{login}-demo"}
    )
    assert answer.ok, answer.text()
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def api(context: BrowserContext, path: str) -> Any:
    """What the API says, to the person signed in here."""
    answer = context.request.get(path)
    assert answer.ok, answer.text()
    return answer.json()


def make_flow(context: BrowserContext, login: str, document: dict[str, Any]) -> str:
    """A flow that stands before the test begins; the address of its editor."""
    headers = session_of(context, login)
    answer = context.request.post(
        "/api/flows",
        headers=headers,
        data={"key": document["key"], "name": document["name"], "document": document},
    )
    assert answer.status == 201, answer.text()
    return f"/flows/{answer.json()['key']}"


class Editor:
    """The designer at a desk."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.get_by_test_id("canvas")

    # --- looking ---

    def ready(self) -> Editor:
        """Waits until the flow is drawn."""
        expect(self.canvas).to_be_visible()
        return self

    def open(self, address: str) -> Editor:
        self.page.goto(address)
        return self.ready()

    def node(self, node: str) -> Locator:
        return self.page.get_by_test_id(f"node-{node}")

    def nodes(self) -> Locator:
        return self.canvas.locator(".react-flow__node-step")

    def edges(self) -> Locator:
        return self.canvas.locator(".react-flow__edge")

    def edge(self, source: str, port: str, target: str) -> Locator:
        """The line from this way out to that node."""
        found = [
            edge["id"]
            for edge in self.document()["edges"]
            if (edge["from"], edge["port"], edge["to"]) == (source, port, target)
        ]
        assert found, f"Expected a line from {source}/{port} to {target}."
        return self.page.get_by_test_id(f"edge-{found[0]}")

    def document(self) -> dict[str, Any]:
        """The draft as the server has it, once everything is saved."""
        self.saved()
        key = self.page.url.split("?")[0].rstrip("/").split("/")[-1]
        draft: dict[str, Any] = api(self.page.context, f"/api/flows/{key}")["draft"]["document"]
        return draft

    def saved(self) -> None:
        expect(self.page.get_by_test_id("save-state")).to_have_attribute(
            "data-state", "saved", timeout=SAVED_MS
        )

    def problems(self, count: int) -> None:
        """The panel of problems, when it holds this many."""
        self.page.get_by_test_id("tab-problems").click()
        rows = self.page.get_by_test_id("problems").locator("[data-testid^=problem-]")
        expect(rows).to_have_count(count, timeout=SAVED_MS)

    # --- by mouse ---

    def drop(self, kind: str, at: tuple[float, float]) -> None:
        """A node from the palette, its middle at this point of the canvas."""
        box = box_of(self.canvas)
        self.drag(
            self.page.get_by_test_id(f"palette-item-{kind}"), box["x"] + at[0], box["y"] + at[1]
        )

    def drop_on(self, kind: str, edge: Locator) -> None:
        """A node from the palette onto the middle of a line."""
        plus = box_of(edge.locator("[data-testid^=edge-plus-]"))
        self.drag(self.page.get_by_test_id(f"palette-item-{kind}"), *middle(plus))

    def connect(self, source: str, port: str, target: str, *, again: bool = False) -> None:
        """A line from a way out, drawn to a node's way in; `again` leads the line it had elsewhere."""
        before = self.edges().count()
        goal = middle(box_of(self.page.get_by_test_id(f"handle-{target}-in")))
        self.drag(self.page.get_by_test_id(f"handle-{source}-{port}"), *goal)
        expect(self.edges()).to_have_count(before if again else before + 1)

    def move(self, node: str, by: tuple[float, float]) -> None:
        title = self.node(node).locator(".hr-node-icon")
        x, y = middle(box_of(title))
        self.drag(title, x + by[0], y + by[1])

    def drag(self, what: Locator, x: float, y: float) -> None:
        mouse = self.page.mouse
        start = middle(box_of(what))
        mouse.move(*start)
        mouse.down()
        mouse.move(start[0] + (8 if x > start[0] else -8), start[1])
        mouse.move(x, y, steps=8)
        mouse.up()

    def choose_node(self, node: str) -> None:
        self.node(node).locator(".hr-node-icon").click()
        expect(self.page.get_by_test_id("inspector")).to_be_visible()
        expect(self.node(node)).to_have_attribute("data-selected", "true")

    def leave_selection(self) -> None:
        """Nothing selected: the panel is about the flow itself."""
        self.canvas.locator(".react-flow__pane").click(position={"x": 30, "y": 70})
        expect(self.page.get_by_test_id("flow-name.en")).to_be_visible()

    def name(self, name: str) -> None:
        """The name of the selected node."""
        self.page.get_by_test_id("field-name.en").fill(name)

    def write(self, field: str, text: str) -> None:
        """Into a field for expressions or templates."""
        box = self.page.get_by_test_id(f"field-{field}")
        box.click()
        box.press_sequentially(text)
        self.page.keyboard.press("Escape")

    def add_input(self, index: int, name: str, title: str, kind: str | None = None) -> None:
        """A field of the start form."""
        page = self.page
        field = f"flow-input.{index}"
        page.get_by_test_id("flow-input.add").click()
        page.get_by_test_id(f"{field}.title.en").fill(title)
        if kind is not None:
            choose(page.get_by_test_id(f"{field}.kind"), kind)
        page.get_by_test_id(f"{field}.required").click()
        page.get_by_test_id(f"{field}.name").fill(name)
        page.get_by_test_id(f"{field}.name").press("Enter")

    def more(self) -> None:
        """Unfolds what is folded away in the panel."""
        fold = self.page.locator(
            "[data-testid=inspector] details.hr-advanced:not([open]) > summary"
        )
        fold.first.click()

    def unfold(self, section: str) -> None:
        """A section of an approval's settings."""
        self.page.get_by_test_id(f"fold-{section}").locator(":scope > summary").click()

    def rule(
        self, branch: int, field: str, operator: str, value: str, *, by_field: bool = False
    ) -> None:
        """The condition of a branch: a row of field, comparison and value."""
        page, rule = self.page, f"field-branches.{branch}.when"
        page.get_by_test_id(f"{rule}.add-rule-top").click()
        choose(page.get_by_test_id(f"{rule}.rule-0.field"), field)
        choose(page.get_by_test_id(f"{rule}.rule-0.operator"), operator)
        if by_field:
            page.get_by_test_id(f"{rule}.rule-0.source").click()
            choose(page.get_by_test_id(f"{rule}.rule-0.value"), value)
        else:
            page.get_by_test_id(f"{rule}.rule-0.value").fill(value)

    # --- trying, publishing ---

    def try_out(self, values: dict[str, str]) -> Locator:
        """A test run; the list of its steps."""
        page = self.page
        page.get_by_test_id("btn-test").click()
        again = page.get_by_test_id("btn-clear-test")
        if again.is_visible():
            again.click()
        fill_form(page, values, inside=page.get_by_test_id("test-panel"))
        page.get_by_test_id("btn-run-test").click()
        expect(page.get_by_test_id("test-result")).to_be_visible()
        return page.locator("[data-testid^=test-step-]")

    def publish(self, note: str) -> None:
        page = self.page
        page.get_by_test_id("btn-publish").click()
        page.get_by_test_id("publish-note").fill(note)
        page.get_by_test_id("btn-publish-confirm").click()
        expect(page.get_by_test_id("publish-dialog")).to_have_count(0)
        expect(page.get_by_test_id("btn-start")).to_be_visible()


class Keys:
    """Somebody without a mouse. What Tab does not reach, they do not reach."""

    TABS_MAX = 150

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """In place of what stands there."""
        self.press("Control+a")
        self.page.keyboard.type(text)

    def to(self, test_id: str, *, back: bool = False) -> None:
        """By Tab, or back by Shift+Tab, to what has this id."""
        expect(self.page.get_by_test_id(test_id).first).to_be_visible()
        for _ in range(self.TABS_MAX):
            self.press("Shift+Tab" if back else "Tab")
            if self.at() == test_id:
                return
        raise AssertionError(f"Tab does not lead to {test_id}; the last stop was {self.at()}.")

    def at(self) -> str:
        """The id of what has the focus, or of the nearest thing around it that has one."""
        found: str = self.page.evaluate(
            "document.activeElement?.closest('[data-testid]')?.dataset.testid ?? ''"
        )
        return found

    def push(self, test_id: str, *, back: bool = False) -> None:
        """Goes to a button and presses it."""
        self.to(test_id, back=back)
        self.press("Enter")

    def fill(self, test_id: str, text: str, *, back: bool = False) -> None:
        self.to(test_id, back=back)
        self.type(text)

    def choose(self, title: str) -> None:
        """In the list that has the focus."""
        self.press("ArrowDown")
        items = self.page.locator(OPEN_OPTIONS)
        expect(items.first).to_be_visible()
        active = self.page.locator(f"{OPEN_OPTIONS}.ant-select-item-option-active")
        for _ in range(30):
            if (active.first.text_content() or "").strip() == title:
                break
            self.press("ArrowDown")
        expect(active).to_have_text(title)
        self.press("Enter")

    def pick(self, menu: str, words: str) -> None:
        """In one of the editor's menus: types a part of the name, and takes the first."""
        expect(self.page.get_by_test_id(menu)).to_be_visible()
        self.page.keyboard.type(words)
        self.press("Enter")
        expect(self.page.get_by_test_id(menu)).to_have_count(0)

    def sign_in(self, login: str) -> None:
        self.page.goto("/")
        self.fill("login", login)
        self.fill("password", f"{login}-demo")
        self.press("Enter")
        expect(self.page.get_by_test_id("nav-tasks").first).to_be_visible()


class Inbox:
    """Tasks, on a desk or a phone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, title: str | re.Pattern[str]) -> Locator:
        self.page.goto("/tasks/todo")
        row = self.page.locator("a[data-testid^=task-]", has_text=title)
        row.first.click()
        view = self.page.get_by_test_id("task-view")
        expect(view.get_by_role("heading", name=title)).to_be_visible()
        return view

    def decide(self, decision: str, comment: str) -> None:
        self.page.get_by_test_id("comment").fill(comment)
        self.page.get_by_test_id(f"btn-{decision}").click()
        expect(self.page.locator(".ant-message-success")).to_be_visible()


def choose(select: Locator, title: str) -> None:
    """An option of a list that opens on a click, by its name; typed too when the list is longer than shown."""
    page = select.page
    select.click()
    items = page.locator(OPEN_OPTIONS)
    option = items.filter(has_text=re.compile(rf"^\s*{re.escape(title)}\s*$"))
    expect(items.first).to_be_visible()
    if option.count() == 0:
        page.keyboard.type(title)
    option.first.click()
    if "ant-select-multiple" in (select.get_attribute("class") or ""):
        page.keyboard.press("Escape")
    expect(items).to_have_count(0)


def box_of(what: Locator) -> FloatRect:
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    return box


def middle(box: FloatRect) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def new_flow(page: Page, name: str) -> Editor:
    """From the list of flows, as a person begins."""
    page.get_by_test_id("nav-flows").click()
    page.get_by_test_id("btn-new-flow").click()
    page.get_by_test_id("field-name-en").fill(name)
    page.get_by_test_id("btn-save").click()
    return Editor(page).ready()


def fill_form(page: Page, values: dict[str, str], inside: Locator | None = None) -> None:
    """The fields of a form drawn from a schema."""
    for name, value in values.items():
        (inside or page).get_by_test_id(f"field-{name}").fill(value)


def start_case(page: Page, flow: str, values: dict[str, str]) -> None:
    """Starts a flow by its form and opens the case."""
    page.goto(f"/start/{flow}")
    fill_form(page, values)
    page.get_by_test_id("btn-start").click()
    page.get_by_test_id("link-started").click()
    expect(page.get_by_test_id("instance")).to_be_visible()


def read_case(
    page: Page,
    status: str,
    passed: Sequence[str],
    spared: Sequence[str],
    failed: Sequence[str] = (),
) -> None:
    """The drawing of a case: which nodes are done, which failed and were left by their error, and which the way left aside."""
    case = page.get_by_test_id("instance")
    expect(case).to_have_attribute("data-status", status, timeout=SAVED_MS)
    drawing = case.get_by_test_id("drawing")
    for node in passed:
        expect(drawing.get_by_test_id(f"node-{node}")).to_have_attribute("data-status", "done")
        expect(case.locator(f"[data-node={node}]").first).to_have_attribute("data-status", "done")
    for node in failed:
        expect(drawing.get_by_test_id(f"node-{node}")).to_have_attribute("data-status", "failed")
    for node in spared:
        expect(drawing.get_by_test_id(f"node-{node}")).not_to_have_attribute(
            "data-status", re.compile(".")
        )
    taken = drawing.locator(".hr-line[data-taken]")
    expect(taken).to_have_count(len(passed) + len(failed) - 1)

"""The task study: four flows from an empty canvas, by mouse and by keyboard alone, published and run; every action counted.

One short task runs with the other tests in a browser; `make study` (`HEADRACE_STUDY=full`) does all eight, prints the table and
writes it into `docs/task-study.md`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.pages import Editor, sign_in
from tests.e2e.study.hand import Hand, Keys, Mouse
from tests.e2e.study.paper import Row, write
from tests.e2e.study.tasks import TASKS, Task, World

PICTURES = os.environ.get("HEADRACE_STUDY_PICTURES", "")
"""A folder for pictures of what was drawn, tidied up."""
FULL = os.environ.get("HEADRACE_STUDY") == "full"
SHORT = ("R101", "keyboard")
ALL = [
    (task, hand)
    for task in TASKS
    for hand in (Mouse, Keys)
    if FULL or (task.name, hand.by) == SHORT
]
rows: list[Row] = []


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[None]:
    """The table at the end, on paper when all of it was done."""
    yield
    write(rows, keep=FULL and len(rows) == len(ALL))


@pytest.fixture
def people(browser: Browser, base_url: str) -> Iterator[Callable[[str], BrowserContext]]:
    """A context of their own for everybody who decides."""
    known: dict[str, BrowserContext] = {}

    def context_of(login: str) -> BrowserContext:
        if login not in known:
            known[login] = browser.new_context(base_url=base_url)
        return known[login]

    yield context_of
    for context in known.values():
        context.close()


@pytest.mark.parametrize(
    ("task", "kind"), ALL, ids=[f"{task.name}-{kind.by}" for task, kind in ALL]
)
def test_a_flow_drawn_published_and_run(
    task: Task,
    kind: type[Hand],
    page: Page,
    people: Callable[[str], BrowserContext],
    far_port: int,
) -> None:
    sign_in(page, "dora")
    hand = kind(page)
    if task.before is not None:
        page.goto("/decision-tables")
        expect(page.get_by_test_id("btn-new-decision-table")).to_be_visible()
        task.before(hand)
    key = empty_canvas(page, f"{task.name} by {kind.by}")
    try:
        task.draw(hand)
    finally:
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{task.name}-{hand.by}-raw.png")
    if PICTURES:
        page.keyboard.press("Shift+T")
        page.keyboard.press("Shift+Digit1")
        page.wait_for_timeout(600)
        page.screenshot(path=f"{PICTURES}/{task.name}-{hand.by}.png")

    seen = task.prove(World(people, far_port, key, mark=f"{time.time_ns() % 10**8:08d}"))

    rows.append(Row(task.name, task.title, hand.by, hand.count, seen))
    if task.actions_max is not None:
        assert hand.count.actions <= task.actions_max, hand.count.said


def empty_canvas(page: Page, name: str) -> str:
    """A new flow as the product gives it: a start and an end, connected. Not counted: the task begins there."""
    page.goto("/flows")
    page.get_by_test_id("btn-new-flow").click()
    page.get_by_test_id("field-name-en").fill(name)
    page.get_by_test_id("btn-save").click()
    editor = Editor(page).ready()
    expect(editor.nodes()).to_have_count(2)
    return page.url.rstrip("/").split("/")[-1]

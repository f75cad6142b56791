"""What a page fetches before it can be used, packed: at most 300 kB for the inbox of a phone, 350 kB for the designer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT
from tests.e2e.pages import PHONE, session_of

ASSETS = ROOT / "designer" / "static" / "assets"
INBOX_BYTES = 300_000
DESIGNER_BYTES = 350_000

DRAWN = """(() => { const wait = () => {
  const drawn = document.querySelector('.react-flow__node-step .hr-node') && document.querySelector('.react-flow__edge path');
  if (!drawn) return requestAnimationFrame(wait);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.documentElement.dataset.drawn = performance.now(); }));
}; requestAnimationFrame(wait); })();"""
"""When the drawing is seen: the second frame after its first node and line."""

FETCHED = """(until) => [...new Set(performance.getEntriesByType('resource')
  .filter(({ name, startTime }) => name.includes('/assets/') && startTime <= until)
  .map(({ name }) => decodeURIComponent(name.split('/assets/')[1])))]"""


def test_the_inbox_of_a_phone_is_light(page: Page) -> None:
    session_of(page.context, "dora")
    page.set_viewport_size(PHONE)
    page.goto("/tasks/todo")
    expect(page.get_by_test_id("box-todo")).to_be_visible()
    page.wait_for_load_state("load")
    until = page.evaluate("performance.now()")

    weight = packed(page.evaluate(FETCHED, until))

    assert weight <= INBOX_BYTES, f"expected at most {INBOX_BYTES} bytes, but found {weight}"


def test_the_designer_is_light_before_its_drawing_is_seen(page: Page) -> None:
    session_of(page.context, "dora")
    page.add_init_script(DRAWN)
    page.goto("/flows/hello-approval")
    page.locator("html[data-drawn]").wait_for(state="attached")
    until = page.evaluate("Number(document.documentElement.dataset.drawn)")

    weight = packed(page.evaluate(FETCHED, until))

    assert weight <= DESIGNER_BYTES, f"expected at most {DESIGNER_BYTES} bytes, but found {weight}"


def packed(names: list[str]) -> int:
    """Bytes over the wire, without headers: the packed copy where the server has one."""
    return sum(_served(ASSETS / name).stat().st_size for name in names)


def _served(file: Path) -> Path:
    small = file.with_name(f"{file.name}.gz")
    return small if small.is_file() else file

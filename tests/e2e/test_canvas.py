"""The canvas in hand: found by name, snapped, framed, taken apart, put on paper; nothing lost when the browser dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.conftest import CHROMIUM
from tests.e2e.pages import DESK, SAVED_MS, Editor, api, box_of, make_flow, middle, session_of
from tests.e2e.test_editor import CHAIN, document

HEIGHT = 64
"""Of a node, in units of the drawing."""


@pytest.fixture
def editor(page: Page, request: pytest.FixtureRequest) -> Editor:
    """The editor with a flow of this test's own, at a desk, as Dora."""
    page.set_viewport_size(DESK)
    name = re.sub(r"\W+|_", "-", request.node.name.removeprefix("test_").replace("chromium", ""))
    key = f"c-{name.strip('-')}"
    address = make_flow(page.context, "dora", document(key[:60]))
    editor = Editor(page).open(address)
    expect(editor.nodes()).to_have_count(len(CHAIN))
    return editor


def command(page: Page, words: str) -> None:
    """An action by its name."""
    page.keyboard.press("Control+k")
    page.get_by_test_id("command-menu-search").fill(words)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("command-menu")).to_have_count(0)


def test_everything_is_found_by_name(editor: Editor) -> None:
    page = editor.page
    command(page, "add wait")
    expect(editor.nodes()).to_have_count(len(CHAIN) + 1)
    page.keyboard.press("Control+z")

    command(page, "ask")
    expect(editor.node("ask")).to_have_attribute("data-selected", "true")
    page.keyboard.press("Control+k")
    page.get_by_test_id("command-menu-search").fill("incidents")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/incidents"))


def test_a_text_inside_a_setting_leads_to_its_field(editor: Editor) -> None:
    page = editor.page
    page.keyboard.press("Control+f")
    page.get_by_test_id("search-menu-search").fill("was allowed")
    page.keyboard.press("Enter")

    expect(editor.node("tell")).to_have_attribute("data-selected", "true")
    field = page.locator("[data-path=text]")
    expect(field.locator(":focus")).to_have_count(1)


def test_what_is_dragged_snaps_to_a_line(editor: Editor) -> None:
    page = editor.page
    editor.move("tell", (0, 120))
    low = place_of(editor, "tell")
    assert low > 64, "well below the others, so that nothing else is near"
    box = box_of(editor.node("tell"))
    zoom = box["height"] / HEIGHT
    x, y = middle(box_of(editor.node("tell").locator(".hr-node-icon")))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 4)  # here it is taken up
    page.mouse.move(x, y - 4 - (low - 4) * zoom, steps=8)
    expect(page.get_by_test_id("guide-y")).to_be_visible()
    page.mouse.up()
    expect(page.get_by_test_id("guide-y")).to_have_count(0)
    assert place_of(editor, "tell") == 0, "four off the line of the others: on it"


def place_of(editor: Editor, node: str) -> float:
    """Its upper edge, in units of the drawing."""
    found: float = next(n for n in editor.document()["nodes"] if n["id"] == node)["position"]["y"]
    return found


def test_a_forbidden_target_is_grey_and_says_why(editor: Editor) -> None:
    page = editor.page
    page.mouse.move(*middle(box_of(page.get_by_test_id("handle-tell-out"))))
    page.mouse.down()
    x, y = middle(box_of(editor.node("start")))
    page.mouse.move(x, y, steps=8)
    expect(editor.node("start")).to_have_attribute("data-forbidden", "to_a_start")
    expect(page.get_by_test_id("why-not")).to_have_text("Nothing comes before a start.")
    page.mouse.up()
    expect(page.locator("[data-forbidden]")).to_have_count(0)
    expect(editor.edges()).to_have_count(4)


def test_a_line_into_the_void_asks_what_comes_next(editor: Editor) -> None:
    page = editor.page
    page.mouse.move(*middle(box_of(page.get_by_test_id("handle-ask-returned"))))
    page.mouse.down()
    box = box_of(editor.canvas)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 120, steps=8)
    page.mouse.up()
    page.get_by_test_id("node-menu-search").fill("wait")
    page.keyboard.press("Enter")
    expect(editor.nodes()).to_have_count(len(CHAIN) + 1)
    drawn = [edge for edge in editor.document()["edges"] if edge["port"] == "returned"]
    assert [edge["from"] for edge in drawn] == ["ask"]
    assert drawn[0]["to"] not in CHAIN


def test_several_are_aligned_framed_folded_and_moved_together(editor: Editor) -> None:
    page = editor.page
    editor.move("tell", (0, 90))
    editor.node("ask").locator(".hr-node-icon").click()
    editor.node("tell").locator(".hr-node-icon").click(modifiers=["Shift"])
    page.get_by_test_id("btn-align_top").click()
    places = {node["id"]: node["position"] for node in editor.document()["nodes"]}
    assert places["tell"]["y"] == places["ask"]["y"]

    page.get_by_test_id("btn-frame").click()
    title = page.get_by_label("Title of the section")
    title.fill("Decide")
    page.keyboard.press("Escape")
    section = editor.document()["notes"][0]
    assert (section["kind"], section["text"]) == ("section", "Decide")

    page.get_by_test_id(f"section-fold-{section['id']}").click()
    expect(editor.node("ask")).to_have_count(0)
    expect(editor.edges()).to_have_count(2)
    editor.drag(
        page.get_by_test_id(f"section-{section['id']}").locator(".hr-section-count"), *lower(editor)
    )
    page.get_by_test_id(f"section-fold-{section['id']}").click()
    expect(editor.node("ask")).to_be_visible()
    after = {node["id"]: node["position"] for node in editor.document()["nodes"]}
    moved = after["ask"]["y"] - places["ask"]["y"]
    assert moved > 50
    assert after["tell"]["y"] - places["tell"]["y"] == moved
    assert after["start"] == places["start"]

    page.get_by_test_id("tab-history").click()
    expect(page.get_by_test_id("history").get_by_role("button").nth(-2)).to_contain_text("Tell")


def lower(editor: Editor) -> tuple[float, float]:
    """A place near the lower edge of the canvas."""
    box = box_of(editor.canvas)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] - 150


def test_steps_become_a_sub_flow_and_come_back(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("tell")
    command(page, "sub-flow")
    page.get_by_test_id("group-name").fill(f"Told {editor.page.url[-9:]}")
    page.get_by_test_id("btn-group-make").click()
    expect(editor.node("tell")).to_have_count(0)
    expect(editor.node("subflow")).to_be_visible()
    flow = next(node for node in editor.document()["nodes"] if node["id"] == "subflow")
    inner = api(page.context, f"/api/flows/{flow['settings']['flow']}")["draft"]["document"]
    assert [node["type"] for node in inner["nodes"]] == ["start", "notification", "end"]

    command(page, "bring the sub-flow back")
    expect(editor.node("tell")).to_be_visible()
    editor.edge("ask", "approved", "tell")
    editor.edge("tell", "out", "end")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_drawing_leaves_as_a_file(editor: Editor, kind: str, tmp_path: Path) -> None:
    page = editor.page
    command(page, "picture")
    with page.expect_download() as waiting:
        page.get_by_test_id(f"btn-picture-{kind}").click()
    file = tmp_path / f"flow.{kind}"
    waiting.value.save_as(file)
    begin = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF-1.4"}[kind]
    assert file.read_bytes().startswith(begin)
    assert file.stat().st_size > 2_000


def test_the_flow_is_told_as_steps_in_both_languages(editor: Editor, tmp_path: Path) -> None:
    page = editor.page
    command(page, "sop")
    paper = page.get_by_test_id("sop")
    expect(paper.get_by_role("heading", name="1 Ask")).to_be_visible()
    expect(paper).to_contain_text("Customer service lead")
    page.get_by_text("中文", exact=True).click()
    expect(paper.get_by_role("heading", name="步骤", exact=True)).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_test_id("btn-sop-md").click()
    waiting.value.save_as(tmp_path / "sop.md")
    assert "客服组长" in (tmp_path / "sop.md").read_text()


def test_a_favourite_stays_at_hand_and_the_tour_stays_away(editor: Editor) -> None:
    page = editor.page
    page.get_by_test_id("palette-star-timer").click()
    page.get_by_test_id("btn-tour").click()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_test_id("palette-favourites-timer")).to_be_visible()
    expect(page.get_by_test_id("tour-offer")).to_have_count(0)


def test_four_answers_are_a_flow_without_errors(page: Page) -> None:
    page.set_viewport_size(DESK)
    session_of(page.context, "dora")
    page.goto("/flows")
    page.get_by_test_id("btn-describe").click()
    page.get_by_test_id("describe-name").fill("Drawn by four answers")
    for _ in range(3):
        page.get_by_test_id("btn-describe-next").click()
    page.get_by_test_id("btn-describe-next").click()
    editor = Editor(page).ready()
    expect(editor.node("superior")).to_be_visible()
    editor.problems(0)


def test_a_copy_can_be_pasted_into_another_window(editor: Editor) -> None:
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor.choose_node("ask")
    page.keyboard.press("Control+c")
    other = page.context.new_page()
    other.set_viewport_size(DESK)
    there = Editor(other).open(make_flow(page.context, "dora", document("c-other-window")))
    expect(there.nodes()).to_have_count(len(CHAIN))
    other.keyboard.press("Control+v")
    expect(there.nodes()).to_have_count(len(CHAIN) + 1)


def test_a_killed_browser_comes_back_with_the_stroke_before(
    playwright: Playwright, base_url: str, tmp_path: Path
) -> None:
    """SIGKILL to every process of the browser, right after a stroke; the server never heard of it."""
    profile: dict[str, Any] = {
        "user_data_dir": tmp_path / "profile",
        "executable_path": shutil.which("chromium") or shutil.which("chromium-browser"),
        "args": list(CHROMIUM),
        "base_url": base_url,
        "viewport": DESK,
        "locale": "en-US",
        "reduced_motion": "reduce",
    }
    context = playwright.chromium.launch_persistent_context(**profile)
    address = make_flow(context, "dora", document("c-killed"))
    page = context.pages[0]
    editor = Editor(page).open(address)
    page.route("**/draft", lambda route: route.abort())
    editor.choose_node("ask")
    editor.name("The stroke before")
    expect(editor.node("ask")).to_contain_text("The stroke before")
    for _ in range(50):
        if "The stroke before" in json.dumps(page.evaluate(KEPT)):
            break
        page.wait_for_timeout(20)
    for process in _processes_of(tmp_path / "profile"):
        os.kill(process, signal.SIGKILL)

    context = playwright.chromium.launch_persistent_context(**profile)
    try:
        make = context.request.post("/api/session", data={"login": "dora", "password": "dora-demo"})
        assert make.ok
        page = context.pages[0]
        page.goto(address)
        page.get_by_test_id("btn-recovery-take").click(timeout=SAVED_MS)
        expect(Editor(page).node("ask")).to_contain_text("The stroke before")
        Editor(page).saved()
        draft = api(context, f"/api{address}")["draft"]["document"]
        assert "The stroke before" in json.dumps(draft)
    finally:
        context.close()


KEPT = """() => new Promise((done) => {
  const asked = indexedDB.open('headrace');
  asked.onsuccess = () => {
    const all = asked.result.transaction('drafts').objectStore('drafts').getAll();
    all.onsuccess = () => { asked.result.close(); done(all.result); };
  };
})"""
"""What the browser keeps of drafts."""


def _processes_of(profile: Path) -> list[int]:
    """Those that were started with this folder, and no others."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(profile).encode() in words and b"chrom" in words:
            found.append(int(process.name))
    return found

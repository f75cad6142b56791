"""What an editor must not get wrong: taking back, copying, healing, two people at once, a lost session or network."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import DESK, PHONE, SAVED_MS, Editor, make_flow

CHAIN = ["start", "ask", "tell", "end"]


def document(key: str) -> dict[str, Any]:
    """Start, an approval, a notification, an end; nothing is wrong with it."""
    settings: dict[str, Any] = {
        "start": {},
        "ask": {"title": "May we?", "assignees": [{"kind": "role", "id": "cs_lead"}]},
        "tell": {
            "channel": "in_app",
            "to": [{"kind": "initiator"}],
            "title": "We may",
            "text": "It was allowed.",
        },
        "end": {"result": "completed"},
    }
    kinds = {"ask": "approval", "tell": "notification"}
    ways = [("start", "out", "ask"), ("ask", "approved", "tell"), ("tell", "out", "end")]
    return {
        "format": 1,
        "key": key,
        "name": {"en": f"Editor: {key}", "zh": f"编辑器：{key}"},
        "input": {"type": "object", "properties": {"amount": {"type": "number"}}},
        "nodes": [
            {
                "id": node,
                "type": kinds.get(node, node),
                "name": {"en": node.title(), "zh": node},
                "position": {"x": 400 * place, "y": 0},
                "settings": settings[node],
            }
            for place, node in enumerate(CHAIN)
        ],
        "edges": [
            {"id": f"e{number}", "from": source, "port": port, "to": target}
            for number, (source, port, target) in enumerate(
                [*ways, ("ask", "rejected", "end")], start=1
            )
        ],
    }


@pytest.fixture
def editor(page: Page, request: pytest.FixtureRequest) -> Editor:
    """The editor with a flow of this test's own, at a desk, as Dora."""
    page.set_viewport_size(DESK)
    name = re.sub(r"\[.*|_", lambda found: "-" if found[0] == "_" else "", request.node.name)
    key = name.removeprefix("test-")[:60]
    address = make_flow(page.context, "dora", document(key))
    editor = Editor(page).open(address)
    expect(editor.nodes()).to_have_count(len(CHAIN))
    return editor


def test_the_whole_flow_is_in_view_at_first(editor: Editor) -> None:
    canvas = editor.canvas.bounding_box()
    assert canvas is not None
    for node in CHAIN:
        expect(editor.node(node)).to_be_in_viewport(ratio=1)
        box = editor.node(node).bounding_box()
        assert box is not None
        assert canvas["x"] <= box["x"]
        assert box["x"] + box["width"] <= canvas["x"] + canvas["width"]


def test_a_deleted_node_leaves_no_gap_and_comes_back(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("tell")
    page.keyboard.press("Delete")
    expect(editor.node("tell")).to_have_count(0)
    expect(editor.edges()).to_have_count(3)
    editor.edge("ask", "approved", "end")

    page.get_by_test_id("btn-undo").click()
    expect(editor.node("tell")).to_be_visible()
    page.get_by_test_id("btn-redo").click()
    expect(editor.node("tell")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(editor.node("tell")).to_be_visible()
    editor.edge("ask", "approved", "tell")

    page.get_by_test_id("tab-history").click()
    page.get_by_test_id("history").get_by_role("button").first.click()
    expect(editor.node("tell")).to_have_count(0)


def test_what_is_copied_is_pasted_with_its_settings(editor: Editor) -> None:
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor.choose_node("ask")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(editor.nodes()).to_have_count(len(CHAIN) + 1)
    copied = next(node for node in editor.document()["nodes"] if node["id"] not in CHAIN)
    assert (copied["type"], copied["settings"]["title"]) == ("approval", "May we?")

    page.keyboard.press("Control+d")
    expect(editor.nodes()).to_have_count(len(CHAIN) + 2)


def test_a_note_sticks_and_nodes_are_put_in_order(editor: Editor) -> None:
    page = editor.page
    page.get_by_test_id("btn-note").click()
    note = page.get_by_test_id("note-note1")
    note.locator("textarea").fill("Ask twice")
    editor.leave_selection()
    editor.move("tell", (0, 180))
    low = next(node for node in editor.document()["nodes"] if node["id"] == "tell")
    assert low["position"]["y"] > 100

    page.get_by_test_id("btn-layout").click()
    page.get_by_test_id("btn-save").click()
    after = editor.document()
    places = [node["position"]["x"] for node in after["nodes"]]
    assert places == sorted(places)
    assert [each["text"] for each in after["notes"]] == ["Ask twice"]


def test_the_draft_saves_itself_and_is_there_after_a_reload(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("ask")
    editor.name("Ask them")
    editor.saved()
    page.reload()
    expect(Editor(page).ready().node("ask")).to_contain_text("Ask them")


def test_a_problem_leads_to_its_field(editor: Editor) -> None:
    page = editor.page
    editor.problems(0)
    editor.choose_node("ask")
    page.get_by_test_id("field-title").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    editor.leave_selection()
    editor.problems(1)
    expect(page.get_by_test_id("node-problem-ask")).to_be_visible()
    page.get_by_test_id("problem-0").click()
    expect(editor.node("ask")).to_have_attribute("data-selected", "true")
    expect(page.get_by_test_id("field-title")).to_be_focused()

    page.get_by_test_id("btn-publish").click()
    expect(page.get_by_test_id("btn-publish-confirm")).to_be_disabled()


def test_a_value_without_a_sample_is_no_mistake(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("ask")
    editor.write("title", " {{ amount }}")
    outcome = page.get_by_test_id("field-title.outcome")
    expect(outcome).to_contain_text("sample data")
    expect(outcome).not_to_have_attribute("data-wrong", "true")

    editor.leave_selection()
    page.get_by_test_id("field-amount").fill("199.9")
    editor.choose_node("ask")
    expect(outcome).to_contain_text("199.9")


@pytest.fixture
def theirs(editor: Editor, person: Callable[..., Page]) -> Editor:
    """The same drawing at the browser of the administrator, and both know of each other."""
    found = Editor(person("admin", viewport=DESK)).open(editor.page.url)
    expect(found.nodes()).to_have_count(len(CHAIN))
    for page in (editor.page, found.page):
        expect(page.get_by_test_id("other-here")).to_have_count(1, timeout=SAVED_MS)
    return found


def test_two_people_in_one_drawing_see_each_other_and_lose_nothing(
    editor: Editor, theirs: Editor
) -> None:
    theirs.choose_node("ask")
    expect(editor.page.get_by_test_id("other-at-ask")).to_be_visible(timeout=SAVED_MS)
    editor.choose_node("tell")
    theirs.name("Theirs")
    editor.name("Mine")

    for page in (editor, theirs):
        expect(page.node("ask")).to_contain_text("Theirs", timeout=SAVED_MS)
        expect(page.node("tell")).to_contain_text("Mine", timeout=SAVED_MS)
        page.saved()
    expect(editor.page.get_by_test_id("conflicts")).to_have_count(0)

    editor.leave_selection()
    editor.page.keyboard.press("Control+z")  # takes back mine, and nothing of theirs
    expect(editor.node("tell")).to_contain_text("Tell")
    expect(theirs.node("tell")).to_contain_text("Tell", timeout=SAVED_MS)
    expect(editor.node("ask")).to_contain_text("Theirs")

    theirs.page.goto("/flows")
    expect(editor.page.get_by_test_id("other-here")).to_have_count(0, timeout=SAVED_MS)


def test_what_two_people_change_differently_a_person_decides(
    editor: Editor, theirs: Editor
) -> None:
    page = editor.page
    page.context.set_offline(True)
    editor.choose_node("ask")
    editor.name("Mine")
    theirs.choose_node("ask")
    theirs.name("Theirs")
    theirs.saved()
    page.context.set_offline(False)

    expect(page.get_by_test_id("conflicts")).to_be_visible(timeout=SAVED_MS)
    expect(editor.node("ask")).to_contain_text("Theirs")
    page.reload()  # nothing is chosen by that
    page.get_by_test_id("btn-conflicts").click()
    expect(page.get_by_test_id("conflict")).to_have_count(1)
    expect(page.get_by_test_id("conflict")).to_contain_text("Mine")
    page.get_by_test_id("btn-conflict-mine").click()

    expect(page.get_by_test_id("conflicts")).to_have_count(0)
    expect(theirs.node("ask")).to_contain_text("Mine", timeout=SAVED_MS)


def test_two_who_draw_at_random_end_with_the_same_drawing(editor: Editor, theirs: Editor) -> None:
    lots = random.Random(20260109)
    keys = ["ArrowRight", "ArrowDown", "Control+d", "Delete", "Control+z", "Control+y"]
    for turn in range(40):
        at = lots.choice([editor, theirs])
        steps = at.nodes()
        if steps.count() == 0:
            at.page.keyboard.press("Control+z")
        elif lots.random() < 0.3:
            node = steps.nth(lots.randrange(steps.count()))
            node.locator(".hr-node-icon").click(force=True)
            at.page.get_by_test_id("field-name.en").fill(f"Name {turn}")
            at.page.keyboard.press("Escape")
        else:
            steps.nth(lots.randrange(steps.count())).locator(".hr-node-icon").click(force=True)
            at.page.keyboard.press(lots.choice(keys))

    def drawn(at: Editor) -> Any:
        places = """nodes => nodes.map(node => [node.dataset.id, node.style.transform,
            node.querySelector(".hr-node-title, h3, strong")?.textContent]).sort()"""
        lines = "edges => edges.map(edge => edge.dataset.id).sort()"
        return at.nodes().evaluate_all(places), at.edges().evaluate_all(lines)

    for _ in range(50):
        if editor.document() == theirs.document() and drawn(editor) == drawn(theirs):
            break
        editor.page.wait_for_timeout(200)
    assert drawn(editor) == drawn(theirs)
    assert editor.document() == theirs.document()


def test_who_is_signed_out_signs_in_again_without_losing_work(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("ask")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    editor.name("Typed meanwhile")
    expect(page.get_by_test_id("password")).to_be_visible()
    page.get_by_test_id("password").fill("dora-demo")
    page.get_by_test_id("btn-sign-in").click()
    expect(page.get_by_test_id("password")).to_have_count(0)
    page.get_by_test_id("btn-save").click()
    assert editor.document()["nodes"][1]["name"]["en"] == "Typed meanwhile"


def test_without_a_network_work_goes_on_and_is_saved_later(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("ask")
    page.context.set_offline(True)
    expect(page.get_by_test_id("offline")).to_be_visible()
    editor.name("Typed offline")
    expect(page.get_by_test_id("save-state")).to_have_attribute(
        "data-state", "offline", timeout=SAVED_MS
    )
    page.context.set_offline(False)
    expect(page.get_by_test_id("offline")).to_have_count(0)
    editor.saved()
    assert editor.document()["nodes"][1]["name"]["en"] == "Typed offline"


def test_a_part_of_the_page_that_comes_later_waits_for_the_network(editor: Editor) -> None:
    page = editor.page
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    expect(page.get_by_test_id("offline")).to_be_visible()
    page.keyboard.press("?")
    editor.choose_node("ask")
    expect(page.get_by_test_id("shortcuts")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.get_by_test_id("shortcuts")).to_be_visible()


def test_a_broken_file_is_taken_in_with_its_problems_and_nonsense_is_not(
    editor: Editor, tmp_path: Path
) -> None:
    page = editor.page
    broken = document("another-key")
    del broken["nodes"][1]["settings"]["title"]
    broken["edges"].pop()
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(broken))
    page.get_by_test_id("btn-more-actions").click()
    page.locator("[data-menu-id$=-import]").click()
    page.get_by_test_id("import-files").first.set_input_files(file)
    expect(page.get_by_test_id("import-diff")).to_be_visible()
    page.get_by_test_id("btn-take").click()
    expect(editor.edges()).to_have_count(3)
    page.get_by_test_id("tab-problems").click()
    problems = page.get_by_test_id("problems").locator("[data-testid^=problem-]")
    expect(problems).to_have_count(2, timeout=SAVED_MS)

    file.write_text("no flow at all")
    page.get_by_test_id("btn-more-actions").click()
    page.locator("[data-menu-id$=-import]").click()
    page.get_by_test_id("import-files").first.set_input_files(file)
    expect(page.get_by_test_id("import-dialog").get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("btn-take")).to_be_disabled()
    page.get_by_test_id("btn-sheet-close").click()
    expect(editor.edges()).to_have_count(3)


def test_a_phone_shows_the_flow_to_read(editor: Editor, person: Callable[..., Page]) -> None:
    phone = person("dora", viewport=PHONE)
    phone.goto(editor.page.url)
    phone.get_by_test_id("tab-drawing").click()
    expect(phone.get_by_test_id("drawing")).to_be_visible()
    expect(phone.get_by_test_id("palette")).to_have_count(0)
    phone.get_by_test_id("node-ask").click()
    expect(phone.get_by_test_id("inspector")).to_be_visible()
    phone.keyboard.press("Escape")
    expect(phone.get_by_test_id("inspector")).to_have_count(0)
    phone.get_by_test_id("tab-outline").click()
    expect(phone.get_by_test_id("outline-tell")).to_be_visible()


def test_who_may_not_draw_sees_the_flow_and_changes_nothing(
    editor: Editor, person: Callable[..., Page]
) -> None:
    oscar = Editor(person("oscar", viewport=DESK)).open(editor.page.url)
    oscar.choose_node("ask")
    expect(oscar.page.get_by_test_id("field-name.en")).to_be_disabled()
    oscar.page.keyboard.press("Delete")
    expect(oscar.nodes()).to_have_count(len(CHAIN))
    expect(oscar.page.get_by_test_id("btn-publish")).to_have_count(0)

"""An administrator sets up the organisation, and a designer asks it who would get a task."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.pages import DESK, PHONE, SAVED_MS, Editor, Keys, api, make_flow, session_of

TABLE = """登录名,姓名,邮箱,部门,岗位,直属上级,状态
imported-{n},王敏,wang{n}@example.com,导入部门{n},导入岗位{n},sue,在职
broken-{n},赵磊,not an address,,,,在职
"""
GROWTH = 20
"""How far two boxes may be apart and still be beside one another, in pixels."""


def open_as(person: Callable[..., Page], login: str, address: str, **options: Any) -> Page:
    page = person(login, **options)
    page.goto(address)
    expect(page.locator(".hr-loading")).to_have_count(0)
    return page


def pick(page: Page, field: str, name: str) -> None:
    """Somebody in a picker, by a part of the name."""
    change = page.get_by_test_id(f"{field}-change")
    if change.count():
        change.click()
    page.get_by_test_id(f"{field}-search").fill(name)
    page.get_by_test_id(field).locator(".hr-people-row", has_text=name).first.click()
    expect(page.get_by_test_id(field).locator(".hr-people-chosen")).to_contain_text(name)


def make_department(page: Page, name: str, parent: str | None = None) -> Locator:
    page.get_by_test_id("btn-new-department").click()
    page.get_by_test_id("field-name").fill(name)
    if parent:
        options = page.get_by_test_id("field-parent").locator("option", has_text=parent)
        page.get_by_test_id("field-parent").select_option(options.first.get_attribute("value"))
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("department-dialog")).to_have_count(0)
    row = page.get_by_test_id(f"department-{name}")
    expect(row).to_be_visible()
    return row


def test_departments_are_made_moved_by_mouse_and_keys_and_taken_back(
    person: Callable[..., Page],
) -> None:
    page = open_as(person, "admin", "/organisation", viewport=DESK)
    make_department(page, "E2E Shop")
    north = make_department(page, "E2E North")
    south = make_department(page, "E2E South")

    north.drag_to(page.get_by_test_id("department-E2E Shop"))

    expect(north).to_have_attribute("aria-level", "2")
    page.get_by_test_id("btn-undo-move").click()
    expect(north).to_have_attribute("aria-level", "1")

    north.drag_to(page.get_by_test_id("department-E2E Shop"))
    expect(north).to_have_attribute("aria-level", "2")
    page.reload()
    expect(north).to_have_attribute("aria-level", "2")

    place = south.get_attribute("aria-posinset")
    south.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(south).not_to_have_attribute("aria-posinset", str(place))
    expect(south).to_be_focused()

    page.get_by_test_id("search").fill("e2e nor")
    expect(page.get_by_role("treeitem")).to_have_count(2)  # it, and the way there
    expect(north).to_have_attribute("data-found", "true")

    north.click()
    page.get_by_test_id("btn-delete-department").click()
    page.get_by_test_id("btn-confirm").click()
    expect(north).to_have_count(0)


def test_a_department_cannot_be_dropped_into_itself(person: Callable[..., Page]) -> None:
    page = open_as(person, "admin", "/organisation", viewport=DESK)
    above = make_department(page, "E2E Above")
    below = make_department(page, "E2E Below", parent="E2E Above")

    above.drag_to(below)

    expect(above).to_have_attribute("aria-level", "1")
    expect(below).to_have_attribute("aria-level", "2")


def test_people_belong_somewhere_and_are_found_by_it(person: Callable[..., Page]) -> None:
    page = open_as(person, "admin", "/organisation", viewport=DESK)
    make_department(page, "E2E Belonging")
    page.goto("/organisation/people")
    page.get_by_test_id("person-dora").get_by_role("button").first.click()
    add = page.get_by_test_id("field-departments-add")
    add.select_option(add.locator("option", has_text="E2E Belonging").first.get_attribute("value"))
    pick(page, "field-supervisor", "Sue")
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("person-dialog")).to_have_count(0)

    row = page.get_by_test_id("person-dora")
    expect(row).to_contain_text("E2E Belonging")
    expect(row).to_contain_text("Sue")
    filter_ = page.get_by_test_id("filter-department")
    filter_.select_option(
        filter_.locator("option", has_text="E2E Belonging").first.get_attribute("value")
    )
    expect(page.locator("[data-testid^=person-]")).to_have_count(1)


def test_a_substitution_is_said_shown_and_a_circle_refused_in_words(
    person: Callable[..., Page],
) -> None:
    page = open_as(person, "admin", "/organisation/substitutions", viewport=DESK)
    page.get_by_test_id("btn-new-substitution").click()
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("dialog-lacks")).to_be_visible()

    pick(page, "field-person", "Oscar")
    pick(page, "field-substitute", "Dora")
    page.get_by_test_id("field-from").fill("2031-03-03T09:00")
    page.get_by_test_id("field-until").fill("2031-03-07T18:00")
    expect(page.get_by_test_id("substitution-says")).to_contain_text("Dora")
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("substitution-dialog")).to_have_count(0)
    expect(page.get_by_test_id("substitution-运营 Oscar").first).to_contain_text("Dora")

    page.get_by_test_id("btn-new-substitution").click()
    pick(page, "field-person", "Dora")
    pick(page, "field-substitute", "Oscar")
    page.get_by_test_id("field-from").fill("2031-03-04T09:00")
    page.get_by_test_id("field-until").fill("2031-03-05T18:00")
    page.get_by_test_id("btn-save").click()
    trouble = page.get_by_test_id("substitution-dialog").get_by_role("alert")
    expect(trouble).to_contain_text("设计者 Dora → 运营 Oscar → 设计者 Dora")
    page.get_by_test_id("btn-cancel").click()

    page.get_by_test_id("view-calendar").click()
    expect(page.get_by_test_id("substitution-line")).to_be_visible()


def test_a_rota_is_planned_by_dragging_and_says_who_is_missing(
    person: Callable[..., Page],
) -> None:
    page = open_as(person, "admin", "/organisation/rotas", viewport=DESK)
    page.get_by_test_id("btn-new-rota").click()
    page.get_by_test_id("field-name").fill("E2E desk")
    page.get_by_test_id("btn-save").click()
    gaps = page.get_by_test_id("rota-gaps")
    expect(gaps).to_contain_text("14")

    page.get_by_test_id("btn-add-crew").click()
    pick(page, "crew", "Ann")
    page.get_by_test_id("btn-save").click()
    chip = page.get_by_test_id("crew-客服 Ann")
    chip.drag_to(page.get_by_test_id("cell-mon-s1"))
    chip.drag_to(page.get_by_test_id("cell-tue-s1"))
    expect(gaps).to_contain_text("12")

    page.get_by_test_id("cell-wed-s1-add").click()  # without a mouse it goes by the plus
    pick(page, "cell-people", "Ben")
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("cell-wed-s1")).to_contain_text("Ben")
    page.get_by_test_id("btn-save-rota").click()
    expect(page.get_by_test_id("btn-save-rota")).to_have_count(0)

    page.get_by_test_id("view-dates").click()
    page.get_by_test_id("btn-next-week").click()
    monday = page.locator("[data-testid^=cell-2][data-testid$=-s1]").first
    expect(monday).to_contain_text("Ann")
    monday.get_by_role("button", name=re.compile("Ann")).click()
    expect(monday).to_have_attribute("data-exception", "true")
    expect(monday).to_have_attribute("data-gap", "true")
    page.get_by_test_id("btn-save-rota").click()
    expect(page.get_by_test_id("btn-save-rota")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("cell-mon-s1")).to_contain_text("Ann")  # the pattern stands


def test_what_is_not_saved_of_a_rota_is_not_lost_in_silence(person: Callable[..., Page]) -> None:
    page = open_as(person, "admin", "/organisation/rotas/demo-night", viewport=DESK)
    page.locator("[data-testid^=cell-][data-testid$=-add]").first.click()
    pick(page, "cell-people", "Dora")
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("btn-save-rota")).to_be_visible()

    page.get_by_test_id("btn-back").click()
    page.get_by_role("button", name="Keep editing").click()

    expect(page.get_by_test_id("rota-grid")).to_contain_text("Dora")
    page.get_by_test_id("btn-discard").click()
    expect(page.get_by_test_id("rota-grid")).not_to_contain_text("Dora")


def test_two_who_plan_one_rota_choose_whose_plan_stands(person: Callable[..., Page]) -> None:
    mine = open_as(person, "admin", "/organisation/rotas/demo-night", viewport=DESK)
    theirs = open_as(person, "admin", "/organisation/rotas/demo-night", viewport=PHONE)
    for page, who in ((theirs, "Ben"), (mine, "Dora")):
        expect(page.get_by_test_id("rota-grid")).to_be_visible()
        page.locator("[data-testid^=cell-][data-testid$=-add]").first.click()
        pick(page, "cell-people", who)
        page.get_by_test_id("btn-save").click()
    theirs.get_by_test_id("btn-save-rota").click()
    expect(theirs.get_by_test_id("btn-save-rota")).to_have_count(0)

    mine.get_by_test_id("btn-save-rota").click()
    expect(mine.get_by_test_id("rota-stale")).to_be_visible()
    mine.keyboard.press("Escape")
    expect(mine.get_by_test_id("rota-grid")).to_contain_text("Dora")  # nothing is lost by looking
    mine.get_by_test_id("btn-save-rota").click()
    mine.get_by_test_id("btn-rota-theirs").click()

    first = mine.locator("[data-testid^=cell-]").first
    expect(mine.get_by_test_id("btn-save-rota")).to_have_count(0)
    expect(first).to_contain_text("Ben")
    expect(mine.get_by_test_id("rota-grid")).not_to_contain_text("Dora")


def test_who_is_back_takes_back_what_the_substitute_still_has(
    browser: Browser, base_url: str, person: Callable[..., Page]
) -> None:
    context = browser.new_context(base_url=base_url)
    asks = {"assignees": [{"kind": "user", "id": "ben"}]}
    document = {
        "format": 1,
        "key": "while-away",
        "name": {"zh": "外出期间", "en": "While away"},
        "nodes": [
            {"id": "start", "type": "start", "name": {"en": "Start"}, "settings": {}},
            {"id": "ask", "type": "approval", "name": {"en": "Ask"}, "settings": {**asks, "title": "While Ben was away"}},
            {"id": "done", "type": "end", "name": {"en": "Done"}, "settings": {}},
        ],
        "edges": [
            {"id": "e1", "from": "start", "port": "out", "to": "ask"},
            {"id": "e2", "from": "ask", "port": "approved", "to": "done"},
            {"id": "e3", "from": "ask", "port": "rejected", "to": "done"},
        ],
    }  # fmt: skip
    make_flow(context, "dora", document)
    headers = session_of(context, "ben")
    people = api(context, "/api/people?search=sue&state=active")["items"]
    now = datetime.now(UTC)
    made = context.request.post("/api/substitutions", headers=headers, data={
        "substitute_id": people[0]["id"], "from": now.isoformat().replace("+00:00", "Z"),
        "until": (now + timedelta(days=1)).isoformat().replace("+00:00", "Z"), "flows": ["while-away"],
    })  # fmt: skip
    assert made.ok, made.text()
    away = made.json()["id"]
    headers = session_of(context, "dora")
    published = context.request.post("/api/flows/while-away/publish", headers=headers, data={})
    assert published.ok, published.text()
    begun = context.request.post(
        "/api/flows/while-away/instances", headers=headers, data={"input": {}}
    )
    assert begun.ok, begun.text()
    headers = session_of(context, "ben")
    ended = context.request.delete(f"/api/substitutions/{away}", headers=headers)
    assert ended.ok, ended.text()
    context.close()

    page = open_as(person, "ben", "/account", viewport=PHONE)
    page.get_by_test_id(f"give-back-{away}").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.locator(".ant-message-success")).to_be_visible()

    page.goto("/tasks/todo")
    row = page.locator("a[data-testid^=task-]", has_text="While Ben was away")
    expect(row).to_be_visible(timeout=SAVED_MS)


def test_a_table_is_looked_at_before_it_comes_in(
    person: Callable[..., Page], tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text(TABLE.format(n="1"), encoding="utf-8")
    page = open_as(person, "admin", "/organisation/import", viewport=DESK)

    page.get_by_test_id("import-file").set_input_files(table)

    expect(page.get_by_test_id("import-preview")).to_be_visible()
    broken = page.get_by_test_id("import-row-broken-1")  # errors are shown first
    expect(broken).to_contain_text("not an address")
    page.get_by_test_id("rows-new").click()
    new = page.get_by_test_id("import-row-imported-1")
    expect(new).to_contain_text("导入部门1")
    expect(page.get_by_test_id("import-makes")).to_contain_text("导入岗位1")
    users = api(page.context, "/api/people?search=imported-1")["items"]
    assert users == [], "Nothing may happen before it is confirmed."

    page.get_by_test_id("btn-apply").click()
    page.get_by_test_id("btn-confirm-apply").click()

    expect(page.get_by_test_id("import-done")).to_be_visible()
    (imported,) = api(page.context, "/api/people?search=imported-1")["items"]
    assert imported["name"] == "王敏"
    assert [each["name"] for each in imported["departments"]] == ["导入部门1"]
    assert api(page.context, "/api/people?search=broken-1")["items"] == []


def test_a_file_that_is_no_table_is_refused_in_words(
    person: Callable[..., Page], tmp_path: Path
) -> None:
    wrong = tmp_path / "people.pdf"
    wrong.write_bytes(b"%PDF-1.7")
    page = open_as(person, "admin", "/organisation/import")

    page.get_by_test_id("import-file").set_input_files(wrong)

    expect(page.get_by_text("Choose a CSV or XLSX file.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_test_id("export-csv").click()
    assert "admin" in Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_the_whole_flow_says_who_would_get_what(person: Callable[..., Page]) -> None:
    page = open_as(person, "admin", "/organisation/who", viewport=DESK)

    page.get_by_test_id("who-flow").select_option("refund-approval")

    answers = page.get_by_test_id("who-answers")
    expect(answers.get_by_text("财务 Ben").first).to_be_visible()
    answers.locator("details > summary").nth(1).click()
    expect(answers.get_by_test_id("who-result")).to_be_visible()


def approval(key: str, **settings: Any) -> dict[str, Any]:
    """Start, an approval, end."""
    node = {
        "id": "ask",
        "type": "approval",
        "name": {"zh": "审批", "en": "Ask"},
        "position": {"x": 280, "y": 0},
        "settings": {"title": "Please decide", "assignees": [], **settings},
    }
    start, end = (
        {"id": id_, "type": id_, "name": {"en": id_}, "position": {"x": x, "y": 0}, "settings": {}}
        for id_, x in (("start", 0), ("end", 620))
    )
    edges = [("start", "out", "ask"), ("ask", "approved", "end"), ("ask", "rejected", "end")]
    return {
        "format": 1,
        "key": key,
        "name": {"zh": key, "en": key},
        "input": {"type": "object", "properties": {}},
        "nodes": [start, node, end],
        "edges": [
            {"id": f"e{index}", "from": source, "port": port, "to": target}
            for index, (source, port, target) in enumerate(edges)
        ],
    }


def test_an_approval_is_set_up_in_words_and_asked_who_would_get_it(
    person: Callable[..., Page],
) -> None:
    page = person("dora", viewport=DESK)
    address = make_flow(page.context, "dora", approval("e2e-who"))
    editor = Editor(page).open(address)
    editor.choose_node("ask")

    page.get_by_test_id("field-assignees").click()
    page.keyboard.type("Finance manager")
    page.keyboard.press("Enter")
    page.get_by_test_id("field-assignees").click()
    page.keyboard.type("Superiors, one")
    page.keyboard.press("Enter")
    page.get_by_test_id("field-assignees.1.level").fill("2")
    expect(page.get_by_test_id("field-assignees.1")).to_contain_text("up to level 2")
    page.get_by_test_id("field-assignees.1.up").click()
    expect(page.get_by_test_id("field-assignees.1")).to_contain_text("Finance manager")
    page.get_by_test_id("field-assignees.0.remove").click()

    editor.unfold("vote")
    page.get_by_test_id("field-mode.ratio").check()
    page.get_by_test_id("share-three_quarters").click()
    page.get_by_test_id("veto-everybody").click()
    expect(page.get_by_test_id("vote-sentence")).to_have_text(
        "Passes when at least three quarters approve; anybody may veto"
    )
    editor.unfold("vote")

    editor.unfold("time")
    page.get_by_test_id("field-due").fill("2")
    page.get_by_test_id("field-warn.add").click()
    page.get_by_test_id("field-escalation.add").click()
    expect(page.get_by_test_id("timeline").locator("li")).to_have_count(4)
    editor.unfold("time")
    expect(page.get_by_test_id("fold-time.sentence")).to_contain_text("80 %")

    editor.unfold("actions")
    page.get_by_test_id("allow-transfer").click()
    editor.unfold("actions")
    expect(page.get_by_test_id("fold-actions.sentence")).to_contain_text("Not: Transfer")

    page.get_by_test_id("btn-who").click()
    expect(page.get_by_test_id("who-result")).to_contain_text("财务 Ben", timeout=SAVED_MS)

    settings = next(node for node in editor.document()["nodes"] if node["id"] == "ask")["settings"]
    assert settings["assignees"] == [{"kind": "role", "id": "finance_manager"}]
    assert (settings["mode"], settings["ratio"], settings["veto"]) == ("ratio", 75, True)
    assert settings["escalation"] == [{"after": "due", "do": "remind"}]
    assert "transfer" not in settings["allow"]
    expect(editor.node("ask")).to_contain_text("Role: Finance manager · three quarters approve")


def test_a_role_without_a_backup_is_mended_from_the_problem(person: Callable[..., Page]) -> None:
    page = person("admin", viewport=DESK)
    headers = session_of(page.context, "admin")
    made = page.context.request.post(
        "/api/roles",
        headers=headers,
        data={"key": "e2e_role", "title": {"zh": "无备选", "en": "E2E role"}},
    )
    assert made.ok, made.text()
    ann = api(page.context, "/api/people?search=Ann")["items"][0]["id"]
    filled = page.context.request.put("/api/roles/e2e_role/members", headers=headers, data=[ann])
    assert filled.ok, filled.text()
    drawn = approval("e2e-backup", assignees=[{"kind": "role", "id": "e2e_role"}])
    address = make_flow(page.context, "admin", drawn)
    editor = Editor(page).open(address)

    editor.problems(1)
    page.get_by_role("button", name="Add a backup person").click()
    pick(page, "role-backup", "Ben")
    page.get_by_test_id("btn-save-people").click()

    editor.problems(0)


def test_an_approval_is_filled_in_by_keys_alone(person: Callable[..., Page]) -> None:
    page = person("dora", viewport=DESK)
    address = make_flow(page.context, "dora", approval("e2e-keys"))
    editor = Editor(page).open(address)
    editor.choose_node("ask")
    keys = Keys(page)

    keys.to("field-assignees")
    page.keyboard.type("Supervisor")
    keys.press("Enter")
    keys.to("fold-vote")
    keys.press("Enter")
    keys.to("field-mode.any")
    keys.press("ArrowDown")

    expect(page.get_by_test_id("vote-sentence")).to_contain_text("Everyone must approve")
    expect(page.get_by_test_id("field-assignees.0")).to_contain_text("Role: Supervisor")


def test_the_initiator_chooses_who_decides(person: Callable[..., Page]) -> None:
    page = person("admin", viewport=DESK)
    drawn = approval("e2e-chosen", assignees=[{"kind": "chosen", "name": "who", "max": 1}])
    make_flow(page.context, "admin", drawn)
    headers = session_of(page.context, "admin")
    etag = api(page.context, "/api/flows/e2e-chosen")["draft"]["etag"]
    published = page.context.request.post(
        "/api/flows/e2e-chosen/publish",
        headers={**headers, "If-Match": etag},
        data={"note": "first"},
    )
    assert published.ok, published.text()
    page.goto("/start/e2e-chosen")

    page.get_by_test_id("btn-start").click()
    expect(page.get_by_test_id("chosen-people").get_by_role("alert")).to_be_visible()
    pick(page, "chosen-who", "Ben")
    page.get_by_test_id("btn-start").click()
    expect(page.get_by_test_id("started")).to_be_visible()

    ben = person("ben")
    waiting = [one["title"] for one in api(ben.context, "/api/tasks?box=todo")["items"]]
    assert "Please decide" in waiting


def test_on_a_phone_departments_open_and_shifts_are_filled(person: Callable[..., Page]) -> None:
    page = open_as(person, "admin", "/organisation", viewport=PHONE, has_touch=True)
    page.locator("[role=treeitem]").first.tap()
    view = page.get_by_test_id("department-view")
    expect(view).to_be_visible()
    box, tree = view.bounding_box(), page.get_by_test_id("department-tree").bounding_box()
    assert box is not None and tree is not None
    assert box["y"] < tree["y"] + GROWTH, "What was chosen stands above the tree."

    page.goto("/organisation/rotas/demo-night")
    page.locator("[data-testid^=cell-][data-testid$=-add]").first.tap()
    pick(page, "cell-people", "Oscar")
    page.get_by_test_id("btn-save").tap()
    expect(page.get_by_test_id("rota-grid")).to_contain_text("Oscar")

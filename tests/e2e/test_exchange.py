"""Files of other tools at the screen: dropped, looked at, taken, opened; a flow taken out as BPMN and brought back in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import PHONE

SAMPLES = Path(__file__).parents[1] / "exchange" / "samples"


def look(page: Page, *files: Path) -> None:
    page.goto("/flows")
    page.get_by_test_id("btn-import").first.click()
    page.get_by_test_id("import-files").first.set_input_files(files)
    expect(page.get_by_test_id("import-one").first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_drawing_of_another_tool_is_taken_and_says_what_is_left_to_draw(
    language: str, person: Callable[..., Page]
) -> None:
    page = person("dora", locale="zh-CN" if language == "zh" else "en-US")
    look(page, SAMPLES / "camunda7.bpmn")
    report = page.get_by_test_id("import-report")
    expect(report.locator("li").first).to_have_attribute("data-fate", "placeholder")
    page.get_by_test_id("import-key-refunds").fill(f"refunds-{language}")
    page.get_by_test_id("btn-take").click()

    expect(page.get_by_test_id("node-pay")).to_be_visible(timeout=30_000)
    assert page.url.endswith(f"/flows/refunds-{language}")


def test_a_phone_looks_at_several_files_and_what_is_wrong_with_one(
    person: Callable[..., Page], tmp_path: Path
) -> None:
    page = person("dora", viewport=PHONE)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    look(page, SAMPLES / "n8n.json", broken)

    expect(page.get_by_test_id("import-one")).to_have_count(2)
    expect(page.get_by_test_id("import-one").last.get_by_role("alert")).to_contain_text("line 1")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    page.get_by_test_id("import-flow-paid-orders").get_by_role("checkbox").uncheck()
    expect(page.get_by_test_id("btn-take")).to_be_disabled()


def test_what_goes_out_as_bpmn_changes_nothing_when_it_comes_back(
    person: Callable[..., Page], tmp_path: Path
) -> None:
    page = person("dora")
    page.goto("/flows")
    page.get_by_test_id("actions-hello-approval").click()
    with page.expect_download() as download:
        page.locator("[data-menu-id$=-bpmn]").click()
    file = tmp_path / "hello-approval.bpmn"
    download.value.save_as(file)
    look(page, file)

    diff = page.get_by_test_id("import-diff")
    expect(diff).to_be_visible()
    expect(diff.locator("li")).to_have_count(0)
    changed = json.loads(
        (Path(__file__).parents[2] / "flows" / "hello-approval.json").read_text("utf-8")
    )
    changed["name"] = {"zh": "改名", "en": "Renamed"}
    other = tmp_path / "changed.json"
    other.write_text(json.dumps(changed))
    look(page, other)
    expect(page.get_by_test_id("import-diff").locator("li")).not_to_have_count(0)


def test_a_file_is_put_into_the_drawing_that_is_open_and_taken_back(
    person: Callable[..., Page],
) -> None:
    page = person("dora")
    page.goto("/flows/parallel-checks")
    page.get_by_test_id("btn-more-actions").click(timeout=60_000)
    page.locator("[data-menu-id$=-import]").click()
    page.get_by_test_id("import-files").first.set_input_files(SAMPLES / "camunda8.bpmn")
    expect(page.get_by_test_id("import-diff").first).to_be_visible(timeout=30_000)
    page.get_by_test_id("btn-take").click()

    expect(page.get_by_test_id("node-look")).to_be_visible()
    page.get_by_test_id("btn-undo").click()
    expect(page.get_by_test_id("node-look")).to_have_count(0)

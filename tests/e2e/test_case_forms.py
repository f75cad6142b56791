"""A test case is filled in, not written; and a flow is tried on a phone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.pages import PHONE, choose
from tests.e2e.test_cases import drawn
from tests.e2e.test_versions import call


def test_a_case_is_told_without_json_and_each_step_can_be_taken_back(page: Page) -> None:
    drawn(page, "bonus-words")
    told = {"input": {"amount": 700}, "decisions": {"ask": "approved"}, "expect": {"end": "no"}}
    made = {"name": {"en": "Refused"}, "content": told}
    case = call(page, "POST", "/api/flows/bonus-words/cases", made)["id"]
    page.goto("/flows/bonus-words")
    page.get_by_test_id("btn-test").click()
    page.get_by_test_id("test-tab-cases").click()
    page.get_by_test_id(f"edit-{case}").click()
    sheet = page.get_by_test_id("case-sheet")
    sheet.locator(".hr-case-data > summary").click()
    choose(page.get_by_test_id("case-decisions-ask-0"), "Rejected")
    page.get_by_test_id("case-decisions-ask-0-comment").fill("Too much")
    choose(page.get_by_test_id("case-pin"), "check")
    page.get_by_test_id("case-pins-check").wait_for()
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("case-pins-check")).to_have_count(0)

    # Whoever closes by mistake is asked.
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Keep editing").click()
    page.get_by_test_id("btn-case-save").click()
    expect(sheet).to_have_count(0)
    page.get_by_test_id("btn-run-cases").click()
    expect(page.get_by_test_id("coverage")).to_contain_text("It passes")
    (kept,) = call(page, "GET", "/api/flows/bonus-words/cases")["items"]
    assert kept["content"]["decisions"] == {"ask": {"port": "rejected", "comment": "Too much"}}
    assert "pins" not in kept["content"]


def test_on_a_phone_a_flow_is_tried_step_by_step_and_shows_its_way(person: Any) -> None:
    phone = person("admin", viewport=PHONE)
    drawn(phone, "bonus-try")
    phone.goto("/flows/bonus-try")
    phone.get_by_test_id("btn-test").click()
    panel = phone.get_by_test_id("test-panel")
    panel.get_by_label("Amount").fill("700")
    phone.get_by_test_id("btn-run-test").click()
    phone.get_by_test_id("test-step-1").click()
    expect(phone.get_by_test_id("test-why-check")).to_contain_text("amount = 700")
    expect(phone.get_by_test_id("test-detail-check")).to_be_in_viewport()
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    phone.locator(".ant-drawer-close").click()
    expect(phone.get_by_test_id("card-check")).to_have_attribute("data-status", "done")
    phone.get_by_test_id("btn-unmark").click()
    expect(phone.get_by_test_id("card-check")).not_to_have_attribute("data-status", "done")

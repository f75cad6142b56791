"""Test cases as a person uses them: a real instance becomes a case, a change turns it red, the publish waits until it is mended.
And the map that many instances together make.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.builder import flow, user
from tests.e2e.pages import PHONE, SAVED_MS, session_of
from tests.e2e.test_versions import call


def bonus(me: str, limit: int = 100, key: str = "bonus") -> dict[str, Any]:
    """A bonus above the limit is decided by somebody."""
    large = {
        "combinator": "and",
        "rules": [{"field": "amount", "operator": ">", "value": limit}],
    }
    drawing = (
        flow(key).then("check", "condition", branches=[{"id": "large", "name": {"zh": "大额", "en": "Large"}, "when": large}])
        .on("large").then("ask", "approval", title="Bonus?", assignees=[user(me)])
        .then("paid", "end", result="paid").at("check", "else").to("paid")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip
    document = drawing.document()
    document["input"] = {
        "type": "object",
        "properties": {"amount": {"type": "number", "x-title": {"zh": "金额", "en": "Amount"}}},
        "required": ["amount"],
    }
    places = {
        "start": (0, 0),
        "check": (300, 0),
        "ask": (600, 0),
        "paid": (900, 0),
        "no": (900, 160),
    }
    for node in document["nodes"]:
        node["position"] = dict(zip("xy", places[node["id"]], strict=True))
    return document


def drawn(page: Page, key: str) -> str:
    """The flow, published, with one large bonus that was agreed to."""
    session_of(page.context, "admin")
    me: str = call(page, "GET", "/api/session")["user"]["id"]
    call(page, "POST", "/api/flows", {"document": bonus(me, key=key)})
    call(page, "POST", f"/api/flows/{key}/publish", {})
    begun = call(
        page,
        "POST",
        f"/api/flows/{key}/instances",
        {"input": {"amount": 150}, "business_key": "B-150"},
    )
    (task,) = [
        one
        for one in call(page, "GET", "/api/tasks?box=todo")["items"]
        if one["instance_id"] == begun["id"]
    ]
    call(page, "POST", f"/api/tasks/{task['id']}/decide", {"decision": "approved"})
    return me


def test_a_real_instance_becomes_a_case_that_guards_the_flow(page: Page) -> None:
    me = drawn(page, "bonus")
    page.goto("/flows/bonus")
    page.get_by_test_id("btn-test").click()
    page.get_by_test_id("test-tab-cases").click()
    page.get_by_test_id("btn-record-case").click()
    page.get_by_test_id("record-B-150").click()
    page.get_by_test_id("btn-case-save").click()
    expect(page.get_by_test_id("case-sheet")).to_have_count(0)
    page.get_by_test_id("btn-run-cases").click()
    coverage = page.get_by_test_id("coverage")
    expect(coverage).to_contain_text("It passes")
    expect(coverage).to_contain_text("3 of 5")
    edges = {edge["id"]: edge for edge in bonus(me)["edges"]}
    (untried,) = [id_ for id_, one in edges.items() if one["port"] == "rejected"]
    expect(page.get_by_test_id(f"edge-{untried}")).to_have_attribute("data-faded", "true")

    # A change of mind: only above 500 somebody is asked. The recorded bonus of 150 would be paid unasked.
    call(page, "PUT", "/api/flows/bonus/draft", bonus(me, 500))
    page.goto("/flows/bonus")
    page.get_by_test_id("btn-publish").click()
    check = page.get_by_test_id("check-cases")
    expect(check).to_have_attribute("data-state", "bad", timeout=SAVED_MS)
    expect(check).to_contain_text("ask")
    expect(page.get_by_test_id("btn-publish-confirm")).to_be_disabled()
    expect(page.get_by_test_id("check-running")).to_contain_text("None")
    page.get_by_role("button", name="Cancel").click()

    # Mended: above 120 it is.
    call(page, "PUT", "/api/flows/bonus/draft", bonus(me, 120))
    page.goto("/flows/bonus")
    page.get_by_test_id("btn-publish").click()
    expect(page.get_by_test_id("check-cases")).to_have_attribute(
        "data-state", "ok", timeout=SAVED_MS
    )
    page.get_by_test_id("btn-publish-confirm").click()
    expect(page.get_by_test_id("publish-dialog")).to_have_count(0, timeout=SAVED_MS)
    assert call(page, "GET", "/api/flows/bonus")["published_version"] == 2


def test_step_by_step_one_decides_as_one_goes_and_keeps_the_walk(page: Page) -> None:
    drawn(page, "bonus-walk")
    page.goto("/flows/bonus-walk")
    page.get_by_test_id("btn-test").click()
    page.get_by_test_id("test-panel").get_by_label("Amount").fill("700")
    page.get_by_test_id("test-stepwise").check()
    page.get_by_test_id("btn-run-test").click()
    steps = page.locator("[data-testid^=test-step-]")
    expect(steps).to_have_count(1)
    page.get_by_test_id("btn-next-step").click()
    expect(page.get_by_test_id("test-why-check")).to_contain_text("amount = 700")
    page.get_by_test_id("btn-next-step").click()
    expect(steps).to_have_count(3)
    page.get_by_test_id("decide-rejected").click()
    expect(steps).to_have_count(4)
    expect(page.get_by_test_id("test-result")).to_contain_text("no")

    page.get_by_test_id("btn-save-case").click()
    page.get_by_test_id("btn-case-save").click()  # it needs a name
    expect(page.get_by_test_id("case-sheet")).to_contain_text("Give the case a name")
    page.get_by_test_id("case-name").fill("A bonus of 700 is refused")
    page.get_by_test_id("btn-case-save").click()
    expect(page.get_by_test_id("case-sheet")).to_have_count(0)
    (case,) = call(page, "GET", "/api/flows/bonus-walk/cases")["items"]
    assert case["content"]["expect"]["end"] == "no"
    assert case["content"]["decisions"] == {"ask": {"port": "rejected"}}
    ran = call(page, "POST", "/api/flows/bonus-walk/cases/run")
    assert (ran["passed"], ran["failed"]) == (1, 0)


def test_a_pinned_node_is_not_run(page: Page) -> None:
    drawn(page, "bonus-pin")
    page.goto("/flows/bonus-pin")
    page.get_by_test_id("btn-test").click()
    page.get_by_test_id("test-panel").get_by_label("Amount").fill("700")
    page.get_by_test_id("btn-run-test").click()
    page.get_by_test_id("test-step-1").click()
    page.get_by_test_id("btn-pin-check").click()
    page.get_by_test_id("btn-clear-test").click()
    page.get_by_test_id("test-panel").get_by_label("Amount").fill("1")
    page.get_by_test_id("btn-run-test").click()
    # One is asked nobody; but the choice was pinned to "Large".
    expect(page.get_by_test_id("test-step-2")).to_contain_text("ask")


def test_only_who_may_overrule_publishes_red_and_says_why(page: Page, person: Any) -> None:
    me = drawn(page, "bonus-red")
    told = {"input": {"amount": 1}, "expect": {"end": "no"}}
    call(page, "POST", "/api/flows/bonus-red/cases", {"name": {"en": "Wrong"}, "content": told})
    call(page, "PUT", "/api/flows/bonus-red/draft", bonus(me, 5, "bonus-red"))
    dora = person("dora")
    dora.goto("/flows/bonus-red")
    dora.get_by_test_id("btn-publish").click()
    expect(dora.get_by_test_id("check-cases")).to_have_attribute(
        "data-state", "bad", timeout=SAVED_MS
    )
    expect(dora.get_by_test_id("publish-despite")).to_have_count(0)
    expect(dora.get_by_test_id("btn-publish-confirm")).to_be_disabled()

    page.goto("/flows/bonus-red")
    page.get_by_test_id("btn-publish").click()
    page.get_by_test_id("publish-despite").fill("The case is out of date")
    page.get_by_test_id("btn-publish-confirm").click()
    expect(page.get_by_test_id("publish-dialog")).to_have_count(0, timeout=SAVED_MS)
    (entry,) = call(page, "GET", "/api/audit?action=flows.publish&limit=1")["items"]
    assert entry["params"]["despite"] == "The case is out of date"


def test_the_check_list_is_one_screen_on_a_phone(page: Page, person: Any) -> None:
    drawn(page, "bonus-phone")
    phone = person("admin", viewport=PHONE)
    phone.goto("/flows/bonus-phone")
    phone.get_by_test_id("btn-publish").click()
    expect(phone.get_by_test_id("check-running")).to_be_visible(timeout=SAVED_MS)
    button = phone.get_by_test_id("btn-publish-confirm").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= PHONE["height"]
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_a_heat_map_leads_from_a_number_to_those_behind_it(
    page: Page, person: Any, size: Any
) -> None:
    key = f"bonus-heat-{size['width']}"
    drawn(page, key)
    other = person("admin", viewport=size)
    other.goto(f"/flows/{key}/heat")
    rows = other.get_by_test_id("heat")
    expect(rows).to_be_visible()
    for _ in range(30):  # ids settle for ten seconds before they are counted
        call(other, "POST", f"/api/flows/{key}/heat/count")
        if call(other, "GET", f"/api/flows/{key}/heat")["instances"]["visits"]:
            break
        other.wait_for_timeout(500)
    other.goto(f"/flows/{key}/heat?by=median")
    expect(other.get_by_test_id("heat-sum")).to_contain_text("1 instance has ended")
    other.get_by_test_id("slow-ask").click()
    expect(other.get_by_test_id("behind")).to_contain_text("B-150")
    assert not other.evaluate("document.documentElement.scrollWidth > innerWidth")

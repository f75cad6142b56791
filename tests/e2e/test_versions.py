"""Versions at work, as a person sees them: a canary begun, two versions compared, running cases taken along and put back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.builder import Flow, flow, user
from tests.e2e.pages import session_of


def asks(node: str, title: str) -> Flow:
    """A purchase that waits for somebody for ever."""
    return (
        flow("purchase").then("check", "set_values", values={"checked": "true"})
        .then(node, "approval", title=title, assignees=[user("nobody")])
        .then("done", "end").at(node, "rejected").then("no", "end", result="no")
    )  # fmt: skip


def call(page: Page, method: str, path: str, body: Any = None) -> Any:
    """The API, as the page's own person."""
    request = page.context.request
    token = request.get("/api/session").json()["csrf_token"]
    headers = {"X-CSRF-Token": token, "If-Match": "*"}
    answer = request.fetch(path, method=method, headers=headers, data=body)
    assert answer.ok, f"{path} {answer.status} {answer.text()}"
    return None if answer.status == 204 else answer.json()


def placed(drawing: Flow, me: str) -> dict[str, Any]:
    document = drawing.document()
    for index, node in enumerate(document["nodes"]):
        node["position"] = {"x": 280 * index, "y": 0 if node["id"] != "no" else 160}
        if node["type"] == "approval":
            node["settings"]["assignees"] = [user(me)]
    return document


@pytest.fixture
def purchase(page: Page) -> Page:
    """Two versions, version 2 in force with a renamed node, three cases that wait on version 1."""
    session_of(page.context, "admin")
    me = call(page, "GET", "/api/session")["user"]["id"]
    if not any(
        f["key"] == "purchase" for f in call(page, "GET", "/api/flows?search=purchase")["items"]
    ):
        call(page, "POST", "/api/flows", {"document": placed(asks("ask", "Buy?"), me)})
        call(page, "POST", "/api/flows/purchase/publish", {"note": "the first"})
        for number in range(3):
            call(
                page,
                "POST",
                "/api/flows/purchase/instances",
                {"input": {}, "business_key": f"P-{number}"},
            )
        call(page, "PUT", "/api/flows/purchase/draft", placed(asks("decide", "Really buy?"), me))
        call(page, "POST", "/api/flows/purchase/publish", {"note": "asks better"})
    return page


def test_cases_are_taken_to_another_version_and_put_back(purchase: Page) -> None:
    page = purchase
    page.goto("/flows/purchase/versions/migrate")
    row = page.get_by_test_id("map-ask")
    expect(row).to_contain_text("decide")
    page.get_by_test_id("btn-dry-run").click()
    expect(page.get_by_test_id("btn-migration-apply")).to_contain_text("3")
    page.get_by_test_id(re.compile("^alone-")).first.click()  # one is tried before the others
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("filter-migrated")).to_contain_text("1", timeout=15_000)
    expect(page.get_by_test_id("btn-migration-apply")).to_contain_text("2")
    page.get_by_test_id("btn-migration-apply").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("btn-migration-undo")).to_be_visible(timeout=15_000)
    expect(page.get_by_test_id("filter-migrated")).to_contain_text("3")
    versions = {i["version"] for i in call(page, "GET", "/api/instances?flow=purchase")["items"]}
    assert versions == {2}
    page.get_by_test_id("btn-migration-undo").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("filter-undone")).to_contain_text("3", timeout=15_000)
    versions = {i["version"] for i in call(page, "GET", "/api/instances?flow=purchase")["items"]}
    assert versions == {1}


def test_a_canary_is_begun_compared_and_stopped(purchase: Page) -> None:
    page = purchase
    page.goto("/flows/purchase/versions")
    page.get_by_test_id("btn-activate-1").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("version-1")).to_contain_text("In force")
    page.get_by_test_id("tab-canary").click()
    page.get_by_test_id("btn-canary-save").click()
    expect(page.get_by_test_id("canary-running")).to_be_visible()
    expect(page.get_by_test_id("figures-2")).to_be_visible()
    page.get_by_test_id("btn-canary-stop").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("canary-running")).to_be_hidden()
    page.goto("/flows/purchase/versions")
    page.get_by_test_id("btn-activate-2").click()
    page.get_by_test_id("btn-confirm").click()
    expect(page.get_by_test_id("version-2")).to_contain_text("In force")


@pytest.mark.parametrize("width", [1440, 390])
def test_two_versions_are_drawn_over_one_another(purchase: Page, width: int) -> None:
    page = purchase
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/flows/purchase/versions/difference?from=1&to=2")

    expect(page.get_by_test_id("node-ask")).to_have_attribute("data-status", "removed")
    expect(page.get_by_test_id("node-decide")).to_have_attribute("data-status", "added")
    expect(page.get_by_test_id("diff-decide")).to_contain_text("Added")
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "nothing is wider than the window"

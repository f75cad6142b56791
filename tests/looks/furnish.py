"""What a workspace in use shows beside what `test_every_screen` fills in: tasks, an incident, a decision, a customer's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.builder import flow
from tests.e2e.pages import SAVED_MS, api, session_of
from tests.e2e.test_customer_pages import made
from tests.e2e.test_every_screen import furnished

SCREENS = {
    "admin": [
        "/instances/{stuck}",
        "/instances/{page_case}",
        "/flows/refund-approval#vertical",
        "/flows/order-intake",
        "/flows/refund-approval/versions",
        "/decision-tables/approval_matrix",
        "/templates/home-hub",
        "/tables/page_refunds",
    ],
    "ann": ["/home", "/tasks/todo", "/tasks/done"],
    "ben": ["/tasks/todo/{ben_task}"],
    "": ["{page}"],
}
"""Beside those every test walks."""

ORDERS = (
    ("TB2026010900123", 5200),
    ("JD30211", 89.9),
    ("DY66120043", 1299),
    ("PDD-881", 320.5),
)


def lived_in(browser: Browser, url: str) -> Callable[[str], str]:
    """Says what stands for `{stuck}` and its like in an address."""
    plain = furnished(browser, url)
    context = browser.new_context(base_url=url)
    page = context.new_page()
    known: dict[str, str] = {}
    known["page_case"], known["page"] = made(page)
    headers = session_of(context, "admin")
    stuck = (
        flow("divides").then("share", "set_values", values={"each": "1 / 0"}).then("done", "end")
    )
    _post(context, headers, "/api/flows/import", stuck.document())
    _post(context, headers, "/api/flows/divides/publish", {"note": ""})
    known["stuck"] = _begun(page, headers, "divides", {}, "incident")
    for number, amount in ORDERS:
        told = {"order_no": number, "amount": amount}
        _begun(page, headers, "parallel-checks", told, "waiting")
    headers = session_of(context, "ben")
    tasks = api(context, "/api/tasks?box=todo")["items"]
    known["ben_task"] = tasks[0]["id"]
    headers = session_of(context, "ann")
    mine = [one for one in api(context, "/api/tasks?box=todo")["items"] if "JD30211" in str(one)]
    decided = {"decision": "approved", "comment": "地址已与买家确认"}
    _post(context, headers, f"/api/tasks/{mine[0]['id']}/decide", decided)
    context.close()

    def told_of(address: str) -> str:
        for name, value in known.items():
            address = address.replace(f"{{{name}}}", value)
        return plain(address)

    return told_of


def _begun(page: Page, headers: dict[str, str], key: str, told: Any, status: str) -> str:
    """An instance that has come as far as this."""
    path = f"/api/flows/{key}/instances"
    id_ = str(_post(page.context, headers, path, {"input": told})["id"])
    page.goto(f"/instances/{id_}")
    shown = page.get_by_test_id("instance")
    expect(shown).to_have_attribute("data-status", status, timeout=SAVED_MS)
    return id_


def _post(context: BrowserContext, headers: dict[str, str], path: str, body: Any) -> Any:
    answer = context.request.post(path, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()

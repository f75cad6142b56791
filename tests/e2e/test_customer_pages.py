"""A customer's page in a browser: on a phone without an account, in both languages, until somebody takes the link back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.builder import flow
from tests.e2e.pages import api, session_of

PHONE = {"width": 390, "height": 844}
TABLE = {
    "title": {"zh": "顾客退款", "en": "Customers' refunds"}, "key_field": "no", "display": "no",
    "fields": [
        {"name": "no", "kind": "text", "title": {"zh": "单号", "en": "Number"}, "required": True},
        {"name": "status", "kind": "enum", "title": {"zh": "进度", "en": "Stage"}, "options": [
            {"value": "reviewing", "title": {"zh": "审批中", "en": "Being approved"}},
            {"value": "paying", "title": {"zh": "退款中", "en": "Being paid"}},
        ]},
        {"name": "amount", "kind": "money", "title": {"zh": "退款金额", "en": "Refund"}, "currency": "CNY"},
    ],
}  # fmt: skip
NUMBER = "TB2026010900123"


def made(page: Page) -> tuple[str, str]:
    """A flow makes a link; answers the instance and the link's path."""
    context = page.context
    headers = session_of(context, "admin")

    def post(path: str, body: Any) -> Any:
        answer = context.request.post(path, data=body, headers=headers)
        assert answer.ok, answer.text()
        return answer.json()

    post("/api/tables", {"key": "page_refunds", "definition": TABLE})
    values = {"no": NUMBER, "status": "paying", "amount": "199.90"}
    post("/api/tables/page_refunds/records", {"values": values})
    settings = {
        "table": "page_refunds", "key": f"'{NUMBER}'", "stage": "status", "stages": ["reviewing", "paying"],
        "title": {"zh": "退款进度", "en": "Your refund"}, "show": [{"field": "amount"}, {"field": "no", "mask": "tail"}],
    }  # fmt: skip
    document = flow("page-links").then("page", "customer_page", **settings).then("done", "end")
    post("/api/flows/import", document.document())
    post("/api/flows/page-links/publish", {"note": ""})
    id_ = post("/api/flows/page-links/instances", {"input": {}})["id"]
    page.goto(f"/instances/{id_}")
    expect(page.get_by_test_id("customer-pages")).to_be_visible()
    (kept,) = api(context, f"/api/public-pages?instance={id_}")["items"]
    return id_, str(kept["url"])


def test_a_customer_looks_on_a_phone_until_the_link_is_taken_back(
    person: Callable[..., Page],
    browser: Browser,
    browser_context_args: dict[str, Any],
    base_url: str,
) -> None:
    desk = person("admin")
    _, path = made(desk)
    context = browser.new_context(
        **{**browser_context_args, "base_url": base_url, "viewport": PHONE, "locale": "zh-CN"}
    )
    phone = context.new_page()

    phone.goto(path)
    expect(phone.get_by_role("status")).to_have_text("退款中")
    expect(phone.get_by_text("¥199.90")).to_be_visible()
    expect(phone.get_by_text("****0123")).to_be_visible()
    expect(phone.get_by_text(NUMBER)).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("link", name="English").click()
    expect(phone.get_by_role("status")).to_have_text("Being paid")
    assert context.cookies() == []

    row = desk.get_by_test_id("customer-pages")
    row.get_by_role("button").last.click()
    desk.get_by_test_id("btn-confirm").click()
    expect(row.get_by_role("button", name="Take back")).to_have_count(0)
    expect(row.get_by_role("link")).to_have_count(0)

    answer = phone.reload()
    assert answer is not None
    assert answer.status == 410
    expect(phone.get_by_text("¥199.90")).to_have_count(0)
    context.close()

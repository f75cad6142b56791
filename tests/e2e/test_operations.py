"""What operators do in the browser: suspend and resume a case, travel in its history, retry many incidents at once."""

import itertools
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.pages import DESK, PHONE, SAVED_MS, session_of

NUMBERS = itertools.count(1)


def node(name: str, kind: str, x: int, **settings: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": kind,
        "name": {"en": name.capitalize()},
        "position": {"x": x, "y": 0},
        "settings": settings,
    }


def in_a_row(key: str, *nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A flow whose nodes follow each other by their first exit; an approval also ends when it is refused."""
    edges = []
    for one, other in itertools.pairwise(nodes):
        ports = ("approved", "rejected") if one["type"] == "approval" else ("out",)
        edges += [{"from": one["id"], "port": port, "to": other["id"]} for port in ports]
    numbered = [{"id": f"e{number}", **edge} for number, edge in enumerate(edges)]
    return {"format": 1, "key": key, "name": {"en": key}, "nodes": nodes, "edges": numbered, **more}


class Office:
    """The API as one person uses it, to prepare what is looked at."""

    def __init__(self, context: BrowserContext, login: str) -> None:
        self.context = context
        self.headers = session_of(context, login)

    def post(self, path: str, **body: Any) -> Any:
        answer = self.context.request.post(path, headers=self.headers, data=body)
        assert answer.ok, answer.text()
        return answer.json()

    def publish(self, document: dict[str, Any]) -> None:
        """A new flow, or the next version of one that is there."""
        key = document["key"]
        found = self.context.request.get(f"/api/flows/{key}")
        if found.ok:
            saved = self.context.request.put(
                f"/api/flows/{key}/draft",
                headers={**self.headers, "If-Match": found.json()["draft"]["etag"]},
                data=document,
            )
            assert saved.ok, saved.text()
        else:
            self.post("/api/flows", key=key, name=document["name"], document=document)
        self.post(f"/api/flows/{key}/publish")

    def start(self, flow: str, **input_: Any) -> str:
        return str(self.post(f"/api/flows/{flow}/instances", input=input_)["id"])


@pytest.fixture
def office(context: BrowserContext) -> Office:
    return Office(context, "admin")


@pytest.fixture
def waiting(office: Office) -> str:
    """A case that waits for somebody."""
    key = f"waits-{next(NUMBERS)}"
    approval = node("ask", "approval", 400, title="Look", assignees=[{"kind": "initiator"}])
    office.publish(
        in_a_row(key, node("start", "start", 0), approval, node("end", "end", 800, result="done"))
    )
    return office.start(key)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_case_is_suspended_and_goes_on(page: Page, waiting: str, size: Any) -> None:
    page.set_viewport_size(size)
    page.goto(f"/instances/{waiting}")
    case = page.get_by_test_id("instance")
    expect(case).to_have_attribute("data-status", "waiting", timeout=SAVED_MS)

    page.get_by_test_id("btn-suspend").click()
    page.get_by_test_id("field-timers-shift").click()
    page.get_by_test_id("field-reason").fill("the shop is closed")
    page.get_by_test_id("btn-save").click()
    expect(case).to_have_attribute("data-status", "suspended", timeout=SAVED_MS)
    expect(page.get_by_test_id("suspended")).to_contain_text("timers stand still")

    page.get_by_test_id("btn-resume").click()
    page.get_by_test_id("btn-save").click()
    expect(case).to_have_attribute("data-status", "waiting", timeout=SAVED_MS)
    expect(page.get_by_test_id("suspended")).to_have_count(0)


def test_who_was_overtaken_sees_how_it_stands(page: Page, office: Office, waiting: str) -> None:
    page.goto(f"/instances/{waiting}")
    page.get_by_test_id("btn-suspend").click()
    office.post(f"/api/instances/{waiting}/cancel")

    page.get_by_test_id("btn-save").click()

    expect(page.locator(".ant-message")).to_contain_text("Cancelled")
    case = page.get_by_test_id("instance")
    expect(case).to_have_attribute("data-status", "cancelled", timeout=SAVED_MS)


def test_the_past_is_drawn_and_gone_on_from(page: Page, waiting: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(f"/instances/{waiting}")
    ask = page.get_by_test_id("drawing").get_by_test_id("node-ask")
    expect(ask).to_have_attribute("data-status", "waiting", timeout=SAVED_MS)

    travel = page.get_by_test_id("time-travel")
    expect(travel).to_be_visible()
    while not page.get_by_test_id("travel-back").is_disabled():
        page.get_by_test_id("travel-back").click()
    expect(travel).to_contain_text("Started")
    expect(ask).not_to_have_attribute("data-status", re.compile("."))
    page.get_by_test_id("travel-now").click()
    expect(ask).to_have_attribute("data-status", "waiting")

    steps = page.get_by_test_id("steps")
    steps.locator("[data-node=ask] button").first.click()
    page.locator("[data-testid^=btn-rewind-]").click()
    page.get_by_test_id("btn-save").click()
    expect(steps.locator("[data-node=ask]")).to_have_count(2, timeout=SAVED_MS)


def test_a_cancelled_case_is_undone_first(page: Page, office: Office) -> None:
    key = f"undone-{next(NUMBERS)}"
    me = [{"kind": "initiator"}]
    pay = node("pay", "set_values", 400, values=[{"name": "paid", "value": "1"}])
    pay["events"] = [{"id": "undo", "kind": "compensation"}]
    flow = in_a_row(
        key,
        node("start", "start", 0),
        pay,
        node("ask", "approval", 800, title="Look", assignees=me),
        node("end", "end", 1200, result="done"),
    )
    flow["nodes"] = [*flow["nodes"], node("refund", "approval", 500, title="Undo", assignees=me)]
    flow["edges"].append({"id": "undoing", "from": "pay", "port": "undo", "to": "refund"})
    office.publish(flow)
    page.set_viewport_size(DESK)
    page.goto(f"/instances/{office.start(key)}")

    page.get_by_test_id("btn-more-actions").click()
    page.get_by_role("menuitem", name="Cancel the instance").click()
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("field-compensate")).to_be_visible()  # one has to say it
    page.get_by_test_id("field-compensate-true").click()
    page.get_by_test_id("btn-save").click()

    case = page.get_by_test_id("instance")
    expect(case).to_have_attribute("data-status", "compensating", timeout=SAVED_MS)
    refund = page.get_by_test_id("drawing").get_by_test_id("node-refund")
    expect(refund).to_have_attribute("data-status", "waiting")


def test_a_message_sent_by_hand_lets_a_case_go_on(page: Page, office: Office) -> None:
    key = f"receives-{next(NUMBERS)}"
    event = {"id": "paid", "kind": "message", "name": "order.paid", "key": "x"}
    receive = node("wait", "receive", 400, events=[event])
    flow = in_a_row(key, node("start", "start", 0), receive, node("end", "end", 800, result="done"))
    flow["edges"][1]["port"] = "paid"
    flow["input"] = {"type": "object", "properties": {"x": {"type": "string"}}}
    office.publish(flow)
    case = office.start(key, x="A-1")
    page.set_viewport_size(DESK)
    page.goto(f"/instances/{case}")
    expect(page.get_by_test_id("waits")).to_contain_text("order.paid")

    page.goto("/operations/messages?view=waiting")
    expect(page.locator(f"a[href='/instances/{case}']")).to_be_visible()
    page.get_by_test_id("btn-send-message").click()
    page.get_by_test_id("field-name").fill("order.paid")
    page.get_by_test_id("field-key").fill("A-1")
    page.get_by_test_id("btn-save").click()
    expect(page.locator(".ant-message")).to_contain_text("It reached 1 instance.")

    page.goto(f"/instances/{case}")
    expect(page.get_by_test_id("instance")).to_have_attribute("data-status", "completed")


def test_many_incidents_are_retried_at_once(page: Page, office: Office) -> None:
    """Two can go on since their sub-flow was mended, one cannot: each has a result of its own."""
    number = next(NUMBERS)
    child, parent, wrong = (f"{name}-{number}" for name in ("child", "parent", "wrong"))
    easy = {"type": "object", "properties": {"x": {"type": "string"}}}
    strict = {"type": "object", "properties": {"x": {"type": "string", "maxLength": 3}}}
    given = {"name": "x", "value": "x"}
    start, end = node("start", "start", 0), node("end", "end", 800, result="done")
    call = node("child", "subflow", 400, flow=child, wait=True, input=[given])
    divide = node("divide", "set_values", 400, values=[{"name": "y", "value": "1 / len(x)"}])
    office.publish(in_a_row(child, start, end, input=strict))
    office.publish(in_a_row(parent, start, call, end, input=easy))
    office.publish(in_a_row(wrong, start, divide, end, input=easy))
    cases = [office.start(parent, x="too long") for _ in range(2)]
    hopeless = office.start(wrong, x="")
    office.publish(in_a_row(child, start, end, input=easy))
    page.set_viewport_size(DESK)

    retry(page, [*cases, hopeless])

    items = page.locator("[data-testid^=batch-item-]")
    expect(items.filter(has_text="Succeeded")).to_have_count(2)
    failed = items.filter(has_text="Failed")
    expect(failed).to_have_count(1)
    expect(failed.locator(f"a[href='/instances/{hopeless}']")).to_be_visible()
    page.get_by_test_id("link-batch").click()
    expect(page.get_by_test_id("batch-progress")).to_contain_text("2 succeeded, 1 failed")
    for case in cases:
        page.goto(f"/instances/{case}")
        shown = page.get_by_test_id("instance")
        expect(shown).to_have_attribute("data-status", "completed", timeout=SAVED_MS)


def retry(page: Page, cases: list[str]) -> None:
    """Ticks the incidents of these cases and retries them; waits for the outcome."""
    page.goto("/incidents")
    for case in cases:
        row = page.locator("tr", has=page.locator(f"a[href='/instances/{case}']"))
        row.get_by_role("checkbox").check()
    expect(page.get_by_test_id("selection")).to_contain_text("3 chosen")
    page.get_by_test_id("bulk-retry").click()
    expect(page.get_by_test_id("batch-count")).to_contain_text("3 items")
    page.get_by_test_id("btn-batch-begin").click()
    expect(page.get_by_test_id("batch-progress")).to_have_attribute(
        "data-status", "done", timeout=SAVED_MS
    )


def test_what_holds_back_a_connection_is_set_and_its_breaker_forced(
    page: Page, office: Office
) -> None:
    key = f"limited-{next(NUMBERS)}"
    settings = {"base_url": "http://127.0.0.1:9", "auth": "none"}
    office.post("/api/connections", key=key, name=key, connector="rest", settings=settings)
    page.goto("/connections")
    page.get_by_test_id(f"limits-{key}").click()
    page.get_by_test_id("field-parallel").fill("3")

    page.get_by_test_id(f"force-{key}").click()
    page.get_by_role("menuitem", name="Cut off").click()
    page.get_by_role("button", name="Cut off").click()
    expect(page.get_by_role("dialog").first).to_contain_text("By hand", timeout=SAVED_MS)
    page.get_by_test_id("btn-save").click()
    expect(page.get_by_test_id("field-parallel")).to_have_count(0)

    page.get_by_test_id(f"limits-{key}").click()
    expect(page.get_by_test_id("field-parallel")).to_have_value("3")
    found = office.context.request.get(f"/api/breakers?connection={key}").json()["items"]
    assert [(one["state"], one["forced"]) for one in found] == [("open", True)]

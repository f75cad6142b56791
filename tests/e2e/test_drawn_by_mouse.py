"""A refund flow drawn on an empty canvas with the mouse, published, started and decided on a phone."""

from collections.abc import Callable

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.pages import (
    PHONE,
    Editor,
    Inbox,
    choose,
    new_flow,
    read_case,
    sign_in,
    start_case,
)

WIDE: ViewportSize = {"width": 1920, "height": 1080}
KEY = "refund-by-mouse"


def test_a_refund_flow_drawn_by_mouse_is_decided_on_a_phone(
    page: Page, person: Callable[..., Page]
) -> None:
    page.set_viewport_size(WIDE)
    sign_in(page, "dora")
    editor = new_flow(page, "Refund by mouse")
    make_empty(editor)
    describe_input(editor)
    draw(editor)
    fill_in(editor)
    editor.problems(0)
    try_it(editor)
    editor.saved()
    editor.publish("The first one")

    start_case(page, KEY, refund("TB-350", "350.00"))
    case = page.url
    ben = Inbox(person("ben", viewport=PHONE))
    task = ben.open("Refund 350")
    expect(task).to_contain_text("TB-350")
    expect(task).to_contain_text("Broken on arrival")
    ben.decide("approved", "The photo shows it.")
    page.goto(case)
    read_case(
        page,
        "completed",
        passed=["start", "condition", "approval_2", "notification", "end"],
        spared=["approval", "end_2", "end_3"],
    )
    decided = page.get_by_test_id("steps").locator("[data-node=approval_2]")
    decided.get_by_role("button").first.click()
    expect(decided).to_contain_text("The photo shows it.")
    first = page.get_by_test_id("steps").locator("[data-node=start]")
    first.get_by_role("button").first.click()
    expect(first).to_contain_text("TB-350")
    page.get_by_test_id("bell").click()
    expect(page.get_by_text("Refunded: TB-350")).to_be_visible()

    start_case(page, KEY, refund("TB-150", "150.00"))
    case = page.url
    ann = Inbox(person("ann", viewport=PHONE))
    ann.open("Refund 150")
    ann.decide("rejected", "It was used.")
    page.goto(case)
    read_case(
        page,
        "completed",
        passed=["start", "condition", "approval", "end_3"],
        spared=["approval_2", "notification", "end", "end_2"],
    )

    start_case(page, KEY, refund("TB-500", "500.00"))
    read_case(
        page,
        "completed",
        passed=["start", "condition", "end_2"],
        spared=["approval", "approval_2", "notification", "end", "end_3"],
    )


def refund(order: str, amount: str) -> dict[str, str]:
    return {"order_no": order, "amount": amount, "paid": "400.00", "reason": "Broken on arrival"}


def make_empty(editor: Editor) -> None:
    """A new flow has a start and an end; this one shall begin with nothing."""
    for node in ("start", "end"):
        editor.choose_node(node)
        editor.page.get_by_test_id("btn-delete-node").click()
        expect(editor.node(node)).to_have_count(0)
    expect(editor.nodes()).to_have_count(0)


def describe_input(editor: Editor) -> None:
    editor.add_input(0, "order_no", "Order no.")
    editor.add_input(1, "amount", "Refund", "Money")
    editor.add_input(2, "paid", "Paid", "Money")
    editor.add_input(3, "reason", "Reason", "Long text")


def draw(editor: Editor) -> None:
    for _ in range(3):
        editor.canvas.locator(".react-flow__controls-zoomout").click()
    editor.drop("start", (110, 500))
    editor.drop("end", (1150, 500))
    editor.connect("start", "out", "end")
    editor.drop_on("condition", editor.edge("start", "out", "end"))
    expect(editor.edges()).to_have_count(2)
    editor.choose_node("condition")
    editor.page.get_by_test_id("field-branches.add").click()
    editor.drop("approval", (800, 700))
    editor.drop("approval", (800, 330))
    editor.drop("end", (800, 150))
    editor.drop("end", (1150, 850))
    editor.connect("condition", "branch_1", "end_2", again=True)  # it led to the first end
    editor.connect("condition", "branch_2", "approval_2")
    editor.connect("condition", "else", "approval")
    editor.connect("approval_2", "approved", "end")
    editor.drop_on("notification", editor.edge("approval_2", "approved", "end"))
    expect(editor.node("notification")).to_be_visible()
    editor.connect("approval", "approved", "notification")
    editor.connect("approval", "rejected", "end_3")
    editor.connect("approval_2", "rejected", "end_3")


def fill_in(editor: Editor) -> None:
    page = editor.page
    editor.choose_node("condition")
    page.get_by_test_id("field-branches.0.name.en").fill("More than paid")
    editor.rule(0, "Refund", "greater than", "Paid", by_field=True)
    page.get_by_test_id("field-branches.1.name.en").fill("Large")
    editor.rule(1, "Refund", "greater than", "200")
    for node, role in (("approval", "Customer service lead"), ("approval_2", "Finance manager")):
        editor.choose_node(node)
        editor.name(f"{role} approves")
        editor.write("title", "Refund {{ amount }}")
        choose(page.get_by_test_id("field-assignees"), role)
        editor.unfold("look")
        for row, field in enumerate(("order_no", "reason")):
            page.get_by_test_id("field-show.add").click()
            page.get_by_test_id(f"field-show.{row}.label.en").fill(field)
            editor.write(f"show.{row}.value", field)
        editor.unfold("time")
        page.get_by_test_id("field-reminder").click()
        page.get_by_test_id("field-reminder.after").fill("24")
        choose(page.get_by_test_id("field-reminder.to"), "Supervisor")
    editor.choose_node("notification")
    choose(page.get_by_test_id("field-to"), "Who started it")
    editor.write("title", "Refunded: {{ order_no }}")
    editor.write("text", "{{ amount }} is on its way.")
    for node, result in (("end", "completed"), ("end_2", "refused"), ("end_3", "rejected")):
        editor.choose_node(node)
        page.get_by_test_id("field-result").locator("input").fill(result)
        page.keyboard.press("Tab")


def try_it(editor: Editor) -> None:
    steps = editor.try_out(refund("TB-1", "350"))
    expect(steps).to_have_count(5)
    expect(editor.node("approval_2")).to_have_attribute("data-status", "done")
    expect(
        editor.edge("condition", "branch_2", "approval_2").locator("xpath=self::*[@data-taken]")
    ).to_have_count(1)
    expect(editor.node("approval")).not_to_have_attribute("data-status", "done")

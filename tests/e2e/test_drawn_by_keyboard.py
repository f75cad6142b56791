"""The refund flow once more, without a mouse: drawn, published, started and decided by keys alone."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.pages import DESK, OPEN_OPTIONS, SAVED_MS, Editor, Keys, read_case

INPUTS = [
    ("order_no", "Order no.", "Text"),
    ("amount", "Refund", "Money"),
    ("paid", "Paid", "Money"),
    ("reason", "Reason", "Long text"),
]


def test_a_refund_flow_drawn_and_decided_by_keyboard(
    page: Page, person: Callable[..., Page]
) -> None:
    page.set_viewport_size(DESK)
    keys = Keys(page)
    keys.sign_in("dora")
    keys.push("nav-flows")
    keys.push("btn-new-flow")
    keys.fill("field-name-en", "Refund by keyboard")
    keys.press("Enter")
    editor = Editor(page).ready()
    describe_input(keys)
    draw(keys, editor)
    expect(page.get_by_test_id("btn-publish")).to_have_text("Publish", timeout=SAVED_MS)
    try_it(keys, editor)
    publish_and_start(keys)

    ben = person("ben", viewport=DESK)
    ben.goto("/")
    decide(Keys(ben))

    read_case(
        page,
        "completed",
        passed=["start", "condition", "approval", "notification", "end_2"],
        spared=["approval_2", "end", "end_3"],
    )


def describe_input(keys: Keys) -> None:
    for index, (name, title, kind) in enumerate(INPUTS):
        field = f"flow-input.{index}"
        keys.push("flow-input.add")
        keys.fill(f"{field}.name", name, back=True)
        keys.to(f"{field}.required", back=True)
        keys.press("Space")
        keys.to(f"{field}.kind", back=True)
        if kind != "Text":
            keys.choose(kind)
        keys.fill(f"{field}.title.en", title, back=True)


def draw(keys: Keys, editor: Editor) -> None:
    keys.to("rf__node-start", back=True)
    append(keys, editor, "condition")  # between the start and the end, which is for what is refused
    keys.press("Enter")
    rule(keys, 0, "More than paid", "Paid", by_field=True)
    keys.push("field-branches.add")
    rule(keys, 1, "Large", "200")
    leave(keys, "condition")
    append(keys, editor, "approval", port="large")
    settle_approval(keys, "approval", "Finance manager")
    append(keys, editor, "notification", port="approved")
    settle_notification(keys)
    append(keys, editor, "end", new="end_2")
    go(keys, editor, "finance", "approval")
    append(keys, editor, "end", port="rejected", new="end_3")
    settle_end(keys, "end_3", "rejected")
    go(keys, editor, "condition", "condition")
    append(keys, editor, "approval", port="otherwise", new="approval_2")
    settle_approval(keys, "approval_2", "Customer service lead")
    connect(keys, editor, "approved", "notification")
    connect(keys, editor, "rejected", "end 3")
    go(keys, editor, "end", "end")
    settle_end(keys, "end", "refused")


def append(
    keys: Keys, editor: Editor, kind: str, port: str | None = None, new: str | None = None
) -> None:
    """`A`: what comes after the selected node, and by which way out."""
    keys.press("a")
    if port is not None:
        keys.pick("port-menu", port)
    keys.pick("node-menu", kind)
    expect(editor.node(new or kind)).to_have_attribute("data-selected", "true")
    expect(keys.page.locator(f"[data-id={new or kind}]")).to_be_focused()


def connect(keys: Keys, editor: Editor, port: str, target: str) -> None:
    """`C`: a line from the selected node to one that is there."""
    before = editor.edges().count()
    keys.press("c")
    keys.pick("port-menu", port)
    keys.pick("target-menu", target)
    expect(editor.edges()).to_have_count(before + 1)
    expect(editor.canvas.locator("[data-id=approval_2]")).to_be_focused()


def go(keys: Keys, editor: Editor, words: str, node: str) -> None:
    """`/`: a node by its name."""
    keys.press("/")
    keys.pick("search-menu", words)
    expect(keys.page.locator(f"[data-id={node}]")).to_be_focused()


def leave(keys: Keys, node: str) -> None:
    """Escape closes a list that is open, then leads from the panel back to the node."""
    options = keys.page.locator(OPEN_OPTIONS)
    if options.count() > 0:
        keys.press("Escape")
        expect(options).to_have_count(0)
    keys.press("Escape")
    expect(keys.page.locator(f"[data-id={node}]")).to_be_focused()


def rule(keys: Keys, branch: int, name: str, value: str, *, by_field: bool = False) -> None:
    field = f"field-branches.{branch}"
    keys.fill(f"{field}.name.en", name, back=branch > 0)
    keys.push(f"{field}.when.add-rule-top")
    if keys.at() != f"{field}.when.rule-0.field":
        keys.to(f"{field}.when.rule-0.field", back=True)
    keys.choose("Refund")
    keys.to(f"{field}.when.rule-0.operator")
    keys.choose("greater than")
    if by_field:
        keys.push(f"{field}.when.rule-0.source")
        keys.to(f"{field}.when.rule-0.value", back=keys_order(keys, field))
        keys.choose(value)
    else:
        keys.fill(f"{field}.when.rule-0.value", value)


def keys_order(keys: Keys, field: str) -> bool:
    """Whether the value stands before the switch of its kind."""
    order: bool = keys.page.evaluate(
        """([value, source]) => {
          const at = (id) => document.querySelector(`[data-testid="${id}"]`);
          return (at(value).compareDocumentPosition(at(source)) & 4) !== 0;
        }""",
        [f"{field}.when.rule-0.value", f"{field}.when.rule-0.source"],
    )
    return order


def settle_approval(keys: Keys, node: str, role: str) -> None:
    keys.press("Enter")
    keys.fill("field-name.en", f"{role} decides")
    keys.fill("field-title", "Refund {{ amount }} by keys")
    keys.to("field-assignees")
    keys.page.keyboard.type(role)
    keys.press("Enter")
    keys.to("btn-who")
    expect(keys.page.get_by_test_id("field-assignees.0")).to_contain_text(f"Role: {role}")
    leave(keys, node)


def settle_notification(keys: Keys) -> None:
    keys.press("Enter")
    keys.to("field-to")
    keys.page.keyboard.type("who")
    keys.press("Enter")
    keys.fill("field-title", "Refunded")
    keys.fill("field-text", "It is on its way.")
    keys.press("Tab")
    leave(keys, "notification")


def settle_end(keys: Keys, node: str, result: str) -> None:
    keys.press("Enter")
    keys.fill("field-result", result)
    leave(keys, node)


def try_it(keys: Keys, editor: Editor) -> None:
    keys.push("btn-test")
    keys.fill("field-order_no", "TB-K")
    keys.fill("field-amount", "350")
    keys.fill("field-paid", "400")
    keys.fill("field-reason", "Broken")
    keys.push("btn-run-test")
    expect(keys.page.get_by_test_id("test-result")).to_be_visible()
    expect(editor.node("approval")).to_have_attribute("data-status", "done")


def publish_and_start(keys: Keys) -> None:
    page = keys.page
    keys.push("btn-publish", back=True)
    keys.push("btn-publish-confirm")
    expect(page.get_by_test_id("publish-dialog")).to_have_count(0)
    keys.push("btn-start", back=True)
    expect(page.get_by_test_id("start-dialog").get_by_test_id("field-amount")).to_have_value("350")
    keys.push("btn-start-confirm")
    expect(page.get_by_test_id("instance")).to_be_visible()


def decide(keys: Keys) -> None:
    keys.push("nav-tasks")
    row = keys.page.locator("a[data-testid^=task-]", has_text="Refund 350 by keys")
    expect(row).to_be_visible()
    keys.push(row.get_attribute("data-testid") or "")
    expect(keys.page.get_by_test_id("task-view")).to_contain_text("Refund 350 by keys")
    keys.fill("comment", "By keys too.")
    keys.to("btn-approved")
    keys.press("Enter")
    expect(keys.page.locator(".ant-message-success")).to_be_visible()

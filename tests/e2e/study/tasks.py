"""The four tasks of the study as they are typed, and what must come out when they run.

`draw` says what a person does; `prove` sends real work through the published flow. Exits are led on in the order in which `O` goes
through them, so that the mouse and the keyboard draw the very same flow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext

from headrace.engine.clock import SystemClock
from headrace.engine.sandbox.proofs import Keys as Pairs
from headrace.engine.sandbox.server import Listening, Sandbox
from tests.e2e.pages import api, session_of
from tests.e2e.study.hand import Hand

PAUSE_S = 0.2
TRIES = 300

Found = TypeVar("Found")


@dataclass
class World:
    """What a proof has at hand: a browser context for each person, and where another system may listen."""

    people: Callable[[str], BrowserContext]
    far_port: int
    flow: str
    """The key of the flow that was drawn."""
    mark: str
    """Another one for each run, so that numbers are new."""

    def send(self, login: str, method: str, path: str, data: Any = None) -> Any:
        """What the API answers to this person."""
        context = self.people(login)
        headers = session_of(context, login)
        answer = context.request.fetch(path, method=method, headers=headers, data=data)
        assert answer.ok, f"{method} {path}: {answer.text()}"
        return answer.json() if answer.text() else None

    def start(self, values: dict[str, Any], login: str = "dora") -> str:
        """The id of a new instance."""
        told = self.send(login, "POST", f"/api/flows/{self.flow}/instances", {"input": values})
        return str(told["id"])

    def instance(self, id_: str) -> dict[str, Any]:
        """As it stands."""
        context = self.people("dora")
        session_of(context, "dora")
        found: dict[str, Any] = api(context, f"/api/instances/{id_}")
        return found

    def ended(self, id_: str) -> str:
        """How it ended, once it has."""
        found = self.until(lambda: self.instance(id_).get("ended_at") and self.instance(id_))
        return str(found["result"])

    def decide(self, login: str, words: str, decision: str, **more: Any) -> dict[str, Any]:
        """The task whose title has these words, when this person has it."""

        task = self.until(lambda: self.task(login, words))
        asked = {"decision": decision, **more}
        self.send(login, "POST", f"/api/tasks/{task['id']}/decide", asked)
        return task

    def task(self, login: str, words: str) -> dict[str, Any] | None:
        """What this person has to decide now in this flow (others of the demo hear of the same orders)."""
        context = self.people(login)
        session_of(context, login)
        box = api(context, f"/api/tasks?box=todo&limit=100&flow={self.flow}")["items"]
        return next((task for task in box if words in task["title"]), None)

    def until(self, ask: Callable[[], Found | None]) -> Found:
        """The first answer that says something; workers take their time, and the machine may be busy."""
        pause = threading.Event()
        for _ in range(TRIES):
            found = ask()
            if found:
                return found
            pause.wait(PAUSE_S)
        raise AssertionError("Expected an answer in time, but there is none.")


@dataclass(frozen=True)
class Task:
    """One row of the study."""

    name: str
    title: str
    draw: Callable[[Hand], None]
    prove: Callable[[World], str]
    """What was seen, in one line."""
    actions_max: int | None = None
    before: Callable[[Hand], None] | None = None
    """What belongs to the task and stands on another screen."""


# --- T07: refund approval --------------------------------------------------------------------------

REFUND_FIELDS = (
    "Refund no.!, Order no.*, Refund amount*, Reason*, SKU sent back, Quantity sent back"
)
REFUND = " -> ".join(
    (
        "find Payments",
        "[Open the case] write Refund cases: Refund = Refund amount, Stage = reviewing,"
        " Expected by = date_add(now, 'P3D')",
        "More than paid: Refund amount > Payments.Paid; Above 200: Refund amount > 200",
        "Customer service lead, 24 h Supervisor",
        "payments refund: Our order no. = Order no., Amount = Refund amount",
        "[Goods back] Yes: Quantity sent back > 0",
        "[Write off] write Refund cases: Refund = Refund amount, Stage = refunded",
        "[Refunded] tell who started it: Refund {{ refund_no }} is on its way",
        "End",
    )
)


def draw_refund(hand: Hand) -> None:
    """T07, all of it: limits, reminder, payment, failure by hand, goods inspected, everybody told."""
    hand.fields(REFUND_FIELDS)
    hand.begin(REFUND)
    hand.go_on(
        "payments",
        "missing",
        "[Not accepted] tell who started it: Refund {{ refund_no }} is not accepted -> end refused",
    )
    hand.go_on("check", "branch_1", "Not accepted")
    hand.go_on("check", "branch_2", "Finance manager, 24 h Supervisor -> Refund")
    hand.go_on(
        "by_cs_lead",
        "rejected",
        "[Rejected] tell who started it: Refund {{ refund_no }} was rejected -> end rejected",
    )
    hand.go_on("by_finance_manager", "rejected", "Rejected")
    hand.go_on(
        "goods_back",
        "branch_1",
        "Quality control: Inspect {{ sku_sent_back }} of {{ refund_no }}"
        " -> [Restock] add Quantity sent back to inventory by SKU sent back -> Write off",
    )
    hand.go_on("by_qc", "rejected", "Write off")
    hand.go_on("restock", "refused", "Write off")
    hand.go_on(
        "refund",
        "error",
        "[By hand] Finance manager: Refund {{ refund_no }} by hand -> Goods back",
    )
    hand.go_on("by_hand", "rejected", "Rejected")
    hand.publish()


def prove_refund(world: World) -> str:
    """At the limit the lead, above it finance; too much is refused; a no is a no; goods go back on the shelf; one refund each."""
    listening = Listening(Sandbox(SystemClock(), Pairs.new()), world.far_port, 0).start()
    try:
        return _refunds(world, listening.sandbox)
    finally:
        listening.close()


def _refunds(world: World, sandbox: Sandbox) -> str:
    account, mark = sandbox.accounts()["alipay"], world.mark
    told = {"settings": account.settings, "secrets": account.secrets}
    world.send("admin", "PATCH", "/api/connections/payments", told)
    order, sku = f"ORD{mark}", f"SKU{mark}"
    sandbox.world.pay("alipay", order, 600_000, sandbox.clock.now_ms())
    for table, values in (
        ("payments", {"order_no": order, "paid": "6000.00"}),
        ("inventory", {"sku": sku, "on_hand": 5, "sellable": 5}),
    ):
        world.send("admin", "POST", f"/api/tables/{table}/records", {"values": values})

    def ask(number: str, amount: float, **more: Any) -> str:
        asked = {"refund_no": f"{number}{mark}", "order_no": order, "refund_amount": amount}
        return world.start({**asked, "reason": "Broken", **more})

    small, large = ask("A", 200.0), ask("B", 200.01)
    assert ask("A", 200.0) == small, "the same number again is the first request"
    over, no = ask("C", 6000.01), ask("D", 50.0)
    goods = ask("E", 80.0, sku_sent_back=sku, quantity_sent_back=2)
    world.decide("ann", f"A{mark}", "approved")
    assert world.task("ann", f"B{mark}") is None, "above 200 is not the lead's"
    world.decide("ben", f"B{mark}", "approved")
    world.decide("ann", f"D{mark}", "rejected", comment="It was used.")
    world.decide("ann", f"E{mark}", "approved")
    world.decide("zhou", f"E{mark}", "approved")
    ends = [world.ended(one) for one in (small, large, over, no, goods)]
    assert ends == ["completed", "completed", "refused", "rejected", "completed"], ends
    payment = sandbox.world.payment("alipay", order, "")
    assert payment is not None
    paid = sorted((number, one.amount_fen) for number, one in payment.refunds.items())
    assert paid == [(f"A{mark}", 20_000), (f"B{mark}", 20_001), (f"E{mark}", 8_000)], paid
    shelf = world.send("admin", "GET", f"/api/tables/inventory/by-key/{sku}")
    assert shelf["value"]["on_hand"] == 7, shelf
    # Their side says no: nobody is refunded, finance does it by hand.
    lost = world.start(
        {"refund_no": f"F{mark}", "order_no": order, "refund_amount": 5999.0, "reason": "All"}
    )
    world.decide("ben", f"F{mark}", "approved")
    world.decide("ben", f"F{mark} by hand", "approved")
    assert world.ended(lost) == "completed"
    case = world.send("admin", "GET", f"/api/tables/refund_cases/by-key/A{mark}")
    assert case["value"]["status"] == "refunded", case
    return "6 requests: 200.00 to the lead, 200.01 to finance, above what was paid refused, 3 refunds once each, 2 pieces back"


# --- R101: three levels ----------------------------------------------------------------------------


def draw_levels(hand: Hand) -> None:
    """Regional manager, area director, finance review; a no goes back to the applicant."""
    hand.fields("Request no.!, Customer*, Amount*, Discount*, Reason*")
    hand.begin(
        "Regional manager -> Area director -> Finance reviewer -> write discounts by Request no. -> End"
    )
    hand.go_on(
        "by_region_manager",
        "rejected",
        "[Back to applicant] applicant changes it -> Regional manager approves",
    )
    hand.go_on("by_area_director", "rejected", "Back to applicant")
    hand.go_on("back_to_applicant", "rejected", "end withdrawn")
    hand.go_on("by_finance_reviewer", "rejected", "Back to applicant")
    hand.publish()


def prove_levels(world: World) -> str:
    """All three are needed; a no of the second goes back with its reason, and the change goes through all three again."""
    number = f"Q{world.mark}"
    asked = {
        "request_no": number, "customer": "Lotus", "amount": 9000.0, "discount": 30.0, "reason": "Volume",
    }  # fmt: skip
    case = world.start(asked)
    world.decide("zhou", number, "approved")
    world.decide("zhou", number, "rejected", comment="At most 20 percent.")
    task = world.until(lambda: world.task("dora", number))
    shown = str(world.send("dora", "GET", f"/api/tasks/{task['id']}"))
    assert "At most 20 percent." in shown, "the applicant reads why"
    world.decide("dora", number, "approved", form={**asked, "discount": 20.0})
    for _ in range(3):
        assert world.instance(case).get("ended_at") is None, "all three are needed"
        world.decide("zhou", number, "approved")
    assert world.ended(case) == "completed"
    kept = world.send("admin", "GET", f"/api/tables/discounts/by-key/{number}")
    assert float(kept["value"]["discount"]) == 20, kept
    return (
        "level 2 said no, the applicant read why and asked for 20, three yeses later it is granted"
    )


# --- R054: the router ------------------------------------------------------------------------------

ROWS = """Channel\tCategory\tAmount\tRoute
Tmall\tFurniture\t-\tbulky
JD\tFurniture\t-\tbulky
Douyin\tFurniture\t>= 3000\trisk
Douyin\tFurniture\t< 3000\tbulky
Tmall\tToys\t>= 2000\trisk
Tmall\tToys\t< 2000\tdirect
JD\tToys\t>= 2000\trisk
JD\tToys\t< 2000\tdirect
Douyin\tToys\t>= 500\trisk
Douyin\tToys\t< 500\tdirect
Tmall, JD\tFormula\t>= 1000\trisk
Tmall, JD\tFormula\t< 1000\tdirect
"""
ORDERS = (
    ("Tmall", "Furniture", 100.0, "bulky"),
    ("JD", "Furniture", 9000.0, "bulky"),
    ("Douyin", "Furniture", 3000.0, "risk"),
    ("Douyin", "Furniture", 2999.99, "bulky"),
    ("Tmall", "Toys", 2000.0, "risk"),
    ("Tmall", "Toys", 1999.99, "direct"),
    ("JD", "Toys", 2500.0, "risk"),
    ("JD", "Toys", 1.0, "direct"),
    ("Douyin", "Toys", 500.0, "risk"),
    ("Douyin", "Toys", 499.99, "direct"),
    ("JD", "Formula", 1000.0, "risk"),
    ("Tmall", "Formula", 999.0, "direct"),
    ("Douyin", "Formula", 10.0, "flagged"),
)
"""One for each row, and one that none fits."""


def table_of(hand: Hand) -> None:
    """The twelve rows, out of a spreadsheet."""
    hand.table(f"Order routing by {hand.by}", ROWS)


def draw_router(hand: Hand) -> None:
    """An exit for each result, and one where no row fits."""
    hand.fields(
        "Order no.!, Channel (Tmall/JD/Douyin)*, Category (Furniture/Toys/Formula)*, Amount*"
    )
    node = f"order_routing_by_{hand.by}"
    hand.begin(f"decide Order routing by {hand.by}: direct, risk, bulky -> End")
    for route in ("direct", "risk", "bulky"):
        hand.go_on(node, route, f"end {route}")
    hand.go_on(
        node, "no_match", "tell Supervisor: No rule fits order {{ order_no }} -> end flagged"
    )
    hand.publish()


def prove_router(world: World) -> str:
    """Each order in the exit its row says."""
    for number, (channel, category, amount, route) in enumerate(ORDERS):
        asked = {"channel": channel, "category": category, "amount": amount}
        case = world.start({"order_no": f"N{number}{world.mark}", **asked})
        found = world.ended(case)
        assert found == route, f"{channel} {category} {amount}: expected {route}, found {found}"
    return "12 orders in the exit of their row, the 13th flagged"


# --- T01: intake -----------------------------------------------------------------------------------

INTAKE = " -> ".join(
    (
        "when order.paid",
        "[Tag] set total = number(text(order.total)),"
        " tag = 'focus' if number(text(order.total)) > 500 else '',"
        " sku = first(order.items).sku, wanted = number(first(order.items).quantity)",
        "[Known buyer] create {buyers} by order.buyer",
        "[Look at it] High value: total > 500; First order: known_buyer.created is yes",
        "[Stock] find inventory by sku",
        "[Enough] Short: wanted > Stock.On hand",
        "[Pick] write pick_tasks by order.number:"
        " address = order.address, items = order.items, tag = tag, status = to_pick",
        "End",
    )
)


def draw_intake(hand: Hand) -> None:
    """What comes after an order is in: tag, look at it, stock, buy, hand to the warehouse."""
    # Both flows hear of the same orders: each has its own list of buyers, or only one would meet a new one.
    hand.begin(INTAKE.replace("{buyers}", f"buyers_by_{hand.by}"))
    hand.go_on("known_buyer", "exists", "Look at it")
    hand.go_on(
        "look_at_it",
        "branch_1",
        "[Check it] Customer service: Check order {{ order.number }} -> Stock",
    )
    hand.go_on("look_at_it", "branch_2", "Check it")
    hand.go_on("stock", "missing", "Pick")
    hand.go_on(
        "check_it",
        "rejected",
        "[Stopped] tell Customer service lead: Order {{ order.number }} was stopped -> end stopped",
    )
    hand.go_on(
        "enough",
        "branch_1",
        "[Restock] Purchaser: Buy {{ sku }} for order {{ order.number }} -> Stock",
    )
    hand.go_on(
        "restock",
        "rejected",
        "[Out of stock] tell Customer service lead: Order {{ order.number }} is out of stock"
        " -> end out_of_stock",
    )
    hand.publish()


def prove_intake(world: World) -> str:
    """A known buyer's cheap order goes straight through; a dear one is looked at; a short one waits for goods."""
    mark = world.mark
    shop = f"study{mark}"
    world.send(
        "admin", "POST", "/api/sources",
        {"key": shop, "title": {"en": "Study"}, "channel": "file", "shop": shop, "ways": {"file": {}}},
    )  # fmt: skip
    record = {"sku": f"T{mark}", "on_hand": 3, "sellable": 3}
    world.send("admin", "POST", "/api/tables/inventory/records", {"values": record})

    def order(number: str, total: str, quantity: int = 1) -> dict[str, Any]:
        return {
            "platform_order_id": f"{number}{mark}", "state": "paid", "total": total, "currency": "CNY", "buyer": f"Buyer {mark}",
            "phone": "13800000000", "address": "Shanghai", "created_at": "2026-01-09T08:00:00+08:00",
            "items": [{"sku": f"T{mark}", "title": "Bottle", "quantity": quantity, "price": "10.00"}],
        }  # fmt: skip

    def put(*orders: dict[str, Any]) -> None:
        said = world.send("admin", "POST", f"/api/sources/{shop}/orders", {"items": list(orders)})
        assert all(one["outcome"] in ("created", "same") for one in said["items"]), said

    def cases() -> list[dict[str, Any]]:
        found = world.send("dora", "GET", f"/api/instances?flow={world.flow}&limit=50")
        return list(found["items"])

    put(order("1", "100.00"))  # the first order of this buyer
    first = world.until(lambda: cases() or None)[0]["id"]
    number = _number(world, first)
    world.decide("ann", number, "approved")
    assert world.ended(first) == "completed"
    put(order("2", "500.00"), order("2", "500.00"), order("3", "500.01"), order("4", "20.00", 9))
    world.until(lambda: len(cases()) == 4 or None)
    by_order = {_order(world, one["id"]): one["id"] for one in cases()}
    assert world.ended(by_order[f"2{mark}"]) == "completed", "500.00 is not above 500"
    dear, short = by_order[f"3{mark}"], by_order[f"4{mark}"]
    world.decide("ann", _number(world, dear), "approved")
    assert world.ended(dear) == "completed"
    kept = world.send("admin", "GET", f"/api/tables/pick_tasks/by-key/{_number(world, dear)}")
    assert "focus" in str(kept), kept
    shelf = world.send("admin", "GET", f"/api/tables/inventory/by-key/T{mark}")
    world.send(
        "admin", "PATCH", f"/api/tables/inventory/records/{shelf['id']}",
        {"values": {"on_hand": 20}, "rev": shelf["rev"]},
    )  # fmt: skip
    world.decide("sue", _number(world, short), "approved")
    assert world.ended(short) == "completed"
    return "4 orders: the first of its buyer and the one of 500.01 were looked at, 500.00 was not, the short one waited for goods"


def _variables(world: World, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = world.instance(id_)["variables"]
    return found


def _number(world: World, id_: str) -> str:
    return str(_variables(world, id_)["order"]["number"])


def _order(world: World, id_: str) -> str:
    return str(_variables(world, id_)["order"]["platform_order_id"])


TASKS = (
    Task("T07", "Refund approval, original route", draw_refund, prove_refund, actions_max=40),
    Task("R101", "Three-level approval", draw_levels, prove_levels),
    Task(
        "R054",
        "Router with a decision table of 12 rows",
        draw_router,
        prove_router,
        before=table_of,
    ),
    Task("T01", "Order intake", draw_intake, prove_intake),
)

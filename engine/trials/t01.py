"""T01, orders of three shops: some come twice, some are dear, some a first order, some short; a shop fails three times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.engine.sandbox.calls import Shop
from headrace.engine.sandbox.world import Line, Order
from headrace.engine.service import intake
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.sources import pulls
from headrace.engine.trials.bench import HOUR, MINUTE, Trial

SHOPS = {"tmall-flagship": "taobao", "jd-self": "jd", "wechat-mall": "wechat_shop"}
"""Source → its simulator."""
EACH, AGAIN = 95, 5
"""Orders a shop, and how many of them come once more by another route: 100 messages a shop."""
TAGGED, AT_LIMIT, FIRST, SHORT = 20, 3, 12, (7, 2)
RESTOCKED = 6
PLENTY, SCARCE = ("MB-301", "FD-402", "HW-101"), ("MB-900", "MB-901")
SLICES = 12
FAILS_IN = 5
"""The quarter of an hour in which Tmall does not answer three pulls."""


@dataclass(slots=True)
class Truth:
    """What an order is, before anything has happened to it."""

    source: str
    number: int
    fen: int
    sku: str
    kind: str
    buyer: str
    phone: str
    again: bool = False
    id: str = ""

    @property
    def key(self) -> str:
        """The order's key in the workspace."""
        return f"{SHOPS[self.source]}:{self.source}:{self.id}"

    @property
    def buyer_key(self) -> str:
        """What its shop lets us know of the buyer: two of the three mask name and phone."""
        name, phone = self.buyer, self.phone
        if SHOPS[self.source] in ("taobao", "jd"):
            name, phone = f"{name[:1]}**", f"{phone[:3]}****{phone[-4:]}"
        return f"{SHOPS[self.source]}:{phone}:{name}"


def run(trial: Trial) -> None:
    """An afternoon in quarters of an hour, then customer service, purchasing, and the look back at night."""
    truths = _truths(trial)
    trial.threads = 4
    told: set[tuple[str, int]] = set()
    _prepared(trial, truths)
    per = -(-len(truths) // SLICES)
    for number in range(SLICES):
        for truth in truths[number * per : (number + 1) * per]:
            _sold(trial, truth)
        if number == FAILS_IN:
            trial.trouble("taobao", "busy", times=3)
        trial.later(15 * MINUTE)
        told |= _told(trial)
    trial.later(15 * MINUTE)
    for truth in truths[1::2]:
        _handed_in(trial, truth)
    trial.settle()
    _desk(trial, truths)
    trial.later(8 * HOUR)
    _looked_back(trial, truths)
    told |= _told(trial)
    ways = [way for way, _ in told]
    trial.measure(mails=ways.count("mail"), dingtalk=ways.count("dingtalk"))


def _truths(trial: Trial) -> list[Truth]:
    """285 orders with what must become of each."""
    dice = trial.dice
    count = EACH * len(SHOPS)
    kinds = ["tagged"] * TAGGED + ["limit"] * AT_LIMIT + ["first"] * FIRST + ["short"] * sum(SHORT)
    kinds += ["plain"] * (count - len(kinds))
    dice.shuffle(kinds)
    scarce = [sku for sku, n in zip(SCARCE, SHORT, strict=True) for _ in range(n)]
    made = []
    for number, kind in enumerate(kinds):
        fen = dice.randrange(3_000, 50_000)
        if kind == "tagged":
            fen = dice.randrange(50_001, 90_001)
        elif kind == "limit":
            fen = 50_000
        sku = scarce.pop() if kind == "short" else dice.choice(PLENTY)
        source = list(SHOPS)[number % len(SHOPS)]
        phone = f"138{dice.randrange(10_000):04}{number:04}"
        made.append(Truth(source, number, fen, sku, kind, dice.choice(("王芳", "李娜", "赵磊")), phone))  # fmt: skip
    for source in SHOPS:
        for truth in dice.sample([one for one in made if one.source == source], AGAIN):
            truth.again = True
    return made


def _prepared(trial: Trial, truths: list[Truth]) -> None:
    """Stock on the shelf and in our table, buyers we know, a mailbox and a robot, and somebody who looks after it all."""
    trial.person("ops", roles=("operator",))
    trial.mailed()
    trial.robot_of("dingtalk")
    trial.sandbox.world.stock = dict.fromkeys((*PLENTY, *SCARCE), 100_000)
    stock = {**dict.fromkeys(PLENTY, 10_000), **dict.fromkeys(SCARCE, 0)}
    trial.keep("inventory", {s: {"sku": s, "on_hand": n, "sellable": n} for s, n in stock.items()})
    known = {one.buyer_key: one for one in truths if one.kind != "first"}
    trial.keep("buyers", {k: {"name": t.buyer, "phone": t.phone} for k, t in known.items()})


def _sold(trial: Trial, truth: Truth) -> None:
    """Somebody buys; every other one that comes twice comes as a file before the shop is asked."""
    line = Line(truth.sku, truth.sku, 1, truth.fen)
    name = SHOPS[truth.source]
    truth.id = trial.sandbox.world.ordered(trial.now_ms, name, [line], buyer=truth.buyer, phone=truth.phone).id  # fmt: skip
    if truth.number % 2 == 0:
        _handed_in(trial, truth)


def _handed_in(trial: Trial, truth: Truth) -> None:
    """The second route: the shop's own words of the same order, as a file."""
    if truth.again:
        intake.take(trial.workspace, truth.source, "file", [_written(trial, truth)])


def _written(trial: Trial, truth: Truth) -> dict[str, Any]:
    shop = trial.sandbox.simulators[SHOPS[truth.source]]
    order = trial.sandbox.world.find(shop.name, truth.id)
    assert isinstance(shop, Shop)
    assert isinstance(order, Order)
    return shop.payload(order)


def _desk(trial: Trial, truths: list[Truth]) -> None:
    """Customer service confirms, six of what was short come in."""
    asked = trial.todo("cs_agent", "confirm")
    wanted = {one.id for one in truths if one.kind in ("tagged", "first")}
    named = {one["business_key"] for one in asked}
    trial.decide_all("cs_agent", node="confirm")
    handled = {one["key"]: one for one in trial.records("order_handling")}
    tags = {key for key, one in handled.items() if one.get("tags") == "重点跟踪"}
    trial.measure(
        tagged=len(tags & {one.key for one in truths if one.kind == "tagged"}),
        tagged_at_limit=len(tags & {one.key for one in truths if one.kind == "limit"}),
        tagged_wrongly=len(tags - {one.key for one in truths if one.kind == "tagged"}),
        cs_tasks=len(asked),
        cs_right=named == wanted,
        paused=_in_state(trial, "paused"),
        paused_right=_keys(trial, "paused") == {one.key for one in truths if one.kind == "short"},
        sent=len(trial.sandbox.world.shipments),
        purchasing=len(trial.todo("purchaser", "restock")),
    )
    (first,) = [t for t in trial.todo("purchaser", "restock") if SCARCE[0] in t["title"]]
    trial.decide("purchaser", first, form={"quantity": RESTOCKED})
    trial.settle()
    trial.measure(
        resumed=sum(SHORT) - _in_state(trial, "paused"),
        sent_then=len(trial.sandbox.world.shipments),
    )


def _in_state(trial: Trial, state: str) -> int:
    return len(_keys(trial, state))


def _keys(trial: Trial, state: str) -> set[str]:
    return {one["key"] for one in trial.records("order_handling") if one.get("state") == state}


def _told(trial: Trial) -> set[tuple[str, int]]:
    """Alerts of three failures that have left, by whom they reached and their number in the sandbox's log, which is short."""
    mails = [*trial.letters("连续 3 次"), *trial.letters("3 pulls in a row")]
    return {("mail", one["seq"]) for one in mails} | {
        ("dingtalk", one["seq"]) for one in trial.robot("dingtalk", "连续 3 次")
    }


def _looked_back(trial: Trial, truths: list[Truth]) -> None:
    """After 00:10: nothing new, nothing missing, and who was told of Tmall."""
    kept = {one["key"] for one in trial.records("orders")}
    done = [one for key in SHOPS for one in pulls(trial.workspace, ENGINE, key, limit=200)["items"]]
    sent = {str(one["order_id"]) for one in trial.sandbox.world.shipments.values()}
    trial.measure(
        messages=len(truths) + sum(one.again for one in truths),
        rows=len(kept),
        missed=len({one.key for one in truths} - kept) / len(truths) * 100,
        looked_back=sum(one["kind"] == "reconcile" and one["status"] == "ok" for one in done),
        failed_pulls=sum(one["status"] == "failed" for one in done),
        twice=len(trial.sandbox.world.shipments) - len(sent),
        audited=len({one["order_key"] for one in trial.records("order_events")} & sent),
        waiting=len(trial.open_instances()) - len(trial.todo("purchaser", "restock")),
    )

"""T02, orders of a peak day: a tenth is bad in a known way, a twentieth expensive, the rest should need nobody."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.trials.bench import HOUR, MINUTE, Trial

GOOD = (
    "浙江省杭州市西湖区文三路 100 号",
    "广东省深圳市南山区科技园南路 8 号",
    "四川省成都市武侯区天府大道 588 号",
)
BAD = ("不详", "测试地址勿发", "村口", "12345678", "")
HARD = "浙江省深圳市南山区科技园南路 8 号"
"""A city of another province: no rule of ours sees it."""
CHANNELS = ("taobao", "jd", "pdd", "doudian")
FLOW = "order-triage"
DESK = (
    ("exception_desk", "rejected"),
    ("exception_desk.2", "rejected"),
    ("risk_reviewer", "approved"),
    ("risk_reviewer.2", "approved"),
)
"""Who decides how: the backups have what was escalated to them."""


def run(trial: Trial) -> None:
    """A day in ten-minute slices, the desk at work every two hours."""
    scale = 1 if trial.full else 20
    orders = _orders(trial, 5_000 // scale)
    trial.sandbox.world.stock = {"AP-100": 100_000, "AP-200": 100_000, "AP-SOLD": 100_000}
    trial.threads = 8
    slices = 20
    oldest = 0.0
    for number in range(slices):
        for order in orders[number::slices]:
            order["at"] = trial.now_ms
            trial.tell("order.created", {"order": order}, key=order["key"])
        trial.settle()
        trial.later(10 * MINUTE)
        if number % 6 == 5:
            oldest = max(oldest, _desk(trial))
    trial.later(2 * HOUR)
    oldest = max(oldest, _desk(trial))
    _measured(trial, orders, oldest)


def _orders(trial: Trial, count: int) -> list[dict[str, Any]]:
    """With the truth: bad is '' or why. A tenth of the bad addresses are the hard kind."""
    tenth = count // 10
    made = []
    for number in range(count):
        bad, total = "", round(trial.dice.uniform(30, 1_900), 2)
        address, phone, sku = trial.dice.choice(GOOD), f"138{number:08}", trial.dice.choice(("AP-100", "AP-200"))  # fmt: skip
        if number < tenth * 2 // 5:
            bad, address = "address", HARD if number % 10 == 0 else trial.dice.choice(BAD)
        elif number < tenth * 4 // 5:
            bad, sku = "stock", "AP-SOLD"
        elif number < tenth:
            bad, phone = "blacklist", trial.dice.choice(("13900000001", "13900000002"))
        elif number < tenth + tenth // 2:
            total = round(trial.dice.uniform(2_000.01, 9_000), 2)
        made.append(
            {
                "key": f"peak:{number:05}", "channel": trial.dice.choice(CHANNELS), "shop": "apparel", "total": total,
                "phone": phone, "address": address, "items": [{"sku": sku, "quantity": 1}], "bad": bad,
            }
        )  # fmt: skip
    trial.dice.shuffle(made)
    return made


def _desk(trial: Trial) -> float:
    """Everything that waits is decided; answers how many hours the oldest of it waited."""
    waited = 0.0
    for login, decision in DESK:
        for task in trial.todo(login):
            waited = max(waited, (trial.now_ms - from_iso(task["created_at"])) / HOUR)
            trial.decide(login, task, decision)
    trial.settle()
    return waited


def _measured(trial: Trial, orders: list[dict[str, Any]], oldest: float) -> None:
    kept = {one["key"]: one for one in trial.records("triage")}
    held = {key for key, one in kept.items() if one.get("flagged_at")}
    bad = {order["key"] for order in orders if order["bad"]}
    flagged = [from_iso(kept[o["key"]]["flagged_at"]) - o["at"] for o in orders if o["key"] in held]
    sent = {str(one["order_id"]) for one in trial.sandbox.world.shipments.values()}
    reserved = {
        one["business_key"] for one in trial.instances(FLOW) if one["status"] == "completed"
    }
    # A reservation is a record of its own: one that is held for each order that was sent.
    holding = sum(one["state"] == "held" and float(one["by"]) < 0 for one in trial.records("reservations"))  # fmt: skip
    untouched = sum(one["state"] == "sent" and not one["touched"] for one in kept.values())
    touched = sum(one["state"] == "sent" and one["touched"] for one in kept.values())
    caught, missed = len(held & bad), len(bad - held)
    wrong, right = len(held - bad), len(orders) - len(bad | held)
    trial.measure(
        orders=len(orders),
        caught=caught,
        false_alarms=wrong,
        flag_s=max(flagged, default=0) / 1_000,
        zero_touch=untouched / len(orders),
        reviewed=touched,
        oldest_h=round(oldest, 2),
        unreserved=abs(len(sent) - holding),
        lost=len(orders) - len(kept) + len(trial.open_instances()) + len(orders) - len(reserved),
        confusion=f"{caught}/{missed}/{wrong}/{right}",
    )

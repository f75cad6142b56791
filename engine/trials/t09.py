"""T09, exceptions and an outage: tags at their limits, no close without a cause, each told once, coupons after three days."""

from __future__ import annotations

from collections import Counter
from typing import Any

from headrace.engine.clock import to_iso
from headrace.engine.service import template_install
from headrace.engine.trials.bench import DAY, MINUTE, SECOND, Trial

TEMPORARY, LATE, AT_LIMIT, REFUSED = 30, 20, 5, 10
PROVINCE = "湖南省"


def run(trial: Trial) -> None:
    """Tags first, then the desk, then the outage, then the month's report."""
    trial.threads = 4
    orders = _orders(trial, 1_000 if trial.full else 200)
    for order in orders:
        trial.start("exception-desk", {k: v for k, v in order.items() if k != "truth"})
    trial.settle()
    _tags(trial, orders)
    _desk(trial)
    _outage(trial)
    trial.later(31 * DAY)
    (report, *_) = trial.records("cause_reports")
    trial.measure(report=f"carrier {report['carrier']} / customer {report['customer']}")


def _orders(trial: Trial, count: int) -> list[dict[str, Any]]:
    """With the tag each must get."""
    now = trial.now_ms
    made: list[dict[str, Any]] = []
    kinds = ["temporary"] * TEMPORARY + ["late"] * LATE + ["limit"] * AT_LIMIT + ["refused"] * REFUSED  # fmt: skip
    kinds += ["fine"] * (count - len(kinds))
    trial.dice.shuffle(kinds)
    for number, kind in enumerate(kinds):
        placed = now - trial.dice.randrange(MINUTE, 20 * MINUTE)
        if kind == "late":
            placed = now - 30 * MINUTE - trial.dice.randrange(1, 40 * 60) * SECOND
        elif kind == "limit":
            placed = now - 30 * MINUTE
        order: dict[str, Any] = {
            "order_no": f"E-{number:04}",
            "channel": trial.dice.choice(("taobao", "jd", "pdd")),
            "address": "杭州市西湖区临时板房 3 号"
            if kind == "temporary"
            else "杭州市西湖区文三路 1 号",
            "placed_at": to_iso(placed),
            "checked_at": to_iso(now),
            "refused": kind == "refused",
            "truth": {"temporary": "临时地址", "late": "付款超时", "refused": "物流拒收"}.get(
                kind, ""
            ),
        }
        if kind not in {"late", "limit"}:
            order["paid_at"] = to_iso(placed + 30 * SECOND)
        made.append(order)
    return made


def _tags(trial: Trial, orders: list[dict[str, Any]]) -> None:
    tagged = {one["key"]: one["tags"] for one in trial.records("exceptions")}
    counts = Counter(tagged.values())
    wrong = sum(tagged.get(order["order_no"], "") != order["truth"] for order in orders)
    trial.measure(
        orders=len(orders),
        temporary=counts["临时地址"],
        unpaid=counts["付款超时"],
        refused=counts["物流拒收"],
        wrong=wrong,
    )


def _desk(trial: Trial) -> None:
    """Everything is handled; nothing is closed without saying why."""
    trial.decide_all("cs_agent", node="handle", form={"procedure": "refund"})
    waiting = trial.todo("cs_lead", "close")
    first = waiting[0]
    refused = trial.refused(lambda: trial.decide("cs_lead", first, form={"analysis": "没有写原因"}))
    for task in waiting:
        carrier = "物流拒收" in task["title"] or "物流拒收" in str(
            trial.instance(task["instance_id"])["variables"]["tag_text"]
        )
        cause = "carrier" if carrier else "customer"
        trial.decide("cs_lead", task, form={"cause": cause, "analysis": "逐单核对"})
    trial.settle()
    closed = [one for one in trial.records("exceptions") if one["status"] == "closed"]
    trial.measure(no_cause=refused, closed=len(closed))


def _outage(trial: Trial) -> None:
    """300 orders in the province, 40 answers, then three days of silence."""
    scale = 1 if trial.full else 5
    count, reroutes, refunds = 300 // scale, 25 // scale, 15 // scale
    rows = [
        {"order_no": f"H-{n:04}", "region": PROVINCE, "phone": f"139{n:08}", "state": "open"}
        for n in range(count)
    ]
    rows += [
        {"order_no": f"Z-{n:04}", "region": "浙江省", "phone": f"137{n:08}", "state": "open"}
        for n in range(20)
    ]
    rows.append({"order_no": "H-bad", "region": PROVINCE, "phone": "0731-8888", "state": "open"})
    template_install.seed(trial.workspace, "open_orders", rows)
    begun = trial.now_ms
    trial.trouble("aliyun_sms", "lost", times=5)
    trial.start("courier-outage", {"outage_no": "HN-1", "region": PROVINCE, "reason": "大雪"})
    trial.later(MINUTE)
    trial.start("courier-outage", {"outage_no": "HN-1", "region": PROVINCE, "reason": "大雪"})
    trial.later(MINUTE)
    told = [one["order_no"] for one in trial.records("customer_messages")]
    told.remove("H-bad")
    trial.measure(
        messages=len(told),
        once=len(told) == len(set(told)),
        texts=_texts(trial, "SMS_OUTAGE"),
        not_sent=len(trial.notices("cs_agent", "短信没发出：H-bad")),
    )
    answering = trial.dice.sample(sorted(told), reroutes + refunds)
    for number, order_no in enumerate(answering):
        choice = {"choice": "1" if number < reroutes else "2"}
        trial.tell("customer.reply", choice, key=order_no)
    trial.settle()
    results = Counter(one["result"] for one in trial.instances("outage-order"))
    trial.measure(reroutes=results["rerouted"], refunds=results["refund"])
    trial.until(begun + 3 * DAY)
    trial.measure(early=len(trial.records("coupons")))
    trial.later(5 * MINUTE)
    given = _given(trial)
    trial.later(3 * DAY)
    later = _given(trial)
    trial.measure(coupon_texts=_texts(trial, "SMS_COUPON"))
    trial.measure(coupons=len(given), coupons_once=len(later) == len(set(later)) == len(given))


def _texts(trial: Trial, template: str) -> str:
    """Text messages that went out, and to how many people."""
    sent = [one.phone for one in trial.texted() if one.template == template]
    return f"{len(sent)} to {len(set(sent))}"


def _given(trial: Trial) -> list[str]:
    """Orders with a coupon, but the one whose number takes no message."""
    return [one["order_no"] for one in trial.records("coupons") if one["order_no"] != "H-bad"]

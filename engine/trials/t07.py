"""T07, refund approval: amounts at the limit, one above what was paid, one asked for twice, a silent approver, a lost answer."""

from __future__ import annotations

from headrace.engine.trials.bench import DAY, HOUR, MINUTE, SECOND, Trial

AMOUNTS = ("0.01", "199.99", "200.00", "200.01", "5000.00")
FLOW = "refund-approval"


def run(trial: Trial) -> None:
    """Five refunds of one rich order, then the special cases one by one."""
    _paid(trial, "A-1", "6000.00")
    ids = {
        amount: trial.start(FLOW, _wish(f"R-{n}", "A-1", amount))
        for n, amount in enumerate(AMOUNTS, 1)
    }
    trial.settle()
    trial.measure(
        to_lead=len(trial.todo("cs_lead", "approve_lead")),
        to_finance=len(trial.todo("finance_manager", "approve_finance")),
    )
    seen = [_stage(trial, "R-1")]
    _above(trial)
    again = trial.start(FLOW, _wish("R-2", "A-1", "199.99"))
    trial.measure(duplicate=again == ids["199.99"])
    # Everybody decides but the one who has R-1: nobody does anything with that for 25 hours.
    for task in trial.todo("cs_lead", "approve_lead"):
        if "R-1" not in _number(trial, task["instance_id"]):
            trial.decide("cs_lead", task)
    trial.decide_all("finance_manager")
    _idle(trial, ids["0.01"])
    (task,) = [task for task in trial.todo("cs_lead") if task["instance_id"] == ids["0.01"]]
    trial.trouble("alipay", "busy", times=1)  # it stays at "paying" until the next attempt
    trial.decide("cs_lead", task)
    trial.settle()
    seen.append(_stage(trial, "R-1"))
    trial.later(MINUTE)
    seen.append(_stage(trial, "R-1"))
    trial.measure(stages=" ".join(seen))
    _lost(trial)
    trial.later(DAY)
    refunds = [
        refund
        for payment in trial.sandbox.world.payments.values()
        for refund in payment.refunds.values()
    ]
    cases = trial.records("refund_cases")
    trial.measure(
        refunded=sum(case["status"] == "refunded" for case in cases),
        money_back=f"{sum(refund.amount_fen for refund in refunds) / 100:.2f}",
        restocked=trial.record("inventory", "HW-101")["on_hand"],
        hanging=sum(one["status"] in {"waiting", "incident"} for one in trial.instances(FLOW)),
    )


def _paid(trial: Trial, order_no: str, paid: str) -> None:
    """A payment at Alipay, and our record of it."""
    from headrace.engine.service import templates

    fen = round(float(paid) * 100)
    made = trial.sandbox.world.pay("alipay", order_no, fen, trial.now_ms)
    row = {
        "order_no": order_no, "paid": paid, "due": paid, "status": "paid", "provider": "alipay",
        "transaction_no": made.trade_no, "paid_at": trial.now,
    }  # fmt: skip
    templates.seed(trial.workspace, "payments", [row])


def _wish(refund_id: str, order_no: str, amount: str, **more: object) -> dict[str, object]:
    return {
        "refund_id": refund_id, "order_no": order_no, "amount": float(amount), "reason": "商品破损", **more,
    }  # fmt: skip


def _stage(trial: Trial, refund_id: str) -> str:
    return str(trial.record("refund_cases", refund_id)["status"])


def _number(trial: Trial, instance: str) -> str:
    return str(trial.instance(instance)["variables"]["refund_id"])


def _above(trial: Trial) -> None:
    """One cent more than was paid."""
    id_ = trial.start(FLOW, _wish("R-6", "A-1", "6000.01"))
    trial.settle()
    trial.measure(over_amount=trial.instance(id_)["result"])


def _idle(trial: Trial, instance: str) -> None:
    """25 hours: the superior is told after 24, and not before."""
    begun = trial.now_ms
    trial.until(begun + 24 * HOUR)
    trial.measure(early=len(trial.notices("supervisor", "0.01")))
    trial.until(begun + 24 * HOUR + SECOND)
    trial.measure(reminded=len(trial.notices("supervisor", "0.01")))
    trial.until(begun + 25 * HOUR)
    assert trial.instance(instance)["status"] == "waiting"


def _lost(trial: Trial) -> None:
    """The refund is made over there, and its answer never comes; goods come back with it."""
    _paid(trial, "A-2", "300.00")
    trial.start(FLOW, _wish("R-7", "A-2", "250.00", sku="HW-101", quantity=2))
    trial.settle()
    trial.trouble("alipay", "lost", times=1)
    before = len(trial.wire.calls)
    trial.decide_all("finance_manager")
    payment = trial.sandbox.world.payments["alipay", "A-2"]
    trial.measure(lost_did=len(payment.refunds))
    trial.later(MINUTE)
    asked = [_method(body) for _, _, body in trial.wire.calls[before:]]
    trial.measure(
        first_after_lost=asked[1] if len(asked) > 1 else "none",
        refunds_after_lost=len(payment.refunds),
    )
    trial.decide_all("qc")


def _method(body: bytes) -> str:
    from urllib.parse import parse_qs

    return parse_qs(body.decode()).get("method", [""])[0]

"""T05, an hour of a promotion: ten minutes at 720 orders a minute, then the tail; 3 % come twice, one in fifty is doubtful."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.service import intake, rush, sources
from headrace.engine.service.actor import ENGINE
from headrace.engine.trials.bench import HOUR, MINUTE, SECOND, Trial

PEAK, PEAK_MINUTES = 720, 10
ORDERS = 12_000
ADDRESS = "广东省广州市天河区体育西路 191 号"
SOURCE = "surge"


def run(trial: Trial) -> None:
    """Some seconds at a time; the short run has a twentieth of everything, bounds included."""
    scale, step = (1, 10 * SECOND) if trial.full else (20, 20 * SECOND)
    workspace = trial.workspace
    above, below = rush.ABOVE // scale, rush.BELOW // scale
    workspace.settings = replace(workspace.settings, light_above=above, light_below=below)
    source = {
        "key": SOURCE, "title": {"zh": "旗舰店", "en": "Flagship"}, "channel": "file", "shop": "s",
        "ways": {"file": {"enabled": True}},
    }  # fmt: skip
    sources.create(workspace, ENGINE, source)
    began, number, sent = trial.now_ms, 0, 0
    tail = (ORDERS - PEAK * PEAK_MINUTES) / (60 - PEAK_MINUTES)
    due, doubtful = 0.0, set()
    before: list[dict[str, Any]] = []
    while trial.now_ms < began + HOUR:
        rate = PEAK if trial.now_ms - began < PEAK_MINUTES * MINUTE else tail
        due += rate / scale / (MINUTE / step)
        orders = [_order(trial, n) for n in range(number, int(due + 1e-6))]
        number += len(orders)
        doubtful |= {one["platform_order_id"] for one in orders if not one["address"]}
        again = [one for one in before if trial.dice.random() < 0.03]
        for one in [*orders, *again]:  # a caller who has waited too long asks again
            intake.take(workspace, SOURCE, "file", [one])
        sent, before = sent + len(orders) + len(again), orders
        trial.settle()
        trial.later(step)
    trial.later(10 * MINUTE)
    _measured(trial, began, number, sent, doubtful)


def _order(trial: Trial, number: int) -> dict[str, Any]:
    price = trial.dice.randrange(10_00, 900_00) / 100
    address = "" if trial.dice.random() < 0.02 else ADDRESS
    return {
        "platform_order_id": f"S{number:05}", "status_code": "paid", "created_at": trial.now, "updated_at": trial.now,
        "paid_at": trial.now, "total": price, "currency": "CNY", "phone": f"138{number:08}", "address": address,
        "items": [{"sku": "AP-100", "quantity": 1, "price": price}],
    }  # fmt: skip


def _measured(trial: Trial, began: int, number: int, sent: int, doubtful: set[str]) -> None:
    kept = trial.records("surge_orders")
    begun = trial.instances("surge-order")
    opened, closed = trial.messages("intake.light"), trial.messages("intake.normal")
    light = [one for one in kept if one["path"] == "light"]
    taken = [one for one in kept if one["state"] in ("accepted", "held")]
    held = {one["order_no"].rpartition(":")[2] for one in kept if one["state"] == "held"}
    sold = 100_000 - int(trial.record("inventory", "AP-100")["sellable"])
    reserved = sum(one["state"] == "held" for one in trial.records("reservations"))
    trial.measure(
        asked=sent,
        lost=number - len({one["order_no"] for one in kept}),
        doubled=len(begun) - number + max(0, reserved - len(taken)),
        opened=len(opened),
        closed=len(closed),
        opens_s=min(
            ((from_iso(one["created_at"]) - began) / SECOND for one in opened), default=999
        ),
        light=len(light),
        essential=len(light) - min(reserved, len(light)),
        left_out=sum(one["checks"] == "skipped" for one in kept),
        sums=sold == len(taken) == reserved,
        doubtful=held == doubtful,
    )

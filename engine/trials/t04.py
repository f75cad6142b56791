"""T04, one stock for all channels: more orders than goods from sixteen threads at once, cancellations, and a stranger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from headrace.engine.service import records
from headrace.engine.service.actor import ENGINE, EVERYTHING, Actor
from headrace.engine.trials.bench import DAY, Trial

CHANNELS = ("taobao", "jd", "pdd", "doudian", "wechat_shop")
REGIONS = ("浙江省", "广东省", "北京市", "四川省")
ORDERS = 237
THREADS = 16
FLOW = "stock-reserve"


def run(trial: Trial) -> None:
    """A night that sets the buffers, then a rush, then ten who change their mind."""
    trial.later(DAY)
    trial.measure(sellable=_sellable(trial))
    numbers = [_order(trial, n) for n in range(ORDERS)]
    trial.threads = THREADS
    trial.took_ms.clear()
    trial.worked_ms.clear()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: trial.tell("order.created", {"order": one}, key=one["key"]), numbers))  # fmt: skip
    held = [_held(trial) == _accepted(trial)]
    trial.settle()
    held.append(_held(trial) == _accepted(trial))
    states = [one["state"] for one in trial.records("stock_orders")]
    trial.measure(offered=_offered(trial))
    trial.measure(
        asked=len(states),
        accepted=states.count("reserved"),
        refused=states.count("refused"),
        oversold=max(0, states.count("reserved") - 170),
        p95=_p95(trial.worked_ms),
        p95_waited=_p95(trial.took_ms),
    )
    _cancel(trial, held)
    _stranger(trial)
    trial.measure(sums=all(held))
    _cold(trial)


def _p95(kept: list[tuple[str, str, float]]) -> float:
    took = [ms for operation, table, ms in kept if (operation, table) == ("adjust", "warehouse_stock")]  # fmt: skip
    return round(quantiles(took, n=20)[-1], 1)


def _order(trial: Trial, number: int) -> dict[str, object]:
    channel, region = trial.dice.choice(CHANNELS), trial.dice.choice(REGIONS)
    return {
        "key": f"{channel}:sofa-shop:{number}", "channel": channel, "address_parts": {"province": region},
        "items": [{"sku": "SOFA", "quantity": 1}],
    }  # fmt: skip


def _sellable(trial: Trial) -> int:
    return sum(one["sellable"] for one in trial.records("warehouse_stock"))


def _offered(trial: Trial) -> str:
    """What each channel shows its buyers now."""
    shown = sorted(trial.sandbox.world.offered.items())
    return ", ".join(f"{channel} {count}" for (channel, _), count in shown)


def _held(trial: Trial) -> int:
    return sum(one["state"] == "held" for one in trial.records("reservations"))


def _accepted(trial: Trial) -> int:
    return sum(one["state"] == "reserved" for one in trial.records("stock_orders"))


def _cancel(trial: Trial, held: list[bool]) -> None:
    """Ten give theirs back, ten others get it, the eleventh does not."""
    sold = sorted(o["key"] for o in trial.records("stock_orders") if o["state"] == "reserved")
    for key in trial.dice.sample(sold, 10):
        trial.tell("order.cancelled", {}, key=key, mode="all")
    trial.settle()
    held.append(_held(trial) == _accepted(trial))
    trial.measure(offered_again=_offered(trial))
    before = _accepted(trial)
    late = [_order(trial, ORDERS + n) for n in range(11)]
    for one in late:
        trial.tell("order.created", {"order": one}, key=str(one["key"]))
        trial.settle()
    held.append(_held(trial) == _accepted(trial))
    trial.measure(
        again=_accepted(trial) - before,
        beyond=trial.record("stock_orders", str(late[-1]["key"]))["state"],
    )


def _stranger(trial: Trial) -> None:
    """The print module's identity, through the door: refused, and on record."""
    token = trial.token("label-printer", ["flows:read"])
    order = {"order_no": "print-1", "items": [{"sku": "SOFA", "quantity": 1}]}
    said = trial.ask("POST", f"/api/flows/{FLOW}/instances", {"input": order}, token=token)
    trial.measure(print=said, print_audit=len(trial.audit("access.refused")))


def _cold(trial: Trial) -> None:
    """The sofa goes out of fashion: the next night frees what was held back."""
    before = _sellable(trial)
    manager = Actor(
        trial.person("inventory_manager"), "manager", ("inventory_manager",), EVERYTHING
    )
    for one in trial.records("warehouse_stock"):
        page = records.by_key(trial.workspace, ENGINE, "warehouse_stock", one["key"])
        records.change(trial.workspace, manager, "warehouse_stock", page["id"], {"heat": "cold"}, page["rev"])  # fmt: skip
    trial.trouble("pdd", "withdrawn")
    trial.later(DAY)
    trial.measure(cold=_sellable(trial) - before)
    told = len(trial.notices("inventory_manager", "库存没有写到渠道：pdd"))
    trial.sandbox.switches.off("pdd", "withdrawn")
    sold = sorted(o["key"] for o in trial.records("stock_orders") if o["state"] == "reserved")
    for key in sold[:5]:
        trial.tell("order.cancelled", {}, key=key, mode="all")
    trial.settle()
    trial.measure(
        offer_failed=f"{min(told, 1)} {_offered(trial)}", offers=len(trial.sandbox.world.offers)
    )

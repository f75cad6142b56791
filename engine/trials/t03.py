"""T03, home goods from three sources: words in notes, small and large, some short, each shipped with one waybill and message."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.sandbox.calls import china
from headrace.engine.sandbox.waybills import Waybills
from headrace.engine.sandbox.world import Line
from headrace.engine.service import intake
from headrace.engine.trials.bench import MINUTE, Trial

SHOPS = {"home-taobao": "taobao", "home-doudian": "doudian"}
"""Source → its simulator; the third source is the ERP's file, of the same Taobao shop."""
ERP = "home-erp"
COUNTS = {"home-taobao": 48, "home-doudian": 44, ERP: 20}
TWICE = 8
"""Orders of Taobao that the ERP's file has, too."""
SMALL, LARGE, SHORT = 70, 42, 5
RARE = "RUG-RARE"
NOTES = (
    (2, ("发票", "加急"), "请开发票，加急"),
    (2, ("发票", "赠品"), "开发票，送赠品"),
    (16, ("发票",), "发票抬头：示例公司"),
    (8, ("赠品",), "别忘了赠品"),
    (8, ("加急",), "加急！周五前要"),
    (5, (), "不要发票，谢谢"),
)
"""How many, which queues, and the buyer's words: 40 hits in 36 orders."""
SLICES = 12
PLACES = (
    ("广东省", "深圳市", "南山区", "科技园 1 栋"),
    ("浙江省", "杭州市", "西湖区", "文三路 100 号"),
    ("四川省", "成都市", "武侯区", "天府大道 588 号"),
)
STOCK = ("CUSHION", "LAMP", "MUG", "DESK", "WASHER", "CHAIR-SET")
"""What there is enough of: three small, three large."""


@dataclass(slots=True)
class Truth:
    """What an order is, before anything has happened to it."""

    source: str
    number: int
    sku: str
    large: bool
    words: tuple[str, ...]
    note: str
    place: tuple[str, str, str, str]
    phone: str
    again: bool = False
    id: str = ""
    at_ms: int = 0

    @property
    def key(self) -> str:
        """The order's key in the workspace."""
        return f"{SHOPS.get(self.source, 'taobao')}:home:{self.id}"


def run(trial: Trial) -> None:
    """Three hours: people buy all the time, Taobao is asked every quarter, the ERP's file comes every quarter, too."""
    truths = _truths(trial)
    statements = [
        "CREATE TABLE headrace_done (step_key VARCHAR(200) PRIMARY KEY, answer TEXT NOT NULL)",
        "CREATE TABLE stock (sku TEXT PRIMARY KEY, sellable INTEGER NOT NULL)",
        *(f"INSERT INTO stock VALUES ('{sku}', 10000)" for sku in STOCK),  # noqa: S608
        f"INSERT INTO stock VALUES ('{RARE}', 0)",  # noqa: S608
    ]
    path = trial.database("erp_stock", statements)
    per = -(-len(truths) // SLICES)
    for begin in range(0, len(truths), per):
        some = truths[begin : begin + per]
        for truth in some:
            _sold(trial, truth)
            trial.later(15 * MINUTE // per)
        # Half of what the ERP knows, too, is there before Taobao was asked, half after.
        _handed_in(trial, [t for t in some if t.source == ERP or (t.again and t.number % 2)])
        trial.settle()
    trial.later(30 * MINUTE)
    _handed_in(trial, [t for t in truths if t.again and t.number % 2 == 0])
    trial.settle()
    with closing(sqlite3.connect(path)) as erp:
        oversold = erp.execute("SELECT count(*) FROM stock WHERE sellable < 0").fetchone()[0]
    trial.measure(oversold=oversold)
    _flags(trial, truths)
    _shipped(trial, truths)


def _truths(trial: Trial) -> list[Truth]:
    """112 orders with what must become of each."""
    dice = trial.dice
    count = sum(COUNTS.values())
    sizes = [False] * SMALL + [True] * LARGE
    wishes = [(words, note) for n, words, note in NOTES for _ in range(n)]
    wishes += [((), "")] * (count - len(wishes))
    sources = [source for source, n in COUNTS.items() for _ in range(n)]
    for rows in (sizes, wishes, sources):
        dice.shuffle(rows)
    made = []
    short = SHORT
    for number, (source, large, (words, note)) in enumerate(zip(sources, sizes, wishes, strict=True)):  # fmt: skip
        sku = dice.choice(STOCK[3:] if large else STOCK[:3])
        if not large and short:
            sku, short = RARE, short - 1
        phone = f"139{number:08}"
        made.append(Truth(source, number, sku, large, words, note, dice.choice(PLACES), phone))
    dice.shuffle(made)
    for truth in dice.sample([one for one in made if one.source == "home-taobao"], TWICE):
        truth.again = True
    return made


def _sold(trial: Trial, truth: Truth) -> None:
    """Somebody buys and pays."""
    truth.at_ms = trial.now_ms
    if truth.source == ERP:
        truth.id = f"ERP{truth.number:05}"
        return
    line = Line(truth.sku, truth.sku, 1, 9_900)
    order = trial.sandbox.world.ordered(
        trial.now_ms, SHOPS[truth.source], [line], buyer="王芳", phone=truth.phone, place=truth.place, note=truth.note
    )  # fmt: skip
    truth.id = order.id


def _handed_in(trial: Trial, truths: list[Truth]) -> None:
    """Rows of the ERP's file; in it stands what the ERP knows by now."""
    if truths:
        intake.take(trial.workspace, ERP, "file", [_row(trial, truth) for truth in truths])


def _row(trial: Trial, truth: Truth) -> dict[str, Any]:
    order = trial.sandbox.world.find("taobao", truth.id)
    shipped = order is not None and order.state == "shipped"
    return {
        "订单号": truth.id, "状态": "已发货" if shipped else "已付款",
        "下单时间": china(truth.at_ms), "付款时间": china(truth.at_ms),
        "更新时间": china(order.modified_ms if order else truth.at_ms),
        "收货人": "王芳", "手机": truth.phone, "收货地址": "".join(truth.place), "金额": "99.00",
        "商品": [{"sku": truth.sku, "title": truth.sku, "quantity": 1, "price": "99.00"}], "买家留言": truth.note,
    }  # fmt: skip


def _flags(trial: Trial, truths: list[Truth]) -> None:
    """Queues against what the notes meant."""
    found: dict[str, set[str]] = {}
    for one in trial.records("special_queue"):
        found.setdefault(one["queue"], set()).add(one["order_key"])
    meant = {word: {t.key for t in truths if word in t.words} for word in ("发票", "赠品", "加急")}
    double = [t for t in truths if len(t.words) == 2]
    kept = {one["key"] for one in trial.records("hub_orders")}
    trial.measure(
        messages=len(truths) + sum(t.again for t in truths),
        orders=len(kept) if kept == {one["key"] for one in trial.records("orders")} else -1,
        invoice=len(found.get("发票", ())),
        gift=len(found.get("赠品", ())),
        urgent=len(found.get("加急", ())),
        doubles=sum(all(t.key in found.get(word, ()) for word in t.words) for t in double),
        flags_wrong=sum(len(meant[word] ^ found.get(word, set())) for word in meant),
    )


def _shipped(trial: Trial, truths: list[Truth]) -> None:
    """Lines, waybills, messages, what the platforms know, and how long it took."""
    by_key = {t.key: t for t in truths}
    hub = {one["key"]: one for one in trial.records("hub_orders")}
    shipped = {key: one for key, one in hub.items() if one["state"] == "shipped"}
    short = {key for key, one in hub.items() if one["state"] == "short"}
    made = trial.sandbox.simulators["waybill"]
    assert isinstance(made, Waybills)
    numbers = [str(one["waybill"]) for one in made.made.values()]
    notices = trial.records("customer_notices")
    told = [str(one["waybill"]) for one in notices]
    lines = {key: one["line"] for key, one in shipped.items()}
    texted = sorted(one.values["waybill"] for one in trial.texted())
    not_told = [
        key for key in shipped if by_key[key].source != ERP and not _known_there(trial, by_key[key])
    ]
    cycle = [(from_iso(one["shipped_at"]) - by_key[key].at_ms) / MINUTE for key, one in shipped.items()]  # fmt: skip
    wrong = {key for key, line in lines.items() if (line == "B") != by_key[key].large}
    wrong |= short ^ {t.key for t in truths if t.sku == RARE}
    wrong |= set(not_told) | (set(by_key) - set(shipped) - short)
    trial.measure(
        line_a=all(not by_key[key].large for key, line in lines.items() if line == "A"),
        line_b=all(by_key[key].large for key, line in lines.items() if line == "B"),
        large=sum(line == "B" for line in lines.values()),
        short=len(short),
        waybills=len(numbers),
        notices=len(notices),
        one_each=sorted(told) == sorted(numbers),
        texts=texted == sorted(str(one["waybill"]) for one in notices if one["way"] == "sms"),
        not_told=len(not_told),
        cycle_min=round(fmean(cycle), 1),
        errors=round(100 * len(wrong) / len(truths), 2),
    )


def _known_there(trial: Trial, truth: Truth) -> bool:
    order = trial.sandbox.world.find(SHOPS[truth.source], truth.id)
    return order is not None and order.state == "shipped" and bool(order.waybill)

"""What there is behind the simulators: orders that arrive, are paid, are cancelled; stock; payments. All by a seed and a clock.

The same seed and the same beginning give the same orders, however often and however seldom somebody looks.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

State = Literal["unpaid", "paid", "shipped", "completed", "cancelled", "refunded"]
FactKind = Literal["created", "paid", "cancelled", "shipped", "refund_wanted", "refunded", "noted"]

CHANNELS = ("taobao", "jd", "pdd", "doudian", "wechat_shop", "shopify", "woocommerce")
PER_MINUTE = 6.0
"""Orders a minute of all shops together: a newcomer sees some, and nobody drowns."""
FACTS_KEPT = 5_000
ORDERS_MAX = 50_000
"""The eldest go: a sandbox that is forgotten must not fill the memory."""
UNPAID_MS = 30 * 60_000
"""What is not paid by then is cancelled."""

GOODS = (
    ("HW-101", "保温杯 500ml 白色", 8_900, 400),
    ("HW-102", "电热水壶 1.7L", 12_900, 120),
    ("HW-201", "空气炸锅 4.5L", 39_900, 60),
    ("HW-202", "扫地机器人 S7", 189_900, 15),
    ("MB-301", "婴儿纸尿裤 L 码 52 片", 11_900, 300),
    ("MB-302", "儿童安全座椅", 128_000, 12),
    ("FD-401", "坚果礼盒 1.5kg", 16_800, 200),
    ("FD-402", "手工牛轧糖 & 雪花酥", 4_990, 500),
)
"""SKU, title, price (fen), on hand."""
NAMES = ("张伟", "王芳", "李娜", "刘洋", "陈杰", "杨静", "赵磊", "黄敏", "周涛", "吴霞")
PLACES = (
    ("浙江省", "杭州市", "西湖区", "文三路 100 号"),
    ("广东省", "深圳市", "南山区", "科技园南路 8 号"),
    ("北京市", "北京市", "朝阳区", "望京街 9 号院 3 号楼"),
    ("四川省", "成都市", "武侯区", "天府大道中段 588 号"),
    ("上海市", "上海市", "浦东新区", "张江路 500 弄 12 号"),
)
NOTES = ("", "", "", "", "加急，谢谢", "请周末送货", "发票抬头：示例公司", "不要放快递柜")
REASONS = ("不想要了", "商品破损", "发错货了", "尺寸不合适")


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of goods in an order; the price of one, in fen."""

    sku: str
    title: str
    quantity: int
    price_fen: int


@dataclass(slots=True)
class Refund:
    """Money that went back, or is wanted back. `key`: what the one who asked knows it by."""

    key: str
    amount_fen: int
    reason: str
    at_ms: int
    done: bool = False


@dataclass(slots=True)
class Order:
    """An order of one shop. Times in ms since the epoch, money in fen."""

    number: int
    channel: str
    id: str
    created_ms: int
    modified_ms: int
    lines: tuple[Line, ...]
    buyer: str
    phone: str
    place: tuple[str, str, str, str]
    note: str
    state: State = "unpaid"
    paid_ms: int | None = None
    cancelled_ms: int | None = None
    company: str = ""
    waybill: str = ""
    remark: str = ""
    refunds: list[Refund] = field(default_factory=list)

    @property
    def total_fen(self) -> int:
        """What the buyer pays."""
        return sum(line.quantity * line.price_fen for line in self.lines)

    @property
    def refunded_fen(self) -> int:
        """What went back."""
        return sum(refund.amount_fen for refund in self.refunds if refund.done)


@dataclass(slots=True)
class Payment:
    """A payment at Alipay or WeChat Pay. `refunds`: by the merchant's number of the refund."""

    provider: str
    out_trade_no: str
    trade_no: str
    total_fen: int
    paid_ms: int
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def refunded_fen(self) -> int:
        """What went back."""
        return sum(refund.amount_fen for refund in self.refunds.values())


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, for those who are told of it."""

    seq: int
    at_ms: int
    kind: FactKind
    channel: str
    subject: str
    """The order's id, or the payment's number."""


class World:
    """Safe to share between threads. Whoever asks says what time it is. `first`: the number orders begin with."""

    def __init__(
        self, seed: int, begin_ms: int, per_minute: float = PER_MINUTE, first: int = 0
    ) -> None:
        self.seed = seed
        self.per_minute = per_minute
        self.lock = threading.RLock()
        self.orders: dict[tuple[str, str], Order] = {}
        self.payments: dict[tuple[str, str], Payment] = {}
        self.stock = {sku: count for sku, _, _, count in GOODS}
        self.shipments: dict[str, dict[str, object]] = {}
        self.offered: dict[tuple[str, str], int] = {}
        """(channel, SKU id there) → what may be sold there, where somebody said so."""
        self.offers: list[tuple[str, str, int]] = []
        """Every time somebody said so."""
        self.facts: deque[Fact] = deque(maxlen=FACTS_KEPT)
        self.told = 0
        """How many facts there ever were."""
        self._count = first
        self._due: list[tuple[int, int, FactKind, tuple[str, str]]] = []
        self._next_ms = self._after(begin_ms)

    # --- time -----------------------------------------------------------------------------------

    def catch_up(self, now_ms: int) -> None:
        """Let everything happen that is due by now, in the order of its time."""
        with self.lock:
            while True:
                due_ms = self._due[0][0] if self._due else None
                if self._next_ms is not None and (due_ms is None or self._next_ms <= due_ms):
                    if self._next_ms > now_ms:
                        return
                    at_ms = self._next_ms
                    self._arrive(at_ms)
                    self._next_ms = self._after(at_ms)
                elif due_ms is not None and due_ms <= now_ms:
                    at_ms, _, kind, key = heapq.heappop(self._due)
                    if order := self.orders.get(key):
                        self._happen(order, kind, at_ms)
                else:
                    return

    def set_rate(self, per_minute: float, now_ms: int) -> None:
        """From now on so many orders a minute; 0: none."""
        with self.lock:
            self.catch_up(now_ms)
            self.per_minute = per_minute
            self._next_ms = self._after(now_ms)

    def _after(self, at_ms: int) -> int | None:
        if self.per_minute <= 0:
            return None
        dice = Random(f"{self.seed}/gap/{self._count}")  # noqa: S311 - a world, not a secret
        return at_ms + max(1, round(dice.expovariate(self.per_minute / 60_000)))

    # --- orders ---------------------------------------------------------------------------------

    def order_now(self, now_ms: int, channel: str, total_fen: int | None = None) -> Order:
        """An order at this moment, paid at once; with one line of this price where a total is given."""
        with self.lock:
            self.catch_up(now_ms)
            order = self._made(now_ms, channel)
            if total_fen is not None:
                order.lines = (Line("HW-101", GOODS[0][1], 1, total_fen),)
            self._tell(order, "created", now_ms)
            self._happen(order, "paid", now_ms)
            return order

    def ordered(
        self,
        now_ms: int,
        channel: str,
        lines: Sequence[Line],
        *,
        buyer: str,
        phone: str,
        place: tuple[str, str, str, str] | None = None,
        note: str = "",
    ) -> Order:
        """An order as somebody wants it, paid at once."""
        with self.lock:
            self.catch_up(now_ms)
            order = self._made(now_ms, channel)
            order.lines, order.buyer, order.phone, order.note = tuple(lines), buyer, phone, note
            order.place = place or order.place
            self._tell(order, "created", now_ms)
            self._happen(order, "paid", now_ms)
            return order

    def _arrive(self, at_ms: int) -> None:
        order = self._made(at_ms)
        dice = Random(f"{self.seed}/life/{order.number}")  # noqa: S311
        self._tell(order, "created", at_ms)
        key = (order.channel, order.id)
        if dice.random() < 0.1:
            self._plan(at_ms + UNPAID_MS, "cancelled", key)
            return
        paid_ms = at_ms + dice.randrange(1_000, 5_000)
        self._plan(paid_ms, "paid", key)
        if dice.random() < 0.1:
            self._plan(paid_ms + dice.randrange(60_000, 600_000), "refund_wanted", key)

    def _plan(self, at_ms: int, kind: FactKind, key: tuple[str, str]) -> None:
        heapq.heappush(self._due, (at_ms, self._count, kind, key))

    def _made(self, at_ms: int, channel: str | None = None) -> Order:
        number = self._count
        self._count += 1
        dice = Random(f"{self.seed}/order/{number}")  # noqa: S311
        drawn = dice.choice(CHANNELS)
        channel = channel or drawn
        goods = dice.sample(GOODS, dice.choice((1, 1, 1, 2, 3)))
        lines = tuple(
            Line(sku, title, dice.choice((1, 1, 1, 2)), price) for sku, title, price, _ in goods
        )
        order = Order(
            number, channel, _id(channel, number, at_ms), at_ms, at_ms, lines,
            dice.choice(NAMES), f"138{dice.randrange(10**8):08}", dice.choice(PLACES),
            dice.choice(NOTES),
        )  # fmt: skip
        self.orders[channel, order.id] = order
        while len(self.orders) > ORDERS_MAX:
            self.orders.pop(next(iter(self.orders)))
        return order

    def _happen(self, order: Order, kind: FactKind, at_ms: int) -> None:
        match kind:
            case "paid" if order.state == "unpaid":
                order.state, order.paid_ms = "paid", at_ms
                provider = "alipay" if order.number % 2 else "wechat_pay"
                self.pay(provider, f"PAY{order.id}", order.total_fen, at_ms)
            case "cancelled" if order.state == "unpaid":
                order.state, order.cancelled_ms = "cancelled", at_ms
            case "refund_wanted" if order.state in ("paid", "shipped"):
                reason = REASONS[order.number % len(REASONS)]
                refund = Refund(f"R{order.id}", order.lines[0].price_fen, reason, at_ms)
                order.refunds.append(refund)
            case _:
                return
        self._tell(order, kind, at_ms)

    def _tell(self, order: Order, kind: FactKind, at_ms: int) -> None:
        order.modified_ms = max(order.modified_ms, at_ms)
        self._fact(kind, order.channel, order.id, at_ms)

    def _fact(self, kind: FactKind, channel: str, subject: str, at_ms: int) -> None:
        self.told += 1
        self.facts.append(Fact(self.told, at_ms, kind, channel, subject))

    def facts_after(self, seq: int) -> Iterator[Fact]:
        """What happened since, as far as it is still known."""
        with self.lock:
            return iter([fact for fact in self.facts if fact.seq > seq])

    def find(self, channel: str, id_: str) -> Order | None:
        """The order of this shop."""
        with self.lock:
            return self.orders.get((channel, id_))

    def changed(self, channel: str, since_ms: int, until_ms: int) -> list[Order]:
        """Orders whose last change lies between, both included; the youngest change first."""
        with self.lock:
            found = [
                order
                for order in self.orders.values()
                if order.channel == channel and since_ms <= order.modified_ms <= until_ms
            ]
        return sorted(found, key=lambda order: (order.modified_ms, order.number), reverse=True)

    def ship(self, order: Order, company: str, waybill: str, now_ms: int) -> bool:
        """The seller has sent it; False where that cannot be any more. The same parcel again is a yes."""
        with self.lock:
            if order.state == "shipped" and order.waybill == waybill:
                return True
            if order.state != "paid":
                return False
            order.state, order.company, order.waybill = "shipped", company, waybill
            self._tell(order, "shipped", now_ms)
            return True

    def refund(self, order: Order, key: str, amount_fen: int, reason: str, now_ms: int) -> bool:
        """Give money back by the shop's own interface, which knows no repetition: asked twice, it pays twice."""
        with self.lock:
            if order.paid_ms is None or order.refunded_fen + amount_fen > order.total_fen:
                return False
            order.refunds.append(Refund(key, amount_fen, reason, now_ms, done=True))
            if order.refunded_fen == order.total_fen:
                order.state = "refunded"
            self._tell(order, "refunded", now_ms)
            return True

    def want_refund(self, order: Order, now_ms: int) -> bool:
        """The buyer wants money back; False where there is nothing to want back. Once for each order."""
        with self.lock:
            if order.state not in ("paid", "shipped") or order.refunds:
                return False
            self._happen(order, "refund_wanted", now_ms)
            return True

    def pay_out(self, order: Order, now_ms: int) -> bool:
        """What the buyer wanted has been paid back; False where nothing is open."""
        with self.lock:
            wanted = [refund for refund in order.refunds if not refund.done]
            for refund in wanted:
                refund.done, refund.at_ms = True, now_ms
            if wanted:
                if order.refunded_fen >= order.total_fen:
                    order.state = "refunded"
                self._tell(order, "refunded", now_ms)
            return bool(wanted)

    def note(self, order: Order, remark: str, now_ms: int) -> None:
        """Somebody wrote a remark: the order has changed."""
        with self.lock:
            order.remark = remark
            self._tell(order, "noted", now_ms)

    # --- payments -------------------------------------------------------------------------------

    def pay(self, provider: str, out_trade_no: str, total_fen: int, now_ms: int) -> Payment:
        """A payment that has been made; the same number again is the same payment."""
        with self.lock:
            key = (provider, out_trade_no)
            if key not in self.payments:
                trade_no = f"{now_ms:014}{len(self.payments):014}"
                self.payments[key] = Payment(provider, out_trade_no, trade_no, total_fen, now_ms)
                self._fact("paid", provider, out_trade_no, now_ms)
                while len(self.payments) > ORDERS_MAX:
                    self.payments.pop(next(iter(self.payments)))
            return self.payments[key]

    def payment(self, provider: str, out_trade_no: str, trade_no: str) -> Payment | None:
        """By the merchant's number, or by theirs."""
        with self.lock:
            if out_trade_no:
                return self.payments.get((provider, out_trade_no))
            found = (p for p in self.payments.values() if p.provider == provider)
            return next((p for p in found if p.trade_no == trade_no), None)

    def pay_back(self, payment: Payment, key: str, amount_fen: int, now_ms: int) -> str:
        """`done`, `again` (that refund was made before), `differs` or `too_much`."""
        with self.lock:
            if known := payment.refunds.get(key):
                return "again" if known.amount_fen == amount_fen else "differs"
            if payment.refunded_fen + amount_fen > payment.total_fen:
                return "too_much"
            payment.refunds[key] = Refund(key, amount_fen, "", now_ms, done=True)
            self._fact("refunded", payment.provider, payment.out_trade_no, now_ms)
            return "done"

    # --- the warehouse --------------------------------------------------------------------------

    def send_out(
        self, key: str, order_id: str, lines: Sequence[tuple[str, int]], now_ms: int
    ) -> dict[str, object] | None:
        """Take goods from the shelf, all or none; the same key again is the same shipment. None: not enough there."""
        with self.lock:
            if key in self.shipments:
                return self.shipments[key]
            if any(self.stock.get(sku, 0) < count for sku, count in lines):
                return None
            for sku, count in lines:
                self.stock[sku] -= count
            number = len(self.shipments) + 1
            self.shipments[key] = {
                "id": f"WMS{number:08}",
                "order_id": order_id,
                "lines": [{"sku": sku, "quantity": count} for sku, count in lines],
                "company": "SF",
                "waybill": f"SF{1_000_000_000_000 + number}",
                "at_ms": now_ms,
            }
            return self.shipments[key]


def _id(channel: str, number: int, at_ms: int) -> str:
    """A number as that platform writes them."""
    match channel:
        case "pdd":
            day = (at_ms // 86_400_000) % 1_000_000
            return f"{day:06}-{number:015}"
        case "shopify":
            return str(5_000_000_000_000 + number)
        case "woocommerce":
            return str(10_000 + number)
        case "jd":
            return str(300_000_000_000 + number)
        case _:
            return str(4_700_000_000_000_000_000 + number)

"""What payment services have in common."""

from __future__ import annotations

import hashlib
import re

from headrace.engine.connector import Wish
from headrace.nodes import _shop as shop
from headrace.nodes import _wire as wire

OUT_TRADE_NO = shop.plain(
    ("商户订单号", "Our order no."), ("付款时商户自己定的号。", "The number we gave the payment.")
)
TRADE_NO = shop.plain(
    ("平台交易号", "Their number"),
    (
        "平台给这笔付款的号，与商户订单号二选一。",
        "Theirs of the payment; one of the two is needed.",
    ),
)
REFUND_NO = shop.plain(
    ("退款单号", "Refund no."),
    (
        "同一个号只会退一次；留空时每一步自动用同一个号。",
        "Refunded once however often it is asked; empty: one of the step's own.",
    ),
    maxLength=64,
)

_GOOD = re.compile(r"[0-9A-Za-z_-]{1,64}")


def refund_no(wish: Wish) -> str:
    """The number by which the far side knows a repetition: the drawing's, else one made of the step's key."""
    given = wire.text(wish.params, "refund_no", "") or wish.key
    return given if _GOOD.fullmatch(given) else hashlib.sha256(given.encode()).hexdigest()[:40]

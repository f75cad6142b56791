"""Operations that shops have alike: a connector adds the platform's name of it, its request, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headrace.engine.connector import ConnectionInfo, Operation, Rate, Request, Verdict, Wish
from headrace.engine.node import HttpAnswer
from headrace.nodes import _shop as shop
from headrace.nodes._fields import Pair, form, text

Build = Callable[[ConnectionInfo, Wish], Request]
Judge = Callable[[HttpAnswer], Verdict]


def pages(most: int) -> dict[str, Any]:
    """What a list by time of change asks for, page after page."""
    return form(
        ["since", "until"],
        since=shop.SINCE,
        until=shop.UNTIL,
        page=shop.PAGE,
        size=shop.size(most),
    )


def following(most: int) -> dict[str, Any]:
    """The same where each page names the next."""
    return form(
        ["since", "until"],
        since=shop.SINCE,
        until=shop.UNTIL,
        cursor=shop.CURSOR,
        size=shop.size(most),
    )


def one_order(
    api: str, build: Build, judge: Judge, rate: Rate | None = None, *, unproven: bool = False
) -> Operation:
    """An order by its number: also what tells whether it was shipped, and what a trial asks."""
    return Operation(
        "order",
        {"zh": "查一个订单", "en": "Get an order"},
        "pure",
        rate,
        api=api,
        params=form(["order_id"], order_id=shop.ORDER_ID),
        build=build,
        judge=judge,
        unproven=unproven,
    )


def ship(
    api: str,
    build: Build,
    judge: Judge,
    rate: Rate | None = None,
    *,
    key_field: str,
    happened: Callable[[Wish, Any], bool | None],
    title: Pair = ("发货", "Ship"),
) -> Operation:
    """A parcel has left; the order tells whether the platform has heard."""
    return Operation(
        "ship",
        text(title),
        "probe",
        rate,
        api=api,
        params=form(
            ["order_id", "company", "waybill"],
            order_id=shop.ORDER_ID,
            company=shop.COMPANY,
            waybill=shop.WAYBILL,
        ),
        build=build,
        judge=judge,
        key_field=key_field,
        probe="order",
        happened=happened,
        unproven=True,
    )


def set_stock(
    api: str, build: Build, judge: Judge, *, key_field: str, of_item: bool = True
) -> Operation:
    """How many may be sold. `of_item`: the platform knows a variant by its item and its own id, not by its id alone."""
    item = {"item_id": shop.ITEM} if of_item else {}
    return Operation(
        "stock",
        {"zh": "设置可售库存", "en": "Set what may be sold"},
        "keyed",
        api=api,
        params=form(
            [*item, "sku_id", "quantity"], **item, sku_id=shop.SKU_ID, quantity=shop.QUANTITY
        ),
        build=build,
        judge=judge,
        key_field=key_field,
        unproven=True,
    )


def call(build: Build, judge: Judge) -> Operation:
    """Whatever else the platform offers, but tokens."""
    return Operation(
        "call",
        {"zh": "其他接口", "en": "Any other interface"},
        "once",
        params=form(["method"], method=shop.METHOD, body=shop.BODY),
        build=build,
        judge=judge,
    )

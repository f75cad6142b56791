"""Pinduoduo shops. Errors come with HTTP 200; changes are asked for, or come over a socket that has to be listened to."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Mapped,
    Operation,
    Paging,
    Rate,
    Renewal,
    Request,
    Verdict,
    Window,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _shop_operations as operations
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form

GATEWAY = "https://gw-api.pinduoduo.com/api/router"

ERRORS = ErrorTable(
    {
        "10014": "token_dead",
        "10019": "token_dead",
        "10035": "token_dead",
        "20004": "signature",
        "20005": "not_allowed",
        "20031": "not_allowed",
        "50001": "refused",
        "50012": "withdrawn",
        "52101": "throttled",
        "52102": "busy",
        "52103": "busy",
        "70031": "throttled",
        "70032": "throttled",
        "70033": "busy",
        "70034": "refused",
    },
    {"throttled": 60.0, "70033": 600.0},
)

STATUSES = {
    # order_status, with what stands beside it: see `status_code`
    "1": "paid",
    "2": "shipped",
    "3": "signed",
    "cancelled": "cancelled",
    "risk": "held",
    "grouping": "held",
}

REFUND_STATUSES = {
    "2": "requested",
    "3": "requested",
    "4": "approved",
    "5": "approved",
    "6": "refused",
    "7": "approved",
    "8": "requested",
    "9": "closed",
    "10": "refunded",
    "11": "closed",
    "12": "closed",
    "13": "closed",
}
"""Of `after_sales_status`, as far as they are known for certain; the others are for a person."""


def signed(account: ConnectionInfo, kind: str, own: Mapping[str, str], now_ms: int) -> Request:
    """A call of one of its interfaces."""
    params = {
        "type": kind,
        "client_id": account.settings["app_key"],
        "access_token": wire.secret(account, "access_token"),
        "timestamp": str(now_ms // 1_000),
        "data_type": "JSON",
        "version": "V1",
        **own,
    }
    params["sign"] = wire.wrapped_md5(wire.secret(account, "app_secret"), params)
    headers = {"content-type": wire.FORM, "accept": "application/json"}
    address = account.settings.get("gateway", GATEWAY)
    return Request("POST", address, headers, wire.form_body(params))


def socket_digest(client_id: str, now_ms: int, client_secret: str) -> str:
    """What the address of its message socket ends with: Base64 of the hex text of an MD5."""
    text = f"{client_id}{now_ms}{client_secret}".encode()
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def judge(answer: HttpAnswer) -> Verdict:
    """`error_response` in the body decides."""
    body = wire.read_object(answer.body)
    if error := body.get("error_response"):
        code = wire.words(wire.inside(error, "error_code"))
        sub = wire.words(wire.inside(error, "sub_code"))
        message = wire.words(wire.inside(error, "sub_msg") or wire.inside(error, "error_msg"))
        return ERRORS.verdict(message, code, sub)
    found = next((value for name, value in body.items() if name.endswith("_response")), None)
    if answer.status != 200 or found is None:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    return Verdict(found)


def _listed(name: str) -> Any:
    def judge_list(answer: HttpAnswer) -> Verdict:
        verdict = judge(answer)
        if verdict.trouble:
            return verdict
        more, total = (
            wire.inside(verdict.output, "has_next"),
            wire.inside(verdict.output, "total_count"),
        )
        items = wire.inside(verdict.output, name) or []
        return Verdict({"items": items, "more": bool(more), "total": total, "next": None})

    return judge_list


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    return signed(
        account,
        "pdd.order.number.list.increment.get",
        {
            **_between(wish),
            "is_lucky_flag": "0",
            "order_status": "5",
            "refund_status": "5",
            "use_has_next": "true",
        },
        wish.now_ms,
    )


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    own = {**_between(wish), "after_sales_status": "1", "after_sales_type": "1"}
    return signed(account, "pdd.refund.list.increment.get", own, wish.now_ms)


def _between(wish: Wish) -> dict[str, str]:
    return {
        "start_updated_at": str(wire.moment_ms(wish.params, "since") // 1_000),
        "end_updated_at": str(wire.moment_ms(wish.params, "until") // 1_000),
        "page": str(wire.whole(wish.params, "page", 1)),
        "page_size": str(wire.whole(wish.params, "size", 100)),
    }


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"order_sn": wire.text(wish.params, "order_id")}
    return signed(account, "pdd.order.information.get", own, wish.now_ms)


def _ship(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "order_sn": wire.text(wish.params, "order_id"),
        "logistics_id": wire.text(wish.params, "company"),
        "tracking_number": wire.text(wish.params, "waybill"),
    }
    return signed(account, "pdd.logistics.online.send", own, wish.now_ms)


def _has_left(_: Wish, output: Any) -> bool | None:
    status = wire.words(wire.inside(output, "order_info", "order_status"))
    return None if status not in ("1", "2", "3") else status != "1"


def _stock(account: ConnectionInfo, wish: Wish) -> Request:
    """The whole number (`update_type` 1), so that the same again changes nothing."""
    own = {
        "goods_id": wire.text(wish.params, "item_id"),
        "sku_id": wire.text(wish.params, "sku_id"),
        "quantity": str(wire.whole(wish.params, "quantity", shop.MISSING)),
        "update_type": "1",
    }
    return signed(account, "pdd.goods.quantity.update", own, wish.now_ms)


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    kind = shop.not_of_tokens(wire.text(wish.params, "method"))
    body = wish.params.get("body") or {}
    own = {
        name: value if isinstance(value, str) else wire.compact(value)
        for name, value in body.items()
    }
    return signed(account, kind, own, wish.now_ms)


def status_code(payload: Mapping[str, Any]) -> str:
    """Its order_status knows no way back and no stop: those stand beside it."""
    beside = (
        ("confirm_status", "2", "cancelled"),
        ("group_status", "0", "grouping"),
        ("group_status", "2", "cancelled"),
        ("risk_control_status", "1", "risk"),
    )
    for name, value, code in beside:
        if wire.words(payload.get(name)) == value:
            return code
    return wire.words(payload.get("order_status"))


def _renew(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"refresh_token": wire.secret(account, "refresh_token")}
    return signed(account, "pdd.pop.auth.token.refresh", own, wish.now_ms)


def _judge_renewed(answer: HttpAnswer) -> Verdict:
    verdict = judge(answer)
    return verdict if verdict.trouble else shop.renewed(verdict.output)


def order(payload: Mapping[str, Any]) -> Mapped:
    """An order of `pdd.order.information.get`. Names and phones are ciphers of the platform and stay so."""
    reading = shop.Reading(payload)
    parts = {
        "country": reading.text("country"),
        "province": reading.text("province"),
        "city": reading.text("city"),
        "district": reading.text("town"),
        "detail": reading.text("address", "address_mask"),
    }
    values = {
        "channel": "pdd",
        "shop": reading.text("mall_id"),
        "platform_order_id": reading.text("order_sn"),
        "created_at": reading.china("created_time"),
        "updated_at": reading.china("updated_at"),
        "paid_at": reading.china("pay_time"),
        "status_code": status_code(payload),  # what it is made of stays in `extra`
        "status_label": "",
        "buyer": {
            "name": reading.text("receiver_name", "receiver_name_mask"),
            "phone": reading.text("receiver_phone", "receiver_phone_mask"),
        },
        "address": shop.address(*parts.values()),
        "address_parts": parts,
        "currency": "CNY",
        "total": reading.yuan("pay_amount"),
        "items": [
            {
                "sku": row.text("outer_id", "sku_id"),
                "title": row.text("goods_name"),
                "quantity": row.take("goods_count"),
                "price": row.yuan("goods_price"),
            }
            for row in reading.each("item_list")
        ],
        "note": reading.text("buyer_memo"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """An after-sale of `pdd.refund.list.increment.get`."""
    reading = shop.Reading(payload)
    values = {
        "channel": "pdd",
        "platform_order_id": reading.text("order_sn"),
        "refund_id": reading.text("id"),
        "created_at": reading.china("created_time"),
        "updated_at": reading.china("updated_time"),
        "status_code": reading.text("after_sales_status"),
        "amount": reading.yuan("refund_amount"),
        "currency": "CNY",
        "reason": reading.text("after_sale_reason"),
        "items": [
            {
                "sku": reading.text("outer_id", "sku_id"),
                "title": reading.text("goods_name"),
                "quantity": reading.take("goods_number"),
            }
        ],
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order("pdd.order.information.get V1", _order, judge, Rate(500, 1, 50))

CONNECTOR = Connector(
    name="pdd",
    title={"zh": "拼多多", "en": "Pinduoduo"},
    help={
        "zh": "拼多多开放平台：按修改时间取订单和售后、查订单、发货。一次最多查 30 分钟，从最后一页往前翻。",
        "en": "Pinduoduo's open platform: orders and refunds by time of change, one order, shipping. Half an hour at a"
        " time, last page first.",
    },
    icon="shop",
    settings=form(["app_key"], app_key=shop.APP_KEY, gateway=shop.gateway(GATEWAY)),
    secrets=form(
        ["app_secret", "access_token"],
        app_secret=shop.APP_SECRET,
        access_token=shop.ACCESS_TOKEN,
        refresh_token=shop.REFRESH_TOKEN,
    ),
    example={"app_key": "example-client-id"},
    example_secrets={"app_secret": "example-app-secret", "access_token": "example-access-token"},
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            Rate(3_000, 60, 50),
            api="pdd.order.number.list.increment.get V1",
            params=operations.pages(100),
            build=_orders,
            judge=_listed("order_sn_list"),
            paging=Paging("page", "backwards", 100),
            window=Window(1_800, 1_800, 180),
        ),
        Operation(
            "refunds",
            {"zh": "按修改时间取售后", "en": "Refunds by time of change"},
            "pure",
            Rate(100, 10, 10),
            api="pdd.refund.list.increment.get V1",
            params=operations.pages(100),
            build=_refunds,
            judge=_listed("refund_list"),
            paging=Paging("page", "backwards", 100),
            window=Window(1_800, 1_800, 180),
        ),
        ORDER,
        operations.ship(
            "pdd.logistics.online.send V1",
            _ship,
            judge,
            Rate(5_000, 1, 100),
            key_field="order_sn",
            happened=_has_left,
        ),
        operations.set_stock("pdd.goods.quantity.update", _stock, judge, key_field="sku_id"),
        operations.call(_call, judge),
    ),
    test=shop.trial(ORDER, {"order_id": "0"}),
    errors=ERRORS,
    statuses=STATUSES,
    refund_statuses=REFUND_STATUSES,
    renewal=Renewal(_renew, _judge_renewed),
    order=order,
    refund=refund,
)

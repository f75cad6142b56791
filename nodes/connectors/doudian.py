"""Douyin shops (抖店). Errors come with HTTP 200; it calls us with a list of events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Incoming,
    Mapped,
    Operation,
    Paging,
    ParamWrong,
    Pushed,
    Renewal,
    Reply,
    Request,
    Verdict,
    Window,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _shop_operations as operations
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form

GATEWAY = "https://openapi-fxg.jinritemai.com"

ERRORS = ErrorTable(
    {
        "isp.api-service-off": "withdrawn",
        "isv.access-token-expired": "token_dead",
        "isv.access-token-no-existed": "token_dead",
        "dop.authorization-closed": "token_dead",
        "isv.sign*": "signature",
        "isp.*": "busy",
        "10001": "refused",
        "20000": "busy",
        "20001": "busy",
        "30001": "not_allowed",
        "30002": "not_allowed",
        "40001": "refused",
        "40002": "refused",
        "40003": "refused",
        "40004": "refused",
        "50001": "refused",
        "50002": "refused",
        "60000": "throttled",
        "70000": "withdrawn",
        "80000": "refused",
        "90000": "busy",
    },
    {"throttled": 10.0},
)

STATUSES = {
    "1": "unpaid",
    "105": "paid",
    "2": "paid",
    "101": "part_shipped",
    "3": "shipped",
    "4": "cancelled",
    "5": "completed",
}

REFUND_STATUSES = {
    "6": "requested",
    "7": "approved",
    "11": "returning",
    "12": "refunded",
    "13": "approved",
    "14": "closed",
    "27": "refused",
    "28": "closed",
    "29": "refused",
}


def sign(secret: str, app_key: str, method: str, param_json: str, timestamp: str) -> str:
    """HMAC-SHA256 in hex, over a text that has the secret at both ends."""
    own = f"app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v2"
    return wire.hmac_sha256(secret, f"{secret}{own}{secret}".encode()).hex()


def signed(account: ConnectionInfo, path: str, own: Mapping[str, Any], now_ms: int) -> Request:
    """A call of one of its interfaces; `path` such as /order/searchList."""
    if not path.startswith("/"):
        raise ParamWrong("Expected an interface such as /order/searchList.")
    method = path.strip("/").replace("/", ".")
    app_key, moment = account.settings["app_key"], str(now_ms // 1_000)
    content = wire.compact(own, in_order=True)
    query = {
        "method": method,
        "app_key": app_key,
        "access_token": wire.secret(account, "access_token"),
        "timestamp": moment,
        "v": "2",
        "sign_method": "hmac-sha256",
        "sign": sign(wire.secret(account, "app_secret"), app_key, method, content, moment),
    }
    address = wire.address(account.settings.get("gateway", GATEWAY), path, query)
    headers = {"content-type": wire.JSON, "accept": "application/json"}
    return Request("POST", address, headers, content.encode())


def judge(answer: HttpAnswer) -> Verdict:
    """`code` 10000 is a yes; its elder interfaces say `err_no` 0."""
    body = wire.read_object(answer.body)
    code = wire.words(body.get("code", body.get("err_no")))
    if code in ("10000", "0"):
        return Verdict(body.get("data"))
    if not code:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    message = wire.words(body.get("sub_msg") or body.get("msg") or body.get("message"))
    return ERRORS.verdict(message, wire.words(body.get("sub_code")), code)


def _listed(name: str) -> Any:
    def judge_list(answer: HttpAnswer) -> Verdict:
        verdict = judge(answer)
        if verdict.trouble:
            return verdict
        data = verdict.output
        items = wire.inside(data, name) or []
        page, total, size = (wire.inside(data, name) for name in ("page", "total", "size"))
        numbers = all(isinstance(value, int) for value in (page, total, size))
        more = (page + 1) * size < total if numbers else bool(items)
        return Verdict({"items": items, "more": more, "total": total, "next": None})

    return judge_list


judge_list = _listed("shop_order_list")


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "update_time_start": wire.moment_ms(wish.params, "since") // 1_000,
        "update_time_end": wire.moment_ms(wish.params, "until") // 1_000,
        "page": wire.whole(wish.params, "page", 0),
        "size": wire.whole(wish.params, "size", 100),
        "order_by": "update_time",
        "order_asc": False,
    }
    return signed(account, "/order/searchList", own, wish.now_ms)


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "update_start_time": wire.moment_ms(wish.params, "since") // 1_000,
        "update_end_time": wire.moment_ms(wish.params, "until") // 1_000,
        "page": wire.whole(wish.params, "page", 0),
        "size": wire.whole(wish.params, "size", 100),
        "order_by": ["update_time desc"],
    }
    return signed(account, "/afterSale/List", own, wish.now_ms)


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"shop_order_id": wire.text(wish.params, "order_id")}
    return signed(account, "/order/orderDetail", own, wish.now_ms)


def _ship(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "order_id": wire.text(wish.params, "order_id"),
        "company_code": wire.text(wish.params, "company"),
        "logistics_code": wire.text(wish.params, "waybill"),
    }
    return signed(account, "/order/logisticsAdd", own, wish.now_ms)


def _has_left(_: Wish, output: Any) -> bool | None:
    state = STATUSES.get(wire.words(wire.inside(output, "shop_order_detail", "order_status")))
    return None if state is None else state in ("shipped", "completed")


def _stock(account: ConnectionInfo, wish: Wish) -> Request:
    """The whole number, under a key the platform knows a repetition by."""
    own = {
        "product_id": wire.text(wish.params, "item_id"),
        "sku_id": wire.text(wish.params, "sku_id"),
        "stock_num": wire.whole(wish.params, "quantity", shop.MISSING),
        "incremental": False,
        "idempotent_id": wish.key,
    }
    return signed(account, "/sku/syncStock", own, wish.now_ms)


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    path = shop.not_of_tokens(wire.text(wish.params, "method"))
    return signed(account, path, wish.params.get("body") or {}, wish.now_ms)


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """`event-sign` is the MD5 of app_key, the bytes that came, and the secret: the platform's rule, not ours."""
    app_key, secret = account.settings.get("app_key", ""), account.secrets.get("app_secret", "")
    if (
        auth != "hmac"
        or not secret
        or not app_key
        or app_key != incoming.headers.get("app-id", app_key)
    ):
        return False
    whole = app_key.encode() + incoming.body + secret.encode()
    expected = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    return wire.same(incoming.headers.get("event-sign", ""), expected)


def unwrap(_: ConnectionInfo, incoming: Incoming) -> Any:
    """The list of events, with their `data` read: it comes as a text with JSON in it."""
    events = wire.read_json(incoming.body)
    rows = events if isinstance(events, list) else [events]
    return [_opened(row) for row in rows if isinstance(row, dict)]


def _opened(row: dict[str, Any]) -> dict[str, Any]:
    data = row.get("data")
    read = wire.read_json(data) if isinstance(data, str) else None
    return row if read is None else {**row, "data": read}


def pushed(said: Any, _: Incoming) -> list[Pushed]:
    """Events name an order, which is asked for; those of an after-sale say all of it."""
    told: list[Pushed] = []
    for event in said if isinstance(said, list) else []:
        data = event.get("data")
        if not isinstance(data, Mapping):
            continue
        if data.get("aftersale_id"):
            told.append(Pushed("refund", data))
        if number := wire.words(data.get("p_id") or data.get("pid") or data.get("order_id")):
            told.append(Pushed("order", number=number))
    return told


def _renew(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"grant_type": "refresh_token", "refresh_token": wire.secret(account, "refresh_token")}
    return signed(account, "/token/refresh", own, wish.now_ms)


def _judge_renewed(answer: HttpAnswer) -> Verdict:
    verdict = judge(answer)
    if verdict.trouble:
        return verdict
    return shop.renewed(verdict.output)


def order(payload: Mapping[str, Any]) -> Mapped:
    """An order of /order/searchList or /order/orderDetail. Money is in fen; encrypted names and phones stay so."""
    reading = shop.Reading(payload)
    parts = {
        "province": reading.text("post_addr.province.name"),
        "city": reading.text("post_addr.city.name"),
        "district": reading.text("post_addr.town.name"),
        "street": reading.text("post_addr.street.name"),
        "detail": reading.text("post_addr.encrypt_detail", "post_addr.detail"),
    }
    values = {
        "channel": "doudian",
        "shop": reading.text("shop_id"),
        "platform_order_id": reading.text("order_id"),
        "created_at": reading.epoch("create_time"),
        "updated_at": reading.epoch("update_time"),
        "paid_at": reading.epoch("pay_time"),
        "status_code": reading.text("order_status"),
        "status_label": reading.text("order_status_desc"),
        "buyer": {
            "name": reading.text("encrypt_post_receiver", "post_receiver"),
            "phone": reading.text("encrypt_post_tel", "post_tel"),
        },
        "address": "".join(parts.values()),
        "address_parts": parts,
        "currency": "CNY",
        "total": reading.fen("pay_amount"),
        "items": [
            {
                "sku": row.text("out_sku_id", "code", "sku_id"),
                "title": row.text("product_name"),
                "quantity": row.take("item_num"),
                "price": row.fen("origin_amount"),
            }
            for row in reading.each("sku_order_list")
        ],
        "note": reading.text("buyer_words"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """An after-sale: of a list, or the `data` of an event."""
    reading, inner = shop.Reading(payload), "aftersale_info."
    values = {
        "channel": "doudian",
        "platform_order_id": reading.text("p_id", "pid", "order_id", "order_info.shop_order_id"),
        "refund_id": reading.text("aftersale_id", inner + "aftersale_id"),
        "status_code": reading.text("aftersale_status", inner + "aftersale_status"),
        "amount": reading.fen("refund_amount", inner + "refund_amount"),
        "currency": "CNY",
        "reason": reading.text("reason_desc", "text_part.reason_text", "reason_code"),
        "items": [
            {
                "title": row.text("product_name"),
                "quantity": row.take("num"),
                "amount": row.fen("refund_amount"),
            }
            for row in reading.each("aftersale_items")
        ]
        or [
            {
                "sku": row.text("shop_sku_code", "sku_order_id"),
                "title": row.text("product_name"),
                "quantity": row.take("aftersale_item_num", "item_num"),
            }
            for row in reading.each("order_info.related_order_info")
        ],
    }
    if "aftersale_info" in payload:  # events and the elder list write their times in other ways
        values["created_at"] = reading.epoch(inner + "apply_time")
        values["updated_at"] = reading.epoch(inner + "update_time")
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order("/order/orderDetail v2", _order, judge)

CONNECTOR = Connector(
    name="doudian",
    title={"zh": "抖店", "en": "Douyin shop"},
    help={
        "zh": "抖店开放平台：按修改时间取订单、查订单、发货，并接收平台推送。",
        "en": "The Douyin shop platform: orders by time of change, one order, shipping; and it calls us.",
    },
    icon="shop",
    settings=form(["app_key"], app_key=shop.APP_KEY, gateway=shop.gateway(GATEWAY)),
    secrets=form(
        ["app_secret"],
        app_secret=shop.APP_SECRET,
        access_token=shop.ACCESS_TOKEN,
        refresh_token=shop.REFRESH_TOKEN,
    ),
    example={"app_key": "1234567890123456789"},
    example_secrets={"app_secret": "example-app-secret", "access_token": "example-access-token"},
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            api="/order/searchList v2",
            params=operations.pages(100),
            build=_orders,
            judge=judge_list,
            paging=Paging("page", "backwards", 100, first=0),
            window=Window(advised_s=3_600),
        ),
        Operation(
            "refunds",
            shop.REFUNDS_TITLE,
            "pure",
            api="/afterSale/List v2",
            params=operations.pages(100),
            build=_refunds,
            judge=_listed("items"),
            paging=Paging("page", "backwards", 100, first=0),
            window=Window(advised_s=3_600),
            unproven=True,
        ),
        ORDER,
        operations.ship(
            "/order/logisticsAdd v2", _ship, judge, key_field="order_id", happened=_has_left
        ),
        operations.set_stock("/sku/syncStock v2", _stock, judge, key_field="idempotent_id"),
        operations.call(_call, judge),
    ),
    test=shop.trial(ORDER, {"order_id": "0"}),
    verify=verify,
    unwrap=unwrap,
    reply=Reply('{"code":0,"msg":"success"}', "application/json"),
    errors=ERRORS,
    statuses=STATUSES,
    refund_statuses=REFUND_STATUSES,
    pushed=pushed,
    renewal=Renewal(_renew, _judge_renewed, lead_s=3_000),  # earlier it answers the same token
    order=order,
    refund=refund,
)

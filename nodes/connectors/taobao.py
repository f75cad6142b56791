"""Taobao and Tmall, through their open platform (TOP). Errors come with HTTP 200; what happens there has to be asked for."""

from __future__ import annotations

import hashlib
import hmac
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
    Renewal,
    Request,
    Verdict,
    Window,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _shop_operations as operations
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form, setting

GATEWAY = "https://eco.taobao.com/router/rest"
FIELDS = (
    "tid,status,type,created,modified,pay_time,payment,total_fee,post_fee,receiver_name,receiver_state,receiver_city,"
    "receiver_district,receiver_address,receiver_zip,receiver_mobile,receiver_phone,buyer_nick,buyer_message,seller_memo,"
    "seller_nick,orders"
)
REFUND_FIELDS = (
    "refund_id,tid,oid,title,num,outer_id,buyer_nick,seller_nick,total_fee,payment,refund_fee,status,order_status,good_status,"
    "has_good_return,reason,desc,created,modified,company_name,sid"
)
TYPES = (
    "fixed,auction,guarantee_trade,step,independent_simple_trade,independent_shop_trade,auto_delivery,ec,cod,"
    "game_equipment,shopex_trade,netcn_trade,external_trade"
)
"""Passed always: what the platform takes if none are named leaves some trades out."""

ERRORS = ErrorTable(
    {
        "isp.call-limited": "throttled",
        "accesscontrol.limited-by-api-access-count": "throttled",
        "7": "throttled",
        "27": "token_dead",
        "44": "token_dead",
        "25": "signature",
        "29": "not_allowed",
        "isp.*": "busy",
        "isv.*": "refused",
    },
    {"throttled": 60.0, "7": 600.0},
)

STATUSES = {
    "TRADE_NO_CREATE_PAY": "unpaid",
    "WAIT_BUYER_PAY": "unpaid",
    "PAY_PENDING": "unpaid",
    "WAIT_PRE_AUTH_CONFIRM": "unpaid",
    "PAID_FORBID_CONSIGN": "held",
    "WAIT_SELLER_SEND_GOODS": "paid",
    "SELLER_CONSIGNED_PART": "part_shipped",
    "WAIT_BUYER_CONFIRM_GOODS": "shipped",
    "TRADE_BUYER_SIGNED": "signed",
    "TRADE_FINISHED": "completed",
    "TRADE_CLOSED": "refunded",
    "TRADE_CLOSED_BY_TAOBAO": "cancelled",
}

REFUND_STATUSES = {
    "WAIT_SELLER_AGREE": "requested",
    "WAIT_BUYER_RETURN_GOODS": "approved",
    "WAIT_SELLER_CONFIRM_GOODS": "returning",
    "SELLER_REFUSE_BUYER": "refused",
    "CLOSED": "closed",
    "SUCCESS": "refunded",
}


def sign(secret: str, params: Mapping[str, str], method: str) -> str:
    """By one of the platform's three rules: md5, hmac, hmac-sha256; upper hex."""
    message = wire.joined(params).encode()
    match method:
        case "hmac-sha256":
            return wire.hmac_sha256(secret, message).hex().upper()
        case "hmac":
            return hmac.new(secret.encode(), message, hashlib.md5).hexdigest().upper()
        case _:
            return wire.wrapped_md5(secret, params)


def signed(account: ConnectionInfo, method: str, own: Mapping[str, str], now_ms: int) -> Request:
    """A call of one of its interfaces."""
    settings = account.settings
    how = settings.get("sign_method", "hmac-sha256")
    params = {
        "method": method,
        "app_key": settings["app_key"],
        "session": wire.secret(account, "access_token"),
        "timestamp": wire.china_time(now_ms),
        "format": "json",
        "v": "2.0",
        "sign_method": how,
        **own,
    }
    params["sign"] = sign(wire.secret(account, "app_secret"), params, how)
    headers = {"content-type": wire.FORM, "accept": "application/json"}
    address = settings.get("gateway", GATEWAY)
    return Request("POST", address, headers, wire.form_body(params))


def judge(answer: HttpAnswer) -> Verdict:
    """`error_response` in the body decides, whatever the status says."""
    body = wire.read_object(answer.body)
    if error := body.get("error_response"):
        code, sub = (
            wire.words(wire.inside(error, "code")),
            wire.words(wire.inside(error, "sub_code")),
        )
        message = wire.words(wire.inside(error, "sub_msg") or wire.inside(error, "msg"))
        return ERRORS.verdict(message, sub, code)
    found = next((value for name, value in body.items() if name.endswith("_response")), None)
    if answer.status != 200 or found is None:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    return Verdict(found)


def _listed(many: str, one: str) -> Any:
    def judge_list(answer: HttpAnswer) -> Verdict:
        verdict = judge(answer)
        if verdict.trouble:
            return verdict
        body = verdict.output
        items = wire.inside(body, many, one) or []
        more, total = wire.inside(body, "has_next"), wire.inside(body, "total_results")
        return Verdict({"items": items, "more": bool(more), "total": total, "next": None})

    return judge_list


judge_list = _listed("trades", "trade")


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "start_modified": wire.china_time(wire.moment_ms(wish.params, "since")),
        "end_modified": wire.china_time(wire.moment_ms(wish.params, "until")),
        "page_no": str(wire.whole(wish.params, "page", 1)),
        "page_size": str(wire.whole(wish.params, "size", 100)),
        "type": TYPES,
        "fields": FIELDS,
    }
    return signed(account, "taobao.trades.sold.increment.get", own, wish.now_ms)


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "start_modified": wire.china_time(wire.moment_ms(wish.params, "since")),
        "end_modified": wire.china_time(wire.moment_ms(wish.params, "until")),
        "page_no": str(wire.whole(wish.params, "page", 1)),
        "page_size": str(wire.whole(wish.params, "size", 100)),
        "type": TYPES,
        "fields": REFUND_FIELDS,
    }
    return signed(account, "taobao.refunds.receive.get", own, wish.now_ms)


def _renew(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"refresh_token": wire.secret(account, "refresh_token")}
    return signed(account, "taobao.top.auth.token.refresh", own, wish.now_ms)


def _judge_renewed(answer: HttpAnswer) -> Verdict:
    """Its answer is JSON in a text inside JSON."""
    verdict = judge(answer)
    if verdict.trouble:
        return verdict
    inner = wire.inside(verdict.output, "token_result")
    return shop.renewed(wire.read_json(inner) if isinstance(inner, str) else inner)


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"tid": wire.text(wish.params, "order_id"), "fields": FIELDS}
    return signed(account, "taobao.trade.fullinfo.get", own, wish.now_ms)


def _ship(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "tid": wire.text(wish.params, "order_id"),
        "company_code": wire.text(wish.params, "company"),
        "out_sid": wire.text(wish.params, "waybill"),
    }
    return signed(account, "taobao.logistics.offline.send", own, wish.now_ms)


def _has_left(_: Wish, output: Any) -> bool | None:
    state = STATUSES.get(wire.words(wire.inside(output, "trade", "status")))
    return None if state is None else state in ("shipped", "signed", "completed")


def _stock(account: ConnectionInfo, wish: Wish) -> Request:
    """The whole number (`type` 1), so that the same again changes nothing."""
    own = {
        "num_iid": wire.text(wish.params, "item_id"),
        "sku_id": wire.text(wish.params, "sku_id"),
        "quantity": str(wire.whole(wish.params, "quantity", shop.MISSING)),
        "type": "1",
    }
    return signed(account, "taobao.item.quantity.update", own, wish.now_ms)


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    method = shop.not_of_tokens(wire.text(wish.params, "method"))
    body = wish.params.get("body") or {}
    own = {
        name: value if isinstance(value, str) else wire.compact(value)
        for name, value in body.items()
    }
    return signed(account, method, own, wish.now_ms)


def order(payload: Mapping[str, Any]) -> Mapped:
    """A trade of `taobao.trade.fullinfo.get`. Names and phones are ciphers of the platform and stay so."""
    reading = shop.Reading(payload)
    parts = {
        "province": reading.text("receiver_state"),
        "city": reading.text("receiver_city"),
        "district": reading.text("receiver_district"),
        "detail": reading.text("receiver_address"),
        "postcode": reading.text("receiver_zip"),
    }
    values = {
        "channel": "taobao",
        "shop": reading.text("seller_nick"),
        "platform_order_id": reading.text("tid_str", "tid"),
        "created_at": reading.china("created"),
        "updated_at": reading.china("modified"),
        "paid_at": reading.china("pay_time"),
        "status_code": reading.text("status"),
        "status_label": "",
        "buyer": {
            "name": reading.text("receiver_name"),
            "phone": reading.text("receiver_mobile", "receiver_phone"),
        },
        "address": shop.address(*list(parts.values())[:4]),
        "address_parts": parts,
        "currency": "CNY",
        "total": reading.yuan("payment"),
        "items": [
            {
                "sku": row.text("outer_sku_id", "sku_id", "outer_iid"),
                "title": row.text("title"),
                "quantity": row.take("num"),
                "price": row.yuan("price"),
            }
            for row in reading.each("orders.order")
        ],
        "note": reading.text("buyer_message"),
    }
    return shop.mapped(reading, STATUSES, values, what="trade")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """A refund of `taobao.refunds.receive.get`."""
    reading = shop.Reading(payload)
    values = {
        "channel": "taobao",
        "shop": reading.text("seller_nick"),
        "platform_order_id": reading.text("tid_str", "tid"),
        "refund_id": reading.text("refund_id"),
        "created_at": reading.china("created"),
        "updated_at": reading.china("modified"),
        "status_code": reading.text("status"),
        "amount": reading.yuan("refund_fee"),
        "currency": "CNY",
        "reason": reading.text("reason"),
        "items": [
            {
                "sku": reading.text("outer_id"),
                "title": reading.text("title"),
                "quantity": reading.take("num"),
            }
        ],
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order("taobao.trade.fullinfo.get 2.0", _order, judge)

CONNECTOR = Connector(
    name="taobao",
    title={"zh": "淘宝 / 天猫", "en": "Taobao / Tmall"},
    help={
        "zh": "淘宝开放平台（TOP）：按修改时间取订单、查订单、发货。买家姓名和电话是平台的密文。",
        "en": "Taobao Open Platform: orders by time of change, one order, shipping. Buyers' names and phones are the"
        " platform's ciphers.",
    },
    icon="shop",
    settings=form(
        ["app_key"],
        app_key=shop.APP_KEY,
        sign_method=setting(
            ("签名方法", "Signature"),
            ("平台都支持；默认最强的一种。", "The platform takes each; the strongest is usual."),
            type="string",
            choices={
                "hmac-sha256": ("HMAC-SHA256", "HMAC-SHA256"),
                "hmac": ("HMAC-MD5", "HMAC-MD5"),
                "md5": ("MD5", "MD5"),
            },
            default="hmac-sha256",
            advanced=True,
        ),
        gateway=shop.gateway(GATEWAY),
    ),
    secrets=form(
        ["app_secret", "access_token"],
        app_secret=shop.APP_SECRET,
        access_token=shop.ACCESS_TOKEN,
        refresh_token=shop.REFRESH_TOKEN,
    ),
    example={"app_key": "12345678"},
    example_secrets={"app_secret": "example-app-secret", "access_token": "example-access-token"},
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            api="taobao.trades.sold.increment.get 2.0",
            params=operations.pages(100),
            build=_orders,
            judge=judge_list,
            paging=Paging("page", "backwards", 100),
            window=Window(86_400, 1_800, 0, 90 * 86_400),
        ),
        Operation(
            "refunds",
            shop.REFUNDS_TITLE,
            "pure",
            api="taobao.refunds.receive.get 2.0",
            params=operations.pages(100),
            build=_refunds,
            judge=_listed("refunds", "refund"),
            paging=Paging("page", "backwards", 100),
            window=Window(86_400, 1_800, 0, 90 * 86_400),
        ),
        ORDER,
        operations.ship(
            "taobao.logistics.offline.send 2.0", _ship, judge, key_field="tid", happened=_has_left
        ),
        operations.set_stock("taobao.item.quantity.update 2.0", _stock, judge, key_field="sku_id"),
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

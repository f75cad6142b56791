"""WeChat shops (微信小店). No signature on requests, a token in the address; its calls are encrypted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

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

GATEWAY = "https://api.weixin.qq.com"
STABLE = "/cgi-bin/stable_token"
BLOCK = 32
"""Its padding fills blocks of 32 bytes, not of 16."""

ERRORS = ErrorTable(
    {
        "-1": "busy",
        "40001": "token_dead",
        "42001": "token_dead",
        "45009": "throttled",
        "45011": "throttled",
        "45035": "not_allowed",
        "48001": "not_allowed",
        "48004": "not_allowed",
        "50001": "not_allowed",
        "50002": "not_allowed",
        "61004": "not_allowed",
    },
    {"45009": 3_600.0, "45011": 60.0, "throttled": 60.0},
)

STATUSES = {
    "10": "unpaid",
    "20": "paid",
    "21": "part_shipped",
    "30": "shipped",
    "100": "completed",
    "190": "cancelled",
    "200": "refunded",
    "250": "cancelled",
}

REFUND_STATUSES = {
    "USER_CANCELD": "closed",  # the spelling is theirs
    "MERCHANT_PROCESSING": "requested",
    "MERCHANT_REJECT_REFUND": "refused",
    "MERCHANT_REJECT_RETURN": "refused",
    "USER_WAIT_RETURN": "approved",
    "RETURN_CLOSED": "closed",
    "MERCHANT_WAIT_RECEIPT": "returning",
    "MERCHANT_OVERDUE_REFUND": "approved",
    "MERCHANT_REFUND_SUCCESS": "refunded",
    "MERCHANT_RETURN_SUCCESS": "refunded",
    "PLATFORM_REFUNDING": "approved",
}


def asked(account: ConnectionInfo, path: str, own: Mapping[str, Any]) -> Request:
    """A call of one of its interfaces."""
    if not path.startswith("/"):
        raise ParamWrong("Expected an interface such as /channels/ec/order/get.")
    query = {"access_token": wire.secret(account, "access_token")}
    address = wire.address(account.settings.get("gateway", GATEWAY), path, query)
    headers = {"content-type": wire.JSON, "accept": "application/json"}
    return Request("POST", address, headers, wire.compact(own).encode())


def judge(answer: HttpAnswer) -> Verdict:
    """`errcode` 0 is a yes."""
    body = wire.read_object(answer.body)
    code = wire.words(body.get("errcode"))
    if code == "0":
        return Verdict(
            {name: value for name, value in body.items() if name not in ("errcode", "errmsg")}
        )
    if not code:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    return ERRORS.verdict(wire.words(body.get("errmsg")), code)


def _listed(name: str) -> Any:
    def judge_list(answer: HttpAnswer) -> Verdict:
        """Only numbers come; each must be asked for."""
        verdict = judge(answer)
        if verdict.trouble:
            return verdict
        found = verdict.output
        more = bool(found.get("has_more"))
        output = {"items": found.get(name) or [], "more": more, "total": None}
        return Verdict({**output, "next": found.get("next_key") if more else None})

    return judge_list


judge_list = _listed("order_id_list")


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    own: dict[str, Any] = {
        "update_time_range": {
            "start_time": wire.moment_ms(wish.params, "since") // 1_000,
            "end_time": wire.moment_ms(wish.params, "until") // 1_000,
        },
        "page_size": wire.whole(wish.params, "size", 100),
    }
    if cursor := wire.text(wish.params, "cursor", ""):
        own["next_key"] = cursor
    return asked(account, "/channels/ec/order/list/get", own)


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    """Other than orders: no range inside, no size of a page, a day at most."""
    own: dict[str, Any] = {
        "begin_update_time": wire.moment_ms(wish.params, "since") // 1_000,
        "end_update_time": wire.moment_ms(wish.params, "until") // 1_000,
    }
    if cursor := wire.text(wish.params, "cursor", ""):
        own["next_key"] = cursor
    return asked(account, "/channels/ec/aftersale/getaftersalelist", own)


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(
        account, "/channels/ec/order/get", {"order_id": wire.text(wish.params, "order_id")}
    )


def _refund(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"after_sale_order_id": wire.text(wish.params, "refund_id")}
    return asked(account, "/channels/ec/aftersale/getaftersaleorder", own)


def _renew(account: ConnectionInfo, _: Wish) -> Request:
    """It knows no refresh token: the app's secret gets a token of two hours, and does not end the one in use."""
    own = {
        "grant_type": "client_credential",
        "appid": account.settings["app_id"],
        "secret": wire.secret(account, "app_secret"),
    }
    address = wire.address(account.settings.get("gateway", GATEWAY), STABLE, {})
    headers = {"content-type": wire.JSON, "accept": "application/json"}
    return Request("POST", address, headers, wire.compact(own).encode())


def _judge_renewed(answer: HttpAnswer) -> Verdict:
    body = wire.read_object(answer.body)
    return shop.renewed(body) if body.get("access_token") else judge(answer)


def _stock(account: ConnectionInfo, wish: Wish) -> Request:
    """The whole number (`diff_type` 3), so that the same again changes nothing."""
    own = {
        "product_id": wire.text(wish.params, "item_id"),
        "sku_id": wire.text(wish.params, "sku_id"),
        "diff_type": 3,
        "num": wire.whole(wish.params, "quantity", shop.MISSING),
    }
    return asked(account, "/channels/ec/product/stock/update", own)


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    path = shop.not_of_tokens(wire.text(wish.params, "method"))
    return asked(account, path, wish.params.get("body") or {})


# --- its calls ----------------------------------------------------------------------------------


def digest(*parts: str) -> str:
    """SHA1 of the parts, sorted and joined."""
    text = "".join(sorted(parts)).encode("utf-8", "backslashreplace")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def decrypt(aes_key: str, cipher: str) -> tuple[str, str]:
    """The message and whose app it is for. AES-256-CBC; 16 random bytes, length, message, app id, padding."""
    try:
        key = base64.b64decode(aes_key + "=", validate=True)
        data = base64.b64decode(cipher, validate=True)
        opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        return _unpacked(opener.update(data) + opener.finalize())
    except (ValueError, IndexError):
        raise ParamWrong(
            "Expected a message this connection's key opens, but it does not."
        ) from None


def _unpacked(plain: bytes) -> tuple[str, str]:
    """Raises `ValueError` or `IndexError`."""
    filled = plain[-1]
    good = 1 <= filled <= BLOCK and plain[-filled:] == bytes([filled]) * filled
    plain = plain[16:-filled]
    end = 4 + int.from_bytes(plain[:4], "big")
    if not good or len(plain) < end:
        raise ValueError(f"padding {filled}, length {end}")
    return plain[4:end].decode(), plain[end:].decode()


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """Signed over token, time, nonce and cipher; and for our app when opened."""
    token, key = account.secrets.get("token", ""), account.secrets.get("aes_key", "")
    cipher = wire.inside(wire.read_json(incoming.body), "Encrypt")
    if auth != "hmac" or not token or not key or not isinstance(cipher, str):
        return False
    query = incoming.query
    expected = digest(token, query.get("timestamp", ""), query.get("nonce", ""), cipher)
    if not wire.same(query.get("msg_signature", ""), expected):
        return False
    try:
        _, app_id = decrypt(key, cipher)
    except ParamWrong:
        return False
    return app_id == account.settings.get("app_id")


def unwrap(account: ConnectionInfo, incoming: Incoming) -> Any:
    """The event inside."""
    cipher = wire.inside(wire.read_json(incoming.body), "Encrypt")
    message, _ = decrypt(wire.secret(account, "aes_key"), wire.words(cipher))
    event = wire.read_json(message)
    if event is None:
        raise ParamWrong(
            "Expected JSON in the message, but it is none: choose JSON and safe mode there."
        )
    return event


def greet(account: ConnectionInfo, incoming: Incoming) -> str | None:
    """It asks once whether the address is ours, and wants to hear its own word back."""
    query, token = incoming.query, account.secrets.get("token", "")
    expected = digest(token, query.get("timestamp", ""), query.get("nonce", ""))
    if not token or not wire.same(query.get("signature", ""), expected):
        return None
    return query.get("echostr", "")


# --- in our words -------------------------------------------------------------------------------


def pushed(said: Any, _: Incoming) -> list[Pushed]:
    """Events name an order or an after-sale, which is asked for."""
    after = wire.inside(said, "finder_shop_aftersale_status_update")
    told: list[Pushed] = []
    if number := wire.words(wire.inside(after, "after_sale_order_id")):
        told.append(Pushed("refund", number=number))
    order_id = wire.inside(said, "order_info", "order_id") or wire.inside(after, "order_id")
    if number := wire.words(order_id):
        told.append(Pushed("order", number=number))
    return told


def order(payload: Mapping[str, Any]) -> Mapped:
    """The `order` of /channels/ec/order/get. Money is in fen."""
    reading = shop.Reading(payload)
    where = "order_detail.delivery_info.address_info."
    parts = {
        "province": reading.text(where + "province_name"),
        "city": reading.text(where + "city_name"),
        "district": reading.text(where + "county_name"),
        "detail": reading.text(where + "detail_info"),
        "postcode": reading.text(where + "postal_code"),
    }
    values = {
        "channel": "wechat_shop",
        "shop": "",
        "platform_order_id": reading.text("order_id"),
        "created_at": reading.epoch("create_time"),
        "updated_at": reading.epoch("update_time"),
        "paid_at": reading.epoch("order_detail.pay_info.pay_time"),
        "status_code": reading.text("status"),
        "status_label": "",
        "buyer": {
            "name": reading.text(where + "user_name"),
            "phone": reading.text(where + "tel_number", where + "virtual_order_tel_number"),
        },
        "address": "".join(list(parts.values())[:4]),
        "address_parts": parts,
        "currency": "CNY",
        "total": reading.fen("order_detail.price_info.order_price"),
        "items": [
            {
                "sku": row.text("sku_code", "sku_id"),
                "title": row.text("title"),
                "quantity": row.take("sku_cnt"),
                "price": row.fen("sale_price"),
            }
            for row in reading.each("order_detail.product_infos")
        ],
        "note": reading.text("order_detail.ext_info.customer_notes"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """The `after_sale_order` of its interface."""
    reading = shop.Reading(payload)
    values = {
        "channel": "wechat_shop",
        "platform_order_id": reading.text("order_id"),
        "refund_id": reading.text("after_sale_order_id"),
        "created_at": reading.epoch("create_time"),
        "updated_at": reading.epoch("update_time"),
        "status_code": reading.text("status"),
        "amount": reading.fen("refund_info.amount"),
        "currency": "CNY",
        "reason": reading.text("reason"),
        "items": [
            {
                "sku": reading.text("product_info.sku_id"),
                "quantity": reading.take("product_info.count"),
            }
        ],
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order("/channels/ec/order/get", _order, judge)

CONNECTOR = Connector(
    name="wechat_shop",
    title={"zh": "微信小店", "en": "WeChat shop"},
    help={
        "zh": "微信小店：按修改时间取订单号、查订单和售后，并接收加密推送（后台请选安全模式和 JSON）。",
        "en": "WeChat shop: numbers of orders by time of change, one order, one refund; and it calls us, encrypted"
        " (choose safe mode and JSON there).",
    },
    icon="shop",
    settings=form(
        ["app_id"],
        app_id=shop.plain(("AppID", "App id"), ("小店的 AppID。", "The shop's AppID.")),
        gateway=shop.gateway(GATEWAY),
    ),
    secrets=form(
        access_token=shop.ACCESS_TOKEN,
        app_secret=shop.hidden(
            ("应用密钥 AppSecret", "App secret"),
            (
                "填了就自动换取授权令牌（每两小时一次）。",
                "With it the access token is fetched by itself, every two hours.",
            ),
        ),
        token=shop.hidden(
            ("推送令牌", "Token of calls"),
            ("后台「消息推送」里填的 Token。", "The Token entered there for message push."),
        ),
        aes_key=shop.hidden(
            ("推送密钥", "Key of calls"),
            (
                "后台「消息推送」里的 EncodingAESKey，43 位。",
                "The EncodingAESKey of 43 characters.",
            ),
            maxLength=100,
        ),
    ),
    example={"app_id": "wxexample0000000001"},
    example_secrets={
        "access_token": "example-access-token",
        "token": "example-token",
        "aes_key": "exampleexampleexampleexampleexampleexample0",
    },
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单号", "en": "Numbers of orders by time of change"},
            "pure",
            api="/channels/ec/order/list/get",
            params=operations.following(100),
            build=_orders,
            judge=judge_list,
            paging=Paging("cursor", "forwards", 100),
            window=Window(7 * 86_400, 3_600),
        ),
        Operation(
            "refunds",
            {"zh": "按修改时间取售后单号", "en": "Numbers of refunds by time of change"},
            "pure",
            api="/channels/ec/aftersale/getaftersalelist",
            params=form(["since", "until"], since=shop.SINCE, until=shop.UNTIL, cursor=shop.CURSOR),
            build=_refunds,
            judge=_listed("after_sale_order_id_list"),
            paging=Paging("cursor", "forwards", 100),
            window=Window(86_400, 3_600),
        ),
        ORDER,
        Operation(
            "refund",
            {"zh": "查一个售后单", "en": "Get a refund"},
            "pure",
            api="/channels/ec/aftersale/getaftersaleorder",
            params=form(
                ["refund_id"],
                refund_id=shop.plain(
                    ("售后单号", "Refund no."),
                    ("平台上的售后单号。", "Its number at the platform."),
                ),
            ),
            build=_refund,
            judge=judge,
            unproven=True,
        ),
        operations.set_stock(
            "/channels/ec/product/stock/update", _stock, judge, key_field="sku_id"
        ),
        operations.call(_call, judge),
    ),
    test=shop.trial(ORDER, {"order_id": "0"}),
    verify=verify,
    unwrap=unwrap,
    greet=greet,
    reply=Reply("success"),
    errors=ERRORS,
    statuses=STATUSES,
    refund_statuses=REFUND_STATUSES,
    pushed=pushed,
    renewal=Renewal(_renew, _judge_renewed, needs=("app_secret",), lead_s=600),
    order=order,
    refund=refund,
)

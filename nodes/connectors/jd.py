"""JD shops, through the Zeus open platform (JOS). Errors come with HTTP 200; changes are asked for."""

from __future__ import annotations

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

GATEWAY = "https://api.jd.com/routerjson"
TOKENS = "https://open-oauth.jd.com/oauth2/refresh_token"
STATES = "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,WAIT_SELLER_DELIVERY,FINISHED_L,TRADE_CANCELED,LOCKED"
FIELDS = (
    "orderId,venderId,orderState,orderStateRemark,orderPayment,orderTotalPrice,orderSellerPrice,freightPrice,orderStartTime,"
    "paymentConfirmTime,modified,orderRemark,venderRemark,consigneeInfo,itemInfoList"
)

ERRORS = ErrorTable(
    {
        "2": "throttled",
        "24": "throttled",
        "32": "throttled",
        "4": "refused",
        "5": "refused",
        "7": "signature",
        "8": "signature",
        "11": "signature",
        "12": "signature",
        "14": "refused",
        "15": "withdrawn",
        "18": "token_dead",
        "19": "token_dead",
    },
    {"throttled": 60.0, "2": 3_600.0},
)

STATUSES = {
    "WAIT_SELLER_STOCK_OUT": "paid",
    "WAIT_SELLER_DELIVERY": "paid",
    "SEND_TO_DISTRIBUTION_CENER": "shipped",  # the spelling is JD's
    "DISTRIBUTION_CENTER_RECEIVED": "shipped",
    "WAIT_GOODS_RECEIVE_CONFIRM": "shipped",
    "RECEIPTS_CONFIRM": "signed",
    "FINISHED_L": "completed",
    "TRADE_CANCELED": "cancelled",
    "LOCKED": "held",  # the buyer asked to cancel
    "PAUSE": "held",
}

REFUND_STATUSES = {
    "0": "requested",
    "1": "approved",
    "2": "refused",
    "3": "approved",  # JD's finance agrees; that is not yet money with the buyer
    "4": "refused",
    "5": "approved",
    "6": "approved",
    "7": "approved",
    "9": "approved",
}
"""Of the cancellation of a paid order. 8 (the parcel could not be stopped) is for a person."""


def signed(account: ConnectionInfo, method: str, own: Mapping[str, Any], now_ms: int) -> Request:
    """A call of one of its interfaces; its clock may differ from ours by six minutes."""
    params = {
        "360buy_param_json": wire.compact(own, in_order=True),
        "access_token": wire.secret(account, "access_token"),
        "app_key": account.settings["app_key"],
        "method": method,
        "timestamp": f"{wire.china_time(now_ms)}.{now_ms % 1000:03}+0800",
        "v": "2.0",
    }
    params["sign"] = wire.wrapped_md5(wire.secret(account, "app_secret"), params)
    headers = {"content-type": wire.FORM, "accept": "application/json"}
    address = account.settings.get("gateway", GATEWAY)
    return Request("POST", address, headers, wire.form_body(params))


def judge(answer: HttpAnswer) -> Verdict:
    """`error_response`, or a code other than 0 in the answer, whose name JD spells `…_responce`."""
    body = wire.read_object(answer.body)
    found = body.get("error_response")
    if found is None:
        found = next((v for k, v in body.items() if k.endswith(("_responce", "_response"))), None)
    if not isinstance(found, Mapping):
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    code = wire.words(found.get("code"))
    if "error_response" in body or code not in ("", "0"):
        message = wire.words(found.get("zh_desc") or found.get("en_desc") or found.get("msg"))
        return ERRORS.verdict(message, code)
    inner = next((v for k, v in found.items() if k.lower().endswith(("result", "info"))), found)
    if (
        wire.inside(inner, "apiResult", "success") is False
    ):  # a yes of the gateway, a no of the shop
        code = wire.words(wire.inside(inner, "apiResult", "numberCode"))
        message = wire.words(wire.inside(inner, "apiResult", "chineseErrCode"))
        return Verdict(trouble="refused", code=code, message=message)
    return Verdict(inner)


def judge_list(answer: HttpAnswer) -> Verdict:
    verdict = judge(answer)
    if verdict.trouble:
        return verdict
    items = wire.inside(verdict.output, "orderInfoList") or []
    total = wire.inside(verdict.output, "orderTotal")
    return Verdict({"items": items, "more": bool(items), "total": total, "next": None})


def judge_refunds(answer: HttpAnswer) -> Verdict:
    verdict = judge(answer)
    if verdict.trouble:
        return verdict
    found = verdict.output
    if wire.inside(found, "success") is False:
        code = wire.words(wire.inside(found, "errorCode")) or "refused"
        return Verdict(
            trouble="refused", code=code, message=wire.words(wire.inside(found, "errorMsg"))
        )
    items = wire.inside(found, "result") or []
    total = wire.inside(found, "totalCount")
    return Verdict({"items": items, "more": bool(items), "total": total, "next": None})


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    """It has no time of change: first those asked for in this time, then those decided in it."""
    by = wire.text(wish.params, "by", "apply")
    own = {
        f"{by}TimeStart": wire.china_time(wire.moment_ms(wish.params, "since")),
        f"{by}TimeEnd": wire.china_time(wire.moment_ms(wish.params, "until")),
        "pageIndex": wire.whole(wish.params, "page", 1),
        "pageSize": wire.whole(wish.params, "size", REFUNDS_MAX),
    }
    return signed(account, "jingdong.pop.afs.soa.refundapply.queryPageList", own, wish.now_ms)


REFUNDS_MAX = 50


def _following(wish: Wish, output: Any) -> Mapping[str, Any] | None:
    page, size = wire.whole(wish.params, "page", 1), wire.whole(wish.params, "size", REFUNDS_MAX)
    items, total = output["items"], output["total"]
    more = page * size < total if isinstance(total, int) else len(items) == size
    if more and items:
        return {**wish.params, "page": page + 1}
    if wish.params.get("by", "apply") == "apply":
        return {**wish.params, "by": "check", "page": 1}
    return None


def _renew(account: ConnectionInfo, wish: Wish) -> Request:
    """Not signed: the secret itself goes there, in the body of a call over TLS."""
    fields = {
        "app_key": account.settings["app_key"],
        "app_secret": wire.secret(account, "app_secret"),
        "grant_type": "refresh_token",
        "refresh_token": wire.secret(account, "refresh_token"),
    }
    headers = {"content-type": wire.FORM, "accept": "application/json"}
    address = account.settings.get("token_gateway", TOKENS)
    return Request("POST", address, headers, wire.form_body(fields))


def _judge_renewed(answer: HttpAnswer) -> Verdict:
    body = wire.read_object(answer.body)
    code = wire.words(body.get("code"))
    if not body.get("access_token"):
        if code:
            return ERRORS.verdict(wire.words(body.get("msg")), code)
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    return shop.renewed(body)


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "start_date": wire.china_time(wire.moment_ms(wish.params, "since")),
        "end_date": wire.china_time(wire.moment_ms(wish.params, "until")),
        "order_state": wire.text(wish.params, "status", STATES),
        "optional_fields": FIELDS,
        "page": str(wire.whole(wish.params, "page", 1)),
        "page_size": str(wire.whole(wish.params, "size", 100)),
        "dateType": "0",
        "sortType": "1",
    }
    return signed(account, "jingdong.pop.order.search", own, wish.now_ms)


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    own = {"order_id": wire.text(wish.params, "order_id"), "optional_fields": FIELDS}
    return signed(account, "jingdong.pop.order.get", own, wish.now_ms)


def _ship(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "orderId": wire.text(wish.params, "order_id"),
        "logiCoprId": wire.text(wish.params, "company"),
        "logiNo": wire.text(wish.params, "waybill"),
    }
    return signed(account, "jingdong.pop.order.shipment", own, wish.now_ms)


def _has_left(_: Wish, output: Any) -> bool | None:
    found = wire.inside(output, "orderInfo") or output
    state = STATUSES.get(wire.words(wire.inside(found, "orderState")))
    return None if state is None else state in ("shipped", "signed", "completed")


def _stock(account: ConnectionInfo, wish: Wish) -> Request:
    """The whole number, so that the same again changes nothing."""
    own = {
        "skuId": wire.text(wish.params, "sku_id"),
        "stockNum": wire.whole(wish.params, "quantity", shop.MISSING),
    }
    return signed(account, "jingdong.stock.write.updateSkuStock", own, wish.now_ms)


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    method = shop.not_of_tokens(wire.text(wish.params, "method"))
    return signed(account, method, wish.params.get("body") or {}, wish.now_ms)


def order(payload: Mapping[str, Any]) -> Mapped:
    """An order of `jingdong.pop.order.search`."""
    reading = shop.Reading(payload)
    parts = {
        "province": reading.text("consigneeInfo.province"),
        "city": reading.text("consigneeInfo.city"),
        "district": reading.text("consigneeInfo.county"),
        "street": reading.text("consigneeInfo.town"),
        "detail": reading.text("consigneeInfo.fullAddress"),
    }
    values = {
        "channel": "jd",
        "shop": reading.text("venderId"),
        "platform_order_id": reading.text("orderId"),
        "created_at": reading.china("orderStartTime"),
        "updated_at": reading.china("modified"),
        "paid_at": reading.china("paymentConfirmTime"),
        "status_code": reading.text("orderState"),
        "status_label": reading.text("orderStateRemark"),
        "buyer": {
            "name": reading.text("consigneeInfo.fullname"),
            "phone": reading.text("consigneeInfo.mobile", "consigneeInfo.telephone"),
        },
        "address": parts["detail"] or shop.address(*parts.values()),
        "address_parts": parts,
        "currency": "CNY",
        "total": reading.yuan("orderPayment"),
        "items": [
            {
                "sku": row.text("outerSkuId", "skuId"),
                "title": row.text("skuName"),
                "quantity": int(row.text("itemTotal") or 0),
                "price": row.yuan("jdPrice"),
            }
            for row in reading.each("itemInfoList")
        ],
        "note": reading.text("orderRemark"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """An application of `jingdong.pop.afs.soa.refundapply.queryPageList`; its sum is in fen."""
    reading = shop.Reading(payload)
    values = {
        "channel": "jd",
        "platform_order_id": reading.text("orderId"),
        "refund_id": reading.text("id"),
        "created_at": reading.china("applyTime"),
        "updated_at": reading.china("modified", "checkTime", "applyTime"),
        "status_code": reading.text("status"),
        "amount": reading.fen("applyRefundSum"),
        "currency": "CNY",
        "reason": reading.text("reason"),
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order("jingdong.pop.order.get 2.0", _order, judge, unproven=True)

CONNECTOR = Connector(
    name="jd",
    title={"zh": "京东", "en": "JD"},
    help={
        "zh": "京东宙斯开放平台：取订单、查订单、出库。卖家改主密码后授权会失效。",
        "en": "JD's Zeus open platform: orders, one order, shipping. Authorisation ends when the seller changes the main"
        " password.",
    },
    icon="shop",
    settings=form(
        ["app_key"],
        app_key=shop.APP_KEY,
        gateway=shop.gateway(GATEWAY),
        token_gateway=setting(
            ("授权网址", "Address of tokens"),
            (
                "换新令牌的网址；只有沙箱测试时才需要改。",
                "Where tokens are renewed; change it for a sandbox only.",
            ),
            type="string",
            format="uri",
            pattern="^https?://[^\\s?#]+$",
            maxLength=300,
            default=TOKENS,
            advanced=True,
        ),
    ),
    secrets=form(
        ["app_secret", "access_token"],
        app_secret=shop.APP_SECRET,
        access_token=shop.ACCESS_TOKEN,
        refresh_token=shop.REFRESH_TOKEN,
    ),
    example={"app_key": "yourappkey"},
    example_secrets={"app_secret": "example-app-secret", "access_token": "example-access-token"},
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            api="jingdong.pop.order.search 2.0",
            params=form(
                ["since", "until"],
                since=shop.SINCE,
                until=shop.UNTIL,
                status=shop.plain(
                    ("订单状态", "States"),
                    ("用逗号分开；留空取全部常用状态。", "With commas; empty: all that are usual."),
                    maxLength=500,
                ),
                page=shop.PAGE,
                size=shop.size(100),
            ),
            build=_orders,
            judge=judge_list,
            paging=Paging("page", "backwards", 100),
            window=Window(30 * 86_400, 3_600),
        ),
        Operation(
            "refunds",
            {
                "zh": "按申请和审核时间取退款",
                "en": "Refunds by when they were asked for, and decided",
            },
            "pure",
            api="jingdong.pop.afs.soa.refundapply.queryPageList 2.0",
            params=form(
                ["since", "until"],
                since=shop.SINCE,
                until=shop.UNTIL,
                by=setting(
                    ("按什么时间", "By"),
                    (
                        "先按申请时间，再按审核时间。",
                        "When they were asked for, then when decided.",
                    ),
                    type="string",
                    choices={"apply": ("申请时间", "Asked for"), "check": ("审核时间", "Decided")},
                    default="apply",
                ),
                page=shop.PAGE,
                size=shop.size(REFUNDS_MAX),
            ),
            build=_refunds,
            judge=judge_refunds,
            paging=Paging("page", "forwards", REFUNDS_MAX),
            window=Window(7 * 86_400, 86_400),
            follow=_following,
        ),
        ORDER,
        operations.ship(
            "jingdong.pop.order.shipment 2.0",
            _ship,
            judge,
            key_field="orderId",
            happened=_has_left,
            title=("出库", "Ship"),
        ),
        operations.set_stock(
            "jingdong.stock.write.updateSkuStock 2.0",
            _stock,
            judge,
            key_field="skuId",
            of_item=False,
        ),
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

"""What shops have in common: settings and parameters that look alike, and their orders in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from headrace.engine.connector import (
    ConnectionInfo,
    Mapped,
    Operation,
    Outside,
    ParamWrong,
    Receipt,
    Verdict,
    Wish,
)
from headrace.engine.errors import AddressRefused
from headrace.engine.node import NotSent, OutcomeUnknown
from headrace.nodes._fields import Pair, setting
from headrace.nodes._wire import CHINA

TRIAL_TIMEOUT_S = 10.0

# --- settings and secrets -----------------------------------------------------------------------


def gateway(default: str) -> dict[str, Any]:
    return setting(
        ("接口网址", "Address"),
        (
            "平台接口的网址；只有沙箱测试时才需要改。",
            "Where the platform answers; change it for a sandbox only.",
        ),
        type="string",
        format="uri",
        pattern="^https?://[^\\s?#]+$",
        maxLength=300,
        default=default,
        advanced=True,
    )


def plain(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    return setting(title, hint, **{"type": "string", "minLength": 1, "maxLength": 200, **more})


def hidden(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    return setting(title, hint, **{"type": "string", "maxLength": 8_000, **more})


APP_KEY = plain(
    ("应用 Key", "App key"),
    (
        "平台开放后台里应用的 app_key（client_id）。",
        "The app_key (client_id) of your app at the platform.",
    ),
)
APP_SECRET = hidden(
    ("应用密钥", "App secret"),
    (
        "平台开放后台里应用的 app_secret，签名要用。",
        "The app's app_secret; requests are signed with it.",
    ),
)
ACCESS_TOKEN = hidden(
    ("授权令牌", "Access token"),
    (
        "店铺授权后得到的 access_token（session）。",
        "The access_token (session) the shop's authorisation gave.",
    ),
)
REFRESH_TOKEN = hidden(
    ("刷新令牌", "Refresh token"),
    ("授权时一起得到，用来换新的授权令牌。", "Came with the access token; renews it."),
)

# --- parameters ---------------------------------------------------------------------------------

SINCE = plain(
    ("修改时间从", "Changed since"),
    (
        "带时区的时间，例如 2026-01-09T16:00:00+08:00。",
        "A time with its zone, such as 2026-01-09T16:00:00+08:00.",
    ),
)
UNTIL = plain(
    ("修改时间到", "Changed until"),
    ("带时区的时间；不含这一刻之后的订单。", "A time with its zone; later orders are not in it."),
)
PAGE = setting(
    ("页码", "Page"), ("从平台的第一页算起。", "As the platform counts."), type="integer", minimum=0
)
CURSOR = plain(
    ("下一页", "Next page"),
    ("上一页结果里的 next；第一页留空。", "The `next` of the page before; empty for the first."),
    maxLength=2_000,
)
ORDER_ID = plain(
    ("平台订单号", "Order no."), ("平台上的订单号。", "The order's number at the platform.")
)
REFUNDS_TITLE = {"zh": "按修改时间取退款", "en": "Refunds by time of change"}
COMPANY = plain(
    ("快递公司编码", "Carrier"), ("平台规定的快递公司编码。", "The platform's code of the carrier.")
)
ITEM = plain(("平台商品 ID", "Item"), ("平台上的商品 ID。", "The item's id at the platform."))
SKU_ID = plain(
    ("平台 SKU ID", "SKU id"), ("平台上的规格 ID。", "The variant's id at the platform.")
)
QUANTITY = setting(
    ("可售数量", "Available"),
    ("设为这个数，不是加减。", "It becomes this number; nothing is added."),
    type=["integer", "string"],
)
MISSING = -1
"""No quantity is no quantity, and not nought: `wire.whole` refuses it."""
WAYBILL = plain(("运单号", "Waybill no."), ("快递单号。", "The parcel's number."))
AMOUNT = setting(
    ("金额（元）", "Amount"),
    ("最多两位小数，例如 12.50。", "At most two decimals, such as 12.50."),
    type=["number", "string"],
)
REASON = plain(("原因", "Reason"), ("平台会显示给买家。", "Shown to the buyer."))
METHOD = plain(
    ("接口名", "Interface"),
    (
        "平台文档里的接口名；换取令牌的接口不能在这里用。",
        "Its name in the platform's documents; not one that hands out tokens.",
    ),
)
BODY = setting(
    ("参数", "Parameters"),
    ("接口的业务参数，写成 {'名称': 值}。", "What the interface asks for, as {'name': value}."),
    type="object",
)


def size(most: int) -> dict[str, Any]:
    return setting(
        ("每页条数", "Page size"),
        ("平台允许的最大值就是默认值。", "Usually the most the platform allows."),
        type="integer",
        minimum=1,
        maximum=most,
        default=most,
    )


def not_of_tokens(method: str) -> str:
    """An answer is kept as a variable and in the history: credentials must never be in one."""
    if any(word in method.lower() for word in ("token", "oauth", "auth.")):
        raise ParamWrong("Expected an interface that hands out no tokens.")
    return method


def renewed(answer: Any) -> Verdict:
    """The new tokens a platform hands out, as the engine keeps them; wherever in the answer they stand."""
    found = answer
    for _ in range(3):
        if isinstance(found, Mapping) and "access_token" not in found:
            inner = [value for value in found.values() if isinstance(value, Mapping)]
            found = inner[0] if inner else None
    token = found.get("access_token") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or not token:
        return Verdict(trouble="unlisted", code="no_token")
    names = ("access_token", "refresh_token")
    output: dict[str, Any] = {
        "secrets": {name: str(found[name]) for name in names if found.get(name)},
        "expires_in": _seconds(found, "expires_in"),
        "refresh_expires_in": _seconds(
            found, "re_expires_in", "refresh_token_expires_in", "refresh_expires_in"
        ),
    }
    levels = [_seconds(found, f"{level}_expires_in") for level in ("r1", "r2", "w1", "w2")]
    ends = [end for end in (output["expires_in"], *levels) if end]
    output["expires_in"] = min(ends) if ends else None  # the level that ends first ends it for us
    return Verdict(output)


def _seconds(found: Mapping[str, Any], *names: str) -> int | None:
    """For how long: whole seconds, or none where it is not said."""
    for name in names:
        text = str(found.get(name, ""))
        if text.isascii() and text.isdigit() and 0 < len(text) < 11:
            return int(text) or None
    return None


# --- the trial ----------------------------------------------------------------------------------


def trial(operation: Operation, params: Mapping[str, Any]) -> Any:
    """A trial that asks one harmless question: yes, or a no that is about the question and not about us."""

    def test(account: ConnectionInfo, outside: Outside) -> Receipt:
        assert operation.build is not None and operation.judge is not None
        now_ms = outside.now_ms()
        wish = Wish(params, "trial", now_ms, f"trial{now_ms}")
        try:
            request = operation.build(account, wish)
            answer = outside.http(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                timeout_s=TRIAL_TIMEOUT_S,
            )
        except (NotSent, OutcomeUnknown, AddressRefused, ParamWrong) as trouble:
            return Receipt(False, str(trouble))
        verdict = operation.judge(answer)
        known = not verdict.code.startswith(
            "http_"
        )  # it read the request: an order nobody has is no trouble of ours
        good = verdict.trouble in (None, "refused", "unlisted") and known and answer.status < 500
        return Receipt(
            good, f"HTTP {answer.status} {verdict.trouble or 'ok'} {verdict.code}".strip()
        )

    return test


# --- orders in our words ------------------------------------------------------------------------

Path = tuple[str | int, ...]
AMOUNT_DIGITS_MAX = 20
SECONDS_MAX = 10**11
"""The year 5138: what is later was no time."""


class Reading:
    """A payload, and which of its fields were taken. What nobody took is not lost: it becomes `extra`."""

    def __init__(self, payload: Any, at: Path = (), taken: set[Path] | None = None) -> None:
        self._payload = payload
        self._at = at
        self.taken: set[Path] = set() if taken is None else taken

    def take(self, *places: str) -> Any:
        """The first of these that is there and not empty; `a.b` stands inside `a`."""
        for place in places:
            value = self._payload
            path: Path = tuple(place.split("."))
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if value not in (None, "", [], {}):
                self.taken.add((*self._at, *path))
                return value
        return None

    def text(self, *places: str) -> str:
        """As above, as text; empty where there is none."""
        value = self.take(*places)
        return "" if value is None else value if isinstance(value, str) else str(value)

    def yuan(self, *places: str) -> Decimal | None:
        """Money the platform writes in yuan (or its currency)."""
        value = self.take(*places)
        if value is None:
            return None
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount.adjusted()) > AMOUNT_DIGITS_MAX:
            raise ParamWrong(f"Expected an amount at {places[0]}, but it is none.")
        return amount

    def fen(self, *places: str) -> Decimal | None:
        """Money the platform writes in fen."""
        amount = self.yuan(*places)
        return None if amount is None else amount / 100

    def epoch(self, *places: str) -> str | None:
        """A time in seconds since the epoch (13 digits: ms); 0 is none."""
        value = self.take(*places)
        digits = str(value)
        if value is None or not digits.isascii() or not digits.isdigit() or int(digits) == 0:
            return None
        seconds = int(digits[:10]) if len(digits) == 13 else int(digits)
        if seconds > SECONDS_MAX:
            raise ParamWrong(f"Expected a time at {places[0]}, but it is none.")
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

    def china(self, *places: str) -> str | None:
        """A time written without a zone, in China's."""
        value = self.text(*places)
        try:
            return (
                datetime.fromisoformat(value).replace(tzinfo=CHINA).isoformat() if value else None
            )
        except ValueError:
            raise ParamWrong(f"Expected a time at {places[0]}, but it is none.") from None

    def each(self, place: str) -> list[Reading]:
        """The objects of a list."""
        value = self._payload
        path: Path = tuple(place.split("."))
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        rows = value if isinstance(value, list) else []
        return [
            Reading(row, (*self._at, *path, index), self.taken)
            for index, row in enumerate(rows)
            if isinstance(row, Mapping)
        ]

    def rest(self) -> Any:
        """The payload without what was taken."""
        return _rest(self._payload, self._at, self.taken)


def _rest(value: Any, at: Path, taken: set[Path]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: left
            for name, inner in value.items()
            if (*at, name) not in taken
            and ((left := _rest(inner, (*at, name), taken)) not in ({}, []) or inner in ({}, []))
        }
    if isinstance(value, list):  # places are kept, so that what is left can be told apart
        left = [_rest(inner, (*at, index), taken) for index, inner in enumerate(value)]
        return (
            []
            if all(one == {} and was != {} for one, was in zip(left, value, strict=True))
            else left
        )
    return value


def mapped(
    reading: Reading, statuses: Mapping[str, str], values: Mapping[str, Any], *, what: str
) -> Mapped:
    """An order must have a number, and its status is read by code only: one nobody listed has no state, and a person looks."""
    if not values.get("platform_order_id"):
        raise ParamWrong(f"Expected the number of the order in this {what}, but found none.")
    state = statuses.get(str(values.get("status_code", "")))
    return Mapped({**values, "state": state}, reading.rest(), frozenset(reading.taken))


def address(*parts: str) -> str:
    return " ".join(part for part in parts if part)

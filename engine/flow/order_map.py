"""An order or a refund as a platform writes it → in our words, by the connector's map and what a source puts over it. Pure.

A source's `fields` say, field by field, where to read instead: `"buyer_memo"`, `"a.b.c"`, `"lines.0.sku"`, or
`{"from": "total_fee", "kind": "fen"}`. Its `statuses` say what a code means. Codes decide, never labels; a code nobody listed
has no state, and a person looks (R026, R027, decision G4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from zoneinfo import ZoneInfo

from headrace.engine import jsontext
from headrace.engine.connector import ORDER_STATES, Connector, Mapped, ParamWrong
from headrace.engine.errors import Problem

ZONE = ZoneInfo("Asia/Shanghai")
What = Literal["order", "refund"]

KINDS = ("text", "money", "fen", "number", "integer", "epoch", "datetime", "json")
"""How an override reads a value. fen: whole fen → yuan; epoch: seconds or milliseconds; datetime: without a zone Shanghai's."""

ORDER_FIELDS: Mapping[str, str] = {
    "shop": "text", "platform_order_id": "text", "status_code": "text", "status_label": "text", "created_at": "datetime",
    "updated_at": "datetime", "paid_at": "datetime", "buyer": "text", "phone": "text", "address": "text", "currency": "text",
    "total": "money", "items": "json", "note": "text",
}  # fmt: skip
"""What an order has in our words, and how an override of it is read when it does not say."""

REFUND_FIELDS: Mapping[str, str] = {
    "shop": "text", "refund_id": "text", "platform_order_id": "text", "status_code": "text", "amount": "money", "currency": "text",
    "reason": "text", "created_at": "datetime", "updated_at": "datetime", "items": "json",
}  # fmt: skip

REFUND_STATES = ("requested", "approved", "returning", "refunded", "refused", "closed")
"""The life of a refund in our words."""

EXTRA_MAX = 15_000
"""Characters of what was not mapped that a record keeps; what came raw has all of it."""

EVENTLESS = frozenset(
    {"extra", "content_hash", "updated_at", "validated_at", "way", "source", "status_label", "status_code"}
)  # fmt: skip
"""A change of these alone is no news to a flow."""

PREFIXES: Mapping[str, str] = {
    "taobao": "TB", "jd": "JD", "pdd": "PD", "doudian": "DY", "wechat_shop": "WX", "shopify": "SP", "woocommerce": "WC",
    "file": "FL",
}  # fmt: skip
"""What a unified number begins with (R023)."""


@dataclass(slots=True)
class Taken:
    """An order or refund, mapped. With problems it is none yet, and a person looks."""

    key: str
    """`channel:shop:platform_order_id`, of a refund `channel:shop:refund_id` (decision G2)."""
    values: dict[str, Any]
    code: str = ""
    state: str | None = None
    unmapped: list[str] = field(default_factory=list)
    """Paths of what is in `extra`."""
    problems: list[Problem] = field(default_factory=list)
    pre_mapped: tuple[int, int] = (0, 0)
    """Fields of the payload that were mapped, and all of them (R002)."""


def take(
    payload: Mapping[str, Any],
    connector: Connector | None,
    source: Mapping[str, Any],
    what: What = "order",
) -> Taken:
    """`source`: channel, shop, fields, statuses. Never raises: what is wrong is in `problems`."""
    overrides: Mapping[str, Any] = (source.get("fields") or {}).get(what) or {}
    mapper = None if connector is None else connector.order if what == "order" else connector.refund
    problems: list[Problem] = []
    try:
        mapped = mapper(payload) if mapper is not None else _plain(payload, what)
    except (ParamWrong, ArithmeticError, ValueError, TypeError, AttributeError, KeyError) as wrong:
        mapped = _plain({}, what)
        if not overrides:
            problems.append(
                Problem("", "unreadable", {"found": str(wrong)[:200]}, str(wrong)[:300])
            )
    values = _plain_values(mapped.values)
    extra = mapped.extra
    for name, told in overrides.items():
        path, kind = _override(name, told, what)
        try:
            found = _read(payload, path, kind)
        except (ValueError, ArithmeticError) as wrong:
            problems.append(
                Problem(
                    f"/{name}",
                    "type",
                    {"expected": kind, "found": str(wrong)[:60]},
                    f"Expected {kind} at {path}, but found {wrong}.",
                )
            )
            continue
        if found is not None:
            values[name] = found
            extra = _without(extra, path.split("."))
    code = str(values.get("status_code") or "")
    statuses = (source.get("statuses") or {}).get(what) or {}
    state = statuses.get(code, values.get("state"))
    known = ORDER_STATES if what == "order" else REFUND_STATES
    if state is None and code in known and mapper is None:
        state = code
    listed = connector is not None and connector.refund_statuses
    if what == "refund" and state is None and not statuses and not listed:
        state = "requested"  # no platform's codes of refunds are listed: all are wishes until a person lists them
    values["channel"] = source["channel"]
    values["shop"] = str(source.get("shop") or values.get("shop") or source["channel"])
    id_ = str(values.get("platform_order_id" if what == "order" else "refund_id") or "").strip()
    if id_:
        values["platform_order_id" if what == "order" else "refund_id"] = id_
    else:
        name = "platform_order_id" if what == "order" else "refund_id"
        text = f"Expected the number of this {what}, but found none."
        problems.append(Problem(f"/{name}", "required", {"name": name}, text))
    if state is None and not problems:
        params = {"code": code, "known": sorted(statuses)}
        problems.append(
            Problem(
                "/status_code",
                "status_unknown",
                params,
                f"Expected a status code that is listed, but found {code[:80]!r}.",
            )
        )
    values["state"] = state
    if what == "refund" and values.get("platform_order_id"):
        values["order_key"] = record_key(
            values["channel"], values["shop"], values["platform_order_id"]
        )
    size = len(jsontext.dumps(extra)) if extra else 0
    values["extra"] = extra if size <= EXTRA_MAX else {"too_large": size}
    unmapped = list(_leaves(extra))
    count = sum(1 for _ in _leaves(payload))
    return Taken(
        record_key(values["channel"], values["shop"], id_) if id_ else "",
        {name: value for name, value in values.items() if value not in (None, "")},
        code,
        state,
        unmapped,
        problems,
        (max(count - len(unmapped), 0), count),
    )


def safe(value: Any, deep: int = 60) -> Any:
    """A payload as JSON can keep it: numbers beyond 64 bits are texts, what is nested too deep is nothing."""
    if isinstance(value, Mapping):
        return {str(k): safe(v, deep - 1) for k, v in value.items()} if deep else None
    if isinstance(value, list | tuple):
        return [safe(one, deep - 1) for one in value] if deep else None
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value if isinstance(value, Decimal) else str(value)


def record_key(channel: str, shop: str, id_: str) -> str:
    """What makes an order one, whichever way it came (decision G2); at most 200 characters."""
    key = f"{channel}:{shop}:{id_}"
    return key if len(key) <= 200 else key[:135] + hashlib.sha256(key.encode()).hexdigest()


def identity(channel: str, key: str, created_at: Any) -> str:
    """The hash over the channel's mark and the platform's own time of creation (R022): never over when we pulled it."""
    return hashlib.sha256(f"{channel}\n{key}\n{created_at or ''}".encode()).hexdigest()


def content_hash(values: Mapping[str, Any]) -> str:
    """Of what an order says in our words: other values, other hash."""
    told = {
        k: v
        for k, v in values.items()
        if k not in ("extra", "way", "source", "validated_at", "content_hash", "number", "identity")
    }
    text = jsontext.dumps({name: told[name] for name in sorted(told)})
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check(fields: Any, statuses: Any) -> list[Problem]:
    """What is wrong with the overrides of a source."""
    problems: list[Problem] = []
    for what, known, states in (
        ("order", ORDER_FIELDS, ORDER_STATES), ("refund", REFUND_FIELDS, REFUND_STATES),
    ):  # fmt: skip
        for name, told in ((fields or {}).get(what) or {}).items():
            path, kind = _override(name, told, what)
            if not path or kind not in KINDS or len(path) > 300:
                text = f"Expected a place to read {name} from and one of {', '.join(KINDS)}."
                problems.append(
                    Problem(
                        f"/fields/{what}/{name}",
                        "field_map_wrong",
                        {"known": list(KINDS), "found": str(told)[:80]},
                        text,
                    )
                )
            elif name in ("state", "channel", "number", "extra"):
                text = f"Expected a field that is read from the payload, but {name} is not."
                problems.append(
                    Problem(
                        f"/fields/{what}/{name}",
                        "field_map_fixed",
                        {"name": name, "known": list(known)},
                        text,
                    )
                )
        for code, state in ((statuses or {}).get(what) or {}).items():
            if state not in states:
                text = f"Expected one of {', '.join(states)}, but found {str(state)[:40]}."
                problems.append(
                    Problem(
                        f"/statuses/{what}/{code}",
                        "enum",
                        {"choices": list(states), "found": str(state)[:40]},
                        text,
                    )
                )
    return problems


def places(payload: Any) -> list[tuple[str, Any]]:
    """All places of a payload with their values, for the editor of a map: `a.b`, `lines.0.sku`."""
    return [(".".join(map(str, path)), value) for path, value in _walk(payload, ())]


# --- reading ---------------------------------------------------------------------------------------


def _override(name: str, told: Any, what: str) -> tuple[str, str]:
    kinds = ORDER_FIELDS if what == "order" else REFUND_FIELDS
    usual = kinds.get(name, "text")
    if isinstance(told, Mapping):
        return str(told.get("from") or ""), str(told.get("kind") or usual)
    return str(told or ""), usual


def _read(payload: Any, path: str, kind: str) -> Any:
    value = payload.get(path) if isinstance(payload, Mapping) else None  # a column may have dots
    if value is None:
        value = payload
        for part in path.split("."):
            if isinstance(value, Mapping):
                value = value.get(part)
            elif isinstance(value, list) and part.isascii() and part.isdigit():
                value = value[int(part)] if int(part) < len(value) else None
            else:
                return None
    if value in (None, "", [], {}):
        return None
    match kind:
        case "json":
            return value
        case "text":
            return (
                value
                if isinstance(value, str)
                else jsontext.dumps(value)
                if isinstance(value, list | dict)
                else str(value)
            )
        case "integer":
            return int(str(value))
        case "epoch":
            number = int(str(value))
            return _iso(datetime.fromtimestamp(number / 1_000 if number > 10**11 else number, UTC))
        case "datetime":
            moment = datetime.fromisoformat(str(value).strip().replace("/", "-"))
            return _iso(moment if moment.tzinfo else moment.replace(tzinfo=ZONE))
        case _:
            return _number(value, kind)


def _number(value: Any, kind: str) -> Decimal:
    text = str(value).strip().lstrip("¥￥$").replace(",", "").removesuffix("元")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(text[:60]) from None
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise ValueError(text[:60])
    return number / 100 if kind == "fen" else number


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(payload: Mapping[str, Any], what: What) -> Mapped:
    """A file's row, or an own shop's order: it has our names already, whatever else it has is kept."""
    known = ORDER_FIELDS if what == "order" else REFUND_FIELDS
    allowed = {*known, "state", "address_parts"}
    values: dict[str, Any] = {
        name: value
        for name, value in payload.items()
        if name in allowed and value not in (None, "")
    }
    if "status_code" not in values and "state" in values:
        values["status_code"] = str(values["state"])
    values.pop("state", None)
    extra = {name: value for name, value in payload.items() if name not in allowed}
    return Mapped(values, extra, frozenset((name,) for name in values))


def _plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the table keeps it: the buyer's name and phone are fields of their own; lines hold exact texts of numbers."""
    told = dict(values)
    buyer = told.get("buyer")
    if isinstance(buyer, Mapping):
        told["buyer"] = buyer.get("name") or ""
        told["phone"] = buyer.get("phone") or ""
    if isinstance(told.get("items"), list):
        told["items"] = [
            {name: _line_value(value) for name, value in row.items() if value not in (None, "")}
            if isinstance(row, Mapping)
            else row
            for row in told["items"]
        ]
    return told


def _line_value(value: Any) -> Any:
    return jsontext.loads(jsontext.dumps(value)) if isinstance(value, Decimal) else value


def _without(extra: Any, path: Sequence[str]) -> Any:
    """`extra` without what an override has taken."""
    if not isinstance(extra, Mapping) or path[0] not in extra:
        return extra
    if len(path) == 1:
        return {name: value for name, value in extra.items() if name != path[0]}
    left = _without(extra[path[0]], path[1:])
    rest = {name: value for name, value in extra.items() if name != path[0]}
    return rest if left in ({}, None) else {**rest, path[0]: left}


def _leaves(value: Any) -> list[str]:
    return [".".join(map(str, path)) for path, _ in _walk(value, ())]


def _walk(value: Any, at: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping):
        return [one for name, inner in value.items() for one in _walk(inner, (*at, str(name)))]
    if isinstance(value, list):
        return [one for index, inner in enumerate(value) for one in _walk(inner, (*at, index))]
    return [] if value in (None, "") else [(at, value)]

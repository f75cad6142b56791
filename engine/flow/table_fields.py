"""Fields of tables that business users draw: what a value of each kind must be, how it is sorted, and what it is found by.

A value is JSON as expressions read it: money and decimals are exact numbers, dates and moments ISO 8601 texts. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.flow.values import parse_number, to_json_value

Field = Mapping[str, Any]

KINDS = (
    "text", "long_text", "integer", "decimal", "money", "enum", "yes_no", "date", "date_time", "reference", "list", "phone", "file",
    "json",
)  # fmt: skip

NUMBERS = frozenset({"integer", "decimal", "money"})
BY_NUMBER = NUMBERS | {"yes_no", "date", "date_time"}
"""Kinds that are filtered and sorted by a number."""
BY_TEXT = frozenset({"text", "enum", "reference", "phone"})
"""Kinds that are filtered and sorted by a text."""

TEXT_MAX = 500
LONG_TEXT_MAX = 20_000
LIST_MAX = 100
LIST_TEXT_MAX = 200
JSON_MAX = 20_000
DECIMALS_MAX = 6
SLOT_TEXT_MAX = 120
"""Characters that a text is sorted and filtered by; what is longer is cut there, not in the record."""
SLOT_NUMBER_MAX = 9_000_000_000_000_000_000
NOTHING = -9_223_372_036_854_775_807
"""What a record without a number has in its place: before every number, and found by like one."""
ZONE = ZoneInfo("Asia/Shanghai")
"""Where a moment without a zone is."""


@dataclass(frozen=True, slots=True)
class Misfit(Exception):
    """A value that a field does not take: a code and what tells it."""

    code: str
    params: Mapping[str, Any]
    expected: str
    found: str


def accept(field: Field, value: Any) -> Any:
    """The value as it is kept; raises `Misfit`. Nothing (None, an empty text) is None, whatever the kind."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _ACCEPT[field["kind"]](field, value)


def slot_value(field: Field, value: Any) -> int | str:
    """What an accepted value is filtered and sorted by."""
    kind = field["kind"]
    if kind in BY_TEXT:
        return "" if value is None else str(value).casefold().replace("\0", "")[:SLOT_TEXT_MAX]
    if value is None:
        return NOTHING
    if kind == "yes_no":
        return int(value)
    if kind == "date":
        return date.fromisoformat(value).toordinal()
    if kind == "date_time":
        return _ms(datetime.fromisoformat(value))
    return int(Decimal(str(value)).scaleb(decimals_of(field)))


def decimals_of(field: Field) -> int:
    """Digits after the point of a number field."""
    if field["kind"] == "integer":
        return 0
    return int(field.get("decimals", 2 if field["kind"] == "money" else 4))


def indexable(field: Field) -> bool:
    """Can records be filtered and sorted by it?"""
    return field["kind"] in BY_TEXT or field["kind"] in BY_NUMBER


def text_of(field: Field, value: Any, language: str = "zh") -> str:
    """A value as people read it in a file: the title of a choice, a number with its digits."""
    if value is None:
        return ""
    kind = field["kind"]
    if kind == "enum":
        return next(
            (title_of(one, language) for one in field["options"] if one["value"] == value),
            str(value),
        )
    if kind == "yes_no":
        return {"zh": ("否", "是"), "en": ("no", "yes")}[language][bool(value)]
    if kind == "list":
        return "; ".join(value) if isinstance(value, list) else str(value)
    if kind == "money":
        return f"{Decimal(str(value)):.{decimals_of(field)}f}"
    if kind in NUMBERS:
        return f"{Decimal(str(value)):f}"
    if kind == "file":
        return str(value.get("name") or value.get("id")) if isinstance(value, dict) else str(value)
    return value if isinstance(value, str) else jsontext.dumps(value)


def title_of(thing: Mapping[str, Any], language: str) -> str:
    """Its title in a language, or in the other one, or its name."""
    title = thing.get("title") or {}
    return str(
        title.get(language)
        or next(iter(title.values()), "")
        or thing.get("name")
        or thing.get("value", "")
    )


# --- kinds -----------------------------------------------------------------------------------------


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _kind("a text", value)
    text = value if isinstance(value, str) else f"{Decimal(str(value)):f}"
    most = field.get("max_length") or (LONG_TEXT_MAX if field["kind"] == "long_text" else TEXT_MAX)
    if len(text) > most:
        raise Misfit("max_length", {"limit": most}, f"at most {most} characters", str(len(text)))
    if "\0" in text:
        raise _kind("a text without U+0000", value)
    return text


def _number(field: Field, value: Any) -> Any:
    number: Decimal | int | None = None
    if isinstance(value, str):
        number = parse_number(re.sub(r"[\s,，¥￥$]|元$", "", value.strip()))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            number = Decimal(repr(value) if isinstance(value, float) else str(value))
        except InvalidOperation:
            number = None
    if number is None or not Decimal(number).is_finite():
        raise _kind("a number", value)
    number, places = Decimal(number), decimals_of(field)
    if number != round(number, places):
        params = {"limit": places, "found": str(number)}
        raise Misfit("decimals", params, f"at most {places} digits after the point", str(number))
    if abs(number.scaleb(places)) > SLOT_NUMBER_MAX:
        limit = Decimal(SLOT_NUMBER_MAX).scaleb(-places)
        raise Misfit("maximum", {"limit": str(limit)}, f"at most {limit}", str(number))
    for bound, code in (("min", "minimum"), ("max", "maximum")):
        if field.get(bound) is None:
            continue
        limit = Decimal(str(field[bound]))
        if (number < limit) if bound == "min" else (number > limit):
            least = "at least" if bound == "min" else "at most"
            params = {"limit": field[bound], "found": str(number)}
            raise Misfit(code, params, f"{least} {field[bound]}", str(number))
    return to_json_value(number)


def _enum(field: Field, value: Any) -> str:
    for option in field["options"]:
        if option["value"] == value:
            return str(value)
    wanted = str(value).strip().casefold()
    for option in field["options"]:
        names = {str(option["value"]).casefold()}
        names |= {str(title).casefold() for title in (option.get("title") or {}).values()}
        if wanted in names:
            return str(option["value"])
    choices = [option["value"] for option in field["options"]]
    told = ", ".join(map(str, choices[:10]))
    raise Misfit("enum", {"choices": choices, "found": str(value)[:60]}, told, str(value)[:60])


_YES = frozenset({"yes", "true", "1", "y", "是", "对", "真", "√"})
_NO = frozenset({"no", "false", "0", "n", "否", "不", "假", "×"})


def _yes_no(_: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise _kind("yes or no", value)


_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?$", re.ASCII)


def _date(field: Field, value: Any) -> str:
    found = _DAY.match(value.strip()) if isinstance(value, str) else None
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _kind("a date like 2026-01-31", value)
    return _bounded(field, day.isoformat())


def _date_time(field: Field, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        at_ms = value * 1_000 if value < 100_000_000_000 else value  # seconds or milliseconds
        try:
            return _bounded(field, to_iso(at_ms))
        except (ValueError, OverflowError, OSError):
            raise _kind("a moment", value) from None
    if not isinstance(value, str):
        raise _kind("a moment like 2026-01-31T09:30:00+08:00", value)
    text = value.strip().replace("/", "-")
    text = re.sub(r"^(\d{4})-(\d)-", r"\1-0\2-", text)
    text = re.sub(r"^(\d{4}-\d{2})-(\d)(?=\D|$)", r"\1-0\2", text)
    text = re.sub(r"([ T])(\d):", r"\g<1>0\2:", text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _kind("a moment like 2026-01-31T09:30:00+08:00", value) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZONE)
    try:
        return _bounded(field, to_iso(_ms(moment)))
    except (ValueError, OverflowError):
        raise _kind("a moment", value) from None


def _bounded(field: Field, text: str) -> str:
    """Dates and moments in one form each: their texts compare as they do."""
    for bound, code in (("min", "minimum"), ("max", "maximum")):
        limit = field.get(bound)
        if not limit:
            continue
        if (text < limit) if bound == "min" else (text > limit):
            raise Misfit(code, {"limit": limit, "found": text}, f"{bound} {limit}", text)
    return text


def _reference(_: Field, value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or len(str(value)) > 200:
        raise _kind("the key of a record", value)
    return str(value).strip()


def _list(_: Field, value: Any) -> list[str]:
    items = re.split(r"[;；\n]", value) if isinstance(value, str) else value
    if not isinstance(items, list) or any(isinstance(i, dict | list) for i in items):
        raise _kind("a list of texts", value)
    texts = [text for item in items if item is not None and (text := str(item).strip())]
    if len(texts) > LIST_MAX or any(len(text) > LIST_TEXT_MAX for text in texts):
        raise Misfit("max_items", {"limit": LIST_MAX}, f"at most {LIST_MAX} texts", str(len(texts)))
    return texts


def _phone(_: Field, value: Any) -> str:
    text = re.sub(r"[\s\-().（）]", "", str(value))
    if isinstance(value, bool) or not re.fullmatch(
        r"\+?[0-9]{5,20}(转?[0-9]{1,6})?", text, re.ASCII
    ):
        raise _kind("a phone number", value)
    return text


def _file(_: Field, value: Any) -> dict[str, Any]:
    found = {"id": value} if isinstance(value, str) else value
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise _kind("a file", value)
    return {name: found[name] for name in ("id", "name", "size", "type") if name in found}


def _json(_: Field, value: Any) -> Any:
    if isinstance(value, str):
        with suppress(ValueError):  # a text is JSON, too
            value = jsontext.loads(value)
    length = len(jsontext.dumps(value))
    if length > JSON_MAX:
        raise Misfit(
            "max_length", {"limit": JSON_MAX}, f"at most {JSON_MAX} characters", str(length)
        )
    return value


_ACCEPT: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _text, "long_text": _text, "integer": _number, "decimal": _number, "money": _number, "enum": _enum, "yes_no": _yes_no,
    "date": _date, "date_time": _date_time, "reference": _reference, "list": _list, "phone": _phone, "file": _file, "json": _json,
}  # fmt: skip


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1_000)


def _kind(expected: str, value: Any) -> Misfit:
    found = str(value)[:60]
    return Misfit("type", {"expected": expected, "found": found}, expected, found)

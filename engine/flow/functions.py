"""The functions of the expression language: one table for the compiler, the API, the docs and the designer's completion.

To add one: write it, and put it into `FUNCTIONS` with a help in both languages and an example that evaluates.
A function does a bounded amount of work for the size of its arguments and refuses kinds it was not made for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from headrace.engine.flow import duration, values
from headrace.engine.flow.values import bounded_list, bounded_text, exact, is_number, same, wrong
from headrace.engine.flow.wording import kind_of, listed, shown
from headrace.engine.node import Text

ZONE_DEFAULT = "Asia/Shanghai"
"""The zone `format_date` shows a moment in when none is named."""

PATTERN_MAX = 100
"""Characters of a date pattern."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function people may call. `call` is None for those the compiler must see unevaluated."""

    name: str
    signature: str
    help: Text
    example: str
    call: Callable[..., Any] | None
    least: int
    most: int

    def as_json(self) -> dict[str, Any]:
        """As `GET /api/functions` gives it."""
        return {
            "name": self.name,
            "signature": self.signature,
            "help": dict(self.help),
            "example": self.example,
        }


# --- what arguments must be ----------------------------------------------------------------------


def _expected(name: str, wanted: str, value: Any, hint: str = "") -> Exception:
    found = "nothing" if value is None else f"the {kind_of(value)} {shown(value)}"
    return wrong(
        "kind", f"Expected {wanted} in {name}(…), but found {found}.{hint}",
        function=name, wanted=wanted, found=kind_of(value), found_value=shown(value),
    )  # fmt: skip


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _expected(name, "a text", value, " text(x) makes a text." if is_number(value) else "")
    return value


def _number(name: str, value: Any) -> values.Number:
    if not is_number(value):
        hint = " number(x) makes a number of a text." if isinstance(value, str) else ""
        raise _expected(name, "a number", value, hint)
    return exact(value)


def _whole(name: str, value: Any, least: int, most: int) -> int:
    number = _number(name, value)
    if number != int(number) or not least <= number <= most:
        raise _expected(name, f"a whole number from {least} to {most}", value)
    return int(number)


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _expected(name, "a list", value)
    return list(value) if isinstance(value, tuple) else value


def _moment(name: str, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    moment = values.parse_moment(value) if isinstance(value, str) else None
    if moment is None:
        raise _expected(name, "a date and time with its zone", value)
    return moment


# --- numbers -------------------------------------------------------------------------------------


def _to_number(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return bounded_list(len(value), lambda: [_to_number(item) for item in value])
    if is_number(value):
        return exact(value)
    number = values.parse_number(value) if isinstance(value, str) else None
    if number is None:
        raise _expected("number", "a text of digits as 12.50", value)
    return number


def _round(value: Any, digits: Any = 0) -> Any:
    return values.rounded(_number("round", value), _whole("round", digits, 0, 20))


def _floor(value: Any) -> int:
    return values.floor(_number("floor", value))


def _ceil(value: Any) -> int:
    return -values.floor(-_number("ceil", value))


def _abs(value: Any) -> Any:
    return abs(value) if isinstance(value, timedelta) else abs(_number("abs", value))


def _extreme(name: str, sign: str) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        items = _list(name, given[0]) if len(given) == 1 else list(given)
        if not items:
            raise _nothing_in(name)
        best = items[0]
        for item in items:
            if not (is_number(item) or isinstance(item, datetime | timedelta)):
                raise _expected(name, "numbers or moments", item)
            if values.order(sign, item, best):
                best = item
        return exact(best) if is_number(best) else best

    return call


def _sum(items: Any) -> Any:
    total: Any = 0
    for item in _list("sum", items):
        if not is_number(item):
            _number("sum", item)
        total = values.add(total, item)
    return total


# --- texts ---------------------------------------------------------------------------------------


def _to_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case datetime():
            return values.moment_text(value)
        case timedelta():
            return duration.from_ms(value // timedelta(milliseconds=1))
        case _ if is_number(value):
            return values.number_text(value)
        case _:
            raise _expected(
                "text", "a single value", value, ' join(x, ", ") makes a text of a list.'
            )


def _len(value: Any) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        raise _expected("len", "a text, list or record", value)
    return len(value)


def _contains(whole: Any, part: Any) -> bool:
    if not isinstance(whole, str | list | tuple) or (
        isinstance(whole, str) and not isinstance(part, str)
    ):
        raise _expected(
            "contains", "a text in a text, or a list", part if isinstance(whole, str) else whole
        )
    return values.contained(part, whole)


def _split(text: Any, separator: Any) -> list[str]:
    whole, cut = _text("split", text), _text("split", separator)
    if not cut:
        raise _expected("split", "a separator of at least one character", cut)
    return bounded_list(whole.count(cut) + 1, lambda: whole.split(cut))


def _join(items: Any, separator: Any = ", ") -> str:
    texts, between = [_to_text(item) for item in _list("join", items)], _text("join", separator)
    length = sum(map(len, texts)) + len(between) * len(texts)
    return bounded_text(length, lambda: between.join(texts))


def _replace(text: Any, old: Any, new: Any) -> str:
    whole, out, into = _text("replace", text), _text("replace", old), _text("replace", new)
    if not out:
        raise _expected("replace", "a part of at least one character", out)
    length = len(whole) + whole.count(out) * (len(into) - len(out))
    return bounded_text(length, lambda: whole.replace(out, into))


# --- moments -------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def _known_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if len(name) <= 64 else None
    except (KeyError, ValueError, OSError):
        return None


def _zone(function: str, name: Any) -> ZoneInfo:
    zone = _known_zone(_text(function, name))
    if zone is None:
        raise _expected(function, f"a time zone as {ZONE_DEFAULT}", name)
    return zone


def _date(value: Any, zone: Any = None) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(_text("date", value)[:40])
    except ValueError:
        raise _expected("date", "a date and time as 2026-01-09T16:00:00+08:00", value) from None
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        hint = f' Without a zone it is two moments: write date(x, "{ZONE_DEFAULT}").'
        raise _expected("date", "a date and time with its zone", value, hint)
    return moment.replace(tzinfo=_zone("date", zone))


_UNIX_MAX = 253_402_300_799
"""The last second of the year 9999."""


def _from_unix(seconds: Any) -> datetime:
    number = _number("from_unix", seconds)
    if not 0 <= number <= _UNIX_MAX:
        raise _expected("from_unix", "seconds since 1970", seconds)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(number * 1000))


def _period(name: str, unit_ms: int) -> Callable[[Any], timedelta]:
    def call(count: Any) -> timedelta:
        number = _number(name, count)
        if abs(Decimal(number)) * unit_ms > duration.DURATION_MAX_MS:
            raise _expected(name, "a period of at most ten years", count)
        return timedelta(milliseconds=int(number * unit_ms))

    return call


def _date_add(moment: Any, period: Any) -> datetime:
    start = _moment("date_add", moment)
    if isinstance(period, str):
        sign, text = (-1, period[1:]) if period.startswith("-") else (1, period)
        try:
            period = timedelta(milliseconds=sign * duration.to_ms(text))
        except ValueError:
            raise _expected("date_add", "a duration as P3D or PT8H", period) from None
    if not isinstance(period, timedelta):
        raise _expected("date_add", "a duration as P3D, or days(3)", period)
    return values.add(start, period)  # type: ignore[no-any-return]


_UNITS_MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000}


def _date_diff(later: Any, earlier: Any, unit: Any = "days") -> values.Number:
    if unit not in _UNITS_MS if isinstance(unit, str) else True:
        raise _expected("date_diff", f"one of {', '.join(_UNITS_MS)}", unit)
    period = _moment("date_diff", later) - _moment("date_diff", earlier)
    return values.divide(period // timedelta(milliseconds=1), _UNITS_MS[unit])


_PARTS = re.compile("YYYY|MM|DD|HH|mm|ss")
_PART_OF: Mapping[str, Callable[[datetime], str]] = {
    "YYYY": lambda m: f"{m.year:04d}",
    "MM": lambda m: f"{m.month:02d}",
    "DD": lambda m: f"{m.day:02d}",
    "HH": lambda m: f"{m.hour:02d}",
    "mm": lambda m: f"{m.minute:02d}",
    "ss": lambda m: f"{m.second:02d}",
}


def format_date(moment: Any, pattern: Any = "YYYY-MM-DD HH:mm", zone: Any = ZONE_DEFAULT) -> str:
    """A moment for people, in a zone. Parts of the pattern: YYYY MM DD HH mm ss."""
    if len(_text("format_date", pattern)) > PATTERN_MAX:
        raise _expected("format_date", f"a pattern of at most {PATTERN_MAX} characters", pattern)
    try:
        local = _moment("format_date", moment).astimezone(_zone("format_date", zone))
    except OverflowError:
        raise _expected("format_date", "a moment in the years 1 to 9999", moment) from None
    return _PARTS.sub(lambda part: _PART_OF[part.group()](local), pattern)


# --- lists and records ---------------------------------------------------------------------------


def _nothing_in(name: str) -> Exception:
    reason = f"Expected at least one item in {name}(…), but the list is empty. default({name}(x), …) allows that."
    return wrong("undefined", reason, function=name)


def _first(items: Any) -> Any:
    if not _list("first", items):
        raise _nothing_in("first")
    return items[0]


def _last(items: Any) -> Any:
    if not _list("last", items):
        raise _nothing_in("last")
    return items[-1]


def _unique(items: Any) -> list[Any]:
    seen: set[Any] = set()
    result = []
    for item in _list("unique", items):
        key = _identity(item)
        if key not in seen:
            seen.add(key)
            result.append(item)
    return result


def _identity(value: Any) -> Any:
    """Something hashable that is equal exactly when two values are the same."""
    if is_number(value):
        return "number", exact(value)
    if isinstance(value, Mapping):
        return "record", frozenset((name, _identity(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return "list", tuple(map(_identity, value))
    return kind_of(value), value


def _keys(record: Any) -> list[str]:
    if not isinstance(record, Mapping):
        raise _expected("keys", "a record", record)
    return bounded_list(len(record), lambda: list(record))


def _field(name: str, item: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(item, Mapping):
            raise _expected(name, f"records with a field {path}", item)
        if part not in item:
            reason = f"Expected a field {part} in every item of {name}(…), but one has only {listed(list(item))}."
            raise wrong("undefined", reason, path=path, known=sorted(item)[:20])
        item = item[part]
    return item


def _pluck(items: Any, path: Any) -> list[Any]:
    name = _text("pluck", path)
    return bounded_list(
        len(_list("pluck", items)), lambda: [_field("pluck", item, name) for item in items]
    )


def _where(items: Any, path: Any, value: Any) -> list[Any]:
    name = _text("where", path)
    return [item for item in _list("where", items) if same(_field("where", item, name), value)]


def _any_of(items: Any, path: Any, value: Any) -> bool:
    name = _text("any_of", path)
    return any(same(_field("any_of", item, name), value) for item in _list("any_of", items))


def _all_of(items: Any, path: Any, value: Any) -> bool:
    name = _text("all_of", path)
    return all(same(_field("all_of", item, name), value) for item in _list("all_of", items))


# --- the table -----------------------------------------------------------------------------------


def _of_text(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: method(*(_text(name, value) for value in given))


def _same_length(name: str, method: Callable[[str], str]) -> Callable[[Any], str]:
    # "ß".upper() is longer than "ß"; three times is the most that Unicode knows.
    return lambda value: bounded_text(len(_text(name, value)), lambda: method(value))


def _entry(
    signature: str,
    zh: str,
    en: str,
    example: str,
    call: Callable[..., Any] | None,
    least: int,
    most: int,
) -> Function:
    return Function(
        signature.split("(")[0], signature, {"zh": zh, "en": en}, example, call, least, most
    )


MANY = 20
"""Arguments of min(…) and max(…)."""

FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        _entry("default(value, other)", "值不存在或为空时用另一个值", "The other value where the first is missing or null",
               'default(order.note, "-")', None, 2, 2),
        _entry("exists(value)", "值存在且不为空", "Whether a value is there and not null", "exists(order.note)", None, 1, 1),
        _entry("number(text)", "把文字变成数字(列表则逐项)", "A text of digits as a number (a list: every item)",
               'number("12.50")', _to_number, 1, 1),
        _entry("round(number, digits?)", "四舍五入,可指定小数位", "Rounded half up, to so many digits",
               "round(12.345, 2)", _round, 1, 2),
        _entry("floor(number)", "向下取整", "The whole number at or below", "floor(12.9)", _floor, 1, 1),
        _entry("ceil(number)", "向上取整", "The whole number at or above", "ceil(12.1)", _ceil, 1, 1),
        _entry("abs(number)", "绝对值", "Without its sign", "abs(-5)", _abs, 1, 1),
        _entry("min(a, b, …)", "最小的值,也可以给一个列表", "The smallest, of several or of one list",
               "min(3, 5)", _extreme("min", "<"), 1, MANY),
        _entry("max(a, b, …)", "最大的值,也可以给一个列表", "The largest, of several or of one list",
               "max([3, 5])", _extreme("max", ">"), 1, MANY),
        _entry("sum(list)", "列表中数字之和", "All numbers of a list added up", "sum([1, 2.5])", _sum, 1, 1),
        _entry("len(value)", "文字的字数,或列表、记录的项数", "How many characters, items or fields", 'len("abc")', _len, 1, 1),
        _entry("text(value)", "把值变成文字", "A single value as text", "text(12.5)", _to_text, 1, 1),
        _entry("lower(text)", "变成小写", "In small letters", 'lower("ABC")', _same_length("lower", str.lower), 1, 1),
        _entry("upper(text)", "变成大写", "In capital letters", 'upper("abc")', _same_length("upper", str.upper), 1, 1),
        _entry("trim(text)", "去掉首尾空白", "Without blanks at both ends", 'trim("  a ")', _of_text("trim", str.strip), 1, 1),
        _entry("contains(whole, part)", "文字含有一段,或列表含有一项", "Whether a text has a part, or a list an item",
               'contains("refund", "fun")', _contains, 2, 2),
        _entry("starts_with(text, part)", "以此开头", "Whether a text begins so", 'starts_with("SO-1", "SO-")',
               _of_text("starts_with", str.startswith), 2, 2),
        _entry("ends_with(text, part)", "以此结尾", "Whether a text ends so", 'ends_with("a.pdf", ".pdf")',
               _of_text("ends_with", str.endswith), 2, 2),
        _entry("split(text, separator)", "按分隔符拆成列表", "A text cut into a list", 'split("a,b", ",")', _split, 2, 2),
        _entry("join(list, separator?)", "把列表连成文字", "A list as one text", 'join(["a", "b"], "-")', _join, 1, 2),
        _entry("replace(text, old, new)", "替换文字中的一段", "Every old part replaced by the new one",
               'replace("a-b", "-", "+")', _replace, 3, 3),
        _entry("date(text, zone?)", "把 ISO 日期变成时刻", "An ISO date as a moment",
               'date("2026-01-09", "Asia/Shanghai")', _date, 1, 2),
        _entry("days(number)", "天数", "A period of days", 'date("2026-01-09T00:00:00Z") + days(3)',
               _period("days", 86_400_000), 1, 1),
        _entry("hours(number)", "小时数", "A period of hours", 'date("2026-01-09T00:00:00Z") + hours(8)',
               _period("hours", 3_600_000), 1, 1),
        _entry("minutes(number)", "分钟数", "A period of minutes", 'date("2026-01-09T00:00:00Z") - minutes(30)',
               _period("minutes", 60_000), 1, 1),
        _entry("date_add(moment, duration)", "时刻加上一段时间", "A moment moved by a duration",
               'date_add("2026-01-09T00:00:00Z", "P3D")', _date_add, 2, 2),
        _entry("date_diff(later, earlier, unit?)", "两个时刻相差多少(days、hours、minutes、seconds)",
               "How long between two moments, in days, hours, minutes or seconds",
               'date_diff("2026-01-10T00:00:00Z", "2026-01-09T00:00:00Z", "hours")', _date_diff, 2, 3),
        _entry("format_date(moment, pattern?, zone?)", "把时刻写成文字(YYYY MM DD HH mm ss)",
               "A moment for people, by a pattern of YYYY MM DD HH mm ss",
               'format_date("2026-01-09T00:00:00Z", "YYYY-MM-DD", "Asia/Shanghai")', format_date, 1, 3),
        _entry("from_unix(seconds)", "把秒数（1970 年起）变成时刻", "Seconds since 1970 as a moment",
               "from_unix(1767945600)", _from_unix, 1, 1),
        _entry("first(list)", "第一项", "The first item", "first([1, 2])", _first, 1, 1),
        _entry("last(list)", "最后一项", "The last item", "last([1, 2])", _last, 1, 1),
        _entry("unique(list)", "去掉重复项", "Every item once", "unique([1, 1, 2])", _unique, 1, 1),
        _entry("keys(record)", "记录的字段名", "The field names of a record", 'keys({"a": 1})', _keys, 1, 1),
        _entry("pluck(list, field)", "取出每一项的一个字段", "One field of every item",
               'pluck([{"price": 5}, {"price": 7}], "price")', _pluck, 2, 2),
        _entry("each(list, value)", "对每一项算一个值，这一项叫 it", "A value worked out for every item, which is called it",
               'each([{"fen": 500}], {"price": it.fen / 100})', None, 2, 2),
        _entry("where(list, field, value)", "字段等于此值的项", "The items whose field has this value",
               'where([{"paid": true}, {"paid": false}], "paid", true)', _where, 3, 3),
        _entry("any_of(list, field, value)", "至少一项的字段等于此值", "Whether the field of some item has this value",
               'any_of([{"paid": true}], "paid", true)', _any_of, 3, 3),
        _entry("all_of(list, field, value)", "每一项的字段都等于此值", "Whether the field of every item has this value",
               'all_of([{"paid": true}], "paid", true)', _all_of, 3, 3),
    )
}  # fmt: skip
"""Name → function, in the order people read them."""

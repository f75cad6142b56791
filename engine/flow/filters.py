"""The filters of templates, `{{ amount | money }}`, and how a value is shown in a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from jinja2.runtime import Undefined
from markupsafe import Markup

from headrace.engine.errors import TemplateError
from headrace.engine.flow import values
from headrace.engine.flow.functions import ZONE_DEFAULT, format_date
from headrace.engine.flow.wording import kind_of, shown

LIST_MAX = 5_000
"""Items of a list shown as one text."""


def wrong_template(kind: str, reason: str, **params: Any) -> TemplateError:
    return TemplateError(kind=kind, reason=reason, **params)


def _money(value: Any, sign: str = "") -> str:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    number = (
        value
        if values.is_number(value)
        else values.parse_number(value)
        if isinstance(value, str)
        else None
    )
    if number is None:
        raise wrong_value("money", "a number, or a text as 12.50", value)
    return f"{'-' if number < 0 else ''}{sign}{abs(Decimal(values.rounded(number, 2))):,.2f}"


def _date(value: Any, pattern: str = "YYYY-MM-DD HH:mm", zone: str = ZONE_DEFAULT) -> str:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    return format_date(value, pattern, zone)


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) or value is None else value


def _length(value: Any) -> int:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if not isinstance(value, str | list | tuple | Mapping):
        raise wrong_value("length", "a text, list or record", value)
    return len(value)


def _join(items: Any, separator: str = ", ") -> str:
    if isinstance(items, Undefined):
        items._fail_with_undefined_error()
    if not isinstance(items, list | tuple):
        raise wrong_value("join", "a list", items)
    texts = [text_of(item) for item in items]
    return values.bounded_text(
        sum(map(len, texts)) + len(separator) * len(texts), lambda: separator.join(texts)
    )


def _round(value: Any, digits: int = 0) -> str:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if not values.is_number(value):
        raise wrong_value("round", "a number", value)
    return values.number_text(values.rounded(value, max(0, min(int(digits), 20))))


def _end(name: str, index: int) -> Callable[[Any], Any]:
    def pick(items: Any) -> Any:
        if isinstance(items, Undefined):
            items._fail_with_undefined_error()
        if not isinstance(items, list | tuple | str) or not items:
            raise wrong_value(name, "a list with at least one item", items)
        return items[index]

    return pick


def _of_text(method: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: method(text_of(value))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": _money,
    "date": _date,
    "default": _default,
    "upper": _of_text(str.upper),
    "lower": _of_text(str.lower),
    "trim": _of_text(str.strip),
    "length": _length,
    "join": _join,
    "first": _end("first", 0),
    "last": _end("last", -1),
    "round": _round,
}
"""The filters people may use. An undefined value fails in each but `default`."""


def wrong_value(name: str, wanted: str, value: Any) -> TemplateError:
    found = "nothing" if value is None else f"the {kind_of(value)} {shown(value)}"
    return wrong_template(
        "kind",
        f"Expected {wanted} for the filter {name}, but found {found}.",
        filter=name,
        found=kind_of(value),
    )


def text_of(value: Any) -> str:
    """A value in a text: 12.0 as 12, yes/no as true/false, nothing as nothing at all."""
    match value:
        case Undefined():
            return str(value)  # raises, and names the field
        case Markup() | str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return values.number_text(value)
        case datetime():
            return values.moment_text(value)
        case list() | tuple():
            return ", ".join(text_of(item) for item in value[:LIST_MAX])
        case _:
            raise wrong_template(
                "kind",
                f"Expected a single value to show, but found a {kind_of(value)}.",
                found=kind_of(value),
            )

"""What one cell means. A condition is a list of tests, a result a value or an expression.

| cell | holds for |
|---|---|
| `-` or empty | anything |
| `200`, `tmall`, `"A", "B"`, `yes` | these values |
| `>= 200`, `< 2026-05-01`, `!= jd` | compared |
| `200..500`, `(200..500]` | from … to, with a round bracket without its end |
| `not(jd, pdd)` | anything but these |
| `null` | nothing was given |
| `it > limit * 2`, `>= limit` | an expression over the inputs; `it` is this column's value |

What holds literals only becomes exact sets (`Part`), which can be analysed; all else is an expression of the one language
(`flow/expression.py`), asked when the table is. Full-width signs mean what they look like: `≥ 200，< 500`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.decision.model import Column, decimals_of
from headrace.engine.flow.expression import Expression, compile_expression
from headrace.engine.flow.functions import ZONE_DEFAULT
from headrace.engine.flow.values import exact, is_number, parse_moment, parse_number

ORDERED = frozenset({"number", "money", "date"})

_ZONE = ZoneInfo(ZONE_DEFAULT)
_WIDE = str.maketrans({
    "，": ",", "、": ",", "；": ",", "≥": ">", "≤": "<", "（": "(", "）": ")", "【": "[", "】": "]", "“": '"', "”": '"',
    "＞": ">", "＜": "<", "＝": "=", "！": "!", "～": "~", "－": "-", "。": ".",
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
})  # fmt: skip
_DOUBLE = {"≥": ">=", "≤": "<=", "≠": "!="}
_SIGN = re.compile(r"(>=|<=|!=|==|>|<|=)\s*(.*)", re.S)
_NOT = re.compile(r"not\s*\((.*)\)", re.S | re.I)
_IT = re.compile(r"\bit\b")
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_TRUE = {"true", "yes", "y", "是", "✓", "√"}
_FALSE = {"false", "no", "n", "否", "✗", "×"}


class CellWrong(Exception):
    """A cell that says nothing one could ask; `code` and `params` are for the screen."""

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(message)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Span:
    """From … to; None is without an end."""

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Only:
    """This value; None is nothing."""

    value: Any


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition: anything (`parts` None, no `free`), a set of literals, or an expression."""

    text: str
    parts: tuple[Span | Only, ...] | None = None
    negated: bool = False
    free: Expression | None = None
    takes_nothing: bool = False
    """The expression is asked even where nothing was given."""

    @property
    def anything(self) -> bool:
        """`-`."""
        return self.parts is None and self.free is None


@dataclass(frozen=True, slots=True)
class Result:
    """What follows: a value, or an expression over the inputs."""

    value: Any = None
    free: Expression | None = None


# --- reading ------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Full-width signs made plain, but for those in quotes."""
    pieces: list[str] = []
    quoted = ""
    for sign in text.strip():
        if quoted:
            if sign == quoted or (quoted == "“" and sign == "”"):
                pieces.append('"')
                quoted = ""
            else:
                pieces.append('\\"' if sign == '"' and quoted == "“" else sign)
        elif sign in "\"'“":
            # A single quote stays what it is only inside expressions; both begin a text.
            quoted = sign
            pieces.append('"')
        else:
            pieces.append(_DOUBLE.get(sign) or sign.translate(_WIDE))
    return "".join(pieces)


def condition(column: Column, text: str) -> Cell:
    """Read a condition; raises `CellWrong`."""
    told = plain(text)
    if told in {"", "-", "*"}:
        return Cell(text)
    outer = _NOT.fullmatch(told)
    if outer and not _IT.search(told) and _balanced(outer.group(1)):
        inside = condition(column, outer.group(1))
        if inside.free is not None:
            return _free(text, f"not ({inside.free.text})", takes_nothing=False)
        return Cell(text, inside.parts or (), negated=True)
    if _IT.search(_unquoted(told)):
        return _free(text, told, takes_nothing=True)
    parts: list[Span | Only] = []
    tests: list[str] = []
    literal = column["kind"] != "list"
    for one in split(told):
        part, test = _test(column, one)
        tests.append(test)
        if part is None:
            literal = False
        else:
            parts.append(part)
    if literal:
        return Cell(text, tuple(parts))
    return _free(text, " or ".join(f"({test})" for test in tests), takes_nothing=False)


def result(column: Column, text: str) -> Result:
    """Read a result; an empty cell is nothing. Raises `CellWrong`."""
    told = plain(text)
    if told in {"", "-", "null"}:
        return Result(None)
    if told.startswith("="):
        return Result(free=_compiled(told[1:].strip()))
    kind = column["kind"]
    if kind == "list":
        return Result([_list_item(one) for one in split(told)])
    try:
        return Result(literal(column, told))
    except CellWrong:
        if kind in {"choice", "text"}:
            raise
        try:
            free = _compiled(told)
        except CellWrong:
            free = None
        if free is None or not _says_more(column, free, told):
            raise
        return Result(free=free)


def literal(column: Column, text: str) -> Any:
    """A value as written in a cell; raises `CellWrong`."""
    kind, bare = column["kind"], text.strip()
    if kind in {"number", "money"}:
        return _number(column, bare)
    if kind == "date":
        return _day(_bare(bare))
    if kind == "yes_no":
        word = _bare(bare).casefold()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise _expected("yes or no", bare)
    value = _bare(bare)
    if kind == "choice":
        return _option(column, value)
    if not value and bare != '""':
        raise _expected("a text", bare)
    return value


def written(column: Column, value: Any) -> str:
    """A value as a cell has it: the way back of `literal`."""
    kind = column["kind"]
    if value is None:
        return "null"
    if kind == "date":
        return date.fromordinal(value).isoformat() if isinstance(value, int) else str(value)
    if kind == "yes_no":
        return "yes" if value else "no"
    if kind in {"number", "money"}:
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if kind == "list":
        return ", ".join(json.dumps(one, ensure_ascii=False) for one in value)
    return json.dumps(value, ensure_ascii=False)


def given(column: Column, value: Any) -> Any:
    """What came in, as the table compares it: days as their number, numbers exact. Raises `CellWrong`."""
    if value is None or (value == "" and column["kind"] != "text"):
        return None
    kind = column["kind"]
    if kind in {"number", "money"}:
        return _number_given(column, value)
    if kind == "date":
        return _day_given(value)
    if kind == "yes_no":
        if isinstance(value, bool):
            return value
        raise _expected("yes or no", value)
    if kind == "list":
        if isinstance(value, list | tuple):
            return list(value)
        raise _expected("a list", value)
    if not isinstance(value, str):
        raise _expected("a text", value)
    if kind == "choice" and value not in {one["value"] for one in column.get("options") or ()}:
        raise _expected(_options(column), value)
    return value


def split(text: str) -> Iterator[str]:
    """The tests of a cell: by commas outside quotes and brackets."""
    depth, start, quoted, before = 0, 0, False, ""
    for index, sign in enumerate(text):
        if quoted:
            quoted = not (sign == '"' and before != "\\")
        elif sign == '"':
            quoted = True
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth <= 0:
            yield text[start:index].strip()
            start = index + 1
        before = sign
    if text[start:].strip() or start == 0:
        yield text[start:].strip()


# --- one test -----------------------------------------------------------------------------------


def _test(column: Column, text: str) -> tuple[Span | Only | None, str]:
    """As a set, if it is one, and as an expression over `it`."""
    if not text:
        raise _expected("a value between commas", text)
    if text == "null":
        return Only(None), "it == null"
    ordered = column["kind"] in ORDERED
    if ordered and (found := _ends(text)):
        low, high, low_open, high_open = found
        a, a_text = _operand(column, low)
        b, b_text = _operand(column, high)
        test = (
            f"it {'>' if low_open else '>='} {a_text} and it {'<' if high_open else '<='} {b_text}"
        )
        if a is None or b is None:
            return None, test
        if a > b or (a == b and (low_open or high_open)):
            raise CellWrong(
                "cell_range",
                f"Expected a range that holds something, but found {text}.",
                found=text,
            )
        return Span(a, b, low_open, high_open), test
    if signed := _SIGN.fullmatch(text):
        sign, rest = signed.groups()
        if not ordered and sign not in {"=", "==", "!="}:
            raise _expected("a value (only numbers and days are larger or smaller)", text)
        value, value_text = _operand(column, rest)
        sign = "==" if sign == "=" else sign
        if value is None:
            return None, f"it {sign} {value_text}"
        return _compared(sign, value), f"it {sign} {value_text}"
    value, value_text = _operand(column, text)
    if column["kind"] == "list":
        return None, f"{value_text} in it"
    return (None if value is None else Only(value)), f"it == {value_text}"


def _compared(sign: str, value: Any) -> Span | Only:
    match sign:
        case "==":
            return Only(value)
        case ">":
            return Span(low=value, low_open=True)
        case ">=":
            return Span(low=value)
        case "<":
            return Span(high=value, high_open=True)
        case "<=":
            return Span(high=value)
        case _:
            return Different(value)


@dataclass(frozen=True, slots=True)
class Different(Only):
    """Anything given but this value."""


def _ends(text: str) -> tuple[str, str, bool, bool] | None:
    dots = ".." if ".." in text else "~" if "~" in text else ""
    if not dots or '"' in text:
        return None
    bare = text
    low_open = high_open = False
    if text[0] in "([" and text[-1] in ")]":
        low_open, high_open, bare = text[0] == "(", text[-1] == ")", text[1:-1]
    low, _, high = bare.partition(dots)
    return low.strip(), high.strip(), low_open, high_open


def _operand(column: Column, text: str) -> tuple[Any, str]:
    """A literal and how an expression writes it, or None and the expression."""
    if column["kind"] == "list":
        item = _list_item(text)
        return item, json.dumps(item, ensure_ascii=False)
    try:
        value = literal(column, text)
    except CellWrong as wrong:
        if column["kind"] in {"choice", "text"} or wrong.code == "cell_decimals":
            raise
        try:
            found = _compiled(text)
        except CellWrong:
            raise wrong from None
        if not _says_more(column, found, text):
            raise
        return None, f"({text})"
    if column["kind"] == "date":
        return value, f'"{written(column, value)}"'
    if column["kind"] == "yes_no":
        return value, "true" if value else "false"
    return value, written(column, value)


def _free(text: str, expression: str, *, takes_nothing: bool) -> Cell:
    return Cell(text, free=_compiled(expression), takes_nothing=takes_nothing)


def _says_more(column: Column, found: Expression, text: str) -> bool:
    """Is it an expression, rather than a literal gone wrong?"""
    sums = column["kind"] in {"number", "money"} and re.search(r"[-+*/]", text[1:])
    return bool(found.variables or found.optional or "(" in text or sums)


def _compiled(text: str) -> Expression:
    try:
        return compile_expression(text)
    except ExpressionError as wrong:
        reason = str(wrong.params.get("reason", wrong.message))
        raise CellWrong("cell_expression", reason, reason=reason, found=text[:60]) from None


# --- values -------------------------------------------------------------------------------------


def _number(column: Column, text: str) -> Any:
    bare = text.lstrip("¥￥$").strip() if column["kind"] == "money" else text
    number = parse_number(bare)
    if number is None:
        raise _expected("a number", text)
    return _fits(column, exact(number))


def _number_given(column: Column, value: Any) -> Any:
    number = parse_number(value) if isinstance(value, str) else value
    if not is_number(number):
        raise _expected("a number", value)
    try:
        return _fits(column, exact(number))
    except ExpressionError as wrong:
        raise _expected("a number", value) from wrong


def _fits(column: Column, number: Any) -> Any:
    most = decimals_of(column)
    if most is not None and isinstance(number, Decimal) and number != round(number, most):
        raise CellWrong(
            "cell_decimals", f"Expected at most {most} decimals, but found {number}.",
            limit=most, found=str(number),
        )  # fmt: skip
    return number


def _day(text: str) -> int:
    found = _DATE.fullmatch(text)
    if found is None:
        raise _expected("a day such as 2026-01-31", text)
    try:
        return date(*(int(part) for part in found.groups())).toordinal()
    except ValueError:
        raise _expected("a day such as 2026-01-31", text) from None


def _day_given(value: Any) -> int:
    """A day, or a moment: then the day it is in China."""
    if not isinstance(value, str):
        raise _expected("a day such as 2026-01-31", value)
    moment = parse_moment(value)
    if moment is not None:
        return moment.astimezone(_ZONE).date().toordinal()
    return _day(value)


def _option(column: Column, value: str) -> str:
    options = column.get("options") or ()
    for one in options:
        if value == one["value"]:
            return value
    for one in options:
        if value in (one.get("title") or {}).values():
            return str(one["value"])
    raise CellWrong(
        "cell_option", f"Expected {_options(column)}, but found {value}.",
        found=value, options=_options(column),
    )  # fmt: skip


def _options(column: Column) -> str:
    values = [str(one["value"]) for one in column.get("options") or ()]
    return ", ".join(values[:20]) + (" …" if len(values) > 20 else "")


def _list_item(text: str) -> Any:
    number = parse_number(text)
    return _bare(text) if number is None else number


def _bare(text: str) -> str:
    """A text without its quotes."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text


def _unquoted(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def _balanced(text: str) -> bool:
    depth = 0
    for sign in _unquoted(text):
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return False
    return depth == 0


def _expected(wanted: str, value: Any) -> CellWrong:
    found = str(value)[:60]
    return CellWrong(
        "cell_wrong", f"Expected {wanted}, but found {found}.", expected=wanted, found=found
    )


def as_variable(column: Column, value: Any) -> Any:
    """An input as expressions see it: days are texts again."""
    return written(column, value) if column["kind"] == "date" and value is not None else value


def as_output(column: Column, value: Any) -> Any:
    """A result as it leaves the table."""
    return written(column, value) if column["kind"] == "date" and isinstance(value, int) else value

"""What expressions calculate with: kinds, exact arithmetic, comparing, and the way back to JSON.

Kinds: text, number (whole or exact decimal, never float), yes/no, nothing, list, record, moment, period. Two kinds are
never mixed silently: `"12.50" > 500` is an error that says so, because either guess would be wrong for somebody's money.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import (
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Any, NoReturn

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.duration import from_ms
from headrace.engine.flow.wording import kind_of, shown

DIGITS_MAX = 60
"""Digits of a number: far beyond any money, and repeated multiplying cannot eat the processor."""

TEXT_RESULT_MAX = 65_536
"""Characters of a text an expression makes: a page of message, not a file."""

ITEMS_MAX = 10_000
"""Items of a list an expression makes."""

RESULT_MAX = 1_000_000
"""Characters and items, together, of a whole result on its way back to JSON."""

RESULT_DEPTH_MAX = 100
"""Levels of a result on its way back to JSON."""

_INT_MAX = 10**DIGITS_MAX
_JSON_INT_MAX = 2**63 - 1
_EXACT = Context(
    prec=DIGITS_MAX, Emax=DIGITS_MAX, Emin=-DIGITS_MAX, traps=[InvalidOperation, Overflow, Inexact]
)
_DIVIDE = Context(
    prec=28, Emax=DIGITS_MAX, Emin=-DIGITS_MAX, traps=[InvalidOperation, Overflow, DivisionByZero]
)
_SHORT = Context(prec=15, Emax=DIGITS_MAX, Emin=-DIGITS_MAX, traps=[InvalidOperation, Overflow])

_NUMBERS = frozenset({int, float, Decimal})
Number = int | Decimal


def wrong(kind: str, reason: str, **params: Any) -> ExpressionError:
    """The error of an expression. `kind` (syntax, not_allowed, undefined, kind, value, limit, arguments) is for the screen."""
    return ExpressionError(kind=kind, reason=reason, **params)


# --- numbers -------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """A number; yes/no is none, although Python thinks so."""
    return type(value) in _NUMBERS


def exact(value: Any) -> Number:
    """A number as whole number or exact decimal: 0.1 becomes the decimal 0.1. `value` must be a number."""
    kind = type(value)
    if kind is int and -_INT_MAX < value < _INT_MAX:
        return value  # type: ignore[no-any-return]
    if kind is float:
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > DIGITS_MAX:
            raise _too_long()
        return value
    if -_INT_MAX < value < _INT_MAX:
        return int(value)
    raise _too_long()


def parse_number(text: str) -> Number | None:
    """A plain decimal number in ASCII digits (`-12.50`), or None."""
    bare = text.strip(" ")
    digits = bare[1:] if bare[:1] in {"-", "+"} else bare
    whole, point, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(bare) > DIGITS_MAX:
        return None
    if not point:
        return int(bare)
    return Decimal(bare) if fraction.isascii() and fraction.isdigit() else None


def _too_long() -> ExpressionError:
    reason = f"Expected numbers of at most {DIGITS_MAX} digits, but a result is longer."
    return wrong("limit", reason, limit=DIGITS_MAX)


def add(left: Any, right: Any) -> Any:
    """`+`: numbers, texts, lists, moment and period."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _calculate(operator.add, _EXACT.add, left, right)
    match left, right:
        case str(), str():
            return bounded_text(len(left) + len(right), lambda: left + right)
        case list(), list():
            return bounded_list(len(left) + len(right), lambda: left + right)
        case datetime(), timedelta():
            return _moved(left, right)
        case timedelta(), datetime():
            return _moved(right, left)
        case timedelta(), timedelta():
            return _period(lambda: left + right)
        case _:
            raise mixed("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """`-`: numbers, moment and period, two moments."""
    match left, right:
        case datetime(), timedelta():
            return _moved(left, -right)
        case datetime(), datetime():
            return left - right
        case timedelta(), timedelta():
            return _period(lambda: left - right)
        case _ if is_number(left) and is_number(right):
            return _calculate(operator.sub, _EXACT.subtract, left, right)
        case _:
            raise mixed("-", left, right)


def multiply(left: Any, right: Any) -> Number:
    """`*`: numbers only; a text or list is never repeated."""
    _both_numbers("*", left, right)
    return _calculate(operator.mul, _EXACT.multiply, left, right)


def divide(left: Any, right: Any) -> Number:
    """`/`: exact where it comes out even, else to 15 digits, which JSON carries unharmed (28 from a thousand million on)."""
    _both_numbers("/", left, right)
    left, right = exact(left), exact(right)
    _not_zero(right)
    if type(left) is int and type(right) is int and left % right == 0:
        return left // right
    a, b = Decimal(left), Decimal(right)
    try:
        try:
            return exact(_EXACT.divide(a, b))
        except Inexact:
            quotient = _DIVIDE.divide(a, b)
            return exact(_SHORT.plus(quotient) if abs(quotient) < 10**9 else quotient)
    except (InvalidOperation, Overflow):
        raise _too_long() from None


def floor_divide(left: Any, right: Any) -> Number:
    """`//`: the whole number below the quotient, for negative numbers too."""
    _both_numbers("//", left, right)
    left, right = exact(left), exact(right)
    _not_zero(right)
    a, b = _as_wholes(left, right)
    return exact(a // b)


def remainder(left: Any, right: Any) -> Number:
    """`%`: what `//` leaves; it has the sign of the divisor."""
    _both_numbers("%", left, right)
    left, right = exact(left), exact(right)
    if type(left) is int and type(right) is int:
        _not_zero(right)
        return left % right
    return subtract(left, multiply(floor_divide(left, right), right))  # type: ignore[no-any-return]


def negative(value: Any) -> Any:
    """`-x`."""
    if isinstance(value, timedelta):
        return -value
    if not is_number(value):
        raise wrong(
            "kind", f"Expected a number after -, but found {_told(value)}.", found=kind_of(value)
        )
    return -exact(value)


def rounded(value: Any, digits: int = 0) -> Number:
    """Round half up, as merchants do: 2.5 → 3, 0.125 to 2 digits → 0.13."""
    number = exact(value)
    if type(number) is int:
        return number
    assert isinstance(number, Decimal)
    try:
        result = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _DIVIDE_WIDE)
    except InvalidOperation:
        raise _too_long() from None
    return result if digits else int(result)


_DIVIDE_WIDE = Context(prec=2 * DIGITS_MAX, traps=[InvalidOperation, Overflow])


def floor(value: Any) -> int:
    """The whole number at or below."""
    number = exact(value)
    return number if isinstance(number, int) else int(number.to_integral_value(ROUND_FLOOR))


def _calculate(
    whole: Callable[[Any, Any], Any], decimal: Callable[[Any, Any], Decimal], left: Any, right: Any
) -> Number:
    left, right = exact(left), exact(right)
    if type(left) is int and type(right) is int:
        return exact(whole(left, right))
    try:
        return exact(decimal(left, right))
    except (InvalidOperation, Overflow, Inexact):
        raise _too_long() from None


def _as_wholes(left: Number, right: Number) -> tuple[int, int]:
    decimals = [number for number in (left, right) if isinstance(number, Decimal)]
    places = max([0, *(-int(number.as_tuple().exponent) for number in decimals)])
    return _scaled(left, places), _scaled(right, places)


def _scaled(number: Number, places: int) -> int:
    return (
        number * 10**places if isinstance(number, int) else int(number.scaleb(places, _DIVIDE_WIDE))
    )


def _both_numbers(sign: str, left: Any, right: Any) -> None:
    if not (is_number(left) and is_number(right)):
        raise mixed(sign, left, right)


def _not_zero(value: Number) -> None:
    if value == 0:
        raise wrong("value", "Expected a divisor other than 0, but found 0.")


# --- moments -------------------------------------------------------------------------------------


def _moved(moment: datetime, period: timedelta) -> datetime:
    try:
        return moment + period
    except OverflowError:
        raise wrong(
            "limit", "Expected a moment in the years 1 to 9999, but a result is outside."
        ) from None


def _period(make: Callable[[], timedelta]) -> timedelta:
    try:
        return make()
    except OverflowError:
        raise wrong(
            "limit", "Expected a period of less than a million years, but a result is longer."
        ) from None


def parse_moment(text: str) -> datetime | None:
    """An ISO 8601 date-time with its zone; None for anything else."""
    if not 16 <= len(text) <= 40 or text[4] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def moment_text(moment: datetime) -> str:
    """A moment as the engine writes it: `2026-01-09T08:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- comparing -----------------------------------------------------------------------------------

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_SIMPLE = (int, str, bool, type(None))


def order(sign: str, left: Any, right: Any) -> bool:
    """`<`, `<=`, `>`, `>=` between numbers, texts, moments (a text with a date-time will do) or periods."""
    compare = _ORDERED[sign]
    if is_number(left) and is_number(right):
        return compare(exact(left), exact(right))
    if (isinstance(left, str) and isinstance(right, str)) or (
        isinstance(left, timedelta) and isinstance(right, timedelta)
    ):
        return compare(left, right)  # type: ignore[arg-type, unused-ignore]
    if isinstance(left, datetime) or isinstance(right, datetime):
        a, b = _moments(sign, left, right)
        return compare(a, b)
    raise mixed(sign, left, right)


def equal(left: Any, right: Any) -> bool:
    """`==`. Nothing (null) may be compared with anything; two different kinds otherwise are an error, not a no."""
    if left is None or right is None:
        return left is right
    if type(left) is type(right) or (is_number(left) and is_number(right)):
        return same(left, right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        a, b = _moments("==", left, right)
        return a == b
    if kind_of(left) == kind_of(right):
        return same(left, right)
    raise mixed("==", left, right)


def same(left: Any, right: Any) -> bool:
    """Equal in kind and value, all the way down; different kinds are just not the same."""
    if type(left) in _SIMPLE and type(left) is type(right):
        return bool(left == right)
    if is_number(left) and is_number(right):
        return exact(left) == exact(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)


def contained(part: Any, whole: Any) -> bool:
    """`in`: an item of a list, a part of a text, a field name of a record."""
    match whole:
        case str() if isinstance(part, str):
            return part in whole
        case list() | tuple():
            return any(same(part, item) for item in whole)
        case Mapping() if isinstance(part, str):
            return part in whole
        case _:
            raise mixed("in", part, whole)


def _moments(sign: str, left: Any, right: Any) -> tuple[datetime, datetime]:
    a = parse_moment(left) if isinstance(left, str) else left
    b = parse_moment(right) if isinstance(right, str) else right
    if not isinstance(a, datetime) or not isinstance(b, datetime):
        raise mixed(sign, left, right)
    return a, b


def mixed(sign: str, left: Any, right: Any) -> ExpressionError:
    """The error for two kinds that do not go together; it names both and says what would help."""
    reason = f"Expected two values that go together with {sign}, but found {_told(left)} and {_told(right)}."
    return wrong(
        "kind", f"{reason}{_help(sign, left, right)}",
        sign=sign, left=kind_of(left), right=kind_of(right), left_value=shown(left), right_value=shown(right),
    )  # fmt: skip


def _told(value: Any) -> str:
    return "nothing" if value is None else f"the {kind_of(value)} {shown(value)}"


def _help(sign: str, left: Any, right: Any) -> str:
    kinds = {kind_of(left), kind_of(right)}
    if "nothing" in kinds:
        return " default(x, 0) puts a value in the place of nothing."
    if kinds == {"text", "number"} or (kinds == {"text"} and sign in {"-", "*", "/", "//", "%"}):
        return " number(x) makes a number of a text." + (
            " text(x) makes a text." if sign == "+" else ""
        )
    if "moment" in kinds:
        return " date(x) makes a moment of a text, days(n) and hours(n) make periods."
    return ""


# --- sizes, and the way back ---------------------------------------------------------------------


def bounded_text(length: int, make: Callable[[], str]) -> str:
    """Make a text, unless it would be longer than `TEXT_RESULT_MAX`."""
    if length > TEXT_RESULT_MAX:
        reason = f"Expected texts of at most {TEXT_RESULT_MAX} characters, but a result is longer."
        raise wrong("limit", reason, limit=TEXT_RESULT_MAX)
    return make()


def bounded_list(length: int, make: Callable[[], list[Any]]) -> list[Any]:
    """Make a list, unless it would have more than `ITEMS_MAX` items."""
    if length > ITEMS_MAX:
        reason = f"Expected lists of at most {ITEMS_MAX} items, but a result is longer."
        raise wrong("limit", reason, limit=ITEMS_MAX)
    return make()


def weight(value: Any) -> int:
    """About how much a value takes: characters and items. Stops counting beyond `RESULT_MAX`."""
    total, waiting = 0, [value]
    while waiting and total <= RESULT_MAX:
        item = waiting.pop()
        total += len(item) + 1 if isinstance(item, str) else 1
        if isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return total


def to_json_value(value: Any) -> Any:
    """A result as JSON can hold it.

    Decimals become whole numbers, floats where that is exact, else texts; moments and periods become ISO 8601 text.
    Raises `ExpressionError` (limit) for more than `RESULT_MAX` characters and items.
    """
    kind = type(value)
    if kind is bool or value is None or (kind is str and len(value) < RESULT_MAX):
        return value
    if kind is int and -_JSON_INT_MAX <= value <= _JSON_INT_MAX:
        return value
    if kind is Decimal:
        return _number_json(exact(value))
    return _Way().back(value, 0)


class _Way:
    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = RESULT_MAX

    def back(self, value: Any, depth: int) -> Any:
        # By exact kind first, in the order of how often they come: this is asked of every leaf of every order.
        kind = type(value)
        if kind is str:
            self.left -= len(value) + 1
            if self.left < 0 or depth > RESULT_DEPTH_MAX:
                self._too_large()
            return value
        self.left -= 1
        if self.left < 0 or depth > RESULT_DEPTH_MAX:
            self._too_large()
        if kind is bool or value is None:
            return value
        if kind is int:
            return value if -_JSON_INT_MAX <= value <= _JSON_INT_MAX else str(value)
        if kind is dict:
            below, found = depth + 1, {}
            for name, item in value.items():
                self.left -= len(name)
                found[name] = self.back(item, below)
            return found
        if kind is list:
            below = depth + 1
            return [self.back(item, below) for item in value]
        return self._seldom(value, depth)

    def _seldom(self, value: Any, depth: int) -> Any:
        match value:
            case str():
                self.left -= len(value)
                if self.left < 0:
                    self._too_large()
                return value
            case float() | Decimal():
                return _number_json(exact(value))
            case datetime():
                return moment_text(value)
            case timedelta():
                return from_ms(value // timedelta(milliseconds=1))
            case int():
                return value if abs(value) <= _JSON_INT_MAX else str(value)
            case Mapping():
                return {self._key(name): self.back(item, depth + 1) for name, item in value.items()}
            case _:
                return [self.back(item, depth + 1) for item in value]

    def _key(self, name: str) -> str:
        self.left -= len(name)
        return name

    def _too_large(self) -> NoReturn:
        raise wrong(
            "limit",
            f"Expected a result of at most {RESULT_MAX} characters and {RESULT_DEPTH_MAX} levels, but it is larger.",
            limit=RESULT_MAX,
        )


def _number_json(number: Number) -> int | float | str:
    if isinstance(number, Decimal):
        if number != number.to_integral_value():
            near = float(number)
            return near if Decimal(repr(near)) == number else f"{number:f}"
        number = int(number)
    return number if abs(number) <= _JSON_INT_MAX else str(number)


def number_text(value: Any) -> str:
    """A number as plain digits: never `1E+3`."""
    number = exact(value)
    return str(number) if isinstance(number, int) else f"{number:f}"

"""Forms and inputs: is a value what a JSON Schema asks for, and may that schema be used at all?

One truth, twice: `jsonschema_rs` answers yes in a microsecond on the hot path; only after a no does `jsonschema` find the
words. Both share the formats and the regular expressions of this file (linear time, `\\d` is 0-9 and nothing else).

A form's schema is a subset of draft 2020-12 that browser and server read alike; `lint` refuses the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from headrace.engine import clock
from headrace.engine.errors import Problem
from headrace.engine.flow.duration import is_duration
from headrace.engine.flow.wording import kind_of, pointer, shown

PROBLEMS_MAX = 100
"""A person mends ten, not ten thousand; a hostile body must not cost a list of a million."""

PATTERN_MAX = 500
"""Characters of a regular expression: enough for any number or code, too little to hide in."""

LINT_DEPTH_MAX = 12
"""Levels of a form inside a form; nobody can fill in more."""


class Form:
    """A schema with its validators built."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fast = jsonschema_rs.Draft202012Validator(
            dict(schema),
            formats=_RUST_FORMATS,
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            offline=True,
        )
        self._slow = _FormValidator(schema, format_checker=_FORMATS)

    def problems(self, value: Any) -> list[Problem]:
        """What is wrong with a value; empty when nothing is. At most `PROBLEMS_MAX`, ordered by place."""
        if self._is_valid(value):
            return []
        return told(self._slow, value)

    def _is_valid(self, value: Any) -> bool:
        try:
            return bool(self._fast.is_valid(value))
        except (
            ValueError,
            TypeError,
        ):  # no JSON (a tuple, a lone surrogate): let the other one tell
            return False


def check_form(schema: Mapping[str, Any], value: Any) -> list[Problem]:
    """Every problem of a value against a linted form schema, by path inside the value."""
    return form_of(schema).problems(value)


def form_of(schema: Mapping[str, Any]) -> Form:
    """The form of a schema, built once."""
    return _form(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=512)
def _form(schema: str) -> Form:
    return Form(json.loads(schema))


# --- telling -------------------------------------------------------------------------------------


def told(validator: Validator, value: Any, prefix: str = "") -> list[Problem]:
    """Run a `jsonschema` validator and put what it finds into our words, paths starting with `prefix`."""
    found: list[Problem] = []
    for error in validator.iter_errors(value):
        found.extend(_problems(error, prefix))
        if len(found) >= PROBLEMS_MAX:
            break
    return sorted(found[:PROBLEMS_MAX], key=lambda problem: (problem.path, problem.code))


def _problems(error: ValidationError, prefix: str) -> Iterator[Problem]:
    path = prefix + pointer(error.absolute_path)
    value: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "required":
            # jsonschema reports one error a name; the name is the one thing its message quotes.
            name = next(n for n in wanted if n not in value and repr(n) in error.message)
            yield _problem(
                path + pointer([name]), "required", {"name": name}, f"a value for {name}", "nothing"
            )
        case "additionalProperties":
            known = set(schema.get("properties", {}))
            for name in [name for name in value if name not in known]:
                params = {"name": name, "known": sorted(known)}
                yield _problem(
                    path + pointer([name]),
                    "unknown_property",
                    params,
                    f"only {', '.join(sorted(known)) or 'no properties'}",
                    str(name),
                )
        case "anyOf" | "oneOf" if _choices(wanted):
            choices = [choice["const"] for choice in wanted]
            params = {"choices": choices, "found": shown(value)}
            yield _problem(path, "enum", params, _one_of(choices), shown(value))
        case keyword:
            code, limit = _CODES.get(str(keyword), (str(keyword), str(keyword)))
            params = {limit: wanted, "found": shown(value), "found_kind": kind_of(value)}
            yield _problem(
                path, code, params, _expected(str(keyword), wanted), _found(str(keyword), value)
            )


def _problem(path: str, code: str, params: Mapping[str, Any], expected: str, found: str) -> Problem:
    return Problem(path, code, params, f"Expected {expected}, but found {found}.")


_CODES: Mapping[str, tuple[str, str]] = {
    # keyword: (code, name of the limit among the params)
    "type": ("type", "expected"),
    "enum": ("enum", "choices"),
    "const": ("const", "expected"),
    "minimum": ("minimum", "limit"),
    "maximum": ("maximum", "limit"),
    "exclusiveMinimum": ("exclusive_minimum", "limit"),
    "exclusiveMaximum": ("exclusive_maximum", "limit"),
    "multipleOf": ("multiple_of", "limit"),
    "minLength": ("min_length", "limit"),
    "maxLength": ("max_length", "limit"),
    "minItems": ("min_items", "limit"),
    "maxItems": ("max_items", "limit"),
    "minProperties": ("min_properties", "limit"),
    "maxProperties": ("max_properties", "limit"),
    "uniqueItems": ("unique_items", "limit"),
    "pattern": ("pattern", "pattern"),
    "format": ("format", "format"),
    "propertyNames": ("property_names", "expected"),
    "anyOf": ("any_of", "expected"),
    "oneOf": ("one_of", "expected"),
    "not": ("not", "expected"),
}

_KINDS = {
    "string": "a text", "number": "a number", "integer": "a whole number", "boolean": "yes or no",
    "array": "a list", "object": "a record", "null": "nothing",
}  # fmt: skip


def _expected(keyword: str, wanted: Any) -> str:
    match keyword:
        case "type":
            names: list[str] = wanted if isinstance(wanted, list) else [wanted]
            return " or ".join(_KINDS.get(str(name), str(name)) for name in names)
        case "enum":
            return _one_of(wanted)
        case "const":
            return shown(wanted)
        case "minimum":
            return f"at least {shown(wanted)}"
        case "maximum":
            return f"at most {shown(wanted)}"
        case "exclusiveMinimum":
            return f"more than {shown(wanted)}"
        case "exclusiveMaximum":
            return f"less than {shown(wanted)}"
        case "multipleOf":
            return f"a multiple of {shown(wanted)}"
        case "minLength":
            return f"at least {wanted} character(s)"
        case "maxLength":
            return f"at most {wanted} characters"
        case "minItems" | "minProperties":
            return f"at least {wanted} item(s)"
        case "maxItems" | "maxProperties":
            return f"at most {wanted} item(s)"
        case "uniqueItems":
            return "every item only once"
        case "pattern":
            return f"a text that fits {wanted}"
        case "format":
            return FORMAT_WORDS.get(wanted, f"a text of the format {wanted}")
        case _:
            return f"a value that fits the rule {keyword}"


def _found(keyword: str, value: Any) -> str:
    match keyword:
        case "type":
            return f"{kind_of(value)} {shown(value)}" if value is not None else "nothing"
        case "minLength" | "maxLength":
            return str(len(value))
        case "minItems" | "maxItems" | "minProperties" | "maxProperties":
            return str(len(value))
        case _:
            return shown(value)


def _one_of(choices: Sequence[Any]) -> str:
    return "one of " + ", ".join(shown(choice) for choice in choices[:20])


def _choices(schemas: Any) -> bool:
    return bool(schemas) and all(isinstance(s, Mapping) and "const" in s for s in schemas)


# --- formats and patterns ------------------------------------------------------------------------

_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_MONEY = re.compile(r"-?\d{1,15}(\.\d{1,4})?", re.ASCII)
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)


def is_date_time(text: str) -> bool:
    """A date and time with its zone: `2026-01-09T16:00:00+08:00`."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        clock.from_iso(text.upper())
    except (ValueError, OverflowError):
        return False
    return True


def is_date(text: str) -> bool:
    """A day: `2026-01-09`."""
    return bool(_DATE.fullmatch(text)) and is_date_time(text + "T00:00:00Z")


def is_money(text: str) -> bool:
    """An amount as exact text: at most 15 digits before and 4 after the point."""
    return bool(_MONEY.fullmatch(text))


def is_uri(text: str) -> bool:
    """A web address with scheme and host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def is_timezone(text: str) -> bool:
    """A name of the IANA list: `Asia/Shanghai`."""
    if not _ZONE.fullmatch(text):
        return False
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


FORMAT_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "date-time": is_date_time,
    "date": is_date,
    "time": lambda text: bool(_TIME.fullmatch(text)),
    "money": is_money,
    "email": lambda text: len(text) <= 254 and bool(_EMAIL.fullmatch(text)),
    "uri": is_uri,
    "duration": is_duration,
    "timezone": is_timezone,
}
"""Format → is this text one? Both validators use these, the browser has the same (tests/fixtures/forms.json)."""

FORMAT_WORDS: Mapping[str, str] = {
    "date-time": "a date and time with its zone, as 2026-01-09T16:00:00+08:00",
    "date": "a day, as 2026-01-09",
    "time": "a time of day, as 16:30",
    "money": "an amount, as 12.50",
    "email": "a mail address",
    "uri": "a web address",
    "duration": "a duration, as PT24H or P1D",
    "timezone": "a time zone, as Asia/Shanghai",
}

_RUST_FORMATS = dict(FORMAT_CHECKS)
_FORMATS = jsonschema.FormatChecker(formats=())


def _checks_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


for _name, _check in FORMAT_CHECKS.items():
    _FORMATS.checks(_name)(_checks_texts(_check))


@lru_cache(maxsize=1_024)
def _pattern(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )


def _check_pattern(
    validator: Validator, pattern: str, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Python's `re` may run for ever on a hostile text and takes １ for a digit; the other engine does neither."""
    if isinstance(value, str) and not _fits(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _fits(pattern: str, text: str) -> bool:
    try:
        return bool(_pattern(pattern).is_valid(text))
    except ValueError:  # a lone surrogate is no character: it fits nothing
        return False


_FormValidator: Any = extend(jsonschema.Draft202012Validator, {"pattern": _check_pattern})  # type: ignore[no-untyped-call]


# --- which schemas may be used -------------------------------------------------------------------

_KEYWORDS: Mapping[str, Callable[[Any], bool]] = {
    "$schema": lambda v: isinstance(v, str),
    "type": lambda v: _is_kind(v) or (isinstance(v, list) and bool(v) and all(map(_is_kind, v))),
    "properties": lambda v: isinstance(v, dict),
    "required": lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v),
    "additionalProperties": lambda v: isinstance(v, bool | dict),
    "items": lambda v: isinstance(v, dict),
    "enum": lambda v: isinstance(v, list) and bool(v),
    "const": lambda v: True,
    "oneOf": lambda v: isinstance(v, list) and _choices(v),
    "minimum": lambda v: _is_number(v),
    "maximum": lambda v: _is_number(v),
    "exclusiveMinimum": lambda v: _is_number(v),
    "exclusiveMaximum": lambda v: _is_number(v),
    "multipleOf": lambda v: _is_count(v) and v > 0,
    "minLength": lambda v: _is_count(v),
    "maxLength": lambda v: _is_count(v),
    "minItems": lambda v: _is_count(v),
    "maxItems": lambda v: _is_count(v),
    "uniqueItems": lambda v: isinstance(v, bool),
    "pattern": lambda v: isinstance(v, str),
    "format": lambda v: isinstance(v, str),
    "title": lambda v: isinstance(v, str),
    "description": lambda v: isinstance(v, str),
    "default": lambda v: True,
    "examples": lambda v: isinstance(v, list),
    "readOnly": lambda v: isinstance(v, bool),
}
"""What a form may say, and the shape of each word. `multipleOf` only whole: 19.99 is no multiple of 0.01 in floats."""


def lint(schema: Any, path: str = "", depth: int = 0) -> Iterator[Problem]:
    """Why a form's schema must not be used: unknown words, wild patterns, floats where money breaks."""
    if not isinstance(schema, Mapping):
        yield _problem(
            path, "form_wrong", {"found": kind_of(schema)}, "a JSON Schema", kind_of(schema)
        )
        return
    if depth > LINT_DEPTH_MAX:
        yield _problem(
            path,
            "form_too_deep",
            {"limit": LINT_DEPTH_MAX},
            f"at most {LINT_DEPTH_MAX} levels",
            "more",
        )
        return
    for keyword, value in schema.items():
        yield from _lint_keyword(keyword, value, schema, f"{path}{pointer([keyword])}")
    yield from _lint_below(schema, path, depth)


def _lint_keyword(
    keyword: str, value: Any, schema: Mapping[str, Any], path: str
) -> Iterator[Problem]:
    if keyword.startswith("x-"):
        return
    if keyword not in _KEYWORDS:
        params = {"keyword": keyword, "known": sorted(_KEYWORDS)}
        yield _problem(path, "form_keyword_unknown", params, "a word a form knows", keyword)
    elif not _KEYWORDS[keyword](value):
        params = {"keyword": keyword, "found": shown(value)}
        wanted = "a whole number" if keyword == "multipleOf" else f"a right value of {keyword}"
        yield _problem(path, "form_value_wrong", params, wanted, shown(value))
    elif keyword == "pattern" and (reason := pattern_refused(value)):
        params = {"pattern": value, "reason": reason}
        yield _problem(path, "form_pattern_refused", params, "a simple pattern", reason)
    elif keyword == "format" and value not in FORMAT_CHECKS:
        params = {"format": value, "known": sorted(FORMAT_CHECKS)}
        yield _problem(
            path, "form_format_unknown", params, f"one of {', '.join(FORMAT_CHECKS)}", value
        )
    elif keyword == "required" and isinstance(schema.get("properties", {}), Mapping):
        for name in [name for name in value if name not in schema.get("properties", {})]:
            params = {"name": name}
            yield _problem(
                path, "form_required_unknown", params, f"a field {name}", "none by that name"
            )


def _lint_below(schema: Mapping[str, Any], path: str, depth: int) -> Iterator[Problem]:
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, below in properties.items():
            yield from lint(below, f"{path}/properties{pointer([name])}", depth + 1)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from lint(schema[keyword], f"{path}/{keyword}", depth + 1)


def pattern_refused(pattern: str) -> str | None:
    """Why a regular expression is outside the subset that every engine reads alike; None when it is inside."""
    if len(pattern) > PATTERN_MAX:
        return f"more than {PATTERN_MAX} characters"
    if odd := re.search(r"\\[^\\dswDSWtnr.^$|?*+()\[\]{}/\-u]|\\u(?![0-9A-Fa-f]{4})", pattern):
        return f"{odd.group()}, which engines read differently"
    if re.search(r"\(\?(?!:)", pattern):
        return "a group with (?…, only (?:…) is known everywhere"
    try:
        re.compile(pattern, re.ASCII)
        _pattern(pattern)
    except (
        re.error,
        jsonschema_rs.ValidationError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        return f"no regular expression: {str(error).splitlines()[0]}"
    return None


def _is_kind(value: Any) -> bool:
    return isinstance(value, str) and value in _KINDS


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0

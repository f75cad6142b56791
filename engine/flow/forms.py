"""Forms and inputs: is a value what a JSON Schema asks for?

One truth, twice: `jsonschema_rs` answers yes in a microsecond on the hot path; only after a no does `jsonschema` find the
words. Both share the formats and the regular expressions of `formats.py` (linear time, `\\d` is 0-9 and nothing else).

A form's schema is a subset of draft 2020-12 that browser and server read alike; `lint.py` refuses the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from headrace.engine.errors import Problem
from headrace.engine.flow.formats import FORMAT_CHECKS, FORMAT_WORDS, fits
from headrace.engine.flow.wording import kind_of, pointer, shown

PROBLEMS_MAX = 100
"""A person mends ten, not ten thousand; a hostile body must not cost a list of a million."""


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
            yield problem_of(
                path + pointer([name]), "required", {"name": name}, f"a value for {name}", "nothing"
            )
        case "additionalProperties":
            known = set(schema.get("properties", {}))
            for name in [name for name in value if name not in known]:
                params = {"name": name, "known": sorted(known)}
                yield problem_of(
                    path + pointer([name]),
                    "unknown_property",
                    params,
                    f"only {', '.join(sorted(known)) or 'no properties'}",
                    str(name),
                )
        case "anyOf" | "oneOf" if only_choices(wanted):
            choices = [choice["const"] for choice in wanted]
            params = {"choices": choices, "found": shown(value)}
            yield problem_of(path, "enum", params, _one_of(choices), shown(value))
        case keyword:
            code, limit = _CODES.get(str(keyword), (str(keyword), str(keyword)))
            params = {limit: wanted, "found": shown(value), "found_kind": kind_of(value)}
            yield problem_of(
                path, code, params, _expected(str(keyword), wanted), _found(str(keyword), value)
            )


def problem_of(
    path: str, code: str, params: Mapping[str, Any], expected: str, found: str
) -> Problem:
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

KINDS = {
    "string": "a text", "number": "a number", "integer": "a whole number", "boolean": "yes or no",
    "array": "a list", "object": "a record", "null": "nothing",
}  # fmt: skip


def _expected(keyword: str, wanted: Any) -> str:
    match keyword:
        case "type":
            names: list[str] = wanted if isinstance(wanted, list) else [wanted]
            return " or ".join(KINDS.get(str(name), str(name)) for name in names)
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


def only_choices(schemas: Any) -> bool:
    return bool(schemas) and all(isinstance(s, Mapping) and "const" in s for s in schemas)


# --- the validators' own words

_RUST_FORMATS = dict(FORMAT_CHECKS)
_FORMATS = jsonschema.FormatChecker(formats=())


def _checks_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


for _name, _check in FORMAT_CHECKS.items():
    _FORMATS.checks(_name)(_checks_texts(_check))


def _check_pattern(
    validator: Validator, pattern: str, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Python's `re` may run for ever on a hostile text and takes １ for a digit; the other engine does neither."""
    if isinstance(value, str) and not fits(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_FormValidator: Any = extend(jsonschema.Draft202012Validator, {"pattern": _check_pattern})  # type: ignore[no-untyped-call]

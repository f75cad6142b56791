"""What a person types to find instances: `order_no = A-1 and amount >= 100 and city ^= Shang`. Pure; the store answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.store.search import TEXT_MAX, Condition, Op, moment

CONDITIONS_MAX = 8
"""Conditions of one filter: each is a look into an index for every row."""

OPS: tuple[str, ...] = get_args(Op)
_WHERE = "/query/filter"
_CONDITION = re.compile(
    r"""\s*(?P<field>[^\W\d]\w{0,63})\s*(?P<op><=|>=|!=|\^=|=|<|>)\s*
    (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]+))\s*(?P<and>and\b|&|$)""",
    re.VERBOSE | re.IGNORECASE,
)


def parse(text: str) -> list[Condition]:
    """The conditions, all of which must hold. A quoted value is a text; a bare one may also be a number or a moment."""
    found = list(_parsed(text)) if text.strip() else []
    if len(found) > CONDITIONS_MAX:
        raise _wrong(f"at most {CONDITIONS_MAX} conditions", str(len(found)))
    return found


def _parsed(text: str) -> Iterator[Condition]:
    at = 0
    while True:
        match = _CONDITION.match(text, at)
        if match is None:
            raise _wrong("conditions such as amount >= 100, joined by and", text[at : at + 50])
        yield _condition(match)
        at = match.end()
        if not match["and"]:
            return


def _condition(match: re.Match[str]) -> Condition:
    op: Op = match["op"]  # type: ignore[assignment] # the pattern knows no others
    if match["bare"] is None:
        return Condition(match["field"], op, re.sub(r"\\(.)", r"\1", match["quoted"])[:TEXT_MAX])
    value = match["bare"]
    number = _number(value)
    if number is not None:
        return Condition(match["field"], op, value, number)
    return Condition(match["field"], op, value[:TEXT_MAX], moment(value))


def _number(text: str) -> float | None:
    """Only as a number is written: `007` is the text of a number plate."""
    if not re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", text, re.ASCII):
        return None
    return float(text) if "." in text else int(text)


def _wrong(expected: str, found: str) -> ValidationFailed:
    message = f"Expected {expected}, but found {found}."
    problem = Problem(_WHERE, "filter", {"expected": expected, "found": found}, message)
    return ValidationFailed(what="filter", count=1, problems=[problem])

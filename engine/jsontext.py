"""JSON as the store writes it: compact UTF-8 text by orjson, with exact decimals kept exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson


def _exact(value: Any) -> Any:
    """Decimals become a number where a double carries them exactly, else text: money never loses a digit."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) < 2**53:
            return int(value)
        as_float = float(value)
        return as_float if Decimal(repr(as_float)) == value else str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"expected a JSON value, but found {type(value).__name__}")


def dumps(value: Any) -> str:
    """Compact JSON text."""
    return orjson.dumps(value, default=_exact, option=orjson.OPT_NON_STR_KEYS).decode()


def loads(text: str | bytes) -> Any:
    """A JSON value; raises `ValueError` for anything else."""
    return orjson.loads(text)

"""What a decision table is, as JSON: typed columns in, typed columns out, rows, and how many rows may count.

    {"title": {"zh": …}, "policy": "first",
     "inputs": [{"name": "amount", "kind": "money", "min": 0}, {"name": "shop", "kind": "choice", "options": [{"value": "tmall"}]}],
     "outputs": [{"name": "route", "kind": "text"}],
     "rules": [{"id": "r1", "when": {"amount": "> 500"}, "then": {"route": "risk"}, "note": ""}],
     "samples": [{"id": "s1", "name": "", "given": {"amount": 600}, "expect": {"route": "risk"}}]}

A name that a rule leaves out of `when` is `-`: anything. (R054 routing, R098 graded approval.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Definition = Mapping[str, Any]
Column = Mapping[str, Any]

KINDS = ("number", "money", "date", "choice", "text", "yes_no", "list")
"""money: exact decimals, two places unless `decimals` says otherwise; date: a day."""

POLICIES = ("unique", "first", "priority", "any", "collect", "rule_order")
"""Hit policies, as DMN 1.3 has them: one row may hit · the first · the one whose result ranks highest (order of the options) ·
several that agree · all, added up · all, in their order."""

COLLECTS = ("list", "sum", "min", "max", "count")

RULES_MAX = 2_000
COLUMNS_MAX = 40
OPTIONS_MAX = 200
SAMPLES_MAX = 500
CELL_MAX = 500
DECIMALS_MAX = 10

NAME = "^[a-z][a-z0-9_]{0,63}$"
TAKEN = frozenset({"matched", "rows", "notes", "table", "version", "it", "true", "false", "null"})
"""What the answer holds besides the outputs, and the words of cells."""

MONEY_DECIMALS = 2


def decimals_of(column: Column) -> int | None:
    """How many decimals a value of the column has at most; None: as many as one likes."""
    told = column.get("decimals")
    if told is None:
        return MONEY_DECIMALS if column["kind"] == "money" else None
    return int(told)


def title_of(column: Column, language: str = "en") -> str:
    """What people call the column."""
    titles = column.get("title") or {}
    return str(titles.get(language) or titles.get("zh") or titles.get("en") or column["name"])

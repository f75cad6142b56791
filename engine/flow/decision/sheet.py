"""A table as lines of a sheet: one header, one line a row. Results stand behind an arrow: `→ route`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.decision.model import RULES_MAX, Column, Definition

ARROW = "→ "
NOTE = {"zh": "备注", "en": "Note"}
_NOTES = {"note", "notes", "备注", "说明"}


def lines(definition: Definition, language: str) -> list[list[str]]:
    """Header and rows."""
    head = [_head(c, language) for c in definition["inputs"]]
    head += [ARROW + _head(c, language) for c in definition["outputs"]]
    found = [[*head, NOTE[language]]]
    for rule in definition["rules"]:
        told = [str(rule["when"].get(c["name"], "-") or "-") for c in definition["inputs"]]
        told += [str(rule["then"].get(c["name"], "")) for c in definition["outputs"]]
        found.append([_harmless(cell) for cell in (*told, str(rule.get("note") or ""))])
    return found


def _harmless(cell: str) -> str:
    """No spreadsheet shall take a cell for a formula of its own; `read` takes the mark off again."""
    return f"'{cell}" if cell[:1] in {"=", "+", "@"} else cell


def read(
    definition: Definition, told: Sequence[Sequence[str]]
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Rows out of a sheet for the columns of a table; what is wrong with the sheet besides. Cells are not judged here."""
    if not told:
        return [], [_problem("sheet_empty", "Expected a header and rows, but found nothing.")]
    places, notes, strange = _places(definition, told[0])
    problems = []
    if strange:
        problems.append(_problem("sheet_columns", f"Expected the columns of the table, but found {', '.join(strange)} besides.",
                                 found=", ".join(strange)))  # fmt: skip
    wanted = [(side, c["name"]) for side in ("inputs", "outputs") for c in definition[side]]
    if not places:
        problems.append(_problem("sheet_header", "Expected a header with the names of the columns, but found none of them.",
                                 expected=", ".join(name for _, name in wanted)))  # fmt: skip
        return [], problems
    known = [rule["id"] for rule in definition["rules"]]
    rules = []
    for number, line in enumerate(told[1:]):
        if not any(cell.strip() for cell in line):
            continue
        rules.append({
            "id": known[number] if number < len(known) else f"i{number + 1}",
            "when": {name: _cell(line, places.get((side, name))) for side, name in wanted if side == "inputs"},
            "then": {name: _cell(line, places.get((side, name))) for side, name in wanted if side == "outputs"},
            "note": _cell(line, notes),
        })  # fmt: skip
    if len(rules) > RULES_MAX:
        problems.append(
            _problem(
                "sheet_long",
                f"Expected at most {RULES_MAX} rows, but found {len(rules)}.",
                limit=RULES_MAX,
                found=len(rules),
            )
        )
    _differ(rules)
    return rules[:RULES_MAX], problems


def _places(
    definition: Definition, header: Sequence[str]
) -> tuple[dict[tuple[str, str], int], int | None, list[str]]:
    names: dict[str, tuple[str, str]] = {}
    for side in ("inputs", "outputs"):
        for column in definition[side]:
            for name in (column["name"], *(column.get("title") or {}).values()):
                names.setdefault(
                    ("→" if side == "outputs" else "") + name.casefold(), (side, column["name"])
                )
                names.setdefault(name.casefold(), (side, column["name"]))
    places: dict[tuple[str, str], int] = {}
    notes: int | None = None
    strange = []
    for at, cell in enumerate(header):
        told = cell.strip().lstrip("\ufeff").casefold().replace("→ ", "→")
        if told in names:
            places.setdefault(names[told], at)
        elif told in _NOTES:
            notes = at
        elif told:
            strange.append(cell.strip()[:40])
    return places, notes, strange


def _cell(line: Sequence[str], at: int | None) -> str:
    return line[at].strip().removeprefix("'") if at is not None and at < len(line) else ""


def _differ(rules: Iterable[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        if rule["id"] in seen:
            rule["id"] = f"i{number + 1}_{len(seen)}"
        seen.add(rule["id"])


def _head(column: Column, language: str) -> str:
    titles: Mapping[str, str] = column.get("title") or {}
    return str(titles.get(language) or column["name"])


def _problem(code: str, message: str, **params: Any) -> Problem:
    return Problem("", code, params, message)

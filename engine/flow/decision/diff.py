"""What differs between two states of a table, row by row and cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.flow.decision.model import Definition

_WORDS = ("policy", "collect")


def changes(before: Definition, after: Definition) -> list[dict[str, Any]]:
    """Each change: `what`, where (`row`: as it is counted after, or was before it went; `column`), `before` and `after`."""
    found: list[dict[str, Any]] = [
        _change(word, before=before.get(word), after=after.get(word))
        for word in _WORDS
        if before.get(word) != after.get(word)
    ]
    for side in ("inputs", "outputs"):
        found += _columns(before, after, side)
    found += _rules(before, after)
    return found


def _columns(before: Definition, after: Definition, side: str) -> list[dict[str, Any]]:
    old = {column["name"]: column for column in before[side]}
    new = {column["name"]: column for column in after[side]}
    found = [
        _change("column_added", column=name, after=new[name]) for name in new if name not in old
    ]
    found += [
        _change("column_removed", column=name, before=old[name]) for name in old if name not in new
    ]
    found += [
        _change("column_changed", column=name, before=old[name], after=new[name])
        for name in new
        if name in old and dict(old[name]) != dict(new[name])
    ]
    return found


def _rules(before: Definition, after: Definition) -> list[dict[str, Any]]:
    old = {rule["id"]: (row, rule) for row, rule in enumerate(before["rules"], 1)}
    new = {rule["id"]: (row, rule) for row, rule in enumerate(after["rules"], 1)}
    found = [
        _change("row_removed", row=row, before=_cells(rule))
        for id_, (row, rule) in old.items()
        if id_ not in new
    ]
    stayed = [id_ for id_ in new if id_ in old]
    was = [id_ for id_ in old if id_ in new]
    for id_, (row, rule) in new.items():
        if id_ not in old:
            found.append(_change("row_added", row=row, after=_cells(rule)))
            continue
        one, other = _cells(old[id_][1]), _cells(rule)
        found += [
            _change(
                "cell", row=row, column=name, before=one.get(name, ""), after=other.get(name, "")
            )
            for name in dict.fromkeys((*one, *other))
            if one.get(name, "") != other.get(name, "")
        ]
    if stayed != was:
        found.append(
            _change(
                "rows_moved", before=[old[i][0] for i in stayed], after=[new[i][0] for i in stayed]
            )
        )
    return found


def _cells(rule: Mapping[str, Any]) -> dict[str, str]:
    return {**rule["when"], **rule["then"], **({"note": rule["note"]} if rule.get("note") else {})}


def _change(
    what: str,
    *,
    row: int | None = None,
    column: str | None = None,
    before: Any = None,
    after: Any = None,
) -> dict[str, Any]:
    return {"what": what, "row": row, "column": column, "before": before, "after": after}

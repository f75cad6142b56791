"""The test bench: sample rows with what is expected of them, and which rows of the table they came to.

Samples are written as cells are: `600`, `tmall`, `2026-05-01`; an expected cell that is empty is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.engine.flow.decision import cells
from headrace.engine.flow.decision.cells import CellWrong
from headrace.engine.flow.decision.compiled import Compiled, DecisionTrouble
from headrace.engine.flow.decision.model import Column
from headrace.engine.flow.values import same, to_json_value


def run_samples(table: Compiled, samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Ask the table for every sample: passed, failed, error, or none (nothing was expected); and how often each row hit."""
    told = [_sample(table, sample) for sample in samples]
    hits = [0] * len(table.boxes)
    for one in told:
        for row in one["rows"]:
            hits[row - 1] += 1
    return {
        "samples": told,
        "passed": sum(one["state"] == "passed" for one in told),
        "failed": sum(one["state"] in {"failed", "error"} for one in told),
        "hits": hits,
    }


def _sample(table: Compiled, sample: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": sample["id"],
        "state": "none",
        "rows": [],
        "outputs": {},
        "differs": [],
    }
    try:
        given = {
            column["name"]: _given(column, str(sample["given"].get(column["name"], "")))
            for column in table.inputs
        }
        answer = table.ask(given)
    except DecisionTrouble as trouble:
        return {
            **found,
            "state": "error",
            "error": {"code": trouble.code, "message": trouble.message, "params": trouble.params},
        }
    found.update(rows=list(answer.rows), outputs=dict(answer.outputs), matched=answer.matched)
    expect = sample.get("expect") or {}
    if sample.get("nothing"):
        return {**found, "state": "failed" if answer.matched else "passed"}
    asked = [c for c in table.outputs if str(expect.get(c["name"], "")).strip()]
    if not asked:
        return found
    for column in asked:
        name = column["name"]
        wanted = _wanted(column, str(expect[name]))
        if not same(wanted, _exactly(answer.outputs.get(name))):
            found["differs"].append(
                {
                    "output": name,
                    "expected": to_json_value(wanted),
                    "found": answer.outputs.get(name),
                }
            )
    return {**found, "state": "failed" if found["differs"] else "passed"}


def _given(column: Column, text: str) -> Any:
    told = cells.plain(text)
    if told in {"", "-", "null"}:
        return None
    try:
        if column["kind"] == "list":
            return cells.result(column, text).value
        value = cells.literal(column, told)
    except CellWrong as wrong:
        name = column["name"]
        raise DecisionTrouble(
            "input_wrong", f"{name}: {wrong}", input=name, **wrong.params
        ) from None
    return cells.as_variable(column, value)


def _wanted(column: Column, text: str) -> Any:
    """What a cell expects; one that the column could not hold is compared as the text it is."""
    try:
        return _exactly(cells.as_output(column, cells.result(column, text).value))
    except CellWrong:
        return (
            _exactly([cells.result(column, one).value for one in cells.split(cells.plain(text))])
            if "," in text
            else text
        )


def _exactly(value: Any) -> Any:
    return to_json_value(value)

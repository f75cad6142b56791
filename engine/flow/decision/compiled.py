"""A table that can be asked: its cells read once, rows found by bits.

To ask costs a look-up a column, and an evaluation only for rows that hold expressions and could still hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import ExpressionError, Problem
from headrace.engine.flow.decision import cells, model
from headrace.engine.flow.decision.axis import Axis
from headrace.engine.flow.decision.cells import Cell, CellWrong, Result
from headrace.engine.flow.decision.model import Column, Definition
from headrace.engine.flow.values import add, same, to_json_value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table says: the outputs, and the rows (counted from 1) that hit."""

    matched: bool
    outputs: Mapping[str, Any]
    rows: tuple[int, ...]
    notes: tuple[str, ...] = ()


class DecisionTrouble(Exception):
    """A table that cannot answer: `code` input_missing, input_wrong, several_rows, rows_disagree or cell_failed."""

    def __init__(self, code: str, message: str, **params: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.params = code, message, params


class Compiled:
    """A definition without problems, ready to be asked."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.inputs: Sequence[Column] = definition["inputs"]
        self.outputs: Sequence[Column] = definition["outputs"]
        rules = definition["rules"]
        self.when: list[list[Cell]] = [
            [
                cells.condition(column, str(rule["when"].get(column["name"], "")))
                for column in self.inputs
            ]
            for rule in rules
        ]
        self.then: list[list[Result]] = [
            [
                cells.result(column, str(rule["then"].get(column["name"], "")))
                for column in self.outputs
            ]
            for rule in rules
        ]
        self.defaults: dict[str, Any] = {
            column["name"]: cells.as_output(
                column, cells.result(column, str(column["default"])).value
            )
            for column in self.outputs
            if column.get("default") not in (None, "")
        }
        self.axes = [
            Axis(column, (row[place] for row in self.when))
            for place, column in enumerate(self.inputs)
        ]
        self.boxes = [
            [axis.mask(cell) for axis, cell in zip(self.axes, row, strict=True)]
            for row in self.when
        ]
        self.blank = [_is_blank(rule) for rule in rules]
        for box, blank in zip(self.boxes, self.blank, strict=True):
            if blank:  # a row somebody is about to fill in is no rule for everything
                box[:] = [0] * len(box)
        self._hits = [self._by_atom(place) for place in range(len(self.inputs))]
        self._free = [
            [(place, cell) for place, cell in enumerate(row) if cell.free is not None]
            for row in self.when
        ]
        self._ranks = _ranks(self.outputs)

    def _by_atom(self, place: int) -> dict[int, int]:
        """Bit of an atom → the rows that hold for it."""
        axis, found = self.axes[place], {}
        bits = [1 << atom for atom in range(axis.count + 1) if axis.all >> atom & 1]
        for bit in bits:
            hit = 0
            for number, box in enumerate(self.boxes):
                if box[place] & bit:
                    hit |= 1 << number
            found[bit] = hit
        return found

    @property
    def policy(self) -> str:
        """How many rows may count."""
        return str(self.definition.get("policy", "unique"))

    def is_free(self, number: int) -> bool:
        """Does this row hold an expression, so that nobody can say beforehand when it hits?"""
        return bool(self._free[number])

    # --- asking ---

    def rows(self, given: Mapping[str, Any]) -> list[int]:
        """The rows that hit, counted from 0; raises `DecisionTrouble`."""
        return self._rows(self._read(given))

    def ask(self, given: Mapping[str, Any]) -> Answer:
        """What the table says; raises `DecisionTrouble`."""
        values = self._read(given)
        hit = self._rows(values)
        if not hit:
            if self.policy in {"collect", "rule_order"} and not self.defaults:
                empty = {column["name"]: self._empty() for column in self.outputs}
                return Answer(False, empty, ())
            return Answer(
                False,
                {column["name"]: self.defaults.get(column["name"]) for column in self.outputs},
                (),
            )
        env = self._env(values)
        chosen, outputs = self._choose(hit, env)
        notes = (str(self.definition["rules"][row].get("note") or "") for row in chosen)
        return Answer(
            True, outputs, tuple(row + 1 for row in chosen), tuple(note for note in notes if note)
        )

    def _empty(self) -> Any:
        if self.policy == "rule_order":
            return []
        return {"list": [], "sum": 0, "count": 0}.get(self.definition.get("collect", "list"))

    def _read(self, given: Mapping[str, Any]) -> list[Any]:
        values = []
        for column, axis in zip(self.inputs, self.axes, strict=True):
            name = column["name"]
            try:
                value = cells.given(column, given.get(name))
            except CellWrong as wrong:
                raise DecisionTrouble(
                    "input_wrong", f"{name}: {wrong}", input=name, **wrong.params
                ) from None
            if value is None and not axis.nothing:
                raise DecisionTrouble(
                    "input_missing", f"Expected a value for {name}, but found nothing.", input=name
                )
            if not axis.atom(value):
                raise DecisionTrouble(
                    "input_wrong", f"{name}: Expected {self._range(column)}, but found {cells.written(column, value)}.",
                    input=name, expected=self._range(column), found=cells.written(column, value),
                )  # fmt: skip
            values.append(value)
        return values

    def _range(self, column: Column) -> str:
        return f"{column.get('min', '')}..{column.get('max', '')}"

    def _rows(self, values: Sequence[Any]) -> list[int]:
        hit = (1 << len(self.boxes)) - 1
        for axis, by_atom, value in zip(self.axes, self._hits, values, strict=True):
            hit &= by_atom[axis.atom(value)]
            if not hit:
                return []
        env: dict[str, Any] | None = None
        found = []
        for number in _bits(hit):
            if self._free[number]:
                env = env or self._env(values)
                if not all(
                    self._holds(number, cell, values[place], env, place)
                    for place, cell in self._free[number]
                ):
                    continue
            found.append(number)
            if self.policy == "first":
                break
        return found

    def _env(self, values: Sequence[Any]) -> dict[str, Any]:
        return {
            column["name"]: cells.as_variable(column, value)
            for column, value in zip(self.inputs, values, strict=True)
        }

    def _holds(self, row: int, cell: Cell, value: Any, env: dict[str, Any], place: int) -> bool:
        if value is None and not cell.takes_nothing:
            return "null" in cell.text
        assert cell.free is not None
        it = cells.as_variable(self.inputs[place], value)
        try:
            told = cell.free.evaluate({**env, "it": it})
            return told if isinstance(told, bool) else same(told, it)
        except ExpressionError as wrong:
            raise self._failed(row, self.inputs[place]["name"], wrong) from None

    def _failed(self, row: int, column: str, wrong: ExpressionError) -> DecisionTrouble:
        reason = str(wrong.params.get("reason", wrong.message))
        return DecisionTrouble(
            "cell_failed",
            f"Row {row + 1}, {column}: {reason}",
            row=row + 1,
            column=column,
            reason=reason,
        )

    def _values(self, row: int, env: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for column, told in zip(self.outputs, self.then[row], strict=True):
            name = column["name"]
            if told.free is None:
                value = told.value
            else:
                try:
                    value = told.free.evaluate(env)
                except ExpressionError as wrong:
                    raise self._failed(row, name, wrong) from None
            found[name] = cells.as_output(column, value)
        return found

    def _choose(self, hit: list[int], env: Mapping[str, Any]) -> tuple[list[int], dict[str, Any]]:
        policy = self.policy
        if policy == "first":
            return hit[:1], _json(self._values(hit[0], env))
        if policy == "unique":
            if len(hit) > 1:
                numbers = [row + 1 for row in hit]
                raise DecisionTrouble(
                    "several_rows",
                    f"Expected one row to hit, but rows {_listed(numbers)} do.",
                    rows=numbers,
                )
            return hit, _json(self._values(hit[0], env))
        told = [self._values(row, env) for row in hit]
        if policy == "any":
            for row, values in zip(hit, told, strict=True):
                if not same(values, told[0]):
                    numbers = [hit[0] + 1, row + 1]
                    raise DecisionTrouble(
                        "rows_disagree",
                        f"Expected rows that say the same, but rows {_listed(numbers)} do not.",
                        rows=numbers,
                    )
            return hit, _json(told[0])
        if policy == "priority":
            best = min(range(len(hit)), key=lambda at: self.rank(told[at]))
            return [hit[best]], _json(told[best])
        return hit, _json({
            column["name"]: self._gathered([values[column["name"]] for values in told]) for column in self.outputs
        })  # fmt: skip

    def rank(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        """How a result ranks: by the place of each choice among its options, from left to right."""
        return tuple(order.get(str(values.get(name)), len(order)) for name, order in self._ranks)

    def _gathered(self, values: list[Any]) -> Any:
        how = "list" if self.policy == "rule_order" else self.definition.get("collect", "list")
        numbers = [value for value in values if value is not None]
        if how == "count":
            return len(numbers)
        if how == "sum":
            total: Any = 0
            for number in numbers:
                total = add(total, number)
            return total
        if how in {"min", "max"}:
            return (min if how == "min" else max)(numbers) if numbers else None
        return values


def _is_blank(rule: Mapping[str, Any]) -> bool:
    told = (*rule["when"].values(), *rule["then"].values(), rule.get("note") or "")
    return not any(str(cell).strip() for cell in told)


def _ranks(outputs: Sequence[Column]) -> list[tuple[str, dict[str, int]]]:
    return [
        (column["name"], {one["value"]: place for place, one in enumerate(column["options"])})
        for column in outputs
        if column.get("options")
    ]


def _json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_json_value(value) for name, value in values.items()}


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")


# --- checking -----------------------------------------------------------------------------------


def problems_of(definition: Definition) -> list[Problem]:
    """All that keeps a table from being published, each at its cell."""
    return list(_problems(definition))


def _problems(definition: Definition) -> Iterator[Problem]:
    seen: set[str] = set()
    for side in ("inputs", "outputs"):
        if not definition[side]:
            yield _problem(f"/{side}", "columns_missing", "Expected a column, but found none.")
        for place, column in enumerate(definition[side]):
            yield from _column_problems(f"/{side}/{place}", column, seen, side)
    names = {column["name"] for column in definition["inputs"]}
    if definition.get("policy") == "priority" and not any(
        c.get("options") for c in definition["outputs"]
    ):
        yield _problem(
            "/policy",
            "priority_options",
            "Expected a result with options, whose order is the priority, but found none.",
        )
    how = definition.get("collect", "list")
    if definition.get("policy") == "collect" and how in {"sum", "min", "max"}:
        for place, column in enumerate(definition["outputs"]):
            if column["kind"] not in {"number", "money"}:
                name = column["name"]
                yield _problem(
                    f"/outputs/{place}", "collect_number", f"Expected numbers to take the {how} of, but {name} has none.",
                    how=how, name=name,
                )  # fmt: skip
    if not definition["rules"]:
        yield _problem("/rules", "rules_missing", "Expected a row, but found none.")
    ids: set[str] = set()
    for row, rule in enumerate(definition["rules"][: model.RULES_MAX]):
        if rule["id"] in ids:
            yield _problem(
                f"/rules/{row}/id",
                "cell_wrong",
                "Expected ids that differ.",
                expected="ids that differ",
                found=rule["id"],
            )
        ids.add(rule["id"])
        for side, columns in (("when", definition["inputs"]), ("then", definition["outputs"])):
            for column in columns:
                yield from _cell_problems(
                    f"/rules/{row}/{side}/{column['name']}",
                    column,
                    str(rule[side].get(column["name"], "")),
                    side,
                    names,
                )


def _column_problems(path: str, column: Column, seen: set[str], side: str) -> Iterator[Problem]:
    name = column["name"]
    if name in seen or name in model.TAKEN:
        yield _problem(
            f"{path}/name",
            "name_taken",
            f"Expected a name of its own, but {name} is taken.",
            found=name,
        )
    seen.add(name)
    if column["kind"] == "choice" and not column.get("options"):
        yield _problem(
            f"{path}/options",
            "options_missing",
            f"Expected what {name} may be, but found nothing.",
            name=name,
        )
    for end in ("min", "max"):
        if column.get(end) not in (None, "") and column["kind"] in cells.ORDERED:
            try:
                cells.literal(column, str(column[end]))
            except CellWrong as wrong:
                yield _problem(f"{path}/{end}", wrong.code, str(wrong), **wrong.params)
    if side == "outputs" and column.get("default") not in (None, ""):
        found = str(column["default"])
        try:
            if cells.result(column, found).free is not None:
                yield _problem(
                    f"{path}/default",
                    "cell_wrong",
                    "Expected a value.",
                    expected="a value",
                    found=found,
                )
        except CellWrong as wrong:
            yield _problem(f"{path}/default", wrong.code, str(wrong), **wrong.params)


def _cell_problems(
    path: str, column: Column, text: str, side: str, names: set[str]
) -> Iterator[Problem]:
    try:
        told = cells.condition(column, text) if side == "when" else cells.result(column, text)
        if told.free is not None:
            strange = sorted(
                {path.partition(".")[0] for path in told.free.variables | told.free.optional}
                - names
                - {"it"}
            )
            if strange:
                yield _problem(
                    path,
                    "cell_name",
                    f"Expected names of the inputs, but found {strange[0]}.",
                    found=strange[0],
                    known=", ".join(sorted(names)),
                )
    except CellWrong as wrong:
        yield _problem(path, wrong.code, str(wrong), **wrong.params)


def _problem(path: str, code: str, message: str, **params: Any) -> Problem:
    return Problem(path, code, params, message)

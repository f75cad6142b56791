"""What a node asks when it evaluates its settings: one small object over the variables of an instance.

It is made for every visit of a node, so it only holds the variables; compiled texts are kept, bounded, by the modules it
calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.flow.condition import compile_condition
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.render import render
from headrace.engine.flow.values import to_json_value


class Evaluator:
    """Implements `node.Evaluate`. `missing` gathers the fields that conditions asked for in vain."""

    __slots__ = ("missing", "variables")

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = variables
        self.missing: set[str] = set()

    def expression(self, text: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The value of an expression, ready for JSON. Raises `ExpressionError`."""
        return to_json_value(compile_expression(text).evaluate(self._with(extra)))

    def template(self, text: str, extra: Mapping[str, Any] | None = None) -> str:
        """A text with `{{ … }}` filled in. Raises `TemplateError`."""
        return render(text, self._with(extra))

    def condition(self, tree: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> bool:
        """Whether a condition holds. Raises `ExpressionError`."""
        return compile_condition(tree).evaluate(self._with(extra), self.missing)

    def _with(self, extra: Mapping[str, Any] | None) -> Mapping[str, Any]:
        return {**self.variables, **extra} if extra else self.variables

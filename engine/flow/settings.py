"""The settings of one node: do they fit the schema of its type, and can every text in them be read?

What a text is, the schema says: `"format": "expression"`, `template` or `cron`, `"x-widget": "condition"`, `schema`, `flow`,
`node`.
A setting whose `x-when` does not hold is not in use and not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import HeadraceError, Problem
from headrace.engine.flow import condition, forms
from headrace.engine.flow.cron import check_cron
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.form_uses import schema_problems
from headrace.engine.flow.render import compile_template
from headrace.engine.flow.scope import Reading
from headrace.engine.flow.wording import closest, listed, pointer
from headrace.engine.node import NodeType


@dataclass(frozen=True, slots=True)
class NodeNamed:
    """A place in the settings of `node` that names another; `which` says what that one must be (x-node)."""

    node: str
    path: str
    id: str
    which: str


class SettingsCheck:
    """Looks at the settings of one node. After `run`, `readings` says who reads which variables, `named` which nodes."""

    def __init__(
        self, node_id: str, node_type: NodeType, path: str, known_flows: Collection[str] | None
    ) -> None:
        self.readings: list[Reading] = []
        self.named: list[NodeNamed] = []
        self.problems: list[Problem] = []
        self.uses: list[tuple[str, Mapping[str, Any]]] = []
        """Where a form of the flow is used, and how."""
        self.fits = False
        """The settings fit the schema, so code of the node type may look at them."""
        self._node_id = node_id
        self._type = node_type
        self._path = path
        self._known_flows = known_flows

    def run(self, settings: Mapping[str, Any], form: forms.Form) -> None:
        """Find everything wrong."""
        for problem in form.problems(settings):
            self._add_form_problem(problem)
        self.fits = not self.problems
        named = _names_besides(self._type, settings)
        self._walk(self._type.settings, settings, self._path, frozenset(), named)
        if self.fits:
            for path, code, params in self._type.check(settings):
                self._add(self._path + path, code, params, _said(params, code))

    def _add(self, path: str, code: str, params: Mapping[str, Any], message: str) -> None:
        self.problems.append(Problem(path, code, params, message, node=self._node_id))

    def _add_form_problem(self, problem: Problem) -> None:
        missing = problem.code == "required"
        setting = problem.path.removeprefix("/").split("/")[0]
        params = {**problem.params, "rule": problem.code, "setting": setting}
        code = "setting_missing" if missing else "setting_wrong"
        self._add(self._path + problem.path, code, params, problem.message)

    # walking the schema and the value together

    def _walk(
        self, schema: Any, value: Any, path: str, local: frozenset[str], named: frozenset[str]
    ) -> None:
        if not isinstance(schema, Mapping):
            return
        local = local | frozenset(schema.get("x-variables", ()))
        self._look(schema, value, path, local, named)
        if isinstance(value, Mapping):
            for name, below in _chosen(schema, value).items():
                if name in value and _in_use(below, value, schema):
                    self._walk(below, value[name], f"{path}{pointer([name])}", local, named)
        elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
            for index, item in enumerate(value):
                self._walk(schema["items"], item, f"{path}/{index}", local, named)

    def _look(
        self,
        schema: Mapping[str, Any],
        value: Any,
        path: str,
        local: frozenset[str],
        named: frozenset[str],
    ) -> None:
        match schema.get("x-widget"), schema.get("format"):
            case "condition", _ if isinstance(value, Mapping):
                self._condition(value, path, local | named)
            case "schema", _ if isinstance(value, Mapping):
                if "use" in value:
                    self.uses.append((path, value))
                    return
                for problem in schema_problems(value, path):
                    self._add(problem.path, problem.code, problem.params, problem.message)
            case "flow", _ if isinstance(value, str):
                self._flow(value, path)
            case "node", _ if isinstance(value, str):
                which = str(schema.get("x-node", ""))
                self.named.append(NodeNamed(self._node_id, path, value, which))
            case _, "expression" if isinstance(value, str):
                self._expression(value, path, local | named)
            case _, "template" if isinstance(value, str):
                self._template(value, path, local | named)
            case _, "cron" if isinstance(value, str):
                self._cron(value, path)
            case _:
                pass

    def _expression(self, text: str, path: str, local: frozenset[str]) -> None:
        try:
            found = compile_expression(text)
        except HeadraceError as error:
            self._add(path, "expression_wrong", error.params, error.message)
        else:
            self._read(path, found.variables, found.optional, local)

    def _template(self, text: str, path: str, local: frozenset[str]) -> None:
        try:
            found = compile_template(text)
        except HeadraceError as error:
            self._add(path, "template_wrong", error.params, error.message)
        else:
            self._read(path, found.variables, found.optional, local)

    def _condition(self, tree: Mapping[str, Any], path: str, local: frozenset[str]) -> None:
        troubles = condition.problems_of(tree)
        for trouble in troubles:
            self._add(path + trouble.path, trouble.code, trouble.params, trouble.message)
        if not troubles:
            # A field nobody knows makes a rule that never decides: as wrong as in an expression.
            found = condition.compile_condition(tree)
            required = found.required if "expression" in tree else found.variables
            self._read(path, required, found.variables - required, local)

    def _cron(self, text: str, path: str) -> None:
        if reason := check_cron(text):
            self._add(path, "cron_wrong", {"found": text[:100]}, reason)

    def _flow(self, key: str, path: str) -> None:
        if self._known_flows is not None and key not in self._known_flows:
            near = closest(key, self._known_flows)
            params = {"name": key, "closest": near, "known": sorted(self._known_flows)[:20]}
            hint = f" Do you mean {near[0]}?" if near else ""
            known = listed(self._known_flows)
            self._add(
                path,
                "flow_unknown",
                params,
                f"Expected a known flow, but found {key}; known: {known}.{hint}",
            )

    def _read(
        self, path: str, required: Collection[str], optional: Collection[str], local: frozenset[str]
    ) -> None:
        if required or optional:
            self.readings.append(Reading(self._node_id, path, required, optional, local))


def _names_besides(node_type: NodeType, settings: Mapping[str, Any]) -> frozenset[str]:
    """What the settings of a node see besides the variables of the flow.

    A start sees the call that came in, a node that works outside the answer, a node with `for_each` the item. A setting
    names more with `x-variables` in its schema.
    """
    names: set[str] = set()
    if node_type.starts:
        names |= {"body", "headers", "query", "item"}
    if node_type.in_worker:
        names |= {"status", "body"}
    if "for_each" in settings:
        names |= {"item", "index"}
    return _names_in_rows(settings) | names


def _names_in_rows(settings: Mapping[str, Any]) -> frozenset[str]:
    """Names set in lists of pairs: later rows and other settings of the same node may use them."""
    names: set[str] = set()
    for rows in settings.values():
        if isinstance(rows, list):
            names.update(
                row["name"]
                for row in rows
                if isinstance(row, Mapping) and isinstance(row.get("name"), str) and "value" in row
            )
    return frozenset(names)


def _chosen(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties that count for this value: of the schema, and of the `oneOf` branches whose constants fit."""
    properties: dict[str, Any] = dict(schema.get("properties", {}))
    for branch in schema.get("oneOf", ()):
        below = branch.get("properties", {})
        if all(value.get(name) == part["const"] for name, part in below.items() if "const" in part):
            properties.update(below)
    return properties


def _in_use(schema: Any, siblings: Mapping[str, Any], parent: Mapping[str, Any]) -> bool:
    """`"x-when": {"mode": ["for"]}`: is the setting asked for at all?"""
    if not isinstance(schema, Mapping):
        return False
    for name, wanted in schema.get("x-when", {}).items():
        default = parent.get("properties", {}).get(name, {}).get("default")
        if siblings.get(name, default) not in wanted:
            return False
    return True


def _said(params: Mapping[str, Any], code: str) -> str:
    if code == "setting_missing":
        return f"Expected a value for {params.get('setting', 'a setting')}, but found nothing."
    return f"Expected {params.get('expected', 'another value')}, but found {params.get('found', 'this one')}."

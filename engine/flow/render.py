"""Texts with `{{ … }}` filled in: Jinja2 in its sandbox, with less of it and with limits.

What is left: names, fields, the filters of `FILTERS`, `{% if %}` and one loop inside one loop, over the data and nothing
else. A template cannot call, multiply, define or include anything, so it ends soon and its text stays small. Fields are
look-ups in the data: `order.items` is the field, never Python's method.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headrace.engine.errors import ExpressionError, TemplateError
from headrace.engine.flow import values
from headrace.engine.flow.filters import FILTERS, text_of, wrong_template, wrong_value
from headrace.engine.flow.wording import closest, listed

TEXT_MAX = 20_000
"""Characters of a template: a long mail."""

OUTPUT_MAX = 65_536
"""Bytes (UTF-8) of a rendered text."""

ROUNDS_MAX = 5_000
"""Rounds of all loops of one rendering together: a page of order lines, not a hang."""

LOOPS_MAX = 2
"""Loops inside each other: orders, and the lines of each."""

NODES_MAX = 2_000
"""Parts of a template."""

DEPTH_MAX = 60
"""Levels of its tree; bounds the stack."""

CACHE_MAX = 512
"""Compiled templates kept, by text."""


def render(text: str, variables: Mapping[str, Any], *, html: bool = False) -> str:
    """Fill in a template. `html`: escape what is filled in. Raises `TemplateError`, which names a missing field."""
    if "{" not in text and len(text) <= TEXT_MAX:
        return text
    template = compile_template(text, html=html)
    pieces, size = [], 0
    try:
        for piece in template.pieces({**variables, _ROUNDS: [ROUNDS_MAX]}):
            size += len(piece) if piece.isascii() else len(piece.encode(errors="replace"))
            if size > OUTPUT_MAX:
                raise wrong_template(
                    "limit",
                    f"Expected a text of at most {OUTPUT_MAX} bytes, but it is longer.",
                    limit=OUTPUT_MAX,
                )
            pieces.append(piece)
    except jinja2.UndefinedError as error:
        raise _undefined(template, variables, str(error)) from None
    except ExpressionError as error:
        raise TemplateError(**error.params) from None
    except (TypeError, ValueError, ArithmeticError, jinja2.TemplateError, RecursionError) as error:
        raise wrong_template(
            "value", f"Expected values the template can show, but found: {str(error)[:200]}"
        ) from None
    return "".join(pieces)


class Template:
    """A checked and compiled template."""

    __slots__ = ("_template", "optional", "variables")

    def __init__(
        self, template: jinja2.Template, required: frozenset[str], optional: frozenset[str]
    ) -> None:
        self._template = template
        self.variables = required
        """Dotted paths that must exist."""
        self.optional = optional
        """Dotted paths that stand behind `default`, or in `is defined`."""

    def pieces(self, variables: Mapping[str, Any]) -> Iterator[str]:
        """The text, piece by piece."""
        context = self._template.new_context(dict(variables))
        return self._template.root_render_func(context)


@lru_cache(maxsize=CACHE_MAX)
def compile_template(text: str, *, html: bool = False) -> Template:
    """Check and compile once. Raises `TemplateError` with kind syntax, not_allowed, unknown_filter or limit, and `line`."""
    if len(text) > TEXT_MAX:
        raise wrong_template(
            "limit",
            f"Expected at most {TEXT_MAX} characters, but found {len(text)}.",
            limit=TEXT_MAX,
        )
    environment = _HTML if html else _PLAIN
    try:
        tree = environment.parse(text)
        paths = _Check().run(tree)
        code = environment.compile(tree)
    except jinja2.TemplateSyntaxError as error:
        reason = f"Expected a template, but line {error.lineno} cannot be read: {error.message}"
        raise wrong_template("syntax", reason, line=error.lineno) from None
    except (RecursionError, MemoryError, OverflowError, ValueError, SyntaxError):
        raise wrong_template(
            "limit", "Expected a simpler template, but this one is too deep."
        ) from None
    template = jinja2.Template.from_code(environment, code, environment.make_globals(None))
    required, optional = paths
    return Template(template, frozenset(required), frozenset(optional - required))


# --- what may be written -------------------------------------------------------------------------

_ROUNDS = "__rounds"
_EACH = "__each"
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter,
    nodes.Test, nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Add, nodes.Sub, nodes.Concat, nodes.Neg,
)  # fmt: skip
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Mul: "* (let a set_values node calculate)",
    nodes.Pow: "**",
    nodes.Div: "/ (let a set_values node calculate)",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Call: "a call (only filters may be used, as {{ amount | money }})",
    nodes.Macro: "a macro",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Assign: "set (let a set_values node calculate)",
    nodes.AssignBlock: "set",
    nodes.FilterBlock: "a filter block",
    nodes.CallBlock: "call",
}
_TESTS = {"defined", "undefined", "none"}
_LOOP_FIELDS = {"index", "index0", "first", "last", "length"}


class _Check:
    """Walks a template's tree, refuses what is not on the list, and notes which fields are read."""

    def __init__(self) -> None:
        self.required: set[str] = set()
        self.optional: set[str] = set()
        self._count = 0

    def run(self, tree: nodes.Template) -> tuple[set[str], set[str]]:
        self._visit(tree, frozenset(), 0, 0, False)
        return self.required, self.optional

    def _visit(
        self, node: nodes.Node, local: frozenset[str], loops: int, depth: int, lenient: bool
    ) -> None:
        self._count += 1
        if self._count > NODES_MAX or depth > DEPTH_MAX:
            raise wrong_template(
                "limit",
                "Expected a simpler template, but this one is too long or too deep.",
                line=node.lineno,
            )
        if isinstance(node, nodes.Call) and getattr(node.node, "name", "") == "todo":
            raise _unfinished(node)  # stands where an import was not certain
        if not isinstance(node, _ALLOWED):
            what = _REFUSED.get(type(node), type(node).__name__.lower())
            raise _refused(node, what)
        match node:
            case nodes.For():
                self._loop(node, local, loops, depth)
                return
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                self._path(node, local, loops, depth, lenient)
                return
            case nodes.Filter():
                self._filter(node)
                lenient = lenient or node.name == "default"
            case nodes.Test():
                if node.name not in _TESTS:
                    raise _refused(
                        node, f"the test {node.name} (known: {', '.join(sorted(_TESTS))})"
                    )
                lenient = True
            case _:
                pass
        for child in node.iter_child_nodes():
            self._visit(child, local, loops, depth + 1, lenient)

    def _loop(self, node: nodes.For, local: frozenset[str], loops: int, depth: int) -> None:
        if loops >= LOOPS_MAX:
            reason = f"Expected at most {LOOPS_MAX} loops inside each other, but found more."
            raise wrong_template("limit", reason, line=node.lineno, limit=LOOPS_MAX)
        if not isinstance(node.target, nodes.Name) or node.recursive:
            raise _refused(node, "a loop with more than one name, or recursive")
        if not isinstance(node.iter, nodes.Name | nodes.Getattr | nodes.Getitem):
            raise _refused(node, "a loop over something that is not in the data")
        self._visit(node.iter, local, loops, depth + 1, False)
        inside = local | {self._name(node.target), "loop"}
        for child in [*node.body, *([node.test] if node.test else [])]:
            self._visit(child, inside, loops + 1, depth + 1, False)
        for child in node.else_:
            self._visit(child, local, loops, depth + 1, False)
        node.iter = nodes.Filter(node.iter, _EACH, [], [], None, None, lineno=node.lineno)

    def _path(
        self, node: nodes.Expr, local: frozenset[str], loops: int, depth: int, lenient: bool
    ) -> None:
        names: list[str] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            if isinstance(node, nodes.Getattr):
                names.append(node.attr)
            elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                names.append(node.arg.value)
            else:
                if not isinstance(node.arg, nodes.Const):
                    self._visit(node.arg, local, loops, depth + 1, False)
                names.clear()  # behind an index the path is no longer known
            depth += 1
            node = node.node
        if not isinstance(node, nodes.Name):
            self._visit(node, local, loops, depth + 1, lenient)
        elif self._name(node) not in local:
            (self.optional if lenient else self.required).add(
                ".".join([node.name, *reversed(names)])
            )
        elif node.name == "loop" and not set(names[-1:]) <= _LOOP_FIELDS:
            raise _refused(node, f"loop.{names[-1]} (known: {', '.join(sorted(_LOOP_FIELDS))})")

    def _name(self, node: nodes.Name) -> str:
        if node.name.startswith("_") or node.name == "self":
            raise _refused(node, f"the name {node.name}")
        return node.name

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            near = closest(node.name, FILTERS)
            hint = f" Do you mean {near[0]}?" if near else ""
            reason = f"Expected one of the filters {', '.join(sorted(FILTERS))}, but found {node.name}.{hint}"
            raise wrong_template(
                "unknown_filter", reason, line=node.lineno, name=node.name, closest=near
            )
        if node.dyn_args is not None or node.dyn_kwargs is not None or node.node is None:
            raise _refused(node, "a star")


def _refused(node: nodes.Node, what: str) -> TemplateError:
    reason = f"Expected fields, listed filters, if and for, but line {node.lineno} has {what}."
    return wrong_template("not_allowed", reason, line=node.lineno, found=what)


def _unfinished(node: nodes.Call) -> TemplateError:
    first = node.args[0] if node.args else None
    text = str(first.value)[:200] if isinstance(first, nodes.Const) else ""
    reason = f"Expected a text in place of what was imported: {text}"
    return wrong_template("unfinished", reason, line=node.lineno, text=text)


def _undefined(template: Template, variables: Mapping[str, Any], message: str) -> TemplateError:
    """Jinja knows the last name only; the paths of the template know the whole one."""
    for path in sorted(template.variables | template.optional):
        place: Any = variables
        done: list[str] = []
        for name in path.split("."):
            if not isinstance(place, Mapping) or name not in place:
                known = list(place) if isinstance(place, Mapping) else []
                if f"'{name}'" not in message:
                    break
                near = closest(name, known)
                hint = f" Do you mean {near[0]}?" if near else ""
                inside = ".".join(done) or "the variables"
                reason = (
                    f"Expected {name} in {inside}, but found only {listed(near or known)}.{hint}"
                )
                names = sorted(map(str, known))[:20]
                return wrong_template(
                    "undefined", reason, path=path, name=name, closest=near, known=names
                )
            place = place[name]
            done.append(name)
    return wrong_template("undefined", message)


class _Missing(jinja2.StrictUndefined):
    """A field that is not there; any use of it fails, and tells what is there instead."""

    @property
    def _undefined_message(self) -> str:
        known = self._undefined_obj if isinstance(self._undefined_obj, Mapping) else ()
        return (
            f"Expected '{self._undefined_name}' in the data, but found only {listed(list(known))}."
        )


@jinja2.pass_context
def _each(context: Context, items: Any) -> Iterable[Any]:
    """What a loop runs over: a list of the data (a record: its field names), against one budget for the whole text."""
    if isinstance(items, Undefined):
        items._fail_with_undefined_error()
    if isinstance(items, Mapping):
        items = list(items)
    if not isinstance(items, list | tuple):
        raise wrong_value("for", "a list", items)
    left: list[int] = context[_ROUNDS]
    left[0] -= len(items)
    if left[0] < 0:
        reason = f"Expected at most {ROUNDS_MAX} rounds of all loops together, but found more."
        raise wrong_template("limit", reason, limit=ROUNDS_MAX)
    return items


# --- the environment -----------------------------------------------------------------------------


class _Environment(ImmutableSandboxedEnvironment):
    """Look-ups in the data are all there is to see of an object."""

    intercepted_binops = frozenset(["+", "-"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Undefined):
                side._fail_with_undefined_error()
        return values.add(left, right) if operator == "+" else values.subtract(left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj  # the first missing name is the one to tell
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        if (
            isinstance(obj, list | tuple)
            and type(argument) is int
            and -len(obj) <= argument < len(obj)
        ):
            return obj[argument]
        if type(obj).__name__ in {"LoopContext", "AsyncLoopContext"} and argument in _LOOP_FIELDS:
            return getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)


def _environment(html: bool) -> _Environment:
    environment = _Environment(
        undefined=_Missing,
        autoescape=html,
        finalize=text_of,
        cache_size=0,
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({**FILTERS, _EACH: _each})
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


_PLAIN = _environment(html=False)
_HTML = _environment(html=True)

"""The expression language: `amount > 500 and order.status in ["paid", "shipped"]`.

Python's parser reads the text, a white list looks at every node, and what passes becomes nested closures: nothing of
Python's own `eval` is ever near a designer's text. Names and members are look-ups in the variables and nothing else
(no attributes), only functions of `functions.py` can be called, and every size has a limit with a name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from headrace.engine.errors import ExpressionError
from headrace.engine.flow import values
from headrace.engine.flow.functions import FUNCTIONS, Function
from headrace.engine.flow.reading import Place, read
from headrace.engine.flow.values import to_json_value, wrong
from headrace.engine.flow.wording import closest, kind_of, listed, shown

__all__ = ["FUNCTIONS", "Expression", "compile_expression", "to_json_value", "variables_of"]

EACH_MAX = 100_000
"""Items times parts of what `each(…)` works out for them: bounds the time."""

ITEM = "it"
"""The name of the item inside `each(…)`."""

EACH_READS_MAX = 1_000_000
"""What the value of `each(…)` may read in all rounds together: a long list looked through for every item of another one."""

_READS = "…"
"""Where `each(…)` counts; no name of a variable."""

CACHE_MAX = 1_024
"""Compiled expressions kept, by text."""

Closure = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    variables: frozenset[str]
    """Dotted paths that must exist: `order.amount`."""
    optional: frozenset[str]
    """Dotted paths read only inside `default(…)` or `exists(…)`."""
    run: Closure

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value over these variables, numbers exact. Raises `ExpressionError` with `at`, the offset in the text."""
        try:
            return self.run(variables)
        except _Missing as missing:
            raise missing.told() from None
        except RecursionError:
            raise wrong("limit", "Expected data nested less deeply.", at=0) from None


@lru_cache(maxsize=CACHE_MAX)
def compile_expression(text: str) -> Expression:
    """Compile a text once; raises `ExpressionError` with kind `syntax`, `not_allowed`, `arguments` or `limit`."""
    tree, place = read(text)
    compiler = _Compiler(text, place)
    run = compiler.compile(tree)
    return Expression(
        text=text,
        variables=frozenset(compiler.required),
        optional=frozenset(compiler.optional - compiler.required),
        run=run,
    )


def variables_of(text: str) -> set[str]:
    """The dotted paths an expression reads, optional ones too. Raises `ExpressionError` as compiling does."""
    expression = compile_expression(text)
    return set(expression.variables | expression.optional)


# --- compiling -----------------------------------------------------------------------------------

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: values.add,
    ast.Sub: values.subtract,
    ast.Mult: values.multiply,
    ast.Div: values.divide,
    ast.FloorDiv: values.floor_divide,
    ast.Mod: values.remainder,
}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_REFUSED: Mapping[type[ast.AST], str] = {
    ast.Lambda: "a function of its own",
    ast.ListComp: "a loop",
    ast.SetComp: "a loop",
    ast.DictComp: "a loop",
    ast.GeneratorExp: "a loop",
    ast.JoinedStr: "an f-text",
    ast.NamedExpr: "an assignment",
    ast.Starred: "a star",
    ast.Pow: "a power",
    ast.Set: "a set",
    ast.Slice: "a slice",
    ast.Is: "is (write ==)",
    ast.IsNot: "is not (write !=)",
}


class _Compiler:
    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place
        self._optional_depth = 0
        self._inside_each = False
        self.required: set[str] = set()
        self.optional: set[str] = set()

    def compile(self, node: ast.expr) -> Closure:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._path(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._junction(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Call():
                return self._call(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.List() | ast.Tuple():
                return self._list(node)
            case ast.Dict():
                return self._record(node)
            case _:
                raise self._refused(node, node)

    # leaves

    def _constant(self, node: ast.Constant) -> Closure:
        value: Any = node.value
        if isinstance(value, float | int) and not isinstance(value, bool):
            value = self._number(node)
        elif not (value is None or isinstance(value, str | bool)):
            raise self._refused(node, node)
        return lambda _: value

    def _number(self, node: ast.Constant) -> values.Number:
        if isinstance(node.value, int):
            return self._located(node, lambda: values.exact(node.value))
        # Python has already rounded the float: read the digits that were written.
        start, end = self._at(node), self._place.of(node.end_lineno or 1, node.end_col_offset or 0)
        try:
            number = Decimal(self._text[start:end])
        except InvalidOperation:
            raise self._refused(node, node) from None
        return self._located(node, lambda: values.exact(number))

    def _path(self, node: ast.expr) -> Closure:
        root, steps = self._steps(node)
        if not isinstance(root, ast.Name):
            return self._walk(self.compile(root), node, steps, shown_as="this value")
        if root.id in _WORDS and not steps:
            value = _WORDS[root.id]
            return lambda _: value
        static = [root.id]
        for step in steps:
            if not isinstance(step, str):
                break
            static.append(step)
        if not (self._inside_each and root.id == ITEM):
            (self.optional if self._optional_depth else self.required).add(".".join(static))
        run = self._walk(_name(root.id, self._at(root)), node, steps, shown_as=root.id)
        return _counted(run, self._at(node)) if self._inside_each else run

    def _steps(self, node: ast.expr) -> tuple[ast.expr, list[str | int | Closure]]:
        steps: list[str | int | Closure] = []
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Attribute):
                steps.append(node.attr)
            elif isinstance(node.slice, ast.Slice):
                raise self._refused(node, node.slice)
            elif isinstance(node.slice, ast.Constant) and type(node.slice.value) in (str, int):
                steps.append(node.slice.value)  # type: ignore[arg-type]
            else:
                steps.append(self.compile(node.slice))
            node = node.value
        steps.reverse()
        return node, steps

    def _walk(
        self, start: Closure, node: ast.expr, steps: list[str | int | Closure], shown_as: str
    ) -> Closure:
        at, end = self._at(node), self._place.of(node.end_lineno or 1, node.end_col_offset or 0)
        path = self._text[at:end]
        run = start
        for step in steps:
            shown_as = f"{shown_as}.{step}" if isinstance(step, str) else f"{shown_as}[…]"
            run = (
                _member(run, step, at, shown_as, path)
                if isinstance(step, str)
                else _index(run, step, at, shown_as)
            )
        return run

    # operators

    def _compare(self, node: ast.Compare) -> Closure:
        at = self._at(node)
        parts: list[Closure] = [self.compile(part) for part in (node.left, *node.comparators)]
        if len(node.ops) == 1:
            return self._comparison(node.ops[0], parts[0], parts[1], node, at)
        held: list[Closure] = []
        for index, sign in enumerate(node.ops):
            held.append(self._comparison(sign, parts[index], parts[index + 1], node, at))
        return lambda env: all(compare(env) for compare in held)

    def _comparison(
        self, sign: ast.cmpop, left: Closure, right: Closure, node: ast.Compare, at: int
    ) -> Closure:
        match sign:
            case ast.Eq():
                return _equal(left, right, at)
            case ast.NotEq():
                return _negated(_equal(left, right, at))
            case ast.Lt():
                return _ordered("<", left, right, at)
            case ast.LtE():
                return _ordered("<=", left, right, at)
            case ast.Gt():
                return _ordered(">", left, right, at)
            case ast.GtE():
                return _ordered(">=", left, right, at)
            case ast.In():
                return self._membership(left, right, node, at)
            case ast.NotIn():
                return _negated(self._membership(left, right, node, at))
            case _:
                raise self._refused(node, sign)

    def _membership(self, left: Closure, right: Closure, node: ast.Compare, at: int) -> Closure:
        listed_ = node.comparators[-1]
        slow = _guarded(values.contained, left, right, at)
        if not (isinstance(listed_, ast.List) and len(node.ops) == 1):
            return slow
        texts = [item.value for item in listed_.elts if isinstance(item, ast.Constant)]
        if len(texts) != len(listed_.elts) or not all(isinstance(text, str) for text in texts):
            return slow
        known = frozenset(texts)

        def run(env: Mapping[str, Any]) -> bool:
            value = left(env)
            return value in known if type(value) is str else False

        return run

    def _junction(self, node: ast.BoolOp) -> Closure:
        word = "and" if isinstance(node.op, ast.And) else "or"
        stops = word == "or"
        parts = tuple((self.compile(part), self._at(part)) for part in node.values)

        def run(env: Mapping[str, Any]) -> bool:
            for part, at in parts:
                value = part(env)
                if value is not True and value is not False:
                    raise _not_yes_no(word, value, at)
                if value is stops:
                    return stops
            return not stops

        return run

    def _binary(self, node: ast.BinOp) -> Closure:
        if type(node.op) not in _BINARY:
            raise self._refused(node, node.op)
        return _guarded(
            _BINARY[type(node.op)],
            self.compile(node.left),
            self.compile(node.right),
            self._at(node),
        )

    def _unary(self, node: ast.UnaryOp) -> Closure:
        operand, at = self.compile(node.operand), self._at(node)
        if isinstance(node.op, ast.Not):
            return _not(operand, at)
        if isinstance(node.op, ast.USub):
            return _guarded_one(values.negative, operand, at)
        if isinstance(node.op, ast.UAdd):
            return _guarded_one(lambda value: values.negative(values.negative(value)), operand, at)
        raise self._refused(node, node.op)

    def _choice(self, node: ast.IfExp) -> Closure:
        test, yes, no = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        at = self._at(node.test)

        def run(env: Mapping[str, Any]) -> Any:
            value = test(env)
            if value is not True and value is not False:
                raise _not_yes_no("if", value, at)
            return yes(env) if value else no(env)

        return run

    def _list(self, node: ast.List | ast.Tuple) -> Closure:
        items = tuple(self.compile(item) for item in node.elts)
        return lambda env: [item(env) for item in items]

    def _record(self, node: ast.Dict) -> Closure:
        fields: list[tuple[str, Closure]] = []
        for name, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                reason = 'Expected field names as texts, as {"a": 1}, but found something else.'
                raise wrong("not_allowed", reason, at=self._at(name or value))
            fields.append((name.value, self.compile(value)))
        return lambda env: {name: value(env) for name, value in fields}

    # calls

    def _call(self, node: ast.Call) -> Closure:
        function = self._function(node)
        if function.name == "each":
            return self._each(node)
        if function.call is None:
            return self._lenient(function.name, node)
        arguments = tuple(self.compile(argument) for argument in node.args)
        return _called(function.call, arguments, self._at(node))

    def _function(self, node: ast.Call) -> Function:
        at = self._at(node)
        if not isinstance(node.func, ast.Name):
            reason = (
                "Expected a function by its name, but found something else in front of the bracket."
            )
            raise wrong("not_allowed", reason, at=at)
        function = FUNCTIONS.get(node.func.id)
        if (
            node.func.id == "todo"
        ):  # stands where an import was not certain (`exchange/translate.py`)
            raise self._unfinished(node, at)
        if function is None:
            near = closest(node.func.id, FUNCTIONS)
            hint = f" Do you mean {near[0]}?" if near else ""
            reason = f"Expected a known function, but found {node.func.id}(…).{hint}"
            raise wrong("unknown_function", reason, at=at, name=node.func.id, closest=near)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise wrong("not_allowed", f"Expected plain values in {function.signature}.", at=at)
        if not function.least <= len(node.args) <= function.most:
            reason = f"Expected {function.signature}, but found {len(node.args)} value(s)."
            raise wrong(
                "arguments", reason, at=at, name=function.name, signature=function.signature
            )
        return function

    def _unfinished(self, node: ast.Call, at: int) -> ExpressionError:
        first = node.args[0] if node.args else None
        text = str(first.value) if isinstance(first, ast.Constant) else ""
        reason = f"Expected an expression in place of what was imported: {text[:200]}"
        return wrong("unfinished", reason, at=at, text=text[:200])

    def _lenient(self, name: str, node: ast.Call) -> Closure:
        self._optional_depth += 1
        value = self.compile(node.args[0])
        self._optional_depth -= 1
        if name == "exists":
            return lambda env: _or_none(value, env) is not None
        other = self.compile(node.args[1])

        def run(env: Mapping[str, Any]) -> Any:
            found = _or_none(value, env)
            return other(env) if found is None else found

        return run

    def _each(self, node: ast.Call) -> Closure:
        at = self._at(node)
        if self._inside_each:
            raise wrong("not_allowed", "Expected no each(…) inside another one.", at=at)
        items = self.compile(node.args[0])
        parts = sum(isinstance(part, ast.expr) for part in ast.walk(node.args[1]))
        self._inside_each = True
        value = self.compile(node.args[1])
        self._inside_each = False

        def run(env: Mapping[str, Any]) -> list[Any]:
            found = items(env)
            if not isinstance(found, list | tuple):
                reason = f"Expected a list in each(…), but found {kind_of(found)}."
                raise wrong("kind", reason, at=at, found=kind_of(found))
            if len(found) * parts > EACH_MAX:
                reason = f"Expected at most {EACH_MAX // parts} items in this each(…), but found {len(found)}."
                raise wrong("limit", reason, at=at, limit=EACH_MAX)
            inner, weight, result = {**env, _READS: [EACH_READS_MAX]}, 0, []
            for item in found:
                inner[ITEM] = item
                result.append(value(inner))
                weight += values.weight(result[-1])
                if weight > values.RESULT_MAX:
                    reason = (
                        f"Expected a result of at most {values.RESULT_MAX} characters from each(…)."
                    )
                    raise wrong("limit", reason, at=at, limit=values.RESULT_MAX)
            return result

        return run

    # places

    def _at(self, node: ast.expr) -> int:
        return self._place.of(node.lineno, node.col_offset)

    def _located(self, node: ast.expr, make: Callable[[], values.Number]) -> values.Number:
        try:
            return make()
        except ExpressionError as error:
            raise _placed(error, self._at(node)) from None

    def _refused(self, node: ast.expr, what: ast.AST) -> ExpressionError:
        name = _REFUSED.get(type(what), f"{type(what).__name__.lower()}")
        if isinstance(what, ast.Constant):
            name = f"the value {str(what.value)[:20]}"
        reason = f"Expected names, values, operators and listed functions, but found {name}."
        return wrong("not_allowed", reason, at=self._at(node), found=name)


# --- closures ------------------------------------------------------------------------------------


def _placed(error: ExpressionError, at: int) -> ExpressionError:
    error.params.setdefault("at", at)
    return error


def _name(name: str, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        try:
            value = env[name]
        except KeyError:
            raise _Missing(name, "", env, at) from None
        return values.exact(value) if type(value) is float else value

    return run


def _counted(run_path: Closure, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        value = run_path(env)
        if isinstance(value, str | Mapping | list):
            left: list[int] = env[_READS]
            left[0] -= len(value) // 64 if isinstance(value, str) else values.weight(value)
            if left[0] < 0:
                reason = "Expected each(…) to look through less: its value reads a long list for every item."
                raise wrong("limit", reason, at=at, limit=EACH_READS_MAX)
        return value

    return run


def _member(run_base: Closure, key: str, at: int, shown_as: str, path: str) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        base = run_base(env)
        if type(base) is not dict and not isinstance(base, Mapping):
            raise _no_record(base, key, at, shown_as)
        try:
            value = base[key]
        except KeyError:
            raise _Missing(key, shown_as[: -len(key) - 1], base, at) from None
        return values.exact(value) if type(value) is float else value

    return run


def _index(run_base: Closure, step: int | Closure, at: int, shown_as: str) -> Closure:
    place = shown_as[: -len("[…]")]

    def run(env: Mapping[str, Any]) -> Any:
        base, key = run_base(env), step if isinstance(step, int) else step(env)
        if isinstance(base, list | tuple) and isinstance(key, int) and not isinstance(key, bool):
            if not -len(base) <= key < len(base):
                reason = f"Expected an item {key} in {place}, but it has {len(base)} item(s)."
                raise wrong("undefined", reason, at=at, path=place, count=len(base))
            value = base[key]
        elif isinstance(base, Mapping) and isinstance(key, str):
            if key not in base:
                raise _Missing(key, place, base, at)
            value = base[key]
        else:
            reason = f"Expected list[number] or record[text], but found a {kind_of(base)} and a {kind_of(key)}."
            raise wrong("undefined" if base is None else "kind", reason, at=at, path=place)
        return values.exact(value) if type(value) is float else value

    return run


class _Missing(ExpressionError):
    """{reason}"""

    def __init__(self, name: str, inside: str, known: Iterable[str], at: int) -> None:
        Exception.__init__(self)
        self.params = {"kind": "undefined", "at": at}
        self.problems = []
        self._place = (name, inside, known, at)

    def told(self) -> ExpressionError:
        """The error for people: looking for the closest names costs more than all the rest, and `default(…)` needs none."""
        return _undefined(*self._place)


def _undefined(name: str, inside: str, known: Iterable[str], at: int) -> ExpressionError:
    names = list(known)
    near = closest(name, names)
    path = f"{inside}.{name}" if inside else name
    hint = f" Do you mean {near[0]}?" if near else ""
    there = listed(near) if near else listed(names)
    reason = f"Expected {name} in {inside or 'the variables'}, but found only {there}.{hint}"
    return wrong(
        "undefined", reason, at=at, path=path, name=name, closest=near, known=sorted(names)[:20]
    )


def _no_record(base: Any, key: str, at: int, shown_as: str) -> ExpressionError:
    place = shown_as[: -len(key) - 1]
    found = "empty" if base is None else f"the {kind_of(base)} {shown(base)}"
    hint = (
        f' pluck({place}, "{key}") takes it from every item.'
        if isinstance(base, list | tuple)
        else ""
    )
    reason = f"Expected a record {place} with a field {key}, but {place} is {found}.{hint}"
    return wrong(
        "undefined" if base is None else "kind", reason, at=at, path=shown_as, found=kind_of(base)
    )


def _not_yes_no(word: str, value: Any, at: int) -> ExpressionError:
    found = "nothing" if value is None else f"the {kind_of(value)} {shown(value)}"
    reason = f"Expected yes or no at {word}, but found {found}. Compare it, as x > 0 or x == null."
    return wrong("kind", reason, at=at, word=word, found=kind_of(value))


_FAST = {int, str}


def _ordered(sign: str, left: Closure, right: Closure, at: int) -> Closure:
    compare = values._ORDERED[sign]

    def run(env: Mapping[str, Any]) -> bool:
        a, b = left(env), right(env)
        if type(a) is type(b) and type(a) in _FAST:
            return compare(a, b)
        try:
            return values.order(sign, a, b)
        except ExpressionError as error:
            raise _placed(error, at) from None

    return run


def _equal(left: Closure, right: Closure, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> bool:
        a, b = left(env), right(env)
        if type(a) is type(b) and type(a) in _FAST:
            return bool(a == b)
        try:
            return values.equal(a, b)
        except ExpressionError as error:
            raise _placed(error, at) from None

    return run


def _negated(part: Closure) -> Closure:
    return lambda env: not part(env)


def _not(part: Closure, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> bool:
        value = part(env)
        if value is not True and value is not False:
            raise _not_yes_no("not", value, at)
        return not value

    return run


def _guarded(apply: Callable[[Any, Any], Any], left: Closure, right: Closure, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        a, b = left(env), right(env)
        try:
            return apply(a, b)
        except ExpressionError as error:
            raise _placed(error, at) from None

    return run


def _guarded_one(apply: Callable[[Any], Any], part: Closure, at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        value = part(env)
        try:
            return apply(value)
        except ExpressionError as error:
            raise _placed(error, at) from None

    return run


def _called(call: Callable[..., Any], arguments: tuple[Closure, ...], at: int) -> Closure:
    def run(env: Mapping[str, Any]) -> Any:
        given = [argument(env) for argument in arguments]
        try:
            return call(*given)
        except ExpressionError as error:
            raise _placed(error, at) from None

    return run


def _or_none(part: Closure, env: Mapping[str, Any]) -> Any:
    try:
        return part(env)
    except ExpressionError as error:
        if error.params.get("kind") != "undefined":
            raise
        return None

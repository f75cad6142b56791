"""Expressions of other tools in our language, where we are certain; else nothing, and the caller leaves a `todo("…")`.

Three dialects are read: JUEL (`${amount > 500 && !vip}`: Camunda 7, Flowable, Activiti), FEEL (`= amount > 500 and not(vip)`:
Camunda 8) and JavaScript as n8n has it (`{{ $json.amount > 500 }}`). Only what means the same in both is taken: values, paths,
comparisons, and, or, not, arithmetic, either-or. Calls of methods and functions are not, but for a few that are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.reading import TEXT_MAX

Dialect = Literal["juel", "feel", "js"]
Kind = Literal["number", "string", "boolean", "any"]
Path = tuple[str, ...]

Lookup = Callable[[Path], str | None]
"""A path of theirs → a path of ours; None: not certain."""

DEPTH_MAX = 30

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_$\u4e00-\u9fff][\w$\u4e00-\u9fff]*)
    | (?P<sign>===|!==|==|!=|<=|>=|&&|\|\||[-+*/%<>=!?:().,\[\]])
    )""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff]*")


@dataclass(frozen=True, slots=True)
class Translated:
    """Our text, and what can be said of the values it reads."""

    text: str
    kind: Kind = "any"
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Path of ours → what it is compared with."""


class _Unsure(Exception):
    pass


def as_it_is(path: Path) -> str | None:
    """Their names are ours."""
    if all(_NAME.fullmatch(part) for part in path):
        return ".".join(path)
    return None


def translate(text: str, dialect: Dialect, lookup: Lookup = as_it_is) -> Translated | None:
    """One expression without its braces; None where we are not certain."""
    if not text.strip() or len(text) > TEXT_MAX:
        return None
    try:
        parser = _Parser(_tokens(text), dialect, lookup)
        found = parser.whole()
        compile_expression(found.text)
    except (_Unsure, ExpressionError, RecursionError):
        return None
    return Translated(found.text, found.kind, dict(parser.kinds))


def todo(text: str) -> str:
    """Stands where an expression must be written; its own language refuses it at publish, with this text in the message."""
    return f"todo({json.dumps(text[:500], ensure_ascii=False)})"


def literal(value: object) -> str:
    """A JSON value as an expression."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(str(k))}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(literal, value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(text: str) -> str:
    """A text as an expression: no escape but those our language has."""
    plain = "".join(c for c in text if c >= " " or c in "\n\r\t")
    return json.dumps(plain, ensure_ascii=False).replace("\\b", "").replace("\\f", "")


def negated(text: str) -> str:
    """The opposite of a condition, for telling whether one way is the other's else."""
    for sign, other in ((" == ", " != "), (" > ", " <= "), (" < ", " >= ")):
        for one, two in ((sign, other), (other, sign)):
            if text.count(one) == 1 and " and " not in text and " or " not in text:
                return text.replace(one, two)
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


# --- reading -------------------------------------------------------------------------------------


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Unsure
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind)))
        at = match.end()
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    kind: Kind
    strength: int
    """Of its outermost operator; 9: a value."""
    path: str = ""


_LEVELS: Mapping[str, int] = {
    "or": 1, "and": 2, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_SIGNS: Mapping[Dialect, Mapping[str, str]] = {
    "juel": {
        "&&": "and", "||": "or", "and": "and", "or": "or", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">",
        "ge": ">=", "div": "/", "mod": "%", "==": "==", "!=": "!=",
    },
    "feel": {"and": "and", "or": "or", "=": "==", "!=": "!=", "in": "in"},
    "js": {"&&": "and", "||": "or", "===": "==", "==": "==", "!==": "!=", "!=": "!="},
}  # fmt: skip
_PLAIN = frozenset(["<", "<=", ">", ">=", "+", "-", "*", "/", "%"])


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], dialect: Dialect, lookup: Lookup) -> None:
        self._tokens = tokens
        self._at = 0
        self._dialect: Dialect = dialect
        self._lookup = lookup
        self._depth = 0
        self.kinds: dict[str, Kind] = {}

    def whole(self) -> _Part:
        found = self._choice()
        if self._at < len(self._tokens):
            raise _Unsure
        return found

    # tokens

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _takes(self, text: str) -> bool:
        if self._peek() in (("sign", text), ("name", text)):
            self._at += 1
            return True
        return False

    def _needs(self, text: str) -> None:
        if not self._takes(text):
            raise _Unsure

    # levels

    def _choice(self) -> _Part:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _Unsure
        if self._dialect == "feel" and self._takes("if"):
            test = self._choice()
            self._needs("then")
            yes = self._choice()
            self._needs("else")
            found = self._either(test, yes, self._choice())
        else:
            found = self._binary(1)
            if self._dialect != "feel" and self._takes("?"):
                yes = self._choice()
                self._needs(":")
                found = self._either(found, yes, self._choice())
        self._depth -= 1
        return found

    def _either(self, test: _Part, yes: _Part, no: _Part) -> _Part:
        self._asked(test)
        kind: Kind = yes.kind if yes.kind == no.kind else "any"
        return _Part(f"{_in(yes, 1)} if {_in(test, 1)} else {_in(no, 1)}", kind, 0)

    def _binary(self, level: int) -> _Part:
        left = self._unary()
        while True:
            sign = self._sign()
            strength = _LEVELS.get(sign, 0)
            if strength < level:
                return left
            self._at += 1
            if strength == 4 and left.strength == 4:
                raise _Unsure  # 1 < x < 5 means something else over there
            right = self._binary(strength + 1)
            left = self._joined(sign, strength, left, right)

    def _sign(self) -> str:
        kind, text = self._peek()
        if kind == "sign" and text in _PLAIN:
            return text
        return _SIGNS[self._dialect].get(text, "") if kind in {"sign", "name"} else ""

    def _joined(self, sign: str, strength: int, left: _Part, right: _Part) -> _Part:
        if strength <= 2:
            self._asked(left)
            self._asked(right)
            return _Part(
                f"{_in(left, strength)} {sign} {_in(right, strength)}", "boolean", strength
            )
        if strength == 4:
            self._compared(left, right)
            if sign == "in" and not right.text.startswith("["):
                raise _Unsure
            return _Part(f"{_in(left, 5)} {sign} {_in(right, 5)}", "boolean", 4)
        if "string" in (left.kind, right.kind) and (sign != "+" or self._dialect == "juel"):
            raise _Unsure
        if sign == "+" and self._dialect == "js" and left.kind != right.kind:
            raise _Unsure  # a number and a text are a text over there
        self._compared(left, right)
        kind: Kind = "string" if "string" in (left.kind, right.kind) else "number"
        return _Part(f"{_in(left, strength)} {sign} {_in(right, strength + 1)}", kind, strength)

    def _asked(self, part: _Part) -> None:
        """It is asked for yes or no: a bare value must be one."""
        if part.kind in {"number", "string"} or (part.kind == "any" and self._dialect == "js"):
            raise _Unsure  # any value is true or false over there
        if part.path:
            self.kinds[part.path] = "boolean"

    def _compared(self, left: _Part, right: _Part) -> None:
        for one, other in ((left, right), (right, left)):
            if one.path and other.kind != "any":
                self.kinds.setdefault(one.path, other.kind)

    def _unary(self) -> _Part:
        if self._dialect != "feel" and (self._takes("!") or self._takes("not")):
            part = self._unary()
            self._asked(part)
            return _Part(f"not {_in(part, 4)}", "boolean", 3)
        if self._takes("-"):
            part = self._unary()
            if part.kind in {"string", "boolean"}:
                raise _Unsure
            return _Part(f"-{_in(part, 7)}", "number", 7)
        return self._value()

    def _value(self) -> _Part:
        kind, text = self._next()
        if kind == "number":
            return _Part(text, "number", 9)
        if kind == "text":
            return _Part(_text(text), "string", 9)
        if kind == "sign" and text == "(":
            inner = self._choice()
            self._needs(")")
            return _Part(inner.text, inner.kind, inner.strength, inner.path)
        if kind == "sign" and text == "[":
            return self._list()
        if kind != "name" or text in {
            "empty",
            "instanceof",
            "typeof",
            "new",
            "for",
            "some",
            "every",
        }:
            raise _Unsure
        if text in {"true", "false"}:
            return _Part(text, "boolean", 9)
        if text == "null" or (text == "undefined" and self._dialect == "js"):
            return _Part("null", "any", 9)
        return self._path(text)

    def _list(self) -> _Part:
        items = []
        while not self._takes("]"):
            items.append(self._choice().text)
            if not self._takes(","):
                self._needs("]")
                break
        return _Part(f"[{', '.join(items)}]", "any", 9)

    def _path(self, name: str) -> _Part:
        if self._dialect == "feel" and self._peek() == ("sign", "("):
            return self._feel_call(name)
        parts = [name]
        if self._dialect == "js" and name == "$" and self._takes("("):
            kind, text = self._next()
            self._needs(")")
            if kind != "text":
                raise _Unsure
            parts.append(_plain(text))
        while True:
            if self._takes("."):
                kind, text = self._next()
                if kind != "name":
                    raise _Unsure
                parts.append(text)
            elif self._takes("["):
                kind, text = self._next()
                self._needs("]")
                if kind == "text":
                    parts.append(_plain(text))
                else:
                    raise _Unsure
            else:
                break
        if self._peek() == ("sign", "("):
            return self._method(parts)
        found = self._lookup(tuple(parts))
        if found is None:
            raise _Unsure
        return _Part(found, "any", 9, found)

    def _feel_call(self, name: str) -> _Part:
        self._needs("(")
        first = self._choice()
        if name == "contains" and self._takes(","):
            second = self._choice()
            self._needs(")")
            return _Part(f"contains({first.text}, {second.text})", "boolean", 9)
        self._needs(")")
        if name == "not":
            self._asked(first)
            return _Part(f"not {_in(first, 4)}", "boolean", 3)
        known: Mapping[str, tuple[str, Kind]] = {
            "number": ("number", "number"), "string": ("text", "string"), "count": ("len", "number"),
            "sum": ("sum", "number"), "floor": ("floor", "number"), "abs": ("abs", "number"),
        }  # fmt: skip
        if name not in known:
            raise _Unsure
        return _Part(f"{known[name][0]}({first.text})", known[name][1], 9)

    def _method(self, parts: list[str]) -> _Part:
        """`status.equals("paid")`, `tags.contains("x")`, `name.includes("x")`: the few that mean one thing."""
        known = {
            "equals": "{0} == {1}", "contains": "contains({0}, {1})", "startsWith": "starts_with({0}, {1})",
            "endsWith": "ends_with({0}, {1})", "includes": "contains({0}, {1})",
        }  # fmt: skip
        method = parts.pop()
        found = self._lookup(tuple(parts)) if parts and method in known else None
        self._needs("(")
        if found is None:
            raise _Unsure
        argument = self._choice()
        self._needs(")")
        if method == "equals":
            self._compared(_Part(found, "any", 9, found), argument)
        text = known[method].format(found, _in(argument, 5))
        return _Part(text, "boolean", 4 if method == "equals" else 9)


def _in(part: _Part, strength: int) -> str:
    return part.text if part.strength >= strength else f"({part.text})"


def _plain(token: str) -> str:
    """The text a literal stands for. Escapes beyond the common ones are left to people."""
    if re.search(r"""\\(?!["'\\ntr])""", token):
        raise _Unsure
    inner = token[1:-1]
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), inner)


def _text(token: str) -> str:
    return quoted(_plain(token))


# --- what stands around them ---------------------------------------------------------------------

_JUEL = re.compile(r"^\s*[$#]\{(.*)\}\s*$", re.DOTALL)


def inside(text: str) -> tuple[Dialect, str] | None:
    """What stands in `${…}` or behind `=`, and in which language; None for a plain text."""
    if (match := _JUEL.match(text)) and "${" not in match[1] and "#{" not in match[1]:
        return "juel", match[1]
    if text.lstrip().startswith("="):
        return "feel", text.lstrip()[1:]
    return None


def template(text: str, lookup: Lookup = as_it_is) -> str | None:
    """A text with `${…}` in it as one with `{{ … }}`; None where a part is not certain. `{{` of its own is kept apart."""
    if "{{" in text:
        return None
    sure = True

    def filled(match: re.Match[str]) -> str:
        nonlocal sure
        found = translate(match[1], "juel", lookup)
        sure = sure and found is not None
        return "{{ " + (found.text if found else "") + " }}"

    told = re.sub(r"[$#]\{([^{}]*)\}", filled, text)
    return told if sure and "${" not in told and "#{" not in told else None

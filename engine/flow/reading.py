"""From the text of an expression to a syntax tree of bounded size, with an offset for every node, and errors that help."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.values import wrong
from headrace.engine.syntax_race import unraced

TEXT_MAX = 2_000
"""Characters of an expression: longer ones belong into a set_values node or two."""

NODES_MAX = 500
"""Parts of an expression; each is evaluated at most once, so this bounds the time."""

DEPTH_MAX = 40
"""Levels of brackets and operators: bounds the stack."""

_ODD_ESCAPE = re.compile(r"""\\(?!["'\\ntru])""")
_HINTS: Sequence[tuple[str, str]] = (
    ("&&", "Write and instead of &&."),
    ("||", "Write or instead of ||."),
    ("<>", "Write != instead of <>."),
    ("===", "Write == instead of ===."),
    ("!==", "Write != instead of !==."),
)
_FULL_WIDTH = str.maketrans("（）［］，．：＞＜＝！＋－＊／％“”‘’。、", "()[],.:><=!+-*/%\"\"''.,")
"""What a Chinese keyboard types → what is meant."""


class Place:
    """Turns the parser's line and byte column into an offset in the text, in characters."""

    def __init__(self, source: str, shift: int) -> None:
        self._lines = source.splitlines(keepends=True) or [""]
        self._shift = shift

    def of(self, line: int, column: int) -> int:
        before = sum(len(text) for text in self._lines[: line - 1])
        here = self._lines[min(line, len(self._lines)) - 1]
        return max(0, before + len(here.encode()[:column].decode(errors="ignore")) - self._shift)


def parsed(source: str) -> ast.Expression:
    """Python's own tree of a source text."""
    return unraced(lambda: ast.parse(source, mode="eval"))


def read(text: str) -> tuple[ast.expr, Place]:
    if len(text) > TEXT_MAX:
        reason = f"Expected at most {TEXT_MAX} characters, but found {len(text)}."
        raise wrong("limit", reason, at=TEXT_MAX, limit=TEXT_MAX)
    if not text.strip():
        raise wrong("syntax", "Expected an expression, but found nothing.", at=0)
    if odd := _ODD_ESCAPE.search(text):
        raise wrong("syntax", "Expected \\\\ for a backslash inside a text.", at=odd.start())
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise wrong("syntax", "Expected a text of whole characters.", at=0)
    source = f"({text}\n)" if "\n" in text or "\r" in text or text[0].isspace() else text
    place = Place(source, 1 if source is not text else 0)
    try:
        tree = parsed(source).body
    except SyntaxError as error:
        raise _syntax(text, error, place) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    except ValueError as error:
        raise wrong("syntax", f"Expected an expression: {error}.", at=0) from None
    _check_size(tree)
    return tree, place


def _syntax(text: str, error: SyntaxError, place: Place) -> ExpressionError:
    # SyntaxError counts characters where nodes count bytes; without an offset the text ended too early.
    line, column = error.lineno or 1, (error.offset or len(text) + 1) - 1
    at = min(place.of(line, 0) + column, len(text))
    if "nested parentheses" in (error.msg or "") or "too complex" in (error.msg or ""):
        return _too_deep()
    return wrong("syntax", f"Expected an expression, but {_why(text, error, at)}", at=at)


def _why(text: str, error: SyntaxError, at: int) -> str:
    for wide in text:
        if ord(wide) in _FULL_WIDTH and "invalid character" in (error.msg or ""):
            return f"found the full-width {wide}: write {wide.translate(_FULL_WIDTH)}."
    for sign, hint in _HINTS:
        if sign in text:
            return f"found {sign}. {hint}"
    if text[at : at + 1] == "=" or "==" in (error.msg or ""):
        return "found a single =. Write == to compare."
    return f"it cannot be read: {error.msg}."


def _too_deep() -> ExpressionError:
    reason = f"Expected at most {DEPTH_MAX} levels of brackets and operators, but found more."
    return wrong("limit", reason, limit=DEPTH_MAX, at=0)


def _check_size(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    count = depth = 0
    while level:
        depth, count = depth + 1, count + len(level)
        if count > NODES_MAX:
            reason = f"Expected at most {NODES_MAX} parts, but found more."
            raise wrong("limit", reason, limit=NODES_MAX, at=0)
        if depth > DEPTH_MAX:
            raise _too_deep()
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        ]

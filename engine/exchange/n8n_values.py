"""Values of n8n in our language: plain ones, `={{ … }}`, and texts with `{{ … }}` in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from headrace.engine.errors import HeadraceError
from headrace.engine.exchange.translate import Path, literal, quoted, todo, translate
from headrace.engine.flow.render import compile_template

Lookup = Callable[[Path], str | None]

_PART = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class Values:
    """Translates the values of one node; `open` lists what was not certain."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.open: list[str] = []
        self.hidden: list[str] = []
        """Names of what looks like a secret and was left out."""

    def expression(self, value: Any) -> str:
        """A value as one expression of ours."""
        if not isinstance(value, str) or not value.startswith("="):
            return literal(value)
        text = value[1:]
        parts = _PART.split(text)
        if len(parts) == 3 and not parts[0].strip() and not parts[2].strip():
            return self._translated(parts[1])
        if len(parts) == 1:
            return quoted(text)
        said = [
            f"text({self._translated(part)})" if place % 2 else quoted(part)
            for place, part in enumerate(parts)
            if place % 2 or part
        ]
        if any("todo(" in part for part in said):
            return self.open_one(text)
        return " + ".join(said)

    def template(self, value: Any) -> str:
        """A value as a text of ours with `{{ … }}`."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if not text.startswith("="):
            return text if "{{" not in text and "{%" not in text else self.open_text(text)
        parts = _PART.split(text[1:])
        found = []
        for place, part in enumerate(parts):
            if not place % 2:
                found.append(part)
                continue
            told = translate(part, "js", self._lookup)
            if told is None:
                return self.open_text(text)
            found.append("{{ " + told.text + " }}")
        said = "".join(found)
        try:
            compile_template(said)
        except HeadraceError:
            return self.open_text(text)
        return said

    def condition(self, value: Any) -> tuple[str, bool]:
        """(expression, certain)."""
        before = len(self.open)
        text = self.expression(value)
        return text, len(self.open) == before

    def _translated(self, text: str) -> str:
        found = translate(text, "js", self._lookup)
        return found.text if found is not None else self.open_one(text)

    def open_one(self, text: str) -> str:
        """An expression that must be written."""
        self.open.append(text.strip()[:200])
        return todo(text.strip())

    def open_text(self, text: str) -> str:
        """A text that must be written."""
        self.open.append(text.strip()[:200])
        return f"{{{{ {todo(text.strip())} }}}}"

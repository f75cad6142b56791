"""What has changed in a form, or in watched values, since somebody approved: field by field, before and after. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from headrace.engine.flow.form_formulas import is_lines
from headrace.engine.flow.form_rights import shown_to
from headrace.engine.flow.values import same
from headrace.engine.flow.wording import pointer

CHANGES_MAX = 200
"""Changes listed at once; more is another document."""

_SHOWN = (
    "type",
    "format",
    "enum",
    "x-enum-titles",
    "x-widget",
    "x-currency",
    "x-title",
    "properties",
)
"""What a screen needs to show a value as the form does."""


def changes(
    schema: Mapping[str, Any] | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    roles: Collection[str] = (),
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """`[{path, label, before, after, kind: changed|added|removed, schema}]`, as somebody with these roles may see them.

    Without a schema (watched values): by name, called as `labels` say.
    """
    if schema is None:
        found = _of_names(before, after, labels or {})
    else:
        old, new = shown_to(schema, before, roles), shown_to(schema, after, roles)
        hidden_too = _starred(schema, before, after, old.masked)
        found = _of_form(new.schema, old.value, new.value, hidden_too)
    return [change for change, _ in zip(found, range(CHANGES_MAX), strict=False)]


def _starred(
    schema: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    stars: Collection[str],
) -> set[str]:
    """Fields with stars that changed all the same: one must see that they did."""
    return {
        name
        for name in schema.get("properties", {})
        if name in stars and not same(before.get(name), after.get(name))
    }


def _of_names(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys([*before, *after]):
        if not same(before.get(name), after.get(name)):
            label = labels.get(name, {"zh": name, "en": name})
            yield _change(pointer([name]), label, before.get(name), after.get(name), {})


def _of_form(
    schema: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    anyway: Collection[str],
) -> Iterator[dict[str, Any]]:
    for name, part in schema.get("properties", {}).items():
        old, new = before.get(name), after.get(name)
        label = _label(name, part)
        if is_lines(part) and isinstance(old or [], list) and isinstance(new or [], list):
            yield from _of_rows(name, part, label, old or [], new or [])
        elif name in anyway or not same(old, new):
            yield _change(pointer([name]), label, old, new, part)


def _of_rows(
    name: str, part: Mapping[str, Any], label: Mapping[str, str], before: Any, after: Any
) -> Iterator[dict[str, Any]]:
    columns = part["items"]["properties"]
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        new = after[index] if index < len(after) else None
        row = {language: f"{text} {index + 1}" for language, text in label.items()}
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if not same(old, new):
                yield _change(pointer([name, index]), row, old, new, part["items"])
            continue
        for column in dict.fromkeys([*columns, *old, *new]):
            if same(old.get(column), new.get(column)):
                continue
            cell = columns.get(column, {})
            called = _label(column, cell)
            both = {
                lang: f"{row.get(lang, '')} · {called.get(lang, column)}" for lang in ("zh", "en")
            }
            yield _change(
                pointer([name, index, column]), both, old.get(column), new.get(column), cell
            )


def _label(name: str, part: Mapping[str, Any]) -> dict[str, str]:
    title: Mapping[str, str] = part.get("x-title") or {}
    plain = part.get("title") or name
    return {
        language: title.get(language) or title.get(other) or plain
        for language, other in (("zh", "en"), ("en", "zh"))
    }


def _change(
    path: str, label: Mapping[str, str], before: Any, after: Any, part: Mapping[str, Any]
) -> dict[str, Any]:
    kind = "added" if before is None else "removed" if after is None else "changed"
    schema = {word: part[word] for word in _SHOWN if word in part}
    return {
        "path": path, "label": dict(label), "before": before, "after": after, "kind": kind, "schema": schema,
    }  # fmt: skip

"""What one may see and change of a form at a node, and what becomes of what one sends.

A right per field (`amount`) or column (`lines.price`): hidden, read, edit, required. They stand in the form as the node uses it
(`x-rights`, `x-others`; `form_uses.py` puts them there). Enforced here, on the server: what is hidden does not leave, what is only
read cannot be changed. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.form_formulas import asked, computed, is_lines
from headrace.engine.flow.form_masks import is_masked, masked
from headrace.engine.flow.forms import check_form, problem_of
from headrace.engine.flow.values import same
from headrace.engine.flow.wording import pointer, shown

RIGHTS = ("hidden", "read", "edit", "required")

_OURS = frozenset({"x-rights", "x-others", "x-into", "x-unmask", "x-ui"})
"""Words that are for the server only, or told beside the schema."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A form for one person: without what is hidden, with stars where there must be some."""

    schema: Mapping[str, Any]
    value: Mapping[str, Any]
    rights: Mapping[str, str]
    masked: tuple[str, ...] = ()
    ui: Mapping[str, Any] = field(default_factory=dict)


def right_of(schema: Mapping[str, Any], name: str, column: str = "") -> str:
    """The right at a field, or at a column of line items (that of the table, where it has none of its own)."""
    rights: Mapping[str, str] = schema.get("x-rights", {})
    part = schema.get("properties", {}).get(name, {})
    right = rights.get(name, schema.get("x-others", "edit"))
    if column:
        part = part.get("items", {}).get("properties", {}).get(column, {})
        own = rights.get(f"{name}.{column}", right if right in {"hidden", "read"} else "edit")
        right = own if right not in {"hidden", "read"} or own == "hidden" else right
    fixed = "x-compute" in part or part.get("readOnly") is True
    return "read" if fixed and right in {"edit", "required"} else right


# --- what is shown ---------------------------------------------------------------------------------


def shown_to(schema: Mapping[str, Any], value: Mapping[str, Any], roles: Collection[str]) -> Shown:
    """The form as somebody with these roles may see it."""
    rights: dict[str, str] = {}
    stars: list[str] = []
    properties: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        right = right_of(schema, name)
        if right == "hidden":
            continue
        rights[name] = right
        properties[name] = _shown_part(schema, name, part, rights, roles)
        if name not in value:
            continue
        seen[name] = _shown_value(schema, name, part, value[name], roles)
        if is_masked(part, roles):
            stars.append(name)
    required = [name for name in properties if _is_required(schema, name)]
    kept = {word: item for word, item in schema.items() if word not in _OURS}
    form = {**kept, "properties": properties, "required": required}
    if "x-order" in form:
        form["x-order"] = [name for name in form["x-order"] if name in properties]
    return Shown(form, seen, rights, tuple(stars), _shown_ui(schema.get("x-ui", {}), properties))


def _shown_ui(ui: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    if "sections" not in ui:
        return dict(ui)
    sections = [
        {**section, "fields": [name for name in section.get("fields", ()) if name in names]}
        for section in ui["sections"]
    ]
    return {**ui, "sections": [section for section in sections if section["fields"]]}


def _is_required(schema: Mapping[str, Any], name: str, column: str = "") -> bool:
    right = right_of(schema, name, column)
    own = schema
    if column:
        own = schema["properties"][name]["items"]
    return right == "required" or (right == "edit" and (column or name) in own.get("required", ()))


def _shown_part(
    schema: Mapping[str, Any],
    name: str,
    part: Mapping[str, Any],
    rights: dict[str, str],
    roles: Collection[str],
) -> dict[str, Any]:
    kept = {word: item for word, item in part.items() if word not in _OURS}
    if not is_lines(part):
        return kept
    columns: dict[str, Any] = {}
    for column, cell in part["items"]["properties"].items():
        right = right_of(schema, name, column)
        if right == "hidden":
            continue
        # Stars in a row cannot be told from a new value: such a column is only read.
        rights[f"{name}.{column}"] = "read" if is_masked(cell, roles) else right
        columns[column] = {word: item for word, item in cell.items() if word not in _OURS}
    items = {
        **part["items"],
        "properties": columns,
        "required": [column for column in columns if _is_required(schema, name, column)],
    }
    if "x-order" in items:
        items["x-order"] = [column for column in items["x-order"] if column in columns]
    return {**kept, "items": items}


def _shown_value(
    schema: Mapping[str, Any],
    name: str,
    part: Mapping[str, Any],
    value: Any,
    roles: Collection[str],
) -> Any:
    if is_masked(part, roles):
        return masked(part["x-mask"], value)
    if not is_lines(part) or not isinstance(value, list):
        return value
    cells = part["items"]["properties"]
    return [
        {
            column: masked(cells[column]["x-mask"], cell)
            if is_masked(cells[column], roles)
            else cell
            for column, cell in row.items()
            if column in cells and right_of(schema, name, column) != "hidden"
        }
        if isinstance(row, Mapping)
        else row
        for row in value
    ]


# --- what is taken ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Taken:
    """What becomes of a form that was sent. `patch`: only what changes; None takes a field away."""

    patch: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def taken(
    schema: Mapping[str, Any],
    before: Mapping[str, Any],
    given: Mapping[str, Any],
    roles: Collection[str],
    *,
    partly: bool = False,
) -> Taken:
    """Check what somebody with these roles has sent, over the value as it stands. `partly`: what is missing may stay missing.

    A field that was not sent stays as it is; null takes it away. Stars sent back are no change.
    """
    found = Taken(after=dict(before))
    properties: Mapping[str, Any] = schema.get("properties", {})
    shown_form = shown_to(schema, before, roles)
    for name, item in given.items():
        if name not in shown_form.rights:
            params = {"name": name, "known": sorted(shown_form.schema["properties"])}
            found.problems.append(
                problem_of(
                    pointer([name]), "unknown_property", params, "a field of this form", name
                )
            )
        elif shown_form.rights[name] == "read":
            _leave(found, name, properties[name], shown_form.value.get(name), item)
        elif name in shown_form.masked and same(item, shown_form.value.get(name)):
            continue
        else:
            old = before.get(name)
            rows = [] if item is None and is_lines(properties[name]) else item
            new = _merged(found, schema, shown_form, name, old, rows)
            if item is None and new in (None, []):
                found.after.pop(name, None)
            else:
                found.after[name] = new
    _drop_unasked(schema, shown_form, found.after)
    found.after = computed(schema, found.after)
    if not found.problems:
        found.problems = list(_invalid(schema, shown_form, found.after, given, partly=partly))
    found.patch = {
        name: found.after.get(name)
        for name in {**before, **found.after}
        if not same(before.get(name), found.after.get(name))
    }
    return found


def _leave(found: Taken, name: str, part: Mapping[str, Any], seen: Any, item: Any) -> None:
    """A field that is only read may be sent back as it was shown; what is worked out is worked out anew in any case."""
    if "x-compute" in part or same(seen, item) or (item is None and seen is None):
        return
    found.problems.append(_read_only(pointer([name]), name, item))


def _read_only(path: str, name: str, item: Any) -> Problem:
    return problem_of(
        path,
        "read_only",
        {"name": name},
        f"{name} as it is, because it can only be read here",
        shown(item),
    )


def _merged(
    found: Taken, schema: Mapping[str, Any], form: Shown, name: str, before: Any, item: Any
) -> Any:
    """Line items whose columns are not all free keep the others: row by row, so rows can then neither come nor go."""
    part = schema["properties"][name]
    if not is_lines(part) or not isinstance(item, list):
        return item
    columns = part["items"]["properties"]
    fixed = {
        column
        for column, cell in columns.items()
        if "x-compute" not in cell and form.rights.get(f"{name}.{column}", "read") == "read"
    }
    if not fixed:
        return item
    rows = before if isinstance(before, list) else []
    if len(rows) != len(item):
        params = {"name": name, "limit": len(rows)}
        found.problems.append(
            problem_of(pointer([name]), "rows_fixed", params, f"{len(rows)} row(s)", str(len(item)))
        )
        return before
    seen = form.value.get(name) or []
    return [
        _merged_row(found, name, index, fixed, old, seen[index], new)
        for index, (old, new) in enumerate(zip(rows, item, strict=True))
    ]


def _merged_row(
    found: Taken, name: str, index: int, fixed: set[str], old: Any, seen: Any, new: Any
) -> Any:
    if not isinstance(new, Mapping) or not isinstance(old, Mapping):
        return new
    for column in fixed & set(new):
        if not isinstance(seen, Mapping) or not same(seen.get(column), new[column]):
            place = pointer([name, index, column])
            found.problems.append(_read_only(place, column, new[column]))
    kept = {column: cell for column, cell in old.items() if column in fixed}
    return {**{column: cell for column, cell in new.items() if column not in fixed}, **kept}


def _drop_unasked(schema: Mapping[str, Any], form: Shown, value: dict[str, Any]) -> None:
    """What one may change and is not asked now has no value."""
    questions = set(asked(schema, value))
    for name in set(value) & set(form.rights) - questions:
        if form.rights[name] != "read":
            del value[name]


def _invalid(
    schema: Mapping[str, Any],
    form: Shown,
    after: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    partly: bool,
) -> Iterator[Problem]:
    free = [name for name in asked(schema, after) if form.rights.get(name) in {"edit", "required"}]
    names = [name for name in free if not partly or name in given]
    wanted = set(form.schema["required"])
    properties = schema["properties"]
    rules = {
        "type": "object",
        "properties": {name: _asked_part(form, name, properties[name]) for name in names},
        "required": [] if partly else [name for name in names if name in wanted],
    }
    yield from check_form(rules, {name: after[name] for name in names if name in after})


def _asked_part(form: Shown, name: str, part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Columns that are only asked in some rows cannot be required in all, nor those one cannot fill in."""
    if not is_lines(part):
        return part
    columns = part["items"]["properties"]
    required = [
        column
        for column in form.schema["properties"][name]["items"]["required"]
        if "x-when" not in columns[column] and form.rights[f"{name}.{column}"] != "read"
    ]
    return {**part, "items": {**part["items"], "required": required}}

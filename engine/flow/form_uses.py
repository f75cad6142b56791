"""Forms of a flow, drawn once and used by several of its nodes: how a node's use becomes one plain schema, where the value is
kept, and what is wrong with them.

    "forms": {"refund": {"title": {…}, "schema": {…}, "ui": {"columns": 2, "sections": […]}}}
    node.settings.form: {"use": "refund", "rights": {"amount": "read", "lines.price": "hidden"}, "others": "read"}

The value of a form is a record in the variable of its key. A start that uses a form asks for it under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.form_formulas import formula_problems, is_lines
from headrace.engine.flow.form_masks import MASKS
from headrace.engine.flow.form_rights import RIGHTS
from headrace.engine.flow.forms import problem_of
from headrace.engine.flow.lint import lint
from headrace.engine.flow.wording import closest, listed, pointer, shown

FORMS_MAX = 50
"""Forms of one flow."""

FIELDS_MAX = 300
"""Fields of one form: nobody fills in more."""


# --- using -----------------------------------------------------------------------------------------


def resolved(
    settings: Mapping[str, Any], forms: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The settings of a node with its form as one plain schema: hints and rights stand in it (`x-ui`, `x-rights`, `x-into`)."""
    use = settings.get("form")
    if not isinstance(use, Mapping) or "use" not in use:
        return settings
    form = forms.get(use["use"])
    if form is None:
        return settings
    schema = {**form["schema"], "x-into": use["use"]}
    hints = {
        "x-ui": form.get("ui"),
        "x-title": form.get("title"),
        "x-rights": use.get("rights"),
        "x-others": use.get("others"),
    }
    schema.update({word: value for word, value in hints.items() if value})
    return {**settings, "form": schema}


def input_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a flow, with the forms that its starts use: each a record under its key."""
    schema: dict[str, Any] = dict(_mapping(document.get("input")))
    forms = _mapping(document.get("forms"))
    asked = {key: forms[key] for key in _used_at_starts(document) if key in forms}
    if not asked:
        return schema
    records = {key: _record(form) for key, form in asked.items() if isinstance(form, Mapping)}
    properties = {**_mapping(schema.get("properties")), **records}
    return {"type": "object", **schema, "properties": properties}


def _record(form: Mapping[str, Any]) -> dict[str, Any]:
    """What is required depends on the node: `form_rights.taken` asks, not the input."""
    known = _mapping(_mapping(form.get("schema")).get("properties"))
    title = {"x-title": form["title"]} if "title" in form else {}
    return {"type": "object", "properties": {name: {} for name in known}, **title}


def _used_at_starts(document: Mapping[str, Any]) -> Iterator[str]:
    nodes = document.get("nodes")
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, Mapping) and node.get("type") == "start":
            use = _mapping(_mapping(node.get("settings")).get("form")).get("use")
            if isinstance(use, str):
                yield use


def kept(
    schema: Mapping[str, Any] | None,
    variables: Mapping[str, Any],
    forms: Iterable[Mapping[str, Any] | None],
) -> dict[str, Any] | None:
    """The variable a form is kept in, with what was changed by votes, in their order; None for a form that is kept nowhere."""
    into = (schema or {}).get("x-into")
    if not isinstance(into, str):
        return None
    value = dict(_mapping(variables.get(into)))
    for patch in forms:
        for name, item in (patch or {}).items():
            if item is None:
                value.pop(name, None)
            else:
                value[name] = item
    return {into: value}


def value_of(
    schema: Mapping[str, Any],
    variables: Mapping[str, Any],
    forms: Sequence[Mapping[str, Any] | None] = (),
) -> dict[str, Any]:
    """The value of a form as it stands: as it is kept, and what votes of this task have changed since."""
    found = kept({**schema, "x-into": schema.get("x-into") or ""}, variables, forms)
    return dict(next(iter((found or {}).values()), {}))


# --- checking --------------------------------------------------------------------------------------


def form_problems(forms: Any) -> Iterator[Problem]:
    """Everything wrong with the forms of a flow, paths from `/forms`."""
    if not isinstance(forms, Mapping):
        return
    if len(forms) > FORMS_MAX:
        params = {"limit": FORMS_MAX, "found": len(forms)}
        yield problem_of(
            "/forms", "too_many_forms", params, f"at most {FORMS_MAX}", str(len(forms))
        )
        return
    for key, form in forms.items():
        path = f"/forms{pointer([key])}"
        schema = form.get("schema") if isinstance(form, Mapping) else None
        if isinstance(form, Mapping) and isinstance(schema, Mapping):
            yield from schema_problems(schema, f"{path}/schema")
            yield from _ui_problems(form.get("ui"), schema, f"{path}/ui")


def schema_problems(schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Why a form's schema must not be used, hints included."""
    found = list(lint(schema, path))
    yield from found
    if found:
        return
    if schema.get("type", "object") != "object":
        yield problem_of(
            f"{path}/type", "form_wrong", {"found": schema["type"]}, "a record", str(schema["type"])
        )
        return
    fields = _mapping(schema.get("properties"))
    if len(fields) > FIELDS_MAX:
        params = {"limit": FIELDS_MAX, "found": len(fields)}
        yield problem_of(
            path, "form_too_long", params, f"at most {FIELDS_MAX} fields", str(len(fields))
        )
    yield from _hint_problems(fields, f"{path}/properties")
    for name, field in fields.items():
        if is_lines(field):
            place = f"{path}/properties{pointer([name])}/items/properties"
            yield from _hint_problems(field["items"]["properties"], place)
    yield from formula_problems(schema, path)


def _hint_problems(fields: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for name, field in fields.items():
        place = f"{path}{pointer([name])}"
        if (mask := field.get("x-mask")) is not None and mask not in MASKS:
            yield problem_of(
                f"{place}/x-mask", "form_hint_wrong", {"found": shown(mask), "known": sorted(MASKS)},
                f"one of {listed(MASKS)}", shown(mask),
            )  # fmt: skip
        when = field.get("x-when", {})
        if not isinstance(when, Mapping) or not all(isinstance(v, list) for v in when.values()):
            yield problem_of(
                f"{place}/x-when", "form_hint_wrong", {"found": shown(when)}, "fields and their values", shown(when)
            )  # fmt: skip
            continue
        for other in when:
            if other not in fields:
                yield _unknown(f"{place}/x-when", other, fields)


def _ui_problems(ui: Any, schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    sections = _mapping(ui).get("sections")
    for index, section in enumerate(sections if isinstance(sections, list) else ()):
        names = _mapping(section).get("fields")
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if name not in _mapping(schema.get("properties")):
                where = f"{path}/sections/{index}/fields/{place}"
                yield _unknown(where, str(name), _mapping(schema.get("properties")))


def use_problems(use: Mapping[str, Any], path: str, forms: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a node's use of a form."""
    key = use.get("use")
    form = forms.get(key) if isinstance(key, str) else None
    if not isinstance(form, Mapping):
        near = closest(str(key), forms)
        params = {"name": shown(key), "known": sorted(forms)[:20], "closest": near}
        yield problem_of(f"{path}/use", "form_unknown", params, "a form of this flow", shown(key))
        return
    for word in sorted(set(use) - {"use", "rights", "others"}):
        if not word.startswith("x-"):
            known = ["use", "rights", "others"]
            yield problem_of(
                f"{path}{pointer([word])}", "unknown_property", {"name": word, "known": known}, f"only {listed(known)}", word
            )  # fmt: skip
    names = set(_names(_mapping(form.get("schema"))))
    rights = use.get("rights", {})
    for name, right in rights.items() if isinstance(rights, Mapping) else ():
        place = f"{path}/rights{pointer([name])}"
        if name not in names:
            yield _unknown(place, str(name), names)
        if right not in RIGHTS:
            yield _right_wrong(place, right)
    if not isinstance(rights, Mapping):
        yield _right_wrong(f"{path}/rights", rights)
    if "others" in use and use["others"] not in RIGHTS:
        yield _right_wrong(f"{path}/others", use["others"])


def _names(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, field in _mapping(schema.get("properties")).items():
        yield name
        if isinstance(field, Mapping) and is_lines(field):
            yield from (f"{name}.{column}" for column in field["items"]["properties"])


def _right_wrong(path: str, found: Any) -> Problem:
    params = {"found": shown(found), "known": list(RIGHTS)}
    return problem_of(path, "form_right_wrong", params, f"one of {listed(RIGHTS)}", shown(found))


def _unknown(path: str, name: str, known: Iterable[str]) -> Problem:
    near = closest(name, list(known))
    params = {"name": name, "known": sorted(known)[:20], "closest": near}
    return problem_of(path, "form_field_unknown", params, "a field of this form", name)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

"""Forms of tasks and starts, for the person in front of them: what is shown, what is taken, and which version was shown.

The rules are pure (`flow/form_rights.py`); here come the roles of who asks, names, options from tables, and files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.form_changes import changes
from headrace.engine.flow.form_formulas import is_lines
from headrace.engine.flow.form_rights import shown_to, taken
from headrace.engine.flow.form_uses import value_of
from headrace.engine.people.directory import Directory
from headrace.engine.service import files
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import record_list

OPTIONS_MAX = 200
"""Options of a choice that come from a table; more needs a search."""

Edits = Sequence[Mapping[str, Any] | None]


def shown(
    workspace: Workspace,
    connection: Connection,
    schema: Mapping[str, Any],
    variables: Mapping[str, Any],
    edits: Edits,
    actor: Actor,
) -> dict[str, Any]:
    """A task's form as the actor may see it: `{schema, ui, value, rights, masked, names, version}`.

    `edits`: the forms of the votes of this task so far, in their order.
    """
    schema = with_options(connection, schema)
    directory = workspace.directory(connection)
    form = shown_to(schema, value_then(schema, variables, edits), roles_of(directory, actor))
    return {
        "schema": form.schema,
        "ui": form.ui,
        "value": form.value,
        "rights": form.rights,
        "masked": list(form.masked),
        "names": _names(directory, form.schema, form.value),
        "version": version_of(form.schema, form.ui, form.rights, form.value),
    }


def version_of(*parts: Any) -> str:
    """A short hash of a form as it was shown; another one means that something to decide on has changed."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def accepted(
    workspace: Workspace,
    connection: Connection,
    schema: Mapping[str, Any],
    variables: Mapping[str, Any],
    edits: Edits,
    given: Mapping[str, Any] | None,
    actor: Actor,
    instance_id: str,
    *,
    partly: bool = False,
) -> dict[str, Any] | None:
    """What a vote keeps of a form that was sent: only what changes. Raises `ValidationFailed` with every problem, below `/form`.

    In the transaction of the decision: files are bound to the instance. `partly`: who refuses need not fill in all.
    """
    patch, problems = checked(
        workspace, connection, schema, variables, edits, given, actor, instance_id, partly=partly
    )
    if problems:
        raise ValidationFailed(what="form", count=len(problems), problems=problems)
    return patch


def checked(
    workspace: Workspace,
    connection: Connection,
    schema: Mapping[str, Any],
    variables: Mapping[str, Any],
    edits: Edits,
    given: Mapping[str, Any] | None,
    actor: Actor,
    instance_id: str,
    *,
    partly: bool = False,
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """`accepted`, for those who gather problems of their own."""
    if partly and not given:
        return None, []
    schema = with_options(connection, schema)
    before = value_then(schema, variables, edits)
    roles = roles_of(workspace.directory(connection), actor)
    found = taken(schema, before, given or {}, roles, partly=partly)
    problems = found.problems or files.hand_in(
        connection, actor, schema, found.patch, before, instance_id
    )
    told = [Problem(f"/form{p.path}", p.code, p.params, p.message) for p in problems]
    return found.patch or None, told


def changed(
    workspace: Workspace,
    connection: Connection,
    schema: Mapping[str, Any] | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    actor: Actor,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """What has changed since somebody approved, as the actor may see it (`flow/form_changes.py`)."""
    roles = roles_of(workspace.directory(connection), actor)
    return changes(schema, before, after, roles=roles, labels=labels)


def roles_of(directory: Directory, actor: Actor) -> frozenset[str]:
    """Every role somebody has, system roles too."""
    groups = (directory.roles, directory.backups)
    found = {key for group in groups for key, ids in group.items() if actor.user_id in ids}
    return frozenset(found | set(actor.roles))


def value_then(
    schema: Mapping[str, Any], variables: Mapping[str, Any], edits: Edits
) -> dict[str, Any]:
    """What a form holds with these variables and votes; one that is kept nowhere is filled in anew by each."""
    return value_of(schema, variables, edits) if "x-into" in schema else {}


def with_options(connection: Connection, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with the options that come from tables (`x-options: {table, title}`)."""
    properties = schema.get("properties", {})
    wanted = {name: part for name, part in properties.items() if _asks_table(part)}
    if not wanted:
        return schema
    filled = {name: _filled(connection, part) for name, part in wanted.items()}
    return {**schema, "properties": {**properties, **filled}}


def _asks_table(part: Mapping[str, Any]) -> bool:
    if is_lines(part):
        return any(map(_asks_table, part["items"]["properties"].values()))
    return isinstance(part.get("x-options"), Mapping)


def _filled(connection: Connection, part: Mapping[str, Any]) -> dict[str, Any]:
    if is_lines(part):
        return {**part, "items": dict(with_options(connection, part["items"]))}
    asked = part["x-options"]
    rows = record_list.latest(connection, str(asked.get("table", "")), OPTIONS_MAX)
    titles = {row.key: str(row.value.get(asked.get("title"), row.key)) for row in rows}
    bare = {word: item for word, item in part.items() if word not in {"enum", "x-enum-titles"}}
    if not titles:
        return bare  # an empty table must not make the field impossible to fill in
    named = {key: {"zh": title, "en": title} for key, title in titles.items()}
    return {**bare, "enum": sorted(titles), "x-enum-titles": named}


def _names(
    directory: Directory, schema: Mapping[str, Any], value: Mapping[str, Any]
) -> dict[str, str]:
    names: dict[str, str] = {}
    for kind, id_ in _named(schema, value):
        if kind == "department" and id_ in directory.departments:
            names[id_] = directory.departments[id_].name
        elif kind == "person" and id_ in directory.people:
            names[id_] = directory.people[id_].name
    return names


def _named(schema: Mapping[str, Any], value: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return
    for name, part in schema.get("properties", {}).items():
        item = value.get(name)
        if part.get("x-widget") in {"person", "department"} and isinstance(item, str):
            yield part["x-widget"], item
        elif is_lines(part) and isinstance(item, list):
            for row in item:
                yield from _named(part["items"], row)

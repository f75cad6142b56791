"""Who decides: assignees as drawn → active people. Inactive people never receive a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.engine.people.directory import Directory, Person


def resolve(
    assignees: Sequence[Mapping[str, Any]],
    directory: Directory,
    *,
    initiator: str | None,
    evaluate: Callable[[str], Any],
) -> list[Person]:
    """The people behind `[{kind: user|role|initiator|expression, …}]`, each once, in the order drawn.

    An expression answers a user (id or sign-in name), or a list of them; `role:<key>` names a role.
    """
    found: dict[str, Person] = {}
    for assignee in assignees:
        for person in _people(assignee, directory, initiator, evaluate):
            if person.active:
                found.setdefault(person.id, person)
    return list(found.values())


def _people(
    assignee: Mapping[str, Any],
    directory: Directory,
    initiator: str | None,
    evaluate: Callable[[str], Any],
) -> list[Person]:
    match assignee["kind"]:
        case "role":
            return directory.members(str(assignee["id"]))
        case "user":
            return _named(str(assignee["id"]), directory)
        case "initiator":
            return _named(initiator or "", directory)
        case "expression":
            value = evaluate(str(assignee["value"]))
            names = value if isinstance(value, list) else [value]
            return [person for name in names for person in _named(str(name), directory)]
        case _:
            return []


def _named(name: str, directory: Directory) -> list[Person]:
    if name.startswith("role:"):
        return directory.members(name.removeprefix("role:"))
    person = directory.find(name)
    return [person] if person else []

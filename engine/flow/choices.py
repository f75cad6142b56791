"""People whom the initiator chooses at the start: which choices a drawing asks for, and whether what came answers them.

They are kept in the variable `chosen`, by name: `{"approvers": ["usr_1"]}`. Who may be chosen (`among`) is a question of
the directory: it is asked of a start by hand (`service/choosing.py`), and again when the task begins (`people/assign.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import Problem

CHOSEN = "chosen"
"""The variable; a flow that asks for choices takes it beside its input."""

PEOPLE_MAX = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """How many people a name asks for."""

    least: int
    most: int


def choices_of(settings: Iterable[Mapping[str, Any]]) -> dict[str, Choice]:
    """The choices of a flow by name; where two nodes share one, what is narrower holds."""
    found: dict[str, Choice] = {}
    for each in settings:
        for assignee in chosen_in(each):
            name = str(assignee.get("name", ""))
            least, most = int(assignee.get("min", 1)), int(assignee.get("max", PEOPLE_MAX))
            if known := found.get(name):
                least, most = max(least, known.least), min(most, known.most)
            found[name] = Choice(least, most)
    return found


def choice_problems(choices: Mapping[str, Choice], told: Any, *, needed: bool) -> list[Problem]:
    """What is wrong with the people chosen. `needed`: a person starts it, who could have chosen."""
    if told is None and not needed:
        return []
    return list(_problems(choices, told))


def _problems(choices: Mapping[str, Choice], told: Any) -> Iterator[Problem]:
    if told is not None and not isinstance(told, Mapping):
        yield _wrong("", "people by name", type(told).__name__)
        return
    given: Mapping[str, Any] = told or {}
    for name in given.keys() - choices.keys():
        yield _wrong(f"/{name}", f"one of {', '.join(sorted(choices))}", name)
    for name, choice in choices.items():
        people = given.get(name, [])
        if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
            yield _wrong(f"/{name}", "a list of users", type(people).__name__)
        elif not choice.least <= len(set(people)) <= choice.most:
            params = {"least": choice.least, "most": choice.most, "found": len(set(people))}
            message = "Expected {least} to {most} people to be chosen, but found {found}."
            yield Problem(
                f"/{CHOSEN}/{name}", "people_chosen_wrong", params, message.format(**params)
            )


def chosen_in(settings: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The assignees of a node that the initiator chooses."""
    assignees = settings.get("assignees")
    for each in assignees if isinstance(assignees, list) else ():
        if isinstance(each, Mapping) and each.get("kind") == CHOSEN:
            yield each


def _wrong(path: str, expected: str, found: str) -> Problem:
    params = {"expected": expected, "found": found}
    message = f"Expected {expected}, but found {found}."
    return Problem(f"/{CHOSEN}{path}", "setting_wrong", params, message)

"""People whom the initiator has chosen: only those who are there, and who may be chosen (`among`), before anything begins.

What a drawing can only work out later (it reads what a step will answer) is left to the task, which asks again.
"""

from __future__ import annotations

from collections.abc import Iterator

from headrace.engine.errors import HeadraceError, Problem, ValidationFailed
from headrace.engine.flow.choices import CHOSEN, chosen_in
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.people.assign import Asked, Assignee, among
from headrace.engine.people.directory import Directory
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import Workspace


def check(workspace: Workspace, request: StartRequest) -> None:
    """Raises `ValidationFailed` with everybody who cannot be chosen. Costs nothing where a flow asks for no choice."""
    if not request.flow.choices or not request.input.get(CHOSEN):
        return
    with workspace.read() as connection:
        directory = workspace.directory(connection)
    asked = Asked(
        workspace.clock.now_ms(), request.flow.key, request.initiator, None, Evaluator(request.input).expression
    )  # fmt: skip
    drawn = [a for node in request.flow.nodes.values() for a in chosen_in(node.settings)]
    problems = [found for one in drawn for found in _problems(one, request, directory, asked)]
    if problems:
        what = f"input of flow {request.flow.key}"
        raise ValidationFailed(what=what, count=len(problems), problems=problems)


def _problems(
    assignee: Assignee, request: StartRequest, directory: Directory, asked: Asked
) -> Iterator[Problem]:
    name = str(assignee.get("name", ""))
    try:
        allowed = among(assignee, directory, asked)
    except HeadraceError:
        allowed = None
    for index, chosen in enumerate(request.input[CHOSEN].get(name, ())):
        path = f"/{CHOSEN}/{name}/{index}"
        person = directory.find(chosen)
        if person is None or not person.active:
            told = person.name if person else chosen
            message = f"Expected somebody who is active, but found {told}."
            yield Problem(path, "user_inactive", {"name": told}, message)
        elif allowed is not None and person.id not in allowed:
            message = f"Expected one of those who may be chosen, but found {person.name}."
            yield Problem(path, "not_among", {"name": person.name}, message)

"""What has changed since a task was decided here last: what its texts show, and its form field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none
from headrace.engine.run.state import Instance
from headrace.engine.service import forms
from headrace.engine.service.actor import Actor
from headrace.engine.service.story import before_step
from headrace.engine.service.task_shown import ref
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tasks

Votes = Sequence[Any]


def changed(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    seats: Votes,
    instance_row: Any,
    instance: Instance | None,
    actor: Actor,
) -> dict[str, Any] | None:
    """`{since, by, items}` against the last round at this node; None when this is the first."""
    before = tasks.decided_before(connection, row.instance_id, row.node, row.id)
    if before is None:
        return None
    then = tasks.seats(connection, before.id)
    items: list[dict[str, Any]] = []
    if instance is not None and row.form and "x-into" in row.form:
        found = before_step(connection, instance_row, before.step)
        if found is not None:  # its history is still there
            items = forms.changed(
                workspace,
                connection,
                row.form,
                forms.value_then(row.form, found[0].variables, edits(then)),
                forms.value_then(row.form, instance.variables, edits(seats)),
                actor,
            )
    last = max((s for s in then if s.decided_at is not None), key=_decided_at, default=None)
    people = workspace.directory(connection).people
    return {
        "since": iso_or_none(before.ended_at),
        "by": ref(last.user_id, people) if last else None,
        "items": [*items, *_of_texts(before.show, row.show, items)],
    }


def edits(seats: Votes) -> list[Mapping[str, Any] | None]:
    """What was filled in until now, in the order of the votes."""
    voted = sorted((s for s in seats if s.decided_at is not None), key=_decided_at)
    return [one.form for one in voted]


def _decided_at(seat: Any) -> int:
    return int(seat.decided_at)


def _of_texts(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What is shown otherwise; a change that the form tells already need not stand twice."""
    was = {_label(one): one.get("value") for one in before}
    known = [(one["before"], one["after"]) for one in told]
    return [
        {
            "path": f"/show/{place}",
            "label": one.get("label"),
            "before": was.get(_label(one)),
            "after": one.get("value"),
        }
        for place, one in enumerate(after)
        if was.get(_label(one)) != one.get("value")
        and (was.get(_label(one)), one.get("value")) not in known
    ]


def _label(shown: Mapping[str, Any]) -> str:
    return jsontext.dumps(shown.get("label"))

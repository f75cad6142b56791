"""Records of a table added up for people: the numbers of a board, by the same rules of seeing as its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.engine import jsontext
from headrace.engine.service.actor import Actor
from headrace.engine.service.data_tables import found, require
from headrace.engine.service.records import closed_to, conditions_of, read_filter
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import record_list, record_sums


def totals(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    group_by: str = "",
    sums: str = "",
    search: str = "",
    filter: str = "",  # noqa: A002 - its name in the query
) -> dict[str, Any]:
    """How many records a search and a filter find, in groups, and what their numbers come to. Texts are JSON lists."""
    actor.require("records:read")
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        closed = closed_to(table, actor)
        asked = record_sums.wanted(
            table.form, _rows("group_by", group_by), _rows("sums", sums), closed
        )
        conditions = conditions_of(table, actor, read_filter(filter))
        now_ms = workspace.clock.now_ms()
        added = record_sums.add_up(connection, table, conditions, asked, now_ms, search=search)
    filling = table.refilled_to is not None
    return {**added.as_json(), "capped": added.capped, "refilling": filling}


def _rows(name: str, text: str) -> Sequence[Mapping[str, Any]]:
    try:
        rows: Any = jsontext.loads(text) if text else []
    except ValueError:
        rows = None
    wanted = {"field": str} if name == "group_by" else {"field": str, "name": str, "what": str}
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and all(isinstance(row.get(w), kind) for w, kind in wanted.items())
        for row in rows
    ):
        told = ", ".join(wanted)
        raise record_list.wrong(f"/query/{name}", "filter_wrong", f"a list of {told}", text[:60])
    return rows

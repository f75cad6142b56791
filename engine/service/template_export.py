"""A template file of what there is here, and what should go along with some flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.service import (
    audit,
    bundles,
    data_tables,
    own_connectors,
    records,
    template_sources,
    template_views,
)
from headrace.engine.service.actor import Actor
from headrace.engine.service.bundles import KINDS, Bundle
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts, record_list
from headrace.engine.store import data_tables as table_rows
from headrace.engine.store import decision_tables as decision_rows
from headrace.engine.store import users as user_rows

EXPORT_ROWS_MAX = bundles.ROWS_MAX


def suggestion(workspace: Workspace, actor: Actor, chosen: Sequence[str]) -> dict[str, list[str]]:
    """What these flows need, and what that needs in turn: what should go along into the file."""
    actor.require("flows:read")
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    left = list(dict.fromkeys(chosen))
    with workspace.read() as connection:
        while left:
            key = left.pop()
            if key in found["flows"]:
                continue
            row = drafts.find(connection, key)
            if row is None:
                raise NotFound(kind="flow", id=key)
            found["flows"].add(key)
            named = bundles.references(jsontext.loads(row.draft), workspace.types)
            left += sorted(named["flows"] - found["flows"])
            for kind in KINDS:
                if kind != "flows":
                    found[kind] |= named[kind]
        documents = [
            jsontext.loads(row.draft)
            for key in found["flows"]
            if (row := drafts.find(connection, key)) is not None
        ]
        for key in template_sources.of_flows(connection, documents, found["tables"]):
            found["sources"].add(key)
            named = template_sources.named(template_sources.exported(connection, key))
            found["connections"] |= named["connections"]
            found["tables"] |= named["tables"]
        open_ = sorted(found["tables"])
        seen: set[str] = set()
        while open_:
            key = open_.pop()
            table = table_rows.find(connection, key)
            if key in seen or table is None:
                continue
            seen.add(key)
            named = bundles.table_references(table.definition)
            found["roles"] |= named["roles"]
            open_ += sorted(named["tables"] - seen)
        found["tables"] = {
            key
            for key in seen
            if (known := table_rows.find(connection, key)) is not None and known.drawn
        }
        kinds = accounts.kinds(connection)
        drawn = own_connectors.bundled(
            connection,
            [
                *(own_connectors.PREFIX + key for key in found["own_connectors"]),
                *(kinds[key] for key in found["connections"] if key in kinds),
            ],
        )
        roles = {row.key for row in user_rows.roles(connection) if not row.system}
    found["connections"] &= set(kinds)
    found["own_connectors"] = set(drawn)
    found["roles"] &= roles
    return {kind: sorted(keys) for kind, keys in found.items()}


def export(workspace: Workspace, actor: Actor, wanted: Mapping[str, Any]) -> bytes:
    """A template file of what there is here. `wanted`: key, name, description, industry, and keys by kind; `with_rows`: tables
    whose records go along. No secret goes along, whatever is asked.
    """
    actor.require("flows:read")
    actor.require("records:read")
    about: dict[str, Any] = {
        name: wanted[name]
        for name in ("key", "name", "description", "industry")
        if wanted.get(name)
    }
    with workspace.read() as connection:
        roles = {row.key: row for row in user_rows.roles(connection)}
        about["roles"] = [
            {"key": key, "title": roles[key].title or {"en": key}}
            for key in wanted.get("roles", ())
            if _is_there(key in roles, "role", key)
        ]
        about["connections"] = [
            _exported_connection(connection, key) for key in wanted.get("connections", ())
        ]
        flows_ = [_exported_flow(connection, key) for key in wanted.get("flows", ())]
        tables = [
            _exported_table(workspace, connection, actor, key, key in wanted.get("with_rows", ()))
            for key in wanted.get("tables", ())
        ]
        decisions = [
            _exported_decision(connection, key) for key in wanted.get("decision_tables", ())
        ]
        drawn = own_connectors.bundled(
            connection,
            [
                *(item["connector"] for item in about["connections"]),
                *(own_connectors.PREFIX + key for key in wanted.get("own_connectors", ())),
            ],
        )
        if drawn:
            about["own_connectors"] = [
                {"key": key, "definition": definition} for key, definition in drawn.items()
            ]
        sources_ = [template_sources.exported(connection, key) for key in wanted.get("sources", ())]
    bundle = Bundle(
        about["key"], about, tuple(flows_), tuple(tables), tuple(decisions), tuple(sources_), own=True
    )  # fmt: skip
    data = bundles.to_zip(bundle)
    bundles.from_zip(data, workspace.types)  # what is given out can be taken in

    def write(connection: Connection) -> None:
        names = {kind: [item["key"] for item in bundle.part(kind)] for kind in KINDS}
        audit.note(connection, workspace, actor, "templates.export", bundle.key, **names)

    workspace.writer.call(write)
    return data


def _is_there(there: bool, kind: str, key: str) -> bool:
    if not there:
        raise NotFound(kind=kind, id=key)
    return True


def _exported_connection(connection: Connection, key: str) -> dict[str, Any]:
    row = accounts.find(connection, key)
    _is_there(row is not None, "connection", key)
    assert row is not None
    settings = dict(row.settings)
    if row.connector.startswith(own_connectors.PREFIX):  # where it goes its versions begin anew
        settings.pop("version", None)
    return {"key": key, "connector": row.connector, "name": row.name, "settings": settings}


def _exported_flow(connection: Connection, key: str) -> dict[str, Any]:
    row = drafts.find(connection, key)
    _is_there(row is not None, "flow", key)
    assert row is not None
    document: dict[str, Any] = jsontext.loads(row.draft)
    return document


def _exported_table(
    workspace: Workspace, connection: Connection, actor: Actor, key: str, with_rows: bool
) -> dict[str, Any]:
    table = data_tables.found(connection, key)
    data_tables.require(actor, table, "read")
    told: dict[str, Any] = {"key": key, "definition": dict(table.definition)}
    if views := template_views.exported(connection, table.no):
        told["views"] = views
    if with_rows:
        kept = record_list.values_of(connection, table.no, EXPORT_ROWS_MAX + 1)
        if len(kept) > EXPORT_ROWS_MAX:
            raise Conflict(
                expected=f"at most {EXPORT_ROWS_MAX} records of {key} in a template", found="more"
            )
        told["rows"] = [records.seen(table, actor, value) for value in kept]
    return told


def _exported_decision(connection: Connection, key: str) -> dict[str, Any]:
    row = decision_rows.find(connection, key)
    _is_there(row is not None, "decision table", key)
    assert row is not None
    return {"key": key, "definition": jsontext.loads(row.draft)}

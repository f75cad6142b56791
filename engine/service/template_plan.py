"""What installing a template would do, and what in the workspace it may be mapped to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow import diff as flow_diff
from headrace.engine.flow.decision import diff as decision_diff
from headrace.engine.flow.table_definition import changes as table_changes
from headrace.engine.service import (
    bundles,
    connections,
    own_connectors,
    template_connectors,
    template_sources,
)
from headrace.engine.service.actor import Actor
from headrace.engine.service.bundles import KINDS, Bundle, Mapped
from headrace.engine.service.templates import template_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts
from headrace.engine.store import bundles as rows
from headrace.engine.store import data_tables as table_rows
from headrace.engine.store import decision_tables as decision_rows
from headrace.engine.store import sources as source_rows
from headrace.engine.store import users as user_rows

DIFFERENCES_MAX = 50
CHOICES_MAX = 200


def plan(
    workspace: Workspace, actor: Actor, key: str, mapping: Mapped | None = None
) -> dict[str, Any]:
    """What installing would do, item by item, and what there is here that it may be mapped to. Nothing is changed."""
    actor.require("templates:install")
    template = template_of(workspace, key)
    chosen = checked_mapping(template, mapping or {})
    with workspace.read() as connection:
        here = Here(workspace, connection, template)
        noted = {(row.kind, row.key): row for row in rows.made_by(connection, key)}
        items = [
            {
                **here.look(kind, item, chosen),
                "installed": (kind, item["key"]) in noted,
            }
            for kind in KINDS
            for item in template.part(kind)
        ]
        choices = here.choices(chosen)
    wrong = [item for item in items if item["state"] in {"missing", "unfit"}]
    return {"items": items, "choices": choices, "ready": not wrong}


def checked_mapping(template: Bundle, mapping: Mapped) -> dict[str, dict[str, str]]:
    """The mapping, of things this template brings only. Flows keep their names: people find them by these."""
    made: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for kind, named in mapping.items():
        known = {item["key"] for item in template.part(kind)} if kind in KINDS else set()
        for key, here in named.items():
            if kind == "flows" or key not in known:
                problems.append(
                    Problem(
                        f"/mapping/{kind}/{key}"[:200],
                        "not_mappable",
                        {"kind": kind, "key": key},
                        "Expected a role, connector, connection, table, decision table or source of the template,"
                        f" but found {kind} {key}.",
                    )
                )
            elif here and here != key:
                made.setdefault(kind, {})[key] = here
    if problems:
        raise ValidationFailed(what="mapping", count=len(problems), problems=problems)
    return made


class Here:
    """What there is in the workspace, as far as a template asks."""

    def __init__(self, workspace: Workspace, connection: Connection, template: Bundle) -> None:
        self._workspace, self._connection, self._template = workspace, connection, template
        self._roles = {row.key: row for row in user_rows.roles(connection)}
        self._members = user_rows.members(connection)
        self._kinds = accounts.kinds(connection)
        self._flows = drafts.keys(connection)

    def look(self, kind: str, item: Mapping[str, Any], mapping: Mapped) -> dict[str, Any]:
        """state: new · same · differs · mapped · missing (mapped to nothing) · unfit (of another kind)."""
        key = item["key"]
        here = mapping.get(kind, {}).get(key, key)
        told: dict[str, Any] = {
            "kind": kind, "key": key, "here": here, "title": _title(kind, item), "differences": [], "fill": [],
        }  # fmt: skip
        look: Callable[..., str] = getattr(self, f"_{kind}_state")
        told["state"] = look(item, here, mapping, told)
        if here != key:
            told["state"] = {"new": "missing", "unfit": "unfit"}.get(told["state"], "mapped")
        return told

    def _roles_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        if not self._members.get(here):
            told["fill"].append("people")
        if here not in self._roles:
            return "new"
        return "unfit" if self._roles[here].system else "same"

    def _own_connectors_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        state, found = template_connectors.state(
            self._connection, self._template, item, here, self._workspace.types
        )
        told["differences"] = found[:DIFFERENCES_MAX]
        return state

    def _connections_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        item = template_connectors.mapped_account(item, mapping)
        row = accounts.find(self._connection, here)
        if row is None:
            told["fill"].append("account")
            return "new"
        if row.connector != item["connector"]:
            told["differences"].append(
                {"what": "connector", "before": row.connector, "after": item["connector"]}
            )
            return "unfit"
        if _unfilled(self._workspace, self._connection, row):
            told["fill"].append("account")
        return "same"

    def _tables_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        table = table_rows.find(self._connection, here)
        if table is None:
            return "new"
        count = table_rows.counts(self._connection, [table.no]).get(table.no, 0)
        told["records"] = count
        found = table_changes(table.definition, bundles.mapped_table(item["definition"], mapping))
        # What is here beside the template's fields is no difference that matters to its flows.
        wanted = [one for one in found if one.what != "removed"]
        told["differences"] = [
            {"what": one.what, "where": one.field, "before": one.before, "after": one.after}
            for one in wanted
        ][:DIFFERENCES_MAX]
        return "differs" if wanted else "same"

    def _decision_tables_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        row = decision_rows.find(self._connection, here)
        if row is None:
            return "new"
        found = decision_diff.changes(jsontext.loads(row.draft), item["definition"])
        told["differences"] = found[:DIFFERENCES_MAX]
        return "differs" if found else "same"

    def _flows_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        if item["key"] in self._template.about.get("drafts", ()):
            told["fill"].append("publish")
        row = drafts.find(self._connection, here)
        if row is None:
            return "new"
        mapped = bundles.mapped_flow(item, self._workspace.types, mapping)
        found = flow_diff.diff(jsontext.loads(row.draft), mapped)
        told["differences"] = [one.as_json() for one in found][:DIFFERENCES_MAX]
        return "differs" if found else "same"

    def _sources_state(
        self, item: Mapping[str, Any], here: str, mapping: Mapped, told: dict[str, Any]
    ) -> str:
        account = template_sources.mapped(item, mapping).get("connection")
        row = source_rows.find(self._connection, here)
        if row is None:
            if account and not filled(self._workspace, self._connection, account):
                told["fill"].append("switch_on")
            return "new"
        if not row.enabled:
            told["fill"].append("switch_on")
        found = template_sources.differences(self._workspace, row, item, mapping)
        told["differences"] = found[:DIFFERENCES_MAX]
        if any(one["where"] == "channel" for one in found):
            return "unfit"
        return "differs" if found else "same"

    def choices(self, mapping: Mapped) -> dict[str, list[dict[str, Any]]]:
        """What the template's things may be mapped to."""
        connectors_ = {
            template_connectors.mapped_account(item, mapping)["connector"]
            for item in self._template.part("connections")
        }
        tables = table_rows.listing(self._connection, after="", limit=CHOICES_MAX)
        decisions = decision_rows.listing(self._connection, after="", limit=CHOICES_MAX)
        return {
            "roles": [
                {"key": row.key, "title": row.title}
                for row in self._roles.values()
                if not row.system
            ][:CHOICES_MAX],
            "own_connectors": template_connectors.choices(self._connection, CHOICES_MAX),
            "connections": [
                {"key": key, "title": key, "connector": kind}
                for key, kind in sorted(self._kinds.items())
                if kind in connectors_
            ][:CHOICES_MAX],
            "tables": [
                {"key": table.key, "title": table.definition.get("title") or {}} for table in tables
            ],
            "decision_tables": [
                {
                    "key": row.key,
                    "title": jsontext.loads(row.draft).get("title") or {},
                }
                for row in decisions
            ],
            "sources": [
                {"key": row.key, "title": row.title, "channel": row.channel}
                for row in source_rows.listing(self._connection, after=None, limit=CHOICES_MAX)
                if row.channel in {item.get("channel") for item in self._template.sources}
            ],
        }


def _title(kind: str, item: Mapping[str, Any]) -> Any:
    if kind in {"own_connectors", "tables", "decision_tables"}:
        return item["definition"].get("title") or item["key"]
    return item.get("title") or item.get("name") or item["key"]


def _unfilled(workspace: Workspace, connection: Connection, row: Any) -> bool:
    """Is there a secret that this kind of account needs and that nobody has put in?"""
    connector = own_connectors.connector_of(connection, row.connector, row.settings)
    needed = connector.secrets.get("required", ()) if connector else ()
    shown = connections.detail(workspace, row.key)["secrets"]
    optional = list(shown) if connector and not needed else ()
    return any(not shown.get(name) for name in needed) or (
        bool(optional) and not any(shown.values()) and row.settings.get("auth") != "none"
    )


def filled(workspace: Workspace, connection: Connection, key: str) -> bool:
    """Is there an account of this key with all its secrets?"""
    row = accounts.find(connection, key)
    return row is not None and not _unfilled(workspace, connection, row)

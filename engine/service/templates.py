"""Industry templates: bundles of flows, tables, decision tables, roles and connections, with samples that show what they do.

A template is a folder of `headrace.templates`, found by its `template.json`, or a zip file that people have brought
(`bundles.py`). Installing is safe to repeat: what is there stays as it is, because people have changed it. What installing has
made is remembered with its digest, so that removing takes away what nobody has touched, and nothing else (R205).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import from_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow import diff as flow_diff
from headrace.engine.flow.decision import diff as decision_diff
from headrace.engine.flow.forms import Form
from headrace.engine.flow.model import sha256
from headrace.engine.flow.table_definition import changes as table_changes
from headrace.engine.service import (
    audit,
    bundles,
    cases,
    connections,
    data_tables,
    decision_tables,
    flows,
    own_connectors,
    records,
    sources,
    template_connectors,
    template_sources,
    template_views,
    testrun,
    users,
)
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.bundles import KINDS, WORDS, Bundle
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.expectation import unmet
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts, facts, record_list
from headrace.engine.store import bundles as rows
from headrace.engine.store import data_tables as table_rows
from headrace.engine.store import decision_tables as decision_rows
from headrace.engine.store import records as record_rows
from headrace.engine.store import sources as source_rows
from headrace.engine.store import users as user_rows

TEMPLATES = "headrace.templates"
"""Where those of the program are: data, read but never imported from."""

DIFFERENCES_MAX = 50
CHOICES_MAX = 200
EXPORT_ROWS_MAX = bundles.ROWS_MAX

Mapped = Mapping[str, Mapping[str, str]]
"""Kind → key in the template → what it is called here."""

Made = tuple[bool, str]
"""Was it made (else it was there), and what: `role cs_lead`."""


# --- the gallery -----------------------------------------------------------------------------------


def listing(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All templates, those of the program and those that people have brought; there are few."""
    actor.require("flows:read")
    installed = _installed(workspace)
    found = [*all_templates().values(), *_own(workspace).values()]
    return {"items": [_summary(template, installed) for template in found], "next_cursor": None}


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One template with its flows and samples, to look at before installing."""
    actor.require("flows:read")
    template = _found(workspace, key)
    return {
        **_summary(template, _installed(workspace)),
        "flows": list(template.flows),
        "samples": list(template.samples),
        "expect": list(template.expect.get("checks", ())),
    }


@cache
def all_templates() -> Mapping[str, Bundle]:
    """Those of the program by key, read once."""
    folder = files(TEMPLATES)
    found = [
        bundles.from_folder(item)
        for item in folder.iterdir()
        if item.joinpath("template.json").is_file()
    ]
    return {template.key: template for template in sorted(found, key=lambda t: t.key)}


def _own(workspace: Workspace) -> dict[str, Bundle]:
    with workspace.read() as connection:
        kept = rows.listing(connection)
    return {row.key: bundles.from_json(jsontext.loads(row.document)) for row in kept}


def _found(workspace: Workspace, key: str) -> Bundle:
    template = all_templates().get(key)
    if template is not None:
        return template
    with workspace.read() as connection:
        row = rows.find(connection, key)
    if row is None:
        raise NotFound(kind="template", id=key)
    return bundles.from_json(jsontext.loads(row.document))


def _installed(workspace: Workspace) -> set[str]:
    with workspace.read() as connection:
        return rows.installed(connection) | set(facts.get(connection, _FACT) or ())


_OWNER = Actor(ENGINE.user_id, ENGINE.name, ("administrator",), ENGINE.permissions)
"""The engine where a table names roles."""

_FACT = "templates"
"""Where installed templates were remembered before what they made was."""


def _summary(template: Bundle, installed: set[str]) -> dict[str, Any]:
    about = template.about
    return {
        "key": template.key,
        "code": about.get("code", ""),
        "name": about["name"],
        "description": about.get("description") or {},
        "industry": about.get("industry") or {},
        "flows": [
            {"key": f["key"], "name": f["name"], "description": f.get("description")}
            for f in template.flows
        ],
        "roles": list(about.get("roles", ())),
        "connections": [
            {k: v for k, v in connection.items() if k not in {"settings", "sandbox"}}
            for connection in about.get("connections", ())
        ],
        "own_connectors": [
            {
                "key": c["key"],
                "title": c["definition"].get("title") or {},
                "operations": len(c["definition"].get("operations", ())),
            }
            for c in about.get("own_connectors", ())
        ],
        "tables": [
            {
                "key": t["key"],
                "title": t["definition"].get("title") or {},
                "fields": len(t["definition"]["fields"]),
                "rows": len(t.get("rows", ())),
            }
            for t in template.tables
        ],
        "decision_tables": [
            {
                "key": t["key"],
                "title": t["definition"].get("title") or {},
                "rules": len(t["definition"]["rules"]),
            }
            for t in template.decision_tables
        ],
        "sources": [
            {"key": s["key"], "title": s.get("title") or {}, "channel": s.get("channel", "")}
            for s in template.sources
        ],
        "targets": list(about.get("targets", ())),
        "own": template.own,
        "installed": template.key in installed,
    }


# --- before installing -----------------------------------------------------------------------------


def plan(
    workspace: Workspace, actor: Actor, key: str, mapping: Mapped | None = None
) -> dict[str, Any]:
    """What installing would do, item by item, and what there is here that it may be mapped to. Nothing is changed."""
    actor.require("templates:install")
    template = _found(workspace, key)
    chosen = _checked(template, mapping or {})
    with workspace.read() as connection:
        here = _Here(workspace, connection, template)
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


def _checked(template: Bundle, mapping: Mapped) -> dict[str, dict[str, str]]:
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


class _Here:
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
            if account and not _filled(self._workspace, self._connection, account):
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


def _filled(workspace: Workspace, connection: Connection, key: str) -> bool:
    """Is there an account of this key with all its secrets?"""
    row = accounts.find(connection, key)
    return row is not None and not _unfilled(workspace, connection, row)


# --- installing ------------------------------------------------------------------------------------


def install(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    mapping: Mapped | None = None,
    parts: Sequence[str] = KINDS,
    replace: Sequence[str] = (),
) -> dict[str, Any]:
    """Make what is missing, in the order of `KINDS`, and publish the flows. Answers what was made and what was kept.

    `parts`: only these kinds, for whoever shows how far it has come. `replace`: flows and decision tables that differ and shall
    become what the template says (`flow refund-approval`); earlier versions stay versions.
    """
    actor.require("templates:install")
    template = _found(workspace, key)
    chosen = _checked(template, mapping or {})
    _check_mapped(workspace, template, chosen)
    installing = _Installing(workspace, _drawing(actor), template, chosen, frozenset(replace))
    made: list[Made] = []
    for kind in KINDS:
        if kind in parts:
            make: Callable[[], list[Made]] = getattr(installing, kind)
            made += make()
    created = [name for new, name in made if new]
    kept = [name for new, name in made if not new]

    def write(connection: Connection) -> None:
        audit.note(
            connection, workspace, actor, "templates.install", key, created=created, kept=kept,
            **({"mapping": chosen} if chosen else {}),
        )  # fmt: skip

    workspace.writer.call(write)
    return {
        "flows": [flow["key"] for flow in template.flows],
        "created": created,
        "kept": kept,
        "replaced": installing.replaced,
        "problems": _problems(workspace, template, chosen) if "flows" in parts else [],
    }


def _check_mapped(workspace: Workspace, template: Bundle, mapping: Mapped) -> None:
    """What something is mapped to must be there, and of its kind."""
    problems: list[Problem] = []
    with workspace.read() as connection:
        here = _Here(workspace, connection, template)
        for kind, named in mapping.items():
            for item in template.part(kind):
                if item["key"] not in named:
                    continue
                state = here.look(kind, item, mapping)["state"]
                if state in {"missing", "unfit"}:
                    problems.append(
                        Problem(
                            f"/mapping/{kind}/{item['key']}", f"mapped_{state}", {"here": named[item["key"]]},
                            f"Expected a {WORDS[kind]} of that kind, but found {named[item['key']]} ({state}).",
                        )
                    )  # fmt: skip
    if problems:
        raise ValidationFailed(what="mapping", count=len(problems), problems=problems)


class _Installing:
    """One installing: a method a kind, each safe to repeat."""

    def __init__(
        self,
        workspace: Workspace,
        actor: Actor,
        template: Bundle,
        mapping: Mapped,
        replace: frozenset[str],
    ) -> None:
        self.workspace, self.actor, self.template = workspace, actor, template
        self.mapping, self.replace = mapping, replace
        self.replaced: list[str] = []

    def _here(self, kind: str, key: str) -> str:
        return self.mapping.get(kind, {}).get(key, key)

    def _each(
        self, kind: str, known: set[str], make: Callable[[Mapping[str, Any]], str]
    ) -> list[Made]:
        """Make those that are not there, and remember of all what became of them."""
        made: list[Made] = []
        for item in self.template.part(kind):
            here = self._here(kind, item["key"])
            new = here not in known
            digest = make(item) if new else ""
            self._note(kind, item, here, new, digest)
            made.append((new, f"{WORDS[kind]} {here}"))
        return made

    def _note(self, kind: str, item: Mapping[str, Any], here: str, new: bool, digest: str) -> None:
        details = {"rows": len(item.get("rows", ()))} if kind == "tables" else {}
        row = {
            "template": self.template.key, "kind": kind, "key": item["key"], "made": here, "created": int(new),
            "digest": digest, "details": details, "at": self.workspace.clock.now_ms(), "by": self.actor.user_id,
        }  # fmt: skip
        self.workspace.writer.call(lambda connection: rows.note(connection, row))

    def roles(self) -> list[Made]:
        """In the name of the engine, not of the person: designers install, administrators own the roles."""
        with self.workspace.read() as connection:
            known = {row.key for row in user_rows.roles(connection)}

        def make(item: Mapping[str, Any]) -> str:
            users.create_role(self.workspace, ENGINE, item["key"], item["title"])
            return _digest(item["title"])

        return self._each("roles", known, make)

    def own_connectors(self) -> list[Made]:
        """Connectors that were drawn where the template comes from, before accounts at them; one that is here stays as it is."""
        with self.workspace.read() as connection:
            wanted = [self._here("own_connectors", i["key"]) for i in self.template.part("own_connectors")]  # fmt: skip
            known = set(own_connectors.bundled(connection, map(own_connectors.PREFIX.__add__, wanted)))  # fmt: skip

        def make(item: Mapping[str, Any]) -> str:
            own_connectors.checked(item["definition"])
            draw = partial(self._draw_connector, item["key"], item["definition"])
            self.workspace.writer.call(draw)
            return _digest(item["definition"])

        return self._each("own_connectors", known, make)

    def _draw_connector(
        self, key: str, definition: Mapping[str, Any], connection: Connection
    ) -> None:
        own_connectors.add(connection, self.workspace, self.actor, key, definition)

    def connections(self) -> list[Made]:
        """Empty accounts, to be filled in by a person."""
        with self.workspace.read() as connection:
            known = set(accounts.kinds(connection))

        def make(item: Mapping[str, Any]) -> str:
            account = template_connectors.mapped_account(item, self.mapping)
            connections.add(self.workspace, ENGINE, account)
            return _digest(item.get("settings", {}))

        return self._each("connections", known, make)

    def tables(self) -> list[Made]:
        """Tables with the records they begin with; one that is there keeps its own."""
        with self.workspace.read() as connection:
            wanted = [self._here("tables", item["key"]) for item in self.template.tables]
            known = {key for key in wanted if table_rows.find(connection, key) is not None}

        def make(item: Mapping[str, Any]) -> str:
            definition = bundles.mapped_table(item["definition"], self.mapping)
            data_tables.create(self.workspace, self.actor, item["key"], definition)
            seed(self.workspace, item["key"], item.get("rows", ()))
            template_views.make(self.workspace, self.actor, item["key"], item.get("views", ()))
            return _digest(definition)

        return self._each("tables", known, make)

    def decision_tables(self) -> list[Made]:
        """Published at once."""
        with self.workspace.read() as connection:
            wanted = [
                self._here("decision_tables", i["key"]) for i in self.template.decision_tables
            ]
            known = {key for key in wanted if decision_rows.find(connection, key) is not None}

        def make(item: Mapping[str, Any]) -> str:
            made = decision_tables.create(
                self.workspace, self.actor, item["key"], item["definition"]
            )
            self._publish_decision(item["key"], made["revision"])
            return _digest(item["definition"])

        found = self._each("decision_tables", known, make)
        for item in self.template.decision_tables:
            here = self._here("decision_tables", item["key"])
            if f"decision table {here}" in self.replace and here in known:
                now = decision_tables.detail(self.workspace, self.actor, here)
                saved = decision_tables.save(
                    self.workspace, self.actor, here, item["definition"], now["revision"]
                )
                self._publish_decision(here, saved["revision"])
                self._renew("decision_tables", item["key"], _digest(item["definition"]))
                self.replaced.append(f"decision table {here}")
        return found

    def _publish_decision(self, key: str, revision: int) -> None:
        decision_tables.publish(
            self.workspace, self.actor, key, revision=revision, note=f"Template {self.template.key}"
        )

    def flows(self) -> list[Made]:
        """Drawings with the names of this workspace, published where nothing is wrong with them."""
        with self.workspace.read() as connection:
            known = drafts.keys(connection)
        mapped = {
            flow["key"]: bundles.mapped_flow(flow, self.workspace.types, self.mapping)
            for flow in self.template.flows
        }

        def make(item: Mapping[str, Any]) -> str:
            told = cases.of_template(self.template.samples, item["key"])
            flows.create(
                self.workspace,
                self.actor,
                document=mapped[item["key"]],
                action="flows.install",
                told_cases=told,
                origin=f"template:{self.template.key}",
            )
            return sha256(mapped[item["key"]])

        found = self._each("flows", known, make)
        missing = [document for key, document in mapped.items() if key not in known]
        for key, document in mapped.items():
            if f"flow {key}" in self.replace and key in known:
                draft = flows.detail(self.workspace, self.actor, key)["draft"]
                flows.save(self.workspace, self.actor, key, document, draft["etag"])
                self._renew("flows", key, sha256(document))
                self.replaced.append(f"flow {key}")
                missing.append(document)
        for document in missing:  # when all are there: they may call each other
            if document["key"] in self.template.about.get("drafts", ()):
                continue  # it would call a shop at once: a person publishes it when the connection is filled in
            if not any(p.severity == "error" for p in flows.problems(self.workspace, document)):
                note = f"Template {self.template.key}"
                flows.publish(self.workspace, self.actor, document["key"], note=note)
        return found

    def sources(self) -> list[Made]:
        """Ways in for orders, on where their account is filled in."""
        wanted = {self._here("sources", item["key"]) for item in self.template.sources}
        with self.workspace.read() as connection:
            known = template_sources.keys(connection, wanted)

        def make(item: Mapping[str, Any]) -> str:
            account = template_sources.mapped(item, self.mapping).get("connection")
            with self.workspace.read() as connection:
                on = account is None or _filled(self.workspace, connection, account)
            return template_sources.make(self.workspace, self.actor, item, self.mapping, on=on)

        found = self._each("sources", known, make)
        for item in self.template.sources:
            here = self._here("sources", item["key"])
            if f"source {here}" in self.replace and here in known:
                digest = template_sources.renew(
                    self.workspace, self.actor, here, item, self.mapping
                )
                self._renew("sources", item["key"], digest)
                self.replaced.append(f"source {here}")
        return found

    def _renew(self, kind: str, key: str, digest: str) -> None:
        self.workspace.writer.call(
            lambda connection: rows.renew(connection, self.template.key, kind, key, digest)
        )


def seed(workspace: Workspace, table: str, values: Sequence[Mapping[str, Any]]) -> None:
    """Put records into a table, many a transaction."""

    def write(some: Sequence[Mapping[str, Any]], connection: Connection) -> None:
        found = data_tables.found(connection, table)
        items = [
            record_rows.Item(
                None if found.form.key_field else workspace.id("rec"), dict(value), "create"
            )
            for value in some
        ]
        outcomes = record_rows.write(
            connection,
            found,
            items,
            record_rows.Who("engine", "template"),
            workspace.clock.now_ms(),
        )
        problems = [problem for outcome in outcomes for problem in outcome.problems]
        if problems:
            raise ValidationFailed(
                what=f"records of {table}", count=len(problems), problems=problems[:20]
            )

    for begin in range(0, len(values), 500):
        workspace.writer.call(partial(write, values[begin : begin + 500]))


def _drawing(actor: Actor) -> Actor:
    """Who may install a template may install what it brings."""
    more = {
        "flows:read",
        "flows:write",
        "flows:publish",
        "tables:write",
        "records:read",
        "records:write",
    }
    return Actor(actor.user_id, actor.name, actor.roles, actor.permissions | more)


def _problems(workspace: Workspace, template: Bundle, mapping: Mapped) -> list[dict[str, Any]]:
    return [
        {**problem.as_json(), "flow": flow["key"]}
        for flow in template.flows
        for problem in flows.problems(
            workspace, bundles.mapped_flow(flow, workspace.types, mapping)
        )
    ]


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- removing --------------------------------------------------------------------------------------


def removal(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """What removing would take away, and what stays and why. Nothing is changed."""
    actor.require("templates:install")
    return _removed(workspace, actor, key, dry=True)


def remove(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Take away what installing has made and nobody has touched or needs; the rest stays and is the workspace's own."""
    actor.require("templates:install")
    return _removed(workspace, actor, key, dry=False)


def _removed(workspace: Workspace, actor: Actor, key: str, *, dry: bool) -> dict[str, Any]:
    with workspace.read() as connection:
        noted = rows.made_by(connection, key)
        before = set(facts.get(connection, _FACT) or ())
    if not noted and key not in before:
        raise NotFound(kind="installed template", id=key)
    order = {kind: index for index, kind in enumerate(reversed(KINDS))}
    removed: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    going: set[str] = set()
    for row in sorted(noted, key=lambda r: (order[r.kind], r.key)):
        with workspace.read() as connection:
            why = _stays(workspace, connection, row, going)
        told = {"kind": row.kind, "key": row.made}
        if not why and not dry:
            try:
                _REMOVERS[row.kind](workspace, row.made)
            except NotFound:
                pass
            except Conflict:
                why = "in_use"
        if why:
            if why == template_sources.TOOK_ORDERS and not dry:
                template_sources.switch_off(workspace, _OWNER, row.made)
            kept.append({**told, "why": why})
        else:
            going.add(f"{row.kind} {row.made}")
            removed.append(told)

    def write(connection: Connection) -> None:
        for row in noted:
            rows.forget(connection, key, row.kind, row.key)
        facts.put(connection, _FACT, sorted(before - {key}))
        names = [f"{WORDS[one['kind']]} {one['key']}" for one in removed]
        audit.note(
            connection, workspace, actor, "templates.remove", key, removed=names,
            kept=[f"{WORDS[one['kind']]} {one['key']}" for one in kept],
        )  # fmt: skip

    if not dry:
        workspace.writer.call(write)
    return {"removed": removed, "kept": kept}


def _stays(workspace: Workspace, connection: Connection, row: Any, going: set[str]) -> str:
    """Why a thing is not taken away; empty: nothing speaks against it."""
    if not row.created:
        return "was_there"
    if rows.others(connection, row.template, row.kind, row.made):
        return "other_template"
    here = row.made
    users_ = _users_of(workspace, connection, row.kind, here, going)
    match row.kind:
        case "flows":
            found = drafts.find(connection, here)
            if found is not None and found.draft_etag != row.digest:
                return "changed"
            return "has_run" if drafts.was_started(connection, here) else ""
        case "decision_tables":
            found = decision_rows.find(connection, here)
            if found is not None and _digest(jsontext.loads(found.draft)) != row.digest:
                return "changed"
        case "tables":
            table = table_rows.find(connection, here)
            if table is not None:
                if _digest(table.definition) != row.digest:
                    return "changed"
                if record_list.touched(connection, table.no, int(row.details.get("rows", 0))):
                    return "has_data"
        case "connections":
            found = accounts.find(connection, here)
            if found is not None:
                shown = connections.detail(workspace, here)
                if any(shown["secrets"].values()) or _digest(found.settings) != row.digest:
                    return "filled_in"
        case "own_connectors":
            drawn = own_connectors.bundled(connection, [own_connectors.PREFIX + here])
            if here in drawn and _digest(drawn[here]) != row.digest:
                return "changed"
        case "roles":
            if any(user_rows.members_by_kind(connection, here).values()):
                return "has_people"
        case "sources":
            return template_sources.stays(connection, here, row.digest)
        case _:
            return ""
    return "in_use" if users_ else ""


def _users_of(
    workspace: Workspace, connection: Connection, kind: str, key: str, going: set[str]
) -> list[str]:
    """Flows, sources and accounts that name it and stay."""
    if kind in {"flows", "sources"}:
        return []
    if kind == "own_connectors":
        return list(template_connectors.users_of(connection, workspace.types, key, going))
    found = drafts.naming(connection, key)
    return template_sources.users_of(connection, kind, key, going) + [
        flow
        for flow, text in found
        if f"flows {flow}" not in going
        and key in bundles.references(jsontext.loads(text), workspace.types)[kind]
    ]


def _remove_role(workspace: Workspace, key: str) -> None:
    users.delete_role(workspace, _OWNER, key)


_REMOVERS: Mapping[str, Callable[[Workspace, str], None]] = {
    "flows": lambda workspace, key: flows.delete(workspace, _OWNER, key),
    "decision_tables": lambda workspace, key: decision_tables.remove(workspace, _OWNER, key),
    "tables": lambda workspace, key: data_tables.remove(workspace, _OWNER, key),
    "connections": lambda workspace, key: connections.delete(workspace, _OWNER, key),
    "own_connectors": lambda workspace, key: own_connectors.remove(workspace, _OWNER, key),
    "roles": _remove_role,
    "sources": lambda workspace, key: sources.delete(workspace, _OWNER, key),
}


# --- bringing one's own ----------------------------------------------------------------------------


def upload(
    workspace: Workspace, actor: Actor, data: bytes, forms: Mapping[str, Form] | None = None
) -> dict[str, Any]:
    """Keep a template from a file, in place of an earlier one of the same key; nothing is installed by that."""
    actor.require("templates:install")
    template = bundles.from_zip(data, workspace.types, forms)
    if template.key in all_templates():
        raise Conflict(expected="a key that no template of the program has", found=template.key)
    row = {
        "key": template.key, "document": jsontext.dumps(template.as_json()), "size": len(data),
        "created_at": workspace.clock.now_ms(), "created_by": actor.user_id,
    }  # fmt: skip

    def write(connection: Connection) -> None:
        if rows.find(connection, template.key) is None and rows.count(connection) >= rows.OWN_MAX:
            raise Conflict(
                expected=f"at most {rows.OWN_MAX} templates of one's own", found="as many"
            )
        rows.put(connection, row)
        audit.note(connection, workspace, actor, "templates.upload", template.key, size=len(data))

    workspace.writer.call(write)
    return _summary(template, _installed(workspace))


def discard(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take one's own template out of the gallery; what it has made stays."""
    actor.require("templates:install")

    def write(connection: Connection) -> None:
        if rows.find(connection, key) is None:
            raise NotFound(kind="template of one's own", id=key)
        rows.delete(connection, key)
        audit.note(connection, workspace, actor, "templates.discard", key)

    workspace.writer.call(write)


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
            if _is(key in roles, "role", key)
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


def _is(there: bool, kind: str, key: str) -> bool:
    if not there:
        raise NotFound(kind=kind, id=key)
    return True


def _exported_connection(connection: Connection, key: str) -> dict[str, Any]:
    row = accounts.find(connection, key)
    _is(row is not None, "connection", key)
    assert row is not None
    settings = dict(row.settings)
    if row.connector.startswith(own_connectors.PREFIX):  # where it goes its versions begin anew
        settings.pop("version", None)
    return {"key": key, "connector": row.connector, "name": row.name, "settings": settings}


def _exported_flow(connection: Connection, key: str) -> dict[str, Any]:
    row = drafts.find(connection, key)
    _is(row is not None, "flow", key)
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
    _is(row is not None, "decision table", key)
    assert row is not None
    return {"key": key, "definition": jsontext.loads(row.draft)}


def file_of(workspace: Workspace, actor: Actor, key: str) -> bytes:
    """A template of the gallery as a file."""
    actor.require("flows:read")
    return bundles.to_zip(_found(workspace, key))


# --- trying ----------------------------------------------------------------------------------------


def try_sample(
    workspace: Workspace, actor: Actor, key: str, flow: str, sample: Any
) -> dict[str, Any]:
    """Run a sample in memory and compare with what it expects. `sample`: its key, or its name."""
    actor.require("flows:read")
    template = _found(workspace, key)
    told = next(
        (
            s
            for s in template.samples
            if s.get("flow") == flow and sample in (s["key"], s.get("name"))
        ),
        None,
    )
    if told is None:
        raise NotFound(kind="sample", id=f"{key} {flow} {sample}"[:200])
    document = next(document for document in template.flows if document["key"] == flow)
    answer = testrun.run_test(
        document,
        workspace.types,
        told["input"],
        start_node=told.get("start_node"),
        decisions=told.get("decisions"),
        mocks=told.get("mocks"),
        now_ms=from_iso(told["at"]) if "at" in told else workspace.clock.now_ms(),
        decide=bundles.deciding(template, asking(workspace)),
    )
    found = unmet(told["expect"], answer)
    return {**answer, "expected": told["expect"], "met": not found, "unmet": found}

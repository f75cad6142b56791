"""Installing a template. It is safe to repeat: what is there stays as it is, because people have changed it. What installing
has made is remembered with its digest, so that removing takes away what nobody has touched, and nothing else (R205).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.model import sha256
from headrace.engine.service import (
    audit,
    bundles,
    cases,
    connections,
    data_tables,
    decision_tables,
    flows,
    own_connectors,
    template_connectors,
    template_sources,
    template_views,
    users,
)
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.bundles import KINDS, WORDS, Bundle, Mapped, digest
from headrace.engine.service.template_plan import Here, checked_mapping, filled
from headrace.engine.service.templates import template_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts
from headrace.engine.store import bundles as rows
from headrace.engine.store import data_tables as table_rows
from headrace.engine.store import decision_tables as decision_rows
from headrace.engine.store import records as record_rows
from headrace.engine.store import users as user_rows

Made = tuple[bool, str]
"""Was it made (else it was there), and what: `role cs_lead`."""


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
    template = template_of(workspace, key)
    chosen = checked_mapping(template, mapping or {})
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
        here = Here(workspace, connection, template)
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
            return digest(item["title"])

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
            return digest(item["definition"])

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
            return digest(item.get("settings", {}))

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
            return digest(definition)

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
            return digest(item["definition"])

        found = self._each("decision_tables", known, make)
        for item in self.template.decision_tables:
            here = self._here("decision_tables", item["key"])
            if f"decision table {here}" in self.replace and here in known:
                now = decision_tables.detail(self.workspace, self.actor, here)
                saved = decision_tables.save(
                    self.workspace, self.actor, here, item["definition"], now["revision"]
                )
                self._publish_decision(here, saved["revision"])
                self._renew("decision_tables", item["key"], digest(item["definition"]))
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
                on = account is None or filled(self.workspace, connection, account)
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

"""Industry templates: bundles of flows, tables, decision tables, roles and connections, with samples that show what they do.

A template is a folder of `headrace.templates`, found by its `template.json`, or a zip file that people have brought
(`bundles.py`). This is their gallery; `template_plan.py` looks before installing, `template_install.py` makes,
`template_removal.py` takes away, `template_export.py` makes a file of what is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import from_iso
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.flow.forms import Form
from headrace.engine.service import audit, bundles, testrun
from headrace.engine.service.actor import Actor
from headrace.engine.service.bundles import Bundle
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.expectation import unmet
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import bundles as rows
from headrace.engine.store import facts

TEMPLATES = "headrace.templates"
"""Where those of the program are: data, read but never imported from."""

INSTALLED_BEFORE = "templates"
"""Where installed templates were remembered before what they made was."""


def listing(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All templates, those of the program and those that people have brought; there are few."""
    actor.require("flows:read")
    installed = installed_keys(workspace)
    found = [*all_templates().values(), *own_ones(workspace).values()]
    return {"items": [summary(template, installed) for template in found], "next_cursor": None}


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One template with its flows and samples, to look at before installing."""
    actor.require("flows:read")
    template = template_of(workspace, key)
    return {
        **summary(template, installed_keys(workspace)),
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


def own_ones(workspace: Workspace) -> dict[str, Bundle]:
    with workspace.read() as connection:
        kept = rows.listing(connection)
    return {row.key: bundles.from_json(jsontext.loads(row.document)) for row in kept}


def template_of(workspace: Workspace, key: str) -> Bundle:
    template = all_templates().get(key)
    if template is not None:
        return template
    with workspace.read() as connection:
        row = rows.find(connection, key)
    if row is None:
        raise NotFound(kind="template", id=key)
    return bundles.from_json(jsontext.loads(row.document))


def installed_keys(workspace: Workspace) -> set[str]:
    with workspace.read() as connection:
        return rows.installed(connection) | set(facts.get(connection, INSTALLED_BEFORE) or ())


def summary(template: Bundle, installed: set[str]) -> dict[str, Any]:
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


def file_of(workspace: Workspace, actor: Actor, key: str) -> bytes:
    """A template of the gallery as a file."""
    actor.require("flows:read")
    return bundles.to_zip(template_of(workspace, key))


def try_sample(
    workspace: Workspace, actor: Actor, key: str, flow: str, sample: Any
) -> dict[str, Any]:
    """Run a sample in memory and compare with what it expects. `sample`: its key, or its name."""
    actor.require("flows:read")
    template = template_of(workspace, key)
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
    return summary(template, installed_keys(workspace))


def discard(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take one's own template out of the gallery; what it has made stays."""
    actor.require("templates:install")

    def write(connection: Connection) -> None:
        if rows.find(connection, key) is None:
            raise NotFound(kind="template of one's own", id=key)
        rows.delete(connection, key)
        audit.note(connection, workspace, actor, "templates.discard", key)

    workspace.writer.call(write)

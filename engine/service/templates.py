"""Industry templates: flows with the roles and connections they need, and samples that show what they do.

A template is a folder of `headrace.templates`, found by its `template.json`. Installing is safe to repeat: what is there stays as
it is, because people have changed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from headrace.engine import jsontext
from headrace.engine.clock import from_iso
from headrace.engine.errors import NotFound
from headrace.engine.service import audit, connections, flows, testrun, users
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.expectation import unmet
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts, facts
from headrace.engine.store import users as user_rows

TEMPLATES = "headrace.templates"
"""Where they are: data, read but never imported from."""


@dataclass(frozen=True, slots=True)
class Template:
    """One folder."""

    key: str
    about: Mapping[str, Any]
    flows: Sequence[Mapping[str, Any]]
    samples: Sequence[Mapping[str, Any]]


def listing(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All templates; there are few."""
    actor.require("flows:read")
    installed = _installed(workspace)
    return {
        "items": [_summary(template, installed) for template in all_templates().values()],
        "next_cursor": None,
    }


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One template with its flows and samples, to look at before installing."""
    actor.require("flows:read")
    template = _found(key)
    return {
        **_summary(template, _installed(workspace)),
        "flows": list(template.flows),
        "samples": list(template.samples),
    }


def install(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Make the roles, connections and flows that are missing, and publish the flows. Answers what was made and what was kept."""
    actor.require("templates:install")
    template = _found(key)
    created: list[str] = []
    kept: list[str] = []
    for made, name in (
        *_make_roles(workspace, template),
        *_make_connections(workspace, template),
        *_make_flows(workspace, actor, template),
    ):
        (created if made else kept).append(name)

    def write(connection: Any) -> None:
        known = facts.get(connection, _FACT) or []
        facts.put(connection, _FACT, sorted({*known, key}))
        audit.note(
            connection, workspace, actor, "templates.install", key, created=created, kept=kept
        )

    workspace.writer.call(write)
    return {
        "flows": [flow["key"] for flow in template.flows],
        "created": created,
        "kept": kept,
        "problems": _problems(workspace, template),
    }


def try_sample(
    workspace: Workspace, actor: Actor, key: str, flow: str, sample: Any
) -> dict[str, Any]:
    """Run a sample in memory and compare with what it expects. `sample`: its key, or its name."""
    actor.require("flows:read")
    template = _found(key)
    told = next(
        (s for s in template.samples if s["flow"] == flow and sample in (s["key"], s["name"])), None
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
        decide=asking(workspace),
    )
    found = unmet(told["expect"], answer)
    return {**answer, "expected": told["expect"], "met": not found, "unmet": found}


# --- reading ---------------------------------------------------------------------------------------


@cache
def all_templates() -> Mapping[str, Template]:
    """All templates by key, read once: they come with the program."""
    folder = files(TEMPLATES)
    found = [_read(item) for item in folder.iterdir() if item.joinpath("template.json").is_file()]
    return {template.key: template for template in sorted(found, key=lambda t: t.key)}


def _read(folder: Traversable) -> Template:
    about = _json(folder.joinpath("template.json"))
    drawn = [_json(folder.joinpath("flows", name)) for name in about["flows"]]
    samples = folder.joinpath("sample")
    names = sorted(
        item.name
        for item in (samples.iterdir() if samples.is_dir() else ())
        if item.name.endswith(".json")
    )
    told = [{**_json(samples.joinpath(name)), "key": name.removesuffix(".json")} for name in names]
    return Template(about["key"], about, drawn, told)


def _json(file: Traversable) -> Any:
    return jsontext.loads(file.read_bytes())


def _found(key: str) -> Template:
    template = all_templates().get(key)
    if template is None:
        raise NotFound(kind="template", id=key)
    return template


# --- installing ------------------------------------------------------------------------------------

_FACT = "templates"
_Made = tuple[bool, str]


def _installed(workspace: Workspace) -> set[str]:
    with workspace.read() as connection:
        return set(facts.get(connection, _FACT) or ())


def _make_roles(workspace: Workspace, template: Template) -> list[_Made]:
    with workspace.read() as connection:
        known = {row.key for row in user_rows.roles(connection)}
    made: list[_Made] = []
    for role in template.about["roles"]:
        new = role["key"] not in known
        if new:
            # In the name of the template, not of the person: designers install, administrators own the roles.
            users.create_role(workspace, ENGINE, role["key"], role["title"])
        made.append((new, f"role {role['key']}"))
    return made


def _make_connections(workspace: Workspace, template: Template) -> list[_Made]:
    with workspace.read() as connection:
        known = accounts.kinds(connection)
    made: list[_Made] = []
    for wanted in template.about["connections"]:
        new = wanted["key"] not in known
        if new:
            connections.add(workspace, ENGINE, wanted)
        made.append((new, f"connection {wanted['key']}"))
    return made


def _make_flows(workspace: Workspace, actor: Actor, template: Template) -> list[_Made]:
    with workspace.read() as connection:
        known = drafts.keys(connection)
    missing = [flow for flow in template.flows if flow["key"] not in known]
    for flow in missing:
        flows.create(workspace, _drawing(actor), document=flow, action="flows.install")
    for flow in missing:  # when all are there: they may call each other
        if flow["key"] in template.about.get("drafts", ()):
            continue  # it would call a shop at once: a person publishes it when the connection is filled in
        if not any(p.severity == "error" for p in flows.problems(workspace, flow)):
            flows.publish(workspace, _drawing(actor), flow["key"], note=f"Template {template.key}")
    return [(flow in missing, f"flow {flow['key']}") for flow in template.flows]


def _drawing(actor: Actor) -> Actor:
    """Who may install a template may install its flows."""
    return Actor(
        actor.user_id,
        actor.name,
        actor.roles,
        actor.permissions | {"flows:write", "flows:publish"},
    )


def _problems(workspace: Workspace, template: Template) -> list[dict[str, Any]]:
    return [
        {**problem.as_json(), "flow": flow["key"]}
        for flow in template.flows
        for problem in flows.problems(workspace, flow)
    ]


def _summary(template: Template, installed: set[str]) -> dict[str, Any]:
    about = template.about
    return {
        "key": template.key,
        "name": about["name"],
        "description": about["description"],
        "industry": about["industry"],
        "flows": [
            {"key": f["key"], "name": f["name"], "description": f.get("description")}
            for f in template.flows
        ],
        "roles": about["roles"],
        "connections": [
            {k: v for k, v in connection.items() if k != "settings"}
            for connection in about["connections"]
        ],
        "installed": template.key in installed,
    }

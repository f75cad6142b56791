"""The demo workspace: people with known passwords, and templates and flows to look at. Never on top of a workspace in use."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from headrace.engine import jsontext
from headrace.engine.errors import Conflict, HeadraceError
from headrace.engine.people.working_hours import WEEKDAYS
from headrace.engine.service import (
    calendars,
    connections,
    data_tables,
    flows,
    organisation,
    records,
    rotas,
    template_install,
    templates,
    users,
)
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables as data_table_rows
from headrace.engine.store import drafts, facts
from headrace.engine.store import users as user_rows

log = logging.getLogger(__name__)

FLOWS = "headrace.flows"
"""Where the flows for learning are: data, as templates."""

WEBHOOK_SECRET = "demo-secret"  # noqa: S105 - the demo's, and said so on its console
"""What the demo's shops sign their calls with."""

WORKSPACE_NAME = "Headrace"
_FACT = "workspace"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody to sign in as."""

    login: str
    name: str
    roles: Sequence[str]

    @property
    def password(self) -> str:
        """Simple on purpose: it stands on the sign-in page."""
        return f"{self.login}-demo"


PEOPLE = (
    DemoUser("admin", "管理员 Admin", ("administrator",)),
    DemoUser("dora", "设计者 Dora", ("designer",)),
    DemoUser("oscar", "运营 Oscar", ("operator",)),
    DemoUser("ann", "客服 Ann", ("approver", "cs_lead", "cs_agent")),
    DemoUser("ben", "财务 Ben", ("approver", "finance_manager")),
    DemoUser("sue", "主管 Sue", ("approver", "supervisor", "purchaser")),
)

STAFF = (
    DemoUser("lin", "林晓", ("approver",)),
    DemoUser("chen", "陈静", ("approver",)),
    DemoUser("zhou", "周强", ("approver",)),
)
"""More of the company, who stand in for others; not offered on the sign-in page."""

ROLES = {
    "cs_agent": {"zh": "客服", "en": "Customer service"},
    "cs_lead": {"zh": "客服组长", "en": "Customer service lead"},
    "finance_manager": {"zh": "财务经理", "en": "Finance manager"},
    "supervisor": {"zh": "主管", "en": "Supervisor"},
    "purchaser": {"zh": "采购", "en": "Purchaser"},
}

BACKUPS = {
    "cs_agent": "lin",
    "cs_lead": "lin",
    "finance_manager": "chen",
    "supervisor": "zhou",
    "purchaser": "zhou",
}
STANDS_IN = ("zhou", "lin")
"""Primary and backup of every other role a template brings."""

DEPARTMENTS = (
    ("demo-company", "示例商贸公司", None, "sue"),
    ("demo-service", "客服部", "demo-company", "ann"),
    ("demo-finance", "财务部", "demo-company", "ben"),
    ("demo-supply", "采购部", "demo-company", "zhou"),
)
"""Id, name, the one above, its head."""

POSTS = (
    ("demo-director", "总经理", 90),
    ("demo-manager", "部门经理", 50),
    ("demo-clerk", "专员", 10),
)
PLACES = {
    "sue": ("demo-company", "demo-director"),
    "ann": ("demo-service", "demo-manager"),
    "lin": ("demo-service", "demo-clerk"),
    "ben": ("demo-finance", "demo-manager"),
    "chen": ("demo-finance", "demo-clerk"),
    "zhou": ("demo-supply", "demo-manager"),
    "oscar": ("demo-supply", "demo-clerk"),
}
ROTA = "demo-night"


def about(workspace: Workspace) -> dict[str, Any]:
    """What even somebody who is not signed in may know."""
    with workspace.read() as connection:
        known = facts.get(connection, _FACT) or {}
    return {"name": known.get("name", WORKSPACE_NAME), "demo": bool(known.get("demo"))}


def sign_ins() -> list[dict[str, Any]]:
    """Whom one can sign in as; for a demo workspace only."""
    return [
        {"login": p.login, "password": p.password, "name": p.name, "roles": list(p.roles)}
        for p in PEOPLE
    ]


def prepare(workspace: Workspace) -> None:
    """Make the demo workspace what it should be; safe to repeat. Refuses a workspace that was in use before."""
    if not about(workspace)["demo"]:
        with workspace.read() as connection:
            if user_rows.count(connection):
                raise Conflict(
                    expected="an empty workspace for the demo, or one that is a demo already",
                    found="one in use: name another database",
                )
        fact = {"name": WORKSPACE_NAME, "demo": True}
        workspace.writer.call(lambda connection: facts.put(connection, _FACT, fact))
    _roles(workspace)
    _people(workspace)
    _company(workspace)
    _stock(workspace)
    for key in templates.all_templates():
        _install(workspace, key)
    _webhook_secrets(workspace)
    _samples(workspace)


def _webhook_secrets(workspace: Workspace) -> None:
    """A known secret for every webhook that has none, so that the signed calls of the README work as they stand."""
    for row in connections.listing(workspace, ENGINE)["items"]:
        if row["connector"] == "webhook" and not row["secrets"].get("secret"):
            connections.change(
                workspace, ENGINE, row["key"], {"secrets": {"secret": WEBHOOK_SECRET}}
            )


def _install(workspace: Workspace, key: str) -> None:
    try:
        template_install.install(workspace, ENGINE, key)
    except HeadraceError as trouble:  # a demo with a template less is better than none
        log.warning("Template %s is not installed: %s", key, trouble.message)


def _samples(workspace: Workspace) -> None:
    """The flows for learning, published where they are right."""
    with workspace.read() as connection:
        known = drafts.keys(connection)
    documents = [
        jsontext.loads(file.read_bytes())
        for file in files(FLOWS).iterdir()
        if file.name.endswith(".json")
    ]
    missing = [document for document in documents if document["key"] not in known]
    for document in missing:
        flows.create(workspace, ENGINE, document=document, action="flows.install")
    for document in missing:
        if not any(p.severity == "error" for p in flows.problems(workspace, document)):
            flows.publish(workspace, ENGINE, document["key"])


def _roles(workspace: Workspace) -> None:
    with workspace.read() as connection:
        known = {row.key for row in user_rows.roles(connection)}
    for key, title in _all_roles().items():
        if key not in known:
            users.create_role(workspace, ENGINE, key, title)


def _all_roles() -> dict[str, Mapping[str, str]]:
    """Those of the demo, and those that templates ask."""
    brought = {
        role["key"]: role["title"]
        for template in templates.all_templates().values()
        for role in template.about["roles"]
    }
    return brought | ROLES


def _people(workspace: Workspace) -> None:
    with workspace.read() as connection:
        known = workspace.directory(connection).by_login
    for person in (*PEOPLE, *STAFF):
        if person.login not in known:
            values = {"login": person.login, "name": person.name, "roles": person.roles}
            values["email"] = f"{person.login}@example.com"  # the sandbox's mail server takes them
            users.create(workspace, ENGINE, values, password=person.password)


def _company(workspace: Workspace) -> None:
    """A small company: everybody somewhere, somebody behind every role, somebody on duty at night. Made once."""
    with workspace.read() as connection:
        directory = workspace.directory(connection)
    ids = directory.by_login
    for key in _all_roles():
        primary, backup = STANDS_IN if key not in BACKUPS else (None, BACKUPS[key])
        if primary is not None and not directory.roles.get(key):
            users.set_members(workspace, ENGINE, key, [ids[primary]])
        if not directory.backups.get(key):
            users.set_members(workspace, ENGINE, key, [ids[backup]], "backup")
    if DEPARTMENTS[0][0] in directory.departments:
        return
    for id_, name, parent, head in DEPARTMENTS:
        values = {"id": id_, "name": name, "parent_id": parent, "heads": [ids[head]]}
        organisation.create_department(workspace, ENGINE, values)
    for id_, name, rank in POSTS:
        organisation.create_post(workspace, ENGINE, {"id": id_, "name": name, "rank": rank})
    for login, (department, post) in PLACES.items():
        values = {"departments": [department], "posts": [post]}
        organisation.change_person(workspace, ENGINE, ids[login], values)
    rotas.create(workspace, ENGINE, _rota(ids))


def _stock(workspace: Workspace) -> None:
    """A table of business data, drawn and filled."""
    line = [
        {"value": "a", "title": {"zh": "轻小件", "en": "Small"}, "color": "blue"},
        {"value": "b", "title": {"zh": "大家电", "en": "Large"}, "color": "orange"},
    ]
    fields: list[dict[str, Any]] = [
        {"name": "sku", "kind": "text", "title": {"zh": "商品编码", "en": "SKU"}, "required": True, "index": True, "search": True},
        {"name": "name", "kind": "text", "title": {"zh": "商品名称", "en": "Product"}, "index": True, "search": True},
        {"name": "on_hand", "kind": "integer", "title": {"zh": "在库", "en": "On hand"}, "min": 0, "default": 0, "index": True},
        {"name": "price", "kind": "money", "title": {"zh": "单价", "en": "Price"}, "currency": "CNY", "index": True},
        {"name": "line", "kind": "enum", "title": {"zh": "分拣线", "en": "Line"}, "options": line, "index": True},
    ]  # fmt: skip
    definition = {
        "title": {"zh": "商品库存", "en": "Product stock"},
        "key_field": "sku",
        "display": "name",
        "fields": fields,
    }
    with workspace.read() as connection:
        if data_table_rows.find(connection, "demo_stock") is not None:
            return
    data_tables.create(workspace, ENGINE, "demo_stock", definition)
    for sku, name, on_hand, price, where in (
        ("SKU-1001", "红色连衣裙", 120, "199.00", "a"),
        ("SKU-1002", "婴儿推车", 18, "899.00", "b"),
        ("SKU-1003", "玻璃奶瓶 240ml", 640, "59.90", "a"),
        ("SKU-1004", "滚筒洗衣机 10kg", 7, "2999.00", "b"),
    ):
        told = {"sku": sku, "name": name, "on_hand": on_hand, "price": price, "line": where}
        records.create(workspace, ENGINE, "demo_stock", told)


def _rota(ids: Mapping[str, str]) -> dict[str, Any]:
    """Nights in turn, and by day whoever is there on days off."""
    nights = ("ann", "lin", "ben", "chen", "zhou", "oscar", "sue")
    week = {
        day: {"night": [ids[login]], "off": [ids["lin"], ids["oscar"]]}
        for day, login in zip(WEEKDAYS, nights, strict=True)
    }
    return {
        "key": ROTA,
        "name": "夜间与节假日值班",
        "timezone": "Asia/Shanghai",
        "calendar": calendars.FIRST,
        "starts_on": "2026-01-05",
        "shifts": [
            {"id": "night", "name": "夜班", "from": "18:00", "to": "09:00", "on": "all"},
            {"id": "off", "name": "休息日白班", "from": "09:00", "to": "18:00", "on": "rest"},
        ],
        "weeks": [week],
        "exceptions": [],
    }

"""Templates and the demo: installing is safe to repeat, and what people have changed stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from headrace.engine.clock import ManualClock
from headrace.engine.errors import Conflict
from headrace.engine.service import access, demo, flows, template_install, templates, users
from headrace.engine.service.actor import ENGINE, Actor, permissions_of
from headrace.engine.service.expectation import unmet
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import accounts

DORA = Actor("usr_dora", "Dora", ("designer",), permissions_of(("designer",)))
TEMPLATES = sorted(templates.all_templates())


def settings(folder: Path) -> Settings:
    return Settings(
        home=folder,
        database_url=f"sqlite:///{folder / 'headrace.sqlite3'}",
        port=0,
        allow_addresses=(),
        secret_keys=(Fernet.generate_key(),),
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(settings(tmp_path), clock=ManualClock()) as opened:
        yield opened


def staffed(workspace: Workspace) -> None:
    """Somebody is in every business role, and somebody behind them."""
    ids = {}
    for login in ("pia", "ben"):
        values = {"login": login, "name": login, "roles": ["approver"]}
        ids[login] = users.create(workspace, ENGINE, values, password="long-enough")["id"]
    for role in users.roles(workspace, ENGINE)["items"]:
        if not role["system"]:
            users.set_members(workspace, ENGINE, role["key"], [ids["pia"]])
            users.set_members(workspace, ENGINE, role["key"], [ids["ben"]], "backup")


@pytest.mark.parametrize("key", TEMPLATES)
def test_in_an_empty_workspace_only_people_are_missing(workspace: Workspace, key: str) -> None:
    answer = template_install.install(workspace, DORA, key)

    assert answer["kept"] == []
    errors = [p for p in answer["problems"] if p["severity"] == "error"]
    asks = any(
        node["type"] == "approval"
        for flow in templates.all_templates()[key].flows
        for node in flow["nodes"]
    )
    assert {p["code"] for p in errors} == ({"role_empty"} if asks else set())
    staffed(workspace)
    for flow in {p["flow"] for p in errors}:
        assert flows.publish(workspace, DORA, flow)["version"] == 1


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_installs_where_its_roles_have_people_and_can_start(
    workspace: Workspace, key: str
) -> None:
    for role in templates.all_templates()[key].about["roles"]:
        users.create_role(workspace, ENGINE, role["key"], role["title"])
    staffed(workspace)

    answer = template_install.install(workspace, DORA, key)

    assert [p for p in answer["problems"] if p["severity"] == "error"] == []
    drafts = templates.all_templates()[key].about.get("drafts", ())
    for flow in answer["flows"]:
        expected = None if flow in drafts else 1
        assert flows.detail(workspace, DORA, flow)["published_version"] == expected


@pytest.mark.parametrize("key", TEMPLATES)
def test_installing_again_keeps_everything(workspace: Workspace, key: str) -> None:
    first = template_install.install(workspace, DORA, key)

    again = template_install.install(workspace, DORA, key)

    assert again["created"] == []
    assert again["kept"] == first["created"]
    assert {t["key"]: t["installed"] for t in templates.listing(workspace, DORA)["items"]}[key]


def test_what_people_have_changed_stays(workspace: Workspace) -> None:
    key = TEMPLATES[0]
    flow = template_install.install(workspace, DORA, key)["flows"][0]
    draft = flows.detail(workspace, DORA, flow)["draft"]
    flows.save(workspace, DORA, flow, {**draft["document"], "name": {"en": "Ours"}}, draft["etag"])

    template_install.install(workspace, DORA, key)

    assert flows.detail(workspace, DORA, flow)["name"] == {"en": "Ours"}


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_sample_ends_as_it_expects(workspace: Workspace, key: str) -> None:
    for sample in templates.detail(workspace, DORA, key)["samples"]:
        answer = templates.try_sample(workspace, DORA, key, sample["flow"], sample["key"])
        assert answer["unmet"] == [], sample["key"]
        assert answer["met"]


def test_a_sample_can_be_named_by_its_name(workspace: Workspace) -> None:
    key = TEMPLATES[0]
    sample = templates.detail(workspace, DORA, key)["samples"][0]

    assert templates.try_sample(workspace, DORA, key, sample["flow"], sample["name"])["met"]


def test_trying_leaves_no_trace(workspace: Workspace) -> None:
    key = TEMPLATES[0]
    for sample in templates.detail(workspace, DORA, key)["samples"][:2]:
        templates.try_sample(workspace, DORA, key, sample["flow"], sample["key"])

    with workspace.read() as connection:
        for table in ("flows", "instances", "history", "records", "outbox", "audit"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ({"status": "completed"}, []),
        ({"status": "waiting"}, ["status"]),
        ({"visited": ["a", "c"]}, []),
        ({"visited": ["c", "a"]}, ["visited"]),
        ({"not_visited": ["d", "b"]}, ["not_visited"]),
        ({"variables": {"order.lines.1.no": 2}}, []),
        (
            {"variables": {"order.lines.7.no": 2, "x": None}},
            ["variables.order.lines.7.no", "variables.x"],
        ),
        ({"notified": {"late": "boss"}}, []),
        ({"notified": {"late": "clerk"}}, ["notified.late"]),
        ({"not_notified": ["late"]}, ["not_notified"]),
        ({"lasts_ms": [1_000, 2_000]}, []),
        ({"lasts_ms": [0, 10]}, ["lasts_ms"]),
        ({"problems": ["/x"]}, ["problems"]),
    ],
)
def test_what_is_otherwise_is_told(expect: dict[str, object], what: list[str]) -> None:
    answer = {
        "status": "completed",
        "visited": ["a", "b", "c"],
        "variables": {"order": {"lines": [{}, {"no": 2}]}},
        "notifications": [{"title": "It is late", "text": "", "to": ["role:boss"]}],
        "started_at": "2026-01-09T08:00:00.000Z",
        "ended_at": "2026-01-09T08:00:01.500Z",
        "problems": [],
    }

    assert [one["what"] for one in unmet(expect, answer)] == what


# --- the demo ------------------------------------------------------------------------------------


def test_everybody_of_the_demo_can_sign_in_and_it_can_be_made_again(workspace: Workspace) -> None:
    demo.prepare(workspace)
    demo.prepare(workspace)

    assert demo.about(workspace)["demo"]
    for person in demo.sign_ins():
        _, session = access.sign_in(workspace, person["login"], person["password"], "here")
        assert set(session.actor.roles) == set(person["roles"])
    published = [f["key"] for f in flows.listing(workspace, ENGINE, state="published")["items"]]
    assert len(published) >= len(TEMPLATES)


def test_every_role_a_demo_flow_asks_has_somebody(workspace: Workspace) -> None:
    demo.prepare(workspace)

    with workspace.read() as connection:
        directory = workspace.directory(connection)
    wanted = {
        role["key"] for key in TEMPLATES for role in templates.all_templates()[key].about["roles"]
    }
    assert [role for role in sorted(wanted) if not directory.members(role)] == []


def test_a_workspace_in_use_never_becomes_a_demo(workspace: Workspace) -> None:
    users.first_administrator(workspace)

    with pytest.raises(Conflict):
        demo.prepare(workspace)
    assert not demo.about(workspace)["demo"]


def test_the_first_administrator_is_made_once(workspace: Workspace) -> None:
    first = users.first_administrator(workspace)
    assert first is not None

    _, session = access.sign_in(workspace, *first, "here")

    assert session.actor.roles == ("administrator",)
    assert users.first_administrator(workspace) is None


def test_a_connection_of_a_template_waits_to_be_filled_in(workspace: Workspace) -> None:
    for key in TEMPLATES:
        template_install.install(workspace, DORA, key)

    with workspace.read() as connection:
        known = accounts.kinds(connection)
    wanted = {
        c["key"]: c["connector"]
        for key in TEMPLATES
        for c in templates.all_templates()[key].about["connections"]
    }
    assert known == wanted

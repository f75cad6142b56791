"""Connectors drawn in a workspace travel with the accounts at them, in template files."""

import io
import json
import zipfile

import pytest

from headrace.engine.errors import NotFound, ValidationFailed
from headrace.engine.service import (
    connections,
    flows,
    own_connectors,
    template_export,
    template_install,
    template_plan,
    template_removal,
    templates,
)
from headrace.engine.service.actor import EVERYTHING, Actor
from tests.builder import flow
from tests.fakes import EVE

DRAWN = {
    "title": {"en": "Kelp"},
    "base_url": "https://kelp.test",
    "auth": {"kind": "key", "name": "X-Key"},
    "operations": [
        {"name": "item", "method": "GET", "path": "/items/{sku}", "effect": "pure",
         "params": [{"name": "sku", "in": "path", "required": True}]},
    ],
}  # fmt: skip
TOKEN = "k-7f3a9c2e5b-secret"
WANTED = {"key": "kelp-orders", "name": {"en": "Kelp"}, "connections": ["kelp"], "flows": ["asks"]}


@pytest.fixture
def eve():
    return Actor(EVE, "Eve", ("administrator",), EVERYTHING)


@pytest.fixture
def packed(house, eve):
    """A file with a flow, the account it asks at, and the connector of that account; all of it is gone here."""
    workspace = house.workspace
    workspace.secret_key = b"0" * 43 + b"="
    own_connectors.create(workspace, eve, "kelp", DRAWN)
    account = {
        "key": "kelp", "name": "Kelp", "connector": "own-kelp", "settings": {"version": 1}, "secrets": {"token": TOKEN},
    }  # fmt: skip
    connections.create(workspace, eve, account)
    flows.create(workspace, eve, document=flow("asks").then("done", "end").document())
    data = template_export.export(workspace, eve, WANTED)
    connections.delete(workspace, eve, "kelp")
    own_connectors.remove(workspace, eve, "kelp")
    return data


def about(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return json.loads(
            archive.read(next(n for n in archive.namelist() if n.endswith("template.json")))
        )


def test_a_connector_goes_along_with_its_account_without_a_secret(packed):
    told = about(packed)

    assert [(one["key"], one["definition"]["base_url"]) for one in told["own_connectors"]] == [
        ("kelp", "https://kelp.test")
    ]
    assert told["connections"][0]["settings"] == {}
    assert TOKEN.encode() not in packed


def test_it_is_made_before_its_account_and_once(house, eve, packed):
    workspace = house.workspace
    templates.upload(workspace, eve, packed)
    first = template_install.install(workspace, eve, "kelp-orders")

    assert "connector kelp" in first["created"]
    assert own_connectors.detail(workspace, eve, "kelp")["definition"]["operations"]
    assert connections.detail(workspace, "kelp")["connector"] == "own-kelp"
    again = template_install.install(workspace, eve, "kelp-orders")
    assert "connector kelp" in again["kept"]


def test_one_that_is_here_stays_as_it_is(house, eve, packed):
    workspace = house.workspace
    own_connectors.create(workspace, eve, "kelp", {**DRAWN, "base_url": "https://ours.test"})
    templates.upload(workspace, eve, packed)
    template_install.install(workspace, eve, "kelp-orders")

    found = own_connectors.detail(workspace, eve, "kelp")
    assert found["definition"]["base_url"] == "https://ours.test"


def test_a_definition_that_is_none_and_an_account_without_one_are_refused(house, eve, packed):
    for change in (
        {"own_connectors": [{"key": "kelp", "definition": {"title": 1}}]},
        {"own_connectors": []},
    ):
        told = {**about(packed), **change}
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(file, "w") as new:
            for name in old.namelist():
                text = json.dumps(told) if name.endswith("template.json") else old.read(name)
                new.writestr(name, text)
        with pytest.raises(ValidationFailed):
            templates.upload(house.workspace, eve, file.getvalue())
    with pytest.raises(NotFound):
        own_connectors.detail(house.workspace, eve, "kelp")


ASKS = {"connection": "kelp", "operation": "own-kelp.item", "effect": "pure", "params": []}


@pytest.fixture
def asking(house, eve):
    """The same file with a flow that asks by the connector; nothing of it is here any more."""
    workspace = house.workspace
    workspace.secret_key = b"0" * 43 + b"="
    own_connectors.create(workspace, eve, "kelp", DRAWN)
    account = {"key": "kelp", "name": "Kelp", "connector": "own-kelp", "settings": {}}
    connections.create(workspace, eve, account)
    drawn = flow("asks").then("get", "operation", **ASKS).then("done", "end").document()
    flows.create(workspace, eve, document=drawn)
    suggested = template_export.suggestion(workspace, eve, ["asks"])
    assert (suggested["own_connectors"], suggested["connections"]) == (["kelp"], ["kelp"])
    data = template_export.export(
        workspace, eve, {**suggested, "key": "kelp-orders", "name": {"en": "K"}}
    )
    flows.delete(workspace, eve, "asks")
    connections.delete(workspace, eve, "kelp")
    own_connectors.remove(workspace, eve, "kelp")
    templates.upload(workspace, eve, data)
    return workspace


def states(workspace, eve, mapping=None):
    plan = template_plan.plan(workspace, eve, "kelp-orders", mapping)
    return {f"{one['kind']} {one['key']}": one["state"] for one in plan["items"]}, plan


def test_the_plan_lists_connectors_and_what_they_may_be_mapped_to(asking, eve):
    own_connectors.create(asking, eve, "algae", {**DRAWN, "title": {"en": "Algae"}})

    found, plan = states(asking, eve)

    assert found["own_connectors kelp"] == "new"
    assert plan["choices"]["own_connectors"] == [{"key": "algae", "title": {"en": "Algae"}}]
    assert templates.detail(asking, eve, "kelp-orders")["own_connectors"] == [
        {"key": "kelp", "title": {"en": "Kelp"}, "operations": 1}
    ]


def test_one_that_differs_is_told_with_its_operations(asking, eve):
    own_connectors.create(asking, eve, "kelp", {**DRAWN, "base_url": "https://ours.test"})

    found, plan = states(asking, eve)

    item = next(one for one in plan["items"] if one["kind"] == "own_connectors")
    assert found["own_connectors kelp"] == "differs"
    assert [one["where"] for one in item["differences"]] == ["base_url"]


def test_mapped_to_ours_accounts_and_flows_ask_there(asking, eve):
    own_connectors.create(asking, eve, "algae", {**DRAWN, "base_url": "https://ours.test"})
    mapping = {"own_connectors": {"kelp": "algae"}}

    assert states(asking, eve, mapping)[0]["own_connectors kelp"] == "mapped"
    done = template_install.install(asking, eve, "kelp-orders", mapping=mapping)

    assert "connector algae" in done["kept"]
    assert connections.detail(asking, "kelp")["connector"] == "own-algae"
    draft = flows.detail(asking, eve, "asks")["draft"]["document"]
    asked = [n["settings"]["operation"] for n in draft["nodes"] if n["type"] == "operation"]
    assert asked == ["own-algae.item"]
    with pytest.raises(NotFound):
        own_connectors.detail(asking, eve, "kelp")


def test_one_without_the_operation_does_not_fit(asking, eve):
    other = {**DRAWN["operations"][0], "name": "order"}
    own_connectors.create(asking, eve, "algae", {**DRAWN, "operations": [other]})
    mapping = {"own_connectors": {"kelp": "algae"}}

    assert states(asking, eve, mapping)[0]["own_connectors kelp"] == "unfit"
    with pytest.raises(ValidationFailed):
        template_install.install(asking, eve, "kelp-orders", mapping=mapping)
    assert (
        states(asking, eve, {"own_connectors": {"kelp": "moss"}})[0]["own_connectors kelp"]
        == "missing"
    )


def removed(workspace, eve):
    told = template_removal.remove(workspace, eve, "kelp-orders")
    return (
        [one["key"] for one in told["removed"] if one["kind"] == "own_connectors"],
        {one["key"]: one["why"] for one in told["kept"] if one["kind"] == "own_connectors"},
    )


def test_removing_takes_it_away_with_its_account(asking, eve):
    template_install.install(asking, eve, "kelp-orders")

    dry = template_removal.removal(asking, eve, "kelp-orders")
    assert {"kind": "own_connectors", "key": "kelp"} in dry["removed"]
    assert removed(asking, eve) == (["kelp"], {})
    with pytest.raises(NotFound):
        own_connectors.detail(asking, eve, "kelp")


@pytest.mark.parametrize("what", ["account", "another account", "flow", "drawing"])
def test_it_stays_where_somebody_needs_or_has_changed_it(asking, eve, what):
    template_install.install(asking, eve, "kelp-orders")
    if what == "account":  # a secret was put in: the account stays, and so does what it is one at
        connections.change(asking, eve, "kelp", {"secrets": {"token": TOKEN}})
    elif what == "another account":
        more = {"key": "kelp-2", "name": "Kelp 2", "connector": "own-kelp", "settings": {}}
        connections.create(asking, eve, more)
    elif what == "flow":
        drawn = flow("mine").then("get", "operation", **ASKS).then("done", "end").document()
        flows.create(asking, eve, document=drawn)
    else:
        own_connectors.save(asking, eve, "kelp", {**DRAWN, "base_url": "https://new.test"}, 1)

    dry = template_removal.removal(asking, eve, "kelp-orders")
    gone, kept = removed(asking, eve)

    assert (gone, list(kept.values())) == ([], ["changed" if what == "drawing" else "in_use"])
    assert {"kind": "own_connectors", "key": "kelp", "why": kept["kelp"]} in dry["kept"]
    assert own_connectors.detail(asking, eve, "kelp")


def test_one_that_was_here_before_stays(asking, eve):
    own_connectors.create(asking, eve, "kelp", DRAWN)
    template_install.install(asking, eve, "kelp-orders")

    assert removed(asking, eve) == ([], {"kelp": "was_there"})

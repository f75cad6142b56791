"""Connectors drawn in a workspace travel with the accounts at them, in template files."""

import io
import json
import zipfile

import pytest

from headrace.engine.errors import NotFound, ValidationFailed
from headrace.engine.service import connections, flows, own_connectors, templates
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
    data = templates.export(workspace, eve, WANTED)
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
    first = templates.install(workspace, eve, "kelp-orders")

    assert "connector kelp" in first["created"]
    assert own_connectors.detail(workspace, eve, "kelp")["definition"]["operations"]
    assert connections.detail(workspace, "kelp")["connector"] == "own-kelp"
    again = templates.install(workspace, eve, "kelp-orders")
    assert "connector kelp" in again["kept"]


def test_one_that_is_here_stays_as_it_is(house, eve, packed):
    workspace = house.workspace
    own_connectors.create(workspace, eve, "kelp", {**DRAWN, "base_url": "https://ours.test"})
    templates.upload(workspace, eve, packed)
    templates.install(workspace, eve, "kelp-orders")

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

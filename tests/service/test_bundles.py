"""Templates as files and as things of a workspace: planned, mapped, removed, packed, and refused when they are hostile."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from headrace.engine.clock import ManualClock
from headrace.engine.errors import Conflict, NotFound, ValidationFailed
from headrace.engine.http.templates import FORMS
from headrace.engine.service import (
    connections,
    data_tables,
    decision_tables,
    flows,
    instances,
    records,
    template_export,
    template_install,
    template_plan,
    template_removal,
    templates,
    users,
)
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.bundles import ZIP_MAX
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings

KEY = "stock-reservation"
ADMIN = template_removal.OWNER


def opened(folder: Path, url: str = "") -> Any:
    folder.mkdir(exist_ok=True)
    settings = Settings(
        home=folder,
        database_url=url or f"sqlite:///{folder / 'headrace.sqlite3'}",
        port=0,
        allow_addresses=(),
        secret_keys=(Fernet.generate_key(),),
    )
    return open_workspace(settings, clock=ManualClock())


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with opened(tmp_path / "here") as found:
        yield found


def planned(workspace: Workspace, key: str = KEY, mapping: Any = None) -> dict[str, str]:
    told = template_plan.plan(workspace, ADMIN, key, mapping)
    return {f"{one['kind']} {one['key']}": one["state"] for one in told["items"]}


# --- before --------------------------------------------------------------------------------------


def test_a_plan_says_what_is_new_and_changes_nothing(workspace: Workspace) -> None:
    told = template_plan.plan(workspace, ADMIN, KEY)

    assert told["ready"]
    assert {one["state"] for one in told["items"]} == {"new"}
    accounts = {one["key"] for one in templates.all_templates()[KEY].about["connections"]}
    assert {one["key"] for one in told["items"] if one["fill"]} == {"inventory_manager"} | accounts
    assert data_tables.listing(workspace, ADMIN)["items"] == []
    assert flows.listing(workspace, ADMIN)["items"] == []


def test_after_installing_all_is_the_same_and_what_people_change_differs(
    workspace: Workspace,
) -> None:
    template_install.install(workspace, ADMIN, KEY)
    assert set(planned(workspace).values()) == {"same"}

    draft = flows.detail(workspace, ADMIN, "stock-reserve")["draft"]
    ours = {**draft["document"], "name": {"en": "Ours"}}
    flows.save(workspace, ADMIN, "stock-reserve", ours, draft["etag"])

    assert planned(workspace)["flows stock-reserve"] == "differs"
    template_install.install(workspace, ADMIN, KEY)
    assert flows.detail(workspace, ADMIN, "stock-reserve")["name"] == {"en": "Ours"}
    answer = template_install.install(workspace, ADMIN, KEY, replace=["flow stock-reserve"])
    assert answer["replaced"] == ["flow stock-reserve"]
    assert planned(workspace)["flows stock-reserve"] == "same"


def test_what_is_mapped_is_used_instead_and_not_made(workspace: Workspace) -> None:
    users.create_role(workspace, ENGINE, "stock_keeper", {"en": "Stock keeper"})
    definition = {"title": {"en": "Ours"}, "key_field": "place", "fields": [
        {"name": "place", "kind": "text"}, {"name": "sellable", "kind": "integer", "min": 0},
    ]}  # fmt: skip
    data_tables.create(workspace, ADMIN, "our_stock", definition)
    mapping = {
        "roles": {"inventory_manager": "stock_keeper"},
        "tables": {"warehouse_stock": "our_stock"},
    }

    assert planned(workspace, mapping=mapping)["tables warehouse_stock"] == "mapped"
    told = template_plan.plan(workspace, ADMIN, KEY, mapping)
    (table,) = [one for one in told["items"] if one["key"] == "warehouse_stock"]
    assert {"added"} <= {one["what"] for one in table["differences"]}
    answer = template_install.install(workspace, ADMIN, KEY, mapping=mapping)

    assert "table our_stock" in answer["kept"]
    text = json.dumps(flows.detail(workspace, ADMIN, "stock-reserve")["draft"]["document"])
    assert '"our_stock"' in text
    assert '"warehouse_stock"' not in text
    assert '"stock_keeper"' in text
    with pytest.raises(NotFound):
        data_tables.detail(workspace, ADMIN, "warehouse_stock")
    assert data_tables.detail(workspace, ADMIN, "our_stock")["records"] == 0


@pytest.mark.parametrize(
    "mapping",
    [
        {"tables": {"warehouse_stock": "nothing_there"}},
        {"roles": {"inventory_manager": "administrator"}},
        {"tables": {"stranger": "x"}},
        {"flows": {"stock-reserve": "x"}},
    ],
)
def test_a_wrong_mapping_is_refused_before_anything_is_made(
    workspace: Workspace, mapping: Any
) -> None:
    with pytest.raises(ValidationFailed):
        template_install.install(workspace, ADMIN, KEY, mapping=mapping)

    assert flows.listing(workspace, ADMIN)["items"] == []


def test_it_may_be_installed_part_by_part_and_go_on_where_it_stopped(workspace: Workspace) -> None:
    for part in ("roles", "connections", "tables"):
        assert template_install.install(workspace, ADMIN, KEY, parts=[part])["problems"] == []

    answer = template_install.install(workspace, ADMIN, KEY)

    assert "table warehouse_stock" in answer["kept"]
    assert "flow stock-reserve" in answer["created"]
    assert data_tables.detail(workspace, ADMIN, "warehouse_stock")["records"] == 3


# --- after ---------------------------------------------------------------------------------------


def test_removing_takes_away_all_that_nobody_has_touched(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY)

    preview = template_removal.removal(workspace, ADMIN, KEY)
    assert preview["kept"] == []
    assert flows.listing(workspace, ADMIN)["items"]
    assert template_removal.remove(workspace, ADMIN, KEY) == preview

    assert flows.listing(workspace, ADMIN)["items"] == []
    assert data_tables.listing(workspace, ADMIN)["items"] == []
    assert decision_tables.listing(workspace, ADMIN)["items"] == []
    assert "inventory_manager" not in {r["key"] for r in users.roles(workspace, ADMIN)["items"]}
    again = template_install.install(workspace, ADMIN, KEY)
    assert again["kept"] == []
    assert data_tables.detail(workspace, ADMIN, "warehouse_stock")["records"] == 3


def test_removing_leaves_the_users_data_their_people_and_their_changes(
    workspace: Workspace,
) -> None:
    template_install.install(workspace, ADMIN, KEY)
    values = {"login": "ida", "name": "Ida", "roles": ["approver"]}
    person = users.create(workspace, ENGINE, values, password="long-enough")["id"]
    users.set_members(workspace, ENGINE, "inventory_manager", [person])
    users.set_members(workspace, ENGINE, "inventory_manager", [person], "backup")
    row = {"place": "CHAIR@HZ", "sku": "CHAIR", "sellable": 5}
    records.create(workspace, ADMIN, "warehouse_stock", row)
    flows.publish(workspace, ADMIN, "stock-writeback")
    instances.start(workspace, ADMIN, "stock-writeback", {"skus": ["SOFA"]})

    answer = template_removal.remove(workspace, ADMIN, KEY)

    assert {f"{one['kind']} {one['key']}": one["why"] for one in answer["kept"]} == {
        "flows stock-writeback": "has_run",
        "flows stock-of-sku": "has_run",
        "tables warehouse_stock": "has_data",
        "tables channel_stock": "in_use",
        "tables channel_items": "in_use",
        "roles inventory_manager": "has_people",
    }
    assert data_tables.detail(workspace, ADMIN, "warehouse_stock")["records"] == 4
    with pytest.raises(NotFound):
        template_removal.removal(workspace, ADMIN, KEY)


def test_what_was_there_before_and_what_another_template_needs_stays(workspace: Workspace) -> None:
    data_tables.create(workspace, ADMIN, "warehouses", {"title": {}, "fields": []})
    template_install.install(workspace, ADMIN, KEY)
    template_install.install(workspace, ADMIN, "peak-triage")

    kept = template_removal.remove(workspace, ADMIN, KEY)["kept"]

    why = {one["key"]: one["why"] for one in kept}
    assert why == {
        "warehouses": "was_there",
        "reservations": "other_template",
    }


# --- files ---------------------------------------------------------------------------------------


def test_what_one_workspace_gives_out_another_takes_in(
    workspace: Workspace, tmp_path: Path, migrated_postgresql_url: str
) -> None:
    template_install.install(workspace, ADMIN, KEY)
    template_install.install(workspace, ADMIN, "peak-triage")
    connections.change(workspace, ENGINE, "wms", {"secrets": {"token": "very-secret-token"}})
    chosen = template_export.suggestion(workspace, ADMIN, ["order-triage", "buffer-nightly"])
    assert {"buffer-one", "order-triage"} <= set(chosen["flows"])
    assert {"inventory", "blacklist", "triage"} <= set(chosen["tables"])
    assert chosen["connections"] == ["wms"]
    wanted = {"key": "subsidiary", "name": {"zh": "分公司"}, **chosen, "with_rows": ["blacklist"]}

    data = template_export.export(workspace, ADMIN, wanted)

    assert b"very-secret-token" not in data
    assert template_export.export(workspace, ADMIN, wanted) == data
    with opened(tmp_path / "there", migrated_postgresql_url) as there:
        told = templates.upload(there, ADMIN, data, FORMS)
        assert (told["own"], told["installed"]) == (True, False)
        answer = template_install.install(there, ADMIN, "subsidiary")
        assert answer["kept"] == []
        shown = connections.detail(there, "wms")
        assert not any(shown["secrets"].values())
        assert data_tables.detail(there, ADMIN, "blacklist")["records"] == 2
        assert data_tables.detail(there, ADMIN, "triage")["records"] == 0
        assert templates.file_of(there, ADMIN, "subsidiary") == data
        templates.discard(there, ADMIN, "subsidiary")
        assert flows.detail(there, ADMIN, "order-triage")


def packed(files: dict[str, bytes | str], **how: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, **how)
    return out.getvalue()


ABOUT = json.dumps({"key": "own", "name": {"en": "Own"}, "flows": []})
FLOW = json.dumps({"key": "a", "name": {"en": "A"}, "nodes": [], "edges": []})


def one_flow(flow: Any) -> bytes:
    about = json.dumps({"key": "own", "name": {"en": "Own"}, "flows": ["a.json"]})
    return packed({"template.json": about, "flows/a.json": json.dumps(flow)})


def with_table(definition: Any) -> bytes:
    about = {"key": "own", "name": {"en": "Own"}, "flows": [], "tables": ["a.json"]}
    table = {"key": "a", "definition": definition}
    return packed({"template.json": json.dumps(about), "tables/a.json": json.dumps(table)})


def lying() -> bytes:
    """A file that says it is short and is not."""
    data = bytearray(
        packed({"template.json": ABOUT, "sample/a.json": b"[" + b"0," * 4_000_000 + b"0]"})
    )
    where = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    struct.pack_into("<I", data, where + 24, 10)
    return bytes(data)


HOSTILE = {
    "not a zip": b"PK\x03\x04 no",
    "empty": b"",
    "no template.json": packed({"flows/a.json": "{}"}),
    "up and out": packed({"template.json": ABOUT, "../../etc/passwd.json": "{}"}),
    "absolute": packed({"template.json": ABOUT, "/etc/a.json": "{}"}),
    "windows": packed({"template.json": ABOUT, "flows\\..\\a.json": "{}"}),
    "hidden": packed({"template.json": ABOUT, "flows/.a.json": "{}"}),
    "code": packed({"template.json": ABOUT, "nodes/evil.py": "import os"}),
    "deep": packed({"template.json": ABOUT, "flows/x/y.json": "{}"}),
    "bomb": packed({"template.json": ABOUT, "sample/a.json": b" " * 30_000_000 + b"{}"}),
    "lying about its length": lying(),
    "many": packed({"template.json": ABOUT, **{f"sample/a{n}.json": "{}" for n in range(400)}}),
    "no JSON": packed({"template.json": "{"}),
    "deep JSON": packed({"template.json": "[" * 100_000}),
    "a list": packed({"template.json": "[]"}),
    "unknown field": packed({"template.json": json.dumps({**json.loads(ABOUT), "run": "rm -rf"})}),
    "file named but not there": packed(
        {"template.json": json.dumps({"key": "own", "name": {"en": "O"}, "flows": ["b.json"]})}
    ),
    "file named from elsewhere": packed(
        {"template.json": json.dumps({"key": "own", "name": {"en": "O"}, "flows": ["../b.json"]})}
    ),
    "unknown node": one_flow(
        {"key": "a", "name": {"en": "A"}, "edges": [],
         "nodes": [{"id": "x", "type": "shell", "name": {"en": "X"}, "settings": {}}]}
    ),
    "no drawing": one_flow({"key": "a"}),
    "nodes of another shape": one_flow({"key": "a", "name": {"en": "A"}, "nodes": 7, "edges": {}}),
    "table of another shape": with_table({"fields": 3}),
    "field of another shape": with_table({"title": {}, "fields": [{"kind": "text"}]}),
    "unknown kind of field": with_table({"title": {}, "fields": [{"name": "a", "kind": "code"}]}),
    "a decision table's connection": packed(
        {"template.json": json.dumps({**json.loads(ABOUT), "connections": [
            {"key": "x1", "connector": "nobody", "name": "X", "settings": {}}]})}
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for all files that must not get in."""
    with opened(tmp_path_factory.mktemp("gate")) as found:
        yield found


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_whole(gate: Workspace, what: str) -> None:
    workspace = gate
    with pytest.raises(ValidationFailed) as refused:
        templates.upload(workspace, ADMIN, HOSTILE[what], FORMS)

    assert refused.value.problems
    assert not any(one["own"] for one in templates.listing(workspace, ADMIN)["items"])


def test_a_file_that_is_too_large_is_not_even_opened(gate: Workspace) -> None:
    with pytest.raises(ValidationFailed) as refused:
        templates.upload(gate, ADMIN, b"x" * (ZIP_MAX + 1), FORMS)

    assert refused.value.problems[0].code == "file_too_large"


def test_a_key_of_the_program_is_not_taken_over(gate: Workspace) -> None:
    data = templates.file_of(gate, ADMIN, KEY)

    with pytest.raises(Conflict):
        templates.upload(gate, ADMIN, data, FORMS)

"""Sources of orders that a template brings: shown, mapped, made once, and taken away without anybody's orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from headrace.engine.clock import ManualClock
from headrace.engine.errors import NotFound, ValidationFailed
from headrace.engine.http.templates import FORMS
from headrace.engine.service import (
    bundles,
    connections,
    intake,
    records,
    sources,
    template_export,
    template_install,
    template_plan,
    template_removal,
    templates,
)
from headrace.engine.service.actor import ENGINE, Actor, permissions_of
from headrace.engine.service.bundles import Bundle
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings

ADMIN = Actor("usr_ada", "Ada", ("administrator",), permissions_of(("administrator",)))
KEY = "two-shops"
SHOP = {
    "key": "main-shop", "title": {"zh": "旗舰店", "en": "Main shop"}, "connection": "shop", "channel": "taobao", "shop": "main",
    "ways": {"poll": {"enabled": True, "every": "PT15M"}}, "prefix": "TM", "alerts": {"mail": "post"},
}  # fmt: skip
FILE = {
    "key": "erp-file", "title": {"en": "ERP"}, "channel": "erp", "shop": "erp", "statuses": {"order": {"ok": "paid"}},
}  # fmt: skip
ABOUT = {
    "key": KEY, "name": {"en": "Two shops"}, "flows": [],
    "connections": [
        {"key": "shop", "connector": "taobao", "name": "Shop", "settings": {}},
        {"key": "post", "connector": "smtp", "name": "Mail", "settings": {}},
    ],
}  # fmt: skip
ORDER = {
    "platform_order_id": "1", "status_code": "ok", "created_at": "2026-01-09T08:00:00+08:00", "total": "12.50",
    "items": [{"sku": "A", "quantity": 1}],
}  # fmt: skip


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


def bring(workspace: Workspace, *told: Any, about: Any = ABOUT) -> None:
    made = Bundle(about["key"], about, sources=tuple(told or (SHOP, FILE)), own=True)
    templates.upload(workspace, ADMIN, bundles.to_zip(made), FORMS)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with opened(tmp_path / "here") as found:
        bring(found)
        yield found


def planned(workspace: Workspace, mapping: Any = None) -> dict[str, dict[str, Any]]:
    told = template_plan.plan(workspace, ADMIN, KEY, mapping)
    return {one["key"]: one for one in told["items"] if one["kind"] == "sources"}


def states(workspace: Workspace, mapping: Any = None) -> dict[str, str]:
    return {key: one["state"] for key, one in planned(workspace, mapping).items()}


def filled(workspace: Workspace) -> None:
    secrets = {"app_secret": "s", "access_token": "t"}
    settings = {"app_key": "k"}
    connections.change(workspace, ENGINE, "shop", {"settings": settings, "secrets": secrets})


def test_a_plan_shows_them_and_says_which_must_be_switched_on(workspace: Workspace) -> None:
    told = planned(workspace)

    assert {key: (one["state"], one["fill"]) for key, one in told.items()} == {
        "main-shop": ("new", ["switch_on"]),
        "erp-file": ("new", []),
    }
    with pytest.raises(NotFound):
        sources.get(workspace, "erp-file")


def test_one_whose_account_is_empty_waits_switched_off(workspace: Workspace) -> None:
    answer = template_install.install(workspace, ADMIN, KEY)

    assert {"source main-shop", "source erp-file"} <= set(answer["created"])
    assert [sources.get(workspace, key).enabled for key in ("main-shop", "erp-file")] == [False, True]  # fmt: skip
    made = sources.detail(workspace, ADMIN, "main-shop")
    assert (made["prefix"], made["ways"]["poll"]["every"], made["alerts"]) == ("TM", "PT15M", {"mail": "post"})  # fmt: skip


def test_one_whose_account_is_filled_in_begins_at_once(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY, parts=("connections",))
    filled(workspace)

    template_install.install(workspace, ADMIN, KEY)

    assert sources.get(workspace, "main-shop").enabled


def test_installing_again_leaves_them_as_people_have_them(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY)
    now = sources.get(workspace, "main-shop")
    ways = {"poll": {"enabled": True, "every": "PT5M"}}
    sources.change(workspace, ADMIN, "main-shop", {"ways": ways}, now.revision)

    assert states(workspace) == {"main-shop": "differs", "erp-file": "same"}
    assert [d["where"] for d in planned(workspace)["main-shop"]["differences"]] == ["ways"]
    assert template_install.install(workspace, ADMIN, KEY)["created"] == []
    assert sources.get(workspace, "main-shop").every_ms == 300_000
    answer = template_install.install(workspace, ADMIN, KEY, replace=["source main-shop"])
    assert answer["replaced"] == ["source main-shop"]
    assert sources.get(workspace, "main-shop").every_ms == 900_000
    assert states(workspace) == {"main-shop": "same", "erp-file": "same"}


def test_one_of_ones_own_can_be_used_instead(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY, parts=("connections",))
    own = {"key": "ours", "channel": "taobao", "connection": "shop", "shop": "ours"}
    sources.create(workspace, ADMIN, own)
    sources.create(workspace, ADMIN, {"key": "other", "channel": "jd", "shop": "x"})

    assert states(workspace, {"sources": {"main-shop": "ours"}})["main-shop"] == "mapped"
    assert states(workspace, {"sources": {"main-shop": "other"}})["main-shop"] == "unfit"
    assert states(workspace, {"sources": {"main-shop": "nobody"}})["main-shop"] == "missing"
    choices = template_plan.plan(workspace, ADMIN, KEY)["choices"]["sources"]
    assert [one["key"] for one in choices] == ["ours"]
    answer = template_install.install(
        workspace, ADMIN, KEY, mapping={"sources": {"main-shop": "ours"}}
    )
    assert "source ours" in answer["kept"]
    with pytest.raises(NotFound):
        sources.get(workspace, "main-shop")
    kept = template_removal.remove(workspace, ADMIN, KEY)["kept"]
    assert {"kind": "sources", "key": "ours", "why": "was_there"} in kept


def test_its_account_is_the_one_that_was_mapped(workspace: Workspace) -> None:
    values = {"key": "shop-of-ours", "connector": "taobao", "name": "Ours", "settings": {}}
    connections.add(workspace, ENGINE, values)

    template_install.install(
        workspace, ADMIN, KEY, mapping={"connections": {"shop": "shop-of-ours"}}
    )

    assert sources.get(workspace, "main-shop").connection == "shop-of-ours"


def test_removing_takes_those_away_that_have_taken_nothing(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY)
    filled(workspace)
    now = sources.get(workspace, "main-shop")
    sources.change(workspace, ADMIN, "main-shop", {"enabled": True}, now.revision)

    answer = template_removal.remove(workspace, ADMIN, KEY)

    gone = {one["key"] for one in answer["removed"] if one["kind"] == "sources"}
    assert gone == {"main-shop", "erp-file"}  # switching it on changes nothing of it
    assert sources.listing(workspace, ADMIN)["items"] == []


def test_one_that_has_taken_orders_stays_and_is_switched_off(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY)
    intake.take(workspace, "erp-file", "file", [ORDER])
    before = records.listing(workspace, ADMIN, "orders")["items"]
    said = {"kind": "sources", "key": "erp-file", "why": "took_orders"}

    assert said in template_removal.removal(workspace, ADMIN, KEY)["kept"]
    assert sources.get(workspace, "erp-file").enabled  # nothing has happened yet
    assert said in template_removal.remove(workspace, ADMIN, KEY)["kept"]

    assert not sources.get(workspace, "erp-file").enabled
    assert records.listing(workspace, ADMIN, "orders")["items"] == before
    assert len(before) == 1


def test_what_a_source_that_stays_needs_stays_too(workspace: Workspace) -> None:
    template_install.install(workspace, ADMIN, KEY)
    now = sources.get(workspace, "main-shop")
    sources.change(workspace, ADMIN, "main-shop", {"shop": "ours"}, now.revision)

    kept = {
        one["key"]: one["why"] for one in template_removal.remove(workspace, ADMIN, KEY)["kept"]
    }

    assert kept == {"main-shop": "changed", "shop": "in_use", "post": "in_use"}


def test_ones_own_sources_go_along_without_a_secret(
    workspace: Workspace, tmp_path: Path, migrated_postgresql_url: str
) -> None:
    template_install.install(workspace, ADMIN, "peak-triage")
    template_install.install(workspace, ADMIN, KEY)
    filled(workspace)
    chosen = template_export.suggestion(workspace, ADMIN, ["order-triage"])
    assert chosen["sources"] == ["erp-file", "main-shop"]
    assert {"shop", "post"} <= set(chosen["connections"])
    assert {"orders", "refunds"} <= set(chosen["tables"])

    data = template_export.export(
        workspace, ADMIN, {"key": "ours", "name": {"en": "Ours"}, **chosen}
    )

    with opened(tmp_path / "there", migrated_postgresql_url) as there:
        templates.upload(there, ADMIN, data, FORMS)
        template_install.install(there, ADMIN, "ours")
        assert not any(connections.detail(there, "shop")["secrets"].values())
        made = sources.detail(there, ADMIN, "main-shop")
        ours = sources.detail(workspace, ADMIN, "main-shop")
        names = ("channel", "shop", "ways", "fields", "statuses", "prefix", "alerts", "order_table")
        assert {n: made[n] for n in names} == {n: ours[n] for n in names}
        assert not made["enabled"]  # its account is empty there


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"connection": "nobody"}, "connection_unknown"),
        ({"alerts": {"robot": "nobody"}}, "connection_unknown"),
        ({"statuses": {"order": {"x": "eaten"}}}, "enum"),
        ({"fields": {"order": {"state": "a"}}}, "field_map_fixed"),
        ({"fields": {"order": 3}}, ""),
        ({"ways": {"carrier_pigeon": {}}}, "unknown_property"),
        ({"key": "../x"}, "file_name_wrong"),
        ({"secret": "s"}, "unknown_property"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_wrong_source_is_refused_with_the_file(
    workspace: Workspace, wrong: dict[str, Any], code: str
) -> None:
    if not code:  # read as a map of a field called so, and told by `sources` when it is installed
        bring(workspace, {**FILE, **wrong})
        return

    with pytest.raises(ValidationFailed) as refused:
        bring(workspace, {**FILE, **wrong})

    assert code in {problem.code for problem in refused.value.problems}

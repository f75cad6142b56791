"""Connectors drawn in a workspace, as templates bring them: compared, mapped to one that is here, left where somebody needs them.

An account names its connector, a step the operation of one (`own-kelp.item`). Mapping a connector renames both; it fits where it
offers every operation that the template's flows ask for, to be repeated as often as they were drawn for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.node import NodeType
from headrace.engine.service import bundles
from headrace.engine.service.bundles import Mapped
from headrace.engine.service.own_connectors import PREFIX
from headrace.engine.store import drafts
from headrace.engine.store import own_connectors as rows

KIND = "own_connectors"


def mapped_account(item: Mapping[str, Any], mapping: Mapped) -> Mapping[str, Any]:
    """An account of the template, at the connector of this workspace."""
    key = str(item["connector"]).removeprefix(PREFIX)
    here = mapping.get(KIND, {}).get(key, key)
    return {**item, "connector": PREFIX + here} if here != key else item


def state(
    connection: Connection,
    template: bundles.Bundle,
    item: Mapping[str, Any],
    here: str,
    types: Mapping[str, NodeType],
) -> tuple[str, list[dict[str, Any]]]:
    """new · same · differs · unfit, and what is otherwise here."""
    row = rows.find(connection, here)
    if row is None:
        return "new", []
    now = jsontext.loads(row.definition)
    if now == item["definition"]:
        return "same", []
    asked = {
        operation
        for flow in template.flows
        for key, operation in bundles.operations(flow, types)
        if key == item["key"]
    }
    found = differences(now, item["definition"])
    lacking = any(one["where"] in asked and one["what"] in {"missing", "effect"} for one in found)
    return "unfit" if lacking and here != item["key"] else "differs", found


def differences(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is otherwise here than in the template: settings of the whole, operations that are missing or otherwise."""
    ours = {one["name"]: one for one in now.get("operations", ())}
    found: list[dict[str, Any]] = [
        {"what": "changed", "where": name, "before": now.get(name), "after": wanted.get(name)}
        for name in ("base_url", "auth")
        if now.get(name) != wanted.get(name)
    ]
    for one in wanted.get("operations", ()):
        name, mine = one["name"], ours.get(one["name"])
        if mine is None:
            found.append({"what": "missing", "where": name})
        elif mine.get("effect") != one.get("effect"):
            found.append({"what": "effect", "where": name, "before": mine.get("effect"), "after": one.get("effect")})  # fmt: skip
        elif mine != one:
            found.append({"what": "changed", "where": name})
    return found


def choices(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Connectors that one of the template's may be mapped to."""
    return [
        {"key": row.key, "title": jsontext.loads(row.definition).get("title") or row.key}
        for row in rows.listing(connection, after="", limit=limit)
    ]


def users_of(
    connection: Connection, types: Mapping[str, NodeType], key: str, going: Collection[str]
) -> Sequence[str]:
    """Accounts at it and flows that ask by it, and that stay."""
    accounts = [
        account
        for account in rows.used_by(connection, PREFIX + key)
        if f"connections {account}" not in going
    ]
    return accounts + [
        flow
        for flow, text in drafts.naming(connection, f"{PREFIX}{key}.")
        if f"flows {flow}" not in going
        and key in {asked for asked, _ in bundles.operations(jsontext.loads(text), types)}
    ]

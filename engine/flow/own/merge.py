"""A document read again beside a connector: what has changed, and the connector with the chosen changes.

The document decides what is sent (method, path, parameters, structure of the answer); a person has decided what it means
(title, effect class, keys, tests, mappings, pages), and that stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SENT = ("method", "path", "params", "body_kind", "answer")
"""Parts of an operation that are the document's."""


def changes(now: Mapping[str, Any], read: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Operation by operation: `new`, `changed` (with which parts), `gone`, `same`; found by method and path, then by name."""
    known = _by_ref(now)
    rows: list[dict[str, Any]] = []
    for one in read["operations"]:
        old = known.pop(one["ref"], None)
        row = {
            "ref": one["ref"],
            "name": old["name"] if old else one["name"],
            "title": one.get("title", {}),
        }
        if old is None:
            rows.append({**row, "state": "new", "parts": []})
            continue
        parts = _parts(old, one)
        rows.append({**row, "state": "changed" if parts else "same", "parts": parts})
    rows += [
        {
            "ref": ref,
            "name": one["name"],
            "title": one.get("title", {}),
            "state": "gone",
            "parts": [],
        }
        for ref, one in known.items()
    ]
    order = ("gone", "changed", "new", "same")
    return sorted(rows, key=lambda row: order.index(row["state"]))


def _by_ref(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those that came from a document; what was drawn by hand is nobody's to take away."""
    return {one["ref"]: one for one in definition.get("operations", ()) if one.get("ref")}


def _parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in SENT:
        if name == "params":
            found += _params(old, new)
        elif old.get(name) != new.get(name):
            found.append({"part": name, "state": "changed"})
    return found


def _params(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    before, after = _by_place(old), _by_place(new)
    found = []
    for place, param in after.items():
        was = before.get(place)
        state = "new" if was is None else "changed" if _sent(was) != _sent(param) else ""
        if state:
            row = {"part": "param", "state": state, "name": place[1]}
            found.append({**row, "required": bool(param.get("required"))})
    found += [
        {"part": "param", "state": "gone", "name": place[1]}
        for place in before
        if place not in after
    ]
    return found


def _by_place(one: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (param["in"], param.get("field") or param["name"]): param for param in one.get("params", ())
    }


def _sent(param: Mapping[str, Any]) -> tuple[Any, ...]:
    return param.get("type", "string"), bool(param.get("required")), param.get("schema")


def merged(
    now: Mapping[str, Any], read: Mapping[str, Any], refs: Collection[str]
) -> dict[str, Any]:
    """The connector with these operations as the document has them now; one that is gone and chosen is taken away."""
    offered = {one["ref"]: one for one in read["operations"]}
    kept: list[Any] = []
    for one in now.get("operations", ()):
        ref = one.get("ref")
        if ref not in refs:
            kept.append(one)
        elif ref in offered:
            kept.append(_renewed(one, offered[ref]))
    have = {one.get("ref") for one in now.get("operations", ())}
    names = {one["name"] for one in kept}
    for ref, one in offered.items():
        if ref in refs and ref not in have:
            name, count = one["name"], 2
            while name in names:
                name, count = f"{one['name'][:58]}_{count}", count + 1
            names.add(name)
            kept.append({**one, "name": name})
    return {**now, "operations": kept, "document": read.get("document", {})}


def _renewed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Names and words a person gave stay with the parameters that stay."""
    before = _by_place(old)
    params = []
    for place, param in _by_place(new).items():
        was = before.get(place, {})
        own = {name: was[name] for name in ("name", "title", "help") if name in was}
        params.append({**param, **own})
    sent = {name: new[name] for name in SENT if name in new}
    left = {name: value for name, value in old.items() if name not in SENT}
    return {**left, **sent, "params": params}

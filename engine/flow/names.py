"""Names in a document: given once, free of what the engine fills in, and usable in expressions."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.scope import RESERVED
from headrace.engine.flow.wording import pointer


def check_names(drawn: Drawn) -> None:
    """Ids, titles, results and inputs."""
    for kind, owner in (("nodes", "node"), ("edges", "edge"), ("notes", "note")):
        _ids(drawn, kind, owner)
    for language in ("zh", "en"):
        _titles(drawn, language)
    for node_id, node in drawn.nodes.items():
        _result(drawn, node_id, node)
    for name in drawn.inputs:
        _input_name(drawn, name)


def _ids(drawn: Drawn, kind: str, owner: str) -> None:
    seen: set[str] = set()
    for index, item in drawn.records(kind):
        item_id = item.get("id")
        if not isinstance(item_id, str):
            continue
        if item_id in seen:
            drawn.say(
                f"/{kind}/{index}/id", "id_twice", "an id of its own", f"{item_id} twice", id=item_id,
                node=item_id if owner == "node" else None, edge=item_id if owner == "edge" else None,
            )  # fmt: skip
        seen.add(item_id)


def _titles(drawn: Drawn, language: str) -> None:
    seen: set[str] = set()
    for node_id, node in drawn.nodes.items():
        name = node.get("name")
        title = name.get(language) if isinstance(name, Mapping) else None
        if not isinstance(title, str):
            continue
        if title.strip() in seen:
            path = f"{drawn.path(node_id)}/name/{language}"
            drawn.say(
                path,
                "name_twice",
                "a name of its own",
                f"{title} twice",
                node=node_id,
                warning=True,
                name=title,
            )
        seen.add(title.strip())


def _result(drawn: Drawn, node_id: str, node: Mapping[str, Any]) -> None:
    given = node.get("result")
    name = given if isinstance(given, str) else node_id
    if not isinstance(given, str) and _keeps_nothing(drawn, node_id):
        return
    path = f"{drawn.path(node_id)}/{'result' if isinstance(given, str) else 'id'}"
    if name in RESERVED:
        drawn.say(
            path,
            "name_reserved",
            "a free name",
            f"{name}, which the engine fills in",
            node=node_id,
            name=name,
        )
    elif name in drawn.inputs:
        found = f"{name}, which is an input already and would be lost"
        drawn.say(
            path, "result_clash", "a free name for the result", found, node=node_id, name=name
        )


def _keeps_nothing(drawn: Drawn, node_id: str) -> bool:
    """Starts, ends, splits and joins leave no result behind."""
    t = drawn.type_of(node_id)
    return t is None or t.starts or t.ends or t.joins or t.splits


def _input_name(drawn: Drawn, name: str) -> None:
    path = f"/input/properties{pointer([name])}"
    if name in RESERVED:
        drawn.say(
            path, "name_reserved", "a free name", f"{name}, which the engine fills in", name=name
        )
    elif not name.isidentifier() or keyword.iskeyword(name):
        expected = "a name that expressions can use (letters, digits, _)"
        drawn.say(path, "name_unusable", expected, name, warning=True, name=name)

"""Why a choice went the way it went: which branches were asked, what each read, and whether it held. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.condition import compile_condition

READ_MAX = 20
"""Values shown of one branch."""


def asked(settings: Mapping[str, Any], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The branches of a choice in the order they were asked: `{branch, holds, read: {path: value}, missing}`.

    `holds` None: the condition could not be worked out. A choice of the first ends with the branch that holds. Settings
    without branches answer nothing.
    """
    branches = settings.get("branches")
    if not isinstance(branches, list):
        return []
    found: list[dict[str, Any]] = []
    for branch in branches:
        when = branch.get("when")
        if not isinstance(when, Mapping):
            return []
        one = _one(str(branch.get("id")), when, variables)
        found.append(one)
        if one["holds"] and settings.get("mode") != "all":
            break
    return found


def _one(branch: str, when: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    missing: set[str] = set()
    read: dict[str, Any] = {}
    holds: bool | None = None
    try:
        condition = compile_condition(when)
        for path in sorted(condition.variables)[:READ_MAX]:
            there, value = _found(variables, path)
            if there:
                read[path] = value
        holds = condition.evaluate(variables, missing)
    except HeadraceError:
        pass
    return {"branch": branch, "holds": holds, "read": read, "missing": sorted(missing)}


def _found(value: Any, path: str) -> tuple[bool, Any]:
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False, None
        value = value[name]
    return True, value

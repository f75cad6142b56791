"""Which version a new instance gets: rules in order, by what came or by chance; the same business key, the same version.

A rule may have a condition, a weight, or both (then so many percent of those that fit). Chance is a hash of flow, version and
key, so that every process says the same, and raising a weight moves nobody back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import ExpressionError, Problem
from headrace.engine.flow.condition import compile_condition, problems_of

RULES_MAX = 20
"""Rules of one route: each costs every start a condition."""

_POINTS = 1 << 32


@dataclass(frozen=True, slots=True)
class Rule:
    """Starts that fit go to `version`: `when` a condition holds, of these `weight` percent; None: all."""

    version: int
    when: Mapping[str, Any] | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A canary that runs: the first rule that fits decides, else the baseline."""

    id: str
    flow_key: str
    baseline: int
    rules: tuple[Rule, ...]


def rule_from_json(row: Mapping[str, Any]) -> Rule:
    """A rule as stored."""
    return Rule(row["version"], row.get("when"), row.get("weight"))


def choose(route: Route, variables: Mapping[str, Any], sticky: str) -> int:
    """The version for a start with this input and sticky key. A condition that cannot be answered decides nothing."""
    for rule in route.rules:
        if rule.when is not None and not _holds(rule.when, variables):
            continue
        if rule.weight is None or point(route.flow_key, rule.version, sticky) < rule.weight:
            return rule.version
    return route.baseline


def point(flow_key: str, version: int, sticky: str) -> float:
    """Where a key lies between 0 and 100 for this version, always the same."""
    digest = hashlib.sha256(f"{flow_key}\0{version}\0{sticky}".encode()).digest()
    return int.from_bytes(digest[:4], "big") * 100 / _POINTS


def _holds(when: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    try:
        return compile_condition(when).evaluate(variables)
    except ExpressionError:
        return False


def rule_problems(rules: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """What is wrong with rules as they came (their shape is right): conditions that do not compile, rules that say nothing."""
    found = []
    for index, rule in enumerate(rules):
        where, when = f"/rules/{index}", rule.get("when")
        if when is None and rule.get("weight") is None:
            message = "Expected a condition or a weight, but found neither."
            found.append(Problem(where, "rule_says_nothing", {}, message))
        if when is not None:
            found += [
                Problem(f"{where}/when{p.path}", p.code, p.params, p.message)
                for p in problems_of(when)
            ]
    return found

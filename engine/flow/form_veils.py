"""Forms as they stand in variables, outputs and facts, for people who may not read everything: what is masked for them stays so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from headrace.engine.flow.form_formulas import is_lines
from headrace.engine.flow.form_masks import is_masked, masked

Veil = Callable[[Any], Any]

FILLED_IN = "form"
"""The name under which votes, seats and decisions carry what was filled in."""


def veil_of(forms: Iterable[Mapping[str, Any] | None], roles: Collection[str]) -> Veil:
    """Puts the stars of these forms (schemas with `x-into`) into any JSON value, wherever a value of theirs stands in it."""
    fields: dict[str, dict[str, Any]] = {}
    for form in forms:
        if not isinstance(form, Mapping) or not form.get("x-into"):
            continue
        parts = form.get("properties", {})
        if any(map(_stars(roles), parts.values())):
            fields.setdefault(form["x-into"], {}).update(parts)
    if not fields:
        return _as_it_is
    every = {name: part for parts in fields.values() for name, part in parts.items()}
    found = {**fields, FILLED_IN: {**fields.get(FILLED_IN, {}), **every}}

    def veil(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                name: _veiled(found[name], item, roles)
                if name in found and isinstance(item, Mapping)
                else veil(item)
                for name, item in value.items()
            }
        return [veil(item) for item in value] if isinstance(value, list | tuple) else value

    return veil


def _as_it_is(value: Any) -> Any:
    return value


def _stars(roles: Collection[str]) -> Callable[[Mapping[str, Any]], bool]:
    def stars(part: Mapping[str, Any]) -> bool:
        if is_lines(part):
            return any(map(stars, part["items"]["properties"].values()))
        return is_masked(part, roles)

    return stars


def _veiled(fields: Mapping[str, Any], value: Mapping[str, Any], roles: Collection[str]) -> Any:
    return {
        name: _field(fields[name], item, roles) if name in fields else item
        for name, item in value.items()
    }


def _field(part: Mapping[str, Any], value: Any, roles: Collection[str]) -> Any:
    if is_masked(part, roles):
        return masked(part["x-mask"], value)
    if is_lines(part) and isinstance(value, list):
        cells = part["items"]["properties"]
        return [_veiled(cells, row, roles) if isinstance(row, Mapping) else row for row in value]
    return value

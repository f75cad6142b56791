"""Which node types and connectors there are: found by being in `headrace.nodes`, or offered by another package.

A file of `nodes/` holds one `NODE`, one of `nodes/connectors/` one `CONNECTOR`, named as the file; a file whose name begins
with `_` is what several of them share. Another package offers its
own through the entry point group `headrace.nodes`: a module with the same names. A module that does not load stops the start,
and the error says which: a flow must never meet a node type that is silently missing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

from headrace.engine.connector import Connector
from headrace.engine.node import NodeType, Port
from headrace.engine.settings import NODES

_Kind = TypeVar("_Kind", NodeType, Connector)


class BrokenModule(RuntimeError):
    """A file of `nodes/` that cannot be used."""


@cache
def node_types() -> Mapping[str, NodeType]:
    """All node types by name."""
    return _collect(NODES, "NODE", NodeType)


@cache
def connectors() -> Mapping[str, Connector]:
    """All connectors by name."""
    return _collect(f"{NODES}.connectors", "CONNECTOR", Connector)


def describe(node_type: NodeType) -> dict[str, Any]:
    """What the API tells about a node type: everything but its code."""
    by = node_type.ports_by
    return {
        "name": node_type.name,
        "title": dict(node_type.title),
        "help": dict(node_type.help),
        "group": node_type.group,
        "icon": node_type.icon,
        "starts": node_type.starts,
        "ends": node_type.ends,
        "joins": node_type.joins,
        "splits": node_type.splits,
        "waits": node_type.waits,
        "in_worker": node_type.in_worker,
        "ports": _ports(node_type.ports),
        "ports_from": node_type.ports_from,
        "ports_by": by
        and {"setting": by.setting, "cases": {k: _ports(v) for k, v in by.cases.items()}},
        "settings": node_type.settings,
        "example": node_type.example,
    }


def describe_connector(connector: Connector) -> dict[str, Any]:
    """What the API tells about a connector."""
    return {
        "name": connector.name,
        "title": dict(connector.title),
        "help": dict(connector.help),
        "icon": connector.icon,
        "settings": connector.settings,
        "secrets": connector.secrets,
        "example": connector.example,
        "operations": [
            {
                "name": operation.name,
                "title": dict(operation.title),
                "effect": operation.effect,
                "rate": operation.rate
                and {
                    "calls": operation.rate.calls,
                    "per_s": operation.rate.per_s,
                    "burst": operation.rate.burst,
                },
                "api": operation.api,
                "params": operation.params,
                "asked": operation.build is not None,
            }
            for operation in connector.operations
        ],
    }


def _ports(ports: tuple[Port, ...]) -> list[dict[str, Any]]:
    return [{"name": p.name, "title": dict(p.title), "required": p.required} for p in ports]


def _collect(package: str, name: str, kind: type[_Kind]) -> Mapping[str, _Kind]:
    found: dict[str, _Kind] = {}
    for module in (*_modules(package), *_offered(name)):
        value = getattr(module, name, None)
        if not isinstance(value, kind):
            raise BrokenModule(
                f"{_file(module)}: expected {name} = {kind.__name__}(…), but found {value!r}"
            )
        if value.name != module.__name__.rpartition(".")[2]:
            raise BrokenModule(
                f"{_file(module)}: expected {name}.name to be the file's name, but found {value.name!r}"
            )
        if value.name in found:
            raise BrokenModule(f"{_file(module)}: expected a new name, but {value.name!r} is taken")
        found[value.name] = value
    return MappingProxyType(dict(sorted(found.items())))


def _modules(package: str) -> Iterator[ModuleType]:
    folder = importlib.import_module(package)
    for info in pkgutil.iter_modules(folder.__path__, f"{package}."):
        if not info.ispkg and not info.name.rpartition(".")[2].startswith("_"):
            yield _load(info.name)


def _offered(name: str) -> Iterator[ModuleType]:
    for entry in entry_points(group=NODES):
        module = _load(entry.module)
        if hasattr(module, name):
            yield module


def _load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise BrokenModule(f"{name}: cannot be loaded: {error}") from error


def _file(module: ModuleType) -> str:
    return module.__file__ or module.__name__

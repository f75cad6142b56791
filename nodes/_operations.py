"""Which operations platforms offer: those of the connectors here that build their own requests."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from headrace.engine.connector import Connector, Operation
from headrace.nodes import connectors as folder


@cache
def operations() -> Mapping[str, tuple[Connector, Operation]]:
    """`alipay.refund` → what it is."""
    return {
        f"{connector.name}.{operation.name}": (connector, operation)
        for connector in _connectors()
        for operation in connector.operations
        if operation.build is not None
    }


def _connectors() -> list[Connector]:
    names = [info.name for info in pkgutil.iter_modules(folder.__path__) if info.name[0] != "_"]
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in sorted(names)]
    return [module.CONNECTOR for module in modules]

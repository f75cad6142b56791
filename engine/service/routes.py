"""Which version a start gets: the one in force, or the one a running canary sends it to.

Every start comes through `prepare_start`. Without a canary it costs one look into memory more than none; with one, the input
is mapped by the version in force first, so that rules and the sticky key mean the same whichever version is chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.routing import Route, choose
from headrace.engine.service.starts import StartRequest, by_hand, prepare
from headrace.engine.service.workspace import Workspace

log = logging.getLogger(__name__)


def prepare_start(
    workspace: Workspace,
    flow_key: str,
    start_node: str | None,
    raw: Mapping[str, Any],
    *,
    connection: Connection | None = None,
    version: int | None = None,
    id_: str | None = None,
    repeat_key: str | None = None,
    **told: Any,
) -> StartRequest:
    """`starts.prepare` on the version this start gets. `version` pins one; `start_node` None: the start by hand.

    `repeat_key` stands in where neither the caller nor the flow names a dedup key. `told`: business_key, dedup_key, initiator.
    """
    now_ms = workspace.clock.now_ms()
    if connection is None:
        published, route = workspace.kept_routing(flow_key)
    else:
        published, route = workspace.routing(connection, flow_key)
    flow = _flow(workspace, connection, flow_key, published if version is None else version)
    request = prepare(flow, start_node or by_hand(flow), raw, now_ms=now_ms, **told)
    if request.dedup_key is None and repeat_key is not None:
        request = replace(request, dedup_key=f"repeat:{repeat_key}")
    if id_ is not None:
        request = replace(request, id=id_)
    if route is None or version is not None or route.baseline != published:
        return request
    if request.business_key is None and request.dedup_key is None and request.id is None:
        request = replace(request, id=workspace.new_id("ins", now_ms))
    chosen = choose(route, variables_of(request), sticky_key(request))
    if chosen == published:
        return replace(request, route_id=route.id)
    return _on_canary(workspace, connection, route, chosen, request, start_node, raw, told)


def variables_of(request: StartRequest) -> dict[str, Any]:
    """What the conditions of rules see: the mapped input, and `instance`."""
    about = {"business_key": request.business_key, "initiator": request.initiator}
    return {**request.input, "instance": about}


def sticky_key(request: StartRequest) -> str:
    """Starts with the same one get the same version: the business key, else the dedup key, else the instance's own id."""
    return request.business_key or request.dedup_key or request.id or ""


def _on_canary(
    workspace: Workspace,
    connection: Connection | None,
    route: Route,
    version: int,
    request: StartRequest,
    start_node: str | None,
    raw: Mapping[str, Any],
    told: Mapping[str, Any],
) -> StartRequest:
    """The same start on the canary's version. Where that one cannot take it, the version in force does: no order is lost."""
    flow = _flow(workspace, connection, route.flow_key, version)
    try:
        moved = prepare(
            flow, start_node or by_hand(flow), raw, now_ms=workspace.clock.now_ms(), **told
        )
    except HeadraceError as trouble:
        log.warning(
            "version %s of flow %s cannot take a start routed to it, version %s does: %s",
            version,
            route.flow_key,
            request.flow.version,
            trouble.message,
        )
        return request
    return replace(
        moved,
        id=request.id,
        dedup_key=moved.dedup_key or request.dedup_key,
        route_id=route.id,
    )


def _flow(
    workspace: Workspace, connection: Connection | None, key: str, version: int
) -> CompiledFlow:
    if connection is None:
        return workspace.kept_flow(key, version)
    return workspace.flow(connection, key, version)

"""Webhooks in: who calls is proven, what came is mapped and de-duplicated, and a 2xx means that it is in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.engine.connector import Connector, Incoming, ParamWrong, Reply
from headrace.engine.errors import NotFound, Problem, SignatureWrong, ValidationFailed
from headrace.engine.flow.compile import CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo
from headrace.engine.registry import connectors
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.advance import Started
from headrace.engine.service.instances import submit_all
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import Workspace
from headrace.engine.store.writer import CALL_TIMEOUT_S

ITEMS_MAX = 500
"""Orders in one call: a page of any shop's list is smaller."""


def receive(
    workspace: Workspace,
    flow_key: str,
    node_id: str,
    raw: bytes,
    body: Any,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    open_connection: Callable[[str], ConnectionInfo],
) -> list[Started]:
    """Start one instance an item. All items are checked before the first is started, so that a bad one loses none.

    `headers` have lower-case names. Raises `SignatureWrong`, or `ValidationFailed` with the problems of every item.
    """
    node = _node(workspace, flow_key, node_id)
    incoming = Incoming(headers, query, raw, workspace.clock.now_ms())
    body = _proven(node.settings, incoming, body, open_connection)
    seen = {"body": body, "headers": dict(headers), "query": dict(query)}
    requests: list[StartRequest] = []
    problems: list[Problem] = []
    for index, item in enumerate(_items(node.settings, seen)):
        try:
            requests.append(
                prepare_start(
                    workspace,
                    flow_key,
                    node_id,
                    {**seen, "item": item},
                    initiator=ENGINE.user_id,
                )
            )
        except ValidationFailed as wrong:
            problems += [
                Problem(f"/items/{index}{p.path}", p.code, p.params, p.message)
                for p in wrong.problems
            ]
    if problems:
        raise ValidationFailed(
            what=f"webhook call of flow {flow_key}", count=len(problems), problems=problems
        )
    return submit_all(workspace, requests).result(CALL_TIMEOUT_S)


def reply(
    workspace: Workspace,
    flow_key: str,
    node_id: str,
    open_connection: Callable[[str], ConnectionInfo],
) -> Reply | None:
    """What this far side wants to hear once its call is safe; None: our usual answer."""
    found = _connector(_node(workspace, flow_key, node_id).settings, open_connection)
    return found[1].reply if found else None


def greeting(
    workspace: Workspace,
    flow_key: str,
    node_id: str,
    query: Mapping[str, str],
    open_connection: Callable[[str], ConnectionInfo],
) -> str:
    """The word a platform wants back before it calls for the first time. Raises `SignatureWrong` to everybody else."""
    found = _connector(_node(workspace, flow_key, node_id).settings, open_connection)
    if found is None or found[1].greet is None:
        raise NotFound(kind="webhook", id=f"{flow_key}/{node_id}")
    word = found[1].greet(found[0], Incoming({}, query, b"", workspace.clock.now_ms()))
    if word is None:
        raise SignatureWrong
    return word


def _node(workspace: Workspace, flow_key: str, node_id: str) -> CompiledNode:
    node = workspace.kept_published(flow_key).nodes.get(node_id)
    if node is None or node.type.name != "webhook":
        raise NotFound(kind="webhook", id=f"{flow_key}/{node_id}")
    return node


def _connector(
    settings: Mapping[str, Any], open_connection: Callable[[str], ConnectionInfo]
) -> tuple[ConnectionInfo, Connector] | None:
    """The connection that proves calls, and its connector; None where nothing is proven."""
    if settings.get("auth", "none") == "none":
        return None
    connection = open_connection(settings["connection"])
    return connection, connectors()[connection.connector]


def _items(settings: Mapping[str, Any], seen: Mapping[str, Any]) -> list[Any]:
    if not settings.get("items"):
        return [seen["body"]]
    items = Evaluator(seen).expression(settings["items"])
    if not isinstance(items, list) or len(items) > ITEMS_MAX:
        found = f"a list of {len(items)}" if isinstance(items, list) else type(items).__name__
        message = f"Expected a list of at most {ITEMS_MAX} items at {settings['items']}, but found {found}."
        problem = Problem("/body", "items_wrong", {"limit": ITEMS_MAX, "found": found}, message)
        raise ValidationFailed(what="webhook call", count=1, problems=[problem])
    return items


def _proven(
    settings: Mapping[str, Any],
    incoming: Incoming,
    body: Any,
    open_connection: Callable[[str], ConnectionInfo],
) -> Any:
    """What the call says, opened where it came encrypted.

    The connection's connector knows how its far side signs; a connection without a way of telling refuses everything.
    """
    found = _connector(settings, open_connection)
    if found is None:
        return body
    connection, connector = found
    if connector.verify is None or not connector.verify(connection, settings["auth"], incoming):
        raise SignatureWrong
    if connector.unwrap is None:
        return body
    try:
        return connector.unwrap(connection, incoming)
    except ParamWrong as wrong:
        problem = Problem("/body", "body_unreadable", {}, str(wrong))
        raise ValidationFailed(what="webhook call", count=1, problems=[problem]) from wrong

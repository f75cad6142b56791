"""Webhooks in: who calls is proven, what came is mapped and de-duplicated, and a 2xx means that it is in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.engine.connector import Incoming
from headrace.engine.errors import NotFound, Problem, SignatureWrong, ValidationFailed
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
    flow = workspace.kept_published(flow_key)
    node = flow.nodes.get(node_id)
    if node is None or node.type.name != "webhook":
        raise NotFound(kind="webhook", id=f"{flow_key}/{node_id}")
    _prove(node.settings, Incoming(headers, query, raw), open_connection)
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


def _prove(
    settings: Mapping[str, Any],
    incoming: Incoming,
    open_connection: Callable[[str], ConnectionInfo],
) -> None:
    """The connection's connector knows how its far side signs; a connection without a way of telling refuses everything."""
    auth = settings.get("auth", "none")
    if auth == "none":
        return
    connection = open_connection(settings["connection"])
    verify = connectors()[connection.connector].verify
    if verify is None or not verify(connection, auth, incoming):
        raise SignatureWrong

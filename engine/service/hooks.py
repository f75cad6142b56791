"""Webhooks in: who calls is proven, what came is mapped and de-duplicated, and a 2xx means that it is in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.engine.connector import Connector, Incoming, ParamWrong, Reply
from headrace.engine.errors import (
    ExpressionError,
    NotFound,
    Problem,
    SignatureWrong,
    ValidationFailed,
)
from headrace.engine.flow.compile import CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo
from headrace.engine.registry import connectors
from headrace.engine.service import refused_calls
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.advance import Started
from headrace.engine.service.instances import submit_all
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.starts import KEY_LENGTH_MAX, StartRequest
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, records
from headrace.engine.store.writer import answered

NOT_ACCEPTED = Reply('{"error":{"code":"not_accepted"}}', "application/json", 409)
"""Said by connectors without words of their own."""

ITEMS_MAX = 500
"""Orders in one call: a page of any shop's list is smaller."""


REFUSED = "refused:"
"""Before the dedup key of a call that does not fit: it must not use up the key of the right one."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a call: one instance an item, and whether all items are what the node accepts."""

    started: list[Started]
    accepted: bool


def receive(
    workspace: Workspace,
    flow_key: str,
    node_id: str,
    raw: bytes,
    body: Any,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    open_connection: Callable[[str], ConnectionInfo],
) -> Received:
    """Start one instance an item. All items are checked before the first is started, so that a bad one loses none.

    An item that the node does not accept starts one as well: it is kept, and people hear of it.
    `headers` have lower-case names. Raises `SignatureWrong`, or `ValidationFailed` with the problems of every item.
    """
    node = _node(workspace, flow_key, node_id)
    settings = node.settings
    incoming = Incoming(headers, query, raw, workspace.clock.now_ms())
    body = _proven(workspace, settings, incoming, body, open_connection)
    found = _connector(settings, open_connection)
    account = dict(found[0].settings) if found else {}
    seen = {"body": body, "headers": dict(headers), "query": dict(query), "account": account}
    items = _items(settings, seen)
    known = _known(workspace, settings, [{**seen, "item": item} for item in items])
    requests: list[StartRequest] = []
    problems: list[Problem] = []
    accepted = True
    for index, (item, record) in enumerate(zip(items, known, strict=True)):
        told = {**seen, "item": item, "record": record}
        try:
            request = prepare_start(workspace, flow_key, node_id, told, initiator=ENGINE.user_id)
            if not _accepts(settings, {**told, **request.input}):
                accepted = False
                request = replace(request, dedup_key=_refused(request.dedup_key))
            requests.append(request)
        except ValidationFailed as wrong:
            problems += [
                Problem(f"/items/{index}{p.path}", p.code, p.params, p.message)
                for p in wrong.problems
            ]
    if problems:
        raise ValidationFailed(
            what=f"webhook call of flow {flow_key}", count=len(problems), problems=problems
        )
    return Received(answered(submit_all(workspace, requests)), accepted)


def reply(
    workspace: Workspace,
    flow_key: str,
    node_id: str,
    open_connection: Callable[[str], ConnectionInfo],
    *,
    accepted: bool = True,
) -> Reply | None:
    """What this far side wants to hear once its call is safe, or does not fit; None: our usual answer."""
    found = _connector(_node(workspace, flow_key, node_id).settings, open_connection)
    if not accepted:
        return (found[1].refusal if found else None) or NOT_ACCEPTED
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


def _known(
    workspace: Workspace, settings: Mapping[str, Any], told: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any] | None]:
    """The record that each item is compared with, read at once; None where there is none, or nobody asks."""
    if not settings.get("table") or not settings.get("record_key"):
        return [None] * len(told)
    keys = [_key(settings["record_key"], one) for one in told]
    with workspace.read() as connection:
        table = data_tables.find(connection, settings["table"])
        rows = records.by_keys(connection, table.no, [key for key in keys if key]) if table else {}
    return [dict(rows[key].value) if key in rows else None for key in keys]


def _key(text: str, told: Mapping[str, Any]) -> str:
    """Empty where the item says none: the mapping then sees no record."""
    try:
        found = Evaluator(told).expression(text)
    except ExpressionError:
        return ""
    return str(found)[:KEY_LENGTH_MAX] if isinstance(found, str | int) else ""


def _accepts(settings: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether the far side may hear success. What cannot be worked out is a no."""
    if not settings.get("accept"):
        return True
    try:
        return Evaluator(told).expression(settings["accept"]) is True
    except ExpressionError:
        return False


def _refused(dedup_key: str | None) -> str | None:
    """The same call again is one, but the right one later is another."""
    if dedup_key is None or len(dedup_key) + len(REFUSED) <= KEY_LENGTH_MAX:
        return dedup_key and REFUSED + dedup_key
    return REFUSED + hashlib.sha256(dedup_key.encode()).hexdigest()


def _proven(
    workspace: Workspace,
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
    auth = settings["auth"]
    if connector.verify is None or not connector.verify(connection, auth, incoming):
        refused_calls.refused(workspace, connection, connector, auth, incoming)
        raise SignatureWrong
    refused_calls.proven(workspace, connection, incoming.now_ms)
    if connector.unwrap is None:
        return body
    try:
        return connector.unwrap(connection, incoming)
    except ParamWrong as wrong:
        problem = Problem("/body", "body_unreadable", {}, str(wrong))
        raise ValidationFailed(what="webhook call", count=1, problems=[problem]) from wrong

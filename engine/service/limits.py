"""What holds back the jobs of a connection: rates, how many at once, the queue, when its breaker opens. Kept at every claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.connector import Connector
from headrace.engine.errors import NotFound, Problem, ValidationFailed
from headrace.engine.limits import COUNTED_MIN, WINDOW, Guard
from headrace.engine.registry import connectors
from headrace.engine.service import audit, own_connectors
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, limits

GUARD = Guard()
"""What counts where nothing is set."""


def _named(
    zh: str, en: str, help_zh: str, help_en: str, schema: Mapping[str, Any]
) -> dict[str, Any]:
    return {"x-title": {"zh": zh, "en": en}, "x-help": {"zh": help_zh, "en": help_en}, **schema}


def _closed(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        "x-order": list(properties),
    }


RATE = _closed(
    {
        "calls": _named(
            "次数", "Calls", "这段时间内最多几次。", "How many in that time.",
            {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        ),
        "per_s": _named(
            "秒", "Seconds", "多少秒之内。", "In how many seconds.",
            {"type": "number", "minimum": 0.1, "maximum": 86_400},
        ),
        "burst": _named(
            "连续最多", "In a row", "空闲之后可以连续发几次；1 表示均匀发出。",
            "How many may follow at once after a rest; 1 spaces them evenly.",
            {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 1},
        ),
    },
    "calls",
    "per_s",
)  # fmt: skip

SCHEMA = _closed(
    {
        "rate": _named(
            "频率", "Rate", "对这个连接的全部调用。等待不占用重试次数。",
            "Of all calls of this connection. Waiting uses up no attempt.", RATE,
        ),
        "operations": _named(
            "单项频率", "Rates of operations", "只对某一种操作，例如只读。", "Of one operation, such as reading only.",
            {
                "type": "object",
                "propertyNames": {"pattern": "^[a-z][a-z0-9_-]{0,63}$"},
                "additionalProperties": RATE,
                "maxProperties": 50,
            },
        ),
        "parallel": _named(
            "同时最多", "Calls at once", "同时进行的调用最多几个。", "How many calls may be under way at once.",
            {"type": "integer", "minimum": 1, "maximum": 1_000},
        ),
        "queue": _named(
            "队列", "Queue", "由哪些工作进程执行，例如 slow；留空按步骤的类型。",
            "Which workers do them, such as slow; empty: as the node type says.",
            {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$"},
        ),
        "breaker": _named(
            "熔断", "Breaker", "对方连续出错时暂停调用，过一会儿再试。",
            "Pauses calls while the far side fails, and tries again after a while.",
            _closed(
                {
                    "failures": _named(
                        "连续失败", "Failures in a row",
                        f"连续失败这么多次就暂停；最近 {COUNTED_MIN} 到 {WINDOW} 次里一半失败也会。",
                        f"So many in a row open it; so does half or more of the last {WINDOW} calls (of {COUNTED_MIN} at least).",
                        {"type": "integer", "minimum": 1, "maximum": COUNTED_MIN, "default": GUARD.failures},
                    ),
                    "open_s": _named(
                        "暂停（秒）", "Pause (s)", "第一次暂停多久，之后逐次加倍。",
                        "The first time; doubles after each failed try.",
                        {"type": "number", "minimum": 1, "maximum": 86_400, "default": GUARD.open_s},
                    ),
                    "open_max_s": _named(
                        "最长暂停（秒）", "Longest pause (s)", "加倍到这里为止。", "Where doubling ends.",
                        {"type": "number", "minimum": 1, "maximum": 86_400, "default": GUARD.open_max_s},
                    ),
                }
            ),
        ),
    }
)  # fmt: skip
"""Annotated as a node's settings are, so that a form can be drawn."""


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """What is set for a connection, and how many of its jobs are under way now."""
    actor.require("connections:read")
    with workspace.read() as connection:
        _found(connection, key)
        return _shown(connection, key)


def put(workspace: Workspace, actor: Actor, key: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set all of it at once; what is not named does not hold anything back. Its buckets begin anew."""
    actor.require("connections:write")

    def write(connection: Connection) -> dict[str, Any]:
        row = _found(connection, key)
        _check(own_connectors.connector_of(connection, row.connector, row.settings), values)
        limits.put(connection, key, values, workspace.clock.now_ms(), actor.user_id)
        audit.note(connection, workspace, actor, "connections.limits", key, limits=dict(values))
        workspace.changed.add("jobs")
        return _shown(connection, key)

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


def declared(
    connector: Connector | str | None, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The limits a new connection begins with: what its connector knows of the far side."""
    if isinstance(connector, str):
        connector = connectors().get(connector)
    kind = (settings or {}).get("kind", "")
    rates = {
        operation.name: {"calls": rate.calls, "per_s": rate.per_s, "burst": rate.burst}
        for operation in (connector.operations if connector else ())
        if (rate := operation.rates.get(kind, operation.rate)) is not None
    }
    return {"operations": rates} if rates else {}


def _check(connector: Connector | None, values: Mapping[str, Any]) -> None:
    known = sorted(operation.name for operation in (connector.operations if connector else ()))
    found = [
        Problem(
            f"/operations/{name}", "operation_unknown", {"known": known, "found": name},
            f"Expected one of {', '.join(known) or 'no operation'}, but found {name}.",
        )
        for name in values.get("operations", {})
        if name not in known
    ]  # fmt: skip
    if found:
        raise ValidationFailed(what="limits", count=len(found), problems=found)


def _found(connection: Connection, key: str) -> Row[Any]:
    row = accounts.find(connection, key)
    if row is None:
        raise NotFound(kind="connection", id=key)
    return row


def _shown(connection: Connection, key: str) -> dict[str, Any]:
    live = limits.live(connection, [key]).get(key, 0)
    return {"limits": limits.find(connection, key), "live": live}

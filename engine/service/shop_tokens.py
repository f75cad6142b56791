"""Tokens of platforms that a machine may renew: when they end, who renews them, and what people are told when that fails.

A refresh token is often good for one use only, so one process renews at a time (a lease), and whoever comes later takes what the
first has kept. The asking itself is in `work/renewing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none
from headrace.engine.connector import Connector
from headrace.engine.registry import connectors
from headrace.engine.service import audit, ops_alerts
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.secrets import seal, unseal
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, connection_tokens, sources

UNKNOWN_MS = 12 * 3_600_000
"""A token a person has entered says nothing of its end: it is renewed once after so long, and then its end is known."""
LEASE_MS = 60_000
RETRY_MS = (60_000, 300_000, 900_000, 3_600_000)
ALERT_AFTER = 3
"""So many renewals that got no answer in a row are told; a refusal is told at once."""
DAYS_AHEAD_MS = 7 * 86_400_000
"""So long before the refresh token ends people are told that somebody has to authorise again."""
LOOK_MAX = 50
FINAL = frozenset({"token_dead", "refused", "not_allowed", "signature", "withdrawn", "unlisted"})
"""Troubles that no repetition mends: a person has to authorise again."""


def renewable(connector: Connector | None, secrets: Mapping[str, str]) -> bool:
    """Has a machine all it needs?"""
    return (
        connector is not None
        and connector.renewal is not None
        and all(secrets.get(name) for name in connector.renewal.needs)
    )


def shown(row: Any) -> dict[str, Any] | None:
    """What people see of a token's life."""
    if row is None or (row.expires_at is None and row.next_at is None and row.trouble is None):
        return None
    return {
        "expires_at": iso_or_none(row.expires_at), "refresh_expires_at": iso_or_none(row.refresh_expires_at),
        "renewed_at": iso_or_none(row.renewed_at), "next_at": iso_or_none(row.next_at), "trouble": row.trouble,
    }  # fmt: skip


def entered(
    workspace: Workspace,
    connection: Connection,
    key: str,
    connector: str,
    secrets: Mapping[str, str],
) -> None:
    """A person has entered tokens: what was known of the old ones is over."""
    found = connectors().get(connector)
    if found is None or found.renewal is None:
        return
    can = renewable(found, secrets)
    soon = 0 if can and not secrets.get("access_token") else UNKNOWN_MS
    next_at = workspace.clock.now_ms() + soon if can else None
    values = {
        "expires_at": None, "refresh_expires_at": None, "next_at": next_at, "failures": 0, "trouble": None, "alerted_at": None,
    }  # fmt: skip
    connection_tokens.put(connection, key, values)


def look(workspace: Workspace) -> list[str]:
    """Accounts whose token is to be renewed now; those nobody has looked at yet are noted."""
    now_ms = workspace.clock.now_ms()
    names = [name for name, one in connectors().items() if one.renewal is not None]
    with workspace.read() as connection:
        fresh = connection_tokens.unknown(connection, names, LOOK_MAX)
        due = connection_tokens.due(connection, now_ms, LOOK_MAX)
    for key in fresh:
        workspace.writer.call(partial(_first, workspace, key))
    return due


def _first(workspace: Workspace, key: str, connection: Connection) -> None:
    row = accounts.find(connection, key)
    if row is not None and connection_tokens.find(connection, key) is None:
        entered(workspace, connection, key, row.connector, unseal(workspace, row.secrets))


def give_back(workspace: Workspace, key: str) -> None:
    """It was not our turn after all."""
    workspace.writer.call(
        lambda connection: connection_tokens.put(connection, key, {"lease_until": None})
    )


def begin(workspace: Workspace, key: str, owner: str, *, due: bool = False) -> bool:
    """May we renew? False: somebody else does, or (`due`) it is no more to be renewed."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> bool:
        if connection_tokens.find(connection, key) is None:
            connection_tokens.put(connection, key, {"failures": 0})
        until_ms = now_ms + LEASE_MS
        return connection_tokens.take_lease(connection, key, owner, now_ms, until_ms, due=due)

    return bool(workspace.writer.call(write))


def keep(workspace: Workspace, key: str, output: Mapping[str, Any]) -> None:
    """The new tokens, encrypted, and when they end; people hear that it works again."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = accounts.find(connection, key)
        if row is None:
            connection_tokens.delete(connection, key)
            return
        told = {name: str(value) for name, value in output["secrets"].items() if value}
        kept = {**unseal(workspace, row.secrets), **told}
        accounts.update(connection, key, {"secrets": seal(workspace, kept)})
        before = connection_tokens.find(connection, key)
        life_s, refresh_s = output.get("expires_in"), output.get("refresh_expires_in")
        renewal = connectors()[row.connector].renewal
        lead_ms = (renewal.lead_s if renewal is not None else 0) * 1_000
        life_ms = life_s * 1_000 if life_s else None
        ahead = min(lead_ms, life_ms // 4) if life_ms else 0
        values = {
            "expires_at": now_ms + life_ms if life_ms else None,
            "refresh_expires_at": now_ms + refresh_s * 1_000 if refresh_s else None,
            "next_at": now_ms + (life_ms - ahead if life_ms else UNKNOWN_MS),
            "renewed_at": now_ms, "failures": 0, "trouble": None, "alerted_at": None, "lease_until": None,
        }  # fmt: skip
        connection_tokens.put(connection, key, values)
        audit.note(connection, workspace, ENGINE, "connections.renew", key)
        if before is not None and before.alerted_at is not None and before.trouble:
            _tell_back(workspace, connection, row, now_ms)
        if refresh_s and refresh_s * 1_000 < DAYS_AHEAD_MS:
            _tell_ends(workspace, connection, row, now_ms + refresh_s * 1_000, now_ms)

    workspace.writer.call(write)
    workspace.accounts.pop(key, None)


def failed(workspace: Workspace, key: str, trouble: str, said: str) -> None:
    """It could not be renewed. `trouble`: the platform's word in ours; empty: no answer came."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row, known = accounts.find(connection, key), connection_tokens.find(connection, key)
        if row is None or known is None:
            return
        failures, dead = known.failures + 1, trouble in FINAL
        wait = RETRY_MS[min(failures, len(RETRY_MS)) - 1]
        values: dict[str, Any] = {
            "failures": failures, "trouble": said[:500], "lease_until": None, "next_at": None if dead else now_ms + wait,
        }  # fmt: skip
        if (dead or failures >= ALERT_AFTER) and known.alerted_at is None:
            values["alerted_at"] = now_ms
            _tell_dead(workspace, connection, row, known, said, now_ms)
        connection_tokens.put(connection, key, values)

    workspace.writer.call(write)


# --- what people are told --------------------------------------------------------------------------


def _tell_dead(
    workspace: Workspace, connection: Connection, row: Any, known: Any, said: str, now_ms: int
) -> None:
    name, used = _named(row), sources.by_connections(connection, [row.key]).get(row.key, [])
    lives = known.expires_at is not None and known.expires_at > now_ms
    texts = {
        "zh": (
            f"严重：店铺授权无法自动续期：{name}",
            f"连接 {row.key}；受影响的来源：{'、'.join(used) or '无'}。平台回答：{said[:300]}。"
            + ("现在的令牌还能用一段时间。" if lives else "现在的令牌已经失效，订单和退款暂时取不到（不会丢）。")
            + "请店主在平台后台重新授权应用，再把新的授权令牌和刷新令牌填进“连接”里的这个账号；之后会从上次的位置补拉。",
        ),
        "en": (
            f"Critical: the authorisation of a shop cannot be renewed: {name}",
            f"Connection {row.key}; sources: {', '.join(used) or 'none'}. It answered: {said[:300]}. "
            + (
                "The token of now still works for a while. "
                if lives
                else "The token is dead: nothing is read for now, and nothing is lost. "
            )
            + "Let the shop's owner authorise the app again at the platform, and enter the new access and refresh token at this"
            " account under Connections; what was missed is read then.",
        ),
    }  # fmt: skip
    ops_alerts.tell(
        workspace,
        connection,
        texts,
        f"token.{row.key}.{now_ms}",
        people=_owners(connection, row.key),
    )


def _tell_back(workspace: Workspace, connection: Connection, row: Any, now_ms: int) -> None:
    name = _named(row)
    texts = {
        "zh": (f"店铺授权已恢复：{name}", "令牌已经续期。"),
        "en": (f"The authorisation of a shop works again: {name}", "Its token has been renewed."),
    }
    ops_alerts.tell(
        workspace,
        connection,
        texts,
        f"tokenback.{row.key}.{now_ms}",
        people=_owners(connection, row.key),
    )


def _tell_ends(
    workspace: Workspace, connection: Connection, row: Any, ends_ms: int, now_ms: int
) -> None:
    name, days = _named(row), max(0, (ends_ms - now_ms) // 86_400_000)
    texts = {
        "zh": (
            f"店铺授权 {days} 天后到期：{name}",
            f"连接 {row.key}：刷新令牌到期后机器不能再续期，请店主提前在平台后台重新授权。",
        ),
        "en": (
            f"The authorisation of a shop ends in {days} days: {name}",
            f"Connection {row.key}: after that no machine can renew it. Let the shop's owner authorise the app again before.",
        ),
    }
    ops_alerts.tell(
        workspace, connection, texts, f"tokenends.{row.key}.{ends_ms // 86_400_000}",
        people=_owners(connection, row.key),
    )  # fmt: skip


def _named(row: Any) -> str:
    return row.name if isinstance(row.name, str) else str(row.key)


def _owners(connection: Connection, key: str) -> list[str]:
    named = [source.owner for source in sources.of_connection(connection, key)]
    return sorted(
        {str(one) for owner in named for one in (owner.get("primary"), owner.get("backup")) if one}
    )

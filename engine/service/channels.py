"""How people are reached outside the app: each by an order of channels of their own, with addresses; the workspace has one for all
others. In the app everybody is told, always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.people import reach
from headrace.engine.people.reach import CHANNELS, KINDS_OFF, Sender
from headrace.engine.people.wording import ZONE, written
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import PAGE_MAX, delivery_json
from headrace.engine.service.ways import FACT, senders, standard
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import channels, facts, users
from headrace.engine.store import telling as told

Settings = Mapping[str, Any]


# --- mine -------------------------------------------------------------------------------------------


def mine(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """My channels in my order, and by which of them I can be reached now."""
    with workspace.read() as connection:
        row = users.find(connection, actor.user_id)
        settings = channels.settings_of(connection, [actor.user_id]).get(actor.user_id, {})
        usual, there = standard(connection), senders(connection)
    email = row.email if row else None
    order = reach.order_of(settings, usual)
    listed = [*order, *(channel for channel in CHANNELS if channel not in order)]
    return {
        "order": order,
        "own": bool(settings.get("order")),
        "off": list(settings.get("off", ())),
        "quiet": settings.get("quiet"),
        "may_be_off": sorted(KINDS_OFF),
        "channels": [
            _shown(channel, channel in order, settings, usual, email, there) for channel in listed
        ],
    }


def _shown(
    channel: str,
    used: bool,
    settings: Settings,
    usual: Settings,
    email: str | None,
    there: Sequence[Sender],
) -> dict[str, Any]:
    own = settings.get("addresses", {}).get(channel, {})
    way = reach.way_of(channel, settings, usual, email, there)
    return {
        "channel": channel,
        "used": used,
        "reaches": way is not None,
        "address": own.get("address", ""),
        "standard_address": (email or "") if channel == "mail" else "",
        "connection": own.get("connection"),
        "connections": [
            {"key": one.key, "name": one.name} for one in there if one.channel == channel
        ],
    }


def change_mine(workspace: Workspace, actor: Actor, settings: Settings) -> dict[str, Any]:
    """All of my settings at once; what is not named is as usual."""

    def write(connection: Connection) -> None:
        _check(settings, senders(connection))
        channels.put(connection, actor.user_id, settings, workspace.clock.now_ms())

    workspace.writer.call(write)
    return mine(workspace, actor)


def test_mine(workspace: Workspace, actor: Actor, channel: str) -> dict[str, Any]:
    """Send me a message by this channel, and by no other; what becomes of it stands in `messages`."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> int:
        row = users.find(connection, actor.user_id)
        settings = channels.settings_of(connection, [actor.user_id]).get(actor.user_id, {})
        email = row.email if row else None
        if (
            reach.way_of(channel, settings, standard(connection), email, senders(connection))
            is None
        ):
            text = (
                f"Expected an address and a connection for {channel}, but one of them is missing."
            )
            problem = Problem("/channel", "channel_not_reached", {"channel": channel}, text)
            raise ValidationFailed(what="channel", count=1, problems=[problem])
        others = [other for other in CHANNELS if other != channel]
        details = {"way": {"first": channel, "without": others}}
        title, text = written("test", details, row.language if row else "zh")
        workspace.changed.add("outbox")
        return told.insert(
            connection,
            {
                "channel": told.PERSON, "recipient": "", "title": title, "text": text, "status": "queued", "receipts": [],
                "kind": "test", "user_id": actor.user_id, "details": details, "available_at": now_ms, "created_at": now_ms,
                "dedup": f"test.{actor.user_id}.{channel}.{now_ms}",
            },
        )  # fmt: skip

    return {"id": workspace.writer.call(write)}


def messages(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What was sent to me outside the app, with every attempt, newest first."""
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = channels.messages_of(
            connection, actor.user_id, before=int(cursor) if cursor else None, limit=limit + 1
        )
    return {
        "items": [delivery_json(row) for row in rows[:limit]],
        "next_cursor": str(rows[limit - 1].id) if len(rows) > limit else None,
    }


# --- the workspace's --------------------------------------------------------------------------------


def workspace_settings(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """What counts for everybody who has set nothing else."""
    actor.require("connections:read")
    with workspace.read() as connection:
        return _usual(standard(connection), senders(connection))


def change_workspace(workspace: Workspace, actor: Actor, settings: Settings) -> dict[str, Any]:
    """All of it at once."""
    actor.require("connections:write")

    def write(connection: Connection) -> dict[str, Any]:
        there = senders(connection)
        _check(settings, there)
        facts.put(connection, FACT, dict(settings))
        audit.note(connection, workspace, actor, "channels.change", FACT, settings=dict(settings))
        return _usual(settings, there)

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


def _usual(settings: Settings, there: Sequence[Sender]) -> dict[str, Any]:
    return {
        "order": reach.order_of({}, settings),
        "connections": dict(settings.get("connections", {})),
        "sms": dict(settings.get("sms", {})),
        "zone": settings.get("zone", ZONE),
        "available": [
            {"key": one.key, "name": one.name, "channel": one.channel}
            for one in there
            if one.channel in CHANNELS
        ],
    }


def _check(settings: Settings, there: Sequence[Sender]) -> None:
    """What its shape cannot say: connections that are there and fit, time zones, no channel twice."""
    found: list[Problem] = []
    order = settings.get("order") or []
    if len(set(order)) != len(order):
        found.append(_wrong("/order", "each channel once", ", ".join(order)))
    wanted = {
        f"/connections/{channel}": (channel, key)
        for channel, key in settings.get("connections", {}).items()
    }
    for channel, told_ in settings.get("addresses", {}).items():
        if told_.get("connection"):
            wanted[f"/addresses/{channel}/connection"] = (channel, told_["connection"])
    for path, (channel, key) in wanted.items():
        fitting = [one.key for one in there if one.channel == channel]
        if key not in fitting:
            found.append(_wrong(path, f"one of {', '.join(fitting) or 'no connection'}", str(key)))
    zones = {
        "/zone": settings.get("zone"),
        "/quiet/timezone": (settings.get("quiet") or {}).get("timezone"),
    }
    found += [
        _wrong(path, "a time zone such as Asia/Shanghai", zone)
        for path, zone in zones.items()
        if zone and zone not in available_timezones()
    ]
    if found:
        raise ValidationFailed(what="channels", count=len(found), problems=found)


def _wrong(path: str, expected: str, found: str) -> Problem:
    params = {"expected": expected, "found": found}
    return Problem(path, "setting_wrong", params, f"Expected {expected}, but found {found}.")

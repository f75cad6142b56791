"""By which ways a person is reached, one after the other until one works. Pure.

Everybody is told in the app, always. Outside it the person's own order of channels counts, else the workspace's; a channel
without an address or a connection is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

CHANNELS = ("mail", "dingtalk", "wecom", "feishu", "sms")
"""In the order of a workspace that has set none."""

ROBOTS = frozenset({"dingtalk", "wecom", "feishu"})
"""In a group; the person is mentioned by the address, a mobile number or an id of that platform."""

CONNECTORS: Mapping[str, str] = {"smtp": "mail", "robot": "robot", "aliyun_sms": "sms"}
"""Kinds of connections messages can leave by."""

URGENT = frozenset({"warn", "due", "remind", "escalated_to", "escalated_from", "test"})
"""Kinds of message that quiet hours do not hold back."""

KINDS_OFF = frozenset({"task", "again", "cc", "answered", "rejected"})
"""Kinds a person may keep to the app; reminders and what is asked of a person cannot be turned off."""

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """One way: a channel, the connection it goes by, the address there."""

    channel: str
    connection: str
    address: str = ""

    @property
    def sender(self) -> str:
        """Which of the senders does it."""
        return "robot" if self.channel in ROBOTS else self.channel

    def as_json(self) -> dict[str, str]:
        """As the outbox keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sender:
    """A connection messages can leave by. `channel`: of a robot that of its platform; none: one that is no person's channel."""

    key: str
    channel: str
    name: str = ""


def sender_of(key: str, connector: str, settings: Settings, name: str = "") -> Sender:
    """The sender behind a connection."""
    channel = CONNECTORS[connector]
    return Sender(key, str(settings.get("kind", "")) if channel == "robot" else channel, name)


def order_of(mine: Settings, standard: Settings) -> list[str]:
    """The channels in the order that counts for this person."""
    order = mine.get("order") or standard.get("order") or CHANNELS
    return [channel for channel in order if channel in CHANNELS]


def ways(
    mine: Settings, standard: Settings, email: str | None, senders: Sequence[Sender], wish: Settings
) -> list[Way]:
    """All ways that could be tried, in order. `wish`: `{first, without}` of the message itself."""
    order = order_of(mine, standard)
    first = wish.get("first")
    if first:
        order = [first, *(channel for channel in order if channel != first)]
    without = wish.get("without", ())
    found = (way_of(channel, mine, standard, email, senders) for channel in order)
    # Not even the channel that its sister message takes, unless nothing else is left.
    all_ways = [way for way in found if way is not None]
    return [way for way in all_ways if way.channel not in without]


def way_of(
    channel: str, mine: Settings, standard: Settings, email: str | None, senders: Sequence[Sender]
) -> Way | None:
    """How this person is reached by this channel; None: not at all."""
    told = mine.get("addresses", {}).get(channel, {})
    address = told.get("address") or (email if channel == "mail" else "") or ""
    fitting = [sender.key for sender in senders if sender.channel == channel]
    chosen = told.get("connection") or standard.get("connections", {}).get(channel)
    if chosen not in fitting:
        # A group is joined by somebody's choice: a robot is nobody's way by itself.
        chosen = fitting[0] if fitting and (address or channel not in ROBOTS) else None
    if chosen is None or (not address and channel not in ROBOTS):
        return None
    if channel == "sms" and not standard.get("sms", {}).get("template"):
        return None
    return Way(channel, chosen, address)


def quiet_until(mine: Settings, kind: str, now_ms: int, zone: str) -> int | None:
    """When a message of this kind may be sent: None at once, else the end of the person's quiet hours."""
    quiet = mine.get("quiet")
    if not quiet or kind in URGENT:
        return None
    here = ZoneInfo(quiet.get("timezone") or zone)
    now = datetime.fromtimestamp(now_ms / 1000, here)
    begins, ends = (_minutes(quiet[name]) for name in ("from", "to"))
    minute = now.hour * 60 + now.minute
    inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not inside or begins == ends:
        return None
    day = now.date() + timedelta(days=1 if minute >= ends else 0)
    end = datetime.combine(day, datetime.min.time(), here).replace(
        hour=ends // 60 % 24, minute=ends % 60
    )
    return round(end.timestamp() * 1000)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


# --- what became of a message ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a message stands: the way that is tried now, those of this round, those worth another round, how many rounds."""

    now: Mapping[str, str]
    left: tuple[Mapping[str, str], ...] = ()
    again: tuple[Mapping[str, str], ...] = ()
    rounds: int = 0

    def as_json(self) -> dict[str, Any]:
        """As the outbox keeps it."""
        return asdict(self)

    def failed(self, *, retryable: bool) -> tuple[Trail | None, bool]:
        """What follows a failure: the next way, and whether it is a new round (then after a pause). None: nothing is left."""
        again = (*self.again, self.now) if retryable else self.again
        if self.left:
            return Trail(self.left[0], self.left[1:], again, self.rounds), False
        if again:
            return Trail(again[0], again[1:], (), self.rounds + 1), True
        return None, False


def trail_of(told: Mapping[str, Any]) -> Trail:
    """What `as_json` wrote."""
    return Trail(told["now"], tuple(told["left"]), tuple(told["again"]), told["rounds"])


def begun(found: Sequence[Way]) -> Trail:
    """The beginning of a message with these ways (at least one)."""
    first, *rest = (way.as_json() for way in found)
    return Trail(first, tuple(rest))

"""What simulators have in common: a call, an answer, the troubles on the way, and times as platforms write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.troubles import Switches
from headrace.engine.sandbox.world import Order, World

CHINA = timezone(timedelta(hours=8))
FIELDS_MAX = 200
SKUS_DIGITS = 9
OFFERS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    """Below the simulator's own place: `/router/rest`."""
    target: str
    """Path and query as they stood in the request."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    now_ms: int
    """By the platform's clock, which may be wrong."""

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        try:
            text = self.body.decode()
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX))
        except ValueError:
            return {}

    def json(self) -> dict[str, Any]:
        """The object in the body; empty where there is none."""
        return json_object(self.body)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """What to fill into a connection."""

    connector: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False, default_factory=dict)


class No(Exception):
    """This request is refused: a kind each platform has its own words for, and what was wrong."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind = kind


def said(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Said:
    """JSON."""
    named = headers or {}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Said(body, status, {"content-type": "application/json; charset=utf-8", **named})


def json_object(data: bytes | str) -> dict[str, Any]:
    """The object; empty where it is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class Simulator:
    """One platform. A subclass says how it proves a request, what it does, and how it says no."""

    name: ClassVar[str]
    troubles: ClassVar[tuple[str, ...]] = (
        "throttled", "busy", "token_dead", "withdrawn", "withdrawn_404", "clock", "lost", "slow",
    )  # fmt: skip
    BODILY: ClassVar[tuple[str, ...]] = ("throttled", "busy", "token_dead", "withdrawn")

    def __init__(self, world: World, switches: Switches, keys: Keys) -> None:
        self.world = world
        self.switches = switches
        self.keys = keys

    def account(self, base: str) -> Account:
        """What a connection to it needs, where the sandbox stands at `base`."""
        raise NotImplementedError

    def prove(self, asked: Asked) -> None:
        """Is the request signed, fresh and by a living token? Raises `No`."""
        raise NotImplementedError

    def do(self, asked: Asked) -> Said:
        """What a proven request asks for. Raises `No`."""
        raise NotImplementedError

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """A refusal as this platform says it."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Said:
        """What the platform says."""
        version = self.version(asked)
        if self.on("withdrawn_404", version):
            return said({"error": "not found", "message": "接口不存在"}, 404)
        try:
            self.prove(asked)
            if self.renews(asked):
                return self.do(asked)
            met = next((trouble for trouble in self.BODILY if self.on(trouble, version)), None)
            return self.no(met, "", asked) if met else self.do(asked)
        except No as refusal:
            return self.no(refusal.kind, str(refusal), asked)

    def renews(self, asked: Asked) -> bool:
        """Does it ask for a new token? That needs no living one."""
        del asked
        return False

    def version(self, asked: Asked) -> str:
        """Which version of its interface is asked; empty where there is one."""
        del asked
        return ""

    def on(self, trouble: str, version: str = "") -> bool:
        """Does this call meet that trouble?"""
        return self.switches.take(self.name, trouble, version) is not None


class Shop(Simulator):
    """A platform with orders: they are named by the simulator's name in the world."""

    troubles = (*Simulator.troubles, "empty", "moving")
    renewed = ""
    """What stands behind the first token: `-1` after the first renewal."""
    LIVES_S: ClassVar[int] = 86_400
    """How long a token lives; the first one, which nobody asked for, until it is renewed or switched dead."""
    ends_ms: int | None = None

    def renew(self, given: str, known: str, now_ms: int) -> str:
        """The token that counts from now on. Raises `No`."""
        if given != known:
            raise No("token_dead", "refresh_token")
        self.renewed = f"-{int(self.renewed[1:] or 0) + 1}"
        self.ends_ms = now_ms + self.LIVES_S * 1_000
        self.switches.off(self.name, "token_dead")
        return self.renewed

    def alive(self, given: str, first: str, now_ms: int) -> None:
        """Is that the token of now, and has it not ended? Raises `No`."""
        if given != f"{first}{self.renewed}" or (
            self.ends_ms is not None and now_ms >= self.ends_ms
        ):
            raise No("token_dead")

    def payload(self, order: Order) -> dict[str, Any]:
        """The order as this platform writes it."""
        raise NotImplementedError

    def changed(
        self, asked: Asked, since_ms: int, until_ms: int, *, ascending: bool = False
    ) -> list[Order]:
        """Orders changed between, youngest change first; none at all where the list is silently empty."""
        if since_ms > until_ms:
            raise No("params", "the end is before the beginning")
        if self.on("empty", self.version(asked)):
            return []
        found = self.world.changed(self.name, since_ms, min(until_ms, asked.now_ms))
        return found[::-1] if ascending else found

    def refunds(self, asked: Asked, since_ms: int, until_ms: int) -> list[Order]:
        """Orders with a refund that have changed between, youngest change first."""
        return [order for order in self.changed(asked, since_ms, until_ms) if order.refunds]

    def cut(self, found: list[Order], begin: int, size: int, now_ms: int) -> list[dict[str, Any]]:
        """One page. Somebody may change its first order right after."""
        rows = found[begin : begin + size]
        written = [self.payload(order) for order in rows]
        if rows and self.on("moving"):
            self.world.note(rows[0], "改过备注", now_ms)
        return written

    def order(self, id_: str) -> Order:
        """The order, or `No`."""
        found = self.world.find(self.name, id_)
        if found is None:
            raise No("not_found", f"no order {id_[:40]}")
        return found

    def offer(self, sku_id: object, quantity: object) -> None:
        """From now on so many may be sold here."""
        text = str(quantity)
        if not sku_id or not text.isdigit() or len(text) > SKUS_DIGITS:
            raise No("params", "sku and a whole number")
        with self.world.lock:
            self.world.offered[self.name, str(sku_id)] = int(text)
            self.world.offers.append((self.name, str(sku_id), int(text)))
            del self.world.offers[:-OFFERS_KEPT]

    def ship(self, asked: Asked, id_: str, company: str, waybill: str) -> None:
        """The seller says it is on its way. Raises `No`."""
        if not waybill or not company:
            raise No("params", "a carrier and a waybill are needed")
        if not self.world.ship(self.order(id_), company, waybill, asked.now_ms):
            raise No("rule", "this order cannot be shipped")


# --- as platforms write -------------------------------------------------------------------------


def china(ms: int | None) -> str:
    """`2026-01-09 16:00:00`, in China's time; empty for none."""
    return "" if ms is None else datetime.fromtimestamp(ms // 1_000, CHINA).strftime("%F %T")


def china_ms(text: str) -> int:
    """The other way round. Raises `No`."""
    try:
        return round(datetime.fromisoformat(text[:19]).replace(tzinfo=CHINA).timestamp() * 1_000)
    except ValueError:
        raise No("params", f"not a time: {text[:40]}") from None


def utc(ms: int | None) -> str | None:
    """`2026-01-09T08:00:00Z`."""
    return None if ms is None else datetime.fromtimestamp(ms // 1_000, UTC).strftime("%FT%TZ")


def utc_ms(text: str) -> int:
    """The other way round. Raises `No`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise No("params", f"not a time: {text[:40]}") from None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)


def whole(value: Any, default: int | None = None, most: int = 10**15) -> int:
    """A whole number. Raises `No`."""
    if value in (None, "") and default is not None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise No("params", "not a number") from None
    if not 0 <= number <= most:
        raise No("params", f"not from 0 to {most}")
    return number


def yuan(fen: int) -> str:
    """1250 → `12.50`."""
    return f"{fen // 100}.{fen % 100:02}"


def fen(text: Any) -> int:
    """`12.50` → 1250. Raises `No`."""
    head, _, tail = str(text).partition(".")
    if not (head + tail).isascii() or not (head + tail).isdigit() or len(tail) > 2:
        raise No("params", "not an amount")
    return int(head or 0) * 100 + int(tail.ljust(2, "0"))

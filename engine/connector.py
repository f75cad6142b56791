"""What a connector is: a kind of outside system one can have an account at. The contract for `nodes/connectors/`.

An account is a *connection*: settings anyone may read, secrets nobody reads back. A connector says what both look like and how
to find out whether an account works. Like a node type it is a value, one a file, found by being there; it never reaches out by
itself, but is handed an `Outside`.

What can be asked of a platform is an `Operation`: it builds a request (pure: time, nonce and key are arguments) and judges the
answer, also one that says HTTP 200 and means no. `docs/connectors.md` lists all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from headrace.engine.limits import Rate
from headrace.engine.node import ConnectionInfo, EffectClass, HttpAnswer, Text

__all__ = [
    "ORDER_STATES",
    "TROUBLES",
    "ConnectionInfo",
    "Connector",
    "ErrorTable",
    "HttpAnswer",
    "Incoming",
    "Mapped",
    "Meaning",
    "Operation",
    "Outside",
    "Paging",
    "ParamWrong",
    "Pushed",
    "Rate",
    "Receipt",
    "Renewal",
    "Reply",
    "Request",
    "Text",
    "Trouble",
    "Verdict",
    "Window",
    "Wish",
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the far side said to a message or a trial. `retryable`: the same again may work later."""

    ok: bool
    answer: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request at a webhook's door, before anything believed it."""

    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    body: bytes = field(repr=False)
    """Exactly the bytes that came: signatures are over these."""
    now_ms: int = 0
    """When it came, by our clock: signatures that grow old are measured against it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the far side wants to hear once its call is in the store; anything else and it calls again."""

    body: str
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


class Outside(Protocol):
    """What the trial of a connection may touch. Guarded like everything that leaves."""

    def now_ms(self) -> int:
        """What time it is: signatures hold it."""
        ...

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request; raises as `node.World.http`."""
        ...

    def greet_mail(self, connection: ConnectionInfo) -> Receipt:
        """Connect to the mail server and sign in; nothing is sent."""
        ...

    def greet_database(self, connection: ConnectionInfo) -> Receipt:
        """Connect to the database and sign in; nothing is changed."""
        ...

    def send_robot(self, connection: ConnectionInfo, title: str, text: str) -> Receipt:
        """Send one message to the group."""
        ...


ORDER_STATES = (
    "unpaid", "paid", "held", "part_shipped", "shipped", "signed", "completed", "cancelled", "refunded",
)  # fmt: skip
"""The life of an order in our words. held: paid, and must not be shipped now."""


# --- what can be asked ----------------------------------------------------------------------------


class ParamWrong(ValueError):
    """A parameter, setting or secret that no request can be made of. The message never holds a secret."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request is made of besides the account."""

    params: Mapping[str, Any]
    key: str
    """The idempotency key: the same on every attempt."""
    now_ms: int
    nonce: str
    """Another one on every attempt, a-z and 0-9."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, signed and with credentials: only its method may be shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes | None = field(repr=False, default=None)


Trouble = Literal[
    "throttled",
    "busy",
    "token_dead",
    "signature",
    "not_allowed",
    "withdrawn",
    "refused",
    "unlisted",
]
"""Why a platform said no, in words that are the same for all; also the code a flow's retry policy reads."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What follows from a trouble."""

    title: Text
    retryable: bool = False
    maybe_done: bool = False
    """It may have happened all the same: where twice does harm, nobody may simply repeat it."""


TROUBLES: Mapping[Trouble, Meaning] = {
    "throttled": Meaning({"zh": "调用太频繁", "en": "too many calls"}, retryable=True),
    "busy": Meaning(
        {"zh": "平台侧故障", "en": "trouble at the platform"}, retryable=True, maybe_done=True
    ),
    "token_dead": Meaning({"zh": "授权已失效", "en": "authorisation ended"}),
    "signature": Meaning({"zh": "签名或时间不对", "en": "signature or clock wrong"}),
    "not_allowed": Meaning(
        {"zh": "没有权限或 IP 不在白名单", "en": "no permission, or IP not listed"}
    ),
    "withdrawn": Meaning({"zh": "接口已下线", "en": "interface withdrawn"}),
    "refused": Meaning({"zh": "请求有误或业务拒绝", "en": "bad request, or refused by its rules"}),
    "unlisted": Meaning({"zh": "未知的错误码", "en": "a code nobody listed"}, maybe_done=True),
}


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """What a platform's codes mean. A key is a code, or the beginning of one and `*`."""

    kinds: Mapping[str, Trouble]
    pauses: Mapping[str, float] = field(default_factory=dict)
    """Code or trouble → how long to leave it alone (s), where the far side does not say so itself."""

    def kind(self, *codes: str) -> Trouble:
        """The first code that is listed decides: give the most exact one first."""
        return self.kinds.get(self._deciding(codes), "unlisted")

    def verdict(self, message: str, *codes: str) -> Verdict:
        """The verdict on an answer that says no with these codes."""
        decided = self._deciding(codes)
        kind = self.kinds.get(decided, "unlisted")
        shown = next((code for code in codes if code), "")
        pause_s = self.pauses.get(decided, self.pauses.get(kind))
        return Verdict(trouble=kind, code=shown, message=message, pause_s=pause_s)

    def _deciding(self, codes: Sequence[str]) -> str:
        for code in codes:
            if code in self.kinds:
                return code
            for known in self.kinds:
                if known.endswith("*") and code.startswith(known[:-1]):
                    return known
        return ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means. Without a trouble it is a yes, and `output` is what a flow sees of it."""

    output: Any = None
    trouble: Trouble | None = None
    code: str = ""
    """The platform's own code."""
    message: str = ""
    pause_s: float | None = None
    absent: bool = False
    """It says that what was asked for is not there: to a probe that is an answer."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list is walked. backwards: last page first, or what changes meanwhile is missed."""

    by: Literal["page", "cursor", "link"]
    direction: Literal["forwards", "backwards"]
    size_max: int
    first: int = 1
    """The number of the first page."""

    def pages(self, total: int, size: int) -> Sequence[int]:
        """The numbers of all pages of so many items, in the order to ask for them."""
        count = -(-total // size)
        numbers = range(self.first, self.first + count)
        return numbers if self.direction == "forwards" else numbers[::-1]


@dataclass(frozen=True, slots=True)
class Window:
    """What times a list may be asked for."""

    longest_s: int | None = None
    advised_s: int | None = None
    lag_s: int = 0
    """The end must be this far behind the platform's clock."""
    history_s: int | None = None

    def slices(self, since_ms: int, until_ms: int, now_ms: int) -> list[tuple[int, int]]:
        """The time between, in pieces the platform answers to; nothing later than it may be asked for, no gap, no overlap."""
        end = min(until_ms, now_ms - self.lag_s * 1_000)
        begin = since_ms
        if self.history_s is not None:
            begin = max(begin, now_ms - self.history_s * 1_000)
        step = (self.advised_s or self.longest_s or 86_400) * 1_000
        return [(at, min(at + step, end)) for at in range(begin, end, step)]


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be asked of the far side. `rate`: what it bears by its own word; a new connection begins with it."""

    name: str
    title: Text
    effect: EffectClass
    """May it be repeated, where the drawing says nothing else?"""
    rate: Rate | None = None
    rates: Mapping[str, Rate] = field(default_factory=dict)
    """Another rate where the setting `kind` of the connection has this value."""
    api: str = ""
    """The platform's own name of it, version included."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of its parameters, annotated as a node's settings are."""
    build: Callable[[ConnectionInfo, Wish], Request] | None = None
    """None: it is only named here, and another node does it. Raises `ParamWrong`."""
    judge: Callable[[HttpAnswer], Verdict] | None = None
    key_field: str = ""
    """Where the far side finds our idempotency key, or what it knows a repetition by."""
    probe: str = ""
    """Effect class probe: the operation that tells whether it happened, asked with the same parameters."""
    happened: Callable[[Wish, Any], bool | None] | None = None
    """Reads the output of the probe; None: it cannot tell yet."""
    paging: Paging | None = None
    window: Window | None = None
    unproven: bool = False
    """Its name or fields are common knowledge, not read in a source: try it before relying on it."""
    judge_asked: Callable[[Wish, HttpAnswer], Verdict] | None = None
    """In place of `judge`, where what an answer means depends on what was asked."""
    follow: Callable[[Wish, Any], Mapping[str, Any] | None] | None = None
    """The parameters of the next page, from what was asked and the output; None: this was the last."""
    pages_max: int = 1
    """So many pages one step reads."""

    def verdict(self, wish: Wish, answer: HttpAnswer) -> Verdict:
        """What the answer to this wish means."""
        if self.judge_asked is not None:
            return self.judge_asked(wish, answer)
        assert self.judge is not None, f"expected {self.name} to be asked by us"
        return self.judge(answer)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A platform's order or refund in our words. Nothing is lost: a field that is not in `values` is in `extra`."""

    values: Mapping[str, Any]
    extra: Any
    taken: frozenset[tuple[str | int, ...]]
    """Paths of the fields that became values."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One thing a verified call tells of: an order or a refund with all of it, or only its number, by which it is asked for."""

    what: Literal["order", "refund"]
    payload: Mapping[str, Any] | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a dead authorisation is renewed where the platform lets a machine do it."""

    build: Callable[[ConnectionInfo, Wish], Request]
    judge: Callable[[HttpAnswer], Verdict]
    """A good verdict's output: `{"secrets": {name: new value}, "expires_in": s, "refresh_expires_in": s}`; names that do not
    come stay, and an end nobody tells is not known."""
    needs: tuple[str, ...] = ("refresh_token",)
    """Secrets it is made of: without one only a person can renew it."""
    lead_s: int = 86_400
    """So long before its end it is renewed, at most a quarter of its life."""


def _nothing_to_try(_: ConnectionInfo, __: Outside) -> Receipt:
    return Receipt(True, "nothing to try")


@dataclass(frozen=True, slots=True)
class Connector:
    """A kind of outside system."""

    name: str
    title: Text
    help: Text
    icon: str
    settings: Mapping[str, Any]
    """JSON Schema of what may be read back, annotated as a node's settings are."""
    secrets: Mapping[str, Any]
    """JSON Schema of what is kept encrypted: an object of texts."""
    example: Mapping[str, Any]
    """Settings that are valid."""
    example_secrets: Mapping[str, str]
    operations: tuple[Operation, ...] = ()
    """What we ask of it; none: it only calls us."""
    test: Callable[[ConnectionInfo, Outside], Receipt] = _nothing_to_try
    verify: Callable[[ConnectionInfo, str, Incoming], bool] | None = None
    """Does an incoming request come from the far side, by this way of telling (`token`, `hmac`)? None: it never sends any."""
    stranger: Callable[[ConnectionInfo, str, Incoming], str] | None = None
    """Of a call that is not verified: it is theirs all the same, but about somebody else; whom (`app_id 2021…`), or nothing."""
    unwrap: Callable[[ConnectionInfo, Incoming], Any] | None = None
    """What a verified call says, decrypted; None: its body is read as it came. Raises `ParamWrong`."""
    proves: Callable[[ConnectionInfo, HttpAnswer, int], bool] | None = None
    """Is an answer theirs, and fresh by our clock (ms)? None: TLS alone says so."""
    reply: Reply | None = None
    """Said only where a call is now safe with us."""
    refusal: Reply | None = None
    """Said where a call is safe with us and does not fit what we know, so that it comes again; None: HTTP 409."""
    greet: Callable[[ConnectionInfo, Incoming], str | None] | None = None
    """What to answer to the far side's first GET, which asks whether we are there; None: it is not them."""
    oauth: Mapping[str, Any] | None = None
    """How tokens are got, where the engine keeps them fresh (`flow/own/tokens.py`)."""
    errors: ErrorTable | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    """The platform's status code of an order → ours (`ORDER_STATES`); one that is not here goes to a person, never to a default."""
    refund_statuses: Mapping[str, str] = field(default_factory=dict)
    """The same of a refund (`order_map.REFUND_STATES`); none listed: all are wishes until a person lists them."""
    order: Callable[[Mapping[str, Any]], Mapped] | None = None
    refund: Callable[[Mapping[str, Any]], Mapped] | None = None
    pushed: Callable[[Any, Incoming], Sequence[Pushed]] | None = None
    """What a verified call tells of; None: its body is one order, or a list of orders."""
    renewal: Renewal | None = None
    """None: a person has to authorise again."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of its interfaces that a shop can be switched to (the setting `version`) → the day they end, empty where unknown."""
    check: Callable[[Mapping[str, Any]], Sequence[tuple[str, str, Mapping[str, Any]]]] = lambda _: ()
    """More problems of the settings than a schema can tell: (path inside settings, code, params)."""

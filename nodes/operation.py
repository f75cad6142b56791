"""Ask a platform for one of its operations: a shop, a payment service, text messages.

The connector builds and signs the request, and judges the answer: many platforms say HTTP 200 to errors. What may be repeated is
the operation's effect class, not a choice of the drawing. See `nodes/README.md`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace.engine.connector import TROUBLES, Connector, Operation, ParamWrong, Verdict, Wish
from headrace.engine.errors import AddressRefused, BodyTooLarge
from headrace.engine.node import (
    ERROR,
    OUT,
    ConnectionInfo,
    Context,
    Done,
    EffectClass,
    Failed,
    HttpAnswer,
    NodeType,
    NotSent,
    OutcomeUnknown,
)
from headrace.nodes._fields import (
    NAME,
    TIMEOUT_S,
    Problems,
    connection,
    evaluated,
    form,
    pairs,
    policy,
    repeated,
    setting,
)
from headrace.nodes._operations import operations
from headrace.nodes.connector import ANSWER_MAX_BYTES, EXCERPT_MAX, retry_after
from headrace.nodes.connectors.rest import masked

MASKED_MAX = 16_384
"""So much of what a far side says is read to show 300 characters of it: a secret cut off at the end is never shown."""


def run(context: Context) -> Done | Failed:
    """After an outcome nobody knows, the operation's probe asks first; otherwise do it."""
    assert context.world is not None
    account = context.world.connection(context.settings["connection"])
    found = _found(context, account)
    if isinstance(found, Failed):
        return found
    connector, operation = found
    wish = _wish(context)
    if context.unknown_before and operation.probe:
        probed = _probe(context, account, connector, operation, wish)
        if probed is not None:
            return probed
    return _pages(context, account, connector, operation, wish)


def _found(context: Context, account: ConnectionInfo) -> tuple[Connector, Operation] | Failed:
    """The operation, of a file or drawn in this workspace. One that may be repeated less than drawn is not asked."""
    name, _, asked = context.settings["operation"].partition(".")
    if account.connector != name:
        return Failed(
            "wrong_connection",
            f"Expected a connection of {name}, but {account.key} is {account.connector!r}.",
        )
    if account.own is None:
        return operations()[context.settings["operation"]]
    connector: Connector = account.own
    operation = next((one for one in connector.operations if one.name == asked), None)
    if operation is None:
        return Failed(
            "operation_gone", f"Expected {name} to offer {asked}, but this version does not."
        )
    drawn = _effect(context.settings)
    if CARE.index(operation.effect) > CARE.index(drawn):
        return Failed(
            "operation_changed",
            f"Expected {asked} to be of class {drawn} as drawn, but its connector says {operation.effect} now.",
        )
    return connector, operation


CARE: tuple[EffectClass, ...] = ("pure", "keyed", "probe", "once")
"""From what may be repeated freely to what may not."""


def _wish(context: Context) -> Wish:
    """The nonce is another one on every attempt, and nothing here throws dice."""
    moment = f"{context.key}/{context.attempt}/{context.now_ms}"
    nonce = hashlib.sha256(moment.encode()).hexdigest()[:32]
    params = evaluated(context, context.settings.get("params", ()))
    given = {name: value for name, value in params.items() if value is not None}
    return Wish(given, context.key, context.now_ms, nonce)


def _pages(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    wish: Wish,
) -> Done | Failed:
    """Ask, once more with a new token where only that was wrong, and for as many pages as the operation reads at once."""
    found = _ask(context, account, connector, operation, wish)
    renews = account.own is not None or connector.renewal is not None
    if isinstance(found, Failed) and found.code == "token_dead" and renews:
        assert context.world is not None
        renewed = context.world.renew(account)
        if renewed is not None:
            account, wish = renewed, _another(wish, "renewed")
            found = _ask(context, account, connector, operation, wish)
    if operation.follow is None or operation.pages_max == 1:
        return found
    items: list[Any] = []
    for number in range(2, operation.pages_max + 1):
        if isinstance(found, Failed):
            return found
        items += found.output["items"]
        params = operation.follow(wish, found.output)
        if params is None:
            return Done(output={**found.output, "items": items})
        if len(str(items)) > ANSWER_MAX_BYTES:
            return Failed(
                "answer_too_large", f"Expected pages of at most {ANSWER_MAX_BYTES} bytes together."
            )
        wish = _another(replace(wish, params=params), str(number))
        found = _ask(context, account, connector, operation, wish)
    if isinstance(found, Failed):
        return found
    return Done(output={**found.output, "items": items + found.output["items"]})


def _another(wish: Wish, what: str) -> Wish:
    """A further request of the same attempt: a nonce is used once."""
    return replace(wish, nonce=hashlib.sha256(f"{wish.nonce}/{what}".encode()).hexdigest()[:32])


def _ask(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    wish: Wish,
) -> Done | Failed:
    assert operation.build is not None and context.world is not None
    harmful = operation.effect in ("probe", "once")
    try:
        request = operation.build(account, wish)
    except ParamWrong as wrong:
        return Failed("param_wrong", str(wrong))
    if any(character in value for value in request.headers.values() for character in "\r\n\0"):
        return Failed("header_wrong", "Expected headers of one line each, but found a line break.")
    try:
        answer = context.world.http(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=context.settings["timeout_s"],
        )
    except NotSent as trouble:
        return Failed("not_sent", masked(account, str(trouble)), retryable=True)
    except OutcomeUnknown as trouble:
        return Failed("no_answer", masked(account, str(trouble)), retryable=True, unknown=True)
    except AddressRefused as trouble:
        return Failed(trouble.code, trouble.message)
    except BodyTooLarge as trouble:
        return Failed("answer_too_large", trouble.message, unknown=harmful)
    return _judged(context, account, connector, operation, wish, answer)


def _judged(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    wish: Wish,
    answer: HttpAnswer,
) -> Done | Failed:
    """What the answer means, by the connector's table."""
    harmful = operation.effect in ("probe", "once")
    if len(answer.body) > ANSWER_MAX_BYTES:
        found = (
            f"Expected an answer of at most {ANSWER_MAX_BYTES} bytes, but found {len(answer.body)}."
        )
        return Failed("answer_too_large", found, unknown=harmful)
    verdict = operation.verdict(wish, answer)
    if verdict.trouble is not None:
        return _refused(context, account, verdict, answer, harmful=harmful)
    if connector.proves and not connector.proves(account, answer, context.now_ms):
        return Failed(
            "answer_unproven",
            "Expected an answer signed by the platform, but its signature does not hold.",
            retryable=True,
            unknown=harmful,
        )
    return Done(output=verdict.output)


def _refused(
    context: Context,
    account: ConnectionInfo,
    verdict: Verdict,
    answer: HttpAnswer,
    *,
    harmful: bool,
) -> Failed:
    assert verdict.trouble is not None
    meaning = TROUBLES[verdict.trouble]
    said = masked(account, f"{verdict.code} {verdict.message}".strip()[:MASKED_MAX])[:EXCERPT_MAX]
    return Failed(
        verdict.trouble,
        f"HTTP {answer.status}, {meaning.title['en']}: {said}",
        retryable=meaning.retryable,
        unknown=meaning.maybe_done and harmful,
        retry_after_s=retry_after(answer, context.now_ms) or verdict.pause_s,
        details={
            "code": masked(account, verdict.code[:MASKED_MAX])[:EXCERPT_MAX],
            **({"absent": True} if verdict.absent else {}),
        },
    )


def _probe(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    wish: Wish,
) -> Done | Failed | None:
    """Did it happen? Done with what the probe found, None to do it again, or Failed when even this stays unknown."""
    assert operation.happened is not None
    probe = next(one for one in connector.operations if one.name == operation.probe)
    found = _ask(context, account, connector, probe, wish)
    if isinstance(found, Failed):
        if isinstance(found.details, Mapping) and found.details.get("absent"):
            return None
        message = f"Asking whether it happened: {found.message}"
        return replace(found, code=f"probe_{found.code}", message=message, unknown=True)
    happened = operation.happened(wish, found.output)
    if happened is None:
        message = "Asking whether it happened: the answer does not tell."
        return Failed("probe_unclear", message, retryable=True, unknown=True)
    return found if happened else None


# --- the type -----------------------------------------------------------------------------------


def check(settings: Mapping[str, Any]) -> Problems:
    """The parameters are those of the operation, and none that it needs is missing."""
    name = settings.get("operation", "")
    found = operations().get(name)
    if found is None:  # what is drawn in the workspace is checked where it is known
        known = not name or name.startswith(OWN)
        expected = "an operation of a connector"
        return (
            []
            if known
            else [("/operation", "setting_wrong", {"expected": expected, "found": name})]
        )
    known, needed = found[1].params["properties"], found[1].params["required"]
    rows = settings.get("params", ())
    names = [row.get("name", "") for row in rows]
    problems: Problems = [
        (f"/params/{index}/name", "setting_wrong", {"expected": ", ".join(known), "found": name})
        for index, name in enumerate(names)
        if name not in known or name in names[:index]
    ]
    missing = [name for name in needed if name not in names]
    return [*problems, *(("/params", "setting_missing", {"setting": name}) for name in missing)]


OWN = "own-"
"""How the names of connectors begin that are drawn in the workspace."""


def _effect(settings: Mapping[str, Any]) -> EffectClass:
    """Of a file's operation what it says; of one drawn here what the drawing noted, or the most careful."""
    found = operations().get(settings["operation"])
    drawn: EffectClass = settings.get("effect", "once")
    return found[1].effect if found else drawn


NODE = NodeType(
    name="operation",
    title={"zh": "平台操作", "en": "Ask a platform"},
    help={
        "zh": "店铺、支付、短信平台的现成操作：自动签名，看懂平台的错误码，结果不明时先查询再决定。",
        "en": "A ready operation of a shop, a payment service or text messages: signed for you, its error codes"
        " understood, and when nobody knows what happened it asks before it repeats.",
    },
    group="connect",
    icon="shop",
    settings=form(
        ["connection", "operation", "timeout_s", "attempts", "backoff_s"],
        connection=connection(
            ("连接", "Connection"), ("这个平台上的账号。", "The account at that platform.")
        ),
        operation=setting(
            ("操作", "Operation"),
            (
                "平台和要做的事，例如 woocommerce.order；参数见 docs/connectors.md。",
                "What to ask, such as woocommerce.order; docs/connectors.md lists the parameters.",
            ),
            type="string",
            pattern="^(own-)?[a-z][a-z0-9_-]{0,63}\\.[a-z][a-z0-9_]{0,63}$",
            maxLength=130,
            widget="operation",
        ),
        params=pairs(
            ("参数", "Parameters"),
            (
                "这个操作的参数，例如 order_id；值为空的不发送。",
                "Of this operation, such as order_id; empty values are left out.",
            ),
            names=NAME,
        ),
        timeout_s=TIMEOUT_S,
        effect=setting(
            ("重复执行时", "When repeated"),
            (
                "自建连接器的操作能不能重发；选择操作时自动填写。",
                "Whether an operation of your own connector may be sent again; filled in when it is chosen.",
            ),
            type="string",
            choices={
                "pure": ("只是查询，随意重发", "Only asks: freely"),
                "keyed": ("对方认重复键，可以重发", "The far side knows our key: yes"),
                "probe": ("先查询，没做过才重发", "Ask first"),
                "once": ("绝不重发，由人处理", "Never: a person decides"),
            },
            advanced=True,
        ),
        **repeated(),
    ),
    example={
        "connection": "shop",
        "operation": "woocommerce.order",
        "params": [{"name": "order_id", "value": "order_no"}],
        "timeout_s": 10,
        "attempts": 5,
        "backoff_s": 2,
    },
    ports=(OUT, ERROR),
    run=run,
    check=check,
    in_worker=True,
    attempts=lambda settings: int(settings["attempts"]),
    backoff_ms=lambda settings: round(settings["backoff_s"] * 1000),
    effect=_effect,
    policy=lambda settings: policy(
        settings,
        queue="http",
        connection=settings["connection"],
        operation=settings["operation"].partition(".")[2],
    ),
)

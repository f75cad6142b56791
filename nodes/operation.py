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
    connector, operation = operations()[context.settings["operation"]]
    account = context.world.connection(context.settings["connection"])
    if account.connector != connector.name:
        return Failed(
            "wrong_connection",
            f"Expected a connection of {connector.name}, but {account.key} is {account.connector!r}.",
        )
    wish = _wish(context)
    if context.unknown_before and operation.probe:
        probed = _probe(context, account, connector, operation, wish)
        if probed is not None:
            return probed
    return _ask(context, account, connector, operation, wish)


def _wish(context: Context) -> Wish:
    """The nonce is another one on every attempt, and nothing here throws dice."""
    moment = f"{context.key}/{context.attempt}/{context.now_ms}"
    nonce = hashlib.sha256(moment.encode()).hexdigest()[:32]
    params = evaluated(context, context.settings.get("params", ()))
    given = {name: value for name, value in params.items() if value is not None}
    return Wish(given, context.key, context.now_ms, nonce)


def _ask(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    wish: Wish,
) -> Done | Failed:
    assert operation.build is not None and operation.judge is not None and context.world is not None
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
    return _judged(context, account, connector, operation, answer)


def _judged(
    context: Context,
    account: ConnectionInfo,
    connector: Connector,
    operation: Operation,
    answer: HttpAnswer,
) -> Done | Failed:
    """What the answer means, by the connector's table."""
    assert operation.judge is not None
    harmful = operation.effect in ("probe", "once")
    if len(answer.body) > ANSWER_MAX_BYTES:
        found = (
            f"Expected an answer of at most {ANSWER_MAX_BYTES} bytes, but found {len(answer.body)}."
        )
        return Failed("answer_too_large", found, unknown=harmful)
    verdict = operation.judge(answer)
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
        details={"code": masked(account, verdict.code[:MASKED_MAX])[:EXCERPT_MAX]},
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
    _, probe = operations()[f"{connector.name}.{operation.probe}"]
    found = _ask(context, account, connector, probe, wish)
    if isinstance(found, Failed):
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
    found = operations().get(settings.get("operation", ""))
    if found is None:
        return []
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


def _effect(settings: Mapping[str, Any]) -> EffectClass:
    return operations()[settings["operation"]][1].effect


def _titles() -> dict[str, tuple[str, str]]:
    return {
        name: (
            f"{connector.title['zh']} · {operation.title['zh']}",
            f"{connector.title['en']} · {operation.title['en']}",
        )
        for name, (connector, operation) in operations().items()
    }


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
                "平台和要做的事；参数见 docs/connectors.md。",
                "What to ask; docs/connectors.md lists the parameters.",
            ),
            type="string",
            choices=_titles(),
        ),
        params=pairs(
            ("参数", "Parameters"),
            (
                "这个操作的参数，例如 order_id；值为空的不发送。",
                "Of this operation, such as order_id; empty values are left out.",
            ),
            names=NAME,
        ),
        timeout_s=setting(
            ("超时（秒）", "Time-out (s)"),
            ("整个请求最多用多久。", "The longest the whole request may take."),
            type="number",
            minimum=0.1,
            maximum=120,
            default=10,
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

"""Call another system over HTTP, so that it happens once even when the answer gets lost.

What may be repeated is the node's effect class: see `effect` below and `nodes/README.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from headrace.engine.errors import AddressRefused, BodyTooLarge, ExpressionError
from headrace.engine.node import (
    ERROR,
    OUT,
    ConnectionInfo,
    Context,
    Done,
    Failed,
    HttpAnswer,
    NodeType,
    NotSent,
    OutcomeUnknown,
)
from headrace.nodes._fields import (
    TIMEOUT_S,
    Problems,
    connection,
    expression,
    form,
    needed,
    pairs,
    policy,
    repeated,
    setting,
    template,
)
from headrace.nodes.connectors.rest import compose, masked

ANSWER_MAX_BYTES = 1_000_000
"""The largest answer kept: it becomes a variable, written with every later advance."""
ANSWER_DEPTH_MAX = 64
EXCERPT_MAX = 300
"""How much of an error's body a person is shown."""
RETRY_AFTER_MAX_S = 3_600.0
RETRYABLE = frozenset({408, 425, 429})
"""The far side says that it did nothing and that later may work. 5xx besides, where repeating is safe."""
NOT_THERE = frozenset({404, 410})
"""To a probe these are an answer: it did not happen. Any other refusal of the probe tells nothing."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request as this visit means it; the same on every attempt."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


def run(context: Context) -> Done | Failed:
    """After an outcome nobody knows, a probe asks first; otherwise call."""
    assert context.world is not None
    account = context.world.connection(context.settings["connection"])
    if account.connector != "rest":
        return Failed(
            "wrong_connection",
            f"Expected an HTTP API, but connection {account.key} is {account.connector!r}.",
        )
    if context.unknown_before and context.settings["effect"] == "probe":
        probed = _probe(context, account)
        if probed is not None:
            return probed
    return _call(context, account)


# --- the request --------------------------------------------------------------------------------


def _call(context: Context, account: ConnectionInfo) -> Done | Failed:
    settings = context.settings
    path = _path(context, settings["path"])
    if isinstance(path, Failed):
        return path
    body = _body(context)
    headers = {} if body is None else {"content-type": "application/json"}
    if settings["effect"] != "pure":
        headers[settings.get("idempotency_header", "Idempotency-Key").lower()] = context.key
    for row in settings.get("headers", ()):
        headers[row["name"].lower()] = context.evaluate.template(row["value"])
    call = _Call(settings["method"], path, _query(context), headers, body)
    answer = _send(context, account, call)
    return answer if isinstance(answer, Failed) else _judge(context, account, answer)


_FILLED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def _path(context: Context, source: str) -> str | Failed:
    """Every inserted value is quoted by itself: an order number with a slash stays one part of the path."""
    parts = _FILLED.split(source)
    for index in range(1, len(parts), 2):
        value = context.evaluate.template("{{" + parts[index] + "}}")
        if value in ("", ".", ".."):  # would name another resource, such as the whole list
            return Failed(
                "path_wrong", f"Expected a value for {parts[index].strip()}, but found {value!r}."
            )
        parts[index] = quote(value, safe="")
    return "".join(parts)


def _query(context: Context) -> tuple[tuple[str, str], ...]:
    rows = [
        (row["name"], context.evaluate.expression(row["value"]))
        for row in context.settings.get("query", ())
    ]
    return tuple((name, _as_text(value)) for name, value in rows if value is not None)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        value if isinstance(value, str) else json.dumps(value, default=_exact, ensure_ascii=False)
    )


def _body(context: Context) -> bytes | None:
    if "body" not in context.settings:
        return None
    value = context.evaluate.expression(context.settings["body"])
    return json.dumps(value, default=_exact, ensure_ascii=False, allow_nan=False).encode()


def _exact(value: Any) -> Any:
    """Decimals as numbers where that is exact, else as text."""
    if isinstance(value, Decimal):
        number = float(value)
        if value == value.to_integral_value():
            return int(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"expected a JSON value, but found {type(value).__name__}")


def _send(context: Context, account: ConnectionInfo, call: _Call) -> HttpAnswer | Failed:
    assert context.world is not None
    request = compose(account, call.path, call.query, call.headers)
    if any(character in value for value in request.headers.values() for character in "\r\n\0"):
        return Failed(
            "header_wrong", "Expected headers of one line each, but found a line break in one."
        )
    try:
        return context.world.http(
            call.method,
            request.url,
            headers=request.headers,
            body=call.body,
            timeout_s=context.settings["timeout_s"],
        )
    except NotSent as trouble:
        return Failed("not_sent", masked(account, str(trouble)), retryable=True)
    except OutcomeUnknown as trouble:
        return Failed("no_answer", masked(account, str(trouble)), retryable=True, unknown=True)
    except AddressRefused as trouble:
        return Failed(trouble.code, trouble.message)
    except BodyTooLarge as trouble:
        return Failed(
            "answer_too_large",
            f"The far side answered, but with too much. {trouble.message}",
            unknown=_harmful(context),
        )


# --- the answer ---------------------------------------------------------------------------------


def _judge(context: Context, account: ConnectionInfo, answer: HttpAnswer) -> Done | Failed:
    """Done, try again, ask a person: by status, then by what the body says."""
    if not 200 <= answer.status < 300:
        return _refused(context, account, answer)
    output = _output(answer)
    if isinstance(output, Failed):  # a yes all the same: it may have happened
        return replace(output, unknown=_harmful(context))
    ok_when = context.settings.get("ok_when")
    if not ok_when:
        return Done(output=output)
    try:
        good = context.evaluate.expression(ok_when, output)
    except (
        ExpressionError
    ) as trouble:  # an answer of another shape says nothing about what was done
        return Failed("answer_unclear", trouble.message, unknown=_harmful(context))
    if good is True:
        return Done(output=output)
    return Failed(
        "refused_in_body",
        f"HTTP {answer.status}, but the answer does not meet {ok_when!r}: {_excerpt(account, answer)}",
    )


def _refused(context: Context, account: ConnectionInfo, answer: HttpAnswer) -> Failed:
    server_side = answer.status >= 500
    return Failed(
        f"http_{answer.status}",
        f"HTTP {answer.status}: {_excerpt(account, answer)}",
        retryable=server_side or answer.status in RETRYABLE,
        # After a 5xx the far side may have done it; a repetition does no harm where it is pure or keyed.
        unknown=server_side and _harmful(context),
        retry_after_s=retry_after(answer, context.now_ms),
    )


def _harmful(context: Context) -> bool:
    """Would doing it twice do harm?"""
    return context.settings["effect"] in ("probe", "once")


def _output(answer: HttpAnswer) -> dict[str, Any] | Failed:
    if len(answer.body) > ANSWER_MAX_BYTES:
        return Failed(
            "answer_too_large",
            f"Expected an answer of at most {ANSWER_MAX_BYTES} bytes, but found {len(answer.body)}.",
        )
    text = answer.body.decode("utf-8", "replace")
    if not text.strip():
        return {"status": answer.status, "body": None}
    if "json" not in answer.headers.get("content-type", "") and text.lstrip()[:1] not in "{[":
        return {"status": answer.status, "body": text}
    try:
        body = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Failed("answer_not_json", f"Expected JSON, but found {text[:EXCERPT_MAX]!r}.")
    if _deeper_than(body, ANSWER_DEPTH_MAX):
        return Failed("answer_too_deep", f"Expected JSON nested at most {ANSWER_DEPTH_MAX} deep.")
    return {"status": answer.status, "body": body}


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _deeper_than(value: Any, limit: int) -> bool:
    layer = [value]
    for _ in range(limit):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return any(isinstance(value, dict | list) for value in layer)


def _excerpt(account: ConnectionInfo, answer: HttpAnswer) -> str:
    text = masked(account, answer.body[: 4 * EXCERPT_MAX].decode("utf-8", "replace"))
    return " ".join(text.split())[:EXCERPT_MAX]


def retry_after(answer: HttpAnswer, now_ms: int) -> float | None:
    """`Retry-After` as seconds or as a date; what cannot be read counts as not said."""
    source = answer.headers.get("retry-after", "").strip()
    if source.isascii() and source.isdigit():
        return min(float(source), RETRY_AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(source)
    except ValueError:
        return None
    at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    wait_s = (at - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()
    return min(max(wait_s, 0.0), RETRY_AFTER_MAX_S)


# --- the question before a repetition -------------------------------------------------------------


def _probe(context: Context, account: ConnectionInfo) -> Done | Failed | None:
    """Did it happen? Done with what the probe found, None to call again, or Failed when even this stays unknown."""
    probe = context.settings["probe"]
    path = _path(context, probe["path"])
    if isinstance(path, Failed):
        return replace(path, unknown=True)
    answer = _send(context, account, _Call(probe["method"], path))
    if isinstance(answer, Failed):
        return Failed(
            f"probe_{answer.code}",
            f"Asking whether it happened: {answer.message}",
            retryable=answer.retryable,
            unknown=True,
        )
    if not 200 <= answer.status < 300 and answer.status not in NOT_THERE:
        return Failed(
            "probe_failed",
            f"Asking whether it happened: HTTP {answer.status}: {_excerpt(account, answer)}",
            retryable=True,
            unknown=True,
            retry_after_s=retry_after(answer, context.now_ms),
        )
    output = _output(answer)
    if isinstance(output, Failed):
        return Failed(output.code, f"Asking whether it happened: {output.message}", unknown=True)
    try:
        happened = context.evaluate.expression(probe["done_when"], output)
    except ExpressionError as trouble:
        if answer.status in NOT_THERE:  # an error's body lacks the fields of a result
            return None
        return Failed(
            "probe_unclear", f"Asking whether it happened: {trouble.message}", unknown=True
        )
    return Done(output=output) if happened is True else None


# --- the type -----------------------------------------------------------------------------------


def check(settings: Mapping[str, Any]) -> Problems:
    """Asking first needs something to ask."""
    return needed(settings, "probe") if settings.get("effect") == "probe" else []


_METHODS = {name: (name, name) for name in ("GET", "POST", "PUT", "PATCH", "DELETE")}
_HEADER_NAMES = "^[A-Za-z0-9-]{1,100}$"

_PROBE = setting(
    ("先查询", "Ask first"),
    (
        "上次结果不明时，先用这个请求查询对方是否已经做过。",
        "When the last outcome is unknown, this request asks whether it happened.",
    ),
    type="object",
    properties={
        "method": setting(
            ("方法", "Method"),
            ("一般是 GET。", "Usually GET."),
            type="string",
            choices={"GET": ("GET", "GET"), "POST": ("POST", "POST")},
            default="GET",
        ),
        "path": template(
            ("路径", "Path"),
            ("例如 /refunds/{{ step.key }}。", "Such as /refunds/{{ step.key }}."),
            minLength=1,
            maxLength=1000,
        ),
        "done_when": expression(
            ("怎样算做过", "It happened when"),
            (
                "用 status 和 body 判断，例如 status == 200 and body.state == 'SUCCESS'。",
                "Told from status and body, such as status == 200 and body.state == 'SUCCESS'.",
            ),
        ),
    },
    required=["method", "path", "done_when"],
    additionalProperties=False,
    when={"effect": ["probe"]},
)
_PROBE["x-order"] = ["method", "path", "done_when"]

NODE = NodeType(
    name="connector",
    title={"zh": "调用接口", "en": "Call a system"},
    help={
        "zh": "调用仓库、支付、ERP 等系统的接口。失败会按设定重试；结果不明时不会重复执行。",
        "en": "Calls a warehouse, payments, an ERP or any other system. Failures are tried again as set;"
        " what may have happened is not done twice.",
    },
    group="connect",
    icon="cloud-sync",
    settings=form(
        ["connection", "method", "path", "timeout_s", "attempts", "backoff_s", "effect"],
        connection=connection(
            ("连接", "Connection"),
            ("「HTTP 接口」类型的连接。", "A connection of the kind “HTTP API”."),
        ),
        method=setting(
            ("方法", "Method"),
            ("查询用 GET，提交用 POST。", "GET to ask, POST to submit."),
            type="string",
            choices=_METHODS,
            default="GET",
        ),
        path=template(
            ("路径", "Path"),
            (
                "接在连接的基础网址后面，例如 /orders/{{ order_no }}；填入的值会自动转义。",
                "Below the connection's base address, such as /orders/{{ order_no }}; inserted values are quoted.",
            ),
            minLength=1,
            maxLength=1000,
        ),
        query=pairs(
            ("网址参数", "Query"),
            (
                "问号后面的参数；值为空的不发送。",
                "What stands behind the question mark; empty values are left out.",
            ),
            names="^[^\\s&=?#]{1,100}$",
        ),
        body=expression(
            ("内容", "Body"),
            (
                "以 JSON 发送的值，例如 {'order_no': order_no, 'amount': amount}。",
                "The value sent as JSON, such as {'order_no': order_no, 'amount': amount}.",
            ),
            **{"x-names": "record"},
            when={"method": ["POST", "PUT", "PATCH", "DELETE"]},
        ),
        effect=setting(
            ("重复执行时", "When repeated"),
            (
                "网络中断后可能不知道对方做没做。这里说明能不能再发一次。",
                "After a lost answer nobody knows whether it happened. May it be sent again?",
            ),
            type="string",
            choices={
                "pure": ("只是查询，随意重发", "Only asks: freely"),
                "keyed": ("对方认重复键，可以重发", "The far side knows our key: yes"),
                "probe": ("先查询，没做过才重发（退款、付款）", "Ask first (refunds, payments)"),
                "once": ("绝不重发，由人处理", "Never: a person decides"),
            },
            default="keyed",
        ),
        probe=_PROBE,
        ok_when=expression(
            ("怎样算成功", "Succeeded when"),
            (
                "不少接口出错也返回 HTTP 200，例如写 body.errcode == 0。留空表示 2xx 都算成功。",
                "Many systems answer HTTP 200 for errors too: body.errcode == 0. Empty: every 2xx is a success.",
            ),
            advanced=True,
        ),
        headers=pairs(
            ("请求头", "Headers"),
            ("除了连接里的，还要带上的请求头。", "Besides those of the connection."),
            values="template",
            names=_HEADER_NAMES,
            advanced=True,
        ),
        timeout_s=TIMEOUT_S,
        **repeated(),
        idempotency_header=setting(
            ("重复键请求头", "Header of the key"),
            (
                "对方用来识别重复请求的请求头。",
                "The header by which the far side knows a repetition.",
            ),
            type="string",
            pattern=_HEADER_NAMES,
            default="Idempotency-Key",
            advanced=True,
        ),
    ),
    example={
        "connection": "payments",
        "method": "POST",
        "path": "/refunds",
        "body": "{'out_refund_no': step.key, 'amount': 12.5}",
        "timeout_s": 10,
        "attempts": 5,
        "backoff_s": 2,
        "effect": "probe",
        "probe": {"method": "GET", "path": "/refunds/{{ step.key }}", "done_when": "status == 200"},
    },
    ports=(OUT, ERROR),
    run=run,
    check=check,
    in_worker=True,
    attempts=lambda settings: int(settings["attempts"]),
    backoff_ms=lambda settings: round(settings["backoff_s"] * 1000),
    effect=lambda settings: settings["effect"],
    policy=lambda settings: policy(
        settings,
        queue="http",
        connection=settings["connection"],
        operation="read" if settings["method"] == "GET" else "write",
    ),
)

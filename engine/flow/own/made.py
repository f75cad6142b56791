"""A definition becomes a `Connector`: the same contract as those of `nodes/connectors/`, so that everything else treats it alike.

Mappings are texts of the expression language over a few names: `status`, `body`, `headers` of an answer, `params` and `key` of
what was asked. What is sent is built from values only; no text of a definition is ever run as anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Operation,
    Outside,
    Paging,
    ParamWrong,
    Rate,
    Receipt,
    Request,
    Text,
    Trouble,
    Verdict,
    Wish,
)
from headrace.engine.errors import AddressRefused, BodyTooLarge, ExpressionError
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.own.shape import PREFIX, asked, form, whole
from headrace.engine.flow.own.signing import Draft, encoded, sealed
from headrace.engine.flow.values import to_json_value
from headrace.engine.node import NotSent, OutcomeUnknown

ANSWER_MAX_BYTES = 1_000_000
DEPTH_MAX = 64
EXPONENT_MAX = 400
"""A number with more digits than that, written short, would fill the memory as soon as somebody counts with it."""
MESSAGE_MAX = 2_000
TRIAL_TIMEOUT_S = 10.0
NEXT = "next_page"
"""The parameter that holds the address of the next page, where a `Link` header told it."""

BY_STATUS: Mapping[str, Trouble] = {
    "http_401": "token_dead",
    "http_403": "not_allowed",
    "http_410": "withdrawn",
    "http_429": "throttled",
    "http_408": "throttled",
    "http_425": "throttled",
    "http_4*": "refused",
    "http_5*": "busy",
}
"""What a status means where the definition does not say."""


def made(key: str, definition: Mapping[str, Any]) -> Connector:
    """The connector of a definition that `check.py` found right."""
    told = whole(definition)
    errors = _errors(told)
    return Connector(
        name=PREFIX + key,
        title=_text(told["title"], key),
        help=_text(told.get("help"), told["base_url"]),
        icon="api",
        settings=_settings(told),
        secrets=_secrets(told["auth"]),
        example={},
        example_secrets={},
        operations=tuple(_operation(told, one, errors) for one in told["operations"]),
        test=partial(_trial, told, errors),
        oauth=told["auth"] if told["auth"]["kind"] == "oauth2" else None,
        errors=errors,
    )


def _text(given: Any, instead: str) -> Text:
    texts = {name: text for name, text in (given or {}).items() if text}
    one = next(iter(texts.values()), instead)
    return {"zh": texts.get("zh", one), "en": texts.get("en", one)}


# --- the account --------------------------------------------------------------------------------


def _settings(told: Mapping[str, Any]) -> dict[str, Any]:
    """What an account at it says besides its secrets."""
    auth = told["auth"]
    fields: dict[str, Any] = {
        "base_url": asked(
            ("基础网址", "Base address"),
            (f"留空表示 {told['base_url']}。", f"Empty: {told['base_url']}."),
            type="string",
            format="uri",
            pattern="^https?://[^\\s?#]+$",
            maxLength=500,
        ),
        "version": asked(
            ("连接器版本", "Version of the connector"),
            (
                "留空表示最新的版本；填写后不随修改变化。",
                "Empty: the newest. A number stays what it is when the connector is changed.",
            ),
            type="integer",
            minimum=1,
            maximum=1_000_000,
            advanced=True,
        ),
    }
    required = []
    if auth["kind"] == "hmac" and (
        auth.get("key_name") or any(part.get("kind") == "key" for part in auth.get("parts", ()))
    ):
        required.append("app_key")
        fields["app_key"] = asked(
            ("应用 Key", "App key"),
            ("对方分配的应用 Key。", "As the far side assigned it."),
            type="string",
            minLength=1,
            maxLength=500,
        )
    if auth["kind"] == "oauth2":
        required.append("client_id")
        fields["client_id"] = asked(
            ("客户端 ID", "Client ID"),
            ("在对方那里登记得到。", "As registered there."),
            type="string",
            minLength=1,
            maxLength=500,
        )
    return form(required, **fields)


def _hidden(zh: str, en: str, hint_zh: str, hint_en: str, **more: Any) -> dict[str, Any]:
    return asked((zh, en), (hint_zh, hint_en), type="string", maxLength=8_000, **more)


def _secrets(auth: Mapping[str, Any]) -> dict[str, Any]:
    match auth["kind"]:
        case "basic":
            return form(
                username=_hidden(
                    "用户名", "User name", "登录用的名称。", "The name to sign in with."
                ),
                password=_hidden("密码", "Password", "与用户名一起使用。", "Goes with the name."),
            )
        case "bearer":
            return form(token=_hidden("令牌", "Token", "对方给出的令牌。", "The token they gave."))
        case "key":
            return form(
                token=_hidden("密钥", "Key", "对方给出的 API 密钥。", "The API key they gave.")
            )
        case "hmac":
            return form(
                secret=_hidden(
                    "签名密钥", "Secret", "用来签名，不会发送。", "Signs requests; is never sent."
                )
            )
        case "oauth2":
            never = {"client_secret": [None, False]}
            return form(
                client_secret=_hidden(
                    "客户端密钥",
                    "Client secret",
                    "与客户端 ID 一起使用。",
                    "Goes with the client ID.",
                ),
                access_token=_hidden(
                    "访问令牌",
                    "Access token",
                    "自动取得，一般不用填写。",
                    "Is got by itself.",
                    advanced=True,
                ),
                refresh_token=_hidden(
                    "刷新令牌",
                    "Refresh token",
                    "自动取得，一般不用填写。",
                    "Is got by itself.",
                    advanced=True,
                ),
                token_ends=_hidden(
                    "令牌到期", "Token ends", "自动填写。", "Filled in by itself.", when=never
                ),
            )
        case _:
            return form()


# --- an operation -------------------------------------------------------------------------------


def _operation(told: Mapping[str, Any], one: Mapping[str, Any], errors: ErrorTable) -> Operation:
    keyed = one["effect"] == "keyed"
    paged = one["paging"]["by"] != "none"
    judge = partial(_judge, told, one, errors)
    return Operation(
        name=one["name"],
        title=_text(one.get("title"), one["name"]),
        effect=one["effect"],
        rate=_rate(one.get("rate")),
        api=f"{one['method']} {one['path']}",
        params=params_form(one),
        build=partial(_build, told, one),
        judge=partial(judge, Wish({}, "", 0, "")),
        judge_asked=judge,
        key_field=one["key_name"] if keyed else "",
        probe=one.get("probe", "") if one["effect"] == "probe" else "",
        happened=partial(_happened, one) if one["effect"] == "probe" else None,
        paging=_paging(one["paging"]),
        follow=partial(_follow, one["paging"]) if paged else None,
        pages_max=one["paging"]["pages_max"] if paged else 1,
    )


def _rate(given: Mapping[str, Any] | None) -> Rate | None:
    if not given or "calls" not in given or "per_s" not in given:
        return None
    return Rate(given["calls"], given["per_s"], given.get("burst", 1))


def _paging(given: Mapping[str, Any]) -> Paging | None:
    if given["by"] == "none":
        return None
    return Paging(given["by"], "forwards", given.get("size", 1), given["first"])


def params_form(one: Mapping[str, Any]) -> dict[str, Any]:
    """The form of its parameters; the structures of nested ones as the document told them."""
    fields: dict[str, Any] = {}
    for param in one["params"]:
        schema = {**(param.get("schema") or {}), "type": param["type"]}
        name = _text(param.get("title"), param["name"])
        hint = _text(param.get("help"), str(schema.get("description", "")) or param["name"])
        fields[param["name"]] = {**schema, "x-title": name, "x-help": hint}
    return form([param["name"] for param in one["params"] if param["required"]], **fields)


def _build(
    told: Mapping[str, Any], one: Mapping[str, Any], account: ConnectionInfo, wish: Wish
) -> Request:
    base = account.settings.get("base_url") or told["base_url"]
    if NEXT in wish.params:
        draft = _next_page(base, wish.params[NEXT])
    else:
        draft = Draft(one["method"], base, _path(one, wish))
        _fill(draft, one, wish)
    for row in told.get("headers", ()):
        draft.headers.setdefault(row["name"].lower(), row["value"])
    draft.headers.setdefault("accept", "application/json")
    draft.headers.setdefault("user-agent", "Headrace")
    return sealed(told["auth"], draft, account, wish)


_HOLE = re.compile(r"\{([^{}]*)\}")


def _path(one: Mapping[str, Any], wish: Wish) -> str:
    """Every value is quoted by itself: an order number with a slash stays one part of the path."""
    by_field = {
        param.get("field") or param["name"]: param
        for param in one["params"]
        if param["in"] == "path"
    }

    def fill(hole: re.Match[str]) -> str:
        param = by_field[hole[1]]
        value = _as_text(_given(param, wish))
        if value in ("", ".", ".."):  # would name another resource, such as the whole list
            raise ParamWrong(f"Expected a value for {param['name']}, but found {value!r}.")
        return quote(value, safe="")

    path: str = _HOLE.sub(fill, one["path"])
    return path


def _fill(draft: Draft, one: Mapping[str, Any], wish: Wish) -> None:
    fields: dict[str, Any] = {}
    for param in one["params"]:
        value = _given(param, wish)
        name = param.get("field") or param["name"]
        if value is None:
            continue
        match param["in"]:
            case "query":
                many = value if isinstance(value, list) else [value]
                draft.query += [(name, _as_text(each)) for each in many]
            case "header":
                draft.headers[name.lower()] = _one_line(name, _as_text(value))
            case "body":
                fields[name] = value
            case _:
                pass
    body: Any = fields or None
    if one["method"] != "GET" and one.get("body"):
        body = _worked_out(one["body"], {"params": dict(wish.params), "key": wish.key}, one["name"])
    _put_key(draft, one, wish, body)
    if one["effect"] == "keyed" and one["key_place"] == "body":
        body = {**(body if isinstance(body, dict) else {}), one["key_name"]: wish.key}
    if one["method"] != "GET" and body is not None:
        _put_body(draft, one, body)


def _put_key(draft: Draft, one: Mapping[str, Any], wish: Wish, _: Any) -> None:
    if one["effect"] != "keyed":
        return
    match one["key_place"]:
        case "header":
            draft.headers[one["key_name"].lower()] = wish.key
        case "query":
            draft.query.append((one["key_name"], wish.key))
        case _:
            pass


def _put_body(draft: Draft, one: Mapping[str, Any], body: Any) -> None:
    if one["body_kind"] == "form":
        if not isinstance(body, dict):
            raise ParamWrong("Expected a record to send as form fields.")
        draft.headers["content-type"] = "application/x-www-form-urlencoded"
        draft.body = encoded([(name, _as_text(value)) for name, value in body.items()]).encode()
        return
    draft.headers["content-type"] = "application/json"
    draft.body = compact(body).encode()


def _next_page(base: str, address: Any) -> Draft:
    """The address a `Link` header told: only below our base, or credentials would go to a stranger."""
    root = base.rstrip("/") + "/"
    if not isinstance(address, str) or not address.startswith(root) or "\\" in address:
        raise ParamWrong("Expected the next page below the base address.")
    parts = urlsplit(address)
    if any(part in (".", "..") for part in parts.path.split("/")):
        raise ParamWrong("Expected the next page below the base address.")
    return Draft(
        "GET",
        base,
        "/" + address.partition("?")[0].partition("#")[0][len(root) :],
        parse_qsl(parts.query, keep_blank_values=True),
    )


def _given(param: Mapping[str, Any], wish: Wish) -> Any:
    """The value as its type wants it: order numbers are often digits, and a text all the same."""
    value = wish.params.get(param["name"])
    if value is None or value == "":
        if param["required"]:
            raise ParamWrong(f"Expected a value for {param['name']}, but found none.")
        return None
    match param["type"]:
        case "string" if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
            return _as_text(value)
        case "integer" | "number" if isinstance(value, str):
            return _number(param, value)
        case "integer" if isinstance(value, Decimal | float) and value == int(value):
            return int(value)
        case kind if isinstance(value, _KINDS[kind]) and (
            kind == "boolean" or not isinstance(value, bool)
        ):
            return list(value) if isinstance(value, tuple) else value
        case kind:
            raise ParamWrong(
                f"Expected a value of type {kind} for {param['name']}, but found {type(value).__name__}."
            )


_KINDS: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "number": int | float | Decimal,
    "boolean": bool,
    "array": list | tuple,
    "object": dict,
}
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def _number(param: Mapping[str, Any], value: str) -> Any:
    if not _NUMBER.fullmatch(value) or (param["type"] == "integer" and "." in value):
        raise ParamWrong(f"Expected a number for {param['name']}, but it is none.")
    return int(value) if "." not in value else Decimal(value)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return compact(value)


def _one_line(name: str, value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise ParamWrong(f"Expected one line for {name}, but found a line break.")
    return value


def compact(value: Any) -> str:
    """JSON without blanks, numbers exact, Chinese as it is."""
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < EXPONENT_MAX:
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        return number if Decimal(repr(number)) == value else format(value, "f")
    raise ParamWrong(f"Expected a value JSON can hold, but found {type(value).__name__}.")


def _worked_out(text: str, names: Mapping[str, Any], what: str) -> Any:
    try:
        return to_json_value(compile_expression(text).evaluate(names))
    except ExpressionError as trouble:
        raise ParamWrong(f"{what}: {trouble.message}") from None


# --- the answer ---------------------------------------------------------------------------------


def _errors(told: Mapping[str, Any]) -> ErrorTable:
    rows = told.get("errors", ())
    kinds: dict[str, Trouble] = {row["code"]: row["means"] for row in rows}
    pauses = {row["code"]: float(row["pause_s"]) for row in rows if "pause_s" in row}
    return ErrorTable({**kinds, **{c: k for c, k in BY_STATUS.items() if c not in kinds}}, pauses)


def _judge(
    told: Mapping[str, Any],
    one: Mapping[str, Any],
    errors: ErrorTable,
    wish: Wish,
    answer: HttpAnswer,
) -> Verdict:
    """A yes where the status and the test of the body say so; else what the codes mean, the body's before the status."""
    if len(answer.body) > ANSWER_MAX_BYTES:
        return Verdict(
            trouble="unlisted", code="answer_too_large", message="The answer is too large."
        )
    readable, body = read(answer)
    names = {"status": answer.status, "body": body, "headers": dict(answer.headers)}
    good = 200 <= answer.status < 300
    if good and not readable:
        return Verdict(trouble="unlisted", code="answer_not_json", message="Expected JSON.")
    test = one.get("ok_when") or told.get("ok_when")
    if good and test:
        try:
            good = compile_expression(test).evaluate(names) is True
        except ExpressionError as trouble:
            return Verdict(trouble="unlisted", code="answer_unclear", message=trouble.message)
    if not good:
        return _no(told, errors, names)
    try:
        return Verdict(_output(one, names, wish))
    except ExpressionError as trouble:
        return Verdict(trouble="unlisted", code="answer_unclear", message=trouble.message)


def _no(told: Mapping[str, Any], errors: ErrorTable, names: Mapping[str, Any]) -> Verdict:
    status = f"http_{names['status']}"
    code = _word(told.get("code"), names)
    message = _word(told.get("message"), names)
    ok = 200 <= names["status"] < 300
    verdict = errors.verdict(message[:MESSAGE_MAX], code, *(() if ok else (status,)))
    absent = names["status"] in (404, 410)
    return Verdict(
        trouble=verdict.trouble,
        code=(code or status)[:200],
        message=verdict.message,
        pause_s=verdict.pause_s,
        absent=absent,
    )


def _word(text: Any, names: Mapping[str, Any]) -> str:
    """A code or message, where it stands in this answer."""
    if not text:
        return ""
    try:
        value = to_json_value(compile_expression(text).evaluate(names))
    except ExpressionError:
        return ""
    if value is None or isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else compact(value)


def read(answer: HttpAnswer) -> tuple[bool, Any]:
    """The body as a value, numbers exact; the first says whether it could be read."""
    text = answer.body.decode("utf-8", "replace")
    if not text.strip():
        return True, None
    if "json" not in answer.headers.get("content-type", "") and text.lstrip()[:1] not in "{[":
        return True, text
    try:
        value = json.loads(text, parse_float=_exact, parse_constant=_no_constant)
    except (ValueError, RecursionError, ArithmeticError):
        return False, None
    return (False, None) if _deep(value) else (True, value)


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > EXPONENT_MAX:
        raise ValueError(text[:40])
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _deep(value: Any) -> bool:
    layer = [value]
    for _ in range(DEPTH_MAX):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return any(isinstance(value, dict | list) for value in layer)


def _output(one: Mapping[str, Any], names: Mapping[str, Any], wish: Wish) -> Any:
    output = names["body"]
    if one.get("output"):
        asked_too = {**names, "params": dict(wish.params)}
        output = compile_expression(one["output"]).evaluate(asked_too)
    paging = one["paging"]
    if paging["by"] == "none":
        return to_json_value(output)
    items = compile_expression(paging["items"]).evaluate(names) if paging.get("items") else output
    items = to_json_value(items)
    if not isinstance(items, list):
        items = [] if items is None else [items]
    following = _next(paging, names, wish, len(items))
    return {"items": items, "more": following is not None, "next": following, "total": None}


_LINK = re.compile(r"<([^<>]{1,2000})>\s*;[^,]{0,200}?rel=\"?next\"?")


def _next(paging: Mapping[str, Any], names: Mapping[str, Any], wish: Wish, count: int) -> Any:
    """What the next page is asked with; None after the last."""
    match paging["by"]:
        case "cursor":
            value = to_json_value(compile_expression(paging["next"]).evaluate(names))
            return None if value in (None, "", False) or count == 0 else value
        case "link":
            found = _LINK.search(str(names["headers"].get("link", ""))[:8_000])
            return found[1] if found else None
        case _:
            size = paging.get("size", 0)
            if count == 0 or (size and count < size):
                return None
            now = wish.params.get(paging["param"], paging["first"])
            return int(now) + 1 if str(now).isascii() and str(now).isdigit() else None


def _follow(paging: Mapping[str, Any], wish: Wish, output: Any) -> Mapping[str, Any] | None:
    following = output.get("next") if isinstance(output, Mapping) else None
    if following is None:
        return None
    if paging["by"] == "link":
        return {NEXT: following}
    return {**wish.params, paging["param"]: following}


def _happened(one: Mapping[str, Any], wish: Wish, output: Any) -> bool | None:
    names = {"output": output, "params": dict(wish.params), "key": wish.key}
    try:
        return compile_expression(one["happened"]).evaluate(names) is True
    except ExpressionError:
        return None


# --- the trial ----------------------------------------------------------------------------------


def _trial(
    told: Mapping[str, Any], errors: ErrorTable, account: ConnectionInfo, outside: Outside
) -> Receipt:
    """Ask the chosen operation; without one, the base address: any answer that refuses no credentials will do."""
    chosen = next((one for one in told["operations"] if one["name"] == told.get("test")), None)
    now_ms = outside.now_ms()
    wish = Wish({}, "trial", now_ms, f"trial{now_ms}")
    build: Callable[[], Request] = (
        partial(_build, told, chosen, account, wish)
        if chosen
        else lambda: sealed(
            told["auth"],
            Draft("GET", account.settings.get("base_url") or told["base_url"], "/"),
            account,
            wish,
        )
    )
    try:
        request = build()
        answer = outside.http(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=TRIAL_TIMEOUT_S,
        )
    except (NotSent, OutcomeUnknown, AddressRefused, BodyTooLarge, ParamWrong) as trouble:
        return Receipt(False, str(trouble))
    if chosen is None:
        return Receipt(
            answer.status < 500 and answer.status not in (401, 403), f"HTTP {answer.status}"
        )
    verdict = _judge(told, chosen, errors, wish, answer)
    said = f"HTTP {answer.status} {verdict.trouble or 'ok'} {verdict.code}".strip()
    return Receipt(verdict.trouble is None, said)

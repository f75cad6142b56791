"""What the definition of an own connector looks like: a JSON Schema annotated as settings are, so that forms are drawn from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headrace.engine.connector import TROUBLES

Pair = tuple[str, str]
"""(Chinese, English)."""

PREFIX = "own-"
"""Before the key of an own connector wherever connectors are named: no file of `nodes/connectors/` can be called so."""

OPERATIONS_MAX = 200
PARAMS_MAX = 100
ERRORS_MAX = 200
PARTS_MAX = 30
PAGES_MAX = 100
NAME = "^[a-z][a-z0-9_]{0,63}$"
KEY = "^[a-z][a-z0-9_-]{0,35}$"
HEADER = "^[A-Za-z0-9_.-]{1,100}$"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
JOINS: Mapping[str, str] = {
    "none": "",
    "newline": "\n",
    "and": "&",
    "bar": "|",
    "dot": ".",
    "colon": ":",
    "comma": ",",
}


def asked(title: Pair, hint: Pair, **schema: Any) -> dict[str, Any]:
    """One thing to fill in."""
    named = {"choices", "when", "advanced", "widget"}
    found: dict[str, Any] = {
        "x-title": _text(title),
        "x-help": _text(hint),
        **{name: value for name, value in schema.items() if name not in named},
    }
    if choices := schema.get("choices"):
        found["enum"] = list(choices)
        found["x-enum-titles"] = {value: _text(pair) for value, pair in choices.items()}
    for name in ("when", "advanced", "widget"):
        if name in schema:
            found[f"x-{name}"] = schema[name]
    return found


def form(required: Iterable[str] = (), /, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """A closed object, asked in the order written."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        "x-order": list(properties),
    }


def _text(pair: Pair) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}


def _line(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    return asked(title, hint, **{"type": "string", "maxLength": 200, **more})


def _expression(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    return asked(title, hint, type="string", format="expression", maxLength=2000, **more)


_TITLE = {
    "type": "object",
    "properties": {
        "zh": {"type": "string", "maxLength": 200},
        "en": {"type": "string", "maxLength": 200},
    },
    "additionalProperties": False,
}


def _title(title: Pair, hint: Pair, **more: Any) -> dict[str, Any]:
    return {**asked(title, hint, widget="bilingual", **more), **_TITLE}


def _many(title: Pair, hint: Pair, items: Mapping[str, Any], most: int, **more: Any) -> Any:
    return asked(title, hint, type="array", items=items, maxItems=most, **more)


_PLACES = {"header": ("请求头", "A header"), "query": ("网址参数", "The address")}
_HMAC = {"kind": ["hmac"]}
_OAUTH = {"kind": ["oauth2"]}


def _place(title: Pair, hint: Pair, default: str = "header", **more: Any) -> dict[str, Any]:
    return asked(title, hint, type="string", choices=_PLACES, default=default, **more)


PARTS: Mapping[str, Pair] = {
    "method": ("请求方法（GET）", "The method (GET)"),
    "path": ("路径（/api/orders）", "The path (/api/orders)"),
    "path_query": ("路径和网址参数", "The path with its query"),
    "query": ("网址参数，按名称排序 a=1&b=2", "The query, sorted: a=1&b=2"),
    "query_plain": ("网址参数，排序后直接相连 a1b2", "The query, sorted and joined: a1b2"),
    "body": ("请求内容", "The body"),
    "body_sha256": ("请求内容的 SHA-256（十六进制）", "SHA-256 of the body (hex)"),
    "body_md5": ("请求内容的 MD5（十六进制）", "MD5 of the body (hex)"),
    "time": ("时间戳", "The time stamp"),
    "nonce": ("随机串", "The nonce"),
    "key": ("应用 Key", "The app key"),
    "secret": ("密钥本身", "The secret itself"),
    "text": ("固定文字", "A fixed text"),
}
"""What may be signed."""

AUTH = form(
    ["kind"],
    kind=asked(
        ("方式", "Kind"),
        ("对方要求怎样证明身份。", "How the far side wants to know us."),
        type="string",
        choices={
            "none": ("不需要", "None"),
            "basic": ("用户名和密码", "User name and password"),
            "bearer": ("Bearer 令牌", "Bearer token"),
            "key": ("API 密钥", "API key"),
            "oauth2": ("OAuth 2.0", "OAuth 2.0"),
            "hmac": ("签名", "Signature"),
        },
        default="none",
    ),
    place=_place(
        ("放在哪里", "Where it goes"),
        (
            "密钥或签名放在请求头还是网址参数。",
            "Whether the key or signature goes into a header or the address.",
        ),
        when={"kind": ["key", "hmac"]},
    ),
    name=_line(
        ("名称", "Its name"),
        ("例如 X-Api-Key 或 sign。", "Such as X-Api-Key or sign."),
        pattern=HEADER,
        when={"kind": ["key", "hmac"]},
    ),
    prefix=_line(
        ("前缀", "Before it"),
        (
            "写在密钥或签名前面的文字，例如 sha256=。",
            "A text before the key or signature, such as sha256=.",
        ),
        maxLength=40,
        when={"kind": ["key", "hmac"]},
        advanced=True,
    ),
    grant=asked(
        ("怎样取得令牌", "How a token is got"),
        (
            "客户端凭据：系统对系统。授权码：在「连接」里由人点一次授权。",
            "Client credentials: system to system. Authorisation code: a person allows it once, at the connection.",
        ),
        type="string",
        choices={
            "client": ("客户端凭据", "Client credentials"),
            "code": ("授权码", "Authorisation code"),
        },
        default="client",
        when=_OAUTH,
    ),
    token_url=_line(
        ("令牌网址", "Token address"),
        ("换取和刷新令牌的网址。", "Where tokens are handed out and renewed."),
        format="uri",
        pattern="^https?://[^\\s?#]+$",
        maxLength=500,
        when=_OAUTH,
    ),
    authorize_url=_line(
        ("授权网址", "Authorisation address"),
        ("请人登录并同意的网址。", "Where a person signs in and agrees."),
        format="uri",
        pattern="^https?://[^\\s#]+$",
        maxLength=500,
        when={"kind": ["oauth2"], "grant": ["code"]},
    ),
    scope=_line(
        ("权限范围", "Scope"),
        ("用空格分开，可以留空。", "Separated by blanks; may be empty."),
        maxLength=1000,
        when=_OAUTH,
    ),
    client_in=asked(
        ("客户端身份放在", "Client goes into"),
        (
            "换取令牌时 client_id 和密钥放在哪里。",
            "Where client_id and secret go when a token is asked for.",
        ),
        type="string",
        choices={
            "body": ("请求内容", "The body"),
            "basic": ("Authorization 请求头", "The Authorization header"),
        },
        default="body",
        when=_OAUTH,
        advanced=True,
    ),
    algorithm=asked(
        ("算法", "Algorithm"),
        ("对方文档里写的签名算法。", "As the far side's documents say."),
        type="string",
        choices={
            "hmac-sha256": ("HMAC-SHA256", "HMAC-SHA256"),
            "hmac-sha1": ("HMAC-SHA1", "HMAC-SHA1"),
            "hmac-sha512": ("HMAC-SHA512", "HMAC-SHA512"),
            "hmac-md5": ("HMAC-MD5", "HMAC-MD5"),
            "sha256": ("SHA-256（把密钥写进待签内容）", "SHA-256 (the secret is part of the text)"),
            "md5": ("MD5（把密钥写进待签内容）", "MD5 (the secret is part of the text)"),
        },
        default="hmac-sha256",
        when=_HMAC,
    ),
    encoding=asked(
        ("写法", "Written as"),
        ("签名结果怎样写成文字。", "How the signature becomes a text."),
        type="string",
        choices={
            "hex": ("十六进制小写", "Hex"),
            "hex_upper": ("十六进制大写", "Hex, capitals"),
            "base64": ("Base64", "Base64"),
        },
        default="hex",
        when=_HMAC,
    ),
    parts=_many(
        ("签什么", "What is signed"),
        ("按顺序列出，先后很重要。", "In this order: it matters."),
        form(
            ["kind"],
            kind=asked(
                ("内容", "What"),
                ("参与签名的部分。", "A part of what is signed."),
                type="string",
                choices=PARTS,
                default="body",
                widget="select",
            ),
            text=_line(
                ("文字", "Text"),
                ("原样参与签名。", "Signed as it stands."),
                when={"kind": ["text"]},
            ),
        ),
        PARTS_MAX,
        when=_HMAC,
    ),
    join=asked(
        ("怎样连接", "Put between them"),
        ("各部分之间的分隔符。", "What stands between two parts."),
        type="string",
        choices={
            "none": ("直接相连", "Nothing"),
            "newline": ("换行", "A line break"),
            "and": ("&", "&"),
            "bar": ("|", "|"),
            "dot": (".", "."),
            "colon": (":", ":"),
            "comma": (",", ","),
        },
        default="newline",
        when=_HMAC,
    ),
    key_name=_line(
        ("应用 Key 的名称", "Name of the app key"),
        ("例如 app_key；留空表示不发送。", "Such as app_key; empty: it is not sent."),
        pattern="^[A-Za-z0-9_.-]{0,100}$",
        when=_HMAC,
    ),
    key_place=_place(
        ("应用 Key 放在", "The app key goes into"),
        ("请求头或网址参数。", "A header or the address."),
        when=_HMAC,
        advanced=True,
    ),
    time_name=_line(
        ("时间戳的名称", "Name of the time stamp"),
        ("例如 X-Timestamp；留空表示不发送。", "Such as X-Timestamp; empty: it is not sent."),
        pattern="^[A-Za-z0-9_.-]{0,100}$",
        when=_HMAC,
    ),
    time_place=_place(
        ("时间戳放在", "The time stamp goes into"),
        ("请求头或网址参数。", "A header or the address."),
        when=_HMAC,
        advanced=True,
    ),
    time_unit=asked(
        ("时间戳的写法", "Time is written as"),
        ("对方文档里写的格式。", "As the far side's documents say."),
        type="string",
        choices={
            "s": ("秒", "Seconds"),
            "ms": ("毫秒", "Milliseconds"),
            "iso": ("2026-01-09T08:00:00Z", "2026-01-09T08:00:00Z"),
            "china": ("2026-01-09 16:00:00（北京时间）", "2026-01-09 16:00:00 (China)"),
        },
        default="s",
        when=_HMAC,
    ),
    nonce_name=_line(
        ("随机串的名称", "Name of the nonce"),
        ("例如 X-Nonce；留空表示不发送。", "Such as X-Nonce; empty: it is not sent."),
        pattern="^[A-Za-z0-9_.-]{0,100}$",
        when=_HMAC,
    ),
    nonce_place=_place(
        ("随机串放在", "The nonce goes into"),
        ("请求头或网址参数。", "A header or the address."),
        when=_HMAC,
        advanced=True,
    ),
)

_RATE = form(
    ["calls", "per_s"],
    calls=asked(
        ("次数", "Calls"),
        ("这段时间内最多几次。", "How many in that time."),
        type="integer",
        minimum=1,
        maximum=1_000_000,
    ),
    per_s=asked(
        ("秒", "Seconds"),
        ("多少秒之内。", "In how many seconds."),
        type="number",
        minimum=0.1,
        maximum=86_400,
    ),
    burst=asked(
        ("一次最多", "At once"),
        ("空闲之后可以连续发几次。", "How many may follow at once after a rest."),
        type="integer",
        minimum=1,
        maximum=10_000,
        default=1,
    ),
)

_MEANS = {name: (meaning.title["zh"], meaning.title["en"]) for name, meaning in TROUBLES.items()}

ERRORS = _many(
    ("错误码", "Error codes"),
    (
        "对方的错误码是什么意思；404、4*、5* 这样的 HTTP 状态也可以写，前面加 http_。没列出的按 HTTP 状态判断。",
        "What their codes mean. HTTP statuses are written http_404, http_5*. What is not listed goes by its status.",
    ),
    form(
        ["code", "means"],
        code=_line(
            ("代码", "Code"),
            ("例如 40001 或 http_409。", "Such as 40001 or http_409."),
            minLength=1,
            maxLength=100,
        ),
        means=asked(
            ("意思", "Means"),
            ("决定重试还是交给人。", "Decides whether it is tried again."),
            type="string",
            choices=_MEANS,
            widget="select",
        ),
        pause_s=asked(
            ("停多久（秒）", "Leave alone (s)"),
            ("对方没说时等多久。", "Where they do not say."),
            type="number",
            minimum=0,
            maximum=3600,
        ),
    ),
    ERRORS_MAX,
)

_OK_WHEN = _expression(
    ("怎样算成功", "Succeeded when"),
    (
        "不少接口出错也返回 HTTP 200，例如写 body.code == 0。留空表示 2xx 都算成功。",
        "Many systems answer HTTP 200 to errors too: body.code == 0. Empty: every 2xx is a success.",
    ),
)

TYPES: Mapping[str, Pair] = {
    "string": ("文字", "Text"),
    "integer": ("整数", "Whole number"),
    "number": ("数字", "Number"),
    "boolean": ("是或否", "Yes or no"),
    "array": ("列表", "List"),
    "object": ("对象", "Record"),
}

PARAM = form(
    ["name", "in"],
    name=_line(
        ("名称", "Name"),
        ("流程里用的名称：小写字母、数字和 _。", "Used in flows: a-z, 0-9 and _."),
        pattern=NAME,
        maxLength=64,
    ),
    **{
        "in": asked(
            ("放在", "Goes into"),
            ("这个参数发送到哪里。", "Where it is sent."),
            type="string",
            choices={
                "path": ("路径", "The path"),
                "query": ("网址参数", "The address"),
                "header": ("请求头", "A header"),
                "body": ("请求内容", "The body"),
                "none": ("不直接发送（在内容表达式里用）", "Nowhere (the body expression uses it)"),
            },
            default="query",
            widget="select",
        )
    },
    field=_line(("对方的名称", "Their name"), ("留空表示与名称相同。", "Empty: the same.")),
    type=asked(
        ("类型", "Type"),
        ("值的类型。", "What kind of value."),
        type="string",
        choices=TYPES,
        default="string",
        widget="select",
    ),
    required=asked(
        ("必填", "Required"),
        ("没有它就不能调用。", "Nothing is asked without it."),
        type="boolean",
        default=False,
    ),
    title=_title(
        ("标题", "Title"), ("表单里显示的名称。", "What the form calls it."), advanced=True
    ),
    help=_title(("说明", "Help"), ("表单里的说明。", "What the form says of it."), advanced=True),
    schema=asked(
        ("结构（JSON Schema）", "Structure (JSON Schema)"),
        ("从接口文档读来的结构。", "As read from the document."),
        type="object",
        advanced=True,
    ),
)

_KEYED = {"effect": ["keyed"]}
_PROBED = {"effect": ["probe"]}

OPERATION = form(
    ["name", "method", "path", "effect"],
    name=_line(
        ("名称", "Name"),
        ("小写字母、数字和 _，例如 get_order。", "a-z, 0-9 and _, such as get_order."),
        pattern=NAME,
        maxLength=64,
    ),
    title=_title(
        ("标题", "Title"),
        ("人看到的名称，例如 查一个订单。", "What people read, such as Get an order."),
    ),
    help=_title(("说明", "Help"), ("它做什么。", "What it does."), advanced=True),
    method=asked(
        ("方法", "Method"),
        ("查询用 GET，提交用 POST。", "GET to ask, POST to submit."),
        type="string",
        choices={name: (name, name) for name in METHODS},
        default="GET",
    ),
    path=_line(
        ("路径", "Path"),
        (
            "接在基础网址后面；参数写成 {order_id}。",
            "Below the base address; parameters as {order_id}.",
        ),
        format="path",
        pattern="^/[^\\s#?]*$",
        maxLength=500,
    ),
    params=_many(
        ("参数", "Parameters"),
        ("调用时要给的值。", "What is given when it is asked."),
        PARAM,
        PARAMS_MAX,
    ),
    body_kind=asked(
        ("内容格式", "Body format"),
        ("请求内容怎样写。", "How the body is written."),
        type="string",
        choices={"json": ("JSON", "JSON"), "form": ("表单", "Form fields")},
        default="json",
        when={"method": ["POST", "PUT", "PATCH", "DELETE"]},
        advanced=True,
    ),
    body=_expression(
        ("内容", "Body"),
        (
            "留空表示由「请求内容」参数组成。可写 {'id': params.order_id, 'no': key}。",
            "Empty: made of the parameters that go into it. Or {'id': params.order_id, 'no': key}.",
        ),
        when={"method": ["POST", "PUT", "PATCH", "DELETE"]},
        advanced=True,
    ),
    output=_expression(
        ("结果", "Result"),
        (
            "流程拿到什么，例如 body.data；留空表示整个内容。",
            "What the flow gets, such as body.data; empty: the whole body.",
        ),
    ),
    effect=asked(
        ("重复执行时", "When repeated"),
        (
            "网络中断后可能不知道对方做没做。这里说明能不能再发一次。",
            "After a lost answer nobody knows whether it happened. May it be sent again?",
        ),
        type="string",
        choices={
            "pure": ("只是查询，随意重发", "Only asks: freely"),
            "keyed": ("对方认重复键，可以重发", "The far side knows our key: yes"),
            "probe": ("先查询，没做过才重发", "Ask first, with another operation"),
            "once": ("绝不重发，由人处理", "Never: a person decides"),
        },
        default="once",
    ),
    key_place=asked(
        ("重复键放在", "The key goes into"),
        ("对方用来识别重复请求的位置。", "Where the far side finds our key."),
        type="string",
        choices={
            "header": ("请求头", "A header"),
            "query": ("网址参数", "The address"),
            "body": ("请求内容", "The body"),
        },
        default="header",
        when=_KEYED,
    ),
    key_name=_line(
        ("重复键的名称", "Name of the key"),
        ("例如 Idempotency-Key 或 out_trade_no。", "Such as Idempotency-Key or out_trade_no."),
        pattern=HEADER,
        default="Idempotency-Key",
        when=_KEYED,
    ),
    probe=_line(
        ("用哪个操作查询", "Asked with"),
        (
            "一个只查询的操作的名称，用同样的参数调用。",
            "An operation that only asks; it gets the same parameters.",
        ),
        pattern=NAME,
        when=_PROBED,
    ),
    happened=_expression(
        ("怎样算做过", "It happened when"),
        (
            "用 output 和 params 判断，例如 output.state == 'DONE'。",
            "Told from output and params, such as output.state == 'DONE'.",
        ),
        when=_PROBED,
    ),
    ok_when={**_OK_WHEN, "x-advanced": True},
    paging=asked(
        ("翻页", "Pages"),
        ("列表怎样翻页。", "How a list is walked."),
        advanced=True,
        **form(
            [],
            by=asked(
                ("方式", "By"),
                ("对方怎样翻页。", "How the far side does it."),
                type="string",
                choices={
                    "none": ("不翻页", "No pages"),
                    "page": ("页码", "Page number"),
                    "cursor": ("游标", "Cursor"),
                    "link": ("Link 请求头", "Link header"),
                },
                default="none",
            ),
            param=_line(
                ("页码或游标参数", "Parameter"),
                ("上面参数里的名称，例如 page。", "One of the parameters above, such as page."),
                pattern=NAME,
                when={"by": ["page", "cursor"]},
            ),
            first=asked(
                ("第一页", "First page"),
                ("从 0 还是 1 开始。", "Where it begins."),
                type="integer",
                minimum=0,
                maximum=1,
                default=1,
                when={"by": ["page"]},
            ),
            size=asked(
                ("每页条数", "Page size"),
                ("少于它就是最后一页。", "Fewer than that: it was the last."),
                type="integer",
                minimum=1,
                maximum=10_000,
                when={"by": ["page"]},
            ),
            items=_expression(
                ("列表在哪里", "The items"),
                ("例如 body.items。", "Such as body.items."),
                when={"by": ["page", "cursor", "link"]},
            ),
            next=_expression(
                ("下一个游标", "Next cursor"),
                ("例如 body.next；空值表示没有了。", "Such as body.next; nothing: the last."),
                when={"by": ["cursor"]},
            ),
            pages_max=asked(
                ("最多几页", "Pages at once"),
                ("一次调用最多连翻几页。", "How many pages one step reads."),
                type="integer",
                minimum=1,
                maximum=PAGES_MAX,
                default=1,
                when={"by": ["page", "cursor", "link"]},
            ),
        ),
    ),
    rate=asked(
        ("频率", "Rate"),
        ("对方允许的频率。", "What the far side bears."),
        advanced=True,
        **{**_RATE, "required": []},
    ),
    answer=asked(
        ("回答的结构", "Structure of the answer"),
        ("从接口文档读来，供选取变量。", "As read from the document."),
        type="object",
        advanced=True,
    ),
    ref=_line(
        ("文档中的位置", "In the document"),
        ("重新导入时靠它对应。", "By which a new import finds it."),
        maxLength=600,
        advanced=True,
    ),
)

GENERAL = form(
    ["title", "base_url"],
    title=_title(("名称", "Name"), ("例如 顺丰仓库。", "Such as Warehouse of Acme.")),
    help=_title(("说明", "Help"), ("它是什么系统。", "What system it is."), advanced=True),
    base_url=_line(
        ("基础网址", "Base address"),
        (
            "所有请求都在这个网址之下；连接里可以改。",
            "All requests go below it; a connection may have its own.",
        ),
        format="uri",
        pattern="^https?://[^\\s?#]+$",
        maxLength=500,
    ),
    auth=asked(
        ("身份验证", "Credentials"),
        (
            "密钥本身在「连接」里填写，不在这里。",
            "Secrets are filled in at the connection, not here.",
        ),
        **AUTH,
    ),
    headers=_many(
        ("固定请求头", "Headers"),
        ("每个请求都带上；不要在这里放密钥。", "Sent with every request; no secrets here."),
        form(
            ["name", "value"],
            name=_line(
                ("名称", "Name"),
                ("例如 Accept-Language。", "Such as Accept-Language."),
                pattern=HEADER,
            ),
            value=_line(
                ("值", "Value"), ("一行文字。", "One line."), pattern="^[^\\r\\n]*$", maxLength=500
            ),
        ),
        50,
        advanced=True,
    ),
    ok_when=_OK_WHEN,
    code=_expression(
        ("错误码在哪里", "Their code"), ("例如 body.code。", "Such as body.code."), advanced=True
    ),
    message=_expression(
        ("错误说明在哪里", "Their message"),
        ("例如 body.message。", "Such as body.message."),
        advanced=True,
    ),
    errors={**ERRORS, "x-advanced": True},
    test=_line(
        ("测试用的操作", "Tried with"),
        (
            "点「测试」时调用的查询，不能有必填参数。",
            "What “Test” asks: an operation without required parameters.",
        ),
        pattern=NAME,
        advanced=True,
    ),
    document=asked(
        ("接口文档", "Document"),
        ("从哪份文档导入。", "What it was read from."),
        type="object",
        advanced=True,
    ),
)
"""All of a definition but its operations."""

DEFINITION = {
    **GENERAL,
    "properties": {
        **GENERAL["properties"],
        "operations": {"type": "array", "items": OPERATION, "maxItems": OPERATIONS_MAX},
    },
    "x-order": [*GENERAL["x-order"], "operations"],
}


def whole(definition: Mapping[str, Any], part: Mapping[str, Any] = GENERAL) -> dict[str, Any]:
    """The definition with its defaults filled in, so that nobody asks twice what holds when nothing is said."""
    found = dict(definition)
    for name, schema in part["properties"].items():
        if name not in found and "default" in schema:
            found[name] = schema["default"]
    if part is GENERAL:
        found["auth"] = whole(found.get("auth") or {}, AUTH)
        found["operations"] = [
            _operation(one) for one in found.get("operations", ()) if isinstance(one, Mapping)
        ]
    return found


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    found = whole(operation, OPERATION)
    found["params"] = [whole(one, PARAM) for one in found.get("params", ())]
    found["paging"] = whole(found.get("paging") or {}, OPERATION["properties"]["paging"])
    return found

"""Connectors drawn in the browser, as pure functions: definition → requests and verdicts; documents → definitions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from headrace.engine.connector import ConnectionInfo, Connector, Operation, ParamWrong, Wish
from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.own import check, merge, openapi, tokens
from headrace.engine.flow.own.made import made
from headrace.engine.node import HttpAnswer

NOW_MS = 1_767_945_600_000


def drawn(*operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "title": {"en": "Kelp"},
        "base_url": "https://kelp.test/v1",
        "operations": [
            {"method": "GET", "path": "/", "effect": "pure", **one} for one in operations
        ],
        **more,
    }


def connector(*operations: dict[str, Any], **more: Any) -> Connector:
    definition = drawn(*operations, **more)
    assert check.problems(definition) == []
    return made("kelp", definition)


def only(*operations: dict[str, Any], **more: Any) -> Operation:
    return connector(*operations, **more).operations[0]


def account(settings: dict[str, Any] | None = None, **secrets: Any) -> ConnectionInfo:
    return ConnectionInfo("c", "own-kelp", settings or {}, secrets)


def wish(**params: Any) -> Wish:
    return Wish(params, "ins_1/7", NOW_MS, "n0nce")


def asked(operation: Operation, info: ConnectionInfo | None = None, **params: Any) -> Any:
    assert operation.build is not None
    return operation.build(info or account(), wish(**params))


def says(body: Any, status: int = 200, **headers: Any) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {"content-type": "application/json", **headers}, raw)


PARAMS = [
    {"name": "order_id", "in": "path", "field": "orderId", "required": True},
    {"name": "status", "in": "query", "type": "array"},
    {"name": "lang", "in": "header", "field": "Accept-Language"},
    {"name": "quantity", "in": "body", "type": "integer", "required": True},
    {"name": "price", "in": "body", "type": "number"},
]
ORDER = {"name": "order", "method": "POST", "path": "/orders/{orderId}/lines", "effect": "keyed", "params": PARAMS}  # fmt: skip


# --- what is sent ------------------------------------------------------------------------------------


def test_parameters_go_where_they_belong_and_are_quoted() -> None:
    request = asked(
        only(ORDER), order_id="A/1?", status=["paid", "a&b"], lang="zh", quantity="2", price="12.50"
    )

    assert request.url == "https://kelp.test/v1/orders/A%2F1%3F/lines?status=paid&status=a%26b"
    assert request.headers["accept-language"] == "zh"
    assert request.headers["idempotency-key"] == "ins_1/7"
    assert request.body == b'{"quantity":2,"price":12.5}'


@pytest.mark.parametrize(
    "params",
    [
        {"quantity": 1},  # the number of the order is missing
        {"order_id": "..", "quantity": 1},  # would name another resource
        {"order_id": "1", "quantity": "two"},
        {"order_id": "1", "quantity": True},
        {"order_id": "1", "quantity": 1, "lang": "a\r\nx: 1"},  # a second header
        {"order_id": {}, "quantity": 1},
    ],
)
def test_what_no_request_can_be_made_of_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ParamWrong):
        asked(only(ORDER), **params)


def test_a_body_can_be_worked_out_and_a_form_be_sent() -> None:
    operation = only({"name": "pay", "method": "POST", "path": "/pay", "effect": "keyed", "key_place": "body",
                      "key_name": "out_no", "body_kind": "form", "body": "{'amount': params.amount * 100}",
                      "params": [{"name": "amount", "in": "none", "type": "number"}]})  # fmt: skip

    assert asked(operation, amount=2.5).body == b"amount=250&out_no=ins_1%2F7"


@pytest.mark.parametrize(
    ("auth", "secrets", "header", "value"),
    [
        ({"kind": "bearer"}, {"token": "t"}, "authorization", "Bearer t"),
        ({"kind": "basic"}, {"username": "u", "password": "p"}, "authorization", "Basic dTpw"),
        ({"kind": "key", "name": "X-Key", "prefix": "k "}, {"token": "t"}, "x-key", "k t"),
        ({"kind": "oauth2", "token_url": "https://a.test/t"}, {"access_token": "t"}, "authorization", "Bearer t"),
    ],
)  # fmt: skip
def test_credentials_go_where_the_far_side_wants_them(
    auth: dict[str, Any], secrets: dict[str, Any], header: str, value: str
) -> None:
    operation = only({"name": "ping"}, auth=auth)

    assert asked(operation, account(**secrets)).headers[header] == value
    with pytest.raises(ParamWrong):
        asked(operation)


def test_a_signature_follows_its_recipe() -> None:
    """Signed here once more, by code of our own."""
    auth = {
        "kind": "hmac", "name": "X-Sign", "algorithm": "hmac-sha256", "encoding": "base64", "join": "newline",
        "parts": [{"kind": kind} for kind in ("method", "path", "query", "time", "nonce", "body_sha256")],
        "time_name": "X-Time", "time_unit": "ms", "nonce_name": "X-Nonce", "key_name": "X-App",
    }  # fmt: skip
    more = [{"name": "b", "in": "query"}, {"name": "a", "in": "query"}]
    operation = only({**ORDER, "params": [*PARAMS, *more]}, auth=auth)

    request = asked(
        operation,
        account({"app_key": "app"}, secret="s3cret"),
        order_id="1",
        quantity=1,
        b="2",
        a="加",
    )

    digest = hashlib.sha256(b'{"quantity":1}').hexdigest()
    text = f"POST\n/v1/orders/1/lines\na=加&b=2\n{NOW_MS}\nn0nce\n{digest}"
    signed = hmac.new(b"s3cret", text.encode(), "sha256").digest()
    assert request.headers["x-sign"] == base64.b64encode(signed).decode()
    assert (request.headers["x-time"], request.headers["x-app"]) == (str(NOW_MS), "app")
    assert b"s3cret" not in (request.body or b"") and "s3cret" not in request.url


def test_the_rule_of_taobao_can_be_drawn_and_gives_its_published_vector() -> None:
    """A published value (connectors.md 1.1 a): MD5 over secret, sorted parameters, secret."""
    auth = {
        "kind": "hmac", "place": "query", "name": "sign", "algorithm": "md5", "encoding": "hex_upper", "join": "none",
        "parts": [{"kind": "secret"}, {"kind": "query_plain"}, {"kind": "secret"}],
    }  # fmt: skip
    names = (
        "method",
        "app_key",
        "session",
        "timestamp",
        "format",
        "v",
        "sign_method",
        "fields",
        "num_iid",
    )
    values = ("taobao.item.seller.get", "12345678", "test", "2016-01-01 12:00:00", "json", "2.0", "md5",
              "num_iid,title,nick,price,num", "11223344")  # fmt: skip
    operation = only(
        {"name": "item", "params": [{"name": name, "in": "query"} for name in names]}, auth=auth
    )

    request = asked(
        operation, account(secret="helloworld"), **dict(zip(names, values, strict=True))
    )

    assert request.url.endswith("sign=66987CB115214E59E6EC978214934FB8")


# --- what comes back ---------------------------------------------------------------------------------

CODED = {
    "ok_when": "body.code == 0", "code": "body.code", "message": "body.msg",
    "errors": [{"code": "40001", "means": "token_dead"}, {"code": "5*", "means": "busy", "pause_s": 7}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (says({"code": 0, "data": 1}), None),
        (says({"code": 40001, "msg": "expired"}), "token_dead"),
        (says({"code": 50012}), "busy"),
        (says({"code": 77}), "unlisted"),  # a yes of HTTP that means no, and nobody knows what
        (says({"other": 1}), "unlisted"),  # another shape says nothing
        (says(b"<html>"), "unlisted"),
        (says(b'{"a": 1e9999}'), "unlisted"),
        (says(b"[" * 5_000), "unlisted"),
        (says({}, 429), "throttled"),
        (says({}, 401), "token_dead"),
        (says({}, 410), "withdrawn"),
        (says({}, 404), "refused"),
        (says(b"", 503), "busy"),
    ],
)
def test_an_answer_is_judged_by_what_it_says(answer: HttpAnswer, trouble: str | None) -> None:
    operation = only({"name": "ping", "output": "body.data"}, **CODED)

    verdict = operation.verdict(wish(), answer)

    assert verdict.trouble == trouble
    if trouble is None:
        assert verdict.output == 1


def test_pages_are_followed_by_number_cursor_and_link_and_end() -> None:
    page = {"name": "p", "in": "query", "type": "integer"}
    by_page = only(
        {
            "name": "list",
            "params": [page],
            "paging": {"by": "page", "param": "p", "size": 2, "items": "body.rows"},
        }
    )
    cursor = {
        "by": "cursor",
        "param": "p",
        "items": "body.rows",
        "next": "default(body.next, null)",
    }
    by_cursor = only({"name": "list", "params": [{"name": "p", "in": "query"}], "paging": cursor})
    by_link = only({"name": "list", "paging": {"by": "link", "items": "body"}})

    def following(operation: Operation, answer: HttpAnswer) -> Any:
        assert operation.follow is not None
        return operation.follow(wish(), operation.verdict(wish(), answer).output)

    assert following(by_page, says({"rows": [1, 2]})) == {"p": 2}
    assert following(by_page, says({"rows": [1]})) is None
    assert following(by_cursor, says({"rows": [1], "next": "c2"})) == {"p": "c2"}
    assert following(by_cursor, says({"rows": [1]})) is None
    there: dict[str, Any] = {"link": '<https://kelp.test/v1/?page=2>; rel="next"'}
    assert following(by_link, says([1], **there)) == {"next_page": "https://kelp.test/v1/?page=2"}
    assert asked(by_link, next_page="https://kelp.test/v1/?page=2").url == "https://kelp.test/v1/?page=2"  # fmt: skip
    for stranger in ("https://evil.test/v1/", "https://kelp.test/v1/../x", "https://kelp.test/v1.evil.test/"):  # fmt: skip
        with pytest.raises(ParamWrong):
            asked(by_link, next_page=stranger)


def test_a_probe_tells_whether_it_happened() -> None:
    both = connector(
        {"name": "pay", "method": "POST", "effect": "probe", "probe": "paid", "happened": "output.state == 'DONE'"},
        {"name": "paid"},
    )  # fmt: skip
    pay, paid = both.operations
    assert pay.happened is not None

    assert pay.happened(wish(), {"state": "DONE"}) is True
    assert pay.happened(wish(), {"state": "NEW"}) is False
    assert pay.happened(wish(), {}) is None
    assert paid.verdict(wish(), says({}, 404)).absent


# --- what is wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (drawn({"name": "a"}, {"name": "a"}), "/operations/1/name"),
        (drawn({"name": "a", "path": "/{id}"}), "/operations/0/path"),
        (drawn({"name": "a", "output": "__import__('os')"}), "/operations/0/output"),
        (drawn({"name": "a", "output": "secrets.token"}), "/operations/0/output"),
        (drawn({"name": "a", "effect": "probe", "probe": "b"}), "/operations/0/probe"),
        (drawn({"name": "a"}, auth={"kind": "hmac", "name": "s"}), "/auth/parts"),
        (drawn({"name": "a"}, auth={"kind": "oauth2"}), "/auth/token_url"),
        (drawn({"name": "a"}, base_url="ftp://x"), "/base_url"),
        (drawn({"name": "a", "paging": {"by": "page", "param": "none"}}), "/operations/0/paging/param"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(wrong: dict[str, Any], path: str) -> None:
    assert path in [problem.path for problem in check.problems(wrong)]


# --- documents ---------------------------------------------------------------------------------------

SWAGGER = """
swagger: "2.0"
info: {title: 老仓库, version: 2026-01-09}
host: old.test
basePath: /api
schemes: [https]
securityDefinitions: {k: {type: apiKey, in: query, name: token}}
paths:
  /parcels/{no}:
    get:
      operationId: getParcel
      parameters: [{name: no, in: path, required: true, type: string}]
      responses: {200: {description: ok, schema: {$ref: '#/definitions/Parcel'}}}
    post:
      summary: 登记包裹
      parameters:
        - {name: no, in: path, required: true, type: string}
        - {name: body, in: body, required: true, schema: {$ref: '#/definitions/Parcel'}}
      responses: {201: {description: ok}}
definitions:
  Parcel:
    type: object
    required: [weight]
    properties:
      weight: {type: number}
      inside: {type: array, items: {$ref: '#/definitions/Parcel'}}
"""


def read(text: str) -> dict[str, Any]:
    return openapi.definition_of(openapi.read_document(text))


def test_an_old_document_in_yaml_is_read_and_a_structure_that_holds_itself_ends() -> None:
    definition = read(SWAGGER)["definition"]

    assert check.problems(definition) == []
    assert definition["base_url"] == "https://old.test/api"
    assert definition["auth"] == {"kind": "key", "place": "query", "name": "token"}
    assert definition["document"]["version"] == "2026-01-09"  # a text, no date
    get, post = definition["operations"]
    assert (get["name"], get["effect"], get["answer"]["type"]) == ("get_parcel", "pure", "object")
    assert [(p["name"], p["in"], p["required"]) for p in post["params"]] == [
        ("no", "path", True), ("weight", "body", True), ("inside", "body", False),
    ]  # fmt: skip
    assert post["title"] == {"zh": "登记包裹"}


def test_pages_and_keys_are_found_where_names_leave_no_doubt() -> None:
    fields = {"orders": {"type": "array", "items": {}}, "next_cursor": {"type": "string"}}
    rows = {"type": "object", "properties": fields}
    server = {"url": "https://{r}.a.test", "variables": {"r": {"default": "cn"}}}
    document = {
        "openapi": "3.1.0", "info": {"title": "A"}, "servers": [server],
        "paths": {
            "/orders": {
                "get": {"parameters": [{"name": "cursor", "in": "query", "schema": {"type": ["string", "null"]}}],
                        "responses": {"200": {"content": {"application/json": {"schema": rows}}}}},
                "post": {"parameters": [{"name": "X-Idempotency-Key", "in": "header"}], "responses": {}},
            }
        },
    }  # fmt: skip
    definition = read(json.dumps(document))["definition"]
    listing, create = definition["operations"]

    assert check.problems(definition) == []
    assert definition["base_url"] == "https://cn.a.test"
    assert listing["paging"]["by"] == "cursor"
    assert (create["effect"], create["key_name"]) == ("keyed", "X-Idempotency-Key")


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nopenapi: 3.0.0\npaths: {}"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"openapi": "3.0.0"}', '{"paths": {}}', '{"openapi":"4.0","paths":{}}', BOMB,
        "!!python/object/apply:os.system ['true']", '{"openapi":"3.0.0","paths":{},"x":' + "[" * 200 + "]" * 200 + "}",
        "openapi: 3.0.0\npaths: " + "{a: " * 300 + "}" * 300, "a: b: c", "x" * (openapi.DOCUMENT_MAX + 1),
    ],
    ids=["empty", "list", "half", "no paths", "no version", "later", "bomb", "object", "deep", "deep yaml", "yaml", "long"],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read(text)

    assert [problem.code for problem in refused.value.problems] == ["document_unreadable"]


def test_references_that_lead_in_circles_or_away_do_no_harm() -> None:
    def ref(name: str) -> dict[str, str]:
        return {"$ref": f"#/components/schemas/{name}"}

    def wide(inner: dict[str, str]) -> dict[str, Any]:
        return {"type": "object", "properties": {f"p{number}": inner for number in range(60)}}

    def body(name: str) -> dict[str, Any]:
        content = {"application/json": {"schema": ref(name)}}
        return {"post": {"requestBody": {"content": content}}}

    document = {
        "openapi": "3.0.0",
        "info": {"title": "A"},
        "servers": [{"url": "https://a.test"}],
        "components": {
            "schemas": {
                "A": ref("B"),
                "B": ref("A"),
                "Wide": wide(ref("Wider")),
                "Wider": wide(ref("Widest")),
                "Widest": wide({"type": "string"}),
            }
        },
        "paths": {
            "/a": body("A"),
            "/b": body("Wide"),
            "/c": {"$ref": "https://evil.test/paths.json"},
        },
    }
    found = read(json.dumps(document))

    assert [one["path"] for one in found["definition"]["operations"]] == ["/a", "/b"]
    assert "ref_outside" in [note["code"] for note in found["notes"]]
    assert len(json.dumps(found)) < 1_000_000


# --- a newer document ----------------------------------------------------------------------------------


def test_a_newer_document_changes_what_is_sent_and_keeps_what_a_person_said() -> None:
    now = read(SWAGGER)["definition"]
    now["operations"][1] |= {"effect": "keyed", "key_name": "no", "title": {"zh": "我们的名称"}}
    now["operations"][1]["params"][1] |= {"title": {"zh": "重量"}}
    newer = read(
        SWAGGER.replace("weight: {type: number}", "weight: {type: integer}\n      fragile: {type: boolean}")
        .replace("    get:\n", "    put:\n")
    )["definition"]  # fmt: skip

    rows = {row["ref"]: row for row in merge.changes(now, newer)}
    assert {ref: row["state"] for ref, row in rows.items()} == {
        "GET /parcels/{no}": "gone", "PUT /parcels/{no}": "new", "POST /parcels/{no}": "changed",
    }  # fmt: skip
    parts = rows["POST /parcels/{no}"]["parts"]
    assert {(part["name"], part["state"]) for part in parts if part["part"] == "param"} >= {
        ("weight", "changed"), ("fragile", "new"),
    }  # fmt: skip

    found = merge.merged(now, newer, {"GET /parcels/{no}", "POST /parcels/{no}"})

    (post,) = found["operations"]
    assert (post["effect"], post["key_name"], post["title"]) == (
        "keyed",
        "no",
        {"zh": "我们的名称"},
    )
    weight = next(param for param in post["params"] if param["name"] == "weight")
    assert (weight["type"], weight["title"]) == ("integer", {"zh": "重量"})
    assert merge.changes(found, newer)[0]["state"] == "new"


# --- tokens ------------------------------------------------------------------------------------------


def test_tokens_are_asked_for_before_they_end_and_told_without_words_of_the_far_side() -> None:
    auth = {"kind": "oauth2", "grant": "client", "token_url": "https://a.test/t", "client_in": "body"}  # fmt: skip
    fresh = account({"client_id": "me"}, access_token="t", token_ends=str(NOW_MS + 120_000))

    assert not tokens.needs_token(auth, fresh, NOW_MS)
    assert tokens.needs_token(auth, fresh, NOW_MS + 61_000)
    assert tokens.needs_token(auth, account(), NOW_MS)
    body = tokens.asks_token(auth, account({"client_id": "me"}, client_secret="s")).body
    assert body == b"grant_type=client_credentials&client_id=me&client_secret=s"
    kept = tokens.told_token(says({"access_token": "new", "expires_in": "600"}), NOW_MS)
    assert kept == {"access_token": "new", "token_ends": str(NOW_MS + 600_000)}
    for no in (says({"error": "invalid_grant", "secret": "s3cret"}, 400), says(b"s3cret"), says({"access_token": 1})):  # fmt: skip
        with pytest.raises(ParamWrong) as wrong:
            tokens.told_token(no, NOW_MS)
        assert "s3cret" not in str(wrong.value)

"""The same questions to every route: who may, what if it is not there, what if the body is wrong, is it described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.http.api import routes
from headrace.engine.http.openapi import description
from headrace.engine.http.route import ANYBODY, SIGNED_IN, Route
from headrace.engine.people.working_hours import CHINA
from headrace.engine.service.actor import EVERYTHING
from tests.http.conftest import Api, Browser, make_api

CONTRACT = """
POST /api/session · GET /api/session · DELETE /api/session · PATCH /api/session
GET /api/node-types · GET /api/flow-schema.json · GET /api/functions
GET /api/flows · POST /api/flows · DELETE /api/flows/{} · GET /api/flows/{} · PUT /api/flows/{}/draft
PUT /api/flows/{}/editors/{} · DELETE /api/flows/{}/editors/{}
POST /api/flows/{}/check · POST /api/flows/{}/publish · GET /api/flows/{}/versions · GET /api/flows/{}/versions/{}
GET /api/flows/{}/route · PUT /api/flows/{}/route · POST /api/flows/{}/route/end · GET /api/flows/{}/routes
GET /api/flows/{}/migrations · POST /api/flows/{}/migrations · GET /api/flows/{}/migrations/suggestion
GET /api/migrations/{} · GET /api/migrations/{}/items · POST /api/migrations/{}/check · POST /api/migrations/{}/apply
POST /api/migrations/{}/undo · POST /api/migrations/{}/stop
POST /api/migrations/{}/items/{}/apply · POST /api/migrations/{}/items/{}/undo
GET /api/flows/{}/compare · GET /api/flows/{}/diff · POST /api/flows/{}/versions/{}/activate · PUT /api/flows/{}/versions/{}/status
POST /api/exchange/preview · POST /api/exchange/compare · POST /api/exchange/take · GET /api/exchange/export
GET /api/flows/{}/bpmn · GET /api/flows/{}/export · POST /api/flows/import · POST /api/flows/{}/test · POST /api/expressions/check
POST /api/expressions/rows
POST /api/flows/{}/instances · GET /api/instances · GET /api/instances/{} · GET /api/instances/{}/history
GET /api/instances/{}/live · POST /api/instances/{}/cancel · POST /api/incidents/{}/retry · POST /api/incidents/{}/skip
GET /api/incidents · GET /api/tasks · GET /api/tasks/count · GET /api/tasks/live · GET /api/tasks/{} · POST /api/tasks/{}/decide
GET /api/notifications · POST /api/notifications/{}/read · GET /api/deliveries
GET /api/templates · GET /api/templates/{} · POST /api/templates/{}/install · POST /api/templates/{}/try
POST /api/templates/{}/plan · GET /api/templates/{}/removal · POST /api/templates/{}/remove · GET /api/templates/{}/file
POST /api/templates/import · POST /api/templates/suggest · POST /api/templates/export · DELETE /api/templates/{}
GET /api/users · POST /api/users · PATCH /api/users/{} · GET /api/roles · POST /api/roles · PATCH /api/roles/{}
DELETE /api/roles/{} · PUT /api/roles/{}/members · GET /api/connections · POST /api/connections
PATCH /api/connections/{} · DELETE /api/connections/{} · POST /api/connections/{}/test · GET /api/connectors
GET /api/connections/{}/limits · PUT /api/connections/{}/limits · PUT /api/connections/{}/breaker · GET /api/breakers
GET /api/tokens · POST /api/tokens · DELETE /api/tokens/{} · GET /api/scopes
GET /api/overview · GET /api/audit
POST /hooks/{}/{} · GET /hooks/{}/{} · GET /api/openapi.json · GET /api/docs · GET /health
GET /api/schedules · POST /api/schedules/{}/pause · POST /api/schedules/{}/resume
GET /api/instances/{}/inbox
POST /api/instances/{}/suspend · POST /api/instances/{}/resume · POST /api/instances/{}/inject
POST /api/instances/{}/move · POST /api/instances/{}/rewind · POST /api/instances/{}/priority · POST /api/instances/{}/test
GET /api/instances/{}/steps · GET /api/instances/{}/at/{} · POST /api/instances/{}/hold · POST /api/holds
GET /api/batches/kinds · POST /api/batches/preview · GET /api/batches · POST /api/batches · GET /api/batches/{}
GET /api/batches/{}/items · POST /api/batches/{}/cancel
GET /api/retention · PATCH /api/retention · GET /api/flows/{}/rules · PATCH /api/flows/{}/rules
GET /api/messages · POST /api/messages · POST /api/signals · GET /api/subscriptions · GET /api/instances/{}/locks
GET /api/instances/{}/steps/{}/items · POST /api/instances/{}/steps/{}/items · POST /api/instances/{}/steps/{}/close
GET /healthz · GET /readyz · GET /metrics
GET /api/calendars · POST /api/calendars · GET /api/calendars/{} · PUT /api/calendars/{} · GET /api/calendars/{}/days
POST /api/calendars/{}/standard · PUT /api/roles/{}/calendar
GET /api/me/channels · PUT /api/me/channels · POST /api/me/channels/test · GET /api/me/messages
GET /api/channels · PUT /api/channels
GET /api/departments · POST /api/departments · PATCH /api/departments/{} · DELETE /api/departments/{}
GET /api/posts · POST /api/posts · PATCH /api/posts/{} · DELETE /api/posts/{}
GET /api/people · GET /api/people/{} · PATCH /api/people/{} · PUT /api/roles/{}/backup
POST /api/organisation/import · GET /api/organisation/import/sample · GET /api/organisation/import/{}
POST /api/organisation/import/{}/apply · GET /api/organisation/export
POST /api/who · GET /api/flows/{}/who · GET /api/organisation/gaps · PUT /api/roles/{}/pool
GET /api/organisation/rules · PATCH /api/organisation/rules
GET /api/substitutions · POST /api/substitutions · PATCH /api/substitutions/{} · DELETE /api/substitutions/{}
POST /api/substitutions/{}/give-back
GET /api/rotas · POST /api/rotas · GET /api/rotas/{} · PUT /api/rotas/{} · DELETE /api/rotas/{} · GET /api/rotas/{}/duty
GET /api/tasks/flows · GET /api/tasks/{}/notes · POST /api/tasks/{}/actions/{}
POST /api/files · GET /api/files/{}
GET /p/{} · POST /p/{} · GET /api/public-pages · POST /api/public-pages/{}/close
GET /mail/decide/{} · POST /mail/decide/{} · GET /api/flows/{}/board
POST /api/tasks/bulk · GET /api/tasks/release/preview · POST /api/tasks/release · POST /api/tasks/resend · POST /api/handover
GET /api/decisions · GET /api/decisions/export · GET /api/decisions/verify
GET /api/tables · POST /api/tables · GET /api/tables/{} · PUT /api/tables/{} · DELETE /api/tables/{}
POST /api/tables/{}/check · GET /api/tables/{}/versions · GET /api/tables/{}/suggestion
GET /api/tables/{}/records · POST /api/tables/{}/records · GET /api/tables/{}/records/{} · PATCH /api/tables/{}/records/{}
GET /api/tables/{}/records/{}/history · GET /api/tables/{}/history · GET /api/tables/{}/by-key/{} · GET /api/tables/{}/count
GET /api/tables/{}/totals
POST /api/tables/{}/imports · GET /api/tables/{}/imports/{} · POST /api/tables/{}/imports/{}/preview
POST /api/tables/{}/imports/{}/apply · GET /api/tables/{}/export
POST /api/tables/{}/change · POST /api/tables/{}/delete · POST /api/tables/{}/restore
GET /api/tables/{}/views · POST /api/tables/{}/views · PUT /api/tables/{}/views/{} · DELETE /api/tables/{}/views/{}
GET /api/sources · POST /api/sources · GET /api/sources/{} · PUT /api/sources/{} · DELETE /api/sources/{}
POST /api/sources/{}/orders · POST /api/sources/{}/preview · POST /api/sources/{}/poll · GET /api/sources/{}/pulls
POST /api/sources/{}/pulls · GET /api/sources/{}/pulls/{} · POST /api/sources/{}/pulls/{}/stop
POST /api/sources/{}/files · GET /api/sources/{}/files/{} · POST /api/sources/{}/files/{}/preview
POST /api/sources/{}/files/{}/apply · GET /api/sources/{}/incidents · GET /api/sources/{}/incidents/{}
GET /api/sources/{}/incidents/{}/orders · POST /api/sources/{}/incidents/{}/close
GET /api/interfaces · PATCH /api/interfaces/{} · POST /api/interfaces/{}/acknowledge
POST /intake/{} · GET /intake/{} · GET /api/order-exceptions · GET /api/order-exceptions/{}
POST /api/order-exceptions/{}/retry · POST /api/order-exceptions/{}/learn · POST /api/order-exceptions/{}/accept
POST /api/order-exceptions/{}/dismiss · GET /api/intake/rush · GET /api/inflows · GET /api/inflows/{} · POST /api/inflows/{}/replay
GET /api/decision-tables · POST /api/decision-tables · GET /api/decision-tables/{} · PUT /api/decision-tables/{}
DELETE /api/decision-tables/{} · POST /api/decision-tables/{}/check · POST /api/decision-tables/{}/publish
GET /api/decision-tables/{}/versions · GET /api/decision-tables/{}/versions/{}
GET /api/flows/{}/cases · POST /api/flows/{}/cases · PUT /api/flows/{}/cases/{} · DELETE /api/flows/{}/cases/{}
POST /api/flows/{}/cases/run · POST /api/flows/{}/cases/record · POST /api/flows/{}/readiness
POST /api/flows/{}/connections/{}/test
GET /api/flows/{}/heat · POST /api/flows/{}/heat/count · GET /api/flows/{}/heat/{}
POST /api/decision-tables/{}/versions/{}/withdraw · POST /api/decision-tables/{}/import · GET /api/decision-tables/{}/export
GET /api/own-connectors · GET /api/own-connectors/forms · POST /api/own-connectors/read · POST /api/own-connectors
POST /api/own-connectors/try · GET /api/own-connectors/{} · PUT /api/own-connectors/{} · DELETE /api/own-connectors/{}
GET /api/own-connectors/{}/versions · GET /api/own-connectors/{}/versions/{} · POST /api/own-connectors/{}/compare
POST /api/own-connectors/{}/renew · POST /api/connections/{}/authorize · GET /api/connections/authorized
"""

API_DOCUMENT = '{"openapi": "3.0.0", "info": {"title": "A", "version": "1"}, "paths": {}}'

RIGHT_BODIES: dict[str, Any] = {
    "PUT /api/flows/{}/editors/{}": {"cursor": None, "selection": [], "look": "canvas"},
    "PUT /api/own-connectors/{}": {
        "definition": {"title": {"en": "A"}, "base_url": "https://a.test", "operations": []},
        "base": 1,
    },
    "POST /api/own-connectors/{}/compare": {"document": API_DOCUMENT},
    "POST /api/own-connectors/{}/renew": {"document": API_DOCUMENT, "refs": [], "base": 1},
    # A body that passes the schema, for the routes that need one and name a thing that may be missing.
    "PUT /api/flows/{}/draft": {"key": "nothing", "name": {"en": "N"}, "nodes": [], "edges": []},
    "POST /api/flows/{}/test": {"input": {}},
    "POST /api/flows/{}/cases": {"name": {"en": "C"}, "content": {"input": {}, "expect": {}}},
    "PUT /api/flows/{}/cases/{}": {
        "name": {"en": "C"},
        "content": {"input": {}, "expect": {}},
        "revision": 1,
    },
    "POST /api/flows/{}/cases/record": {"instance": "ins_nothing"},
    "POST /api/flows/{}/migrations": {"to": 2, "versions": [1]},
    "PUT /api/flows/{}/route": {"rules": [{"version": 2, "weight": 5}]},
    "PUT /api/flows/{}/versions/{}/status": {"status": "active"},
    "POST /api/tasks/{}/decide": {"decision": "approved"},
    "POST /api/templates/{}/try": {"flow": "f", "sample": "s"},
    "PATCH /api/roles/{}": {"title": {"en": "T"}},
    "PUT /api/roles/{}/members": [],
    "POST /api/instances/{}/inject": {"node": "n"},
    "POST /api/instances/{}/move": {"step": 1, "node": "n"},
    "POST /api/instances/{}/rewind": {"step": 1},
    "POST /api/instances/{}/priority": {"priority": 5},
    "POST /api/instances/{}/test": {"step": 1},
    "POST /api/instances/{}/hold": {"on": True, "reason": "r"},
    "PUT /api/connections/{}/breaker": {"force": "open"},
    "POST /api/instances/{}/steps/{}/items": {"inputs": [{}]},
    "PUT /api/calendars/{}": CHINA,
    "PUT /api/tables/{}": {"definition": {"title": {}, "fields": []}, "version": 1},
    "POST /api/tables/{}/check": {"title": {}, "fields": []},
    "POST /api/tables/{}/records": {"values": {}},
    "PATCH /api/tables/{}/records/{}": {"values": {}, "rev": 1},
    "POST /api/tables/{}/change": {"ids": [1], "values": {}},
    "POST /api/tables/{}/restore": {"ids": [1]},
    "POST /api/tables/{}/imports/{}/preview": {"mapping": ["a"]},
    "POST /api/tables/{}/imports/{}/apply": {"mapping": ["a"]},
    "POST /api/tables/{}/views": {"title": "V", "content": {}},
    "PUT /api/tables/{}/views/{}": {"title": "V", "content": {}},
    "PUT /api/sources/{}": {"revision": 1},
    "POST /api/sources/{}/orders": {"items": []},
    "POST /api/sources/{}/files/{}/preview": {"mapping": ["total"]},
    "POST /api/sources/{}/files/{}/apply": {"mapping": ["total"]},
    "POST /api/order-exceptions/{}/learn": {"state": "paid"},
    "POST /api/order-exceptions/{}/dismiss": {"note": "x"},
    "PUT /api/decision-tables/{}": {
        "definition": {"title": {}, "policy": "unique", "inputs": [], "outputs": [], "rules": []},
        "revision": 1,
    },
    "POST /api/decision-tables/{}/publish": {"revision": 1},
    "PUT /api/roles/{}/backup": [],
    "PUT /api/roles/{}/pool": {"limit": 10, "people": ["usr_ada"]},
    "PUT /api/roles/{}/calendar": {"calendar": None},
    "PUT /api/rotas/{}": {
        "name": "N",
        "timezone": "UTC",
        "starts_on": "2026-01-05",
        "shifts": [{"id": "day", "name": "D", "from": "09:00", "to": "18:00"}],
        "weeks": [{}],
    },
}

ALL = {f"{route.method} {re.sub(r'{.*?}', '{}', route.path)}": route for route in routes()}


def of(names: list[str]) -> Any:
    return pytest.mark.parametrize("name", names)


def path(route: Route, value: str = "nothing") -> str:
    return re.sub(r"{.*?}", value, route.path)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("routes")
    yield from make_api(folder)


@pytest.fixture(scope="module")
def ada(api: Api) -> Browser:
    return api.browser("ada")


@pytest.fixture(scope="module")
def programs(api: Api) -> dict[str, Browser]:
    """For each permission a program that may do everything else."""
    return {left_out: api.program(*(EVERYTHING - {left_out})) for left_out in EVERYTHING}


def test_the_routes_are_those_of_the_contract() -> None:
    promised = {name.strip() for line in CONTRACT.split("\n") for name in line.split("·")} - {""}

    assert set(ALL) == promised


def test_the_description_has_every_route_once() -> None:
    described = {
        f"{method.upper()} {re.sub(r'{.*?}', '{}', where)}"
        for where, operations in description()["paths"].items()
        for method in operations
    }

    assert described == set(ALL)


@of(sorted(ALL))
def test_a_route_says_in_a_sentence_what_it_does(name: str) -> None:
    assert 8 <= len(ALL[name].summary) < 140
    assert not ALL[name].summary.endswith(".") or name == "GET /api/audit"


@of([name for name, route in ALL.items() if route.permission != ANYBODY])
def test_nobody_gets_in_without_signing_in(api: Api, name: str) -> None:
    route = ALL[name]

    reply = api.browser().call(route.method, path(route), {} if route.writes else None)

    assert (reply.status, reply.code) == (401, "not_signed_in")


@of([name for name, route in ALL.items() if route.permission not in {ANYBODY, SIGNED_IN}])
def test_a_missing_permission_is_a_refusal_even_with_all_the_others(
    programs: dict[str, Browser], name: str
) -> None:
    route = ALL[name]

    reply = programs[route.permission].call(route.method, path(route), {} if route.writes else None)

    assert (reply.status, reply.code) == (403, "forbidden")
    assert reply.json["error"]["params"] == {"permission": route.permission}


@of([name for name, route in ALL.items() if route.writes and route.permission != ANYBODY])
def test_a_write_from_a_strange_page_is_refused(ada: Browser, name: str) -> None:
    route = ALL[name]

    reply = ada.call(route.method, path(route), {}, headers={"X-CSRF-Token": "another"})

    assert (reply.status, reply.code) == (403, "csrf_failed")


@of([name for name, route in ALL.items() if "{" in route.path and route.media == "text/html"])
def test_a_page_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    reply = api.browser().call(ALL[name].method, path(ALL[name]))

    assert reply.status == 404
    assert reply.headers["Content-Type"].startswith("text/html")


@of([name for name, route in ALL.items() if "{" in route.path and route.media != "text/html"])
def test_what_is_not_there_is_not_found(ada: Browser, name: str) -> None:
    route = ALL[name]
    body = RIGHT_BODIES.get(name, {}) if route.writes else None

    reply = ada.call(route.method, path(route), body, headers={"If-Match": "x"})

    assert (reply.status, reply.code) == (404, "not_found")


@of([name for name, route in ALL.items() if "{" in route.path])
@pytest.mark.parametrize(
    "odd", ["%00", "a%00b", "..", "%F0%9F%9A%80", "x" * 400, "'; DROP TABLE users--"]
)
def test_odd_names_are_not_found_either(ada: Browser, name: str, odd: str) -> None:
    route = ALL[name]
    body = RIGHT_BODIES.get(name, {}) if route.writes else None

    reply = ada.call(route.method, path(route, odd), body, headers={"If-Match": "x"})

    assert reply.status in {404, 422}


@of([name for name, route in ALL.items() if route.body is not None])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'"a text"', 422, "validation_failed"),
        (b"{", 400, "not_json"),
        (b'{"a": NaN}', 400, "not_json"),
        (b'{"a": "\\ud800"}', 400, "not_json"),
        (b'{"a": "\\u0000"}', 400, "not_json"),
        (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", 400, "too_deep"),
        (b"[" * 100_000, 400, "too_deep"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, 400, "too_deep"),
    ],
    ids=["kind", "half", "nan", "surrogate", "nul", "deep", "open", "very deep"],
)
def test_a_wrong_body_is_told_apart(
    ada: Browser, name: str, body: bytes, status: int, code: str
) -> None:
    route = ALL[name]

    reply = ada.call(route.method, path(route), body, headers={"If-Match": "x"})

    assert (reply.status, reply.code) == (status, code)


@of([name for name, route in ALL.items() if route.body is not None])
def test_a_body_that_is_not_json_by_its_own_word_is_refused(ada: Browser, name: str) -> None:
    route = ALL[name]

    reply = ada.call(route.method, path(route), b"a=b", content_type="text/plain")

    assert (reply.status, reply.code) == (415, "wrong_content_type")


@of([name for name, route in ALL.items() if route.writes])
def test_a_body_too_large_is_refused_by_its_length_alone(ada: Browser, name: str) -> None:
    route = ALL[name]
    claimed = {"CONTENT_LENGTH": str(max(50_000_000, route.body_max + 1))}

    reply = ada.call(route.method, path(route), data=b"", environ_overrides=claimed)

    assert (reply.status, reply.code) == (413, "body_too_large")


@of([name for name, route in ALL.items() if "limit" in route.query])
@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=many", "limit=-1", "cursor=%00"])
def test_a_page_has_its_limits(ada: Browser, name: str, query: str) -> None:
    reply = ada.get(f"{path(ALL[name])}?{query}&table=orders")

    assert (reply.status, reply.code) == (422, "validation_failed")


@of([name for name, route in ALL.items() if "limit" in route.query and "{" not in route.path])
@pytest.mark.parametrize("cursor", ["x", "0", "99999999999999999999", "1_2", "1:2", "%25", "-1"])
def test_no_cursor_breaks_a_list(ada: Browser, name: str, cursor: str) -> None:
    reply = ada.get(f"{path(ALL[name])}?cursor={cursor}&table=orders")

    assert reply.status in {200, 422}


@of(sorted(ALL))
def test_every_answer_carries_what_keeps_a_browser_safe(api: Api, name: str) -> None:
    route = ALL[name]

    headers = api.browser().call(route.method, path(route), b"" if route.writes else None).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert re.fullmatch("[0-9a-f]{16}", headers["X-Request-Id"])
    assert "no-store" in headers["Cache-Control"]

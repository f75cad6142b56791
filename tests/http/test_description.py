"""The API describes itself: OpenAPI 3.1 that a validator takes, and a page for people."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import jsonschema_rs

from headrace.engine.http.openapi import description
from headrace.engine.service.tokens import SCOPES
from tests.http.conftest import Api

META = Path(__file__).parent.parent / "fixtures" / "openapi-3.1.schema.json"
"""The OpenAPI Initiative's schema of 3.1 (Apache-2.0)."""


def test_the_description_is_openapi() -> None:
    validator = jsonschema_rs.Draft202012Validator(json.loads(META.read_text()))

    assert [error.message for error in validator.iter_errors(description())] == []


def test_every_schema_in_it_is_a_json_schema() -> None:
    def schemas(value: object) -> list[object]:
        if isinstance(value, dict):
            own = [value["schema"]] if isinstance(value.get("schema"), dict) else []
            return own + [s for below in value.values() for s in schemas(below)]
        return [s for below in value for s in schemas(below)] if isinstance(value, list) else []

    found = schemas(description())
    assert len(found) > 200
    for schema in found:
        jsonschema_rs.meta.validate(schema)


def test_it_names_operations_once_and_scopes_that_exist() -> None:
    operations = [o for found in description()["paths"].values() for o in found.values()]

    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        for security in operation["security"]:
            assert set(security.get("token", ())) <= set(SCOPES)


def test_anybody_may_read_it(api: Api) -> None:
    reply = api.browser().get("/api/openapi.json")

    assert reply.json == description()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "action"}:
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_the_page_needs_nothing_from_elsewhere_and_no_script(api: Api) -> None:
    reply = api.browser().get("/api/docs")
    page = _Page()
    page.feed(reply.data.decode())

    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script" not in page.tags
    assert page.handlers == []
    assert all(re.match(r"#|openapi\.json$", address) for address in page.addresses)
    assert "width=device-width" in reply.data.decode()
    for path in description()["paths"]:
        assert path in reply.data.decode()


def test_the_schema_of_the_flow_format_has_an_address(api: Api) -> None:
    answer = api.flask.test_client().get("/api/flow-schema.json")

    published = answer.get_json(force=True)
    jsonschema_rs.meta.validate(published)
    assert published["$id"] == "urn:headrace:flow:1"

"""A connector for an API nobody has seen: built in the browser from its own document, used in a flow, and the right result."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import DESK, PHONE, choose, new_flow, read_case, sign_in, start_case
from tests.servers import HOST

KEY = "k-7f3a9c2e5b"
STOCK = {"A-1": 7, "B/2": 0}


def document(port: int, *, newer: bool = False) -> dict[str, Any]:
    """What the far side says of itself."""
    item = {
        "type": "object",
        "properties": {"sku": {"type": "string"}, "left": {"type": "integer"}},
    }
    query = [{"name": "warehouse", "in": "query", "schema": {"type": "string"}}]
    reserve: dict[str, Any] = {
        "operationId": "reserveStock",
        "summary": "Reserve stock",
        "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["sku", "quantity"],
                        "properties": {
                            "sku": {"type": "string"},
                            "quantity": {"type": "integer"},
                        },
                    }
                }
            },
        },
        "responses": {"201": {"description": "reserved"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kelp Stock", "version": "2" if newer else "1"},
        "servers": [{"url": f"http://{HOST}:{port}/v1"}],
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Kelp-Key"}},
            "schemas": {"Item": item},
        },
        "paths": {
            "/items/{sku}": {
                "get": {
                    "operationId": "getItem",
                    "summary": "How much is left",
                    "parameters": [
                        {"name": "sku", "in": "path", "required": True, "schema": {"type": "string"}},
                        *(query if newer else []),
                    ],
                    "responses": {
                        "200": {
                            "description": "the item",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
                        }
                    },
                }
            },
            "/reservations": {"post": reserve},
        },
    }  # fmt: skip


class Kelp(ThreadingHTTPServer):
    """The far side: wants its key, keeps what was reserved by the idempotency key."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self.reserved: dict[str, Any] = {}
        super().__init__((HOST, port), Answering)


class Answering(BaseHTTPRequestHandler):
    server: Kelp
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        sku = self.path.removeprefix("/v1/items/").replace("%2F", "/")
        self._say(200, {"sku": sku, "left": STOCK[sku]}) if sku in STOCK else self._say(404, {})

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.reserved[self.headers["Idempotency-Key"]] = told
        self._say(201, {"number": f"R-{len(self.server.reserved)}", **told})

    def _say(self, status: int, value: Any) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        if self.headers.get("X-Kelp-Key") != KEY:
            status, value = 401, {"message": "who are you"}
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def kelp(far_port: int) -> Iterator[Kelp]:
    server = Kelp(far_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_api_nobody_has_seen_is_used_without_code(page: Page, kelp: Kelp, far_port: int) -> None:
    page.set_viewport_size(DESK)
    sign_in(page, "admin")

    build(page, far_port)
    try_it(page)
    connect(page)
    draw(page)
    start_case(page, "check-stock", {"sku": "B/2"})
    read_case(page, "completed", passed=["start", "operation", "operation_2", "end"], spared=[])
    page.get_by_test_id("steps").locator("[data-node=operation_2]").get_by_role(
        "button"
    ).first.click()
    expect(page.get_by_test_id("steps")).to_contain_text("R-1")

    assert list(kelp.reserved.values()) == [{"sku": "B/2", "quantity": 5}]
    assert kelp.asked[-2:] == ["GET /v1/items/B%2F2", "POST /v1/reservations"]
    assert KEY not in page.content()

    renew(page, far_port)


def build(page: Page, port: int) -> None:
    page.goto("/own-connectors")
    page.get_by_test_id("btn-new-own-connector").first.click()
    page.get_by_test_id("field-document").fill(json.dumps(document(port)))
    page.get_by_test_id("btn-read").click()
    expect(page.get_by_test_id("choose-get_item")).to_be_checked()
    page.get_by_test_id("btn-next").click()
    expect(page.get_by_test_id("field-title")).to_have_value("Kelp Stock")
    expect(page.get_by_test_id("field-key")).to_have_value("kelp-stock")
    page.get_by_test_id("btn-make").click()
    expect(page.get_by_test_id("operation-reserve_stock")).to_be_visible()


def try_it(page: Page) -> None:
    """Typed secrets are used and never shown."""
    page.get_by_test_id("try-get_item").click()
    sheet = page.get_by_test_id("try-sheet")
    sheet.get_by_test_id("field-token").fill(KEY)
    sheet.get_by_test_id("field-sku").fill("A-1")
    sheet.get_by_test_id("btn-try").click()
    expect(sheet.get_by_test_id("tried-received")).to_contain_text("HTTP 200")
    expect(sheet.get_by_test_id("tried-sent")).to_contain_text("x-kelp-key: •••")
    expect(sheet.get_by_test_id("tried")).not_to_contain_text(KEY)
    expect(sheet.get_by_test_id("tried")).to_contain_text("7")
    sheet.get_by_test_id("btn-sheet-close").click()


def connect(page: Page) -> None:
    page.get_by_test_id("btn-connect").click()
    page.get_by_test_id("field-name").fill("Kelp of the shop")
    page.get_by_test_id("field-key").fill("kelp")
    page.get_by_test_id("field-token").fill(KEY)
    page.get_by_test_id("btn-save").last.click()
    expect(page.get_by_test_id("connection-kelp")).to_be_visible()


def draw(page: Page) -> None:
    editor = new_flow(page, "Check stock")
    editor.leave_selection()
    editor.add_input(0, "sku", "SKU")
    editor.drop_on("operation", editor.edge("start", "out", "end"))
    editor.saved()
    editor.choose_node("operation")
    ask(page, "How much is left", {"sku": "sku"})
    editor.drop_on("operation", editor.edge("operation", "out", "end"))
    editor.saved()
    editor.choose_node("operation_2")
    expect(page.get_by_test_id("field-name.en")).to_have_value("Ask a platform 2")
    ask(page, "Reserve stock", {"sku": "sku", "quantity": "operation.left + 5"})
    editor.problems(0)
    editor.saved()
    editor.publish("First")


def ask(page: Page, operation: str, params: dict[str, str]) -> None:
    """Fills in the chosen node: its forms are those of the far side's document."""
    choose(page.get_by_test_id("field-connection"), "Kelp of the shop")
    choose(page.get_by_test_id("field-operation"), operation)
    for name, value in params.items():
        box = page.get_by_test_id(f"field-params.{name}")
        box.click()
        box.press_sequentially(value)
        page.keyboard.press("Escape")


def renew(page: Page, port: int) -> None:
    """A newer document shows what it changes before anything is taken."""
    page.goto("/own-connectors/kelp-stock")
    page.get_by_role("button", name="Newer document").click()
    page.get_by_test_id("field-document").fill(json.dumps(document(port, newer=True)))
    page.get_by_test_id("btn-compare").click()
    expect(page.get_by_test_id("renew-sheet")).to_contain_text("new parameter warehouse")
    page.get_by_test_id("btn-take").click()
    expect(page.get_by_text("Version 2")).to_be_visible()
    page.set_viewport_size(PHONE)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]

"""Every screen, in Chinese and English, light and dark, on a phone and on a desk.

It opens without an error, fits the phone, breaks no accessibility rule that matters (axe), and every word is
translated. One browser walks them all; what differs only by colour or width is looked at without loading again.
`HEADRACE_SHOTS=1` keeps a picture of each in `test-results/screens`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import watching
from tests.e2e.pages import DESK, PHONE, SAVED_MS, api, session_of

ROOT = Path(__file__).parents[2]
AXE = ROOT / "designer" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "test-results" / "screens"

# What each person opens; {case} and {task} are of the demo's first refund.
SCREENS = {
    "admin": [
        "/home",
        "/tasks/todo",
        "/tasks/started",
        "/start",
        "/start/refund-approval",
        "/flows",
        "/flows/refund-approval",
        "/flows/refund-approval/heat",
        "/templates",
        "/templates/refund-approval",
        "/instances",
        "/instances/{case}",
        "/incidents",
        "/tables",
        "/tables/demo_stock",
        "/tables/demo_stock/design",
        "/tables/demo_stock/records/1",
        "/sources",
        "/sources/at/every-screen",
        "/sources/at/every-screen?view=map",
        "/sources/at/every-screen?view=pulls",
        "/sources/at/every-screen?view=incidents",
        "/sources/exceptions",
        "/sources/interfaces",
        "/sources/log",
        "/decision-tables",
        "/deliveries",
        "/operations",
        "/operations/batches",
        "/operations/batches/{batch}",
        "/operations/board?flow=refund-approval",
        "/operations/breakers",
        "/operations/channels",
        "/operations/messages",
        "/operations/messages?view=waiting",
        "/operations/retention",
        "/operations/schedules",
        "/connections",
        "/own-connectors",
        "/own-connectors/new",
        "/own-connectors/screens-api",
        "/users",
        "/organisation",
        "/organisation/people",
        "/organisation/posts",
        "/organisation/substitutions",
        "/organisation/rotas",
        "/organisation/rotas/demo-night",
        "/organisation/import",
        "/organisation/who",
        "/organisation/who?flow=refund-approval",
        "/roles",
        "/calendars",
        "/tokens",
        "/audit",
        "/decisions",
        "/release",
        "/notifications",
        "/account",
        "/more",
        "/nowhere",
    ],
    "ann": ["/tasks/todo/{task}"],
    "": ["/"],
}
WIDTHS = {"desk": DESK, "phone": PHONE}
SERIOUS = ("serious", "critical")
CHINESE = re.compile("[\u4e00-\u9fff]+")
LANGUAGE_SWITCH = "中文"
A_KEY = re.compile(r"^[a-z][a-z0-9_]*(:[a-z0-9_]+)?(\.[a-z0-9_]+)+$|^[a-z]+:[a-z0-9_.]+$")

KEEP_ANSWERS = """
  window.answers = [];
  const plain = window.fetch;
  window.fetch = async (...args) => {
    const answer = await plain(...args);
    if ((answer.headers.get("content-type") ?? "").includes("json"))
      answer.clone().json().then((value) => window.answers.push(value), () => undefined);
    return answer;
  };
"""
TEXTS = """() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    const text = walk.currentNode.data.trim();
    if (text === "" || parent.closest("script, style, code, pre, .cm-editor")) continue;
    texts.push(text);
  }
  for (const found of document.querySelectorAll("[aria-label], [title]"))
    texts.push(found.getAttribute("aria-label") ?? "", found.getAttribute("title") ?? "");
  for (const found of document.querySelectorAll(":placeholder-shown")) texts.push(found.placeholder);
  return texts;
}"""
TOO_WIDE = """() => ["html", ".hr-main", ".hr-page-body"].filter((name) => {
  const found = document.querySelector(name);
  return found !== null && found.scrollWidth > found.clientWidth;
})"""
RUN_AXE = """(rules) => axe.run(document, {
  resultTypes: ["violations"],
  runOnly: rules
    ? { type: "rule", values: rules }
    : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
}).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({
  id, impact, nodes: nodes.slice(0, 5).map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? "")),
})))"""


@pytest.fixture
def addresses(browser: Browser, base_url: str) -> Callable[[str], str]:
    """The addresses of screens that show something."""
    return furnished(browser, base_url)


def furnished(browser: Browser, base_url: str) -> Callable[[str], str]:
    """Fills the demo with what screens show: a refund waits for Ann; says what stands for `{case}` and its like."""
    context = browser.new_context(base_url=base_url)
    headers = session_of(context, "dora")
    sample = api(context, "/api/flows/refund-approval")["draft"]["document"]["sample"]
    begun = context.request.post(
        "/api/flows/refund-approval/instances",
        headers=headers,
        data={"input": {**sample, "refund_id": "R-SCREENS"}},
    )
    assert begun.ok, begun.text()
    case = begun.json()["id"]
    page = context.new_page()
    page.goto(f"/instances/{case}")
    waiting = page.get_by_test_id("instance")
    expect(waiting).to_have_attribute("data-status", "waiting", timeout=SAVED_MS)
    session_of(context, "ann")
    tasks = api(context, "/api/tasks?box=todo")["items"]
    task = next(one["id"] for one in tasks if one["instance_id"] == case)
    headers = session_of(context, "admin")
    told = {"kind": "priority", "selection": {"ids": [case]}, "params": {"priority": 1}}
    batch = context.request.post("/api/batches", headers=headers, data=told).json()["id"]
    drawn = {
        "title": {"en": "Stock of Kelp", "zh": "海带仓库"},
        "base_url": "https://kelp.example.com/v1",
        "auth": {"kind": "hmac", "name": "X-Sign", "parts": [{"kind": "body"}]},
        "operations": [
            {"name": "items", "title": {"en": "Items", "zh": "商品"}, "method": "GET", "path": "/items", "effect": "pure"}
        ],
    }  # fmt: skip
    made = {"key": "screens-api", "definition": drawn}
    context.request.post("/api/own-connectors", headers=headers, data=made)
    source = {
        "key": "every-screen",
        "title": {"en": "Shop of Kelp", "zh": "海带店"},
        "shop": "kelp",
    }
    context.request.post("/api/sources", headers=headers, data=source)
    orders = [
        {"platform_order_id": "K-1", "status_code": "paid", "total": 99, "items": []},
        {"platform_order_id": "K-2", "status_code": "NOBODY_KNOWS", "total": 99, "items": []},
    ]
    context.request.post(
        "/api/sources/every-screen/orders", headers=headers, data={"items": orders}
    )
    context.close()
    return lambda address: address.format(case=case, task=task, batch=batch)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_screen_is_whole(
    browser: Browser,
    browser_context_args: dict[str, Any],
    base_url: str,
    addresses: Callable[[str], str],
    language: str,
) -> None:
    wrong: list[str] = []
    for login, screens in SCREENS.items():
        context = browser.new_context(
            **{
                **browser_context_args,
                "base_url": base_url,
                "locale": "zh-CN" if language == "zh" else "en-GB",
            }
        )
        with watching(context, base_url):
            if login:
                session_of(context, login)
            walk = Walk(context, language)
            for address in screens:
                wrong += walk.look_at(addresses(address))
        context.close()

    assert not wrong, "\n".join(wrong)


class Walk:
    """One browser going from screen to screen."""

    def __init__(self, context: BrowserContext, language: str) -> None:
        self.language = language
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.add_init_script(KEEP_ANSWERS)

    def _console(self, message: Any) -> None:
        # Who is not signed in is told so with a 401, which the browser counts as an error.
        if message.type == "error" and "401" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def look_at(self, address: str) -> list[str]:
        """What is wrong with this screen, each with where it was seen."""
        self.complaints.clear()
        page = self.page
        page.set_viewport_size(WIDTHS["desk"])
        page.emulate_media(color_scheme="light")
        page.goto(address)
        whole(page)
        page.evaluate(AXE.read_text())
        wrong = [f"{address} {self.language}: {each}" for each in self.complaints]
        for width, size in WIDTHS.items():
            page.set_viewport_size(size)
            whole(page)
            wrong += [f"{address} {self.language} {width}: {each}" for each in self._landmarks()]
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                expect(page.locator("html")).to_have_attribute("data-theme", theme)
                found = [*self._words(), *self._width(width), *self._axe(theme)]
                wrong += [f"{address} {self.language} {width} {theme}: {each}" for each in found]
                self._picture(address, width, theme)
        return wrong

    def _words(self) -> list[str]:
        texts = self.page.evaluate(TEXTS)
        keys = [f"a key, not a word: {text}" for text in texts if A_KEY.match(text)]
        if self.language == "zh":
            return keys
        answers = self.page.evaluate("window.answers")
        known = "\n".join([LANGUAGE_SWITCH, *map(told, answers)])
        strange = [
            f"Chinese that no data brought: {text}"
            for text in texts
            if any(part not in known for part in CHINESE.findall(text))
        ]
        return keys + strange

    def _landmarks(self) -> list[str]:
        found = self.page.locator("main, [role=main]").count()
        return [] if found == 1 else [f"expected one main part, but found {found}"]

    def _width(self, width: str) -> list[str]:
        if width != "phone":
            return []
        return [f"wider than the phone: {name}" for name in self.page.evaluate(TOO_WIDE)]

    def _axe(self, theme: str) -> list[str]:
        if self.language == "zh":  # the same elements and colours as in English
            return []
        rules = None if theme == "light" else ["color-contrast"]
        return [
            f"{each['id']}: {each['nodes']}"
            for each in self.page.evaluate(RUN_AXE, rules)
            if each["impact"] in SERIOUS
        ]

    def _picture(self, address: str, width: str, theme: str) -> None:
        if os.environ.get("HEADRACE_SHOTS") != "1":
            return
        name = re.sub(r"\W+", "-", address).strip("-") or "sign-in"
        self.page.screenshot(path=SHOTS / f"{name}-{self.language}-{theme}-{width}.png")


def told(value: Any) -> str:
    """All texts of an answer; of a text in two languages only the English one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(told(each) for each in value)
    if isinstance(value, dict):
        english = {k: v for k, v in value.items() if not (k == "zh" and "en" in value)}
        return "\n".join(told(each) for each in english.values())
    return ""


def whole(page: Page) -> None:
    """Nothing is still being fetched."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator(".hr-loading, .ant-spin-spinning")).to_have_count(0)

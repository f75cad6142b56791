"""The page a customer opens: what it says, in which language, under which headers, and to whom it says nothing."""

from __future__ import annotations

import pytest

from headrace.engine.service import data_tables, public_pages
from headrace.engine.service.actor import ENGINE
from headrace.engine.store import records
from tests.http.conftest import Api

TABLE = {
    "title": {"zh": "退款单", "en": "Refunds"}, "key_field": "no", "display": "no",
    "fields": [
        {"name": "no", "kind": "text", "title": {"zh": "单号", "en": "Number"}, "required": True},
        {"name": "status", "kind": "enum", "title": {"zh": "进度", "en": "Stage"}, "options": [
            {"value": "reviewing", "title": {"zh": "审批中", "en": "Being approved"}},
            {"value": "refunded", "title": {"zh": "已退款", "en": "Refunded"}},
        ]},
        {"name": "note", "kind": "text", "title": {"zh": "备注", "en": "Note"}},
        {"name": "by", "kind": "date_time", "title": {"zh": "预计", "en": "By"}},
        {"name": "phone", "kind": "text", "title": {"zh": "电话", "en": "Phone"}},
    ],
}  # fmt: skip
ABOUT = {
    "title": {"zh": "退款进度", "en": "Your refund"}, "stage": "status", "stages": ["reviewing", "refunded"], "eta": "by",
    "show": [{"field": "note"}],
}  # fmt: skip
ROW = {
    "no": "R-1", "status": "reviewing", "by": "2099-01-12T08:00:00Z", "note": "<script>alert(1)</script>",
    "phone": "13900001111",
}  # fmt: skip


def page(api: Api, **about: object) -> str:
    """The path of a new page."""
    workspace = api.workspace
    data_tables.create(workspace, ENGINE, "refunds", TABLE)
    told = {"key": "R-1", "about": {**ABOUT, **about}, "good_for": "P1D"}
    who = records.Who("engine", step_key="s1", instance_id="ins_1")

    def write(connection: object) -> str:
        table = data_tables.found(connection, "refunds")  # type: ignore[arg-type]
        now = workspace.clock.now_ms()
        records.write(connection, table, [records.Item("R-1", ROW)], who, now)  # type: ignore[arg-type]
        made = public_pages.make(workspace, connection, "refunds", told, who)  # type: ignore[arg-type]
        return f"/p/{made.output['code']}"

    path: str = workspace.writer.call(write)
    return path


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("退款进度", "审批中", "预计完成", "2099-01-12 16:00 北京时间", "进行中")),
        ("en", ("Your refund", "Being approved", "Expected by", "2099-01-12 16:00 China time")),
    ],
)
def test_a_page_speaks_both_languages_without_an_account(
    api: Api, language: str, words: tuple[str, ...]
) -> None:
    reply = api.browser().get(f"{page(api)}?lang={language}")

    assert reply.status == 200
    text = reply.data.decode()
    assert [word for word in words if word not in text] == []
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in text


def test_the_language_is_that_of_the_browser_unless_one_is_chosen(api: Api) -> None:
    path = page(api)

    reply = api.browser().get(path, headers={"Accept-Language": "en-GB,en;q=0.9"})

    assert "Being approved" in reply.data.decode()


def test_a_page_runs_no_script_and_is_kept_nowhere(api: Api) -> None:
    reply = api.browser().get(page(api))

    text = reply.data.decode()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "13900001111" not in text
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in reply.headers["X-Robots-Tag"]
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in reply.headers


def test_who_guesses_gets_the_same_answer_and_soon_must_wait(api: Api) -> None:
    page(api)
    browser = api.browser()

    replies = [browser.get(f"/p/{'x' * 31}{n % 10}") for n in range(12)]

    assert [reply.status for reply in replies] == [404] * 10 + [429] * 2
    assert len({reply.data for reply in replies[:10]}) == 1
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 300


def test_a_closed_page_shows_nothing_of_it(api: Api) -> None:
    path = page(api)
    (shown,) = api.browser("oscar").get("/api/public-pages?instance=ins_1").json["items"]
    assert shown["url"].endswith(path)

    reply = api.browser("oscar").post(f"/api/public-pages/{shown['id']}/close")

    assert reply.status == 204, reply.data
    gone = api.browser().get(path)
    assert gone.status == 410
    assert "审批中" not in gone.data.decode()


def test_the_last_digits_are_asked_for_and_counted(api: Api) -> None:
    path, browser = page(api, tail="phone"), api.browser()
    form = "application/x-www-form-urlencoded"

    asked = browser.get(path)
    said = [
        browser.call("POST", path, f"tail={tail}".encode(), content_type=form)
        for tail in ("0000", "1111", "%00%ff", "9" * 500)
    ]

    assert (asked.status, "审批中" in asked.data.decode()) == (200, False)
    assert [one.status for one in said] == [403, 200, 403, 403]
    assert ["审批中" in one.data.decode() for one in said] == [False, True, False, False]

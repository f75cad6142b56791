"""Business calendars over HTTP: seen by designers, changed by administrators, one at a time."""

from __future__ import annotations

from typing import Any

from headrace.engine.people.working_hours import CHINA
from tests.builder import flow
from tests.http.conftest import Api, Browser

SHOP = {
    **CHINA,
    "name": {"zh": "门店", "en": "Shop"},
    "weekly": {"sat": [["10:00", "14:00"], ["15:00", "20:00"]]},
    "days": [{"date": "2026-01-17", "hours": [], "note": "盘点"}],
}


def put(browser: Browser, content: Any, version: str | None) -> Any:
    headers = {"If-Match": version} if version else {}
    return browser.call("PUT", "/api/calendars/shop", content, headers=headers)


def test_a_calendar_is_made_read_changed_and_chosen(api: Api) -> None:
    ada, dora = api.browser("ada"), api.browser("dora")

    made = ada.post("/api/calendars", {"key": "shop", "content": SHOP})
    assert (made.status, made.json["version"], made.json["standard"]) == (201, 1, False)
    assert ada.post("/api/calendars", {"key": "shop", "content": SHOP}).status == 409
    assert [one["key"] for one in dora.get("/api/calendars").json["items"]] == ["china", "shop"]

    seen = dora.get("/api/calendars/shop")
    assert (seen.headers["ETag"], seen.json["content"]) == ('"1"', SHOP)
    changed = put(ada, {**SHOP, "days": []}, seen.headers["ETag"])
    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    late = put(ada, SHOP, seen.headers["ETag"])
    assert (late.status, late.code) == (412, "calendar_stale")
    assert put(ada, SHOP, None).status == 422

    assert ada.post("/api/calendars/shop/standard").json["standard"] is True
    noted = [entry["action"] for entry in ada.get("/api/audit").json["items"]]
    assert noted[:3] == ["calendars.standard", "calendars.change", "calendars.create"]


def test_a_flow_chooses_its_calendar_in_its_rules(api: Api) -> None:
    ada, oscar = api.browser("ada"), api.browser("oscar")
    document = flow("plain").then("done", "end").document()
    ada.post("/api/flows/import", document)

    assert ada.get("/api/flows/plain/rules").json["calendar"] is None
    assert oscar.patch("/api/flows/plain/rules", {"calendar": "china"}).status == 403
    assert ada.patch("/api/flows/plain/rules", {"calendar": "moon"}).status == 404
    assert ada.patch("/api/flows/plain/rules", {"calendar": "china"}).json["calendar"] == "china"
    assert ada.get("/api/calendars/china").json["flows"] == ["plain"]
    assert ada.patch("/api/flows/plain/rules", {"calendar": None}).json["calendar"] is None


def test_a_month_is_shown_day_by_day(api: Api) -> None:
    dora = api.browser("dora")

    october = dora.get("/api/calendars/china/days?month=2026-10").json
    assert (october["month"], len(october["items"])) == ("2026-10", 31)
    assert [day["kind"] for day in october["items"]][:10] == ["holiday"] * 7 + ["work"] * 2 + [
        "makeup"
    ]
    assert october["items"][0]["note"] == {"zh": "国庆节", "en": "National Day"}
    assert dora.get("/api/calendars/china/days").json["today"] == "2026-01-09"
    assert dora.get("/api/calendars/china/days?month=2026-13").status == 422
    assert dora.get("/api/calendars/moon/days").status == 404


def test_only_administrators_may_change_one(api: Api) -> None:
    dora = api.browser("dora")

    assert dora.post("/api/calendars", {"key": "shop", "content": SHOP}).status == 403
    assert put(dora, SHOP, "1").status == 403
    assert dora.post("/api/calendars/china/standard").status == 403


def test_what_is_wrong_is_told_all_at_once(api: Api) -> None:
    ada = api.browser("ada")
    wrong = {**SHOP, "weekly": {}, "timezone": "Mars/Olympus"}

    reply = ada.post("/api/calendars", {"key": "shop", "content": wrong})

    assert (reply.status, reply.code) == (422, "validation_failed")
    problems = reply.json["error"]["problems"]
    assert {(one["path"], one["code"]) for one in problems} == {
        ("/timezone", "setting_wrong"),
        ("/weekly", "calendar_never_open"),
    }
    assert "Mars/Olympus" in problems[0]["message"]
    assert ada.post("/api/calendars", {"key": "shop", "content": {**SHOP, "x": 1}}).status == 422

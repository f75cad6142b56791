"""How people are reached, over HTTP: everybody sets their own, administrators what counts for all others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Api

ROBOT = {
    "key": "ops",
    "name": "Ops group",
    "connector": "robot",
    "settings": {"kind": "feishu"},
    "secrets": {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/x"},
}


def test_everybody_sets_their_own_channels(api: Api) -> None:
    ada, oscar = api.browser("ada"), api.browser("oscar")
    assert ada.post("/api/connections", ROBOT).status == 201

    before = oscar.get("/api/me/channels").json
    assert (before["order"][0], before["own"], before["off"]) == ("mail", False, [])
    assert [row["channel"] for row in before["channels"] if row["reaches"]] == []

    mine = {
        "order": ["feishu"],
        "addresses": {"feishu": {"address": "ou_oscar", "connection": "ops"}},
        "off": ["cc"],
        "quiet": {"from": "22:00", "to": "07:30"},
    }
    changed = oscar.call("PUT", "/api/me/channels", mine)

    assert changed.status == 200
    assert (changed.json["order"], changed.json["own"]) == (["feishu"], True)
    assert changed.json["channels"][0]["connections"] == [{"key": "ops", "name": "Ops group"}]
    assert oscar.get("/api/me/channels").json == changed.json
    assert ada.get("/api/me/channels").json["own"] is False


def test_a_test_message_can_be_followed(api: Api) -> None:
    oscar = api.browser("oscar")
    api.browser("ada").post("/api/connections", ROBOT)
    oscar.call("PUT", "/api/me/channels", {"addresses": {"feishu": {"connection": "ops"}}})

    refused = oscar.post("/api/me/channels/test", {"channel": "sms"})
    sent = oscar.post("/api/me/channels/test", {"channel": "feishu"})

    assert (refused.status, refused.json["error"]["problems"][0]["code"]) == (
        422,
        "channel_not_reached",
    )
    assert sent.status == 202
    (message,) = oscar.get("/api/me/messages").json["items"]
    assert (message["id"], message["kind"]) == (sent.json["id"], "test")
    assert api.browser("dora").get("/api/me/messages").json["items"] == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"order": ["pigeon"]}, "/order/0"),
    ({"order": ["mail", "mail"]}, "/order"),
    ({"addresses": {"sms": {"address": "call me"}}}, "/addresses/sms/address"),
    ({"addresses": {"mail": {"connection": "moon"}}}, "/addresses/mail/connection"),
    ({"off": ["remind"]}, "/off/0"),
    ({"quiet": {"from": "25:00", "to": "07:00"}}, "/quiet"),
    ({"colour": "red"}, ""),
]


@pytest.mark.parametrize(("wrong", "path"), WRONG, ids=[path for _, path in WRONG])
def test_what_cannot_be_says_what_was_expected(api: Api, wrong: Any, path: str) -> None:
    found = api.browser("oscar").call("PUT", "/api/me/channels", wrong)

    assert found.status == 422
    problem = found.json["error"]["problems"][0]
    assert problem["path"].startswith(path)
    assert "Expected" in problem["message"]


def test_the_standard_is_the_administrators(api: Api) -> None:
    ada, oscar = api.browser("ada"), api.browser("oscar")
    ada.post("/api/connections", ROBOT)
    usual = {"order": ["feishu", "mail"], "connections": {"feishu": "ops"}, "zone": "Asia/Shanghai"}

    assert oscar.call("PUT", "/api/channels", usual).status == 403
    assert ada.call("PUT", "/api/channels", usual).json["connections"] == {"feishu": "ops"}

    assert oscar.get("/api/me/channels").json["order"] == ["feishu", "mail"]
    assert oscar.get("/api/me/channels").json["channels"][0]["reaches"] is True
    assert ada.get("/api/audit").json["items"][0]["action"] == "channels.change"


def test_a_role_gets_hours_of_its_own(api: Api) -> None:
    ada = api.browser("ada")
    ada.post("/api/roles", {"key": "night_desk", "title": {"en": "Night desk"}})

    chosen = ada.call("PUT", "/api/roles/night_desk/calendar", {"calendar": "china"})
    assert (chosen.status, chosen.json) == (200, {"role": "night_desk", "calendar": "china"})
    assert ada.get("/api/calendars/china").json["roles"] == ["night_desk"]
    assert ada.call("PUT", "/api/roles/night_desk/calendar", {"calendar": "moon"}).status == 404
    assert ada.call("PUT", "/api/roles/nobody/calendar", {"calendar": "china"}).status == 404
    oscar = api.browser("oscar")
    assert oscar.call("PUT", "/api/roles/night_desk/calendar", {"calendar": None}).status == 403

"""Signing in: sessions, CSRF, throttling, passwords."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from headrace.engine.service.access import SESSION_S
from headrace.engine.service.throttle import (
    TRIES_PER_ADDRESS_MAX,
    TRIES_PER_LOGIN_MAX,
    WINDOW_S,
)
from tests.http.conftest import PASSWORD, Api, Browser, make_api


def test_who_is_signed_in_is_told_with_permissions(api: Api) -> None:
    dora = api.browser("dora")

    told = dora.get("/api/session").json

    assert told["user"]["login"] == "dora"
    assert "flows:publish" in told["user"]["permissions"]
    assert "users:write" not in told["user"]["permissions"]
    assert told["workspace"] == {"name": "Headrace", "demo": False}
    assert told["csrf_token"] == dora.csrf


def test_nobody_is_told_about_the_workspace_but_not_about_its_people(api: Api) -> None:
    reply = api.browser().get("/api/session")

    assert reply.status == 401
    assert reply.json["error"]["params"] == {"workspace": {"name": "Headrace", "demo": False}}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    reply = api.browser().sign_in("dora")

    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_over_https_the_cookie_stays_there(api: Api) -> None:
    reply = api.browser().sign_in("dora", base_url="https://localhost")

    assert "Secure" in reply.headers["Set-Cookie"]


def test_a_caller_cannot_tell_another_address_or_https(api: Api) -> None:
    browser = api.browser()
    for number in range(TRIES_PER_ADDRESS_MAX):
        browser.sign_in(f"name{number}", "wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"})

    assert browser.sign_in("dora", headers={"X-Forwarded-For": "10.9.9.9"}).status == 429


def test_our_own_proxy_tells_the_address_and_https(tmp_path: Path) -> None:
    for api in make_api(tmp_path, proxies=1):
        headers = {"X-Forwarded-For": "spoofed, 10.0.0.7", "X-Forwarded-Proto": "https"}
        for number in range(TRIES_PER_ADDRESS_MAX):
            api.browser().sign_in(f"name{number}", "wrong", headers=headers)

        assert api.browser().sign_in("dora", headers=headers).status == 429
        other = api.browser().sign_in("dora", headers={**headers, "X-Forwarded-For": "10.0.0.8"})
        assert other.status == 200
        assert "Secure" in other.headers["Set-Cookie"]


def test_a_wrong_password_and_an_unknown_name_look_the_same(api: Api) -> None:
    wrong = api.browser().sign_in("dora", "wrong").json
    unknown = api.browser().sign_in("nobody-knows", "wrong").json

    assert wrong == unknown
    assert wrong["error"]["code"] == "wrong_password"


def test_after_too_many_wrong_passwords_even_the_right_one_waits(api: Api) -> None:
    browser = api.browser()
    for _ in range(TRIES_PER_LOGIN_MAX):
        assert browser.sign_in("dora", "wrong").status == 401

    refused = browser.sign_in("dora")
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == str(WINDOW_S)
    assert browser.sign_in("oscar").status == 200

    api.clock.advance(s=WINDOW_S)
    assert browser.sign_in("dora").status == 200


def test_a_right_password_forgives_the_wrong_ones(api: Api) -> None:
    browser = api.browser()
    for _ in range(3):
        for _ in range(TRIES_PER_LOGIN_MAX - 1):
            browser.sign_in("dora", "wrong")
        assert browser.sign_in("dora").status == 200


def test_an_address_that_tries_many_names_waits_too(api: Api) -> None:
    browser = api.browser()
    for number in range(TRIES_PER_ADDRESS_MAX):
        browser.sign_in(f"name{number}", "wrong")

    assert browser.sign_in("dora").status == 429
    assert browser.sign_in("dora", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status == 200


def test_a_session_lives_as_long_as_it_is_used(api: Api) -> None:
    dora = api.browser("dora")
    for _ in range(4):
        api.clock.advance(s=SESSION_S * 0.8)
        assert dora.get("/api/session").status == 200
        api.workspace.writer.call(lambda _: None)  # the extension is written behind the answer

    api.clock.advance(s=SESSION_S + 1)
    assert dora.get("/api/session").status == 401


def test_signing_out_ends_the_session_also_for_a_copied_cookie(api: Api) -> None:
    dora = api.browser("dora")
    cookie = dora.client.get_cookie("headrace_session")
    assert cookie is not None

    assert dora.delete("/api/session").status == 204

    thief = api.browser()
    assert (
        thief.get("/api/session", headers={"Cookie": f"headrace_session={cookie.value}"}).status
        == 401
    )
    assert dora.get("/api/flows").status == 401


def test_a_write_needs_the_token_of_this_very_session(api: Api) -> None:
    dora, oscar = api.browser("dora"), api.browser("oscar")
    dora.csrf = oscar.csrf

    assert dora.post("/api/flows", {"name": {"en": "A"}}).code == "csrf_failed"
    dora.csrf = ""
    assert dora.post("/api/flows", {"name": {"en": "A"}}).code == "csrf_failed"
    assert dora.get("/api/flows").status == 200


def test_a_new_password_ends_all_other_sessions(api: Api) -> None:
    here, there = api.browser("dora"), api.browser("dora")

    changed = here.patch("/api/session", {"password": {"old": PASSWORD, "new": "better horse"}})

    assert changed.status == 200
    assert here.get("/api/session").status == 200
    assert there.get("/api/session").status == 401
    assert api.browser().sign_in("dora").status == 401
    assert api.browser().sign_in("dora", "better horse").status == 200


def test_a_new_password_needs_the_old_one_and_some_length(client: Browser) -> None:
    wrong = client.patch("/api/session", {"password": {"old": "x", "new": "better horse"}})
    short = client.patch("/api/session", {"password": {"old": PASSWORD, "new": "short"}})

    assert wrong.code == "wrong_password"
    assert short.problems == [("/password/new", "password_length")]


def test_name_and_language_are_ones_own(client: Browser) -> None:
    told = client.patch("/api/session", {"name": "朵拉", "language": "zh"}).json

    assert (told["name"], told["language"]) == ("朵拉", "zh")
    assert client.get("/api/session").json["user"]["name"] == "朵拉"


def test_no_cookie_and_no_password_is_in_the_database_as_it_was(api: Api, tmp_path: Path) -> None:
    dora = api.browser("dora")
    cookie = dora.client.get_cookie("headrace_session")
    assert cookie is not None

    with sqlite3.connect(tmp_path / "headrace.sqlite3") as file:
        dump = "\n".join(file.iterdump())
    file.close()

    assert cookie.value not in dump
    assert PASSWORD not in dump
    assert "$argon2id$" in dump

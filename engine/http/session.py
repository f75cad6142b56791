"""Signing in and out, and the own account."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.errors import CsrfFailed, NotSignedIn
from headrace.engine.http.door import COOKIE
from headrace.engine.http.errors import answer
from headrace.engine.http.route import ANYBODY, SIGNED_IN, Answer, Call, route
from headrace.engine.http.shapes import (
    BOOLEAN,
    LINE,
    NAME,
    STRING,
    body,
    many,
    one_of,
    or_null,
    record,
)
from headrace.engine.service import access, demo, users
from headrace.engine.service.passwords import PASSWORD_MAX

PASSWORD = {"type": "string", "maxLength": PASSWORD_MAX}
LANGUAGE = one_of(*users.LANGUAGES)
USER = record(
    {
        "id": STRING,
        "login": STRING,
        "name": STRING,
        "email": or_null(STRING),
        "roles": many(STRING),
        "permissions": many(STRING),
        "language": STRING,
    }
)
WORKSPACE = record({"name": STRING, "demo": BOOLEAN})
SESSION = record({"user": USER, "csrf_token": STRING, "workspace": WORKSPACE})


@route(
    "POST",
    "/api/session",
    "Sign in: sets the cookie, answers the CSRF token",
    permission=ANYBODY,
    body=body({"login": LINE, "password": PASSWORD}),
    answer=SESSION,
    errors=(401, 429),
)
def sign_in(call: Call) -> Any:
    address = call.request.remote_addr or "unknown"
    cookie, session = access.sign_in(
        call.workspace, call.body["login"], call.body["password"], address
    )
    call.session, call.actor = session, session.actor
    return Answer(_session(call), headers={"Set-Cookie": _cookie(call, cookie)})


@route(
    "GET",
    "/api/session",
    "Who is signed in; when nobody is, still tells about the workspace",
    permission=ANYBODY,
    answer=SESSION,
    errors=(401,),
)
def show(call: Call) -> Any:
    try:
        call.session = access.session(call.workspace, call.request.cookies.get(COOKIE, ""))
    except NotSignedIn:
        return _nobody(call)
    call.actor = call.session.actor
    return _session(call)


@route(
    "PATCH",
    "/api/session",
    "Change the own name, language or password; a new password ends all other sessions",
    permission=SIGNED_IN,
    body=body(
        {
            "name?": NAME,
            "language?": LANGUAGE,
            "password?": body({"old": PASSWORD, "new": PASSWORD}),
        }
    ),
    answer=USER,
    errors=(401, 429),
)
def change(call: Call) -> Any:
    if "password" in call.body:
        if call.session is None:  # a token must not be able to lock its owner out
            raise CsrfFailed
        password = call.body["password"]
        access.change_password(call.workspace, call.session, password["old"], password["new"])
    users.change_own(call.workspace, call.actor, call.body)
    return users.me(call.workspace, call.actor)


@route("DELETE", "/api/session", "Sign out", permission=SIGNED_IN, status=204)
def sign_out(call: Call) -> Any:
    if call.session is not None:
        access.sign_out(call.workspace, call.session)
    return Answer(headers={"Set-Cookie": f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"})


def _session(call: Call) -> dict[str, Any]:
    assert call.session is not None
    return {
        "user": users.me(call.workspace, call.actor),
        "csrf_token": call.session.csrf_token,
        "workspace": demo.about(call.workspace),
    }


def _nobody(call: Call) -> Response:
    about = demo.about(call.workspace)
    params: dict[str, Any] = {"workspace": about}
    if about["demo"]:
        params["demo_users"] = demo.sign_ins()
    return answer(NotSignedIn(**params))


def _cookie(call: Call, value: str) -> str:
    secure = "; Secure" if call.request.is_secure else ""
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}"

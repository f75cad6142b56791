"""What every request passes before its handler: size, sign-in, CSRF, permission, query, body, and an answer kept for a repeat."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from flask import Request, Response, request

from headrace.engine import jsontext, logs, tracing
from headrace.engine.errors import (
    CsrfFailed,
    Forbidden,
    HeadraceError,
    NotFound,
    NotJson,
    NotSignedIn,
    Problem,
    ValidationFailed,
)
from headrace.engine.http import body as bodies
from headrace.engine.http import errors
from headrace.engine.http.route import ANYBODY, SIGNED_IN, Answer, Call, House, Route
from headrace.engine.service import access, idempotency
from headrace.engine.service.secrets import without_value

log = logging.getLogger(__name__)

COOKIE = "headrace_session"
_SECRET = re.compile(r"password|secret|token", re.IGNORECASE)
CSRF_HEADER = "X-CSRF-Token"


def view(route: Route, house: House) -> Callable[..., Response]:
    """The function Flask calls."""

    name = f"{route.method} {route.path}"
    lasts = route.media == "text/event-stream"

    def serve(**variables: str) -> Response:
        began = time.monotonic()
        status = 500
        asked: Request = request._get_current_object()  # type: ignore[attr-defined] # asked for once, not a dozen times
        environ = asked.environ
        sent = environ.get("HTTP_TRACEPARENT")
        try:
            with (
                logs.bound(request=environ[errors.REQUEST_ID]),
                tracing.given(sent),
                tracing.span(name, parent=sent) as span,
            ):
                response = answered(asked, variables)
                status = response.status_code
                if span is not None:
                    span.set_attribute("http.response.status_code", status)
            return response
        finally:
            counters = house.workspace.counters
            counters.add("http_requests_total", route=name, status=status)
            if not lasts:
                counters.observe("http_seconds", time.monotonic() - began, route=name)

    def answered(request: Request, variables: dict[str, str]) -> Response:
        call = Call(house, request)
        try:
            _check_variables(variables)
            bodies.check_length(request, route.body_max)
            if route.permission != ANYBODY:
                _who(call, route)
            if route.query:
                call.query = _query(route, request)
            raw = _body(call, route)
            key = request.headers.get("Idempotency-Key")
            if key and route.repeatable:
                return _once(call, route, variables, key, raw)
            return _response(route, route.handler(call, **variables))
        except Forbidden as refusal:
            if route.writes:
                what = f"{route.method} {request.path}"
                access.note_refused(house.workspace, call.actor, what, request.remote_addr, refusal)
            return errors.answer(refusal)
        except HeadraceError as error:
            return errors.answer(error)

    return serve


def _who(call: Call, route: Route) -> None:
    """Token or session; a session's writes prove that they come from our own pages."""
    header = call.request.headers.get("Authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn
        call.actor = access.actor_of_token(call.workspace, token.strip())
    else:
        cookie = call.request.cookies.get(COOKIE)
        if not cookie:
            raise NotSignedIn
        call.session = access.session(call.workspace, cookie)
        call.actor = call.session.actor
        if route.writes:
            sent = call.request.headers.get(CSRF_HEADER, "")
            if not compare_digest(sent.encode(), call.session.csrf_token.encode()):
                raise CsrfFailed
    if route.permission != SIGNED_IN and not call.actor.may(route.permission):
        raise Forbidden(permission=route.permission)


def _check_variables(variables: dict[str, str]) -> None:
    for name, value in variables.items():
        if "\0" in value or len(value) > 300:
            raise NotFound(kind=name, id=value[:50].replace("\0", ""))


def _query(route: Route, request: Request) -> dict[str, Any]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, schema in route.query.items():
        text = request.args.get(name)
        if text is None:
            values[name] = schema.get("default")
            if schema.get("x-required"):
                problems.append(_missing(name))
            continue
        values[name] = _of_kind(text, schema)
        found = route.query_forms[name].problems(values[name])
        if "\0" in text:
            found = [Problem("", "pattern", {}, "Expected a text without U+0000.")]
        problems += [Problem(f"/query/{name}{p.path}", p.code, p.params, p.message) for p in found]
    if problems:
        raise ValidationFailed(what="query", count=len(problems), problems=problems)
    return values


def _missing(name: str) -> Problem:
    message = f"Expected a value for {name}, but found nothing."
    return Problem(f"/query/{name}", "required", {"name": name}, message)


def _of_kind(text: str, schema: Any) -> Any:
    match schema.get("type"):
        case "integer" if (
            text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 16
        ):
            return int(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case _:
            return text


def _body(call: Call, route: Route) -> bytes:
    if route.raw or not route.writes:
        return b""
    call.body, raw = bodies.read_json(call.request, route.body_max)
    if route.form is None:
        return raw
    if call.body is None and not raw:
        if not route.body_required:
            return raw
        raise NotJson(reason="an empty body")
    problems = [_masked(problem) for problem in route.form.problems(call.body)]
    if problems:
        raise ValidationFailed(what="body", count=len(problems), problems=problems)
    return raw


def _masked(problem: Problem) -> Problem:
    return without_value(problem) if _SECRET.search(problem.path) else problem


def _once(call: Call, route: Route, variables: dict[str, str], key: str, raw: bytes) -> Response:
    """Do it, or answer as the first time."""
    if len(key) > idempotency.KEY_MAX or not key.isprintable():
        message = f"Expected at most {idempotency.KEY_MAX} printable characters."
        problem = Problem(
            "/headers/Idempotency-Key", "max_length", {"limit": idempotency.KEY_MAX}, message
        )
        raise ValidationFailed(what="Idempotency-Key", count=1, problems=[problem])
    who = call.actor.user_id
    digest = idempotency.request_sha256(route.method, call.request.path, raw)
    call.repeat_key = idempotency.repeat_key(who, key, digest)
    kept = idempotency.begin(call.workspace, who, key, digest)
    if kept is not None:
        response = Response(kept.answer, kept.status, content_type="application/json")
        response.headers["Idempotency-Replayed"] = "true"
        return response
    status, answer = 500, ""
    try:
        with idempotency.riding(call.workspace, who, key):
            response = _response(route, route.handler(call, **variables))
        status, answer = response.status_code, response.get_data(as_text=True)
    except HeadraceError as error:
        status = error.status
        raise
    else:
        return response
    finally:
        idempotency.finish(call.workspace, who, key, status, answer)


def _response(route: Route, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    status = answer.status or route.status
    if answer.value is None and (status == 204 or route.answer is None):
        return Response(b"", 204, dict(answer.headers))
    text = jsontext.dumps(answer.value)
    return Response(text, status, dict(answer.headers), content_type="application/json")

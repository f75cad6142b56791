"""Every error in one shape: `{"error": {"code", "message", "params", "problems"}}`. A bug is logged once, with an id the caller
is told, and nothing else of it leaves.

What a caller did wrong is no error of ours, but whoever looks for a lost order must find it: one line each, with the codes and
places of the problems and without what was sent. A refused webhook is a warning, as nobody sits before a screen there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError, Problem

log = logging.getLogger(__name__)

REQUEST_ID = "headrace.request_id"
"""Where in a request's environment its id is; the answer has it as X-Request-Id."""

PROBLEMS_NOTED_MAX = 3
"""Problems named in a line of the log; the answer names all."""

_QUIET = frozenset({"not_signed_in"})
"""Every first visit of the browser app begins with it."""

_CODES = {
    400: ("bad_request", "Expected a well-formed request, but found another."),
    404: ("not_found", "Expected a known address, but found {path}."),
    405: ("method_not_allowed", "Expected another method than {method} for {path}."),
    408: ("timeout", "Expected the request to arrive in time, but it did not."),
    413: ("body_too_large", "Expected a smaller body."),
    415: ("wrong_content_type", "Expected another content type."),
    431: ("bad_request", "Expected shorter headers."),
}


def install(app: Flask) -> None:
    """Let the application answer all errors like this."""
    app.register_error_handler(HeadraceError, answer)
    app.register_error_handler(HTTPException, _of_the_web)
    app.register_error_handler(Exception, _bug)


def answer(error: HeadraceError) -> Response:
    """An error of ours."""
    if error.status >= 500 and error.code == "internal":
        return _bug(error)
    _note(error.status, error.code, error.problems)
    problems = [problem.as_json() for problem in error.problems]
    response = _response(error.status, error.code, error.message, error.params, problems)
    retry_after = error.params.get("retry_after_s")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _of_the_web(error: HTTPException) -> Response:
    if error.response is not None and error.code is None:
        return Response(status=500)
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=dict(error.get_headers()))
    code, message = _CODES.get(status, ("http_error", error.name))
    _note(status, code, ())
    params = {"path": request.path[:200], "method": request.method}
    response = _response(status, code, message.format_map(params), params)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods")))  # noqa: B009
    return response


def _note(status: int, code: str, problems: Sequence[Problem]) -> None:
    if code in _QUIET:
        return
    hook = request.path.startswith(("/hooks/", "/intake/"))
    level = logging.WARNING if hook or status >= 500 else logging.INFO
    named = "".join(f", {_line(p.path)} {p.code}" for p in problems[:PROBLEMS_NOTED_MAX])
    more = len(problems) - PROBLEMS_NOTED_MAX
    log.log(
        level,
        "Request %s refused: %s: %s %s%s%s",
        request.environ[REQUEST_ID],
        _asked(),
        status,
        code,
        named,
        f" and {more} more" if more > 0 else "",
    )


def _asked() -> str:
    """The path, not the query and not the body: those may hold what is private."""
    return f"{request.method} {_line(request.path)}"


def _line(text: str) -> str:
    """A path may hold a line break, which would forge a line of the log."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


def _bug(error: Exception) -> Response:
    id_ = request.environ[REQUEST_ID]
    log.error("Request %s failed: %s", id_, _asked(), exc_info=error)
    message = "Something went wrong here; the log of the server knows more under this id."
    return _response(500, "internal", message, {"id": id_})


def _response(
    status: int,
    code: str,
    message: str,
    params: Any,
    problems: list[dict[str, Any]] | None = None,
) -> Response:
    error = {"code": code, "message": message, "params": params, "problems": problems or []}
    return Response(jsontext.dumps({"error": error}), status, content_type="application/json")

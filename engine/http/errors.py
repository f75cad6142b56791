"""Every error in one shape: `{"error": {"code", "message", "params", "problems"}}`. A bug is logged once, with an id the caller
is told, and nothing else of it leaves."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError

log = logging.getLogger(__name__)

REQUEST_ID = "headrace.request_id"
"""Where in a request's environment its id is; the answer has it as X-Request-Id."""

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
    params = {"path": request.path[:200], "method": request.method}
    response = _response(status, code, message.format_map(params), params)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods")))  # noqa: B009
    return response


def _bug(error: Exception) -> Response:
    id_ = request.environ[REQUEST_ID]
    # The path, not the query and not the body: those may hold what is private.
    log.error("Request %s failed: %s %s", id_, request.method, request.path, exc_info=error)
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

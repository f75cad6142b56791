"""For whoever watches: does the process live, may it be asked, and its metrics.

Metrics name flows and connections, so they are not for everybody: with HEADRACE_METRICS_TOKEN only who shows that token reads
them, from anywhere; without it only this machine does, and no request that came through a proxy (behind one on this machine
everybody would look local). A token of its own, not an API token: a scraper's configuration should open nothing else.
"""

from __future__ import annotations

import ipaddress
from hmac import compare_digest
from typing import Any

from flask import Request, Response

from headrace.engine.errors import Forbidden, NotSignedIn
from headrace.engine.http.route import ANYBODY, Answer, Call, route
from headrace.engine.http.shapes import BOOLEAN, STRING, many, record
from headrace.engine.service import health, metrics

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@route(
    "GET",
    "/healthz",
    "Does this process live? Restart it when it does not answer",
    permission=ANYBODY,
    answer=record({"ok": BOOLEAN}),
)
def healthz(_: Call) -> Any:
    return {"ok": True}


@route(
    "GET",
    "/readyz",
    "May this process be asked? 503 says why not; send nothing there meanwhile",
    permission=ANYBODY,
    answer=record(
        {
            "ok": BOOLEAN,
            "checks": many(record({"name": STRING, "ok": BOOLEAN, "reason": STRING})),
        }
    ),
    errors=(503,),
)
def readyz(call: Call) -> Any:
    checks = health.ready(call.workspace, call.house.threads)
    if call.house.stopping.is_set():
        checks = [*checks, health.Check("stopping", False, "this process is about to end")]
    listed = [{"name": c.name, "ok": c.ok, "reason": c.reason} for c in checks]
    wrong = [c for c in checks if not c.ok]
    if not wrong:
        return {"ok": True, "checks": listed}
    message = "; ".join(f"{c.name}: {c.reason}" for c in wrong)
    error = {"code": "not_ready", "message": message, "params": {}, "problems": []}
    return Answer({"ok": False, "checks": listed, "error": error}, 503)


@route(
    "GET",
    "/metrics",
    "Metrics for Prometheus: with HEADRACE_METRICS_TOKEN as bearer, else from this machine only",
    permission=ANYBODY,
    answer={"type": "string"},
    media="text/plain",
    errors=(401, 403),
)
def show(call: Call) -> Any:
    _allowed(call.request, getattr(call.workspace.settings, "metrics_token", ""))
    return Response(metrics.exposition(call.workspace), 200, content_type=metrics.CONTENT_TYPE)


def _allowed(request: Request, token: str) -> None:
    if token:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(shown.strip().encode(), token.encode()):
            raise NotSignedIn
        return
    if not _of_this_machine(request):
        raise Forbidden(permission="HEADRACE_METRICS_TOKEN")


def _of_this_machine(request: Request) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)

"""The API as a Flask application: every `@route` of the modules beside this one, in one shape."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from headrace.engine import http
from headrace.engine.http import errors
from headrace.engine.http.door import view
from headrace.engine.http.errors import REQUEST_ID
from headrace.engine.http.route import House, Route

PREFIXES = ("/api/", "/hooks/", "/intake/", "/mail/", "/health", "/readyz", "/metrics")
"""What belongs to the API; everything else is the browser application's."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the component library writes styles while it runs
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
]

StartResponse = Callable[..., Any]


def create_api(house: House) -> Flask:
    """An application with all routes; `designer/wsgi.py` adds the browser side."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    errors.install(app)
    if proxies := getattr(house.workspace.settings, "proxies", 0):
        # Behind our own proxies the caller's address and https are theirs to tell, and nobody else's.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.wsgi_app = _Sealed(app.wsgi_app)  # type: ignore[method-assign] # as Flask's manual says
    for route in routes():
        app.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            endpoint=f"{route.method} {route.path}",
            view_func=view(route, house),
            methods=[route.method],
            provide_automatic_options=False,
        )
    return app


@cache
def routes() -> tuple[Route, ...]:
    """All routes, by path and method."""
    found: dict[tuple[str, str], Route] = {}
    for info in pkgutil.iter_modules(http.__path__, f"{http.__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if not isinstance(value, FunctionType) or value.__module__ != info.name:
                continue
            route = vars(value).get("__route__")
            if route is None:
                continue
            place = (route.path, route.method)
            assert place not in found, f"expected one handler for {place}, but found two"
            found[place] = route
    return tuple(found[place] for place in sorted(found))


class _Sealed:
    """Gives every answer an id and the headers that keep a browser safe; around Flask, where it costs next to nothing."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request_id = environ[REQUEST_ID] = f"{random.getrandbits(64):016x}"
        api = environ["PATH_INFO"].startswith(PREFIXES)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            headers = [*headers, *HEADERS, ("X-Request-Id", request_id)]
            if api and not any(name.lower() == "cache-control" for name, _ in headers):
                headers.append(("Cache-Control", "no-store"))
            return start_response(status, headers, *more)

        return self._app(environ, start)


def is_api(path: str) -> bool:
    """Does the path belong to the API?"""
    return path.startswith(PREFIXES) or path in {"/api", "/hooks"}


def handler_name(route: Route) -> str:
    """`flows.publish`: where the handler is."""
    handler: Any = route.handler
    return f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}"

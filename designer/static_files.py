"""The built browser application: hashed assets for ever, `index.html` never kept, deep links answered with it."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from headrace.engine.http.api import is_api

STATIC = Path(__file__).parent / "static"

FOR_EVER = "public, max-age=31536000, immutable"
"""Names of assets hold a hash of their content."""

_MISSING = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Headrace</title>
<body style="font-family: system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>Headrace</h1>
<p>界面还没有构建。请运行 <code>make web</code>，然后刷新本页。</p>
<p>The designer is not built yet. Run <code>make web</code>, then reload this page.</p>
<p>The API is here: <a href="/api/docs">/api/docs</a></p>
"""


def install(app: Flask, folder: Path = STATIC) -> None:
    """Answer everything that is not the API's."""
    root = folder.resolve()

    def browse(path: str = "") -> Response:
        if is_api(request.path):
            raise NotFound
        file = _file(root, path)
        if file is not None:
            return _send(file, FOR_EVER if path.startswith("assets/") else "no-cache")
        if path.startswith("assets/") or not _wants_page():
            raise NotFound
        index = root / "index.html"
        if not index.is_file():
            return Response(_MISSING, 503, content_type="text/html; charset=utf-8")
        return _send(index, "no-cache")

    app.add_url_rule("/", "designer", browse, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule(
        "/<path:path>", "designer file", browse, methods=["GET"], provide_automatic_options=False
    )


def _file(root: Path, path: str) -> Path | None:
    """A file below `root`; hidden files and what links lead out are not there."""
    joined = safe_join(str(root), path) if path and "\0" not in path else None
    if joined is None or any(part.startswith(".") for part in path.split("/")):
        return None
    file = Path(joined)
    return file if file.is_file() and file.resolve().is_relative_to(root) else None


def _wants_page() -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _send(file: Path, cache: str) -> Response:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in {"application/javascript", "application/json"}:
        kind += "; charset=utf-8"
    packed = file.with_name(file.name + ".gz")
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", "") and packed.is_file():
        headers["Content-Encoding"] = "gzip"
        data = packed.read_bytes()
    else:
        data = file.read_bytes()
    response = Response(data, content_type=kind, headers=headers)
    response.add_etag()
    response.make_conditional(request)
    return response

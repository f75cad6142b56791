"""Files handed in with forms: in as they are, out as a download."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected

from headrace.engine.errors import FileTooLarge, NotJson
from headrace.engine.flow.form_files import FILE_MAX_MB
from headrace.engine.http.route import SIGNED_IN, Call, Response, route
from headrace.engine.http.shapes import COUNT, STRING, record
from headrace.engine.service import files

FILE = record({"id": STRING, "name": STRING, "size": COUNT, "type": STRING, "sha256": STRING})


@route(
    "POST",
    "/api/files",
    "Hand in a file for a form: the body is the file. It waits for a day; sent with a form, it becomes part of the instance",
    permission=SIGNED_IN,
    query={"name": {"type": "string", "minLength": 1, "maxLength": 500, "x-required": True}},
    raw=True,
    body_max=100 * files.FILE_MAX_BYTES,  # the handler says better what is too large
    answer=FILE,
    status=201,
    errors=(400, 409, 413, 415, 422, 507),
)
def take(call: Call) -> Any:
    length = call.request.content_length
    if length is not None and length > files.FILE_MAX_BYTES:  # before a byte is read
        raise FileTooLarge(limit_mb=FILE_MAX_MB, found=length)

    def read(size: int) -> bytes:
        try:
            data: bytes = call.request.stream.read(size)
        except (OSError, ClientDisconnected):
            raise NotJson(reason="the body ended too early") from None
        return data

    return files.take(call.workspace, call.actor, call.query["name"], read)


@route(
    "GET",
    "/api/files/{file_id}",
    "A file, for those its task or instance concerns; always as a download, never shown as a page",
    permission=SIGNED_IN,
    query={"task": {"type": "string", "maxLength": 100, "default": ""}},
    media="application/octet-stream",
    also={304: "The browser has it already"},
)
def look(call: Call, file_id: str) -> Any:
    file, parts = files.look(call.workspace, call.actor, file_id)
    etag = f'"{file.sha256}"'
    if call.request.headers.get("If-None-Match") == etag:
        return Response(b"", 304, {"ETag": etag, "Cache-Control": "private, no-cache"})
    return Response(
        parts,
        200,
        {
            "Content-Type": file.type,
            "Content-Length": str(file.size),
            "Content-Disposition": _attachment(file.name),
            "ETag": etag,
            "Cache-Control": "private, no-cache",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def _attachment(name: str) -> str:
    """RFC 6266: a plain name for old programs, the real one in UTF-8."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    plain = ascii_name.replace("\\", "_").replace('"', "_") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""Files that may be handed in with forms: which kinds, told by their name and their first bytes; what their names may be; and
where in a form's value they stand. Pure.

Nothing that a browser would run is taken (HTML, SVG, scripts, programs), whatever it is called.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.flow.form_formulas import is_lines
from headrace.engine.flow.wording import pointer

NAME_MAX = 150
"""Characters of a file's name: what file systems take, in Chinese too."""

HEAD_BYTES = 512
"""How much of the beginning of a file is looked at."""

FILE_MAX_MB = 20
"""Of one file: a long scan, a sheet of all orders of a year."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What files with this ending are, and how they begin."""

    media: str
    group: str
    begins: tuple[bytes, ...] = ()
    at: int = 0


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE = "application/vnd.openxmlformats-officedocument"

KINDS: Mapping[str, FileKind] = {
    "png": FileKind("image/png", "image", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileKind("image/jpeg", "image", (b"\xff\xd8\xff",)),
    "jpeg": FileKind("image/jpeg", "image", (b"\xff\xd8\xff",)),
    "gif": FileKind("image/gif", "image", (b"GIF87a", b"GIF89a")),
    "webp": FileKind("image/webp", "image", (b"WEBP",), at=8),
    "heic": FileKind("image/heic", "image", (b"ftyp",), at=4),
    "pdf": FileKind("application/pdf", "pdf", (b"%PDF-",)),
    "xlsx": FileKind(f"{_OFFICE}.spreadsheetml.sheet", "sheet", _ZIP),
    "xls": FileKind("application/vnd.ms-excel", "sheet", _OLE),
    "csv": FileKind("text/csv", "sheet"),
    "docx": FileKind(f"{_OFFICE}.wordprocessingml.document", "document", _ZIP),
    "doc": FileKind("application/msword", "document", _OLE),
    "pptx": FileKind(f"{_OFFICE}.presentationml.presentation", "document", _ZIP),
    "ppt": FileKind("application/vnd.ms-powerpoint", "document", _OLE),
    "txt": FileKind("text/plain", "document"),
    "zip": FileKind("application/zip", "archive", _ZIP),
}
"""Ending → kind. `group` is what a form's `x-accept` names."""

GROUPS = ("image", "pdf", "sheet", "document", "archive")


def kind_of_file(name: str, head: bytes) -> FileKind | None:
    """What a file is by its ending, if it begins as such files do; None for what must not be taken."""
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None:
        return None
    if not kind.begins:
        return None if b"\0" in head else kind  # a text has no zero bytes
    fits = any(head[kind.at : kind.at + len(begin)] == begin for begin in kind.begins)
    return kind if fits else None


def clean_name(name: str) -> str:
    """A name that is safe to show and to save: no folders, no control or direction characters, not too long."""
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # C*: control, format (such as "write the rest from right to left", which hides an ending), surrogates, unassigned.
    bare = "".join(
        " " if ch in '<>:"|?*' else ch for ch in bare if unicodedata.category(ch)[0] != "C"
    )
    bare = " ".join(bare.split()).strip(". ")
    stem, dot, ending = bare.rpartition(".")
    if dot and len(bare) > NAME_MAX:
        return stem[: NAME_MAX - len(ending) - 1] + dot + ending[:20]
    return bare[:NAME_MAX] or "file"


@dataclass(frozen=True, slots=True)
class Attached:
    """The files of one field of a form's value."""

    path: str
    name: str
    """The field: `photos`, or `lines.photos`."""
    schema: Mapping[str, Any]
    files: list[Any]


def has_files(schema: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Does a value hold any files?"""
    return any(field.files for field in attached(schema, value))


def attached(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Attached]:
    """Every field of a value that holds files."""
    for name, part in schema.get("properties", {}).items():
        item = value.get(name)
        if part.get("x-widget") == "attachments" and isinstance(item, list):
            yield Attached(pointer([name]), name, part, item)
        elif is_lines(part) and isinstance(item, list):
            for index, row in enumerate(item):
                if isinstance(row, Mapping):
                    for below in attached(part["items"], row):
                        path = pointer([name, index]) + below.path
                        yield Attached(path, f"{name}.{below.name}", below.schema, below.files)

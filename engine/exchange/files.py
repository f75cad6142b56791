"""Files that people hand in: which kind each is, several in one (ZIP, arrays), and what is wrong with those that cannot be read."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headrace.engine.errors import FileRefused, HeadraceError, Problem
from headrace.engine.exchange.bpmn import read_bpmn
from headrace.engine.exchange.n8n import is_n8n, read_n8n
from headrace.engine.exchange.report import Imported
from headrace.engine.flow.upgrade import upgrade

FILES_MAX = 200
"""Files in one go, those inside of ZIPs included."""

BYTES_MAX = 20_000_000
"""All of them together, unpacked."""

DEPTH_MAX = 200
"""Levels of a JSON text."""

Given = tuple[str, bytes]
"""(name, content)."""


def read_files(given: Iterable[Given]) -> list[Imported]:
    """What every file gives. One that is wrong never keeps the others from being read."""
    found: list[Imported] = []
    room = BYTES_MAX
    for name, data in _unpacked(given, found):
        room -= len(data)
        if len(found) >= FILES_MAX or room < 0:
            limit = f"at most {FILES_MAX} files with {BYTES_MAX // 1_000_000} MB together"
            found.append(_wrong(name, FileRefused(expected=limit, found="more")))
            break
        found += _read(name, data)
    return found


def _unpacked(given: Iterable[Given], found: list[Imported]) -> Iterator[Given]:
    for name, data in given:
        if not data.startswith(b"PK\x03\x04"):
            yield name, data
            continue
        try:
            yield from _members(name, data)
        except FileRefused as refused:
            found.append(_wrong(name, refused))
        except _BROKEN as error:
            broken = FileRefused(expected="a ZIP file", found=str(error)[:100] or "a broken one")
            found.append(_wrong(name, broken))


_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error,
)  # fmt: skip


def _members(name: str, data: bytes) -> Iterator[Given]:
    room = BYTES_MAX
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [
            one for one in archive.infolist() if not one.is_dir() and not _hidden(one.filename)
        ]
        if len(members) > FILES_MAX:
            raise FileRefused(
                expected=f"at most {FILES_MAX} files in a ZIP", found=str(len(members))
            )
        for member in members:
            with archive.open(member) as stream:
                content = stream.read(
                    room + 1
                )  # what the directory of a ZIP says of sizes may be a lie
            if len(content) > room:
                raise FileRefused(expected=f"at most {BYTES_MAX} bytes unpacked", found="more")
            room -= len(content)
            yield f"{name}/{member.filename}", content


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _read(name: str, data: bytes) -> list[Imported]:
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        return [_wrong(name, FileRefused(expected="a flow, BPMN or n8n", found="an empty file"))]
    if text[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [read_bpmn(data, name)]
    if text[:1] not in b"{[":
        return [
            _wrong(
                name,
                FileRefused(
                    expected="JSON or XML", found=repr(text[:20].decode("utf-8", "replace"))
                ),
            )
        ]
    try:
        value = parse_json(text)
    except FileRefused as refused:
        return [_wrong(name, refused)]
    return list(_values(name, value))


def _values(name: str, value: Any) -> Iterator[Imported]:
    """One flow, an array of flows, `{"flows": […]}`, or what n8n writes."""
    if isinstance(value, Mapping) and isinstance(value.get("flows"), list) and "nodes" not in value:
        value = value["flows"]
        name = f"{name}/flows"
    if isinstance(value, list):
        if not value:
            yield _wrong(name, FileRefused(expected="flows", found="an empty list"))
        for place, item in enumerate(value[: FILES_MAX + 1]):
            yield _one(f"{name}/{place}", item)
    else:
        yield _one(name, value)


def _one(name: str, value: Any) -> Imported:
    if is_n8n(value):
        return read_n8n(value, name)
    found = Imported("flow", name)
    try:
        found.documents.append(dict(upgrade(value)))
    except HeadraceError as error:
        problems = error.problems or [Problem("", error.code, error.params, error.message)]
        found.wrong += [
            Problem(f"{name}{one.path}", one.code, one.params, one.message) for one in problems
        ]
    return found


def _wrong(name: str, refused: FileRefused) -> Imported:
    return Imported(
        "flow", name, wrong=[Problem(name, refused.code, refused.params, refused.message)]
    )


def parse_json(data: bytes) -> Any:
    """Strict JSON of bounded depth; what is wrong is told with line and column."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise FileRefused(expected="UTF-8", found=f"another byte at {error.start}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FileRefused(expected="JSON", found=f"{error.msg} in {place}") from None
    except RecursionError:
        raise FileRefused(expected=f"at most {DEPTH_MAX} levels of JSON", found="more") from None
    except ValueError as error:
        raise FileRefused(expected="JSON", found=str(error)[:100]) from None
    _check(value)
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name}, which JSON does not know")


def _check(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH_MAX):
        texts = [one for one in level if isinstance(one, str)]
        names = [name for one in level if isinstance(one, dict) for name in one]
        if any("\0" in text for text in (*texts, *names)):
            raise FileRefused(expected="texts without U+0000", found="one with it")
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
            if isinstance(below, dict | list | str)
        ]
        if not level:
            return
    raise FileRefused(expected=f"at most {DEPTH_MAX} levels of JSON", found="more")

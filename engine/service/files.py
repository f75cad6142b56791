"""Files handed in with forms: taking them in, giving them out to those who may see them, and binding them to an instance.

A file is taken in before its form is sent, and waits then for up to a day. With the form it becomes part of the instance: it is
seen by those the instance concerns, unless the field it was handed in with is hidden from them, and goes with the instance.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import (
    FileEmpty,
    FileQuota,
    FileTooLarge,
    FileTypeRefused,
    NotFound,
    Problem,
)
from headrace.engine.flow.form_files import (
    FILE_MAX_MB,
    HEAD_BYTES,
    KINDS,
    Attached,
    attached,
    clean_name,
    kind_of_file,
)
from headrace.engine.flow.form_rights import right_of
from headrace.engine.flow.forms import problem_of
from headrace.engine.flow.wording import listed, shown
from headrace.engine.service import disk
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import files

MB = 1_000_000

FILE_MAX_BYTES = FILE_MAX_MB * MB

WAITING_MAX = 100
"""Files of one person that wait to be handed in: nobody fills in more at once."""

WAITING_MAX_BYTES = 200 * MB

INSTANCE_FILES_MAX = 200
"""Files of one instance, over all its forms."""

INSTANCE_MAX_BYTES = 500 * MB

_IN_MEMORY_BYTES = MB
"""Larger uploads wait on disk until their hash is known."""


@dataclass(frozen=True, slots=True)
class File:
    """What a form keeps of a file."""

    id: str
    name: str
    size: int
    type: str
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """As it stands in a form's value."""
        return {
            "id": self.id, "name": self.name, "size": self.size, "type": self.type, "sha256": self.sha256,
        }  # fmt: skip


# --- in --------------------------------------------------------------------------------------------


def take(
    workspace: Workspace, actor: Actor, name: str, read: Callable[[int], bytes]
) -> dict[str, Any]:
    """Take in a file. `read` gives the next bytes; it is read once and never held in memory whole."""
    disk.require_room(workspace)
    name = clean_name(name)
    with workspace.read() as connection:
        count, size = files.waiting(connection, actor.user_id)
    if count >= WAITING_MAX or size >= WAITING_MAX_BYTES:
        raise FileQuota(limit=WAITING_MAX, limit_mb=WAITING_MAX_BYTES // MB, found=count)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
        digest, head, size = hashlib.sha256(), b"", 0
        while data := read(files.PART_BYTES):
            size += len(data)
            if size > FILE_MAX_BYTES:
                raise FileTooLarge(limit_mb=FILE_MAX_MB, found=f"more than {FILE_MAX_BYTES}")
            head = head or data[:HEAD_BYTES]
            digest.update(data)
            spool.write(data)
        if not size:
            raise FileEmpty(name=name)
        kind = kind_of_file(name, head)
        if kind is None:
            ending = name.rpartition(".")[2] if "." in name else name
            raise FileTypeRefused(known=listed(KINDS, 20), found=shown(ending[:20]))
        spool.seek(0)
        file = File(workspace.id("fil"), name, size, kind.media, digest.hexdigest())
        _keep(workspace, actor, file, spool.read)
    return file.as_json()


def _keep(workspace: Workspace, actor: Actor, file: File, read: Callable[[int], bytes]) -> None:
    """The content, unless it is there already; part by part, so that nobody waits for a large file."""

    def add(connection: Connection) -> bool:
        now_ms = workspace.clock.now_ms()
        if not files.use(connection, file.sha256, now_ms):
            return False
        files.add(connection, **file.as_json(), created_by=actor.user_id, created_at=now_ms)
        return True

    write = workspace.writer.call
    if write(add):
        return
    write(lambda c: files.begin(c, file.sha256, file.size, workspace.clock.now_ms()))
    number = 0
    while data := read(files.PART_BYTES):
        write(partial(_put, file.sha256, number, data))
        number += 1
    write(lambda c: files.finish(c, file.sha256))
    if not write(add):
        raise NotFound(kind="content of file", id=file.name)  # purged after hours of uploading


def _put(sha256: str, number: int, data: bytes, connection: Connection) -> None:
    files.put(connection, sha256, number, data)


# --- out -------------------------------------------------------------------------------------------


def look(workspace: Workspace, actor: Actor, id_: str) -> tuple[File, Iterator[bytes]]:
    """A file and its bytes, for those who may see it; others learn nothing, not even that it exists."""
    with workspace.read() as connection:
        row = files.find(connection, id_)
        if row is None or not _may_see(connection, row, actor):
            raise NotFound(kind="file", id=id_)
    return File(row.id, row.name, row.size, row.type, row.sha256), _parts(workspace, row.sha256)


def of_instance(connection: Connection, actor: Actor, instance_id: str) -> list[dict[str, Any]]:
    """The files of an instance that somebody may see, oldest first: `{id, name, size, type, sha256, field}`."""
    rows = files.listed(connection, instance_id, INSTANCE_FILES_MAX)
    if not rows:
        return []
    forms = files.forms_seen(connection, instance_id, actor.user_id)
    return [
        File(row.id, row.name, row.size, row.type, row.sha256).as_json() | {"field": row.field}
        for row in rows
        if _sees(row, actor, forms)
    ]


def _may_see(connection: Connection, row: Any, actor: Actor) -> bool:
    if row.instance_id is None:
        return bool(row.created_by == actor.user_id)
    forms = files.forms_seen(connection, row.instance_id, actor.user_id)
    return _sees(row, actor, forms)


def _sees(row: Any, actor: Actor, forms: Sequence[Mapping[str, Any] | None]) -> bool:
    """`forms`: those of the tasks of the instance that concern this person."""
    if actor.may("instances:read") or row.created_by == actor.user_id:
        return True
    return any(_shows(form, row.field or "") for form in forms)


def _shows(form: Mapping[str, Any] | None, field: str) -> bool:
    """Does a task with this form show the field? One without a form, or with another, shows what its texts say: not files."""
    key, _, name = field.partition(".")
    if form is None or (form.get("x-into") or "") != key:
        return False
    name, _, column = name.partition(".")
    return name in form.get("properties", {}) and right_of(form, name, column) != "hidden"


def _parts(workspace: Workspace, sha256: str) -> Iterator[bytes]:
    """Part by part, each with a short look of its own: a slow reader holds no connection."""
    number = 0
    while True:
        with workspace.read() as connection:
            data = files.part(connection, sha256, number)
        if data is None:
            return
        yield bytes(data)
        number += 1


# --- with a form -----------------------------------------------------------------------------------


def hand_in(
    connection: Connection,
    actor: Actor,
    schema: Mapping[str, Any],
    value: Mapping[str, Any],
    before: Mapping[str, Any],
    instance_id: str,
) -> list[Problem]:
    """Bind the files of a form's value to an instance; what the value says of them becomes what is true. Answers problems.

    In the transaction that takes the form. A file must be there already, or have been taken in by the same person and wait.
    """
    fields = list(attached(schema, value))
    given = {str(_id(item)) for field in fields for item in field.files}
    if not given:
        return []
    known = {str(_id(item)) for field in attached(schema, before) for item in field.files}
    rows = files.several(connection, given)
    count, size = files.of_instance(connection, instance_id)
    fresh = [row for row in rows.values() if row.instance_id is None]
    if (
        count + len(fresh) > INSTANCE_FILES_MAX
        or size + sum(r.size for r in fresh) > INSTANCE_MAX_BYTES
    ):
        params = {"limit": INSTANCE_FILES_MAX, "found": count + len(fresh)}
        what = f"at most {INSTANCE_FILES_MAX} files of an instance"
        return [problem_of(fields[0].path, "file_quota", params, what, str(count + len(fresh)))]
    problems: list[Problem] = []
    key = schema.get("x-into") or ""
    for field in fields:
        found = [
            _checked(field, index, item, rows, known, actor, instance_id)
            for index, item in enumerate(field.files)
        ]
        problems += [item for item in found if isinstance(item, Problem)]
        field.files[:] = [item.as_json() for item in found if isinstance(item, File)]
        ids = [item.id for item in found if isinstance(item, File)]
        if not problems:
            files.bind(connection, ids, instance_id, f"{key}.{field.name}")
    return problems


def let_go(connection: Connection, instance_id: str) -> None:
    """The files of an instance that has not come to be wait again."""
    files.unbind(connection, instance_id)


def _id(item: Any) -> Any:
    return item.get("id") if isinstance(item, Mapping) else None


def _checked(
    field: Attached,
    index: int,
    item: Any,
    rows: Mapping[str, Any],
    known: set[str],
    actor: Actor,
    instance_id: str,
) -> File | Problem:
    path = f"{field.path}/{index}"
    row = rows.get(str(_id(item)))
    mine = row is not None and (
        row.instance_id == instance_id
        if row.id in known or row.instance_id is not None
        else row.created_by == actor.user_id
    )
    if row is None or not mine:
        return problem_of(
            path, "file_unknown", {}, "a file that was handed in here", shown(_id(item))
        )
    groups: Sequence[str] = field.schema.get("x-accept", ())
    kind = KINDS[row.name.rpartition(".")[2].lower()]
    if groups and kind.group not in groups:
        params = {"known": list(groups), "found": kind.media}
        return problem_of(path, "file_type_refused", params, f"one of {listed(groups)}", kind.media)
    limit_mb = field.schema.get("x-max-mb", FILE_MAX_MB)
    if row.size > limit_mb * MB:
        params = {"limit_mb": limit_mb, "found": row.size}
        return problem_of(
            path, "file_too_large", params, f"at most {limit_mb} MB", f"{row.size} bytes"
        )
    return File(row.id, row.name, row.size, row.type, row.sha256)

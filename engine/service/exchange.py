"""Flows in and out as files of several kinds: first shown with what they would change, then taken all or none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError, NotFound, Problem, ValidationFailed
from headrace.engine.exchange.bpmn_out import to_bpmn
from headrace.engine.exchange.files import Given, read_files
from headrace.engine.exchange.report import Imported
from headrace.engine.flow.diff import diff
from headrace.engine.service import audit, cases, flows
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts

Format = Literal["json", "bpmn"]

FLOWS_MAX = 100
"""Flows taken or exported in one go."""

_PAST = (1980, 1, 1, 0, 0, 0)
"""When every file in a ZIP is from: equal flows are equal files."""


def preview(workspace: Workspace, actor: Actor, given: Iterable[Given]) -> dict[str, Any]:
    """What files would bring: drawings, what became of each element, and what differs from the drafts of the same keys."""
    actor.require("flows:write")
    files = [_file(found) for found in read_files(given)]
    shown = [flow for file in files for flow in file["flows"]]
    with workspace.read() as connection:
        keys = drafts.keys(connection)
        for flow in shown:
            if flow["key"] in keys:
                flow["draft"] = _compared(connection, flow["key"], flow["document"])
    for flow in shown:
        flow["problems"] = flows.problems_json(workspace, flow["document"])
    return {"files": files}


def _file(found: Imported) -> dict[str, Any]:
    wrong = list(found.wrong)
    shown = []
    for document in found.documents[:FLOWS_MAX]:
        told: Any = document.pop("cases", []) if found.kind == "flow" else []
        refused = [*flows.shape_problems(document), *_case_problems(told)]
        wrong += [_placed(found.file, problem) for problem in refused]
        if not refused:
            key, name = str(document["key"]), document["name"]
            shown.append(
                {"key": key, "name": name, "document": document, "cases": told, "draft": None}
            )
    return {
        "file": found.file,
        "kind": found.kind,
        "wrong": [problem.as_json() for problem in wrong[:100]],
        "counts": found.report.counts(),
        "lines": [line.as_json() for line in found.report.lines],
        "flows": shown,
    }


def _case_problems(told: Any) -> list[Problem]:
    try:
        cases.from_file(told)
    except HeadraceError as error:
        return error.problems or [Problem("/cases", error.code, error.params, error.message)]
    return []


def _placed(file: str, problem: Problem) -> Problem:
    return Problem(f"{file}{problem.path}", problem.code, problem.params, problem.message)


def _compared(connection: Connection, key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    row = drafts.find(connection, key)
    if row is None:
        raise NotFound(kind="flow", id=key)
    changes = diff(jsontext.loads(row.draft), {**document, "key": key})
    return {
        "etag": row.draft_etag,
        "name": row.name,
        "published_version": row.published_version,
        "changes": [one.as_json() for one in changes],
    }


def compare(
    workspace: Workspace, actor: Actor, key: str, document: Mapping[str, Any]
) -> dict[str, Any]:
    """What a document would change if it took the place of a draft."""
    actor.require("flows:read")
    with workspace.read() as connection:
        return _compared(connection, key, document)


def take(workspace: Workspace, actor: Actor, wishes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keep what a preview showed, all or none: as new flows, or in place of the drafts it was compared with (`etag`)."""
    actor.require("flows:write")
    refused: list[Problem] = []
    keys: set[str] = set()
    for place, wish in enumerate(wishes):
        path = f"/flows/{place}/key"
        if wish["key"] in keys:
            message = f"Expected every key once, but found {wish['key']} twice."
            refused.append(Problem(path, "id_twice", {"id": wish["key"]}, message))
        keys.add(wish["key"])
    if refused:
        raise ValidationFailed(what="import", count=len(refused), problems=refused)
    told = [cases.from_file(wish.get("cases", [])) for wish in wishes]

    def write(connection: Connection) -> list[dict[str, Any]]:
        made = []
        for wish, case in zip(wishes, told, strict=True):
            made.append(
                flows.put(
                    connection, workspace, actor, wish["key"], wish["document"], wish.get("etag")
                )
            )
            if made[-1]["created"]:
                cases.keep(connection, workspace, actor, wish["key"], case, "file")
            audit.note(connection, workspace, actor, "flows.import", wish["key"])
        return made

    return {"flows": workspace.writer.call(write)}


# --- out -----------------------------------------------------------------------------------------


def export(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    kind: Format = "json",
    number: int | None = None,
    language: str = "zh",
) -> bytes:
    """One flow as a file: JSON with its test cases, or BPMN 2.0 XML."""
    text = flows.export(workspace, actor, key, number)
    if kind == "json":
        return text
    document = jsontext.loads(text)
    document.pop("cases", None)
    return to_bpmn(document, language=language)


def export_all(
    workspace: Workspace, actor: Actor, keys: Sequence[str], *, kind: Format, language: str = "zh"
) -> bytes:
    """Several flows as a ZIP: the same flows are the same bytes."""
    actor.require("flows:read")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in sorted(set(keys)):
            info = zipfile.ZipInfo(f"{key}.{kind}", date_time=_PAST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, export(workspace, actor, key, kind=kind, language=language))
    return data.getvalue()

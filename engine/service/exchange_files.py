"""Drawings in files and folders, for the command line: a report for each, and flows of them if wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from headrace.engine.errors import FileRefused, HeadraceError, NotFound, Problem
from headrace.engine.exchange.bpmn_out import to_bpmn
from headrace.engine.exchange.files import BYTES_MAX, parse_json, read_files
from headrace.engine.exchange.report import Imported
from headrace.engine.flow.model import canonical
from headrace.engine.flow.upgrade import upgrade
from headrace.engine.service import exchange, flows
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts

ENDINGS = (".bpmn", ".xml", ".json", ".zip")
"""What is taken out of a folder; a file that is named is always read."""

Say = Callable[[str], None]


def read(paths: Sequence[Path], say: Say, *, brief: bool = False) -> list[Imported]:
    """Read everything, and say what became of each element. No file stops the others."""
    found: list[Imported] = []
    for path in _files(paths):
        try:
            size = path.stat().st_size
            told = (
                read_files([(str(path), path.read_bytes())])
                if size <= BYTES_MAX
                else [_refused(path, f"at most {BYTES_MAX} bytes", str(size))]
            )
        except OSError as error:
            told = [_refused(path, "a file that can be read", error.strerror or "none")]
        for one in told:
            _tell(one, say, brief=brief)
        found += told
    flows_ = sum(len(one.documents) for one in found)
    wrong = sum(bool(one.wrong) for one in found)
    say(f"{len(found)} files, {flows_} flows, {wrong} that could not be read")
    return found


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and file.suffix.lower() in ENDINGS
            )
        else:
            yield path


def _refused(path: Path, expected: str, found: str) -> Imported:
    refused = FileRefused(expected=expected, found=found)
    problem = Problem(str(path), refused.code, refused.params, refused.message)
    return Imported("flow", str(path), wrong=[problem])


def _tell(one: Imported, say: Say, *, brief: bool) -> None:
    counts = one.report.counts()
    told = ", ".join(f"{count} {fate.replace('_', ' ')}" for fate, count in counts.items() if count)
    keys = ", ".join(str(document.get("key")) for document in one.documents)
    say(f"{one.file}: {one.kind}, {keys or 'no flow'}{f' ({told})' if told else ''}")
    for problem in one.wrong:
        say(f"  {problem.path}: {problem.message}")
    for line in one.report.lines:
        if not brief or line.fate != "carried":
            name = f" “{line.name}”" if line.name else ""
            say(f"  {line.fate:<11} {line.kind} {line.id}{name}: {line.message}")


def write(found: Sequence[Imported], folder: Path, say: Say) -> None:
    """The flows as files of ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        for document in one.documents:
            path = folder / f"{document['key']}.json"
            count = 1
            while path.exists():
                count += 1
                path = folder / f"{document['key']}-{count}.json"
            path.write_bytes(canonical(document))
            say(f"wrote {path}")


def keep(workspace: Workspace, found: Sequence[Imported], say: Say) -> None:
    """New flows in the workspace, each under a key that is free."""
    with workspace.read() as connection:
        taken = drafts.keys(connection)
    for one in found:
        wishes: list[dict[str, Any]] = []
        renamed: dict[str, str] = {}
        for document in one.documents:
            if flows.shape_problems(document):
                say(f"{one.file}: {document.get('key')} has no shape that can be kept")
                continue
            key = _free(str(document["key"]), taken)
            renamed[document["key"]] = key
            wishes.append({"key": key, "document": document})
        for wish in wishes:
            _call_renamed(wish["document"], renamed)
        if not wishes:
            continue
        try:
            exchange.take(workspace, ENGINE, wishes)
        except HeadraceError as error:
            say(f"{one.file}: {error}")
            continue
        for wish in wishes:
            say(f"kept as {wish['key']}")


def _free(key: str, taken: set[str]) -> str:
    found, count = key, 1
    while found in taken:
        count += 1
        found = f"{key[:58]}-{count}"
    taken.add(found)
    return found


def _call_renamed(document: dict[str, Any], renamed: dict[str, str]) -> None:
    """Calls between flows of one file follow when a key was taken."""
    for node in document["nodes"]:
        settings = node.get("settings")
        if node.get("type") == "subflow" and isinstance(settings, dict):
            settings["flow"] = renamed.get(str(settings.get("flow")), settings.get("flow"))


def bpmn_of_file(path: Path, language: str) -> bytes:
    """A flow file of ours as BPMN."""
    document = dict(upgrade(parse_json(path.read_bytes())))
    document.pop("cases", None)
    return to_bpmn(document, language=language)


def bpmn_of_flow(workspace: Workspace, key: str, language: str) -> bytes:
    """The draft of a flow as BPMN."""
    with workspace.read() as connection:
        if drafts.find(connection, key) is None:
            raise NotFound(kind="flow", id=key)
    return exchange.export(workspace, ENGINE, key, kind="bpmn", language=language)

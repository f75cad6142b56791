"""A template as a value: read from a folder or a zip file, checked, written to a zip file, its names made to fit a workspace.

    template.json            key, name, description, industry, roles, connections, and which files below belong to it
    flows/*.json             drawings
    tables/*.json            {key, definition, rows, views}: business tables, the records they begin with, shared views
    decision-tables/*.json   {key, definition}
    sources/*.json           ways in for orders, with nothing secret
    sample/*.json            inputs with what they must lead to
    expect.json              what `headrace template check` compares with (R205)

A zip file comes from outside: what is read of it is bounded, and nothing in it becomes a path.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError, Problem, ValidationFailed
from headrace.engine.flow.decision.compiled import Compiled
from headrace.engine.flow.decision.compiled import problems_of as decision_problems
from headrace.engine.flow.forms import Form
from headrace.engine.flow.order_map import check as order_map_problems
from headrace.engine.flow.table_definition import problems_of as table_problems
from headrace.engine.node import Decide, Decision, NodeType
from headrace.engine.registry import connectors
from headrace.engine.service import own_connectors, template_views
from headrace.engine.service.decision_tables import answered
from headrace.engine.service.flows import shape_problems

ZIP_MAX = 5_000_000
"""Bytes of a file that is taken."""
UNPACKED_MAX = 20_000_000
"""Bytes of everything in it."""
FILE_MAX = 4_000_000
FILES_MAX = 300
ROWS_MAX = 5_000
"""Records a table begins with."""
PROBLEMS_MAX = 50

KINDS = ("roles", "own_connectors", "connections", "tables", "decision_tables", "flows", "sources")
"""What a template brings, in the order in which it is made: each needs those before it."""

FOLDERS = {
    "flows": "flows", "tables": "tables", "decision_tables": "decision-tables", "sources": "sources",
}  # fmt: skip

WORDS = {
    "roles": "role", "own_connectors": "connector", "connections": "connection", "tables": "table",
    "decision_tables": "decision table", "flows": "flow",
    "sources": "source",
}  # fmt: skip

_NAME = re.compile(
    r"(template|expect)\.json|(flows|tables|decision-tables|sources|sample)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.json"
)

Mapped = Mapping[str, Mapping[str, str]]
"""Kind → key in the template → key in this workspace."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One template."""

    key: str
    about: Mapping[str, Any]
    flows: Sequence[Mapping[str, Any]] = ()
    tables: Sequence[Mapping[str, Any]] = ()
    decision_tables: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[Mapping[str, Any]] = ()
    samples: Sequence[Mapping[str, Any]] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False
    """Brought by people of this workspace; else it comes with the program."""

    def part(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """What it brings of a kind, each with a `key`."""
        if kind in {"roles", "own_connectors", "connections"}:
            return tuple(self.about.get(kind, ()))
        found: Sequence[Mapping[str, Any]] = getattr(self, kind)
        return found

    def as_json(self) -> dict[str, Any]:
        """To keep in a row; `from_json` reads it."""
        parts = {kind: list(getattr(self, kind)) for kind in FOLDERS}
        return {
            "about": self.about,
            **parts,
            "samples": list(self.samples),
            "expect": self.expect,
        }


def from_json(value: Mapping[str, Any]) -> Bundle:
    """The other way round."""
    parts = {kind: tuple(value.get(kind, ())) for kind in FOLDERS}
    return Bundle(
        value["about"]["key"],
        value["about"],
        samples=tuple(value.get("samples", ())),
        expect=value.get("expect") or {},
        own=True,
        **parts,
    )


def from_folder(folder: Traversable) -> Bundle:
    """One that comes with the program; it is right, tests say so."""
    about = _json(folder.joinpath("template.json"))
    parts = {
        kind: tuple(_json(folder.joinpath(place, name)) for name in about.get(kind, ()))
        for kind, place in FOLDERS.items()
    }
    samples = folder.joinpath("sample")
    names = sorted(
        item.name
        for item in (samples.iterdir() if samples.is_dir() else ())
        if item.name.endswith(".json")
    )
    told = [{**_json(samples.joinpath(name)), "key": name.removesuffix(".json")} for name in names]
    expect = folder.joinpath("expect.json")
    return Bundle(
        about["key"],
        about,
        parts["flows"],
        parts["tables"],
        parts["decision_tables"],
        parts["sources"],
        tuple(told),
        _json(expect) if expect.is_file() else {},
    )


def _json(file: Traversable) -> Any:
    return jsontext.loads(file.read_bytes())


def deciding(bundle: Bundle, elsewhere: Decide | None = None) -> Decide:
    """Its own decision tables as they come, so that samples run before anything is installed; others are asked elsewhere."""
    tables = {item["key"]: Compiled(item["definition"]) for item in bundle.decision_tables}

    def ask(key: str, given: Mapping[str, Any], version: int | None, at_ms: int) -> Decision:
        if key in tables:
            return answered(tables[key], key, 1, given)
        if elsewhere is None:
            return Decision(key, trouble=("decision_missing", f"Expected {key}, but found none."))
        return elsewhere(key, given, version, at_ms)

    return ask


# --- files -----------------------------------------------------------------------------------------


def to_zip(bundle: Bundle) -> bytes:
    """The same template is the same file, byte for byte."""
    files: dict[str, Any] = {}
    about = dict(bundle.about)
    for kind, place in FOLDERS.items():
        names = [f"{item['key']}.json" for item in getattr(bundle, kind)]
        if names or kind == "flows":
            about[kind] = names
        for name, item in zip(names, getattr(bundle, kind), strict=True):
            files[f"{place}/{name}"] = item
    for sample in bundle.samples:
        files[f"sample/{sample['key']}.json"] = {k: v for k, v in sample.items() if k != "key"}
    if bundle.expect:
        files["expect.json"] = bundle.expect
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, value in sorted({"template.json": about, **files}.items()):
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            packed.writestr(info, canonical_text(value))
    return out.getvalue()


def canonical_text(value: Any) -> str:
    """JSON as people read it, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def digest(value: Any) -> str:
    """The same for the same value, however it is written."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def from_zip(
    data: bytes, types: Mapping[str, NodeType], forms: Mapping[str, Form] | None = None
) -> Bundle:
    """A template from a file of unknown origin; raises `ValidationFailed` with what is wrong.

    `forms`: what the door asks of the definition of a `table` and of a `decision_table`.
    """
    if len(data) > ZIP_MAX:
        raise _refused([_wrong("", "file_too_large", f"at most {ZIP_MAX} bytes", f"{len(data)}")])
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            values = _unpacked(packed)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as trouble:
        wrong = _wrong("", "not_a_bundle", "a zip file of a template", str(trouble)[:200])
        raise _refused([wrong]) from None
    bundle = _assembled(values)
    if found := problems(bundle, types, forms or {}):
        raise _refused(found)
    return bundle


def _unpacked(packed: zipfile.ZipFile) -> dict[str, Any]:
    infos = [info for info in packed.infolist() if not info.is_dir()]
    if len(infos) > FILES_MAX:
        raise _refused(
            [_wrong("", "too_many_files", f"at most {FILES_MAX} files", str(len(infos)))]
        )
    names = [info.filename for info in infos]
    found = [
        _wrong(
            f"/{name[:100]}",
            "file_name_wrong",
            "template.json, expect.json or a .json file in flows, tables, decision-tables, sources or sample",
            name[:100],
        )
        for name in names
        if not _NAME.fullmatch(name)
    ]
    found += [
        _wrong(f"/{name}", "file_twice", "each file once", name)
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if "template.json" not in names:
        found.append(_wrong("/template.json", "file_missing", "template.json", "none"))
    if found:
        raise _refused(found)
    values: dict[str, Any] = {}
    left = UNPACKED_MAX
    for info in infos:
        room = min(FILE_MAX, left)
        with packed.open(info) as opened:  # its own word for how long it is counts for nothing
            text = opened.read(room + 1)
        if len(text) > room:
            raise _refused(
                [
                    _wrong(
                        f"/{info.filename}",
                        "file_too_large",
                        f"at most {FILE_MAX} bytes a file and {UNPACKED_MAX} in all",
                        "more",
                    )
                ]
            )
        left -= len(text)
        try:
            values[info.filename] = jsontext.loads(text)
        except (ValueError, RecursionError, HeadraceError) as trouble:
            wrong = _wrong(f"/{info.filename}", "json_wrong", "JSON", str(trouble)[:200])
            raise _refused([wrong]) from None
    return values


def _assembled(values: Mapping[str, Any]) -> Bundle:
    about = values["template.json"]
    if problems_ := _about_problems(about):
        raise _refused(problems_)
    parts: dict[str, Any] = {}
    for kind, place in FOLDERS.items():
        chosen = []
        for name in about.get(kind, ()):
            value = values.get(f"{place}/{name}")
            if not isinstance(value, dict):
                raise _refused(
                    [_wrong(f"/{place}/{name}"[:200], "file_missing", "the file it names", "none")]
                )
            chosen.append(value)
        parts[kind] = tuple(chosen)
    samples = [
        {**value, "key": name.removeprefix("sample/").removesuffix(".json")}
        for name, value in sorted(values.items())
        if name.startswith("sample/") and isinstance(value, dict)
    ]
    expect = values.get("expect.json")
    return Bundle(
        about["key"],
        about,
        samples=tuple(samples),
        expect=expect if isinstance(expect, dict) else {},
        own=True,
        **parts,
    )


# --- what is wrong ---------------------------------------------------------------------------------

_KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{1,63}$"}
_TEXT = {
    "type": "object",
    "properties": {
        "zh": {"type": "string", "minLength": 1, "maxLength": 2_000},
        "en": {"type": "string", "minLength": 1, "maxLength": 2_000},
    },
    "minProperties": 1,
    "additionalProperties": False,
}


def _closed(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_FILES = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.json$"},
    "uniqueItems": True,
    "maxItems": 100,
}

ABOUT: Mapping[str, Any] = _closed(
    ["key", "name", "flows"],
    key=_KEY,
    code={"type": "string", "maxLength": 20},
    name=_TEXT,
    description=_TEXT,
    industry=_TEXT,
    roles={"type": "array", "maxItems": 100, "items": _closed(["key", "title"], key=_KEY, title=_TEXT)},
    connections={
        "type": "array",
        "maxItems": 50,
        "items": _closed(
            ["key", "connector", "name", "settings"],
            key=_KEY,
            connector=_KEY,
            name={"type": "string", "minLength": 1, "maxLength": 200},
            settings={"type": "object"},
            note=_TEXT,
            sandbox=_KEY,
        ),
    },
    own_connectors={
        "type": "array",
        "maxItems": 20,
        "items": _closed(["key", "definition"], key=_KEY, definition={"type": "object"}),
    },
    flows=_FILES,
    tables=_FILES,
    decision_tables=_FILES,
    sources=_FILES,
    drafts={"type": "array", "items": _KEY, "maxItems": 100},
    targets={"type": "array", "items": _TEXT, "maxItems": 20},
)  # fmt: skip
"""What template.json says. `drafts`: flows that a person publishes, once connections are set. `sandbox` of a connection: the
simulator that `template check` fills it in with. `targets`: before and after, as the board may show them."""

_ABOUT = Form(ABOUT)
_TABLE = Form(
    _closed(
        ["key", "definition"],
        key={"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
        definition={"type": "object"},
        rows={"type": "array", "items": {"type": "object"}, "maxItems": ROWS_MAX},
        views=template_views.SCHEMA,
    )
)
_SOURCE = Form({"type": "object", "properties": {"key": _KEY}, "required": ["key"]})
"""As little as a source must say; the door asks for more."""
_DECISION = Form(_closed(["key", "definition"], key=_KEY, definition={"type": "object"}))


def _about_problems(about: Any) -> list[Problem]:
    if not isinstance(about, dict):
        return [_wrong("/template.json", "type", "an object", type(about).__name__)]
    found = _ABOUT.problems(about)
    return [Problem(f"/template.json{p.path}", p.code, p.params, p.message) for p in found]


def problems(
    bundle: Bundle, types: Mapping[str, NodeType], forms: Mapping[str, Form]
) -> list[Problem]:
    """What is wrong with it, all at once; whether its flows fit the workspace is asked when they are installed."""
    found = _about_problems(bundle.about)
    for kind in KINDS:
        keys = [item.get("key") for item in bundle.part(kind)]
        found += [
            _wrong(f"/{kind}", "key_twice", f"each {WORDS[kind]} once", str(key))
            for key in sorted({str(key) for key in keys if keys.count(key) > 1})
        ]
    drawn = [item for item in bundle.about.get("own_connectors", ()) if isinstance(item, Mapping)]
    known = {*connectors(), *(own_connectors.PREFIX + str(item.get("key")) for item in drawn)}
    for item in drawn:
        try:
            own_connectors.checked(item.get("definition"))
        except ValidationFailed as wrong:
            where = f"/own_connectors/{str(item.get('key'))[:64]}"
            found += [_below(where, problem) for problem in wrong.problems]
    for item in bundle.about.get("connections", ()):
        if item.get("connector") not in known:
            found.append(
                _wrong(
                    f"/connections/{item.get('key')}",
                    "connector_unknown",
                    "a connector of this installation",
                    str(item.get("connector"))[:80],
                )
            )
    for flow in bundle.flows:
        where = f"/flows/{str(flow.get('key'))[:64]}"
        found += [_below(where, p) for p in shape_problems(flow)]
        nodes = flow.get("nodes")
        kinds = {
            str(node.get("type"))
            for node in (nodes if isinstance(nodes, list) else ())
            if isinstance(node, Mapping)
        }
        found += [
            _wrong(where, "node_type_unknown", "node types of this installation", kind[:80])
            for kind in sorted(kinds - set(types))
        ]
    for kind, form, check in (
        ("table", _TABLE, table_problems), ("decision_table", _DECISION, decision_problems),
    ):  # fmt: skip
        for item in bundle.part(f"{kind}s"):
            where = f"/{kind}s/{str(item.get('key'))[:64]}"
            own = form.problems(item)
            if not own and kind in forms:
                own = forms[kind].problems(item["definition"])
            if not own:
                try:
                    own = check(item["definition"])
                    own += template_views.problems(item) if kind == "table" and not own else []
                except (KeyError, TypeError, ValueError, AttributeError):
                    own = [
                        _wrong("/definition", "definition_wrong", "a definition", "another shape")
                    ]
            found += [_below(where, p) for p in own]
    for source in bundle.sources:
        where = f"/sources/{str(source.get('key'))[:64]}"
        own = forms.get("source", _SOURCE).problems(source)
        found += [_below(where, p) for p in own or _source_problems(bundle, source)]
    return found[:PROBLEMS_MAX]


def _source_problems(bundle: Bundle, source: Mapping[str, Any]) -> list[Problem]:
    """Accounts it names that do not come along, and a map that says nothing."""
    accounts = {item.get("key") for item in bundle.about.get("connections", ())}
    alerts = source.get("alerts") or {}
    found = [
        _wrong(place, "connection_unknown", "a connection of the template", str(key)[:80])
        for place, key in (
            ("/connection", source.get("connection")),
            *((f"/alerts/{what}", key) for what, key in alerts.items()),
        )
        if key and key not in accounts
    ]
    told = (source.get("fields") or {}, source.get("statuses") or {})
    if any(not isinstance(one, Mapping) for by_what in told for one in by_what.values()):
        return found  # all about orders: `sources` says what is wrong with it
    return found + order_map_problems(*told)


def _below(where: str, problem: Problem) -> Problem:
    return Problem(where + problem.path, problem.code, problem.params, problem.message)


def _wrong(path: str, code: str, expected: str, found: str) -> Problem:
    params = {"expected": expected, "found": found}
    return Problem(path, code, params, f"Expected {expected}, but found {found}.")


def _refused(found: Sequence[Problem]) -> ValidationFailed:
    return ValidationFailed(what="template file", count=len(found), problems=list(found))


# --- what a drawing names ---------------------------------------------------------------------------

_WIDGETS = {
    "connection": "connections",
    "table": "tables",
    "decision_table": "decision_tables",
    "flow": "flows",
    "operation": "operations",
}


def _places(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(kind, container, its key) of settings that name something, as the node type's schema says."""
    if isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            if name not in value:
                continue
            kind = _WIDGETS.get(str(below.get("x-widget")))
            if kind and isinstance(value[name], str) and value[name]:
                yield kind, value, name
            else:
                yield from _places(value[name], below)
    elif isinstance(value, list):
        for item in value:
            yield from _places(item, schema.get("items", {}))


def _roles(value: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, dict):
        if value.get("kind") == "role" and isinstance(value.get("id"), str):
            yield "roles", value, "id"
        for item in value.values():
            yield from _roles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item)


def _named(document: Any, types: Mapping[str, NodeType]) -> Iterator[tuple[str, Any, Any]]:
    for node in document.get("nodes", ()):
        known = types.get(node.get("type", ""))
        if known is not None:
            yield from _places(node.get("settings"), known.settings)
    yield from _roles(document)


def references(document: Mapping[str, Any], types: Mapping[str, NodeType]) -> dict[str, set[str]]:
    """What a drawing names, by kind."""
    made: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, container, name in _named(document, types):
        if kind != "operations":
            made[kind].add(container[name])
    made["own_connectors"] = {key for key, _ in operations(document, types)}
    return made


def operations(document: Mapping[str, Any], types: Mapping[str, NodeType]) -> set[tuple[str, str]]:
    """(key, operation) of the connectors drawn in a workspace that a drawing asks by."""
    asked = {str(c[name]) for kind, c, name in _named(document, types) if kind == "operations"}
    prefix = own_connectors.PREFIX
    parts = (one.removeprefix(prefix).partition(".") for one in asked if one.startswith(prefix))
    return {(key, operation) for key, _, operation in parts}


def table_references(definition: Mapping[str, Any]) -> dict[str, set[str]]:
    """What a table names: the tables its fields refer to, the roles that may do more."""
    tables = {field["table"] for field in definition.get("fields", ()) if field.get("table")}
    access = definition.get("access") or {}
    return {
        "tables": tables,
        "roles": {role for roles in access.values() for role in roles or ()},
    }


def mapped_flow(
    document: Mapping[str, Any], types: Mapping[str, NodeType], mapping: Mapped
) -> dict[str, Any]:
    """The drawing with the names of this workspace."""
    made = deepcopy(dict(document))
    for kind, container, name in _named(made, types):
        if kind == "operations":
            container[name] = _mapped_operation(container[name], mapping)
        else:
            container[name] = mapping.get(kind, {}).get(container[name], container[name])
    made["key"] = mapping.get("flows", {}).get(made["key"], made["key"])
    return made


def _mapped_operation(name: str, mapping: Mapped) -> str:
    connector, dot, operation = name.partition(".")
    prefix = own_connectors.PREFIX
    if not connector.startswith(prefix):
        return name
    key = connector.removeprefix(prefix)
    return prefix + mapping.get("own_connectors", {}).get(key, key) + dot + operation


def mapped_table(definition: Mapping[str, Any], mapping: Mapped) -> dict[str, Any]:
    """The same of a table."""
    made = deepcopy(dict(definition))
    tables, roles = mapping.get("tables", {}), mapping.get("roles", {})
    for each in made.get("fields", ()):
        if each.get("table"):
            each["table"] = tables.get(each["table"], each["table"])
    if made.get("access"):
        made["access"] = {
            right: [roles.get(role, role) for role in named or ()]
            for right, named in made["access"].items()
        }
    return made

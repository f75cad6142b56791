"""What an OpenAPI document (3.0, 3.1, or Swagger 2; JSON or YAML) says, as a definition to choose operations from.

The document is a stranger's: its size, depth and references are bounded, references lead nowhere outside of it, YAML makes no
objects and expands no aliases. Nothing of it is fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.own.shape import PARAMS_MAX

DOCUMENT_MAX = 5_000_000
"""Characters. The largest public ones (whole clouds) are about that."""
YAML_MAX = 2_000_000
EVENTS_MAX = 400_000
"""Parts of a YAML document."""
DEPTH_MAX = 100
READ_MAX = 1_000
"""Operations read; so many cannot be chosen from with sense either."""
SCHEMA_DEPTH_MAX = 8
"""How deep a structure is told; deeper it is any value."""
SCHEMA_PARTS_MAX = 3_000
"""Parts of all structures of one operation: what refers to itself in many places would grow without end."""
REFS_MAX = 50
"""References that lead to references."""
METHODS = ("get", "post", "put", "patch", "delete")
_KEPT = (
    "type", "description", "format", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "pattern",
)  # fmt: skip
_NEXT = re.compile(r"^(next|next_?cursor|next_?page_?token|next_?token|cursor)$", re.IGNORECASE)
_CURSOR = re.compile(r"^(cursor|after|page_?token|next_?token|starting_after)$", re.IGNORECASE)
_PAGE = re.compile(r"^(page|page_?(no|num|number|index))$", re.IGNORECASE)
_SIZE = re.compile(r"^(size|limit|per_?page|page_?size)$", re.IGNORECASE)
_IDEMPOTENT = re.compile(r"idempoten", re.IGNORECASE)


def _unreadable(reason: str) -> ValidationFailed:
    problem = Problem(
        "/document",
        "document_unreadable",
        {"reason": reason},
        f"Expected an OpenAPI document, but {reason}",
    )
    return ValidationFailed(what="document", count=1, problems=[problem])


def read_document(text: str) -> Mapping[str, Any]:
    """The document as a value. Raises `ValidationFailed`."""
    if len(text) > DOCUMENT_MAX:
        raise _unreadable(f"it is longer than {DOCUMENT_MAX:,} characters.")
    try:
        value = json.loads(text) if text.lstrip("\ufeff \t\r\n")[:1] == "{" else _from_yaml(text)
    except json.JSONDecodeError as wrong:
        raise _unreadable(f"line {wrong.lineno} is no JSON: {wrong.msg}.") from None
    except (ValueError, RecursionError, OverflowError):
        raise _unreadable("it cannot be read.") from None
    if not isinstance(value, dict) or not isinstance(value.get("paths"), dict):
        raise _unreadable("it has no paths.")
    if not (str(value.get("openapi", "")).startswith("3.") or str(value.get("swagger")) == "2.0"):
        raise _unreadable("it says neither openapi: 3.x nor swagger: 2.0.")
    if _too_deep(value):
        raise _unreadable(f"it is nested more than {DEPTH_MAX} deep.")
    return value


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values as YAML 1.2 and JSON mean them: `no` is a text, and so are dates and `010`."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - what the library calls it


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _from_yaml(text: str) -> Any:
    if len(text) > YAML_MAX:
        raise _unreadable(f"as YAML it is longer than {YAML_MAX:,} characters; JSON may be longer.")
    try:
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
            if isinstance(event, yaml.AliasEvent):
                raise _unreadable("it uses YAML aliases (*name), which are not expanded here.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEPTH_MAX or count > EVENTS_MAX:
                raise _unreadable("it is nested too deep, or has too many parts.")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 0
        raise _unreadable(f"line {line} is no YAML: {wrong.problem}.") from None
    except yaml.YAMLError:
        raise _unreadable("it is no YAML.") from None


def _too_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(DEPTH_MAX):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return True


# --- the whole ----------------------------------------------------------------------------------


def definition_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """`{definition, notes}`: everything the document offers; what it cannot say has to be filled in (base address, secrets)."""
    return _Reader(document).whole()


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._old = "swagger" in document
        self._left = 0
        self.notes: list[dict[str, str]] = []

    def whole(self) -> dict[str, Any]:
        info = _record(self._document.get("info"))
        operations = [self._operation(*found) for found in self._found()]
        _make_unique(operations)
        title = _words(info.get("title")) or "API"
        return {
            "definition": {
                "title": _text(title),
                **({"help": _text(about)} if (about := _words(info.get("description"))) else {}),
                "base_url": self._base(),
                "auth": self._auth(),
                "operations": operations,
                "document": {
                    "title": title,
                    "version": _words(info.get("version")),
                    "kind": str(self._document.get("openapi") or self._document.get("swagger"))[:20],
                },
            },
            "notes": self.notes[:100],
        }  # fmt: skip

    def _note(self, code: str, where: str, what: str = "") -> None:
        self.notes.append({"code": code, "where": where[:200], "what": what[:200]})

    def _found(self) -> Iterator[tuple[str, str, Mapping[str, Any], list[Any]]]:
        count = 0
        for path, found in self._document["paths"].items():
            item = self._resolved(found)
            shared = item.get("parameters") or []
            for method in METHODS:
                operation = item.get(method)
                if not isinstance(operation, Mapping) or not isinstance(path, str):
                    continue
                count += 1
                if count > READ_MAX:
                    self._note("too_many", path)
                    return
                yield (
                    method.upper(),
                    path,
                    operation,
                    list(shared) if isinstance(shared, list) else [],
                )

    def _resolved(self, value: Any) -> Mapping[str, Any]:
        """What a reference leads to, inside this document."""
        for _ in range(REFS_MAX):
            ref = value.get("$ref") if isinstance(value, Mapping) else None
            if not isinstance(ref, str):
                return _record(value)
            if not ref.startswith("#/"):
                self._note("ref_outside", ref)
                return {}
            value = self._document
            for part in ref[2:].split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                value = value.get(name) if isinstance(value, Mapping) else None
        return {}

    # --- where and who ---

    def _base(self) -> str:
        if self._old:
            host = _words(self._document.get("host"))
            schemes = self._document.get("schemes") or ["https"]
            scheme = "https" if "https" in schemes else str(schemes[0])
            base = f"{scheme}://{host}{_words(self._document.get('basePath'))}" if host else ""
        else:
            servers = self._document.get("servers")
            first = _record(servers[0]) if isinstance(servers, list) and servers else {}
            base = _words(first.get("url"))
            for name, variable in _record(first.get("variables")).items():
                base = base.replace(f"{{{name}}}", _words(_record(variable).get("default")))
        try:
            parts = urlsplit(base)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(base) <= 500
        except ValueError:
            good = False
        if not good or "{" in base or any(c.isspace() or c in "?#" for c in base):
            self._note("base_missing", base)
            return ""
        return base.rstrip("/")

    def _auth(self) -> dict[str, Any]:
        """The first way to sign in that is understood; those the document asks for everywhere come first."""
        place = self._document if self._old else _record(self._document.get("components"))
        schemes = _record(place.get("securityDefinitions" if self._old else "securitySchemes"))
        wanted = self._document.get("security")
        first = (
            [name for one in wanted if isinstance(one, Mapping) for name in one]
            if isinstance(wanted, list)
            else []
        )
        for name in [*first, *schemes]:
            auth = self._scheme(self._resolved(schemes.get(name)))
            if auth:
                return auth
        if schemes:
            self._note("auth_unknown", ", ".join(map(str, schemes)))
        return {"kind": "none"}

    def _scheme(self, scheme: Mapping[str, Any]) -> dict[str, Any] | None:
        match scheme.get("type"), _words(scheme.get("scheme")).lower():
            case ("basic", _) | ("http", "basic"):
                return {"kind": "basic"}
            case "http", "bearer":
                return {"kind": "bearer"}
            case "apiKey", _ if scheme.get("in") in ("header", "query"):
                return {
                    "kind": "key",
                    "place": scheme["in"],
                    "name": _words(scheme.get("name"))[:100] or "X-Api-Key",
                }
            case "oauth2", _:
                return self._oauth(scheme)
            case _:
                return None

    def _oauth(self, scheme: Mapping[str, Any]) -> dict[str, Any] | None:
        flows = _record(scheme.get("flows"))
        client = _record(flows.get("clientCredentials"))
        code = _record(flows.get("authorizationCode"))
        if self._old:
            client = scheme if scheme.get("flow") == "application" else {}
            code = scheme if scheme.get("flow") == "accessCode" else {}
        flow = client or code
        address = _words(flow.get("tokenUrl"))
        if not address.startswith(("http://", "https://")):
            return None
        auth = {
            "kind": "oauth2",
            "grant": "client" if client else "code",
            "token_url": address[:500],
        }
        if not client:
            auth["authorize_url"] = _words(flow.get("authorizationUrl"))[:500]
        scopes = " ".join(str(name) for name in _record(flow.get("scopes")))
        return {**auth, "scope": scopes[:1000]} if scopes else auth

    # --- one operation ---

    def _operation(
        self, method: str, path: str, told: Mapping[str, Any], shared: list[Any]
    ) -> dict[str, Any]:
        self._left = SCHEMA_PARTS_MAX
        where = f"{method} {path}"
        found: dict[str, Any] = {
            "name": _name(_words(told.get("operationId")) or f"{method} {path}"),
            "method": method,
            "path": path if path.startswith("/") else f"/{path}",
            "ref": where[:600],
            "effect": {"GET": "pure", "PUT": "keyed", "DELETE": "keyed"}.get(method, "once"),
        }
        if title := _words(told.get("summary")) or _words(told.get("description")).split("\n")[0]:
            found["title"] = _text(title)
        if told.get("deprecated") is True:
            self._note("deprecated", where)
        params = self._params(where, shared, told, found)
        self._body(where, told, params, found)
        for param in params:  # GET has no body
            if param["in"] == "body" and method == "GET":
                param["in"] = "none"
        _make_unique(params)
        if len(params) > PARAMS_MAX:
            self._note("too_many", where)
        found["params"] = params[:PARAMS_MAX]
        if answer := self._answer(told):
            found["answer"] = answer
            _suggest_pages(found, answer)
        return found

    def _params(
        self, where: str, shared: list[Any], told: Mapping[str, Any], found: dict[str, Any]
    ) -> list[dict[str, Any]]:
        own = told.get("parameters")
        by_place: dict[tuple[str, str], Mapping[str, Any]] = {}
        for one in [*shared, *(own if isinstance(own, list) else [])]:
            param = self._resolved(one)
            by_place[_words(param.get("in")), _words(param.get("name"))] = param
        params: list[dict[str, Any]] = []
        for (place, name), param in by_place.items():
            if place == "header" and _IDEMPOTENT.search(name):
                found |= {"effect": "keyed", "key_place": "header", "key_name": name[:100]}
            elif place in ("path", "query", "header") and name:
                if place == "header" and name.lower() in (
                    "accept",
                    "content-type",
                    "authorization",
                ):
                    continue
                schema = param if self._old else param.get("schema") or self._content(param)
                params.append(self._param(name, place, schema, param))
            elif place == "formData":
                found["body_kind"] = "form"
                params.append(self._param(name, "body", param, param))
            elif place not in ("body", ""):
                self._note("param_left_out", where, f"{place} {name}")
        return params

    def _content(self, holder: Mapping[str, Any]) -> Any:
        content = _record(holder.get("content"))
        for kind, found in content.items():
            if "json" in str(kind):
                return _record(found).get("schema")
        return None

    def _param(
        self,
        name: str,
        place: str,
        schema: Any,
        told: Mapping[str, Any],
        *,
        required: bool | None = None,
    ) -> dict[str, Any]:
        simple = self._schema(schema, 0, ())
        kind = simple.get("type")
        param: dict[str, Any] = {
            "name": _name(name),
            "in": place,
            "field": name[:200],
            "type": kind
            if kind in ("integer", "number", "boolean", "array", "object")
            else "string",
            "required": place == "path"
            or (told.get("required") is True if required is None else required),
        }
        if about := _words(told.get("description")) or _words(simple.get("description")):
            param["help"] = _text(about)
        rest = {key: value for key, value in simple.items() if key not in ("type", "description")}
        if rest:
            param["schema"] = rest
        return param

    def _body(
        self,
        where: str,
        told: Mapping[str, Any],
        params: list[dict[str, Any]],
        found: dict[str, Any],
    ) -> None:
        """The fields of a record become parameters; anything else is one parameter, `body`."""
        schema, required = self._body_schema(where, told, found)
        if schema is None:
            return
        simple = self._schema(schema, 0, ())
        properties = _record(simple.get("properties"))
        if properties:
            needed = simple.get("required") or []
            params += [
                self._param(name, "body", inner, {}, required=required and name in needed)
                for name, inner in properties.items()
            ]
            return
        one = self._param("body", "none", schema, {}, required=required)
        one["type"] = simple["type"] if simple.get("type") in ("array", "string") else "object"
        params.append(one)
        found["body"] = (
            f"params.{one['name']}" if required else f"default(params.{one['name']}, null)"
        )

    def _body_schema(
        self, where: str, told: Mapping[str, Any], found: dict[str, Any]
    ) -> tuple[Any, bool]:
        if self._old:
            own = told.get("parameters")
            for one in own if isinstance(own, list) else []:
                param = self._resolved(one)
                if param.get("in") == "body":
                    return param.get("schema") or {}, param.get("required") is True
            return None, False
        body = self._resolved(told.get("requestBody"))
        content = _record(body.get("content"))
        for kind, holder in content.items():
            form = "x-www-form-urlencoded" in str(kind)
            if form or "json" in str(kind):
                if form:
                    found["body_kind"] = "form"
                return _record(holder).get("schema") or {}, body.get("required") is True
        if content:
            self._note("body_left_out", where, ", ".join(map(str, content)))
        return None, False

    def _answer(self, told: Mapping[str, Any]) -> dict[str, Any]:
        responses = {str(status): one for status, one in _record(told.get("responses")).items()}
        good = sorted(status for status in responses if status.startswith("2"))
        for status in [*good, "default"]:
            response = self._resolved(responses.get(status))
            schema = response.get("schema") if self._old else self._content(response)
            if schema:
                return self._schema(schema, 0, ())
        return {}

    # --- structures ---

    def _schema(self, schema: Any, depth: int, seen: tuple[str, ...]) -> dict[str, Any]:
        """A structure without references: what refers to itself, or is too deep, is any value from there on."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > SCHEMA_DEPTH_MAX or self._left < 0:
            return {}
        ref = schema.get("$ref")
        if isinstance(ref, str):
            if ref in seen:
                return {}
            return self._schema(self._resolved(schema), depth, (*seen, ref))
        found: dict[str, Any] = {key: schema[key] for key in _KEPT if _plain(schema.get(key))}
        if isinstance(schema.get("type"), list):  # 3.1: ["string", "null"]
            found["type"] = next((kind for kind in schema["type"] if kind != "null"), "string")
        if isinstance(found.get("description"), str):
            found["description"] = found["description"][:300]
        for part in self._parts(schema):
            inner = self._schema(part, depth + 1, seen)
            found = _joined(found, inner)
        properties = _record(schema.get("properties"))
        if properties:
            told = {
                str(name): self._schema(inner, depth + 1, seen)
                for name, inner in list(properties.items())[:200]
            }
            found = _joined(found, {"type": "object", "properties": told})
            if isinstance(schema.get("required"), list):
                found["required"] = [*found.get("required", []), *map(str, schema["required"])]
        if isinstance(schema.get("items"), Mapping):
            found |= {"type": "array", "items": self._schema(schema["items"], depth + 1, seen)}
        return found

    def _parts(self, schema: Mapping[str, Any]) -> list[Any]:
        """All of `allOf`; of a choice the first."""
        every = schema.get("allOf")
        choice = schema.get("oneOf") or schema.get("anyOf")
        return [
            *(every[:50] if isinstance(every, list) else []),
            *(
                [one for one in choice if _record(one).get("type") != "null"][:1]
                if isinstance(choice, list)
                else []
            ),
        ]


def _joined(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = {**other, **one}
    for name in ("properties",):
        if name in one or name in other:
            found[name] = {**_record(other.get(name)), **_record(one.get(name))}
            found["type"] = "object"
    needed = [*one.get("required", []), *other.get("required", [])]
    return {**found, "required": needed} if needed else found


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 200 and all(isinstance(one, str | int | float | bool) for one in value)
    return (
        value is not None
        and isinstance(value, str | int | float | bool)
        and len(str(value)) <= 2_000
    )


def _suggest_pages(found: dict[str, Any], answer: Mapping[str, Any]) -> None:
    """Where names leave no doubt: a list in the answer, and a parameter that says which page."""
    if found["effect"] != "pure":
        return
    properties = _record(answer.get("properties"))
    lists = [
        name
        for name, one in properties.items()
        if one.get("type") == "array" and name.isidentifier()
    ]
    items = (
        "body" if answer.get("type") == "array" else f"body.{lists[0]}" if len(lists) == 1 else ""
    )
    if not items:
        return
    by_name = {param["field"]: param for param in found["params"] if param["in"] == "query"}
    cursor = next((param for name, param in by_name.items() if _CURSOR.match(name)), None)
    following = next((name for name in properties if _NEXT.match(name)), None)
    page = next((param for name, param in by_name.items() if _PAGE.match(name)), None)
    size = next((param for name, param in by_name.items() if _SIZE.match(name)), None)
    if cursor and following:
        found["paging"] = {
            "by": "cursor",
            "param": cursor["name"],
            "items": items,
            "next": f"default(body.{following}, null)",
        }
    elif page:
        told = _record(size.get("schema")) if size else {}
        default = told.get("default")
        paging = {"by": "page", "param": page["name"], "items": items}
        if isinstance(default, int) and 0 < default <= 10_000:
            paging["size"] = default
        if (
            _record(page.get("schema")).get("default") == 0
            or _record(page.get("schema")).get("minimum") == 0
        ):
            paging["first"] = 0
        found["paging"] = paging


# --- words --------------------------------------------------------------------------------------


def _record(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _words(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return ""
    return str(value).strip()


def _text(words: str) -> dict[str, str]:
    """A text in the language it seems to be in."""
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in words)
    return {"zh" if chinese else "en": words[:200]}


def _name(words: str) -> str:
    """`getOrderById` → `get_order_by_id`; what has no letters becomes `field`."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words[:200])
    plain = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
    if not plain or not plain[0].isalpha():
        plain = f"field_{plain}".rstrip("_")
    return plain[:60]


def _make_unique(rows: list[dict[str, Any]]) -> None:
    taken: set[str] = set()
    for row in rows:
        name, count = row["name"], 2
        while name in taken:
            name, count = f"{row['name'][:58]}_{count}", count + 1
        row["name"] = name
        taken.add(name)

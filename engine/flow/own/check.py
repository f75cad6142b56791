"""What is wrong with a definition: its shape, texts that cannot be read, names that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headrace.engine.errors import HeadraceError, Problem
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.forms import check_form
from headrace.engine.flow.own.shape import DEFINITION, whole

_ANSWER = frozenset({"status", "body", "headers"})
_HOLE = re.compile(r"\{([^{}]*)\}")


def problems(definition: Any) -> list[Problem]:
    """Everything that keeps it from being made into a connector."""
    found = check_form(DEFINITION, definition)
    if found:
        return found
    told = whole(definition)
    return [*_general(told), *_operations(told)]


def _wrong(path: str, expected: str, found: Any) -> Problem:
    said = str(found)[:80]
    return Problem(
        path,
        "setting_wrong",
        {"expected": expected, "found": said},
        f"Expected {expected}, but found {said}.",
    )


def _missing(path: str, name: str) -> Problem:
    return Problem(
        path, "setting_missing", {"setting": name}, f"Expected a value for {name}, but found none."
    )


def _text(path: str, text: Any, names: frozenset[str]) -> Iterator[Problem]:
    """An expression that can be read and asks for nothing else than these names."""
    if not text:
        return
    try:
        read = compile_expression(text)
    except HeadraceError as trouble:
        yield Problem(path, trouble.code, trouble.params, trouble.message)
        return
    for variable in sorted(read.variables | read.optional):
        name = re.split(r"[.\[]", variable, maxsplit=1)[0]
        if name not in names:
            yield _wrong(path, ", ".join(sorted(names)), name)


def _general(told: Mapping[str, Any]) -> Iterator[Problem]:
    if not any(told["title"].values()):
        yield _missing("/title", "title")
    auth = told["auth"]
    needed = {
        "key": ("name",),
        "hmac": ("name", "parts"),
        "oauth2": ("token_url", "authorize_url") if auth["grant"] == "code" else ("token_url",),
    }
    for name in needed.get(auth["kind"], ()):
        if not auth.get(name):
            yield _missing(f"/auth/{name}", name)
    for name in ("ok_when", "code", "message"):
        yield from _text(f"/{name}", told.get(name), _ANSWER)
    test = told.get("test")
    if test:
        chosen = next((one for one in told["operations"] if one["name"] == test), None)
        if chosen is None or any(param["required"] for param in chosen["params"]):
            yield _wrong("/test", "an operation without required parameters", test)


def _operations(told: Mapping[str, Any]) -> Iterator[Problem]:
    names = [one["name"] for one in told["operations"]]
    for index, one in enumerate(told["operations"]):
        at = f"/operations/{index}"
        if one["name"] in names[:index]:
            yield _wrong(f"{at}/name", "a name no other operation has", one["name"])
        yield from _params(at, one)
        yield from _texts(at, one)
        if one["effect"] == "probe":
            asks = next(
                (other for other in told["operations"] if other["name"] == one.get("probe")), None
            )
            if asks is None or asks["effect"] != "pure":
                yield _wrong(
                    f"{at}/probe", "an operation that only asks (pure)", one.get("probe", "")
                )
            if not one.get("happened"):
                yield _missing(f"{at}/happened", "happened")


def _params(at: str, one: Mapping[str, Any]) -> Iterator[Problem]:
    names = [param["name"] for param in one["params"]]
    for index, param in enumerate(one["params"]):
        if param["name"] in names[:index]:
            yield _wrong(
                f"{at}/params/{index}/name", "a name no other parameter has", param["name"]
            )
    held = {param.get("field") or param["name"] for param in one["params"] if param["in"] == "path"}
    holes = set(_HOLE.findall(one["path"]))
    for hole in sorted(holes - held):
        yield _wrong(
            f"{at}/path", "a parameter that goes into the path for each {name}", f"{{{hole}}}"
        )
    for name in sorted(held - holes):
        yield _wrong(f"{at}/path", f"{{{name}}} in the path", one["path"])
    if one["method"] == "GET" and any(param["in"] == "body" for param in one["params"]):
        yield _wrong(f"{at}/method", "another method than GET, for a request with a body", "GET")


def _texts(at: str, one: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _text(f"{at}/ok_when", one.get("ok_when"), _ANSWER)
    yield from _text(f"{at}/output", one.get("output"), _ANSWER | {"params"})
    yield from _text(f"{at}/body", one.get("body"), frozenset({"params", "key"}))
    yield from _text(f"{at}/happened", one.get("happened"), frozenset({"output", "params", "key"}))
    paging = one["paging"]
    if paging["by"] == "none":
        return
    yield from _text(f"{at}/paging/items", paging.get("items"), _ANSWER)
    yield from _text(f"{at}/paging/next", paging.get("next"), _ANSWER)
    if one["effect"] != "pure":
        yield _wrong(f"{at}/effect", "pure, for an operation with pages", one["effect"])
    if one["method"] != "GET" and paging["by"] == "link":
        yield _wrong(
            f"{at}/method", "GET, where a Link header leads to the next page", one["method"]
        )
    if paging["by"] in ("page", "cursor"):
        params = {param["name"] for param in one["params"]}
        if paging.get("param") not in params:
            yield _wrong(f"{at}/paging/param", "one of the parameters", paging.get("param", ""))
    if paging["by"] == "cursor" and not paging.get("next"):
        yield _missing(f"{at}/paging/next", "next")

"""Every problem a drawing can have is told in both languages, and listed for whoever looks for it."""

import ast
import json
import re
from pathlib import Path

import pytest

from headrace.engine.flow import validate as module
from headrace.engine.flow.forms import _CODES

ROOT = Path(__file__).parents[2]
SAYS = {"say": 1, "say_of_node": 1, "report": 1, "_add": 1, "_trouble": 1, "Problem": 1, "problem_of": 1}  # fmt: skip
"""Who reports a problem, and which of its arguments is the code."""

OTHER = {
    # of forms' values and of files, told where forms and files are
    *(code for code, _ in _CODES.values()), "required", "unknown_property", "format_newer", "format_wrong",
    "rule_says_nothing",  # of routes, not of drawings
    "people_chosen_wrong",  # of a start, not of drawings
    "unreadable", "status_unknown", "field_map_wrong", "field_map_fixed",  # of orders that come in
}  # fmt: skip


def told_in_code():
    """Codes that stand as texts where something is reported in `engine/flow`."""
    for file in sorted((ROOT / "engine/flow").glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                yield from _code(call)


def _code(call):
    name = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
    place = SAYS.get(name)
    args = call.args
    if place is not None and len(args) > place and isinstance(args[place], ast.Constant):
        yield args[place].value


def listed():
    for text in re.findall(r"`([a-z_|\n]+)`", module.__doc__ or ""):
        first, *rest = text.replace("\n", "").split("|")
        yield first
        prefix = first.rsplit("_", 1)[0]
        yield from (f"{prefix}_{other}" for other in rest)


CODES = sorted({str(code) for code in told_in_code()} - OTHER)


def test_the_codes_are_found():
    assert len(CODES) > 60
    assert {"join_may_starve", "event_never", "call_input_missing", "loop_without_wait"} <= set(CODES)  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_its_words(language):
    folder = ROOT / "designer/locales" / language
    editor = json.loads((folder / "editor.json").read_text("utf-8"))
    errors = json.loads((folder / "errors.json").read_text("utf-8"))
    told = {*editor["problem"], *errors, *errors.get("problem", ())}

    assert [code for code in CODES if code not in told] == []


def test_every_code_is_listed():
    assert [code for code in CODES if code not in set(listed())] == []

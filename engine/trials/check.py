"""Run trials, compare what came out with what was expected, and print a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from headrace.engine.errors import HeadraceError, NotFound
from headrace.engine.service import templates
from headrace.engine.trials.bench import Trial, TrialBroken
from headrace.engine.trials.opening import trial

Say = Callable[[str], None]

NOTHING = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One thing compared."""

    template: str
    code: str
    name: Mapping[str, str]
    expected: str
    found: str
    ok: bool


def check(
    keys: Sequence[str],
    *,
    full: bool = False,
    seed: int | None = None,
    database_url: str = "",
    say: Say = lambda _: None,
) -> list[Row]:
    """Try these templates, or all that have a trial."""
    known = templates.all_templates()
    for key in keys:
        if key not in known:
            raise NotFound(kind="template", id=key)
    chosen = [known[key] for key in keys] if keys else list(known.values())
    rows: list[Row] = []
    for template in sorted(chosen, key=lambda one: (str(one.about.get("code")), one.key)):
        module = _module(str(template.about.get("code", "")))
        if module is None:
            if keys:
                say(f"{template.key}: no trial")
            continue
        began = perf_counter()
        made = _tried(template.key, module, seed or int(template.expect.get("seed", 1)), full, database_url)  # fmt: skip
        rows += made
        bad = sum(not row.ok for row in made)
        took = perf_counter() - began
        said = "as expected" if not bad else f"{bad} otherwise"
        say(f"{template.about.get('code', ''):<4} {template.key:<28} {len(made):>3} checks, {said}, {took:.1f} s")  # fmt: skip
    return rows


def _module(code: str) -> Callable[[Trial], None] | None:
    name = f"headrace.engine.trials.{code.lower()}"
    if not code.isalnum() or find_spec(name) is None:
        return None
    found: Callable[[Trial], None] = import_module(name).run
    return found


def _tried(
    key: str, run: Callable[[Trial], None], seed: int, full: bool, database_url: str
) -> list[Row]:
    template = templates.all_templates()[key]
    code = str(template.about.get("code", ""))
    with trial(seed, full=full, database_url=database_url) as made:
        try:
            made.install(key)
            run(made)
        except (HeadraceError, TrialBroken) as trouble:
            problems = [f"{p.path} {p.message}" for p in getattr(trouble, "problems", ())][:3]
            told = " ".join([str(trouble), *problems])
            broken = {"zh": "样例跑完", "en": "the sample runs to its end"}
            return [Row(key, code, broken, "yes", told[:300], ok=False)]
        found = dict(made.found)
    rows = [_row(key, code, one, found, full) for one in template.expect.get("checks", ())]
    known = {one["id"] for one in template.expect.get("checks", ())}
    rows += [
        Row(key, code, {"zh": name, "en": name}, "a line in expect.json", str(value), ok=False)
        for name, value in found.items()
        if name not in known
    ]
    return rows


def _row(
    key: str, code: str, wanted: Mapping[str, Any], found: Mapping[str, Any], full: bool
) -> Row:
    value = found.get(wanted["id"], NOTHING)
    how = next(word for word in ("is", "at_least", "at_most") if word in wanted)
    limit = wanted[how] if full or "short" not in wanted else wanted["short"]
    if value is NOTHING:
        return Row(key, code, wanted["name"], _said(how, limit), "not measured", ok=False)
    ok = {
        "is": lambda: value == limit,
        "at_least": lambda: value >= limit,
        "at_most": lambda: value <= limit,
    }[how]()
    return Row(key, code, wanted["name"], _said(how, limit), _shown(value), ok)


def _said(how: str, limit: Any) -> str:
    return {"is": "", "at_least": "≥ ", "at_most": "≤ "}[how] + _shown(limit)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def table(rows: Sequence[Row], language: str = "en") -> str:
    """All rows, template by template."""
    lines: list[str] = []
    template = ""
    for row in rows:
        if row.template != template:
            template = row.template
            lines += ["", f"{row.code} {template}"]
        mark = "ok  " if row.ok else "NOT "
        name = row.name.get(language) or row.name.get("en") or ""
        lines.append(f"  {mark} {name:<66} {row.expected:>14}  {row.found}")
    bad = sum(not row.ok for row in rows)
    count = len({row.template for row in rows})
    lines += ["", f"{len(rows)} checks of {count} templates, {bad} not as expected"]
    return "\n".join(lines)

"""A table as a business user draws it: its fields, what is unique, who may; checked, compared and compiled. Pure.

A field's `name` stays for ever, its title may change: renaming costs nothing and breaks no flow. A field that is taken away is
hidden first; its data stay until it is removed for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headrace.engine import jsontext
from headrace.engine.errors import Problem
from headrace.engine.flow.table_fields import (
    BY_TEXT,
    DECIMALS_MAX,
    KINDS,
    NUMBERS,
    Misfit,
    accept,
    indexable,
    slot_value,
    text_of,
)
from headrace.engine.flow.table_words import words_of

FIELDS_MAX = 100
SLOTS = 8
"""Fields of a table that are filtered and sorted by: so many texts, and so many numbers, dates and yes/no."""
UNIQUE_MAX = 5
UNIQUE_FIELDS_MAX = 5
OPTIONS_MAX = 200
RECORD_MAX = 60_000
"""Characters of a record as JSON."""

Definition = Mapping[str, Any]

LOOSE: Definition = {"title": {}, "fields": [], "extra": "keep"}
"""A table that nobody has drawn yet: whatever flows write is kept."""


class Compiled:
    """A definition, ready for many records."""

    def __init__(self, definition: Definition, slots: Mapping[str, str], no: int) -> None:
        self.definition = definition
        self.no = no
        self.slots = slots
        self.fields: dict[str, Mapping[str, Any]] = {f["name"]: f for f in definition["fields"]}
        self.key_field: str | None = definition.get("key_field")
        self.keeps_extra = definition.get("extra", "keep") == "keep"
        self.unique = unique_keys(definition)
        self._search = [f for f in definition["fields"] if searched(f)]
        self._slots = [
            (slot, self.fields[name]) for name, slot in slots.items() if name in self.fields
        ]

    def accepted(
        self, values: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """The whole record after `values` were put into `before` (None: a new one, with its defaults), and what is wrong."""
        value = dict(before or {})
        problems: list[Problem] = []
        for name, found in values.items():
            field = self.fields.get(name)
            if field is None:
                if self.keeps_extra:
                    value[name] = found
                else:
                    known = sorted(self.fields)
                    problems.append(
                        _problem(
                            name,
                            "unknown_property",
                            {"name": name, "known": known},
                            "a known field",
                            name,
                        )
                    )
                continue
            try:
                kept = accept(field, found)
            except Misfit as misfit:
                problems.append(
                    _problem(name, misfit.code, misfit.params, misfit.expected, misfit.found)
                )
                continue
            if kept is None:
                value.pop(name, None)
            else:
                value[name] = kept
        for name, field in self.fields.items():
            if value.get(name) is not None or field.get("hidden"):
                continue
            if before is None and field.get("default") is not None and name not in values:
                try:
                    value[name] = accept(field, field["default"])
                    continue
                except Misfit:
                    pass
            if field.get("required") and (before is None or name in values):
                problems.append(
                    _problem(name, "required", {"name": name}, f"a value for {name}", "nothing")
                )
        if len(value) and len(jsontext.dumps(value)) > RECORD_MAX:
            problems.append(
                _problem(
                    "",
                    "max_length",
                    {"limit": RECORD_MAX},
                    f"at most {RECORD_MAX} characters",
                    "more",
                )
            )
        return value, problems

    def slot_values(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that a record is filtered and sorted by."""
        made: dict[str, Any] = {}
        for slot, field in self._slots:
            try:
                made[slot] = slot_value(field, value.get(field["name"]))
            except (
                ValueError,
                TypeError,
                ArithmeticError,
            ):  # kept from before the field had this kind
                made[slot] = slot_value(field, None)
        return made

    def words(self, key: str, value: Mapping[str, Any]) -> str:
        """What a record is found by."""
        if not self.fields:  # nobody has drawn it: its key and its short texts
            texts = [one for one in value.values() if isinstance(one, str)]
            return words_of([key, *texts[:20]], self.no)
        return words_of([key, *(text_of(f, value.get(f["name"])) for f in self._search)], self.no)

    def unique_values(self, value: Mapping[str, Any]) -> dict[str, str]:
        """Unique keys besides the main one: name → what no other record may have. A key with a part missing counts not."""
        made: dict[str, str] = {}
        for name, fields in self.unique.items():
            parts = [value.get(field) for field in fields]
            if all(part is not None for part in parts):
                made[name] = jsontext.dumps(parts)[:400]
        return made

    def display(self, key: str, value: Mapping[str, Any]) -> str:
        """How a record is called."""
        name = self.definition.get("display")
        field = self.fields.get(name) if name else None
        return (text_of(field, value.get(field["name"])) if field else "") or key


@lru_cache(maxsize=256)
def _compiled(definition: str, slots: str, no: int) -> Compiled:
    return Compiled(jsontext.loads(definition), jsontext.loads(slots), no)


def compiled(definition: str, slots: str, no: int) -> Compiled:
    """The same, made once."""
    return _compiled(definition, slots, no)


def searched(field: Mapping[str, Any]) -> bool:
    """Is it looked into by full-text search? What is masked is not: who sees stars must not find by what they hide."""
    return bool(field.get("search")) and not field.get("mask") and not field.get("hidden")


def unique_keys(definition: Definition) -> dict[str, tuple[str, ...]]:
    """Name → fields, without the main key."""
    made: dict[str, tuple[str, ...]] = {
        field["name"]: (field["name"],)
        for field in definition["fields"]
        if field.get("unique") and field["name"] != definition.get("key_field")
    }
    for fields in definition.get("unique", ()):
        made["+".join(fields)] = tuple(fields)
    return made


def slots_for(definition: Definition, before: Mapping[str, str]) -> dict[str, str]:
    """A column for each field that is filtered by; who had one keeps it, as long as the kind agrees."""
    wanted = [f for f in definition["fields"] if f.get("index") and indexable(f)]
    made = {
        f["name"]: before[f["name"]] for f in wanted if before.get(f["name"], "")[:1] == _letter(f)
    }
    for field in wanted:
        if field["name"] not in made:
            letter = _letter(field)
            free = (f"{letter}{n}" for n in range(SLOTS) if f"{letter}{n}" not in made.values())
            slot = next(free, None)
            if slot is not None:
                made[field["name"]] = slot
    return made


def _letter(field: Mapping[str, Any]) -> str:
    return "s" if field["kind"] in BY_TEXT else "n"


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two definitions: added, hidden, restored, removed, retyped, changed."""

    what: str
    field: str
    before: Any = None
    after: Any = None


def changes(before: Definition, after: Definition) -> list[Change]:
    """What a new definition does to the data."""
    old = {field["name"]: field for field in before["fields"]}
    new = {field["name"]: field for field in after["fields"]}
    made: list[Change] = []
    for name, field in new.items():
        was = old.get(name)
        if was is None:
            made.append(Change("added", name, None, field["kind"]))
            continue
        if was["kind"] != field["kind"]:
            made.append(Change("retyped", name, was["kind"], field["kind"]))
        if bool(was.get("hidden")) != bool(field.get("hidden")):
            made.append(Change("hidden" if field.get("hidden") else "restored", name))
        elif was != field and was["kind"] == field["kind"]:
            made.append(Change("changed", name))
    made.extend(Change("removed", name) for name in old if name not in new)
    return made


def must_look(before: Definition, after: Definition) -> bool:
    """May records that are there not fit any more, or must they be written anew?"""
    old = {field["name"]: field for field in before["fields"]}
    tight = (
        "kind",
        "index",
        "search",
        "mask",
        "unique",
        "min",
        "max",
        "max_length",
        "decimals",
        "options",
        "required",
        "hidden",
    )
    for field in after["fields"]:
        was = old.get(field["name"], {})
        if any(was.get(word) != field.get(word) for word in tight if word in was or word in field):
            return True
    return unique_keys(before) != unique_keys(after) or len(before["fields"]) > len(after["fields"])


# --- checking a definition -------------------------------------------------------------------------


def problems_of(definition: Definition) -> list[Problem]:
    """What is wrong with a definition, beyond what its JSON Schema says."""
    return list(_problems(definition))


def _problems(definition: Definition) -> Iterator[Problem]:
    fields: Sequence[Mapping[str, Any]] = definition["fields"]
    names = [field["name"] for field in fields]
    for index, field in enumerate(fields):
        path = f"fields/{index}"
        if names.index(field["name"]) != index:
            yield _problem(
                f"{path}/name",
                "name_taken",
                {"name": field["name"]},
                "a name of its own",
                field["name"],
            )
        if field["kind"] not in KINDS:
            yield _problem(
                f"{path}/kind", "enum", {"choices": list(KINDS)}, "a kind", field["kind"]
            )
            continue
        if field["kind"] == "enum":
            values = [option["value"] for option in field.get("options", ())]
            if not values or len(set(values)) != len(values):
                yield _problem(
                    f"{path}/options",
                    "options_wrong",
                    {},
                    "choices with values of their own",
                    f"{len(values)}",
                )
                continue
        if field["kind"] == "reference" and not field.get("table"):
            yield _problem(f"{path}/table", "required", {"name": "table"}, "a table", "nothing")
        if field["kind"] in NUMBERS and not 0 <= field.get("decimals", 0) <= DECIMALS_MAX:
            yield _problem(
                f"{path}/decimals",
                "maximum",
                {"limit": DECIMALS_MAX},
                f"0 to {DECIMALS_MAX}",
                str(field["decimals"]),
            )
        if (field.get("index") or field.get("unique")) and not indexable(field):
            yield _problem(
                f"{path}/index",
                "not_indexable",
                {"kind": field["kind"]},
                "a kind that sorts",
                field["kind"],
            )
        if field.get("default") is not None:
            try:
                accept(field, field["default"])
            except Misfit as misfit:
                yield _problem(
                    f"{path}/default", misfit.code, misfit.params, misfit.expected, misfit.found
                )
    for letter in "sn":
        wanted = [f for f in fields if f.get("index") and indexable(f) and _letter(f) == letter]
        if len(wanted) > SLOTS:
            params = {"limit": SLOTS, "kind": "text" if letter == "s" else "number"}
            yield _problem(
                "fields",
                "too_many_indexed",
                params,
                f"at most {SLOTS} fields to filter by",
                str(len(wanted)),
            )
    known = {field["name"]: field for field in fields}
    for word in ("key_field", "display"):
        name = definition.get(word)
        if name and name not in known:
            yield _problem(word, "unknown_field", {"name": name}, "one of the fields", name)
    key = known.get(definition.get("key_field") or "")
    if key is not None and key["kind"] not in BY_TEXT | {"integer", "date"}:
        yield _problem(
            "key_field",
            "not_indexable",
            {"kind": key["kind"]},
            "a short text or a whole number",
            key["kind"],
        )
    for index, names_ in enumerate(definition.get("unique", ())):
        for name in names_:
            if name not in known:
                yield _problem(
                    f"unique/{index}", "unknown_field", {"name": name}, "one of the fields", name
                )


def _problem(path: str, code: str, params: Mapping[str, Any], expected: str, found: str) -> Problem:
    place = "/" + path if path else ""
    return Problem(place, code, params, f"Expected {expected}, but found {found}.")

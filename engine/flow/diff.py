"""What two documents of a flow differ in: by node, edge and note, inside them by setting.

Order never matters where things have ids or names. What changes nothing an instance does (places, notes, an edge that was only
drawn anew) is `quiet`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Change = Literal["added", "removed", "changed", "moved"]

_ABSENT = object()
_QUIET = ("/position", "/size", "/color")


@dataclass(frozen=True, slots=True)
class Field:
    """One value inside: where (JSON pointer; items of lists by their id or name), what it was, what it is."""

    path: str
    change: Change
    before: Any = None
    after: Any = None
    quiet: bool = False

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {
            "path": self.path,
            "change": self.change,
            "before": self.before,
            "after": self.after,
            "quiet": self.quiet,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of the drawing. `kind`: flow, node, edge, note."""

    kind: str
    id: str
    change: Change
    quiet: bool
    fields: Sequence[Field] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {
            "kind": self.kind,
            "id": self.id,
            "change": self.change,
            "quiet": self.quiet,
            "fields": [one.as_json() for one in self.fields],
        }


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """All differences: the flow itself, nodes, edges, notes, each by id. Equal documents have none."""
    return [
        *_flow(before, after),
        *_things("node", before, after),
        *_edges(before, after),
        *_things("note", before, after),
    ]


def _flow(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    drawn = {"nodes", "edges", "notes", "format"}
    fields = list(
        _fields(
            {name: value for name, value in before.items() if name not in drawn},
            {name: value for name, value in after.items() if name not in drawn},
            "",
        )
    )
    if fields:
        yield Difference("flow", "", "changed", all(one.quiet for one in fields), fields)


def _things(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    old, new = _by_id(before.get(f"{kind}s", ())), _by_id(after.get(f"{kind}s", ()))
    for id_ in sorted(old.keys() | new.keys()):
        found = _thing(kind, id_, old.get(id_), new.get(id_))
        if found is not None:
            yield found


def _edges(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Edges by id; one that was drawn anew between the same ends is the same edge under another id."""
    found = list(_things("edge", before, after))
    old, new = _by_id(before.get("edges", ())), _by_id(after.get("edges", ()))
    gone = {_ends(old[one.id]): one.id for one in found if one.change == "removed"}
    again = {}
    for one in found:
        ends = _ends(new[one.id]) if one.change == "added" else None
        if ends in gone:
            again[one.id] = gone.pop(ends)
    for one in found:
        if one.id in again:
            fields = (Field("/id", "changed", again[one.id], one.id, quiet=True),)
            yield Difference("edge", one.id, "changed", quiet=True, fields=fields)
        elif one.change != "removed" or one.id not in again.values():
            yield one


def _ends(edge: Mapping[str, Any]) -> tuple[Any, ...]:
    return edge.get("from"), edge.get("port", "out"), edge.get("to")


def _thing(
    kind: str, id_: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Difference | None:
    note = kind == "note"
    if old is None or new is None:
        return Difference(kind, id_, "added" if old is None else "removed", quiet=note)
    fields = list(_fields(old, new, ""))
    if not fields:
        return None
    moved = all(one.path.startswith("/position") for one in fields)
    quiet = note or all(one.quiet for one in fields)
    return Difference(kind, id_, "moved" if moved else "changed", quiet, fields)


def _fields(before: Any, after: Any, path: str) -> Iterator[Field]:
    if _same(before, after):
        return
    quiet = path.startswith(_QUIET)
    if before is _ABSENT or after is _ABSENT:
        yield Field(
            path,
            "added" if before is _ABSENT else "removed",
            None if before is _ABSENT else before,
            None if after is _ABSENT else after,
            quiet,
        )
        return
    pair = _named(before, after)
    if pair is None:
        yield Field(path, "changed", before, after, quiet)
        return
    old, new = pair
    for name in [*old, *(name for name in new if name not in old)]:
        where = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
        yield from _fields(old.get(name, _ABSENT), new.get(name, _ABSENT), where)
    if isinstance(before, list) and not _same_order(list(old), list(new)):
        yield Field(f"{path}/-", "changed", list(old), list(new), quiet)


def _named(before: Any, after: Any) -> tuple[Mapping[Any, Any], Mapping[Any, Any]] | None:
    """Both as name → value, where they can be taken apart; None: only as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before, after
    if isinstance(before, list) and isinstance(after, list):
        for key in ("id", "name"):
            old, new = _items_by(before, key), _items_by(after, key)
            if old is not None and new is not None:
                return old, new
    return None


def _items_by(items: Sequence[Any], key: str) -> dict[str, Any] | None:
    if not all(isinstance(item, Mapping) and isinstance(item.get(key), str) for item in items):
        return None
    named = {item[key]: item for item in items}
    return named if len(named) == len(items) else None


def _same_order(old: Sequence[str], new: Sequence[str]) -> bool:
    """Do those in both stand in the same order? (Branches are asked in theirs.)"""
    return [name for name in old if name in new] == [name for name in new if name in old]


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() == after.keys() and all(_same(before[n], after[n]) for n in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(type(before) is type(after) or _numbers(before, after)) and before == after


def _numbers(before: Any, after: Any) -> bool:
    return isinstance(before, int | float) and isinstance(after, int | float)


def _by_id(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(item["id"]): item for item in items}

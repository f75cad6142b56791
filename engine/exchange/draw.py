"""A document of ours that grows while a foreign file is read: ids that fit and are free, names that fit, arrows that exist."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from headrace.engine.exchange.layout import laid_out
from headrace.engine.flow.model import FORMAT
from headrace.engine.flow.scope import RESERVED

NAME_MAX = 100
NOTE_MAX = 4_000
ID_MAX = 48
"""Characters of an id that is made: room for what is hung on."""

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORDS = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def named(text: str) -> dict[str, str]:
    """A name in the language it is written in."""
    plain = " ".join(text.split())[:NAME_MAX].strip()
    return {"zh" if _CHINESE.search(plain) else "en": plain or "…"}


def node_id(text: str, fallback: str = "step") -> str:
    """`Activity_0x1` → `activity_0x1`; what fits already stays."""
    if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", text) and not keyword.iskeyword(text):
        return text
    plain = _WORDS.sub("_", _CAMEL.sub("_", text).lower()).strip("_")[:ID_MAX].strip("_")
    if not plain:
        return fallback
    if not plain[0].isalpha():
        plain = f"{fallback}_{plain}"
    return plain if not keyword.iskeyword(plain) else f"{plain}_"


def flow_key(text: str, fallback: str = "imported") -> str:
    """`Process_Order` → `process-order`; what fits already stays."""
    plain = re.sub(r"[^a-z0-9]+", "-", _CAMEL.sub("-", text).lower()).strip("-")[:60].strip("-")
    if not plain or not plain[0].isalpha() or len(plain) < 2:
        plain = f"{fallback}-{plain}".strip("-")
    return plain


class Drawing:
    """One document in the making."""

    def __init__(self, key: str, name: str) -> None:
        self.key = key
        self.name: dict[str, str] = named(name or key)
        self.description = ""
        self.nodes: dict[str, dict[str, Any]] = {}
        self.edges: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.inputs: dict[str, dict[str, Any]] = {}
        self.known: set[str] = set()
        """Names something in the flow sets."""
        self._edge_ids: set[str] = set()
        self._as_it_was: set[str] = set()

    def free(self, wanted: str) -> str:
        """An id nobody has."""
        base = node_id(wanted)
        if base in RESERVED:
            base = f"{base}_step"
        found, count = base, 1
        while found in self.nodes or found in self.known:
            count += 1
            found = f"{base[:58]}_{count}"
        return found

    def add(
        self,
        wanted: str,
        type_: str,
        name: str,
        settings: Mapping[str, Any] | None = None,
        *,
        at: tuple[float, float] | None = None,
    ) -> str:
        """A node; answers its id."""
        id_ = self.free(wanted)
        node: dict[str, Any] = {
            "id": id_,
            "type": type_,
            "name": named(name or wanted),
            "settings": dict(settings or {}),
        }
        if at is not None:
            node["position"] = {"x": _place(at[0]), "y": _place(at[1])}
        self.nodes[id_] = node
        return id_

    def put(self, node: dict[str, Any]) -> str:
        """A whole node of ours."""
        self.nodes[node["id"]] = node
        self._as_it_was.add(node["id"])
        return str(node["id"])

    def placeholder(
        self,
        wanted: str,
        name: str,
        what: str,
        reason: str,
        original: str = "",
        *,
        at: tuple[float, float] | None = None,
    ) -> str:
        """What a person must draw."""
        settings = {"what": what[:200], "reason": reason[:2000]}
        if original:
            settings["original"] = original[:4000]
        return self.add(wanted, "placeholder", name, settings, at=at)

    def edge(self, source: str, port: str, target: str, wanted: str = "") -> str:
        """An arrow; answers its id."""
        base = re.sub(r"[^A-Za-z0-9_-]", "_", wanted)[:100]
        if not base or not base[0].isalpha() or not base.isascii():
            base = f"e{len(self.edges) + 1}"
        found, count = base, 1
        while found in self._edge_ids:
            count += 1
            found = f"{base}_{count}"
        self._edge_ids.add(found)
        self.edges.append({"id": found, "from": source, "port": port, "to": target})
        return found

    def exit_of(self, node: str, wanted: str) -> str:
        """A free name for one more exit of a node: its branches, events and fixed ports are taken."""
        item = self.nodes[node]
        settings = item["settings"]
        taken = {"out", "else", "error", "approved", "rejected", "returned", "missed", "no_match"}
        for listed in ("branches", "events", "exits"):
            taken |= texts_in(settings.get(listed), "id")
        taken |= texts_in(item.get("events"), "id")
        taken.add(item.get("result", node))
        base = node_id(wanted, "way")[:50]
        found, count = base, 1
        while found in taken or found in RESERVED:
            count += 1
            found = f"{base}_{count}"
        return found

    def note(self, wanted: str, text: str, *, at: tuple[float, float] | None = None) -> str:
        """A sticky note."""
        taken = {note["id"] for note in self.notes}
        found, count = wanted[:100] or "note", 1
        while found in taken:
            count += 1
            found = f"{wanted[:100]}_{count}"
        x, y = at or (40.0, -200.0 - 160 * len(self.notes))
        self.notes.append(
            {"id": found, "text": text[:NOTE_MAX], "position": {"x": _place(x), "y": _place(y)}}
        )
        return found

    def document(self) -> dict[str, Any]:
        """As the store keeps it; nodes without a place get one."""
        document: dict[str, Any] = {"format": FORMAT, "key": self.key, "name": self.name}
        if self.description:
            language = "zh" if _CHINESE.search(self.description) else "en"
            document["description"] = {language: self.description[:4000]}
        if self.inputs:
            document["input"] = {"type": "object", "properties": self.inputs}
        document["nodes"] = list(self.nodes.values())
        document["edges"] = self.edges
        if self.notes:
            document["notes"] = self.notes[:200]
        return laid_out(document, self._as_it_was)


def texts_in(rows: Any, name: str) -> set[str]:
    """What the rows of a list say under a name, whatever else is there."""
    if not isinstance(rows, list):
        return set()
    return {
        row[name] for row in rows if isinstance(row, Mapping) and isinstance(row.get(name), str)
    }


def _place(value: float) -> float:
    bounded = max(-1_000_000.0, min(1_000_000.0, value))
    rounded = round(bounded, 3)
    return int(rounded) if float(rounded).is_integer() else rounded

"""What became of every element of a file: one line each, in words people can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.engine.errors import Problem

Fate = Literal["carried", "changed", "placeholder", "left_out"]
"""carried: it means the same here · changed: it is said differently, see why · placeholder: a person must draw it, and a publish
waits for that · left_out: it is not here, see why."""

LINES_MAX = 5_000
"""Lines of one report; a file with more elements is refused before."""

WORDS: Mapping[str, str] = {
    "as_it_is": "The same here.",
    "is_ours": "Written by Headrace: everything is back.",
    "own_changed": "Its {what} was changed in another tool; the settings are those of Headrace, look at them.",
    "own_retyped": "It was made a {found} in another tool, which its settings do not fit: draw it anew.",
    "arrow": "An arrow from {source} to {target}.",
    "arrow_lost": "This arrow leads from or to something that is not in the drawing ({what}).",
    "passed_through": "It does nothing by itself: the arrows lead on to what comes after it.",
    "merged_into": "It is a part of {node} here.",
    "split_added": "Several arrows leave it at once: a split stands behind it.",
    "choice_added": "Arrows with conditions leave it: a condition stands behind it.",
    "condition_translated": "The condition was translated: {text}.",
    "condition_open": "The condition {text} has no certain translation: write it.",
    "condition_none": "This way has no condition in the file: write one.",
    "else_open": "Nothing says where to go when no condition holds: draw it.",
    "one_way_on": "A task in the file is only completed; here “approve” and “reject” both lead on. Draw what a rejection does.",
    "role_from_lane": "Its lane {lane} is its role.",
    "people_open": "Who decides is not said in a way we can be sure of ({text}): choose people.",
    "form_field": "A field of the form of {node}.",
    "form_elsewhere": "Its form {text} is kept in another system: draw it here.",
    "work_open": "What it does ({text}) lives outside the file: draw the call.",
    "no_kind": "The file does not say what it does: draw it.",
    "kind_open": "There is no such thing here ({what}): draw what it means.",
    "expression_open": "{text} has no certain translation: write it.",
    "time_open": "The time {text} has no certain translation: write it.",
    "cycle_open": "A repeated time ({text}) is a node of its own here: draw it.",
    "table_elsewhere": "It asks the decision table {text}, which is not in the file.",
    "flow_elsewhere": "It calls the flow {text}, which must be there when you publish.",
    "subprocess_inline": "What is inside is drawn in the flow itself.",
    "subprocess_flow": "What is inside is a flow of its own, {text}.",
    "inside": "It stands inside {what}, which is not carried.",
    "event_here": "An event of {node}.",
    "event_open": "There is no such event here ({what}); where it leads hangs on a placeholder.",
    "link": "The arrows go straight to where the link leads.",
    "end_result": "The flow ends here with the result {text}.",
    "pool": "A flow of its own, {text}.",
    "pool_empty": "A participant without a process: there is nothing to run.",
    "lane": "The role {text} of the tasks in it.",
    "lane_plain": "A frame around others; it decides nothing here.",
    "message_flow": "Who talks to whom; what is sent stands at the ends.",
    "note": "A note.",
    "data": "Data need not be drawn here: every value has a name.",
    "frame": "A frame around others; it does nothing.",
    "association": "A dotted line; it does nothing.",
    "definition": "Used by {what}.",
    "definition_unused": "Nothing in the file uses it.",
    "settings_left": "These settings are not carried: {text}.",
    "documentation": "Its documentation is in the note beside it.",
    "documentation_kept": "Its documentation is in the node's description.",
    "inputs_made": "The flow reads {text} and nothing sets them: they are its input.",
    "credentials": "Credentials ({text}) are never imported: choose a connection.",
    "pins": "Pinned data of {text} are not imported.",
    "disabled": "It was switched off: the arrows lead past it.",
    "sub_node": "It is a part of {text} over there ({what}), which has none here.",
    "not_in_flow": "It is no part of a flow here.",
    "multi_instance": "Once for each of {text}.",
    "multi_open": "Its repetition ({text}) has no certain translation: draw it.",
    "group_open": "Several people decide it there ({text}): look at who and how.",
    "choose_connection": "Choose a connection for {text}.",
    "several_merged": "Here it only waits for the ways; every step's result keeps its own name ({text}).",
    "answered_at_once": "A call that comes in is answered at once here; what was sent back ({text}) is not.",
    "loop_open": "Items are looped over by a flow of their own here: draw the body as a flow, and call it for each item.",
    "zone": "Times are meant in {text}.",
}
"""Code → the line in English; `designer/locales/<lang>/exchange.json` has the same keys."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one element. `kind`: its name in the file, such as `userTask`."""

    id: str
    kind: str
    name: str
    fate: Fate
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    flow: str = ""
    """The key of the flow it is in now."""
    node: str = ""
    """The node it is in now, or a part of."""

    @property
    def message(self) -> str:
        """In English."""
        return WORDS[self.code].format_map(_Known({"node": self.node or "…", **self.params}))

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "fate": self.fate,
            "code": self.code,
            "params": dict(self.params),
            "message": self.message,
            "flow": self.flow,
            "node": self.node,
        }


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


class Report:
    """Grows while a file is read; every element may have several lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._told: set[str] = set()

    def say(
        self,
        id_: str,
        kind: str,
        fate: Fate,
        code: str,
        *,
        name: str = "",
        flow: str = "",
        node: str = "",
        **params: Any,
    ) -> None:
        """One line."""
        self._told.add(id_)
        if len(self.lines) < LINES_MAX:
            short = {key: str(value)[:300] for key, value in params.items()}
            self.lines.append(Line(id_, kind, name[:200], fate, code, short, flow, node))

    def knows(self, id_: str) -> bool:
        """Has it a line?"""
        return id_ in self._told

    def counts(self) -> dict[str, int]:
        """How many lines of each fate."""
        found = {"carried": 0, "changed": 0, "placeholder": 0, "left_out": 0}
        for line in self.lines:
            found[line.fate] += 1
        return found


@dataclass(slots=True)
class Imported:
    """What a file gave."""

    kind: Literal["flow", "bpmn", "n8n"]
    file: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    wrong: list[Problem] = field(default_factory=list)
    """Why a file, or a part of it, could not be read."""

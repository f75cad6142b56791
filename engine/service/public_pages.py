"""Pages for customers: how their refund or order stands, behind a link that nobody can guess, without an account (R118, R141, G20).

A visit of the node `customer_page` makes a link to one record. The page shows what the drawing names and nothing else: the stage,
when it should be done, some fields, masked as drawn, always as the record stands now. The link is a random number and our seal
over it: what we have not sealed is refused before the database is asked, so that guessing costs us nothing and tells nothing.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.duration import duration_ms
from headrace.engine.errors import NotFound, TooManyRequests
from headrace.engine.flow.form_masks import STARS, masked
from headrace.engine.node import TableAnswer
from headrace.engine.service import audit, decisions
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.pace import Pace
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, public_pages, records
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.records import Who

PATH = "/p/"
ID_CHARS, SEAL_CHARS = 20, 12
"""120 bits that are the page, 72 that say it is ours. 32 together: a variable of a text message has 35 characters."""

LONGEST_MS = 400 * 86_400_000
FORGOTTEN_AFTER_MS = 30 * 86_400_000
"""How long an expired page still says that it expired."""

LOOKS_PER_ADDRESS, LOOKS_PER_PAGE, WINDOW_S = 300, 60, 60
"""In a minute. Many customers share the address of a mobile network."""
GUESSES_PER_ADDRESS, GUESSES_WINDOW_S = 10, 300
TAILS_PER_PAGE, TAILS_WINDOW_S = 5, 900
TEXT_MAX = 300

State = Literal["open", "ask", "wrong_tail", "expired", "closed", "forged", "gone", "too_many"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the stages on the way. `state`: done, now or ahead."""

    title: Mapping[str, str]
    state: Literal["done", "now", "ahead"]


@dataclass(frozen=True, slots=True)
class Line:
    """One field: `text` by language."""

    title: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown. `state` says whether there is anything, or why not."""

    state: State
    title: Mapping[str, str] = field(default_factory=dict)
    stage: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    eta: str = ""
    late: bool = False
    lines: tuple[Line, ...] = ()
    updated_at: str = ""
    expires_at: str = ""
    retry_after_s: int = 0


# --- making, by a node ------------------------------------------------------------------------------


def make(
    workspace: Workspace, connection: Connection, table: str, told: Mapping[str, Any], who: Who
) -> TableAnswer:
    """A page of one record; the same visit gets the same page. Raises `NotFound` where the record is not there."""
    assert who.step_key is not None
    now_ms = workspace.clock.now_ms()
    row = public_pages.of_step(connection, who.step_key)
    if row is None:
        drawn = data_tables.find(connection, table)
        if drawn is None:
            raise NotFound(kind="table", id=table)
        if told["key"] not in records.by_keys(connection, drawn.no, [told["key"]]):
            raise NotFound(kind="record", id=f"{table} {told['key']}")
        public_pages.forget(connection, now_ms - FORGOTTEN_AFTER_MS)
        until = now_ms + min(duration_ms(told["good_for"]), LONGEST_MS)
        values = {
            "id": secrets.token_urlsafe(15), "step_key": who.step_key, "instance_id": who.instance_id, "node": who.node,
            "table_key": table, "record_key": told["key"], "about": told["about"], "made_at": now_ms, "expires_at": until,
        }  # fmt: skip
        public_pages.insert(connection, values)
        subject = f"{table} {told['key']}"
        details = {"instance": who.instance_id, "node": who.node, "expires_at": to_iso(until)}
        audit.note(connection, workspace, ENGINE, "public_pages.create", subject, **details)
        row = public_pages.of_step(connection, who.step_key)
    assert row is not None
    return TableAnswer("out", _link(workspace, row))


def _link(workspace: Workspace, row: Any) -> dict[str, Any]:
    code = row.id + _seal(row.id, decisions.keys(workspace)[0])
    base = (getattr(workspace.settings, "url", "") or "").rstrip("/")
    return {"url": f"{base}{PATH}{code}", "code": code, "expires_at": to_iso(row.expires_at)}


def _seal(id_: str, key: bytes) -> str:
    made = hmac.new(key, f"page\n{id_}".encode(), sha256).digest()
    return urlsafe_b64encode(made[: SEAL_CHARS * 6 // 8]).decode()


def _opened(workspace: Workspace, code: str) -> str | None:
    """The page's id, if the seal over it is ours."""
    if len(code) != ID_CHARS + SEAL_CHARS or not code.isascii():
        return None
    id_, seal = code[:ID_CHARS], code[ID_CHARS:]
    good = any(hmac.compare_digest(_seal(id_, key), seal) for key in decisions.keys(workspace))
    return id_ if good else None


# --- looking, by anybody ----------------------------------------------------------------------------


def look(
    workspace: Workspace, pace: Pace, code: str, address: str, tail: str | None = None
) -> Page:
    """What the link leads to now. Writes nothing. `tail`: the last digits a visitor typed, where the page asks for them."""
    now_ms = workspace.clock.now_ms()
    id_ = _opened(workspace, code)
    try:
        if id_ is None:
            pace.take("guess", address, GUESSES_PER_ADDRESS, GUESSES_WINDOW_S, now_ms)
            return Page("forged")
        pace.take("look", address, LOOKS_PER_ADDRESS, WINDOW_S, now_ms)
        pace.take("page", id_, LOOKS_PER_PAGE, WINDOW_S, now_ms)
        if tail is not None:
            pace.take("tail", id_, TAILS_PER_PAGE, TAILS_WINDOW_S, now_ms)
    except TooManyRequests as full:
        return Page("too_many", retry_after_s=int(full.params["retry_after_s"]))
    with workspace.read() as connection:
        row = public_pages.find(connection, id_)
        if row is None:
            return Page("forged")
        if row.closed_at is not None:
            return Page("closed")
        if row.expires_at <= now_ms:
            return Page("expired")
        table = data_tables.find(connection, row.table_key)
        found = (
            records.by_keys(connection, table.no, [row.record_key]).get(row.record_key)
            if table
            else None
        )
    if table is None or found is None:
        return Page("gone")
    if asked := row.about.get("tail"):
        if tail is None:
            return Page("ask", title=row.about.get("title") or {})
        if not _same_tail(found.value.get(asked), tail):
            return Page("wrong_tail", title=row.about.get("title") or {})
    return _shown(table, row, found, now_ms)


def _same_tail(known: Any, typed: str) -> bool:
    digits = "".join(one for one in str(known or "") if one.isdigit())[-4:]
    return len(digits) == 4 and hmac.compare_digest(digits, typed.strip()[-4:].encode("ascii", "replace").decode())  # fmt: skip


def _shown(table: DataTable, row: Any, found: Any, now_ms: int) -> Page:
    about, value = row.about, found.value
    stage = value.get(about["stage"])
    eta = value.get(about["eta"]) if about.get("eta") else None
    at_ms = _moment(eta)
    titles = {"zh": table.definition["title"].get("zh"), "en": table.definition["title"].get("en")}
    return Page(
        "open",
        title=about.get("title") or {name: text for name, text in titles.items() if text},
        stage=_option(table, about["stage"], stage),
        stages=_stages(table, about, stage),
        eta=to_iso(at_ms) if at_ms is not None else "",
        late=at_ms is not None and at_ms < now_ms,
        lines=tuple(_line(table, one, value) for one in about.get("show", ())),
        updated_at=to_iso(found.updated_at),
        expires_at=to_iso(row.expires_at),
    )


def _stages(table: DataTable, about: Mapping[str, Any], now: Any) -> tuple[Stage, ...]:
    """The way a good case goes; none where this one has left it."""
    names = about.get("stages") or ()
    if now not in names:
        return ()
    at = names.index(now)
    last = at == len(names) - 1
    return tuple(
        Stage(
            _option(table, about["stage"], name),
            "done" if index < at or (last and index == at) else "now" if index == at else "ahead",
        )
        for index, name in enumerate(names)
    )


def _option(table: DataTable, name: str, value: Any) -> Mapping[str, str]:
    """An option's title, else the value itself."""
    options = table.form.fields.get(name, {}).get("options", ())
    titles = {option["value"]: option.get("title") for option in options}
    text = "" if value is None else str(value)[:TEXT_MAX]
    return titles.get(value) or {"zh": text or "—", "en": text or "—"}


def _line(table: DataTable, asked: Mapping[str, Any], value: Mapping[str, Any]) -> Line:
    name = asked["field"]
    drawn = table.form.fields.get(name, {})
    title = drawn.get("title") or {"zh": name, "en": name}
    return Line(title, _text(table, drawn, name, value.get(name), asked.get("mask", "none")))


def _text(
    table: DataTable, drawn: Mapping[str, Any], name: str, value: Any, mask: str
) -> Mapping[str, str]:
    if value is None or value == "":
        return {"zh": "—", "en": "—"}
    if mask != "none":
        said = _tail(str(value)) if mask == "tail" else str(masked(mask, str(value)))
        return {"zh": said, "en": said}
    match drawn.get("kind"):
        case "enum":
            return _option(table, name, value)
        case "boolean":
            return {"zh": "是", "en": "Yes"} if value else {"zh": "否", "en": "No"}
        case "money":
            said = _money(value, str(drawn.get("currency") or "CNY"))
        case "date_time" if (at := _moment(value)) is not None:
            said = to_iso(at)
            return {"zh": said, "en": said, "kind": "moment"}
        case _:
            said = str(value)[:TEXT_MAX]
    return {"zh": said, "en": said}


def _tail(text: str) -> str:
    """The last four characters, of short texts fewer: at least half stays hidden."""
    left = min(4, len(text) // 2)
    return STARS + (text[-left:] if left else "")


def _money(value: Any, currency: str) -> str:
    try:
        told = f"{float(value):,.2f}"
    except (TypeError, ValueError):
        return str(value)[:TEXT_MAX]
    return f"¥{told}" if currency == "CNY" else f"{currency} {told}"


def _moment(value: Any) -> int | None:
    try:
        datetime.fromisoformat(str(value))
        return from_iso(str(value))
    except ValueError:
        return None


# --- by those who work here -------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, *, instance: str, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Pages that an instance made, newest first, with their links."""
    actor.require("instances:read")
    known = cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19
    before = int(cursor) if cursor and known else None
    with workspace.read() as connection:
        rows = public_pages.listing(connection, instance, before, limit + 1)
    items = [
        {
            "id": row.id,
            "no": row.no,
            "table": row.table_key,
            "key": row.record_key,
            "url": _link(workspace, row)["url"],
            "made_at": to_iso(row.made_at),
            "expires_at": to_iso(row.expires_at),
            "closed_at": to_iso(row.closed_at) if row.closed_at is not None else None,
        }
        for row in rows
    ]
    return page(items, limit, lambda item: str(item["no"]))


def close(workspace: Workspace, actor: Actor, id_: str) -> None:
    """Take a link back: it went to the wrong person, say. Closed once, closed for good."""
    actor.require("instances:operate")

    def operation(connection: Connection) -> None:
        row = public_pages.find(connection, id_)
        if row is None:
            raise NotFound(kind="public page", id=id_)
        if row.closed_at is None:
            public_pages.close(connection, id_, actor.user_id, workspace.clock.now_ms())
            subject = f"{row.table_key} {row.record_key}"
            audit.note(connection, workspace, actor, "public_pages.close", subject)

    workspace.writer.call(operation)

"""Deciding from a mail: an address that is signed, for one seat of one round and one decision, good once and for a while.

Whoever has the mail has the link, so it opens one decision and nothing else. Looking at it does nothing: scanners of mail open
every link. Only the button on the page decides, and only for as long as the seat is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, Forbidden, HeadraceError, NotFound, ValidationFailed
from headrace.engine.service import access, decisions, nonces, task_acts, task_shown
from headrace.engine.service.decisions import Caller
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tasks, users

GOOD_MS = 7 * 86_400_000
"""A link is good for a week, unless its task ends before."""

PATH = "/mail/decide/"
OFFERED = ("approved", "rejected")
TOKEN_MAX = 800

State = Literal[
    "open", "used", "expired", "closed", "not_yours", "forged", "needs_form", "suspended"
]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link was made for."""

    task: str
    seat: int
    round: int
    user: str
    decision: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. `state` says whether there is anything to decide, or why not."""

    state: State
    language: str = "zh"
    link: Link | None = None
    person: str = ""
    title: str = ""
    flow: Mapping[str, str] | None = None
    description: str = ""
    show: tuple[Mapping[str, Any], ...] = ()
    button: Mapping[str, str] | None = None
    stands: str = ""
    """The task's status, when it is closed; the decision that was made by this link, when it was used."""
    by: str = ""
    at: str = ""


def links(
    workspace: Workspace,
    connection: Connection,
    task_id: str,
    seat: int,
    user_id: str,
    round_: int = 1,
) -> list[dict[str, Any]]:
    """The links of a mail to one person about one seat: `[{decision, url_path, expires_at}]`. Writes nothing."""
    row = tasks.find(connection, task_id)
    if row is None:
        return []
    needs_form = task_shown.needs_form(row.form)
    until_ms = workspace.clock.now_ms() + GOOD_MS
    return [
        {
            "decision": decision,
            "title": dict(row.buttons.get(decision) or task_shown.DECISIONS[decision]),
            "url_path": PATH + _token(workspace, Link(task_id, seat, round_, user_id, decision, until_ms)),
            "expires_at": to_iso(until_ms),
        }
        for decision in OFFERED
        if not (needs_form and decision == "approved")  # a yes that needs a form is given in the inbox
    ]  # fmt: skip


def _token(workspace: Workspace, link: Link) -> str:
    told = [link.task, link.seat, link.round, link.user, link.decision, link.until_ms]
    return nonces.seal("mail", told, decisions.keys(workspace))


def look(workspace: Workspace, token: str) -> Page:
    """What a link leads to now. Changes nothing, however often it is opened and by whom."""
    link = _read(workspace, token)
    if link is None:
        return Page("forged")
    with workspace.read() as connection:
        return _page(workspace, connection, token, link)


def decide(workspace: Workspace, token: str, comment: str, caller: Caller) -> Page:
    """Decide once; answers the page that says so, or why not."""
    link = _read(workspace, token)
    if link is None:
        return Page("forged")

    def operation(connection: Connection) -> Page:
        page = _page(workspace, connection, token, link)
        if page.state != "open":
            return page
        actor = access.actor_of(workspace.directory(connection), link.user)
        actor.require("tasks:decide")
        found = task_acts.find_for(workspace, connection, actor, link.task)
        # Read once more: the instance is locked now.
        page = _page(workspace, connection, token, link)
        if page.state != "open":
            return page
        task_acts.vote_now(
            workspace, connection, found, link.decision, comment, None, None, caller, seat=link.seat
        )
        used = {
            "id": nonces.id_of(token),
            "task_id": link.task,
            "instance_id": found.row.instance_id,
            "user_id": link.user,
            "request": nonces.request_of(link.decision, {}),
            "action": link.decision,
            "answer": {"decision": link.decision, "status": found.row.status},
            "used_at": workspace.clock.now_ms(),
        }
        tasks.use_nonce(connection, used)
        return _page(workspace, connection, token, link)

    try:
        page: Page = workspace.writer.call(operation)
    except (Conflict, NotFound):
        return look(workspace, token)
    except Forbidden:
        return _with_state(look(workspace, token), "not_yours")
    except ValidationFailed:
        return _with_state(look(workspace, token), "needs_form")
    except HeadraceError as trouble:
        if trouble.code == "suspended":
            return _with_state(look(workspace, token), "suspended")
        raise
    return page


def _read(workspace: Workspace, token: str) -> Link | None:
    if len(token) > TOKEN_MAX:
        return None
    told = nonces.unseal("mail", token, decisions.keys(workspace))
    return Link(*told) if told is not None and len(told) == 6 else None


def _page(workspace: Workspace, connection: Connection, token: str, link: Link) -> Page:
    person = users.find(connection, link.user)
    language = person.language if person is not None else "zh"
    row = tasks.find(connection, link.task)
    if row is None:
        return Page("closed", language, link)
    people = workspace.directory(connection).people
    seats = tasks.seats(connection, link.task)
    seat = next((one for one in seats if one.seat == link.seat), None)
    used = tasks.used_nonce(connection, nonces.id_of(token))
    stands = task_shown.current(row, seats, link.user, people)
    told = {
        "language": language,
        "link": link,
        "person": person.name if person is not None else link.user,
        "title": row.title,
        "description": row.description,
        "show": tuple(row.show),
        "button": dict(row.buttons.get(link.decision) or task_shown.DECISIONS[link.decision]),
        "stands": row.status,
        "by": (stands["by"] or {}).get("name", ""),
        "at": stands["ended_at"] or "",
    }
    if used is not None:
        return Page("used", **{**told, "stands": used.action, "at": to_iso(used.used_at)})
    if seat is None or seat.user_id != link.user or seat.status == "moved":
        return Page("not_yours", **told)
    if person is None or not person.active:
        return Page("not_yours", **told)
    if row.status != "open" or seat.status != "open" or row.round != link.round:
        return Page("closed", **told)
    if link.until_ms <= workspace.clock.now_ms():
        return Page("expired", **told)
    return Page("open", **told)


def _with_state(page: Page, state: State) -> Page:
    told = {name: getattr(page, name) for name in Page.__slots__ if name != "state"}
    return page if page.state != "open" else Page(state, **told)

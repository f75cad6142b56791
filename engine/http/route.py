"""A route as a value: what it is called, who may use it, what goes in and comes out. The door, the checks, the API description
and the tests that ask every route the same questions all follow from it.

    @route("POST", "/api/roles", "Make a role", permission="users:write", body=ROLE, answer=ROLE, status=201)
    def create(call: Call) -> Any:
        return users.create_role(call.workspace, call.actor, call.body["key"], call.body["title"])

Variables of the path come as further arguments. A handler answers a JSON value, an `Answer`, or a whole `Response`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flask import Request, Response

from headrace.engine.connector import Outside
from headrace.engine.flow.forms import Form
from headrace.engine.service.access import Session
from headrace.engine.service.actor import Actor
from headrace.engine.service.pace import Pace
from headrace.engine.service.workspace import Workspace

Schema = Mapping[str, Any]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

ANYBODY = "anybody"
"""No sign-in needed."""
SIGNED_IN = "signed-in"
"""Whoever is signed in, whatever the roles."""

BODY_MAX_BYTES = 1_000_000
"""Enough for the largest form; routes that take files say more."""

NOBODY = Actor("nobody", "nobody")


@dataclass(frozen=True, slots=True)
class House:
    """What all requests share."""

    workspace: Workspace
    outside: Outside | None = None
    """How the trial of a connection reaches out; None: it cannot."""
    threads: Callable[[], Mapping[str, bool]] | None = None
    """Which of this process's engine threads live; None: it has none."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is about to stop: answers that last end."""
    pace: Pace = field(default_factory=Pace)
    """How often strangers open what needs no account."""


@dataclass(slots=True)
class Call:
    """One request, checked."""

    house: House
    request: Request
    actor: Actor = NOBODY
    session: Session | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    repeat_key: str | None = None
    """The same for the same request with the same `Idempotency-Key`; None without one."""

    @property
    def workspace(self) -> Workspace:
        """The engine."""
        return self.house.workspace


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer that is more than its value."""

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """See the module."""

    method: Method
    path: str
    summary: str
    handler: Callable[..., Any]
    permission: str
    body: Schema | None = None
    body_required: bool = True
    body_max: int = BODY_MAX_BYTES
    raw: bool = False
    """The handler reads the body itself, as bytes."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    answer: Schema | None = None
    status: int = 200
    media: str = "application/json"
    repeatable: bool = False
    """Takes an `Idempotency-Key`. Not for answers that hold a secret: they would be kept."""
    if_match: bool = False
    errors: Sequence[int] = ()
    """Statuses besides those that follow from the rest."""
    also: Mapping[int, str] = field(default_factory=dict)
    """Other good answers: their status, and what they say in words."""
    form: Form | None = None
    """The validator of `body`, built once."""
    query_forms: Mapping[str, Form] = field(default_factory=dict)
    """Those of `query`."""

    @property
    def writes(self) -> bool:
        """Does it need the CSRF token?"""
        return self.method != "GET"


Handler = TypeVar("Handler", bound=Callable[..., Any])


def route(
    method: Method,
    path: str,
    summary: str,
    *,
    permission: str,
    body: Schema | None = None,
    query: Mapping[str, Schema] | None = None,
    **more: Any,
) -> Callable[[Handler], Handler]:
    """Make a function the handler of a route."""

    def mark(handler: Handler) -> Handler:
        value = Route(
            method,
            path,
            summary,
            handler,
            permission,
            body,
            query=query or {},
            form=Form(body) if body is not None else None,
            query_forms={name: Form(schema) for name, schema in (query or {}).items()},
            **more,
        )
        handler.__route__ = value  # type: ignore[attr-defined] # api.py looks for it
        return handler

    return mark


__all__ = [
    "ANYBODY",
    "NOBODY",
    "SIGNED_IN",
    "Answer",
    "Call",
    "House",
    "Response",
    "Route",
    "Schema",
    "route",
]

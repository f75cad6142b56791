"""Departments, posts, people and substitutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    CURSOR,
    LIMIT,
    NAME,
    PAGING,
    SEARCH,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import organisation, substitutions

ID = {"type": "string", "minLength": 1, "maxLength": 80}
OWN_ID = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_-]{0,63}$",
    "description": "What drawings name it by; without it one is made up.",
}
FLAG = {"type": "boolean", "default": False}
PLACE = {"type": "integer", "minimum": 0, "maximum": 1_000_000}
IDS = many(ID, 100)
NOTE = {"type": "string", "maxLength": 500}
REF = record({"id": STRING, "name": STRING})
DEPARTMENT = record(
    {
        "id": STRING,
        "name": STRING,
        "parent_id": or_null(STRING),
        "position": COUNT,
        "heads": many(REF),
        "people": COUNT,
        "people_all": COUNT,
    }
)
POST = record({"id": STRING, "name": STRING, "rank": {"type": "integer"}, "people": COUNT})
PERSON = record(
    {
        "id": STRING,
        "login": or_null(STRING),
        "name": STRING,
        "email": or_null(STRING),
        "active": BOOLEAN,
        "left_at": or_null(AT),
        "departments": many(record({"id": STRING, "name": STRING, "main": BOOLEAN})),
        "posts": many(REF),
        "supervisor": or_null(REF),
        "roles": many(STRING),
        "open_tasks": or_null(COUNT),
        "away": or_null(record({"until": AT, "substitute": or_null(REF)})),
    }
)
SUBSTITUTION = record(
    {
        "id": STRING,
        "person": REF,
        "substitute": or_null(REF),
        "from": AT,
        "until": AT,
        "flows": or_null(many(STRING)),
        "note": STRING,
        "state": one_of("coming", "now", "past"),
        "may_change": BOOLEAN,
        "still_held": {
            **COUNT,
            "description": "Tasks of one that is over which the substitute has not decided.",
        },
        "created_by": REF,
    }
)
FLOWS = {
    **or_null(many({"type": "string", "maxLength": 64}, 200)),
    "description": "Only in these flows; null or missing: in all.",
}


# --- departments -----------------------------------------------------------------------------------


@route(
    "GET",
    "/api/departments",
    "All departments, flat: each names the one above it",
    permission="flows:read",
    answer=page_of(DEPARTMENT),
)
def departments(call: Call) -> Any:
    return organisation.departments(call.workspace, call.actor)


@route(
    "POST",
    "/api/departments",
    "Make a department",
    permission="users:write",
    body=body(
        {
            "name": NAME,
            "id?": OWN_ID,
            "parent_id?": or_null(ID),
            "position?": PLACE,
            "heads?": IDS,
        }
    ),
    answer=DEPARTMENT,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create_department(call: Call) -> Any:
    return organisation.create_department(call.workspace, call.actor, call.body)


@route(
    "PATCH",
    "/api/departments/{department_id}",
    "Rename or move a department, or give it other heads",
    permission="users:write",
    body=body({"name?": NAME, "parent_id?": or_null(ID), "position?": PLACE, "heads?": IDS}),
    answer=DEPARTMENT,
    errors=(409,),
    repeatable=True,
)
def change_department(call: Call, department_id: str) -> Any:
    return organisation.change_department(call.workspace, call.actor, department_id, call.body)


@route(
    "DELETE",
    "/api/departments/{department_id}",
    "Take an empty department away",
    permission="users:write",
    status=204,
    errors=(409,),
)
def delete_department(call: Call, department_id: str) -> Any:
    organisation.delete_department(call.workspace, call.actor, department_id)


# --- posts -----------------------------------------------------------------------------------------


@route(
    "GET",
    "/api/posts",
    "All posts, the highest rank first",
    permission="flows:read",
    answer=page_of(POST),
)
def posts(call: Call) -> Any:
    return organisation.posts(call.workspace, call.actor)


@route(
    "POST",
    "/api/posts",
    "Make a post",
    permission="users:write",
    body=body({"name": NAME, "id?": OWN_ID, "rank?": PLACE}),
    answer=POST,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create_post(call: Call) -> Any:
    return organisation.create_post(call.workspace, call.actor, call.body)


@route(
    "PATCH",
    "/api/posts/{post_id}",
    "Give a post another name or rank",
    permission="users:write",
    body=body({"name?": NAME, "rank?": PLACE}),
    answer=POST,
    errors=(409,),
    repeatable=True,
)
def change_post(call: Call, post_id: str) -> Any:
    return organisation.change_post(call.workspace, call.actor, post_id, call.body)


@route(
    "DELETE",
    "/api/posts/{post_id}",
    "Take a post away that nobody holds",
    permission="users:write",
    status=204,
    errors=(409,),
)
def delete_post(call: Call, post_id: str) -> Any:
    organisation.delete_post(call.workspace, call.actor, post_id)


# --- people ----------------------------------------------------------------------------------------


@route(
    "GET",
    "/api/people",
    "People by name, with where they belong; mail, roles and open tasks for who may see users",
    permission="flows:read",
    query={
        "search": SEARCH,
        "department": ID,
        "deep": {**FLAG, "description": "With the departments below it."},
        "post": ID,
        "role": ID,
        "state": one_of("active", "left", "away"),
        **PAGING,
    },
    answer=page_of(PERSON),
)
def people(call: Call) -> Any:
    return organisation.people(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/people/{user_id}",
    "One person",
    permission="flows:read",
    answer=PERSON,
)
def person(call: Call, user_id: str) -> Any:
    return organisation.person(call.workspace, call.actor, user_id)


@route(
    "PATCH",
    "/api/people/{user_id}",
    "Say where somebody belongs and when they leave; open tasks of somebody who has left go to others",
    permission="users:write",
    body=body(
        {
            "departments?": {**many(ID, 20), "description": "The main one first."},
            "posts?": many(ID, 20),
            "supervisor_id?": or_null(ID),
            "active?": BOOLEAN,
            "left_at?": or_null(AT),
        }
    ),
    answer=PERSON,
    errors=(409,),
    repeatable=True,
)
def change_person(call: Call, user_id: str) -> Any:
    values = dict(call.body)
    if "left_at" in values:
        values["left_at"] = _ms(values["left_at"])
    return organisation.change_person(call.workspace, call.actor, user_id, values)


# --- substitutions ---------------------------------------------------------------------------------


@route(
    "GET",
    "/api/substitutions",
    "Who acts for whom and when, those that end last first; one's own for who may not see users",
    permission="flows:read",
    query={
        "person": {**ID, "description": "Who is away, or acts."},
        "state": one_of("now", "coming", "past"),
        "from": AT,
        "until": AT,
        "limit": LIMIT,
        "cursor": CURSOR,
    },
    answer=page_of(SUBSTITUTION),
)
def substitutes(call: Call) -> Any:
    asked = dict(call.query)
    from_ms, until_ms = (_ms(asked.pop(name)) for name in ("from", "until"))
    return substitutions.listing(
        call.workspace, call.actor, **asked, from_ms=from_ms, until_ms=until_ms
    )


@route(
    "POST",
    "/api/substitutions",
    "Say who acts for somebody who is away: for oneself everybody may, for others administrators",
    permission="tasks:decide",
    body=body(
        {
            "person_id?": {**ID, "description": "Who is away; oneself without it."},
            "substitute_id": {**or_null(ID), "description": "Null: away, and nobody acts."},
            "from": AT,
            "until": {**AT, "description": "The first moment when they are back."},
            "flows?": FLOWS,
            "note?": NOTE,
        }
    ),
    answer=SUBSTITUTION,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create_substitution(call: Call) -> Any:
    return substitutions.create(call.workspace, call.actor, _substitution(call.body))


@route(
    "PATCH",
    "/api/substitutions/{substitution_id}",
    "Change a substitution that is not over",
    permission="tasks:decide",
    body=body(
        {
            "substitute_id?": or_null(ID),
            "from?": AT,
            "until?": AT,
            "flows?": FLOWS,
            "note?": NOTE,
        }
    ),
    answer=SUBSTITUTION,
    errors=(409,),
    repeatable=True,
)
def change_substitution(call: Call, substitution_id: str) -> Any:
    values = _substitution(call.body)
    return substitutions.change(call.workspace, call.actor, substitution_id, values)


@route(
    "DELETE",
    "/api/substitutions/{substitution_id}",
    "End a substitution now, or take it away before it begins",
    permission="tasks:decide",
    status=204,
    errors=(409,),
)
def delete_substitution(call: Call, substitution_id: str) -> Any:
    substitutions.delete(call.workspace, call.actor, substitution_id)


@route(
    "POST",
    "/api/substitutions/{substitution_id}/give-back",
    "Who is back takes what the substitute has not decided yet, as a batch",
    permission="tasks:decide",
    answer=record({"count": COUNT, "batch_id": or_null(STRING)}),
    errors=(409,),
    repeatable=True,
)
def give_back(call: Call, substitution_id: str) -> Any:
    return substitutions.give_back(call.workspace, call.actor, substitution_id)


def _substitution(told: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in told.items() if name not in {"from", "until"}}
    return rest | {f"{name}_ms": _ms(told[name]) for name in ("from", "until") if name in told}


def _ms(text: str | None) -> int | None:
    return from_iso(text.upper()) if text else None

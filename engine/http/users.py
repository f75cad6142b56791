"""Users and roles."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.session import LANGUAGE, PASSWORD
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    LINE,
    NAME,
    PAGING,
    SEARCH,
    STRING,
    TEXT,
    body,
    many,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import pools, users

ROLE_KEY = {"type": "string", "maxLength": 64}
ROLE_KEYS = many(ROLE_KEY, 100)
EMAIL = {"type": ["string", "null"], "maxLength": 200}
USER = record(
    {
        "id": STRING,
        "login": STRING,
        "name": STRING,
        "email": or_null(STRING),
        "roles": many(STRING),
        "active": BOOLEAN,
        "language": STRING,
        "created_at": AT,
    }
)
MEMBER = record({"id": STRING, "name": STRING, "active": BOOLEAN})
POOL = body(
    {
        "limit": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "people": {**many({"type": "string", "maxLength": 80}, 200), "minItems": 1},
    }
)
ROLE = record(
    {
        "key": STRING,
        "title": TEXT,
        "system": BOOLEAN,
        "members": many(record({"id": STRING, "name": STRING})),
        "primary": many(MEMBER),
        "backup": many(MEMBER),
        "helping": {**many(MEMBER), "description": "Who helps just now, because many tasks wait."},
        "pool": or_null(POOL),
        "permissions": many(STRING),
    }
)


@route(
    "GET",
    "/api/users",
    "Users by sign-in name",
    permission="users:read",
    query={"search": SEARCH, **PAGING},
    answer=page_of(USER),
)
def listing(call: Call) -> Any:
    return users.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/users",
    "Make a user",
    permission="users:write",
    body=body(
        {
            "login": LINE,
            "name": NAME,
            "password": PASSWORD,
            "email?": EMAIL,
            "roles?": ROLE_KEYS,
            "language?": LANGUAGE,
        }
    ),
    answer=USER,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return users.create(call.workspace, call.actor, call.body, password=call.body["password"])


@route(
    "PATCH",
    "/api/users/{user_id}",
    "Change a user; one who is deactivated is signed out at once",
    permission="users:write",
    body=body(
        {
            "name?": NAME,
            "email?": EMAIL,
            "roles?": ROLE_KEYS,
            "active?": BOOLEAN,
            "password?": PASSWORD,
            "language?": LANGUAGE,
        }
    ),
    answer=USER,
    errors=(409,),
    repeatable=True,
)
def change(call: Call, user_id: str) -> Any:
    return users.change(call.workspace, call.actor, user_id, call.body)


@route(
    "GET",
    "/api/roles",
    "Roles: those of the system, and business roles; with their members for who may see users",
    permission="flows:read",
    answer=page_of(ROLE),
)
def roles(call: Call) -> Any:
    return users.roles(call.workspace, call.actor)


@route(
    "POST",
    "/api/roles",
    "Make a business role",
    permission="users:write",
    body=body({"key": ROLE_KEY, "title": TEXT, "system?": BOOLEAN}),
    answer=ROLE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create_role(call: Call) -> Any:
    return users.create_role(call.workspace, call.actor, call.body["key"], call.body["title"])


@route(
    "PATCH",
    "/api/roles/{key}",
    "Give a role another title",
    permission="users:write",
    body=body({"title": TEXT}),
    answer=ROLE,
    repeatable=True,
)
def rename_role(call: Call, key: str) -> Any:
    return users.rename_role(call.workspace, call.actor, key, call.body["title"])


@route(
    "DELETE",
    "/api/roles/{key}",
    "Take a business role away",
    permission="users:write",
    status=204,
    errors=(409,),
)
def delete_role(call: Call, key: str) -> Any:
    users.delete_role(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/roles/{key}/members",
    "Say who is in a role: these users and no others",
    permission="users:write",
    body=many({"type": "string", "maxLength": 80}, 10_000),
    answer=ROLE,
    errors=(409,),
    repeatable=True,
)
def set_members(call: Call, key: str) -> Any:
    return users.set_members(call.workspace, call.actor, key, call.body)


@route(
    "PUT",
    "/api/roles/{key}/backup",
    "Say who decides when no primary member of a role is there: these users and no others",
    permission="users:write",
    body=many({"type": "string", "maxLength": 80}, 10_000),
    answer=ROLE,
    errors=(409,),
    repeatable=True,
)
def set_backup(call: Call, key: str) -> Any:
    return users.set_members(call.workspace, call.actor, key, call.body, "backup")


@route(
    "PUT",
    "/api/roles/{key}/pool",
    "Say who helps in a role while many tasks wait, and from how many on; null: nobody",
    permission="users:write",
    body=or_null(POOL),
    answer=ROLE,
    errors=(409,),
    repeatable=True,
)
def set_pool(call: Call, key: str) -> Any:
    return pools.set_pool(call.workspace, call.actor, key, call.body)

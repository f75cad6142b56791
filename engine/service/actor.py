"""Who asks: a signed-in user, an API token, or the engine itself; and what they may do.

Every function of `service/` that a person can reach takes an `Actor` and says first what it needs: `actor.require("flows:write")`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from headrace.engine.errors import Forbidden

PERMISSIONS: dict[str, frozenset[str]] = {
    "approver": frozenset({"tasks:decide", "instances:start", "flows:read"}),
    "operator": frozenset(
        {
            "flows:read", "instances:read", "instances:start", "instances:operate", "tasks:decide", "tasks:release",
            "records:read", "records:write", "connections:read",
        }
    ),
    "designer": frozenset(
        {
            "flows:read", "flows:write", "flows:publish", "instances:read", "instances:start", "tasks:decide", "templates:install",
            "connections:read", "users:read", "records:read", "records:write", "tables:write",
        }
    ),
    "administrator": frozenset(
        {
            "flows:read", "flows:write", "flows:publish", "instances:read", "instances:start", "instances:operate", "tasks:decide",
            "tasks:release", "templates:install", "connections:read", "connections:write", "users:read", "users:write",
            "tokens:write", "records:read", "records:write", "tables:write", "audit:read", "retention:write",
            "calendars:write", "flows:override",
        }
    ),
}  # fmt: skip
"""What each system role may do. A business role (such as `cs_lead`) gives tasks, no permissions."""

EVERYTHING = PERMISSIONS["administrator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `permissions` of a token are the user's, cut down to its scopes."""

    user_id: str
    name: str
    roles: Collection[str] = ()
    permissions: frozenset[str] = frozenset()
    token: str = ""
    """The name of the API token it came with; empty: a person."""

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the actor has the permission."""
        if permission not in self.permissions:
            raise Forbidden(permission=permission)

    def may(self, permission: str) -> bool:
        """Does the actor have the permission?"""
        return permission in self.permissions


ENGINE = Actor("engine", "Headrace", (), EVERYTHING)
"""The engine itself: schedules, sub-flows, and webhooks that have proven who they are."""


def permissions_of(roles: Collection[str]) -> frozenset[str]:
    """All that these roles may do."""
    return frozenset().union(*(PERMISSIONS.get(role, frozenset()) for role in roles))


ALERTED_ROLES = ("operator", "administrator")
"""Who is told in the app when something that runs by itself cannot."""

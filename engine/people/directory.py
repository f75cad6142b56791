"""Who there is: a snapshot of users and roles that the pure core may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A user as far as tasks are concerned."""

    id: str
    login: str
    name: str
    email: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Directory:
    """Users by id, and who is in which role."""

    people: Mapping[str, Person] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_login: Mapping[str, str] = field(default_factory=dict)

    def find(self, id_or_login: str) -> Person | None:
        """The person by id or by sign-in name."""
        return self.people.get(id_or_login) or self.people.get(self.by_login.get(id_or_login, ""))

    def members(self, role: str) -> list[Person]:
        """The active members of a role."""
        return [
            self.people[id_]
            for id_ in self.roles.get(role, ())
            if id_ in self.people and self.people[id_].active
        ]

"""Who there is: a snapshot of people, roles, departments, posts, substitutes and rotas that the pure core may look at.

It is read once and kept until the organisation changes (`service/workspace.py`); nothing here is ever written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from headrace.engine.people.rota import Rota

CHAIN_MAX = 50
"""Superiors above one person: no company has more levels, and a circle ends here."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user as far as tasks are concerned. `departments`: the main one first."""

    id: str
    login: str
    name: str
    email: str | None = None
    active: bool = True
    departments: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    supervisor: str | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the organisation; `heads`: the first one first."""

    id: str
    name: str
    parent: str | None = None
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Substitution:
    """`user` is away from `from_ms` until `until_ms` (not included), and `by` acts for them; None: nobody does.

    `flows`: only in these; None: in all.
    """

    id: str
    user: str
    by: str | None
    from_ms: int
    until_ms: int
    flows: frozenset[str] | None = None

    def holds(self, at_ms: int, flow: str) -> bool:
        """Does it hold at this moment, in this flow?"""
        if not self.from_ms <= at_ms < self.until_ms:
            return False
        return self.flows is None or flow in self.flows


@dataclass(frozen=True)
class Directory:
    """People by id, and how they belong together. `roles` are the primary members, `backups` the others."""

    people: Mapping[str, Person] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_login: Mapping[str, str] = field(default_factory=dict)
    backups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    departments: Mapping[str, Department] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a role (`role:cs_lead`) and a post (`post:manager`) is called."""
    substitutions: Mapping[str, tuple[Substitution, ...]] = field(default_factory=dict)
    """Those that hold or will hold, by who is away."""
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    fallback: Sequence[Mapping[str, Any]] = ()
    """Who is asked where a drawing names no fallback of its own (a setting of the workspace)."""
    version: int = 0
    """Grows with every change of the organisation."""

    def find(self, id_or_login: str) -> Person | None:
        """The person by id or by sign-in name."""
        return self.people.get(id_or_login) or self.people.get(self.by_login.get(id_or_login, ""))

    def members(self, role: str) -> list[Person]:
        """The active primary members of a role."""
        return self._active(self.roles.get(role, ()))

    def backups_of(self, role: str) -> list[Person]:
        """The active backups of a role."""
        return self._active(self.backups.get(role, ()))

    def name(self, user_id: str) -> str:
        """What a person is called; the id of one who is not known."""
        person = self.people.get(user_id)
        return person.name if person else user_id

    def title(self, kind: str, key: str) -> Mapping[str, str]:
        """What a role or a post is called."""
        return self.titles.get(f"{kind}:{key}") or {"zh": key, "en": key}

    # --- up ----------------------------------------------------------------------------------------

    def superior(self, user_id: str) -> str | None:
        """The supervisor; else the head of the own department, or of one above whose head is somebody else."""
        person = self.people.get(user_id)
        if person is None:
            return None
        if person.supervisor in self.people:
            return person.supervisor
        for department in self.above(person.departments[0] if person.departments else None):
            if user_id in department.heads:
                continue
            head = next((id_ for id_ in department.heads if id_ in self.people), None)
            if head is not None:
                return head
        return None

    def superiors(self, user_id: str) -> list[str]:
        """The superior, theirs, and so on, active or not; each once."""
        found: list[str] = []
        next_ = self.superior(user_id)
        while next_ is not None and next_ != user_id and next_ not in found:
            found.append(next_)
            if len(found) >= CHAIN_MAX:
                break
            next_ = self.superior(next_)
        return found

    def above(self, department: str | None) -> Iterator[Department]:
        """The department and those above it."""
        seen: set[str] = set()
        while department is not None and department in self.departments and department not in seen:
            seen.add(department)
            found = self.departments[department]
            yield found
            department = found.parent

    # --- down --------------------------------------------------------------------------------------

    def below(self, department: str) -> set[str]:
        """The ids of the department and of all below it."""
        found: set[str] = set()
        waiting = [department]
        while waiting:
            id_ = waiting.pop()
            if id_ not in found and id_ in self.departments:
                found.add(id_)
                waiting.extend(self._children.get(id_, ()))
        return found

    def people_in(self, department: str, *, deep: bool = False) -> list[Person]:
        """The active people of a department, `deep`: of those below it too; by name."""
        ids = self.below(department) if deep else {department}
        found = {user for id_ in ids for user in self._in_department.get(id_, ())}
        return sorted(self._active(found), key=lambda person: (person.name, person.id))

    def holders(self, post: str) -> list[Person]:
        """The active people who hold a post, by name."""
        found = self._active(self._in_post.get(post, ()))
        return sorted(found, key=lambda person: (person.name, person.id))

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for department in self.departments.values():
            if department.parent is not None:
                found.setdefault(department.parent, []).append(department.id)
        return found

    @cached_property
    def _in_department(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for person in self.people.values():
            for department in person.departments:
                found.setdefault(department, []).append(person.id)
        return found

    @cached_property
    def _in_post(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for person in self.people.values():
            for post in person.posts:
                found.setdefault(post, []).append(person.id)
        return found

    def _active(self, ids: Any) -> list[Person]:
        people = self.people
        return [people[id_] for id_ in ids if id_ in people and people[id_].active]

"""Who decides: assignees as drawn → active people, each with why. Pure; the inactive and the departed never appear.

`assign` answers who gets a seat when a task is made or handed over. In this order (docs/people.md has it in words):

1. every assignee is looked up; whoever is away is represented by the one who acts for them (chains are followed, circles end);
2. nobody: the backups of the role and of the node → a superior of those who are not there → the fallback of the node, then of the
   workspace → an incident. Never silence;
3. where the one who started it would decide: as `same_initiator` says.

`resolve` is the short form for messages: who is meant, without substitutes and policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from headrace.engine.errors import HeadraceError
from headrace.engine.people.directory import Directory, Person
from headrace.engine.people.reasons import Reason, reason

PEOPLE_MAX = 1_000
"""People asked by one task: more is a drawing that means something else."""

SUBSTITUTES_MAX = 5
"""A acts for B, who acts for C …: longer chains are nobody's intention."""

Assignee = Mapping[str, Any]
Origin = Literal["assigned", "backup", "superior", "fallback", "substitute", "rota"]
SameInitiator = Literal["allow", "skip", "superior", "backup"]


def _no_value(source: str) -> Any:
    return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question for people depends on besides the organisation."""

    now_ms: int
    flow: str = ""
    initiator: str | None = None
    approver: str | None = None
    """Who decided last, in this instance."""
    evaluate: Callable[[str], Any] = _no_value
    """The value of an expression over the variables."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Somebody who gets a seat. `on_behalf_of`: in whose place, by a substitution."""

    user: str
    origin: Origin = "assigned"
    on_behalf_of: str | None = None
    stage: int = 0
    """Those of a smaller one are asked first (a chain of superiors)."""
    by_rule: str | None = None
    """The seat needs no decision: `same_initiator` approves it."""
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everybody who gets a seat, each once and in the order drawn; what was tried; and why it is an incident, if it is."""

    people: tuple[Assigned, ...] = ()
    steps: tuple[Reason, ...] = ()
    incident: Reason | None = None

    @property
    def users(self) -> list[str]:
        """Their ids."""
        return [one.user for one in self.people]


def assign(
    assignees: Sequence[Assignee],
    directory: Directory,
    asked: Asked,
    *,
    backup: Sequence[Assignee] = (),
    fallback: Sequence[Assignee] = (),
    same_initiator: SameInitiator = "allow",
    each: bool = False,
    without: Iterable[str] = (),
) -> Assignment:
    """Who gets a seat. `each`: every assignee must be filled (all must sign), not just any; `without`: not these people."""
    work = _Work(directory, asked, backup, fallback, frozenset(without))
    entries = [work.entry(assignee) for assignee in assignees]
    people = [one for entry in entries for one in entry.people]
    missing: list[_Entry] = []
    if each:
        for entry in entries:
            if not entry.people and not entry.optional:
                stand_ins = work.stand_ins([entry])
                missing += [] if stand_ins else [entry]
                people += stand_ins
            elif entry.gone:
                people += work.backups([entry])
    elif not people:
        people = work.stand_ins(entries)
    people = work.without_initiator(entries, people, same_initiator)
    found = _each_once(people)
    steps = tuple(work.steps)
    if not found or missing:
        wanted = ", ".join(entry.name for entry in missing or entries) or "nobody"
        incident = reason("nobody_to_ask", wanted=wanted)
        return Assignment((), (*steps, incident), incident)
    if len(found) > PEOPLE_MAX:
        incident = reason("too_many_to_ask", found=len(found), limit=PEOPLE_MAX)
        return Assignment((), (*steps, incident), incident)
    return Assignment(tuple(found), steps)


def backups(
    assignees: Sequence[Assignee],
    directory: Directory,
    asked: Asked,
    *,
    backup: Sequence[Assignee] = (),
    without: Iterable[str] = (),
) -> list[Assigned]:
    """Who stands in when the primaries are silent: the backups of the roles among them, and of the node."""
    work = _Work(directory, asked, backup, (), frozenset(without))
    return _each_once(work.backups([work.entry(assignee) for assignee in assignees]))


def superiors(
    users: Iterable[str], directory: Directory, asked: Asked, *, without: Iterable[str] = ()
) -> list[Assigned]:
    """The nearest active superior of each of these people, or whoever acts for them."""
    work = _Work(directory, asked, (), (), frozenset(without))
    return _each_once(one for user in users for one in work.superior_of(user))


def resolve(
    assignees: Sequence[Assignee],
    directory: Directory,
    *,
    initiator: str | None,
    evaluate: Callable[[str], Any],
    now_ms: int = 0,
    flow: str = "",
) -> list[Person]:
    """The people meant, each once, in the order drawn; for messages. Raises what an expression raises.

    An expression answers a user (id or sign-in name), or a list of them; `role:<key>` names a role.
    """
    asked = Asked(now_ms, flow, initiator, None, evaluate)
    work = _Work(directory, asked, (), (), frozenset(), plain=True)
    found: dict[str, Person] = {}
    for assignee in assignees:
        for one in work.entry(assignee).people:
            person = directory.find(one.user)
            if person is not None:
                found.setdefault(person.id, person)
    return list(found.values())


def among(assignee: Assignee, directory: Directory, asked: Asked) -> set[str] | None:
    """The people from whom an initiator may choose (`chosen`); None: from all."""
    drawn = assignee.get("among")
    if not drawn:
        return None
    work = _Work(directory, asked, (), (), frozenset(), plain=True)
    return {one.user for other in drawn for one in work.entry(other).people}


# --- one by one ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    """What became of one assignee."""

    name: str
    people: list[Assigned] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Meant, but inactive, or away without a substitute."""
    roles: list[str] = field(default_factory=list)
    optional: bool = False
    """The data wanted nobody: not a gap."""


Meant = tuple[str, int, tuple[Reason, ...]]
"""A user (id or sign-in name), the stage, and why."""


class _Work:
    """One look-up. `plain`: without substitutes; errors of expressions are raised."""

    def __init__(
        self,
        directory: Directory,
        asked: Asked,
        backup: Sequence[Assignee],
        fallback: Sequence[Assignee],
        without: frozenset[str],
        *,
        plain: bool = False,
    ) -> None:
        self.directory, self.asked, self.plain = directory, asked, plain
        self.backup, self.fallback, self.without = backup, fallback, without
        self.steps: list[Reason] = []

    def entry(self, assignee: Assignee, origin: Origin = "assigned") -> _Entry:
        """Look up one assignee."""
        entry = _Entry(_named(assignee))
        if assignee["kind"] == "rota" and origin == "assigned":
            origin = "rota"
        for user, stage, why in self._meant(assignee, entry):
            self._take(entry, user, stage, why, origin)
        return entry

    def _take(
        self, entry: _Entry, user: str, stage: int, why: tuple[Reason, ...], origin: Origin
    ) -> None:
        person = self.directory.find(user)
        if person is None:
            self._note("user_unknown", name=user[:100])
            return
        acting = self._acting(person, origin, why)
        if acting is None:
            entry.gone.append(person.id)
        elif acting.user not in self.without:
            entry.people.append(replace(acting, stage=stage))

    def _acting(self, person: Person, origin: Origin, why: tuple[Reason, ...]) -> Assigned | None:
        """The person, or whoever acts for them at this moment; None: nobody is there."""
        if self.plain:
            return Assigned(person.id, origin, why=why) if person.active else None
        if not person.active:
            self._note("inactive", name=person.name)
            return None
        acting, seen = person, [person.id]
        while (away := self._away(acting.id)) is not None:
            if away.by is None or len(seen) > SUBSTITUTES_MAX:
                self._note("away", name=acting.name)
                return None
            by = self.directory.people.get(away.by)
            if by is None or not by.active:
                name = by.name if by else away.by
                self._note("substitute_inactive", of=acting.name, name=name)
                return None
            seen.append(by.id)
            if by.id in seen[:-1]:
                names = " → ".join(self.directory.name(id_) for id_ in seen)
                self._note("substitution_circle", names=names)
                return None
            step = reason(
                "substitute", of=acting.name, name=by.name, until_ms=away.until_ms, id=away.id
            )
            why = (*why, step)
            acting = by
        if acting is person:
            return Assigned(person.id, origin, why=why)
        changed: Origin = "substitute" if origin == "assigned" else origin
        return Assigned(acting.id, changed, person.id, why=why)

    def _away(self, user: str) -> Any:
        """The substitution that holds; one for this flow goes before one for all."""
        holding = [
            one
            for one in self.directory.substitutions.get(user, ())
            if one.holds(self.asked.now_ms, self.asked.flow)
        ]
        return min(holding, key=lambda one: (one.flows is None, -one.from_ms), default=None)

    # --- who is meant ------------------------------------------------------------------------------

    def _meant(self, assignee: Assignee, entry: _Entry) -> Iterator[Meant]:
        match assignee["kind"]:
            case "user":
                yield from self._by_name(str(assignee["id"]), entry, None)
            case "role":
                yield from self._role(str(assignee["id"]), entry)
            case "role_backup":
                yield from self._backups_of(str(assignee["id"]))
            case "initiator":
                if self.asked.initiator:
                    yield self.asked.initiator, 0, (reason("initiator"),)
                else:
                    self._note("no_person_meant", of="initiator")
            case "department_head":
                yield from self._head(assignee)
            case "supervisor":
                yield from self._supervisors(assignee)
            case "post":
                yield from self._post(assignee)
            case "department":
                yield from self._department(str(assignee["id"]), bool(assignee.get("deep")))
            case "chosen":
                yield from self._chosen(assignee, entry)
            case "field":
                path = str(assignee["path"])
                yield from self._values(path, entry, reason("field", path=path))
            case "expression":
                yield from self._values(str(assignee["value"]), entry, reason("expression"))
            case "rota":
                yield from self._rota(str(assignee["id"]), entry)
            case kind:
                self._note("kind_unknown", kind=str(kind))

    def _role(self, role: str, entry: _Entry, first: Reason | None = None) -> Iterator[Meant]:
        entry.roles.append(role)
        title = self.directory.title("role", role)
        why = (reason("role", role=title),)
        ids = self.directory.roles.get(role, ())
        if self._is_nobody(ids) and (members := self.directory.members(role)):
            ids = tuple(person.id for person in members)  # a test run invents them
        if self._is_nobody(ids):
            self._note("role_empty", role=title)
        for id_ in ids:
            yield id_, 0, (first, *why) if first else why

    def _backups_of(self, role: str) -> Iterator[Meant]:
        why = (reason("role_backup", role=self.directory.title("role", role)),)
        for id_ in self.directory.backups.get(role, ()):
            yield id_, 0, why

    def _is_nobody(self, ids: Iterable[str]) -> bool:
        people = self.directory.people
        return not any(id_ in people and people[id_].active for id_ in ids)

    def _by_name(self, name: str, entry: _Entry, first: Reason | None) -> Iterator[Meant]:
        kind, _, key = name.partition(":")
        if kind == "role" and key:
            yield from self._role(key, entry, first)
        elif kind == "rota" and key:
            yield from self._rota(key, entry)
        elif kind == "post" and key:
            yield from self._post({"id": key})
        elif kind == "department" and key:
            yield from self._department(key, deep=False)
        else:
            person = self.directory.find(name)
            named = reason("user", name=person.name if person else name[:100])
            yield name, 0, (first,) if first else (named,)

    def _head(self, assignee: Assignee) -> Iterator[Meant]:
        directory = self.directory
        person = None if assignee.get("id") else self._of(assignee)
        if assignee.get("id"):
            first = str(assignee["id"])
        elif person is None:
            return
        elif person.departments:
            first = person.departments[0]
        else:
            self._note("no_department", of=person.name)
            return
        if first not in directory.departments:
            self._note("department_unknown", department=first)
            return
        for department in directory.above(first):
            heads = [id_ for id_ in department.heads if id_ in directory.people]
            if heads:
                for id_ in heads:
                    yield id_, 0, (reason("department_head", department=department.name),)
                return
            self._note("head_of_parent", department=department.name)
        self._note("no_head", department=directory.departments[first].name)

    def _supervisors(self, assignee: Assignee) -> Iterator[Meant]:
        directory = self.directory
        person = self._of(assignee)
        if person is None:
            return
        chain = directory.superiors(person.id)
        if not chain:
            self._note("no_superior", of=person.name)
            return
        post, wanted = assignee.get("to_post"), int(assignee.get("level", 1))
        if post is not None:
            title = directory.title("post", str(post))
            held = [post in directory.people[id_].posts for id_ in chain]
            upto = held.index(True) + 1 if True in held else 0
            if not upto:
                self._note("post_not_above", of=person.name, post=title)
                if not assignee.get("chain"):
                    return
            last = reason("supervisor_post", of=person.name, post=title)
        else:
            upto = min(wanted, len(chain))
            if upto < wanted and not assignee.get("chain"):
                self._note("chain_ended", of=person.name, found=len(chain))
            last = reason("supervisor", of=person.name, level=upto)
        if not assignee.get("chain"):
            yield from self._filled(chain, upto - 1, 0, last)
            return
        for index in range(upto or len(chain)):
            why = reason("supervisor", of=person.name, level=index + 1)
            yield from self._filled(chain, index, index, why)

    def _filled(self, chain: list[str], index: int, stage: int, why: Reason) -> Iterator[Meant]:
        """One level of the chain; where nobody is any more, whoever is next above stands in."""
        people = self.directory.people
        if not people[chain[index]].active:
            above = next((id_ for id_ in chain[index + 1 :] if people[id_].active), None)
            if above is not None:
                name = people[chain[index]].name
                self._note("inactive", name=name)
                yield above, stage, (why, reason("superior", of=name))
                return
        yield chain[index], stage, (why,)

    def _post(self, assignee: Assignee) -> Iterator[Meant]:
        directory = self.directory
        post = str(assignee["id"])
        title = directory.title("post", post)
        why = (reason("post", post=title),)
        holders = directory.holders(post)
        first = assignee.get("department")
        if first is None:
            if not holders:
                self._note("post_empty", post=title)
            for person in holders:
                yield person.id, 0, why
            return
        if first not in directory.departments:
            self._note("department_unknown", department=str(first))
            return
        for department in directory.above(str(first)):
            inside = directory.below(department.id)
            found = [person for person in holders if not inside.isdisjoint(person.departments)]
            if found:
                for person in found:
                    yield person.id, 0, why
                return
            self._note("post_above", department=department.name)
        self._note("post_empty", post=title)

    def _department(self, id_: str, deep: bool) -> Iterator[Meant]:
        department = self.directory.departments.get(id_)
        if department is None:
            self._note("department_unknown", department=id_)
            return
        found = self.directory.people_in(id_, deep=deep)
        if not found:
            self._note("department_empty", department=department.name)
        for person in found:
            yield person.id, 0, (reason("department", department=department.name),)

    def _chosen(self, assignee: Assignee, entry: _Entry) -> Iterator[Meant]:
        name = str(assignee["name"])
        names = self._list(f"chosen.{name}", entry)
        least = int(assignee.get("min", 1))
        entry.optional = least == 0
        try:
            allowed = among(assignee, self.directory, self.asked)
        except HeadraceError as trouble:
            if self.plain:
                raise
            self._note("value_wrong", source="among", message=trouble.message[:300])
            allowed = set()
        taken = 0
        for chosen in names[: int(assignee.get("max", PEOPLE_MAX))]:
            person = self.directory.find(chosen)
            if person is not None and allowed is not None and person.id not in allowed:
                self._note("not_among", name=person.name)
                continue
            taken += 1
            yield chosen, 0, (reason("chosen"),)
        if taken < max(least, 1):
            self._note("nobody_chosen", name=name)

    def _values(self, source: str, entry: _Entry, why: Reason) -> Iterator[Meant]:
        names = self._list(source, entry)
        if not names:
            entry.optional = True
            self._note("value_empty", source=source[:200])
        for name in names:
            yield from self._by_name(name, entry, why)

    def _list(self, source: str, entry: _Entry) -> list[str]:
        """The names behind an expression."""
        try:
            value = self.asked.evaluate(source)
        except HeadraceError as trouble:
            if self.plain:
                raise
            self._note("value_wrong", source=source[:200], message=trouble.message[:300])
            return []
        values = value if isinstance(value, list) else [value]
        return [str(one) for one in values[:PEOPLE_MAX] if one is not None and one != ""]

    def _rota(self, key: str, entry: _Entry) -> Iterator[Meant]:
        rota = self.directory.rotas.get(key)
        if rota is None:
            self._note("rota_unknown", rota=key)
            return
        on_duty = [
            (user, reason("rota", rota=rota.name, shift=slot.shift.name))
            for slot in rota.on_duty(self.asked.now_ms)
            for who in slot.who
            for user in self._on_duty(who)
        ]
        if not on_duty:
            self._note("rota_gap", rota=rota.name)
        for user, why in on_duty:
            yield user, 0, (why,)

    def _on_duty(self, who: str) -> list[str]:
        kind, _, key = who.partition(":")
        if kind == "role" and key:
            return [person.id for person in self.directory.members(key)]
        return [who]

    def _of(self, assignee: Assignee) -> Person | None:
        """From whom a superior or a head is looked for."""
        of = assignee.get("of", "initiator")
        if of == "initiator":
            name = self.asked.initiator
        elif of == "approver":
            name = self.asked.approver or self.asked.initiator
        elif "user" in of:
            name = str(of["user"])
        else:
            names = self._list(str(of["expression"]), _Entry(""))
            name = names[0] if names else None
        person = self.directory.find(name) if name else None
        if person is None:
            self._note("no_person_meant", of=name or (of if isinstance(of, str) else "expression"))
        return person

    # --- nobody is there ---------------------------------------------------------------------------

    def stand_ins(self, entries: Sequence[_Entry]) -> list[Assigned]:
        """Backup → superior → fallback; the first that finds somebody."""
        self._note("ask_backup")
        if found := self.backups(entries):
            return found
        self._note("ask_superior")
        gone = dict.fromkeys(id_ for entry in entries for id_ in entry.gone)
        if found := [one for id_ in gone for one in self.superior_of(id_)]:
            return found
        self._note("ask_fallback")
        return self._fallbacks()

    def backups(self, entries: Sequence[_Entry]) -> list[Assigned]:
        """The backups of the roles, then of the node."""
        found = _Entry("")
        for role in dict.fromkeys(role for entry in entries for role in entry.roles):
            for id_, stage, why in self._backups_of(role):
                self._take(found, id_, stage, why, "backup")
        for assignee in self.backup:
            found.people += [
                replace(one, why=(reason("node_backup"), *one.why))
                for one in self.entry(assignee, "backup").people
            ]
        return found.people

    def superior_of(self, user: str) -> list[Assigned]:
        """The nearest superior who is there, or who has somebody to act for them."""
        name = self.directory.name(user)
        for above in self.directory.superiors(user):
            acting = self._acting(
                self.directory.people[above], "superior", (reason("superior", of=name),)
            )
            if acting is not None and acting.user not in self.without:
                return [acting]
        self._note("no_superior", of=name)
        return []

    def _fallbacks(self) -> list[Assigned]:
        for assignees, code in (
            (self.fallback, "fallback"),
            (self.directory.fallback, "fallback_workspace"),
        ):
            found = [
                replace(one, why=(reason(code), *one.why))
                for assignee in assignees
                for one in self.entry(assignee, "fallback").people
            ]
            if found:
                return found
        return []

    # --- the one who started it --------------------------------------------------------------------

    def without_initiator(
        self, entries: Sequence[_Entry], people: list[Assigned], rule: SameInitiator
    ) -> list[Assigned]:
        """As `same_initiator` says, where the one who started it would decide."""
        initiator = self.asked.initiator
        same = [one for one in people if one.user == initiator]
        if rule == "allow" or not same or initiator is None:
            return people
        if rule == "skip":
            skipped = reason("same_initiator_skip")
            return [
                replace(one, by_rule="same_initiator", why=(*one.why, skipped))
                if one.user == initiator
                else one
                for one in people
            ]
        replaced = reason("same_initiator_replaced", of=self.directory.name(initiator))
        self.steps.append(replaced)
        self.without |= {initiator}
        if rule == "backup":
            found = self.backups(entries) or self.superior_of(initiator)
        else:
            found = self.superior_of(initiator) or self.backups(entries)
        found = found or self._fallbacks()
        stage = same[0].stage
        instead = [replace(one, stage=stage, why=(replaced, *one.why)) for one in found]
        at = people.index(same[0])
        rest = [one for one in people if one.user != initiator]
        return rest[:at] + instead + rest[at:]

    def _note(self, code: str, **params: Any) -> None:
        self.steps.append(reason(code, **params))


def _each_once(people: Iterable[Assigned]) -> list[Assigned]:
    """One seat a person; the own right goes before acting for somebody, who is named all the same."""
    found: dict[str, Assigned] = {}
    for one in people:
        known = found.get(one.user)
        if known is None:
            found[one.user] = one
            continue
        if known.on_behalf_of == one.on_behalf_of:
            continue
        own, other = (one, known) if one.on_behalf_of is None else (known, one)
        if other.on_behalf_of is None:
            continue
        also = next(why for why in other.why if why.code == "substitute")
        why = (*own.why, reason("also_for", of=also.params["of"]))
        found[one.user] = replace(own, stage=min(own.stage, other.stage), why=why)
    return list(found.values())


def _named(assignee: Assignee) -> str:
    """An assignee in a word, for messages."""
    return str(
        assignee.get("id")
        or assignee.get("value")
        or assignee.get("path")
        or assignee.get("name")
        or assignee["kind"]
    )

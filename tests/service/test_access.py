"""Who may do what: every function says it itself, whoever calls it; and what is counted stays small."""

from __future__ import annotations

import pytest

from headrace.engine.errors import Conflict, Forbidden, TooManyRequests
from headrace.engine.people.directory import Directory, Person
from headrace.engine.service import (
    access,
    audit,
    connections,
    data_tables,
    flows,
    records,
    template_install,
    templates,
    tokens,
    users,
)
from headrace.engine.service.actor import EVERYTHING, PERMISSIONS, Actor
from headrace.engine.service.passwords import fits, hash_password
from headrace.engine.service.throttle import (
    COUNTED_MAX,
    TRIES_PER_LOGIN_MAX,
    WINDOW_S,
    Throttle,
)

NOBODY = Actor("usr_x", "X")
ANYTHING = object()

QUESTIONS = {
    # What one asks for, and what it needs. The workspace is never reached.
    "users.listing": (users.listing, (), "users:read"),
    "users.create": (users.create, ({},), "users:write"),
    "users.change": (users.change, ("u", {}), "users:write"),
    "users.roles": (users.roles, (), "flows:read"),
    "users.create_role": (users.create_role, ("k", {}), "users:write"),
    "users.rename_role": (users.rename_role, ("k", {}), "users:write"),
    "users.delete_role": (users.delete_role, ("k",), "users:write"),
    "users.set_members": (users.set_members, ("k", []), "users:write"),
    "tokens.listing": (tokens.listing, (), "tokens:write"),
    "tokens.create": (tokens.create, ("n", []), "tokens:write"),
    "tokens.revoke": (tokens.revoke, ("t",), "tokens:write"),
    "flows.listing": (flows.listing, (), "flows:read"),
    "flows.detail": (flows.detail, ("k",), "flows:read"),
    "flows.versions": (flows.versions, ("k",), "flows:read"),
    "flows.version": (flows.version, ("k", 1), "flows:read"),
    "flows.export": (flows.export, ("k",), "flows:read"),
    "flows.create": (flows.create, (), "flows:write"),
    "flows.import_file": (flows.import_file, ({},), "flows:write"),
    "flows.save": (flows.save, ("k", {}, "e"), "flows:write"),
    "flows.delete": (flows.delete, ("k",), "flows:write"),
    "flows.check": (flows.check, ("k",), "flows:read"),
    "flows.publish": (flows.publish, ("k",), "flows:publish"),
    "connections.listing": (connections.listing, (), "connections:read"),
    "connections.create": (connections.create, ({},), "connections:write"),
    "connections.change": (connections.change, ("k", {}), "connections:write"),
    "connections.delete": (connections.delete, ("k",), "connections:write"),
    "connections.test": (connections.test, ("k", None), "connections:write"),
    "templates.listing": (templates.listing, (), "flows:read"),
    "templates.detail": (templates.detail, ("k",), "flows:read"),
    "templates.install": (template_install.install, ("k",), "templates:install"),
    "templates.try_sample": (templates.try_sample, ("k", "f", "s"), "flows:read"),
    "records.listing": (records.listing, ("t",), "records:read"),
    "records.create": (records.create, ("t", {}), "records:write"),
    "data_tables.listing": (data_tables.listing, (), "records:read"),
    "data_tables.create": (data_tables.create, ("t", {}), "tables:write"),
    "audit.listing": (audit.listing, (), "audit:read"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_says_itself_what_it_needs(name: str) -> None:
    function, arguments, permission = QUESTIONS[name]
    almost = Actor("usr_x", "X", (), EVERYTHING - {permission})
    more = {"password": "long enough"} if name == "users.create" else {}

    with pytest.raises(Forbidden) as refused:
        function(ANYTHING, almost, *arguments, **more)  # type: ignore[operator]

    assert refused.value.params == {"permission": permission}


def test_the_administrator_may_everything_a_scope_can_say() -> None:
    assert PERMISSIONS["administrator"] == EVERYTHING == frozenset(tokens.SCOPES)


def test_a_role_of_the_business_gives_no_permission() -> None:
    directory = Directory({"u": Person("u", "u", "U")}, {"cs_lead": ("u",), "operator": ("u",)})

    actor = access.actor_of(directory, "u")

    assert actor.roles == ("cs_lead", "operator")
    assert actor.permissions == PERMISSIONS["operator"]


def test_a_password_is_right_or_wrong_and_nobodys_is_wrong() -> None:
    kept = hash_password("a password")

    assert fits(kept, "a password")
    assert not fits(kept, "another")
    assert not fits("no hash at all", "a password")
    assert not fits(None, "a password")


def test_a_hash_costs_what_it_should() -> None:
    import argon2

    from headrace.engine.service import passwords

    kept = argon2.PasswordHasher(
        passwords.TIME_COST, passwords.MEMORY_COST_KIB, parallelism=1
    ).hash("a password")
    parameters = argon2.extract_parameters(kept)

    assert (parameters.time_cost, parameters.memory_cost) == (2, 19_456)
    assert parameters.type is argon2.Type.ID
    assert fits(kept, "a password")


def test_tries_are_counted_in_bounded_memory() -> None:
    throttle = Throttle()

    for number in range(COUNTED_MAX + 500):
        throttle.trying(f"login{number}", f"address{number}", 0)

    assert len(throttle._tries) == COUNTED_MAX


def test_the_wait_is_what_is_left_of_the_window() -> None:
    throttle = Throttle()
    for _ in range(TRIES_PER_LOGIN_MAX):
        throttle.trying("ann", "here", 0)

    with pytest.raises(TooManyRequests) as refused:
        throttle.trying("ann", "here", 100_500)

    assert refused.value.params["retry_after_s"] == WINDOW_S - 100
    throttle.trying("ann", "there", 100_500)
    throttle.trying("ann", "here", WINDOW_S * 1_000)


def test_secrets_of_another_key_are_a_conflict_not_a_crash() -> None:
    from types import SimpleNamespace
    from typing import Any

    from cryptography.fernet import Fernet

    from headrace.engine.service.secrets import seal, unseal

    old, new = Fernet.generate_key(), Fernet.generate_key()

    def keyed(*keys: bytes) -> Any:
        return SimpleNamespace(settings=SimpleNamespace(secret_keys=keys), secret_key=b"")

    sealed = seal(keyed(old), {"password": "x"})
    assert unseal(keyed(new, old), sealed) == {"password": "x"}
    with pytest.raises(Conflict):
        unseal(keyed(new), sealed)

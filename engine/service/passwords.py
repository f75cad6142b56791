"""Passwords: argon2id, a few at a time, and too many wrong ones make the caller wait.

A wrong sign-in name costs as much time as a wrong password, so that nobody can find out names by the clock.
"""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from headrace.engine.errors import Problem, ValidationFailed

PASSWORD_MIN = 8
PASSWORD_MAX = 200
"""Characters. The upper bound keeps a hostile megabyte away from the hash."""

TIME_COST = 2
MEMORY_COST_KIB = 19_456
"""OWASP's second choice for argon2id: 19 MiB and two passes, some 25 ms on one core."""

AT_ONCE_MAX = 2
"""Hashes computed at the same time: more would only share the cores, and each takes 19 MiB."""

_hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_COST_KIB, parallelism=1)
_slots = threading.BoundedSemaphore(AT_ONCE_MAX)
_nobody = ""


def hash_password(password: str) -> str:
    """What is kept of a password."""
    with _slots:
        return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Is it the right one? `None` (nobody by that name) takes the same time and is never right."""
    with _slots:
        try:
            _hasher.verify(password_hash or _hash_of_nobody(), password[:PASSWORD_MAX])
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def check_new(password: str, path: str = "/password") -> None:
    """Refuse a password too short to be one."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise ValidationFailed(
            what="password",
            count=1,
            problems=[
                Problem(
                    path,
                    "password_length",
                    {"min": PASSWORD_MIN, "max": PASSWORD_MAX},
                    f"Expected {PASSWORD_MIN} to {PASSWORD_MAX} characters, but found {len(password)}.",
                )
            ],
        )


def new_password() -> str:
    """A random one, to be shown once."""
    return secrets.token_urlsafe(12)


def _hash_of_nobody() -> str:
    global _nobody
    if not _nobody:
        _nobody = _hasher.hash(secrets.token_urlsafe())
    return _nobody

"""Secrets at rest: Fernet (AES and HMAC), the first key seals, all keys open, so that a key can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from headrace.engine import jsontext
from headrace.engine.errors import Conflict, Problem
from headrace.engine.service.workspace import Workspace


def seal(workspace: Workspace, secrets: Mapping[str, str]) -> bytes:
    """What the database keeps."""
    return _fernet(workspace).encrypt(jsontext.dumps(dict(secrets)).encode())


def unseal(workspace: Workspace, sealed: bytes) -> dict[str, str]:
    """The secrets again; never for an answer or a log."""
    try:
        opened: dict[str, str] = jsontext.loads(_fernet(workspace).decrypt(sealed))
    except InvalidToken:
        raise Conflict(
            expected="secrets sealed with the key of this workspace",
            found="others: restore the key file, or enter the secrets again",
        ) from None
    return opened


def without_value(problem: Problem) -> Problem:
    """What is wrong with a secret, told without the secret: `Expected at least 8 characters.`"""
    params = {k: v for k, v in problem.params.items() if not k.startswith("found") and k != "name"}
    return replace(
        problem, params=params, message=problem.message.partition(", but found")[0] + "."
    )


def _fernet(workspace: Workspace) -> MultiFernet:
    keys = getattr(workspace.settings, "secret_keys", None) or (workspace.secret_key,)
    return _made(tuple(keys))


@lru_cache(maxsize=8)
def _made(keys: tuple[bytes, ...]) -> MultiFernet:
    """Making one costs as much as opening a secret."""
    return MultiFernet([Fernet(key) for key in keys])

"""What an installation decides, from its environment."""

import stat

import pytest
from cryptography.fernet import Fernet

from headrace.engine.settings import WrongSettings, from_environment


def settings(tmp_path, **env):
    return from_environment({"HEADRACE_HOME": str(tmp_path / "home"), **env})


def test_nothing_needs_to_be_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = from_environment({})

    assert found.home == tmp_path / ".headrace"
    assert found.database_url == f"sqlite:///{tmp_path}/.headrace/headrace.sqlite3"
    assert (found.port, found.allow_addresses) == (8000, ())


def test_everything_can_be_set(tmp_path):
    key = Fernet.generate_key().decode()
    found = settings(
        tmp_path,
        HEADRACE_DATABASE_URL="postgresql://db/headrace",
        HEADRACE_PORT="9001",
        HEADRACE_PROXIES="1",
        HEADRACE_ALLOW_ADDRESSES="10.0.0.0/8, wms.internal ,",
        HEADRACE_SECRET_KEY=f"{key},{Fernet.generate_key().decode()}",
    )

    assert (found.database_url, found.port) == ("postgresql://db/headrace", 9001)
    assert found.proxies == 1
    assert found.allow_addresses == ("10.0.0.0/8", "wms.internal")
    assert found.secret_keys[0] == key.encode()
    assert len(found.secret_keys) == 2


def test_the_key_is_made_once_and_is_its_owners_only(tmp_path):
    first, second = settings(tmp_path), settings(tmp_path)

    assert first.secret_keys == second.secret_keys
    path = tmp_path / "home" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_a_key_others_can_read_is_refused(tmp_path):
    settings(tmp_path)
    (tmp_path / "home" / "secret.key").chmod(0o644)

    with pytest.raises(WrongSettings, match="chmod 600"):
        settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADRACE_PORT", "eight"),
        ("HEADRACE_PORT", "70000"),
        ("HEADRACE_PORT", "-1"),
        ("HEADRACE_SECRET_KEY", "too-short"),
    ],
)
def test_what_cannot_be_is_told_with_its_name(tmp_path, name, value):
    with pytest.raises(WrongSettings, match=name) as told:
        settings(tmp_path, **{name: value})

    assert "too-short" not in str(told.value)


def test_keys_are_never_shown(tmp_path):
    found = settings(tmp_path)

    assert found.secret_keys[0].decode() not in repr(found)

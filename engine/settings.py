"""What an installation decides, all of it from the environment; and the only two strings naming what stands above the engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

NODES = "headrace.nodes"
"""Where node types and connectors are; the entry point group of other packages' nodes has the same name."""
APP = "headrace.designer.wsgi:create_app"
"""The whole application: API and browser side."""

BODY_MAX_BYTES = 5_000_000
"""The largest request body taken, and the largest answer of an outside system read."""
VARIABLES_MAX_BYTES = 1_000_000
"""The largest variables of one instance: they are written with every advance."""
JSON_DEPTH_MAX = 64
"""JSON nested deeper than this is refused wherever it comes in."""

METRICS_TOKEN_MIN = 16
"""A shorter one could be guessed."""

_DEFAULT_HOME = ".headrace"
_DEFAULT_PORT = 8000
_KEY_FILE = "secret.key"


class WrongSettings(ValueError):
    """The environment says something that cannot be: which variable, what was expected, what was found."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation."""

    home: Path
    database_url: str
    port: int
    allow_addresses: tuple[str, ...]
    """Networks (CIDR), host names, and addresses with a port, which outbound calls may reach although they are private."""
    secret_keys: tuple[bytes, ...] = field(repr=False)
    """Fernet keys: the first encrypts, the others still decrypt (so that a key can be changed)."""
    disk_min_bytes: int = 256 * 1024 * 1024
    """With less room than this on the database's disk nothing new is started (service/disk.py says why so much)."""
    metrics_token: str = field(default="", repr=False)
    """Who shows it may read /metrics from anywhere; without one only this machine may."""
    metrics_port: int = 0
    """Where each process shows its own metrics besides (engine/scraping.py); 0: nowhere."""
    log: str = "text"
    """How the log is written: `text` for people, `json` for machines."""
    proxies: int = 0
    """How many proxies of our own stand before the server: so many `X-Forwarded-*` are believed, none by default."""
    url: str = ""
    """The address people know this installation by, such as https://flows.example.com: links in messages begin with it."""
    sqlite_folder: Path | None = None
    """Below it stand the SQLite files that flows may ask (connector `sql`); None: no file may be."""
    light_above: int = 500
    """More new orders a minute than this open the light path (service/rush.py)."""
    light_below: int = 400
    """Fewer than this for five minutes close it."""
    redis_url: str | None = field(default=None, repr=False)
    """Where nudges between processes go; without it each looks by itself every second at the latest."""


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read `HEADRACE_*`; makes the home folder, and the key file at the first start."""
    env = os.environ if environment is None else environment
    home = Path(env.get("HEADRACE_HOME") or _DEFAULT_HOME).expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    light_above = _orders(env, "HEADRACE_LIGHT_ABOVE", 500)
    return Settings(
        home=home,
        database_url=env.get("HEADRACE_DATABASE_URL") or f"sqlite:///{home / 'headrace.sqlite3'}",
        port=_port(env.get("HEADRACE_PORT") or str(_DEFAULT_PORT)),
        allow_addresses=_list(env.get("HEADRACE_ALLOW_ADDRESSES", "")),
        secret_keys=_keys(env.get("HEADRACE_SECRET_KEY", ""), home / _KEY_FILE),
        disk_min_bytes=_megabytes(env.get("HEADRACE_DISK_MIN_MB") or "256"),
        metrics_token=_token(env.get("HEADRACE_METRICS_TOKEN") or ""),
        metrics_port=_port(env.get("HEADRACE_METRICS_PORT") or "0", "HEADRACE_METRICS_PORT"),
        log=_log(env.get("HEADRACE_LOG") or "text"),
        proxies=_proxies(env.get("HEADRACE_PROXIES") or "0"),
        url=_url(env.get("HEADRACE_URL") or ""),
        sqlite_folder=_folder(env.get("HEADRACE_SQLITE_FOLDER") or ""),
        light_above=light_above,
        light_below=min(light_above, _orders(env, "HEADRACE_LIGHT_BELOW", light_above * 4 // 5)),
        redis_url=_redis(env.get("HEADRACE_REDIS_URL") or ""),
    )


def _port(text: str, name: str = "HEADRACE_PORT") -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65_535:
        raise WrongSettings(f"{name}: expected a number from 0 to 65535, but found {text!r}")
    return int(text)


def _orders(env: Mapping[str, str], name: str, usual: int) -> int:
    text = env.get(name) or str(usual)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000_000:
        raise WrongSettings(f"{name}: expected a number of orders a minute, but found {text!r}")
    return int(text)


def _folder(text: str) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


def _proxies(text: str) -> int:
    if text not in {"0", "1", "2", "3"}:
        raise WrongSettings(f"HEADRACE_PROXIES: expected a number from 0 to 3, but found {text!r}")
    return int(text)


def _url(text: str) -> str:
    found = urlsplit(text)
    if text and (found.scheme not in {"http", "https"} or not found.netloc or found.query):
        raise WrongSettings(
            f"HEADRACE_URL: expected an address such as https://flows.example.com, but found {text!r}"
        )
    return text.rstrip("/")


def _redis(text: str) -> str | None:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise WrongSettings(
            f"HEADRACE_REDIS_URL: expected redis://host:port/number, but found {text.partition('@')[2] or text!r}"
        )
    return text or None


def _megabytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise WrongSettings(
            f"HEADRACE_DISK_MIN_MB: expected a number of megabytes, but found {text!r}"
        )
    return int(text) * 1024 * 1024


def _token(text: str) -> str:
    if text and (len(text) < METRICS_TOKEN_MIN or not text.isascii()):
        raise WrongSettings(
            f"HEADRACE_METRICS_TOKEN: expected at least {METRICS_TOKEN_MIN} ASCII characters, but found {len(text)}"
        )
    return text


def _log(text: str) -> str:
    if text not in {"text", "json"}:
        raise WrongSettings(f"HEADRACE_LOG: expected text or json, but found {text!r}")
    return text


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _keys(text: str, path: Path) -> tuple[bytes, ...]:
    keys = tuple(part.encode() for part in _list(text)) or (_key_of(path),)
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            where = "HEADRACE_SECRET_KEY" if text else str(path)
            raise WrongSettings(
                f"{where}: expected keys of 32 bytes in URL-safe base64 (44 characters), but found another text"
            ) from None
    return keys


def _key_of(path: Path) -> bytes:
    """The key in the file; made at the first start, readable by its owner only."""
    if not path.exists():
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise WrongSettings(
            f"{path}: expected only its owner to be able to read it (chmod 600), but others can"
        )
    return path.read_bytes().strip()


def _make_key(path: Path) -> None:
    """Written aside and then linked: of two first starts at once one wins, and none reads half a key."""
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()

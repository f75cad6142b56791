"""The log: lines for people (`HEADRACE_LOG=text`) or one JSON object a line for machines (`json`), on the standard error.

What a line is about (request, instance, flow, step, job) is bound once, where the work begins, and stands on every line that is
written until it ends. What looks like a secret is struck out, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from headrace.engine import tracing

STRUCK = "***"

_SECRETS = (
    re.compile(r"(hr_)[A-Za-z0-9_-]{16,}"),  # our API tokens
    re.compile(r"((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE),
    re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)"),  # the password of an address
    re.compile(
        r"((?:password|passwd|secret|token|api[_-]?key|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}]+",
        re.IGNORECASE,
    ),
)

_bound: ContextVar[Mapping[str, Any] | None] = ContextVar("headrace_log", default=None)


@contextmanager
def bound(**about: Any) -> Iterator[None]:
    """Lines written within are about this."""
    token = _bound.set({**(_bound.get() or {}), **about})
    try:
        yield
    finally:
        _bound.reset(token)


def about() -> Mapping[str, Any]:
    """What lines written here are about."""
    return _bound.get() or {}


def set_up(form: str) -> None:
    """Write the log of this process in this form, to the standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Plain())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def struck(text: str) -> str:
    """The text without what looks like a secret."""
    for secret in _SECRETS:
        text = secret.sub(rf"\1{STRUCK}", text)
    return text


class Plain(logging.Formatter):
    """`2026-01-09 08:00:00,000 WARNING headrace.engine.work.jobs: … [instance=ins_… job=…]`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the trace of an error below it."""
        found = _told()
        line, newline, rest = super().format(record).partition("\n")
        if found:
            line += " [" + " ".join(f"{name}={value}" for name, value in found.items()) + "]"
        return struck(line + newline + rest)


class Json(logging.Formatter):
    """`{"at": …, "level": …, "logger": …, "message": …, "instance": …, …}`"""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever is in it."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": struck(record.getMessage()),
            **{name: struck(str(value)) for name, value in _told().items()},
        }
        if record.exc_info:
            line["error"] = struck(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def _told() -> dict[str, Any]:
    found = dict(about())
    trace = tracing.trace_id(tracing.current())
    if trace:
        found["trace"] = trace
    return found

"""`docs/connectors.md` out of the connectors: every text in it stands beside what it names, in `nodes/connectors/`.

`make docs` writes it; a test holds it against the connectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace.engine.connector import TROUBLES, Connector, Operation
from headrace.engine.registry import connectors

PLACE = Path(__file__).parents[1] / "docs" / "connectors.md"

HEAD = """\
# Platforms and other outside systems

Made from `nodes/connectors/` by `make docs`; edit the texts there. How to write one: `nodes/README.md`.

An account is a *connection*: settings anyone may read, secrets that are kept encrypted and never shown. What can be asked is an
*operation*: the node `operation` (平台操作) does it, signs the request and reads the answer. Calls that come in are told apart by
the node `webhook` with a connection of that platform and `auth` set to `hmac`.

## What errors mean

Most of these platforms say HTTP 200 to errors. Their codes are read by a table per platform into these words, which are also the
codes a flow sees, and what `retry_on` and `never_retry_on` of a node take.
"""

HOW = """\
A code nobody listed is never tried again by itself. *Perhaps done*: where twice does harm (classes probe and once), the outcome
counts as unknown, and the probe asks before anything is repeated.

## How the lists are read

- **Time** is given with its zone (`2026-01-09T16:00:00+08:00`); each platform gets it as it reads it.
- **A page** is `{items, more, next, total}` whoever sent it. *Last page first*: orders move between pages while one reads, and
  forwards some would be missed.
- **Money** goes in as yuan, at most two decimals; orders come out as exact decimals with their currency.
- **Orders in our words**: `channel`, `shop`, `platform_order_id`, `created_at`, `updated_at`, `paid_at`, `status_code` (theirs),
  `state` (ours; none for a code nobody listed, so that a person looks), `buyer`, `address`, `currency`, `total`, `items`, `note`.
  What has no place in it is kept in `extra`, where it stood.
- † A name or field that is common knowledge but was not read in a source: try it before relying on it.
"""


def text() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield "| code | means | tried again | perhaps done |"
    yield "|---|---|---|---|"
    for name, meaning in TROUBLES.items():
        again, done = _yes(meaning.retryable), _yes(meaning.maybe_done)
        yield f"| `{name}` | {meaning.title['en']} · {meaning.title['zh']} | {again} | {done} |"
    yield ""
    yield HOW
    yield "## At a glance\n"
    yield "| connector | operations | calls us | its answers are signed | codes known |"
    yield "|---|---|---|---|---|"
    for connector in connectors().values():
        names = ", ".join(f"`{one.name}`" for one in connector.operations) or "none"
        calls, proves = _yes(connector.verify), _yes(connector.proves)
        codes = len(connector.errors.kinds) if connector.errors else ""
        yield f"| `{connector.name}` {_both(connector.title)} | {names} | {calls} | {proves} | {codes} |"
    yield ""
    for connector in connectors().values():
        yield from _connector(connector)


def _connector(connector: Connector) -> Iterator[str]:
    yield f"## `{connector.name}` {_both(connector.title)}\n"
    yield f"{connector.help['en']}\n\n{connector.help['zh']}\n"
    yield "| to fill in | what | for |"
    yield "|---|---|---|"
    for kind, schema in (("setting", connector.settings), ("secret", connector.secrets)):
        needed = set(schema.get("required", ()))
        for name, part in schema["properties"].items():
            must = " *" if name in needed else ""
            yield f"| `{name}`{must} ({kind}) | {_cell(_both(part['x-title']))} | {_cell(part['x-help']['en'])} |"
    yield ""
    built = [operation for operation in connector.operations if operation.build]
    if built:
        yield "| operation | asks for | parameters | class, key | pages | window | rate |"
        yield "|---|---|---|---|---|---|---|"
        for operation in built:
            yield _operation(operation)
        yield ""
    if connector.errors:
        yield "| code of theirs | read as | left alone (s) |"
        yield "|---|---|---|"
        for code, kind in connector.errors.kinds.items():
            pause = connector.errors.pauses.get(code, connector.errors.pauses.get(kind, ""))
            yield f"| `{code}` | `{kind}` | {pause if pause == '' else f'{pause:g}'} |"
        yield ""
    if connector.statuses:
        states = ", ".join(f"`{code}` {state}" for code, state in connector.statuses.items())
        yield f"States of orders: {states}.\n"
    if connector.reply:
        yield f"Hears `{connector.reply.body}` when its call is safe with us.\n"


def _operation(operation: Operation) -> str:
    needed = set(operation.params.get("required", ()))
    names = [
        f"`{name}`{' *' if name in needed else ''}"
        for name in operation.params.get("properties", {})
    ]
    effect = f"{operation.effect}{f', `{operation.key_field}`' if operation.key_field else ''}"
    if operation.probe:
        effect += f", asks `{operation.probe}`"
    rate = operation.rate
    cells = (
        f"`{operation.name}` {_both(operation.title)}",
        f"{operation.api}{' †' if operation.unproven else ''}",
        ", ".join(names),
        effect,
        _paging(operation),
        _window(operation),
        f"{rate.calls} in {rate.per_s:g} s" if rate else "",
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _paging(operation: Operation) -> str:
    paging = operation.paging
    if paging is None:
        return ""
    order = "last page first" if paging.direction == "backwards" else "in order"
    first = f", from {paging.first}" if paging.by == "page" else ""
    return f"by {paging.by}, {order}, {paging.size_max} at most{first}"


def _window(operation: Operation) -> str:
    window = operation.window
    if window is None:
        return ""
    parts = [
        f"at most {_time(window.longest_s)}" if window.longest_s else "",
        f"best {_time(window.advised_s)}" if window.advised_s else "",
        f"up to {_time(window.lag_s)} ago" if window.lag_s else "",
        f"back to {_time(window.history_s)}" if window.history_s else "",
    ]
    return ", ".join(filter(None, parts))


def _time(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _yes(value: Any) -> str:
    return "yes" if value else ""


def _both(title: Any) -> str:
    zh, en = title.get("zh", ""), title.get("en", "")
    return " · ".join(filter(None, (en, zh))) if zh != en else en


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PLACE.write_text(text(), "utf-8")

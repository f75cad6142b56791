"""What each node type of n8n is here; those not listed hold their place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from headrace.engine.exchange.draw import flow_key, named
from headrace.engine.exchange.n8n_values import Values
from headrace.engine.exchange.report import WORDS
from headrace.engine.exchange.translate import literal, todo
from headrace.engine.flow.cron import check_cron

if TYPE_CHECKING:
    from headrace.engine.exchange.n8n import _Reader as Reader

ZONE = "Asia/Shanghai"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

TRANSPARENT = frozenset({"if", "switch", "filter", "wait", "noOp", "respondToWebhook", "emailSend"})
"""Items go through them as they are."""


@dataclass(slots=True)
class Step:
    """A node of theirs."""

    key: str
    name: str
    type: str
    version: float
    parameters: Mapping[str, Any]
    at: tuple[float, float] | None
    item: Mapping[str, Any]
    node: str = ""
    """Its id here."""
    sets: tuple[str, ...] = ()
    """Names it sets."""
    keeps_others: bool = False
    """It hands on what came, too."""


@dataclass(slots=True)
class Made:
    """What became of it."""

    entry: str | None = None
    ports: Sequence[str] = ()
    """The exit for each output, in their order."""
    exit: str | None = None
    """Where the ways leave, if not at `entry`."""
    through: bool = False
    """Nothing: ways lead on past it."""
    loose: frozenset[str] = frozenset()
    """Exits that may be left open."""


def _add(reader: Reader, step: Step, type_: str, settings: Mapping[str, Any]) -> str:
    return reader.drawing.add(step.node, type_, step.name, settings, at=step.at)


def _values(reader: Reader, step: Step) -> Values:
    return Values(reader.lookup(step))


def _told(reader: Reader, step: Step, node: str, values: Values | None = None) -> None:
    """Its line, and one for each expression that must be written."""
    for text in values.open if values is not None else ():
        reader.say(step, "placeholder", "expression_open", node=node, text=text)
    if values is None or not values.open:
        reader.say(step, "carried", "as_it_is", node=node)


def hold(
    reader: Reader, step: Step, code: str, *, outputs: Sequence[str] = (), **params: Any
) -> Made:
    """A placeholder with its outputs."""
    original = json.dumps(_shown(step.parameters), ensure_ascii=False, indent=1)
    node = reader.drawing.placeholder(
        step.node, step.name, step.type, WORDS[code].format_map(params), original, at=step.at
    )
    reader.say(step, "placeholder", code, node=node, **params)
    ways = len(reader.ways.get(step.name, {}))
    names = list(outputs) or (
        [f"output_{n + 1}" for n in range(max(reader.ways[step.name]) + 1)] if ways > 1 else []
    )
    if names:
        reader.drawing.nodes[node]["settings"]["exits"] = [
            {"id": name, "name": named(name)} for name in names[:50]
        ]
        return Made(node, names[:50])
    return Made(node, ("out",))


_SECRET = re.compile(r"password|passwd|secret|token|api_?key|authorization|cookie", re.IGNORECASE)


def _shown(value: Any, name: str = "", depth: int = 0) -> Any:
    """Parameters without what looks like a secret."""
    if depth > 8:
        return "…"
    if isinstance(value, Mapping):
        named_ = str(value.get("name", ""))
        return {
            key: "•••"
            if _SECRET.search(str(key)) or (key == "value" and _SECRET.search(named_))
            else _shown(one, str(key), depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_shown(one, name, depth + 1) for one in value[:50]]
    return value[:1000] if isinstance(value, str) else value


# --- beginnings ----------------------------------------------------------------------------------


def _start(reader: Reader, step: Step) -> Made:
    node = _add(reader, step, "start", {})
    _told(reader, step, node)
    return Made(node, ("out",))


def _webhook(reader: Reader, step: Step) -> Made:
    auth = step.parameters.get("authentication", "none")
    node = _add(
        reader, step, "webhook", {"auth": "none" if auth == "none" else "token", "values": []}
    )
    if auth == "none":
        reader.say(step, "carried", "as_it_is", node=node)
    else:
        reader.say(step, "placeholder", "choose_connection", node=node, text=str(auth))
    return Made(node, ("out",))


def open_start(reader: Reader, step: Step) -> Made:
    """A manual start with a placeholder behind it, for what starts a workflow there and not here."""
    start = reader.drawing.add(
        f"{step.node}_start",
        "start",
        "Start",
        at=(step.at[0] - 150, step.at[1]) if step.at else None,
    )
    made = hold(reader, step, "kind_open", what=step.type)
    assert made.entry is not None
    reader.drawing.edge(start, "out", made.entry)
    return made


def _schedule(reader: Reader, step: Step) -> Made:
    rules = step.parameters.get("rule")
    rows = rules.get("interval") if isinstance(rules, Mapping) else None
    if step.type.endswith(".cron"):
        times = step.parameters.get("triggerTimes")
        rows = times.get("item") if isinstance(times, Mapping) else None
    crons = (
        [_cron(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    )
    if len(crons) != 1 or not crons[0]:
        return open_start(reader, step)
    zone = reader.zone or ZONE
    node = _add(reader, step, "schedule", {"cron": crons[0], "timezone": zone, "misfire": "skip"})
    reader.say(
        step,
        "carried" if reader.zone else "changed",
        "as_it_is" if reader.zone else "zone",
        node=node,
        text=zone,
    )
    return Made(node, ("out",))


def _number(row: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = row.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
        else -1
    )


def _cron(row: Mapping[str, Any]) -> str:
    """One rule of theirs as five fields; empty where cron cannot say it."""
    kind = row.get("field") or row.get("mode") or "days"
    minute = (
        _number(row, "triggerAtMinute", 0, 59)
        if "triggerAtMinute" in row or "field" in row
        else _number(row, "minute", 0, 59)
    )
    hour = (
        _number(row, "triggerAtHour", 0, 23)
        if "triggerAtHour" in row or "field" in row
        else _number(row, "hour", 14, 23)
    )
    every = _number(
        row,
        {"minutes": "minutesInterval", "hours": "hoursInterval"}.get(str(kind), ""),
        5 if kind == "minutes" else 1,
        59,
    )
    text = ""
    match kind:
        case "minutes" if every > 0 and 60 % every == 0:
            text = f"*/{every} * * * *" if every > 1 else "* * * * *"
        case "everyMinute":
            text = "* * * * *"
        case "hours" if every > 0 and 24 % every == 0:
            text = f"{minute} */{every} * * *" if every > 1 else f"{minute} * * * *"
        case "everyHour":
            text = f"{minute} * * * *"
        case "days" if row.get("daysInterval", 1) == 1:
            text = f"{minute} {hour} * * *"
        case "everyDay":
            text = f"{minute} {hour} * * *"
        case "weeks" if row.get("weeksInterval", 1) == 1:
            days = row.get("triggerAtDay", [0])
            if (
                isinstance(days, list)
                and days
                and all(isinstance(day, int) and 0 <= day <= 6 for day in days)
            ):
                text = f"{minute} {hour} * * {','.join(map(str, days))}"
        case "everyWeek":
            text = f"{minute} {hour} * * {row.get('weekday', '1')}"
        case "months" if row.get("monthsInterval", 1) == 1:
            text = f"{minute} {hour} {row.get('triggerAtDayOfMonth', 1)} * *"
        case "everyMonth":
            text = f"{minute} {hour} {row.get('dayOfMonth', 1)} * *"
        case "cronExpression" | "custom":
            text = str(row.get("expression") or row.get("cronExpression") or "")
            parts = text.split()
            if len(parts) == 6 and parts[0] == "0":
                text = " ".join(parts[1:])
        case _:
            pass
    return text if text and "-1" not in text.split()[:2] and check_cron(text) is None else ""


# --- ways ----------------------------------------------------------------------------------------

_SIGNS = {
    "equal": "==", "equals": "==", "notEqual": "!=", "notEquals": "!=", "larger": ">", "gt": ">", "after": ">", "largerEqual": ">=",
    "gte": ">=", "smaller": "<", "lt": "<", "before": "<", "smallerEqual": "<=", "lte": "<=",
}  # fmt: skip
_CALLS = {
    "contains": "contains({0}, {1})", "notContains": "not contains({0}, {1})", "startsWith": "starts_with({0}, {1})",
    "endsWith": "ends_with({0}, {1})", "notStartsWith": "not starts_with({0}, {1})", "notEndsWith": "not ends_with({0}, {1})",
    "exists": "exists({0})", "notExists": "not exists({0})", "true": "{0} == true", "false": "{0} == false",
}  # fmt: skip


def _one(values: Values, left: Any, operation: str, right: Any, kind: str) -> str:
    """One comparison."""
    if operation in {"after", "before"} or kind == "dateTime":
        return values.open_one(f"{left} {operation} {right}")
    first, second = values.expression(left), values.expression(_typed(right, kind))
    if operation in _SIGNS:
        return f"{_in(first)} {_SIGNS[operation]} {_in(second)}"
    if operation in _CALLS:
        return _CALLS[operation].format(_in(first), second)
    return values.open_one(f"{left} {operation} {right}")


def _typed(value: Any, kind: str) -> Any:
    """A number that was typed into a box is a text in the file."""
    if kind == "number" and isinstance(value, str) and not value.startswith("="):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _in(text: str) -> str:
    return (
        f"({text})"
        if re.search(r" (and|or|if|==|!=|<|>|<=|>=|\+) ", text) and not text.startswith('"')
        else text
    )


def _condition(values: Values, told: Any, joined: str = "all") -> str:
    """Conditions of an If, Filter or Switch, old or new, as one expression."""
    if not isinstance(told, Mapping):
        return values.open_one("no condition")
    parts: list[str] = []
    rows = told.get("conditions")
    if isinstance(rows, list):  # since version 2
        joined = "any" if told.get("combinator") == "or" else "all"
        for row in rows:
            operator = row.get("operator") if isinstance(row, Mapping) else None
            if not isinstance(operator, Mapping):
                parts.append(values.open_one("a condition"))
                continue
            parts.append(
                _one(
                    values,
                    row.get("leftValue"),
                    str(operator.get("operation")),
                    row.get("rightValue"),
                    str(operator.get("type")),
                )
            )
    else:
        for kind, listed in told.items():
            for row in listed if isinstance(listed, list) else ():
                if isinstance(row, Mapping):
                    operation = str(
                        row.get("operation", "smaller" if kind == "number" else "equal")
                    )
                    parts.append(
                        _one(
                            values,
                            row.get("value1"),
                            operation,
                            row.get("value2", kind == "boolean"),
                            str(kind),
                        )
                    )
    if not parts:
        return values.open_one("no condition")
    if any("todo(" in part for part in parts):
        return todo("; ".join(values.open))
    word = " or " if joined == "any" else " and "
    return word.join(f"({part})" if len(parts) > 1 else part for part in parts)


def _if(reader: Reader, step: Step) -> Made:
    values = _values(reader, step)
    joined = str(step.parameters.get("combineOperation", "all"))
    text = _condition(values, step.parameters.get("conditions"), joined)
    branch = {
        "id": "holds",
        "name": {"zh": "是", "en": "True"},
        "when": {"expression": text[:2000]},
    }
    node = _add(reader, step, "condition", {"branches": [branch]})
    _told(reader, step, node, values)
    return Made(node, ("holds", "else"))


def _switch(reader: Reader, step: Step) -> Made | None:
    values = _values(reader, step)
    rules = step.parameters.get("rules")
    rows = (rules.get("values") or rules.get("rules")) if isinstance(rules, Mapping) else None
    if step.parameters.get("mode", "rules") != "rules" or not isinstance(rows, list) or not rows:
        return None
    options = (
        step.parameters["options"] if isinstance(step.parameters.get("options"), Mapping) else {}
    )
    branches: list[dict[str, Any]] = []
    ports: dict[int, str] = {}
    for index, row in enumerate(rows[:50]):
        if not isinstance(row, Mapping):
            return None
        if "conditions" in row:
            text, output = _condition(values, row["conditions"]), index
        else:
            kind = str(step.parameters.get("dataType", "number"))
            text = _one(
                values,
                step.parameters.get("value1"),
                str(row.get("operation", "equal")),
                row.get("value2"),
                kind,
            )
            given = row.get("output", index)
            output = given if isinstance(given, int) else index
        if output in ports:
            return None
        name = str(row.get("outputKey") or row.get("value2") or index + 1)
        ports[output] = f"case_{index + 1}"
        branches.append(
            {"id": ports[output], "name": named(name), "when": {"expression": text[:2000]}}
        )
    settings: dict[str, Any] = {"branches": branches}
    if options.get("allMatchingOutputs") is True:
        settings["mode"] = "all"
    node = _add(reader, step, "condition", settings)
    _told(reader, step, node, values)
    fallback = options.get("fallbackOutput", step.parameters.get("fallbackOutput", "none"))
    count = max(ports) + 1
    listed = [ports.get(place, "else") for place in range(count)]
    return Made(node, (*listed, "else") if "else" not in listed or fallback == "extra" else listed)


def _filter(reader: Reader, step: Step) -> Made:
    made = _if(reader, step)
    return Made(made.entry, ("holds", "else"))


def _merge(reader: Reader, step: Step) -> Made:
    mode = str(step.parameters.get("mode", "append"))
    node = _add(reader, step, "join", {"mode": "inclusive"})
    if mode in {"append", "passThrough", "wait", "chooseBranch"}:
        reader.say(step, "changed", "several_merged", node=node, text=mode)
        return Made(node, ("out",))
    extra = reader.drawing.placeholder(
        f"{node}_combine", f"{step.name} ({mode})", step.type, WORDS["kind_open"].format(what=mode),
        json.dumps(_shown(step.parameters), ensure_ascii=False), at=(step.at[0] + 260, step.at[1]) if step.at else None,
    )  # fmt: skip
    reader.drawing.edge(node, "out", extra)
    reader.say(step, "placeholder", "kind_open", node=extra, what=f"merge: {mode}")
    return Made(node, ("out",), exit=extra)


def _nothing(reader: Reader, step: Step) -> Made:
    reader.say(step, "carried", "passed_through")
    return Made(through=True)


def _stop(reader: Reader, step: Step) -> Made:
    node = _add(reader, step, "end", {"result": "error", "terminate": True})
    reader.say(step, "changed", "end_result", node=node, text="error")
    return Made(node)


def _wait(reader: Reader, step: Step) -> Made | None:
    values = _values(reader, step)
    match step.parameters.get("resume", "timeInterval"):
        case "timeInterval":
            amount, unit = (
                step.parameters.get("amount", 1),
                str(step.parameters.get("unit", "hours")),
            )
            lengths = {"seconds": "PT{}S", "minutes": "PT{}M", "hours": "PT{}H", "days": "P{}D"}
            if (
                not isinstance(amount, int)
                or isinstance(amount, bool)
                or amount < 1
                or unit not in lengths
            ):
                return None
            settings = {"mode": "for", "duration": lengths[unit].format(amount)}
        case "specificTime":
            settings = {
                "mode": "until",
                "until": values.expression(step.parameters.get("dateTime")),
            }
            if not str(step.parameters.get("dateTime")).startswith("="):
                settings["until"] = values.open_one(str(step.parameters.get("dateTime")))
        case _:
            return None
    node = _add(reader, step, "timer", settings)
    _told(reader, step, node, values)
    return Made(node, ("out",))


def _loop(reader: Reader, step: Step) -> Made:
    outputs = ("done", "loop") if step.version >= 3 else ("loop", "done")
    return hold(reader, step, "loop_open", outputs=outputs)


# --- work ----------------------------------------------------------------------------------------


def _set(reader: Reader, step: Step) -> Made | None:
    values, rows = _values(reader, step), []
    told: list[tuple[str, Any]] = []
    listed = step.parameters.get("assignments")
    fields = step.parameters.get("values") or step.parameters.get("fields")
    if isinstance(listed, Mapping) and isinstance(listed.get("assignments"), list):
        told = [
            (str(row.get("name", "")), row.get("value"))
            for row in listed["assignments"]
            if isinstance(row, Mapping)
        ]
        step.keeps_others = step.parameters.get("includeOtherFields") is True
    elif isinstance(fields, Mapping):
        for kind, items in fields.items():
            for row in items if isinstance(items, list) else ():
                if isinstance(row, Mapping):
                    value = row.get("value", row.get(f"{kind}Value", row.get("stringValue")))
                    told.append((str(row.get("name", "")), _typed(value, str(kind))))
        step.keeps_others = step.parameters.get("keepOnlySet") is not True
    elif isinstance(step.parameters.get("jsonOutput"), str) and not step.parameters[
        "jsonOutput"
    ].startswith("="):
        try:
            whole = json.loads(step.parameters["jsonOutput"])
        except ValueError:
            return None
        told = list(whole.items()) if isinstance(whole, dict) else []
    if not told:
        return None
    seen: set[str] = set()
    for name, value in told[:100]:
        plain = (
            name if _NAME.fullmatch(name) else re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
        )
        if not _NAME.fullmatch(plain) or plain in seen:
            return None
        seen.add(plain)
        if plain != name:
            reader.say(
                step, "changed", "own_changed", node=step.node, what=f"name {name} → {plain}"
            )
        rows.append({"name": plain, "value": values.expression(value)[:2000]})
    step.sets = tuple(row["name"] for row in rows if row["name"] in dict(told))
    node = _add(reader, step, "set_values", {"values": rows})
    _told(reader, step, node, values)
    return Made(node, ("out",))


def _pairs(told: Any, values: Values, *, templates: bool) -> list[dict[str, str]]:
    rows = told.get("parameters") if isinstance(told, Mapping) else None
    found = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping) or not row.get("name"):
            continue
        if _SECRET.search(str(row["name"])):
            values.hidden.append(str(row["name"]))
            continue
        value = row.get("value", "")
        said = values.template(value) if templates else values.expression(value)
        found.append({"name": str(row["name"])[:100], "value": said[:2000]})
    return found[:100]


def _http(reader: Reader, step: Step) -> Made | None:
    values, told = _values(reader, step), step.parameters
    method = str(told.get("method") or told.get("requestMethod") or "GET").upper()
    url = str(told.get("url", ""))
    if method not in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
        return None
    path, host = _path(url, values)
    settings: dict[str, Any] = {
        "method": method, "path": path[:2000], "effect": "pure" if method == "GET" else "once", "timeout_s": 10,
        "attempts": _tries(step.item), "backoff_s": 2,
    }  # fmt: skip
    if told.get("sendQuery") and (
        rows := _pairs(told.get("queryParameters"), values, templates=False)
    ):
        settings["query"] = rows
    if told.get("sendHeaders") and (
        rows := _pairs(told.get("headerParameters"), values, templates=True)
    ):
        settings["headers"] = rows
    if told.get("sendBody") and method != "GET":
        settings["body"] = _body(told, values)[:2000]
    node = _add(reader, step, "connector", settings)
    reader.say(step, "placeholder", "choose_connection", node=node, text=host or url[:100])
    for text in values.open:
        reader.say(step, "placeholder", "expression_open", node=node, text=text)
    if values.hidden:
        reader.say(step, "left_out", "credentials", node=node, text=", ".join(values.hidden))
    errors = step.item.get("onError") == "continueErrorOutput"
    return Made(node, ("out", "error") if errors else ("out",), loose=frozenset({"error"}))


def _tries(item: Mapping[str, Any]) -> int:
    tries = item.get("maxTries", 3)
    return (
        min(20, max(1, tries)) if item.get("retryOnFail") is True and isinstance(tries, int) else 1
    )


def _path(url: str, values: Values) -> tuple[str, str]:
    """(what stands below the host, the host); a host that is worked out is left to be written."""
    text = url.removeprefix("=")
    match = re.match(r"(https?://[^/{}?#]+)(.*)$", text, re.DOTALL)
    if match is None:
        return values.open_text(url), ""
    rest = match[2] or "/"
    path = values.template(f"={rest}") if url.startswith("=") else rest
    return path if path.startswith(("/", "{{")) else f"/{path}", urlsplit(
        match[1]
    ).netloc.rpartition("@")[2]


def _body(told: Mapping[str, Any], values: Values) -> str:
    if told.get("specifyBody") == "json" or "jsonBody" in told:
        body = told.get("jsonBody")
        if isinstance(body, str) and not body.startswith("="):
            try:
                return literal(json.loads(body))
            except ValueError:
                return values.open_one(body)
        return values.expression(body)
    rows = _pairs(told.get("bodyParameters"), values, templates=False)
    return "{" + ", ".join(f"{literal(row['name'])}: {row['value']}" for row in rows) + "}"


def _workflow(reader: Reader, step: Step) -> Made | None:
    told = step.parameters.get("workflowId")
    name = ""
    if isinstance(told, Mapping):
        name = str(told.get("cachedResultName") or told.get("value") or "")
    elif isinstance(told, str | int):
        name = str(told)
    if not name or name.startswith("="):
        return None
    values = _values(reader, step)
    settings: dict[str, Any] = {"flow": flow_key(name, "workflow")}
    inputs = step.parameters.get("workflowInputs")
    rows = inputs.get("value") if isinstance(inputs, Mapping) else None
    if isinstance(rows, Mapping):
        settings["input"] = [
            {"name": key, "value": values.expression(value)[:2000]}
            for key, value in rows.items()
            if _NAME.fullmatch(str(key))
        ][:100]
    options = step.parameters.get("options")
    if isinstance(options, Mapping) and options.get("waitForSubWorkflow") is False:
        settings["wait"] = False
    node = _add(reader, step, "subflow", settings)
    reader.say(step, "changed", "flow_elsewhere", node=node, text=settings["flow"])
    for text in values.open:
        reader.say(step, "placeholder", "expression_open", node=node, text=text)
    return Made(node, ("out",))


def _respond(reader: Reader, step: Step) -> Made:
    kind = str(step.parameters.get("respondWith", "firstIncomingItem"))
    if kind == "noData":
        reader.say(step, "changed", "answered_at_once", text=kind)
        return Made(through=True)
    return hold(reader, step, "answered_at_once", text=kind)


def _mail(reader: Reader, step: Step) -> Made:
    values, told = _values(reader, step), step.parameters
    to = str(told.get("toEmail") or told.get("sendTo") or "")
    text = told.get("text") or told.get("html") or told.get("message") or ""
    settings = {
        "channel": "mail",
        "to": [{"kind": "expression", "value": todo(to or "to whom")}],
        "title": values.template(told.get("subject") or step.name)[:4000],
        "text": values.template(text)[:4000],
    }
    node = _add(reader, step, "notification", settings)
    reader.say(step, "placeholder", "people_open", node=node, text=to or "?")
    reader.say(step, "placeholder", "choose_connection", node=node, text="mail")
    for open_ in values.open:
        reader.say(step, "placeholder", "expression_open", node=node, text=open_)
    return Made(node, ("out",))


HANDLERS: Mapping[str, Callable[[Reader, Step], Made | None]] = {
    "manualTrigger": _start, "start": _start, "executeWorkflowTrigger": _start, "formTrigger": open_start,
    "webhook": _webhook, "scheduleTrigger": _schedule, "cron": _schedule, "interval": open_start, "errorTrigger": open_start,
    "httpRequest": _http, "if": _if, "switch": _switch, "filter": _filter, "merge": _merge, "set": _set, "wait": _wait,
    "splitInBatches": _loop, "executeWorkflow": _workflow, "respondToWebhook": _respond, "emailSend": _mail, "noOp": _nothing,
    "stopAndError": _stop,
}  # fmt: skip
"""By the last part of their name. Triggers of other kinds hold their place behind a manual start (`n8n.py`)."""

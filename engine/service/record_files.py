"""Records from files and as files: CSV (UTF-8, GBK) and XLSX.

What an import does is told before it does it: every line is looked at, and whoever starts it has said whether one wrong line
stops all. Lines are then written in slices; how far it has come is kept in the transaction of each, so that a process that dies
loses nothing and repeats nothing.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, FileRefused, NotFound
from headrace.engine.flow.table_fields import NUMBERS, text_of, title_of
from headrace.engine.service import audit, org_files
from headrace.engine.service.actor import Actor
from headrace.engine.service.data_tables import found, require
from headrace.engine.service.records import conditions_of, order_of, read_filter, seen, unstarred
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, record_imports, record_list, records
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.records import Item, Outcome, Who

FILE_MAX_BYTES = 20_000_000
LINES_MAX = 200_000
XLSX_MAX = 100_000
"""Records of one XLSX; CSV has no limit."""
SLICE = 500
AT_ONCE = 5_000
"""Lines that are written in one transaction; a larger file goes on in the background, slice by slice."""
ERRORS_SHOWN = 200
KEPT_MS = 7 * 24 * 3_600_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula; such a text goes out behind an apostrophe, and comes in without."""

Plan = Mapping[str, Any]


# --- files -----------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def lines_of(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of its columns, and its lines with their numbers. Raises `FileRefused`."""
    header: list[str] | None = None
    rows: list[tuple[int, list[str]]] = []
    for number, cells in org_files.lines(data):
        if not any(cells):
            continue
        if header is None:
            header = cells
            continue
        rows.append((number, cells))
        if len(rows) > LINES_MAX:
            raise FileRefused(expected=f"at most {LINES_MAX:,} lines", found="more")
    if header is None:
        raise FileRefused(expected="a first line with the names of the columns", found="none")
    return header, rows


def upload(workspace: Workspace, actor: Actor, key: str, name: str, data: bytes) -> dict[str, Any]:
    """Take a file and say what is in it: columns, the field each seems to be, a few lines."""
    if not data:
        raise FileRefused(expected="a file with records", found="an empty file")
    header, rows = lines_of(data)
    import_id = workspace.id("imp")

    def write(connection: Connection) -> DataTable:
        table = found(connection, key)
        require(actor, table, "write")
        now_ms = workspace.clock.now_ms()
        record_imports.forget(connection, now_ms - KEPT_MS)
        values = {
            "id": import_id, "table_no": table.no, "name": name, "created_by": actor.user_id, "created_at": now_ms, "data": data,
            "plan": {}, "status": "mapped", "total": len(rows), "done_to": 0, "counts": {},
        }  # fmt: skip
        record_imports.insert(connection, values)
        return table

    table = workspace.writer.call(write)
    return {
        "id": import_id,
        "columns": header,
        "mapping": [_guess(table, column) for column in header],
        "total": len(rows),
        "sample": [
            [*cells, *[""] * (len(header) - len(cells))][: len(header)] for _, cells in rows[:5]
        ],
    }


def _guess(table: DataTable, column: str) -> str | None:
    wanted = column.strip().casefold()
    for name, field in table.form.fields.items():
        titles = {str(title).casefold() for title in (field.get("title") or {}).values()}
        if not field.get("hidden") and wanted in {name, *titles}:
            return name
    return "key" if wanted in {"key", "主键", "标识"} and not table.form.key_field else None


# --- preview ---------------------------------------------------------------------------------------


def preview(
    workspace: Workspace, actor: Actor, key: str, import_id: str, plan: Plan
) -> dict[str, Any]:
    """What taking it in would do, line by line; nothing is changed."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "write")
        _import(connection, table, import_id)
        return _looked(
            connection, table, actor, lines_of(record_imports.data(connection, import_id)), plan
        )


def _looked(
    connection: Connection, table: DataTable, actor: Actor, lines: Any, plan: Plan
) -> dict[str, Any]:
    _, rows = lines
    counts = dict.fromkeys(("created", "updated", "same", "exists", "missing", "wrong"), 0)
    errors: list[dict[str, Any]] = []
    seen_keys: set[tuple[str, str]] = set()
    for at in range(0, len(rows), SLICE):
        some = rows[at : at + SLICE]
        items = [_item(table, actor, plan, cells) for _, cells in some]
        outcomes = records.look(connection, table, items)
        for (number, cells), outcome in zip(some, outcomes, strict=True):
            for name, value in table.form.unique_values(outcome.value).items():
                if (name, value) in seen_keys and outcome.state == "created":
                    outcome.problems.append(records.not_unique(name, "another line"))
                    outcome.state = "wrong"
                seen_keys.add((name, value))
            counts[outcome.state] += 1
            errors.extend(_told(number, cells, plan, outcome)[: ERRORS_SHOWN - len(errors)])
    return {"counts": counts, "errors": errors, "total": len(rows)}


def _told(number: int, cells: Sequence[str], plan: Plan, outcome: Outcome) -> list[dict[str, Any]]:
    mapping: Sequence[str | None] = plan["mapping"]
    told = []
    for problem in outcome.problems:
        field = problem.path.split("/")[1] if "/" in problem.path else ""
        at = mapping.index(field) if field in mapping else -1
        value = cells[at] if 0 <= at < len(cells) else ""
        told.append(
            {
                "line": number,
                "field": field,
                "value": value[:100],
                "code": problem.code,
                "params": problem.params,
                "message": problem.message,
            }
        )
    if outcome.state in {"exists", "missing"}:
        told.append(
            {
                "line": number,
                "field": "",
                "value": outcome.key,
                "code": outcome.state,
                "params": {},
                "message": outcome.state,
            }
        )
    return told


def _item(table: DataTable, actor: Actor, plan: Plan, cells: Sequence[str]) -> Item:
    values: dict[str, Any] = {}
    key: str | None = None
    for name, cell in zip(plan["mapping"], cells, strict=False):
        if not name:
            continue
        text = cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell
        if name == "key":
            key = text.strip() or None
        elif text.strip() or plan.get("empty") == "clear":
            values[name] = text
    return Item(key, unstarred(table, actor, values), plan.get("mode", "upsert"))


def _import(connection: Connection, table: DataTable, import_id: str, *, lock: bool = False) -> Any:
    row = record_imports.find(connection, table.no, import_id, lock=lock)
    if row is None or row.plan.get("source"):  # a source's file takes another way
        raise NotFound(kind="import", id=import_id)
    return row


# --- taking in -------------------------------------------------------------------------------------


def apply(
    workspace: Workspace, actor: Actor, key: str, import_id: str, plan: Plan
) -> dict[str, Any]:
    """Take it in. `wrong`: `stop` (one wrong line, and nothing is written) or `skip` (the others are)."""
    told = preview(workspace, actor, key, import_id, plan)
    bad = told["counts"]["wrong"] + told["counts"]["exists"] + told["counts"]["missing"]
    if bad and plan.get("wrong", "stop") == "stop":
        raise Conflict(
            expected="a file without a wrong line, or the choice to leave those out",
            found=f"{bad} wrong lines",
        )

    def begin(connection: Connection) -> None:
        table = found(connection, key)
        require(actor, table, "write")
        row = _import(connection, table, import_id, lock=True)
        if row.status != "mapped":
            raise Conflict(expected="an import that has not begun", found=row.status)
        values = {"status": "running", "plan": {**plan, "roles": sorted(actor.roles)}, "counts": {}}
        record_imports.update(connection, import_id, values)
        audit.note(
            connection, workspace, actor, "records.import", key, name=row.name, total=row.total
        )
        if row.total <= AT_ONCE:
            _slice(workspace, connection, table.no, import_id, AT_ONCE)

    workspace.writer.call(begin)
    return detail(workspace, actor, key, import_id)


def detail(workspace: Workspace, actor: Actor, key: str, import_id: str) -> dict[str, Any]:
    """How far it is."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "write")
        row = _import(connection, table, import_id)
    return shown(row)


def shown(row: Any) -> dict[str, Any]:
    """An import, as it is told."""
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "total": row.total,
        "done": row.done_to,
        "counts": row.counts,
        "ended_at": to_iso(row.ended_at) if row.ended_at is not None else None,
    }


def work(workspace: Workspace, slices: int = 4) -> int:
    """Go on with the imports that are under way; answers how many lines were taken in."""
    with workspace.read() as connection:
        waiting = [(row.table_no, row.id) for row in record_imports.running(connection)]
    done = 0
    for no, import_id in waiting:
        for _ in range(slices):
            count = workspace.writer.call(partial(_work, workspace, no, import_id))
            done += count
            if not count:
                break
    return done


def _work(workspace: Workspace, no: int, import_id: str, connection: Connection) -> int:
    return _slice(workspace, connection, no, import_id, SLICE)


def _slice(
    workspace: Workspace, connection: Connection, no: int, import_id: str, limit: int
) -> int:
    row = record_imports.find(connection, no, import_id, lock=True)
    if row is None or row.status != "running":
        return 0
    table = data_tables.by_numbers(connection, [no])[no]
    _, rows = lines_of(record_imports.data(connection, import_id))
    some = rows[row.done_to : row.done_to + limit]
    actor = Actor(row.created_by, row.created_by, tuple(row.plan.get("roles", ())))
    items = [_item(table, actor, row.plan, cells) for _, cells in some]
    now_ms = workspace.clock.now_ms()
    who = Who(row.created_by, "import")
    counts = dict(row.counts)
    for outcome in records.write(connection, table, items, who, now_ms, kind="import"):
        counts[outcome.state] = counts.get(outcome.state, 0) + 1
    done = row.done_to + len(some)
    values: dict[str, Any] = {"done_to": done, "counts": counts}
    if done >= row.total:
        values |= {"status": "done", "ended_at": now_ms}
    record_imports.update(connection, import_id, values)
    return len(some)


# --- going out -------------------------------------------------------------------------------------


def export(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    kind: str,
    language: str,
    search: str = "",
    filter: str = "",  # noqa: A002 - its name in the query
    sort: str = "",
) -> Iterator[bytes]:
    """The records of a filter as a file, in the order asked for; as a stream, so that a million take no memory."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        conditions = conditions_of(table, actor, read_filter(filter))
        order = order_of(table, actor, sort or "id")
    rows = _rows(workspace, actor, table, conditions, search, order, language)
    return _csv(rows) if kind == "csv" else _xlsx(rows)


def _rows(
    workspace: Workspace,
    actor: Actor,
    table: DataTable,
    conditions: Sequence[record_list.Condition],
    search: str,
    order: record_list.Order,
    language: str,
) -> Iterator[list[Any]]:
    fields = [field for field in table.form.fields.values() if not field.get("hidden")]
    with_key = table.form.key_field is None
    titles = [title_of(field, language) for field in fields]
    yield [*(["key"] if with_key else []), *titles]
    after: Any = None
    while True:
        with workspace.read() as connection:
            page = record_list.page(
                connection, table.no, conditions, search, order, after=after, limit=SLICE
            )
        for row in page.rows:
            value = seen(table, actor, row.value)
            cells = [_out(field, value.get(field["name"]), language) for field in fields]
            yield [*([_guarded(row.key)] if with_key else []), *cells]
        if len(page.rows) < SLICE:
            return
        last = page.rows[-1]
        place = (
            getattr(last, order.column)
            if order.column in {"key", "updated_at", "id"}
            else table.form.slot_values(last.value)[order.column]
        )
        after = (place, last.id)


def _out(field: Mapping[str, Any], value: Any, language: str) -> Any:
    if field["kind"] in NUMBERS and isinstance(value, int | float):
        return value if field["kind"] != "money" else text_of(field, value)
    return _guarded(text_of(field, value, language))


def _guarded(text: str) -> str:
    return "'" + text if text.startswith(FORMULA) else text


def _csv(rows: Iterator[list[Any]]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # so that Excel reads it as UTF-8
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % SLICE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _xlsx(rows: Iterator[list[Any]]) -> Iterator[bytes]:
    import openpyxl  # here: a start does without

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("records")
    for number, row in enumerate(rows):
        if number > XLSX_MAX:
            break
        sheet.append(row)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while part := file.read(65_536):
            yield part

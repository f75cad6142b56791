"""Orders and refunds out of a file (CSV in UTF-8 or GBK, XLSX) on the page of a source (R009, R020).

The file is read, guessed at and kept as tables do it (`record_files`); what becomes of a line is told before anything is
written, line by line. Lines of one order are its goods. Then they take the one path of all orders, so that the same file again
makes nothing new; how far it has come is kept, and a process that dies goes on where it stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Conflict, FileRefused, NotFound, Problem, ValidationFailed
from headrace.engine.flow import order_map, order_tables
from headrace.engine.flow.order_map import Taken
from headrace.engine.registry import connectors
from headrace.engine.service import audit, intake, record_files
from headrace.engine.service import sources as source_service
from headrace.engine.service.actor import Actor
from headrace.engine.service.intake import What
from headrace.engine.service.sources import Source
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, record_imports
from headrace.engine.store import sources as source_rows

AT_ONCE = 500
"""Orders that are taken in while the person waits; more go on in the background."""
SLICE = 100
STATUS = "intake"
"""An import under way that is none of a table."""

LINE = ("item.sku", "item.title", "item.quantity", "item.price")
"""Fields of one kind of goods: every line of an order adds one."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "platform_order_id": ("订单编号", "订单号", "平台订单号", "主订单编号", "order no", "order number", "order id"),
    "refund_id": ("退款单号", "退款编号", "售后编号", "售后单号", "refund no", "refund id"),
    "status_code": ("订单状态", "退款状态", "售后状态", "状态", "status", "state"),
    "created_at": ("订单创建时间", "下单时间", "创建时间", "申请时间", "order date", "created"),
    "paid_at": ("订单付款时间", "付款时间", "支付时间", "paid"),
    "updated_at": ("修改时间", "更新时间", "updated"),
    "buyer": ("收货人", "收货人姓名", "买家", "买家姓名", "客户", "buyer", "customer", "name"),
    "phone": ("联系手机", "联系电话", "手机", "手机号", "电话", "收货人电话", "phone", "mobile"),
    "address": ("收货地址", "收货人地址", "地址", "详细地址", "address"),
    "total": ("买家实际支付金额", "实付金额", "实付", "实付款", "订单金额", "金额", "总金额", "total", "amount"),
    "amount": ("退款金额", "amount"),
    "currency": ("币种", "currency"),
    "note": ("买家留言", "买家备注", "备注", "note"),
    "reason": ("退款原因", "售后原因", "原因", "reason"),
    "shop": ("店铺", "店铺名称", "shop"),
    "item.sku": ("商家编码", "sku", "sku编码", "规格编码", "商品编码", "货号"),
    "item.title": ("宝贝标题", "商品名称", "商品标题", "商品", "item", "title", "product"),
    "item.quantity": ("宝贝总数量", "商品数量", "数量", "quantity", "qty"),
    "item.price": ("单价", "商品价格", "商品单价", "price"),
}  # fmt: skip
"""How exports of shops call their columns; in small letters. The first that fits a column is proposed."""

_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_QUOTED = re.compile(r'="(.*)"')
_MONEY = frozenset({"total", "amount", "item.price"})


@dataclass(slots=True)
class _Order:
    """The lines of one order, read together."""

    line: int
    """The first of them."""
    payload: dict[str, Any]
    cells: Mapping[str, str]
    problems: list[Problem]


def fields(source: Source, what: What) -> dict[str, str]:
    """What a column can be: name → kind."""
    if what == "refund":
        return {name: kind for name, kind in order_map.REFUND_FIELDS.items() if name != "items"}
    known = {name: kind for name, kind in order_map.ORDER_FIELDS.items() if name != "items"}
    return known | {"item.sku": "text", "item.title": "text", "item.quantity": "number", "item.price": "money"}  # fmt: skip


# --- the file --------------------------------------------------------------------------------------


def upload(
    workspace: Workspace, actor: Actor, key: str, what: What, name: str, data: bytes
) -> dict[str, Any]:
    """Take a file and say what is in it: columns, what each seems to be, a few lines. Nothing is changed."""
    actor.require("records:write")
    if not data:
        raise FileRefused(expected="a file with orders", found="an empty file")
    header, rows = record_files.lines_of(data)
    import_id = workspace.id("imp")

    def write(connection: Connection) -> Source:
        source = _source(connection, key)
        table = _table(workspace, connection, source, what)
        now_ms = workspace.clock.now_ms()
        record_imports.forget(connection, now_ms - record_files.KEPT_MS)
        values = {
            "id": import_id, "table_no": table.no, "name": name, "created_by": actor.user_id, "created_at": now_ms,
            "data": data, "plan": {"source": key, "what": what}, "status": "mapped", "total": len(rows), "done_to": 0,
            "counts": {},
        }  # fmt: skip
        record_imports.insert(connection, values)
        return source

    source = workspace.writer.call(write)
    with workspace.read() as connection:
        before = record_imports.last_plan(connection, _table_no(connection, source, what), key)
    sample = [
        [_text(cell) for cell in [*cells, *[""] * (len(header) - len(cells))][: len(header)]]
        for _, cells in rows[:5]
    ]
    return {
        "id": import_id, "columns": header, "mapping": _guess(source, what, header, before), "total": len(rows),
        "sample": sample, "fields": [*fields(source, what)],
    }  # fmt: skip


def _guess(
    source: Source, what: What, header: Sequence[str], before: Mapping[str, Any]
) -> list[str | None]:
    """As it was the last time, else as the source's own map says, else by the names of shops' exports."""
    allowed = fields(source, what)
    last = before.get("columns") or {}
    own = {
        (told.get("from") if isinstance(told, Mapping) else told): name
        for name, told in (source.fields.get(what) or {}).items()
    }
    taken: set[str] = set()
    found: list[str | None] = []
    titles = {name: _titles(what, name) for name in allowed}
    for column in header:
        plain = column.strip().casefold()
        named = next(
            (name for name in allowed if plain in titles[name] and name not in taken), None
        )
        name = last.get(column, own.get(column, named))
        name = name if name in allowed and name not in taken else None
        found.append(name)
        if name:
            taken.add(name)
    return found


def _titles(what: What, name: str) -> set[str]:
    drawn = order_tables.ORDERS if what == "order" else order_tables.REFUNDS
    field = next((one for one in drawn["fields"] if one["name"] == name), None)
    titles = [str(title).casefold() for title in (field or {}).get("title", {}).values()]
    return {name, *titles, *KNOWN.get(name, ())}


# --- what would happen -----------------------------------------------------------------------------


def preview(
    workspace: Workspace, actor: Actor, key: str, import_id: str, plan: Mapping[str, Any]
) -> dict[str, Any]:
    """What taking it in would do, order by order; nothing is changed."""
    actor.require("records:write")
    with workspace.read() as connection:
        source, row = _found(connection, key, import_id)
        what = row.plan["what"]
        _mapped(source, what, plan)
        orders = list(_orders(record_imports.data(connection, import_id), what, plan["mapping"]))
        counts = dict.fromkeys(("created", "updated", "same", "wrong"), 0)
        errors: list[dict[str, Any]] = []
        for at in range(0, len(orders), SLICE):
            some = orders[at : at + SLICE]
            looked = intake.look(connection, source, what, _taken(source, what, some))
            for order, outcome in zip(some, looked, strict=True):
                problems = [*order.problems, *outcome.problems]
                counts["wrong" if problems else outcome.outcome] += 1
                errors += [_told(order, one) for one in problems][
                    : record_files.ERRORS_SHOWN - len(errors)
                ]
    return {"counts": counts, "errors": errors, "total": len(orders)}


def _told(order: _Order, problem: Problem) -> dict[str, Any]:
    name = problem.path.strip("/").split("/")[0]
    name = "status_code" if name == "state" else name
    return {
        "line": order.line, "field": name, "value": order.cells.get(name, "")[:100], "code": problem.code,
        "params": dict(problem.params), "message": problem.message,
    }  # fmt: skip


# --- taking in -------------------------------------------------------------------------------------


def apply(
    workspace: Workspace, actor: Actor, key: str, import_id: str, plan: Mapping[str, Any]
) -> dict[str, Any]:
    """Take it in. `wrong`: `stop` (one wrong line, and nothing is written) or `skip` (the others are)."""
    told = preview(workspace, actor, key, import_id, plan)
    bad = told["counts"]["wrong"]
    if bad and plan.get("wrong", "stop") == "stop":
        raise Conflict(
            expected="a file without a wrong line, or the choice to leave those out",
            found=f"{bad} wrong orders",
        )

    def begin(connection: Connection) -> int:
        source, row = _found(connection, key, import_id, lock=True)
        if not source.enabled or not (source.ways.get("file") or {}).get("enabled", True):
            raise Conflict(expected="a source that takes files", found="one that does not")
        if row.status != "mapped":
            raise Conflict(expected="an import that has not begun", found=row.status)
        header, _ = record_files.lines_of(record_imports.data(connection, import_id))
        columns = dict(zip(header, plan["mapping"], strict=False))
        kept = {**row.plan, "mapping": list(plan["mapping"]), "columns": columns}
        values = {"status": STATUS, "plan": kept, "counts": {}, "total": told["total"]}
        record_imports.update(connection, import_id, values)
        audit.note(
            connection, workspace, actor, "sources.file", key, name=row.name, total=told["total"]
        )
        total: int = told["total"]
        return total

    if workspace.writer.call(begin) <= AT_ONCE:
        while _slice(workspace, import_id):
            pass
    return detail(workspace, actor, key, import_id)


def detail(workspace: Workspace, actor: Actor, key: str, import_id: str) -> dict[str, Any]:
    """How far it is."""
    actor.require("records:write")
    with workspace.read() as connection:
        _, row = _found(connection, key, import_id)
    return {**record_files.shown(row), "status": "running" if row.status == STATUS else row.status}


def work(workspace: Workspace, slices: int = 4) -> int:
    """Go on with the files that are under way; answers how many orders were taken in."""
    with workspace.read() as connection:
        waiting = [row.id for row in record_imports.running(connection, STATUS)]
    return sum(_slice(workspace, import_id) for import_id in waiting for _ in range(slices))


def _slice(workspace: Workspace, import_id: str) -> int:
    """Take some orders in, and remember it after that: who dies between takes them in again, which changes nothing."""
    with workspace.read() as connection:
        row = record_imports.by_id(connection, import_id)
        if row is None or row.status != STATUS:
            return 0
        data = record_imports.data(connection, import_id)
        known = source_rows.find(connection, row.plan["source"])
    if known is None or not known.enabled:
        workspace.writer.call(lambda c: record_imports.update(c, import_id, {"status": "stopped"}))
        return 0
    source, what = source_service.source_of(known), row.plan["what"]
    orders = list(_orders(data, what, row.plan["mapping"]))
    some = orders[row.done_to : row.done_to + SLICE]
    with workspace.read() as connection:
        looked = intake.look(connection, source, what, _taken(source, what, some))
    good = [
        order
        for order, one in zip(some, looked, strict=True)
        if not order.problems and not one.problems
    ]
    raw = intake.Raw(data, {"file": row.name}) if row.done_to == 0 else None
    outcomes = intake.take(
        workspace, source.key, "file", [order.payload for order in good], kind=what, raw=raw,
        taken=_taken(source, what, good),
    )  # fmt: skip
    done = row.done_to + len(some)

    def write(connection: Connection) -> None:
        now = record_imports.by_id(connection, import_id, lock=True)
        if now is None or now.done_to != row.done_to:
            return  # another process was faster; what both took in is there once
        counts = dict(now.counts)
        states = ["wrong"] * (len(some) - len(good)) + [
            "wrong" if one.outcome == "exception" else one.outcome for one in outcomes
        ]
        for state in states:
            counts[state] = counts.get(state, 0) + 1
        values: dict[str, Any] = {"done_to": done, "counts": counts}
        if done >= len(orders):
            values |= {"status": "done", "ended_at": workspace.clock.now_ms()}
        record_imports.update(connection, import_id, values)

    workspace.writer.call(write)
    return len(some)


# --- reading ---------------------------------------------------------------------------------------


def _orders(data: bytes, what: What, mapping: Sequence[str | None]) -> Iterator[_Order]:
    """The orders of a file; lines of one number are one order, whose goods they add."""
    header, rows = record_files.lines_of(data)
    number = "platform_order_id" if what == "order" else "refund_id"
    found: dict[str, _Order] = {}
    for line, cells in rows:
        texts = [_text(cell) for cell in cells]
        values = {name: text for name, text in zip(mapping, texts, strict=False) if name and text}
        id_ = values.get(number, "")
        order = found.get(id_) if id_ else None
        if order is None:
            order = _Order(line, _payload(header, mapping, texts, values, what), values, [])
            found[id_ or f"\n{line}"] = order
            if _ROUNDED.fullmatch(id_):
                text = "A spreadsheet has rounded this number: make the column text there, and export it again."
                order.problems.append(
                    Problem(f"/{number}", "number_rounded", {"found": id_[:60]}, text)
                )
        if what == "order":
            order.problems += _item(order.payload, values)
    yield from found.values()


def _payload(
    header: Sequence[str],
    mapping: Sequence[str | None],
    cells: Sequence[str],
    values: Mapping[str, str],
    what: What,
) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    known = order_map.ORDER_FIELDS if what == "order" else order_map.REFUND_FIELDS
    for column, name, cell in zip(header, mapping, cells, strict=False):
        if not name and cell:  # what is no field is kept beside them
            payload[f"{column} *" if column in known or column == "state" else column] = cell
    for name, text in values.items():
        if name not in LINE:
            payload[name] = _amount(text) if name in _MONEY else text
    return payload


def _item(payload: dict[str, Any], values: Mapping[str, str]) -> list[Problem]:
    told = {name.removeprefix("item."): values[name] for name in LINE if name in values}
    if not told:
        return []
    row: dict[str, Any] = dict(told)
    problems: list[Problem] = []
    for name in ("quantity", "price"):
        if name in told:
            amount = _number(told[name])
            if amount is None:
                text = f"Expected a number, but found {told[name][:60]}."
                params = {"expected": "a number", "found": told[name][:60]}
                problems.append(Problem(f"/item.{name}", "type", params, text))
                continue
            whole = name == "quantity" and amount == amount.to_integral_value()
            row[name] = int(amount) if whole else amount
    payload.setdefault("items", []).append(row)
    return problems


def _text(cell: str) -> str:
    """As a person reads it: shops write `="123"` or `'123` so that a spreadsheet leaves a number alone."""
    text = cell.strip().strip("\t")
    quoted = _QUOTED.fullmatch(text)
    return quoted[1] if quoted else text.removeprefix("'")


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(_amount(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _amount(text: str) -> str:
    return text.lstrip("¥￥$").replace(",", "").removesuffix("元").strip()


def _taken(source: Source, what: What, orders: Sequence[_Order]) -> list[Taken]:
    """In our words. Codes of the platform count, and so do our own words for a state, in both languages."""
    connector = connectors().get(source.channel)
    listed: Mapping[str, str] = {}
    if connector is not None:
        listed = connector.statuses if what == "order" else connector.refund_statuses
    own = source.statuses.get(what) or {}
    statuses = {**order_tables.state_words(what), **listed, **own}
    about = {
        "channel": source.channel,
        "shop": source.shop,
        "fields": {},
        "statuses": {what: statuses},
    }
    return [order_map.take(order_map.safe(one.payload), None, about, what) for one in orders]


# --- rows ------------------------------------------------------------------------------------------


def _source(connection: Connection, key: str) -> Source:
    return source_service.read(connection, key)


def _table(workspace: Workspace, connection: Connection, source: Source, what: What) -> Any:
    key = source.order_table if what == "order" else source.refund_table
    drawn = order_tables.ORDERS if what == "order" else order_tables.REFUNDS
    source_service.draw(connection, key, drawn, workspace.clock.now_ms())
    return data_tables.find(connection, key)


def _table_no(connection: Connection, source: Source, what: What) -> int:
    table = data_tables.find(
        connection, source.order_table if what == "order" else source.refund_table
    )
    assert table is not None
    return table.no


def _found(
    connection: Connection, key: str, import_id: str, *, lock: bool = False
) -> tuple[Source, Any]:
    source = _source(connection, key)
    row = record_imports.by_id(connection, import_id, lock=lock)
    if row is None or row.plan.get("source") != key:
        raise NotFound(kind="import", id=import_id[:80])
    return source, row


def _mapped(source: Source, what: What, plan: Mapping[str, Any]) -> None:
    """Is every field known, and none twice?"""
    known, named = fields(source, what), [name for name in plan["mapping"] if name]
    wrong = [name for name in named if name not in known or named.count(name) > 1]
    if wrong:
        text = f"Expected each field once, of {', '.join(known)}, but found {wrong[0][:60]}."
        params = {"expected": ", ".join(known), "found": wrong[0][:60]}
        raise ValidationFailed(
            what="mapping", count=1, problems=[Problem("/mapping", "enum", params, text)]
        )

"""Ask or change a database of somebody else, in one transaction, with bound values only.

Whether a change may be repeated: the key of the visit is written into a table over there in the same transaction, so a
repetition finds it and changes nothing; or a unique key of the row itself tells; or nothing does, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headrace.engine.errors import AddressRefused
from headrace.engine.node import (
    ERROR,
    OUT,
    Context,
    Done,
    EffectClass,
    Failed,
    NodeType,
    NotSent,
    OutcomeUnknown,
    SqlStep,
    SqlWork,
)
from headrace.nodes._fields import (
    NAME,
    Problems,
    connection,
    evaluated,
    form,
    needed,
    pairs,
    policy,
    repeated,
    setting,
)

STEPS_MAX = 20
SQL_MAX = 8_000
COLUMN = "^[A-Za-z_][A-Za-z0-9_]{0,62}$"
TABLE = "^[A-Za-z_][A-Za-z0-9_]{0,62}(\\.[A-Za-z_][A-Za-z0-9_]{0,62})?$"


def run(context: Context) -> Done | Failed:
    """One transaction; all of it or nothing."""
    assert context.world is not None
    settings = context.settings
    account = context.world.connection(settings["connection"])
    if account.connector != "sql":
        found = f"Expected an SQL database, but connection {account.key} is {account.connector!r}."
        return Failed("wrong_connection", found)
    steps = _steps(context, account.settings.get("kind", "postgresql"))
    write = settings["action"] != "query"
    once = settings.get("once_by", "table") if write else ""
    work = SqlWork(steps, write, context.key if once == "table" else "", settings["timeout_s"])
    try:
        answer = context.world.sql(account, work)
    except NotSent as trouble:
        return Failed("not_sent", str(trouble), retryable=True)
    except OutcomeUnknown as trouble:
        return Failed("no_answer", str(trouble), retryable=once != "none", unknown=write)
    except AddressRefused as trouble:
        return Failed(trouble.code, trouble.message)
    if answer.code == "duplicate" and once == "unique":
        return Done(output={"rows": [], "count": 0, "again": True})
    if answer.code:
        return Failed(answer.code, answer.message, retryable=answer.retryable)
    return Done(output=dict(answer.output))


def _steps(context: Context, kind: str) -> list[SqlStep]:
    settings = context.settings
    params = evaluated(context, settings.get("params", ()))
    match settings["action"]:
        case "query":
            return [SqlStep(settings["sql"], params)]
        case "insert" | "upsert" | "update":
            return [_built(context, kind)]
        case _:
            return [
                SqlStep(row["sql"], params, row.get("name", ""), row.get("expect"))
                for row in settings["steps"]
            ]


def _built(context: Context, kind: str) -> SqlStep:
    """The statement of a form; names were checked by their patterns, values are bound."""
    settings = context.settings
    mark = "`" if kind == "mysql" else '"'

    def quoted(name: str) -> str:
        return ".".join(f"{mark}{part}{mark}" for part in name.split("."))

    values = evaluated(context, settings["values"])
    table, columns = quoted(settings["table"]), list(values)
    bound = {f"v_{name}": value for name, value in values.items()}
    if settings["action"] == "update":
        where = evaluated(context, settings["where"])
        bound |= {f"w_{name}": value for name, value in where.items()}
        changed = ", ".join(f"{quoted(name)} = :v_{name}" for name in columns)
        found = " AND ".join(f"{quoted(name)} = :w_{name}" for name in where)
        sql = f"UPDATE {table} SET {changed} WHERE {found}"  # noqa: S608 - names only, checked
        return SqlStep(sql, bound, "", settings.get("expect"))
    names = ", ".join(quoted(name) for name in columns)
    marks = ", ".join(f":v_{name}" for name in columns)
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - as above
    if settings["action"] == "upsert":
        keys = [name.strip() for name in settings["keys"].split(",")]
        others = [name for name in columns if name not in keys]
        if kind == "mysql":
            changed = ", ".join(f"{quoted(name)} = VALUES({quoted(name)})" for name in others)
            sql += f" ON DUPLICATE KEY UPDATE {changed or f'{quoted(keys[0])} = {quoted(keys[0])}'}"
        else:
            changed = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in others)
            sql += f" ON CONFLICT ({', '.join(map(quoted, keys))}) DO " + (
                f"UPDATE SET {changed}" if changed else "NOTHING"
            )
    return SqlStep(sql, bound)


# --- the type -----------------------------------------------------------------------------------

_READS = re.compile(r"\s*(select|with|values|table|show|explain)\b", re.IGNORECASE)


def check(settings: Mapping[str, Any]) -> Problems:
    """What each action needs."""
    match settings.get("action", "query"):
        case "query":
            problems = needed(settings, "sql")
            sql = settings.get("sql")
            if isinstance(sql, str) and sql.strip() and not _READS.match(sql):
                problems.append(
                    ("/sql", "setting_wrong", {"expected": "SELECT …", "found": sql[:40]})
                )
            return problems
        case "insert":
            return needed(settings, "table", "values")
        case "update":
            return needed(settings, "table", "values", "where")
        case "upsert":
            return needed(settings, "table", "values", "keys")
        case _:
            return needed(settings, "steps")


def _effect(settings: Mapping[str, Any]) -> EffectClass:
    if settings["action"] == "query":
        return "pure"
    return "once" if settings.get("once_by", "table") == "none" else "keyed"


ACTIONS = {
    "query": ("查询", "Query"),
    "insert": ("新增一行", "Insert a row"),
    "update": ("修改", "Update rows"),
    "upsert": ("新增或修改", "Insert or update"),
    "steps": ("一个事务里的多条语句", "Statements in one transaction"),
}
WRITES = ["insert", "update", "upsert", "steps"]

NODE = NodeType(
    name="database",
    title={"zh": "数据库", "en": "Database"},
    help={
        "zh": "查询或修改别的系统的数据库，例如库存表。一个事务里全部成功或全部不做，不会重复写入。",
        "en": "Asks or changes the database of another system, such as a table of stock. All of a transaction or nothing,"
        " and nothing twice.",
    },
    group="connect",
    icon="database",
    settings=form(
        ["connection", "action", "timeout_s", "attempts", "backoff_s"],
        connection=connection(
            ("连接", "Connection"),
            ("「SQL 数据库」类型的连接。", "A connection of the kind “SQL database”."),
        ),
        action=setting(
            ("做什么", "What to do"),
            ("写入需要连接允许。", "Writing needs a connection that may."),
            type="string",
            choices=ACTIONS,
            default="query",
        ),
        sql=setting(
            ("查询语句", "Query"),
            (
                "值写成 :名称，例如 SELECT * FROM stock WHERE sku = :sku。",
                "Values as :name, such as SELECT * FROM stock WHERE sku = :sku.",
            ),
            type="string",
            maxLength=SQL_MAX,
            widget="textarea",
            when={"action": ["query"]},
        ),
        steps=setting(
            ("语句", "Statements"),
            (
                "按顺序执行；要锁住一行，先 SELECT … FOR UPDATE。影响的行数与「期望行数」不同就全部撤销。",
                "In this order. To lock a row begin with SELECT … FOR UPDATE. Where the number of rows is not the one"
                " expected, all is undone.",
            ),
            type="array",
            maxItems=STEPS_MAX,
            items=form(
                ["sql"],
                sql=setting(
                    ("语句", "Statement"),
                    ("值写成 :名称。", "Values as :name."),
                    type="string",
                    minLength=1,
                    maxLength=SQL_MAX,
                    widget="textarea",
                ),
                name=setting(
                    ("结果名称", "Name of the result"),
                    ("取回的行存放在这个名称下。", "Its rows go under this name."),
                    type="string",
                    pattern=NAME,
                ),
                expect=setting(
                    ("期望行数", "Rows expected"),
                    ("不同就全部撤销。", "Another number undoes all."),
                    type="integer",
                    minimum=0,
                    maximum=100_000,
                ),
            ),
            when={"action": ["steps"]},
        ),
        table=setting(
            ("表", "Table"),
            ("例如 stock 或 shop.stock。", "Such as stock or shop.stock."),
            type="string",
            pattern=TABLE,
            when={"action": ["insert", "update", "upsert"]},
        ),
        values=pairs(
            ("列的取值", "Values"),
            ("列名和要写入的值。", "Columns and what is written."),
            names=COLUMN,
            when={"action": ["insert", "update", "upsert"]},
        ),
        where=pairs(
            ("哪些行", "Which rows"),
            ("列名和要相等的值。", "Columns and what they must equal."),
            names=COLUMN,
            when={"action": ["update"]},
        ),
        keys=setting(
            ("唯一键的列", "Columns of the unique key"),
            ("用逗号分开，例如 shop, order_no。", "Separated by commas, such as shop, order_no."),
            type="string",
            pattern="^[A-Za-z_][A-Za-z0-9_]{0,62}(\\s*,\\s*[A-Za-z_][A-Za-z0-9_]{0,62}){0,9}$",
            when={"action": ["upsert"]},
        ),
        expect=setting(
            ("期望行数", "Rows expected"),
            (
                "不同就撤销，并从「出错」离开。",
                "Another number undoes it, and it leaves by “On error”.",
            ),
            type="integer",
            minimum=0,
            maximum=100_000,
            when={"action": ["update"]},
        ),
        params=pairs(
            ("参数", "Values of the statements"),
            ("语句里 :名称 的取值。", "What stands for :name."),
            names=NAME,
            when={"action": ["query", "steps"]},
        ),
        once_by=setting(
            ("怎样防止重复", "How a repetition is known"),
            (
                "防重复的表：步骤的键与写入在同一个事务里，重复时什么也不做。唯一键：这一行已经有了就算做过。",
                "Table of keys: the step's key is written in the same transaction. Unique key: a row that is there was done.",
            ),
            type="string",
            choices={
                "table": ("防重复的表", "Table of keys"),
                "unique": ("这一行的唯一键", "The row's unique key"),
                "none": ("没有办法，由人处理", "Not at all: a person decides"),
            },
            default="table",
            when={"action": WRITES},
            advanced=True,
        ),
        timeout_s=setting(
            ("超时（秒）", "Time-out (s)"),
            ("整个事务最多用多久。", "The longest the whole transaction may take."),
            type="number",
            minimum=0.5,
            maximum=120,
            default=10,
            advanced=True,
        ),
        **repeated(),
    ),
    example={
        "connection": "stock",
        "action": "update",
        "table": "stock",
        "values": [{"name": "state", "value": "'checked'"}],
        "where": [{"name": "sku", "value": "order_no"}],
        "expect": 1,
        "timeout_s": 10,
        "attempts": 5,
        "backoff_s": 2,
    },
    ports=(OUT, ERROR),
    run=run,
    check=check,
    in_worker=True,
    attempts=lambda settings: int(settings["attempts"]),
    backoff_ms=lambda settings: round(settings["backoff_s"] * 1000),
    effect=_effect,
    policy=lambda settings: policy(
        settings,
        queue="database",
        connection=settings["connection"],
        operation="read" if settings["action"] == "query" else "write",
    ),
)

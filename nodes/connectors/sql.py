"""A database of somebody else: PostgreSQL, MySQL or MariaDB, SQLite. The node `database` asks it; nothing here speaks SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.connector import ConnectionInfo, Connector, Operation, Outside, Receipt
from headrace.nodes._fields import Problems, form, needed, setting

SERVERS = {"kind": ["postgresql", "mysql"]}


def test(connection: ConnectionInfo, outside: Outside) -> Receipt:
    """Connect, sign in, and ask for 1."""
    return outside.greet_database(connection)


def check(settings: Mapping[str, Any]) -> Problems:
    """Where it is, by its kind."""
    if settings.get("kind") == "sqlite":
        return needed(settings, "file")
    return needed(settings, "host", "database")


CONNECTOR = Connector(
    name="sql",
    title={"zh": "SQL 数据库", "en": "SQL database"},
    help={
        "zh": "别的系统的数据库：PostgreSQL、MySQL / MariaDB、SQLite。默认只读。",
        "en": "The database of another system: PostgreSQL, MySQL or MariaDB, SQLite. Read-only unless you say otherwise.",
    },
    icon="database",
    settings=form(
        ["kind"],
        kind=setting(
            ("种类", "Kind"),
            (
                "MySQL 需要安装时带上 mysql 附加包。SQLite 文件只能放在管理员允许的文件夹里。",
                "MySQL needs the extra package `mysql`. SQLite files stand below the folder an administrator allows.",
            ),
            type="string",
            choices={
                "postgresql": ("PostgreSQL", "PostgreSQL"),
                "mysql": ("MySQL / MariaDB", "MySQL / MariaDB"),
                "sqlite": ("SQLite 文件", "SQLite file"),
            },
            default="postgresql",
        ),
        host=setting(
            ("服务器", "Server"),
            (
                "主机名或 IP；内网地址要由管理员放行。",
                "A name or an IP; an administrator has to allow private addresses.",
            ),
            type="string",
            pattern="^[A-Za-z0-9.:_-]+$",
            maxLength=253,
            when=SERVERS,
        ),
        port=setting(
            ("端口", "Port"),
            ("留空表示 5432 或 3306。", "Empty: 5432 or 3306."),
            type="integer",
            minimum=1,
            maximum=65_535,
            when=SERVERS,
        ),
        database=setting(
            ("数据库", "Database"),
            ("数据库的名称。", "Its name on the server."),
            type="string",
            pattern="^[^\\s/\\\\?#]{1,128}$",
            when=SERVERS,
        ),
        file=setting(
            ("文件", "File"),
            (
                "允许的文件夹之下的路径，例如 shop/stock.db。",
                "A path below the allowed folder, such as shop/stock.db.",
            ),
            type="string",
            maxLength=300,
            when={"kind": ["sqlite"]},
        ),
        tls=setting(
            ("加密", "Encryption"),
            (
                "「要求」会核对服务器的证书。",
                "“Required” also proves the server's certificate.",
            ),
            type="string",
            choices={
                "require": ("要求", "Required"),
                "off": ("不加密（只适合内网）", "None (own network only)"),
            },
            default="require",
            when=SERVERS,
        ),
        write=setting(
            ("允许写入", "May write"),
            (
                "不允许时，每个事务都以只读方式打开。",
                "Unless it may, every transaction is opened read-only.",
            ),
            type="boolean",
            default=False,
        ),
        key_table=setting(
            ("防重复的表", "Table of keys"),
            (
                "对方库里的一张表，记下哪些步骤已经做过；与写入在同一个事务里。建表语句见 docs/rest-connectors.md。",
                "A table over there that notes which steps are done, in the same transaction as what they wrote;"
                " docs/rest-connectors.md has the statement that makes it.",
            ),
            type="string",
            pattern="^[A-Za-z_][A-Za-z0-9_]{0,62}$",
            default="headrace_done",
            advanced=True,
        ),
        rows_max=setting(
            ("最多行数", "Most rows"),
            ("一次查询最多取回多少行。", "So many rows a query brings back at most."),
            type="integer",
            minimum=1,
            maximum=10_000,
            default=1_000,
            advanced=True,
        ),
    ),
    secrets=form(
        username=setting(
            ("用户名", "User name"),
            ("最好是权限尽量少的专用用户。", "Best one of its own, with few rights."),
            type="string",
            maxLength=200,
        ),
        password=setting(
            ("密码", "Password"),
            ("与用户名一起使用。", "Goes with the user name."),
            type="string",
            maxLength=1_000,
        ),
    ),
    example={"kind": "postgresql", "host": "db.example.com", "database": "shop"},
    example_secrets={"username": "headrace", "password": "example-password"},
    operations=(
        Operation("read", {"zh": "查询", "en": "Read"}, "pure"),
        Operation("write", {"zh": "写入", "en": "Write"}, "keyed", key_field="key_table"),
    ),
    test=test,
    check=check,
)

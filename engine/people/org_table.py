"""People as a table: which columns there are, what a cell means, and what a table changes. Pure; files are read elsewhere.

A column that is missing changes nothing; an empty cell of a column that is there empties it. So a table can be brought again and
again: what is as it says stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from headrace.engine.people.directory import CHAIN_MAX

COLUMNS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    # what it is → (Chinese, English, other names it goes by)
    "login": ("登录名", "Sign-in name", ("账号", "工号", "用户名", "login", "username", "account")),
    "name": ("姓名", "Name", ("名字", "full name")),
    "email": ("邮箱", "E-mail", ("电子邮件", "邮件", "email", "mail")),
    "departments": ("部门", "Departments", ("所属部门", "department")),
    "head": ("部门负责人", "Head of department", ("负责人", "head", "是否负责人")),
    "posts": ("岗位", "Posts", ("职位", "职务", "post", "position", "title")),
    "supervisor": ("直属上级", "Supervisor", ("上级", "主管", "manager", "reports to")),
    "roles": ("角色", "Roles", ("主责角色", "role", "primary roles")),
    "backups": ("备份角色", "Backup roles", ("备岗", "backup", "backup role")),
    "active": ("状态", "State", ("在职状态", "status")),
}
REQUIRED = ("login", "name")

YES = {"是", "yes", "y", "true", "1"}
NO = {"", "否", "no", "n", "false", "0"}
HERE = {"", "在职", "是", "active", "启用", "yes", "true", "1"}
GONE = {"离职", "否", "left", "inactive", "停用", "no", "false", "0"}

NAMES_MAX = 20
"""Departments, posts or roles of one person."""

DEPTH_MAX = 20
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_SPLIT = re.compile(r"[;；、\n]")
_FORMULA = ("=", "@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell of a row."""

    field: str
    code: str
    params: Mapping[str, Any] = made(default_factory=dict)

    @property
    def message(self) -> str:
        """For those without translations."""
        return MESSAGES[self.code].format_map(dict(self.params))

    def as_json(self) -> dict[str, Any]:
        """As screens get it."""
        params = dict(self.params)
        return {"field": self.field, "code": self.code, "params": params, "message": self.message}


MESSAGES = {
    "cell_missing": "Expected a value, but found an empty cell.",
    "cell_too_long": "Expected at most {limit} characters, but found {found}.",
    "cell_formula": "Expected a value, but found a formula: {found}",
    "cell_control": "Expected a text, but found characters that no text has.",
    "cell_login": "Expected letters, digits and . _ @ -, but found {found}.",
    "cell_twice": "Expected each sign-in name once, but {found} was in line {line} already.",
    "cell_email": "Expected an address such as a@example.com, but found {found}.",
    "cell_department": "Expected a path such as Sales/East, at most {limit} deep, but found {found}.",
    "cell_many": "Expected at most {limit} names, but found {found}.",
    "cell_yes_no": "Expected yes or no, but found {found}.",
    "cell_state": "Expected active or left, but found {found}.",
    "cell_no_department": "Expected a department whose head this is, but found none.",
    "cell_role": "Expected a role that exists, but found {found}.",
    "cell_supervisor": "Expected the sign-in name of somebody who is here or in the file, but found {found}.",
    "cell_cycle": "Expected superiors that do not go in a circle, but found {found}.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody as they are now, in the words of the table."""

    name: str
    email: str = ""
    departments: tuple[str, ...] = ()
    head: bool = False
    posts: tuple[str, ...] = ()
    supervisor: str = ""
    roles: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, compared with what is there."""

    number: int
    state: str
    login: str
    name: str
    changes: tuple[tuple[str, Any, Any], ...] = ()
    errors: tuple[CellError, ...] = ()
    wanted: Mapping[str, Any] = made(default_factory=dict)


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Which column is what, by the names of the first line; those nobody knows are passed over."""
    names = {
        name.casefold(): key
        for key, (chinese, english, others) in COLUMNS.items()
        for name in (key, chinese, english, *others)
    }
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        key = names.get(_clean(cell).rstrip("*＊ ").casefold())
        if key is not None:
            found.setdefault(key, index)
    return found


def compare(
    rows: Iterable[tuple[int, Sequence[str]]],
    columns: Mapping[str, int],
    known: Mapping[str, Known],
    roles: Mapping[str, str],
    system_roles: Iterable[str] = (),
) -> list[Line]:
    """What each row changes. `known`: everybody, by sign-in name; `roles`: a role's key by each name it goes by."""
    reader = _Reader(columns, roles, frozenset(system_roles))
    lines = [reader.line(number, cells, known) for number, cells in rows]
    lines = _superiors_exist(lines, known)
    lines = _no_circles(lines, known)
    missing = sorted(
        login for login, one in known.items() if one.active and login not in reader.seen
    )
    after = max((line.number for line in lines), default=1)
    return lines + [
        Line(
            after + index, "left", login, known[login].name,
            (("active", True, False),), (), {"active": False, "missing": True},
        )
        for index, login in enumerate(missing, 1)
    ]  # fmt: skip


class _Reader:
    def __init__(
        self, columns: Mapping[str, int], roles: Mapping[str, str], system: frozenset[str]
    ) -> None:
        self.columns, self.roles, self.system = columns, roles, system
        self.seen: dict[str, int] = {}

    def line(self, number: int, cells: Sequence[str], known: Mapping[str, Known]) -> Line:
        errors: list[CellError] = []
        told = {
            name: self._cell(name, cells[index] if index < len(cells) else "", errors)
            for name, index in self.columns.items()
        }
        login = told.get("login", "")
        before = known.get(login)
        wanted = dict(self._read(told, before, errors))
        if login in self.seen and login:
            params = {"found": login, "line": self.seen[login]}
            errors.append(CellError("login", "cell_twice", params))
        self.seen.setdefault(login, number)
        name = str(wanted.get("name") or (before.name if before else ""))
        if errors:
            return Line(number, "error", login[:100], name[:200], (), tuple(errors))
        changes = tuple(_changes(before, wanted))
        state = "new" if before is None else "changed" if changes else "same"
        if ("active", True, False) in changes:
            state = "left"
        return Line(number, state, login, name, changes, (), wanted)

    def _cell(self, name: str, raw: str, errors: list[CellError]) -> str:
        cell = _clean(raw)
        limit = 1_000 if name in {"departments", "posts", "roles", "backups"} else 200
        if len(cell) > limit:
            errors.append(CellError(name, "cell_too_long", {"limit": limit, "found": len(cell)}))
        elif cell.startswith(_FORMULA):
            errors.append(CellError(name, "cell_formula", {"found": cell[:40]}))
        elif _CONTROL.search(cell):
            errors.append(CellError(name, "cell_control"))
        else:
            return cell
        return ""

    def _read(
        self, told: Mapping[str, str], before: Known | None, errors: list[CellError]
    ) -> Iterator[tuple[str, Any]]:
        """The values of a row; what is wrong goes into `errors`."""
        told_wrong = {error.field for error in errors}
        errors += [
            CellError(name, "cell_missing")
            for name in REQUIRED
            if not told.get(name) and name not in told_wrong and (name == "login" or not before)
        ]
        if told.get("login") and not _LOGIN.fullmatch(told["login"]):
            errors.append(CellError("login", "cell_login", {"found": told["login"][:40]}))
        if told.get("name"):
            yield "name", told["name"]
        if "email" in told:
            if told["email"] and not _MAIL.fullmatch(told["email"]):
                errors.append(CellError("email", "cell_email", {"found": told["email"][:40]}))
            yield "email", told["email"]
        paths: tuple[str, ...] = ()
        if "departments" in told:
            paths = tuple(self._paths(told["departments"], errors))
            yield "departments", paths
        if "head" in told:
            is_head = self._yes_no(told["head"], errors)
            main = paths if "departments" in told else before.departments if before else ()
            if is_head and not main:
                errors.append(CellError("head", "cell_no_department"))
            yield "head", is_head
        if "posts" in told:
            yield "posts", tuple(sorted(self._names("posts", told["posts"], errors)))
        if "supervisor" in told:
            yield "supervisor", told["supervisor"]
        for name in ("roles", "backups"):
            if name in told:
                yield name, tuple(sorted(self._roles(name, told[name], before, errors)))
        if "active" in told:
            state = told["active"].casefold()
            if state not in HERE | GONE:
                errors.append(CellError("active", "cell_state", {"found": told["active"][:40]}))
            yield "active", state not in GONE
        elif before is None:
            yield "active", True

    def _names(self, name: str, cell: str, errors: list[CellError]) -> list[str]:
        names = list(dict.fromkeys(part.strip() for part in _SPLIT.split(cell) if part.strip()))
        if len(names) > NAMES_MAX:
            errors.append(CellError(name, "cell_many", {"limit": NAMES_MAX, "found": len(names)}))
        return names[:NAMES_MAX]

    def _paths(self, cell: str, errors: list[CellError]) -> Iterator[str]:
        for text in self._names("departments", cell, errors):
            parts = [part.strip() for part in text.strip("/").split("/")]
            if not all(parts) or len(parts) > DEPTH_MAX:
                params = {"limit": DEPTH_MAX, "found": text[:60]}
                errors.append(CellError("departments", "cell_department", params))
            yield "/".join(parts)

    def _yes_no(self, cell: str, errors: list[CellError]) -> bool:
        if cell.casefold() not in YES | NO:
            errors.append(CellError("head", "cell_yes_no", {"found": cell[:40]}))
        return cell.casefold() in YES

    def _roles(
        self, name: str, cell: str, before: Known | None, errors: list[CellError]
    ) -> set[str]:
        found = set()
        for text in self._names(name, cell, errors):
            key = self.roles.get(text.casefold())
            if key is None or (name == "backups" and key in self.system):
                errors.append(CellError(name, "cell_role", {"found": text[:60]}))
            else:
                found.add(key)
        if name == "roles" and before is not None:  # a table never takes a right of the system away
            found |= self.system.intersection(before.roles)
        return found


def _changes(before: Known | None, wanted: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in COLUMNS:
        if name not in wanted or name == "login":
            continue
        old = getattr(before, name) if before is not None else None
        new = wanted[name]
        if before is None and new in ("", (), False):
            continue
        if old != new:
            yield name, _shown(old), _shown(new)


def _shown(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _superiors_exist(lines: list[Line], known: Mapping[str, Known]) -> list[Line]:
    """Whoever is named as a superior is here, or comes with the same file."""
    while True:
        here = set(known) | {line.login for line in lines if line.state != "error"}
        wrong = [
            index
            for index, line in enumerate(lines)
            if line.state != "error"
            and (above := line.wanted.get("supervisor"))
            and (above not in here or above == line.login)
        ]
        if not wrong:
            return lines
        for index in wrong:
            found = lines[index].wanted["supervisor"]
            lines[index] = _refused(lines[index], "cell_supervisor", found)


def _no_circles(lines: list[Line], known: Mapping[str, Known]) -> list[Line]:
    above = {login: one.supervisor for login, one in known.items() if one.supervisor}
    named = {
        line.login: index
        for index, line in enumerate(lines)
        if line.state != "error" and "supervisor" in line.wanted
    }
    above |= {login: lines[index].wanted["supervisor"] for login, index in named.items()}
    done: set[str] = set()
    for start in named:
        way = [start]
        while (next_ := above.get(way[-1])) and next_ not in way and next_ not in done:
            way.append(next_)
            if len(way) > 10 * CHAIN_MAX:
                break
        if next_ and next_ in way:
            circle = way[way.index(next_) :]
            text = " → ".join([*circle, next_])
            for login in circle:
                if login in named:
                    lines[named[login]] = _refused(lines[named[login]], "cell_cycle", text)
                    above.pop(login, None)
        done.update(way)
    return lines


def _refused(line: Line, code: str, found: str) -> Line:
    error = CellError("supervisor", code, {"found": found[:200]})
    return Line(line.number, "error", line.login, line.name, (), (error,))


def _clean(cell: str) -> str:
    """Without the blanks around it, and without the ' that keeps a spreadsheet from reading a formula."""
    cell = cell.replace("\u3000", " ").strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


# --- writing ---------------------------------------------------------------------------------------

SAMPLE: Sequence[Sequence[str]] = (
    ("zhangwei", "张伟", "zhangwei@example.com", "总公司/客服部", "是", "客服主管", "", "", "", "在职"),
    ("lina", "李娜", "lina@example.com", "总公司/客服部", "否", "客服专员", "zhangwei", "", "", "在职"),
    ("wangfang", "王芳", "", "总公司/财务部", "是", "财务经理;会计", "zhangwei", "", "", "在职"),
)  # fmt: skip
"""What a file looks like."""


def header(language: str = "zh") -> list[str]:
    """The first line."""
    return [zh if language == "zh" else en for zh, en, _ in COLUMNS.values()]


def row_of(login: str, one: Known) -> list[str]:
    """Somebody as a line of the table; what a spreadsheet would take for a formula gets a ' before it."""
    cells = {
        "login": login,
        "name": one.name,
        "email": one.email,
        "departments": ";".join(one.departments),
        "head": "是" if one.head else "否",
        "posts": ";".join(one.posts),
        "supervisor": one.supervisor,
        "roles": ";".join(one.roles),
        "backups": ";".join(one.backups),
        "active": "在职" if one.active else "离职",
    }
    ordered = [cells[name] for name in COLUMNS]
    return [f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in ordered]

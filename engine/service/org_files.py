"""Tables of people as files: CSV (UTF-8 and GBK, as Excel in China writes it) and XLSX, read and written.

Whatever comes is bounded before it is believed: bytes, what a zip unpacks to, lines, columns and letters of a cell.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from headrace.engine.errors import FileRefused

FILE_MAX_BYTES = 10_000_000
UNPACKED_MAX_BYTES = 100_000_000
"""What an XLSX may unpack to: a zip of 10 MB can hold gigabytes."""

PARTS_MAX = 1_000
ROWS_MAX = 20_000
COLUMNS_MAX = 50
CELL_MAX = 2_000

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Row = tuple[int, list[str]]
"""The number of the line in the file, and its cells."""


def read(data: bytes) -> tuple[list[str], list[Row]]:
    """The first line, and those below it that are not empty. Raises `FileRefused`."""
    if not data:
        raise FileRefused(expected="a file with people", found="an empty file")
    rows = lines(data)
    found: list[Row] = []
    header: list[str] | None = None
    for number, cells in rows:
        if number > 2 * ROWS_MAX or len(found) > ROWS_MAX:
            raise FileRefused(expected=f"at most {ROWS_MAX:,} lines", found="more")
        if not any(cells):
            continue
        if header is None:
            header = cells
        else:
            found.append((number, cells))
    if header is None:
        raise FileRefused(expected="a first line with the names of the columns", found="none")
    if len(found) > ROWS_MAX:
        raise FileRefused(expected=f"at most {ROWS_MAX:,} lines", found=f"{len(found):,}")
    return header, found


def lines(data: bytes) -> Iterator[Row]:
    """Every line of a file, whatever its kind; the caller bounds how many. Raises `FileRefused`."""
    return _xlsx(data) if data[:4] == b"PK\x03\x04" else _csv(data)


def _cells(values: Sequence[Any]) -> list[str]:
    cells = [_text(value)[: CELL_MAX + 1] for value in values[: COLUMNS_MAX + 1]]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > COLUMNS_MAX:
        raise FileRefused(expected=f"at most {COLUMNS_MAX} columns", found="more")
    return cells


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case int() | float():
            return str(value)
        case _:
            return f"={value}"[:CELL_MAX]  # an array formula, or something as strange


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        for cells in reader:
            yield reader.line_num, _cells(cells)
    except csv.Error as trouble:
        found = f"line {reader.line_num}: {trouble}"
        raise FileRefused(expected="a table as CSV", found=found) from None


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(expected="CSV in UTF-8 or GBK, or XLSX", found="something else")


def _xlsx(data: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise FileRefused(expected="an XLSX file", found="one that is damaged") from None
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > PARTS_MAX or unpacked > UNPACKED_MAX_BYTES:
        limit = f"a table that unpacks to at most {UNPACKED_MAX_BYTES // 1_000_000} MB"
        raise FileRefused(expected=limit, found=f"{unpacked // 1_000_000} MB in {len(parts)} parts")
    try:
        import openpyxl  # here: a start does without

        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of itself is not believed
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                yield number, _cells(values)
        finally:
            book.close()
    except FileRefused:
        raise
    except Exception as trouble:  # noqa: BLE001 - the library tells of damage in a dozen ways
        found = f"one that cannot be read ({type(trouble).__name__})"
        raise FileRefused(expected="an XLSX file", found=found) from None


# --- writing ---------------------------------------------------------------------------------------


def write(kind: str, rows: Iterable[Sequence[str]]) -> bytes:
    """The rows as a file. `kind`: csv, xlsx."""
    return _write_xlsx(rows) if kind == "xlsx" else _write_csv(rows)


def _write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")  # with its mark, so that Excel reads it as UTF-8


def _write_xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    import openpyxl  # here: a start does without

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("people")
    for row in rows:
        sheet.append(list(row))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()

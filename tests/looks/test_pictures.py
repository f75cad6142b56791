"""Sheets keep what was put on them, and only what differs is told."""

from __future__ import annotations

from pathlib import Path

from tests.looks.pictures import TILE, Grey, changed, cut, points, read_png, sheet, write_png


def plain(width: int, height: int, level: int) -> Grey:
    return Grey(width, height, bytes([level]) * (width * height))


def test_pictures_come_back_from_a_sheet_as_they_were(tmp_path: Path) -> None:
    rows = [[plain(33, 70, 10), plain(85, 64, 90)], [plain(33, 70, 200), plain(85, 64, 250)]]

    write_png(tmp_path / "sheet.png", sheet(rows))

    sizes = [[(each.width, each.height) for each in row] for row in rows]
    assert cut(read_png(tmp_path / "sheet.png"), sizes) == rows


def test_a_box_that_moved_is_told_by_its_squares_and_a_few_points_are_not() -> None:
    before = plain(40, 40, 255)
    box = bytearray(before.points)
    for y in range(TILE, 2 * TILE):
        box[y * 40 + TILE : y * 40 + 2 * TILE] = bytes(TILE)
    letters = bytearray(before.points)
    letters[0:5] = bytes(5)

    assert changed(before, Grey(40, 40, bytes(box))) == [(1, 1)]
    assert changed(before, Grey(40, 40, bytes(letters))) == []
    assert len(changed(before, plain(41, 40, 255))) == 6 * 5


def test_halves_are_rounded_as_a_browser_does() -> None:
    assert [points(each, 12) for each in (390, 1024, 1440, 1920)] == [33, 85, 120, 160]

"""Small grey pictures: made from screenshots, put on sheets, read from them, compared.

A sheet is an ordinary PNG that anyone can open: one screen, its languages and themes below each other, its widths side by side.
Written and read here, so that no imaging library is needed: eight bits of grey, no filter.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCALE = 12
"""One point of a sheet is twelve of the screen: words are grey bars, boxes and their places are clear, letters do not matter."""
GAP = 4
BETWEEN = 128
DIFFERS = 28
"""Levels of grey by which a point is another one; what letters and antialiasing do is less."""
TILE = 8
"""Points: differences are counted in squares of 96 pixels of the screen."""
TILE_DIFFERS = 10
"""Points of a square's 64 that must differ: a word more or less does, a cursor does not."""

SHRINK = """async ([data, scale]) => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + data)).blob());
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width / scale); canvas.height = Math.round(image.height / scale);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { data: points } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let n = 0; n < points.length; n += 4)
    text += String.fromCharCode(Math.round(points[n] * 0.3 + points[n + 1] * 0.59 + points[n + 2] * 0.11));
  return [canvas.width, canvas.height, btoa(text)];
}"""


@dataclass(frozen=True)
class Grey:
    """Points from the upper left, a byte each, 0 is black."""

    width: int
    height: int
    points: bytes

    def row(self, y: int) -> bytes:
        """One line of points."""
        return self.points[y * self.width : (y + 1) * self.width]


def points(pixels: int, scale: int) -> int:
    """As a browser rounds, up from the half."""
    return int(pixels / scale + 0.5)


def shrunk(helper: Any, png: bytes, scale: int) -> Grey:
    """A screenshot, so many times smaller; `helper` is any page of a browser."""
    width, height, told = helper.evaluate(SHRINK, [base64.b64encode(png).decode(), scale])
    return Grey(width, height, base64.b64decode(told))


def changed(before: Grey, now: Grey) -> list[tuple[int, int]]:
    """The squares (column, row) that look different; every square where the size is another."""
    columns, rows = -(-now.width // TILE), -(-now.height // TILE)
    if (before.width, before.height) != (now.width, now.height):
        return [(x, y) for y in range(rows) for x in range(columns)]
    counted: dict[tuple[int, int], int] = {}
    for place, (old, new) in enumerate(zip(before.points, now.points, strict=True)):
        if abs(old - new) > DIFFERS:
            y, x = divmod(place, now.width)
            tile = (x // TILE, y // TILE)
            counted[tile] = counted.get(tile, 0) + 1
    return sorted(tile for tile, points in counted.items() if points >= TILE_DIFFERS)


def sheet(rows: list[list[Grey]]) -> Grey:
    """Pictures on one, each row as high as its highest."""
    width = max(sum(each.width + GAP for each in row) for row in rows)
    lines: list[bytes] = []
    for row in rows:
        for y in range(max(each.height for each in row)):
            line = b"".join(
                (each.row(y) if y < each.height else bytes([BETWEEN]) * each.width)
                + bytes([BETWEEN]) * GAP
                for each in row
            )
            lines.append(line.ljust(width, bytes([BETWEEN])))
        lines += [bytes([BETWEEN]) * width] * GAP
    return Grey(width, len(lines), b"".join(lines))


def cut(whole: Grey, sizes: list[list[tuple[int, int]]]) -> list[list[Grey]]:
    """The pictures of a sheet again; those it does not reach to are empty."""
    found: list[list[Grey]] = []
    top = 0
    for row in sizes:
        left = 0
        pictures: list[Grey] = []
        for width, height in row:
            inside = left + width <= whole.width and top + height <= whole.height
            points = b"".join(
                whole.row(top + y)[left : left + width] for y in range(height if inside else 0)
            )
            pictures.append(Grey(width, height if inside else 0, points))
            left += width + GAP
        found.append(pictures)
        top += max(height for _, height in row) + GAP
    return found


def write_png(path: Path, picture: Grey) -> None:
    """Grey, eight bits."""
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + picture.row(y) for y in range(picture.height))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(lines, 9))
        + _chunk(b"IEND", b"")
    )


def read_png(path: Path) -> Grey:
    """Only what `write_png` wrote."""
    data, place, packed, width, height = path.read_bytes(), 8, b"", 0, 0
    while place < len(data):
        (length,), kind = struct.unpack(">I", data[place : place + 4]), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
            if body[8:] != b"\x08\x00\x00\x00\x00":
                raise ValueError(
                    f"expected a grey sheet of `make looks`, but found another PNG in {path.name}"
                )
        elif kind == b"IDAT":
            packed += body
        place += 12 + length
    lines = zlib.decompress(packed)
    return Grey(
        width,
        height,
        b"".join(lines[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)),
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""A fault of CPython 3.11 that threads meet which make syntax trees at the same time (its issue 106905, mended in 3.11.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")

TRIES = 5


def unraced(make: Callable[[], Made]) -> Made:
    """What `make` makes out of syntax trees.

    CPython counts the depth of all trees under construction in one place: two threads at once now and then end in
    `SystemError: AST constructor recursion depth mismatch`, which says nothing of what was read. Then it is made again.
    """
    for _ in range(TRIES - 1):
        try:
            return make()
        except SystemError:
            continue
    return make()

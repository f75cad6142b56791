"""Words that a record is found by, so that one, two or more Chinese characters are found alike on both databases.

A run of Chinese characters gives each pair of neighbours, and its last character alone: one character is then the beginning of
a word, two are a word, more are several. Letters and digits give the whole word (found by its beginning) and its last four
(how people ask for a phone number). Each word begins with the number of its table, so that tables do not share lists. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

WORDS_MAX = 400
"""Words of a record; a text beyond is found by its beginning."""

WORD_MAX = 40
TAIL = 4

_RUNS = re.compile(r"[0-9a-z]+|[^\W0-9_a-z]+", re.UNICODE)


def words_of(texts: Iterable[str], table_no: int) -> str:
    """All words of these texts, with spaces between."""
    found: dict[str, None] = {}
    for text in texts:
        for run in _runs(text):
            for word in _words(run):
                found[f"{table_no}z{word}"] = None
        if len(found) >= WORDS_MAX:
            break
    return " ".join(list(found)[:WORDS_MAX])


def asked(text: str, table_no: int) -> list[tuple[str, bool]]:
    """What a record must have, to be found by this: (word, is it only the beginning of one?). Empty: nothing to look for."""
    wanted: dict[tuple[str, bool], None] = {}
    for run in _runs(text[:200]):
        if _is_word(run):
            wanted[f"{table_no}z{run[:WORD_MAX]}", True] = None
        elif len(run) == 1:
            wanted[f"{table_no}z{run}", True] = None
        else:
            for word in _pairs(run):
                wanted[f"{table_no}z{word}", False] = None
    return list(wanted)[:20]


def _runs(text: str) -> list[str]:
    return _RUNS.findall(unicodedata.normalize("NFKC", text).casefold())


def _is_word(run: str) -> bool:
    return ord(run[0]) < 0x2E80


def _words(run: str) -> list[str]:
    if _is_word(run):
        word = run[:WORD_MAX]
        return [word, run[-TAIL:]] if len(run) > TAIL else [word]
    return [*_pairs(run), run[-1]]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]

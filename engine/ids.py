"""Ids: a short word for the kind and a UUID version 7 (RFC 9562), so that they sort by creation and index well."""

from __future__ import annotations

import random


def new_id(kind: str, now_ms: int, random_bytes: bytes | None = None) -> str:
    """`new_id("ins", now)` → `ins_019b…` (32 hex digits after the kind)."""
    # Unique, not secret: asking the system would hand the interpreter to another thread at every id.
    tail = int.from_bytes(random_bytes, "big") if random_bytes else random.getrandbits(80)
    rand_a, rand_b = (tail >> 62) & 0xFFF, tail & ((1 << 62) - 1)
    value = (now_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return f"{kind}_{value:032x}"

"""Values that not everybody may read in full: `x-mask` of a field, and the roles that may (`x-unmask`).

The stars are made on the server; the full value never leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

STARS = "****"


def masked(kind: str, value: Any) -> Any:
    """A value with its middle hidden; nothing stays nothing, and what is not text is hidden whole."""
    if value is None or value == "":
        return value
    if not isinstance(value, str):
        return STARS
    return MASKS.get(kind, _all)(value.strip())


def is_masked(field: Mapping[str, Any], roles: Collection[str]) -> bool:
    """Does somebody with these roles get stars here?"""
    return "x-mask" in field and not set(field.get("x-unmask", ())) & set(roles)


def _ends(text: str, first: int, last: int) -> str:
    if len(text) <= first + last:
        return STARS
    return text[:first] + "*" * max(4, len(text) - first - last) + (text[-last:] if last else "")


def _phone(text: str) -> str:
    return text[:3] + STARS + text[-4:] if len(text) >= 11 else _ends(text, 0, 2)


def _name(text: str) -> str:
    return text[:1] + "*" * min(max(len(text) - 1, 1), 2)


def _email(text: str) -> str:
    name, at, host = text.rpartition("@")
    return f"{name[:1]}***{at}{host}" if name else STARS


def _all(text: str) -> str:
    del text
    return STARS


MASKS: Mapping[str, Callable[[str], str]] = {
    "phone": _phone,  # 138****1234
    "id_card": lambda text: _ends(text, 6, 4),  # 110105********0034
    "bank_card": lambda text: _ends(text.replace(" ", ""), 0, 4),  # ***************1234
    "name": _name,  # 张*
    "email": _email,  # a***@example.com
    "address": lambda text: text[:6] + STARS if len(text) > 6 else STARS,  # 浙江省杭州市****
    "amount": _all,
    "all": _all,
}
"""Kind → how much of a text is left."""

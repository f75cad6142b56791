"""XML from anywhere, read safely: no entities, no DTD, bounded in size, depth and number of elements."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from headrace.engine.errors import FileRefused

BYTES_MAX = 10_000_000
DEPTH_MAX = 60
ELEMENTS_MAX = 100_000
"""Elements and their attributes' owners; the largest drawing people hand in has some 20,000."""


def parse(data: bytes) -> Element:
    """The root. Raises `FileRefused` that says where reading stopped."""
    if len(data) > BYTES_MAX:
        raise FileRefused(expected=f"at most {BYTES_MAX} bytes", found=str(len(data)))
    depth = count = 0
    root: Element | None = None
    try:
        events = iterparse(BytesIO(data), events=("start", "end"), forbid_dtd=True)
        for event, element in events:
            if event == "end":
                depth -= 1
                continue
            root = element if root is None else root
            depth, count = depth + 1, count + 1
            if depth > DEPTH_MAX:
                raise FileRefused(expected=f"at most {DEPTH_MAX} levels of XML", found="more")
            if count > ELEMENTS_MAX:
                raise FileRefused(expected=f"at most {ELEMENTS_MAX} XML elements", found="more")
    except ParseError as error:
        line, column = getattr(error, "position", (0, 0))
        place = f"line {line}, column {column + 1}"
        raise FileRefused(expected="XML", found=f"{str(error).split(':')[0]} in {place}") from None
    except DefusedXmlException as error:
        found = type(error).__name__.replace("Forbidden", "")
        raise FileRefused(expected="XML without a DTD or entities", found=found) from None
    except (ValueError, LookupError) as error:  # an encoding nobody knows
        raise FileRefused(expected="XML", found=str(error)[:100]) from None
    if root is None:
        raise FileRefused(expected="XML", found="nothing")
    return root


def split(tag: object) -> tuple[str, str]:
    """`{namespace}name` → (namespace, name). Comments and instructions have neither."""
    if not isinstance(tag, str):
        return "", ""
    if tag.startswith("{"):
        namespace, _, name = tag[1:].partition("}")
        return namespace, name
    return "", tag


def name_of(element: Element) -> str:
    """The name without its namespace."""
    return split(element.tag)[1]


def space_of(element: Element) -> str:
    """The namespace."""
    return split(element.tag)[0]


def below(element: Element) -> Iterator[Element]:
    """The element and all in it, outermost first."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(list(one)))


def text_of(element: Element | None) -> str:
    """All text in it, trimmed."""
    return "" if element is None else "".join(element.itertext()).strip()

"""Documents that fit the limits of those who take them. What is left out is counted, and never silently missing.

The time is linear in the document: every part is measured once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]

Cutter = Callable[[Document, int], tuple[Document, int, int]]
"""Takes a document and the bytes to leave out; returns the document without some parts, how many, and the bytes that
they had. It leaves out no more than it needs to, and may leave out fewer bytes where it has no more."""

LARGEST_TOLD = 250_000
"""Bytes of a document in the log and on EventBridge, where an entry has at most 256 KB with its envelope (EventBridge
API reference, PutEvents). A log event had the same limit and now has 1 MB (CloudWatch Logs API reference,
PutLogEvents); the smaller one holds wherever the log goes from there."""

LARGEST_ANSWER = 6_000_000
"""Bytes of what a function returns: at most 6 MB (Lambda developer guide, "Lambda quotas")."""

_MEASURED_APART = 3
"""How deep lists and objects are measured part by part, so that no text as long as the document is made."""


def size(value: Any, depth: int = _MEASURED_APART) -> int:
    """The bytes of the value as `json.dumps` writes it: in ASCII, which is never shorter than UTF-8."""
    if depth and value and isinstance(value, dict):
        return sum(len(json.dumps(key)) + 4 + size(part, depth - 1) for key, part in value.items())
    if depth and value and isinstance(value, list):
        return sum(2 + size(part, depth - 1) for part in value)
    return len(json.dumps(value))


def fitted(document: Document, largest_bytes: int, cutters: Mapping[str, Cutter]) -> Document:
    """The document, cut until it fits: by the first cutter as far as that goes, then by the next. `cut` then has how
    many parts each left out, by its name. If all of them are not enough, the result is larger."""
    excess = size(document) - largest_bytes
    if excess <= 0:
        return document
    cut: dict[str, int] = dict(document.get("cut", {}))
    excess += size({"cut": dict.fromkeys(cutters, 10**9)})
    for name, cutter in cutters.items():
        if excess <= 0:
            break
        document, count, freed = cutter(document, excess)
        if count:
            cut[name] = cut.get(name, 0) + count
            excess -= freed
    return {**document, "cut": cut}


def last_of(name: str, kept: int = 0) -> Cutter:
    """Leaves out the last ones of a list, or of the fields of an object; the first `kept` stay."""

    def cutter(document: Document, excess: int) -> tuple[Document, int, int]:
        left, count, freed = _without_last(document.get(name), excess, kept)
        return ({**document, name: left} if count else document), count, freed

    return cutter


def last_in_each(name: str, part: str) -> Cutter:
    """Leaves out the last ones of the list `part` of each element of `name`, and where that is no list, the part as
    such. `name` is a list of objects or an object of objects."""

    def cutter(document: Document, excess: int) -> tuple[Document, int, int]:
        count = freed = 0
        elements = document[name]
        keys = list(elements) if isinstance(elements, dict) else range(len(elements))
        left = elements.copy()
        for key in keys:
            if freed >= excess:
                break
            element = elements[key]
            if isinstance(element.get(part), list):
                fewer, taken, bytes_taken = _without_last(element[part], excess - freed, 0)
                left[key] = {**element, part: fewer}
            elif element.get(part) is not None:
                taken, bytes_taken = 1, size({part: element[part]})
                left[key] = {key: value for key, value in element.items() if key != part}
            else:
                continue
            count, freed = count + taken, freed + bytes_taken
        return {**document, name: left}, count, freed

    return cutter


def _without_last(parts: Any, excess: int, kept: int) -> tuple[Any, int, int]:
    """The first ones of a list or of an object's fields, how many are left out, and their bytes."""
    kind = dict if isinstance(parts, dict) else list
    items = list(parts.items()) if isinstance(parts, dict) else list(parts or ())
    freed, stay = 0, len(items)
    while stay > kept and freed < excess:
        stay -= 1
        freed += size(kind([items[stay]]))
    if freed and not stay:
        freed -= size(kind())
    return kind(items[:stay]), len(items) - stay, freed

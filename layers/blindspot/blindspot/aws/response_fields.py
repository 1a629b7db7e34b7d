"""Fields of AWS's responses. A field that is not as AWS documents it raises Malformed; nothing is guessed."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from blindspot.model.arn import is_arn

Answer = Mapping[str, Any]
T = TypeVar("T")
D = TypeVar("D")

_REQUIRED: Any = object()


class NoAnswer(Exception):
    """Raised if AWS responded, but without the expected data. The text becomes `Unreadable.error`."""


class Malformed(NoAnswer):
    """Raised if a field of a response is missing, has the wrong type, or names another resource than the one that was
    asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Malformed: {name}")


@overload
def field(answer: Answer, name: str, kind: type[T]) -> T: ...
@overload
def field(answer: Answer, name: str, kind: type[T], default: D) -> T | D: ...
def field(answer: Answer, name: str, kind: type[T], default: Any = _REQUIRED) -> Any:
    """The field with this name and type; `default`, if given, where it is missing. Raises Malformed."""
    value = answer.get(name)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(name)
    return value


def arn(answer: Answer, name: str) -> str:
    """An ARN: `arn:partition:service:region:account:resource`. Raises Malformed."""
    found = field(answer, name, str)
    if not is_arn(found):
        raise Malformed(name)
    return found


def number(answer: Answer, name: str) -> float:
    """A number, which the SDK may have parsed as an integer. Raises Malformed."""
    value = answer.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= sys.float_info.max:
        raise Malformed(name)
    return float(value)


def expect(answer: Answer, name: str, wanted: str) -> None:
    """Raises Malformed unless the field has this text: otherwise the response is not about what was asked for."""
    if field(answer, name, str) != wanted:
        raise Malformed(name)


def items(answer: Answer, name: str, default: Any = _REQUIRED) -> Sequence[Answer]:
    """A list of structures. Raises Malformed."""
    found = field(answer, name, list, default)
    if not all(isinstance(item, Mapping) for item in found):
        raise Malformed(name)
    return found


def texts(answer: Answer, name: str) -> tuple[str, ...]:
    """A list of texts. AWS may omit an empty one. Raises Malformed."""
    found = field(answer, name, list, [])
    if not all(isinstance(item, str) for item in found):
        raise Malformed(name)
    return tuple(found)


def time(answer: Answer, name: str) -> datetime | None:
    """A time in UTC; None where AWS omits it. Raises Malformed."""
    found = field(answer, name, datetime, None)
    try:
        return found.astimezone(UTC) if found else None
    except (OverflowError, ValueError):  # in the first or the last year that Python has
        raise Malformed(name) from None


def text(value: object) -> str:
    """A part of a response as JSON."""
    return json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)

r"""Names that others chose, made harmless for whoever reads them: a terminal, a log, a parser, a person.

AWS lets a name have line ends, escape sequences of a terminal, characters that reverse the direction of text, and
surrogates without their pair, which no UTF-8 can hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

ESCAPE = r"\\u[0-9a-f]{4}|\\U[0-9a-f]{8}"
"""A regular expression of the escapes."""


def harmless(text: str) -> str:
    r"""The text with an escape such as `\u001b` for every character that is not printable (`str.isprintable`).

    Those are controls, line ends, directions, lone surrogates, and blanks other than the space. Other text is returned
    as it is.
    """
    return text if text.isprintable() else text.translate(_SHOWN)


def harmless_json(value: Any) -> Any:
    """The same JSON value, with `harmless` applied to every text in it, names of fields too."""
    # Without comprehensions, each of which is a frame of its own: an event may be nested 500 deep.
    match value:
        case str():
            return harmless(value)
        case dict():
            fields = {}
            for key, part in value.items():
                fields[harmless(key)] = harmless_json(part)
            return fields
        case list() | tuple():
            parts = []
            for part in value:
                parts.append(harmless_json(part))  # noqa: PERF401
            return parts
        case _:
            return value


def harmless_dumps(value: Any, indent: int | None = None, default: Callable[[Any], str] | None = None) -> str:
    """The value as JSON text of printable ASCII, which a program reads back exactly as it was.

    default: how to write what JSON has no form for.
    """
    text = json.dumps(value, indent=indent, default=default)
    return text.replace("\x7f", "\\u007f")  # the one control that `dumps` leaves


class _Shown(dict[int, str]):
    """By code point, how it is shown. Each is worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        if chr(code).isprintable():
            self[code] = chr(code)
        else:
            self[code] = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
        return self[code]


_SHOWN = _Shown()

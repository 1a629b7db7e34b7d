"""What the Markdown of all documents is made of. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def left_out(cut: Mapping[str, int]) -> Iterator[str]:
    lines = (f"{code(name)}: {count}" for name, count in cut.items())
    yield from listed("Left out, because the document was too large", lines)


def listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"- {line}" for line in lines]
    if items:
        yield from (f"## {title}", "", *items, "")


def names_of(names: Iterable[str]) -> str:
    return ", ".join(map(plain, names))


def plain(text: str) -> str:
    """A sentence. Words in it that would be markup, a mention, a link or an emoji stand in code spans: there they are
    none of that, while an escaped @ still mentions somebody (GitHub looks for mentions in what was rendered)."""
    text = text.strip(" ")  # with blanks before it, a list or a block of code might begin
    begins_a_block = _BEGINS_A_BLOCK.match(text) is not None
    parts: list[str] = []
    held: list[str] = []
    open_braces = 0  # of those that are held: JSON or a filter pattern stays together
    for number, word in enumerate(text.split(" ")):
        if _MARKUP.search(word) or (begins_a_block and number == 0) or open_braces > 0:
            held.append(word)
            open_braces += word.count("{") - word.count("}")
            continue
        parts += [*_spans(held), word]
        held, open_braces = [], 0
    return " ".join([*parts, *_spans(held)])


_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~@&$^]|:(?=\S)(?!(?<=^\d\d:)\d\d\W?$)|www\.|GH-\d", re.IGNORECASE)
"""What makes a word more than text, in GitHub Flavored Markdown and in what GitHub makes of its result. A time such as
18:31 does not."""

_BEGINS_A_BLOCK = re.compile(r"[-+=]|\d+[.)]")
"""What begins a list or underlines a heading, at the beginning of a line."""


def _spans(words: list[str]) -> Iterator[str]:
    """These words as a code span, without the punctuation around them."""
    text = " ".join(words)
    if name := text.lstrip(_BEFORE).rstrip(_AFTER):
        before, _, after = text.partition(name)
        yield f"{before}{code(name)}{after}"
    elif words:
        yield text


_BEFORE, _AFTER = "(\"'", ".,:;)\"'"


def code(text: str) -> str:
    """The text in a code span, whose backticks are more than any in it (GitHub Flavored Markdown, 6.3 "Code spans")."""
    fence = "`" * _more_than_in(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{space}{text or '-'}{space}{fence}"


def json_block(data: Any) -> Iterator[str]:
    """A block of JSON."""
    yield from block(json.dumps(data, indent=2), "json")


def block(text: str, language: str = "") -> Iterator[str]:
    """A block of code."""
    fence = "`" * _more_than_in(text, 3)
    yield from (f"{fence}{language}", *text.split("\n"), fence)


def _more_than_in(text: str, least: int) -> int:
    return max([least, *(len(found) + 1 for found in re.findall("`+", text))])

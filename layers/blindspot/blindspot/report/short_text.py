"""Texts with a limit: a long name loses its middle before a sentence loses its end. Pure.

The length is that of the text in UTF-8. AWS documents "characters" and not how it counts them: no other count of one
text (code points, UTF-16) is larger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from blindspot.model.harmless import ESCAPE

DOTS = "..."

LONGEST_WORD = 60
"""A longer word is taken for a name, and shortened in the middle, to no less than this, before the text is cut."""


def length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def shortened(name: str, longest: int) -> str:
    """The name without its middle, so that its length is at most `longest`: its beginning and its end often tell it
    from others. An escape in it stays whole."""
    if length(name) <= longest:
        return name
    room = max(longest - len(DOTS), 0)
    units = _UNIT.findall(name)
    end = "".join(reversed(_fitting(reversed(units), room // 2)))
    begin = "".join(_fitting(units, room - length(end)))
    return f"{begin}{DOTS}{end}"[: max(longest, 0)]


_UNIT = re.compile(rf"{ESCAPE}|.", re.DOTALL)


def _fitting(units: Iterable[str], room: int) -> list[str]:
    """As many of the first ones as fit."""
    taken = []
    for unit in units:
        room -= length(unit)
        if room < 0:
            break
        taken.append(unit)
    return taken


def cut(text: str, longest: int) -> str:
    """The text, at most `longest` long: first its longest words are shortened in the middle as far as needed, then it
    ends after a word."""
    words = text.split(" ")
    excess = length(text) - longest
    for number in sorted(range(len(words)), key=lambda number: -length(words[number])):
        long = length(words[number])
        if excess <= 0 or long <= LONGEST_WORD:
            break
        words[number] = shortened(words[number], max(long - excess, LONGEST_WORD))
        excess -= long - length(words[number])
    text = " ".join(words)
    if excess <= 0:
        return text
    begin = "".join(_fitting(_UNIT.findall(text), longest - len(DOTS)))
    whole_words = begin if text[len(begin)] == " " else begin.rpartition(" ")[0]
    return f"{(whole_words or begin).rstrip(' ,.;:(')}{DOTS}"

"""The regular expressions of filter patterns, `%...%`, as automata.

Source: CloudWatch Logs user guide, "Supported regular expressions (regex) syntax". They have no groups, and
need no backtracking: an expression is a list of alternatives, and each of these a list of character sets with repeats.
The text is read one character at a time, so the time depends only on its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LARGEST = 400
"""Character sets in one expression, with bounded repeats written out."""

Ranges = tuple[tuple[int, int], ...]
_LAST = 0x10FFFF
_ANY: Ranges = ((0, _LAST),)
_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}


class RegexError(ValueError):
    """Raised for an expression that filter patterns do not allow. `at` is the index of the error in the expression."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class Step(NamedTuple):
    """One character set. `optional`: it may be missing. `repeated`: it may occur again."""

    ranges: Ranges
    optional: bool = False
    repeated: bool = False


class Alternative(NamedTuple):
    """A sequence of steps. `at_start`, `at_end`: whether it is anchored there with ^ and $."""

    steps: tuple[Step, ...]
    at_start: bool
    at_end: bool


class RegexAutomaton(NamedTuple):
    """The automaton of an expression. A state is the set of places that a match may have reached, as the bits of a
    number: one for each step, and one for the end of each alternative. MATCHED is a match, whatever follows.

    start: the places at the start of the text. anywhere: the starts of alternatives without ^, places at any time.
    sets: the bounds of each character set, with the places that test for it: a character is in the set if the number of
        bounds up to it is odd.
    optional, repeated: the places of such steps. ends: those of ends. open_ends: of the ends without $.
    """

    start: int
    anywhere: int
    sets: tuple[tuple[tuple[int, ...], int], ...]
    optional: int
    repeated: int
    ends: int
    open_ends: int

    def step(self, state: int, character: str) -> int:
        if state == MATCHED:
            return state
        code = ord(character)
        passed = 0
        for bounds, places in self.sets:
            if places & state and bisect_right(bounds, code) % 2:
                passed |= places & state
        return _settled(passed << 1 | passed & self.repeated | self.anywhere, self.optional, self.open_ends)

    def accepts(self, state: int) -> bool:
        return bool(state & self.ends)

    def named(self, state: int) -> Iterator[str]:
        return iter(())

    def ranges(self, state: int) -> Iterator[tuple[int, int]]:
        for bounds, places in self.sets if state != MATCHED else ():
            if places & state:
                yield from ((low, after - 1) for low, after in zip(bounds[::2], bounds[1::2], strict=True))

    def weight(self, state: int) -> int:
        return 2 + len(self.sets)

    def matches(self, text: str) -> bool:
        state = self.start
        for character in text:
            state = self.step(state, character)
        return self.accepts(state)


MATCHED = -1


def _settled(places: int, optional: int, open_ends: int) -> int:
    """The places, and those behind optional steps: adding the lowest place of a run of ones carries to its end."""
    places |= (optional + (places & optional)) ^ optional
    return MATCHED if places & open_ends else places


@lru_cache(maxsize=64)
def automaton(regex: str) -> RegexAutomaton:
    """The automaton of an expression. Raises RegexError."""
    start = anywhere = optional = repeated = ends = open_ends = 0
    sets: dict[Ranges, int] = {}
    place = 1
    for alternative in _alternatives(regex):
        start |= place
        anywhere |= 0 if alternative.at_start else place
        for step in alternative.steps:
            sets[step.ranges] = sets.get(step.ranges, 0) | place
            optional |= place * step.optional
            repeated |= place * step.repeated
            place <<= 1
        ends |= place
        open_ends |= 0 if alternative.at_end else place
        place <<= 1
    bounds = tuple((_bounds(ranges), places) for ranges, places in sets.items())
    return RegexAutomaton(_settled(start, optional, open_ends), anywhere, bounds, optional, repeated, ends, open_ends)


def _bounds(ranges: Ranges) -> tuple[int, ...]:
    """Where the set begins, ends, begins again and so on. Overlapping ranges are one."""
    bounds: list[int] = []
    for low, high in sorted(ranges):
        if bounds and low <= bounds[-1]:
            bounds[-1] = max(bounds[-1], high + 1)
        else:
            bounds += [low, high + 1]
    return tuple(bounds)


_ATOM = re.compile(
    r"\\x(?P<hex>[0-9A-Fa-f]{2})|\\(?P<class>[dDsSwW])|\\(?P<escaped>[\^$?\[\]{}|\\*+.:_#=@/;,\- ])|(?P<dot>\.)"
    r"|(?P<plain>[A-Za-z0-9:_#=@/;,\- ])"
)
_REPEAT = re.compile(r"[?*+]|\{([0-9]{1,9})(?:(,)([0-9]{0,9}))?\}")


def _alternatives(regex: str) -> Iterator[Alternative]:
    at = 0
    total = 0
    while True:
        steps: list[Step] = []
        at_start = regex.startswith("^", at)
        at += at_start
        at_end = False
        while at < len(regex) and regex[at] != "|":
            if regex[at] == "$" and (at + 1 == len(regex) or regex[at + 1] == "|"):
                at_end = True
                at += 1
                break
            ranges, at = _set(regex, at) if regex[at] == "[" else _single(regex, at)
            repeat = _REPEAT.match(regex, at)
            written = _repeated(ranges, repeat, at) if repeat else [Step(ranges)]
            at = repeat.end() if repeat else at
            total += len(written)
            if total > LARGEST:
                raise RegexError("This regular expression has more repeats than can be analyzed.", at)
            steps += written
        yield Alternative(tuple(steps), at_start, at_end)
        if at >= len(regex):
            return
        at += 1


def _single(regex: str, at: int) -> tuple[Ranges, int]:
    found = _ATOM.match(regex, at)
    if found is None:
        allowed = r"letters, digits, : _ # = @ / ; , - blanks, ^ $ ? [ ] { } | \ * + . and escapes"
        raise RegexError(
            f"A regular expression can have {allowed}; ^ only at the start and $ only at the end of an alternative.", at
        )
    return _ranges(found), found.end()


def _ranges(found: re.Match[str]) -> Ranges:
    if found["hex"]:
        return _just(chr(int(found["hex"], 16)))
    if found["class"]:
        ranges = _CLASSES[found["class"].lower()]
        return ranges if found["class"].islower() else _without(ranges)
    if found["dot"]:
        return _ANY
    return _just(found["escaped"] or found["plain"])


def _set(regex: str, at: int) -> tuple[Ranges, int]:
    """`[abc]`, `[a-z]`, `[^abc]`."""
    opened = at
    at += 1
    negated = regex.startswith("^", at)
    at += negated
    ranges: list[tuple[int, int]] = []
    while not regex.startswith("]", at) or not ranges:
        if at >= len(regex):
            raise RegexError("A set of characters must end with ].", opened)
        low, at = _member(regex, at)
        if regex.startswith("-", at) and not regex.startswith("-]", at) and len(low) == 1 and low[0][0] == low[0][1]:
            high, at = _member(regex, at + 1)
            if high[0][0] < low[0][0]:
                raise RegexError("A range of characters must go from the lower to the higher.", opened)
            low = ((low[0][0], high[0][1]),)
        ranges += low
    found = tuple(sorted(ranges))
    return (_without(found) if negated else found), at + 1


def _member(regex: str, at: int) -> tuple[Ranges, int]:
    found = _ATOM.match(regex, at)
    if found is not None and not found["dot"]:
        return _ranges(found), found.end()
    if at < len(regex) and regex[at] in "^$?{}|*+.[":
        return _just(regex[at]), at + 1
    raise RegexError("This character is not allowed in a set of characters.", min(at, len(regex) - 1))


def _repeated(ranges: Ranges, repeat: re.Match[str], at: int) -> list[Step]:
    sign = repeat.group()
    if sign == "?":
        return [Step(ranges, optional=True)]
    if sign == "*":
        return [Step(ranges, optional=True, repeated=True)]
    if sign == "+":
        return [Step(ranges), Step(ranges, optional=True, repeated=True)]
    least, comma, most = int(repeat[1]), repeat[2], repeat[3]
    if least > LARGEST or (most and not least <= int(most) <= LARGEST):
        raise RegexError("A repeat such as {2,5} must go from the smaller number to the larger.", at)
    steps = [Step(ranges)] * least
    if comma and not most:
        return [*steps, Step(ranges, optional=True, repeated=True)]
    return steps + [Step(ranges, optional=True)] * (int(most) - least if comma else 0)


def _just(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def _without(ranges: Ranges) -> Ranges:
    """Every character that is in none of these."""
    left: list[tuple[int, int]] = []
    begin = 0
    for low, high in sorted(ranges):
        if begin < low:
            left.append((begin, low - 1))
        begin = max(begin, high + 1)
    if begin <= _LAST:
        left.append((begin, _LAST))
    return tuple(left)

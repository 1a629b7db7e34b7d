"""The regular expressions of filter patterns, `%...%`, as automata.

Source: CloudWatch Logs user guide, "Supported regular expressions (regex) syntax". They have no groups, and
need no backtracking: an expression is a list of alternatives, and each of these a list of character sets with repeats.
The text is read one character at a time, so the time depends only on its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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

    def holds(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)


class Alternative(NamedTuple):
    """A sequence of steps. `at_start`, `at_end`: whether it is anchored there with ^ and $."""

    steps: tuple[Step, ...]
    at_start: bool
    at_end: bool


@dataclass(eq=False, repr=False)
class RegexAutomaton:
    """The deterministic automaton of an expression, built state by state as it is used. A state is the number of a set
    of places in the alternatives that a match may have reached."""

    alternatives: tuple[Alternative, ...]
    _places: list[frozenset[tuple[int, int]] | None] = field(default_factory=list)
    _numbers: dict[frozenset[tuple[int, int]] | None, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number(self._settled({(i, 0) for i in range(len(self.alternatives))}))

    def step(self, state: int, character: str) -> int:
        places = self._places[state]
        if places is None:
            return state
        code = ord(character)
        after = {(i, 0) for i, alternative in enumerate(self.alternatives) if not alternative.at_start}
        for i, at in places:
            steps = self.alternatives[i].steps
            if at < len(steps) and steps[at].holds(code):
                after |= {(i, at + 1), (i, at)} if steps[at].repeated else {(i, at + 1)}
        return self._number(self._settled(after))

    def accepts(self, state: int) -> bool:
        places = self._places[state]
        return places is None or any(at == len(self.alternatives[i].steps) for i, at in places)

    def named(self, state: int) -> Iterator[str]:
        return iter(())

    def ranges(self, state: int) -> Iterator[tuple[int, int]]:
        for i, at in self._places[state] or ():
            if at < len(self.alternatives[i].steps):
                yield from self.alternatives[i].steps[at].ranges

    def weight(self, state: int) -> int:
        return 1 + 4 * len(self._places[state] or ())

    def matches(self, text: str) -> bool:
        state = 0
        for character in text:
            state = self.step(state, character)
        return self.accepts(state)

    def _settled(self, places: set[tuple[int, int]]) -> frozenset[tuple[int, int]] | None:
        """The places, and those behind optional steps. None if it is a match, whatever follows."""
        waiting = list(places)
        while waiting:
            i, at = waiting.pop()
            steps = self.alternatives[i].steps
            if at == len(steps) and not self.alternatives[i].at_end:
                return None
            if at < len(steps) and steps[at].optional and (i, at + 1) not in places:
                places.add((i, at + 1))
                waiting.append((i, at + 1))
        return frozenset(places)

    def _number(self, places: frozenset[tuple[int, int]] | None) -> int:
        if places not in self._numbers:
            self._numbers[places] = len(self._places)
            self._places.append(places)
        return self._numbers[places]


@lru_cache(maxsize=64)
def automaton(regex: str) -> RegexAutomaton:
    """The automaton of an expression. Raises RegexError."""
    return RegexAutomaton(tuple(_alternatives(regex)))


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

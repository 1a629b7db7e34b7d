"""Automata for the values of a filter pattern: text with `*`.

A value is split at its `*` into pieces. The first piece must begin the string and the last must end it; each piece
between, and the last, stands at the leftmost place where it fits after the one before, and is never moved further
right. So `*111.111` does not match `111.111.111`. That is what TestMetricFilter was seen to do; it also makes every
value a deterministic automaton with one state for each character.

A state is an index into `steps`: the characters that lead somewhere particular from there, every other character
leading to `otherwise`. Keeping the two apart is what makes products of many automata small enough to walk through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

DEAD = -1


@dataclass(frozen=True, slots=True)
class Automaton:
    """A deterministic automaton; the start is state 0, and from DEAD nothing is ever accepted."""

    steps: tuple[dict[str, int], ...]
    otherwise: tuple[int, ...]
    accepting: frozenset[int]

    def step(self, state: int, character: str) -> int:
        return DEAD if state == DEAD else self.steps[state].get(character, self.otherwise[state])

    def matches(self, text: str) -> bool:
        state = 0
        for character in text:
            state = self.step(state, character)
            if state == DEAD:
                return False
        return state in self.accepting


@lru_cache(maxsize=4096)
def automaton(value: str, star_is_literal: bool = False) -> Automaton:
    """The automaton of a pattern's value; see the module. With `star_is_literal` only a `*` at either end is one."""
    first, *rest = _pieces(value, star_is_literal)
    steps: list[dict[str, int]] = [{character: index + 1} for index, character in enumerate(first)]
    otherwise = [DEAD] * len(first)
    for piece in rest:
        _append_search(piece, steps, otherwise)
    open_end = bool(rest) and not rest[-1]
    steps.append({})
    otherwise.append(len(first) + sum(map(len, rest)) if open_end else DEAD)
    return Automaton(tuple(steps), tuple(otherwise), frozenset({len(steps) - 1}))


def _pieces(value: str, star_is_literal: bool) -> list[str]:
    if not star_is_literal:
        return value.split("*")
    begins, ends = value.startswith("*"), value.endswith("*") and len(value) > 1
    return [""] * begins + [value[begins : len(value) - ends]] + [""] * ends


def _append_search(piece: str, steps: list[dict[str, int]], otherwise: list[int]) -> None:
    """Appends the states that look for the leftmost `piece` (Knuth, Morris and Pratt's automaton)."""
    base = border = len(steps)
    for index, character in enumerate(piece):
        fallback = steps[border] if index else {}
        border = fallback.get(character, base)
        steps.append({**fallback, character: base + index + 1})
        otherwise.append(base)


@dataclass(frozen=True, slots=True)
class Walk:
    """The strings found by `examples`, the steps that took, and whether they are all."""

    strings: tuple[str, ...]
    steps: int
    complete: bool


def examples(values: Sequence[tuple[str, bool]], budget: int) -> Walk:
    """A shortest string for every combination of these values that some string satisfies.

    Each value comes with its `star_is_literal`. The walk goes through the reachable states of the product of the
    values' automata, in at most `budget` steps: two strings in one state satisfy the same values.
    """
    exact = tuple(value for value, _ in values if "*" not in value)
    parts = [automaton(value, literal) for value, literal in values if "*" in value]
    if exact:
        parts.append(_any_of(exact))
    start = (0,) * len(parts)
    reached = {start}
    found: dict[tuple[int, ...], str] = {}
    waiting = deque([(start, "")])
    steps = 0
    while waiting:
        state, text = waiting.popleft()
        found.setdefault(
            tuple(at if at in part.accepting else DEAD for part, at in zip(parts, state, strict=True)), text
        )
        for character in _distinct(parts, state):
            steps += len(parts)
            if steps > budget:
                return Walk(tuple(found.values()), budget, complete=False)
            after = tuple([part.step(at, character) for part, at in zip(parts, state, strict=True)])
            if after not in reached:
                reached.add(after)
                waiting.append((after, text + character))
    return Walk(tuple(found.values()), steps, complete=True)


def _distinct(parts: Sequence[Automaton], state: tuple[int, ...]) -> Iterator[str]:
    """The characters that some part tells apart in this state, and one that none does."""
    named: dict[str, None] = {}
    for part, at in zip(parts, state, strict=True):
        if at != DEAD:
            named.update(dict.fromkeys(part.steps[at]))
    yield next(character for character in _ORDINARY if character not in named)
    yield from named


_ORDINARY = "X" + "".join(map(chr, range(ord("a"), ord("z") + 1))) + "".join(map(chr, range(0x100, 0x100 + 2000)))
"""Characters to stand for "any other"; more than a pattern of 1,024 characters can name."""


def _any_of(values: Sequence[str]) -> Automaton:
    """One automaton whose states tell apart these exact values, all their beginnings, and everything else."""
    steps: list[dict[str, int]] = [{}]
    ends = set()
    for value in values:
        state = 0
        for character in value:
            if character not in steps[state]:
                steps[state][character] = len(steps)
                steps.append({})
            state = steps[state][character]
        ends.add(state)
    return Automaton(tuple(steps), (DEAD,) * len(steps), frozenset(ends))

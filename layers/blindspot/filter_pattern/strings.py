"""Automata for the values of a filter pattern: text with `*`.

A value is split at its `*` into pieces. The string must begin with the first piece and end with the last. Every other
piece, and the last, is matched at the first place where it fits after the piece before, and at no later place. So
`*111.111` does not match `111.111.111`. That was recorded from TestMetricFilter. It also makes every value a
deterministic automaton with one state for each character.

A state is an index into `steps`, which maps some characters to the next state. Every other character leads to the state
in `otherwise`. With the two kept apart, products of many automata stay small enough to search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple, Protocol

DEAD = -1


class Automaton(NamedTuple):
    """A deterministic automaton. In the state DEAD it accepts nothing."""

    steps: tuple[dict[str, int], ...]
    otherwise: tuple[int, ...]
    accepting: frozenset[int]

    @property
    def start(self) -> int:
        return 0

    def step(self, state: int, character: str) -> int:
        return DEAD if state == DEAD else self.steps[state].get(character, self.otherwise[state])

    def accepts(self, state: int) -> bool:
        return state in self.accepting

    def weight(self, state: int) -> int:
        return 1

    def named(self, state: int) -> Iterable[str]:
        return () if state == DEAD else self.steps[state]

    def ranges(self, state: int) -> Iterable[tuple[int, int]]:
        return ()


def fits(value: str, text: str, star_is_literal: bool = False) -> bool:
    """Whether the text fits a pattern's value: what `automaton` accepts, without the automaton."""
    first, *rest = _pieces(value, star_is_literal)
    if not rest:
        return text == first
    at = len(first)
    if not text.startswith(first):
        return False
    for piece in rest:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not rest[-1] or at == len(text)


def automaton(value: str, star_is_literal: bool = False) -> Automaton:
    """The automaton of a pattern's value; see the module. `star_is_literal`: only a `*` at either end is a wildcard."""
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
    begins, ends = value.startswith("*"), value.endswith("*")
    return [""] * begins + [value[begins : len(value) - ends]] + [""] * ends


def _append_search(piece: str, steps: list[dict[str, int]], otherwise: list[int]) -> None:
    """Appends the states that search for the first `piece` (Knuth, Morris and Pratt's automaton)."""
    base = border = len(steps)
    for index, character in enumerate(piece):
        fallback = steps[border] if index else {}
        border = fallback.get(character, base)
        steps.append({**fallback, character: base + index + 1})
        otherwise.append(base)


class Walk(NamedTuple):
    """What `examples` returns: the strings, the steps it took, and whether there is one for every combination."""

    strings: tuple[str, ...]
    steps: int
    complete: bool


class Part(Protocol):
    """An automaton of a product.

    weight: how many steps of the budget one step from a state costs.
    named, ranges: the characters, and the ranges of code points, that the automaton tells apart in a state.
    """

    @property
    def start(self) -> Any: ...
    def step(self, state: Any, character: str) -> Any: ...
    def accepts(self, state: Any) -> bool: ...
    def weight(self, state: Any) -> int: ...
    def named(self, state: Any) -> Iterable[str]: ...
    def ranges(self, state: Any) -> Iterable[tuple[int, int]]: ...


def examples(
    parts: Sequence[Part], exact: Sequence[str], budget: int, spend: Callable[[int], None] = lambda steps: None
) -> Walk:
    """A shortest string for every combination of these automata and exact values that some string satisfies.

    It visits the reachable states of their product, in at most `budget` steps: two for each way on from a state, and
    the weights of its parts. `spend` is called with the steps as they
    are taken. Two strings that lead to one state satisfy the same automata.
    """
    parts = [*parts, _any_of(exact)] if exact else parts
    start = tuple([part.start for part in parts])
    reached = {start}
    found: dict[tuple[Hashable, ...], str] = {}
    waiting: deque[tuple[tuple[Any, ...], _Read]] = deque([(start, None)])
    steps = 0
    while waiting:
        state, read = waiting.popleft()
        satisfied = [part.accepts(at) for part, at in zip(parts, state, strict=True)]
        # Among the exact values, it matters which one it is.
        key = (*satisfied, state[-1] if exact and satisfied[-1] else DEAD)
        if key not in found:
            found[key] = _text(read)
        weight = 2 + sum([part.weight(at) for part, at in zip(parts, state, strict=True)])
        before = steps
        for character in _distinct(parts, state):
            steps += weight
            if steps > budget:
                spend(budget - before)
                return Walk(tuple(found.values()), budget, complete=False)
            after = tuple([part.step(at, character) for part, at in zip(parts, state, strict=True)])
            if after not in reached:
                reached.add(after)
                waiting.append((after, (read, character)))
        spend(steps - before)
    return Walk(tuple(found.values()), steps, complete=True)


_Read = tuple[Any, str] | None
"""What was read up to a state: what was read before, and one more character. Texts would take too much memory."""


def _text(read: _Read) -> str:
    characters = []
    while read is not None:
        read, character = read
        characters.append(character)
    return "".join(reversed(characters))


def _distinct(parts: Sequence[Part], state: tuple[Any, ...]) -> Iterator[str]:
    """One character for each possible next state: each character that is named, and one for each interval between the
    boundaries of the ranges."""
    named: dict[str, None] = {}
    boundaries = {0, _END}
    for part, at in zip(parts, state, strict=True):
        named.update(dict.fromkeys(part.named(at)))
        for low, high in part.ranges(at):
            boundaries |= {low, high + 1}
    yield from named
    for begin, end in pairwise(sorted(boundaries)):
        preferred = chain(_PLEASANT if begin < _AFTER_PLEASANT else (), map(chr, range(begin, end)))
        found = next((c for c in preferred if begin <= ord(c) < end and c not in named), None)
        if found is not None:
            yield found


_END, _AFTER_PLEASANT = 0x110000, 127
_PLEASANT = "Xabcdefghijklmnopqrstuvwyz0123456789" + "".join(map(chr, range(33, 127)))
"""Characters for an example, the preferred ones first, where several are possible."""


def _any_of(values: Sequence[str]) -> Automaton:
    """One automaton that tells apart these exact values, all their prefixes, and everything else."""
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

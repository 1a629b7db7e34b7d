"""Automata for values with `*`, against the rule in words, and against every short text."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_pattern import regexes
from filter_pattern.strings import DEAD, Automaton, Part, Walk, automaton, examples, fits

TEXTS = ["".join(letters) for length in range(6) for letters in product("xy", repeat=length)]
values = st.text("xy*", max_size=5)


def accepted(part: Part, text: str) -> bool:
    """Whether the automaton accepts the text."""
    state = part.start
    for character in text:
        state = part.step(state, character)
    return part.accepts(state)


def placed(pieces: list[str], text: str) -> bool:
    """The first piece begins the text; each other one stands at the leftmost place where it fits after the one before;
    and the last one, if it is not empty, ends the text."""
    first, *rest = pieces
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not rest[-1] or at == len(text)


@pytest.mark.parametrize("length", range(5))
def test_a_value_is_placed_as_far_left_as_it_fits(length: int) -> None:
    for letters in product("xy*", repeat=length):
        value = "".join(letters)
        for text in TEXTS:
            assert accepted(automaton(value), text) is placed(value.split("*"), text), (value, text)


@pytest.mark.parametrize(
    ("value", "fitting", "does_not_fit"),
    [
        ("x*y", ["x*y"], ["xy", "xzy", ""]),
        ("*", ["", "x", "*"], []),
        ("**", ["", "x", "*"], []),
        ("***", ["*", "x*y"], ["", "x"]),
        ("*x*y*", ["x*y", "1x*y2"], ["xy", "1x2y3"]),
        ("x*", ["x", "xy"], ["", "yx"]),
        ("*x", ["x", "yx"], ["", "xy"]),
        ("x", ["x"], ["", "xx", "*x"]),
    ],
)
def test_read_literally_only_a_star_at_either_end_stands_for_text(
    value: str, fitting: list[str], does_not_fit: list[str]
) -> None:
    literal = automaton(value, star_is_literal=True)
    assert [text for text in fitting + does_not_fit if accepted(literal, text)] == fitting


@given(values, st.text("xyz*", max_size=8))
def test_any_text_at_all(value: str, text: str) -> None:
    assert accepted(automaton(value), text) is placed(value.split("*"), text)


@given(values, st.text("xyz*", max_size=8), st.booleans())
def test_what_the_automaton_accepts_fits_without_it(value: str, text: str, literal: bool) -> None:
    assert fits(value, text, literal) is accepted(automaton(value, literal), text)


def test_a_piece_that_begins_like_itself_is_found_after_a_false_start() -> None:
    assert accepted(automaton("*xxy"), "xxxxy")
    assert accepted(automaton("*xyxyz*"), "xyxyxyz.")
    assert not accepted(automaton("*xxy"), "xxyxxx")


def test_from_dead_nothing_leads_on() -> None:
    only = automaton("x")
    assert only.step(0, "y") == DEAD
    assert only.step(DEAD, "x") == DEAD
    assert list(only.named(DEAD)) == []
    assert list(Automaton(({"x": 0},), (0,), frozenset()).named(DEAD)) == []
    assert not only.accepts(DEAD)
    assert not accepted(only, "yx")


def test_states_name_the_characters_that_lead_somewhere_particular() -> None:
    one = automaton("x*y")
    after_x = one.step(0, "x")
    assert list(one.named(0)) == ["x"]
    assert list(one.named(after_x)) == ["y"]
    assert one.step(after_x, "z") == after_x
    assert list(one.ranges(0)) == []
    assert one.weight(after_x) == 1
    assert [state for state in range(4) if one.accepts(state)] == [one.step(after_x, "y")]


def signature(parts: list[Part], exact: list[str], text: str) -> tuple[object, ...]:
    return (*(accepted(part, text) for part in parts), text if text in exact else None)


@given(st.lists(values, max_size=3), st.lists(st.text("xy", max_size=3), max_size=3, unique=True))
def test_every_combination_of_answers_has_a_shortest_example(stars: list[str], exact: list[str]) -> None:
    parts: list[Part] = [automaton(value) for value in stars]
    walk = examples(parts, exact, 100_000)
    found = {signature(parts, exact, text): text for text in walk.strings}
    assert walk.complete
    assert len(found) == len(walk.strings)
    for text in TEXTS:
        shortest = found[signature(parts, exact, text)]
        assert len(shortest) <= len(text)


@given(st.lists(values, min_size=1, max_size=3), st.lists(st.text("xy", max_size=3), max_size=2, unique=True))
def test_a_walk_takes_the_steps_that_it_says(stars: list[str], exact: list[str]) -> None:
    parts: list[Part] = [automaton(value) for value in stars]
    walk = examples(parts, exact, 100_000)
    assert examples(parts, exact, walk.steps) == walk
    short = examples(parts, exact, walk.steps - 1)
    assert short.complete is False
    assert short.steps == walk.steps - 1
    assert set(short.strings) <= set(walk.strings)
    for budget in (walk.steps, walk.steps - 1):
        spent: list[int] = []
        examples(parts, exact, budget, spent.append)
        assert sum(spent) == budget


def test_a_walk_of_nothing_finds_the_empty_text() -> None:
    assert examples([], [], 10) == Walk(("",), 2, complete=True)


def test_steps_weigh_what_their_states_do() -> None:
    class Heavy(Automaton):
        def weight(self, state: int) -> int:
            return 10 if state == 0 else 1

    # From the start "x" and another character, ten steps each; from "x" and from DEAD one character each. And two each.
    heavy = Heavy(({"x": 1}, {}), (DEAD, DEAD), frozenset({1}))
    assert examples([heavy], [], 100).steps == 12 + 12 + 3 + 3
    assert examples([heavy, automaton("x")], [], 100).steps == 13 + 13 + 4 + 4


@pytest.mark.parametrize(
    ("parts", "exact", "strings"),
    [
        ([automaton("x*")], [], {"", "x"}),
        ([automaton("ab")], [], {"", "ab"}),
        ([], ["ab", "a"], {"", "a", "ab"}),
        ([], ["", "b"], {"", "b", "X"}),
        ([automaton("*")], [""], {"", "X"}),
        ([automaton("X*")], [], {"", "X"}),
        ([automaton("*X*"), automaton("?*")], [], {"", "X", "?", "?X"}),
        ([regexes.automaton("^[b-d]$")], [], {"", "b"}),
        ([regexes.automaton(r"^[^\x21-\x7e]$")], [], {"", "\0"}),
        ([regexes.automaton(r"^\d$"), automaton("0")], [], {"", "0", "1"}),
        ([regexes.automaton(r"^[\x21-\x23]$"), automaton("!")], [], {"", "!", '"'}),
        ([regexes.automaton(r"^[^\x00]$")], [""], {"", "X", "\0"}),
        ([regexes.automaton("^[X]$"), automaton("X")], [], {"", "X"}),
        ([regexes.automaton("^[\\x20]$"), regexes.automaton("^[\\x20-\\x21]$")], [], {"", " ", "!"}),
    ],
)
def test_examples_are_short_and_readable(parts: list[Part], exact: list[str], strings: set[str]) -> None:
    assert set(examples(parts, exact, 1000).strings) == strings


def test_where_a_character_is_free_it_is_a_letter_that_nothing_names() -> None:
    parts: list[Part] = [regexes.automaton("^[a-c]{2}$"), automaton("a*"), automaton("*b")]
    assert examples(parts, [], 1000).strings == ("", "a", "b", "ab", "aa", "ba", "cb", "aXb")

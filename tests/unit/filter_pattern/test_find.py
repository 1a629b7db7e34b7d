"""Compares `find` with its definition: laws for any patterns, and a search of every event of a small schema."""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_pattern import (
    ALWAYS,
    ANYTHING,
    NEVER,
    And,
    Atom,
    Empty,
    Equals,
    Field,
    Found,
    Not,
    NotExists,
    Or,
    Predicate,
    Records,
    Undecided,
    find,
    parse,
    unseen,
)
from filter_pattern.conditions import OBSERVED, MatchesRegex, Reading
from filter_pattern.records import STRING
from tests.counting import calls_of
from tests.unit.filter_pattern.strategies import (
    EVENTS,
    NUMERIC_EVENTS,
    RECORDS,
    comparisons,
    patterns,
    predicates,
    starred,
)

NUMBER_READINGS = [Reading(null_differs=n, digits_are_numbers=d) for n in (False, True) for d in (False, True)]
READINGS = [Reading(star, null) for star in (False, True) for null in (False, True)]


@settings(max_examples=1500)
@given(predicates)
def test_agrees_with_a_search_of_every_small_event(predicate: Predicate) -> None:
    found = find(predicate, RECORDS)
    if isinstance(found, Found):
        assert predicate.matches(found.event)
        assert isinstance(found.event["b"], str)
    else:
        assert isinstance(found, Empty)
        assert not any(predicate.matches(event) for event in EVENTS)


def random_pattern(random: Random, depth: int = 2) -> Predicate:
    if depth and random.random() < 0.6:
        parts = [random_pattern(random, depth - 1) for _ in range(random.choice((2, 2, 3)))]
        return random.choice((And, Or))(*parts)
    text = "".join(random.choice("xy") for _ in range(random.randrange(3)))
    test = random.choice(
        (
            Equals(random.choice((text, f"{text}*", f"*{text}", f"*{text}*")), random.random() < 0.3),
            MatchesRegex(random.choice(("x+y", "^[^x]", "y$", "^x?y*$", "xx|yy")), random.random() < 0.3),
            NotExists(),
        )
    )
    return Atom(random.choice((("a",), ("b",))), test)


def test_ten_thousand_pairs_agree_with_a_search_of_every_small_event() -> None:
    random = Random(20261121)  # noqa: S311 (cases, not secrets)
    texts = ["".join(letters) for length in range(4) for letters in product("xy", repeat=length)]
    events = [{"a": a, "b": b} for a in texts for b in texts] + [{"b": b} for b in texts]
    for _ in range(10_000):
        required, covering = random_pattern(random), random_pattern(random)
        answer = unseen(required, [covering], RECORDS)
        if isinstance(answer, Found):
            assert required.matches(answer.event)
            assert not covering.matches(answer.event)
        else:
            assert answer == Empty()
            missed = (event for event in events if required.matches(event) and not covering.matches(event))
            assert next(missed, None) is None, (required, covering)


@settings(max_examples=300)
@given(patterns(starred), patterns(starred))
def test_what_is_found_is_unseen_under_every_reading(required: Predicate, covering: Predicate) -> None:
    found = unseen(required, [covering], RECORDS)
    if isinstance(found, Found):
        for reading in READINGS:
            assert required.matches(found.event, reading)
            assert not covering.matches(found.event, reading)
    elif isinstance(found, Empty):
        for event in EVENTS[::7]:
            assert covering.matches(event) or not required.matches(event)


@settings(max_examples=500)
@given(comparisons)
def test_numbers_agree_with_a_search_of_many_values(predicate: Predicate) -> None:
    answer = find(predicate, Records({}))
    if isinstance(answer, Found):
        assert all(predicate.matches(answer.event, reading) for reading in NUMBER_READINGS)
    for event in NUMERIC_EVENTS:
        found = [predicate.matches(event, reading) for reading in NUMBER_READINGS]
        if isinstance(answer, Empty):
            assert not any(found)
        elif not isinstance(answer, Found):
            assert not all(found)


@given(patterns(starred))
def test_a_pattern_covers_itself(pattern: Predicate) -> None:
    assert unseen(pattern, [pattern], RECORDS) == Empty()


@given(patterns(), patterns(), patterns())
def test_covering_is_transitive(one: Predicate, two: Predicate, three: Predicate) -> None:
    if unseen(one, [two], RECORDS) == unseen(two, [three], RECORDS) == Empty():
        assert unseen(one, [three], RECORDS) == Empty()


@given(patterns(), patterns(), patterns())
def test_two_patterns_cover_what_their_union_covers(required: Predicate, one: Predicate, two: Predicate) -> None:
    together = unseen(required, [one, two], RECORDS)
    assert isinstance(together, Empty) == isinstance(unseen(required, [Or(one, two)], RECORDS), Empty)


def field(name: str, value: str, negated: bool = False) -> Atom:
    return Atom(tuple(name.split(".")), Equals(value, negated))


ANYWHERE = Records({})


@pytest.mark.parametrize(
    ("predicate", "satisfiable"),
    [
        (ALWAYS, True),
        (NEVER, False),
        (And(field("a", "x*"), field("a", "*y")), True),
        (And(field("a", "x"), field("a", "y")), False),
        (And(field("a", "x"), field("a.b", "y")), False),  # a text has no fields of its own
        (And(field("a", "x", negated=True), field("a.b", "y")), False),  # nor is an object different from a text
        (And(Not(field("a", "x")), field("a.b", "y")), True),
        (And(Not(field("a", "*")), Not(field("a", "*", negated=True))), True),  # missing, null, an object
        (parse("{ $.a IS TRUE && $.a NOT EXISTS }"), False),
        (parse("{ $.a IS NULL || $.a IS FALSE }"), True),
    ],
)
def test_fields_about_which_nothing_is_known(predicate: Predicate, satisfiable: bool) -> None:
    answer = find(predicate, ANYWHERE)
    assert isinstance(answer, Found) is satisfiable
    if isinstance(answer, Found):
        assert predicate.matches(answer.event)


@pytest.mark.parametrize(
    "condition",
    [
        "$.a > 1e16",
        "$.a < -1e17",
        "$.a > 9007199254740992 && $.a < 9007199254740994",
        "$.a > 1e300 && $.a < 1.5e300",
        "$.a >= 0.1 && $.a < 0.2",
        "$.a > 5 && $.a < 6",
    ],
)
def test_large_and_close_numbers(condition: str) -> None:
    predicate = parse(f"{{ {condition} }}")
    answer = find(predicate, Records({}))
    assert isinstance(answer, Found)
    assert predicate.matches(answer.event)


def test_a_child_that_is_always_there_is_missing_where_its_parent_is_null() -> None:
    records = Records(
        {("p",): Field(frozenset({"object", "null"}), True), ("p", "c"): Field(frozenset({STRING}), True)},
        samples=({"p": {"c": "x"}},),
    )
    assert isinstance(find(Atom(("p", "c"), NotExists()), records), Found)


def test_a_star_inside_a_value_is_undecided_only_where_its_readings_differ() -> None:
    inside = field("a", "x*y")
    assert isinstance(unseen(field("a", "x*"), [inside], RECORDS), Found)
    assert isinstance(unseen(field("a", "xzy"), [inside], RECORDS), Undecided)
    assert unseen(inside, [field("a", "x*")], RECORDS) == Empty()


def test_events_look_like_the_samples_and_hold_the_examples() -> None:
    records = Records(
        {("code",): Field(frozenset({STRING}), examples=("DeniedReally",))},
        samples=({"code": "Other", "name": "Read"}, {"code": "Denied", "name": "Write"}),
    )
    assert find(field("name", "Write"), records) == Found({"code": "Denied", "name": "Write"})
    assert find(field("code", "Denied?*"), records) == Found({"code": "Denied?", "name": "Read"})
    assert find(field("code", "DeniedR*"), records) == Found({"code": "DeniedReally", "name": "Read"})


def test_a_constant_field_is_never_anything_else() -> None:
    records = Records({("region",): Field(frozenset({STRING}), always=True, values=("here",))})
    assert find(field("region", "there"), records) == Empty()
    assert find(field("region", "here", negated=True), records) == Empty()
    assert find(field("region", "h*"), records) == Found({"region": "here"})


HOSTILE: dict[str, Predicate] = {
    "a hundred alternatives": Or(*(field("a", f"{'v' * (i % 7)}alue{i}") for i in range(100))),
    "twenty wildcards on one field": And(*(field("a", f"*{chr(97 + i)}*") for i in range(20))),
    "twenty wildcards, none": Not(Or(*(field("a", f"*{chr(97 + i)}*") for i in range(20)), field("a", "*"))),
    "twenty fields": And(*(Or(field(f"f{i}", "x"), field(f"f{i + 1}", "y")) for i in range(20))),
    "a parity over fields": And(
        *(Or(And(field(f"f{i}", "x"), Not(field(f"f{i + 1}", "x"))), field(f"g{i}", "y")) for i in range(30))
    ),
    "one long value": field("a", "*" + "ab" * 500),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_predicates_end_soon(name: str) -> None:
    predicate = HOSTILE[name]

    def check() -> None:
        for records in (RECORDS, Records({}), Records({("a",): ANYTHING})):
            answer = find(predicate, records)
            assert not isinstance(answer, Found) or predicate.matches(answer.event, OBSERVED)

    assert calls_of(check) < 15_000_000


def test_over_the_budget_is_undecided_and_not_empty() -> None:
    impossible = And(*(field("a", f"*{chr(97 + i)}*") for i in range(20)), field("a", "*t*", negated=True))
    assert isinstance(find(impossible, RECORDS, budget=1000), Undecided)


@given(st.lists(patterns(), max_size=4))
def test_more_filters_never_match_less(covering: list[Predicate]) -> None:
    required = field("a", "x*")
    if isinstance(unseen(required, covering, RECORDS), Found):
        assert isinstance(unseen(required, covering[1:], RECORDS), Found)

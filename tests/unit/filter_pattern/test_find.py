"""Compares `find` with its definition: laws for any patterns, and a search of every event of a small schema."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_pattern import (
    ALWAYS,
    NEVER,
    And,
    Atom,
    Empty,
    Equals,
    Event,
    Field,
    Found,
    Is,
    Not,
    NotExists,
    Or,
    Predicate,
    Records,
    TextAtom,
    Undecided,
    atoms,
    equivalent,
    find,
    implies,
    parse,
    unseen,
)
from filter_pattern.conditions import UNDOCUMENTED, Reading
from filter_pattern.find import convincing
from filter_pattern.predicate import Word
from filter_pattern.records import STRING
from filter_pattern.steps import Steps
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


def test_over_the_budget_is_undecided_and_not_empty() -> None:
    impossible = And(*(field("a", f"*{chr(97 + i)}*") for i in range(20)), field("a", "*t*", negated=True))
    assert isinstance(find(impossible, RECORDS, budget=1000), Undecided)


def parity(length: int) -> Predicate:
    """Each g is x where exactly one of the g before it and of f is; and the last g cannot be."""
    parts: list[Predicate] = []
    for i in range(length):
        before, now, after = field(f"g{i}", "x"), field(f"f{i}", "x"), field(f"g{i + 1}", "x")
        parts += [Or(before, now, Not(after)), Or(before, Not(now), after)]
        parts += [Or(Not(before), now, after), Or(Not(before), Not(now), Not(after))]
    return And(*parts, field(f"g{length}", "x"), field(f"g{length}", "y"))


def test_a_rest_that_has_no_solution_is_not_tried_again() -> None:
    """Else the steps would grow with the number of ways to choose, a thousand, and not with that of rests, twenty."""
    assert find(parity(10), Records({}), budget=50_000) == Empty()


@given(st.lists(patterns(), max_size=4))
def test_more_filters_never_match_less(covering: list[Predicate]) -> None:
    required = field("a", "x*")
    if isinstance(unseen(required, covering, RECORDS), Found):
        assert isinstance(unseen(required, covering[1:], RECORDS), Found)


def test_two_predicates_are_equivalent_where_each_implies_the_other() -> None:
    one, other = field("a", "x*"), field("a", "x")
    assert implies(other, one, RECORDS)
    assert not implies(one, other, RECORDS)
    assert not equivalent(one, other, RECORDS)
    assert not equivalent(other, one, RECORDS)
    assert equivalent(one, Or(one, other), RECORDS)


def test_what_cannot_be_decided_is_not_proven() -> None:
    inside = field("a", "x*y")
    assert not implies(field("a", "xzy"), inside, RECORDS)
    one, other = (And(*(field("a", f"*{letter}*") for letter in letters)) for letters in ("pqrstuvw", "wvutsrqp"))
    assert equivalent(one, other, RECORDS)
    assert not equivalent(one, other, RECORDS, budget=1000)
    assert not implies(one, other, RECORDS, budget=1000)


@pytest.mark.parametrize("part", ["a text", None, 3])
def test_what_is_no_predicate_is_refused(part: object) -> None:
    with pytest.raises(TypeError, match="not a predicate"):
        find(And(ALWAYS, part), RECORDS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a predicate"):
        list(atoms(part))  # type: ignore[arg-type]


def test_atoms_are_every_test_wherever_it_stands() -> None:
    word, one, two = TextAtom(Word("x")), field("a", "x"), field("b", "y")
    pattern = parse('{ $.c.d = "z" }')
    whole = Or(And(one, Not(two)), Not(Or(word, pattern)), ALWAYS)
    assert list(atoms(whole)) == [one, two, word, field("c.d", "z")]


TEXT = frozenset({STRING})
NOTED = Records({("name",): Field(TEXT, always=True)}, samples=({"name": "v"},), spare="note")
BARE = Records({("name",): Field(TEXT, always=True)}, samples=({"name": "v"},))


@pytest.mark.parametrize(
    ("pattern", "records", "event"),
    [
        # Words go into the spare field; without one no example can be made.
        ("Denied", NOTED, {"name": "v", "note": "Denied"}),
        ("Denied Root", NOTED, {"name": "v", "note": "Denied Root"}),
        ("Denied", BARE, Undecided),
        ("Denied", Records({}, spare="note"), {"note": "Denied"}),
        ("?Denied ?Root", NOTED, {"name": "v", "note": "Root"}),
        ("-Denied", NOTED, {"name": "v"}),
        ("name", NOTED, {"name": "v"}),
        ("am", NOTED, {"name": "v"}),  # a part of a name stands there as well
        ("-name", NOTED, Empty),
        ("-am", NOTED, Empty),
        ("v", NOTED, {"name": "v"}),
        ("-v", NOTED, Undecided),  # no field is asked about, so none is changed
        ("%Denied|Root%", BARE, Undecided),
        ("%^Denied%", NOTED, Undecided),
        ("%name|Denied%", BARE, {"name": "v"}),
        ('-"not found"', NOTED, {"name": "v"}),
        # What a wildcard selects is put where it is; a wildcard at the top, into the spare field.
        ("{ $.a[*] = x }", BARE, {"name": "v", "a": ["x"]}),
        ("{ $.a[*].b = x }", BARE, {"name": "v", "a": [{"b": "x"}]}),
        ("{ $.a[*].b[0] = x }", BARE, {"name": "v", "a": [{"b": ["x"]}]}),
        ("{ $.a[*].b.c = x }", BARE, {"name": "v", "a": [{"b": {"c": "x"}}]}),
        ("{ $.a.b[*] = x }", BARE, {"name": "v", "a": {"b": ["x"]}}),
        ("{ $.a[*] > 5 }", BARE, {"name": "v", "a": [6]}),
        ("{ $.a[*] IS NULL }", BARE, {"name": "v", "a": [None]}),
        ("{ $.* = x }", NOTED, {"name": "v", "note": "x"}),
        ("{ $.* = x }", BARE, Undecided),
        ("{ $.*.b = x }", NOTED, {"name": "v", "note": {"b": "x"}}),
        ("{ $.a[*] NOT EXISTS }", BARE, {"name": "v"}),
        ("{ $.name[*] = x }", BARE, Empty),  # a text has no elements
        ("{ $.name[*] NOT EXISTS }", BARE, {"name": "v"}),
        ("{ $.name[*] != x }", BARE, Empty),
        ("{ $.name[*] != x || $.name = w }", BARE, {"name": "w"}),
        ("{ $.name[*] NOT EXISTS && $.name = w }", BARE, {"name": "w"}),
        ("{ $.a[*] = x && $.name = w }", BARE, {"name": "w", "a": ["x"]}),
        ("{ $.a[*] = x || $.name = w }", BARE, {"name": "v", "a": ["x"]}),
        # Positions
        ("{ $.a[2] = x }", BARE, {"name": "v", "a": [None, None, "x"]}),
        ("{ $.a[0] = x && $.a[1] = y }", BARE, {"name": "v", "a": ["x", "y"]}),
        ("{ $.a[1].b = x }", BARE, {"name": "v", "a": [None, {"b": "x"}]}),
        ("{ $.a[1000] = x }", BARE, {"name": "v", "a": [*[None] * 1000, "x"]}),
        ("{ $.a[1001] = x }", BARE, Undecided),
        ("{ $.a[1001] NOT EXISTS && $.name = w }", BARE, Undecided),
        ("{ $.a.b.c = x && $.a.d = y }", BARE, {"name": "v", "a": {"b": {"c": "x"}, "d": "y"}}),
    ],
)
def test_words_wildcards_and_positions(pattern: str, records: Records, event: object) -> None:
    answer = find(parse(pattern), records)
    if isinstance(event, type):
        assert isinstance(answer, event)
        if isinstance(answer, Undecided):
            assert "no example event was found" in answer.reason
            assert not answer.too_large
    else:
        assert answer == Found(event)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("required", "covering", "answer"),
    [
        ('{ $.name = "Denied*" }', "Denied", Empty),
        ('{ $.name = "Denied*" }', "?Denied ?Root", Empty),
        ('{ $.name = "Den*" }', "Denied", Found),
        ('{ $.other = "*Denied" }', "%Denied|Root%", Empty),
        ('{ $.other = "*Root" || $.name = "Denied" }', "%Denied|Root%", Empty),
        ('{ $.other = "*Root" || $.name = "Denied" }', "Denied Root", Found),
        ('{ $.name = "Denied" }', '"not found"', Found),
        ('{ $.a[0] = "Denied" || $.a.b = "Denied" }', "Denied", Empty),
        ("{ $.name = x }", "-Root", Found),
    ],
)
def test_words_are_enough_where_a_field_holds_them(required: str, covering: str, answer: type) -> None:
    assert isinstance(unseen(parse(required), [parse(covering)], NOTED), answer)


@pytest.mark.parametrize(
    ("sample", "condition", "event"),
    [
        ({}, "$.a = x", {"a": "x"}),
        ({}, "$.a.b = x", {"a": {"b": "x"}}),
        ({"a": {"c": 1}}, "$.a.b = x", {"a": {"c": 1, "b": "x"}}),
        ({"a": "text"}, "$.a.b = x", {"a": {"b": "x"}}),
        ({"a": ["p"]}, "$.a[2] = x", {"a": ["p", None, "x"]}),
        ({"a": ["p", "q"]}, "$.a[0] = x", {"a": ["x", "q"]}),
        ({"a": {"b": 1}}, "$.a[0] = x", {"a": ["x"]}),
        ({"a": 1, "b": 2}, "$.a NOT EXISTS", {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, "$.a.b NOT EXISTS", {"a": {"c": 2}}),
        ({"a": {"b": 1}}, "$.a.b NOT EXISTS && $.a.c = x", {"a": {"c": "x"}}),
        ({"b": 1}, "$.a.c NOT EXISTS && $.b = x", {"b": "x"}),
        ({"a": {"b": {"c": 1}}}, "$.a.b.d = x", {"a": {"b": {"c": 1, "d": "x"}}}),
        ({"a": "z"}, "$.a IS NULL", {"a": None}),
        ({"a": {"b": 1}}, "$.a = x", {"a": "x"}),
    ],
)
def test_a_sample_is_changed_where_it_has_to_be_and_nowhere_else(
    sample: dict[str, object], condition: str, event: dict[str, object]
) -> None:
    before = copy.deepcopy(sample)
    answer = find(parse(f"{{ {condition} }}"), Records({}, samples=(sample,)))
    assert isinstance(answer, Found)
    assert parse(f"{{ {condition} }}").matches(answer.event)
    assert answer.event == event
    assert sample == before


def test_of_the_samples_the_one_that_agrees_best_is_changed() -> None:
    samples = ({"a": "1", "b": "1", "n": 1}, {"a": "x", "b": "1", "n": 2}, {"a": "x", "b": "2", "n": 3})
    wanted = And(field("a", "x"), field("b", "y"), field("c", "z"))
    assert find(wanted, Records({}, samples)) == Found({"a": "x", "b": "y", "c": "z", "n": 2})
    assert find(field("b", "2"), Records({}, samples)) == Found(samples[2])
    assert find(And(wanted, field("b", "1")), Records({}, samples)) == Empty()


def test_a_sample_that_does_as_it_is_is_found_whatever_the_budget() -> None:
    assert find(ALWAYS, Records({}, ({"a": 1},)), budget=0) == Found({"a": 1})
    assert find(field("b", "zz"), RECORDS, budget=0) == Found({"b": "zz"})


def test_what_holds_of_every_event_holds_of_what_is_found() -> None:
    records = Records({("a",): Field(TEXT)}, where=Not(field("a", "x")))
    assert find(field("a", "x"), records) == Empty()
    assert find(field("a", "x*"), records) == Found({"a": "xX"})


@pytest.mark.parametrize(
    ("covering", "readings"),
    [
        ("$.a = x*y", ["star_is_literal"]),
        ("$.a != x*y", ["star_is_literal"]),  # the field is never null, true or false
        ("$.n != x", ["null_differs"]),
        ("$.d = 12", ["digits_are_numbers"]),
        ("$.n != x && $.d = 12", ["digits_are_numbers", "null_differs"]),
    ],
)
def test_undecided_names_what_the_answer_depends_on(covering: str, readings: list[str]) -> None:
    required = And(field("a", "xzy"), Atom(("n",), Is(None)), field("d", "12"))
    answer = unseen(required, [parse(f"{{ {covering} }}")], Records({("d",): Field(TEXT), ("a",): Field(TEXT)}))
    assert isinstance(answer, Undecided)
    assert answer.reason == "AWS does not document " + ", or ".join(UNDOCUMENTED[reading] for reading in readings)
    assert not answer.too_large


def test_what_cannot_matter_is_not_named_as_undocumented() -> None:
    """!= of a field that is never null, true or false."""
    records = Records({("a",): Field(frozenset({STRING, "number"}))})
    assert unseen(field("a", "x*"), [field("a", "y", negated=True)], records) == Empty()
    assert isinstance(find(Not(Or(field("a", "y"), field("a", "y", negated=True))), records), Found)


def test_where_a_field_has_to_hold_what_it_cannot_there_is_no_event() -> None:
    records = Records({("a",): Field(always=True)})
    assert find(field("a", "x"), records) == Empty()
    assert find(Not(field("a", "x")), records) == Empty()


@pytest.mark.parametrize("always", [True, False])
def test_of_a_text_that_is_always_there_different_is_not_equal(always: bool) -> None:
    records = Records({("a",): Field(TEXT, always=always)}, samples=({"a": "s"},))
    different = field("a", "x", negated=True)
    assert implies(Not(field("a", "x")), different, records) is always
    assert implies(different, Not(field("a", "x")), records)
    assert find(And(different, field("a", "x*")), records) == Found({"a": "xX"})
    assert find(And(Not(different), field("a", "x")), records) == Found({"a": "x"})


@given(patterns(), st.integers(0, 400))
def test_a_smaller_budget_gives_the_same_answer_or_none(predicate: Predicate, budget: int) -> None:
    answer, short = find(predicate, RECORDS), find(predicate, RECORDS, budget)
    if isinstance(short, Found):
        assert predicate.matches(short.event)
    if not isinstance(short, type(answer)):
        assert isinstance(short, Undecided)
        assert short.too_large
        assert "too complex" in short.reason


class Known(NamedTuple):
    """Of each event: b is "y" where a is "x"; a real one has a colour; a made-up one gets a size where that fits."""

    size: object = "large"

    def laws(self, predicate: Predicate) -> list[Predicate]:
        return [Or(Not(field("a", "x")), field("b", "y"))]

    def samples(self, predicate: Predicate) -> list[Event]:
        named = [atom.path[0] for atom in atoms(predicate) if isinstance(atom, Atom)]
        return [{"a": "z", "colour": "red"}, {"a": "x", "b": "y", "colour": "red"}] if "a" in named else []

    def as_recorded(self, event: Event, fits: Callable[[Event], bool]) -> Event:
        sized = {**event, "size": self.size}
        return sized if fits(sized) else event


KNOWN = Records({}, knowledge=Known())


def test_what_is_known_of_the_events_is_true_of_all_that_are_searched() -> None:
    assert find(And(field("a", "x"), Not(field("b", "y"))), KNOWN) == Empty()
    assert isinstance(find(And(field("a", "x"), Not(field("b", "y"))), ANYWHERE), Found)


def shown(asked: Predicate, steps: int = 1000) -> Event:
    found = find(asked, KNOWN)
    assert isinstance(found, Found)
    return convincing(found.event, asked, KNOWN, Steps(steps))


def test_a_real_event_with_what_the_question_names_is_shown_before_one_that_is_put_together() -> None:
    assert shown(field("a", "x")) == {"a": "x", "b": "y", "colour": "red"}
    assert shown(And(field("a", "x"), Not(field("colour", "red")))) == {"a": "x", "b": "y", "size": "large"}


def test_a_change_to_what_is_put_together_must_fit() -> None:
    assert shown(And(field("a", "q"), Not(field("size", "large")))) == {"a": "q"}


def test_without_steps_for_a_better_event_the_one_that_was_found_is_shown() -> None:
    assert shown(field("a", "q")) == {"a": "q", "size": "large"}
    assert shown(field("a", "q"), steps=1) == {"a": "q"}

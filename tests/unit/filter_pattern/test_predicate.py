"""Predicates: what they are true of, which values a path selects, and how each is written."""

import pytest
from hypothesis import given

from filter_pattern import ALWAYS, EVERY, NEVER, And, Atom, Equals, FieldPath, Not, NotExists, Or, Predicate, equals
from filter_pattern.conditions import MISSING, OBSERVED, Compare, MatchesRegex, Reading
from filter_pattern.predicate import Regex, TextAtom, Word, as_logged, selector, value_at, values_at
from filter_pattern.space_delimited import Fields, Slot
from tests.unit.filter_pattern.strategies import EVENTS, patterns

EVENT = {
    "name": "x",
    "null": None,
    "who": {"type": "Root", "ids": [1, 2]},
    "list": ["a", {"b": "c"}, ["d"]],
    "empty": [],
}
EACH = Reading(every_element=True)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ((), [EVENT]),
        (("name",), ["x"]),
        (("null",), [None]),
        (("nothing",), []),
        (("name", "x"), []),
        (("name", 0), []),
        (("name", EVERY), []),
        (("who", "type"), ["Root"]),
        (("who", 0), []),
        (("who", "ids", 1), [2]),
        (("who", "ids", 2), []),
        (("who", "ids", EVERY), [1, 2]),
        (("who", EVERY), ["Root", [1, 2]]),
        (("list", 0), ["a"]),
        (("list", 1, "b"), ["c"]),
        (("list", "b"), []),
        (("list", EVERY, "b"), ["c"]),
        (("list", EVERY, 0), ["d"]),
        (("list", 3), []),
        (("empty", EVERY), []),
        (("empty", 0), []),
        ((EVERY, "type"), ["Root"]),
    ],
)
def test_a_path_selects(path: FieldPath, values: list[object]) -> None:
    assert list(values_at(EVENT, path)) == values
    assert value_at(EVENT, path) == (values[0] if values else MISSING)


def test_text_has_no_fields() -> None:
    assert not Atom(("name",), Equals("x")).matches('{"name": "x"}')
    assert Atom(("name",), NotExists()).matches('{"name": "x"}')


@pytest.mark.parametrize(
    ("predicate", "one", "each"),
    [
        (Atom(("list", EVERY), Equals("a")), True, True),
        (Atom(("list", EVERY), Equals("b")), False, False),
        (Atom(("list", EVERY), Equals("b", negated=True)), True, False),  # an object is not compared
        (Atom(("who", "ids", EVERY), Equals("3", negated=True)), True, True),
        (Atom(("who", "ids", EVERY), Equals("2", negated=True)), True, False),
        (Atom(("who", "ids", EVERY), Compare(">", "1")), True, True),  # only != may ask for all
        (Atom(("who", "ids", EVERY), MatchesRegex("2", negated=True)), True, False),
        (Atom(("empty", EVERY), NotExists()), True, True),
        (Atom(("empty", EVERY), Equals("x", negated=True)), False, False),
        (Atom(("name",), Equals("y", negated=True)), True, True),
    ],
    ids=str,
)
def test_with_a_wildcard_one_selected_value_has_to_pass_or_each(predicate: Atom, one: bool, each: bool) -> None:
    assert predicate.matches(EVENT) is one
    assert predicate.matches(EVENT, EACH) is each
    assert ("every_element" in set(predicate.depends_on())) is (EVERY in predicate.path and "!=" in str(predicate))


def test_a_test_is_put_in_the_reading_that_is_given() -> None:
    unlike = Atom(("null",), Equals("x", negated=True))
    literal = Reading(null_differs=True)
    for predicate in (unlike, And(unlike), Or(unlike), And(Or(unlike, NEVER), ALWAYS)):
        assert not predicate.matches(EVENT)
        assert predicate.matches(EVENT, literal)
    assert Not(unlike).matches(EVENT)
    assert not Not(unlike).matches(EVENT, literal)
    assert set(unlike.depends_on()) == {"null_differs"}


@pytest.mark.parametrize("event", [EVENT, {}, "text"])
def test_always_and_never(event: object) -> None:
    for reading in (OBSERVED, EACH):
        assert ALWAYS.matches(event, reading)  # type: ignore[arg-type]
        assert not NEVER.matches(event, reading)  # type: ignore[arg-type]
    assert And() == ALWAYS
    assert Or() == NEVER


@given(patterns(), patterns())
def test_joints_are_true_as_their_parts_are(one: Predicate, other: Predicate) -> None:
    for event in EVENTS[::37]:
        first, second = one.matches(event), other.matches(event)
        assert And(one, other).matches(event) is (first and second)
        assert Or(one, other).matches(event) is (first or second)
        assert Not(one).matches(event) is not first
        assert Not(And(one, other)).matches(event) is Or(Not(one), Not(other)).matches(event)


def test_a_field_equals_a_text() -> None:
    assert equals("name", "x") == Atom(("name",), Equals("x"))
    assert equals("name", "x").matches(EVENT)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (Word("Denied"), ("Denied",)),
        (Word("Access_2"), ("Access_2",)),
        (Word("_"), ("_",)),
        (Word("not found"), ()),
        (Word("é"), ()),
        (Word('a"'), ()),
        (Regex("Denied"), ("Denied",)),
        (Regex("Denied|Access_2"), ("Denied", "Access_2")),
        (Regex("^Denied"), ()),
        (Regex("Denied|"), ()),
        (Regex("Denied."), ()),
        (Regex("é"), ()),
        (Fields((Slot("a"),)), ()),
    ],
    ids=str,
)
def test_words_that_are_enough_wherever_they_stand(test: Word | Regex | Fields, words: tuple[str, ...]) -> None:
    assert TextAtom(test).words == words
    for word in words:
        assert TextAtom(test).matches(f"before{word}after")


@pytest.mark.parametrize(
    ("test", "matches"),
    [
        (Word("Root"), True),
        (Word("root"), False),
        (Word('"name":"x"'), True),  # as CloudTrail logs it, without blanks
        (Word('"name": "x"'), False),
        (Regex("R..t"), True),
        (Regex("^Root"), False),
        (Fields((Slot(),)), True),
        (Fields((Slot(), Slot())), False),
    ],
    ids=str,
)
def test_an_event_is_read_as_the_line_that_is_logged(test: Word | Regex | Fields, matches: bool) -> None:
    assert TextAtom(test).matches(EVENT) is matches
    assert TextAtom(test).matches(as_logged(EVENT)) is matches


def test_an_event_is_logged_as_it_is_spelt() -> None:
    assert as_logged({"a": "é\n", "b": [1, None]}) == '{"a":"é\\n","b":[1,null]}'


A, B = Atom(("a",), Equals("x")), Atom(("b",), NotExists())


@pytest.mark.parametrize(
    ("predicate", "text"),
    [
        (A, '($.a = "x")'),
        (And(A, B), '($.a = "x") && ($.b NOT EXISTS)'),
        (Or(A, B), '($.a = "x") || ($.b NOT EXISTS)'),
        (And(Or(A, B), A), '(($.a = "x") || ($.b NOT EXISTS)) && ($.a = "x")'),
        (Or(And(A, B), A), '($.a = "x") && ($.b NOT EXISTS) || ($.a = "x")'),
        (Word("Denied"), "Denied"),
        (Word("not found"), '"not found"'),
        (Word('a "b" \\'), r'"a \"b\" \\"'),
        (Regex("^a|b"), "%^a|b%"),
        (TextAtom(Word("a b")), '"a b"'),
        (TextAtom(Fields((Slot("a"), Slot()), 1)), "[a, ..., ]"),
        (EVERY, "EVERY"),
    ],
    ids=str,
)
def test_is_written_as_a_pattern_has_it(predicate: object, text: str) -> None:
    assert str(predicate) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("a", "b"), "$.a.b"),
        (("a-b_1",), "$.a-b_1"),
        (("_",), "$._"),
        (("-",), "$.-"),
        (("a.b",), "$.['a.b']"),
        (("a b",), "$.['a b']"),
        (("é",), "$.['é']"),
        (("a", 0, EVERY, "b"), "$.a[0].*.b"),
        ((EVERY,), "$.*"),
    ],
)
def test_a_path_is_written_as_a_selector(path: FieldPath, text: str) -> None:
    assert selector(path) == text

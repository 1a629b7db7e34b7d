"""Each test of a value, against values of every kind and every reading."""

from itertools import product

import pytest

from filter_pattern.conditions import (
    MISSING,
    OBSERVED,
    UNDOCUMENTED,
    Compare,
    Equals,
    EqualsNumber,
    Is,
    IsKind,
    MatchesRegex,
    NotExists,
    Reading,
    Test,
    number,
)

NULL_DIFFERS = Reading(null_differs=True)
READINGS = [Reading(*flags) for flags in product((False, True), repeat=4)]
VALUES: list[object] = [
    MISSING,
    None,
    True,
    False,
    {},
    {"a": 1},
    [],
    ["x"],
    "",
    "x",
    "12",
    "12.0",
    0,
    1,
    12,
    12.0,
    12.5,
]


def passing(test: Test, reading: Reading = OBSERVED) -> list[object]:
    """Those of the values that pass, as they are written: True is not 1, nor 12 12.0."""
    return [repr(value) for value in VALUES if test.holds(value, reading)]


def written(*values: object) -> list[object]:
    return [repr(value) for value in values]


COMPARED = ("", "x", "12", "12.0", 0, 1, 12, 12.0, 12.5)
"""What is compared at all: texts and numbers."""


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        (Equals("x"), ["x"]),
        (Equals("12"), ["12", 12]),
        (Equals("12.0"), ["12.0", 12.0]),
        (Equals("12*"), ["12", "12.0", 12, 12.0, 12.5]),
        (Equals("*"), [*COMPARED]),
        (Equals("True"), []),
        (Equals("None"), []),
        (Equals("x", negated=True), ["", "12", "12.0", 0, 1, 12, 12.0, 12.5]),
        (Equals("*", negated=True), []),
        (EqualsNumber("12"), [12, 12.0]),
        (EqualsNumber("12.0"), [12, 12.0]),
        (EqualsNumber("1"), [1]),
        (EqualsNumber("0"), [0]),
        (EqualsNumber("1.25e1"), [12.5]),
        (EqualsNumber("12", negated=True), ["", "x", "12", "12.0", 0, 1, 12.5]),
        (Compare("<", "12"), [0, 1]),
        (Compare("<=", "12"), [0, 1, 12, 12.0]),
        (Compare(">", "12"), [12.5]),
        (Compare(">=", "12"), [12, 12.0, 12.5]),
        (Compare(">", "-1"), [0, 1, 12, 12.0, 12.5]),
        (MatchesRegex("2"), ["12", "12.0", 12, 12.0, 12.5]),
        (MatchesRegex("x|^$"), ["", "x"]),
        (MatchesRegex("2", negated=True), ["", "x", 0, 1]),
        (NotExists(), [MISSING]),
        (Is(None), [None]),
        (Is(True), [True]),
        (Is(False), [False]),
    ],
    ids=str,
)
def test_passes(test: Test, passes: list[object]) -> None:
    assert passing(test) == written(*passes)


NULLS = (None, True, False)


@pytest.mark.parametrize("test", [Equals("x"), EqualsNumber("12"), MatchesRegex("2")], ids=str)
def test_where_null_differs_only_a_negated_test_passes_null_and_booleans(test: Equals) -> None:
    negated = type(test)(*test.__dict__.values())  # a copy
    object.__setattr__(negated, "negated", True)
    assert passing(test, NULL_DIFFERS) == passing(test)
    assert set(passing(negated, NULL_DIFFERS)) == {*passing(negated), *written(*NULLS)}


def test_where_digits_are_numbers_a_string_of_the_same_digits_equals_one() -> None:
    reading = Reading(digits_are_numbers=True)
    assert passing(EqualsNumber("12"), reading) == written("12", 12, 12.0)
    assert passing(EqualsNumber("12.0"), reading) == written("12.0", 12, 12.0)
    assert passing(EqualsNumber("12", negated=True), reading) == written("", "x", "12.0", 0, 1, 12.5)


def test_a_star_inside_a_value_is_read_literally_or_as_any_text() -> None:
    literal = Reading(star_is_literal=True)
    assert Equals("a*c").holds("abc", OBSERVED)
    assert not Equals("a*c").holds("abc", literal)
    assert Equals("a*c").holds("a*c", literal)
    assert Equals("a*c", negated=True).holds("abc", literal)
    assert Equals("a*").holds("abc", literal)


@pytest.mark.parametrize(
    "test",
    [
        *(
            kind(text, negated)
            for kind in (Equals, EqualsNumber, MatchesRegex)
            for text in ("12",)
            for negated in (False, True)
        ),
        *(Equals(text, negated=False) for text in ("*1", "1*", "*1*", "1*2", "**1", "1**", "*", "**", "***")),
        Equals("1*2", negated=True),
        *(Compare(sign, "12") for sign in ("<", "<=", ">", ">=")),
        NotExists(),
        Is(None),
    ],
    ids=repr,
)
def test_an_answer_depends_on_what_is_named_and_on_nothing_else(test: Test) -> None:
    named = set(test.depends_on())
    for flag in Reading._fields:
        changes = any(
            test.holds(value, reading) is not test.holds(value, reading._replace(**{flag: not getattr(reading, flag)}))
            for value in [*VALUES, "1*2", "1-2", "*1", "-1", "1*", "**", "***", "**1", "1**", "*-"]
            for reading in READINGS
        )
        assert changes <= (flag in named), flag
        if flag in named:
            assert changes, flag


def test_every_reading_has_words() -> None:
    assert tuple(UNDOCUMENTED) == Reading._fields
    assert OBSERVED == (False, False, False, False)


@pytest.mark.parametrize(
    ("test", "text"),
    [
        (Equals("x"), '= "x"'),
        (Equals("x", negated=True), '!= "x"'),
        (Equals('a "b" \\c'), r'= "a \"b\" \\c"'),
        (EqualsNumber("1.50"), "= 1.50"),
        (EqualsNumber("1", negated=True), "!= 1"),
        (Compare("<=", "3"), "<= 3"),
        (MatchesRegex("^x"), "= %^x%"),
        (MatchesRegex("^x", negated=True), "!= %^x%"),
        (NotExists(), "NOT EXISTS"),
        (Is(None), "IS NULL"),
        (Is(True), "IS TRUE"),
        (Is(False), "IS FALSE"),
        (MISSING, "MISSING"),
    ],
    ids=str,
)
def test_is_written_as_a_pattern_has_it(test: object, text: str) -> None:
    assert str(test) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-1", -1), ("+3", 3), ("12.0", 12.0), (".5", 0.5), ("1e2", 100.0), ("9007199254740993", 2**53 + 1)],
)
def test_a_number_has_the_value_that_is_written(text: str, value: float) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        ("string", ("", "x", "12", "12.0")),
        ("number", (0, 1, 12, 12.0, 12.5)),
        ("boolean", (True, False)),
        ("null", (None,)),
        ("object", ({}, {"a": 1})),
        ("array", ([], ["x"])),
    ],
)
def test_a_value_has_one_of_the_types(kind: str, passes: tuple[object, ...]) -> None:
    test = IsKind(frozenset({kind}))
    for reading in READINGS:
        assert passing(test, reading) == written(*passes)
    assert passing(IsKind(frozenset({kind, "null"}))) == [
        repr(value) for value in VALUES if value is None or repr(value) in written(*passes)
    ]
    assert [*test.depends_on()] == []
    assert str(IsKind(frozenset({"string", "array"}))) == "is array or string"

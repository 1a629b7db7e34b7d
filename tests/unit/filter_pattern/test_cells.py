"""The cells of a field: each answers as its value does, and together they are all answers that there are."""

import json
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_pattern import ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Field, FieldPath, Records
from filter_pattern.cells import Cell, Cells, Question
from filter_pattern.conditions import (
    MISSING,
    OBSERVED,
    Compare,
    Equals,
    EqualsNumber,
    Is,
    IsKind,
    MatchesRegex,
    NotExists,
    Reading,
    Test,
)
from filter_pattern.find import BUDGET
from filter_pattern.steps import OverLimit, Steps
from tests.unit.filter_pattern.strategies import TEXTS, starred

READINGS = [Reading(*flags) for flags in product((False, True), repeat=3)]
ANY = frozenset({STRING, BOOLEAN, NUMBER, NULL, OBJECT, ARRAY})
OTHERS: tuple[object, ...] = (MISSING, None, True, False, {}, [])


def questions(tests: Sequence[Test], reading: Reading = OBSERVED, path: FieldPath = ("a",)) -> list[Question]:
    return [Question(number, path, test, reading) for number, test in enumerate(tests, 1)]


def cells(field: Field, own: Sequence[Question], below: Sequence[Question] = (), budget: int = BUDGET) -> Cells:
    return Cells(("a",), Records({("a",): field}), own, below, Steps(budget))


def values(field: Field, tests: Sequence[Test] = (), reading: Reading = OBSERVED) -> list[object]:
    return [cell.value for cell in cells(field, questions(tests, reading))]


def answers(asked: Sequence[Question], value: object) -> tuple[bool, ...]:
    return tuple(question.answer(value) for question in asked)


text_tests = st.one_of(
    st.builds(Equals, starred, st.booleans()),
    st.builds(MatchesRegex, st.sampled_from(("x+y", "^[^x]", "y$", "xx|yy")), st.booleans()),
    st.sampled_from((NotExists(), Is(None), Is(True))),
)


@given(st.lists(text_tests, max_size=4), st.sampled_from(READINGS))
def test_of_texts_every_combination_of_answers_is_a_cell(tests: list[Test], reading: Reading) -> None:
    asked = questions(tests, reading)
    found = cells(Field(frozenset({STRING, NULL, BOOLEAN, OBJECT, ARRAY})), asked)
    combinations = set()
    for cell in found:
        assert [cell.answers[question.number] for question in asked] == [*answers(asked, cell.value)]
        combinations.add(answers(asked, cell.value))
    assert found.complete is True
    assert combinations >= {answers(asked, value) for value in (*TEXTS, *OTHERS)}


number_tests = st.one_of(
    st.builds(EqualsNumber, st.sampled_from(("1", "1.0", "2", "-1", "1.5", "1e300")), st.booleans()),
    st.builds(Compare, st.sampled_from(("<", "<=", ">", ">=")), st.sampled_from(("0", "1", "1.5", "2"))),
    st.just(NotExists()),
)
NUMBERS = (-3, -1, -0.5, 0, 0.5, 1, 1.0, 1.25, 1.5, 1.75, 2, 5, 1e300, 1e301)


@given(st.lists(number_tests, max_size=4), st.sampled_from(READINGS))
def test_of_numbers_every_combination_of_answers_is_a_cell(tests: list[Test], reading: Reading) -> None:
    asked = questions(tests, reading)
    found = cells(Field(ANY), asked)
    combinations = {answers(asked, cell.value) for cell in found}
    assert found.complete is True
    written = (question.test.text for question in asked if isinstance(question.test, EqualsNumber))
    assert combinations >= {answers(asked, value) for value in (*NUMBERS, *OTHERS, "x", *written)}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field(), [MISSING]),
        (Field(frozenset({BOOLEAN}), always=True), [True, False]),
        (Field(frozenset({BOOLEAN})), [MISSING, True, False]),
        (Field(frozenset({NULL}), always=True), [None]),
        (Field(frozenset({OBJECT}), always=True), [{}]),
        (Field(frozenset({ARRAY}), always=True), [[]]),
        (Field(frozenset({NUMBER}), always=True), [0]),
        (Field(frozenset({STRING}), always=True), [""]),
        (Field(frozenset({STRING}), always=True, examples=("seen", "too")), ["seen"]),
        (Field(frozenset({STRING}), examples=("seen",)), ["seen", MISSING]),
        (Field(frozenset({STRING}), always=True, values=("one",)), ["one"]),
        (Field(frozenset({STRING}), values=("one",)), ["one", MISSING]),
        (Field(frozenset({BOOLEAN, NUMBER}), always=True, values=(True, 3)), [True, 3]),
        (Field(ANY), ["", MISSING, True, False, 0, None, {}, []]),
    ],
)
def test_what_a_field_holds_when_nothing_is_asked(field: Field, expected: list[object]) -> None:
    found = values(field)
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_real_values_come_first_samples_before_examples() -> None:
    field = Field(frozenset({STRING}), examples=("example", "sample"))
    samples = ({"a": "sample"}, {"a": 3}, {"b": "x"}, {"a": "other"})
    asked = questions([Equals("sample"), Equals("other"), Equals("e*")])
    found = Cells(("a",), Records({("a",): field}, samples), asked, [], Steps(BUDGET))
    assert [cell.value for cell in found][:3] == ["sample", "other", "example"]


def test_of_two_texts_that_answer_alike_the_first_is_taken() -> None:
    field = Field(frozenset({STRING}), always=True, examples=("AccessDenied", "AccessDeniedException", "Throttled"))
    assert values(field, [Equals("Access*")]) == ["AccessDenied", "Throttled"]
    assert values(field, [Equals("Access*"), Equals("AccessDenied")]) == [
        "AccessDenied",
        "AccessDeniedException",
        "Throttled",
    ]


def test_constants_are_given_as_they_are_however_they_answer() -> None:
    field = Field(frozenset({STRING}), always=True, values=("x", "y"))
    assert values(field, [Equals("x")]) == ["x", "y"]
    assert values(field, [Equals("z")]) == ["x"]  # y answers alike


BELOW = [
    Question(7, ("a", "name"), NotExists(), OBSERVED),
    Question(8, ("a", 0), Equals("x"), OBSERVED),
    Question(9, ("a", "name", "deep"), Is(None), OBSERVED),
]


@pytest.mark.parametrize(
    ("kind", "below"),
    [
        (OBJECT, {8: False}),  # names are open, elements are missing
        (ARRAY, {7: True, 9: False}),
        (NULL, {7: True, 8: False, 9: False}),
        (STRING, {7: True, 8: False, 9: False}),
        (NUMBER, {7: True, 8: False, 9: False}),
    ],
)
def test_a_value_answers_what_is_asked_below_it_unless_it_can_hold_that(kind: str, below: dict[int, bool]) -> None:
    own = questions([NotExists()])
    (cell,) = cells(Field(frozenset({kind}), always=True), own, BELOW)
    assert cell.answers == {1: False, **below}


def test_where_a_field_is_missing_so_is_what_is_below_it() -> None:
    assert list(cells(Field(), [], BELOW)) == [Cell(MISSING, {7: True, 8: False, 9: False})]


@pytest.mark.parametrize(
    ("tests", "found", "complete"),
    [
        ([], [0], True),
        ([NotExists()], [0], True),
        ([Compare(">", "5")], [5, 4, 6], True),
        ([EqualsNumber("5"), EqualsNumber("5.0")], [5, 4, 6], True),
        ([Compare(">", "5"), Compare("<", "9")], [5, 9, 4, 10, 6], True),
        ([Compare(">", "5"), Compare("<", "6")], [5, 6, 4, 7, 5.5], True),
        ([Compare(">", "1.5"), Compare("<", "2.5")], [1.5, 2.5, 0, 3, 2], True),
        ([Compare(">", "0.25"), Compare("<", "0.5")], [0.25, 0.5, -1, 1, 0.375], True),
        ([Compare(">", "-1"), Compare("<", "0")], [-1, 0, -2, 1, -0.5], True),
        ([Compare(">", "2"), Compare("<", "1")], [1, 2, 0, 3, 1.5], True),
        ([Compare(">", "1"), Compare("<", "2.5")], [1, 2.5, 0, 3, 2], True),
        ([Compare(">", "9007199254740995"), Compare("<", "9007199254740996")],
         [2**53 + 3, 2**53 + 4, 2**53 + 2, 2**53 + 5], False),  # half-way is rounded up to the higher
        ([Compare(">", "9007199254740992"), Compare("<", "9007199254740993")],
         [2**53, 2**53 + 1, 2**53 - 1, 2**53 + 2], False),  # no double is between
        ([Compare(">", "1e308"), Compare("<", "1.5e308")], [1e308, 1.5e308, int(1e308) - 1, int(1.5e308) + 1,
         int(1e308) + 1], True),
        ([Equals("5*")], [0], False),  # compared as text, and no text is among the cells
        ([Equals("5*"), Compare(">", "5")], [5, 4, 6], False),
        ([MatchesRegex("5")], [0], False),
    ],
)  # fmt: skip
def test_numbers_are_the_points_what_is_beyond_and_what_is_between(
    tests: list[Test], found: list[object], complete: bool
) -> None:
    asked = cells(Field(frozenset({NUMBER}), always=True), questions(tests))
    assert [cell.value for cell in asked] == found
    assert asked.complete is complete


def test_a_number_as_text_answers_like_the_string_of_it() -> None:
    asked = cells(Field(frozenset({NUMBER, STRING}), always=True), questions([Equals("5*")]))
    assert [cell.value for cell in asked] == ["", "5", 0]
    assert asked.complete is True
    asked = cells(Field(frozenset({NUMBER, STRING}), always=True), questions([Equals("5*"), Compare(">", "5")]))
    assert list(asked)
    assert asked.complete is False


def test_a_text_that_is_written_nowhere_differs_from_all_that_are() -> None:
    field = Field(frozenset({STRING}), always=True)
    asked = questions([Equals("x", negated=True), Equals("", negated=True), Equals("x")])
    assert [tuple(cell.answers.items()) for cell in cells(field, asked)] == [
        ((1, True), (3, False), (2, False)),
        ((1, False), (3, True), (2, True)),
        ((1, True), (3, False), (2, True)),
    ]


def test_digits_that_may_be_a_number_are_a_text_of_their_own() -> None:
    field = Field(frozenset({STRING}), always=True)
    assert values(field, [EqualsNumber("12")]) == [""]
    assert values(field, [EqualsNumber("12")], Reading(digits_are_numbers=True)) == ["", "12"]


def test_a_star_inside_a_value_makes_other_cells_when_it_is_literal() -> None:
    field = Field(frozenset({STRING}), always=True)
    both = [*questions([Equals("a*c")]), Question(2, ("a",), Equals("a*c"), Reading(star_is_literal=True))]
    assert [cell.value for cell in cells(field, both)] == ["", "ac", "a*c"]
    assert values(field, [Equals("a*c")], Reading(star_is_literal=True)) == ["", "a*c"]


def test_too_little_budget_leaves_texts_out_and_says_so() -> None:
    asked = questions([Equals("*ab*"), Equals("*cd*")])
    short = cells(Field(frozenset({STRING}), always=True), asked, budget=60)
    assert len(list(short)) < 4
    assert short.complete is False


def spent(tests: Sequence[Test], below: Sequence[Question] = ()) -> int:
    steps = Steps(BUDGET)
    assert list(Cells(("a",), Records({("a",): Field(ANY)}), questions(tests), below, steps))
    return steps.taken


def test_what_is_spent_grows_with_the_questions() -> None:
    # Eight values, a step each and one for each test of it, answer and question below; and each test once.
    # Two for the walk.
    assert spent([]) == 2 + 8
    assert spent([NotExists()]) == 2 + 1 + 8 + 8 + 8
    assert spent([NotExists(), Is(None)]) == 2 + 2 + 8 + 16 + 16
    assert spent([], BELOW) == 2 + 8 + 8 * 3
    # The characters of a value, and a walk of four ways.
    assert spent([Equals("x")]) == 1 + 9 + 9 + 1 + 4 * 3
    assert spent([Equals("x*")]) == 1 + 9 + 9 + 9 + 2 + 4 * 3


def test_a_regular_expression_takes_a_step_for_each_character() -> None:
    one, many = (Field(frozenset({STRING}), values=(text,)) for text in ("x", "x" * 100))
    steps = [Steps(BUDGET), Steps(BUDGET)]
    for field, taken in zip((one, many), steps, strict=True):
        assert list(Cells(("a",), Records({("a",): field}), questions([MatchesRegex("x")]), [], taken))
    assert steps[1].taken - steps[0].taken == 99


def test_a_walk_may_take_half_of_what_is_left() -> None:
    """What it found may still do, and what follows needs steps too."""
    cut = cells(Field(frozenset({STRING}), always=True), questions([Equals("*ab*")]), budget=26)
    assert [cell.value for cell in cut] == [""]
    assert cut.complete is False
    assert cut.steps.taken == 1 + 4 + 10 + 3


def test_over_the_limit_the_work_stops() -> None:
    with pytest.raises(OverLimit):
        list(cells(Field(ANY), questions([NotExists()]), budget=26))
    assert list(cells(Field(ANY), questions([NotExists()]), budget=27))


def test_values_are_fresh_so_that_an_event_may_hold_them() -> None:
    found = values(Field(frozenset({OBJECT, ARRAY}), always=True))
    assert json.dumps(found) == "[{}, []]"


kind_tests = st.lists(
    st.one_of(
        st.builds(Equals, st.sampled_from(("1", "0", "-1", "1.5", "01", "x", "*", "x*", "*1", "1e3")), st.booleans()),
        st.builds(IsKind, st.sets(st.sampled_from(sorted(ANY)), max_size=3).map(frozenset)),
        st.just(NotExists()),
    ),
    min_size=1,
    max_size=4,
)


@given(kind_tests)
def test_where_types_are_asked_for_every_combination_of_answers_is_a_cell_or_it_is_said(tests: list[Test]) -> None:
    asked = questions([*tests, IsKind(frozenset({STRING}))])
    found = cells(Field(ANY), asked)
    given_answers = {tuple(cell.answers[question.number] for question in asked) for cell in found}
    pool = (*OTHERS, "", "1", "0", "x", "x1", "01", "11", "1.5", "-1", "1e3", 0, 1, -1, 1.5, 2, 11, 1000.0)
    if found.complete:
        assert {answers(asked, value) for value in pool} <= given_answers
    else:
        assert any(isinstance(test, Equals) and "*" in test.value and "x" not in test.value for test in tests)

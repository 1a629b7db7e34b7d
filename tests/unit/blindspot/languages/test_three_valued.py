"""Logic with three values: the tables, and that no answer passes for a bool."""

from itertools import permutations, product

import pytest

from blindspot.languages.three_valued import InCases, Truth, every, in_cases, inverse, some

TRUE, FALSE, UNKNOWN = Truth

PAIRS = [
    (TRUE, TRUE, TRUE, TRUE),
    (TRUE, FALSE, FALSE, TRUE),
    (TRUE, UNKNOWN, UNKNOWN, TRUE),
    (FALSE, FALSE, FALSE, FALSE),
    (FALSE, UNKNOWN, FALSE, UNKNOWN),
    (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("one", "other", "both", "either"), PAIRS)
def test_of_two(one: Truth, other: Truth, both: Truth, either: Truth) -> None:
    assert (every([one, other]), every([other, one])) == (both, both)
    assert (some([one, other]), some([other, one])) == (either, either)


def test_of_none_and_of_one() -> None:
    assert (every([]), some([])) == (TRUE, FALSE)
    assert all(every([one]) is some([one]) is one for one in Truth)


def test_of_three_in_any_order() -> None:
    for three in permutations(Truth):
        assert (every(three), some(three)) == (FALSE, TRUE)


def test_the_inverse() -> None:
    assert [inverse(one) for one in (TRUE, FALSE, UNKNOWN)] == [FALSE, TRUE, UNKNOWN]


def test_not_all_is_some_not() -> None:
    for three in product(Truth, repeat=3):
        assert inverse(every(three)) is some(map(inverse, three))


def test_of_a_bool() -> None:
    assert (Truth.of(True), Truth.of(False)) == (TRUE, FALSE)


@pytest.mark.parametrize("answer", Truth)
def test_an_answer_cannot_be_used_as_a_bool(answer: Truth) -> None:
    with pytest.raises(TypeError, match=answer.name):
        bool(answer)
    others: list[object] = [True, False, None]
    assert answer not in others


CASES = list(product(Truth, repeat=2))
LOGIC = in_cases((1 << len(CASES)) - 1)


def together(answers: list[Truth]) -> InCases:
    """These answers, one in each case."""
    true, false = (sum(1 << n for n, answer in enumerate(answers) if answer is one) for one in (TRUE, FALSE))
    return InCases(true, false)


def test_in_many_cases_at_once_as_in_each() -> None:
    one, other = (together([case[part] for case in CASES]) for part in (0, 1))
    assert LOGIC.every([one, other]) == together([every(case) for case in CASES])
    assert LOGIC.some([one, other]) == together([some(case) for case in CASES])
    assert LOGIC.inverse(one) == together([inverse(case[0]) for case in CASES])
    assert LOGIC.true == LOGIC.every([]) == together([TRUE for _ in CASES])
    assert LOGIC.false == LOGIC.some([]) == together([FALSE for _ in CASES])

"""Logic with three values: the tables, and that no answer passes for a bool."""

from itertools import permutations, product

import pytest

from blindspot.languages.three_valued import Truth, every, inverse, some

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

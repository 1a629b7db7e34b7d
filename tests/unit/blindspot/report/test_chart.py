"""Where the columns of each day are drawn."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.chart import LABELLED, Column, chart
from blindspot.report.view import Day


def days(*counts: tuple[int, int, int], first: date = date(2026, 11, 29)) -> tuple[Day, ...]:
    """Refused calls, and the fewest and most alarms."""
    return tuple(Day(first + timedelta(days=number), *count) for number, count in enumerate(counts))


def test_two_days() -> None:
    calls, alarms = chart(days((10, 1, 1), (2_000, 2, 4)), "the account's alarm")
    assert (calls.kind, calls.title) == ("calls", "Refused calls")
    assert calls.columns == (
        Column(7.0, 36.0, 99.58, 99.58, "10", 25.0, "middle", "29 Nov"),
        Column(57.0, 36.0, 16.0, 16.0, "2,000", 75.0, "middle", "30"),
    )
    assert (alarms.kind, alarms.title) == ("alarms", "How often the account's alarm would have gone to ALARM")
    assert alarms.columns == (
        Column(7.0, 36.0, 79.0, 79.0, "1", 25.0, "middle", "29 Nov"),
        Column(57.0, 36.0, 58.0, 16.0, "2 to 4", 75.0, "middle", "30"),
    )


def test_lengths_are_rounded_to_what_can_be_seen() -> None:
    calls, alarms = chart(days((1, 1, 2), (2, 2, 3), (3, 3, 3)), "x")
    assert [(column.x, column.width, column.middle, column.top) for column in calls.columns] == [
        (4.67, 24.0, 16.67, 72.0),
        (38.0, 24.0, 50.0, 44.0),
        (71.33, 24.0, 83.33, 16.0),
    ]
    assert [(column.top, column.maybe) for column in alarms.columns] == [(72.0, 44.0), (44.0, 16.0), (16.0, 16.0)]
    (calls,) = chart(days((1, 0, 0), (6, 0, 0), (7, 0, 0), *[(0, 0, 0)] * 4), "")
    assert [column.top for column in calls.columns[:3]] == [88.0, 28.0, 16.0]
    (calls,) = chart(days((1, 0, 0), (9, 0, 0), (9, 0, 0), *[(0, 0, 0)] * 4), "")
    assert [(column.top, column.width) for column in calls.columns[:2]] == [(90.67, 10.29), (16.0, 10.29)]


def test_a_day_of_which_nothing_is_known_has_no_column() -> None:
    _, alarms = chart((Day(date(2026, 1, 1), 3, None, None), Day(date(2026, 1, 2), 3, 4, 4)), "x")
    assert [(column.top, column.maybe, column.label) for column in alarms.columns] == [(100, 100, "0"), (16, 16, "4")]


def test_alarms_that_are_not_known_have_no_panel() -> None:
    unknown = (Day(date(2026, 1, 1), 3, None, None),)
    assert [panel.kind for panel in chart(unknown, "")] == ["calls"]


def test_no_days_and_no_calls_can_be_drawn() -> None:
    assert [panel.columns for panel in chart((), "x")] == [(), ()]
    (calls,) = chart(days((0, 0, 0)), "")
    assert calls.columns == (Column(14.0, 72.0, 100.0, 100.0, "0", 50.0, "middle", "29 Nov"),)


@pytest.mark.parametrize(
    ("count", "shown", "highest"),
    [
        (LABELLED, ["29 Nov", "30", "1 Dec", "2", "3", "4", "5", "6"], LABELLED),
        (LABELLED + 1, ["29 Nov", "1 Dec", "3 Dec", "5 Dec", "7 Dec"], 1),
        (90, ["29 Nov", "17 Dec", "4 Jan", "22 Jan", "9 Feb"], 1),
    ],
)
def test_many_days_have_few_labels(count: int, shown: list[str], highest: int) -> None:
    (calls,) = chart(days(*((number, 0, 0) for number in range(count))), "")
    assert [column.day for column in calls.columns if column.day] == shown
    labels = [column.label for column in calls.columns if column.label]
    assert (len(labels), labels[-1]) == (highest, str(count - 1))


def test_the_first_of_the_highest_columns_is_labelled() -> None:
    (calls,) = chart(days(*((number % 5, 0, 0) for number in range(20))), "")
    assert [number for number, column in enumerate(calls.columns) if column.label] == [4]


def test_labels_at_the_sides_stay_within() -> None:
    (calls,) = chart(days(*((1, 0, 0) for _ in range(25))), "")
    assert [column.at for column in calls.columns] == ["start"] * 2 + ["middle"] * 21 + ["end"] * 2
    (calls,) = chart(days(*((1, 0, 0) for _ in range(19))), "")
    assert [column.at for column in calls.columns] == ["start"] * 2 + ["middle"] * 15 + ["end"] * 2
    (calls,) = chart(days(*((1, 0, 0) for _ in range(17))), "")
    assert [column.at for column in calls.columns] == ["start"] + ["middle"] * 15 + ["end"]
    (calls,) = chart(days(*((1, 0, 0) for _ in range(LABELLED))), "")
    assert {column.at for column in calls.columns} == {"middle"}


COUNTS = st.tuples(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6)).map(
    lambda each: (each[0], min(each[1:]), max(each[1:]))
)


@given(st.lists(COUNTS, max_size=91))
def test_columns_are_within_and_in_order(counts: list[tuple[int, int, int]]) -> None:
    for panel in chart(days(*counts), "x"):
        edges = [edge for column in panel.columns for edge in (column.x, column.x + column.width)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= 100 for edge in edges)
        assert all(16 <= column.maybe <= column.top <= 100 for column in panel.columns)
        assert min((column.maybe for column in panel.columns), default=16) in (16, 100)

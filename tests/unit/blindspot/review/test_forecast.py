"""The forecast: it agrees with the simulation of CloudWatch at the end of every period, and counts by day."""

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.review.alarm_states import TREATMENTS
from blindspot.review.forecast import Count, Feed, ForecastAlarm, Forecaster, Terms, forecast
from blindspot.review.refused_call import Caller, Refusal
from blindspot.review.tally import Cell, Interval, Key, Tally, Watched
from filter_pattern import parse
from tests import cloudwatch
from tests.builders import ACCOUNT

PATTERN = parse('{ $.errorCode = "AccessDenied" }')
HERE, ELSEWHERE = "here", "elsewhere"
ANYWHERE, IN_HERE, IN_ELSEWHERE = Watched(None, PATTERN), Watched(HERE, PATTERN), Watched(ELSEWHERE, PATTERN)
DAY = 86_400
MIDNIGHT = int(datetime(2026, 11, 27, tzinfo=UTC).timestamp())


def group(name: str = "scanner") -> Key:
    return Key(Caller("role", name, ACCOUNT, None, ""), "s3.amazonaws.com", "GetObject", "AccessDenied", Refusal())


GROUP = group()


class Calls(NamedTuple):
    """Refused calls of one cell. seen_by: the numbers of the patterns that match them."""

    seconds: Sequence[int]
    key: Key = GROUP
    log_group: str = HERE
    seen_by: Collection[int] = (0,)
    again: bool = False


def tally(watched: Sequence[Watched], calls: Iterable[Calls]) -> Tally:
    found = Tally(ACCOUNT, watched)
    for each in calls:
        bits = sum(1 << number for number in each.seen_by)
        cell = found.cells.setdefault(
            (each.key, each.log_group, bits, each.again), Cell(each.key, each.log_group, bits, each.again)
        )
        cell.seconds.extend(array("I", each.seconds))
    return found


def alarm(*feeds: Feed, **bent: Any) -> ForecastAlarm:
    return ForecastAlarm(
        "alarm", None, Terms(missing_data="notBreaching")._replace(**bent), feeds or (Feed(0, 1, None),)
    )


def per_day(
    calls: Iterable[Calls], of: ForecastAlarm | None = None, without: Collection[Key] = (), **interval: int
) -> dict[str, Count]:
    """The forecast, by day of the month, for a pattern of any log group."""
    asked = Interval(**{"start": MIDNIGHT - DAY, "end": MIDNIGHT + DAY, **interval})
    found = forecast(of or alarm(), tally([ANYWHERE], calls), asked, without)
    return {day.strftime("%d"): count for day, count in found.items()}


@pytest.mark.parametrize(
    ("seconds", "before", "after"),
    [
        ([], 0, 0),
        ([0], 0, 1),
        ([-1], 1, 0),
        # The last period of a day ends at midnight and is that day's.
        ([-300], 1, 0),
        # One change to ALARM, however many calls follow within the periods that the alarm looks at.
        ([-1, 0, 299], 1, 0),
        ([0, 1200], 0, 2),
        # The evaluation range keeps the alarm in ALARM for two more periods.
        ([0, 600], 0, 1),
        ([0, 900], 0, 1),
        ([-DAY], 1, 0),
        ([DAY - 1], 0, 1),
        ([-DAY - 1, DAY], 0, 0),
    ],
)
def test_changes_to_alarm_are_counted_by_day(seconds: list[int], before: int, after: int) -> None:
    found = per_day([Calls([MIDNIGHT + second for second in seconds])])
    assert found == {"26": (before, before), "27": (after, after)}


def test_a_day_has_a_count_although_only_a_part_of_it_was_read() -> None:
    found = forecast(alarm(), tally([ANYWHERE], []), Interval(MIDNIGHT - 1, MIDNIGHT + DAY + 1))
    assert found == {date(2026, 11, day): Count(0, 0) for day in (26, 27, 28)}


def test_a_period_counts_if_it_ends_in_the_interval() -> None:
    calls = [Calls([MIDNIGHT + 10, MIDNIGHT + 290, MIDNIGHT + 3000])]
    assert per_day(calls, start=MIDNIGHT + 200, end=MIDNIGHT + 3300)["27"] == (2, 2)
    assert per_day(calls, start=MIDNIGHT + 200, end=MIDNIGHT + 3299)["27"] == (1, 1)


def test_an_interval_shorter_than_a_period_has_no_forecast_but_its_day() -> None:
    assert per_day([Calls([MIDNIGHT + 10])], start=MIDNIGHT + 1, end=MIDNIGHT + 299) == {"27": (0, 0)}


def test_groups_that_are_excluded_do_not_count() -> None:
    calls = [Calls([MIDNIGHT]), Calls([MIDNIGHT, MIDNIGHT + 3600], group("other"))]
    assert per_day(calls)["27"] == (2, 2)
    assert per_day(calls, without=[GROUP])["27"] == (2, 2)
    assert per_day(calls, without=[group("other"), group("other")])["27"] == (1, 1)
    assert per_day(calls, without=[group("other"), GROUP, group("unknown")])["27"] == (0, 0)


def test_a_forecaster_gives_the_same_each_time() -> None:
    calls = [Calls([MIDNIGHT]), Calls([MIDNIGHT + 3600], group("other"))]
    forecaster = Forecaster(alarm(), tally([ANYWHERE], calls), Interval(MIDNIGHT, MIDNIGHT + DAY))
    found = [forecaster.forecast(without) for without in ([GROUP], [GROUP, group("other")], [], [GROUP])]
    assert [counts[date(2026, 11, 27)].most for counts in found] == [1, 0, 2, 1]


def test_a_call_that_two_trails_deliver_counts_once_for_the_profile_and_for_each_log_group() -> None:
    calls = [
        Calls([MIDNIGHT + 600] * 2, seen_by=(0, 1)),
        Calls([MIDNIGHT + 600] * 2, log_group=ELSEWHERE, seen_by=(0, 2), again=True),
    ]
    found = tally([ANYWHERE, IN_HERE, IN_ELSEWHERE], calls)
    for feeds, together in (((0,), 2), ((1,), 2), ((2,), 2), ((1, 2), 4), ((0, 0), 4)):
        for threshold in (together, together + 1):
            of = alarm(*(Feed(number, 1, None) for number in feeds), threshold=threshold)
            counts = forecast(of, found, Interval(MIDNIGHT, MIDNIGHT + DAY))
            assert counts[date(2026, 11, 27)] == ((1, 1) if threshold == together else (0, 0))


def test_a_pattern_of_one_log_group_counts_only_there_and_where_it_matches() -> None:
    calls = [Calls([MIDNIGHT], seen_by=(0,)), Calls([MIDNIGHT + 3600], log_group=ELSEWHERE, seen_by=(1,))]
    found = tally([ANYWHERE, IN_HERE], calls)
    assert forecast(alarm(Feed(1, 1, None)), found, Interval(MIDNIGHT, MIDNIGHT + DAY)) == {date(2026, 11, 27): (0, 0)}


@pytest.mark.parametrize(
    ("bent", "fewest", "most"),
    [
        # Missing data keep it in ALARM until other log events bring the default value, which is within the threshold.
        ({"missing_data": "ignore"}, 1, 3),
        ({"missing_data": "notBreaching"}, 3, 3),
        ({"missing_data": "breaching"}, 1, 3),
    ],
)
def test_what_depends_on_other_log_events(bent: dict[str, Any], fewest: int, most: int) -> None:
    calls = [Calls([MIDNIGHT + second for second in (3600, 7200, 10_800)])]
    assert per_day(calls, alarm(Feed(0, 1, 0), **bent), start=MIDNIGHT)["27"] == (fewest, most)


@pytest.mark.parametrize("period", [60, 120, 180, 300])
def test_the_default_is_published_in_each_minute_without_a_match(period: int) -> None:
    """Two calls in one minute of the period in the middle; the sum of what is published there, to the point."""
    start = MIDNIGHT + 30
    matched, other = [MIDNIGHT + period, MIDNIGHT + period + 59], [MIDNIGHT + 2 * period - 1]
    found = tally([ANYWHERE], [Calls(matched), Calls(other, seen_by=())])
    whole, minutes = 8.0, period // 60
    for busy, total in ((True, 2 * whole + minutes - 1), (False, 2 * whole + (minutes > 1))):
        for threshold, state in ((total, "ALARM"), (total + 1, "OK")):
            of = alarm(Feed(0, whole, 1), period=period, threshold=threshold)
            forecaster = Forecaster(of, found, Interval(start, start + 3 * period))
            assert forecaster.states(busy=busy) == ["OK", state, "OK" if busy else state]
            assert list(forecaster.period_ends) == [MIDNIGHT + number * period for number in (1, 2, 3)]


def test_there_are_no_other_log_events_before_the_interval() -> None:
    """It starts in the last minute of a period of five: one default value is published in it, and five in the next."""
    of = alarm(Feed(0, 1, 1), statistic="SampleCount", threshold=2)
    for start, state in ((240, "OK"), (239, "ALARM"), (299, "OK")):
        forecaster = Forecaster(of, tally([ANYWHERE], []), Interval(MIDNIGHT + start, MIDNIGHT + 600))
        assert forecaster.states(busy=True) == [state, "ALARM"]


def test_an_alarm_that_is_not_known_has_no_forecast() -> None:
    for terms in (Terms(), None):
        of = ForecastAlarm("alarm", None, terms, (Feed(0, 1, None),), "It is on metric math.")
        assert per_day([Calls([MIDNIGHT])], of) == {}
        assert Forecaster(of, tally([ANYWHERE], []), Interval(0, DAY)).states(busy=True) == []


# Against the simulation

LENGTH = 40
"""Periods, at most."""

numbers = st.integers(-4, 8).map(lambda number: number / 2)


@st.composite
def alarms(draw: st.DrawFn) -> ForecastAlarm:
    evaluation_periods = draw(st.integers(1, 4))
    terms = Terms(
        draw(st.sampled_from(["Sum", "SampleCount", "Average", "Maximum", "Minimum"])),
        draw(st.sampled_from([60, 120, 300, 420, 900, 3600])),
        draw(st.integers(-2, 6)) / 2,
        draw(
            st.sampled_from(
                [
                    "GreaterThanOrEqualToThreshold",
                    "GreaterThanThreshold",
                    "LessThanThreshold",
                    "LessThanOrEqualToThreshold",
                ]
            )
        ),
        evaluation_periods,
        draw(st.integers(1, evaluation_periods)),
        draw(st.sampled_from(TREATMENTS)),
    )
    feed = st.builds(Feed, st.integers(0, 2), numbers, st.none() | numbers | st.just(0.0))
    return ForecastAlarm("alarm", None, terms, tuple(draw(st.lists(feed, min_size=1, max_size=3))))


WATCHED = (ANYWHERE, IN_HERE, IN_ELSEWHERE)


@st.composite
def refused(draw: st.DrawFn, interval: Interval) -> list[Calls]:
    seconds = st.lists(st.integers(interval.start, interval.end - 1), max_size=12)
    cell = st.builds(
        Calls,
        seconds,
        st.sampled_from([group("a"), group("b"), group("c")]),
        st.sampled_from([HERE, ELSEWHERE]),
        st.sets(st.integers(0, 2)),
        st.booleans(),
    )
    return draw(st.lists(cell, max_size=6))


def simulated(
    of: ForecastAlarm, calls: Sequence[Calls], interval: Interval, without: Collection[Key], *, busy: bool
) -> list[cloudwatch.State]:
    """What the simulation of CloudWatch makes of the calls, minute by minute. Minutes before the interval are empty."""
    assert of.terms is not None
    terms = of.terms
    first = interval.start // terms.period * terms.period
    minutes: list[list[cloudwatch.Events]] = []
    for minute in range(first, interval.end // terms.period * terms.period, 60):
        minutes.append([])
        for feed in of.feeds:
            log_group = WATCHED[feed.watched].log_group
            matching = other = 0
            for each in calls:
                if log_group not in (None, each.log_group):
                    continue
                number = sum(minute <= second < minute + 60 for second in each.seconds)
                counts = feed.watched in each.seen_by and each.key not in without
                if counts and not (log_group is None and each.again):
                    matching += number
                else:
                    other += number
            other += busy and minute + 60 > interval.start
            minutes[-1].append(cloudwatch.Events(matching, other))
    filters = [cloudwatch.Filter(feed.value, feed.default) for feed in of.feeds]
    return cloudwatch.run(cloudwatch.Alarm(**terms._asdict()), filters, minutes, state="OK")


def changes_by_day(states: Sequence[cloudwatch.State], ends: Sequence[int]) -> Counter[date]:
    changed = (
        datetime.fromtimestamp(end - 1, UTC).date()
        for before, after, end in zip(["OK", *states], states, ends, strict=False)
        if after == "ALARM" != before
    )
    return Counter(changed)


@given(st.data(), alarms(), st.integers(-7200, 3600), st.integers(1, LENGTH * 300))
def test_the_forecast_is_that_of_the_simulation(
    data: st.DataObject, of: ForecastAlarm, start: int, length: int
) -> None:
    interval = Interval(MIDNIGHT + start, MIDNIGHT + start + length)
    calls = data.draw(refused(interval))
    without = data.draw(st.sets(st.sampled_from([group("a"), group("b"), group("z")])))
    forecaster = Forecaster(of, tally(WATCHED, calls), interval)
    by_day = []
    for busy in (True, False):
        expected = simulated(of, calls, interval, without, busy=busy)
        assert forecaster.states(without, busy=busy) == expected
        assert len(forecaster.period_ends) == len(expected)
        by_day.append(changes_by_day(expected, forecaster.period_ends))
    found = forecaster.forecast(without)
    assert found == {day: (min(one[day] for one in by_day), max(one[day] for one in by_day)) for day in found}
    assert sum(map(len, by_day)) == sum(len(one.keys() & found.keys()) for one in by_day)

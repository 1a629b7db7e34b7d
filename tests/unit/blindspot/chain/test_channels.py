"""Every path from a trail on is judged by its own links, whatever stands beside it."""

import pytest

from blindspot.model.snapshot import MetricFilter
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import a_compliant_snapshot, a_filter, an_alarm
from tests.cases.accounts import PROFILE

RIGHT = a_filter('{ $.errorCode = "AccessDenied*" }', name="right")
OTHER = a_filter('{ $.errorCode = "*UnauthorizedOperation" }', name="other")


@pytest.mark.parametrize("statistic", ["Sum", "Maximum"])
@pytest.mark.parametrize("value", ["0", "0.5"])
@pytest.mark.parametrize("first", ["right", "other"])
def test_a_right_filter_lends_nothing_to_one_on_its_metric_that_counts_too_little(
    first: str, value: str, statistic: str
) -> None:
    both: tuple[MetricFilter, ...] = (RIGHT, a_filter(OTHER.pattern, name="other", value=value))
    filters = sorted(both, key=lambda one: one.name != first)
    account = a_compliant_snapshot(filters=tuple(filters), alarms=(an_alarm(statistic=statistic),))
    for region in assess(account, PROFILE).regions:
        assert region.verdict is Verdict.INDETERMINATE
        assert region.blind_spot is not None
        assert str(region.blind_spot["errorCode"]).endswith("UnauthorizedOperation")
        assert {channel.filter: [doubt.code for doubt in channel.doubts] for channel in region.channels} == {
            "right": [],
            "other": ["alarm.unclear"],
        }


@pytest.mark.parametrize("filters", [(RIGHT, OTHER), (OTHER, RIGHT)], ids=["right first", "other first"])
def test_two_filters_on_one_metric_that_count_enough_add_up(filters: tuple[MetricFilter, ...]) -> None:
    assert assess(a_compliant_snapshot(filters=filters), PROFILE).verdict is Verdict.COMPLIANT

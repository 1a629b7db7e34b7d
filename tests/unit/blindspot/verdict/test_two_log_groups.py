"""Two log groups with filters on one metric: what one of them counts affects what the alarm does on a call."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model.snapshot import LogGroup, Snapshot, Unreadable
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot, a_filter, a_trail, an_alarm, log_group_arn
from tests.cases.accounts import PROFILE

FIRST, SECOND = log_group_arn(HOME, "management-events"), log_group_arn(HOME, "second")


def both(first: str, second: str, **alarm: Any) -> Snapshot:
    """Two trails deliver the same calls to two log groups, whose filters add these values to one metric."""
    groups = {
        arn: LogGroup(arn, (a_filter(name=arn[-6:], value=value),)) for arn, value in ((FIRST, first), (SECOND, second))
    }
    trails = a_trail(HOME, "management-events"), a_trail(HOME, "second")
    return replace(a_compliant_snapshot(trails=trails, alarms=(an_alarm(**alarm),)), log_groups=groups)


@pytest.mark.parametrize(
    ("first", "second", "alarm", "verdict"),
    [
        ("1", "1", {}, Verdict.COMPLIANT),
        ("1", "5", {}, Verdict.COMPLIANT),
        ("1", "-1", {}, Verdict.INDETERMINATE),
        ("1", "0", {"statistic": "Average"}, Verdict.INDETERMINATE),
        ("1", "0", {"statistic": "Minimum"}, Verdict.INDETERMINATE),
        ("1", "1", {"threshold": 2.0}, Verdict.INDETERMINATE),
    ],
)
def test_another_trail_may_deliver_the_call_to_the_other_log_group(
    first: str, second: str, alarm: dict[str, Any], verdict: Verdict
) -> None:
    found = both(first, second, **alarm)
    assert assess(found, PROFILE).verdict is verdict
    # No trail delivers to the other log group any more, so no refused call is counted there.
    alone = replace(found, trails=found.trails[:1], log_groups={FIRST: found.log_groups[FIRST]})
    other = (a_filter('{ $.errorCode = "AccessDenied" }', name="app", value=second),)
    apart = replace(alone, other_filters={(ACCOUNT, HOME): tuple((SECOND, each) for each in other)})
    assert assess(apart, PROFILE).verdict is not Verdict.INDETERMINATE


@pytest.mark.parametrize("pattern", ['{ $.level = "ERROR" }', "ERROR", "{ $.errorCode = %AccessDenied% }"])
def test_a_trail_that_could_not_be_read_settles_nothing_of_a_log_group(pattern: str) -> None:
    """No trail is known to deliver there, so what the filter of another application counts is not known."""
    app = ((log_group_arn(name="app"), a_filter(pattern, name="app")),)
    found = a_compliant_snapshot(other_filters={(ACCOUNT, HOME): app})
    unread = Unreadable("cloudtrail:DescribeTrails", "us-east-1", "Malformed: HomeRegion")
    trail = replace(
        a_trail("us-east-1", "other"), status=unread, selectors=unread, log_group_arn=None, unread=unread.error
    )
    for trails in (found.trails, (*found.trails, trail)):
        assert assess(replace(found, trails=trails), PROFILE).verdict is Verdict.INDETERMINATE

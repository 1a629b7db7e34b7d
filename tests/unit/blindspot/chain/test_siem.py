"""A SIEM instead of alarm and topic: how events reach the profile's destinations."""

from typing import Any

import pytest

from blindspot.chain import siem
from blindspot.chain.channel import Path
from blindspot.chain.metric_filter import FilterPatterns
from blindspot.model.findings import Doubt, Gap
from blindspot.model.snapshot import LogGroup, SubscriptionFilter, Unreadable
from tests.builders import ACCOUNT, CIS, HOME, a_compliant_snapshot, a_status, a_trail, log_group_arn, topic_arn
from tests.cases.accounts import PROFILE, SIEM
from tests.findings import assert_found

OTHER = "arn:aws:lambda:eu-west-1:1:function:other"
BUCKET = "arn:aws:s3:::logs"
LOG_GROUP = log_group_arn()
REFUSED = Unreadable("logs:DescribeSubscriptionFilters", HOME, "AccessDeniedException", denied=True)


@pytest.mark.parametrize(
    ("destinations", "reached"),
    [
        ((), []),
        ((SIEM,), []),
        ((BUCKET,), [BUCKET]),
        ((topic_arn(),), [topic_arn()]),
        ((topic_arn(), SIEM, BUCKET), [BUCKET, topic_arn()]),
    ],
)
def test_a_trail_delivers_to_its_own_bucket_and_topic(destinations: tuple[str, ...], reached: list[str]) -> None:
    trail = a_trail(bucket_arn=BUCKET, topic_arn=topic_arn())
    assert list(siem.paths_from_trail(trail, destinations)) == [Path(subscription=arn, to_siem=True) for arn in reached]


def test_a_trail_without_bucket_and_topic_reaches_no_destination() -> None:
    assert list(siem.paths_from_trail(a_trail(), (BUCKET, topic_arn()))) == []


@pytest.mark.parametrize(("error", "target"), [("bucket_error", "bucket"), ("topic_error", "topic")])
def test_a_delivery_that_fails_breaks_its_own_path_alone(error: str, target: str) -> None:
    trail = a_trail(bucket_arn=BUCKET, topic_arn=topic_arn(), status=a_status(**{error: "AccessDenied"}))
    by_bucket, by_topic = siem.paths_from_trail(trail, (BUCKET, topic_arn()))
    broken, whole = (by_bucket, by_topic) if target == "bucket" else (by_topic, by_bucket)
    assert_found(broken.gap, Gap, "trail.delivery-failing", trail.arn, f" {target}: AccessDenied")
    assert whole.gap is None


def a_subscription(pattern: str = CIS, **bent: Any) -> SubscriptionFilter:
    return SubscriptionFilter(**{"name": "all", "pattern": pattern, "destination": SIEM, **bent})


def paths(
    *filters: SubscriptionFilter,
    of_account: tuple[SubscriptionFilter, ...] | Unreadable | None = None,
    destinations: tuple[str, ...] = (SIEM,),
    unread: Unreadable | None = None,
) -> list[Path]:
    """The paths by these subscription filters of the log group and of its account."""
    group = LogGroup(LOG_GROUP, (), subscriptions=unread or filters)
    policies = {} if of_account is None else {(ACCOUNT, HOME): of_account, (ACCOUNT, "us-east-1"): REFUSED}
    snapshot = a_compliant_snapshot(log_groups={LOG_GROUP: group}, subscription_policies=policies)
    start = Path().then(Doubt("log-group.class", LOG_GROUP, "From before."))
    found = list(siem.paths_from_log_group(start, group, snapshot, destinations, FilterPatterns(snapshot, PROFILE)))
    assert all(path.doubts[:1] == start.doubts for path in found)
    return found


def test_without_a_destination_in_the_profile_there_is_no_path() -> None:
    assert paths(a_subscription(), destinations=()) == []
    assert paths(unread=REFUSED, of_account=REFUSED, destinations=()) == []
    assert paths(a_subscription(destination=OTHER)) == []


def test_a_subscription_filter_sends_what_its_pattern_matches() -> None:
    (path,) = paths(a_subscription(destination=OTHER), a_subscription())
    assert (path.filter, path.subscription, path.alarm, path.gap) == ("all", SIEM, None, None)
    assert path.pattern is not None
    assert path.pattern.text == CIS
    assert len(path.doubts) == 1


def test_a_policy_of_the_account_sends_the_events_of_its_log_groups() -> None:
    own, by_policy = paths(a_subscription(name="own"), of_account=(a_subscription(name="policy"),))
    assert (own.filter, by_policy.filter) == ("own", "policy")


SELECTING = {
    'LogGroupName NOT IN ["management-events"]': None,
    'LogGroupName IN ["other"]': None,
    '@aws.region = "us-east-1"': None,
    'LogGroupName NOT IN ["other"]': 0,
    'LogGroupName IN ["management-events"]': 0,
    f'@aws.region = "{HOME}" AND @aws.account = "{ACCOUNT}"': 0,
    '@data_source = "cloudtrail"': 1,
    "anything": 1,
}


@pytest.mark.parametrize("criteria", SELECTING)
def test_selection_criteria_choose_the_log_groups_of_a_policy(criteria: str) -> None:
    found = paths(of_account=(a_subscription(selection=criteria),))
    doubts = SELECTING[criteria]
    assert len(found) == (0 if doubts is None else 1)
    for path in found:
        assert len(path.doubts[1:]) == doubts
        for doubt in path.doubts[1:]:
            assert_found(doubt, Doubt, "siem.misses", LOG_GROUP, "subscription filter all", "management-events")


def test_which_transformed_events_are_sent_is_not_known() -> None:
    (path,) = paths(a_subscription(on_transformed_logs=True))
    assert_found(path.doubts[-1], Doubt, "siem.misses", LOG_GROUP, "subscription filter all", "management-events")


def test_a_pattern_that_is_not_understood_is_a_doubt() -> None:
    (path,) = paths(a_subscription("{ $.x"))
    assert path.pattern is None
    assert_found(path.doubts[-1], Doubt, "filter.unclear", LOG_GROUP, "subscription filter all of log group")


@pytest.mark.parametrize(("destination", "paths_found"), [("", 1), (SIEM, 1), (OTHER, 0)])
def test_a_malformed_filter_may_send_anything_there(destination: str, paths_found: int) -> None:
    malformed = a_subscription(destination=destination, pattern="", unread="Malformed: filterPattern")
    for found in (paths(malformed), paths(of_account=(malformed,))):
        assert len(found) == paths_found
        for path in found:
            assert path.pattern is None
            assert_found(path.doubts[-1], Doubt, "unread.no-answer", LOG_GROUP, "ubscription filter all of log group")


def test_filters_that_are_unread_may_send_anything_and_hide_no_others() -> None:
    unread, by_policy = paths(unread=REFUSED, of_account=(a_subscription(name="policy"),))
    assert_found(unread.doubts[-1], Doubt, "unread.refused", LOG_GROUP, "logs:DescribeSubscriptionFilters")
    assert (unread.filter, unread.subscription, by_policy.filter) == (None, None, "policy")
    own, unread = paths(a_subscription(name="own"), of_account=REFUSED)
    assert (own.filter, len(own.doubts)) == ("own", 1)
    assert_found(unread.doubts[-1], Doubt, "unread.refused", LOG_GROUP, "logs:DescribeSubscriptionFilters")

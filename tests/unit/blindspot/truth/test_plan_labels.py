"""The plan: each action has the code of the gap that it closes, as the assessment found it."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.snapshot import LogGroup, Snapshot, Subscription
from blindspot.remediation.ownership import Holdings, Owner, alarm_arns, topic_arns
from blindspot.remediation.plan import plan
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import (
    ACCOUNT,
    HOME,
    a_compliant_snapshot,
    a_filter,
    a_policy,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)

PROFILE = profile.load("cis-level-2")
EXACT = a_filter('{ $.errorCode = "AccessDenied" }')
MINE = topic_arn(name="mine")
SOMEBODY = Subscriber("sqs", f"arn:aws:sqs:{HOME}:{ACCOUNT}:alerts")


def notifying(**topic: Any) -> dict[str, Any]:
    """An alarm that notifies a topic with another name than the source's."""
    return {"alarms": (an_alarm(actions=(MINE,)),), "topics": {MINE: a_topic(MINE, **topic)}}


def two_log_groups() -> Snapshot:
    first, second = log_group_arn(), log_group_arn(name="other")
    trails = (a_trail(multi_region=False), a_trail(name="other", log_group_arn=second, multi_region=False))
    half = a_filter('{ $.errorCode = "AccessDenied*" }')
    snapshot = a_compliant_snapshot(trails=trails, regions=(HOME,))
    return replace(snapshot, log_groups={first: LogGroup(first, (half,)), second: LogGroup(second, ())})


CASES: dict[str, tuple[Snapshot, dict[str, str]]] = {
    "nothing behind the trail": (
        a_compliant_snapshot(filters=(), alarms=(), topics={}),
        {
            "metric filter": "filter.missing",
            "topic": "topic.missing",
            "subscription": "subscription.missing",
            "alarm": "alarm.missing",
        },
    ),
    "a filter that misses": (a_compliant_snapshot(filters=(EXACT,)), {"metric filter": "filter.misses"}),
    "a filter that misses, and no alarm": (
        a_compliant_snapshot(filters=(EXACT,), alarms=()),
        {"metric filter": "filter.misses", "alarm": "alarm.missing"},
    ),
    "a filter that misses, and an alarm without an action": (
        a_compliant_snapshot(filters=(EXACT,), alarms=(an_alarm(actions=()),)),
        {"metric filter": "filter.misses", "alarm": "alarm.no-action"},
    ),
    "a filter that adds nothing": (
        a_compliant_snapshot(filters=(a_filter(value="0"),)),
        {"metric filter": "filter.value"},
    ),
    "a filter that counts ordinary calls": (
        a_compliant_snapshot(filters=(a_filter("{ $.eventName = * }"),)),
        {"metric filter": "filter.noise", "alarm": "filter.noise"},
    ),
    "a filter of something else": (
        a_compliant_snapshot(filters=(a_filter("{ $.eventName = DeleteVpc }"),)),
        {"metric filter": "filter.missing", "alarm": "filter.missing"},
    ),
    "an alarm on another metric": (
        a_compliant_snapshot(alarms=(an_alarm(namespace="Other"),)),
        {"alarm": "alarm.missing"},
    ),
    "an alarm that needs ten calls": (
        a_compliant_snapshot(alarms=(an_alarm(threshold=10.0),)),
        {"alarm": "alarm.insensitive"},
    ),
    "a topic that keeps CloudWatch out": (
        a_compliant_snapshot(**notifying(policy=a_policy(MINE, owner="999999999999"))),
        {"topic": "topic.policy", "subscription": "topic.policy", "alarm": "topic.policy"},
    ),
    "a topic without subscriptions": (
        a_compliant_snapshot(**notifying(subscriptions=())),
        {"topic": "subscription.missing", "subscription": "subscription.missing", "alarm": "subscription.missing"},
    ),
    "a subscription that rejects": (
        a_compliant_snapshot(**notifying(subscriptions=(Subscription("arn:s", "email", '{"a": ["b"]}'),))),
        {"topic": "subscription.filtered", "subscription": "subscription.filtered", "alarm": "subscription.filtered"},
    ),
    "two log groups": (two_log_groups(), {"metric filter": "filter.misses"}),
}


@pytest.mark.parametrize(("snapshot", "labels"), CASES.values(), ids=CASES)
def test_an_action_is_labelled_by_the_gap_that_it_closes(snapshot: Snapshot, labels: dict[str, str]) -> None:
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is Verdict.NON_COMPLIANT
    place = (ACCOUNT, HOME)
    names = (*alarm_arns([PROFILE.names], "aws", place), *topic_arns([PROFILE.names], "aws", place))
    found = plan(assessment, PROFILE, Holdings(dict.fromkeys(names, Owner.NOBODY)), (SOMEBODY,))
    assert {each.action.title.removeprefix("create "): each.gap for each in found.actions} == labels

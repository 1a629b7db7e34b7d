"""What AWS added, and what lies elsewhere: the verdict, and the words that the person who reads it needs."""

from collections.abc import Collection
from typing import Any

import pytest

from blindspot.aws.responses import alarms
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot, Unreadable
from blindspot.report.document import Document, Origin, document
from blindspot.verdict.assessment import assess
from tests.builders import (
    ACCOUNT,
    HOME,
    a_compliant_snapshot,
    a_filter,
    a_status,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import PROFILE

THEIRS, AWAY = "999999999999", "us-east-1"
COMPLIANT, NON_COMPLIANT, INDETERMINATE = "COMPLIANT", "NON_COMPLIANT", "INDETERMINATE"
HALF = '{ $.errorCode = "AccessDenied*" }'


def shown(snapshot: Snapshot) -> Document:
    return document(assess(snapshot, PROFILE), origin=Origin(), config=None, api_calls=0, duration_ms=0)


def words(shown: Document) -> str:
    """Every sentence of the document that is about the account, with its fix."""
    doubts = [doubt for region in shown["regions"].values() for doubt in region["doubts"]]
    return " ".join(
        found["message"] + " " + found.get("fix", "") for found in [*shown["gaps"], *doubts, *shown["notes"]]
    )


def elsewhere(account: str, region: str, *filters: MetricFilter, name: str = "management-events") -> dict[str, Any]:
    arn = f"arn:aws:logs:{region}:{account}:log-group:{name}"
    return {"other_filters": {(account, region): tuple((arn, found) for found in filters)}}


def without_filter(**bent: Any) -> Snapshot:
    return a_compliant_snapshot(filters=(), **bent)


def a_log_alarm(**query: object) -> dict[str, Any]:
    return {
        "AlarmArn": f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:refused-calls",
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn()],
        "StateValue": "OK",
        "ScheduledQueryConfiguration": {"QueryString": 'filter errorCode = "AccessDenied"', **query},
    }


def with_log_alarm(**query: object) -> Snapshot:
    listed = alarms({"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": [a_log_alarm(**query)]})
    return without_filter(alarms=listed)


BY_ACCOUNT = {"field_selection": f'@aws.account = "{ACCOUNT}"'}
ANY_LOG_GROUP = "SOURCE logGroups(namePrefix: ['manage']) | filter errorCode = 'AccessDenied'"
STRAIGHT = "aws/cloudtrail/managementevents"
NOT_COPIED = "no metric filter"

TRUTH: dict[str, tuple[Snapshot, str, Collection[str]]] = {
    # given; the verdict; what the document says
    "a central copy in another region": (
        without_filter(**elsewhere(ACCOUNT, AWAY, a_filter())),
        INDETERMINATE,
        ("unauthorized", "management-events", AWAY, "central copy", "trail's own log group"),
    ),
    "a central copy in another account": (
        without_filter(**elsewhere(THEIRS, HOME, a_filter())),
        INDETERMINATE,
        ("management-events", HOME, THEIRS, "central copy"),
    ),
    "a central copy under another name, by its sources": (
        without_filter(**elsewhere(ACCOUNT, HOME, a_filter(**BY_ACCOUNT), name="central")),
        INDETERMINATE,
        ("unauthorized", "log group central", "central copy"),
    ),
    "a central copy whose filter cannot be parsed": (
        without_filter(**elsewhere(ACCOUNT, AWAY, a_filter("{ broken"))),
        INDETERMINATE,
        ("central copy",),
    ),
    "a central copy whose filter misses calls": (
        without_filter(**elsewhere(ACCOUNT, AWAY, a_filter(HALF))),
        NON_COMPLIANT,
        (NOT_COPIED,),
    ),
    "a central copy whose filter is for other accounts": (
        without_filter(**elsewhere(ACCOUNT, AWAY, a_filter(field_selection=f'@aws.account = "{THEIRS}"'))),
        NON_COMPLIANT,
        (NOT_COPIED,),
    ),
    "another log group with the right filter": (
        without_filter(**elsewhere(ACCOUNT, AWAY, a_filter(), name="application")),
        NON_COMPLIANT,
        (NOT_COPIED,),
    ),
    "a central copy of a log group that is not there": (
        a_compliant_snapshot(log_groups={log_group_arn(): None}, **elsewhere(ACCOUNT, AWAY, a_filter())),
        NON_COMPLIANT,
        ("does not exist",),
    ),
    "a central copy beside a whole channel": (
        a_compliant_snapshot(**elsewhere(ACCOUNT, AWAY, a_filter())),
        COMPLIANT,
        (),
    ),
    "a central copy of what a stopped trail delivered": (
        without_filter(
            trails=(a_trail(status=a_status(logging=False)),),
            **elsewhere(ACCOUNT, AWAY, a_filter()),
        ),
        NON_COMPLIANT,
        ("is not logging",),
    ),
    "where a central copy may be was not read": (
        without_filter(unread_filters={(ACCOUNT, AWAY): Unreadable("logs:DescribeMetricFilters", AWAY, "Timeout")}),
        INDETERMINATE,
        ("logs:DescribeMetricFilters", AWAY, "Timeout"),
    ),
    "events without a trail": (
        a_compliant_snapshot(trails=(), log_groups={}, **elsewhere(ACCOUNT, HOME, a_filter(), name=STRAIGHT)),
        NON_COMPLIANT,
        ("No trail records", STRAIGHT, HOME, "without a trail", "telemetry rule", "only in regions with such a rule"),
    ),
    "an alarm on a query of the log group": (
        with_log_alarm(LogGroupIdentifiers=["management-events"]),
        INDETERMINATE,
        ("Alarm refused-calls", "log group management-events"),
    ),
    "an alarm on a query of the log group's ARN": (
        with_log_alarm(LogGroupIdentifiers=[log_group_arn()]),
        INDETERMINATE,
        ("Alarm refused-calls", "log group management-events"),
    ),
    "an alarm on a query that selects its log groups": (
        with_log_alarm(QueryString=ANY_LOG_GROUP, LogGroupIdentifiers=["application"]),
        INDETERMINATE,
        ("Alarm refused-calls", "log group management-events"),
    ),
    "an alarm on a query without log groups": (
        with_log_alarm(),
        INDETERMINATE,
        ("Alarm refused-calls",),
    ),
    "an alarm on a query of another log group": (
        with_log_alarm(LogGroupIdentifiers=["application"]),
        NON_COMPLIANT,
        (NOT_COPIED,),
    ),
    "an alarm without actions": (
        a_compliant_snapshot(alarms=(an_alarm(actions=()),)),
        NON_COMPLIANT,
        ("Alarm unauthorized", "EventBridge rules", "not assessed", "SNS topic"),
    ),
    "a topic for small messages": (
        a_compliant_snapshot(topics={topic_arn(): a_topic(largest_message=1024)}),
        INDETERMINATE,
        ("Topic security-alerts", "1024 bytes", "MaximumMessageSize"),
    ),
    "a topic for messages that are large enough": (
        a_compliant_snapshot(topics={topic_arn(): a_topic(largest_message=65536)}),
        COMPLIANT,
        (),
    ),
    "data protection": (
        a_compliant_snapshot(log_groups={log_group_arn(): LogGroup(log_group_arn(), (a_filter(),), masked=True)}),
        COMPLIANT,
        ("masks values", "management-events"),
    ),
}


@pytest.mark.parametrize("name", TRUTH)
def test_the_verdict_and_the_words(name: str) -> None:
    snapshot, verdict, facts = TRUTH[name]
    found = shown(snapshot)
    assert found["verdict"] == verdict
    assert [fact for fact in facts if fact not in words(found)] == []
    if verdict == COMPLIANT:
        assert {region["verdict"] for region in found["regions"].values()} == {COMPLIANT}


def test_an_alarm_that_cloudwatch_cannot_evaluate_is_a_doubt() -> None:
    alarm = {
        **a_log_alarm(),
        "Namespace": "CISBenchmark",
        "MetricName": "unauthorized_api_calls",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    verdicts = {
        state: shown(a_compliant_snapshot(alarms=alarms({"MetricAlarms": [{**alarm, **state_of}]})))["verdict"]
        for state, state_of in {"": {}, **{name: {"EvaluationState": name} for name in STATES}}.items()
    }
    assert verdicts == {"": COMPLIANT, **dict.fromkeys(STATES, INDETERMINATE)}


STATES = ("PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE")

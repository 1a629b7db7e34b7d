"""Lists come in pages: all of them are read, and none that does not end."""

from collections.abc import Iterator
from itertools import count

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders

from blindspot.model.snapshot import Unreadable
from local.accounts import a_compliant_account, put_alarm, put_filter
from local.aws import Call, Fault, LocalAws, local_aws
from tests.integration.reading import (
    ACCOUNT,
    OWN,
    REGIONS,
    alarms,
    answer_once,
    calls,
    filters,
    log_group_arn,
    look,
    subscriptions,
)

METRIC = {"metricNamespace": "n", "metricName": "m", "metricValue": "1"}


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=OWN, regions=REGIONS) as aws:
        yield aws


def test_pages_of_metric_filters_hold_50(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    for number in range(99):
        put_filter(aws, OWN, made.log_group, f"other-{number}", "{ $.a = 1 }", METRIC)
    assert len(filters(look(), made)) == 100
    assert calls(aws)["logs:DescribeMetricFilters"] == 2


def test_pages_of_alarms_hold_100(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    for number in range(149):
        put_alarm(aws, OWN, f"other-{number}", METRIC, [f"{made.topic}-other"], {})
    snapshot = look()
    assert len(alarms(snapshot)) == 150
    assert calls(aws)["cloudwatch:DescribeAlarms"] == 2
    assert set(snapshot.topics) == {made.topic}


def test_pages_of_subscriptions_hold_100(aws: LocalAws) -> None:
    made = a_compliant_account(aws, confirmed=False)
    for number in range(119):
        aws.client("sns").subscribe(TopicArn=made.topic, Protocol="email", Endpoint=f"{number}@example.com")
    assert [subscription.arn for subscription in subscriptions(look(), made)] == [None] * 120
    assert calls(aws)["sns:ListSubscriptionsByTopic"] == 2
    assert calls(aws)["sns:GetSubscriptionAttributes"] == 0


def test_an_empty_page_is_not_the_last(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    answer_once(aws, "logs:DescribeMetricFilters", metricFilters=[], nextToken="0")
    assert [found.name for found in filters(look(), made)] == [made.filter]


PAGED = {
    "logs:DescribeMetricFilters": ("metricFilters", "nextToken"),
    "cloudwatch:DescribeAlarms": ("MetricAlarms", "NextToken"),
    "sns:ListSubscriptionsByTopic": ("Subscriptions", "NextToken"),
}


@pytest.mark.parametrize("call", PAGED)
def test_a_token_that_comes_again_is_no_answer(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    items, token = PAGED[call]
    aws.malform(call, {items: [], token: "again"})
    assert where(call, log_group_arn(made), made.topic) == Unreadable(call, OWN, "RepeatedToken")
    assert calls(aws)[call] == 2


@pytest.mark.parametrize("call", PAGED)
def test_pages_without_end_are_read_until_the_deadline(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    items, token = PAGED[call]
    numbers = count()

    def another_page(_: Call) -> object:
        return AWSResponse("", 200, HTTPHeaders(), None), {items: [], token: str(next(numbers))}

    aws.faults.append(Fault(call, None, another_page))
    found = where(call, log_group_arn(made), made.topic, seconds=2)
    assert found == Unreadable(call, OWN, "Timeout")


@pytest.mark.parametrize("call", PAGED)
def test_a_page_that_fails_leaves_no_half_a_list(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    items, token = PAGED[call]
    answer_once(aws, call, **{items: [], token: "0"})
    aws.fail(call, error="ThrottlingException")
    assert where(call, log_group_arn(made), made.topic) == Unreadable(call, OWN, "ThrottlingException")


def where(call: str, group: str, topic: str, seconds: float = 30) -> object:
    """What stands where the call's list would stand."""
    snapshot = look(seconds=seconds)
    if call.startswith("logs"):
        return getattr(snapshot.log_groups[group], "filters", None)
    return (
        snapshot.alarms[ACCOUNT, OWN]
        if call.startswith("cloudwatch")
        else getattr(snapshot.topics[topic], "subscriptions", None)
    )

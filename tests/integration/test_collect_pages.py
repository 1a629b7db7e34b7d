"""Lists come in pages: all of them are read, and none that does not end."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders

from blindspot.aws.collect import MOST_PAGES, MOST_POLICIES
from blindspot.model.snapshot import Topic, Unreadable
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


def many_subscriptions(aws: LocalAws, topic: str, listed: Callable[[int], str], number: int = 250_000) -> None:
    """The topic has so many subscriptions. `listed`: "plain", "filtered", "pending" or "foreign", by number."""
    pages, read = count(), list[str]()

    def page(_: Call) -> object:
        begin = 100 * next(pages)
        arns = [f"{topic}:{each}" for each in range(begin, min(begin + 100, number))]
        kinds = [listed(each) for each in range(begin, begin + len(arns))]
        read.extend(arn for kind, arn in zip(kinds, arns, strict=True) if kind in ("plain", "filtered"))
        subscriptions = [
            {
                "SubscriptionArn": "PendingConfirmation" if kind == "pending" else arn,
                "TopicArn": topic,
                "Protocol": "email",
                **({"Owner": "999999999999"} if kind == "foreign" else {}),
            }
            for kind, arn in zip(kinds, arns, strict=True)
        ]
        more = {"NextToken": str(begin + 100)} if begin + 100 < number else {}
        return AWSResponse("", 200, HTTPHeaders(), None), {"Subscriptions": subscriptions, **more}

    def attributes(_: Call) -> object:
        arn = read.pop(0)
        policy = {} if listed(int(arn.rpartition(":")[2])) == "plain" else {"FilterPolicy": '{"a": ["b"]}'}
        return AWSResponse("", 200, HTTPHeaders(), None), {
            "Attributes": {"SubscriptionArn": arn, "TopicArn": topic, **policy}
        }

    aws.faults.append(Fault("sns:ListSubscriptionsByTopic", None, page))
    aws.faults.append(Fault("sns:GetSubscriptionAttributes", None, attributes))


MANY: dict[str, tuple[Callable[[int], str], int, int, bool]] = {
    # what a subscription is by its number; pages listed, policies read, and whether the others may matter
    "the first is plain": (lambda number: "filtered" if number else "plain", 1, 1, False),
    "one of the second page is plain": (lambda number: "plain" if number == 150 else "filtered", 2, 151, False),
    "all are filtered": (lambda _: "filtered", MOST_POLICIES // 100 + 1, MOST_POLICIES, True),
    "all are pending": (lambda _: "pending", MOST_PAGES, 0, True),
    "many of another account before a plain one": (
        lambda number: "foreign" if number < MOST_POLICIES + 50 else "plain",
        *(MOST_POLICIES // 100 + 1, 1, False),
    ),
}


@pytest.mark.parametrize("name", MANY)
def test_a_topic_with_many_subscriptions_is_read_until_it_is_known(aws: LocalAws, name: str) -> None:
    listed, pages, policies, more = MANY[name]
    made = a_compliant_account(aws)
    many_subscriptions(aws, made.topic, listed)

    snapshot = look()

    asked = calls(aws)
    assert (asked["sns:ListSubscriptionsByTopic"], asked["sns:GetSubscriptionAttributes"]) == (pages, policies)
    topic = snapshot.topics[made.topic]
    assert isinstance(topic, Topic)
    assert topic.more_subscriptions is more
    assert isinstance(topic.subscriptions, tuple)
    assert any(found.arn and found.filter_policy is None for found in topic.subscriptions) is not more


def test_of_a_topic_that_the_remediator_may_use_all_subscriptions_are_listed(aws: LocalAws) -> None:
    made = a_compliant_account(aws)
    many_subscriptions(aws, made.topic, lambda number: "pending" if number % 2 else "plain", number=250)
    topic = look(topic_names=(made.topic.rpartition(":")[2],)).topics[made.topic]
    assert isinstance(topic, Topic)
    assert isinstance(topic.subscriptions, tuple)
    listed = [found.arn for found in topic.subscriptions]
    assert listed == [None if number % 2 else f"{made.topic}:{number}" for number in range(250)]
    assert topic.more_subscriptions is False
    assert calls(aws)["sns:GetSubscriptionAttributes"] == 1


@pytest.mark.parametrize("fault", ["ThrottlingException", "hangs"])
def test_what_is_known_of_a_topic_stays_known_when_a_later_page_fails(aws: LocalAws, fault: str) -> None:
    made = a_compliant_account(aws)
    name = made.topic.rpartition(":")[2]
    plain = {"SubscriptionArn": f"{made.topic}:1", "TopicArn": made.topic, "Protocol": "email"}
    answer_once(aws, "sns:ListSubscriptionsByTopic", Subscriptions=[plain], NextToken="1")
    attributes = {"SubscriptionArn": f"{made.topic}:1", "TopicArn": made.topic}
    answer_once(aws, "sns:GetSubscriptionAttributes", Attributes=attributes)
    if fault == "hangs":
        aws.hang("sns:ListSubscriptionsByTopic", OWN, seconds=60)
    else:
        aws.fail("sns:ListSubscriptionsByTopic", OWN, fault)
    topic = look(seconds=2, topic_names=(name,)).topics[made.topic]
    assert isinstance(topic, Topic)
    assert isinstance(topic.subscriptions, tuple)
    assert [found.arn for found in topic.subscriptions] == [f"{made.topic}:1"]


PAGED: dict[str, tuple[dict[str, list[object]], str]] = {
    "logs:DescribeMetricFilters": ({"metricFilters": []}, "nextToken"),
    "cloudwatch:DescribeAlarms": ({"MetricAlarms": [], "CompositeAlarms": []}, "NextToken"),
    "sns:ListSubscriptionsByTopic": ({"Subscriptions": []}, "NextToken"),
}
"""Of each list: an empty page, and the name of its token."""


@pytest.mark.parametrize("call", PAGED)
def test_a_token_that_comes_again_is_no_answer(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    page, token = PAGED[call]
    aws.malform(call, {**page, token: "again"})
    assert where(call, log_group_arn(made), made.topic) == Unreadable(call, OWN, "RepeatedToken")
    assert calls(aws)[call] == 2


@pytest.mark.parametrize("call", ["logs:DescribeMetricFilters", "cloudwatch:DescribeAlarms"])
def test_pages_without_end_are_read_until_the_deadline(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    page, token = PAGED[call]
    numbers = count()

    def another_page(_: Call) -> object:
        return AWSResponse("", 200, HTTPHeaders(), None), {**page, token: str(next(numbers))}

    aws.faults.append(Fault(call, None, another_page))
    found = where(call, log_group_arn(made), made.topic, seconds=2)
    assert found == Unreadable(call, OWN, "Timeout")


@pytest.mark.parametrize("call", PAGED)
def test_a_page_that_fails_leaves_no_half_a_list(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    page, token = PAGED[call]
    answer_once(aws, call, **page, **{token: "0"})
    aws.fail(call, error="ThrottlingException")
    assert where(call, log_group_arn(made), made.topic) == Unreadable(call, OWN, "ThrottlingException")


@pytest.mark.parametrize("call", PAGED)
def test_a_later_page_that_does_not_come_is_waited_for_until_the_deadline(aws: LocalAws, call: str) -> None:
    made = a_compliant_account(aws)
    page, token = PAGED[call]
    answer_once(aws, call, **page, **{token: "0"})
    aws.hang(call, OWN, seconds=60)
    assert where(call, log_group_arn(made), made.topic, seconds=4) == Unreadable(call, OWN, "Timeout")


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

"""Each deletion as it is asked of AWS, and what undoes it."""

from blindspot.chain.metric_filter import filter_resource
from blindspot.remediation.actions import Guard, Request
from blindspot.remediation.deletions import Deletion, delete_alarm, delete_filter, delete_topic
from blindspot.remediation.ledger import filter_state
from tests.builders import HOME, a_filter, log_group_arn, topic_arn

ALARM = f"arn:aws:cloudwatch:{HOME}:123456789012:alarm:a"


def test_an_alarm_is_made_again_without_our_tag() -> None:
    before = {"Threshold": 1}
    found = delete_alarm(ALARM, before, {"team": "blue"})
    again = {"AlarmName": "a", "Threshold": 1, "Tags": [{"Key": "team", "Value": "blue"}]}
    assert found == Deletion(
        "delete alarm",
        ALARM,
        Request("cloudwatch:DeleteAlarms", HOME, {"AlarmNames": ["a"]}),
        Request("cloudwatch:PutMetricAlarm", HOME, again),
        before,
        Guard(ALARM, (), None),
    )
    assert (found.resource, found.written, found.needs) == (ALARM, None, ())
    assert delete_alarm(ALARM, before, {}).undo == Request(
        "cloudwatch:PutMetricAlarm", HOME, {"AlarmName": "a"} | before
    )
    assert delete_alarm(ALARM, {}, {"team": "blue"}).undo is None


def test_a_topic_is_deleted_only_with_the_subscriptions_that_are_known() -> None:
    before, known = {"KmsMasterKeyId": "key"}, frozenset({"s"})
    assert delete_topic(topic_arn(), before, known, (ALARM,)) == Deletion(
        "delete topic",
        topic_arn(),
        Request("sns:DeleteTopic", HOME, {"TopicArn": topic_arn()}),
        None,
        before,
        Guard(topic_arn(), (before, None), None, known),
        (ALARM,),
    )


def test_a_metric_filter_is_deleted_only_as_it_is_and_made_again_so() -> None:
    there = a_filter(name="f")
    resource, before = filter_resource(log_group_arn(), "f"), filter_state(there)
    names = {"logGroupName": log_group_arn().rpartition(":log-group:")[2], "filterName": "f"}
    assert delete_filter(log_group_arn(), there, (ALARM,)) == Deletion(
        "delete metric filter",
        resource,
        Request("logs:DeleteMetricFilter", HOME, names),
        Request("logs:PutMetricFilter", HOME, {**names, **before}),
        before,
        Guard(resource, (before, None), None),
        (ALARM,),
    )

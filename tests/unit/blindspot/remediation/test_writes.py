"""Each write as data: what it sends, what undoes it, and what it merges."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from blindspot.remediation.ledger import subscription_resource
from blindspot.remediation.writes import (
    LARGEST_POLICY,
    MOST_STATEMENTS,
    OUR_STATEMENT,
    WHO_WAS_REFUSED,
    CannotMerge,
    Write,
    policy_with_our_statement,
    put_filter,
    set_policy,
    set_tags,
    subscribe,
)
from blindspot.settings import Subscriber
from tests.builders import HOME, a_filter, a_policy, a_topic, topic_arn
from tests.unit.blindspot.remediation.held import FIRST, GROUP, SECOND, STACK, Held, all_ours, nothing_but_a_trail

TOPIC = topic_arn()
THEIRS = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC}
OURS = json.loads(policy_with_our_statement(TOPIC))["Statement"][0]


def a_policy_of(*statements: object, **beside: object) -> str:
    return json.dumps({**beside, "Statement": [*statements]})


POLICIES: dict[str, tuple[str, list[object] | str]] = {
    # a policy, and its statements with ours, or why it cannot have it
    "the one of a new topic": (a_policy(TOPIC), [*json.loads(a_policy(TOPIC))["Statement"], OURS]),
    "none": (a_policy_of(), [OURS]),
    "without statements": ('{"Version": "2012-10-17"}', [OURS]),
    "one statement that is no list": (json.dumps({"Statement": THEIRS}), [THEIRS, OURS]),
    "ours, changed": (a_policy_of({**OURS, "Effect": "Deny"}, THEIRS), [OURS, THEIRS]),
    "no JSON": ("{", "not a policy"),
    "a list": ("[]", "not a policy"),
    "statements that are none": (a_policy_of("all"), "not a policy"),
    "too many statements": (a_policy_of(*[THEIRS] * MOST_STATEMENTS), "larger than SNS allows"),
    "too large": (a_policy_of({**THEIRS, "Sid": "x" * LARGEST_POLICY}), "larger than SNS allows"),
}


@pytest.mark.parametrize(("policy", "expected"), POLICIES.values(), ids=POLICIES)
def test_our_statement_is_merged_into_a_policy(policy: str, expected: list[object] | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(CannotMerge, match=expected):
            policy_with_our_statement(TOPIC, policy)
        return
    merged = json.loads(policy_with_our_statement(TOPIC, policy))
    assert merged == {**json.loads(policy), "Statement": expected}
    assert merged["Statement"].count(OURS) == 1


def changed(held: Held, overrides: dict[str, object]) -> tuple[Write, ...]:
    return held.converged(held.wanted(overrides))


TAGGED: dict[str, object] = {"alarm": {"tags": {"team": "blue"}}}

UNDONE: dict[str, tuple[Callable[[], Write], str, dict[str, Any]]] = {
    # a write, and the call and some parameters of what undoes it
    "a filter is created": (
        lambda: put_filter(GROUP, a_filter(), None),
        "logs:DeleteMetricFilter",
        {"logGroupName": "management-events", "filterName": "unauthorized"},
    ),
    "a filter is updated": (
        lambda: put_filter(GROUP, a_filter(), a_filter("{ $.a = b }", value="2", default=0.0)),
        "logs:PutMetricFilter",
        {
            "filterPattern": "{ $.a = b }",
            "metricTransformations": [
                {
                    "metricName": "unauthorized_api_calls",
                    "metricNamespace": "CISBenchmark",
                    "metricValue": "2",
                    "defaultValue": 0.0,
                }
            ],
        },
    ),
    "an alarm is updated": (
        lambda: changed(all_ours().with_alarm({"OKActions": ["arn:calm"]}), {"alarm": {"period": 60}})[0],
        "cloudwatch:PutMetricAlarm",
        {"AlarmName": "unauthorized_api_calls_alarm", "Period": 300, "OKActions": ["arn:calm"]},
    ),
    "a policy is set": (
        lambda: set_policy(a_topic(), "{}"),
        "sns:SetTopicAttributes",
        {"AttributeName": "Policy", "AttributeValue": a_policy(TOPIC)},
    ),
    "a tag is added": (
        lambda: changed(all_ours(), TAGGED)[0],
        "cloudwatch:UntagResource",
        {"ResourceARN": all_ours().alarm.arn, "TagKeys": ["team"]},
    ),
    "a tag is changed": (
        lambda: changed(all_ours(TAGGED), {"alarm": {"tags": {"team": "red"}}})[0],
        "cloudwatch:TagResource",
        {"Tags": [{"Key": "team", "Value": "blue"}]},
    ),
    "a tag is removed": (
        lambda: changed(all_ours(TAGGED), {})[0],
        "cloudwatch:TagResource",
        {"Tags": [{"Key": "team", "Value": "blue"}]},
    ),
    "a topic's tag is removed": (
        lambda: set_tags(TOPIC, {"team": "blue"}, [("team", "blue")], {})[0],
        "sns:TagResource",
        {"ResourceArn": TOPIC, "Tags": [{"Key": "team", "Value": "blue"}]},
    ),
    "a new topic is subscribed to": (
        lambda: subscribe(TOPIC, FIRST, is_told=True, is_new_topic=True),
        "sns:DeleteTopic",
        {"TopicArn": TOPIC},
    ),
}


@pytest.mark.parametrize(("make", "call", "parameters"), UNDONE.values(), ids=UNDONE)
def test_what_undoes_a_write_restores_what_was_before(
    make: Callable[[], Write], call: str, parameters: dict[str, Any]
) -> None:
    undo = make().undo
    assert undo is not None
    assert (undo.call, undo.region) == (call, HOME)
    assert undo.parameters.items() >= parameters.items()


def test_a_subscription_of_a_topic_that_was_there_cannot_be_undone_by_the_remediator() -> None:
    assert subscribe(TOPIC, FIRST, is_told=True, is_new_topic=False).undo is None


def test_what_is_created_has_the_stacks_tag_from_the_start() -> None:
    held, made = nothing_but_a_trail(), all_ours(TAGGED)
    wanted = held.wanted(TAGGED)
    created = (*wanted.topic(TOPIC, held.snapshot), *wanted.alarm(("n", "m"), TOPIC, GROUP, held.snapshot))
    tags = {write.title: write.request.parameters.get("Tags") for write in created}
    mark = {"Key": "blindspot", "Value": STACK.id}
    assert tags == {
        "create topic": [mark],
        "create subscription": None,
        "create alarm": [{"Key": "team", "Value": "blue"}, mark],
    }
    updated = changed(made, {**TAGGED, "alarm": {"tags": {"team": "blue"}, "period": 60}})
    assert [write.request.parameters.get("Tags") for write in updated] == [None]


def test_an_endpoint_is_no_part_of_what_a_subscription_is_called() -> None:
    secret = Subscriber("https", "https://user:secret@example.com/T0/B0/hook")
    subscription = subscribe(TOPIC, secret, is_told=True, is_new_topic=True)
    assert subscription.resource == subscription_resource(TOPIC, "https", "https://user:****@example.com/T0/B0/hook")
    assert subscription.resource.startswith(f"{TOPIC}:https:")
    assert "example.com" not in subscription.resource
    assert subscription.resource != subscribe(TOPIC, SECOND, is_told=True, is_new_topic=True).resource


def test_a_description_that_is_ours_follows_the_log_group_and_peoples_stays() -> None:
    held = all_ours()
    ours = f"Unauthorized API calls. Created by Blindspot. To see who, query log group old: {WHO_WAS_REFUSED}"
    for told in (ours, "Call Ada.", f"{ours} Call Ada."):
        (put,) = changed(held.with_alarm({"AlarmDescription": told}), {"alarm": {"period": 60}})
        written = put.request.parameters["AlarmDescription"]
        assert written == told if "Ada" in told else "log group management-events" in written


def test_an_update_is_only_made_of_what_it_was_planned_for() -> None:
    held = all_ours().with_alarm({"OKActions": ["arn:calm"]})
    (alarm,) = changed(held, {"alarm": {"period": 60}})
    assert alarm.guard.known == (held.holdings.alarms[held.alarm.arn],)
    put = put_filter(GROUP, a_filter(), replace(a_filter(), pattern="{ $.a = b }"))
    assert put.guard.known == (put.before,)
    created = put_filter(GROUP, a_filter(), None)
    assert created.guard.known == (None,)
    assert created.guard.wanted == created.written
    assert OUR_STATEMENT in held.topic.policy

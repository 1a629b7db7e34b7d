import json
from datetime import UTC, datetime
from typing import Any

import pytest

from blindspot.app.invocation import Assess, Evaluate, InvocationError, Start, parse_evaluator_event

INVOKING = {
    "awsAccountId": "123456789012",
    "notificationCreationTime": "2026-11-21T12:00:00.373Z",
    "messageType": "ScheduledNotification",
    "recordVersion": "1.0",
}


def config_event(invoking: object = None, **bent: Any) -> dict[str, Any]:
    event = {
        "version": "1.0",
        "invokingEvent": json.dumps(INVOKING if invoking is None else invoking),
        "ruleParameters": "{}",
        "resultToken": "SECRET-token",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::123456789012:role/config",
        "configRuleArn": "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-abcdef",
        "configRuleName": "blindspot-unauthorized-api-calls",
        "configRuleId": "config-rule-abcdef",
        "accountId": "123456789012",
    }
    return {**event, **bent}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in INVOKING.items() if key != name}


def test_aws_config_asks() -> None:
    asked = parse_evaluator_event(config_event())
    at = datetime(2026, 11, 21, 12, 0, 0, 373000, tzinfo=UTC)
    assert asked == Evaluate("SECRET-token", "123456789012", "blindspot-unauthorized-api-calls", at)
    assert "SECRET" not in repr(asked)


@pytest.mark.parametrize(
    "event",
    [
        {"action": "start"},
        {"version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"},
        {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    ],
)
def test_the_schedule_starts(event: dict[str, object]) -> None:
    assert parse_evaluator_event(event) == Start()


def test_by_hand() -> None:
    assert parse_evaluator_event({"action": "assess"}) == Assess()


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [],
        "assess",
        {"action": "Assess"},
        {"action": ["assess"]},
        {"action": "assess", "secret": "SECRET"},
        {"action": "apply"},
        {"resultToken": "SECRET"},
        {"invokingEvent": "SECRET"},
        {"source": "aws.s3", "detail": "SECRET"},
        {"source": ["aws.events"]},
        {"Records": [{"body": "SECRET"}]},
    ],
)
def test_any_other_event_is_told_the_shapes_there_are(event: object) -> None:
    with pytest.raises(InvocationError, match=r'"action": "start".*aws\.scheduler.*"action": "assess"') as caught:
        parse_evaluator_event(event)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (config_event(invokingEvent="SECRET no json"), "cannot be parsed"),
        (config_event(invokingEvent={"SECRET": 1}), "cannot be parsed"),
        (config_event(invokingEvent=None), "cannot be parsed"),
        (config_event(invokingEvent='["SECRET"]'), "cannot be parsed"),
        (config_event(without("messageType")), "cannot be parsed"),
        (config_event(without("awsAccountId")), "cannot be parsed"),
        (config_event(without("notificationCreationTime")), "cannot be parsed"),
        (config_event({**INVOKING, "messageType": "ConfigurationItemChangeNotification"}), "messageType"),
        (config_event({**INVOKING, "messageType": ["SECRET"]}), "messageType"),
        (config_event({**INVOKING, "awsAccountId": "SECRET"}), "awsAccountId"),
        (config_event({**INVOKING, "notificationCreationTime": "SECRET"}), "notificationCreationTime"),
        (
            config_event({**INVOKING, "notificationCreationTime": "2026-13-45T12:00:00.000Z"}),
            "notificationCreationTime",
        ),
        (config_event(resultToken=""), "resultToken"),
        (config_event(resultToken=7), "resultToken"),
        (config_event(configRuleName=None), "configRuleName"),
    ],
)
def test_a_malformed_event_of_aws_config_is_told_what_is_wrong(event: dict[str, object], said: str) -> None:
    with pytest.raises(InvocationError, match=f"AWS Config event.*{said}.*") as caught:
        parse_evaluator_event(event)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None

"""The events that start the two functions, told apart by their keys and read once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from aws_lambda_powertools.utilities.data_classes import AWSConfigRuleEvent

from blindspot.aws.events import ASSESSED, SOURCE


class InvocationError(ValueError):
    """Raised for an event that is none of the shapes below. Its text quotes nothing of the event."""


@dataclass(frozen=True, slots=True)
class Start:
    """The schedule: `{"action": "start"}`, or an event of EventBridge Scheduler or EventBridge."""


@dataclass(frozen=True, slots=True)
class Assess:
    """By hand: `{"action": "assess"}`."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """AWS Config asks for an evaluation.

    token: lets one report for this evaluation; a secret.
    at: when AWS Config asked, which orders the reports.
    """

    token: str = field(repr=False)
    account: str
    rule: str
    at: datetime


REMEDIATIONS = ("plan", "apply", "backout")


def remediation(event: object) -> str:
    """Which of REMEDIATIONS the event asks of the remediator. Raises InvocationError, which names the shapes there are.

    What the evaluator announced asks to apply; its verdict is not taken from the event.
    """
    if isinstance(event, dict):
        if (event.get("source"), event.get("detail-type")) == (SOURCE, ASSESSED):
            return "apply"
        for action in REMEDIATIONS:
            if event == {"action": action}:
                return action
    raise InvocationError(
        'This event is not one that the remediator knows. Allowed: {"action": "plan"}, {"action": "apply"}, '
        '{"action": "backout"}, or the evaluator\'s event with source blindspot and detail-type Control Assessed.'
    )


class NotEvaluated(InvocationError):
    """Raised for an event of AWS Config that can be answered, but asks for what the rule is not for."""

    def __init__(self, message: str, asked: Evaluate) -> None:
        super().__init__(message)
        self.asked = asked


def parse(event: object) -> Start | Assess | Evaluate:
    """What the event asks for. Raises InvocationError, which names the shapes there are.

    Source: AWS Config developer guide, "Example events for AWS Config rules"; EventBridge Scheduler user guide.
    """
    if isinstance(event, dict):
        if "resultToken" in event and "invokingEvent" in event:
            return _evaluate(event)
        if event == {"action": "start"} or event.get("source") in ("aws.scheduler", "aws.events"):
            return Start()
        if event == {"action": "assess"}:
            return Assess()
    raise InvocationError(
        "This event is not one that Blindspot knows. Allowed: an AWS Config event with resultToken and invokingEvent; "
        '{"action": "start"}, or a scheduled event with source aws.scheduler or aws.events; {"action": "assess"}.'
    )


def _evaluate(event: dict[str, object]) -> Evaluate:
    try:
        asked = AWSConfigRuleEvent(event)
        token, rule = asked.result_token, event.get("configRuleName")
        invoking = asked.invoking_event.raw_event
        kind, account, at = invoking["messageType"], invoking["awsAccountId"], invoking["notificationCreationTime"]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvocationError(
            "The AWS Config event cannot be read. Allowed: configRuleName, and an invokingEvent of JSON text with "
            "messageType, awsAccountId and notificationCreationTime."
        ) from None
    _check("awsAccountId", account, r"\d{12}", "12 digits")
    _check("notificationCreationTime", at, _TIME, "a time such as 2026-01-01T12:00:00.000Z")
    _check("resultToken", token, ".+", "the text that AWS Config gave")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise InvocationError("The AWS Config event's notificationCreationTime is no such time.") from None
    evaluate = Evaluate(token, account, rule if isinstance(rule, str) else "", when)
    try:
        _check("messageType", kind, "ScheduledNotification", "ScheduledNotification; the rule is periodic")
        _check("configRuleName", rule, ".{1,128}", "1 to 128 characters")
    except InvocationError as error:
        raise NotEvaluated(str(error), evaluate) from None
    return evaluate


def _check(name: str, value: object, expression: str, allowed: str) -> None:
    """Raises InvocationError where the field is not as allowed."""
    if not isinstance(value, str) or not re.fullmatch(expression, value):
        raise InvocationError(f"The AWS Config event's {name} cannot be used. Allowed: {allowed}.")


_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"

"""The events that start the functions, recognized by their keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aws_lambda_powertools.utilities.data_classes import AWSConfigRuleEvent

from blindspot.aws.events import ASSESSED, SOURCE
from blindspot.remediation.approval import is_plan_id
from blindspot.review.hours import MOST_HOURS, USUAL_HOURS
from blindspot.settings import Organization


class InvocationError(ValueError):
    """Raised for an event that is refused, such as one of none of the shapes below. Its message quotes nothing of the
    event."""


def correlation_id(event: object) -> str | None:
    """The id of the evaluator's run that sent this event; None for any other event."""
    match event:
        case {"source": source, "detail": {"run": str(run)}} if source == SOURCE and re.fullmatch(r"[\da-f-]{36}", run):
            return run
    return None


@dataclass(frozen=True, slots=True)
class Start:
    """The schedule: `{"action": "start"}`, or an event of EventBridge Scheduler or EventBridge."""


@dataclass(frozen=True, slots=True)
class Assess:
    """By hand: `{"action": "assess"}`, or `{"action": "assess", "account": "ID"}`. account: a member of the
    organization; None for the function's own account."""

    account: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """By hand: `{"action": "review", "hours": N}`, or without `hours`. hours: how many to review, until now."""

    hours: int


@dataclass(frozen=True, slots=True)
class Evaluate:
    """AWS Config asks for an evaluation.

    token: whoever holds it can report to the rule; a secret.
    at: when AWS Config asked, which orders the evaluations.
    member: whether the account is a member of the organization, and not the function's own.
    """

    token: str = field(repr=False)
    account: str
    rule: str
    at: datetime
    member: bool = False


@dataclass(frozen=True, slots=True)
class Remediate:
    """What the remediator is asked for.

    action: "plan", "apply" or "backout". approved: the id of the plan that alone may be applied; None for any plan.
    preview: whether backout only shows what it would do.
    """

    action: str
    approved: str | None = None
    preview: bool = False


def parse_remediator_event(event: object) -> Remediate:
    """What the event asks the remediator for. Raises InvocationError, which lists the allowed shapes.

    The evaluator's event asks for "apply"; the verdict in it is not used.
    """
    if isinstance(event, dict):
        if (event.get("source"), event.get("detail-type")) == (SOURCE, ASSESSED):
            return Remediate("apply")
        match event:
            case {"action": "plan" | "apply" | "backout" as action, **others} if not others:
                return Remediate(action)
            case {"action": "backout", "plan": True, **others} if not others:
                return Remediate("backout", preview=True)
            case {"action": "apply", "plan": str(approved), **others} if not others:
                return Remediate("apply", _plan_id(approved))
    raise InvocationError(
        'The remediator does not accept this event. Allowed: {"action": "plan"}, {"action": "apply"}, '
        '{"action": "apply", "plan": "ID"}, {"action": "backout"}, {"action": "backout", "plan": true}, '
        "or the evaluator's event with source blindspot and detail-type Control Assessed."
    )


def _plan_id(text: str) -> str:
    if not is_plan_id(text):
        raise InvocationError(
            "The plan to apply is not valid. Allowed: the plan_id of a plan's document, which is 16 hexadecimal digits "
            "and four for each action, such as 0123456789abcdef-0a1b.2c3d."
        )
    return text


class NotOurs(InvocationError):
    """Raised for an AWS Config event that is not of a rule of this stack, or not of the present."""


class NotEvaluated(InvocationError):
    """Raised for an AWS Config event of a kind that this rule does not handle. `request` has what is needed to report
    that."""

    def __init__(self, message: str, request: Evaluate) -> None:
        super().__init__(message)
        self.request = request


def parse_evaluator_event(
    event: object, *, rule: str | None, organization: Organization | None = None, now: datetime
) -> Start | Assess | Review | Evaluate:
    """What the event asks the evaluator for. Raises InvocationError, which lists the allowed shapes.

    rule: the name of the stack's AWS Config rule; None where it has none. organization: whose rule's events are allowed
    too, and whose members. Another rule's or account's event is refused, as is one whose time is far from `now`: that
    is what shows a forged one, and a sample. Such an event raises NotOurs.

    Source: AWS Config developer guide, "Example events for AWS Config rules"; EventBridge Scheduler user guide.
    """
    if isinstance(event, dict):
        if "resultToken" in event and "invokingEvent" in event:
            return _evaluate(event, rule, organization, now)
        if event == {"action": "start"} or event.get("source") in ("aws.scheduler", "aws.events"):
            return Start()
        match event:
            case {"action": "assess", **others} if not others:
                return Assess()
            case {"action": "assess", "account": account, **others} if not others:
                return Assess(_member(account, organization))
            case {"action": "review", **others} if not others.keys() - {"hours"}:
                return Review(_hours(others.get("hours", USUAL_HOURS)))
    raise InvocationError(
        "The evaluator does not accept this event. Allowed: an AWS Config event with resultToken and invokingEvent; "
        '{"action": "start"}, or a scheduled event with source aws.scheduler or aws.events; {"action": "assess"}, '
        '{"action": "assess", "account": "ID"}; {"action": "review"}, {"action": "review", "hours": N}.'
    )


def _hours(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_HOURS:
        raise InvocationError(f"The hours to review are not valid. Allowed: a whole number from 1 to {MOST_HOURS}.")
    return given


def _member(given: object, organization: Organization | None) -> str:
    if organization is None:
        raise InvocationError("The account to assess is not valid. Allowed: none, because OrganizationRole is empty.")
    if not isinstance(given, str) or not re.fullmatch(_another(organization), given, re.ASCII):
        raise InvocationError(
            "The account to assess is not valid. Allowed: the 12 digits of an account of the organization, other than "
            "the function's own."
        )
    return given


def _evaluate(
    event: dict[str, object], own_rule: str | None, organization: Organization | None, now: datetime
) -> Evaluate:
    try:
        config_event = AWSConfigRuleEvent(event)
        token, rule = config_event.result_token, event.get("configRuleName")
        invoking = config_event.invoking_event.raw_event
        kind, account, at = invoking["messageType"], invoking["awsAccountId"], invoking["notificationCreationTime"]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise NotOurs(
            "The AWS Config event cannot be parsed. Required: configRuleName, and an invokingEvent of JSON text with "
            "messageType, awsAccountId and notificationCreationTime."
        ) from None
    if not own_rule and not organization:
        raise NotOurs("The AWS Config event is not valid. Allowed: none; this stack has no AWS Config rule.")
    _check("awsAccountId", account, r"\d{12}", "12 digits")
    _check("accountId", event.get("accountId", account), re.escape(account), "the same account as awsAccountId")
    own = bool(own_rule) and rule == own_rule
    if organization is None:
        _check("configRuleName", rule, re.escape(str(own_rule)), "the name of the stack's own rule")
    else:
        _check_account(event, account, organization, own=own)
    _check("notificationCreationTime", at, _TIME, "a time such as 2026-01-01T12:00:00.000Z")
    _check("resultToken", token, ".+", "the text that AWS Config sent")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise NotOurs("The AWS Config event's notificationCreationTime is not a valid time.") from None
    if not now - OLDEST <= when <= now + NEWEST:
        raise NotOurs(
            f"The AWS Config event's notificationCreationTime is {at}, and it is now {now:%Y-%m-%dT%H:%M:%SZ}. "
            "Allowed: from a day before to an hour after. A sample event has the time at which it was made."
        )
    evaluate = Evaluate(token, account, str(rule), when, member=not own)
    if kind != "ScheduledNotification":
        message = (
            "The AWS Config event's messageType is not valid. Allowed: ScheduledNotification; the rule is periodic."
        )
        raise NotEvaluated(message, evaluate)
    return evaluate


def _check_account(event: dict[str, object], account: str, organization: Organization, *, own: bool) -> None:
    """Raises NotOurs unless the event is of a rule in its own account: the stack's own rule in the function's account,
    or the organization's rule in another one. Lambda lets AWS Config invoke the function for any account.

    own: whether the rule has the own rule's name. Source of the name in a member, such as
    OrgConfigRule-blindspot-dbgzf8ba: Audit Manager API reference, SourceKeyword.
    """
    rule_arn = f"arn:{organization.partition}:config:{organization.region}:{account}:config-rule/.+"
    allowed = "the ARN of a rule of awsAccountId, in the function's own region"
    _check("configRuleArn", event.get("configRuleArn"), rule_arn, allowed)
    if own:
        _check("awsAccountId", account, organization.own_account, "the function's own account")
    else:
        name = f"OrgConfigRule-{re.escape(organization.rule)}-[A-Za-z0-9]+"
        allowed = "the name of the stack's own rule, or of the organization's rule in a member"
        _check("configRuleName", event.get("configRuleName"), name, allowed)
        _check("awsAccountId", account, _another(organization), "an account other than the function's own")


def _another(organization: Organization) -> str:
    """What the numbers of all accounts but the function's own match."""
    return rf"(?!{organization.own_account})\d{{12}}"


def _check(name: str, value: object, expression: str, allowed: str) -> None:
    """Raises NotOurs where the field is not as allowed."""
    if not isinstance(value, str) or not re.fullmatch(expression, value, re.ASCII):
        raise NotOurs(f"The AWS Config event's {name} is not valid. Allowed: {allowed}.")


@dataclass(frozen=True, slots=True)
class Describe:
    """CloudWatch asks for the widget's documentation."""


@dataclass(frozen=True, slots=True)
class Show:
    """CloudWatch shows the widget. assess: whether somebody pressed the button. theme: light or dark. width: of the
    widget, in pixels."""

    assess: bool
    theme: str
    width: int


def parse_viewer_event(event: object) -> Describe | Show:
    """What the event asks the viewer for. Raises InvocationError, which lists the allowed shapes.

    Of the widget's context only theme and width are read, and of the event beside it only `action`, which the button
    sends. Source: CloudWatch user guide, "Details about custom widgets".
    """
    match event:
        case {"describe": True, **others} if not others:
            return Describe()
        case {"action": action} if action != ASSESS:
            pass
        case {"widgetContext": dict(context), **others}:
            theme = "dark" if context.get("theme") == "dark" else "light"
            return Show("action" in others, theme, _width(context.get("width")))
    raise InvocationError(
        "The viewer does not accept this event. Allowed: an event of a CloudWatch custom widget, which has an object "
        'widgetContext, and of which "action" may only be "assess"; {"describe": true}.'
    )


ASSESS = "assess"
"""What the widget's button sends as `action`."""

NARROWEST, WIDEST, USUAL = 200, 4000, 800
"""Pixels of a widget; `USUAL` where CloudWatch does not give its width."""


def _width(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:
        return USUAL
    return int(min(max(given, NARROWEST), WIDEST))


OLDEST, NEWEST = timedelta(days=1), timedelta(hours=1)
"""How long before now, and after it, AWS Config may have asked. Lambda keeps an event for six hours at most, and clocks
differ by minutes."""

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"

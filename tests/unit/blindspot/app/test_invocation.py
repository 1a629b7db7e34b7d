import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.app import invocation
from blindspot.app.invocation import (
    NARROWEST,
    WIDEST,
    Assess,
    Describe,
    Evaluate,
    InvocationError,
    NotEvaluated,
    NotOurs,
    Remediate,
    Review,
    Show,
    Start,
    correlation_id,
    parse_remediator_event,
    parse_viewer_event,
)
from blindspot.settings import Organization

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


AT = datetime(2026, 11, 21, 12, 0, 0, 373000, tzinfo=UTC)
RULE = "blindspot-unauthorized-api-calls"


MEMBER = "222222222222"
IN_MEMBER = "OrgConfigRule-blindspot-dbgzf8ba"
ORGANIZATION = Organization("blindspot", "123456789012", "aws", "eu-west-1", "blindspot-member", "an-external-id")


def parse_evaluator_event(
    event: object, rule: str | None = RULE, now: datetime = AT, organization: Organization | None = None
) -> Start | Assess | Review | Evaluate:
    return invocation.parse_evaluator_event(event, rule=rule, organization=organization, now=now)


def member_event(account: str = MEMBER, **bent: Any) -> dict[str, Any]:
    arn = f"arn:aws:config:eu-west-1:{account}:config-rule/config-rule-abcdef"
    about = {"configRuleArn": arn, "configRuleName": IN_MEMBER, "accountId": account}
    return config_event({**INVOKING, "awsAccountId": account}, **{**about, **bent})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in INVOKING.items() if key != name}


def test_aws_config_asks() -> None:
    asked = parse_evaluator_event(config_event())
    assert asked == Evaluate("SECRET-token", "123456789012", RULE, AT, member=False)
    assert "SECRET" not in repr(asked)
    assert parse_evaluator_event(config_event(), organization=ORGANIZATION) == asked


@pytest.mark.parametrize("rule", [RULE, None])
def test_aws_config_asks_about_a_member(rule: str | None) -> None:
    asked = parse_evaluator_event(member_event(), rule, organization=ORGANIZATION)
    assert asked == Evaluate("SECRET-token", MEMBER, IN_MEMBER, AT, member=True)
    assert "SECRET" not in repr(asked)


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (member_event(configRuleName="SECRET"), "configRuleName"),
        (member_event(configRuleName=None), "configRuleName"),
        (member_event(configRuleName=f"{IN_MEMBER}-x"), "configRuleName"),
        (member_event(configRuleName=IN_MEMBER.removeprefix("OrgConfigRule-")), "configRuleName"),
        (member_event(configRuleName="OrgConfigRule-blindspot-"), "configRuleName"),
        (member_event(configRuleName="OrgConfigRule-blindspot-\u00e9"), "configRuleName"),
        (member_event(configRuleName=RULE), "awsAccountId"),
        (member_event("123456789012"), "awsAccountId"),
        (member_event("SECRET"), "awsAccountId"),
        (member_event("\u0661" * 12), "awsAccountId"),
        (member_event(accountId="333333333333"), "accountId"),
        (member_event(configRuleArn=None), "configRuleArn"),
        (member_event(configRuleArn="arn:aws:config:eu-west-1:333333333333:config-rule/SECRET"), "configRuleArn"),
        (member_event(configRuleArn=f"arn:aws:config:us-east-1:{MEMBER}:config-rule/SECRET"), "configRuleArn"),
        (member_event(configRuleArn=f"arn:aws-cn:config:eu-west-1:{MEMBER}:config-rule/SECRET"), "configRuleArn"),
        (member_event(configRuleArn=f"arn:aws:config:eu-west-1:{MEMBER}:config-rule/"), "configRuleArn"),
        (member_event(resultToken=""), "resultToken"),
        (config_event(accountId=MEMBER), "accountId"),
        (config_event(configRuleArn=None), "configRuleArn"),
    ],
)
def test_with_an_organization_an_event_that_is_not_the_stacks_is_told_what_is_wrong(
    event: dict[str, object], wrong: str
) -> None:
    with pytest.raises(NotOurs, match=rf"^The AWS Config event's {wrong} is not valid\. Allowed: .+\.$") as caught:
        parse_evaluator_event(event, organization=ORGANIZATION)
    assert "SECRET" not in str(caught.value)


def test_the_rule_of_a_stack_whose_name_is_an_expression_is_no_other() -> None:
    assert isinstance(parse_evaluator_event(member_event(), organization=ORGANIZATION), Evaluate)
    with pytest.raises(NotOurs, match="configRuleName"):
        parse_evaluator_event(member_event(), organization=replace(ORGANIZATION, rule="blind.pot"))


@pytest.mark.parametrize("rule", [None, ""])
def test_with_an_organization_and_no_own_rule_the_own_account_is_not_asked_about(rule: str | None) -> None:
    for named in (None, "", RULE):
        with pytest.raises(NotOurs, match="configRuleName"):
            parse_evaluator_event(config_event(configRuleName=named), rule, organization=ORGANIZATION)


def test_a_member_is_assessed_by_hand() -> None:
    asked = parse_evaluator_event({"action": "assess", "account": MEMBER}, organization=ORGANIZATION)
    assert asked == Assess(MEMBER)


@pytest.mark.parametrize(
    "account", ["123456789012", "SECRET", "", None, 222222222222, f"{MEMBER}0", f"{MEMBER}\n", [MEMBER]]
)
def test_what_is_no_account_of_a_member_is_told_what_one_is(account: object) -> None:
    with pytest.raises(InvocationError) as caught:
        parse_evaluator_event({"action": "assess", "account": account}, organization=ORGANIZATION)
    assert str(caught.value) == (
        "The account to assess is not valid. Allowed: the 12 digits of an account of the organization, other than the "
        "function's own."
    )


def test_without_an_organization_no_other_account_is_assessed() -> None:
    with pytest.raises(InvocationError) as caught:
        parse_evaluator_event({"action": "assess", "account": MEMBER})
    assert str(caught.value) == "The account to assess is not valid. Allowed: none, because OrganizationRole is empty."


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


RUN = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"source": "blindspot", "detail": {"run": RUN}}, RUN),
        ({"source": "blindspot", "detail": {"run": RUN[:-1]}}, None),
        ({"source": "blindspot", "detail": {"run": f"{RUN}\n"}}, None),
        ({"source": "blindspot", "detail": {"run": 1}}, None),
        ({"source": "blindspot", "detail": "run"}, None),
        ({"source": "somebody", "detail": {"run": RUN}}, None),
        ({"detail": {"run": RUN}}, None),
        ([], None),
    ],
)
def test_what_led_to_a_run_is_known_from_blindspots_own_event(event: object, found: str | None) -> None:
    assert correlation_id(event) == found


def test_by_hand() -> None:
    assert parse_evaluator_event({"action": "assess"}) == Assess()


@pytest.mark.parametrize(
    ("event", "hours"),
    [
        ({"action": "review"}, 168),
        ({"action": "review", "hours": 1}, 1),
        ({"action": "review", "hours": 24}, 24),
        ({"action": "review", "hours": 2160}, 2160),
    ],
)
def test_a_review_is_asked_for_with_or_without_hours(event: dict[str, object], hours: int) -> None:
    assert parse_evaluator_event(event) == Review(hours)


@pytest.mark.parametrize("hours", [0, -1, 2161, 24.0, True, "24", None, [24], "SECRET"])
def test_hours_that_no_review_can_be_about_are_told_what_is_allowed(hours: object) -> None:
    with pytest.raises(InvocationError) as caught:
        parse_evaluator_event({"action": "review", "hours": hours})
    assert str(caught.value) == "The hours to review are not valid. Allowed: a whole number from 1 to 2160."


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
        {"action": "assess", "account": MEMBER, "secret": "SECRET"},
        {"action": "Review"},
        {"action": "review", "hours": 24, "secret": "SECRET"},
        {"action": "review", "hour": 24},
        {"hours": 24},
        {"action": "apply"},
        {"resultToken": "SECRET"},
        {"invokingEvent": "SECRET"},
        {"source": "aws.s3", "detail": "SECRET"},
        {"source": ["aws.events"]},
        {"Records": [{"body": "SECRET"}]},
    ],
)
def test_any_other_event_is_told_the_shapes_there_are(event: object) -> None:
    with pytest.raises(InvocationError) as caught:
        parse_evaluator_event(event)
    assert str(caught.value) == (
        "The evaluator does not accept this event. Allowed: an AWS Config event with resultToken and invokingEvent; "
        '{"action": "start"}, or a scheduled event with source aws.scheduler or aws.events; {"action": "assess"}, '
        '{"action": "assess", "account": "ID"}; {"action": "review"}, {"action": "review", "hours": N}.'
    )


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
            "notificationCreationTime is not a valid time",
        ),
        (config_event(resultToken=""), "resultToken"),
        (config_event(resultToken=7), "resultToken"),
        (config_event(configRuleName=None), "configRuleName"),
        (config_event(configRuleName="another-rule"), "configRuleName is not valid. Allowed: the name of the stack's"),
        (config_event(accountId="999999999999"), "accountId is not valid. Allowed: the same account as awsAccountId"),
        (config_event(invokingEvent="[" * 100_000), "cannot be parsed"),
    ],
)
def test_a_malformed_event_of_aws_config_is_told_what_is_wrong(event: dict[str, object], said: str) -> None:
    with pytest.raises(InvocationError, match=f"^The AWS Config event.*{said}.*[.]$") as caught:
        parse_evaluator_event(event)
    assert "SECRET" not in str(caught.value)
    assert not said.startswith("cannot") or str(caught.value) == (
        "The AWS Config event cannot be parsed. Required: configRuleName, and an invokingEvent of JSON text with "
        "messageType, awsAccountId and notificationCreationTime."
    )
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("rule", [None, ""])
@pytest.mark.parametrize("named", ["", RULE])
def test_a_stack_without_a_rule_accepts_no_event_of_aws_config(rule: str | None, named: str) -> None:
    with pytest.raises(InvocationError, match="Allowed: none; this stack has no AWS Config rule"):
        parse_evaluator_event(config_event(configRuleName=named), rule)


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (AT - timedelta(hours=1, seconds=1), False),
        (AT - timedelta(hours=1), True),
        (AT + timedelta(days=1), True),
        (AT + timedelta(days=1, seconds=1), False),
        (AT - timedelta(days=365 * 73), False),
    ],
)
def test_aws_config_asks_about_the_present(now: datetime, accepted: bool) -> None:
    if accepted:
        assert isinstance(parse_evaluator_event(config_event(), now=now), Evaluate)
        return
    with pytest.raises(InvocationError, match=f"is 2026-11-21T12:00:00.373Z, and it is now {now:%Y-%m-%dT%H:%M:%SZ}"):
        parse_evaluator_event(config_event(), now=now)


def test_a_kind_of_evaluation_that_the_rule_does_not_have_is_told_with_the_request() -> None:
    with pytest.raises(NotEvaluated) as caught:
        parse_evaluator_event(config_event({**INVOKING, "messageType": "OversizedConfigurationItemChange"}))
    assert caught.value.request == Evaluate("SECRET-token", "123456789012", RULE, AT)


APPROVED = "0123456789abcdef-0a1b.2c3d"


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ({"action": "plan"}, Remediate("plan")),
        ({"action": "apply"}, Remediate("apply")),
        ({"action": "apply", "plan": APPROVED}, Remediate("apply", approved=APPROVED)),
        ({"action": "backout"}, Remediate("backout")),
        ({"action": "backout", "plan": True}, Remediate("backout", preview=True)),
        ({"source": "blindspot", "detail-type": "Control Assessed", "detail": {}}, Remediate("apply")),
    ],
)
def test_what_the_remediator_is_asked_for(event: object, asked: Remediate) -> None:
    assert parse_remediator_event(event) == asked


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        "apply",
        {"action": "Apply"},
        {"action": ["apply"]},
        {"action": "assess"},
        {"action": "plan", "plan": "SECRET"},
        {"action": "plan", "plan": True},
        {"action": "apply", "plan": None},
        {"action": "apply", "plan": True},
        {"action": "apply", "plan": [APPROVED]},
        {"action": "apply", "plan": APPROVED, "secret": "SECRET"},
        {"action": "apply", "plan_id": APPROVED},
        {"action": "backout", "plan": False},
        {"action": "backout", "plan": 1},
        {"action": "backout", "plan": APPROVED},
        {"source": "blindspot", "detail-type": "Verdict Changed"},
    ],
)
def test_any_other_event_of_the_remediator_is_told_the_shapes_there_are(event: object) -> None:
    with pytest.raises(InvocationError, match=r'"action": "apply", "plan": "ID".*"backout", "plan": true') as caught:
        parse_remediator_event(event)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "SECRET", f"{APPROVED}.", APPROVED.upper(), f"{APPROVED}\n"])
def test_what_is_no_id_of_a_plan_is_told_what_one_looks_like(text: str) -> None:
    with pytest.raises(InvocationError, match=f"such as {APPROVED}") as caught:
        parse_remediator_event({"action": "apply", "plan": text})
    assert "SECRET" not in str(caught.value)


def of_widget(**more: Any) -> dict[str, Any]:
    return {"widgetContext": {"theme": "light", "width": 588, "title": "any"}, **more}


def of_action(action: object) -> dict[str, Any]:
    return of_widget(action=action)


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ({"describe": True}, Describe()),
        (of_widget(), Show(False, "light", 588)),
        (of_widget(action="assess"), Show(True, "light", 588)),
        (of_widget(describe=True), Show(False, "light", 588)),
        (of_widget(describe="no", more=["any"], params={"action": "assess"}), Show(False, "light", 588)),
        ({"widgetContext": {}}, Show(False, "light", 800)),
        ({"widgetContext": {"action": "assess", "theme": "dark"}}, Show(False, "dark", 800)),
    ],
)
def test_what_a_dashboard_asks_the_viewer_for(event: object, asked: object) -> None:
    assert parse_viewer_event(event) == asked


@pytest.mark.parametrize(
    "event",
    [
        *({}, [], None, "widgetContext", 1),
        *({"describe": False}, {"describe": 1}, {"describe": "true"}, {"describe": True, "more": 1}),
        *({"action": "assess"}, {"action": "assess", "describe": True}),
        *({"widgetContext": []}, {"widgetContext": None, "action": "assess"}, {"widgetcontext": {}}),
        *map(of_action, ("apply", "Assess", ["assess"], {}, None, True, "")),
    ],
    ids=repr,
)
def test_the_viewer_accepts_no_other_event(event: object) -> None:
    with pytest.raises(InvocationError, match=r'widgetContext.*"assess"; \{"describe": true\}\.$'):
        parse_viewer_event(event)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "theme": st.sampled_from(["light", "dark", "Dark"]) | st.none() | st.integers(),
            "width": st.integers() | st.floats() | st.none() | st.booleans() | st.text() | st.lists(st.integers()),
        },
    )
)
def test_any_theme_and_width_become_ones_that_can_be_shown(context: dict[str, object]) -> None:
    asked = parse_viewer_event({"widgetContext": context})
    assert isinstance(asked, Show)
    assert asked.theme == ("dark" if context.get("theme") == "dark" else "light")
    assert NARROWEST <= asked.width <= WIDEST
    width = context.get("width")
    if type(width) is int:
        assert asked.width == sorted([NARROWEST, width, WIDEST])[1]

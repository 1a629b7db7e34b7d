"""Alarm actions: whether an alarm's change to ALARM is sent anywhere."""

from itertools import permutations

import pytest

from blindspot.chain.alarm_actions import accepted_actions, check_actions
from blindspot.model.findings import HOLDS, Doubt, Gap
from blindspot.model.snapshot import Alarm, MuteRule, Unreadable
from tests.builders import ACCOUNT, HOME, a_composite, a_math_alarm, an_alarm, topic_arn
from tests.findings import assert_found

TOPIC = topic_arn()
FUNCTION = f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:f"
INCIDENT = f"arn:aws:ssm-incidents::{ACCOUNT}:response-plan/p"
STOP = f"arn:aws:automate:{HOME}:ec2:stop"
REFUSED = Unreadable("cloudwatch:ListAlarmMuteRules", HOME, "AccessDenied", denied=True)
ALARM = an_alarm().arn


def a_rule(
    name: str = "nights", status: str = "ACTIVE", alarms: tuple[str, ...] | Unreadable = ("unauthorized",)
) -> MuteRule:
    return MuteRule(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm-mute-rule:{name}", status, alarms)


@pytest.mark.parametrize(
    ("actions", "services", "accepted"),
    [
        ((TOPIC,), ("sns",), (TOPIC,)),
        ((), ("sns",), ()),
        ((FUNCTION,), ("sns",), ()),
        ((FUNCTION, TOPIC), ("sns",), (TOPIC,)),
        ((FUNCTION, TOPIC), ("sns", "lambda"), (FUNCTION, TOPIC)),
        ((INCIDENT, FUNCTION), ("ssm-incidents",), (INCIDENT,)),
        ((STOP, TOPIC), ("sns",), (TOPIC,)),
        (("sns", "security-alerts", "arn:aws:sns"), ("sns",), ()),
        (("arn:aws:sns", topic_arn(name="other"), TOPIC), ("sns",), (topic_arn(name="other"), TOPIC)),
    ],
)
def test_the_actions_that_count_are_of_an_accepted_service(
    actions: tuple[str, ...], services: tuple[str, ...], accepted: tuple[str, ...]
) -> None:
    assert accepted_actions(an_alarm(actions=actions), services) == accepted


ALARMS: list[Alarm] = [an_alarm(), a_math_alarm("m1"), a_composite("ALARM(a)")]


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_with_an_accepted_action_notifies(alarm: Alarm) -> None:
    assert check_actions(alarm, ("sns",), ()) is HOLDS


def test_disabled_actions_come_before_all_else() -> None:
    for alarm in (an_alarm(actions_enabled=False), an_alarm(actions_enabled=False, actions=())):
        assert_found(check_actions(alarm, ("sns",), REFUSED), Gap, "alarm.actions-disabled", ALARM, "unauthorized")


@pytest.mark.parametrize("actions", [(), (FUNCTION,), ("security-alerts",)])
@pytest.mark.parametrize(
    ("services", "facts"),
    [(("sns",), [" an SNS topic."]), (("sns", "ssm-incidents"), ["sns or ssm-incidents"]), (("ssm",), ["ssm"])],
)
def test_without_an_accepted_action_nobody_is_notified(
    actions: tuple[str, ...], services: tuple[str, ...], facts: list[str]
) -> None:
    found = check_actions(an_alarm(actions=actions), services, REFUSED)
    assert_found(found, Gap, "alarm.no-action", ALARM, "unauthorized", *facts)


def test_a_composite_alarm_that_is_suppressed_notifies_nobody() -> None:
    suppressed = a_composite("ALARM(a)", suppressed=True, suppressor="maintenance")
    assert_found(check_actions(suppressed, ("sns",), REFUSED), Gap, "alarm.muted", suppressed.arn, "maintenance")
    assert check_actions(a_composite("ALARM(a)", suppressor="maintenance"), ("sns",), ()) is HOLDS


@pytest.mark.parametrize(
    "rule",
    [
        a_rule(status="SCHEDULED"),
        a_rule(status="EXPIRED"),
        a_rule(status="SCHEDULED", alarms=REFUSED),
        a_rule(alarms=("other", "unauthorized-2")),
        a_rule(alarms=()),
        a_rule(alarms=(ALARM,)),
    ],
)
def test_a_mute_rule_that_is_not_active_or_is_for_other_alarms_mutes_nothing(rule: MuteRule) -> None:
    assert check_actions(an_alarm(), ("sns",), (rule,)) is HOLDS


def test_an_active_mute_rule_mutes_the_alarms_that_it_names() -> None:
    others = a_rule("others", alarms=("other",))
    later = a_rule("later", "SCHEDULED")
    unread = a_rule("unread", alarms=REFUSED)
    for rules in permutations([a_rule("nights", alarms=("other", "unauthorized")), others, later, unread]):
        found = check_actions(an_alarm(), ("sns",), rules)
        assert_found(found, Gap, "alarm.muted", ALARM, "nights", "alarm unauthorized")


@pytest.mark.parametrize("status", ["", "PAUSED"])
def test_a_mute_rule_whose_status_is_not_known_may_mute_the_alarms_that_it_names(status: str) -> None:
    unclear = a_rule("unclear", status)
    assert_found(
        check_actions(an_alarm(), ("sns",), (unclear,)), Doubt, "alarm.muted", ALARM, "unclear", "unauthorized"
    )
    assert check_actions(an_alarm(name="other"), ("sns",), (unclear,)) is HOLDS
    unread = a_rule("unread", status, alarms=REFUSED)
    assert_found(check_actions(an_alarm(), ("sns",), (unread,)), Doubt, "unread.refused", ALARM)
    assert isinstance(check_actions(an_alarm(), ("sns",), (unclear, a_rule())), Gap)


def test_mute_rules_that_are_unread_may_mute_the_alarm() -> None:
    found = check_actions(an_alarm(), ("sns",), REFUSED)
    assert_found(found, Doubt, "unread.refused", ALARM, "cloudwatch:ListAlarmMuteRules")
    other = Unreadable("cloudwatch:GetAlarmMuteRule", HOME, "Throttling")
    for status, alarms in (("EXPIRED", REFUSED), ("ACTIVE", ("other",))):
        rules = (a_rule("a", alarms=other), a_rule("b", alarms=REFUSED), a_rule("c", status, alarms))
        found = check_actions(an_alarm(), ("sns",), rules)
        assert_found(found, Doubt, "unread.no-answer", ALARM, "cloudwatch:GetAlarmMuteRule")

"""Composite alarms: whether one goes to ALARM when certain alarms do, and no others."""

import pytest

from blindspot.chain import composite_alarm
from blindspot.chain.composite_alarm import Answers, Named, check_rule, is_off, is_on
from blindspot.model.findings import HOLDS, Doubt, Gap
from tests.builders import ACCOUNT, HOME, a_composite
from tests.findings import assert_found

ARN = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:a"


def code(rule: str, *, a: Named, b: Named | None = None) -> str | None:
    """What is found in one case, in which nothing but these alarms may be in ALARM."""
    alarms = {"a": a, ARN: a, "b": b or Named()}
    answers = check_rule(rule, 1, lambda name: alarms.get(name, Named()))
    assert max(answers.fires + answers.stays + answers.never, 1) == 1
    stays = "alarm.latches" if answers.stays else "alarm.insensitive" if answers.never else "alarm.unclear"
    return None if answers.fires else stays


RULES = [
    ("ALARM(a)", None),
    ('ALARM("a")', None),
    (f"ALARM({ARN})", None),
    (f'ALARM("{ARN}")', None),
    ("  alarm-free-text ", "alarm.unclear"),
    ("ALARM(a) OR ALARM(b)", None),
    ("ALARM(b) or (ALARM(c) and not ALARM(d)) or ALARM(a)", None),
    ("ALARM(a) AND ALARM(b)", "alarm.insensitive"),
    ("ALARM(b)", "alarm.insensitive"),
    ("ALARM(a) AND NOT ALARM(b)", None),
    ("ALARM(a) AND NOT (ALARM(b) OR ALARM(c))", None),
    ("ALARM(a) AND OK(b)", "alarm.unclear"),
    ("ALARM(a) AND (OK(b) OR NOT ALARM(b))", None),
    ("NOT OK(a)", "alarm.unclear"),
    ("OK(a)", "alarm.latches"),
    ("INSUFFICIENT_DATA(a)", "alarm.latches"),
    ("OK(a) AND OK(b)", "alarm.latches"),
    ("OK(a) AND ALARM(b)", "alarm.insensitive"),
    ("NOT ALARM(a) AND OK(b)", "alarm.latches"),
    ("NOT ALARM(a)", "alarm.latches"),
    ("ALARM(a) OR TRUE", "alarm.latches"),
    ("ALARM(a) AND FALSE", "alarm.insensitive"),
    ("AT_LEAST(1, ALARM, (a, b))", None),
    ("AT_LEAST(2, ALARM, (a, b))", "alarm.insensitive"),
    ("AT_LEAST(1, OK, (a))", "alarm.latches"),
    ("AT_LEAST(1, NOT OK, (a, b))", "alarm.unclear"),
    ("AT_LEAST(1, (a, b))", "alarm.unclear"),
    ("ALARM(a", "alarm.unclear"),
    ("ALARM(a) ALARM(b)", "alarm.unclear"),
    ("", "alarm.unclear"),
]


SURE = Named(sure=1, perhaps=1)


@pytest.mark.parametrize(("rule", "expected"), RULES)
def test_a_rule_when_one_alarm_fires(rule: str, expected: str | None) -> None:
    assert code(rule, a=SURE) == expected


BESIDE = [
    # rule, where b may go to ALARM too, where it may be in ALARM before, where only more calls take it there
    ("ALARM(a) AND ALARM(b)", "alarm.unclear", "alarm.unclear", "alarm.insensitive"),
    ("ALARM(a) AND NOT ALARM(b)", "alarm.unclear", "alarm.unclear", "alarm.unclear"),
    ("ALARM(a) OR ALARM(b)", None, "alarm.unclear", None),
    ("ALARM(a)", None, None, None),
    ("ALARM(b) AND FALSE", "alarm.insensitive", "alarm.insensitive", "alarm.insensitive"),
]


@pytest.mark.parametrize(("rule", "perhaps", "before", "on_more"), BESIDE)
def test_an_alarm_that_may_fire_too_or_may_be_in_alarm_before(
    rule: str, perhaps: str | None, before: str | None, on_more: str | None
) -> None:
    others = [Named(perhaps=1), Named(before=1), Named(on_more_calls=1)]
    assert [code(rule, a=SURE, b=other) for other in others] == [perhaps, before, on_more]


def test_two_alarms_that_surely_fire() -> None:
    assert code("ALARM(a) AND ALARM(b)", a=SURE, b=SURE) is None


def test_an_alarm_that_surely_fires_was_not_in_alarm_before() -> None:
    assert code("ALARM(a)", a=Named(sure=1, before=1)) is None


def test_cases_are_answered_apart() -> None:
    """In case 0 both go to ALARM, in case 1 only a, in case 2 b may too, in case 3 a does on more calls."""
    alarms = {"a": Named(sure=0b0111, on_more_calls=0b1000), "b": Named(sure=0b0001, perhaps=0b0100)}
    assert check_rule("ALARM(a) AND ALARM(b)", 0b1111, alarms.__getitem__) == Answers(0b0001, 0, 0b1010)
    assert check_rule("ALARM(a)", 0b1111, alarms.__getitem__) == Answers(0b0111, 0, 0b1000)
    assert check_rule("NOT ALARM(a)", 0b1111, alarms.__getitem__) == Answers(0, 0b1111, 0)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("ALARM(a)", False), ("ALARM(b)", True), ("ALARM(b) OR ALARM(a)", False), ("NOT ALARM(b)", False), ("x", False)],
)
def test_a_composite_alarm_is_off_where_its_rule_is_false_whatever_these_alarms_do(rule: str, expected: bool) -> None:
    assert is_off(rule, [ARN]) is expected


@pytest.mark.parametrize(("rule", "expected"), [("NOT ALARM(a)", True), ("ALARM(a)", False), ("OK(a)", False)])
def test_a_composite_alarm_is_on_where_its_rule_is_true_without_any_alarm(rule: str, expected: bool) -> None:
    assert is_on(rule) is expected


def test_what_is_found_of_a_composite_alarm() -> None:
    composite = a_composite("ALARM(a)")
    assert composite_alarm.fires(composite) is HOLDS
    assert_found(
        composite_alarm.may_fire(composite), Doubt, "alarm.unclear", composite.arn, "composite alarm composite"
    )
    assert_found(composite_alarm.stays_in_alarm(composite), Gap, "alarm.latches", composite.arn, "alarm composite")
    assert_found(composite_alarm.does_not_fire(composite), Gap, "alarm.insensitive", composite.arn, "alarm composite")


def test_the_fix_is_the_rules_own() -> None:
    latching = composite_alarm.stays_in_alarm(a_composite("OK(a)"))
    assert isinstance(latching, Gap)
    assert latching.fix == "Write the rule with ALARM(...) of its alarms alone."
    unclear = composite_alarm.may_fire(a_composite("ALARM(a) AND OK(b)"))
    assert isinstance(unclear, Doubt)
    assert unclear.fix == "Give the alarm on the filter's metric an alarm action of its own."

"""Composite alarms: whether one goes to ALARM when certain alarms do, and no others."""

import pytest

from blindspot.chain.composite_alarm import check_rule, may_refer_to
from blindspot.model.findings import HOLDS
from tests.builders import ACCOUNT, HOME, a_composite

ARN = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:a"

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
    ("OK(a)", "alarm.insensitive"),
    ("NOT ALARM(a)", "alarm.latches"),
    ("ALARM(a) OR TRUE", "alarm.latches"),
    ("ALARM(a) AND FALSE", "alarm.insensitive"),
    ("AT_LEAST(1, ALARM, (a, b))", "alarm.unclear"),
    ("ALARM(a", "alarm.unclear"),
    ("ALARM(a) ALARM(b)", "alarm.unclear"),
    ("", "alarm.unclear"),
]


@pytest.mark.parametrize(("rule", "code"), RULES)
def test_a_rule_when_one_alarm_fires(rule: str, code: str | None) -> None:
    found = check_rule(a_composite(rule), sure={ARN}, perhaps={ARN}, unsettled=())
    assert (None if found is HOLDS else found.code) == code


OTHER = ARN.replace(":alarm:a", ":alarm:b")
BESIDE = [
    ("ALARM(a) AND ALARM(b)", "alarm.unclear", "alarm.unclear"),
    ("ALARM(a) AND NOT ALARM(b)", "alarm.unclear", "alarm.unclear"),
    ("ALARM(a) OR ALARM(b)", None, "alarm.unclear"),
    ("ALARM(a)", None, None),
    ("ALARM(b) AND FALSE", "alarm.insensitive", "alarm.insensitive"),
]


@pytest.mark.parametrize(("rule", "perhaps", "unsettled"), BESIDE)
def test_an_alarm_that_may_fire_too_or_may_be_in_alarm_before(
    rule: str, perhaps: str | None, unsettled: str | None
) -> None:
    composite = a_composite(rule)
    may_fire_too = check_rule(composite, sure={ARN}, perhaps={ARN, OTHER}, unsettled=())
    may_be_in_alarm = check_rule(composite, sure={ARN}, perhaps={ARN}, unsettled={OTHER})
    assert [None if found is HOLDS else found.code for found in (may_fire_too, may_be_in_alarm)] == [
        perhaps,
        unsettled,
    ]


def test_two_alarms_that_surely_fire() -> None:
    both = a_composite("ALARM(a) AND ALARM(b)")
    assert check_rule(both, sure={ARN, OTHER}, perhaps={ARN, OTHER}, unsettled=()) is HOLDS


@pytest.mark.parametrize(
    ("rule", "refers"),
    [
        ("ALARM(a)", True),
        (f'NOT ALARM("{ARN}")', True),
        ("ALARM(b) AND OK(a)", True),
        ("ALARM(ab)", False),
        ("AT_LEAST(2, ALARM, (a, b))", True),
        ("AT_LEAST(2, ALARM, (b, c))", False),
    ],
)
def test_which_alarms_a_rule_may_refer_to(rule: str, refers: bool) -> None:
    assert may_refer_to(a_composite(rule), {ARN}) is refers

"""What is wrong, in few words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blindspot.model import profile
from blindspot.model.findings import DOUBT_FIXES, FIXES, Doubt, Gap
from blindspot.model.profile import Exclusion
from blindspot.model.snapshot import MuteRule
from blindspot.report.short_text import length
from blindspot.report.wording import (
    IN_FEW_WORDS,
    call,
    ended,
    ending,
    excused,
    gaps_of,
    in_alarm,
    more,
    reason,
    resource,
)
from blindspot.verdict.assessment import RegionAssessment, Verdict, assess
from blindspot.verdict.exclusions import Exclusions
from filter_pattern import parse
from tests.builders import ACCOUNT, HOME, NOW, a_compliant_snapshot, an_alarm, log_group_arn, topic_arn
from tests.cases.exclusions import REASON, assessed

PROFILE = profile.load("cis-level-2")


def test_every_code_has_few_words_but_those_whose_message_says_which_call_failed() -> None:
    says_it_itself = {"unread.refused", "unread.no-answer", "unread.not-asked", "undecided"}
    assert set(IN_FEW_WORDS) == {*FIXES, *DOUBT_FIXES} - says_it_itself


@pytest.mark.parametrize("code", IN_FEW_WORDS)
def test_the_words_are_few_and_begin_no_sentence(code: str) -> None:
    words = IN_FEW_WORDS[code]
    assert len(f"Cannot verify: {code}: perhaps {words}.") <= 110
    assert not words.endswith(".")
    assert words[0].islower() or words.startswith(("AWS", "Blindspot"))


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (Gap("topic.missing", topic_arn(), "Topic t is gone."), "topic.missing: the topic does not exist."),
        (Doubt("topic.missing", topic_arn(), "Is it?"), "topic.missing: perhaps the topic does not exist."),
        (Doubt("alarm.unclear", "a", "It is."), "alarm.unclear: Blindspot cannot analyze the alarm."),
        (Doubt("unread.refused", "a", "x\n was refused."), r"unread.refused: x\u000a was refused."),
        (Doubt("topic.foreign", "a", "No.", "another reason"), "topic.foreign: another reason."),
        (Doubt("unread.no-answer", "a", "No.", "the resource\n is"), r"unread.no-answer: the resource\u000a is."),
    ],
)
def test_the_reason(finding: Gap | Doubt, text: str) -> None:
    assert reason(finding) == text


ALARM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:unauthorized"


@pytest.mark.parametrize(
    ("arn", "longest", "text"),
    [
        (f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/t", 99, "Trail t in us-east-1."),
        (log_group_arn(), 99, "Log group management-events in eu-west-1."),
        (f"{log_group_arn()}:metric-filter:f", 99, "Metric filter f of log group management-events in eu-west-1."),
        (ALARM, 99, "Alarm unauthorized in eu-west-1."),
        (ALARM.replace(ACCOUNT, "999999999999"), 99, "Alarm unauthorized in eu-west-1 of account 999999999999."),
        (topic_arn(), 99, "Topic security-alerts in eu-west-1."),
        (f"{topic_arn()}:0a-1b", 99, "Subscription security-alerts:0a-1b in eu-west-1."),
        (f"arn:aws:s3:::bucket/{'x' * 60}", 99, f"bucket/{'x' * 60}."),
        (
            f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{'n' * 255}",
            50,
            f"Alarm {'n' * 14}...{'n' * 13} in eu-west-1.",
        ),
        (f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{'n' * 255}", 34, ""),
        (f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{'n' * 255}", 35, "Alarm nnnnnn...nnnnnn in eu-west-1."),
        (
            f"{log_group_arn(name='g')}:metric-filter:{'f' * 90}",
            70,
            f"Metric filter {'f' * 12}...{'f' * 12} of log group g in eu-west-1.",
        ),
        (
            f"{log_group_arn(name='g' * 90)}:metric-filter:f",
            70,
            f"Metric filter f of log group {'g' * 12}...{'g' * 12} in eu-west-1.",
        ),
        (ALARM, 31, ""),
        ("eu-west-1", 99, ""),
        ("account", 99, ""),
        ("trails in eu-west-1", 99, ""),
    ],
)
def test_the_resource(arn: str, longest: int, text: str) -> None:
    assert resource(Gap("alarm.missing", arn, "."), ACCOUNT, longest) == text
    assert length(text) <= longest


def test_a_call_names_service_event_and_error_and_nothing_else() -> None:
    event = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "errorCode": "AccessDenied",
        "requestParameters": {"key": "SECRET"},
    }
    assert call(event) == "s3:GetObject refused with AccessDenied"
    assert call({"eventName": 7}) == "?:7 refused with ?"
    assert call({"eventName": "x" * 500, "eventSource": "a\nb"}) == rf"a\u000ab:{'x' * 29}...{'x' * 28} refused with ?"


def test_every_gap_is_told_once_those_of_most_regions_first() -> None:
    one, many = Gap("topic.missing", "t", "."), Gap("alarm.missing", "a", ".")
    given = {"first": (one,), "second": (many,), "third": (many, one), "fourth": (many,)}
    regions = [RegionAssessment(name, Verdict.NON_COMPLIANT, None, gaps, (), ()) for name, gaps in given.items()]
    assert list(gaps_of(regions).items()) == [(many, ["second", "third", "fourth"]), (one, ["first", "third"])]


@pytest.mark.parametrize(
    ("number", "excepted", "further"),
    [
        (0, "", ""),
        (1, ", except those that 1 exclusion excuses,", " And 1 more gap."),
        (2, ", except those that 2 exclusions excuse,", " And 2 more gaps."),
        (3, ", except those that 3 exclusions excuse,", " And 3 more gaps."),
    ],
)
def test_numbers_in_words(number: int, excepted: str, further: str) -> None:
    assert (
        excused(
            replace(
                assess(a_compliant_snapshot(), PROFILE),
                exclusions=Exclusions((Exclusion(parse("{ $.a = b }")),) * number),
            )
        )
        == excepted
    )
    assert more(number, "gap") == further


LONG_AGO = NOW - timedelta(days=30)
STAYS = "has been in ALARM since 2026-10-22 12:00 UTC: it announces nothing new until it returns to OK."
SCHEDULED = MuteRule(
    arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm-mute-rule:m", status="SCHEDULED", alarms=("unauthorized",)
)


@pytest.mark.parametrize(
    ("bent", "text"),
    [
        (
            {"state": "ALARM", "state_since": LONG_AGO},
            f"Alarm unauthorized {STAYS}",
        ),
        (
            {"state": "ALARM", "state_since": LONG_AGO, "name": "unauthorized-api-calls since yesterday. x"},
            f"Alarm unautho...day. x {STAYS}",
        ),
        (
            {"state": "ALARM", "state_since": LONG_AGO, "name": "\x1b\x1b"},
            rf"Alarm \u001b\u001b {STAYS}",
        ),
        ({"state": "ALARM", "state_since": NOW}, ""),
        ({"state": "OK", "state_since": LONG_AGO}, ""),
        ({"state": "ALARM", "state_since": LONG_AGO, "actions": ()}, ""),
    ],
)
def test_an_alarm_that_stays_in_alarm(bent: dict[str, Any], text: str) -> None:
    snapshot = a_compliant_snapshot(alarms=(an_alarm(**bent),), mute_rules={(ACCOUNT, HOME): (SCHEDULED,)})
    assessment = assess(snapshot, PROFILE)
    assert "alarm.to-be-muted" in [note.code for note in assessment.notes] or "name" in bent or "actions" in bent
    assert in_alarm(assessment, assessment.regions, 16) == text
    assert in_alarm(assessment, [], 16) == ""


@pytest.mark.parametrize(
    ("days", "soon", "over"),
    [(15, "", ""), (14, "ends", ""), (1, "ends", ""), (0, "", "ended"), (-9, "", "ended")],
)
@pytest.mark.parametrize(
    ("reason", "longest", "title"),
    [
        (REASON, 15, f'The exclusion "{REASON}"'),
        ("Nightly scanner \x1b of the security team", 20, 'The exclusion "Nightly s...ity team"'),
        (None, 15, "Exclusion 3 of benign"),
    ],
    ids=["a reason", "a long one", "none"],
)
def test_an_end_is_a_sentence(days: int, soon: str, over: str, reason: str | None, longest: int, title: str) -> None:
    assessment = assessed(days, reason)
    assert ending(assessment, longest) == (f"{title} {soon} on 2027-02-25." if soon else "")
    assert ended(assessment, assessment.regions, longest) == (f"{title} {over} on 2027-02-25." if over else "")
    assert ended(assessment, (), longest) == ""


def test_an_ended_exclusion_is_named_only_where_a_pattern_leaves_out_what_it_excused() -> None:
    assessment = assessed(0)
    region = assessment.regions[0]
    (gap,) = region.gaps
    elsewhere = replace(region, blind_spot={**(region.blind_spot or {}), "eventName": "PutBucketAcl"})
    for code, named in (("filter.misses", True), ("siem.misses", True), ("alarm.missing", False)):
        two = replace(region, gaps=(Gap("filter.noise", gap.resource, "m"), Gap(code, gap.resource, "m")))
        assert bool(ended(assessment, [two], 40)) is named
        assert bool(ended(assessment, [elsewhere, two], 40)) is named
    assert ended(assessment, [elsewhere], 40) == ""
    assert ended(assessment, [replace(region, blind_spot=None)], 40) == ""

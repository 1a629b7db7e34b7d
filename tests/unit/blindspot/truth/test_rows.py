"""Rows and summaries: they can be read however long the names are, and claim no more than holds."""

import re
import string
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.snapshot import LogGroup, Snapshot, Unreadable
from blindspot.report.config_evaluations import LONGEST_ANNOTATION, evaluations
from blindspot.report.document import Document, Origin, document
from blindspot.report.wording import reason
from blindspot.verdict.assessment import Assessment, Verdict, assess
from tests.builders import (
    ACCOUNT,
    HOME,
    NOW,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_status,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)

PROFILE = profile.load("cis-level-2")
ANYTHING = st.characters(exclude_categories=["Cs"])
PLAIN = string.ascii_letters + string.digits + "-_"


def names(longest: int, characters: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Names as AWS allows them, and the longest ones."""
    repeated = st.text(characters, min_size=1, max_size=9).map(lambda part: (part * longest)[:longest])
    return repeated | st.text(characters, min_size=1, max_size=80)


FILTER_NAMES = names(512, ANYTHING.filter(lambda one: one not in ":*"))
GROUP_NAMES = names(512, PLAIN + "/.#")
ALARM_NAMES = names(255, ANYTHING)
BREAKS: dict[str, dict[str, Any]] = {
    "no trail": {"trails": ()},
    "not logging": {"status": a_status(logging=False)},
    "log group missing": {"log_group": None},
    "log group refused": {"log_group": Unreadable("logs:DescribeMetricFilters", HOME, "AccessDenied", denied=True)},
    "log group of another account": {"log_group": Unreadable("logs:DescribeMetricFilters", HOME, "ForeignAccount")},
    "filter misses": {"filter": a_filter('{ $.errorCode = "AccessDenied" }')},
    "filter malformed": {"filter": a_filter(unread="metricTransformations")},
    "no alarm": {"alarms": ()},
    "alarms unread": {"alarms": Unreadable("cloudwatch:DescribeAlarms", "ap-southeast-1", "InternalServiceFault")},
    "alarm without action": {"alarm": an_alarm(actions=())},
    "topic missing": {"topics": {}},
    "topic without subscriptions": {"topic": a_topic(subscriptions=())},
}


@st.composite
def broken(draw: st.DrawFn) -> Snapshot:
    bent = BREAKS[draw(st.sampled_from(sorted(BREAKS)))]
    group, topic = log_group_arn(name=draw(GROUP_NAMES)), topic_arn(name=draw(names(256, PLAIN)))
    trail = a_trail(name=draw(names(128, PLAIN)), log_group_arn=group, status=bent.get("status", a_status()))
    alarm = replace(bent.get("alarm", an_alarm(actions=(topic,))), arn=an_alarm(name=draw(ALARM_NAMES)).arn)
    found = LogGroup(group, (replace(bent.get("filter", a_filter()), name=draw(FILTER_NAMES)),))
    subscribed = bent.get("topic", a_topic()).subscriptions
    whole = a_compliant_snapshot(
        trails=bent.get("trails", (trail,)),
        alarms=bent.get("alarms", (alarm,)),
        topics=bent.get("topics", {topic: a_topic(topic, subscriptions=subscribed)}) or {topic: None},
        regions=tuple(f"ap-southeast-{number}" for number in range(1, draw(st.integers(1, 40)))) or (HOME,),
    )
    return replace(whole, log_groups={group: bent.get("log_group", found)})


@given(broken())
def test_a_row_has_the_reason_whole_then_the_regions_then_the_resource(snapshot: Snapshot) -> None:
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is not Verdict.COMPLIANT
    for row in evaluations(assessment, NOW, report_regions=True):
        text = str(row.annotation)
        assert len(text.encode()) <= LONGEST_ANNOTATION
        assert text.isprintable()
        assert "..." not in text or re.search(r".\.\.\..", text)  # only names are shortened
        reasons = {reason(gap) for region in assessment.regions for gap in region.gaps}
        reasons |= {f"Cannot verify: {reason(doubt)}" for region in assessment.regions for doubt in region.doubts}
        (whole,) = (each for each in reasons if text.startswith(each))
        rest = text.removeprefix(whole)
        if row.resource_id == ACCOUNT:
            regions = r" (Non-compliant|Undetermined) regions: (\d+|(ap-southeast|eu-west)-.+|future)\."
            assert re.match(regions, rest)
        assert not rest or rest.endswith(".")


def told(assessment: Assessment) -> Document:
    return document(assessment, origin=Origin(), config=None, api_calls=0, duration_ms=0)


LONG_AGO, RECENTLY = NOW - timedelta(days=30), NOW - timedelta(hours=23)
SILENT = "announces nothing new until it returns to OK"
CLAIM = "raises an alarm that somebody receives"


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (a_compliant_snapshot(alarms=(an_alarm(state="ALARM", state_since=LONG_AGO),)), "Alarm unauthorized"),
        (
            a_compliant_snapshot(
                alarms=(an_alarm(actions=()), a_composite("ALARM(unauthorized)", state="ALARM", state_since=LONG_AGO))
            ),
            "Alarm composite",
        ),
        (
            a_compliant_snapshot(alarms=(an_alarm(name="ü" * 127, state="ALARM", state_since=LONG_AGO),)),
            "Alarm üü",
        ),
    ],
    ids=["alarm", "composite", "long name"],
)
def test_an_alarm_that_stays_in_alarm_announces_nothing_new(snapshot: Snapshot, words: str) -> None:
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is Verdict.COMPLIANT
    assert [note["code"] for note in told(assessment)["notes"]] == ["alarm.in-alarm"]
    texts = [str(row.annotation) for row in evaluations(assessment, NOW, report_regions=True)]
    for text in (*texts, told(assessment)["summary"]):
        assert words in text
        assert SILENT in text
        assert CLAIM not in text
        assert "2 exclusions" in text


@pytest.mark.parametrize(
    ("overrides", "excepted"),
    [
        ({}, "except those that 2 exclusions excuse"),
        ({"benign": ["{ $.eventName = HeadBucket }"]}, "except those that 1 exclusion excuses"),
        ({"benign": []}, ""),
    ],
)
def test_what_exclusions_excuse_is_excepted(overrides: dict[str, object], excepted: str) -> None:
    recent = a_compliant_snapshot(alarms=(an_alarm(state="ALARM", state_since=RECENTLY),))
    assessment = assess(recent, profile.load("cis-level-2", overrides))
    assert assessment.verdict is Verdict.COMPLIANT
    texts = [str(row.annotation) for row in evaluations(assessment, NOW, report_regions=True)]
    for text in (*texts, told(assessment)["summary"]):
        assert CLAIM in text
        assert SILENT not in text
        assert excepted in text
        assert bool(excepted) is ("exclusion" in text)


def test_one_gap_of_many_regions_is_told_once() -> None:
    assessed = told(assess(a_compliant_snapshot(trails=()), PROFILE))
    regions = {gap["code"]: gap["regions"] for gap in assessed["gaps"]}
    assert regions == {
        "trail.missing": ["eu-central-1", "eu-west-1", "us-east-1"],
        "trail.not-multi-region": ["future"],
    }
    assert assessed["summary"].endswith(" And 1 more gap. (trail.missing)")

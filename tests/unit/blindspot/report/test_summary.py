"""What a person reads in a ticket."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blindspot.model import profile
from blindspot.model.snapshot import LogGroup, Snapshot, Unreadable
from blindspot.report import summary
from blindspot.report.wording import gaps_of
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import (
    ACCOUNT,
    HOME,
    NOW,
    a_compliant_snapshot,
    a_filter,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import BROKEN, DOUBTFUL
from tests.cases.exclusions import REASON, assessed
from tests.cases.hostile import NAMES

PROFILE = profile.load("cis-level-2")
EXACT = '{ $.errorCode = "AccessDenied" || $.errorCode = "*UnauthorizedOperation" }'


def summed_up(snapshot: Snapshot) -> str:
    assessment = assess(snapshot, PROFILE)
    return summary.of(assessment, tuple(gaps_of(assessment.regions)))


@pytest.mark.parametrize(
    ("snapshot", "text"),
    [
        (
            a_compliant_snapshot(),
            (
                "COMPLIANT (account 123456789012, profile cis-level-2): in all 3 enabled regions, and in regions "
                "enabled later, every unauthorized API call, except those that 2 exclusions excuse, raises an alarm "
                "that somebody receives."
            ),
        ),
        (
            a_compliant_snapshot(alarms=(an_alarm(state="ALARM", state_since=NOW - timedelta(days=30)),)),
            (
                "COMPLIANT (account 123456789012, profile cis-level-2): in all 3 enabled regions, and in regions "
                "enabled later, there is no blind spot, except those that 2 exclusions excuse. Alarm unauthorized has "
                "been in ALARM since 2026-10-22 12:00 UTC: it announces nothing new until it returns to OK."
            ),
        ),
        (
            a_compliant_snapshot(filters=(a_filter(EXACT),)),
            (
                "NON_COMPLIANT (account 123456789012, profile cis-level-2): in all 3 enabled regions, and in "
                "regions enabled later, there are unauthorized API calls that alert nobody, such as "
                "secretsmanager:GetSecretValue refused with AccessDeniedException in eu-central-1. "
                "Metric filter unauthorized of log group management-events matches only if errorCode is exactly "
                '"AccessDenied"; this event has errorCode "AccessDeniedException". Fix: Widen the filter pattern, '
                "or add a second metric filter beside it. (filter.misses, "
                "arn:aws:logs:eu-west-1:123456789012:log-group:management-events:metric-filter:unauthorized)"
            ),
        ),
        (
            a_compliant_snapshot(trails=(a_trail(multi_region=False),), regions=(HOME,)),
            (
                "NON_COMPLIANT (account 123456789012, profile cis-level-2): in regions enabled later there are "
                "unauthorized API calls that alert nobody, such as secretsmanager:GetSecretValue refused with "
                "AccessDeniedException. No multi-region trail would record a region enabled later. Fix: Create a "
                "multi-region trail, or make a trail one: it records regions enabled later too. "
                "(trail.not-multi-region)"
            ),
        ),
        (
            a_compliant_snapshot(
                alarms=Unreadable("cloudwatch:DescribeAlarms", HOME, "AccessDenied", denied=True),
            ),
            (
                "INDETERMINATE (account 123456789012, profile cis-level-2): in all 3 enabled regions, and in "
                "regions enabled later, it is not known whether unauthorized API calls such as "
                "secretsmanager:GetSecretValue refused with AccessDeniedException in eu-central-1 raise an alarm "
                "that somebody receives. cloudwatch:DescribeAlarms was refused in eu-west-1 (AccessDenied). Fix: Allow "
                "the role to make the call. If a policy denies the region, use ExcludedRegions. (unread.refused, "
                "arn:aws:logs:eu-west-1:123456789012:log-group:management-events)"
            ),
        ),
        (
            a_compliant_snapshot(regions=Unreadable("ec2:DescribeRegions", HOME, "Timeout")),
            (
                "INDETERMINATE (account 123456789012, profile cis-level-2): it is not known whether every "
                "unauthorized API call, except those that 2 exclusions excuse, raises an alarm that somebody receives. "
                "ec2:DescribeRegions gave no answer in eu-west-1 (Timeout). Fix: Run the evaluation again. If the "
                "read fails again, check the region and the network. (unread.no-answer)"
            ),
        ),
    ],
)
def test_the_summary(snapshot: Snapshot, text: str) -> None:
    assert summed_up(snapshot) == text


def test_it_counts_the_regions_of_the_verdict() -> None:
    snapshot = a_compliant_snapshot(trails=(a_trail(multi_region=False),))
    assert ": in 2 of 3 enabled regions, and in regions enabled later, there are " in summed_up(snapshot)
    no_future = assess(snapshot, profile.load("cis-level-2", {"future_region": False}))
    gaps = tuple(gaps_of(no_future.regions))
    assert ": in 2 of 3 enabled regions there are " in summary.of(no_future, gaps)


def test_the_call_is_one_of_a_region_with_the_gap_or_the_doubt() -> None:
    trail = a_trail(multi_region=False)
    gaps = a_compliant_snapshot(trails=(trail,), filters=(a_filter(EXACT),), regions=("eu-west-1", "us-east-1"))
    assert ": in all 2 enabled regions, and in regions enabled later, there are " in summed_up(gaps)
    two = a_compliant_snapshot(
        trails=(trail, a_trail("us-east-1", name="second", multi_region=False)),
        log_groups={
            log_group_arn(): LogGroup(log_group_arn(), (a_filter(EXACT),)),
            log_group_arn("us-east-1", "second"): Unreadable("logs:DescribeMetricFilters", "us-east-1", "Timeout"),
        },
        regions=("eu-west-1", "us-east-1"),
    )
    first, second, _ = assess(two, PROFILE).regions
    swapped = replace(assess(two, PROFILE), regions=(replace(first, region="other", gaps=second.gaps), first))
    assert "AccessDeniedException in eu-west-1. " in summary.of(swapped, first.gaps)
    doubtful = replace(second, region="first", doubts=()), second
    assert "AccessDeniedException in us-east-1 raise" in summary.of(
        replace(assess(two, PROFILE), verdict=Verdict.INDETERMINATE, regions=doubtful), ()
    )


def test_it_counts_the_further_gaps_and_doubts() -> None:
    further = a_filter('{ $.errorCode = "AccessDenied" }', name="further")
    gaps = a_compliant_snapshot(filters=(a_filter(EXACT), further, replace(further, name="third")))
    assert (
        summed_up(gaps)
        .partition(" Fix: ")[2]
        .startswith(
            "Widen the filter pattern, or add a second metric filter beside it. And 2 more gaps. (filter.misses, arn:"
        )
    )
    doubts = a_compliant_snapshot(
        alarms=(an_alarm(actions=(topic_arn(), topic_arn(name="second"))),),
        topics=dict.fromkeys((topic_arn(), topic_arn(name="second")), Unreadable("sns:GetTopicAttributes", HOME, "x")),
    )
    assert " And 1 more doubt. (unread.no-answer, arn:" in summed_up(doubts)


def test_without_exclusions_it_excepts_nothing() -> None:
    strict = assess(a_compliant_snapshot(), profile.load("cis-level-2", {"benign": []}))
    assert summary.of(strict, ()).endswith("every unauthorized API call raises an alarm that somebody receives.")
    one = assess(a_compliant_snapshot(), profile.load("cis-level-2", {"benign": ["{ $.eventName = HeadBucket }"]}))
    assert "call, except those that 1 exclusion excuses, raises" in summary.of(one, ())


def test_without_any_doubt_the_verdict_is_still_told() -> None:
    assessed = assess(a_compliant_snapshot(alarms=Unreadable("cloudwatch:DescribeAlarms", HOME, "Timeout")), PROFILE)
    bare = replace(assessed, regions=tuple(replace(each, doubts=(), blind_spot=None) for each in assessed.regions))
    assert summary.of(bare, ()).endswith(
        "whether every unauthorized API call, except those that 2 exclusions excuse, raises an alarm that somebody "
        "receives."
    )


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL])
def test_every_summary_is_a_few_sentences_with_verdict_account_reason_and_fix(name: str) -> None:
    snapshot = BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    text = summed_up(snapshot)
    assert text.startswith(("NON_COMPLIANT (account", "INDETERMINATE (account"))
    assert text.endswith(")")
    assert ACCOUNT in text
    assert " Fix: " in text
    assert ".." not in text
    assert "None" not in text


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_harmless_line_of_limited_length(name: str) -> None:
    given = (NAMES[name][0] * 512)[:512]
    for bent in ({"filters": (a_filter(EXACT, name=given),)}, {"alarms": (an_alarm(name=given, actions=()),)}):
        text = summed_up(a_compliant_snapshot(**bent))
        assert text.isprintable()
        assert len(text.encode()) < 2_500
    assert summary.of_failure(given * 9).isprintable()


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Profile is wrong.", "Cannot verify: Profile is wrong."),
        ("Invalid:\n    {\n    ^", "Cannot verify: Invalid: { ^"),
        ("two words " * 300, "Cannot verify: " + "two words " * 97 + "two words..."),
    ],
)
def test_the_summary_of_a_run_that_failed(reason: str, text: str) -> None:
    assert summary.of_failure(reason) == text


CALL = "every unauthorized API call, except those that 3 exclusions excuse, raises an alarm that somebody receives."


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (15, f"later, {CALL}"),
        (14, f'later, {CALL} The exclusion "{REASON}" ends on 2027-02-25.'),
        (0, f'eu-central-1. The exclusion "{REASON}" ended on 2027-02-25. Metric filter unauthorized of'),
    ],
)
def test_it_says_that_an_exclusion_ends_or_has_ended(days: int, words: str) -> None:
    assessment = assessed(days)
    text = summary.of(assessment, tuple(gaps_of(assessment.regions)))
    assert words in text
    assert text.count("The exclusion") == (days != 15)


def test_it_says_of_an_alarm_in_alarm_too_that_an_exclusion_ends() -> None:
    long = an_alarm(state="ALARM", state_since=NOW - timedelta(days=30))
    assert (
        f' there is no blind spot, except those that 3 exclusions excuse. The exclusion "{REASON}" ends on 2027-02-25.'
        " Alarm unauthorized has been in ALARM since"
    ) in summary.of(assessed(14, alarms=(long,)), ())

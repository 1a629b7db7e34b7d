"""One link bent at a time: the verdict and the gap; and what is not known is never a pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from blindspot.model import profile
from blindspot.model.findings import FIXES
from blindspot.model.snapshot import (
    FUTURE,
    EventSelector,
    EventSelectors,
    LogGroup,
    Skipped,
    Snapshot,
    Unreadable,
)
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    NOW,
    REGIONS,
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
from tests.cases.accounts import (
    BROKEN,
    DOUBTFUL,
    HOLDS,
    HOSTILE,
    PROFILE,
    REFUSED,
    SIEM,
    alarm,
    filters,
    to_siem,
    trails,
)

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict


def of_region(assessment: Assessment, name: str) -> RegionAssessment:
    return next(region for region in assessment.regions if region.region == name)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_blinds_every_region(name: str) -> None:
    snapshot, code = BROKEN[name]
    assessment = assess(snapshot, PROFILE)
    assert assessment.verdict is NON_COMPLIANT
    for region in assessment.regions:
        expected = "trail.not-multi-region" if (code, region.region) == ("trail.missing", FUTURE) else code
        assert [gap.code for gap in region.gaps] == [expected]
        assert region.verdict is NON_COMPLIANT
        assert region.blind_spot is not None
        assert PROFILE.required.matches(region.blind_spot)
        assert not any(benign.matches(region.blind_spot) for benign in PROFILE.benign)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_link_is_neither_a_pass_nor_a_failure(name: str) -> None:
    assessment = assess(DOUBTFUL[name], PROFILE)
    for region in assessment.regions:
        assert region.verdict is INDETERMINATE
        assert region.doubts
        assert region.gaps == ()
        undecided = any("cannot be decided" in doubt.message for doubt in region.doubts)
        assert (region.blind_spot is None) == undecided


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL])
def test_beside_a_whole_channel_a_bad_one_spoils_nothing(name: str) -> None:
    bad = BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    away = "us-east-1"
    good = replace(
        bad,
        trails=(*bad.trails, a_trail(away, "second")),
        log_groups={
            **bad.log_groups,
            log_group_arn(away, "second"): LogGroup(log_group_arn(away, "second"), (a_filter(),)),
        },
        alarms={**bad.alarms, (ACCOUNT, away): (an_alarm(away),)},
        topics={**bad.topics, topic_arn(away): a_topic(topic_arn(away))},
    )
    assert assess(good, PROFILE).verdict is COMPLIANT


@pytest.mark.parametrize("name", HOLDS)
def test_other_ways_to_be_compliant(name: str) -> None:
    assert assess(HOLDS[name], PROFILE).verdict is COMPLIANT


def test_writes_and_reads_recorded_by_two_trails_add_up() -> None:
    both = [a_trail(name=kind, selectors=EventSelectors((EventSelector(kind),))) for kind in ("ReadOnly", "WriteOnly")]
    groups = {trail.log_group_arn: LogGroup(str(trail.log_group_arn), (a_filter(),)) for trail in both}
    snapshot = a_compliant_snapshot(trails=tuple(both), log_groups=groups)
    assert assess(snapshot, PROFILE).verdict is COMPLIANT
    assert assess(replace(snapshot, trails=(both[0],)), PROFILE).verdict is NON_COMPLIANT


def test_a_regional_trail_sees_its_own_region_only() -> None:
    assessment = assess(trails(multi_region=False), PROFILE)
    verdicts = {region.region: region.verdict for region in assessment.regions}
    assert verdicts == {HOME: COMPLIANT} | dict.fromkeys({*REGIONS, FUTURE} - {HOME}, NON_COMPLIANT)
    assert [gap.code for gap in of_region(assessment, FUTURE).gaps] == ["trail.not-multi-region"]


def test_the_blind_spot_is_what_the_filter_misses() -> None:
    pattern = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied") }'
    region = assess(filters(a_filter(pattern)), PROFILE).regions[1]
    assert region.blind_spot is not None
    assert region.blind_spot["errorCode"] == "AccessDeniedException"
    assert region.blind_spot["awsRegion"] == region.region == HOME
    assert region.gaps[0].message == (
        "Metric filter unauthorized of log group management-events matches only if errorCode is exactly "
        '"AccessDenied"; this event has errorCode "AccessDeniedException".'
    )


def test_a_noisy_filter_on_the_same_metric_deafens_the_alarm() -> None:
    noisy = a_filter("{ $.eventName = * }", name="noisy")
    assert assess(filters(a_filter(), noisy), PROFILE).verdict is NON_COMPLIANT
    assert assess(filters(a_filter(), replace(noisy, metric="other")), PROFILE).verdict is COMPLIANT


@pytest.mark.parametrize(
    ("statistic", "comparison", "threshold", "values"),
    [
        ("Minimum", "GreaterThanOrEqualToThreshold", 5.0, ("5", "1")),
        ("Average", "GreaterThanOrEqualToThreshold", 5.0, ("5", "1")),
        ("Maximum", "LessThanThreshold", 5.0, ("1", "10")),
        ("Sum", "GreaterThanOrEqualToThreshold", 2.0, ("1", "1")),
    ],
)
def test_filters_that_move_one_alarm_together_are_not_judged_apart(
    statistic: str, comparison: str, threshold: float, values: tuple[str, str]
) -> None:
    both = tuple(a_filter(value=value, name=f"f{number}") for number, value in enumerate(values))
    watching = an_alarm(statistic=statistic, comparison=comparison, threshold=threshold)
    assert assess(a_compliant_snapshot(filters=both, alarms=(watching,)), PROFILE).verdict is not COMPLIANT


def test_a_default_value_of_a_log_group_that_gets_nothing_fills_no_gap() -> None:
    dead = a_trail(name="dead", status=a_status(logging=False))
    group = LogGroup(log_group_arn(name="dead"), (a_filter(default=0.0),))
    account = a_compliant_snapshot(trails=(a_trail(), dead), alarms=(an_alarm(missing_data="ignore"),))
    account = replace(account, log_groups={**account.log_groups, group.arn: group})
    assert assess(account, PROFILE).verdict is INDETERMINATE
    unread = replace(account, log_groups={**account.log_groups, group.arn: REFUSED})
    assert assess(unread, PROFILE).verdict is INDETERMINATE


def test_a_noisy_filter_with_another_unit_does_not_reach_the_alarm() -> None:
    noisy = a_filter("{ $.eventName = * }", name="noisy", unit="Bytes")
    account = a_compliant_snapshot(filters=(a_filter(unit="Count"), noisy), alarms=(an_alarm(unit="Count"),))
    assert assess(account, PROFILE).verdict is COMPLIANT


def others(condition: str) -> Snapshot:
    """A right filter that also counts whatever is true of other regions or accounts."""
    return filters(a_filter(f"{{ ({CIS[2:-2]}) || ({condition}) }}"))


def test_ordinary_calls_of_other_regions_are_noise() -> None:
    assert assess(others(f'$.awsRegion != "{HOME}"'), PROFILE).verdict is NON_COMPLIANT
    assert assess(others('$.awsRegion = "ap-south-1"'), PROFILE).verdict is INDETERMINATE
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    unlisted = assess(replace(others(f'$.awsRegion != "{HOME}"'), regions=refused), PROFILE)
    assert of_region(unlisted, HOME).verdict is INDETERMINATE


def test_ordinary_calls_of_other_accounts_are_noise_where_they_arrive() -> None:
    noisy = others(f'$.recipientAccountId != "{ACCOUNT}"')
    assert assess(noisy, PROFILE).verdict is COMPLIANT
    organization = replace(noisy, trails=(a_trail(organization=True),))
    assert [gap.code for gap in assess(organization, PROFILE).regions[0].gaps] == ["filter.noise"]


def test_what_the_trail_does_not_record_is_no_noise() -> None:
    reads = a_filter(f'{{ {CIS[2:-2]} || ($.eventName = "GetCallerIdentity") }}')
    assert [gap.code for gap in assess(filters(reads), PROFILE).regions[0].gaps] == ["filter.noise"]
    writes_only = a_compliant_snapshot(
        trails=(a_trail(selectors=EventSelectors((EventSelector("WriteOnly"),))),), filters=(reads,)
    )
    assert [gap.code for gap in assess(writes_only, PROFILE).regions[0].gaps] == ["trail.selectors"]


def unread_region(name: str) -> Snapshot:
    return a_compliant_snapshot(unread_regions={name: Unreadable("cloudtrail:DescribeTrails", name, "Timeout")})


def test_a_multi_region_trail_proves_a_region_that_does_not_answer() -> None:
    assessment = assess(unread_region("us-east-1"), PROFILE)
    assert assessment.verdict is COMPLIANT
    assert [read.region for read in assessment.unreadable] == ["us-east-1"]


def test_a_region_that_does_not_answer_may_have_a_trail_of_its_own() -> None:
    assessment = assess(replace(unread_region("us-east-1"), trails=()), PROFILE)
    assert of_region(assessment, "us-east-1").verdict is INDETERMINATE
    assert of_region(assessment, "eu-central-1").verdict is NON_COMPLIANT
    assert of_region(assessment, FUTURE).verdict is NON_COMPLIANT


def test_where_no_region_answers_nothing_is_known() -> None:
    unread = {name: Unreadable("cloudtrail:DescribeTrails", name, "Timeout") for name in REGIONS}
    assessment = assess(a_compliant_snapshot(trails=(), unread_regions=unread), PROFILE)
    assert {region.verdict for region in assessment.regions} == {INDETERMINATE}


def test_with_the_regions_unread_the_account_is_at_best_indeterminate() -> None:
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    assessment = assess(a_compliant_snapshot(regions=refused), PROFILE)
    assert [(region.region, region.verdict) for region in assessment.regions] == [
        (HOME, COMPLIANT),
        (FUTURE, COMPLIANT),
    ]
    assert assessment.verdict is INDETERMINATE


def test_where_every_region_is_excluded_nothing_is_known_of_the_future() -> None:
    excluded = tuple(Skipped(name, "excluded", excluded=True) for name in REGIONS)
    snapshot = a_compliant_snapshot(trails=(), regions=(), skipped=excluded)
    assert [(r.region, r.verdict) for r in assess(snapshot, PROFILE).regions] == [(FUTURE, INDETERMINATE)]
    refused = Unreadable("ec2:DescribeRegions", HOME, "UnauthorizedOperation", denied=True)
    unlisted = assess(replace(snapshot, regions=refused), PROFILE)
    assert [(r.region, r.verdict) for r in unlisted.regions] == [(FUTURE, INDETERMINATE)]


def test_a_topic_that_was_not_read_is_not_taken_for_missing() -> None:
    assert assess(a_compliant_snapshot(topics={}), PROFILE).verdict is INDETERMINATE


def test_future_is_no_region_that_is_enabled_or_excluded() -> None:
    pattern = (
        '{ ($.errorCode = "AccessDenied*" || $.errorCode = "*UnauthorizedOperation") && $.awsRegion != "ap-south-1" }'
    )
    snapshot = filters(a_filter(pattern))
    assert of_region(assess(snapshot, PROFILE), FUTURE).verdict is NON_COMPLIANT
    excluded = replace(snapshot, skipped=(Skipped("ap-south-1", "excluded", excluded=True),))
    assert of_region(assess(excluded, PROFILE), FUTURE).verdict is COMPLIANT
    enabled = replace(snapshot, regions=(*REGIONS, "ap-south-1"))
    assert of_region(assess(enabled, PROFILE), FUTURE).verdict is COMPLIANT
    assert of_region(assess(enabled, PROFILE), "ap-south-1").verdict is NON_COMPLIANT


def test_a_profile_may_leave_out_the_future() -> None:
    bent = profile.load("cis-level-2", {"future_region": False})
    assert FUTURE not in [region.region for region in assess(a_compliant_snapshot(), bent).regions]


BUCKET = "arn:aws:s3:::logs"


@pytest.mark.parametrize(
    ("overrides", "snapshot", "verdict"),
    [
        ({"calls_to_alarm": 10}, alarm(threshold=10.0), COMPLIANT),
        ({"calls_to_alarm": 9}, alarm(threshold=10.0), NON_COMPLIANT),
        ({"accepted_actions": ["sns", "lambda"]}, BROKEN["a function"][0], COMPLIANT),
        ({"noise_breaks": False}, BROKEN["counts everything"][0], COMPLIANT),
        ({"benign": ['{ $.errorCode != "AccessDenied" }']}, BROKEN["no wildcard"][0], COMPLIANT),
        ({"siem_destinations": [SIEM]}, BROKEN["no alarm"][0], NON_COMPLIANT),
        ({"siem_destinations": [SIEM]}, a_compliant_snapshot(), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem(""), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem(CIS), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem("{ $.errorCode = * }"), COMPLIANT),
        ({"siem_destinations": [SIEM]}, to_siem("?AccessDenied"), NON_COMPLIANT),
        (
            {"siem_destinations": ["arn:aws:s3:::logs"]},
            trails(bucket_arn="arn:aws:s3:::logs", log_group_arn=None),
            COMPLIANT,
        ),
    ],
)
def test_what_a_profile_tunes(overrides: dict[str, object], snapshot: Snapshot, verdict: Verdict) -> None:
    assert assess(snapshot, profile.load("cis-level-2", overrides)).verdict is verdict


def test_one_hostile_filter_beside_a_right_one_spoils_nothing() -> None:
    hostile = a_filter(f"{{ {HOSTILE} }}", name="hostile", metric="other")
    assert assess(filters(a_filter(), hostile), PROFILE).verdict is COMPLIANT


def test_global_services_left_out_are_unseen_in_the_region_that_records_them() -> None:
    assessment = assess(trails(global_service_events=False), PROFILE)
    assert of_region(assessment, "us-east-1").verdict is NON_COMPLIANT
    assert [gap.code for gap in of_region(assessment, "us-east-1").gaps] == ["trail.selectors"]
    assert of_region(assessment, HOME).verdict is INDETERMINATE


def test_an_alarm_that_rings_for_a_day_is_a_note() -> None:
    assessment = assess(alarm(state="ALARM", state_since=NOW - timedelta(days=2)), PROFILE)
    assert assessment.verdict is COMPLIANT
    assert [note.code for note in assessment.notes] == ["alarm.in-alarm"]


@pytest.mark.parametrize(
    ("snapshot", "codes"),
    [
        (HOLDS["muted later"], ["alarm.to-be-muted"]),
        (HOLDS["another alarm muted"], []),
        (
            a_compliant_snapshot(
                alarms=(an_alarm(actions=()), a_composite("ALARM(unauthorized)", suppressor="maintenance"))
            ),
            ["alarm.to-be-muted"],
        ),
        (
            a_compliant_snapshot(
                alarms=(
                    an_alarm(),
                    an_alarm(name="x", metric="x", state="ALARM", state_since=NOW - timedelta(days=2)),
                )
            ),
            [],
        ),
        (
            trails(
                selectors=EventSelectors((EventSelector("WriteOnly"),)),
                status=a_status(logs_delivered_at=NOW - timedelta(days=3)),
            ),
            ["trail.silent"],
        ),
    ],
)
def test_what_is_worth_knowing_is_a_note(snapshot: Snapshot, codes: list[str]) -> None:
    assert [note.code for note in assess(snapshot, PROFILE).notes] == codes


def test_every_gap_code_is_met_here() -> None:
    met = {code for _, code in BROKEN.values()} | {"trail.not-multi-region", "siem.misses"}
    assert met == set(FIXES)


# Each takes the answer of one read away.
UNREAD: dict[str, Callable[[Snapshot], Snapshot]] = {
    "regions": lambda s: replace(s, regions=REFUSED),
    "trails": lambda s: replace(s, trails=(), unread_regions=dict.fromkeys(REGIONS, REFUSED)),
    "status": lambda s: replace(s, trails=tuple(replace(t, status=REFUSED) for t in s.trails)),
    "selectors": lambda s: replace(s, trails=tuple(replace(t, selectors=REFUSED) for t in s.trails)),
    "log groups": lambda s: replace(s, log_groups=dict.fromkeys(s.log_groups, REFUSED)),
    "alarms": lambda s: replace(s, alarms=dict.fromkeys(s.alarms, REFUSED)),
    "topics": lambda s: replace(s, topics=dict.fromkeys(s.topics, REFUSED)),
}


@pytest.mark.parametrize("read", UNREAD)
@pytest.mark.parametrize("name", ["as built", *BROKEN, *DOUBTFUL])
def test_with_a_read_failing_a_verdict_stays_or_is_indeterminate(name: str, read: str) -> None:
    snapshot = HOLDS[name] if name in HOLDS else BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    assert isinstance(snapshot, Snapshot)
    whole = {region.region: region.verdict for region in assess(snapshot, PROFILE).regions}
    partly = assess(UNREAD[read](snapshot), PROFILE)
    for region in partly.regions:
        assert region.verdict in (whole[region.region], INDETERMINATE)

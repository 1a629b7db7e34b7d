import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.findings import unread
from blindspot.model.snapshot import LogGroup, Snapshot, Unreadable
from blindspot.report.config_evaluations import (
    LONGEST_ANNOTATION,
    Evaluation,
    Row,
    cannot_verify,
    evaluations,
    plain,
    retirement,
    row_of,
    verdict_before,
)
from blindspot.report.wording import gaps_of, resource
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
from tests.cases.exclusions import REASON, UNTIL, assessed
from tests.cases.exclusions import overrides as excusing

EXCUSING = excusing()
AT = datetime(2026, 11, 21, 12, 0, 0, 373000, tzinfo=UTC)
PROFILE = profile.load("cis-level-2")
MANY = tuple(f"region-{number}-1" for number in range(40))
LONG_AGO = NOW - timedelta(days=30)
REFUSED = Unreadable("cloudwatch:DescribeAlarms", HOME, "AccessDenied", denied=True)


def of_account(snapshot: Snapshot) -> Evaluation:
    return evaluations(assess(snapshot, PROFILE), AT, report_regions=False)[0]


@pytest.mark.parametrize(
    ("snapshot", "compliance", "annotation"),
    [
        (
            a_compliant_snapshot(),
            "COMPLIANT",
            (
                "Every unauthorized API call, except those that 2 exclusions excuse, raises an alarm that somebody "
                "receives (profile cis-level-2)."
            ),
        ),
        (
            a_compliant_snapshot(filters=(a_filter('{ $.errorCode = "AccessDenied*" }'),)),
            "NON_COMPLIANT",
            (
                "filter.misses: the metric filter misses refused calls. "
                "Non-compliant regions: eu-central-1, eu-west-1, us-east-1, future. "
                "Metric filter unauthorized of log group management-events in eu-west-1."
            ),
        ),
        (
            a_compliant_snapshot(alarms=REFUSED),
            "NON_COMPLIANT",
            (
                "Cannot verify: unread.refused: cloudwatch:DescribeAlarms was refused in eu-west-1 (AccessDenied). "
                "Undetermined regions: eu-central-1, eu-west-1, us-east-1, future. "
                "Log group management-events in eu-west-1."
            ),
        ),
        (
            a_compliant_snapshot(regions=Unreadable("ec2:DescribeRegions", HOME, "Timeout")),
            "NON_COMPLIANT",
            "Cannot verify: unread.no-answer: ec2:DescribeRegions gave no answer in eu-west-1 (Timeout).",
        ),
    ],
)
def test_the_evaluation_of_the_account(snapshot: Snapshot, compliance: str, annotation: str) -> None:
    assert of_account(snapshot) == Evaluation("AWS::::Account", ACCOUNT, compliance, annotation, AT)


def long_names(characters: str) -> Snapshot:
    """The names of a log group, a filter and an alarm are as long as AWS lets them be."""
    group, name = log_group_arn(name=characters * (512 // len(characters))), characters * (512 // len(characters))
    exact = a_filter('{ $.errorCode = "AccessDenied" }', name=name)
    trail = a_trail(log_group_arn=group)
    return a_compliant_snapshot(trails=(trail,), log_groups={group: LogGroup(group, (exact,))})


ROWS = {
    "no trail": a_compliant_snapshot(trails=()),
    "an alarm without actions": a_compliant_snapshot(alarms=(an_alarm(name="x" * 255, actions=()),)),
    "long names": long_names("unauthorized-"),
    "long names in Japanese": long_names("未承認"),
    "long names above the first plane": long_names("🚨"),
    "long names that would do harm": long_names("\x1b\n"),
    "lone surrogates": long_names("\ud800"),
    "refused": a_compliant_snapshot(alarms=REFUSED),
    "refused with a long error": a_compliant_snapshot(alarms=replace(REFUSED, error="x" * 500)),
    "regions unread": a_compliant_snapshot(regions=Unreadable("ec2:DescribeRegions", HOME, "x" * 500)),
    "long in ALARM": a_compliant_snapshot(alarms=(an_alarm(name="未" * 85, state="ALARM", state_since=LONG_AGO),)),
    "COMPLIANT": a_compliant_snapshot(),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("regions", [MANY, MANY[:1]])
def test_an_annotation_fits_however_aws_counts_and_does_no_harm(name: str, regions: tuple[str, ...]) -> None:
    snapshot = ROWS[name]
    if not isinstance(snapshot.regions, Unreadable):
        snapshot = replace(snapshot, regions=regions)
    for evaluation in evaluations(assess(snapshot, PROFILE), AT, report_regions=True):
        annotation = str(evaluation.annotation)
        assert 1 <= len(annotation.encode()) <= LONGEST_ANNOTATION
        assert annotation.isprintable()
        assert evaluation.resource_id != ACCOUNT or annotation.endswith(".")  # nothing is cut off at the end
        assert plain(evaluation).annotation == annotation or not annotation.isascii() or "\\" in annotation


def test_the_reason_comes_first_then_the_regions_and_the_long_names_lose_their_middle() -> None:
    (row,) = evaluations(assess(long_names("abcdefgh"), PROFILE), AT, report_regions=False)
    assert row.annotation == (
        "filter.misses: the metric filter misses refused calls. "
        "Non-compliant regions: eu-central-1, eu-west-1, us-east-1, future. "
        "Metric filter abcdefghabcdefghabcdef...defghabcdefghabcdefgh "
        "of log group abcdefghabcdefghabcdef...defghabcdefghabcdefgh in eu-west-1."
    )
    assert LONGEST_ANNOTATION - 3 <= len(row.annotation) <= LONGEST_ANNOTATION


def test_many_regions_leave_room_for_the_resource() -> None:
    snapshot = replace(long_names("abcdefgh"), regions=MANY)
    (row,) = evaluations(assess(snapshot, PROFILE), AT, report_regions=False)
    assert str(row.annotation).startswith(
        "filter.misses: the metric filter misses refused calls. Non-compliant regions: region-0-1, region-1-1, "
    )
    assert re.search(
        r" and \d+ more\. Metric filter \w+\.\.\.\w+ of log group \w+\.\.\.\w+ in eu-west-1\.$", str(row.annotation)
    )


def test_the_row_of_a_region_names_no_regions_and_counts_the_further_doubts() -> None:
    second = topic_arn(name="second")
    unread = Unreadable("sns:GetTopicAttributes", HOME, "Timeout")
    snapshot = a_compliant_snapshot(
        alarms=(an_alarm(actions=(topic_arn(), second)),), topics={topic_arn(): unread, second: unread}
    )
    rows = evaluations(assess(snapshot, PROFILE), AT, report_regions=True)
    said = "Cannot verify: unread.no-answer: sns:GetTopicAttributes gave no answer in eu-west-1 (Timeout)."
    where = " Topic security-alerts in eu-west-1. And 1 more doubt."
    assert rows[1].annotation == said + where
    assert rows[0].annotation == (f"{said} Undetermined regions: eu-central-1, eu-west-1, us-east-1, future.{where}")


def test_as_many_regions_are_named_as_leave_the_resource_its_room() -> None:
    for number in range(1, 30):
        regions = tuple(f"{'r' * number}-{each}" for each in range(10, 50))
        assessment = assess(replace(long_names("abcdefgh"), regions=regions), PROFILE)
        text = str(evaluations(assessment, AT, report_regions=False)[0].annotation)
        begin, _, rest = text.partition(" regions: ")
        listed, _, _ = rest.partition(" Metric filter ")
        shown = listed.count(",") + 1
        one_more = f"{', '.join(regions[: shown + 1])} and {40 - shown} more."
        needed = len(resource(next(iter(gaps_of(assessment.regions))), ACCOUNT, 80)) + 1
        assert listed == f"{', '.join(regions[:shown])} and {41 - shown} more."
        room = LONGEST_ANNOTATION - len(f"{begin} regions: ") - needed
        assert len(listed) <= room < len(one_more)


def test_where_there_is_room_the_call_is_named_that_nobody_is_alerted_to() -> None:
    (row,) = evaluations(assess(a_compliant_snapshot(trails=()), PROFILE), AT, report_regions=False)
    assert str(row.annotation).endswith(
        "future. And 1 more gap. Nobody is alerted to secretsmanager:GetSecretValue refused with AccessDeniedException."
    )


def test_a_compliant_row_does_not_claim_a_notification_from_an_alarm_that_stays_in_alarm() -> None:
    long = an_alarm(state="ALARM", state_since=LONG_AGO)
    rows = evaluations(assess(a_compliant_snapshot(alarms=(long,)), PROFILE), AT, report_regions=True)
    assert {row.compliance for row in rows} == {"COMPLIANT"}
    for row in rows:
        here = "" if row.resource_id == ACCOUNT else " here"
        assert row.annotation == (
            "Alarm unauthorized has been in ALARM since 2026-10-22 12:00 UTC: it announces nothing new until it "
            f"returns to OK. Otherwise there is no blind spot{here} (profile cis-level-2, 2 exclusions)."
        )
    without = assess(a_compliant_snapshot(alarms=(long,)), profile.load("cis-level-2", {"benign": []}))
    (row,) = evaluations(without, AT, report_regions=False)
    assert str(row.annotation).endswith("Otherwise there is no blind spot (profile cis-level-2).")
    for recent in (an_alarm(state="ALARM", state_since=NOW - timedelta(hours=2)), replace(long, state="OK")):
        assert str(of_account(a_compliant_snapshot(alarms=(recent,))).annotation).startswith("Every unauthorized")


@pytest.mark.parametrize(
    ("days", "annotation"),
    [
        (
            15,
            (
                "Every unauthorized API call, except those that 3 exclusions excuse, raises an alarm that somebody "
                "receives (profile cis-level-2)."
            ),
        ),
        (
            14,
            (
                "Every unauthorized API call, except those that 3 exclusions excuse, raises an alarm that somebody "
                f'receives (profile cis-level-2). The exclusion "{REASON}" ends on 2027-02-25.'
            ),
        ),
        (
            0,
            (
                f'filter.misses: the metric filter misses refused calls. The exclusion "{REASON}" ended on 2027-02-25. '
                "Non-compliant regions: eu-central-1, eu-west-1, us-east-1, future. "
                "Metric filter unauthorized of log group management-events in eu-west-1."
            ),
        ),
    ],
)
def test_a_row_says_that_an_exclusion_ends_or_why_it_counts_no_more(days: int, annotation: str) -> None:
    (row,) = evaluations(assessed(days), AT, report_regions=False)
    assert row.annotation == annotation


@pytest.mark.parametrize(
    ("overrides", "end"),
    [
        (EXCUSING, "(profile cis-level-2, 3 exclusions, one until 2027-02-25)."),
        ({"benign": EXCUSING["benign"][-1:]}, "(profile cis-level-2, 1 exclusion, until 2027-02-25)."),
    ],
)
def test_a_row_about_an_alarm_in_alarm_says_it_in_its_last_words(overrides: dict[str, object], end: str) -> None:
    silent = an_alarm(name="n" * 255, state="ALARM", state_since=LONG_AGO)
    chosen = profile.load("cis-level-2", overrides, on=UNTIL - timedelta(days=14))
    (row,) = evaluations(assess(a_compliant_snapshot(alarms=(silent,)), chosen), AT, report_regions=False)
    assert str(row.annotation).endswith(end)
    assert str(row.annotation).startswith("Alarm nnn")
    assert " has been in ALARM since 2026-10-22 12:00 UTC: it announces nothing new until it " in str(row.annotation)


OF_MANY_REGIONS = {days: assessed(days, regions=(*MANY, HOME)) for days in (14, 0)}


@pytest.mark.parametrize("days", OF_MANY_REGIONS)
@given(reason=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_a_row_with_any_reason_fits_and_names_the_end(days: int, reason: str) -> None:
    verb = "ended" if days == 0 else "ends"
    assessment = OF_MANY_REGIONS[days]
    *others, dated = assessment.exclusions.listed
    listed = (*others, replace(dated, reason=reason))
    assessment = replace(assessment, exclusions=replace(assessment.exclusions, listed=listed))
    for row in evaluations(assessment, AT, report_regions=True):
        assert 0 < len(str(row.annotation).encode()) <= LONGEST_ANNOTATION
        assert f'" {verb} on 2027-02-25.' in str(row.annotation)


def test_the_time_is_not_taken_from_the_name_of_an_alarm() -> None:
    long = an_alarm(name="unheard since x. y", state="ALARM", state_since=LONG_AGO)
    assert str(of_account(a_compliant_snapshot(alarms=(long,))).annotation).startswith(
        "Alarm unheard since x. y has been in ALARM since 2026-10-22 12:00 UTC: it announces nothing new"
    )


def test_an_alarm_of_another_filter_may_stay_in_alarm() -> None:
    other = an_alarm(name="other", metric="other", state="ALARM", state_since=LONG_AGO)
    assert str(of_account(a_compliant_snapshot(alarms=(an_alarm(), other))).annotation).startswith("Every unauthorized")


def test_an_alarm_behind_a_broken_link_may_stay_in_alarm() -> None:
    broken = an_alarm(name="broken", actions=(), state="ALARM", state_since=LONG_AGO)
    assert str(of_account(a_compliant_snapshot(alarms=(an_alarm(), broken))).annotation).startswith(
        "Every unauthorized"
    )


def test_an_indeterminate_region_without_a_doubt_still_has_a_row() -> None:
    assessed = assess(a_compliant_snapshot(alarms=REFUSED), PROFILE)
    bare = replace(assessed, regions=tuple(replace(region, doubts=()) for region in assessed.regions))
    (row,) = evaluations(bare, AT, report_regions=False)
    assert str(row.annotation).startswith("Cannot verify: undecided: The verdict cannot be decided.")


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ("Metric filter ü of log group é.", "Metric filter u of log group e."),
        ('errorCode is "x" <b> 未承認 🚨 {a}', "errorCode is ?x? ?b? ? ? ?a?"),
        ("日" * 85, "?"),
        ("ﬃ" * 86, "ffi" * 42 + "f..." + "ffi" * 42),
        (r"filter \u001b\u000a\U000e0041 of", "filter ? of"),
        (None, None),
    ],
)
def test_the_same_row_in_plain_words(annotation: str | None, words: str | None) -> None:
    row = Evaluation("AWS::::Account", ACCOUNT, "NON_COMPLIANT", annotation, AT)
    assert plain(row) == row._replace(annotation=words)


@given(st.text(st.characters(), min_size=1))
def test_plain_words_always_fit(annotation: str) -> None:
    words = plain(Evaluation("AWS::::Account", ACCOUNT, "NON_COMPLIANT", annotation, AT)).annotation
    assert words is not None
    assert re.fullmatch(r"[A-Za-z0-9 .,:;()/_*'?-]{1,256}", words)


def test_regions_follow_the_account_when_they_are_reported() -> None:
    snapshot = a_compliant_snapshot(trails=(a_trail(multi_region=False),))
    found = evaluations(assess(snapshot, PROFILE), AT, report_regions=True)
    assert [(each.resource_id, each.compliance) for each in found] == [
        (ACCOUNT, "NON_COMPLIANT"),
        (f"{ACCOUNT}/eu-central-1", "NON_COMPLIANT"),
        (f"{ACCOUNT}/eu-west-1", "COMPLIANT"),
        (f"{ACCOUNT}/us-east-1", "NON_COMPLIANT"),
        (f"{ACCOUNT}/future", "NON_COMPLIANT"),
    ]


def test_indeterminate_is_sent_as_non_compliant_that_cannot_be_verified() -> None:
    found = evaluations(assess(a_compliant_snapshot(alarms=REFUSED), PROFILE), AT, report_regions=True)
    assert all(each.compliance == "NON_COMPLIANT" for each in found)
    assert all(str(each.annotation).startswith("Cannot verify: ") for each in found)


def by_resource(*rows: Evaluation) -> dict[tuple[str, str], Evaluation]:
    return {(row.resource_type, row.resource_id): row for row in rows}


GONE = Evaluation("AWS::::Account", f"{ACCOUNT}/af-south-1", "COMPLIANT", None, AT)


def test_what_is_no_longer_reported_is_set_to_not_applicable() -> None:
    current = evaluations(assess(a_compliant_snapshot(), PROFILE), AT, report_regions=True)
    of_trail = Evaluation("AWS::CloudTrail::Trail", ACCOUNT, "NON_COMPLIANT", "why", LONG_AGO)
    assert retirement(by_resource(of_trail, *current, GONE), current, AT) == (
        GONE._replace(compliance="NOT_APPLICABLE"),
        of_trail._replace(compliance="NOT_APPLICABLE", annotation=None, ordering_timestamp=AT),
    )


def test_nothing_is_set_to_not_applicable_that_is_still_reported_or_not_known() -> None:
    current = evaluations(assess(a_compliant_snapshot(), PROFILE), AT, report_regions=False)
    for earlier in (by_resource(*current), {}, REFUSED):
        assert retirement(earlier, current, AT) == ()


@pytest.mark.parametrize(
    ("compliance", "annotation", "verdict"),
    [
        ("COMPLIANT", "Every unauthorized API call raises an alarm.", Verdict.COMPLIANT),
        ("NON_COMPLIANT", "alarm.missing: No alarm", Verdict.NON_COMPLIANT),
        ("NON_COMPLIANT", None, Verdict.NON_COMPLIANT),
        ("NON_COMPLIANT", "Cannot verify: unread.refused", Verdict.INDETERMINATE),
        ("NOT_APPLICABLE", None, None),
    ],
)
def test_the_verdict_before(compliance: str, annotation: str | None, verdict: Verdict | None) -> None:
    now = Evaluation("AWS::::Account", ACCOUNT, "COMPLIANT", None, AT)
    before = now._replace(compliance=compliance, annotation=annotation, ordering_timestamp=AT - timedelta(seconds=1))
    assert verdict_before(by_resource(GONE, before), now) is verdict
    assert verdict_before(by_resource(before._replace(ordering_timestamp=AT)), now) is None
    assert verdict_before(by_resource(GONE), now) is None
    assert verdict_before(REFUSED, now) is None


def test_a_run_that_failed_cannot_verify_in_one_line_of_fitting_length() -> None:
    evaluation = cannot_verify(ACCOUNT, "Profile is wrong. " + "x" * 400 + "\n    ^", AT)
    assert (evaluation.compliance, len(str(evaluation.annotation))) == ("NON_COMPLIANT", LONGEST_ANNOTATION)
    assert str(evaluation.annotation).startswith("Cannot verify: Profile is wrong. x")
    assert evaluation._replace(annotation=None) == Evaluation("AWS::::Account", ACCOUNT, "NON_COMPLIANT", None, AT)


ACCOUNTS = {**{name: snapshot for name, (snapshot, _) in BROKEN.items()}, **DOUBTFUL, **ROWS}


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("sent", [lambda row: row, plain], ids=["as it is", "in plain words"])
def test_a_row_is_read_as_it_was_written(name: str, sent: Callable[[Evaluation], Evaluation]) -> None:
    assessment = assess(ACCOUNTS[name], PROFILE)
    (row,) = evaluations(assessment, AT, report_regions=False)
    codes = [gap.code for gap in gaps_of(assessment.regions)]
    codes += [doubt.code for region in assessment.regions for doubt in region.doubts]
    regions = assessment.snapshot.regions
    codes += [unread("regions", regions).code] if isinstance(regions, Unreadable) else []
    first = None if assessment.verdict is Verdict.COMPLIANT else codes[0]
    assert row_of(sent(row)) == Row(assessment.verdict, first)


def test_a_row_of_a_failed_run_has_no_code() -> None:
    assert row_of(cannot_verify(ACCOUNT, "the evaluator failed (KeyError)", AT)) == Row(Verdict.INDETERMINATE, None)


GAP = "filter.misses: the metric filters miss such calls."


@pytest.mark.parametrize(
    ("compliance", "annotation", "read"),
    [
        ("COMPLIANT", None, None),
        ("COMPLIANT", GAP, None),
        ("COMPLIANT", f"{GAP} Every unauthorized API call raises an alarm that somebody receives.", None),
        ("COMPLIANT", f"{GAP} Otherwise there is no blind spot.", None),
        ("COMPLIANT", "Alarm a is not there.", None),
        ("COMPLIANT", "Cannot verify: a.", None),
        ("NOT_APPLICABLE", GAP, None),
        ("NOT_APPLICABLE", "Cannot verify: a.", None),
        ("compliant", "Every unauthorized API call", None),
        ("NON_COMPLIANT", None, Row(Verdict.NON_COMPLIANT, None)),
        ("NON_COMPLIANT", "Every unauthorized API call: a", Row(Verdict.NON_COMPLIANT, None)),
        ("NON_COMPLIANT", "topic.lost: the topic is lost.", Row(Verdict.NON_COMPLIANT, None)),
        ("NON_COMPLIANT", f"{GAP[:-1]}: more.", Row(Verdict.NON_COMPLIANT, "filter.misses")),
    ],
)
def test_a_row_is_read_as_no_better_than_it_is(compliance: str, annotation: str | None, read: Row | None) -> None:
    assert row_of(Evaluation("AWS::::Account", ACCOUNT, compliance, annotation, AT)) == read

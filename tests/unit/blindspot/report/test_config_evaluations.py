from datetime import UTC, datetime

import pytest

from blindspot.model import profile
from blindspot.model.snapshot import Snapshot, Unreadable
from blindspot.report.config_evaluations import (
    LONGEST_ANNOTATION,
    Evaluation,
    OtherAccountError,
    cannot_verify,
    evaluations,
    retirement,
)
from blindspot.verdict.assessment import assess
from tests.builders import ACCOUNT, HOME, a_compliant_snapshot, a_filter, a_trail

AT = datetime(2026, 11, 21, 12, 0, 0, 373000, tzinfo=UTC)
PROFILE = profile.load("cis-level-2")
MANY = tuple(f"region-{number}-1" for number in range(40))
REFUSED = Unreadable("cloudwatch:DescribeAlarms", HOME, "AccessDenied", denied=True)


def of_account(snapshot: Snapshot) -> Evaluation:
    return evaluations(assess(snapshot, PROFILE), ACCOUNT, AT, report_regions=False)[0]


@pytest.mark.parametrize(
    ("snapshot", "compliance", "annotation"),
    [
        (
            a_compliant_snapshot(),
            "COMPLIANT",
            "Every unauthorized API call raises an alarm that somebody receives (profile cis-level-2).",
        ),
        (
            a_compliant_snapshot(filters=(a_filter('{ $.errorCode = "AccessDenied*" }'),)),
            "NON_COMPLIANT",
            (
                "filter.misses: Metric filter unauthorized of log group management-events matches only if errorCode "
                'begins with "AccessDenied"; this event has errorCode "Client.Unautho... '
                "Non-compliant regions: eu-central-1, eu-west-1, us-east-1, future."
            ),
        ),
        (
            a_compliant_snapshot(alarms=REFUSED),
            "NON_COMPLIANT",
            (
                "Cannot verify: unread.refused: cloudwatch:DescribeAlarms was refused in eu-west-1 (AccessDenied). "
                "Undetermined regions: eu-central-1, eu-west-1, us-east-1, future."
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


@pytest.mark.parametrize("regions", [MANY, MANY[:1]])
@pytest.mark.parametrize(
    "bent",
    [{"trails": ()}, {"filters": (a_filter("{ $.errorCode = " + "x" * 900 + " }"),)}, {"alarms": REFUSED}],
)
def test_an_annotation_is_never_too_long_and_never_empty(regions: tuple[str, ...], bent: dict[str, object]) -> None:
    snapshot = a_compliant_snapshot(regions=regions, **bent)  # type: ignore[arg-type]
    for evaluation in evaluations(assess(snapshot, PROFILE), ACCOUNT, AT, report_regions=True):
        assert evaluation.annotation is not None
        assert 1 <= len(evaluation.annotation) <= LONGEST_ANNOTATION


def test_regions_follow_the_account_when_they_are_reported() -> None:
    snapshot = a_compliant_snapshot(trails=(a_trail(multi_region=False),))
    found = evaluations(assess(snapshot, PROFILE), ACCOUNT, AT, report_regions=True)
    assert [(each.resource_id, each.compliance) for each in found] == [
        (ACCOUNT, "NON_COMPLIANT"),
        (f"{ACCOUNT}/eu-central-1", "NON_COMPLIANT"),
        (f"{ACCOUNT}/eu-west-1", "COMPLIANT"),
        (f"{ACCOUNT}/us-east-1", "NON_COMPLIANT"),
        (f"{ACCOUNT}/future", "NON_COMPLIANT"),
    ]


def test_indeterminate_is_sent_as_non_compliant_that_cannot_be_verified() -> None:
    found = evaluations(assess(a_compliant_snapshot(alarms=REFUSED), PROFILE), ACCOUNT, AT, report_regions=True)
    assert all(each.compliance == "NON_COMPLIANT" for each in found)
    assert all(str(each.annotation).startswith("Cannot verify: ") for each in found)


def test_what_is_no_longer_reported_is_set_to_not_applicable_after_the_account() -> None:
    current = evaluations(assess(a_compliant_snapshot(), PROFILE), ACCOUNT, AT, report_regions=True)
    earlier = {(each.resource_type, each.resource_id) for each in current} | {
        ("AWS::::Account", f"{ACCOUNT}/af-south-1"),
        ("AWS::CloudTrail::Trail", ACCOUNT),
    }
    assert retirement(earlier, current, AT) == (
        current[0],
        Evaluation("AWS::::Account", f"{ACCOUNT}/af-south-1", "NOT_APPLICABLE", None, AT),
        Evaluation("AWS::CloudTrail::Trail", ACCOUNT, "NOT_APPLICABLE", None, AT),
    )


@pytest.mark.parametrize("earlier", [{("AWS::::Account", ACCOUNT)}, set(), REFUSED])
def test_nothing_is_set_to_not_applicable_that_is_still_reported_or_not_known(
    earlier: set[tuple[str, str]] | Unreadable,
) -> None:
    current = evaluations(assess(a_compliant_snapshot(), PROFILE), ACCOUNT, AT, report_regions=False)
    assert retirement(earlier, current, AT) == ()


def test_a_rule_of_another_account_gets_no_verdict_of_this_one() -> None:
    with pytest.raises(OtherAccountError, match="999999999999"):
        evaluations(assess(a_compliant_snapshot(), PROFILE), "999999999999", AT, report_regions=False)


def test_a_run_that_failed_cannot_verify_in_one_line_of_fitting_length() -> None:
    evaluation = cannot_verify(ACCOUNT, "Profile is wrong. " + "x" * 400 + "\n    ^", AT)
    assert (evaluation.compliance, len(str(evaluation.annotation))) == ("NON_COMPLIANT", LONGEST_ANNOTATION)
    assert str(evaluation.annotation).startswith("Cannot verify: Profile is wrong. x")
    assert evaluation._replace(annotation=None) == Evaluation("AWS::::Account", ACCOUNT, "NON_COMPLIANT", None, AT)

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from blindspot.model.profile import Profile, load
from blindspot.model.snapshot import Unreadable
from blindspot.review.forecast import alarms_of
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.review import Review, review
from blindspot.review.tally import Interval, Tally
from blindspot.verdict.assessment import Assessment, assess
from filter_pattern import Proofs
from tests.builders import ACCOUNT, a_compliant_snapshot, an_alarm, log_group_arn

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
END = int(AT.timestamp())
HOURS = 72
ASKED = Interval(END - HOURS * 3600, END)
PROFILE = load("cis-level-2", on=AT.date())
PROOFS = Proofs()


def an_assessment(profile: Profile = PROFILE) -> Assessment:
    return assess(a_compliant_snapshot(), profile, PROOFS)


def a_call(number: int) -> str:
    arn = f"arn:aws:iam::{ACCOUNT}:role/scanner"
    return json.dumps(
        {
            "userIdentity": {
                "type": "AssumedRole",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/scanner/session",
                "accountId": ACCOUNT,
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn, "accountId": ACCOUNT}},
            },
            "eventSource": "s3.amazonaws.com",
            "eventName": "GetBucketAcl",
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "198.51.100.7",
            "errorCode": "AccessDenied",
            "readOnly": True,
            "managementEvent": True,
            "eventCategory": "Management",
            "eventID": str(number),
        }
    )


def a_read(assessment: Assessment, calls: int = HOURS, profile: Profile = PROFILE) -> Read:
    """One refused call in each hour, of the whole time that was asked for."""
    _, watched = alarms_of(assessment, profile, PROOFS)
    tally = Tally(ACCOUNT, watched)
    for number in range(calls):
        tally.add(log_group_arn(), (ASKED.start + number * 3600 + 60) * 1000, a_call(number))
    return Read(ASKED, ASKED, tally, (LogGroupRead(log_group_arn(), ASKED.start, calls, None),), 9)


def reviewed(
    read: Read, assessment: Assessment, profile: Profile = PROFILE, overrides: Mapping[str, object] | None = None
) -> Review:
    alarms, _ = alarms_of(assessment, profile, PROOFS)
    return review(read, assessment, alarms, profile, overrides or {}, PROOFS, hours=HOURS, at=AT)


@pytest.fixture(scope="module")
def whole() -> Review:
    assessment = an_assessment()
    return reviewed(a_read(assessment), assessment)


def test_it_is_of_the_account_and_the_time(whole: Review) -> None:
    assert (whole.account, whole.partition, whole.profile) == (ACCOUNT, "aws", "cis-level-2")
    assert (whole.hours, whole.at) == (HOURS, AT)
    assert (whole.read.read, whole.read.calls) == (ASKED, 9)
    assert sum(whole.by_day.values()) == HOURS
    assert list(map(str, whole.by_day)) == ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"]


def test_the_alarm_of_the_account_comes_before_that_of_the_profile(whole: Review) -> None:
    assert [alarm.arn for alarm, _ in whole.alarms] == [an_alarm().arn, None]
    assert [sum(count.most for count in forecast.values()) for _, forecast in whole.alarms] == [HOURS, HOURS]


def test_an_account_may_have_no_alarm() -> None:
    assessment = an_assessment()
    alarms, _ = alarms_of(assessment, PROFILE, PROOFS)
    found = review(a_read(assessment), assessment, alarms[-1:], PROFILE, {}, PROOFS, hours=HOURS, at=AT)
    assert [alarm.arn for alarm, _ in found.alarms] == [None]
    assert len(found.exclusions) == 1


def test_what_is_noisy_is_excluded_and_the_rest_follows(whole: Review) -> None:
    (group,) = whole.groups
    (exclusion,) = whole.exclusions
    assert (group.count, exclusion.groups, whole.not_proposed) == (HOURS, (group,), ())
    assert (exclusion.alarms_before, exclusion.alarms_after) == (HOURS, 0)
    assert str(exclusion.until) == "2027-02-25"
    assert whole.overrides is not None
    assert json.loads(whole.overrides)["benign"][-1]["until"] == "2027-02-25"
    assert whole.pattern is not None
    assert not whole.pattern.matches(a_call(0))
    assert whole.remarks == ()


def test_what_has_ended_is_remarked() -> None:
    ended = {"pattern": '{ $.eventName = "Old" }', "reason": "an old one", "until": "2026-11-27"}
    overrides = {"benign": [ended], "future_region": True}
    profile = load("cis-level-2", overrides, on=AT.date())
    assessment = an_assessment(profile)
    read = a_read(assessment, profile=profile)
    found = reviewed(read, assessment, profile, overrides)
    assert len(found.remarks) == 1
    assert "an old one" in found.remarks[0]
    assert json.loads(found.overrides or "")["future_region"] is True


def test_an_alarm_whose_log_group_was_not_read_is_not_forecast() -> None:
    assessment = an_assessment()
    unread = Unreadable("logs:FilterLogEvents", "eu-west-1", "AccessDenied")
    read = replace(a_read(assessment), log_groups=(LogGroupRead(log_group_arn(), END, 0, unread),))
    (of_account, forecast), (of_profile, _) = reviewed(read, assessment).alarms
    assert of_account.not_known is not None
    assert forecast == {}
    assert (of_profile.not_known, of_profile.at_least) == (None, True)


def test_where_nothing_was_read_there_is_nothing() -> None:
    assessment = an_assessment()
    read = replace(a_read(assessment, 0), read=Interval(END, END))
    found = reviewed(read, assessment)
    assert (found.groups, sum(found.by_day.values()), found.exclusions, found.overrides) == ((), 0, (), None)
    assert found.pattern is not None


def test_exclusions_are_proven_by_the_alarm_of_the_profile() -> None:
    assessment = assess(a_compliant_snapshot(alarms=(an_alarm(threshold=2.0),)), PROFILE, PROOFS)
    found = reviewed(a_read(assessment), assessment)
    assert [sum(count.most for count in forecast.values()) for _, forecast in found.alarms] == [0, HOURS]
    assert [(each.alarms_before, each.alarms_after) for each in found.exclusions] == [(HOURS, 0)]

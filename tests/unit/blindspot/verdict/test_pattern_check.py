"""What AWS is asked of the filter patterns that a verdict rests on, and what follows from its answers."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.chain.channel import Channel, Path
from blindspot.model import profile
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess
from blindspot.verdict.pattern_check import (
    MOST_MESSAGES,
    MOST_QUESTIONS,
    Answers,
    Question,
    confirmed,
    disputed,
    questions,
)
from filter_pattern import ALWAYS, Event, parse
from tests.builders import ACCOUNT, CIS, HOME, a_compliant_snapshot, a_filter, a_trail, log_group_arn
from tests.cases.accounts import PROFILE

OTHER = '{ $.errorCode = "AccessDenied*" }'
REFUSED = Unreadable("logs:TestMetricFilter", HOME, "AccessDeniedException", denied=True)
SLOW = Unreadable("logs:TestMetricFilter", HOME, "Timeout")


def a_channel(pattern: str | None, *findings: Gap | Doubt) -> Channel:
    path = Path(filter="f", pattern=None if pattern is None else parse(pattern)).then(*findings)
    return Channel.of(a_trail().arn, log_group_arn(), Path(), path, ALWAYS, ALWAYS)


def a_region(
    *channels: Channel, name: str = HOME, verdict: Verdict = Verdict.COMPLIANT, blind_spot: Event | None = None
) -> RegionAssessment:
    return RegionAssessment(name, verdict, blind_spot, (), (), channels)


def an_assessment(*regions: RegionAssessment, **bent: Any) -> Assessment:
    assessment = Assessment(a_compliant_snapshot(), "cis-level-2", Verdict.COMPLIANT, regions, (), ())
    return replace(assessment, **bent)


def asked(*regions: RegionAssessment, judge: Profile = PROFILE) -> tuple[Question, ...]:
    return questions(an_assessment(*regions), judge)


BROKEN, UNSURE = Gap("alarm.missing", "r", "Broken."), Doubt("alarm.unclear", "r", "Not known.")


def test_every_pattern_that_may_lead_to_somebody_is_asked_about_once() -> None:
    first = a_region(a_channel(CIS), a_channel(OTHER, UNSURE), a_channel("{ $.a = 1 }", BROKEN))
    second = a_region(a_channel(None), a_channel(CIS), a_channel("{ $.errorCode = x* || $.eventName = y }"))
    assert {question.pattern for question in asked(first, second)} == {
        CIS,
        OTHER,
        "{ $.errorCode = x* || $.eventName = y }",
    }
    assert asked(a_region(a_channel(None)), a_region(a_channel(CIS, BROKEN))) == ()


def test_it_is_put_one_event_of_each_arm_of_what_is_required() -> None:
    (question,) = asked(a_region(a_channel(OTHER)))
    assert len(question.events) == 2
    for event in question.events:
        assert (event["recipientAccountId"], event["awsRegion"]) == (ACCOUNT, HOME)
        assert PROFILE.required.matches(event)
        assert not any(benign.matches(event) for benign in PROFILE.benign)
    first, second = (str(event["errorCode"]) for event in question.events)
    assert first.endswith("UnauthorizedOperation")
    assert second.startswith("AccessDenied")
    assert question.expected == {1}


def test_the_events_are_of_the_functions_own_region_and_account() -> None:
    snapshot = a_compliant_snapshot(own_region="us-east-1", account="210987654321")
    (question,) = questions(an_assessment(a_region(a_channel(CIS)), snapshot=snapshot), PROFILE)
    assert {(event["recipientAccountId"], event["awsRegion"]) for event in question.events} == {
        ("210987654321", "us-east-1")
    }


def test_what_is_required_may_have_one_arm_and_an_arm_may_be_benign() -> None:
    single = profile.load("cis-level-2", {"required": OTHER})
    (question,) = asked(a_region(a_channel(CIS)), judge=single)
    assert [str(event["errorCode"])[:12] for event in question.events] == ["AccessDenied"]
    assert question.expected == {0}
    excused = profile.load("cis-level-2", {"benign": [OTHER, '{ $.eventSource = "ec2.amazonaws.com" }']})
    (question,) = asked(a_region(a_channel(CIS)), judge=excused)
    (event,) = question.events
    assert str(event["errorCode"]).endswith("UnauthorizedOperation")
    assert event["eventSource"] != "ec2.amazonaws.com"


def test_blind_spots_are_asked_about_once_each() -> None:
    spot: Event = {"errorCode": "AccessDenied", "eventName": "First"}
    other: Event = {"errorCode": "Other", "eventName": "Second"}
    regions = [a_region(a_channel(OTHER), blind_spot=each) for each in (spot, None, other, {**spot})]
    (question,) = asked(*regions)
    assert question.events[2:] == (spot, other)
    assert question.expected == {1, 2}
    (again,) = asked(a_region(a_channel(OTHER), blind_spot=question.events[0]))
    assert len(again.events) == 2


def spots(number: int) -> list[RegionAssessment]:
    return [a_region(a_channel(OTHER), blind_spot={"errorCode": "AccessDenied", "n": n}) for n in range(number)]


@pytest.mark.parametrize(("number", "put"), [(47, 49), (48, 50), (49, 50), (60, 50)])
def test_no_more_messages_are_put_than_one_call_takes(number: int, put: int) -> None:
    (question,) = asked(*spots(number))
    assert MOST_MESSAGES == 50
    assert len(question.events) == put
    assert question.expected == set(range(1, put))


@pytest.mark.parametrize(("number", "asked_about"), [(49, 49), (50, 50), (51, 50)])
def test_no_more_patterns_are_asked_about_than_ten_seconds_allow_and_those_that_match_first(
    number: int, asked_about: int
) -> None:
    channels = [a_channel(f'{{ $.errorCode = "E{n}" }}') for n in range(number - 1)]
    found = asked(a_region(*channels, a_channel(OTHER)))
    assert MOST_QUESTIONS == 50
    assert len(found) == asked_about
    assert [question.pattern for question in found if question.expected] == [OTHER]
    assert found[0].pattern == OTHER
    assert [question.pattern for question in found[1:]] == [
        f'{{ $.errorCode = "E{n}" }}' for n in range(asked_about - 1)
    ]


def question(pattern: str, *expected: int) -> Question:
    return Question(pattern, ({}, {}), frozenset(expected))


def test_a_pattern_is_disputed_where_aws_matches_other_messages() -> None:
    put = (
        question("same", 1),
        question("more", 1),
        question("fewer", 0, 1),
        question("none", 0),
        question("unread", 0),
    )
    answers: Answers = {
        "same": frozenset({1}),
        "more": frozenset({0, 1}),
        "fewer": frozenset({0}),
        "none": frozenset[int](),
        "unread": REFUSED,
    }
    assert disputed(put, answers) == {"more", "fewer", "none"}
    assert disputed(put[:1], answers) == frozenset()
    assert disputed((), {}) == frozenset()


YES = frozenset({0, 1})


@pytest.mark.parametrize("verdict", [Verdict.COMPLIANT, Verdict.NON_COMPLIANT])
def test_a_verdict_is_confirmed_where_aws_was_asked_about_each_filter_that_it_rests_on(verdict: Verdict) -> None:
    both = a_region(a_channel(CIS), a_channel(OTHER, UNSURE), a_channel("{ $.a = 1 }", BROKEN), verdict=verdict)
    unread = replace(both, region="unread", channels=(*both.channels, a_channel("{ $.b = 1 }")))
    unasked = replace(both, region="unasked", channels=(a_channel("{ $.c = 1 }"), *both.channels))
    nothing = replace(both, region="nothing", channels=())
    unsure = replace(both, region="unsure", verdict=Verdict.INDETERMINATE)
    assessment = an_assessment(both, unread, unasked, nothing, unsure)
    found = confirmed(assessment, {CIS: YES, OTHER: frozenset(), "{ $.b = 1 }": REFUSED})
    assert found.confirmed == {HOME, "nothing"}
    assert found.regions == assessment.regions


def test_what_aws_does_not_answer_is_among_what_was_not_read() -> None:
    before = Unreadable("sns:GetTopicAttributes", HOME, "Timeout")
    assessment = an_assessment(a_region(a_channel(CIS)), unreadable=(before,))
    found = confirmed(assessment, {CIS: REFUSED, OTHER: YES, "a": SLOW, "b": REFUSED})
    assert found.unreadable == (before, REFUSED, SLOW)
    assert found.confirmed == frozenset()
    assert confirmed(assessment, {CIS: YES}).unreadable == (before,)


def test_an_account_is_asked_about_and_confirmed() -> None:
    assessment = assess(a_compliant_snapshot(filters=(a_filter(), a_filter(OTHER, name="other"))), PROFILE)
    put = questions(assessment, PROFILE)
    answers = {one.pattern: one.expected for one in put}
    assert answers == {CIS: {0, 1}, OTHER: {1}}
    assert disputed(put, answers) == frozenset()
    assert confirmed(assessment, answers).confirmed == {region.region for region in assessment.regions}
    assert confirmed(assessment, {CIS: YES}).confirmed == frozenset()

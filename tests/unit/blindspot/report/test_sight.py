"""How much of what is required a channel sees by itself."""

from dataclasses import replace

import pytest

from blindspot.model import profile
from blindspot.model.findings import Gap
from blindspot.model.snapshot import Snapshot, Unreadable
from blindspot.report.sight import Sight
from blindspot.verdict.assessment import Assessment, assess
from filter_pattern import NEVER, parse
from tests.builders import CIS, HOME, REGIONS, a_compliant_snapshot, a_filter, a_topic, a_trail, an_alarm, topic_arn
from tests.cases.hostile import HOSTILE

PROFILE = profile.load("cis-level-2")


def first_sees(assessment: Assessment, regions: tuple[str, ...] = (*REGIONS, "future")) -> str:
    return Sight(assessment).of(assessment.regions[0].channels[:1], regions)


@pytest.mark.parametrize(
    ("pattern", "sees"),
    [
        (CIS, "all"),
        ("?UnauthorizedOperation ?AccessDenied", "all"),
        (CIS[:-1] + '&& $.eventName != "HeadBucket" }', "all"),
        ('{ $.errorCode = "AccessDenied*" }', "some"),
        (CIS[:-1] + '&& $.awsRegion = "eu-central-1" }', "some"),
        ('{ $.errorCode = "Throttling" }', "none"),
        ('{ $.eventName = "HeadBucket" }', "none"),
        ("[first, second]", "some"),
        ("{ $.errorCode = ", "some"),
    ],
)
def test_what_a_filter_sees(pattern: str, sees: str) -> None:
    assert first_sees(assess(a_compliant_snapshot(filters=(a_filter(pattern),)), PROFILE)) == sees


UNREAD = Unreadable("sns:GetTopicAttributes", HOME, "Timeout")


@pytest.mark.parametrize(
    ("snapshot", "sees"),
    [
        (a_compliant_snapshot(alarms=(an_alarm(actions=()),)), "none"),
        (a_compliant_snapshot(trails=(a_trail(status=UNREAD),)), "some"),
        (a_compliant_snapshot(topics={topic_arn(): UNREAD}), "some"),
        (
            a_compliant_snapshot(topics={topic_arn(): UNREAD}, filters=(a_filter('{ $.errorCode = "Throttling" }'),)),
            "none",
        ),
        (a_compliant_snapshot(topics={topic_arn(): a_topic(subscriptions=())}), "none"),
    ],
)
def test_a_broken_link_sees_nothing_and_an_unread_one_not_surely_all(snapshot: Snapshot, sees: str) -> None:
    assert first_sees(assess(snapshot, PROFILE)) == sees


def test_a_channel_of_one_region_is_asked_about_that_region() -> None:
    pattern = f'{{ ({CIS[1:-1]}) && $.awsRegion = "eu-central-1" }}'
    assessment = assess(a_compliant_snapshot(filters=(a_filter(pattern),)), PROFILE)
    assert first_sees(assessment, ("eu-central-1",)) == "all"
    assert first_sees(assessment, ("eu-west-1",)) == "none"
    assert first_sees(assessment, ("future",)) == "some"


def test_the_same_links_with_different_sight_see_some() -> None:
    patterns = (a_filter(CIS), a_filter('{ $.errorCode = "Throttling" }', name="other"))
    assessment = assess(a_compliant_snapshot(filters=patterns), PROFILE)
    channels = assessment.regions[0].channels
    assert [Sight(assessment).of(each, REGIONS) for each in (channels[:1], channels[1:], channels)] == [
        "all",
        "none",
        "some",
    ]


def test_what_would_take_long_is_some() -> None:
    assessment = assess(a_compliant_snapshot(), PROFILE)
    channel = assessment.regions[0].channels[0]
    patterns = map(parse, [*HOSTILE.values(), *(f'{{ $.errorCode = "AccessDenied{n}" }}' for n in range(300))])
    seeing = Sight(assessment, steps=20_000)
    answers = [seeing.of([replace(channel, surely=each, possibly=each)], REGIONS) for each in patterns]
    assert set(answers) <= {"none", "some"}
    nothing = replace(channel, surely=NEVER, possibly=NEVER)
    assert Sight(assessment).of([nothing], REGIONS) == "none"
    assert [seeing.of([each], REGIONS) for each in (channel, nothing)] == ["some", "some"]
    broken = replace(nothing, path=nothing.path.then(Gap("topic.missing", "t", ".")))
    assert seeing.of([broken], REGIONS) == "none"

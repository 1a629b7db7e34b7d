"""Why no channel of a region sees its blind spot."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.chain.channel import Channel, Path
from blindspot.model.cloudtrail_events import records
from blindspot.model.findings import Gap
from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import assess
from blindspot.verdict.why_unseen import gaps_of
from filter_pattern import ALWAYS, NEVER, Event, Not, Predicate, equals, parse
from tests.builders import ACCOUNT, CIS, HOME, a_compliant_snapshot, a_trail, an_alarm, log_group_arn, topic_arn
from tests.cases.accounts import PROFILE, SIEM
from tests.findings import assert_found

EVENT: Event = records(account=ACCOUNT, region=HOME).samples[0]
"""secretsmanager GetSecretValue, refused with AccessDeniedException."""

LOG_GROUP = log_group_arn()
RESOURCE = f"{LOG_GROUP}:metric-filter:unauthorized"
TRAIL = a_trail().arn


def a_path(pattern: str | None = CIS, **bent: Any) -> Path:
    path = Path(
        filter="unauthorized" if pattern is not None else None,
        alarm=an_alarm().arn,
        topic=topic_arn(),
        pattern=None if pattern is None else parse(pattern),
    )
    return replace(path, **bent)


def a_channel(
    path: Path, *, name: str = "management-events", recorded: Predicate = ALWAYS, log_group: str | None = LOG_GROUP
) -> Channel:
    return Channel.of(a_trail(name=name).arn, log_group, Path(), path, recorded, recorded)


def broken(code: str, resource: str = "r", path: Path | None = None, **bent: Any) -> Channel:
    return a_channel((path or a_path()).then(Gap(code, resource, f"{resource} is broken.")), **bent)


def found_of(*channels: Channel, region: str = HOME) -> list[tuple[str, str]]:
    return [(gap.code, gap.resource) for gap in gaps_of(PROFILE, region, channels, EVENT)]


def the_gap(*channels: Channel, region: str = HOME) -> Gap:
    (gap,) = gaps_of(PROFILE, region, channels, EVENT)
    return gap


def test_without_a_channel_no_trail_records_the_region() -> None:
    assert_found(the_gap(), Gap, "trail.missing", "account")
    assert_found(the_gap(region=FUTURE), Gap, "trail.not-multi-region", "account", "No multi-region")


def test_the_gaps_furthest_along_the_chain_are_named_once_each() -> None:
    early = [broken("trail.not-logging", "t"), broken("filter.value", "f"), broken("alarm.missing", "a")]
    late = [broken("topic.policy", "b"), broken("topic.key", "c"), broken("topic.policy", "b")]
    expected = [("topic.policy", "b"), ("topic.key", "c")]
    assert found_of(*early, *late) == expected
    assert found_of(*late, *early) == expected
    assert found_of(*late, broken("subscription.missing", "s"), *early) == [("subscription.missing", "s")]


@pytest.mark.parametrize(
    "other",
    [
        broken("topic.key", "other", a_path('{ $.errorCode = "*UnauthorizedOperation" }')),
        broken("topic.key", "other", a_path(scope=equals("eventName", "Decrypt"))),
        broken("topic.key", "other", recorded=Not(equals("eventName", "GetSecretValue"))),
    ],
    ids=["does not match", "out of scope", "not recorded"],
)
def test_a_broken_channel_that_would_not_see_the_event_is_not_named(other: Channel) -> None:
    assert found_of(other, broken("trail.not-logging", "t")) == [("trail.not-logging", "t")]


NARROW = a_path('{ $.errorCode = "AccessDenied" }')


def test_a_whole_channel_misses_the_event_by_its_pattern() -> None:
    missed = the_gap(a_channel(NARROW))
    assert_found(missed, Gap, "filter.misses", RESOURCE, "Metric filter unauthorized", "management-events")
    assert "AccessDeniedException" in missed.message


def test_a_broken_channel_is_named_by_what_its_filter_misses_only_where_nothing_else_explains_the_event() -> None:
    late = broken("alarm.missing", "a", path=NARROW)
    assert found_of(late) == [("filter.misses", RESOURCE)]
    assert found_of(late, broken("trail.not-logging", "t")) == [("trail.not-logging", "t")]
    whole = a_channel(a_path('{ $.errorCode = "x" }', filter="x"))
    assert found_of(late, whole) == [("filter.misses", f"{LOG_GROUP}:metric-filter:x")]


def test_filters_that_miss_the_event_are_named_beside_what_is_broken() -> None:
    assert found_of(broken("topic.key", "t"), a_channel(NARROW)) == [("topic.key", "t"), ("filter.misses", RESOURCE)]


@pytest.mark.parametrize("pattern", ['{ $.errorCode = "x" && $.eventName = "y" }', "UnauthorizedOperation"])
def test_a_filter_looks_for_refused_calls_where_it_tests_a_required_field_or_the_text(pattern: str) -> None:
    assert found_of(a_channel(a_path(pattern))) == [("filter.misses", RESOURCE)]


@pytest.mark.parametrize(
    "other",
    [
        a_channel(a_path('{ $.eventName = "ConsoleLogin" }')),
        a_channel(a_path(None)),
        broken("alarm.missing", path=a_path('{ $.eventName = "ConsoleLogin" }')),
    ],
    ids=["other fields", "no filter", "a broken one for something else"],
)
def test_other_filters_do_not_look_for_refused_calls(other: Channel) -> None:
    assert_found(the_gap(other), Gap, "filter.missing", LOG_GROUP, "management-events")


def test_log_groups_without_a_filter_for_the_event_are_named_once_each() -> None:
    other = log_group_arn(name="other")
    channels = [a_channel(a_path('{ $.eventName = "x" }'), log_group=arn) for arn in (LOG_GROUP, other, LOG_GROUP)]
    assert found_of(*channels) == [("filter.missing", LOG_GROUP), ("filter.missing", other)]
    assert found_of(a_channel(a_path(None), log_group=None)) == [("filter.missing", "")]


def test_where_no_trail_records_the_event_each_is_named() -> None:
    channels = [a_channel(NARROW, recorded=NEVER), a_channel(a_path(), name="second", recorded=NEVER)]
    assert found_of(*channels) == [("trail.selectors", TRAIL), ("trail.selectors", a_trail(name="second").arn)]
    gap = the_gap(channels[0])
    assert_found(gap, Gap, "trail.selectors", TRAIL, "management-events", "secretsmanager.amazonaws.com GetSecretValue")


def test_where_one_trail_records_the_event_the_others_are_not_named() -> None:
    other = log_group_arn(name="other")
    one = a_channel(a_path(None), log_group=other)
    assert found_of(a_channel(a_path(None), recorded=NEVER), one) == [("filter.missing", other)]


def test_a_filter_may_count_the_event_where_the_alarm_does_not_look() -> None:
    narrowed = the_gap(a_channel(a_path(scope=equals("eventName", "Decrypt"))))
    assert_found(narrowed, Gap, "filter.narrowed", RESOURCE, "unauthorized of log group management-events")


def test_a_subscription_filter_may_miss_the_event() -> None:
    path = Path(filter="all", subscription=SIEM, to_siem=True, pattern=parse("{ $.eventName = x }"))
    missed = the_gap(a_channel(path))
    assert_found(missed, Gap, "siem.misses", LOG_GROUP, "all of log group management-events", "eventName")


def test_a_topic_that_two_alarms_notify_is_missing_once() -> None:
    gone = topic_arn(name="gone")
    alarms = (an_alarm(actions=(gone,)), an_alarm(name="b", actions=(gone,)))
    region = assess(a_compliant_snapshot(alarms=alarms, topics={gone: None}), PROFILE).regions[0]
    assert [(gap.code, gap.resource) for gap in region.gaps] == [("topic.missing", gone)]

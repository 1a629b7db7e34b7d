"""Every path from a trail on is judged by its own links, whatever stands beside it."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.chain.channel import Channel
from blindspot.chain.channels import Channels
from blindspot.model import profile
from blindspot.model.findings import Doubt, Gap
from blindspot.model.profile import Profile
from blindspot.model.snapshot import (
    FUTURE,
    UNKNOWN_KIND,
    EventSelector,
    EventSelectors,
    LogGroup,
    MetricFilter,
    MetricQuery,
    OtherAlarm,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Unreadable,
)
from blindspot.verdict.assessment import Verdict, assess
from filter_pattern import NEVER, Proofs
from tests.builders import (
    ACCOUNT,
    CIS,
    HOME,
    REGIONS,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_math_alarm,
    a_status,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import PROFILE, REFUSED, SIEM, filters, trails
from tests.findings import assert_found

RIGHT = a_filter('{ $.errorCode = "AccessDenied*" }', name="right")
OTHER = a_filter('{ $.errorCode = "*UnauthorizedOperation" }', name="other")


@pytest.mark.parametrize("statistic", ["Sum", "Maximum"])
@pytest.mark.parametrize("value", ["0", "0.5"])
@pytest.mark.parametrize("first", ["right", "other"])
def test_a_right_filter_lends_nothing_to_one_on_its_metric_that_counts_too_little(
    first: str, value: str, statistic: str
) -> None:
    both: tuple[MetricFilter, ...] = (RIGHT, a_filter(OTHER.pattern, name="other", value=value))
    filters = sorted(both, key=lambda one: one.name != first)
    account = a_compliant_snapshot(filters=tuple(filters), alarms=(an_alarm(statistic=statistic),))
    for region in assess(account, PROFILE).regions:
        assert region.verdict is Verdict.INDETERMINATE
        assert region.blind_spot is not None
        assert str(region.blind_spot["errorCode"]).endswith("UnauthorizedOperation")
        assert {channel.filter: [doubt.code for doubt in channel.doubts] for channel in region.channels} == {
            "right": [],
            "other": ["alarm.unclear"],
        }


@pytest.mark.parametrize("filters", [(RIGHT, OTHER), (OTHER, RIGHT)], ids=["right first", "other first"])
def test_two_filters_on_one_metric_that_count_enough_add_up(filters: tuple[MetricFilter, ...]) -> None:
    assert assess(a_compliant_snapshot(filters=filters), PROFILE).verdict is Verdict.COMPLIANT


def of(snapshot: Snapshot, judge: Profile = PROFILE, region: str = HOME) -> list[Channel]:
    """The channels of one region."""
    (group,) = Channels(snapshot, judge).grouped((region,))
    return list(group.channels)


def the(snapshot: Snapshot, judge: Profile = PROFILE) -> Channel:
    (channel,) = of(snapshot, judge)
    return channel


def findings(channel: Channel) -> list[str]:
    return [finding.code for finding in (channel.gap, *channel.doubts) if finding]


def by_filter(snapshot: Snapshot) -> dict[str | None, list[str]]:
    """By their filters, what is found of the channels; each filter has one."""
    channels = of(snapshot)
    found = {channel.filter: findings(channel) for channel in channels}
    assert len(found) == len(channels)
    return found


# Which regions share their channels.


def grouped(snapshot: Snapshot, *regions: str) -> list[tuple[tuple[str, ...], int]]:
    """The groups of regions, and how many channels each has."""
    groups = Channels(snapshot, PROFILE).grouped(regions)
    return [(group.regions, len(group.channels)) for group in groups]


def test_regions_that_the_same_trails_observe_share_their_channels() -> None:
    assert grouped(a_compliant_snapshot(), "eu-central-1", HOME, FUTURE) == [(("eu-central-1", HOME, FUTURE), 1)]
    assert grouped(a_compliant_snapshot(trails=()), *REGIONS, FUTURE) == [
        (("eu-central-1", HOME, FUTURE), 0),
        (("us-east-1",), 0),
    ]
    home = trails(multi_region=False)
    assert grouped(home, "eu-central-1", HOME, FUTURE) == [(("eu-central-1", FUTURE), 0), ((HOME,), 1)]
    assert grouped(home) == []


def test_regions_of_global_services_are_apart() -> None:
    regions = ("us-east-1", HOME, "us-gov-west-1", "cn-north-1", FUTURE)
    assert grouped(a_compliant_snapshot(), *regions) == [
        (("us-east-1", "us-gov-west-1", "cn-north-1"), 1),
        ((HOME, FUTURE), 1),
    ]
    without = trails(global_service_events=False)
    login = {"eventSource": "signin.amazonaws.com", "errorCode": "AccessDenied"}
    for region, possible in (("us-east-1", False), (HOME, True)):
        (channel,) = of(without, region=region)
        assert channel.possibly.matches(login) is possible
        assert not channel.surely.matches(login)


# Link by link.


def test_a_whole_channel_names_every_link() -> None:
    channel = the(a_compliant_snapshot())
    assert (channel.trail, channel.log_group, channel.filter) == (a_trail().arn, log_group_arn(), "unauthorized")
    assert (channel.alarm, channel.topic) == (an_alarm().arn, topic_arn())
    assert channel.subscription == f"{topic_arn()}:0001"
    assert (channel.gap, channel.doubts, channel.to_siem) == (None, (), False)
    assert channel.pattern is not None
    assert channel.pattern.text == CIS
    for code, seen in (("AccessDenied", True), ("ThrottlingException", False)):
        event = {"errorCode": code}
        assert channel.surely.matches(event) is channel.possibly.matches(event) is channel.whole.matches(event) is seen


def test_a_broken_channel_brings_no_event_and_says_which_it_would() -> None:
    channel = the(a_compliant_snapshot(topics={topic_arn(): None}))
    assert (channel.surely, channel.possibly) == (NEVER, NEVER)
    assert channel.whole.matches({"errorCode": "AccessDenied"})
    assert not channel.whole.matches({"errorCode": "ThrottlingException"})


def test_a_doubtful_channel_brings_no_event_for_certain() -> None:
    channel = the(a_compliant_snapshot(topics={topic_arn(): REFUSED}))
    assert channel.surely == NEVER
    assert channel.possibly.matches({"errorCode": "AccessDenied"})
    assert not channel.possibly.matches({"errorCode": "ThrottlingException"})


def log_group(**bent: Any) -> Snapshot:
    group = LogGroup(log_group_arn(), (a_filter(),))
    return a_compliant_snapshot(log_groups={log_group_arn(): replace(group, **bent)})


LOG_GROUP, RESOURCE = log_group_arn(), f"{log_group_arn()}:metric-filter:unauthorized"

ENDS: dict[str, tuple[Snapshot, type[Gap | Doubt], str, str, str]] = {
    "no log group": (trails(log_group_arn=None), Gap, "trail.no-log-group", a_trail().arn, "management-events"),
    "log group gone": (
        a_compliant_snapshot(log_groups={LOG_GROUP: None}),
        Gap,
        "log-group.missing",
        LOG_GROUP,
        "management-events",
    ),
    "log group unread": (
        a_compliant_snapshot(log_groups={LOG_GROUP: REFUSED}),
        Doubt,
        "unread.refused",
        LOG_GROUP,
        REFUSED.call,
    ),
    "filters unread": (log_group(filters=REFUSED), Doubt, "unread.refused", LOG_GROUP, REFUSED.call),
    "no filter": (log_group(filters=()), Gap, "filter.missing", LOG_GROUP, "management-events"),
    "alarms unread": (a_compliant_snapshot(alarms=REFUSED), Doubt, "unread.refused", LOG_GROUP, REFUSED.call),
    "alarms not read": (
        replace(a_compliant_snapshot(), alarms={}),
        Doubt,
        "unread.not-asked",
        LOG_GROUP,
        f"cloudwatch:DescribeAlarms was not called in {HOME}",
    ),
    "no alarm": (a_compliant_snapshot(alarms=()), Gap, "alarm.missing", RESOURCE, f"in {HOME} "),
    "topic not read": (
        a_compliant_snapshot(topics={}),
        Doubt,
        "unread.not-asked",
        topic_arn(),
        f"sns:GetTopicAttributes was not called in {HOME}",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_where_a_path_ends_its_last_link_is_named(name: str) -> None:
    snapshot, kind, code, resource, fact = ENDS[name]
    channel = the(snapshot)
    (finding,) = (each for each in (channel.gap, *channel.doubts) if each)
    assert_found(finding, kind, code, resource, fact)


def test_a_pattern_that_is_not_understood_is_a_doubt_about_its_filter() -> None:
    (doubt,) = {doubt for doubt in the(filters(a_filter("{ broken"))).doubts if doubt.code == "filter.unclear"}
    title = "pattern of metric filter unauthorized of log group management-events"
    assert_found(doubt, Doubt, "filter.unclear", RESOURCE, title)


def test_what_else_excludes_events_breaks_the_channel_of_the_filter() -> None:
    narrowed = the(filters(a_filter(field_selection='@aws.region = "us-west-2"'))).gap
    assert_found(narrowed, Gap, "filter.narrowed", RESOURCE, "metric filter unauthorized")


def test_a_filter_that_could_not_be_read_may_add_to_any_metric() -> None:
    malformed = MetricFilter("malformed", "", "", "", unread="Malformed: x")
    snapshot = a_compliant_snapshot(filters=(malformed,))
    channel = the(snapshot)
    assert (channel.filter, channel.alarm, channel.gap) == ("malformed", None, None)
    (doubt,) = channel.doubts
    resource = f"{log_group_arn()}:metric-filter:malformed"
    assert_found(doubt, Doubt, "unread.no-answer", resource, "filter malformed of log group", "Malformed: x")


def test_the_first_broken_link_counts_and_every_doubt() -> None:
    late = replace(a_compliant_snapshot(topics={topic_arn(): None}), trails=(a_trail(status=REFUSED),))
    assert findings(the(late)) == ["topic.missing", "unread.refused"]
    early = replace(late, trails=(a_trail(status=a_status(logging=False), selectors=REFUSED),))
    assert findings(the(early)) == ["trail.not-logging", "unread.refused"]
    assert findings(the(log_group(log_class="DELIVERY", filters=()))) == ["log-group.class"]


@pytest.mark.parametrize(
    ("bent", "code"),
    [({"value": "0"}, "filter.value"), ({"pattern": "{ $.eventName = * }"}, "filter.noise"), ({}, "alarm.missing")],
)
def test_without_an_alarm_the_filters_own_fault_comes_first(bent: dict[str, Any], code: str) -> None:
    assert findings(the(a_compliant_snapshot(filters=(a_filter(**bent),), alarms=()))) == [code]


def test_a_filter_that_adds_nothing_is_at_fault_only_where_the_alarm_does_not_fire() -> None:
    negative = a_filter(value="-1")
    below = an_alarm(comparison="LessThanThreshold", threshold=0.0)
    assert findings(the(a_compliant_snapshot(filters=(negative,), alarms=(below,)))) == []
    assert findings(the(filters(negative))) == ["filter.value"]
    assert findings(the(a_compliant_snapshot(alarms=(an_alarm(threshold=2.0),)))) == ["alarm.insensitive"]


@pytest.mark.parametrize(
    ("subscriptions", "arn"),
    [
        ((Subscription(None, "email"), Subscription("arn:b", "email"), Subscription("arn:c", "email")), "arn:b"),
        ((Subscription(None, "email"),), None),
        ((), None),
        (REFUSED, None),
    ],
)
def test_a_channel_names_a_confirmed_subscription(
    subscriptions: tuple[Subscription, ...] | Unreadable, arn: str | None
) -> None:
    topic = a_topic(subscriptions=subscriptions)
    assert the(a_compliant_snapshot(topics={topic.arn: topic})).subscription == arn


# Where paths part.


def test_each_filter_alarm_and_topic_makes_a_channel() -> None:
    second = topic_arn(name="second")
    snapshot = a_compliant_snapshot(
        filters=(a_filter(name="one"), a_filter(name="two", metric="other")),
        alarms=(an_alarm(actions=(topic_arn(), second)), an_alarm(name="b", metric="other"), an_alarm(name="c")),
        topics={topic_arn(): a_topic(), second: None},
    )
    found = [(channel.filter, channel.alarm, channel.topic, findings(channel)) for channel in of(snapshot)]
    c = an_alarm(name="c").arn
    assert found == [
        ("one", an_alarm().arn, topic_arn(), []),
        ("one", an_alarm().arn, second, ["topic.missing"]),
        ("one", c, topic_arn(), []),
        ("two", an_alarm(name="b").arn, topic_arn(), []),
    ]


def test_an_action_of_another_service_ends_the_channel() -> None:
    function = f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:f"
    snapshot = a_compliant_snapshot(alarms=(an_alarm(actions=(function, topic_arn())),))
    both = of(snapshot, profile.load("cis-level-2", {"accepted_actions": ["sns", "lambda"]}))
    assert [(channel.topic, channel.subscription, findings(channel)) for channel in both] == [
        (function, None, []),
        (topic_arn(), f"{topic_arn()}:0001", []),
    ]
    alone = the(a_compliant_snapshot(alarms=(an_alarm(actions=(function,)),)))
    assert (alone.alarm, alone.topic, findings(alone)) == (an_alarm().arn, None, ["alarm.no-action"])


def test_an_alarm_without_actions_acts_by_the_composite_alarms_that_name_it() -> None:
    quiet, composite = an_alarm(actions=()), a_composite("ALARM(unauthorized)")
    assert [channel.alarm for channel in of(a_compliant_snapshot(alarms=(quiet, composite)))] == [composite.arn]
    both = of(a_compliant_snapshot(alarms=(an_alarm(), composite)))
    assert [channel.alarm for channel in both] == [an_alarm().arn, composite.arn]
    other = of(a_compliant_snapshot(alarms=(quiet, a_composite("ALARM(other)"))))
    assert [(channel.alarm, findings(channel)) for channel in other] == [(quiet.arn, ["alarm.no-action"])]


def test_a_composite_alarm_may_be_suppressed_by_an_alarm_on_the_same_metric() -> None:
    composite = a_composite("ALARM(unauthorized)", suppressor="beside")
    beside = an_alarm(name="beside", actions=())
    channels = of(a_compliant_snapshot(alarms=(an_alarm(actions=()), beside, composite)))
    assert {channel.alarm: findings(channel) for channel in channels}[composite.arn] == ["alarm.muted"]


DISTURBED = {
    "quiet": (a_filter(metric="b", name="b"), {}, []),
    "returns to OK": (a_filter(metric="b", name="b"), {"missing_data": "notBreaching"}, []),
    "on another metric": (a_filter(metric="c", name="b"), {"missing_data": "ignore"}, []),
    "keeps its state": (a_filter(metric="b", name="b"), {"missing_data": "ignore"}, ["alarm.unclear"]),
    "breaches without data": (a_filter(metric="b", name="b"), {"missing_data": "breaching"}, ["alarm.unclear"]),
    "noisy": (a_filter("{ $.eventName = * }", metric="b", name="b"), {}, ["alarm.unclear"]),
    "narrowed": (a_filter(metric="b", name="b", on_transformed_logs=True), {}, ["alarm.unclear"]),
}


@pytest.mark.parametrize("name", DISTURBED)
def test_a_composite_alarm_may_be_in_alarm_because_of_an_alarm_on_another_metric(name: str) -> None:
    other, bent, expected = DISTURBED[name]
    composite = a_composite("ALARM(unauthorized) OR ALARM(b)")
    alarms = (an_alarm(actions=()), an_alarm(name="b", metric="b", actions=(), **bent), composite)
    snapshot = a_compliant_snapshot(filters=(a_filter(), other), alarms=alarms)
    found = [channel for channel in of(snapshot) if (channel.filter, channel.alarm) == ("unauthorized", composite.arn)]
    assert [findings(channel) for channel in found] == [expected]


# What else may see the events.


def an_other(**bent: Any) -> OtherAlarm:
    return OtherAlarm(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:other", "query", **bent)


@pytest.mark.parametrize(
    ("bent", "filter_name"),
    [({"mentions": "management-events"}, None), ({"mentions": "unauthorized_api_calls"}, "unauthorized")],
    ids=["the log group", "the metric"],
)
def test_an_alarm_that_is_not_worked_out_may_be_on_the_channel(bent: dict[str, Any], filter_name: str | None) -> None:
    other = an_other(**bent)
    channels = {channel.alarm: channel for channel in of(a_compliant_snapshot(alarms=(an_alarm(), other)))}
    assert findings(channels[an_alarm().arn]) == []
    assert channels[other.arn].filter == filter_name
    (doubt,) = channels[other.arn].doubts
    assert_found(doubt, Doubt, "alarm.unclear", other.arn, "Alarm other")
    alone = of(a_compliant_snapshot(alarms=(other,)))
    assert [findings(channel) for channel in alone if channel.alarm == other.arn] == [["alarm.unclear"]]


def test_an_alarm_that_watches_a_filters_metric_in_several_ways_is_in_doubt() -> None:
    metric: dict[str, Any] = {"namespace": "CISBenchmark", "metric": "unauthorized_api_calls", "statistic": "Sum"}
    names = (("user", "alice"),), (("user", "bob"),)
    queries = tuple(MetricQuery(f"m{n}", dimensions=of_user, **metric) for n, of_user in enumerate(names))
    twice = a_math_alarm("", queries=(MetricQuery("e1", returned=True, expression="m0 + m1"), *queries))
    by_user = a_filter(dimensions=(("user", "$.userIdentity.userName"),))
    channel = the(a_compliant_snapshot(filters=(by_user,), alarms=(twice,)))
    assert_found(channel.doubts[0], Doubt, "alarm.unclear", twice.arn, "Alarm math")


def test_a_filter_that_does_not_reach_the_alarms_metric_has_none() -> None:
    assert findings(the(a_compliant_snapshot(alarms=(an_alarm(unit="Bytes"),)))) == ["alarm.missing"]


def test_an_alarm_sees_the_events_that_have_its_dimensions() -> None:
    by_user = a_filter(dimensions=(("user", "$.userIdentity.userName"),))
    channel = the(a_compliant_snapshot(filters=(by_user,), alarms=(an_alarm(dimensions=(("user", "alice"),)),)))
    assert findings(channel) == []
    for name, seen in (("alice", True), ("bob", False)):
        event = {"errorCode": "AccessDenied", "userIdentity": {"userName": name}}
        assert channel.surely.matches(event) is channel.whole.matches(event) is seen


# What stands beside a filter.


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("beside", "code"),
    [
        ({"pattern": "{ $.eventName = * }"}, "filter.noise"),
        ({"on_transformed_logs": True}, "filter.narrowed"),
        ({"value": "$.count"}, "filter.value"),
        ({"pattern": "{ broken"}, "filter.unclear"),
    ],
)
def test_a_filter_that_disturbs_the_metric_of_another_disturbs_its_channel(
    beside: dict[str, Any], code: str, order: int
) -> None:
    pair = (a_filter(name="right"), a_filter(**{"name": "other", **beside}))
    assert code in by_filter(filters(*pair[::order]))["right"]
    apart = (pair[0], replace(pair[1], metric="another"))
    assert by_filter(filters(*apart[::order]))["right"] == []


def beside_log_group(other: LogGroup | Unreadable | None, arn: str) -> Snapshot:
    snapshot = a_compliant_snapshot()
    return replace(snapshot, log_groups={**snapshot.log_groups, arn: other})


def test_a_log_group_whose_filters_are_unread_may_feed_the_same_metric() -> None:
    here, away = log_group_arn(name="other"), log_group_arn("us-east-1", "other")
    for unread in (REFUSED, LogGroup(here, REFUSED)):
        (doubt,) = the(beside_log_group(unread, here)).doubts
        assert_found(doubt, Doubt, "alarm.unclear", an_alarm().arn, "Log group other", "alarm unauthorized")
        assert findings(the(beside_log_group(unread, away))) == []
    assert findings(the(beside_log_group(None, here))) == []


def test_a_filter_of_a_log_group_without_a_trail_feeds_the_same_metric() -> None:
    arn = log_group_arn(name="application")
    noisy = a_filter("{ $.level = error }")
    for place, expected in (((ACCOUNT, HOME), ["filter.noise"]), ((ACCOUNT, "us-east-1"), [])):
        others = {place: ((arn, noisy),)}
        assert findings(the(a_compliant_snapshot(other_filters=others))) == expected


@pytest.mark.parametrize("order", [1, -1])
def test_a_filter_that_subtracts_in_one_log_group_holds_back_those_of_both(order: int) -> None:
    """Both log groups get the same calls. In one of them a second filter subtracts what the first adds."""
    first, second = log_group_arn(name="first"), log_group_arn(name="second")
    adding, subtracting = a_filter(name="adding"), a_filter(name="subtracting", value="-1")
    groups = {first: (adding,), second: (adding, subtracting)}
    snapshot = a_compliant_snapshot(
        trails=tuple(a_trail(name=name) for name in ("first", "second"))[::order],
        log_groups={arn: LogGroup(arn, found) for arn, found in groups.items()},
    )
    found = {(channel.log_group, channel.filter): findings(channel) for channel in of(snapshot)}
    assert found[first, "adding"] == ["alarm.unclear"]
    assert found[second, "adding"] == ["alarm.unclear"]
    assert found[second, "subtracting"] != []


def test_two_alarms_on_one_metric_are_judged_apart() -> None:
    late = an_alarm(name="late", threshold=2.0)
    for alarms in ((an_alarm(), late), (late, an_alarm())):
        found = {channel.alarm: findings(channel) for channel in of(a_compliant_snapshot(alarms=alarms))}
        assert found == {an_alarm().arn: [], late.arn: ["alarm.insensitive"]}


# Ways to a SIEM.


def test_ways_to_a_siem_need_no_alarm_and_no_delivery_to_logs() -> None:
    bucket = "arn:aws:s3:::logs"
    judge = profile.load("cis-level-2", {"siem_destinations": [bucket, SIEM]})
    stuck = a_trail(status=a_status(logs_delivery_error="AccessDenied"), bucket_arn=bucket)
    group = LogGroup(log_group_arn(), (), subscriptions=(SubscriptionFilter("all", "", SIEM),))
    channels = of(a_compliant_snapshot(trails=(stuck,), log_groups={group.arn: group}, alarms=()), judge)
    assert [(c.log_group, c.filter, c.subscription, c.to_siem, findings(c)) for c in channels] == [
        (None, None, bucket, True, []),
        (group.arn, "all", SIEM, True, ["trail.delivery-failing"]),
        (group.arn, None, None, False, ["trail.delivery-failing"]),
    ]
    stopped = replace(stuck, status=a_status(logging=False))
    by_bucket = of(a_compliant_snapshot(trails=(stopped,)), judge)[0]
    assert (by_bucket.subscription, findings(by_bucket)) == (bucket, ["trail.not-logging"])


def test_every_trail_has_channels_of_what_it_records() -> None:
    kinds = ("ReadOnly", "WriteOnly")
    both = tuple(
        a_trail(name=kind, log_group_arn=log_group_arn(), selectors=EventSelectors((EventSelector(kind),)))
        for kind in kinds
    )
    channels = of(a_compliant_snapshot(trails=both))
    assert [channel.trail for channel in channels] == [trail.arn for trail in both]
    for channel, read_only in zip(channels, (True, False), strict=True):
        for value in (True, False):
            event = {"errorCode": "AccessDenied", "readOnly": value}
            assert channel.surely.matches(event) is channel.recorded.matches(event) is (value is read_only)


def alarm_arn(name: str) -> str:
    return a_composite("", name=name).arn


QUIET = an_alarm(actions=())
SECOND = an_alarm(name="second", metric="m2", actions=())
TWO = (a_filter(), a_filter('{ $.errorCode = "AccessDenied*" }', name="two", metric="m2"))
MENTIONS = OtherAlarm(alarm_arn("log"), "log alarm", mentions='["management-events"]')
BAND = OtherAlarm(alarm_arn("log"), "anomaly detection band", (("CISBenchmark", "unauthorized_api_calls"),))
NEW_KIND = OtherAlarm(alarm_arn("log"), UNKNOWN_KIND)
FLOOD = an_alarm(name="ten", threshold=10.0, actions=())

TOGETHER: dict[str, tuple[str, dict[str, Any]]] = {
    "another filter's alarm": ("second", {"filters": TWO, "alarms": (SECOND,)}),
    "a composite over another filter's alarm": (
        "over",
        {"filters": TWO, "alarms": (SECOND, a_composite("ALARM(second)", name="over", actions=()))},
    ),
    "a composite over that": (
        "top",
        {
            "filters": TWO,
            "alarms": (
                a_composite("ALARM(over)", name="top", actions=()),
                a_composite("ALARM(second) OR ALARM(cpu)", name="over", actions=()),
                SECOND,
            ),
        },
    ),
    "an alarm on the log group that cannot be analyzed": ("log", {"alarms": (MENTIONS,)}),
    "an anomaly detection band on the metric": ("log", {"alarms": (BAND,)}),
    "an alarm of an unknown kind": ("log", {"alarms": (NEW_KIND,)}),
    "an alarm that only many calls take to ALARM": ("ten", {"alarms": (FLOOD,)}),
}
"""By what goes to ALARM on the same calls: its name, and the account."""


@pytest.mark.parametrize("suppresses", [True, False])
@pytest.mark.parametrize("name", TOGETHER)
def test_what_may_go_to_alarm_on_the_same_calls_and_holds_back_the_notification_is_a_doubt(
    name: str, suppresses: bool
) -> None:
    other, bent = TOGETHER[name]
    rule = "ALARM(unauthorized)" if suppresses else f"ALARM(unauthorized) AND NOT ALARM({other})"
    acting = a_composite(rule, suppressor=other if suppresses else None)
    account = a_compliant_snapshot(**{**bent, "alarms": (QUIET, *bent["alarms"], acting)})
    assert assess(account, PROFILE).verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize("suppresses", [True, False])
def test_an_alarm_on_data_that_no_filter_adds_to_holds_nothing_back(suppresses: bool) -> None:
    cpu = an_alarm(name="cpu", namespace="AWS/EC2", metric="CPUUtilization", actions=())
    band = OtherAlarm(alarm_arn("band"), "anomaly detection band", (("AWS/EC2", "CPUUtilization"),))
    over = a_composite("ALARM(cpu)", name="over", actions=())
    for other in ("cpu", "band", "over"):
        rule = "ALARM(unauthorized)" if suppresses else f"ALARM(unauthorized) AND NOT ALARM({other})"
        acting = a_composite(rule, suppressor=other if suppresses else None)
        account = a_compliant_snapshot(alarms=(QUIET, cpu, band, over, acting))
        assert assess(account, PROFILE).verdict is Verdict.COMPLIANT, other


def test_a_composite_that_asks_for_more_calls_beside_is_insensitive() -> None:
    account = a_compliant_snapshot(alarms=(QUIET, FLOOD, a_composite("ALARM(unauthorized) AND ALARM(ten)")))
    for region in assess(account, PROFILE).regions:
        assert (region.verdict, {gap.code for gap in region.gaps}) == (Verdict.NON_COMPLIANT, {"alarm.insensitive"})


def test_a_filter_elsewhere_may_count_a_central_copy() -> None:
    """One such filter is named, and every place whose filters are unread."""
    away = log_group_arn("us-east-1")
    filters = (
        (away, a_filter('{ $.eventName = "x" }', name="other")),
        (away, a_filter()),
        (away, a_filter(name="too")),
    )
    refused = Unreadable("logs:DescribeMetricFilters", "eu-central-1", "AccessDenied", denied=True)
    snapshot = replace(
        log_group(filters=()),
        other_filters={(ACCOUNT, "us-east-1"): filters},
        unread_filters={(ACCOUNT, "eu-central-1"): refused},
    )
    copy, unread = (doubt for channel in of(snapshot) for doubt in channel.doubts)
    assert (copy.code, copy.resource) == ("log-group.copied", f"{away}:metric-filter:unauthorized")
    assert copy.message == (
        "Metric filter unauthorized of log group management-events in us-east-1 may count a central copy of these "
        "events."
    )
    assert (unread.code, unread.resource) == ("unread.refused", "metric filters in eu-central-1")


def test_a_filter_elsewhere_that_is_not_understood_may_count_a_central_copy() -> None:
    away = log_group_arn("us-east-1")
    filters = ((away, a_filter("{ broken")),)
    snapshot = replace(log_group(filters=()), other_filters={(ACCOUNT, "us-east-1"): filters})
    assert [doubt.code for channel in of(snapshot) for doubt in channel.doubts] == ["log-group.copied"]


def test_a_gap_that_need_not_be_explained_is_found_all_the_same() -> None:
    (group,) = Channels(a_compliant_snapshot(alarms=()), PROFILE, explained=False).grouped((HOME,))
    (found,) = group.channels
    assert found.gap == Gap("alarm.missing", log_group_arn(), "")
    assert found.filter == "unauthorized"


def test_the_proofs_that_are_given_are_used() -> None:
    stopped = Channels(a_compliant_snapshot(), PROFILE, given := Proofs(stop=lambda: True))
    assert stopped._patterns._proofs is given  # noqa: SLF001

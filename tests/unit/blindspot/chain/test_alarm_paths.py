"""Paths from metric filters: those of one outcome are put together, and what is found of each is kept."""

import sys
from collections import Counter
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest

from blindspot.chain import filter_to_alarm
from blindspot.chain.alarm_paths import LISTED
from blindspot.chain.channel import Channel
from blindspot.chain.channels import Channels
from blindspot.model.snapshot import Alarm, LogGroup, OtherAlarm, Snapshot
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import (
    ACCOUNT,
    HOME,
    a_compliant_snapshot,
    a_composite,
    a_filter,
    a_math_alarm,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import PROFILE

MANY = LISTED + 20


def of(snapshot: Snapshot) -> list[Channel]:
    (group,) = Channels(snapshot, PROFILE).grouped((HOME,))
    return list(group.channels)


def alarms(number: int, **bent: Any) -> tuple[Alarm, ...]:
    return tuple(an_alarm(name=f"a{index}", **bent) for index in range(number))


def test_a_few_paths_are_listed_one_by_one() -> None:
    channels = of(a_compliant_snapshot(alarms=alarms(LISTED)))
    assert [(channel.alarm, channel.alike) for channel in channels] == [(each.arn, 1) for each in alarms(LISTED)]


def test_many_paths_of_one_outcome_are_put_together() -> None:
    *listed, rest = of(a_compliant_snapshot(alarms=alarms(MANY)))
    assert [channel.alike for channel in listed] == [1] * LISTED
    assert (rest.alarm, rest.alike, rest.gap, rest.doubts) == (alarms(MANY)[LISTED].arn, MANY - LISTED, None, ())
    assert rest.surely.matches({"errorCode": "AccessDenied"})


def test_paths_of_another_outcome_stay_apart() -> None:
    """After those that are listed: some are whole, some broken in two ways, some in doubt, some end elsewhere."""
    function = f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:f"
    bends: list[dict[str, Any]] = [
        {"threshold": 2.0},
        {"actions": ()},
        {"statistic": None},
        {"actions": (function,)},
    ]
    mixed = tuple(an_alarm(name=f"a{n}k{k}", **bent) for n in range(MANY) for k, bent in enumerate([{}, *bends]))
    channels = of(a_compliant_snapshot(alarms=(*alarms(LISTED), *mixed)))[LISTED:]
    found = {(channel.gap and channel.gap.code, bool(channel.doubts)): channel.alike for channel in channels}
    assert found == {
        (None, False): MANY,
        ("alarm.insensitive", False): MANY,
        ("alarm.no-action", False): 2 * MANY,
        (None, True): MANY,
    }


def test_whole_paths_stay_apart_from_those_that_are_broken_after_the_alarm() -> None:
    """The links are the same; the actions of every other alarm are disabled."""
    mixed = tuple(an_alarm(name=f"a{n}k{k}", actions_enabled=k == 0) for n in range(MANY) for k in (0, 1))
    channels = of(a_compliant_snapshot(alarms=(*alarms(LISTED), *mixed)))[LISTED:]
    found = {channel.gap and channel.gap.code: channel.alike for channel in channels}
    assert found == {None: MANY, "alarm.actions-disabled": MANY}


def test_every_gap_and_every_doubt_is_kept() -> None:
    broken, doubtful = alarms(MANY, threshold=2.0), alarms(MANY, statistic=None)
    for region in assess(a_compliant_snapshot(alarms=broken), PROFILE).regions:
        assert region.verdict is Verdict.NON_COMPLIANT
        assert [gap.resource for gap in region.gaps] == [alarm.arn for alarm in broken]
        assert {gap.code for gap in region.gaps} == {"alarm.insensitive"}
    for region in assess(a_compliant_snapshot(alarms=doubtful), PROFILE).regions:
        assert region.verdict is Verdict.INDETERMINATE
        assert {doubt.resource for doubt in region.doubts} == {alarm.arn for alarm in doubtful}


def test_alarms_that_see_other_events_are_put_together_with_all_that_they_see() -> None:
    names = [f"u{index}" for index in range(MANY)]
    by_user = a_filter(dimensions=(("user", "$.userIdentity.userName"),))
    watching = tuple(an_alarm(name=name, dimensions=(("user", name),)) for name in names)
    channels = of(a_compliant_snapshot(filters=(by_user,), alarms=watching))
    assert len(channels) == LISTED + 1
    for number, name in enumerate([*names, "nobody"]):
        event = {"errorCode": "AccessDenied", "userIdentity": {"userName": name}}
        seen = [index for index, channel in enumerate(channels) if channel.surely.matches(event)]
        assert seen == ([] if name == "nobody" else [min(number, LISTED)])


def test_alarms_on_the_paths_are_all_known_for_notes() -> None:
    composite = a_composite("ALARM(a0)", suppressor="x")
    quiet = an_alarm(name="a0", actions=())
    found = Channels(a_compliant_snapshot(alarms=(*alarms(MANY), composite, an_alarm(name="y", metric="y"))), PROFILE)
    list(found.grouped((HOME,)))
    assert found.alarms() == {*(alarm.arn for alarm in alarms(MANY)), composite.arn}
    found = Channels(a_compliant_snapshot(alarms=(quiet, composite)), PROFILE)
    list(found.grouped((HOME,)))
    assert found.alarms() == {composite.arn}


@pytest.mark.parametrize(
    ("mentions", "expected"),
    [
        ('ALARM("unauthorized")', Verdict.INDETERMINATE),
        ('ALARM("composite")', Verdict.INDETERMINATE),
        ("SUM(unauthorized_api_calls)", Verdict.INDETERMINATE),
        ('ALARM("else")', Verdict.NON_COMPLIANT),
        ('ALARM("away")', Verdict.NON_COMPLIANT),
    ],
)
def test_an_alarm_of_a_new_kind_may_act_for_the_alarms_that_it_mentions(mentions: str, expected: Verdict) -> None:
    """Those that are reached: a refused call takes them to ALARM, and they notify nobody."""
    other = OtherAlarm(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:new", "new kind", mentions=mentions)
    quiet = (an_alarm(actions=()), an_alarm(name="away", metric="away", actions=()))
    composite = a_composite("ALARM(unauthorized)", actions=())
    assert assess(a_compliant_snapshot(alarms=(*quiet, composite, other)), PROFILE).verdict is expected


def test_a_filter_that_may_add_to_any_metric_may_feed_a_suppressor() -> None:
    suppressor = an_alarm(name="s", namespace="AWS/EC2", metric="CPUUtilization")
    watching = (an_alarm(actions=()), suppressor, a_composite("ALARM(unauthorized)", suppressor="s"))
    for filters, expected in (((a_filter(),), set()), ((a_filter(), a_filter(metric="", unread="x")), {"alarm.muted"})):
        found = assess(a_compliant_snapshot(filters=filters, alarms=watching), PROFILE)
        codes = {doubt.code for region in found.regions for doubt in region.doubts}
        assert codes & {"alarm.muted"} == expected
        assert (found.verdict is Verdict.COMPLIANT) == (not expected)


@pytest.mark.parametrize(
    ("expression", "bent", "expected"),
    [
        ("FILL(m1, 0)", {}, Verdict.COMPLIANT),
        ("m1 * 2", {}, Verdict.COMPLIANT),
        ("FILL(m1, 5)", {}, Verdict.INDETERMINATE),
        ("FILL(m1, 0)", {"missing_data": "ignore"}, Verdict.INDETERMINATE),
        ("LOG(m1)", {}, Verdict.INDETERMINATE),
    ],
)
def test_an_alarm_on_metric_math_beside_another_in_a_rule(
    expression: str, bent: dict[str, Any], expected: Verdict
) -> None:
    """It must not stay in ALARM. Its own metric counts other calls, so that it may go to ALARM too."""
    beside = a_math_alarm(expression, actions=(), **bent)
    queries = (beside.queries[0], replace(beside.queries[1], metric="others"))
    filters = (a_filter(), a_filter('{ $.errorCode = "AccessDenied*" }', name="others", metric="others"))
    watching = (
        an_alarm(actions=()),
        replace(beside, queries=queries),
        a_composite("ALARM(unauthorized) OR ALARM(math)"),
    )
    assert assess(a_compliant_snapshot(filters=filters, alarms=watching), PROFILE).verdict is expected


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the way to an alarm is worked out, by the names of the filters."""
    counted: Counter[str] = Counter()
    arrival = filter_to_alarm.FilterToAlarm.arrival

    def counting(self: Any, case: Any, alarm: Any) -> Any:
        counted[case.filter.name] += 1
        return arrival(self, case, alarm)

    monkeypatch.setattr(filter_to_alarm.FilterToAlarm, "arrival", counting)
    return counted


def test_filters_that_count_ordinary_calls_differ_by_their_patterns_in_metric_math(asked: Counter[str]) -> None:
    found = (
        a_filter(name="refused"),
        a_filter('{ $.errorCode = "AccessDenied*" }', name="refused too"),
        a_filter('{ $.eventName = "*" }', name="every call"),
        a_filter("{ $.errorCode NOT EXISTS }", name="successful"),
    )
    for watching, expected in ((a_math_alarm("m1"), 3), (an_alarm(), 1)):
        asked.clear()
        of(a_compliant_snapshot(filters=found, alarms=(watching,)))
        assert len(asked) == expected


def test_filters_that_add_the_same_after_the_same_are_one_case(asked: Counter[str]) -> None:
    found = (
        a_filter(name="one"),
        a_filter('{ $.errorCode = "AccessDenied*" }', name="same"),
        a_filter(name="more", value="2"),
        a_filter("{ broken", name="doubtful"),
        a_filter(name="broken", field_selection='@aws.region = "us-west-2"'),
        a_filter(name="no alarm", metric="none"),
        a_filter(name="none either", metric="none"),
    )
    of(a_compliant_snapshot(filters=found))
    assert asked == {"one": 1, "more": 1, "doubtful": 1, "broken": 1}


# How work and memory grow.


def work(snapshot: Snapshot) -> int:
    """How many calls the product makes, one for each element of what it generates, and how many channels it finds."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and "blindspot/blindspot" in frame.f_code.co_filename

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = of(snapshot)
        return len(found) + calls
    finally:
        sys.setprofile(before)


def on_one_metric(size: int) -> Snapshot:
    """Filters and alarms on one metric, with topics for each."""
    topics = {arn: a_topic(arn) for arn in (topic_arn(name=f"t{index}") for index in range(5))}
    filters = tuple(a_filter(name=f"f{index}") for index in range(size))
    return a_compliant_snapshot(filters=filters, alarms=alarms(size, actions=tuple(topics)), topics=topics)


def broken(size: int) -> Snapshot:
    filters = tuple(a_filter(name=f"f{index}") for index in range(size))
    return a_compliant_snapshot(filters=filters, alarms=alarms(size, threshold=2.0))


def each_its_own(size: int) -> Snapshot:
    """Filters of several log groups, each with an alarm of its own, and composite alarms over those."""
    groups = {log_group_arn(name=f"g{index}"): index for index in range(4)}
    return a_compliant_snapshot(
        trails=tuple(a_trail(name=f"t{index}", log_group_arn=arn) for arn, index in groups.items()),
        log_groups={
            arn: LogGroup(arn, tuple(a_filter(name=f"f{f}", metric=f"m{f}") for f in range(index, size, 4)))
            for arn, index in groups.items()
        },
        alarms=(
            *(an_alarm(name=f"a{index}", metric=f"m{index}", actions=()) for index in range(size)),
            *(a_composite(f"ALARM(a{index}) OR ALARM(a{index + 1})", name=f"c{index}") for index in range(size)),
        ),
    )


def under_a_chain(size: int) -> Snapshot:
    """Filters whose alarms one composite alarm names, and a chain of composite alarms over that."""
    either = " OR ".join(f"ALARM(a{index})" for index in range(size))
    chain = [a_composite(f"ALARM(c{index})", name=f"c{index + 1}") for index in range(size)]
    return a_compliant_snapshot(
        filters=tuple(a_filter(name=f"f{index}", metric=f"m{index}") for index in range(size)),
        alarms=(
            *(an_alarm(name=f"a{index}", metric=f"m{index}", actions=()) for index in range(size)),
            a_composite(either, name="c0"),
            *reversed(chain),
        ),
    )


def not_analyzed(size: int) -> Snapshot:
    return a_compliant_snapshot(
        filters=tuple(a_filter(name=f"f{index}", metric=f"m{index:03}") for index in range(size)),
        alarms=tuple(
            OtherAlarm(f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:o{index}", "query", mentions=f"SUM(m{index:03})")
            for index in range(size)
        ),
    )


@pytest.mark.parametrize("made", [on_one_metric, broken, each_its_own, under_a_chain, not_analyzed])
def test_twice_the_account_is_twice_the_work(made: Any) -> None:
    few, many = work(made(40)), work(made(80))
    assert few < many <= 2.2 * few


def test_alarms_beyond_the_limit_of_work_are_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alarm has other settings, and two filters count the call: sixteen ways for each."""
    filters = a_filter(), a_filter(name="other", value="2")
    several = tuple(an_alarm(name=f"a{number}", threshold=number / 100) for number in range(1, LISTED + 1))
    beyond = "is on metrics with more metric filters and alarms than Blindspot can analyze"
    for limit, doubtful in ((filter_to_alarm.MOST_WORLDS, 0), (16 * 4, 2 * LISTED - 4)):
        monkeypatch.setattr(filter_to_alarm, "MOST_WORLDS", limit)
        found = of(a_compliant_snapshot(filters=filters, alarms=several))
        assert sum(beyond in doubt.message for channel in found for doubt in channel.doubts) == doubtful


def test_a_composite_alarm_sees_no_more_than_the_alarms_of_its_rule() -> None:
    by_user = a_filter(dimensions=(("user", "$.userIdentity.userName"),))
    of_one = an_alarm(name="one", dimensions=(("user", "one"),), actions=())
    account = a_compliant_snapshot(filters=(by_user,), alarms=(of_one, a_composite("ALARM(one)")))
    assert assess(account, PROFILE).verdict is not Verdict.COMPLIANT


def test_a_composite_alarm_is_in_doubt_where_the_way_to_an_alarm_of_its_rule_is() -> None:
    """An event without a user may be counted without dimensions."""
    by_user = a_filter(dimensions=(("user", "$.userIdentity.userName"),))
    account = a_compliant_snapshot(
        filters=(by_user,), alarms=(an_alarm(actions=()), a_composite("ALARM(unauthorized)"))
    )
    assert assess(account, PROFILE).verdict is Verdict.INDETERMINATE

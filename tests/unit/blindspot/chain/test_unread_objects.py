"""What is malformed in a list is one object that is not known. It takes no other along."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from blindspot.chain.channels import Channels
from blindspot.model.findings import Doubt
from blindspot.model.snapshot import (
    UNKNOWN_KIND,
    UNREAD_LOG_ALARM,
    EventSelector,
    EventSelectors,
    LogGroup,
    MetricFilter,
    MetricQuery,
    OtherAlarm,
    Snapshot,
    Subscription,
    Topic,
    Trail,
    Unreadable,
)
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
from tests.findings import assert_found

WHY = "Malformed: x"
UNREAD = Unreadable("cloudtrail:DescribeTrails", HOME, WHY)
THERE = (ACCOUNT, HOME)


def a_malformed_trail(log_group: str | None = None, name: str = "malformed") -> Trail:
    return a_trail(name=name, log_group_arn=log_group, status=UNREAD, selectors=UNREAD, unread=WHY)


def a_malformed_filter(metric: str = "", name: str = "malformed") -> MetricFilter:
    return MetricFilter(name, "", "CISBenchmark" if metric else "", metric, unread=WHY)


MALFORMED_ALARM = OtherAlarm(an_alarm(name="malformed").arn, UNKNOWN_KIND)
MALFORMED_LOG_ALARM = replace(MALFORMED_ALARM, kind=UNREAD_LOG_ALARM)
HALF = a_filter('{ $.errorCode = "AccessDenied" }')
METRIC = a_filter().metric
ELSEWHERE = log_group_arn(name="application")
ONLY_WRITES = EventSelectors((EventSelector(read_write="WriteOnly"),))


def verdict(snapshot: Snapshot) -> Verdict:
    return assess(snapshot, PROFILE).verdict


def doubts(snapshot: Snapshot) -> set[str]:
    return {doubt.resource for region in assess(snapshot, PROFILE).regions for doubt in region.doubts}


WHOLE = a_compliant_snapshot()
BROKEN = a_compliant_snapshot(filters=(HALF,))
BESIDE: dict[str, tuple[Callable[[Snapshot], Snapshot], tuple[Verdict, Verdict]]] = {
    # what is malformed beside a whole channel and beside a broken one; the verdicts with it
    "a trail that may deliver anywhere": (
        lambda whole: replace(whole, trails=(*whole.trails, a_malformed_trail())),
        (Verdict.COMPLIANT, Verdict.INDETERMINATE),
    ),
    "a trail that delivers to a log group without filters": (
        lambda whole: replace(
            whole,
            trails=(*whole.trails, a_malformed_trail(ELSEWHERE)),
            log_groups={**whole.log_groups, ELSEWHERE: LogGroup(ELSEWHERE, ())},
        ),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "a trail that delivers to the same log group": (
        lambda whole: replace(whole, trails=(*whole.trails, a_malformed_trail(log_group_arn()))),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "a filter that may add to any metric": (
        lambda whole: add_filter(whole, a_malformed_filter()),
        (Verdict.INDETERMINATE, Verdict.INDETERMINATE),
    ),
    "a filter that adds to the same metric": (
        lambda whole: add_filter(whole, a_malformed_filter(METRIC)),
        (Verdict.INDETERMINATE, Verdict.INDETERMINATE),
    ),
    "a filter that adds to another metric": (
        lambda whole: add_filter(whole, a_malformed_filter("other")),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "a filter of another log group that may add to any metric": (
        lambda whole: replace(whole, other_filters={THERE: ((ELSEWHERE, a_malformed_filter()),)}),
        (Verdict.INDETERMINATE, Verdict.NON_COMPLIANT),
    ),
    "a filter of another log group that adds to another metric": (
        lambda whole: replace(whole, other_filters={THERE: ((ELSEWHERE, a_malformed_filter("other")),)}),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "a filter in another region": (
        lambda whole: replace(
            whole, other_filters={(ACCOUNT, "us-east-1"): ((log_group_arn("us-east-1"), a_malformed_filter()),)}
        ),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "an alarm": (
        lambda whole: replace(whole, alarms={THERE: (an_alarm(), MALFORMED_ALARM)}),
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "a log alarm": (
        lambda whole: replace(whole, alarms={THERE: (an_alarm(), MALFORMED_LOG_ALARM)}),
        (Verdict.COMPLIANT, Verdict.INDETERMINATE),
    ),
}


def add_filter(snapshot: Snapshot, found: MetricFilter) -> Snapshot:
    group = snapshot.log_groups[log_group_arn()]
    assert isinstance(group, LogGroup)
    assert isinstance(group.filters, tuple)
    return replace(snapshot, log_groups={group.arn: replace(group, filters=(*group.filters, found))})


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_malformed_beside_a_channel(name: str) -> None:
    add, expected = BESIDE[name]
    assert tuple(verdict(add(account)) for account in (WHOLE, BROKEN)) == expected


INSTEAD = {
    "the trail": a_compliant_snapshot(trails=(a_malformed_trail(log_group_arn()),)),
    "the trail and its log group": a_compliant_snapshot(trails=(a_malformed_trail(),)),
    "the filter": a_compliant_snapshot(filters=(a_malformed_filter(METRIC, "unauthorized"),)),
    "the filter and its metric": a_compliant_snapshot(filters=(a_malformed_filter(),)),
    "the alarm": a_compliant_snapshot(alarms=(MALFORMED_ALARM,)),
    "an alarm on a log group without filters": a_compliant_snapshot(filters=(), alarms=(MALFORMED_LOG_ALARM,)),
}


@pytest.mark.parametrize("name", INSTEAD)
def test_a_channel_with_a_malformed_link_is_a_doubt_that_names_it(name: str) -> None:
    assert verdict(INSTEAD[name]) is Verdict.INDETERMINATE
    assert any("malformed" in resource or "unauthorized" in resource for resource in doubts(INSTEAD[name]))


def test_a_malformed_filter_without_an_alarm_on_its_metric_notifies_nobody() -> None:
    assert verdict(a_compliant_snapshot(filters=(a_malformed_filter("other"),))) is Verdict.NON_COMPLIANT


def test_messages_name_what_is_malformed() -> None:
    (group,) = Channels(INSTEAD["the trail and its log group"], PROFILE).grouped([HOME])
    ((doubt,),) = {channel.doubts for channel in group.channels}
    assert_found(doubt, Doubt, "unread.no-answer", a_malformed_trail().arn, "Trail malformed", WHY)
    (group,) = Channels(INSTEAD["the filter and its metric"], PROFILE).grouped([HOME])
    ((doubt,),) = {channel.doubts for channel in group.channels}
    resource = f"{log_group_arn()}:metric-filter:malformed"
    assert_found(doubt, Doubt, "unread.no-answer", resource, "Metric filter malformed of log group management", WHY)


def test_a_malformed_trail_may_deliver_ordinary_calls_to_any_log_group() -> None:
    """Its filter counts reads; the only other trail of the log group records writes."""
    reads = a_filter("{ $.readOnly IS TRUE }", name="reads")
    group = LogGroup(ELSEWHERE, (reads,))
    for trails, expected in (((), Verdict.COMPLIANT), ((a_malformed_trail(),), Verdict.INDETERMINATE)):
        snapshot = replace(WHOLE, log_groups={**WHOLE.log_groups, ELSEWHERE: group})
        writes = a_trail(name="writes", log_group_arn=ELSEWHERE)
        selectors = replace(writes, selectors=ONLY_WRITES)
        assert verdict(replace(snapshot, trails=(*WHOLE.trails, selectors, *trails))) is expected


SILENT = an_alarm(actions=())
NESTED = "SUM([" * 60 + "{}" + "])" * 60
QUERIES = (
    *(MetricQuery(f"e{n}", returned=n == 0, expression=NESTED.format(f"e{n + 1}")) for n in range(5)),
    MetricQuery("e5", namespace="CISBenchmark", metric=METRIC, statistic="Sum"),
)
DEEP: dict[str, tuple[Snapshot, Verdict]] = {
    "330 parentheses": (
        a_compliant_snapshot(alarms=(SILENT, a_composite("(" * 330 + "ALARM(unauthorized)" + ")" * 330))),
        Verdict.COMPLIANT,
    ),
    "NOT NOT ( 245 times": (
        a_compliant_snapshot(alarms=(SILENT, a_composite("NOT NOT (" * 245 + "ALARM(unauthorized)" + ")" * 245))),
        Verdict.COMPLIANT,
    ),
    "NOT 1,100 times": (
        a_compliant_snapshot(alarms=(SILENT, a_composite("NOT " * 1_100 + "ALARM(unauthorized)"))),
        Verdict.COMPLIANT,
    ),
    "five expressions in one another": (
        a_compliant_snapshot(alarms=(replace(a_math_alarm("m1"), queries=QUERIES),)),
        Verdict.INDETERMINATE,
    ),
    "a number of 310 digits": (
        a_compliant_snapshot(alarms=(a_math_alarm("FILL(m1, 1" + "0" * 309 + ")"),)),
        Verdict.INDETERMINATE,
    ),
    "a number of 5,000 digits": (
        a_compliant_snapshot(alarms=(a_math_alarm("FILL(m1, 1" + "0" * 4_999 + ")"),)),
        Verdict.INDETERMINATE,
    ),
    "a topic policy": (
        a_compliant_snapshot(topics={topic_arn(): a_topic(policy="[" * 100_000)}),
        Verdict.INDETERMINATE,
    ),
    "a filter policy": (
        a_compliant_snapshot(
            topics={topic_arn(): a_topic(subscriptions=(Subscription(f"{topic_arn()}:1", "sqs", '{"a":' * 100_000),))}
        ),
        Verdict.INDETERMINATE,
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_deeply_is_understood_or_is_one_doubt(name: str) -> None:
    snapshot, expected = DEEP[name]
    assert verdict(snapshot) is expected
    deep = {place: (*found, an_alarm()) for place, found in snapshot.alarms.items() if isinstance(found, tuple)}
    plain = Subscription(f"{topic_arn()}:2", "email")
    (topic,) = snapshot.topics.values()
    assert isinstance(topic, Topic)
    assert isinstance(topic.subscriptions, tuple)
    beside = replace(
        snapshot, alarms=deep, topics={topic.arn: replace(topic, subscriptions=(*topic.subscriptions, plain))}
    )
    assert verdict(beside) is (Verdict.INDETERMINATE if name == "a topic policy" else Verdict.COMPLIANT)

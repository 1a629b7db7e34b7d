"""What holds of every account: nothing unread is taken for compliant, and names and order do not matter."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.snapshot import Alarm, LogGroup, MathAlarm, MetricAlarm, MetricFilter, Snapshot, Topic, Unreadable
from blindspot.verdict.assessment import Assessment, Verdict, assess
from tests.builders import CIS
from tests.snapshots import SIEM, snapshots, unread

PROFILE = profile.load("cis-level-2", {"siem_destinations": [SIEM, "arn:aws:s3:::siem"]})
LAW = settings(max_examples=150)


def verdicts(assessment: Assessment) -> dict[str, Verdict]:
    return {region.region: region.verdict for region in assessment.regions}


@LAW
@given(snapshots(), st.data())
def test_with_reads_failing_every_verdict_stays_or_is_indeterminate(snapshot: Snapshot, data: st.DataObject) -> None:
    whole = assess(snapshot, PROFILE)
    for partly in unread(snapshot):
        twice = data.draw(st.sampled_from([partly, *list(unread(partly))[:20]]))
        for bent in (partly, twice):
            found = assess(bent, PROFILE)
            assert found.verdict in (whole.verdict, Verdict.INDETERMINATE)
            before = verdicts(whole)
            assert all(verdict in (before[name], Verdict.INDETERMINATE) for name, verdict in verdicts(found).items())


def with_filters(snapshot: Snapshot, change: Callable[[MetricFilter], Iterable[MetricFilter]]) -> Snapshot:
    """The same account with other metric filters."""

    def changed(group: LogGroup | Unreadable | None) -> LogGroup | Unreadable | None:
        if not isinstance(group, LogGroup) or isinstance(group.filters, Unreadable):
            return group
        return replace(group, filters=tuple(other for one in group.filters for other in change(one)))

    return replace(snapshot, log_groups={arn: changed(group) for arn, group in snapshot.log_groups.items()})


def with_alarms(snapshot: Snapshot, change: Callable[[Alarm], Alarm]) -> Snapshot:
    """The same account with other alarms."""
    (place,) = snapshot.alarms
    alarms = snapshot.alarms[place]
    assert not isinstance(alarms, Unreadable)
    return replace(snapshot, alarms={place: tuple(map(change, alarms))})


@LAW
@given(snapshots())
def test_the_order_of_things_changes_nothing(snapshot: Snapshot) -> None:
    (place,) = snapshot.alarms
    alarms = snapshot.alarms[place]
    assert not isinstance(alarms, Unreadable)
    turned = replace(
        snapshot,
        trails=snapshot.trails[::-1],
        log_groups=dict(list(snapshot.log_groups.items())[::-1]),
        alarms={place: alarms[::-1]},
        topics={arn: _turned(topic) for arn, topic in list(snapshot.topics.items())[::-1]},
    )
    assert verdicts(assess(turned, PROFILE)) == verdicts(assess(snapshot, PROFILE))


def _turned(topic: Topic | Unreadable | None) -> Topic | Unreadable | None:
    if not isinstance(topic, Topic) or isinstance(topic.subscriptions, Unreadable):
        return topic
    return replace(topic, subscriptions=topic.subscriptions[::-1])


@LAW
@given(snapshots())
def test_names_change_nothing(snapshot: Snapshot) -> None:
    def renamed(alarm: Alarm) -> Alarm:
        match alarm:
            case MetricAlarm():
                return replace(alarm, namespace="Renamed")
            case MathAlarm():
                queries = tuple(replace(query, namespace=query.namespace and "Renamed") for query in alarm.queries)
                return replace(alarm, queries=queries)
        return alarm

    other = with_filters(snapshot, lambda one: [replace(one, name=f"renamed-{one.name}", namespace="Renamed")])
    other = with_alarms(other, renamed)
    assert verdicts(assess(other, PROFILE)) == verdicts(assess(snapshot, PROFILE))


SPLIT = ('{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }')
RESPELT = '{($.errorCode="AccessDenied*")||(($.errorCode="*UnauthorizedOperation")&&($.errorCode=*))}'


@LAW
@given(snapshots())
def test_another_spelling_of_a_filter_changes_nothing(snapshot: Snapshot) -> None:
    other = with_filters(snapshot, lambda one: [replace(one, pattern=RESPELT) if one.pattern == CIS else one])
    assert verdicts(assess(other, PROFILE)) == verdicts(assess(snapshot, PROFILE))


@LAW
@given(snapshots())
def test_a_filter_split_in_two_is_no_worse_where_calls_add_up(snapshot: Snapshot) -> None:
    """Where the alarm sums what filters of the same value add, two halves do what the whole did."""

    def halves(one: MetricFilter) -> list[MetricFilter]:
        if one.pattern != CIS:
            return [one]
        return [replace(one, name=f"{one.name}-{number}", pattern=pattern) for number, pattern in enumerate(SPLIT)]

    whole = verdicts(assess(snapshot, PROFILE))
    split = with_filters(snapshot, halves)
    for name, verdict in verdicts(assess(split, PROFILE)).items():
        assert {whole[name], verdict} != {Verdict.COMPLIANT, Verdict.NON_COMPLIANT}

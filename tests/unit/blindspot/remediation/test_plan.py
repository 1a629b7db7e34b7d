"""The plan over accounts that are only data: the smallest one, in the right place, and the manual tasks."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.arn import place_of
from blindspot.model.snapshot import (
    Alarm,
    EventSelector,
    EventSelectors,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    Snapshot,
    Subscription,
    Unreadable,
)
from blindspot.remediation import plan as planning
from blindspot.remediation import search
from blindspot.remediation.actions import Guard, Request
from blindspot.remediation.candidates import MOST_METRICS, repairable_log_groups
from blindspot.remediation.ownership import Holdings, Owner, alarm_arns, topic_arns
from blindspot.remediation.plan import Plan, plan
from blindspot.remediation.repairs import with_subscriptions_confirmed
from blindspot.remediation.writes import Write
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import Verdict, assess, compliant_regions
from filter_pattern import Answer, Predicate, Proofs, Records, proofs
from filter_pattern.find import decide
from filter_pattern.steps import Steps
from tests.builders import (
    HOME,
    REGIONS,
    a_compliant_snapshot,
    a_filter,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.snapshots import snapshots

PROFILE = profile.load(profile.DEFAULT)
SOMEBODY = Subscriber("sqs", "arn:aws:sqs:eu-west-1:123456789012:alerts")
HALF, OTHER_HALF = '{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }'
READS, WRITES = (EventSelectors((EventSelector(kind),)) for kind in ("ReadOnly", "WriteOnly"))
AWAY = "us-east-1"
BUILD = ["metric filter", "topic", "subscription", "alarm"]

Channel = tuple[str, str, dict[str, object], tuple[MetricFilter, ...], tuple[Alarm, ...]]
"""A region and a name; how the trail is bent; the filters of its log group, and the alarms beside it."""


def an_account(*channels: Channel) -> Snapshot:
    """Of these channels, with a topic in each of their regions that notifies somebody."""
    alarms: dict[tuple[str, str], tuple[Alarm, ...]] = {}
    groups = {}
    for region, name, _, filters, beside in channels:
        arn = log_group_arn(region, name)
        groups[arn] = LogGroup(arn, filters)
        alarms[place_of(arn)] = alarms.get(place_of(arn), ()) + beside
    trails = tuple(a_trail(region, name, **bent) for region, name, bent, *_ in channels)
    topics = {topic_arn(region): a_topic(topic_arn(region)) for region in (HOME, AWAY)}
    return replace(a_compliant_snapshot(trails=trails, topics=topics), log_groups=groups, alarms=alarms)


def planned(
    snapshot: Snapshot, subscriber: Subscriber | None = SOMEBODY, run: Proofs | None = None, **taken: Owner
) -> Plan:
    """The plan where what bears our names is somebody's, unless it is said whose the alarms or topics are."""
    there = {arn for arn, topic in snapshot.topics.items() if topic is not None}
    there |= {alarm.arn for alarms in snapshot.alarms.values() if isinstance(alarms, tuple) for alarm in alarms}
    owners: dict[str, Owner] = {}
    for place in map(place_of, repairable_log_groups(snapshot)):
        for kind, arns in (("alarm", alarm_arns), ("topic", topic_arns)):
            for arn in arns([PROFILE.names], "aws", place):
                owners[arn] = taken.get(kind, Owner.SOMEBODY) if arn in there else Owner.NOBODY
    held = Holdings(owners, alarms={arn: {} for arn in there})
    return plan(assess(snapshot, PROFILE), PROFILE, held, (subscriber,) if subscriber else (), run)


def titles(found: Plan) -> list[str]:
    return [each.action.title.removeprefix("create ") for each in found.actions]


def after(snapshot: Snapshot, found: Plan) -> dict[str, Verdict]:
    for each in found.actions:
        snapshot = each.action.on(snapshot)
    return {region.region: region.verdict for region in assess(with_subscriptions_confirmed(snapshot), PROFILE).regions}


def without_topics(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, topics={})


RIGHT, INSENSITIVE = a_filter(), an_alarm(threshold=10.0)
SMALLEST: dict[str, tuple[Snapshot, list[str]]] = {
    "nothing but a trail": (without_topics(an_account((HOME, "a", {}, (), ()))), BUILD),
    "the source's topic notifies somebody": (an_account((HOME, "a", {}, (), ())), ["metric filter", "alarm"]),
    "a right filter": (an_account((HOME, "a", {}, (RIGHT,), ())), ["alarm"]),
    "a right filter, and no topic": (
        without_topics(an_account((HOME, "a", {}, (RIGHT,), ()))),
        ["topic", "subscription", "alarm"],
    ),
    "an alarm that needs ten calls": (an_account((HOME, "a", {}, (RIGHT,), (INSENSITIVE,))), ["alarm"]),
    "half a filter with its alarm": (an_account((HOME, "a", {}, (a_filter(HALF),), (an_alarm(),))), ["metric filter"]),
    "two halves, one without an alarm": (
        an_account(
            (HOME, "a", {}, (a_filter(HALF), a_filter(OTHER_HALF, name="other", metric="other")), (an_alarm(),)),
        ),
        ["alarm"],
    ),
    "a filter for something else": (
        an_account((HOME, "a", {}, (a_filter("{ $.eventName = DeleteVpc }"),), (an_alarm(),))),
        ["metric filter", "alarm"],
    ),
    "the trail that needs least": (
        an_account((HOME, "a", {}, (), ()), (AWAY, "b", {}, (RIGHT,), ())),
        ["alarm"],
    ),
    "the trail of all regions": (
        an_account(
            (HOME, "a", {"multi_region": False}, (RIGHT,), ()),
            ("eu-central-1", "b", {"multi_region": False}, (RIGHT,), ()),
            (AWAY, "c", {}, (), ()),
        ),
        ["metric filter", "alarm"],
    ),
    "a trail of reads and one of writes": (
        an_account((HOME, "a", {"selectors": READS}, (), ()), (HOME, "b", {"selectors": WRITES}, (), ())),
        ["metric filter", "metric filter", "alarm"],
    ),
    "a trail of reads and one of writes, two regions": (
        an_account((HOME, "a", {"selectors": READS}, (), ()), (AWAY, "b", {"selectors": WRITES}, (RIGHT,), ())),
        ["metric filter", "alarm", "alarm"],
    ),
}


@pytest.mark.parametrize(("snapshot", "wanted"), SMALLEST.values(), ids=SMALLEST)
def test_the_smallest_plan(snapshot: Snapshot, wanted: list[str]) -> None:
    found = planned(snapshot)
    assert sorted(titles(found)) == sorted(wanted)
    assert set(after(snapshot, found).values()) == {Verdict.COMPLIANT}
    assert found.manual_tasks == ()
    for number in range(len(found.actions)):
        fewer = replace(found, actions=found.actions[:number] + found.actions[number + 1 :])
        assert set(after(snapshot, fewer).values()) != {Verdict.COMPLIANT}


def test_an_action_needs_what_it_builds_upon() -> None:
    actions = [each.action for each in planned(SMALLEST["nothing but a trail"][0]).actions]
    needs = {action.title: action.needs for action in actions}
    resources = {action.title: action.resource for action in actions}
    assert needs["create subscription"] == (resources["create topic"],)
    assert set(needs["create alarm"]) == {resources["create topic"], resources["create metric filter"]}


def test_a_regional_trail_leaves_the_rest_to_a_person() -> None:
    snapshot = an_account((HOME, "a", {"multi_region": False}, (RIGHT,), ()))
    found = planned(snapshot)
    assert titles(found) == ["alarm"]
    (task,) = found.manual_tasks
    assert (task.code, set(task.regions)) == ("trail.missing", {*REGIONS, "future"} - {HOME})
    assert task.cloudformation is not None
    assert "AWS::CloudTrail::Trail" in {made["Type"] for made in task.cloudformation["Resources"].values()}


@pytest.mark.parametrize("bent", [{"status": Unreadable("x:Y", HOME, "Timeout")}, {"multi_region": False}])
def test_nothing_is_done_that_makes_no_region_compliant(bent: dict[str, object]) -> None:
    snapshot = an_account((HOME, "a", {"multi_region": False} | bent, (a_filter(HALF),), ()))
    unsure = replace(snapshot, alarms={place_of(log_group_arn()): Unreadable("x:Y", HOME, "Timeout")})
    assert planned(unsure).actions == ()
    assert planned(unsure).manual_tasks


def test_another_accounts_log_group_is_not_ours_to_repair() -> None:
    snapshot = an_account((HOME, "a", {}, (), ()))
    foreign = log_group_arn(HOME, "a").replace("123456789012", "999988887777")
    trail = replace(snapshot.trails[0], log_group_arn=foreign)
    snapshot = replace(
        snapshot, trails=(trail,), log_groups={foreign: LogGroup(foreign, ())}, alarms={place_of(foreign): ()}
    )
    assert repairable_log_groups(snapshot) == ()
    assert [task.code for task in planned(snapshot).manual_tasks] == ["filter.missing"]


@pytest.mark.parametrize("kind", ["alarm", "topic"])
def test_what_is_ours_already_is_used(kind: str) -> None:
    snapshot = without_topics(an_account((HOME, "a", {}, (), ())))
    found = planned(snapshot)
    for each in found.actions:
        snapshot = each.action.on(snapshot)
    gone = {"alarms": {place_of(log_group_arn()): ()}} if kind == "alarm" else {"topics": {topic_arn(): None}}
    again = planned(replace(snapshot, **gone), alarm=Owner.US, topic=Owner.US)
    assert titles(again) == (["alarm"] if kind == "alarm" else ["topic", "subscription"])


def test_a_topic_of_ours_that_cannot_notify_gives_way_to_one_that_does() -> None:
    snapshot = an_account((HOME, "a", {}, (RIGHT,), (an_alarm(threshold=10.0, actions=(topic_arn(HOME, "ops"),)),)))
    subscribed = Subscription("arn:mine", SOMEBODY.protocol, endpoint=SOMEBODY.endpoint)
    ours = a_topic(policy="somebody wrote this", subscriptions=(subscribed,))
    snapshot = replace(snapshot, topics={ours.arn: ours, topic_arn(HOME, "ops"): a_topic(topic_arn(HOME, "ops"))})
    found = planned(snapshot, topic=Owner.US)
    assert titles(found) == ["alarm"]
    assert [task.code for task in found.manual_tasks] == ["topic.policy"]
    assert set(after(snapshot, found).values()) == {Verdict.COMPLIANT}


def test_a_topic_that_could_not_be_read_is_not_taken_for_missing() -> None:
    snapshot = an_account((HOME, "a", {}, (), ()))
    snapshot = replace(snapshot, topics={topic_arn(): Unreadable("sns:GetTopicAttributes", HOME, "AuthorizationError")})
    assert planned(snapshot, topic=Owner.US).actions == ()


def test_less_than_everything_is_done_where_that_is_enough() -> None:
    """Both names of the alarm are taken, and yet a filter on the metric of an alarm that notifies somebody would do."""
    snapshot = an_account((HOME, "a", {}, (a_filter(HALF),), (an_alarm(),)))
    found = plan(assess(snapshot, PROFILE), PROFILE, Holdings(), (SOMEBODY,))
    assert titles(found) == ["metric filter"]
    assert found.manual_tasks == ()


def test_our_one_alarm_is_not_moved_away_from_what_it_watches() -> None:
    """Our alarm watches a regional trail's metric; another trail's filter, on another one, leaves that region out."""
    elsewhere = a_filter(f'{{ ({RIGHT.pattern[2:-2]}) && ($.awsRegion != "{HOME}") }}', name="b", metric="b")
    mine = an_alarm(name=PROFILE.names.alarm, missing_data="notBreaching")
    snapshot = an_account((HOME, "a", {"multi_region": False}, (RIGHT,), (mine,)), (HOME, "b", {}, (elsewhere,), ()))
    before = {region.region: region.verdict for region in assess(snapshot, PROFILE).regions}
    assert before[HOME] is Verdict.COMPLIANT
    healed = after(snapshot, planned(snapshot, alarm=Owner.US))
    assert healed[HOME] is Verdict.COMPLIANT


def test_a_name_of_somebody_else_gets_the_suffix() -> None:
    snapshot = an_account((HOME, "a", {}, (RIGHT,), ()))
    owners = dict.fromkeys(topic_arns([PROFILE.names], "aws", place_of(log_group_arn())), Owner.SOMEBODY)
    first, second, _ = alarm_arns([PROFILE.names], "aws", place_of(log_group_arn()))
    found = plan(
        assess(snapshot, PROFILE),
        PROFILE,
        Holdings(owners | {first: Owner.SOMEBODY, second: Owner.NOBODY}),
        (SOMEBODY,),
    )
    (alarm,) = [each.action for each in found.actions]
    assert alarm.resource == second


def test_no_second_alarm_is_created_where_the_first_may_be_ours() -> None:
    snapshot = an_account((HOME, "a", {}, (RIGHT,), ()))
    owners = dict.fromkeys(topic_arns([PROFILE.names], "aws", place_of(log_group_arn())), Owner.SOMEBODY)
    first, second, _ = alarm_arns([PROFILE.names], "aws", place_of(log_group_arn()))
    found = plan(
        assess(snapshot, PROFILE), PROFILE, Holdings(owners | {first: Owner.UNKNOWN, second: Owner.NOBODY}), (SOMEBODY,)
    )
    assert found.actions == ()
    assert "name.taken" in [task.code for task in found.manual_tasks]


def regional(*regions: str, filters: tuple[MetricFilter, ...] = ()) -> Snapshot:
    """An account with a trail in each of these regions, which observes nothing else."""
    channels: list[Channel] = [(region, "trail", {"multi_region": False}, filters, ()) for region in regions]
    account = an_account(*channels)
    return replace(
        account,
        regions=tuple(sorted(regions)),
        topics={topic_arn(region): a_topic(topic_arn(region)) for region in regions},
    )


def unfinished(found: Plan, snapshot: Snapshot) -> None:
    """It has the whole plan for some parts of the account, and says which regions have none."""
    whole = planned(snapshot)
    assert found.expected is found.expected_confirmed is None
    assert found.partial is not None
    (task,) = [task for task in found.manual_tasks if task.code == "plan.unfinished"]
    assert found.partial in task.message
    planned_for = {region for each in found.actions for region in each.heals}
    assert planned_for.isdisjoint(task.regions)
    assert [each for each in whole.actions if set(each.heals) <= planned_for] == list(found.actions)
    told = {region for each in found.manual_tasks for region in each.regions}
    broken = {region.region for region in assess(snapshot, PROFILE).regions if region.verdict is Verdict.NON_COMPLIANT}
    assert broken <= planned_for | told


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (Proofs(steps=0), "all the steps that one assessment may take"),
        (Proofs(steps=300), "all the steps that one assessment may take"),
        (Proofs(stop=lambda: True), "no time left"),
    ],
)
def test_a_plan_whose_proofs_end_at_once_does_nothing_and_says_so(run: Proofs, reason: str) -> None:
    snapshot = an_account((HOME, "a", {}, (a_filter(HALF),), (an_alarm(),)))
    found = planned(snapshot, run=run)
    unfinished(found, snapshot)
    assert found.actions == ()
    assert reason in found.manual_tasks[0].message


def stopping_after(questions: int) -> Callable[[], bool]:
    asked = iter(range(questions))
    return lambda: next(asked, None) is None


@pytest.mark.parametrize("places", [1, 3])
def test_what_is_planned_when_time_runs_out_is_returned(places: int) -> None:
    """The time ends after so many questions. The function's own region is planned first."""
    snapshot = regional(*(f"aa-test-{number}" for number in range(6)), HOME)
    actions = len(planned(regional(HOME)).actions)
    for last in range(2000):
        found = planned(snapshot, run=Proofs(stop=stopping_after(last)))
        if len(found.actions) >= places * actions:
            break
    unfinished(found, snapshot)
    assert len(found.actions) == places * actions
    assert found.actions[0].heals == (HOME,)
    assert found.partial == "there was no time left to decide filter patterns"


@given(snapshots(), st.integers(0, 60_000))
def test_with_fewer_steps_the_plan_is_the_same_or_less(snapshot: Snapshot, steps: int) -> None:
    run = Proofs(steps=steps)
    found = planned(snapshot, run=run)
    if found != planned(snapshot):
        assert run.over
        unfinished(found, snapshot)


def many_filters(patterns: Iterable[str]) -> tuple[MetricFilter, ...]:
    return tuple(a_filter(pattern, name=f"f{each}", metric=f"m{each}") for each, pattern in enumerate(patterns))


@pytest.mark.parametrize("filters", [(), many_filters(f"{{ $.eventName = DeleteVpc{each} }}" for each in range(99))])
@pytest.mark.parametrize("places", [1, 2, 8])
def test_the_assessments_of_a_plan_grow_with_the_places_and_not_with_their_filters(
    places: int, filters: tuple[MetricFilter, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    trails: list[int] = []

    def noted(snapshot: Snapshot, *rest: Any) -> frozenset[str]:
        trails.append(len(snapshot.trails))
        return compliant_regions(snapshot, *rest)

    monkeypatch.setattr(search, "compliant_regions", noted)
    planned(regional(*(f"aa-test-{number}" for number in range(places)), filters=filters))
    assert set(trails) == {1}
    assert len(trails) <= 10 * places


def test_alike_metrics_are_tried_once_and_others_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred half filters, on a metric each: any of them with an alarm is less than a filter and an alarm."""
    asked: list[Snapshot] = []

    def noted(snapshot: Snapshot, *rest: Any) -> frozenset[str]:
        asked.append(snapshot)
        return compliant_regions(snapshot, *rest)

    monkeypatch.setattr(search, "compliant_regions", noted)
    counts = []
    for patterns in ([HALF] * 99, [f'{{ $.errorCode = "AccessDenied{each}*" }}' for each in range(99)]):
        asked.clear()
        assert titles(planned(an_account((HOME, "a", {}, many_filters(patterns), ())))) == ["metric filter", "alarm"]
        counts.append(len(asked))
    alike, distinct = counts
    assert alike <= 12
    assert distinct <= alike + 2 * MOST_METRICS


def test_the_assessments_of_a_plan_share_their_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Predicate, Records]] = []

    def noted(predicate: Predicate, records: Records, steps: Steps) -> Answer:
        asked.append((predicate, records))
        return decide(predicate, records, steps)

    monkeypatch.setattr(proofs, "decide", noted)
    assert planned(an_account((HOME, "a", {}, (a_filter(HALF),), (an_alarm(),)), (AWAY, "b", {}, (), ()))).actions
    # `planned` assesses on its own first.
    assert max(Counter(asked).values()) <= 2


@given(snapshots())
def test_a_plan_spoils_nothing_and_has_nothing_needless(snapshot: Snapshot) -> None:
    before = {
        region.region: region.verdict for region in assess(with_subscriptions_confirmed(snapshot), PROFILE).regions
    }
    found = planned(snapshot)
    healed = after(snapshot, found)
    assert all(healed[name] is Verdict.COMPLIANT for name, was in before.items() if was is Verdict.COMPLIANT)
    better = {name for name, verdict in healed.items() if verdict is Verdict.COMPLIANT} - {
        name for name, verdict in before.items() if verdict is Verdict.COMPLIANT
    }
    assert bool(better) == bool(found.actions)
    for number in range(len(found.actions)):
        fewer = after(snapshot, replace(found, actions=found.actions[:number] + found.actions[number + 1 :]))
        lost = {name for name in better if fewer[name] is not Verdict.COMPLIANT}
        assert lost
        assert set(found.actions[number].heals) == lost
    told = {region for task in found.manual_tasks for region in task.regions}
    assert {name for name, verdict in healed.items() if verdict is Verdict.NON_COMPLIANT} <= told
    assert {each.action.resource: set(each.heals) for each in found.actions} == {
        each.action.resource: {
            name
            for name in better
            if after(snapshot, replace(found, actions=tuple(other for other in found.actions if other is not each)))[
                name
            ]
            is not Verdict.COMPLIANT
        }
        for each in found.actions
    }
    assert found.expected_confirmed is max(healed.values(), key=lambda verdict: verdict.badness)


EXPECTED: dict[str, tuple[Snapshot, Subscriber, tuple[Verdict, Verdict]]] = {
    "nobody has to confirm": (
        SMALLEST["nothing but a trail"][0],
        SOMEBODY,
        (Verdict.COMPLIANT, Verdict.COMPLIANT),
    ),
    "somebody has to confirm": (
        SMALLEST["nothing but a trail"][0],
        Subscriber("email", "a@example.com"),
        (Verdict.NON_COMPLIANT, Verdict.COMPLIANT),
    ),
    "other regions have no trail": (
        an_account((HOME, "a", {"multi_region": False}, (), ())),
        SOMEBODY,
        (Verdict.NON_COMPLIANT, Verdict.NON_COMPLIANT),
    ),
    "the regions are not known": (
        replace(SMALLEST["nothing but a trail"][0], regions=Unreadable("ec2:DescribeRegions", HOME, "Timeout")),
        SOMEBODY,
        (Verdict.INDETERMINATE, Verdict.INDETERMINATE),
    ),
    "nothing to do": (a_compliant_snapshot(), SOMEBODY, (Verdict.COMPLIANT, Verdict.COMPLIANT)),
}


@pytest.mark.parametrize(("snapshot", "subscriber", "verdicts"), EXPECTED.values(), ids=EXPECTED)
def test_the_verdict_to_expect(snapshot: Snapshot, subscriber: Subscriber, verdicts: tuple[Verdict, Verdict]) -> None:
    found = planned(snapshot, subscriber)
    assert (found.expected, found.expected_confirmed) == verdicts
    assert found.partial is None


@pytest.mark.parametrize(("filters", "told"), [((), ["{ $.readOnly IS TRUE }"]), ((RIGHT,), [])])
def test_an_exclusion_that_cannot_be_written_is_told_where_a_filter_is_planned(
    filters: tuple[MetricFilter, ...], told: list[str]
) -> None:
    benign = [*(pattern.text for pattern in PROFILE.benign), "{ $.readOnly IS TRUE }"]
    excusing = profile.load(profile.DEFAULT, {"benign": benign})
    snapshot = an_account((HOME, "a", {}, filters, ()))
    names = alarm_arns([excusing.names], "aws", place_of(log_group_arn()))
    found = plan(assess(snapshot, excusing), excusing, Holdings(dict.fromkeys(names, Owner.NOBODY)), (SOMEBODY,))
    assert titles(found)[-1:] == ["alarm"]
    assert [task.resource for task in found.manual_tasks if task.code == "exclusion.left-out"] == told


def setting(alarm: MetricAlarm) -> Write:
    """Sets our alarm as the settings say."""
    request = Request("cloudwatch:PutMetricAlarm", HOME, {"Threshold": alarm.threshold})
    guard = Guard(alarm.arn, (), {})
    return Write("update alarm", "alarm", alarm.arn, request, None, None, {}, guard, then=alarm)


MINE, THEIRS = an_alarm(name=PROFILE.names.alarm), an_alarm(name="theirs", namespace="Other")
SETTINGS: dict[str, tuple[tuple[Alarm, ...], tuple[MetricAlarm, ...], list[str], list[str]]] = {
    "what changes no verdict": ((MINE,), (replace(MINE, period=60),), ["settings.differ"], []),
    "what makes a region COMPLIANT": (
        (replace(MINE, threshold=9.0),),
        (MINE,),
        ["alarm.insensitive"],
        [],
    ),
    "what would take COMPLIANT away": ((MINE,), (replace(MINE, threshold=9.0),), [], ["settings.contradict"]),
    "one that would, and one that would not": (
        (MINE, THEIRS),
        (replace(MINE, threshold=9.0), replace(THEIRS, period=60)),
        ["settings.differ"],
        ["settings.contradict"],
    ),
}


@pytest.mark.parametrize(("alarms", "settings", "gaps", "tasks"), SETTINGS.values(), ids=SETTINGS)
def test_what_is_ours_is_set_to_what_the_settings_say_but_takes_compliant_from_no_region(
    alarms: tuple[Alarm, ...],
    settings: tuple[MetricAlarm, ...],
    gaps: list[str],
    tasks: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "converge", lambda *_: tuple((setting(alarm),) for alarm in settings))
    snapshot = an_account((HOME, "a", {}, (RIGHT,), alarms))
    before = {region.region: region.verdict for region in assess(snapshot, PROFILE).regions}
    found = planned(snapshot, alarm=Owner.US)
    assert [each.gap for each in found.actions] == gaps
    assert [task.code for task in found.manual_tasks] == tasks
    assert set(after(snapshot, found).values()) == {Verdict.COMPLIANT}
    assert found.expected is Verdict.COMPLIANT
    healed = {name for name, verdict in before.items() if verdict is not Verdict.COMPLIANT}
    assert {name for each in found.actions for name in each.heals} == healed
    # No thing is written to twice.
    resources = [each.action.resource for each in found.actions]
    assert len(resources) == len(set(resources))
    told = {name for task in found.manual_tasks if task.code == "settings.contradict" for name in task.regions}
    assert told == (set(before) if tasks else set())

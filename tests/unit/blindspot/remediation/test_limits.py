"""What exceeds a limit of AWS is a manual step, and nothing is made for its sake."""

from dataclasses import replace

import pytest

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import short
from blindspot.model.profile import load
from blindspot.model.snapshot import Alarm, LogGroup, MetricFilter, Snapshot
from blindspot.remediation.ledger import Entry, Ledger, encoded
from blindspot.remediation.limits import MOST_ALARMS, MOST_FILTERS, exceeded
from blindspot.remediation.writes import put_filter
from blindspot.verdict.assessment import Verdict
from tests.builders import ACCOUNT, HOME, NOW, a_compliant_snapshot, a_filter, an_alarm, log_group_arn
from tests.unit.blindspot.remediation.test_plan import HALF, planned, titles

PLACE = (ACCOUNT, HOME)


def unrelated(number: int) -> tuple[MetricFilter, ...]:
    return tuple(
        a_filter(f"{{ $.eventName = DeleteVpc{each} }}", name=f"f{each}", metric=f"m{each}") for each in range(number)
    )


def other_alarms(number: int) -> tuple[Alarm, ...]:
    return tuple(an_alarm(name=f"a{each}", namespace="Other") for each in range(number))


FULL: dict[str, tuple[Snapshot, str]] = {
    "a hundred filters": (a_compliant_snapshot(filters=unrelated(MOST_FILTERS), alarms=(), topics={}), log_group_arn()),
    "a hundred filters, and a topic that notifies": (
        a_compliant_snapshot(filters=unrelated(MOST_FILTERS), alarms=()),
        log_group_arn(),
    ),
    "five thousand alarms": (
        a_compliant_snapshot(filters=(), alarms=other_alarms(MOST_ALARMS), topics={}),
        f"alarms in {HOME}",
    ),
}


@pytest.mark.parametrize(("snapshot", "resource"), FULL.values(), ids=FULL)
def test_where_there_is_no_room_nothing_is_made_and_a_person_is_told(snapshot: Snapshot, resource: str) -> None:
    found = planned(snapshot)
    assert found.actions == ()
    assert found.expected is Verdict.NON_COMPLIANT
    (task,) = [task for task in found.manual_tasks if task.code == "limit.reached"]
    assert task.message in (
        "Log group management-events has 100 metric filters. AWS allows no more.",
        f"There are 5,000 alarms in {HOME}, as many as CloudWatch allows by default.",
    )
    assert (task.resource, set(task.regions)) == (resource, {"eu-central-1", HOME, "us-east-1", "future"})


ROOM: dict[str, tuple[Snapshot, list[str]]] = {
    "for the hundredth filter": (
        a_compliant_snapshot(filters=unrelated(MOST_FILTERS - 1), alarms=()),
        ["metric filter", "alarm"],
    ),
    "a right one is among the hundred": (
        a_compliant_snapshot(filters=(*unrelated(MOST_FILTERS - 1), a_filter()), alarms=()),
        ["alarm"],
    ),
    "for the last alarm": (
        a_compliant_snapshot(filters=(), alarms=other_alarms(MOST_ALARMS - 1)),
        ["metric filter", "alarm"],
    ),
    "the quota of alarms was raised": (
        a_compliant_snapshot(filters=(), alarms=other_alarms(MOST_ALARMS + 1)),
        ["metric filter", "alarm"],
    ),
    "no alarm is created": (
        a_compliant_snapshot(filters=(a_filter(HALF),), alarms=(an_alarm(), *other_alarms(MOST_ALARMS - 1))),
        ["metric filter"],
    ),
}


@pytest.mark.parametrize(("snapshot", "wanted"), ROOM.values(), ids=ROOM)
def test_what_there_is_room_for_is_made(snapshot: Snapshot, wanted: list[str]) -> None:
    found = planned(snapshot)
    assert titles(found) == wanted
    assert "limit.reached" not in {task.code for task in found.manual_tasks}


def test_another_log_group_is_repaired_where_one_is_full() -> None:
    full = a_compliant_snapshot(filters=unrelated(MOST_FILTERS), alarms=())
    other = replace(full.trails[0], arn=f"{full.trails[0].arn}-2", log_group_arn=log_group_arn(name="other"))
    groups = {**full.log_groups, log_group_arn(name="other"): LogGroup(log_group_arn(name="other"), ())}
    found = planned(replace(full, trails=(*full.trails, other), log_groups=groups))
    assert titles(found) == ["metric filter", "alarm"]
    assert log_group_arn(name="other") in found.actions[0].action.resource
    assert found.manual_tasks == ()


def entry(written: int, is_made: bool) -> Ledger:
    resource = filter_resource(log_group_arn(), load("cis-level-2").names.filter)
    made = Entry.new(resource, "", {"filterPattern": "x" * written}, NOW)
    return Ledger({resource: made.settled() if is_made else made})


@pytest.mark.parametrize(
    ("ledger", "pattern", "is_room"),
    [
        (Ledger(), 1000, True),
        (Ledger(), 2900, False),
        # The ledger has what is there and what is being written at the same time.
        (entry(1000, is_made=True), 1000, True),
        (entry(1900, is_made=True), 1000, False),
    ],
)
def test_what_the_ledger_cannot_hold_is_not_made(ledger: Ledger, pattern: int, is_room: bool) -> None:
    wanted = a_filter("x" * pattern, name=load("cis-level-2").names.filter)
    found = exceeded(put_filter(log_group_arn(), wanted, None), a_compliant_snapshot(filters=()), ledger)
    assert (found is None) is is_room
    assert found is None or "SSM allows 4,096" in found.message


@pytest.mark.parametrize("is_known", [False, True])
def test_the_size_of_an_entry_is_the_one_that_the_ledger_will_write(is_known: bool) -> None:
    names, written, plan = load("cis-level-2").names, a_filter("x" * 3000), "1" * 64
    action = put_filter(log_group_arn(), replace(written, name=names.filter), None)
    assert action.written is not None
    known = replace(Entry.new(action.resource, "p", {"unit": "x" * 50}, NOW), now={"other": "y" * 10})
    will = known.intending(plan, action.written) if is_known else Entry.new(action.resource, plan, action.written, NOW)
    found = exceeded(action, a_compliant_snapshot(filters=()), Ledger({action.resource: known} if is_known else {}))
    assert found is not None
    assert (found.resource, found.fix) == (
        action.resource,
        "Set a shorter pattern, shorter names or fewer tags in Overrides, then plan again.",
    )
    size = len(encoded(will, ""))
    assert found.message == (
        f"The ledger's entry of {short(action.resource)} would have {size:,} bytes. SSM allows 4,096."
    )

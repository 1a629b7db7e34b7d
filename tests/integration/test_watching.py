"""Who watches the watcher: what the stack's alarms do when Blindspot itself fails, and that they are no part of what
it assesses."""

import re
from pathlib import Path

import pytest

from local.accounts import CIS, HALF_RIGHT, a_compliant_account
from local.aws import LocalAws
from tests.cloudwatch import State, states_of
from tests.goldens import steady
from tests.integration import evaluating, remediating
from tests.integration.watching import TRIALS, alarms, cells, watches
from tests.scenarios.bends import HOME

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"


def told() -> dict[str, tuple[str, ...]]:
    """By fault, what the runbook's table says is seen of it."""
    section = RUNBOOK.read_text().partition("\n## What is seen of a fault\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")][2:]
    return {fault: tuple(seen) for faults, *seen in rows for fault in faults.split("; ")}


@pytest.mark.parametrize("fault", TRIALS)
def test_an_operator_sees_what_the_runbook_says(fault: str) -> None:
    """`python -m tests.integration.watching` prints the table anew."""
    assert cells(TRIALS[fault]()) == told()[fault]


def test_the_runbook_tells_of_no_other_fault() -> None:
    assert set(told()) == set(TRIALS)


def test_each_alarm_goes_to_alarm_in_some_trial() -> None:
    named = {name for seen in told().values() for cell in seen for name in re.findall(r"`([a-z-]+)`", cell)}
    assert named == {watch.name for watch in watches()}


SILENCE = next(watch.alarm for watch in watches() if watch.name == "silence")


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        pytest.param([1], "OK", id="a new stack's first run reports"),
        pytest.param([0], "ALARM", id="it does not"),
        pytest.param([1, *[None] * 46], "OK", id="nothing since for almost two days"),
        pytest.param([1, *[None] * 50], "ALARM", id="nothing since for more than two days"),
        pytest.param([*[None] * 60, 1], "OK", id="a verdict is reported again"),
        pytest.param([1, *[None] * 23, 0, *[None] * 23], "OK", id="AWS Config took one of the last two"),
    ],
)
def test_silence_is_two_days_without_a_verdict(hours: list[float | None], state: State) -> None:
    assert states_of(SILENCE, hours)[-1] == state


@pytest.mark.parametrize("name", ["evaluator-errors", "evaluator-throttles", "unreported-runs"])
def test_a_fault_of_every_run_is_one_alarm_and_not_one_for_each_run(name: str) -> None:
    """Runs are six hours apart, and a run that only starts an evaluation succeeds between two that fail."""
    alarm = next(watch.alarm for watch in watches() if watch.name == name)
    week = [1.0 if hour % 6 == 0 else 0.0 if hour % 6 == 3 else None for hour in range(7 * 24)]
    assert set(states_of(alarm, week)) == {"ALARM"}
    assert states_of(alarm, [*week, *[None] * 20])[-1] == "ALARM"
    assert states_of(alarm, [*week, *[None] * 26])[-1] == "OK"


@pytest.mark.parametrize("pattern", [CIS, HALF_RIGHT])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "without an alarm"])
def test_the_stacks_alarms_are_no_part_of_what_is_assessed(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, pattern: str, whole: bool
) -> None:
    """Not even if they notify the topic that the control's alarm notifies."""
    made = a_compliant_account(aws, pattern=pattern)
    if not whole:
        aws.client("cloudwatch", made.region).delete_alarms(AlarmNames=[made.alarm])
    for name, value in remediating.SETTINGS.items():
        monkeypatch.setenv(name, value)

    def found() -> tuple[object, object]:
        planned = steady(remediating.run("plan"))
        planned["notices"] = [re.sub(r"has \d+ alarms", "has N alarms", notice) for notice in planned["notices"]]
        return steady(evaluating.invoke({"action": "assess"})), planned

    before = found()
    for properties in alarms(OperationsTopicArn=made.topic):
        aws.client("cloudwatch", made.region).put_metric_alarm(**properties)
    held = aws.client("cloudwatch", made.region).describe_alarms()["MetricAlarms"]
    assert len(held) == len(alarms()) + whole
    assert {action for alarm in held for action in alarm["AlarmActions"]} == {made.topic}
    assert found() == before


def test_without_a_topic_the_alarms_notify_nobody() -> None:
    assert not any(properties["AlarmActions"] or properties["OKActions"] for properties in alarms())
    topic = f"arn:aws:sns:{HOME}:123456789012:operations"
    given = alarms(OperationsTopicArn=topic)
    assert all(properties[key] == [topic] for properties in given for key in ("AlarmActions", "OKActions"))

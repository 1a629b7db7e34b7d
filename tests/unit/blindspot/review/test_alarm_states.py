"""The state of an alarm at the end of each period is what the user guide says, and what the simulation makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.review.alarm_states import TREATMENTS, Evaluation, changes_to_alarm, states
from tests import cloudwatch

READ = {"-": None, "0": False, "X": True}
RETAIN = "retain current state"

# "Configuring how CloudWatch alarms treat missing data", both tables, M out of N being 3 out of 3 and 2 out of 3.
DOCUMENTED = [
    (3, "0-X-X", ("OK", "OK", "OK", "OK")),
    (3, "0----", ("OK", "OK", "OK", "OK")),
    (3, "-----", ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
    (3, "0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (3, "--X--", ("ALARM", RETAIN, "ALARM", "OK")),
    (2, "0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0-X--", ("OK", "OK", "ALARM", "OK")),
    (2, "----0", ("OK", "OK", "ALARM", "OK")),
    (2, "---X-", ("ALARM", RETAIN, "ALARM", "OK")),
]


@pytest.mark.parametrize(("column", "treatment"), list(enumerate(TREATMENTS)))
@pytest.mark.parametrize(("datapoints", "points", "documented"), DOCUMENTED)
@pytest.mark.parametrize("before", ["", "XXXXX", "00000"])
def test_the_documented_tables(
    before: str, datapoints: int, points: str, documented: tuple[str, ...], column: int, treatment: str
) -> None:
    found = list(states(Evaluation(3, datapoints, treatment), f"{before}{points}".encode()))
    assert found[-1] == (found[-2] if documented[column] == RETAIN else documented[column])


@pytest.mark.parametrize(("before", "state"), [("XXX", "ALARM"), ("000", "OK"), ("", "OK")])
def test_a_state_is_retained(before: str, state: str) -> None:
    found = list(states(Evaluation(3, 3, "ignore"), f"{before}--X-----".encode()))
    assert set(found[len(before) :]) == {state}


@pytest.mark.parametrize(
    ("evaluation", "points", "expected"),
    [
        (Evaluation(1, 1, "notBreaching"), "-X-XX-0X", "OAAAAAOA"),
        (Evaluation(1, 1, "missing"), "-X--X---", "IAAAAAAI"),
        (Evaluation(1, 1, "ignore"), "-X----0-", "OAAAAAOO"),
        (Evaluation(1, 1, "breaching"), "-0--X-0-", "AOOOAAOO"),
        (Evaluation(2, 2, "notBreaching"), "X0XX0000", "OOOAOOOO"),
        (Evaluation(2, 2, "missing"), "X-----00", "OAAAIIOO"),
        (Evaluation(2, 1, "ignore"), "X---0-", "AAAAOO"),
        (Evaluation(2, 1, "missing"), "X----0", "AAAAIO"),
        (Evaluation(3, 2, "notBreaching"), "X0X000-X", "OOAOOOOO"),
        (Evaluation(3, 3, "missing"), "--X-----", "IIOOAAAI"),
    ],
)
def test_state_by_state(evaluation: Evaluation, points: str, expected: str) -> None:
    assert "".join(state[0] for state in states(evaluation, points.encode())) == expected


@pytest.mark.parametrize(
    ("points", "changes"),
    [
        ("", []),
        ("0", []),
        ("X", [0]),
        ("XXX", [0]),
        ("0X0X", [1, 3]),
        # The evaluation range reaches two periods further back than N: the last data point counts as long.
        ("X--X", [0]),
        ("X---X", [0, 4]),
    ],
)
def test_each_change_to_alarm_counts_once(points: str, changes: list[int]) -> None:
    assert changes_to_alarm(Evaluation(1, 1, "notBreaching"), points.encode()) == changes


def test_an_alarm_on_missing_data_is_in_alarm_from_the_first_period_without_any() -> None:
    assert changes_to_alarm(Evaluation(1, 1, "breaching"), b"--0--") == [0]


evaluations = st.integers(1, 5).flatmap(
    lambda number: st.builds(Evaluation, st.just(number), st.integers(1, number), st.sampled_from(TREATMENTS))
)


@given(evaluations, st.text("-0X", max_size=60))
def test_the_states_are_those_of_the_simulation(evaluation: Evaluation, points: str) -> None:
    alarm = cloudwatch.Alarm(
        evaluation_periods=evaluation.evaluation_periods,
        datapoints=evaluation.datapoints,
        missing_data=evaluation.missing_data,  # type: ignore[arg-type]
        threshold=1,
    )
    values = [None if point is None else float(point) for point in map(READ.get, points)]
    simulated = cloudwatch.states_of(alarm, values, state="OK")
    assert list(states(evaluation, points.encode())) == simulated
    changes = [at for at, state in enumerate(simulated) if state == "ALARM" and (["OK", *simulated][at]) != "ALARM"]
    assert changes_to_alarm(evaluation, points.encode()) == changes

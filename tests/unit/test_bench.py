"""`make bench` judges ratios and counts, never the clock: a machine that is ten times slower passes as well."""

import pytest

from local import bench
from local.bench import ALLOWED, DELAY, ROUND_TRIPS, STATED, Measured, too_many


@pytest.mark.parametrize("name", STATED)
@pytest.mark.parametrize("slower", [0.1, 1, 10])
@pytest.mark.parametrize(("times", "over"), [(1, False), (0.99 * ALLOWED, False), (1.01 * ALLOWED, True)])
def test_only_a_ratio_over_three_times_the_stated_one_is_over(
    name: str, slower: float, times: float, over: bool
) -> None:
    _, stated = STATED[name]
    assert Measured(name, seconds=slower * times * stated, reference=slower).over is over


@pytest.mark.parametrize(
    ("regions", "trails", "delay", "calls", "round_trips", "found"),
    [
        (17, 1, 0.0, 29, 29, []),
        (17, 1, 0.0, 30, 29, ["30 calls for 17 regions"]),
        (17, 1, DELAY, 29, ALLOWED * ROUND_TRIPS, []),
        (17, 1, DELAY, 29, ALLOWED * ROUND_TRIPS + 1, ["22 round trips for 17 regions"]),
        (17, 50, DELAY, 272, 31, []),
    ],
)
def test_calls_and_round_trips_are_counted(
    regions: int, trails: int, delay: float, calls: int, round_trips: int, found: list[str]
) -> None:
    judged = {((regions, trails, 1), delay): {"calls": calls, "round_trips": round_trips}}
    assert list(too_many(judged)) == found


@pytest.mark.parametrize(("slow", "status"), [(False, 0), (True, 1)])
def test_the_exit_status_says_whether_something_is_over(
    slow: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"cpu": 100.0 if slow else 0.1, "reference": 1.0, "wall": 1e6, "calls": 1, "round_trips": 1, "memory": 1.0}
    monkeypatch.setattr(bench, "decisions", list)
    monkeypatch.setattr(bench, "imports", list)
    monkeypatch.setattr(bench, "judging", lambda *_: found)
    assert bench.main() == status
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == ("over the limit: evaluation of 17 regions" if slow else "all within the limits")


def test_a_new_interpreter_finds_the_modules_that_it_imports() -> None:
    assert bench.importing("filter_pattern") > 0

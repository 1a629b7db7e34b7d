"""`make bench` judges ratios and counts, never the clock: a machine that is ten times slower passes as well."""

import pytest

from local import bench, bench_plan
from local.bench import ALLOWED, DELAY, ROUND_TRIPS, STATED, Measured, too_many
from local.bench_plan import FILTERS, NOISE, PLACES, STEEPEST, too_steep


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


@pytest.mark.parametrize("slower", [1, 10])
@pytest.mark.parametrize(
    ("half", "whole", "found"),
    [
        (1.0, 1.99, []),
        (1.0, 0.99 * STEEPEST, []),
        (1.0, 1.01 * STEEPEST, ["a plan for 8 places of 99 filters: 2.5 times that for 4"]),
        (1.0, 4.0, ["a plan for 8 places of 99 filters: 4.0 times that for 4"]),
        # What takes next to nothing is not compared with less.
        (0.001 * NOISE, 0.09 * STEEPEST * NOISE, []),
    ],
)
def test_a_plan_for_twice_as_many_places_takes_about_twice_as_long(
    slower: float, half: float, whole: float, found: list[str]
) -> None:
    assert list(too_steep({(4, 99): slower * half, (8, 99): slower * whole, (8, 0): slower})) == found


def test_the_plans_of_the_bench_repair_every_place() -> None:
    assert bench_plan.planning(2, 12) > 0


LINEAR = {(places, filters): float(places) for places in PLACES for filters in FILTERS}
SQUARE = {(places, filters): float(places**2) for places in PLACES for filters in FILTERS}


@pytest.mark.parametrize(
    ("slow", "planned", "status", "told"),
    [
        (False, LINEAR, 0, "all within the limits"),
        (True, LINEAR, 1, "over the limit: evaluation of 17 regions"),
        (False, SQUARE, 1, "over the limit: a plan for 2 places of 0 filters: 4.0 times that for 1"),
    ],
)
def test_the_exit_status_says_whether_something_is_over(
    slow: bool,
    planned: dict[tuple[int, int], float],
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {"cpu": 100.0 if slow else 0.1, "reference": 1.0, "wall": 1e6, "calls": 1, "round_trips": 1, "memory": 1.0}
    monkeypatch.setattr(bench, "decisions", list)
    monkeypatch.setattr(bench, "imports", list)
    monkeypatch.setattr(bench, "judging", lambda *_: found)
    monkeypatch.setattr(bench_plan, "times", lambda: planned)
    assert bench.main() == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(told)


def test_a_new_interpreter_finds_the_modules_that_it_imports() -> None:
    assert bench.importing("filter_pattern") > 0

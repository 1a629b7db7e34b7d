"""`make bench` judges ratios and counts, never the clock: a machine that is ten times slower passes as well."""

import pytest

from local import bench, bench_plan, bench_review
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
    ("slow", "planned", "memory", "status", "told"),
    [
        (False, LINEAR, 256, 0, "all within the limits"),
        (True, LINEAR, 256, 1, "over the limit: evaluation of 17 regions"),
        (False, SQUARE, 256, 1, "over the limit: a plan for 2 places of 0 filters: 4.0 times that for 1"),
        (False, LINEAR, 257, 1, "over the limit: a review of 500,000 refused calls: 257 MB"),
    ],
)
def test_the_exit_status_says_whether_something_is_over(
    slow: bool,
    planned: dict[tuple[int, int], float],
    memory: float,
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
    monkeypatch.setattr(bench, "reviewing", lambda calls: a_review(calls, {"memory": memory}))
    assert bench.main() == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(told)


def test_a_new_interpreter_finds_the_modules_that_it_imports() -> None:
    assert bench.importing("filter_pattern") > 0


def a_review(calls: int, differing: dict[str, float]) -> dict[str, float]:
    whole = {"calls": calls, "groups": 1, "refused_on_days": calls, "share": 1, "pages": 1}
    return {**whole, "cpu": 1, "memory": 100, **differing}


@pytest.mark.parametrize(
    ("half", "whole", "found"),
    [
        ({}, {"cpu": bench_review.STEEPEST}, []),
        ({}, {"cpu": 1.01 * bench_review.STEEPEST}, ["a review of 1,000,000 refused calls: 2.5 times that of 500,000"]),
        ({"cpu": 10}, {"cpu": 20}, []),
        ({}, {"memory": bench_review.MEMORY}, []),
        ({}, {"memory": bench_review.MEMORY + 1}, ["a review of 1,000,000 refused calls: 257 MB"]),
        ({"memory": 300}, {}, ["a review of 500,000 refused calls: 300 MB"]),
        ({}, {"calls": 999_999}, ["a review of 1,000,000 refused calls counted 999,999"]),
        ({"share": 0.5}, {}, ["a review of 500,000 refused calls counted 500,000"]),
        ({"refused_on_days": 1}, {}, ["a review of 500,000 refused calls counted 500,000"]),
    ],
)
def test_a_review_may_take_so_much_memory_and_twice_as_long_for_twice_as_many_calls(
    half: dict[str, float], whole: dict[str, float], found: list[str]
) -> None:
    fewer, more = bench_review.CALLS
    measured = {fewer: a_review(fewer, half), more: a_review(more, whole)}
    assert list(bench_review.too_much(measured)) == found


def test_a_review_is_measured_whole() -> None:
    found = bench.reviewing(3_000)
    assert (found["calls"], found["refused_on_days"], found["share"]) == (3_000, 3_000, 1)
    assert (found["groups"], found["days"]) == (3_000, 31)
    assert found["cpu"] > 0
    assert found["memory"] > 20
    assert bench_review.table({3_000: {"groups": 9, "pages": 8, "cpu": 7.4, "memory": 6.6}}).splitlines() == [
        "| refused calls | groups | pages | CPU, s | peak memory, MB |",
        "|---|---|---|---|---|",
        "| 3,000 | 9 | 8 | 7 | 7 |",
    ]

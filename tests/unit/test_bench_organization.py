"""`python -m local.bench_organization` counts calls exactly, and judges times by ratios: a slow machine passes too."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from local import bench_organization, costs, organization_runs
from local.bench_organization import (
    LONGEST_PAUSE,
    QUEUED,
    RATES,
    SECONDS,
    STEEPEST,
    Outcome,
    differences,
    formula,
    simulated,
)
from local.organization_runs import CHAINS, FanOut

PAGE = Path(__file__).parents[2] / "docs/organization.md"
_, KEPT = organization_runs.kept()


@pytest.mark.parametrize("chain", CHAINS)
def test_two_members_take_what_the_formula_says(chain: str) -> None:
    """`python -m local.organization_runs` measures anew what one takes."""
    found = organization_runs.in_a_process(chain, 2, 2, delay=0)
    assert list(differences([found])) == []
    assert found.metrics == KEPT[chain].metrics
    assert found.events == 2 * KEPT[chain].events


def fan_out(members: int, **differing: object) -> FanOut:
    """As the formula says, each of whose runs takes a second of CPU."""
    calls, verdicts = formula("own", members, 17), {"COMPLIANT": members}
    whole = replace(KEPT["own"], members=members, calls=calls, verdicts=verdicts, cpu=members)
    return replace(whole, **differing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counted", "found"),
    [
        ([fan_out(1), fan_out(10), fan_out(100)], []),
        (
            [fan_out(10, calls=formula("own", 10, 17) | {"own sts:AssumeRole": 11})],
            ["10 members, own trail: 11 own sts:AssumeRole, by the formula 10"],
        ),
        (
            [fan_out(1, calls=formula("own", 1, 17) | {"own organizations:ListAccounts": 1})],
            ["1 members, own trail: 1 own organizations:ListAccounts, by the formula 0"],
        ),
        (
            [fan_out(1, regions=2)],
            ["1 members, own trail: 17 member cloudtrail:DescribeTrails, by the formula 2"],
        ),
        (
            [fan_out(10, verdicts={"COMPLIANT": 9, "NON_COMPLIANT": 1})],
            ["10 members, own trail: {'COMPLIANT': 9, 'NON_COMPLIANT': 1}"],
        ),
        ([fan_out(10), fan_out(100, cpu=99 * STEEPEST)], []),
        (
            [fan_out(10), fan_out(100, cpu=110 * STEEPEST)],
            ["own trail: one of 100 members takes 2.2 times one of 10"],
        ),
    ],
)
def test_what_grows_other_than_with_the_members_is_told(counted: list[FanOut], found: list[str]) -> None:
    assert list(differences(counted)) == found


def test_the_own_account_is_called_three_times_for_a_member_and_once_more_for_the_log_archive() -> None:
    own = {
        chain: {name: count for name, count in KEPT[chain].calls.items() if name.startswith("own ")} for chain in CHAINS
    }
    three = {"own events:PutEvents": 1, "own organizations:DescribeAccount": 1, "own sts:AssumeRole": 1}
    assert own == {"own": three, "organization": three | {"own sts:AssumeRole": 2}}


def test_every_operation_that_members_share_has_a_rate() -> None:
    shared = {name.split()[1] for run in KEPT.values() for name in run.calls if not name.startswith("member ")}
    assert shared == set(RATES)


def test_the_limits_of_lambda_are_those_of_the_template() -> None:
    text = costs.TEMPLATE.read_text()
    assert f"Timeout: {SECONDS}" in text
    assert f"MaximumEventAgeInSeconds: !If [HasOrganization, {QUEUED}, " in text


@pytest.mark.parametrize(
    ("members", "concurrency"),
    [(1, 1_000), (100, 10), (600, 1_000), (1_000, 50), (10_000, 50), (10_000, 10)],
)
def test_so_many_members_are_all_read(members: int, concurrency: int) -> None:
    found = simulated(members, concurrency)
    assert (found.entered, found.read, found.dropped) == (1, 1, 0)
    assert found.minutes * 60 >= members / RATES["logs:DescribeMetricFilters"].per_second - 1


@pytest.mark.parametrize(("members", "concurrency"), [(1_000, 1_000), (10_000, 1_000)])
def test_so_many_are_not(members: int, concurrency: int) -> None:
    found = simulated(members, concurrency)
    assert found.read <= found.entered
    assert found.entered + found.dropped < 1.0001
    assert found.read < 0.9


def test_what_lambda_drops_has_waited_for_six_hours() -> None:
    found = simulated(10_000, 3)
    assert 0 < found.dropped < 1
    assert found.minutes * 60 >= QUEUED


def test_a_run_alone_is_billed_as_it_is_measured() -> None:
    assert simulated(1, 1).billed == pytest.approx(bench_organization.seconds_of_a_run("organization"))


@pytest.mark.parametrize(("attempts", "enough"), [(3, False), (8, False), (20, True)])
def test_twenty_attempts_get_as_many_through_as_attempts_without_end(
    attempts: int, enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(attempts: int) -> Outcome:
        monkeypatch.setattr(bench_organization, "ATTEMPTS_AMONG_MANY", attempts)
        return simulated(600, 1_000)

    endless = read(SECONDS * 100 // LONGEST_PAUSE)
    assert (read(attempts).read >= 0.99 * endless.read) is enough


def test_the_page_shows_what_the_command_prints() -> None:
    """UPDATE_GOLDEN=1 writes the tables anew."""
    text = PAGE.read_text()
    for table in bench_organization.tables():
        head = re.escape(table.partition("\n")[0])
        before, _, after = re.split(rf"^{head}\n((?:\|.*\n)*)", text, flags=re.MULTILINE)
        text = f"{before}{table}\n{after}"
    if "UPDATE_GOLDEN" in os.environ:
        PAGE.write_text(text)
    assert PAGE.read_text() == text

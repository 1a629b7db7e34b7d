"""docs/cost.md: what the command prints, from runs that are still as they were measured."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from local import cost_runs, costs
from local.cost_runs import Run
from local.costs import Stack, Use, items

PAGE = Path(__file__).parents[2] / "docs/cost.md"
DAY, RUNS = cost_runs.kept()
DEPLOYED = costs.stack(costs.template())

LOG_TOLERANCE = 0.02
"""Times and durations in a log line have more or fewer digits from run to run."""


def test_the_page_shows_what_the_command_prints() -> None:
    """UPDATE_GOLDEN=1 writes the tables anew."""
    text = PAGE.read_text()
    for table in costs.tables(DEPLOYED, RUNS):
        head = re.escape(table.partition("\n")[0])
        before, _, after = re.split(rf"^{head}\n((?:\|.*\n)*)", text, flags=re.MULTILINE)
        text = f"{before}{table}\n{after}"
    text = re.sub(r"^Measured on \S+", f"Measured on {DAY}", text, flags=re.MULTILINE)
    if "UPDATE_GOLDEN" in os.environ:
        PAGE.write_text(text)
    assert PAGE.read_text() == text


def counted(run: Run) -> Run:
    """The run without what differs from machine to machine."""
    return replace(run, log_bytes=0, round_trips=0, cpu=0)


@pytest.mark.parametrize("regions", [1, 17])
def test_the_runs_are_still_as_they_were_measured(regions: int) -> None:
    """`python -m local.cost_runs` measures them anew."""
    before = [run for run in RUNS if run.regions == regions]
    now = cost_runs.in_a_process(regions, delay=0)
    assert [counted(run) for run in now] == [counted(run) for run in before]
    assert [run.log_bytes for run in now] == pytest.approx([run.log_bytes for run in before], rel=LOG_TOLERANCE)


def test_without_an_organization_every_alarm_and_dashboard_exists_whatever_the_parameters_are() -> None:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")
    counted = [each for each in costs.template()["Resources"].values() if each["Type"] in kinds]
    assert [each["Condition"] for each in counted if "Condition" in each] == ["HasOrganization"]


START = Run(1, "start", {"config:StartConfigRulesEvaluation": 1}, 0, 150, 0, ("Started",), 1, 0.5)
EVALUATE = Run(1, "evaluate", {"cloudwatch:DescribeAlarms": 2, "kms:DescribeKey": 1}, 1, 650, 1, ("A", "B"), 4, 1.0)
REPORT = replace(EVALUATE, kind="evaluate and report regions", rows=3)
BROKEN = replace(EVALUATE, kind="evaluate non-compliant", metrics=("A", "B", "C"))
PLAN = Run(1, "plan", {"kms:DescribeKey": 3}, 0, 1650, 1, ("A",), 10, 3.0)
ONE_GB = Stack(alarms=7, dashboards=1, memory=1.0)
MONTH = 365 / 12


@pytest.mark.parametrize(
    ("use", "title", "quantity"),
    [
        (Use(1, 4), "evaluations in AWS Config", 5 * MONTH),
        (Use(1, 4, report_regions=True), "evaluations in AWS Config", 15 * MONTH),
        (Use(1, 4), "alarms", 7),
        (Use(1, 4), "dashboards", 1),
        (Use(1, 4), "custom metrics, each for its hours", (4 + 5 + 5) / 24),
        (Use(1, 24), "custom metrics, each for its hours", 3),
        (Use(1, 4, compliant=False), "custom metrics, each for its hours", (4 + 5 + 5 + 5) / 24),
        (Use(1, 4), "requests of Lambda", 9 * MONTH),
        (Use(1, 4, compliant=False), "requests of Lambda", 14 * MONTH),
        (Use(1, 4), "GB-seconds of Lambda", (4 * 3 + 5 * 5) * MONTH),
        (Use(1, 4, compliant=False), "GB-seconds of Lambda", (4 * 3 + 5 * 5 + 5 * 10) * MONTH),
        (Use(1, 4), "bytes of log, written", (4 * 500 + 5 * 1000) * MONTH),
        (Use(1, 4), "bytes of log, kept", (4 * 500 + 5 * 1000) * 90),
        (Use(1, 4), "bytes of own calls in a trail's log", (4 + 5 * 3) * 2000 * MONTH),
        (Use(1, 4), "events on EventBridge", 5 * MONTH),
        (Use(1, 4), "invocations by Scheduler", 4 * MONTH),
        (Use(1, 4), "calls of CloudWatch", 10 * MONTH),
        (Use(1, 4, compliant=False), "calls of KMS", (5 + 15) * MONTH),
    ],
)
def test_a_month_has_so_much_of_each(use: Use, title: str, quantity: float) -> None:
    found = {item.title: item.quantity for item in items(use, ONE_GB, [START, EVALUATE, REPORT, BROKEN, PLAN])}
    assert found[title] == pytest.approx(quantity)


def test_members_are_assessed_once_a_day() -> None:
    member = replace(EVALUATE, metrics=("ReportedMembers", "UnreportedMembers", "RefusedCalls"))
    found = {item.title: item.quantity for item in costs.of_members(100, member, ONE_GB)}
    assert found["evaluations in AWS Config"] == pytest.approx(100 * MONTH)
    assert found["GB-seconds of Lambda"] == pytest.approx(100 * 5 * MONTH)
    assert (found["metrics of members"], found["alarm on unreported members"]) == (2, 1)


def test_an_item_costs_its_price_for_each() -> None:
    found = {item.title: item.usd for item in items(Use(1, 4), ONE_GB, [START, EVALUATE])}
    assert found["evaluations in AWS Config"] == pytest.approx(5 * MONTH * 0.001)
    assert (found["alarms"], found["dashboards"]) == pytest.approx((0.7, 3.0))


@pytest.mark.parametrize(
    ("alarm", "metrics"),
    [
        ({"MetricName": "Errors"}, 1),
        ({"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "m1 + m2"}]}, 2),
    ],
)
def test_an_alarm_on_an_expression_counts_for_each_of_its_metrics(alarm: dict[str, object], metrics: int) -> None:
    template = {
        "Globals": {"Function": {"MemorySize": 1769}},
        "Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}},
    }
    assert costs.stack(template).alarms == metrics

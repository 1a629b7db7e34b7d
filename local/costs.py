"""What Blindspot costs a month: list prices, times the runs of `local.cost_runs`, times how often they are made.

    python -m local.costs

prints the tables of docs/cost.md. Counted are the alarms and dashboards of template.yaml, and the calls, rows, log
lines, events, metrics and round trips of each run in local/cost_runs.json. Assumed is what ASSUMED says. No free tier
is subtracted.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blindspot.remediation.costs import ALARM, METRIC, PRICES_OF
from local import organization_runs
from local.cost_runs import REGIONS, Run, kept

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

DAYS = 365 / 12
GB = 1e9


@dataclass(frozen=True)
class Price:
    """So many USD for so many units. source: where it was read."""

    usd: float
    units: float
    name: str
    source: str


FIRST_HAND = "AWS's pricing page, in a stored copy"
SECOND_HAND = "copies of AWS's pricing page by others"

PRICES = {
    "evaluation": Price(0.001, 1, "evaluation in AWS Config, of the first 100,000 of a region", FIRST_HAND),
    "request": Price(0.20, 1e6, "million requests of Lambda", SECOND_HAND),
    "GB-second": Price(0.0000133334, 1, "GB-second of Lambda on arm64; on x86_64 it is a quarter more", SECOND_HAND),
    "metric": Price(METRIC / 100, 1, "custom metric, of the first 10,000, and month", SECOND_HAND),
    "alarm": Price(ALARM / 100, 1, "metric that an alarm watches, and month", SECOND_HAND),
    "dashboard": Price(3.00, 1, "dashboard and month", SECOND_HAND),
    "log": Price(0.50, GB, "GB of log written", SECOND_HAND),
    "kept log": Price(0.03, GB, "GB of log kept, and month", SECOND_HAND),
    "read log": Price(0.005, GB, "GB of log that a query reads", SECOND_HAND),
    "event": Price(1.00, 1e6, "million custom events on EventBridge, of 64 KB each", SECOND_HAND),
    "schedule": Price(1.00, 1e6, "million invocations by EventBridge Scheduler", SECOND_HAND),
    "CloudWatch call": Price(0.01, 1e3, "thousand calls of CloudWatch; perhaps not for reads of alarms", SECOND_HAND),
    "KMS call": Price(0.03, 1e4, "ten thousand calls of KMS", SECOND_HAND),
}
"""List prices in us-east-1. An alarm's and a metric's are those that the remediator's plans use."""


@dataclass(frozen=True)
class Assumed:
    """What is not measured.

    cold_start: seconds before the first handler of an execution environment, which Lambda bills; every run is one.
    round_trip: seconds for the answer to a call. Most calls of a run are the first to their region, and a new
    connection takes four messages there and back (DNS, TCP, TLS, the request): to another continent, of 100 to 250 ms.
    lines_of_lambda: bytes of START, END and REPORT. trail_event: bytes of a call of ours in a trail's log group.
    kept_days: the default of LogRetentionDays.
    """

    cold_start: float = 2.0
    round_trip: float = 0.5
    lines_of_lambda: int = 350
    trail_event: int = 2_000
    kept_days: int = 90


ASSUMED = Assumed()


@dataclass(frozen=True)
class Stack:
    """What costs something for as long as it exists: metrics that alarms watch, and dashboards; and the functions'
    memory in GB."""

    alarms: int
    dashboards: int
    memory: float


@dataclass(frozen=True)
class Use:
    """How a stack is used. scheduled: runs a day that `Schedule` starts; AWS Config starts one more."""

    regions: int
    scheduled: int
    report_regions: bool = False
    compliant: bool = True

    @property
    def runs(self) -> dict[str, float]:
        """How many runs of each kind there are in a month."""
        evaluations = (self.scheduled + 1) * DAYS
        starts = {"start": self.scheduled * DAYS}
        if not self.compliant:  # the remediator then plans each time
            return {**starts, "evaluate non-compliant": evaluations, "plan": evaluations}
        return {**starts, "evaluate and report regions" if self.report_regions else "evaluate": evaluations}


@dataclass(frozen=True)
class Item:
    """So much of something in a month."""

    title: str
    price: str
    quantity: float

    @property
    def usd(self) -> float:
        return _usd(self.price, self.quantity)


def _usd(price: str, quantity: float) -> float:
    return quantity * PRICES[price].usd / PRICES[price].units


def stack(template: Mapping[str, Any]) -> Stack:
    """What template.yaml creates without an organization; with one there is one alarm more, which a test holds."""
    resources = [each for each in template["Resources"].values() if each.get("Condition") != "HasOrganization"]
    alarms = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    # An alarm on an expression is billed for each metric in it (Amazon CloudWatch pricing).
    watched = (sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in alarms)
    dashboards = sum(each["Type"] == "AWS::CloudWatch::Dashboard" for each in resources)
    return Stack(sum(watched), dashboards, template["Globals"]["Function"]["MemorySize"] / 1024)


def items(use: Use, deployed: Stack, runs: Iterable[Run]) -> list[Item]:
    """What a month costs, in the order in which it is shown."""
    by_kind = {run.kind: run for run in runs if run.regions == use.regions}
    evaluations, *others = of_runs([(by_kind[kind], times) for kind, times in use.runs.items()], deployed)
    return [
        evaluations,
        Item("alarms", "alarm", deployed.alarms),
        Item("dashboards", "dashboard", deployed.dashboards),
        Item("custom metrics, each for its hours", "metric", metric_months(use, by_kind)),
        Item("invocations by Scheduler", "schedule", use.runs["start"]),
        *others,
    ]


def of_runs(made: list[tuple[Run, float]], deployed: Stack) -> list[Item]:
    """What so many of these runs cost."""
    log = sum((run.log_bytes + ASSUMED.lines_of_lambda) * times for run, times in made)
    return [
        Item("evaluations in AWS Config", "evaluation", sum(run.rows * times for run, times in made)),
        Item("requests of Lambda", "request", sum(times for _, times in made)),
        Item("GB-seconds of Lambda", "GB-second", sum(gb_seconds(run, deployed) * times for run, times in made)),
        Item("bytes of log, written", "log", log),
        Item("bytes of log, kept", "kept log", log * ASSUMED.kept_days / DAYS),
        Item("bytes of own calls in a trail's log", "log", _calls(made, "") * ASSUMED.trail_event),
        Item("events on EventBridge", "event", sum(run.events * times for run, times in made)),
        Item("calls of CloudWatch", "CloudWatch call", _calls(made, "cloudwatch:")),
        Item("calls of KMS", "KMS call", _calls(made, "kms:")),
    ]


def of_members(members: int, run: Run, deployed: Stack) -> list[Item]:
    """What the members of an organization cost beside the stack that judges them: AWS Config asks once a day for each.

    run: of one member. The metrics that only members' runs have are billed as if they had data in every hour; one of
    them has an alarm.
    """
    only_theirs = sum("Members" in name for name in run.metrics)
    return [
        *of_runs([(run, members * DAYS)], deployed),
        Item("metrics of members", "metric", only_theirs),
        Item("alarm on unreported members", "alarm", 1),
    ]


def gb_seconds(run: Run, deployed: Stack) -> float:
    """What Lambda bills for a run that is a cold start."""
    return (ASSUMED.cold_start + run.round_trips * ASSUMED.round_trip + run.cpu) * deployed.memory


def metric_months(use: Use, by_kind: Mapping[str, Run]) -> float:
    """For how many months of one metric AWS bills: it counts the hours in which a metric has data."""
    hours: dict[str, int] = {}
    for kind in use.runs:
        a_day = min(24, use.scheduled if kind == "start" else use.scheduled + 1)
        hours |= dict.fromkeys(by_kind[kind].metrics, a_day)  # the starts come first, and are the fewest
    return sum(hours.values()) / 24


def _calls(made: Iterable[tuple[Run, float]], prefix: str) -> float:
    """How many calls of AWS the runs make whose names begin so."""
    return sum(count * times for run, times in made for name, count in run.calls.items() if name.startswith(prefix))


SCHEDULES = {"rate(6 hours)": 4, "rate(1 hour)": 24}
TYPICAL = Use(17, 4)


ORGANIZATIONS = (10, 100, 1_000, 10_000)


def tables(deployed: Stack, runs: list[Run]) -> Iterator[str]:
    """The tables of docs/cost.md, as Markdown."""
    yield _totals(deployed, runs)
    yield _organizations(deployed)
    yield _typical(deployed, runs)
    yield _by_hand(deployed, runs)
    yield _measured(runs)
    yield _prices()


def markdown(columns: str, rows: Iterable[Iterable[object]]) -> str:
    titles = columns.split(", ")
    head, *lines = (f"| {' | '.join(map(str, line))} |" for line in (titles, *rows))
    return "\n".join([head, f"|{'---|' * len(titles)}", *lines])


def _totals(deployed: Stack, runs: list[Run]) -> str:
    def row(regions: int, schedule: str, report: bool) -> Iterator[object]:
        found = items(Use(regions, SCHEDULES[schedule], report), deployed, runs)
        usd = {item.title: item.usd for item in found}
        config, standing = usd["evaluations in AWS Config"], usd["alarms"] + usd["dashboards"]
        total = sum(usd.values())
        yield from (regions, f"`{schedule}`", f"`{str(report).lower()}`", f"{found[0].quantity:,.0f}")
        yield from (f"{amount:.2f}" for amount in (config, standing, total - config - standing, total))

    columns = (
        "regions, `Schedule`, `ReportRegions`, rows a month, AWS Config, alarms and dashboard, all else, USD a month"
    )
    uses = [(regions, schedule, report) for regions in REGIONS for schedule in SCHEDULES for report in (False, True)]
    return markdown(columns, (row(*use) for use in uses))


def _typical(deployed: Stack, runs: list[Run]) -> str:
    broken = Use(TYPICAL.regions, TYPICAL.scheduled, compliant=False)
    both = [items(use, deployed, runs) for use in (TYPICAL, broken)]
    rows = [
        (item.title, _shown(item.quantity), f"{item.usd:.3f}", _shown(other.quantity), f"{other.usd:.3f}")
        for item, other in zip(*both, strict=True)
    ]
    compliant, otherwise = (f"{sum(item.usd for item in found):.3f}" for found in both)
    columns = "what, COMPLIANT, USD, NON_COMPLIANT, USD"
    return markdown(columns, [*rows, ("all", "", compliant, "", otherwise)])


def _organizations(deployed: Stack) -> str:
    """For members that are judged through an organization's trail, which is the dearer chain."""
    run = organization_runs.kept()[1]["organization"].run

    def row(members: int) -> Iterator[str]:
        usd = {item.title: item.usd for item in of_members(members, run, deployed)}
        total, config = sum(usd.values()), usd["evaluations in AWS Config"]
        computing = usd["requests of Lambda"] + usd["GB-seconds of Lambda"]
        logs = sum(cost for title, cost in usd.items() if title.startswith("bytes"))
        yield f"{members:,}"
        yield from (f"{cost:,.2f}" for cost in (config, computing, logs, total - config - computing - logs, total))
        yield f"{total / members:.3f}"

    return markdown("members, AWS Config, Lambda, logs, others, USD a month, for each", map(row, ORGANIZATIONS))


def _shown(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity > 10 or quantity == round(quantity) else f"{quantity:.2f}"


def _by_hand(deployed: Stack, runs: list[Run]) -> str:
    by_kind = {run.kind: run for run in runs if run.regions == TYPICAL.regions}
    log = next(item.quantity for item in items(TYPICAL, deployed, runs) if item.price == "log")
    usd = {
        "presses of the dashboard's button, or `assess` by hand": _once(by_kind["assess"], deployed),
        "refreshes of the dashboard's widget": _once(by_kind["refresh"], deployed),
        "queries of the evaluator's log of a month": _usd("read log", log),
    }
    return markdown("a thousand, USD", ((what, f"{1000 * each:.3f}") for what, each in usd.items()))


def _once(run: Run, deployed: Stack) -> float:
    return sum(
        (
            _usd("request", 1),
            _usd("GB-second", gb_seconds(run, deployed)),
            _usd("log", run.log_bytes + ASSUMED.lines_of_lambda + sum(run.calls.values()) * ASSUMED.trail_event),
            _usd("CloudWatch call", _calls([(run, 1)], "cloudwatch:")),
        )
    )


def _measured(runs: list[Run]) -> str:
    def row(run: Run) -> Iterator[object]:
        yield from (run.regions, run.kind, sum(run.calls.values()), run.round_trips, f"{run.cpu:.1f}", run.rows)
        yield from (f"{run.log_bytes:,}", run.events, len(run.metrics))

    return markdown("regions, run, calls, round trips, CPU s, rows, bytes of log, events, metrics", map(row, runs))


def _prices() -> str:
    rows = ((_price(price.usd), price.name, price.source) for price in PRICES.values())
    return markdown("USD, for a, read in", rows)


def _price(usd: float) -> str:
    """With at least two digits after the point."""
    whole, _, digits = f"{usd:.10f}".rstrip("0").partition(".")
    return f"{whole}.{digits:0<2}"


class _CloudFormation(yaml.SafeLoader):
    """Reads what a function of CloudFormation returns as None."""


_CloudFormation.add_multi_constructor("!", lambda _loader, _name, _node: None)


def template() -> dict[str, Any]:
    """template.yaml, without what CloudFormation works out."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _CloudFormation)  # noqa: S506 (a SafeLoader)
    return loaded


def main() -> None:
    day, runs = kept()
    sys.stdout.write(f"List prices of {PRICES_OF}. Runs measured on {day}.\n\n")
    sys.stdout.write("\n\n".join(tables(stack(template()), runs)) + "\n")


if __name__ == "__main__":
    main()

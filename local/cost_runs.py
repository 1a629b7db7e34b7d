"""The runs that cost something, measured on the local AWS: what each calls, reports, logs and sends, how often it
waits, and its CPU time.

    python -m local.cost_runs

writes them into local/cost_runs.json, from which `local.costs` works out what a month costs. Calls, rows, log lines,
events and metrics are those of the real handlers. The CPU time is this machine's, and that of the local AWS is in it.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import embedded_metrics
from local.accounts import HALF_RIGHT, a_compliant_account, put_filter
from local.aws import LocalAws, local_aws
from local.aws.extension.ec2 import DEFAULT_REGIONS
from local.bench_account import MORE_REGIONS
from local.demo import CONTROL_ASSESSED, RULE, SETTINGS, turn
from local.lambda_context import Context

FILE = Path(__file__).with_suffix(".json")

REGIONS = (1, 17, 33)
"""Numbers of enabled regions: 17 is the default of an account, and 33 about all there are."""

DELAY = 0.1
"""Seconds that each call takes longer, so that those made one after another can be told from those made at once."""

EVENT_CHUNK = 64 * 1024
"""EventBridge bills a larger event as several (Amazon EventBridge pricing)."""


@dataclass(frozen=True)
class Run:
    """One invocation.

    kind: "start", "evaluate", "assess", "evaluate and report regions", "evaluate non-compliant", "plan" or
    "refresh", which is one of the dashboard's widget.
    calls: how often each AWS operation was called. rows: evaluations that AWS Config took. log_bytes: of the function's
    own lines. events: on EventBridge, as it bills them. metrics: each with its dimensions. round_trips: how many calls
    were made one after another. cpu: seconds.
    """

    regions: int
    kind: str
    calls: dict[str, int]
    rows: int
    log_bytes: int
    events: int
    metrics: tuple[str, ...]
    round_trips: int
    cpu: float


def main() -> None:
    if arguments := sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(run) for run in measured(int(arguments[0]), float(arguments[1]))]))
        return
    runs = [run for regions in REGIONS for run in in_a_process(regions, DELAY)]
    kept = {"measured": datetime.now(UTC).date().isoformat(), "runs": [asdict(run) for run in runs]}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")
    sys.stdout.write(f"{len(runs)} runs in {FILE.name}\n")


def kept() -> tuple[str, list[Run]]:
    """The day on which the runs in the file were measured, and the runs."""
    loaded = json.loads(FILE.read_text())
    return loaded["measured"], [_run(each) for each in loaded["runs"]]


def in_a_process(regions: int, delay: float) -> list[Run]:
    """The runs measured in a process of its own, whose first invocation is a cold start."""
    command = [sys.executable, "-m", "local.cost_runs", str(regions), str(delay)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=FILE.parents[1])  # noqa: S603 (ours)
    return [_run(each) for each in json.loads(printed.stdout)]


def _run(loaded: dict[str, Any]) -> Run:
    return Run(**{**loaded, "metrics": tuple(loaded["metrics"])})


def measured(regions: int, delay: float) -> list[Run]:
    """The runs in an account with so many enabled regions and one trail, each call of which takes `delay` longer."""
    names = ("eu-west-1", *(name for name in (*DEFAULT_REGIONS, *MORE_REGIONS) if name != "eu-west-1"))[:regions]
    printed = io.StringIO()
    with local_aws(region=names[0], regions=names, opted_out=()) as aws, redirect_stdout(printed):
        from aws_lambda_powertools.metrics.provider.cold_start import reset_cold_start_flag

        from blindspot.app.run import clients
        from functions.evaluator import app as evaluator
        from functions.remediator import app as remediator
        from functions.viewer import app as viewer

        def run(kind: str, handler: Callable[[Any, Context], Any], event: object) -> Run:
            # As in a new execution environment: each run connects again, and is a cold start.
            clients.cache_clear()
            reset_cold_start_flag()  # type: ignore[no-untyped-call]  # powertools gives it no type
            return _measured(aws, printed, regions, kind, lambda: handler(event, Context()))

        os.environ.update({key: value for key, value in SETTINGS.items() if not key.startswith("POWERTOOLS")})
        made = a_compliant_account(aws)
        aws.put_config_rule(RULE)
        turn(aws, "false")
        aws.latency(delay)
        start = run("start", evaluator.handler, {"action": "start"})
        compliant = run("evaluate", evaluator.handler, _asked(aws))
        assess = run("assess", evaluator.handler, {"action": "assess"})
        refresh = run("refresh", viewer.handler, {"widgetContext": {"theme": "light", "width": 600}})
        os.environ["BLINDSPOT_REPORT_REGIONS"] = "true"
        reported = run("evaluate and report regions", evaluator.handler, _asked(aws))
        os.environ["BLINDSPOT_REPORT_REGIONS"] = "false"
        metric = {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric", "metricValue": "1"}
        put_filter(aws, made.region, made.log_group, made.filter, HALF_RIGHT, metric)
        evaluator.handler(_asked(aws), Context())  # tells that the verdict changed, which later runs do not
        broken = run("evaluate non-compliant", evaluator.handler, _asked(aws))
        plan = run("plan", remediator.handler, CONTROL_ASSESSED)
    return [start, compliant, assess, reported, broken, plan, refresh]


def _asked(aws: LocalAws) -> dict[str, Any]:
    """The event with which AWS Config asks for an evaluation."""
    if not aws.config.due:
        aws.config.asked.clear()
        aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    return aws.config.due.pop(0)


def _measured(aws: LocalAws, printed: io.StringIO, regions: int, kind: str, invoke: Callable[[], Any]) -> Run:
    calls, events, log, rows = len(aws.calls), len(aws.events), printed.tell(), 0
    began = time.process_time()
    document = invoke()
    cpu = time.process_time() - began
    if isinstance(document, dict) and document.get("config"):
        rows = document["config"]["sent"]
    text = printed.getvalue()[log:]
    return Run(
        regions,
        kind,
        dict(sorted(Counter(map(str, aws.calls[calls:])).items())),
        rows,
        len(text.encode()),
        billed_events(aws.events[events:]),
        tuple(sorted(set(metrics_in(text)))),
        aws.round_trips(after=calls),
        round(cpu, 1),
    )


def billed_events(events: Iterable[dict[str, Any]]) -> int:
    """As how many EventBridge bills them."""
    return sum(-(-len(json.dumps(event).encode()) // EVENT_CHUNK) for event in events)


def metrics_in(log: str) -> Iterator[str]:
    """The metrics that these log lines make, each with its dimensions."""
    for metric in embedded_metrics.sent(log):
        shown = ", ".join(f"{name}={value}" for name, value in metric.dimensions.items())
        yield f"{metric.name} ({shown})"


if __name__ == "__main__":
    main()

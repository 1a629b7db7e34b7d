"""`make demo`: the main job from end to end, on an AWS account that lives in this process.

The scheduler's event goes to the real handler, AWS Config calls it back, and the event that follows goes to the
remediator. With remediation off it plans; with remediation on it applies the plan that was approved by its id; backout
then undoes it.
`local.demo_text` shows what came of it.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_lambda_powertools.metrics.provider import cold_start
from rich.console import Console

from blindspot.report.page import page
from blindspot.report.reading import view_of
from blindspot.report.view import View
from local.accounts import an_account_as_real_ones_look
from local.aws import LocalAws, local_aws
from local.aws.extension.config import Row
from local.demo_text import story
from local.lambda_context import Context

ROOT = Path(__file__).parents[1]
PAGE = ROOT / ".demo/page.html"

RULE = "blindspot-unauthorized-api-calls"
SWITCH = "/blindspot/auto-remediate"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/blindspot/5b1c2f80-0000-4000-8000-000000000000"
SETTINGS = {
    "BLINDSPOT_FLAG": SWITCH,
    "BLINDSPOT_STACK": STACK,
    "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com",
    "BLINDSPOT_CONFIG_RULE": RULE,
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}


@dataclass(frozen=True)
class Shown:
    """The documents of a demo, in the order in which they came, and what AWS Config received first.

    restored: whether the account is after backout as it was before remediation.
    """

    found: dict[str, Any]
    rows: list[Row]
    planned: dict[str, Any]
    applied: dict[str, Any]
    again: dict[str, Any]
    backed_out: dict[str, Any]
    restored: bool

    @cached_property
    def view(self) -> View:
        """What the assessment found, and what remediation would change."""
        return view_of(self.found, self.planned)


def main() -> None:
    console = Console()
    # On a terminal the status shows that something happens; in a pipe nothing is printed before the answer.
    with console.status("Setting up an AWS account on this machine") as status:
        shown = run(lambda step: status.update(step))
    for part in story(shown):
        console.print(part)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(shown.view), "utf-8")
    console.print(f"\nThe same as a page for a browser: {PAGE.relative_to(ROOT)}", highlight=False, soft_wrap=True)


def run(progress: Callable[[str], None]) -> Shown:
    """All that happens. `progress` is told each step as it begins."""
    with local_aws(region="us-east-1") as aws:
        an_account_as_real_ones_look(aws)
        aws.put_config_rule(RULE)
        os.environ.update(SETTINGS)
        cold_start.is_cold_start = False  # POWERTOOLS_METRICS_DISABLED does not keep this metric from being printed
        progress("Assessing 17 regions")
        evaluate({"action": "start"})
        found = called_back(aws)
        rows = aws.config_rows
        turn(aws, "false")
        before = aws.dump()
        progress("Planning remediation")
        planned = remediate(CONTROL_ASSESSED)
        progress("Remediating, and assessing again")
        aws.config.asked.clear()  # AWS Config starts an evaluation once a minute at most, and this takes seconds
        turn(aws, "true")
        applied = remediate({"action": "apply", "plan": planned["plan_id"]})
        again = called_back(aws)
        progress("Backing out")
        turn(aws, "false")
        backed_out = remediate({"action": "backout"})
        return Shown(found, rows, planned, applied, again, backed_out, restored=aws.dump() == before)


def evaluate(event: dict[str, Any]) -> dict[str, Any]:
    from functions.evaluator import app

    return app.handler(event, Context())


def called_back(aws: LocalAws) -> dict[str, Any]:
    """The document of the evaluation that AWS Config was asked to start."""
    documents: list[dict[str, Any]] = []
    aws.evaluator = lambda event: documents.append(evaluate(event))
    aws.deliver()
    (document,) = documents
    return document


CONTROL_ASSESSED = {"source": "blindspot", "detail-type": "Control Assessed", "detail": {}}


def turn(aws: LocalAws, switch: str) -> None:
    """Sets the switch as the stack or an operator sets it."""
    aws.client("ssm").put_parameter(Name=SWITCH, Value=switch, Type="String", Overwrite=True)


def remediate(event: dict[str, Any]) -> dict[str, Any]:
    """The remediator's document of the event."""
    from functions.remediator import app

    return app.handler(event, Context())


if __name__ == "__main__":
    main()

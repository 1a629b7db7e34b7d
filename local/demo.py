"""`make demo`: the main job from end to end, on an AWS account that lives in this process.

The scheduler's event goes to the real handler, AWS Config calls it back, and what came of it is shown.
"""

import os
import time
from typing import Any

from rich.console import Console, Group
from rich.json import JSON
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from blindspot.assessment import FUTURE
from local.accounts import an_account_as_real_ones_look
from local.aws import LocalAws, local_aws
from local.extension.config import Row
from local.lambda_context import Context

RULE = "blindspot-unauthorized-api-calls"
SETTINGS = {
    "BLINDSPOT_CONFIG_RULE": RULE,
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}
COLOURS = {"COMPLIANT": "green", "NON_COMPLIANT": "red", "INDETERMINATE": "yellow"}


def main() -> None:
    console = Console()
    began = time.monotonic()
    with local_aws(region="us-east-1") as aws:
        an_account_as_real_ones_look(aws)
        aws.put_config_rule(RULE)
        os.environ.update(SETTINGS)
        console.print(f"An AWS account was set up on this machine ({time.monotonic() - began:.1f} s).")
        document, seconds = run(aws)
        rows = aws.config_rows
    console.print(
        f"The schedule started the evaluator, and AWS Config called it back: {document['api_calls']} calls to AWS, "
        f"{seconds:.1f} s.\n"
    )
    console.print(regions(document))
    console.print(config(rows))
    console.print(blind_spot(document))


def run(aws: LocalAws) -> tuple[dict[str, Any], float]:
    """The document of one scheduled evaluation, and how long it took."""
    from functions.evaluator import app

    documents: list[dict[str, Any]] = []
    aws.evaluator = lambda event: documents.append(app.handler(event, Context()))
    began = time.monotonic()
    app.handler({"action": "start"}, Context())
    aws.deliver()
    return documents[0], time.monotonic() - began


def regions(document: dict[str, Any]) -> Table:
    """The regions with verdict and reason; those that have both in common in one row."""
    why = {(gap["code"], gap["resource"]): gap["message"] for gap in document["gaps"]}
    alike: dict[tuple[str, str], list[str]] = {}
    for name, region in document["regions"].items():
        reasons = [why[gap["code"], gap["resource"]] for gap in region["gaps"]]
        reasons += [doubt["message"] for doubt in region["doubts"]]
        shown = "future (any region enabled later)" if name == FUTURE else name
        alike.setdefault((region["verdict"], "\n".join(reasons)), []).append(shown)
    table = Table(title="Would an unauthorized call be heard?", title_justify="left", show_lines=True)
    table.add_column("Regions", ratio=3)
    table.add_column("Verdict")
    table.add_column("Why", ratio=4)
    for (verdict, reason), names in sorted(alike.items(), key=lambda item: len(item[1])):
        table.add_row(", ".join(names), Text(verdict, style=COLOURS[verdict]), reason)
    return table


def blind_spot(document: dict[str, Any]) -> Panel:
    """The blind spot that the most regions have, as an event that can be read."""
    gap = document["gaps"][0]
    event = document["regions"][gap["regions"][0]]["blind_spot"]
    who = event["userIdentity"].get("arn", event["userIdentity"]["type"])
    text = Text.assemble(
        "Example: ",
        f"{who} would call ",
        (f"{event['eventSource'].split('.')[0]}:{event['eventName']}", "bold"),
        ", and be refused with ",
        (event["errorCode"], "bold red"),
        ".\n\n",
        ("Nobody would hear of it. ", "bold"),
        f"{gap['message']}\n{gap['fix']}\n",
    )
    shown = {key: event[key] for key in SHOWN if key in event}
    blind, enabled = set(gap["regions"]) - {FUTURE}, set(document["regions"]) - {FUTURE}
    later = " and in every region enabled later" if FUTURE in gap["regions"] else ""
    title = f"A blind spot in {len(blind)} of {len(enabled)} enabled regions{later}"
    return Panel(Group(text, JSON.from_data(shown)), title=title, title_align="left", border_style="red")


SHOWN = (
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "errorCode",
    "readOnly",
    "recipientAccountId",
)


def config(rows: list[Row]) -> Table:
    """What AWS Config received."""
    table = Table(title="Received by AWS Config", title_justify="left")
    table.add_column("Resource")
    table.add_column("Compliance")
    table.add_column("Annotation", ratio=1)
    for row in rows:
        table.add_row(f"{row.type}\n{row.id}", row.compliance, row.annotation)
    return table


if __name__ == "__main__":
    main()

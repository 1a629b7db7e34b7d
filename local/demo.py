"""`make demo`: the main job from end to end, on an AWS account that lives in this process.

The scheduler's event goes to the real handler, AWS Config calls it back, and the event that follows goes to the
remediator: switched off it plans, switched on it closes the gap, and backout takes everything away again.
"""

import os
import time
from typing import Any

from rich.console import Console, Group
from rich.json import JSON
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from blindspot.model.snapshot import FUTURE
from local.accounts import an_account_as_real_ones_look
from local.aws import LocalAws, local_aws
from local.aws.extension.config import Row
from local.lambda_context import Context

RULE = "blindspot-unauthorized-api-calls"
FLAG = "/blindspot/auto-remediate"
SETTINGS = {
    "BLINDSPOT_FLAG": FLAG,
    "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com",
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
        before = aws.dump()
        planned, applied, again, seconds_more = remediate(aws)
        backed_out = back_out(aws)
        restored = aws.dump() == before
    console.print(
        f"The schedule started the evaluator, and AWS Config called it back: {document['api_calls']} calls to AWS, "
        f"{seconds:.1f} s.\n"
    )
    console.print(regions(document))
    console.print(config(rows))
    console.print(blind_spot(document))
    console.print(plan(planned))
    done = [outcome["status"] for outcome in applied["outcomes"]]
    console.print(
        f"Switched on, the remediator did {done.count('done')} of {len(done)}, judged the account again"
        f" ({applied['verdict_after']}), and had AWS Config do so too: {compliant(again)} ({seconds_more:.1f} s)."
    )
    for task in applied["for_a_person"]:
        console.print(f"Left to a person: {task['message']} {task['fix']}")
    console.print(
        f"Backout deleted {len(backed_out['outcomes'])}; the account is {'' if restored else 'NOT '}as it was before."
    )


def run(aws: LocalAws) -> tuple[dict[str, Any], float]:
    """The document of one scheduled evaluation, and how long it took."""
    documents: list[dict[str, Any]] = []
    aws.evaluator = lambda event: documents.append(evaluate(event))
    began = time.monotonic()
    evaluate({"action": "start"})
    aws.deliver()
    return documents[0], time.monotonic() - began


def evaluate(event: dict[str, Any]) -> dict[str, Any]:
    from functions.evaluator import app

    return app.handler(event, Context())


def remediate(aws: LocalAws) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], float]:
    """What the remediator makes of the evaluator's event, switched off and on, and the evaluation that follows."""
    from functions.remediator import app

    began = time.monotonic()
    sent = {"source": "blindspot", "detail-type": "Control Assessed", "detail": {}}
    switch(aws, "false")
    planned = app.handler(sent, Context())
    switch(aws, "true")
    aws.config.asked.clear()  # AWS Config starts an evaluation once a minute at most, and this takes seconds
    documents: list[dict[str, Any]] = []
    aws.evaluator = lambda event: documents.append(evaluate(event))
    applied = app.handler(sent, Context())
    aws.deliver()
    return planned, applied, documents[0], time.monotonic() - began


def back_out(aws: LocalAws) -> dict[str, Any]:
    from functions.remediator import app

    switch(aws, "false")
    return app.handler({"action": "backout"}, Context())


def switch(aws: LocalAws, value: str) -> None:
    """As the stack's parameter AutoRemediate, or an operator, would."""
    aws.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def plan(document: dict[str, Any]) -> Table:
    """What would be done, in order."""
    table = Table(title="What the remediator would do", title_justify="left", show_lines=True)
    table.add_column("Action")
    table.add_column("On", ratio=1)
    table.add_column("Closes")
    for action in document["plan"]:
        table.add_row(action["action"], action["resource"].split(":", 5)[-1], action["gap"])
    return table


def compliant(document: dict[str, Any]) -> str:
    verdicts = [region["verdict"] for region in document["regions"].values()]
    return f"{verdicts.count('COMPLIANT')} of {len(verdicts)} regions are COMPLIANT"


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
        f"{gap['message']}\n{gap['fix']}\n\nThe event, abbreviated:",
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

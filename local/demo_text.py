"""The demo as a person reads it: the answer first, then the regions, the remediation, and the account behind it.

What comes of an account is always a `Text`: Rich would take brackets in a plain string for its markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from blindspot.model.arn import short
from blindspot.model.harmless import harmless
from blindspot.model.snapshot import FUTURE
from local.accounts import REAL

if TYPE_CHECKING:
    from local.aws.extension.config import Row
    from local.demo import Shown

Document = dict[str, Any]

COLOURS = {"COMPLIANT": "green", "NON_COMPLIANT": "red", "INDETERMINATE": "yellow"}

OF_AN_EVENT = (
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "errorCode",
    "readOnly",
    "recipientAccountId",
)


def story(shown: Shown) -> Iterator[RenderableType]:
    yield answer(shown.found)
    yield blind_spot(shown.found)
    yield regions(shown.found)
    yield config(shown.rows)
    yield Rule("Remediation", align="left")
    yield plan(shown.planned)
    yield outcome(shown)
    yield Rule("The account", align="left")
    yield account()


def answer(document: Document) -> Text:
    uncovered = [name for name, region in document["regions"].items() if region["verdict"] != "COMPLIANT"]
    enabled = len(document["regions"]) - (FUTURE in document["regions"])
    text = Text("Would every unauthorized API call in this account alert somebody?\n\n")
    if not uncovered:
        return text.append(f"Yes, in all {enabled} enabled regions.\n", "bold green")
    later = ", and in every region that is enabled later," if FUTURE in uncovered else ""
    count = len(uncovered) - (FUTURE in uncovered)
    text.append("No. ", "bold red")
    return text.append(f"In {count} of {enabled} enabled regions{later} there are calls that alert nobody.\n", "bold")


def blind_spot(document: Document) -> Panel:
    """The blind spot that the most regions have: the call, the reason, the fix and the event."""
    gap = document["gaps"][0]
    event = document["regions"][gap["regions"][0]]["blind_spot"]
    who = event["userIdentity"].get("arn", event["userIdentity"]["type"])
    text = Text.assemble(
        f"{who}\ncalls ",
        (f"{event['eventSource'].split('.')[0]}:{event['eventName']}", "bold"),
        f" in {event['awsRegion']}. The call is refused with ",
        (event["errorCode"], "bold red"),
        ". Nobody is alerted.\n\n",
        ("Why: ", "bold"),
        f"{gap['message']}\n",
        ("Fix: ", "bold"),
        f"{gap['fix']}\n\nThe CloudTrail event, abbreviated:",
    )
    fields = {key: event[key] for key in OF_AN_EVENT if key in event}
    title = "A call that nobody would be alerted to"
    return Panel(Group(text, in_full(fields)), title=title, title_align="left", border_style="red")


def regions(document: Document) -> Table:
    """The regions with verdict and reason; those that have both in common in one row, the most frequent first."""
    why = {(gap["code"], gap["resource"]): gap["message"] for gap in document["gaps"]}
    alike: dict[tuple[str, str], list[str]] = {}
    for name, region in document["regions"].items():
        reasons = [why[gap["code"], gap["resource"]] for gap in region["gaps"]]
        reasons += [doubt["message"] for doubt in region["doubts"]]
        shown = "future (any region enabled later)" if name == FUTURE else name
        alike.setdefault((region["verdict"], "\n".join(reasons)), []).append(shown)
    table = Table(title="Verdict by region", title_justify="left", show_lines=True)
    table.add_column("Regions", ratio=3)
    table.add_column("Verdict")
    table.add_column("Reason", ratio=4)
    for (verdict, reason), names in sorted(alike.items(), key=lambda item: -len(item[1])):
        table.add_row(Text(", ".join(names)), Text(verdict, style=COLOURS[verdict]), Text(reason))
    return table


def config(rows: list[Row]) -> Table:
    """What AWS Config received."""
    table = Table(title="Received by AWS Config", title_justify="left")
    table.add_column("Resource")
    table.add_column("Compliance")
    table.add_column("Annotation", ratio=1)
    for row in rows:
        table.add_row(Text(f"{row.type}\n{row.id}"), Text(row.compliance), Text(harmless(row.annotation or "")))
    return table


def plan(document: Document) -> Group:
    """Every change in full, what was there, how to undo it, and what to know before it is approved."""
    count = len(document["plan"])
    parts: list[RenderableType] = [f"With remediation on, Blindspot would make {count} change{'s' * (count != 1)}:"]
    for number, action in enumerate(document["plan"], start=1):
        closes = f": closes {action['gap']}, makes {len(action['heals'])} regions COMPLIANT" if action["gap"] else ""
        parts += [Text(f"\n{number}. {action['action']}{closes}"), in_full(action["request"])]
        parts += ["Before:", in_full(action["before"])] if action["before"] else ["Before: nothing is there."]
        if action["undo"]:
            parts += ["To undo it:", in_full(action["undo"])]
    return Group(*parts, Text("\n".join(["", *approval(document)])))


def approval(document: Document) -> Iterator[str]:
    """What an approver asks: the verdict afterwards, who is notified already, the cost, and how to approve it."""
    expected, confirmed = document["expected"], document["expected_once_confirmed"]
    later = "" if confirmed == expected else f"; once the subscriptions are confirmed: {confirmed}"
    yield f"Verdict to expect: {expected}{later}."
    for topic in document["listeners"]:
        for each in topic["subscriptions"] or ():
            counts = f"{each['confirmed']} confirmed, {each['pending']} pending"
            yield f"Subscribed to topic {short(topic['topic'])} already: {each['protocol']} at {each['at']} ({counts})."
    yield f"Cost a month: {document['monthly_cost']['usd']:.2f} USD."
    yield from document["notices"]
    yield f'To apply exactly this plan: {{"action": "apply", "plan": "{document["plan_id"]}"}}'


def in_full(data: Document) -> Text:
    """As JSON whose long lines are wrapped, not cut."""
    text = JSON.from_data(data).text
    text.no_wrap, text.overflow = False, "fold"
    return text


def outcome(shown: Shown) -> Text:
    """What remediation and backout did."""
    after = [region["verdict"] for region in shown.again["regions"].values()]
    made = f"Remediation on: {done(shown.applied)} changes made. Reassessed: {shown.applied['verdict_after']}."
    reported = f"AWS Config re-evaluated: {after.count('COMPLIANT')} of {len(after)} regions are COMPLIANT."
    manual = [f"Manual step: {task['message']} {task['fix']}" for task in shown.applied["manual_steps"]]
    undone = f"Backout: {done(shown.backed_out)} changes undone."
    restored = f"The account is {'' if shown.restored else 'NOT '}as it was before."
    return Text("\n".join(["", f"{made} {reported}", *manual, f"{undone} {restored}", ""]))


def done(document: Document) -> str:
    statuses = [outcome["status"] for outcome in document["outcomes"]]
    return f"{statuses.count('done')} of {len(statuses)}"


def account() -> Group:
    """The account that was set up, and why one change is enough."""
    table = Table(title="Four trails, each with log group, metric filter, alarm and topic", title_justify="left")
    table.add_column("Trail")
    table.add_column("Home region")
    table.add_column("What it does", ratio=1)
    for one in REAL:
        table.add_row(one.trail, one.region, one.words)
    everywhere = REAL[0]
    return Group(
        "The account exists only in this process: no call left this machine.",
        table,
        f"Why one metric filter closes the gap in all regions: {everywhere.trail} is a multi-region trail. It delivers "
        f"the events of every region to one log group in {everywhere.region}. The alarm and the topic behind that log "
        "group work; only its metric filter misses calls. A second metric filter on the same log group and metric "
        "matches them, and the same alarm goes to ALARM.",
    )

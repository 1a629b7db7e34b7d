"""The demo as a person reads it: the answer first, then the regions, the remediation, and the account behind it.

What is said of any account is in `blindspot.report.text`; here is what only the demo says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from blindspot.model.harmless import harmless
from blindspot.report import text
from local.accounts import REAL

if TYPE_CHECKING:
    from local.aws.extension.config import Row
    from local.demo import Shown

Document = dict[str, Any]


def story(shown: Shown) -> Iterator[RenderableType]:
    if shown.view.assessed:
        yield from text.overview(shown.view.assessed)
    yield config(shown.rows)
    yield Rule("Remediation", align="left")
    for planned in shown.view.remediated:
        yield from text.plan(planned)
    yield outcome(shown)
    yield Rule("The account", align="left")
    yield account()


def config(rows: list[Row]) -> Table:
    """What AWS Config received."""
    table = Table(title="Received by AWS Config", title_justify="left")
    table.add_column("Resource")
    table.add_column("Compliance")
    table.add_column("Annotation", ratio=1)
    for row in rows:
        table.add_row(Text(f"{row.type}\n{row.id}"), Text(row.compliance), Text(harmless(row.annotation or "")))
    return table


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

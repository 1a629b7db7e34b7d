"""The viewer, step by step: it answers a custom widget of a CloudWatch dashboard with HTML.

At a refresh it shows the verdict that AWS Config has. It assesses the account only when somebody presses the widget's
button, and reports that to nobody. What fails is shown in the widget, and logged.
"""

from __future__ import annotations

from markupsafe import Markup

from blindspot import settings
from blindspot.app import invocation
from blindspot.app.evaluate import IDENTIFIED, LISTED, assess_by_hand, reason_of
from blindspot.app.invocation import Describe, Show
from blindspot.app.run import Run, invoked, logged, logger
from blindspot.aws import config_rule
from blindspot.aws.collect import caller
from blindspot.aws.errors import CallFailed
from blindspot.model.snapshot import Unreadable
from blindspot.report import card
from blindspot.report.config_evaluations import RESOURCE_TYPE, verdict_of
from blindspot.report.console import config_rule_url
from blindspot.report.reading import view_of

DOCUMENTATION = """\
## Blindspot
Shows whether every unauthorized API call in this account raises an alarm that somebody receives.

- When the dashboard is refreshed, the widget shows the last verdict that AWS Config has. It assesses nothing.
- The button "Assess now" assesses the account, and shows what is wrong and how to fix it. This reads as much as an \
evaluation does, and takes up to two minutes. It is reported neither to AWS Config nor to EventBridge.

The widget has no parameters. Whoever looks at it needs `lambda:InvokeFunction` on this function and nothing else.
"""


@invoked
def show(event: object, run: Run) -> str:
    """Answers one event; `invocation.parse_viewer_event` lists them. Returns HTML, or Markdown where the widget's
    documentation is asked for. Raises InvocationError."""
    asked = invocation.parse_viewer_event(event)
    if isinstance(asked, Describe):
        return DOCUMENTATION
    try:
        shown = _assessed(run, asked) if asked.assess else _last(run, asked.theme)
    except Exception as error:  # noqa: BLE001 (whatever it is, the widget says so)
        logged(error)
        failed = "The account could not be assessed" if asked.assess else "The last verdict could not be read"
        shown = card.sentence(f"{failed}: {reason_of(error, 'viewer').removesuffix('.')}.")
    return str(shown + card.button(run.function_arn))


def _last(run: Run, theme: str) -> Markup:
    """The verdict that AWS Config has for the own account. Raises CallFailed where it could not be read."""
    rule = settings.config_rule(run.environ)
    if rule is None:
        return card.sentence(
            "This stack has no AWS Config rule, so there is no last verdict to show. The log and EventBridge have it."
        )
    identity = caller(run.clients, until=run.at(IDENTIFIED))
    if isinstance(identity, Unreadable):
        raise CallFailed(identity)
    rows = config_rule.reported_before(run.clients, rule, until=run.at(LISTED))
    if isinstance(rows, Unreadable):
        raise CallFailed(rows)
    row = rows.get((RESOURCE_TYPE, identity.account))
    verdict = verdict_of(row) if row else None
    if row is None or verdict is None:
        return card.sentence(f"AWS Config has no verdict of rule {rule} for this account yet.")
    return card.last(
        verdict,
        row.annotation or "",
        at=row.ordering_timestamp,
        now=run.now,
        theme=theme,
        rule_url=config_rule_url(rule, run.clients.region, run.clients.partition_of(run.clients.region) or ""),
    )


def _assessed(run: Run, asked: Show) -> Markup:
    """The page of the account as it is now. Raises what `assess_by_hand` does."""
    from blindspot.report.page import widget  # a refresh does not need Jinja2

    made = assess_by_hand(run)
    logger.info("assessed for a dashboard", verdict=made["verdict"], api_calls=made["api_calls"])
    return Markup(widget(view_of(made), theme=asked.theme, width=asked.width))  # noqa: S704 (it is escaped already)

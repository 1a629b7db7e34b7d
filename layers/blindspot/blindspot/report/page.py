"""The page: one self-contained HTML file without scripts, and the same as a widget of a CloudWatch dashboard. Pure.

Everything that is shown passes Jinja2's escaping. An address in a link is made by `console` alone.
"""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from blindspot.model.arn import Arn, is_arn
from blindspot.model.snapshot import FUTURE
from blindspot.report.chart import chart
from blindspot.report.console import config_rule_url, config_timeline_url, console_url
from blindspot.report.organization import NOT_COUNTED, ONLY_THE_FIRST, ORDER, Organized, of_accounts
from blindspot.report.organization import QUESTION as ORGANIZATION_QUESTION
from blindspot.report.view import QUESTION, REVIEW_QUESTION, View, count_of

NARROW = 640
"""Pixels: a narrower widget gets the styles of a phone."""

LARGEST_WIDGET = 100_000
"""Bytes of a widget. A Lambda function may return 6 MB, more than anybody reads in a frame of a dashboard."""

DISPENSABLE = (
    "notes",
    "exclusions",
    "what was not read",
    "the review",
    "all but ten gaps and doubts",
    "chains",
    "the event",
    "remediation",
    "doubts",
    "gaps",
)
"""What a widget leaves out if it is too large, in this order."""


def page(view: View) -> str:
    """The whole page."""
    return _page("contents.html.jinja", view)


def page_of_organization(view: Organized) -> str:
    """The whole page of an organization."""
    return _page("organization.html.jinja", view)


def _page(body: str, view: View | Organized) -> str:
    return _TEMPLATES.get_template("page.html.jinja").render(body=body, view=view, left_out=(), top=0)


def widget(view: View, *, theme: str, width: int) -> str:
    """The page's contents for a dashboard: its styles hold only within it. theme: light or dark. width: in pixels.

    It has at most `LARGEST_WIDGET` bytes and names what it left out.
    """
    template = _TEMPLATES.get_template("widget.html.jinja")
    shown = {"view": view, "top": 1, "dark": theme == "dark", "narrow": width < NARROW}
    for count in range(len(DISPENSABLE)):
        made = template.render(shown, left_out=DISPENSABLE[:count])
        if len(made.encode()) <= LARGEST_WIDGET:
            return made
    return template.render(shown, left_out=DISPENSABLE)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _names(regions: tuple[str, ...]) -> str:
    return ", ".join(region for region in regions if region != FUTURE)


def _place(resource: str, account: str | None) -> str:
    """The region of a resource, and its account where that is another one."""
    if not is_arn(resource):
        return ""
    arn = Arn.parse(resource)
    return f"{arn.region}, account {arn.account}" if arn.account != account else arn.region


_TEMPLATES = Environment(
    loader=PackageLoader("blindspot.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "json": _json,
    "count_of": count_of,
    "names_of": _names,
    "of_accounts": of_accounts,
    "place_of": _place,
}
_TEMPLATES.globals |= {
    "question": QUESTION,
    "review_question": REVIEW_QUESTION,
    "organization_question": ORGANIZATION_QUESTION,
    "not_counted": NOT_COUNTED,
    "only_the_first": ONLY_THE_FIRST,
    "order": ORDER,
    "chart": chart,
    "console_url": console_url,
    "config_rule_url": config_rule_url,
    "config_timeline_url": config_timeline_url,
}

"""What the dashboard's widget shows beside the page: the last verdict, a failure, and the button that assesses. Pure.

CloudWatch removes scripts (CloudWatch user guide, "Security and JavaScript for custom widgets"). It styles the class
`btn`, but not beside the page, which turns its styles off: so the button has its own. A text is escaped as it is put
into the HTML, wherever it comes from.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from markupsafe import Markup

from blindspot.verdict.assessment import Verdict

OUT_OF_DATE = timedelta(hours=48)
"""AWS Config asks for a verdict every day, so an older one shows that runs fail or do not start."""

COLORS = {
    "light": {
        Verdict.COMPLIANT: ("#0f5132", "#d9f0e1"),
        Verdict.NON_COMPLIANT: ("#842029", "#f9dcdf"),
        Verdict.INDETERMINATE: ("#5c4400", "#fbeec7"),
    },
    "dark": {
        Verdict.COMPLIANT: ("#b7e4c7", "#123524"),
        Verdict.NON_COMPLIANT: ("#f7c1c6", "#4a141a"),
        Verdict.INDETERMINATE: ("#f6dfa0", "#40310a"),
    },
}
"""By theme and verdict, the color of the text and that behind it."""

_VERDICT = Markup(
    '<p><strong style="color: {color}; background: {behind}; padding: 4px 8px; border-radius: 4px">{verdict}</strong>'
    " The last verdict in AWS Config is of {at}.</p>"
)
_PARAGRAPH = Markup("<p>{}</p>")
_LINK = Markup('<p><a href="{url}" target="_blank" rel="noopener noreferrer">The rule in AWS Config</a></p>')
_BUTTON = Markup(
    '<p><a class="btn btn-primary" style="display: inline-block; padding: 6px 16px; border-radius: 16px; '
    'background: #0b57a4; color: #ffffff; font-weight: 700; text-decoration: none; cursor: pointer">Assess now</a>'
    '<cwdb-action action="call" display="widget" endpoint="{}">{{"action": "assess"}}</cwdb-action></p>'
    "<p>This reads the account as it is now, and shows each gap with its fix. It takes up to two minutes.</p>"
)


def last(verdict: Verdict, annotation: str, *, at: datetime, now: datetime, theme: str, rule_url: str | None) -> Markup:
    """The verdict that AWS Config has. annotation: what it says beside it. at: when it was asked for. theme: light or
    dark. rule_url: where AWS's console shows the rule."""
    color, behind = COLORS[theme][verdict]
    shown = _VERDICT.format(color=color, behind=behind, verdict=verdict.value, at=f"{at:%Y-%m-%d, %H:%M UTC}")
    if now - at > OUT_OF_DATE:
        hours = OUT_OF_DATE // timedelta(hours=1)
        shown += sentence(f"Out of date: AWS Config has had no newer verdict for more than {hours} hours.")
    shown += sentence(annotation)
    return shown + _LINK.format(url=rule_url) if rule_url else shown


def sentence(text: str) -> Markup:
    """The text as a paragraph."""
    return _PARAGRAPH.format(text)


def button(function: str) -> Markup:
    """The button that assesses. function: the ARN of the function that it invokes."""
    return _BUTTON.format(function)

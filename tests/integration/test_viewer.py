"""The viewer as a dashboard's widget invokes it: each of its events through the real handler, on the local AWS."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from blindspot.app import show
from blindspot.app.invocation import InvocationError
from blindspot.aws.config_rule import DETAILS
from blindspot.report.card import COLORS
from blindspot.verdict.assessment import Verdict
from functions.viewer import app
from local.accounts import HALF_RIGHT, Made, a_compliant_account
from local.aws import LocalAws
from local.embedded_metrics import records
from local.events import FUNCTIONS, event
from local.lambda_context import Context
from tests.goldens import RULE
from tests.integration.evaluating import invoke as evaluate

pytestmark = pytest.mark.usefixtures("kept_warm")

ARN = Context().invoked_function_arn
BUTTON = {"action": "call", "display": "widget", "endpoint": ARN}
READS = {"sts:GetCallerIdentity", DETAILS}


class Html(HTMLParser):
    """The tags of a text with their attributes, and the text after each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def within(self, tag: str) -> str:
        """The text right after the tag."""
        return self.texts[[name for name, _ in self.tags].index(tag)]

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)


def view(name: str, **more: Any) -> Html:
    """What the event of that name shows."""
    return Html(app.handler({**event(name), **more}, Context()))


def reported(aws: LocalAws) -> None:
    """AWS Config has the account's verdict."""
    aws.config.asked.clear()
    evaluate({"action": "start"})
    evaluate(aws.config.due.pop(0))
    aws.calls.clear()


@pytest.mark.parametrize("name", ["widget", "widget-assess"])
def test_it_always_shows_the_button_which_sends_nothing_but_its_constant(aws: LocalAws, name: str) -> None:
    shown = view(name)
    assert list(shown.named("cwdb-action")) == [BUTTON]
    assert json.loads(shown.within("cwdb-action")) == {"action": "assess"}
    position = [tag for tag, _ in shown.tags].index("cwdb-action")
    before, attributes = shown.tags[position - 1]
    assert (before, attributes["class"]) == ("a", "btn btn-primary")


def test_a_refresh_shows_the_row_in_aws_config_and_assesses_nothing(aws: LocalAws) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    reported(aws)
    (row,) = aws.config_rows
    shown = view("widget")
    assert shown.text.startswith("NON_COMPLIANT The last verdict in AWS Config is of 20")
    assert str(row.annotation) in shown.text
    assert "Out of date" not in shown.text
    (link,) = (each["href"] for each in shown.named("a") if "href" in each)
    assert (
        link
        == f"https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1#/rules/details?configRuleName={RULE}"
    )
    assert {str(call) for call in aws.calls} == READS


def cannot_verify(aws: LocalAws, made: Made) -> None:
    aws.fail("cloudtrail:DescribeTrails")
    reported(aws)


ROWS: dict[str, tuple[Callable[[LocalAws, Made], None], str]] = {
    "compliant": (lambda aws, made: reported(aws), "COMPLIANT The last verdict"),
    "cannot verify": (cannot_verify, "INDETERMINATE The last verdict"),
    "none yet": (lambda aws, made: None, f"AWS Config has no verdict of rule {RULE} for this account yet."),
    "refused": (
        lambda aws, made: aws.fail(DETAILS, error="AccessDeniedException"),
        f"The last verdict could not be read: {DETAILS} in eu-west-1: AccessDeniedException.",
    ),
    "no account": (
        lambda aws, made: aws.fail("sts:GetCallerIdentity", error="InvalidClientTokenId"),
        "The last verdict could not be read: sts:GetCallerIdentity in eu-west-1: InvalidClientTokenId.",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_a_refresh_says(aws: LocalAws, row: str) -> None:
    prepare, said = ROWS[row]
    prepare(aws, a_compliant_account(aws))
    assert view("widget").text.startswith(said)


def test_the_row_of_another_account_is_not_shown(aws: LocalAws) -> None:
    a_compliant_account(aws)
    reported(aws)
    (row,) = aws.config.rows.values()
    row.id = "999999999999"
    assert "no verdict" in view("widget").text


def test_a_row_that_is_no_verdict_is_not_shown_as_one(aws: LocalAws) -> None:
    a_compliant_account(aws)
    reported(aws)
    (row,) = aws.config.rows.values()
    row.compliance = "NOT_APPLICABLE"
    assert "no verdict" in view("widget").text


@pytest.mark.parametrize(("theme", "width"), [("light", 800), ("dark", 400)])
def test_it_is_styled_for_the_dashboards_theme_and_its_own_width(aws: LocalAws, theme: str, width: int) -> None:
    a_compliant_account(aws)
    reported(aws)
    context = {"theme": theme, "width": width}
    color, _ = COLORS[theme][Verdict.COMPLIANT]
    assert f"color: {color};" in app.handler(event("widget") | {"widgetContext": context}, Context())
    page = app.handler(event("widget-assess") | {"widgetContext": context}, Context())
    assert ("color-scheme: dark" in page) == (theme == "dark")
    assert ("flex-direction: column" in page) == (width == 400)


def test_a_verdict_that_is_out_of_date_says_so(aws: LocalAws) -> None:
    a_compliant_account(aws)
    reported(aws)
    (row,) = aws.config.rows.values()
    row.at = datetime.now(UTC) - timedelta(hours=49)
    assert "Out of date" in view("widget").text


def test_without_a_rule_there_is_a_sentence_and_no_call(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDSPOT_CONFIG_RULE", "")
    assert "no AWS Config rule" in view("widget").text
    assert aws.calls == []


def test_the_button_assesses_and_reports_to_nobody(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    reported(aws)
    rows, sent = aws.config_rows, len(aws.events)
    capsys.readouterr()
    shown = view("widget-assess")
    assert "AccessDeniedException" in shown.text
    assert (aws.config_rows, len(aws.events)) == (rows, sent)
    assert {call.service for call in aws.calls} == {"sts", "ec2", "cloudtrail", "logs", "cloudwatch", "sns", "ssm"}
    assert {key for record in records(capsys.readouterr().out) for key in record} <= {
        "_aws",
        "service",
        "stack",
        "RefusedCalls",
        "ColdStart",
        "function_name",
    }


def test_the_documentation_is_markdown_and_calls_nothing(aws: LocalAws) -> None:
    assert app.handler(event("widget-describe"), Context()).startswith("## Blindspot\n")
    assert aws.calls == []


@pytest.mark.parametrize("name", [*FUNCTIONS["EvaluatorFunction"], *FUNCTIONS["RemediatorFunction"]])
def test_another_functions_event_is_refused_before_anything_is_called(aws: LocalAws, name: str) -> None:
    with pytest.raises(InvocationError, match=r"widgetContext.*\"describe\": true"):
        app.handler(event(name), Context())
    assert aws.calls == []


def test_nothing_of_the_event_is_shown_or_logged(
    aws: LocalAws, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    a_compliant_account(aws)
    secret = {"SECRET-key": "SECRET", "title": "SECRET", "forms": {"all": {"SECRET": "SECRET"}}, "params": "SECRET"}
    for more in ({}, {"action": "assess"}):
        for context in ({}, {"theme": "SECRET", "width": "SECRET", "height": "SECRET"}):
            html = app.handler({**secret, **more, "widgetContext": {**secret, **context}}, Context())
            assert "SECRET" not in html + caplog.text + "".join(capsys.readouterr())


WRONG_SETTINGS = {"PROFILE": "<b>cis</b>", "OVERRIDES": '{"<script>": 1}', "EXCLUDED_REGIONS": "<img src=x>"}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_wrong_settings_are_said_and_escaped(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"BLINDSPOT_{name}", WRONG_SETTINGS[name])
    shown = view("widget-assess")
    assert shown.text.startswith("The account could not be assessed: ")
    assert {tag for tag, _ in shown.tags} == {"p", "a", "cwdb-action"}


def test_an_unexpected_errors_text_is_neither_shown_nor_logged(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "SECRET"

    def fails(_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(show, "assess_by_hand", fails)
    html = app.handler(event("widget-assess"), Context())
    assert "The account could not be assessed: the viewer failed (RuntimeError)." in html
    assert [record.getMessage() for record in caplog.records] == ["the run failed"]
    assert "UnexpectedError: RuntimeError" in caplog.text
    assert secret not in html + caplog.text


def test_a_rows_text_stays_text(aws: LocalAws) -> None:
    a_compliant_account(aws)
    reported(aws)
    (row,) = aws.config.rows.values()
    hostile = "<script>alert(1)</script><cwdb-action action='call'>&lt;"
    row.annotation = hostile
    shown = view("widget")
    assert hostile in shown.text
    assert list(shown.named("cwdb-action")) == [BUTTON]
    assert not list(shown.named("script"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tag_that_cloudwatch_removes(aws: LocalAws, theme: str) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    shown = view("widget-assess", widgetContext={"theme": theme, "width": 400})
    assert not {"script", "iframe", "use", "object", "embed", "link"} & {tag for tag, _ in shown.tags}
    assert not [name for _, attributes in shown.tags for name in attributes if name.startswith("on")]


def test_a_run_out_of_time_says_what_was_not_read(aws: LocalAws) -> None:
    a_compliant_account(aws)
    aws.hang("cloudwatch:DescribeAlarms", seconds=12)
    html = app.handler(event("widget-assess"), Context(6_000))
    assert "cloudwatch:DescribeAlarms" in html

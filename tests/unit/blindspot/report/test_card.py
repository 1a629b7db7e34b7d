from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report import card
from blindspot.verdict.assessment import Verdict

AT = datetime(2026, 11, 27, 12, 5, tzinfo=UTC)
URL = "https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1&rule=<script>"


class Html(HTMLParser):
    """The tags of a text, their attributes, and what is between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def last(annotation: str = "", hours: float = 1, verdict: Verdict = Verdict.COMPLIANT, theme: str = "light") -> str:
    return card.last(verdict, annotation, at=AT, now=AT + timedelta(hours=hours), theme=theme, rule_url=URL)


@pytest.mark.parametrize("theme", card.COLORS)
@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_and_its_time_are_said_in_words(verdict: Verdict, theme: str) -> None:
    color, behind = card.COLORS[theme][verdict]
    said = f"{verdict.value} The last verdict in AWS Config is of 2026-11-27, 12:05 UTC."
    assert f"color: {color}; background: {behind};" in last(verdict=verdict, theme=theme)
    assert Html(last("Why. ", verdict=verdict, theme=theme)).text == f"{said}Why. The rule in AWS Config"
    out_of_date = Html(last("Why. ", hours=49, verdict=verdict, theme=theme)).text
    assert out_of_date.startswith(f"{said}Out of date: ")
    assert out_of_date.endswith("Why. The rule in AWS Config")


@pytest.mark.parametrize(("hours", "said"), [(0, False), (48, False), (48.01, True), (480, True)])
def test_a_verdict_is_out_of_date_after_two_days(hours: float, said: bool) -> None:
    assert ("Out of date: AWS Config has had no newer verdict for more than 48 hours." in last(hours=hours)) is said


def test_the_link_leads_to_the_rule() -> None:
    parsed = Html(last())
    assert parsed.attributes[parsed.tags.index("a")]["href"] == URL


@given(st.text())
def test_the_button_invokes_the_function_and_sends_a_constant(function: str) -> None:
    parsed = Html(card.button(function))
    assert parsed.attributes[parsed.tags.index("cwdb-action")] == {
        "action": "call",
        "display": "widget",
        "endpoint": function,
    }
    assert parsed.tags[parsed.tags.index("cwdb-action") - 1] == "a"
    assert parsed.text.startswith('Assess now{"action": "assess"}')


def test_without_a_known_console_there_is_no_link() -> None:
    shown = card.last(Verdict.COMPLIANT, "", at=AT, now=AT, theme="light", rule_url=None)
    assert "href" not in shown


@given(st.text())
def test_no_text_becomes_a_tag(text: str) -> None:
    for shown in (last, card.sentence, card.button):
        assert Html(shown(text)).tags == Html(shown("")).tags


@given(st.text())
def test_a_sentence_says_the_text(text: str) -> None:
    assert Html(card.sentence(text)).text == text


@pytest.mark.parametrize("theme", card.COLORS)
@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_can_be_read(theme: str, verdict: Verdict) -> None:
    """WCAG 2.2, success criterion 1.4.6: a contrast of at least 7 to 1."""
    lighter, darker = sorted(map(luminance, card.COLORS[theme][verdict]), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 7


def luminance(color: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

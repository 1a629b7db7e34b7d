"""The page and the widget: what they show, and that nothing which an account contains becomes more than text."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.harmless import harmless
from blindspot.report.page import DISPENSABLE, LARGEST_WIDGET, page, widget
from blindspot.report.reading import view_of
from blindspot.report.view import Assessed, Region, View
from blindspot.verdict.assessment import Verdict
from tests.cases.accounts import BROKEN, DOUBTFUL
from tests.cases.documents import ALARM, EXCLUSIONS, a_change, a_document, a_remediation, with_gap
from tests.cases.hostile import NAMES
from tests.cases.pages import MARKUP, documented, hostile, of_golden, views
from tests.goldens import golden
from tests.strict_html import Strict

ROOT = Path(__file__).parents[4]
VIEWS = views()
CONSOLE = re.compile(r"https://[a-z0-9-]+\.console\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)/\S+|data:,")


def assessed(view: View) -> Assessed:
    assert view.assessed is not None
    return view.assessed


def in_a_dashboard(view: View, theme: str = "light", width: int = 1280) -> str:
    return widget(view, theme=theme, width=width)


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_is_well_formed_and_its_headings_are_in_order(name: str) -> None:
    for made, top in ((page(VIEWS[name]), 1), (in_a_dashboard(VIEWS[name]), 2)):
        parsed = Strict(made)
        assert parsed.headings[0] == top
        assert parsed.headings.count(top) == 1 or not VIEWS[name].assessed
        assert all(after <= before + 1 for before, after in zip(parsed.headings, parsed.headings[1:], strict=False))
        assert all(CONSOLE.fullmatch(link) for link in parsed.links)


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL])
def test_every_gap_and_doubt_is_told_with_its_fix(name: str) -> None:
    snapshot = BROKEN[name][0] if name in BROKEN else DOUBTFUL[name]
    view = view_of(documented(snapshot))
    findings = (*assessed(view).gaps, *assessed(view).doubts)
    assert findings
    for made in (page(view), in_a_dashboard(view)):
        words = Strict(made).words
        told = [assessed(view).answer]
        told += [part for each in findings for part in (each.code, each.message, each.fix, each.resource)]
        assert [part for part in told if " ".join(part.split()) not in words] == []


@pytest.mark.parametrize("name", [name for name in VIEWS if VIEWS[name].assessed])
def test_every_region_is_shown_with_its_verdict(name: str) -> None:
    words = Strict(page(VIEWS[name])).words
    signs = {"COMPLIANT": "✓", "NON_COMPLIANT": "✕", "INDETERMINATE": "?"}
    for region in assessed(VIEWS[name]).regions:
        assert f"{signs[region.verdict]} {region.title}" in words


def test_a_document_that_was_cut_says_so_under_the_answer() -> None:
    view = view_of(with_gap(cut={"gaps": 97}))
    for made in (page(view), in_a_dashboard(view)):
        words = Strict(made).words
        assert "Left out, because the document was too large: gaps: 97." in words.partition("A call that nobody")[0]


def test_a_failed_run_says_where_to_look() -> None:
    told = {name for name in VIEWS if "What to do: docs/runbook.md#cannot-verify" in Strict(page(VIEWS[name])).words}
    assert told == {"failed"}


def test_the_broken_link_is_marked_and_named() -> None:
    view = VIEWS["non-compliant"]
    made = page(view)
    (shown,) = re.findall(r'<li class="broken">(.*?)</li>', made, re.DOTALL)
    assert Strict(shown).words.startswith("metric filter unauthorized eu-west-1")
    assert "Broken at the metric filter unauthorized:" in Strict(made).words


def test_a_link_in_another_account_says_so() -> None:
    view = VIEWS["non-compliant"]
    elsewhere = replace(view, assessed=replace(assessed(view), account="999999999999"))
    assert "unauthorized eu-west-1 ✕ broken" in Strict(page(view)).words
    assert "unauthorized eu-west-1, account 123456789012 ✕ broken" in Strict(page(elsewhere)).words


@pytest.mark.parametrize(
    ("names", "tally"),
    [
        (("eu-west-1",), "1 enabled region"),
        (("eu-west-1", "us-east-1"), "2 enabled regions"),
        (("future",), "any region enabled later"),
        (("eu-west-1", "future"), "1 enabled region, and any region enabled later"),
    ],
)
def test_regions_are_counted_in_words(names: tuple[str, ...], tally: str) -> None:
    view = VIEWS["compliant"]
    regions = tuple(Region(name, Verdict.COMPLIANT) for name in names)
    words = Strict(page(replace(view, assessed=replace(assessed(view), regions=regions)))).words
    assert f"✓ COMPLIANT {tally} ✓ {regions[0].title}" in words


def test_a_gap_of_many_regions_counts_and_names_them() -> None:
    words = Strict(page(VIEWS["planned"])).words
    assert "Regions 17 enabled regions, and any region enabled later ap-northeast-1, ap-northeast-2, " in words
    assert "Regions eu-central-1, eu-west-1, us-east-1, any region enabled later" in (
        Strict(page(VIEWS["non-compliant"])).words
    )


def test_an_event_is_shown_field_by_field() -> None:
    view = view_of(hostile(of_golden("assess"), "監視"))
    assert '\n  "eventSource": "secretsmanager.amazonaws.com監視",\n' in "".join(Strict(page(view)).text)


def test_what_is_not_known_is_not_called_broken() -> None:
    words = Strict(page(VIEWS["indeterminate"])).words
    assert "Not known at the topic security-alerts:" in words
    assert "Broken at" not in words


def test_a_plan_shows_what_is_there_and_what_would_be() -> None:
    words = Strict(page(VIEWS["planned"])).words
    assert "Before Nothing is there." in words
    assert '"filterName": "unauthorized-api-calls-metric-blindspot"' in words
    assert "logs:DeleteMetricFilter" in words


def test_a_page_without_an_assessment_is_about_remediation() -> None:
    made = Strict(page(View(remediated=VIEWS["planned"].remediated)))
    assert made.headings[0] == 1
    assert "Plan 41e8c99d299c016c-7bc4" in made.words


@given(st.text(min_size=1), st.sampled_from(["light", "dark"]))
def test_a_name_is_text_and_nothing_else(name: str, theme: str) -> None:
    view = view_of(hostile(of_golden("assess"), name), hostile(golden("plan"), name))
    ordinary = Strict(page(VIEWS["planned"]))
    for made in (page(view), in_a_dashboard(view, theme)):
        parsed = Strict(made)
        assert harmless(name).strip() in "".join(parsed.text)
        assert all(CONSOLE.fullmatch(link) for link in parsed.links)
        assert len(parsed.headings) == len(ordinary.headings)


@pytest.mark.parametrize("name", [*MARKUP, *(shown for _, shown in NAMES.values())])
def test_markup_stays_text(name: str) -> None:
    view = view_of(hostile(of_golden("assess"), name))
    assert harmless(name) in "".join(Strict(page(view)).text)


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    made = page(VIEWS["planned"])
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in made
    assert not re.search(r"url\(|@import|@font-face|src=|<script", made)
    assert '<link rel="icon" href="data:,">' in made  # else a browser asks for /favicon.ico
    assert '<meta name="referrer" content="no-referrer">' in made


@pytest.mark.parametrize(
    ("media", "style"),
    [
        ("screen and (prefers-color-scheme: dark)", "color-scheme: dark"),
        ("screen and (max-width: 40rem)", "flex-direction: column"),
        ("print", "details::details-content { display: block;"),
    ],
)
def test_a_page_is_for_dark_mode_phones_and_paper(media: str, style: str) -> None:
    (found,) = re.findall(rf"@media {re.escape(media)} \{{(.*?)\n\}}", page(VIEWS["planned"]), re.DOTALL)
    assert style in found


def test_a_link_on_a_dashboard_opens_a_page_of_its_own() -> None:
    made = in_a_dashboard(VIEWS["non-compliant"])
    links = re.findall(r"<a [^>]*>", made)
    assert links
    assert all(link.endswith(' target="_blank" rel="noopener noreferrer">') for link in links)
    assert len(re.findall(r"<a [^>]*><bdi>", made)) == len(links)  # else a name may turn what follows
    assert "target=" not in page(VIEWS["non-compliant"])


def words_of(*documents: object) -> str:
    return Strict(page(view_of(*documents))).words


def test_a_compliant_account_says_what_is_excused() -> None:
    assert "Except those that 1 exclusion excuses." in words_of(
        a_document(summary="Except those that 1 exclusion excuses.")
    )
    assert "A summary." not in words_of(with_gap())


def test_exclusions_are_listed_with_reason_and_end() -> None:
    words = Strict(page(view_of(a_document(exclusions=EXCLUSIONS)))).words
    assert (
        "Exclusions: 3 nightly scanner: in force until 2027-02-25 { $.eventName = A } "
        "{ $.eventName = B }: ended on 2026-11-27 { $.eventName = C }: in force, no end date About"
    ) in words
    many = Strict(page(view_of(a_document(exclusions=EXCLUSIONS * 4)))).words
    assert "Exclusions: 12 12 exclusions: calls that a metric filter may leave out nightly scanner" in many
    assert "Exclusions" not in Strict(page(view_of(a_document(exclusions=[])))).words


def test_the_blind_spot_says_why_and_what_to_do() -> None:
    assert "Nobody is alerted. Why: A message. Fix: Widen the filter pattern" in words_of(with_gap())


def test_what_was_left_out_of_the_document_is_said() -> None:
    left_out = "Left out, because the document was too large: "
    assert f"{left_out}channels: 3. Regions" in words_of(a_document(cut={"channels": 3}))
    assert f"{left_out}undo: 1, manual steps: 2." in words_of(a_remediation(cut={"undo": 1, "manual_steps": 2}))


STACK = "arn:aws:cloudformation:eu-north-1:123456789012:stack/blindspot/1"


@pytest.mark.parametrize(("stack", "count"), [(STACK, 2), (None, 0)])
def test_the_rule_and_its_timeline_are_in_the_region_of_the_stack(stack: str | None, count: int) -> None:
    reported = a_document(stack=stack, config={"rule": "r", "sent": 1, "refused": []}, channels=[])
    links = [link for link in Strict(page(view_of(reported))).links if "/config/home" in link]
    assert [urlsplit(link).hostname for link in links] == ["eu-north-1.console.aws.amazon.com"] * count


def test_what_became_of_a_change_is_shown_with_its_error_and_what_was_there() -> None:
    outcome = {"resource": ALARM, "status": "failed", "error": "LimitExceeded"}
    words = words_of(a_remediation(plan=[a_change(before={"Threshold": 10})], outcomes=[outcome], expected="unclear"))
    assert "Outcome failed: LimitExceeded" in words
    assert 'Before { "Threshold": 10 } After { "AlarmName": "a" } To undo it {' in words
    assert "Verdict expected unclear" in words
    assert "Run run-1" in words


def test_many_chains_are_folded_and_the_rest_is_counted() -> None:
    view = view_of(with_gap())
    (chain,) = assessed(view).chains
    made = page(replace(view, assessed=replace(assessed(view), chains=(chain,) * 14)))
    assert made.count('<figure class="chain">') == 12
    words = Strict(made).words
    assert "9 more chains" in words
    assert "2 more are not drawn; the document has them." in words


def rules(css: str) -> Iterator[str]:
    """The selectors of a style sheet, one by one."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for selectors in re.findall(r"([^{}]+)\{", css):
        yield from re.split(r",(?![^(]*\))", selectors)


@pytest.mark.parametrize("theme", ["light", "dark", "sepia"])
@pytest.mark.parametrize("width", [1, 639, 640, 2000])
def test_the_styles_of_a_widget_hold_only_within_it(theme: str, width: int) -> None:
    made = in_a_dashboard(VIEWS["planned"], theme, width)
    (css,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    assert {selector.split()[0] for selector in rules(css)} == {".blindspot"}
    assert "@" not in css
    assert made.count('class="blindspot') == 1
    assert ("color-scheme: dark" in css) == (theme == "dark")
    assert ("flex-direction: column" in css) == (width < 640)


def test_a_widget_that_is_too_large_says_what_it_left_out() -> None:
    view = VIEWS["large"]
    made = in_a_dashboard(view)
    assert len(made.encode()) <= LARGEST_WIDGET < len(page(view).encode())
    words = Strict(made).words
    (left_out,) = re.findall(r"Left out, because the widget would be too large: (.*?)\. Run", words)
    named = re.split(r", ", left_out)
    assert tuple(named) == DISPENSABLE[: len(named)]
    assert assessed(view).answer in words


def test_a_widget_of_any_size_keeps_answer_and_regions() -> None:
    view = VIEWS["large"]
    gaps = tuple(replace(gap, message="€" * 7_000) for gap in assessed(view).gaps)
    made = in_a_dashboard(replace(view, assessed=replace(assessed(view), gaps=gaps)))
    assert len(made.encode()) <= LARGEST_WIDGET
    words = Strict(made).words
    assert all(part in words for part in (*DISPENSABLE, "sa-south-4", assessed(view).answer))


def test_an_ordinary_widget_leaves_nothing_out() -> None:
    assert "Left out" not in in_a_dashboard(VIEWS["planned"])


def test_a_run_of_a_function_does_not_load_jinja2() -> None:
    """Only a page needs it, and every import delays a cold start."""
    program = (
        "import sys; import functions.evaluator.app, functions.remediator.app, functions.viewer.app; "
        "sys.exit('jinja2' in sys.modules)"
    )
    paths = f"{ROOT}:{ROOT / 'layers/blindspot'}"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": paths}, cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr

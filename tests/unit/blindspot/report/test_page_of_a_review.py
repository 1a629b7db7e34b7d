"""The chapter of a review on the page: what it shows, alone and beside an assessment."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model.harmless import harmless
from blindspot.report.page import LARGEST_WIDGET, page, widget
from blindspot.report.reading import view_of
from tests.cases.documents import a_document, a_remediation, with_gap
from tests.cases.pages import hostile
from tests.cases.reviews import (
    ALARM,
    SCP,
    a_group,
    a_large_review,
    a_log_group,
    a_review,
    an_alarm,
    an_exclusion,
    days,
    reviewed,
)
from tests.strict_html import Strict


def words(*documents: Any) -> str:
    return Strict(page(view_of(*documents))).words


def in_order(shown: str, *parts: str) -> None:
    found = [shown.find(part) for part in parts]
    assert -1 not in found, parts[found.index(-1)]
    assert found == sorted(found)


def test_the_answer_comes_first_and_how_to_set_the_overrides_last() -> None:
    unread = a_log_group(error={"call": "logs:FilterLogEvents", "region": "r", "error": "Timeout", "permission": None})
    read = a_review()["read"] | {"share": 0.61}
    document = a_review(log_groups=[unread], read=read, cut={"examples": 3}, remarks=["One has ended."])
    shown = reviewed(document)
    in_order(
        words(document),
        "Review, account 111122223333",
        "Who is refused what, and how often would that have set off the alarm?",
        "So far, 61 % of the hours asked for.",
        shown.answer,
        *shown.facts,
        "Account 111122223333 · reviewed at 2026-11-27T12:00:00+00:00",
        "Left out, because the document was too large: examples: 3.",
        "What looks like an attack",
        *shown.attacks,
        "What was not read",
        *shown.not_read,
        "By day",
        "Refused calls",
        "How often the account's alarm would have gone to ALARM",
        "The numbers of each day Day (UTC) Refused calls Changes to ALARM 2026-11-20 40 9 2026-11-21 118 29 ",
        "How often each alarm would have gone to ALARM",
        "unauthorized_api_calls_alarm Sum >= 1, 1 of 1 periods of 300 s, missing data missing 200",
        "unauthorized-api-calls-alarm as the profile recommends it Sum >= 1",
        "Who is refused what: 3 groups",
        "Proposed exclusions, each with its proof: 1",
        "Frequent, and not excluded",
        "A person makes these calls. 96 calls, person: role AWSReservedSSO_Developer_0a1b2c3d4e5f6071, "
        "ec2:DescribeInstances",
        "The Overrides to set",
        document["overrides"],
        *shown.how,
        "The metric filter's pattern is then:",
        document["pattern"],
        "About this review",
        "Profile cis-level-2",
    )


def test_every_part_of_a_group_is_shown() -> None:
    shown = words(a_review())
    assert (
        "700 on 7 days role scanner s3:GetBucketAcl AccessDenied no identity-based policy allows it "
        "2026-11-20 12:04 to 2026-11-27 10:58 from 198.51.100.7 in us-east-1 a scanner caller refused in many "
        'services exclusion 1 An event of s3:GetBucketAcl { "eventVersion": "1.11", '
    ) in shown
    assert f"a service control policy denies it: {SCP}" in shown
    assert (
        "from 203.0.113.20, 2001:db8::1 and others in eu-west-1, us-east-1 an attack first seen in the last quarter of "
        "the time; caller refused in many services"
    ) in shown
    assert "4 on 2 days role build of account 444455556666" in shown
    assert page(view_of(a_review())).count('<span class="attack">') == 1


def test_an_exclusion_has_its_proof() -> None:
    silenced = an_exclusion()["silenced"]
    in_order(
        words(a_review()),
        "1. role scanner: 700 refused calls Alarms 200 →before, 14 after Calls s3:GetBucketAcl, AccessDenied: ",
        "What else it silences arn:aws:sts::111122223333:assumed-role/scanner/session calls s3:GetBucketAcl in "
        "eu-west-1 from 198.51.100.7, refused with AccessDenied. The made-up event { ",
        f'"awsRegion": "{silenced["awsRegion"]}"',
        "What is left The metric filter's pattern has 512 of 1,024 characters.",
        "Reason Refused calls of role scanner",
        "Ends 2027-02-25 { ($.userIdentity.sessionContext",
    )


def test_what_is_not_there_has_no_chapter() -> None:
    shown = words(a_review(groups=[], exclusions=[], overrides=None, alarms=[], days=[], log_groups=[]))
    for title in ("By day", "How often each", "Who is refused what:", "Proposed", "Frequent", "Overrides", "not read"):
        assert title not in shown
    assert "The metric filter's pattern is then" not in shown


def test_a_forecast_that_is_not_known_has_no_columns() -> None:
    composite = an_alarm([], not_known="It is of another kind.")
    made = page(view_of(a_review(alarms=[composite], exclusions=[], groups=[])))
    assert "not known It is of another kind." in Strict(made).words
    assert "Changes to ALARM 2026" not in Strict(made).words
    assert made.count('<svg class="plot') == 1


def test_numbers_that_are_not_certain_are_drawn_and_told_as_such() -> None:
    made = page(view_of(a_review(days=days([5, 6]), alarms=[an_alarm([1, 2], maybe=1)])))
    assert "2026-11-20 5 1 to 2 2026-11-21 6 2 to 3" in Strict(made).words
    assert made.count('<rect class="maybe"') == 2
    assert made.count("<rect") == 6


def test_many_groups_are_folded_and_all_are_there() -> None:
    made = page(view_of(a_large_review()))
    parsed = Strict(made)
    assert "480 more groups, without their examples" in parsed.words
    assert all(f"s3:DescribeThing{number} " in parsed.words for number in range(500))
    assert made.count("<summary>An event of ") == 20
    assert "more groups" not in words(a_review(groups=[a_group()] * 20, exclusions=[]))
    assert "1 more group, without" in words(a_review(groups=[a_group()] * 21, exclusions=[]))


def test_many_calls_of_an_exclusion_are_counted() -> None:
    shown = words(a_large_review())
    assert "s3:DescribeThing360, AccessDenied: 14 calls; and 3 more What else" in shown


def test_beside_an_assessment_it_is_a_chapter() -> None:
    made = page(view_of(with_gap(), a_remediation(), a_review()))
    parsed = Strict(made)
    in_order(
        parsed.words,
        "Would every unauthorized API call",
        "Plan: Nothing was changed.",
        "Who is refused what, and how often",
        "About this assessment",
    )
    assert parsed.headings.count(1) == 1
    assert parsed.headings.count(4) >= 1
    assert "About this review" not in parsed.words
    assert made.count("<header") == 1


def test_beside_a_plan_it_is_the_page() -> None:
    parsed = Strict(page(view_of(a_remediation(), a_review())))
    assert parsed.headings.count(1) == 1
    in_order(parsed.words, "Review, account", reviewed(a_review()).answer, "Plan: Nothing was changed.")


def test_an_alarm_of_the_account_is_linked() -> None:
    links = Strict(page(view_of(a_review()))).links
    assert [link for link in links if ALARM.rpartition(":")[2] in link]


def test_a_widget_without_room_leaves_the_review_out() -> None:
    made = widget(view_of(a_document(), a_large_review()), theme="light", width=1280)
    assert len(made.encode()) <= LARGEST_WIDGET
    assert "the review" in Strict(made).words.partition("Left out, because the widget")[2]
    assert (
        reviewed(a_review()).answer in Strict(widget(view_of(a_document(), a_review()), theme="dark", width=300)).words
    )


@given(st.text(min_size=1))
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    made = Strict(page(view_of(hostile(a_review(), name))))
    assert harmless(name).strip() in "".join(made.text)
    assert made.headings == Strict(page(view_of(a_review()))).headings


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_the_columns_depend_on_the_theme(theme: str) -> None:
    made = widget(view_of(a_review()), theme=theme, width=1280)
    assert len(re.findall(r"--alarms: #", made)) == (2 if theme == "dark" else 1)

"""The text in a terminal, however wide it is."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from blindspot.report.reading import view_of
from blindspot.report.text import text
from tests.cases.documents import (
    ALARM,
    EVENT,
    EXCLUSIONS,
    FILTER,
    TOPIC,
    a_change,
    a_document,
    a_remediation,
    a_step,
    with_doubt,
    with_gap,
)
from tests.cases.hostile import NAMES

LISTENING = [{"topic": TOPIC, "subscriptions": [{"protocol": "email", "at": "x.org", "confirmed": 1, "pending": 0}]}]


def printed(*documents: Any, width: int = 80, colours: bool = False) -> str:
    console = Console(
        file=StringIO(), width=width, force_terminal=colours, color_system="truecolor" if colours else None
    )
    for part in text(view_of(*documents)):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def squeezed(shown: str) -> str:
    """Without what wraps lines and draws tables."""
    return "".join(each for each in shown if each.isalnum() or each in "$:*@[]/<>")


def in_order(shown: str, *parts: str) -> None:
    found = [squeezed(shown).find(squeezed(part)) for part in parts]
    assert -1 not in found, parts[found.index(-1)]
    assert found == sorted(found)


WIDTHS = (40, 80, 200)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_gap_is_shown_whole(width: int) -> None:
    note = {"code": "calls.refused", "resource": "r", "message": "AWS refused 2 calls."}
    document = with_gap(notes=[note], skipped=[{"region": "af-south-1", "reason": "not opted in"}], cut={"channels": 3})
    shown = printed(document, width=width)
    in_order(
        shown,
        "Would every unauthorized API call in this account alert somebody?",
        "No. There are calls that alert nobody in all 2 enabled regions, and in every region that is enabled later.",
        f"{EVENT['userIdentity']['arn']} calls secretsmanager:GetSecretValue in eu-west-1.",  # type: ignore[index]
        "The call is refused with AccessDeniedException. Nobody is alerted.",
        "Why: A message.",
        "Fix: Widen the filter pattern, or add a second metric filter beside it.",
        '"errorCode": "AccessDeniedException"',
        "NON_COMPLIANT",
        f"1. filter.misses {FILTER}",
        "See docs/gaps.md#help.",
        "Regions: eu-west-1, us-east-1, future",
        "metric filter broken unauthorized",
        "AWS refused 2 calls.",
        "af-south-1",
        "channels: 3.",
        "Account: 123456789012",
    )
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("width", WIDTHS)
def test_exclusions_are_listed_with_reason_and_end(width: int) -> None:
    note = {"code": "n", "resource": "r", "message": "A note."}
    in_order(
        printed(a_document(exclusions=EXCLUSIONS, notes=[note]), width=width),
        "Exclusions",
        "- nightly scanner: in force until 2027-02-25. Pattern: { $.eventName = A }",
        "- { $.eventName = B }: ended on 2026-11-27.",
        "- { $.eventName = C }: in force, no end date.",
        "Notes",
    )
    assert "Exclusions" not in printed(a_document(exclusions=[]), width=width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_is_shown_whole(width: int) -> None:
    changed = a_change(before={"Threshold": 10})
    outcomes = [{"resource": ALARM, "status": "failed", "error": "LimitExceeded"}]
    document = a_remediation(
        plan=[changed],
        listeners=LISTENING,
        outcomes=outcomes,
        manual_steps=[a_step()],
        notices=["A notice."],
        cut={"undo": 2},
    )
    shown = printed(document, width=width)
    in_order(
        shown,
        "Remediation: plan",
        "0 of 1 change made.",
        "1. create alarm: closes alarm.missing, makes COMPLIANT: 1 enabled region",
        "Outcome: failed: LimitExceeded",
        "cloudwatch:PutMetricAlarm",
        "Before:",
        "Threshold",
        "To undo it:",
        "cloudwatch:DeleteAlarms",
        "Verdict before: NON_COMPLIANT.",
        "Verdict expected: COMPLIANT.",
        "Remediation is off",
        "Subscribed to topic security-alerts already: email at x.org",
        "A notice.",
        "Manual step: Another run has it. Run it again.",
        "undo: 2. The document was too large",
        "Account: 123456789012",
    )
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown


def test_a_doubt_is_not_told_as_a_fact() -> None:
    shown = printed(with_doubt())
    in_order(shown, "Not known.", "It is not known whether anybody is alerted.", "Doubts", "alarm not known")
    assert "Nobody is alerted" not in shown


def test_a_compliant_account_says_how_it_holds_and_what_is_excused() -> None:
    shown = printed(a_document(summary="COMPLIANT, except those that 1 exclusion excuses."))
    in_order(shown, "Yes, in all 2", "except those that 1 exclusion excuses", "How it holds", "topic holds")


def test_without_a_region_there_is_no_table() -> None:
    failed = a_document(verdict="INDETERMINATE", regions={}, channels=[], summary="Cannot verify: it failed.")
    shown = printed(failed)
    in_order(shown, "Cannot verify: it failed.", "What to do: docs/runbook.md#cannot-verify")
    assert "Verdict by region" not in shown


def test_each_gap_is_shown_with_its_own_chain() -> None:
    document = with_gap()
    document["gaps"].append(document["gaps"][0] | {"code": "alarm.latches", "resource": ALARM})
    shown = printed(document)
    in_order(shown, "filter.misses", "metric filter broken", "alarm.latches", "alarm broken")
    assert shown.count(" broken ") == 2
    assert "How it holds" not in shown


def test_of_the_event_is_shown_who_did_what_from_where() -> None:
    fields = {"sourceIPAddress": "203.0.113.7", "readOnly": True, "recipientAccountId": "999999999999"}
    document = with_gap()
    for region in document["regions"].values():
        region["blind_spot"] = EVENT | fields | {"requestParameters": {"secret": "x"}}
    in_order(printed(document), "eventTime", "203.0.113.7", "readOnly", "999999999999")
    assert "requestParameters" not in printed(document)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_long_name_is_shown_whole(width: int) -> None:
    documents = everywhere("€" * 255)
    shown = printed(*documents, width=width)
    assert shown.count("€") == printed(*documents, width=10_000).count("€")
    assert max(map(len, shown.splitlines())) <= width


def test_colours_are_only_for_a_terminal() -> None:
    assert "\x1b[31m╭" in printed(with_gap(), colours=True)  # red
    assert "\x1b[33m╭" in printed(with_doubt(), colours=True)  # yellow


ODD = "[bold red]x[/] [/nothing] :smile:"


def everywhere(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Documents with the name wherever an account's names may be."""
    event = dict.fromkeys(EVENT, name) | {"userIdentity": {"arn": name}}
    document = with_gap(resource=name, notes=[{"code": name, "resource": name, "message": name}], account=name)
    for region in document["regions"].values():
        region["blind_spot"] = event
    document["gaps"][0] |= {"message": name, "fix": name}
    document["channels"][0] |= {"alarm": name, "filter": name}
    call = {"call": name, "parameters": {name: name}}
    change = a_change(action=name, resource=name, gap=name, before=call, request=call, undo=call)
    step = a_step(code=name, resource=name, message=name, fix=name)
    return document, a_remediation(plan=[change], manual_steps=[step], notices=[name])


def test_names_are_not_taken_for_markup() -> None:
    shown = printed(*everywhere(ODD), colours=False)
    assert squeezed(shown).count("[boldred]x[/]") >= 20
    assert shown.count(":smile:") >= 20


@pytest.mark.parametrize("name", NAMES)
def test_no_name_does_harm(name: str) -> None:
    shown = printed(*everywhere(NAMES[name][0]))
    assert all(line.isprintable() for line in shown.split("\n"))

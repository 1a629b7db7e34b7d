"""Markdown for a ticket: what is in it, and that no name becomes markup."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.report.markdown import markdown
from blindspot.report.reading import view_of
from tests.cases.documents import (
    ALARM,
    EXCLUSIONS,
    FILTER,
    LOG_GROUP,
    a_change,
    a_document,
    a_remediation,
    a_step,
    with_doubt,
    with_gap,
)
from tests.cases.hostile import NAMES
from tests.cases.markup import MARKUP


def written(*documents: Any) -> str:
    return markdown(view_of(*documents))


def test_a_gap_as_a_ticket() -> None:
    skipped = [{"region": "af-south-1", "reason": "not opted in"}]
    shown = written(
        with_gap(skipped=skipped, cut={"channels": 3}, notes=[{"code": "n", "resource": "r", "message": "A note."}])
    )
    without_event = re.sub(r"```json.*?```", "EVENT", shown, flags=re.DOTALL)
    assert (
        without_event
        == f"""\
# Would every unauthorized API call in this account alert somebody?

**No. There are calls that alert nobody in all 2 enabled regions, and in every region that is enabled later.**

Account `123456789012`, assessed at `2026-11-27T12:00:00+00:00`: `NON_COMPLIANT`.

## A call that nobody would be alerted to

`arn:aws:sts::123456789012:assumed-role/developer/session` calls `secretsmanager:GetSecretValue` in eu-west-1. \
The call is refused with `AccessDeniedException`. Nobody is alerted.

Why: A message.

Fix: Widen the filter pattern, or add a second metric filter beside it.

The CloudTrail event:

EVENT

## Gaps

### 1. `filter.misses`

Resource: `{FILTER}`

A message.

Fix: Widen the filter pattern, or add a second metric filter beside it. See `docs/gaps.md#help`.

Regions: eu-west-1, us-east-1, future

Chain: trail `management-events` → log group `management-events` → **metric filter `unauthorized` (broken)** → \
alarm `unauthorized-calls` → topic `security-alerts` → subscription `confirmed`

## Regions

- `NON_COMPLIANT`: eu-west-1, us-east-1, future (any region enabled later). A message.

## Notes

- `n`: A note.

## Not read

- Regions that were not called (not opted in): af-south-1.

## Left out, because the document was too large

- `channels`: 3

## About

- Control: `Ensure unauthorized API calls are monitored`
- Account: `123456789012`
- Profile: `cis-level-2`
- Assessed at: `2026-11-27T12:00:00+00:00`
- Version of Blindspot: `0.1.0`
"""
    )


def test_a_failed_run_says_where_to_look() -> None:
    shown = written(a_document(verdict="INDETERMINATE", regions={}, channels=[], summary="Cannot verify: it failed."))
    assert "\nWhat to do: `docs/runbook.md#cannot-verify`\n" in shown
    assert "What to do" not in written(with_gap())


def test_exclusions_in_a_ticket() -> None:
    shown = written(a_document(exclusions=EXCLUSIONS, notes=[{"code": "n", "resource": "r", "message": "A note."}]))
    assert (
        """\
## Exclusions

- nightly scanner: in force until 2027-02-25. Pattern: `{ $.eventName = A }`
- `{ $.eventName = B }`: ended on 2026-11-27.
- `{ $.eventName = C }`: in force, no end date.

## Notes
"""
        in shown
    )
    assert "Exclusions" not in written(a_document(exclusions=[]))


def test_a_plan_as_a_ticket() -> None:
    outcomes = [{"resource": ALARM, "status": "failed", "error": "LimitExceeded"}]
    changes = [a_change(before={"a": 1})]
    shown = written(a_remediation(outcomes=outcomes, manual_steps=[a_step()], plan=changes, cut={"notices": 2}))
    without_json = re.sub(r"```json.*?```", "JSON", shown, flags=re.DOTALL)
    assert without_json.startswith(
        "# Remediation: plan\n\n**0 of 1 change made.**\n\n- Verdict before: `NON_COMPLIANT`.\n"
    )
    assert (
        f"""\
## 1. create alarm

Resource: `{ALARM}`

Outcome: **failed**: LimitExceeded

It closes `alarm.missing`. It makes these regions COMPLIANT: eu-west-1.

Request:

JSON

Before:

JSON

To undo it:

JSON

## Manual steps

### 1. `lease.held`

Resource: `/blindspot/lease`

Another run has it.

Fix: Run it again. See `docs/remediation.md#see-the-plan`.

## Left out, because the document was too large

- `notices`: 2
"""
        in without_json
    )


def test_what_is_not_there_is_not_named() -> None:
    shown = written(a_remediation(), with_gap("filter.missing", LOG_GROUP))
    assert "\n\nBefore: nothing is there.\n\nTo undo it:\n\n" in shown
    assert "**metric filter (broken)** → alarm → topic → subscription\n" in shown


def test_a_doubt_is_not_told_as_a_fact() -> None:
    shown = written(with_doubt())
    assert "## A call that perhaps alerts nobody" in shown
    assert "**alarm `unauthorized-calls` (not known)**" in shown
    assert "Nobody is alerted" not in shown


def test_a_compliant_account_says_how_it_holds_and_what_is_excused() -> None:
    shown = written(a_document(summary="Except those that 1 exclusion excuses."))
    assert "\n\nExcept those that 1 exclusion excuses.\n\n" in shown
    assert "## How it holds\n\n- trail `management-events` → " in shown


@pytest.mark.parametrize("name", MARKUP)
def test_what_would_be_markup_is_code(name: str) -> None:
    given_, shown = MARKUP[name]
    gap = {**with_gap()["gaps"][0], "message": given_}
    assert f"\n\n{shown}\n\nFix: " in written(with_gap(gaps=[gap]))


DANGEROUS = "ab1 .:/-@#&<>[]()*_`|~$\\!{}=+\"'"


@given(st.text(alphabet=DANGEROUS, min_size=1, max_size=20))
def test_outside_of_code_spans_nothing_is_left_that_could_be_markup(message: str) -> None:
    shown = written(with_gap(gaps=[{**with_gap()["gaps"][0], "message": message}]))
    (line,) = re.findall(r"\n\nResource: .*\n\n(.*)\n\nFix: ", shown)
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "code", line)
    assert not re.search(r"[\\`*_{}\[\]<>#|~@&$]|://|www\.|^\s*([-+=]|\d+[.)])(\s|$)", outside), outside


@pytest.mark.parametrize("name", NAMES)
def test_no_name_does_harm(name: str) -> None:
    given_ = NAMES[name][0]
    gap = {**with_gap()["gaps"][0], "message": given_, "resource": given_}
    change = a_change(action=given_, resource=given_, before={given_: given_})
    shown = written(with_gap(gaps=[gap], account=given_), a_remediation(plan=[change]))
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_block_of_json_ends_where_it_ends() -> None:
    shown = written(a_remediation(plan=[a_change(before={"a": "```\n```"})]))
    assert re.search(r"Before:\n\n````json\n.*?\n````\n", shown, re.DOTALL)

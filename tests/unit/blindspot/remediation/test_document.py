"""The remediator's document: harmless to read, and small enough to be told."""

import json

import pytest

from blindspot.model.fitting import LARGEST_TOLD
from blindspot.remediation.actions import PutFilter
from blindspot.remediation.backout import Backout, NotDeleted
from blindspot.remediation.document import Document, Outcome, Switch, fitted, of_backout, of_plan
from blindspot.remediation.manual_tasks import Task
from blindspot.remediation.plan import Plan, Planned
from blindspot.verdict.assessment import Verdict
from tests.builders import REGIONS, a_filter, log_group_arn
from tests.cases.hostile import NAMES

OFF = Switch(on=False, parameter="/blindspot/auto-remediate", why="it is false")


def an_account_of(log_groups: int, name: str = "g") -> Document:
    """So many log groups got a filter, and so many trails need a person, as a log group has no name."""
    actions = [
        PutFilter(log_group_arn(name=f"{number}{name}"[:512]), a_filter(name=name[:512]), before=None)
        for number in range(log_groups)
    ]
    tasks = tuple(
        Task("log-group.missing", action.log_group, REGIONS, f"Log group {name} is missing.", "Create it.")
        for action in actions
    )
    planned = Plan(tuple(Planned(action, "filter.misses") for action in actions), tasks)
    outcomes = [Outcome(action.resource, "failed", "LimitExceededException") for action in actions]
    return of_plan("apply", OFF, Verdict.NON_COMPLIANT, planned, outcomes, planned, Verdict.NON_COMPLIANT)


def test_a_small_document_is_told_whole() -> None:
    small = an_account_of(3)
    assert fitted(small, LARGEST_TOLD) is small


@pytest.mark.parametrize("name", ["g", "x" * 512, "\x1b" * 512])
def test_a_large_document_fits_and_what_was_done_is_cut_last(name: str) -> None:
    whole = an_account_of(4_000, name)
    small = fitted(whole, LARGEST_TOLD)
    assert len(json.dumps(small)) <= LARGEST_TOLD
    assert {key: small[key] for key in ("action", "flag", "verdict_before", "verdict_after")} == {
        key: whole[key] for key in ("action", "flag", "verdict_before", "verdict_after")
    }
    for part in ("plan", "outcomes", "for_a_person"):
        assert len(small[part]) + small["cut"].get(part, 0) == len(whole[part]) == 4_000
        assert small[part] == [] or part == "outcomes"
    assert small["outcomes"]


def test_templates_and_requests_are_cut_first() -> None:
    whole = an_account_of(100)
    small = fitted(whole, len(json.dumps(whole)) - 1)
    assert list(small["cut"]) == ["cloudformation"]
    assert len(small["for_a_person"]) == 100
    without = fitted(whole, 120_000)
    assert set(without["cut"]) <= {"cloudformation", "undo", "request"}
    assert [entry["resource"] for entry in without["plan"]] == [entry["resource"] for entry in whole["plan"]]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_would_do_harm_do_none(name: str) -> None:
    given, shown = NAMES[name]
    kept = Backout((), (NotDeleted(given, f"Alarm {given} is not deleted.", "Delete it."),))
    backed_out = of_backout(OFF, Verdict.COMPLIANT, kept, [Outcome(given, "stopped", given)], None)
    for made in (an_account_of(1, given), backed_out):
        text = json.dumps(made, ensure_ascii=False)
        assert text.isprintable()
        assert json.loads(text.encode()) == made
    assert backed_out["outcomes"] == [{"resource": shown, "status": "stopped", "error": shown}]

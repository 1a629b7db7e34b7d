"""An exclusion from the day on which it is set to the day after its end: what the evaluator and the remediator do."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest

from blindspot.app import run as runs
from functions.remediator import app
from local.accounts import a_compliant_account
from local.aws import LocalAws
from local.lambda_context import Context
from tests.cases.exclusions import REASON, UNTIL, overrides
from tests.integration.evaluating import invoke
from tests.integration.remediating import OUR_FILTER, all_ours, only_a_trail, run, switch, written

ENDS = f'The exclusion "{REASON}" ends on {UNTIL}. '
ENDED = f'The exclusion "{REASON}" ended on {UNTIL}. '

Today = Callable[[int], None]


@pytest.fixture
def before_its_end(monkeypatch: pytest.MonkeyPatch) -> Today:
    """Sets the day of the runs to so many days before the end of the exclusion."""
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(overrides()))

    def set_today(days: int) -> None:
        monkeypatch.setattr(runs.Run, "today", UNTIL - timedelta(days=days))

    set_today(90)
    return set_today


def pattern(aws: LocalAws, region: str) -> str:
    (found,) = aws.client("logs", region).describe_metric_filters(filterNamePrefix=OUR_FILTER)["metricFilters"]
    return str(found["filterPattern"])


def noted(document: dict[str, Any]) -> list[str]:
    return [note["code"] for note in document["notes"]]


def test_it_is_noted_before_its_end_and_from_then_on_the_remediator_has_its_calls_raise_an_alarm_again(
    small: LocalAws, before_its_end: Today
) -> None:
    switch(small, "true")
    made = a_compliant_account(small)
    all_ours(small, made)
    assert "role/scanner" in pattern(small, made.region)

    for days, notes in ((90, []), (15, []), (14, ["exclusion.ends"]), (1, ["exclusion.ends"])):
        before_its_end(days)
        document, planned = invoke({"action": "assess"}), run("plan")
        assert (document["verdict"], noted(document)) == ("COMPLIANT", notes)
        assert [note["message"] for note in document["notes"]] == planned["notices"]
        assert all(notice.startswith(ENDS) for notice in planned["notices"])
        assert (planned["plan"], planned["manual_steps"]) == ([], [])

    before_its_end(0)
    document = invoke({"action": "assess"})
    assert (document["verdict"], noted(document)) == ("NON_COMPLIANT", ["exclusion.ended", "settings.pending"])
    assert ENDED in document["summary"]
    assert document["exclusions"][-1] == {
        "pattern": overrides()["benign"][-1]["pattern"],
        "reason": REASON,
        "until": UNTIL.isoformat(),
        "in_force": False,
    }
    spot = document["regions"][made.region]["blind_spot"]
    assert (spot["eventSource"], spot["eventName"]) == ("s3.amazonaws.com", "GetBucketAcl")
    assert spot["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"].endswith(":role/scanner")

    applied = run("apply")
    (action,) = applied["plan"]
    assert (action["action"], applied["verdict_after"]) == ("update metric filter", "COMPLIANT")
    assert [notice.startswith(ENDED) for notice in applied["notices"]] == [True]
    assert pattern(small, made.region) == action["request"]["parameters"]["filterPattern"]
    assert "role/scanner" not in pattern(small, made.region)
    document = invoke({"action": "assess"})
    assert (document["verdict"], noted(document)) == ("COMPLIANT", ["exclusion.ended"])
    assert run("plan")["plan"] == []


def test_the_plan_that_was_approved_before_an_exclusion_ended_is_not_applied_afterwards(
    small: LocalAws, before_its_end: Today
) -> None:
    switch(small, "true")
    only_a_trail(small, a_compliant_account(small))
    before_its_end(2)
    approved = run("plan")["plan_id"]
    before_its_end(1)
    assert run("plan")["plan_id"] == approved
    before_its_end(0)
    small.calls.clear()
    refused = app.handler({"action": "apply", "plan": approved}, Context())
    assert next(step["code"] for step in refused["manual_steps"]) == "plan.changed"
    assert refused["plan_id"] != approved
    assert (refused["outcomes"], refused["verdict_after"]) == ([], None)
    assert [str(call) for call in written(small)] == ["events:PutEvents"]
    assert "role/scanner" not in json.dumps(refused["plan"])
    applied = app.handler({"action": "apply", "plan": refused["plan_id"]}, Context())
    assert {outcome["status"] for outcome in applied["outcomes"]} == {"done"}


def test_extending_it_undoes_nothing_and_removes_the_note(
    small: LocalAws, before_its_end: Today, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(small, "true")
    all_ours(small, a_compliant_account(small))
    before_its_end(0)
    assert invoke({"action": "assess"})["verdict"] == "NON_COMPLIANT"
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(overrides(until=UNTIL + timedelta(days=90))))
    document = invoke({"action": "assess"})
    assert (document["verdict"], document["notes"]) == ("COMPLIANT", [])
    assert run("plan")["plan"] == []


@pytest.mark.parametrize("handler", [lambda: invoke({"action": "assess"}), lambda: run("plan"), lambda: run("backout")])
def test_a_run_that_begins_before_midnight_has_one_day(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, handler: Callable[[], object]
) -> None:
    switch(small, "false")
    a_compliant_account(small)
    read: list[datetime] = []

    def now(zone: tzinfo) -> datetime:
        read.append(datetime.now(zone))
        return read[-1]

    monkeypatch.setattr(runs, "datetime", SimpleNamespace(now=now))
    handler()
    assert len(read) == 1

"""The remediator over every scenario: what it leaves alone, what it closes, and that it can take everything back."""

import os
from dataclasses import dataclass
from typing import Any

import pytest

from local.aws import local_aws
from tests.integration import permissions
from tests.integration.remediating import SETTINGS, click, run, settings, switch, untouched
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import COMPLIANT, HOME, NON_COMPLIANT, REGIONS, Scenario
from tests.warm import dump, warm

Document = dict[str, Any]
Held = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class History:
    """What came of applying, applying again, confirming the subscriptions and backing out, one after the other.

    before, after, after_again, left: what the account held at first, applied, applied again, and backed out.
    denied: the calls that the remediator's role does not allow.
    """

    scenario: Scenario
    before: Held
    applied: Document
    after: Held
    applied_again: Document
    after_again: Held
    confirmed: Document
    backed_out: Document
    left: Held
    denied: tuple[str, ...]


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def history(request: pytest.FixtureRequest) -> History:
    """Made once for all that is said of it. Not to be written to."""
    scenario: Scenario = request.param
    environment = SETTINGS | settings(scenario)
    role = permissions.role("Remediator", **permissions.parameters(environment))
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws), aws.under(role) as under:
        os.environ.update(environment)
        scenario.seed(aws)
        switch(aws, "true")
        before = dump(aws)
        applied = run("apply")
        after = dump(aws)
        applied_again = run("apply")
        after_again = dump(aws)
        click(aws)
        # Where nobody had anything to confirm, the account is what the last run saw.
        confirmed = applied_again if dump(aws) == after_again else run("plan")
        switch(aws, "false")
        backed_out = run("backout")
        left = dump(aws)
    denied = tuple(under.denied)
    return History(scenario, before, applied, after, applied_again, after_again, confirmed, backed_out, left, denied)


def test_it_begins_with_the_verdict_of_the_scenario(history: History) -> None:
    assert history.applied["verdict_before"] == history.scenario.verdict


def test_all_that_is_planned_is_done(history: History) -> None:
    assert {outcome["status"] for outcome in history.applied["outcomes"]} <= {"done"}
    assert len(history.applied["outcomes"]) == len(history.applied["plan"])


def test_what_was_there_stays_as_it_was(history: History) -> None:
    assert untouched(history.before, history.after)


def test_where_no_call_is_surely_unseen_nothing_is_made(history: History) -> None:
    if history.scenario.verdict is not NON_COMPLIANT:
        assert (history.applied["plan"], history.after) == ([], history.before)


def test_what_is_left_open_is_a_persons_task_and_nothing_else_is(history: History) -> None:
    if history.scenario.verdict is COMPLIANT:
        assert history.applied["manual_steps"] == []
    else:
        assert history.applied["verdict_after"] == COMPLIANT or history.applied["manual_steps"]


def test_applied_again_nothing_changes(history: History) -> None:
    assert (history.applied_again["plan"], history.after_again) == ([], history.after)


def test_once_the_subscribers_confirm_only_a_persons_tasks_keep_it_from_compliant(history: History) -> None:
    assert history.confirmed["plan"] == []
    assert (history.confirmed["verdict_before"] == COMPLIANT) == (history.confirmed["manual_steps"] == [])


def test_backed_out_the_account_is_as_it_was(history: History) -> None:
    """But for a topic that is left, which it tells: an alarm of the account notified it before it was there."""
    assert {outcome["status"] for outcome in history.backed_out["outcomes"]} <= {"done"}
    steps = [step["resource"] for step in history.backed_out["manual_steps"] if step["code"] == "left"]
    told = {arn for arn in steps if ":sns:" in arn}
    assert bool(told) == (history.scenario.name == "topic gone")
    assert without_topics(history.left, told) == history.before


def without_topics(held: Held, arns: set[str]) -> Held:
    """Without these topics and their subscriptions."""
    kept = {
        region: {
            kind: {name: thing for name, thing in things.items() if arns.isdisjoint((name, thing.get("TopicArn")))}
            for kind, things in kinds.items()
        }
        for region, kinds in held.items()
    }
    return {region: {kind: things for kind, things in kinds.items() if things} for region, kinds in kept.items()}


def test_the_role_allows_every_call(history: History) -> None:
    assert history.denied == ()

"""The remediator over every scenario: what it leaves alone, what it closes, and that it can take everything back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from blindspot.naming import MARK
from functions.remediator import app
from local.aws import LocalAws, local_aws
from local.lambda_context import Context
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import COMPLIANT, HOME, NON_COMPLIANT, REGIONS, Scenario

FLAG = "/blindspot/auto-remediate"
SETTINGS = {"BLINDSPOT_FLAG": FLAG, "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    with local_aws(region=HOME, regions=REGIONS) as aws:
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        yield aws


def switch(aws: LocalAws, value: str) -> None:
    aws.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def run(action: str) -> dict[str, Any]:
    return app.handler({"action": action}, Context())


def settings(monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    monkeypatch.setenv("BLINDSPOT_PROFILE", scenario.profile)
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(scenario.overrides))
    monkeypatch.setenv("BLINDSPOT_EXCLUDED_REGIONS", ",".join(scenario.excluded))
    monkeypatch.setenv("BLINDSPOT_MONITORING_ROLE_ARNS", ",".join(scenario.roles.values()))


def click(aws: LocalAws) -> None:
    """Whoever was subscribed to our topics confirms."""
    for held in aws.dump().values():
        for arn, topic in held.get("topics", {}).items():
            if {"Key": MARK[0], "Value": MARK[1]} in topic["Tags"]:
                aws.confirm(arn)


def untouched(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether everything that was there is there, as it was."""
    return all(
        after[region][kind].get(name) == thing
        for region, kinds in before.items()
        for kind, things in kinds.items()
        for name, thing in things.items()
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    scenario.seed(aws)
    settings(monkeypatch, scenario)
    switch(aws, "true")
    before = aws.dump()
    applied = run("apply")
    after = aws.dump()

    assert applied["verdict_before"] == scenario.verdict
    assert {outcome["status"] for outcome in applied["outcomes"]} <= {"done"}
    assert untouched(before, after)
    if scenario.verdict is not NON_COMPLIANT:
        assert (applied["plan"], after) == ([], before)
    if scenario.verdict is COMPLIANT:
        assert applied["for_a_person"] == []
    else:
        assert applied["verdict_after"] == COMPLIANT or applied["for_a_person"]

    again = run("apply")
    assert (again["plan"], aws.dump()) == ([], after)
    click(aws)
    clicked = run("plan")
    assert clicked["plan"] == []
    assert (clicked["verdict_before"] == COMPLIANT) == (clicked["for_a_person"] == [])

    switch(aws, "false")
    backed_out = run("backout")
    assert {outcome["status"] for outcome in backed_out["outcomes"]} <= {"done"}
    assert aws.dump() == before

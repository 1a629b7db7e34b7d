"""The remediator over every scenario: what it leaves alone, what it closes, and that it can take everything back."""

from typing import Any

import pytest

from local.aws import LocalAws
from tests.integration import permissions
from tests.integration.remediating import click, run, settings, switch, untouched
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import COMPLIANT, NON_COMPLIANT, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario(small: LocalAws, monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    scenario.seed(small)
    settings(monkeypatch, scenario)
    switch(small, "true")
    before = small.dump()
    applied = run("apply")
    after = small.dump()

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
    assert (again["plan"], small.dump()) == ([], after)
    click(small)
    clicked = run("plan")
    assert clicked["plan"] == []
    assert (clicked["verdict_before"] == COMPLIANT) == (clicked["for_a_person"] == [])

    switch(small, "false")
    backed_out = run("backout")
    assert {outcome["status"] for outcome in backed_out["outcomes"]} <= {"done"}
    assert small.dump() == before

    assert {str(call) for call in small.calls} <= permissions.allowed("Remediator") | permissions.FREE
    for action in [*applied["plan"], *backed_out["plan"]]:
        assert permissions.allows("Remediator", action["request"]["call"], resource(action)), action["request"]


def resource(action: dict[str, Any]) -> str:
    """What IAM compares with the permission's resource."""
    arn: str = action["resource"]
    if action["request"]["call"] == "sns:Subscribe":
        return arn.rpartition(":")[0]
    return arn.partition(":metric-filter:")[0]

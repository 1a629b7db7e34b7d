"""Both roles, compared with the calls that are made: enough is allowed, and nothing that is not used."""

import os

from local.aws import LocalAws, local_aws
from tests.goldens import RULE
from tests.integration import permissions
from tests.integration.evaluating import invoke
from tests.integration.remediating import SETTINGS, our_topic_is_closed, run, settings, switch
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import HOME, REGIONS, Scenario
from tests.warm import warm

NEEDED = (
    "as CIS sets it up",
    "a key that lets CloudWatch in",
    "composite muted now",
    "another account's organization trail, read",
    "SIEM by an account policy",
    "SIEM gets one arm",
    "topic gone",
    "nobody subscribed",
    "filtered by the body, alarms pass",
)
"""Scenarios that together need every permission; that none needs more, the test of each scenario's remediation says."""


def test_the_roles_allow_enough_and_nothing_unused() -> None:
    used: dict[str, set[str]] = {"Evaluator": set(), "Remediator": set()}
    for scenario in (scenario for scenario in SCENARIOS if scenario.name in NEEDED):
        with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
            os.environ.update({**SETTINGS, **settings(scenario), "BLINDSPOT_CONFIG_RULE": RULE})
            used["Evaluator"] |= evaluated(aws, scenario)
            used["Remediator"] |= remediated(aws)
    for name, calls in used.items():
        assert calls - permissions.FREE == permissions.allowed(name), name


def evaluated(aws: LocalAws, scenario: Scenario) -> set[str]:
    """The calls of an evaluation from the schedule on."""
    aws.put_config_rule(RULE)
    made = scenario.seed(aws)
    if scenario.name == "topic gone":
        switch(aws, "true")
        our_topic_is_closed(aws, made)
    aws.calls.clear()
    aws.evaluator = invoke
    invoke({"action": "start"})
    aws.deliver()
    return {str(call) for call in aws.calls}


def remediated(aws: LocalAws) -> set[str]:
    """The calls of a remediation and of taking it back."""
    aws.calls.clear()
    aws.config.asked.clear()
    switch(aws, "true")
    run("apply")
    switch(aws, "false")
    run("backout")
    return {str(call) for call in aws.calls}

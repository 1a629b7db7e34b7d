"""Every scenario, seeded into the local AWS, read by the collector and judged."""

from collections.abc import Iterator
from itertools import product

import pytest

from blindspot.model.findings import FIXES
from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict, assess
from local.aws import LocalAws, local_aws
from tests.integration.reading import look
from tests.scenarios import SCENARIOS, bends
from tests.scenarios.bends import AWAY, HOME, REGIONS, Bend, Scenario
from tests.warm import warm

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        yield aws


def judged(scenario: Scenario) -> Assessment:
    snapshot = look(excluded=scenario.excluded, roles=scenario.roles, siem=scenario.siem)
    return assess(snapshot, scenario.judged_by)


def of_region(assessment: Assessment, name: str) -> RegionAssessment:
    return next(region for region in assessment.regions if region.region == name)


def codes(region: RegionAssessment) -> set[str]:
    return {finding.code for finding in region.gaps + region.doubts}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_verdict_is_what_aws_makes_of_it(aws: LocalAws, scenario: Scenario) -> None:
    made = scenario.seed(aws)
    assessment = judged(scenario)
    region = of_region(assessment, scenario.region or made.region)
    found = (assessment.verdict, region.verdict, codes(region))
    assert found == (scenario.verdict, scenario.verdict, scenario.codes), scenario.why


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(SCENARIOS)


UNREACHABLE = {"topic.region": "PutMetricAlarm refuses the topic of another region."}


def test_every_gap_is_met_by_a_scenario() -> None:
    broken = {scenario.code for scenario in SCENARIOS if scenario.verdict is NON_COMPLIANT}
    assert broken | set(UNREACHABLE) == set(FIXES)
    assert not broken & set(UNREACHABLE)


REMOVALS: dict[str, Bend] = {
    "trail.missing": bends.no_trail,
    "trail.not-logging": bends.no_logging,
    "trail.no-log-group": bends.the_trail(CloudWatchLogsLogGroupArn=""),
    "log-group.missing": bends.no_log_group,
    "filter.missing": bends.no_filter,
    "alarm.missing": bends.no_alarm,
    "topic.missing": bends.no_topic,
    "subscription.missing": bends.no_subscription,
}
ONE_CHANNEL = ("as CIS sets it up", "math that fills gaps", "a key that lets CloudWatch in")


@pytest.mark.parametrize(("name", "code"), list(product(ONE_CHANNEL, REMOVALS)))
def test_without_any_one_link_every_region_is_blind(aws: LocalAws, name: str, code: str) -> None:
    scenario = BY_NAME[name]
    REMOVALS[code](aws, scenario.seed(aws))
    assessment = judged(scenario)
    assert assessment.verdict is NON_COMPLIANT
    for region in assessment.regions:
        to_come = region.region == FUTURE and code == "trail.missing"
        assert (region.verdict, codes(region)) == (
            NON_COMPLIANT,
            {"trail.not-multi-region" if to_come else code},
        )


ANYWHERE = (
    "as CIS sets it up",
    "a trail of reads and a trail of writes, two log groups",
    "another account's organization trail, read",
    "counted by system fields, and watched so",
    "composite over a composite",
    "a key that lets CloudWatch in, by its alias",
    "filtered by the body, alarms pass",
)


@pytest.mark.parametrize("name", ANYWHERE)
def test_it_holds_wherever_everything_is(aws: LocalAws, name: str) -> None:
    scenario = BY_NAME[name]
    assert scenario.seed(aws, home=AWAY).region == AWAY
    assert judged(scenario).verdict is scenario.verdict is COMPLIANT

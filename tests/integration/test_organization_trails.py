"""Members of an organization, judged by its trail and by their own."""

import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto.sns.models import sns_backends

from blindspot.aws import collect as collecting
from blindspot.aws.collect import collect
from blindspot.aws.organization import enter
from blindspot.model import profile
from blindspot.model.snapshot import Snapshot
from blindspot.model.stack import Origin
from blindspot.report.document import document
from blindspot.report.wording import reason
from blindspot.verdict.assessment import Assessment, Verdict, assess
from blindspot.verdict.notes import STRAIGHT_FROM_CLOUDTRAIL
from functions.evaluator import app
from local.accounts import CIS, HALF_RIGHT, a_compliant_account, put_alarm, put_filter
from local.aws import Fault, LocalAws, local_aws
from local.aws.calls import Call
from local.lambda_context import Context
from tests.goldens import SETTINGS, UUID
from tests.integration.reading import CLIENTS, NOW, look
from tests.integration.reading import OWN as HERE
from tests.scenarios.bends import USE_KEY, but, no_filter, policy
from tests.scenarios.organizations import (
    ARCHIVE,
    KEYS,
    LAYOUTS,
    MANAGEMENT,
    MEMBER,
    OWN,
    SANDBOX,
    Build,
    Layout,
    a_topic,
    an_organization,
    delegating,
    notifying,
    of,
    own_trail,
    role,
    together,
)
from tests.warm import warm

COMPLIANT, INDETERMINATE, NON_COMPLIANT = Verdict
ACCOUNTS = (ARCHIVE, KEYS, MANAGEMENT, MEMBER, OWN, SANDBOX)
CONTROL = profile.load("cis-level-2")
LISTED = "cloudtrail:DescribeTrails"


def member_role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/blindspot-member"


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(region=HERE, regions=(HERE, "us-east-1")) as aws, warm(aws):
        aws.organization.join(*ACCOUNTS)
        for account in ACCOUNTS:
            aws.trust(member_role(account), UUID)
            aws.trust(role(account))
        yield aws


def read(account: str, reading: tuple[str, ...] = ()) -> Snapshot:
    """The account as a run for this member reads it."""
    until = time.monotonic() + 60
    entered, identity = enter(CLIENTS, member_role(account), UUID, until=until)
    return collect(
        entered,
        identity,
        own_region=HERE,
        excluded_regions=frozenset(),
        monitoring_roles={each: role(each) for each in reading},
        siem=False,
        deadline=until,
        now=NOW,
        member_of=OWN,
    )


def judged(account: str, reading: tuple[str, ...] = ()) -> Assessment:
    return assess(read(account, reading), CONTROL)


def codes(assessment: Assessment) -> frozenset[str]:
    return frozenset(one.code for region in assessment.regions for one in region.gaps + region.doubts)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_each_member_has_the_verdict_that_aws_makes_of_it(aws: LocalAws, layout: Layout) -> None:
    layout.build(aws)
    for account, expected in layout.members.items():
        found = judged(account, layout.reading)
        assert (found.verdict, codes(found)) == expected, layout.why
        blind = [region.blind_spot for region in found.regions if region.blind_spot]
        assert {event["recipientAccountId"] for event in blind} <= {account}
        assert blind or found.verdict is not NON_COMPLIANT


def test_aws_config_shows_each_member_its_own_verdict(aws: LocalAws) -> None:
    an_organization(pattern=but(of(MEMBER)), topic_in=OWN)(aws)
    settings = {
        "BLINDSPOT_STACK": SETTINGS["BLINDSPOT_STACK"],
        "BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member",
        "BLINDSPOT_MONITORING_ROLE_ARNS": role(MANAGEMENT),
    }
    aws.evaluator = lambda event: app.handler(event, Context())
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    aws.ask_members("blindspot", SANDBOX, MEMBER)
    with patch.dict(os.environ, settings):
        aws.deliver()
    ((blind,), (right,)) = (aws.of(account).config_rows for account in (SANDBOX, MEMBER))
    assert (blind.compliance, right.compliance) == ("NON_COMPLIANT", "COMPLIANT")
    assert (blind.id, right.id) == (SANDBOX, MEMBER)
    assert str(blind.annotation).startswith("filter.misses: the metric filter misses refused calls.")
    assert f"Metric filter unauthorized of log group organization in {HERE} of account {MANAGEMENT}." in str(
        blind.annotation
    )


def test_the_stacks_account_reads_the_trail_that_it_administers(aws: LocalAws) -> None:
    together(an_organization(log_group_in=OWN), delegating(OWN))(aws)
    assert assess(look(), CONTROL).verdict is COMPLIANT


def test_without_a_role_it_is_told_of_which_account_one_is_needed(aws: LocalAws) -> None:
    an_organization(log_group_in=ARCHIVE)(aws)
    found = judged(MEMBER)
    assert {(doubt.code, doubt.message) for region in found.regions for doubt in region.doubts} == {
        (
            f"{kind.replace(' ', '-')}.foreign",
            f"{kind.capitalize()} organization belongs to account {owner}. MonitoringRoleArns names no role there.",
        )
        for kind, owner in (("trail", MANAGEMENT), ("log group", ARCHIVE))
    }
    assert {call.account for call in aws.calls} == {None, MEMBER}


def test_roles_of_other_accounts_are_assumed_by_the_stack_alone(aws: LocalAws) -> None:
    an_organization(topic_in=ARCHIVE)(aws)
    assert judged(MEMBER, (MANAGEMENT, ARCHIVE)).verdict is COMPLIANT
    assumed = [call for call in aws.calls if str(call) == "sts:AssumeRole"]
    assert [call.account for call in assumed] == [None] * 3  # the member role, and one in each of the two
    assert {(call.operation, call.account) for call in aws.calls if call.service == "cloudtrail"} == {
        ("DescribeTrails", MEMBER),
        ("GetTrailStatus", MEMBER),
        ("GetEventSelectors", MANAGEMENT),
    }
    assert {call.account for call in aws.calls if call.service == "sns"} == {ARCHIVE}
    assert {call.account for call in aws.calls if call.service == "logs"} == {MANAGEMENT}
    own = {"organizations:DescribeAccount", "sts:AssumeRole"}
    assert {str(call) for call in aws.calls if call.account is None} == own


def a_trail_elsewhere(aws: LocalAws) -> None:
    """What AWS would not let a member set up, and what must lead nowhere all the same."""
    own_trail()(aws)
    an_organization(log_group="theirs", IsOrganizationTrail=False)(aws)
    group = f"arn:aws:logs:{HERE}:{MANAGEMENT}:log-group:theirs:*"
    aws.client("cloudtrail", account=MEMBER).update_trail(Name="management-events", CloudWatchLogsLogGroupArn=group)


def another_key(aws: LocalAws) -> None:
    own_trail()(aws)
    key = aws.client("kms", account=KEYS).create_key(Policy=policy(USE_KEY))["KeyMetadata"]["Arn"]
    topic = f"arn:aws:sns:{HERE}:{MEMBER}:security-alerts"
    aws.client("sns", account=MEMBER).set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def another_subscriber(aws: LocalAws) -> None:
    for subscription in sns_backends[MEMBER][HERE].subscriptions.values():
        subscription.owner = KEYS


FAR_AWAY: dict[str, tuple[Build, str, str]] = {
    "a topic": (notifying(ARCHIVE), "topic.foreign", ARCHIVE),
    "topics of two accounts, one of which is the stack's": (notifying(OWN, ARCHIVE), "topic.foreign", ARCHIVE),
    "a key": (another_key, "key.foreign", KEYS),
    "a subscription": (together(own_trail(), another_subscriber), "subscription.foreign", KEYS),
    "a log group": (a_trail_elsewhere, "log-group.foreign", MANAGEMENT),
}


@pytest.mark.parametrize("name", FAR_AWAY)
def test_what_a_member_names_in_another_account_is_not_read(aws: LocalAws, name: str) -> None:
    build, code, owner = FAR_AWAY[name]
    build(aws)
    found = judged(MEMBER, ACCOUNTS)
    assert (found.verdict, codes(found)) == (INDETERMINATE, frozenset({code}))
    assert {call.account for call in aws.calls} == {None, MEMBER}
    assert [str(call) for call in aws.calls if call.account is None] == [
        "organizations:DescribeAccount",
        "sts:AssumeRole",
    ]
    (*_, doubt) = found.regions[0].doubts
    assert f"belongs to account {owner}. For a member account, Blindspot reads other accounts only" in doubt.message
    assert "MonitoringRoleArns" not in doubt.message + doubt.fix + reason(doubt)
    assert "organization's trail" in doubt.fix


def test_what_is_not_read_in_other_accounts_is_no_doubt_about_a_member_without_a_metric_filter(aws: LocalAws) -> None:
    """For the own account, filters of other accounts are looked for, as they may count copies of the events."""
    member = aws.of(MEMBER)
    no_filter(member, a_compliant_account(member))
    found = judged(MEMBER, ACCOUNTS)
    assert (found.verdict, codes(found)) == (NON_COMPLIANT, frozenset({"filter.missing"}))


def test_a_trail_is_read_as_its_home_region_lists_it(aws: LocalAws) -> None:
    an_organization()(aws)
    answer = aws.client("cloudtrail", account=MEMBER).describe_trails(includeShadowTrails=True)
    (trail,) = answer["trailList"]
    elsewhere = trail | {"HomeRegion": "us-east-1", "TrailARN": trail["TrailARN"].replace(HERE, "us-east-1")}
    aws.malform(LISTED, {"trailList": [elsewhere | {"CloudWatchLogsLogGroupArn": None}]}, HERE)
    aws.malform(LISTED, {"trailList": [elsewhere]}, "us-east-1")
    (found,) = read(MEMBER, (MANAGEMENT,)).trails
    assert found.log_group_arn


def test_of_an_account_with_the_organizations_trail_a_member_is_told_no_more_than_follows_it(aws: LocalAws) -> None:
    together(an_organization(), own_trail(pattern=HALF_RIGHT), a_trail_to_secrets)(aws)
    aws.client("cloudtrail", account=MEMBER).update_trail(
        Name="management-events",
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{HERE}:{MANAGEMENT}:log-group:secret:*",
    )
    assessment = judged(MEMBER, (MANAGEMENT,))
    found = document(assessment, origin=Origin(), config=None, api_calls=0, duration_ms=0)
    assert "secret-" not in json.dumps(found)
    assert {channel["filter"] for channel in found["channels"]} == {"unauthorized", None}


def a_trail_to_secrets(aws: LocalAws) -> None:
    """Beside the organization's log group another one, which no trail of the organization delivers to."""
    logs = aws.client("logs", account=MANAGEMENT)
    for name in ("secret", STRAIGHT_FROM_CLOUDTRAIL):
        logs.create_log_group(logGroupName=name)
        metric = {"metricNamespace": "secret-namespace", "metricName": "secret-metric", "metricValue": "1"}
        put_filter(aws.of(MANAGEMENT), HERE, name, "secret-filter", CIS, metric)
    put_alarm(aws.of(MANAGEMENT), HERE, "secret-alarm", metric, [a_topic(aws, MANAGEMENT)], {})


def malformed_credentials(aws: LocalAws) -> None:
    """Those of a role of the wrong account."""
    answer = aws.client("sts").assume_role(RoleArn=role(KEYS), RoleSessionName="blindspot")
    fault = Fault("sts:AssumeRole", None, lambda _: (AWSResponse("", 200, HTTPHeaders(), None), dict(answer)))
    fault.about = "blindspot-monitoring"
    aws.faults.append(fault)


def failing(error: str) -> Build:
    """The roles that MonitoringRoleArns names."""
    return lambda aws: aws.fail("sts:AssumeRole", error=error, about="blindspot-monitoring")


FAULTS: dict[str, Build] = {
    "a role that is refused": failing("AccessDenied"),
    "a role that is throttled": failing("Throttling"),
    "credentials of another account": malformed_credentials,
    "metric filters that are refused": lambda aws: aws.fail("logs:DescribeMetricFilters"),
    "selectors that are malformed": lambda aws: aws.malform("cloudtrail:GetEventSelectors", {"EventSelectors": 1}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_fails_for_one_member_fails_for_no_other(
    aws: LocalAws, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    an_organization()(aws)
    FAULTS[fault](aws)
    assert judged(MEMBER, (MANAGEMENT,)).verdict is INDETERMINATE
    aws.faults.clear()
    assert judged(SANDBOX, (MANAGEMENT,)).verdict is COMPLIANT


@pytest.mark.parametrize(("own", "verdict"), [(True, COMPLIANT), (False, INDETERMINATE)])
def test_an_account_that_does_not_answer_leaves_time_for_the_members_own(
    aws: LocalAws, own: bool, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < collecting.OTHERS_FIRST < 1
    monkeypatch.setattr(collecting, "OTHERS_FIRST", 0)
    an_organization()(aws)
    if own:
        own_trail()(aws)
    assert judged(MEMBER, (MANAGEMENT,)).verdict is verdict


@dataclass
class Slow(Fault):
    """Every call takes a while, each another one."""

    def meets(self, call: Call, account: str | None = None) -> bool:
        return True


def some_time(seed: int) -> Slow:
    chance = random.Random(seed)  # noqa: S311 (times to wait, no secret)
    return Slow("", None, lambda _: time.sleep(chance.choice((0, 0, 0.002, 0.02))))


@pytest.mark.parametrize("central", [OWN, ARCHIVE])
def test_in_whatever_order_aws_answers_the_same_is_read(aws: LocalAws, central: str) -> None:
    together(an_organization(topic_in=central), notifying(central, KEYS, MEMBER), another_subscriber)(aws)
    aws.malform("cloudtrail:GetTrailStatus", {"IsLogging": True})
    seen = set()
    expected = read(MEMBER, ACCOUNTS)
    for seed in range(4):
        before = len(aws.calls)
        aws.faults[1:] = [some_time(seed)]
        found = read(MEMBER, ACCOUNTS)
        assert found == expected
        seen.add(tuple(sorted((str(call), call.region, call.account or "") for call in aws.calls[before:])))
    assert len(seen) == 1
    assert not any(account == KEYS for _, _, account in seen.pop())

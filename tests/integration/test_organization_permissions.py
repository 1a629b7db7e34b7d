"""The roles in other accounts, as IAM gets them: enough is allowed, nothing that is not used, and without a permission
no verdict gets better."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from local.accounts import a_compliant_account
from local.aws import LocalAws, local_aws
from local.aws.iam import Role, Statement
from tests.goldens import SETTINGS, UUID
from tests.integration.evaluating import invoke
from tests.integration.permissions import parameters, role, role_of
from tests.integration.remediating import settings
from tests.integration.test_permissions import NEEDED, needed_of, permissions_of
from tests.scenarios import SCENARIOS
from tests.scenarios.bends import HOME, REGIONS, USE_KEY, Scenario, with_key
from tests.unit.test_template import actions
from tests.warm import warm

OWN, MEMBER, ARCHIVE = "123456789012", "222222222222", "999988887777"
EVALUATOR = f"arn:aws:iam::{OWN}:role/blindspot-EvaluatorRole-0A1B2C3D4E5F"
MEMBER_ROLE = f"arn:aws:iam::{MEMBER}:role/blindspot-member"
MONITORING_ROLE = f"arn:aws:iam::{ARCHIVE}:role/blindspot-monitoring"
OF_THE_SCENARIOS = [scenario for scenario in SCENARIOS if scenario.name in NEEDED and not scenario.roles]


def of_the_member() -> list[Statement]:
    stack = f"arn:aws:cloudformation:{HOME}:{MEMBER}:stack/StackSet-member/{UUID}"
    return role_of("organization/member-role.yaml", stack, EvaluatorRoleArn=EVALUATOR, ExternalId=UUID)


def of_the_archive() -> list[Statement]:
    stack = f"arn:aws:cloudformation:{HOME}:{ARCHIVE}:stack/monitoring/{UUID}"
    return role_of("organization/monitoring-role.yaml", stack, TrustedRoleArns=EVALUATOR)


@contextmanager
def an_organization(regions: tuple[str, ...], environ: Mapping[str, str]) -> Iterator[LocalAws]:
    """The evaluator has its role and no other; so has each other account."""
    given = {**SETTINGS, "BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member", **environ}
    with local_aws(region=HOME, regions=regions) as aws, warm(aws), patch.dict(os.environ, given):
        aws.evaluator = invoke
        aws.run_as(EVALUATOR)
        aws.organization.join(OWN, MEMBER, ARCHIVE)
        aws.put_organization_rule("blindspot", excluded=(OWN, ARCHIVE))
        aws.trust(MEMBER_ROLE, UUID, principal=EVALUATOR, statements=of_the_member())
        aws.trust(MONITORING_ROLE, principal=EVALUATOR, statements=of_the_archive())
        yield aws


def asked(aws: LocalAws) -> Role:
    """The evaluator's role, after AWS Config asked it for the member."""
    with aws.under(role("Evaluator", **parameters(os.environ))) as under:
        aws.ask_members("blindspot")
        aws.deliver()
    return under


def in_the_member(aws: LocalAws, scenario: Scenario) -> None:
    """All of it."""
    member = aws.of(MEMBER)
    scenario.bend(member, a_compliant_account(member))


def in_the_archive(aws: LocalAws, scenario: Scenario) -> None:
    """All of it, and it is the organization's."""
    archive = aws.of(ARCHIVE)
    made = a_compliant_account(archive)
    archive.client("cloudtrail").update_trail(Name=made.trail, IsOrganizationTrail=True)
    scenario.bend(archive, made)


def verdict(aws: LocalAws) -> str:
    """The member's row: its compliance, or what it begins with where that says more."""
    rows = aws.of(MEMBER).config_rows
    if not rows:
        return "no row"
    doubt = str(rows[0].annotation).partition(":")[0]
    return doubt if doubt == "Cannot verify" else rows[0].compliance


def test_the_roles_in_other_accounts_allow_enough_and_nothing_unused() -> None:
    own, member, archive = list[Role](), list[Role](), list[Role]()
    for scenario in OF_THE_SCENARIOS:
        for sets_up in (in_the_member, in_the_archive):
            environ = {**settings(scenario), "BLINDSPOT_MONITORING_ROLE_ARNS": MONITORING_ROLE}
            with an_organization(REGIONS, environ) as aws:
                sets_up(aws, scenario)
                own.append(asked(aws))
                member.append(aws.roles[MEMBER_ROLE])
                archive.append(aws.roles[MONITORING_ROLE])
                assert verdict(aws).startswith(scenario.verdict), scenario.name
    assert [call for each in (*own, *member, *archive) for call in each.denied] == []
    for roles in (member, archive):
        unused = set[str]().union(*map(permissions_of, roles)) - set[str]().union(*map(needed_of, roles))
        assert unused == set()
    needed = set[str]().union(*map(needed_of, own))
    assert needed == {
        "FindMembers: organizations:DescribeAccount",
        "EnterMembers: sts:AssumeRole",
        "ReadOtherAccounts: sts:AssumeRole",
        "AnnounceVerdict: events:PutEvents",
    }


UNUSED = {
    "logs:DescribeSubscriptionFilters",
    "logs:DescribeAccountPolicies",
    "logs:TestMetricFilter",
    "cloudwatch:GetAlarmMuteRule",
    "config:GetComplianceDetailsByConfigRule",
}
"""Of the account below no verdict needs these: it has no destination of a SIEM and no mute rule."""


def test_a_permission_that_the_members_role_lacks_makes_no_verdict_better() -> None:
    """As an administrator of the member could try: AWS Config then shows a doubt, or nothing of this run."""
    statements, found = of_the_member(), dict[str, str]()
    with an_organization((HOME,), {}) as aws:
        member = aws.of(MEMBER)
        with_key(USE_KEY)(member, a_compliant_account(member))
        for sid, action in [(str(each["Sid"]), action) for each in statements for action in actions(dict(each))]:
            member.config.rows.clear()
            aws.trust(MEMBER_ROLE, UUID, principal=EVALUATOR, statements=list(lacking(statements, sid, action)))
            asked(aws)
            found[action] = verdict(aws)
    assert found.pop("config:PutEvaluations") == "no row"
    assert {action: found.pop(action) for action in UNUSED} == dict.fromkeys(UNUSED, "COMPLIANT")
    assert set(found.values()) == {"Cannot verify"}


def lacking(statements: list[Statement], sid: str, action: str) -> Iterator[Statement]:
    for each in statements:
        kept = [one for one in actions(dict(each)) if (each["Sid"], one) != (sid, action)]
        if kept:
            yield {**each, "Action": kept}

"""What template.yaml and organization/ make for an organization, with every reference resolved."""

import json
import re
from typing import Any

import pytest
from botocore.session import Session

from blindspot import settings
from tests.goldens import UUID
from tests.integration.permissions import STACK, resolved, role, role_of, values_of
from tests.unit.test_template import PARAMETERS, RESOURCES, ROOT, TEMPLATE, TEMPLATES, actions, allowing, template

OWN, MEMBER = "123456789012", "222222222222"
MEMBERS_STACK = f"arn:aws:cloudformation:eu-west-1:{MEMBER}:stack/StackSet-member/0a1b2c3d-0000-4000-8000-000000000003"
EVALUATOR = f"arn:aws:iam::{OWN}:role/blindspot-EvaluatorRole-0A1B2C3D4E5F"
MEMBER_ROLE, MONITORING_ROLE = "organization/member-role.yaml", "organization/monitoring-role.yaml"
FOR_STACK_SETS = TEMPLATES[1:]


def properties(path: str, name: str, stack: str = MEMBERS_STACK, **parameters: str) -> dict[str, Any]:
    """Those of a resource, in the stack of this id that was given these parameters."""
    read = template(path)
    found: dict[str, Any] = resolved(read["Resources"][name]["Properties"], values_of(stack, parameters, read))
    return found


@pytest.mark.parametrize("path", FOR_STACK_SETS)
def test_a_stack_set_can_create_it(path: str) -> None:
    """CloudFormation user guide, "Create CloudFormation StackSets with service-managed permissions": neither transforms
    nor nested stacks; and "Understand CloudFormation quotas": a template of 51,200 bytes need not be in S3."""
    read = template(path)
    assert "Transform" not in read
    kinds = {of["Type"] for of in read["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::Serverless::", "AWS::CloudFormation::", "Custom::"))}
    assert len((ROOT / path).read_bytes()) < 51_200


@pytest.mark.parametrize(
    ("path", "parameter", "value", "allowed"),
    [
        (MEMBER_ROLE, "RoleName", "blindspot-member", True),
        (MEMBER_ROLE, "RoleName", "audit/blindspot-member", False),
        (MEMBER_ROLE, "RoleName", "blindspot-*", False),
        (MEMBER_ROLE, "RoleName", "r" * 65, False),
        (MEMBER_ROLE, "EvaluatorRoleArn", EVALUATOR, True),
        (MEMBER_ROLE, "EvaluatorRoleArn", EVALUATOR.replace("arn:aws:", "arn:aws-us-gov:"), True),
        (MEMBER_ROLE, "EvaluatorRoleArn", f"arn:aws:iam::{OWN}:role/*", False),
        (MEMBER_ROLE, "EvaluatorRoleArn", "arn:aws:iam::*:role/blindspot", False),
        (MEMBER_ROLE, "EvaluatorRoleArn", f"arn:aws:iam::{OWN}:root", False),
        (MEMBER_ROLE, "EvaluatorRoleArn", f"arn:aws:sts::{OWN}:assumed-role/blindspot/run", False),
        (MEMBER_ROLE, "ExternalId", UUID, True),
        (MEMBER_ROLE, "ExternalId", UUID.upper(), False),
        (MEMBER_ROLE, "ExternalId", "*", False),
        (MEMBER_ROLE, "ExternalId", STACK, False),
        (MEMBER_ROLE, "PermissionsBoundary", "boundary", True),
        (MEMBER_ROLE, "PermissionsBoundary", "teams/boundary", True),
        (MEMBER_ROLE, "PermissionsBoundary", "/boundary", False),
        (MEMBER_ROLE, "PermissionsBoundary", f"arn:aws:iam::{OWN}:policy/boundary", False),
        (MONITORING_ROLE, "TrustedRoleArns", EVALUATOR, True),
        (MONITORING_ROLE, "TrustedRoleArns", "*", False),
        (MONITORING_ROLE, "TrustedRoleArns", OWN, False),
        (MONITORING_ROLE, "ReviewLogGroupArns", f"arn:aws:logs:eu-west-1:{MEMBER}:log-group:trail:*", True),
        (MONITORING_ROLE, "ReviewLogGroupArns", f"arn:aws:logs:eu-west-1:{MEMBER}:log-group:trail", False),
        (MONITORING_ROLE, "ReviewLogGroupArns", f"arn:aws:logs:eu-west-1:{MEMBER}:log-group:*", False),
        ("organization/code-bucket.yaml", "BucketPrefix", "example-blindspot-code", True),
        ("organization/code-bucket.yaml", "BucketPrefix", "b" * 48, True),
        ("organization/code-bucket.yaml", "BucketPrefix", "b" * 49, False),
        ("organization/code-bucket.yaml", "BucketPrefix", "Code", False),
        ("organization/code-bucket.yaml", "BucketPrefix", "code-", False),
        ("organization/code-bucket.yaml", "OrganizationId", "o-exampleorgid", True),
        ("organization/code-bucket.yaml", "OrganizationId", "o-*", False),
        ("organization/code-bucket.yaml", "OrganizationId", f"{OWN}", False),
    ],
)
def test_what_a_parameter_allows(path: str, parameter: str, value: str, allowed: bool) -> None:
    assert bool(re.fullmatch(template(path)["Parameters"][parameter]["AllowedPattern"], value)) is allowed


def test_the_names_fit_each_other() -> None:
    role_name = template(MEMBER_ROLE)["Parameters"]["RoleName"]["Default"]
    assert re.fullmatch(PARAMETERS["OrganizationRole"]["AllowedPattern"], role_name)
    aggregator = template("organization/aggregator.yaml")["Parameters"]["AggregatorName"]["Default"]
    assert (role_name, aggregator) == ("blindspot-member", "blindspot")
    outputs = set(TEMPLATE["Outputs"])
    named = {
        name
        for path in FOR_STACK_SETS
        for parameter in template(path)["Parameters"].values()
        for name in re.findall(r"\b(\w+(?:Role|ExternalId))\b", parameter["Description"])
    }
    assert named >= {"EvaluatorRole", "OrganizationExternalId", "RemediatorRole", "ViewerRole"}
    assert named - {"OrganizationRole"} <= outputs


@pytest.mark.parametrize(
    ("given", "excluded"),
    [("", [OWN]), ("333333333333", [OWN, "333333333333"]), ("3" * 12 + "," + "4" * 12, [OWN, "3" * 12, "4" * 12])],
)
def test_the_organizations_rule_always_leaves_out_the_own_account(given: str, excluded: list[str]) -> None:
    made = properties("template.yaml", "OrganizationRule", STACK, OrganizationRole="r", ExcludedAccounts=given)
    assert made["ExcludedAccounts"] == excluded
    assert made["OrganizationConfigRuleName"] == "blindspot"


@pytest.mark.parametrize("name", ["OrganizationRule", "OrganizationPermission", "UnreportedMembersAlarm"])
def test_without_an_organization_there_is_nothing_of_it(name: str) -> None:
    """And no permission: `test_only_with_an_organization_may_the_evaluator_enter_other_accounts`."""
    condition = TEMPLATE["Conditions"][RESOURCES[name]["Condition"]]
    assert resolved(condition, values_of(STACK, {})) is False
    assert resolved(condition, values_of(STACK, {"OrganizationRole": "blindspot-member"})) is True


@pytest.mark.parametrize("function", ["Evaluator", "Remediator", "Viewer"])
def test_only_with_an_organization_may_the_evaluator_enter_other_accounts(function: str) -> None:
    without, entering = (
        {str(each["Sid"]): each["Resource"] for each in role(function, **given)}
        for given in ({}, {"OrganizationRole": "blindspot-member"})
    )
    needed = {
        "FindMembers": "arn:aws:organizations::*:account/*",
        "EnterMembers": "arn:aws:iam::*:role/blindspot-member",
    }
    assert entering == without | (needed if function == "Evaluator" else {})
    assert not without.keys() & needed.keys()


def test_the_evaluator_is_told_the_role_that_it_may_assume() -> None:
    variables = RESOURCES["EvaluatorFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["BLINDSPOT_ORGANIZATION_ROLE"] == {"!Ref": "OrganizationRole"}


def test_only_the_evaluator_with_the_external_id_may_assume_the_members_role() -> None:
    """What the code gives is what the role asks for."""
    given = {"BLINDSPOT_STACK": STACK, "BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member"}
    entering = settings.organization(given)
    assert entering
    made = properties(MEMBER_ROLE, "MemberRole", EvaluatorRoleArn=EVALUATOR, ExternalId=UUID)
    assert entering.role(MEMBER) == f"arn:aws:iam::{MEMBER}:role/{made['RoleName']}"
    assert made["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:PrincipalArn": EVALUATOR, "sts:ExternalId": entering.external_id}},
        }
    ]


def test_only_the_named_roles_may_assume_the_monitoring_role() -> None:
    roles = [EVALUATOR, EVALUATOR.replace("Evaluator", "Viewer")]
    made = properties(MONITORING_ROLE, "MonitoringRole", TrustedRoleArns=",".join(roles))
    assert made["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"AWS": roles}, "Action": "sts:AssumeRole"}
    ]


REPORTS = {"ReportToConfig": "config:PutEvaluations", "ReadConfigRule": "config:GetComplianceDetailsByConfigRule"}


def test_the_members_role_reads_as_the_functions_do_and_reports() -> None:
    """All but what notes on remediation need, and what is in yet other accounts."""
    own = {each["Sid"]: each for each in allowing("template.yaml") if each["Sid"] in READS}
    members = {each["Sid"]: each for each in allowing(MEMBER_ROLE)}
    assert {sid: each["Action"] for sid, each in members.items() if sid not in READS} == REPORTS
    assert members["ReadConfigRule"]["Resource"] == {
        "!Sub": "arn:${AWS::Partition}:config:*:${AWS::AccountId}:config-rule/*"
    }
    assert own.pop("ReadTopics")["Action"] == [*members.pop("ReadTopics")["Action"], "sns:ListTagsForResource"]
    assert {sid: each for sid, each in members.items() if sid in READS} == own


READS = {
    "FindRegionsAndTrails",
    "ReadTrails",
    "ReadLogGroups",
    "ReadSubscriptionPoliciesAndTestPatterns",
    "ReadAlarms",
    "ReadMuteRules",
    "ReadTopics",
    "ReadSubscriptions",
    "ReadKeysOfTopics",
}


@pytest.mark.parametrize("path", [MEMBER_ROLE, MONITORING_ROLE])
def test_a_role_in_another_account_changes_nothing(path: str) -> None:
    allowed = {action for each in allowing(path) for action in actions(each)}
    writes = {
        action
        for action in allowed
        if not action.split(":")[1].startswith(("Describe", "Filter", "Get", "List", "Test"))
    }
    assert writes == ({"config:PutEvaluations"} if path == MEMBER_ROLE else set())


@pytest.mark.parametrize("named", ["", f"arn:aws:logs:eu-west-1:{MEMBER}:log-group:trail:*"])
def test_the_monitoring_role_reads_log_events_only_of_the_log_groups_that_it_is_given(named: str) -> None:
    statements = role_of(MONITORING_ROLE, MEMBERS_STACK, TrustedRoleArns=EVALUATOR, ReviewLogGroupArns=named)
    assert [each["Resource"] for each in statements if each["Action"] == "logs:FilterLogEvents"] == (
        [[named]] if named else []
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (MEMBER_ROLE, "MemberRole"),
        (MONITORING_ROLE, "MonitoringRole"),
        ("organization/aggregator.yaml", "AggregatorRole"),
    ],
)
def test_every_role_has_the_permissions_boundary_of_its_account_if_there_is_one(path: str, name: str) -> None:
    read = template(path)
    assert [key for key, of in read["Resources"].items() if of["Type"] == "AWS::IAM::Role"] == [name]
    given = {"EvaluatorRoleArn": EVALUATOR, "ExternalId": UUID, "TrustedRoleArns": EVALUATOR}
    needed = {key: value for key, value in given.items() if key in read["Parameters"]}
    boundaries = [
        properties(path, name, **needed, PermissionsBoundary=boundary)["PermissionsBoundary"]
        for boundary in ("", "teams/boundary")
    ]
    assert boundaries == [None, f"arn:aws:iam::{MEMBER}:policy/teams/boundary"]


@pytest.mark.parametrize(
    ("all_regions", "source"), [("false", {"AwsRegions": ["eu-west-1"]}), ("true", {"AllAwsRegions": True})]
)
def test_the_aggregator_is_of_the_whole_organization(all_regions: str, source: dict[str, Any]) -> None:
    made = properties("organization/aggregator.yaml", "Aggregator", AllRegions=all_regions, AggregatorName="whole")
    assert made["ConfigurationAggregatorName"] == "whole"
    of_organization = made["OrganizationAggregationSource"]
    role_arn = of_organization.pop("RoleArn")
    assert role_arn.endswith(":AggregatorRole.Arn")
    assert {key: value for key, value in of_organization.items() if value is not None} == source
    made = properties("organization/aggregator.yaml", "AggregatorRole")
    (trusted,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert (trusted["Effect"], trusted["Principal"]) == ("Allow", {"Service": "config.amazonaws.com"})
    assert made["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/service-role/AWSConfigRoleForOrganizations"]


def test_only_the_organization_reads_the_code_and_only_encrypted() -> None:
    given = {"BucketPrefix": "example-code", "OrganizationId": "o-exampleorgid"}
    bucket = properties("organization/code-bucket.yaml", "CodeBucket", **given)
    assert bucket["BucketName"] == "example-code-eu-west-1"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    policy = template("organization/code-bucket.yaml")["Resources"]["CodeBucketPolicy"]["Properties"]["PolicyDocument"]
    allow, deny = policy["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "s3:GetObject")
    assert allow["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": {"!Ref": "OrganizationId"}}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


PROTECTION = (ROOT / "organization/protect-member-role.json").read_text()


def test_a_service_control_policy_may_be_as_long() -> None:
    """Organizations user guide, "Quotas and service limits": 5,120 characters, with white space where it is not taken
    away."""
    assert len(PROTECTION) <= 5_120


def test_the_protection_names_every_action_that_changes_a_role() -> None:
    iam = Session().get_service_model("iam")
    of_a_role = {
        name
        for name in iam.operation_names
        if (given := iam.operation_model(name).input_shape)
        and "RoleName" in given.members
        and not name.startswith(("Get", "List"))
    }
    of_profiles = {"AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"}  # they change the instance profile
    of_services = {"DeleteServiceLinkedRole"}  # there is no other role that it deletes
    for statement in json.loads(PROTECTION)["Statement"][:2]:
        assert {action.removeprefix("iam:") for action in statement["Action"]} == of_a_role - of_profiles - of_services


STACK_SETS = f"arn:aws:iam::{MEMBER}:role/stacksets-exec-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ADMINISTRATOR = f"arn:aws:iam::{MEMBER}:role/Administrator"


@pytest.mark.parametrize("action", ["CreateRole", "DeleteRole", "PutRolePolicy", "UpdateAssumeRolePolicy", "TagRole"])
@pytest.mark.parametrize(
    ("principal", "role_name", "denied"),
    [
        (ADMINISTRATOR, "blindspot-member", True),
        (ADMINISTRATOR, "teams/blindspot-member", True),
        (f"arn:aws:iam::{MEMBER}:root", "blindspot-member", True),
        (STACK_SETS, "blindspot-member", False),
        (STACK_SETS.replace("arn:aws:", "arn:aws-us-gov:"), "blindspot-member", False),
        (ADMINISTRATOR, "stacksets-exec-mine", True),
        (ADMINISTRATOR, "stacksets-exec-mine/administrator", True),
        (STACK_SETS, "stacksets-exec-mine", True),
        (ADMINISTRATOR, "team-blindspot-member", False),
        (ADMINISTRATOR, "Administrator", False),
    ],
)
def test_nobody_but_stack_sets_changes_the_members_role(
    principal: str, role_name: str, denied: bool, action: str
) -> None:
    """Service-linked roles, with which StackSets makes its own, are under no such policy (Organizations user guide,
    "Service control policies")."""
    partition = principal.split(":")[1]
    resource = f"arn:{partition}:iam::{MEMBER}:role/{role_name}"
    assert (
        any(_denies(each, principal, f"iam:{action}", resource) for each in json.loads(PROTECTION)["Statement"])
        is denied
    )


@pytest.mark.parametrize(("principal", "denied"), [(ADMINISTRATOR, True), (STACK_SETS, False)])
@pytest.mark.parametrize("action", ["DeleteStack", "UpdateStack", "ExecuteChangeSet"])
def test_nobody_but_stack_sets_changes_the_stack_of_the_members_role(action: str, principal: str, denied: bool) -> None:
    """CloudFormation acts with the role that a stack was last given, whoever asks (CloudFormation user guide, "Service
    role"). So whoever may delete the stack may delete the role in it."""
    name = "StackSet-blindspot-member-5b1c2f80-0000-4000-8000-000000000000"
    stack = f"arn:aws:cloudformation:eu-west-1:{MEMBER}:stack/{name}/0a1b2c3d-0000-4000-8000-000000000000"
    for resource, is_denied in ((stack, denied), (stack.replace(name, "blindspot"), False)):
        statements = json.loads(PROTECTION)["Statement"]
        assert any(_denies(each, principal, f"cloudformation:{action}", resource) for each in statements) is is_denied


def _denies(statement: dict[str, Any], principal: str, action: str, resource: str) -> bool:
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    excepted = statement.get("Condition", {}).get("ArnNotLike", {}).get("aws:PrincipalArn")
    return (
        action in statement["Action"]
        and any(_like(resource, pattern) for pattern in resources)
        and not (excepted and _like(principal, excepted))
    )


def _like(arn: str, pattern: str) -> bool:
    """IAM compares the parts between colons one by one (IAM user guide, "ARN condition operators")."""
    pairs = zip(arn.split(":", 5), pattern.split(":", 5), strict=True)
    return all(re.fullmatch(re.escape(part).replace(r"\*", ".*"), value) for value, part in pairs)

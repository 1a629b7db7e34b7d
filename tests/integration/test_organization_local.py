"""The local AWS plays an organization: who may ask Organizations what, whom a role lets in and what it allows, AWS
Config's rule in every account, and the aggregator over them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from local.aws import Call, LocalAws, local_aws

OWN, MANAGEMENT, MEMBER, OTHER, STRANGER = (
    "123456789012",
    "111111111111",
    "222222222222",
    "333333333333",
    "999999999999",
)
REGION = "eu-west-1"
EVALUATOR = f"arn:aws:iam::{OWN}:role/evaluator"
ROLE = f"arn:aws:iam::{MEMBER}:role/blindspot-member"
ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
RULE = "OrgConfigRule-blindspot-dbgzf8ba"


def row(account: str, compliance: str = "COMPLIANT") -> Any:
    return {
        "ComplianceResourceType": "AWS::::Account",
        "ComplianceResourceId": account,
        "ComplianceType": compliance,
        "OrderingTimestamp": datetime.now(UTC),
    }


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """The own account is a delegated administrator."""
    with local_aws(region=REGION, regions=(REGION, "us-east-1")) as aws:
        aws.of(MANAGEMENT).organization.join(OWN, MEMBER, OTHER)
        aws.organization.delegated.add(OWN)
        yield aws


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


@cache
def client(service: str, attempts: Any = 3, **credentials: str) -> Any:
    """As the code under test makes one."""
    make: Any = boto3.client
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    return make(service, REGION, config=config, **credentials)


def assume(by: Any = None, role: str = ROLE, **more: Any) -> dict[str, str]:
    """The role's credentials, as arguments for `client`."""
    asked = {"RoleArn": role, "RoleSessionName": "blindspot", "ExternalId": ID, "DurationSeconds": 900, **more}
    given = (by or client("sts")).assume_role(**{key: value for key, value in asked.items() if value})["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


# Organizations


def test_only_administrators_are_told_of_accounts(aws: LocalAws) -> None:
    asked = {"AccountId": OTHER}
    for account in (OWN, MANAGEMENT):
        described = aws.client("organizations", account=account).describe_account(**asked)["Account"]
        assert (described["Id"], described["State"], "Status" in described) == (OTHER, "ACTIVE", False)
        assert described["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:account/{aws.organization.id}/{OTHER}"
    for account, code in ((MEMBER, "AccessDeniedException"), (STRANGER, "AWSOrganizationsNotInUseException")):
        for call in ("describe_account", "list_accounts"):
            with refused(code):
                getattr(aws.client("organizations", account=account), call)(
                    **(asked if call == "describe_account" else {})
                )


def test_an_account_is_described_as_it_is_now(aws: LocalAws) -> None:
    organizations = client("organizations")
    aws.organization.join(MEMBER, state="SUSPENDED")
    aws.organization.names[MEMBER] = "Payments"
    found = organizations.describe_account(AccountId=MEMBER)["Account"]
    assert (found["State"], found["Name"]) == ("SUSPENDED", "Payments")
    aws.organization.leave(MEMBER)
    for account, code in (
        (MEMBER, "AccountNotFoundException"),
        (STRANGER, "AccountNotFoundException"),
        ("me", "InvalidInputException"),
    ):
        with refused(code):
            organizations.describe_account(AccountId=account)


def test_two_organizations_know_nothing_of_each_other(aws: LocalAws) -> None:
    theirs = aws.of(STRANGER)
    assert theirs.organization.id != aws.organization.id
    with refused("AccountNotFoundException"):
        aws.client("organizations", account=STRANGER).describe_account(AccountId=OWN)
    with refused("AccountNotFoundException"):
        client("organizations").describe_account(AccountId=STRANGER)


def test_who_administers_aws_config_can_be_listed(aws: LocalAws) -> None:
    def listed(**asked: str) -> list[str]:
        found = aws.client("organizations", account=MANAGEMENT).list_delegated_administrators(**asked)
        return [each["Id"] for each in found["DelegatedAdministrators"]]

    assert listed() == listed(ServicePrincipal="config-multiaccountsetup.amazonaws.com") == [OWN]
    assert listed(ServicePrincipal="guardduty.amazonaws.com") == []


@pytest.mark.parametrize("count", [20, 21, 45])
def test_accounts_come_in_pages_of_twenty(aws: LocalAws, count: int) -> None:
    aws.organization.join(*(f"{number:012}" for number in range(count - 4)))
    organizations = client("organizations")
    pages = list(organizations.get_paginator("list_accounts").paginate())
    sizes = [len(page["Accounts"]) for page in pages]
    assert (sum(sizes), max(sizes), len(sizes)) == (count, 20, -(-count // 20))
    assert {account["Id"] for page in pages for account in page["Accounts"]} == set(aws.organization.accounts)
    with refused("InvalidInputException"):
        organizations.list_accounts(NextToken="mine")


# Roles


@pytest.mark.parametrize(
    ("bent", "by", "code"),
    [
        ({}, EVALUATOR, None),
        ({"ExternalId": "another"}, EVALUATOR, "AccessDenied"),
        ({"ExternalId": None}, EVALUATOR, "AccessDenied"),
        ({}, EVALUATOR + "2", "AccessDenied"),
        ({}, None, "AccessDenied"),
        ({"RoleArn": ROLE + "s"}, EVALUATOR, "AccessDenied"),
        ({"DurationSeconds": 3600}, EVALUATOR, None),
        ({"DurationSeconds": 3601}, EVALUATOR, "ValidationError"),
    ],
)
def test_whom_a_role_lets_in(aws: LocalAws, bent: dict[str, Any], by: str | None, code: str | None) -> None:
    aws.trust(ROLE, ID, principal=EVALUATOR, longest=7200)
    if by:
        aws.run_as(by)
    if code:
        with refused(code):
            assume(**bent)
        return
    found = client("sts", **assume(**bent)).get_caller_identity()
    assert (found["Account"], found["Arn"].split(":")[-1]) == (MEMBER, "assumed-role/blindspot-member/blindspot")


def test_who_is_no_role_stays_longer_and_nobody_longer_than_the_role_allows(aws: LocalAws) -> None:
    aws.trust(ROLE, ID, longest=7200)
    assert assume(DurationSeconds=7200)
    with refused("ValidationError"):
        assume(DurationSeconds=7201)


def test_a_role_trusts_an_account_and_not_that_accounts_members(aws: LocalAws) -> None:
    other = ROLE.replace(MEMBER, OTHER)
    aws.trust(ROLE, ID)
    aws.trust(other, ID)
    inside = client("sts", **assume())
    with refused("AccessDenied"):
        assume(inside, other)
    with refused("AccessDenied"):
        assume(aws.client("sts", account=STRANGER))
    aws.of(MEMBER).trust(other)
    assert client("sts", **assume(inside, other)).get_caller_identity()["Account"] == OTHER
    with refused("AccessDenied"):  # it trusts the member now, and no longer us
        assume(role=other)


def test_a_role_that_was_deleted_lets_nobody_in(aws: LocalAws) -> None:
    aws.trust(ROLE, ID)
    aws.distrust(ROLE)
    with refused("AccessDenied"):
        assume()


def test_a_role_allows_what_its_statements_do(aws: LocalAws) -> None:
    allowed = {"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}
    aws.trust(ROLE, ID, statements=[allowed])
    aws.trust(ROLE.replace(MEMBER, OTHER), ID)
    inside, elsewhere = assume(), assume(role=ROLE.replace(MEMBER, OTHER))
    client("sns", **inside).list_topics()
    for refusing in (inside, assume()):
        with refused("AccessDenied"):
            client("logs", **refusing).describe_log_groups()
    assert aws.roles[ROLE].denied == ["logs:DescribeLogGroups"] * 2
    client("logs", **elsewhere).describe_log_groups()
    with aws.under([]):  # what the own role may not do, the member's still may
        client("sns", **inside).list_topics()
        with refused("AccessDenied"):
            client("sns").list_topics()
    aws.trust(ROLE, ID)
    client("logs", **inside).describe_log_groups()


def test_the_own_credentials_are_a_roles(aws: LocalAws) -> None:
    aws.run_as(EVALUATOR)
    assert client("sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{OWN}:assumed-role/evaluator/evaluator"


def test_describing_a_member_can_be_limited_to_the_organization(aws: LocalAws) -> None:
    of = f"arn:aws:organizations::{MANAGEMENT}:account/{aws.organization.id}/"
    for resource, allowed in (("*", True), (f"{of}*", True), (f"{of}{OTHER}", False)):
        statement = {"Effect": "Allow", "Action": "organizations:DescribeAccount", "Resource": resource}
        with aws.under([statement]) as role:
            if allowed:
                client("organizations").describe_account(AccountId=MEMBER)
            else:
                with refused("AccessDenied"):
                    client("organizations").describe_account(AccountId=MEMBER)
        assert bool(role.denied) is not allowed


# Calls and faults, account by account


def test_what_is_called_and_fails_in_one_account(aws: LocalAws) -> None:
    aws.trust(ROLE, ID)
    theirs, ours = client("logs", **assume()), client("logs")
    aws.calls.clear()
    member = aws.of(MEMBER)
    member.fail("logs:DescribeLogGroups")
    ours.describe_log_groups()
    with refused("AccessDenied"):
        theirs.describe_log_groups()
    assert member.calls == [Call("logs", "DescribeLogGroups", REGION, MEMBER)]
    assert aws.of(OWN).calls == [Call("logs", "DescribeLogGroups", REGION)]
    assert aws.calls == [*aws.of(OWN).calls, *member.calls]
    aws.faults.clear()
    aws.of(OWN).malform("logs:DescribeLogGroups", {"Unexpected": True}, times=1)
    assert "logGroups" in theirs.describe_log_groups()
    assert ours.describe_log_groups() == {"Unexpected": True}
    assert "logGroups" in ours.describe_log_groups()


def test_a_limit_holds_for_each_account_and_region(aws: LocalAws) -> None:
    aws.trust(ROLE, ID)
    limit = aws.limit("logs:DescribeLogGroups", per_second=2)
    now = [0.0]
    limit.clock = lambda: now[0]
    theirs, ours = client("logs", 1, **assume()), client("logs", 1)
    for logs in (theirs, ours):
        logs.describe_log_groups()
        logs.describe_log_groups()
        with refused("ThrottlingException"):
            logs.describe_log_groups()
        logs.describe_metric_filters()
    now[0] = 0.5
    theirs.describe_log_groups()
    with refused("ThrottlingException"):
        theirs.describe_log_groups()
    assert limit.throttled == {(MEMBER, REGION): 2, (OWN, REGION): 1}


def test_a_limit_of_one_account_and_the_sdks_patience(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def passes(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("botocore.endpoint.time.sleep", passes)
    aws.trust(ROLE, ID)
    theirs = client("sts", 8, **assume())
    limit = aws.of(OWN).limit("sts:AssumeRole", per_second=1, error="Throttling")
    limit.clock = lambda: now[0]
    sts = client("sts", 8)
    for _ in range(3):
        assert assume(sts)
    assert limit.throttled[(OWN, REGION)] > 0
    with refused("AccessDenied"):
        assume(theirs)
    assert set(limit.throttled) == {(OWN, REGION)}


# AWS Config


def statuses(aws: LocalAws, **asked: Any) -> dict[str, tuple[str, str | None]]:
    answer = client("config").get_organization_config_rule_detailed_status(
        OrganizationConfigRuleName="blindspot", **asked
    )
    return {
        each["AccountId"]: (each["MemberAccountRuleStatus"], each.get("ErrorCode"))
        for each in answer["OrganizationConfigRuleDetailedStatus"]
    }


THERE, FAILED = ("CREATE_SUCCESSFUL", None), ("CREATE_FAILED", "NoAvailableConfigurationRecorderException")


def test_the_organizations_rule_comes_to_every_account_that_can_have_it(aws: LocalAws) -> None:
    aws.of(OTHER).config.recorder = False
    aws.organization.join("444444444444", state="SUSPENDED")
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    assert statuses(aws) == {MANAGEMENT: THERE, MEMBER: THERE, OTHER: FAILED}
    assert [aws.of(account).config.rules for account in (OWN, MEMBER, OTHER)] == [set(), {RULE}, set()]
    assert statuses(aws, Filters={"MemberAccountRuleStatus": "CREATE_FAILED"}) == {OTHER: FAILED}
    assert statuses(aws, Filters={"AccountId": MEMBER}) == {MEMBER: THERE}
    aws.of(OTHER).config.recorder = True
    aws.organization.join("555555555555")
    aws.organization.leave(MANAGEMENT)
    assert statuses(aws) == {MEMBER: THERE, OTHER: THERE, "555555555555": THERE}
    ours = client("config").describe_organization_config_rules()["OrganizationConfigRules"]
    assert [(rule["OrganizationConfigRuleName"], rule["ExcludedAccounts"]) for rule in ours] == [("blindspot", [OWN])]


def test_members_are_asked_each_with_its_own_token(aws: LocalAws) -> None:
    aws.of(OTHER).config.recorder = False
    aws.put_organization_rule("blindspot", excluded=(OWN, MANAGEMENT))
    aws.organization.join("555555555555")
    aws.ask_members("blindspot")
    aws.ask_members("blindspot", MEMBER, OTHER, OWN)
    asked = aws.config.due
    assert [event["accountId"] for event in asked] == [MEMBER, "555555555555", MEMBER]
    assert len({event["resultToken"] for event in asked}) == 3
    for event in asked:
        assert json.loads(event["invokingEvent"])["awsAccountId"] == event["accountId"]
        assert event["configRuleArn"].startswith(f"arn:aws:config:{REGION}:{event['accountId']}:config-rule/")
        assert event["configRuleName"] == RULE


def test_a_token_is_good_in_its_own_account_only(aws: LocalAws) -> None:
    aws.put_config_rule("ours")
    aws.trust(ROLE, ID)
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    aws.ask_members("blindspot", MEMBER, OTHER)
    client("config").start_config_rules_evaluation(ConfigRuleNames=["ours"])
    of_member, of_other, ours = (event["resultToken"] for event in aws.config.due)
    theirs = client("config", **assume())
    for config, token in ((theirs, of_other), (theirs, ours), (client("config"), of_member)):
        with refused("InvalidResultTokenException"):
            config.put_evaluations(ResultToken=token, Evaluations=[row(MEMBER)])
    assert aws.config_rows == aws.of(OTHER).config_rows == aws.of(MEMBER).config_rows == []
    theirs.put_evaluations(ResultToken=of_member, Evaluations=[row(MEMBER)])
    client("config").put_evaluations(ResultToken=ours, Evaluations=[row(OWN)])
    assert [(each.rule, each.id) for each in aws.of(MEMBER).config_rows] == [(RULE, MEMBER)]
    assert [(each.rule, each.id) for each in aws.config_rows] == [("ours", OWN)]


def test_a_member_starts_an_evaluation_of_its_rule_and_our_function_is_asked(aws: LocalAws) -> None:
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    config = aws.client("config", account=MEMBER)
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    assert [event["accountId"] for event in aws.config.due] == [MEMBER]
    aws.of(MEMBER).config.asked.clear()
    with refused("LimitExceededException"):  # in progress
        config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    aws.client("config", account=OTHER).start_config_rules_evaluation(ConfigRuleNames=[RULE])
    assert [event["accountId"] for event in aws.config.due] == [MEMBER, OTHER]


def test_a_stranger_names_our_function_in_a_rule(aws: LocalAws) -> None:
    aws.of(STRANGER).put_config_rule(RULE)
    aws.ask(RULE, STRANGER)
    (event,) = aws.config.due
    assert (event["accountId"], event["configRuleName"]) == (STRANGER, RULE)


def test_an_account_that_is_excluded_later_keeps_nothing(aws: LocalAws) -> None:
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    aws.ask_members("blindspot", MEMBER)
    token = aws.config.due.pop()["resultToken"]
    theirs = aws.client("config", account=MEMBER)
    theirs.put_evaluations(ResultToken=token, Evaluations=[row(MEMBER)])
    aws.put_organization_rule("blindspot", excluded=(OWN, MEMBER))
    assert MEMBER not in statuses(aws)
    assert aws.of(MEMBER).config_rows == []
    with refused("NoSuchConfigRuleException"):
        theirs.get_compliance_details_by_config_rule(ConfigRuleName=RULE)
    client("config").delete_organization_config_rule(OrganizationConfigRuleName="blindspot")
    assert aws.of(OTHER).config.rules == set()
    with refused("NoSuchOrganizationConfigRuleException"):
        statuses(aws)


@pytest.mark.parametrize(
    ("account", "code"), [(MEMBER, "OrganizationAccessDeniedException"), (STRANGER, "NoAvailableOrganizationException")]
)
def test_only_administrators_have_rules_and_aggregators_of_the_organization(
    aws: LocalAws, account: str, code: str
) -> None:
    aws.put_organization_rule("blindspot")
    with refused(code):
        aws.of(account).put_organization_rule("blindspot")
    with refused(code):
        aws.of(account).put_aggregator()
    with refused(code):
        aws.client("config", account=account).get_organization_config_rule_detailed_status(
            OrganizationConfigRuleName="blindspot"
        )


def test_another_administrator_does_not_see_the_rule(aws: LocalAws) -> None:
    aws.put_organization_rule("blindspot")
    with refused("NoSuchOrganizationConfigRuleException"):
        aws.client("config", account=MANAGEMENT).get_organization_config_rule_detailed_status(
            OrganizationConfigRuleName="blindspot"
        )


@pytest.mark.parametrize(("name", "excluded"), [("blind spot", []), ("blindspot", ["me"]), ("b", [OWN] * 1001)])
def test_put_organization_config_rule_refuses(aws: LocalAws, name: str, excluded: list[str]) -> None:
    with refused("InvalidParameterValueException"):
        aws.put_organization_rule(name, tuple(excluded))


def test_status_comes_in_pages(aws: LocalAws) -> None:
    aws.organization.join(*(f"{number:012}" for number in range(120)))
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    config, name = client("config"), {"OrganizationConfigRuleName": "blindspot"}
    pages = list(config.get_paginator("get_organization_config_rule_detailed_status").paginate(**name))
    assert [len(page["OrganizationConfigRuleDetailedStatus"]) for page in pages] == [100, 23]
    with refused("InvalidLimitException"):
        config.get_organization_config_rule_detailed_status(**name, Limit=101)
    with refused("InvalidNextTokenException"):
        config.get_organization_config_rule_detailed_status(**name, NextToken="mine")


# The aggregator


def report(aws: LocalAws, account: str, *rows: Any) -> None:
    """As the account's own role reports the rows to the organization's rule."""
    aws.ask_members("blindspot", account)
    token = aws.config.due.pop()["resultToken"]
    aws.client("config", account=account).put_evaluations(ResultToken=token, Evaluations=list(rows))


def details(account: str, **asked: Any) -> list[dict[str, Any]]:
    whole = {"ConfigurationAggregatorName": "blindspot", "ConfigRuleName": RULE, "AwsRegion": REGION, **asked}
    answer = client("config").get_aggregate_compliance_details_by_config_rule(AccountId=account, **whole)
    found: list[dict[str, Any]] = answer["AggregateEvaluationResults"]
    return found


@pytest.fixture
def aggregated(aws: LocalAws) -> LocalAws:
    aws.put_organization_rule("blindspot", excluded=(OWN,))
    aws.put_aggregator()
    return aws


def test_the_aggregator_has_each_accounts_rows(aggregated: LocalAws) -> None:
    aws = aggregated
    began = datetime.now(UTC)
    report(aws, MEMBER, row(MEMBER) | {"Annotation": "All is well."})
    report(aws, OTHER, row(OTHER, "NON_COMPLIANT"), row(f"{OTHER}/eu-west-1", "NOT_APPLICABLE"))
    (right,), (wrong,) = details(MEMBER), details(OTHER)
    assert (right["ComplianceType"], right["Annotation"]) == ("COMPLIANT", "All is well.")
    assert (wrong["ComplianceType"], wrong["AccountId"], wrong["AwsRegion"]) == ("NON_COMPLIANT", OTHER, REGION)
    for each in (right, wrong):
        assert began - timedelta(seconds=1) <= each["ConfigRuleInvokedTime"] <= each["ResultRecordedTime"]
    assert details(MANAGEMENT) == details(OWN) == details(STRANGER) == []
    assert details(MEMBER, AwsRegion="us-east-1") == details(MEMBER, ConfigRuleName="another") == []
    assert details(MEMBER, ComplianceType="NON_COMPLIANT") == []
    assert details(OTHER, ComplianceType="NON_COMPLIANT") == [wrong]


def test_what_a_row_says_of_its_time(aggregated: LocalAws) -> None:
    report(aggregated, MEMBER, row(MEMBER) | {"OrderingTimestamp": datetime(2030, 1, 1, tzinfo=UTC)})
    (found,) = details(MEMBER)
    # The function gives the one, AWS Config the others.
    assert found["EvaluationResultIdentifier"]["OrderingTimestamp"] == datetime(2030, 1, 1, tzinfo=UTC)
    assert found["ConfigRuleInvokedTime"].year == found["ResultRecordedTime"].year == datetime.now(UTC).year
    aggregated.of(MEMBER).age(timedelta(hours=49))
    (older,) = details(MEMBER)
    for key in ("ConfigRuleInvokedTime", "ResultRecordedTime"):
        assert found[key] - older[key] == timedelta(hours=49)
    assert older["EvaluationResultIdentifier"]["OrderingTimestamp"] == datetime(2029, 12, 29, 23, tzinfo=UTC)


def test_who_leaves_the_organization_leaves_the_aggregator(aggregated: LocalAws) -> None:
    report(aggregated, MEMBER, row(MEMBER))
    aggregated.organization.leave(MEMBER)
    assert details(MEMBER) == []


@pytest.mark.parametrize(
    ("bent", "code"),
    [
        ({"ConfigurationAggregatorName": "another"}, "NoSuchConfigurationAggregatorException"),
        ({"ComplianceType": "NOT_APPLICABLE"}, "ValidationException"),
        ({"Limit": 101}, "InvalidLimitException"),
        ({"NextToken": "mine"}, "InvalidNextTokenException"),
    ],
)
def test_the_aggregator_refuses(aggregated: LocalAws, bent: dict[str, Any], code: str) -> None:
    with refused(code):
        details(MEMBER, **bent)


def test_aggregate_details_come_in_pages_of_fifty(aggregated: LocalAws) -> None:
    report(aggregated, MEMBER, *(row(f"{MEMBER}/{number}") for number in range(60)))
    asked = {
        "ConfigurationAggregatorName": "blindspot",
        "ConfigRuleName": RULE,
        "AwsRegion": REGION,
        "AccountId": MEMBER,
    }
    pages = client("config").get_paginator("get_aggregate_compliance_details_by_config_rule").paginate(**asked)
    assert [len(page["AggregateEvaluationResults"]) for page in pages] == [50, 10]
    assert len(details(MEMBER, Limit=100)) == 60


def test_an_aggregator_of_named_accounts_and_regions(aggregated: LocalAws) -> None:
    report(aggregated, MEMBER, row(MEMBER))
    report(aggregated, OTHER, row(OTHER))
    for regions, seen in (([REGION], 1), (["us-east-1"], 0)):
        aggregated.client("config").put_configuration_aggregator(
            ConfigurationAggregatorName="some",
            AccountAggregationSources=[{"AccountIds": [MEMBER], "AwsRegions": regions}],
        )
        assert len(details(MEMBER, ConfigurationAggregatorName="some")) == seen
        assert details(OTHER, ConfigurationAggregatorName="some") == []
    names = [each["ConfigurationAggregatorName"] for each in described(aggregated)]
    assert names == ["blindspot", "some"]
    with refused("NoSuchConfigurationAggregatorException"):
        client("config").describe_configuration_aggregators(ConfigurationAggregatorNames=["another"])


def described(aws: LocalAws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("config").describe_configuration_aggregators()["ConfigurationAggregators"]
    return found


def test_the_aggregator_tells_that_it_is_the_organizations(aggregated: LocalAws) -> None:
    (found,) = described(aggregated)
    assert found["OrganizationAggregationSource"]["AllAwsRegions"] is True
    assert "AccountAggregationSources" not in found


def test_compliance_by_account(aggregated: LocalAws) -> None:
    report(aggregated, MEMBER, row(MEMBER))
    report(aggregated, OTHER, *(row(f"{OTHER}/{number}", "NON_COMPLIANT") for number in range(30)))
    config = client("config")

    def asked(**filters: str) -> Any:
        answer = config.describe_aggregate_compliance_by_config_rules(
            ConfigurationAggregatorName="blindspot", Filters=filters
        )
        return {each["AccountId"]: each["Compliance"] for each in answer["AggregateComplianceByConfigRules"]}

    right = {"ComplianceType": "COMPLIANT"}
    wrong = {
        "ComplianceType": "NON_COMPLIANT",
        "ComplianceContributorCount": {"CappedCount": 25, "CapExceeded": True},
    }
    assert asked() == asked(ConfigRuleName=RULE) == {MEMBER: right, OTHER: wrong}
    assert asked(ComplianceType="NON_COMPLIANT") == asked(AccountId=OTHER) == {OTHER: wrong}
    assert asked(AwsRegion="us-east-1") == {}


# One account beside another


ACCOUNTS = st.sampled_from([OWN, MEMBER, OTHER])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("topic"), ACCOUNTS, st.just("")),
        st.tuples(st.just("assume"), ACCOUNTS, st.just("")),
        st.tuples(st.just("distrust"), ACCOUNTS, st.just("")),
        st.tuples(st.just("report"), ACCOUNTS, ACCOUNTS),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=20, derandomize=True)
@given(STEPS)
def test_whatever_is_done_is_done_in_one_account(steps: list[tuple[str, str, str]]) -> None:
    """Against a model: what each account holds, which roles let us in, and which rows AWS Config has."""
    with local_aws(region=REGION, regions=(REGION,)) as aws:
        aws.organization.join(MEMBER, OTHER)
        aws.put_organization_rule("blindspot")
        roles = {account: ROLE.replace(MEMBER, account) for account in (MEMBER, OTHER)}
        for each in roles.values():
            aws.trust(each, ID)
        sessions: dict[str, dict[str, str]] = {OWN: {}, **{account: assume(role=roles[account]) for account in roles}}
        topics: dict[str, set[str]] = {account: set() for account in sessions}
        distrusted: set[str] = set()
        reported: set[str] = set()
        for number, (step, account, other) in enumerate(steps):
            if step == "topic":
                topic = client("sns", **sessions[account]).create_topic(Name=f"t{number}")["TopicArn"]
                topics[account].add(topic)
            elif step == "assume" and account in roles:
                if account in distrusted:
                    with refused("AccessDenied"):
                        assume(role=roles[account])
                else:  # a session that was there before lasts
                    client("sns", **sessions[account]).list_topics()
                    sessions[account] = assume(role=roles[account])
            elif step == "distrust" and account in roles:
                aws.distrust(roles[account])
                distrusted.add(account)
            elif step == "report":
                aws.ask_members("blindspot", other)
                token = aws.config.due.pop()["resultToken"]
                config = client("config", **sessions[account])
                if account == other:
                    config.put_evaluations(ResultToken=token, Evaluations=[row(account)])
                    reported.add(account)
                else:
                    with refused("InvalidResultTokenException"):
                        config.put_evaluations(ResultToken=token, Evaluations=[row(account)])
        for account, session in sessions.items():
            aws.calls.clear()
            found = {topic["TopicArn"] for topic in client("sns", **session).list_topics()["Topics"]}
            assert found == topics[account] == {topic for topic in found if topic.split(":")[4] == account}
            assert [each.account for each in aws.calls] == [None if account == OWN else account]
            assert [each.id for each in aws.of(account).config_rows] == [account] * (account in reported)


def test_an_organization_ends_with_the_local_aws() -> None:
    with local_aws(region=REGION) as aws:
        aws.organization.join(MEMBER)
        aws.put_organization_rule("blindspot")
        aws.trust(ROLE, ID)
        session = assume()
        assert client("sts", **session).get_caller_identity()["Account"] == MEMBER
        aws.run_as(EVALUATOR)
    with local_aws(region=REGION) as aws:
        with refused("AWSOrganizationsNotInUseException"):
            client("organizations").describe_account(AccountId=MEMBER)
        assert set(aws.organization.accounts) == {OWN}
        assert aws.of(MEMBER).config.rules == set()
        assert client("sts").get_caller_identity()["Arn"].endswith(":user/moto")
        with refused("AccessDenied"):
            assume()

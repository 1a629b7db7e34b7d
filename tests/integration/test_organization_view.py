"""`python -m blindspot organization`: each account's verdict, as AWS Config's aggregator has it."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from blindspot import cli
from functions.evaluator import app
from local.accounts import CIS, HALF_RIGHT, a_compliant_account
from local.aws import Fault, LocalAws, local_aws
from local.lambda_context import Context
from tests.cases.organizations import EVERY, MISSES, UNREAD
from tests.goldens import RULE, SETTINGS, UUID
from tests.schemas import ORGANIZATION

OWN, RIGHT, OTHER, THIRD = "123456789012", "222222222222", "333333333333", "444444444444"
HOME = "eu-west-1"
ROWS = "config:GetAggregateComplianceDetailsByConfigRule"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """An organization of four accounts, whose own one is COMPLIANT."""
    monkeypatch.setattr("blindspot.aws.aggregator.SHORTEST_PAUSE", 0.01)
    with local_aws(region=HOME, regions=(HOME, "us-east-1")) as aws:
        aws.organization.join(OWN, RIGHT, OTHER, THIRD)
        aws.put_config_rule(RULE)
        aws.put_aggregator()
        aws.put_organization_rule("blindspot", excluded=(OWN,))
        aws.ask(RULE, OWN)
        report(aws)
        yield aws


def report(aws: LocalAws, compliance: str = "COMPLIANT", annotation: str = EVERY) -> None:
    """Reports this for the first account that AWS Config asks for, as the evaluator does."""
    asked = aws.config.due.pop(0)
    at = json.loads(asked["invokingEvent"])["notificationCreationTime"]
    row = {"ComplianceResourceType": "AWS::::Account", "ComplianceResourceId": asked["accountId"]}
    told = {"ComplianceType": compliance, "Annotation": annotation, "OrderingTimestamp": at}
    answer = aws.client("config", account=asked["accountId"]).put_evaluations(
        ResultToken=asked["resultToken"], Evaluations=[{**row, **told}]
    )
    assert answer["FailedEvaluations"] == []


def judged(aws: LocalAws, **rows: tuple[str, str]) -> None:
    """Each of these members has this row, and all others are COMPLIANT."""
    aws.ask_members("blindspot")
    while aws.config.due:
        report(aws, *rows.get(f"of_{aws.config.due[0]['accountId']}", ()))


def view(capsys: pytest.CaptureFixture[str], *options: str, status: int) -> Any:
    """The document."""
    assert cli.main(["organization", "--region", HOME, "--json", *options]) == status
    printed = capsys.readouterr()
    assert printed.err == ""
    document = json.loads(printed.out)
    ORGANIZATION.validate(document)
    return document


def verdicts(document: Any) -> dict[str, str]:
    """By account, the verdict, or why it has not answered."""
    return {each["account"]: each["verdict"] or each["code"] for each in document["accounts"]}


def failed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The one line that the command writes where it shows nothing."""
    assert cli.main(["organization", "--region", HOME, *options]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err


def test_accounts_are_judged_and_seen_in_one_view(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    """One is broken, and one has no role for the evaluator."""
    settings = {**SETTINGS, "BLINDSPOT_CONFIG_RULE": RULE, "BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member"}
    for account, pattern in ((OWN, CIS), (RIGHT, CIS), (OTHER, HALF_RIGHT)):
        a_compliant_account(aws.of(account), pattern=pattern)
        aws.trust(f"arn:aws:iam::{account}:role/blindspot-member", UUID)
    with patch.dict(os.environ, {name: value for name, value in settings.items() if "REVIEW" not in name}):
        aws.evaluator = lambda event: app.handler(event, Context())
        aws.ask(RULE, OWN)
        aws.ask_members("blindspot")
        aws.deliver()
    capsys.readouterr()  # what the evaluator logs
    document = view(capsys, status=1)
    assert verdicts(document) == {OTHER: "NON_COMPLIANT", THIRD: "no-row", OWN: "COMPLIANT", RIGHT: "COMPLIANT"}
    assert [account["account"] for account in document["accounts"]] == [OTHER, THIRD, OWN, RIGHT]
    (gap,) = document["gaps"]
    assert (gap["code"], gap["help"], gap["accounts"]) == ("filter.misses", "docs/gaps.md#filter-misses", [OTHER])
    assert document["accounts"][0]["words"].startswith("filter.misses: the metric filter misses refused calls.")


STATUSES: dict[str, tuple[dict[str, tuple[str, str]], int]] = {
    "all right": ({}, 0),
    "one broken, one undetermined": (
        {f"of_{OTHER}": ("NON_COMPLIANT", MISSES), f"of_{THIRD}": ("NON_COMPLIANT", UNREAD)},
        1,
    ),
    "one undetermined": ({f"of_{THIRD}": ("NON_COMPLIANT", UNREAD)}, 3),
}


@pytest.mark.parametrize("name", STATUSES)
def test_the_exit_status(aws: LocalAws, capsys: pytest.CaptureFixture[str], name: str) -> None:
    rows, status = STATUSES[name]
    judged(aws, **rows)
    document = view(capsys, status=status)
    assert document["counts"]["COMPLIANT"] == 4 - len(rows)
    assert document["account"] == OWN
    assert document["api_calls"] == len(aws.calls)
    assert document["refused_calls"] == 0


def test_who_has_not_answered_and_why(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    old, excluded, suspended, silent, without, joined, pending = (f"5{number}" * 6 for number in range(7))
    aws.organization.join(old, excluded, silent, without, suspended)
    aws.organization.join(pending, state="PENDING_ACTIVATION")
    aws.of(without).config.recorder = False
    judged(aws)
    aws.of(old).age(timedelta(hours=49))
    aws.of(silent).config.rows.clear()
    aws.put_organization_rule("blindspot", excluded=(OWN, excluded))
    aws.organization.join(suspended, state="SUSPENDED")  # whose rule is still listed
    aws.organization.join(joined)
    aws.malform("config:GetOrganizationConfigRuleDetailedStatus", statuses(aws, without=joined))
    document = view(capsys, status=3)
    assert {key: value for key, value in verdicts(document).items() if value != "COMPLIANT"} == {
        old: "old-row",
        pending: "not-active",
        silent: "no-row",
        without: "no-recorder",
        joined: "no-rule",
    }
    assert {each["account"]: each["code"] for each in document["left_out"]} == {
        excluded: "excluded",
        suspended: "suspended",
    }
    words = {each["account"]: each["words"] for each in document["accounts"]}
    assert words[old] == "Its last verdict, COMPLIANT, is 2 days old."
    assert "NoAvailableConfigurationRecorder" in words[without]
    asked = " ".join(call.request for call in aws.calls if str(call) == ROWS)
    every = (old, excluded, suspended, silent, without, joined, pending)
    assert [account for account in every if account in asked] == [old, silent]


def statuses(aws: LocalAws, without: str) -> dict[str, Any]:
    """What AWS Config tells before it noticed that an account joined."""
    asked = aws.client("config").get_organization_config_rule_detailed_status(OrganizationConfigRuleName="blindspot")
    listed = asked["OrganizationConfigRuleDetailedStatus"]
    return {"OrganizationConfigRuleDetailedStatus": [each for each in listed if each["AccountId"] != without]}


def test_every_account_is_read_once_page_by_page(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    many = [f"{number:012}" for number in range(1, 105)]
    aws.organization.join(*many)
    judged(aws, **{f"of_{many[7]}": ("NON_COMPLIANT", MISSES)})
    document = view(capsys, status=1)
    assert document["counts"] == {"COMPLIANT": 107, "NON_COMPLIANT": 1, "INDETERMINATE": 0, "NOT_ANSWERED": 0}
    made = [str(call) for call in aws.calls]
    assert made.count("organizations:ListAccounts") == 6
    assert made.count("config:GetOrganizationConfigRuleDetailedStatus") == 2
    assert made.count(ROWS) == 108


def test_an_empty_page_may_have_a_next_one(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    judged(aws)
    call, whole = "config:GetOrganizationConfigRuleDetailedStatus", statuses(aws, without="")
    aws.malform(call, {"OrganizationConfigRuleDetailedStatus": [], "NextToken": "next"}, times=1)
    aws.malform(call, whole)
    assert set(verdicts(view(capsys, status=0)).values()) == {"COMPLIANT"}


def test_the_own_account_is_read_by_its_own_rule(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    judged(aws)
    aws.config.rows.clear()
    assert verdicts(view(capsys, status=3))[OWN] == "no-own-row"


NOTHING_TO_SHOW = {
    "an aggregator of another name": (
        ("--aggregator", "audit"),
        (
            "Account 123456789012 has no AWS Config aggregator audit in eu-west-1. "
            "Deploy organization/aggregator.yaml there, or name another one with --aggregator and its region with "
            "--region."
        ),
    ),
    "a rule of another name": (
        ("--stack", "audit"),
        (
            "Account 123456789012 has no organization's rule audit in eu-west-1. Deploy the stack there with "
            "OrganizationRole, or name it with --stack and its region with --region."
        ),
    ),
}


@pytest.mark.parametrize("name", NOTHING_TO_SHOW)
def test_what_is_not_there_is_named_with_what_to_do(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    options, message = NOTHING_TO_SHOW[name]
    assert failed(capsys, *options) == f"python -m blindspot organization: error: {message}\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"AccountAggregationSources": [{"AccountIds": [RIGHT], "AllAwsRegions": True}]},
            "AWS Config aggregator some does not collect from an organization.",
        ),
        (
            {"OrganizationAggregationSource": {"RoleArn": f"arn:aws:iam::{OWN}:role/a", "AwsRegions": ["us-east-1"]}},
            "AWS Config aggregator some does not collect from eu-west-1. Add this region to it,",
        ),
    ],
    ids=["accounts", "another region"],
)
def test_an_aggregator_must_collect_from_the_organization_here(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], source: dict[str, Any], message: str
) -> None:
    aws.client("config").put_configuration_aggregator(ConfigurationAggregatorName="some", **source)
    assert message in failed(capsys, "--aggregator", "some")


NEEDED = (
    "config:DescribeConfigurationAggregators",
    "organizations:ListAccounts",
    "config:GetOrganizationConfigRuleDetailedStatus",
    ROWS,
)
"""Without an answer to one of them there is nothing to show; of the last it is so only if it is refused."""


@pytest.mark.parametrize("call", NEEDED)
def test_a_read_that_is_refused_is_named_and_not_repeated(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    judged(aws)
    aws.fail(call, error="AccessDeniedException")
    assert f"{call} in eu-west-1 was refused (AccessDeniedException). Use credentials that may" in failed(capsys)
    assert [str(made) for made in aws.calls].count(call) == 1


@pytest.mark.parametrize(
    ("call", "error"), [(call, error) for call in NEEDED[:3] for error in ("InternalError", "Malformed: ")]
)
def test_a_read_without_answer_shows_nothing(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], call: str, error: str
) -> None:
    judged(aws)
    if error == "InternalError":
        aws.fail(call, error=error)
    else:
        aws.malform(call, {})
    assert f"{call} in eu-west-1 gave no answer ({error}" in failed(capsys)


def test_an_account_that_is_no_administrator_is_told_so(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.fail("config:GetOrganizationConfigRuleDetailedStatus", error="OrganizationAccessDeniedException")
    assert "management account or of a delegated administrator's" in failed(capsys)
    aws.faults.clear()
    aws.fail("organizations:ListAccounts", error="AWSOrganizationsNotInUseException")
    assert "could not be listed. The account belongs to no organization." in failed(capsys)


def test_a_list_without_the_own_account_is_not_believed(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.malform("organizations:ListAccounts", {"Accounts": [{"Id": RIGHT, "Name": "a", "State": "ACTIVE"}]})
    assert "did not list account 123456789012 itself" in failed(capsys)


def bent(**fields: Any) -> dict[str, Any]:
    """An answer with one row of RIGHT's that is COMPLIANT, of which these fields are otherwise."""
    row = {"AccountId": RIGHT, "AwsRegion": HOME, "ComplianceType": "COMPLIANT", "Annotation": EVERY}
    of_rule = {"ConfigRuleName": "OrgConfigRule-blindspot-dbgzf8ba"}
    qualifier = {**of_rule, "ResourceType": "AWS::::Account", "ResourceId": RIGHT}
    at = fields.pop("OrderingTimestamp", datetime.now(UTC))
    row, qualifier = ({key: fields.get(key, value) for key, value in part.items()} for part in (row, qualifier))
    identifier = {"OrderingTimestamp": at, "EvaluationResultQualifier": qualifier}
    return {"AggregateEvaluationResults": [{**row, "EvaluationResultIdentifier": identifier}]}


NOT_AN_ANSWER = {
    "another account": (bent(AccountId=OTHER), "Malformed: AccountId"),
    "another region": (bent(AwsRegion="us-east-1"), "Malformed: AwsRegion"),
    "another rule": (bent(ConfigRuleName="OrgConfigRule-other-dbgzf8ba"), "Malformed: ConfigRuleName"),
    "no time": (bent(OrderingTimestamp=None), "Malformed: OrderingTimestamp"),
    "a time that is none": (bent(OrderingTimestamp="today"), "Malformed: OrderingTimestamp"),
    "no compliance": (bent(ComplianceType=None), "Malformed: ComplianceType"),
    "an annotation that is no text": (bent(Annotation=7), "Malformed: Annotation"),
    "no list": ({}, "Malformed: AggregateEvaluationResults"),
    "no end": ({**bent(), "NextToken": "again"}, "RepeatedToken"),
    "a token that is no text": ({**bent(), "NextToken": 7}, "Malformed: NextToken"),
}


@pytest.mark.parametrize("name", NOT_AN_ANSWER)
def test_rows_that_cannot_be_read_take_no_other_account_along(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    judged(aws)
    answer, error = NOT_AN_ANSWER[name]
    answered = AWSResponse("", 200, HTTPHeaders(), None), answer
    aws.faults.append(Fault(ROWS, None, lambda _: answered, about=RIGHT))
    document = view(capsys, status=3)
    assert verdicts(document) == {RIGHT: "not-read", OWN: "COMPLIANT", OTHER: "COMPLIANT", THIRD: "COMPLIANT"}
    assert document["accounts"][0]["words"] == f"AWS Config did not return its row ({error})."


def test_the_row_that_is_bent_is_one_that_is_read(aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.malform(ROWS, bent(), times=None)
    document = view(capsys, status=3)
    assert verdicts(document)[RIGHT] == "COMPLIANT"


def test_throttled_reads_are_made_again_until_they_are_answered(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(aws)
    monkeypatch.setattr("blindspot.aws.client.ATTEMPTS", 1)  # the SDK's own pauses take seconds
    for call, error in ((ROWS, "ThrottlingException"), ("organizations:ListAccounts", "TooManyRequestsException")):
        aws.fail(call, error=error, times=6)
    assert verdicts(view(capsys, status=0)) == dict.fromkeys((OWN, RIGHT, OTHER, THIRD), "COMPLIANT")


def test_an_account_whose_row_does_not_come_in_time_has_not_answered(
    aws: LocalAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(aws)
    monkeypatch.setattr("blindspot.cli.AGGREGATED", 6)
    aws.faults.append(Fault(ROWS, None, lambda _: time.sleep(9), about=THIRD))
    document = view(capsys, status=3)
    assert verdicts(document) == {THIRD: "not-read", OWN: "COMPLIANT", RIGHT: "COMPLIANT", OTHER: "COMPLIANT"}
    assert document["accounts"][0]["words"] == "AWS Config did not return its row (Timeout)."


def test_an_organization_with_an_excluded_and_a_closed_account_can_be_compliant(
    aws: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.organization.join("555555555555", state="CLOSED")
    aws.put_organization_rule("blindspot", excluded=(OWN, OTHER))
    judged(aws)
    document = view(capsys, status=0)
    assert verdicts(document) == dict.fromkeys((OWN, RIGHT, THIRD), "COMPLIANT")
    assert document["summary"] == "Yes, in all 3 accounts; 2 accounts are left out."


def test_an_account_counts_if_it_is_not_known_who_is_excluded(
    aws: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.put_organization_rule("blindspot", excluded=(OWN, OTHER))
    judged(aws)
    aws.fail("config:DescribeOrganizationConfigRules", error="AccessDeniedException")
    document = view(capsys, status=3)
    assert verdicts(document) == {OTHER: "no-rule", OWN: "COMPLIANT", RIGHT: "COMPLIANT", THIRD: "COMPLIANT"}
    assert (document["refused_calls"], document["left_out"]) == (1, [])


def test_the_forms(aws: LocalAws, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    judged(aws, **{f"of_{OTHER}": ("NON_COMPLIANT", MISSES)})
    answer = "No. There are calls that alert nobody in 1 of 4 accounts; 3 are COMPLIANT."
    assert cli.main(["organization", "--region", HOME]) == 1
    assert answer in capsys.readouterr().out
    assert cli.main(["organization", "--region", HOME, "--markdown"]) == 1
    assert f"**{answer}**" in capsys.readouterr().out
    page = tmp_path / "page.html"
    assert cli.main(["organization", "--region", HOME, "--html", str(page)]) == 1
    assert capsys.readouterr().out == f"{answer}\nThe page is in {page}.\n"
    assert answer in page.read_text("utf-8")


def test_a_name_that_no_stack_has_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    for option in (("--stack", "a" * 42), ("--stack", "a b"), ("--aggregator", "a/b")):
        with pytest.raises(SystemExit) as ended:
            cli.main(["organization", *option])
        assert ended.value.code == 2
        assert "allowed: the name of a" in capsys.readouterr().err

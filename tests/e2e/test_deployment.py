"""The stack on ministack: what `sam deploy` makes, what runs it, and what `sam delete` leaves.

ministack transforms and creates the template, runs the functions with their layer, and holds each call that they make
against the policies of their roles, across accounts too. What types it lacks is printed: AWS Config's rules and
aggregators. So the stacks have none, and the test sends what AWS Config would.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from local.events import event
from tests.builders import ACCOUNT, HOME
from tests.e2e import lambdas
from tests.e2e.lambdas import build
from tests.e2e.processes import ROOT, Emulator, eventually, ministack
from tests.unit.test_template import TEMPLATES, long_forms, template

STACK = "blindspot"
HELD = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_policies", "Policies", "PolicyName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
)
"""Where the account lists what the template makes, but for the queue."""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    build()
    with ministack(tmp_path_factory.mktemp("ministack"), iam=True) as aws:
        yield aws


@pytest.fixture(scope="module")
def stack(aws: Emulator) -> dict[str, str]:
    """The outputs of a deployed stack."""
    deploy(aws, STACK)
    return outputs(aws, STACK)


def sam(aws: Emulator, *arguments: str) -> str:
    ran = subprocess.run(
        [ROOT / ".venv/bin/sam", *arguments],
        cwd=ROOT,
        env={**aws.environment, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def deploy(aws: Emulator, name: str, *more: str, built: Path | None = None) -> str:
    """more: parameters. built: the template, if not as it was built."""
    parameters = ("CreateConfigRule=false", "Schedule='rate(1 minute)'", *more)
    asked = ("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--parameter-overrides", *parameters)
    other = ("--template-file", str(built), "--config-file", str(ROOT / "samconfig.toml")) if built else ()
    return sam(aws, "deploy", "--stack-name", name, *other, *asked)


def outputs(aws: Emulator, name: str, account: str = ACCOUNT) -> dict[str, str]:
    (stack,) = aws.client("cloudformation", account).describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def logged(aws: Emulator, group: str, message: str) -> dict[str, Any] | None:
    """The document that the log has under that message."""
    events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    return next((line["document"] for line in lines if line.get("message") == message), None)


def held(aws: Emulator, account: str = ACCOUNT) -> dict[str, list[str]]:
    """The names of all that the account holds."""
    names = {
        operation: sorted(thing[name] for thing in getattr(aws.client(service, account), operation)()[key])
        for service, operation, key, name in HELD
    }
    return {**names, "list_queues": sorted(aws.client("sqs", account).list_queues().get("QueueUrls", []))}


def test_the_schedule_runs_the_evaluator_and_the_rule_the_remediator(aws: Emulator, stack: dict[str, str]) -> None:
    assessed = eventually(lambda: logged(aws, stack["EvaluatorLogGroup"], "control assessed"), seconds=120)
    planned = eventually(lambda: logged(aws, stack["RemediatorLogGroup"], "Remediation Planned"), seconds=30)
    assert assessed is not None
    assert planned is not None
    assert assessed["verdict"] == "NON_COMPLIANT"
    assert assessed["regions"][HOME]["gaps"] == [{"code": "trail.missing", "resource": "account"}]
    assert [name for name, region in assessed["regions"].items() if region["doubts"]] == []
    assert "ledger.unread" not in [note["code"] for note in assessed["notes"]]
    assert (planned["switch"]["on"], planned["switch"]["parameter"]) == (False, stack["RemediationFlag"])
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=stack["DeadLetterQueue"])


def test_remediation_is_off(aws: Emulator, stack: dict[str, str]) -> None:
    assert aws.client("ssm").get_parameter(Name=stack["RemediationFlag"])["Parameter"]["Value"] == "false"


def test_the_dashboard_shows_what_the_viewer_answers(aws: Emulator, stack: dict[str, str]) -> None:
    shown = aws.client("cloudwatch").get_dashboard(DashboardName=stack["Dashboard"])
    (endpoint,) = re.findall(r'"endpoint": "([^"]+)"', shown["DashboardBody"])
    for name, said in (("widget", "no AWS Config rule"), ("widget-assess", "NON_COMPLIANT")):
        answer = aws.client("lambda").invoke(FunctionName=endpoint, Payload=json.dumps(event(name)))
        html = json.loads(answer["Payload"].read())
        assert said in html
        assert f'endpoint="{endpoint}"' in html


@pytest.mark.usefixtures("stack")
def test_a_second_deployment_has_nothing_to_change(aws: Emulator) -> None:
    assert f"No changes to deploy. Stack {STACK} is up to date" in deploy(aws, STACK)


@pytest.mark.usefixtures("stack")
def test_a_second_stack_goes_without_a_trace_after_it_has_run(aws: Emulator) -> None:
    before = held(aws)
    deploy(aws, "second")
    second = outputs(aws, "second")
    ran = aws.client("lambda").invoke(FunctionName=second["EvaluatorFunction"], Payload=b'{"action": "start"}')
    assert "FunctionError" not in ran
    eventually(lambda: logged(aws, second["RemediatorLogGroup"], "Remediation Planned"), seconds=30)
    sam(aws, "delete", "--stack-name", "second", "--no-prompts")
    assert held(aws) == before


ORGANIZATION, ARCHIVE = "organization", "999988887777"
TYPES = {of["Type"] for path in TEMPLATES for of in template(path)["Resources"].values()}


@pytest.fixture(scope="module")
def lacked(aws: Emulator) -> set[str]:
    """The types of the templates that ministack does not know; it says so as CloudFormation does."""
    plain = {kind for kind in TYPES if not kind.startswith("AWS::Serverless::")}
    body = {"Resources": {f"R{number}": {"Type": kind} for number, kind in enumerate(sorted(plain))}}
    try:
        aws.client("cloudformation").validate_template(TemplateBody=json.dumps(body))
    except ClientError as error:
        return set(re.findall(r"AWS::\w+::\w+", str(error)))
    return set()


def without(lacked: set[str], read: dict[str, Any]) -> dict[str, Any]:
    """The template without these types, and without the outputs that name them."""
    gone = {name for name, of in read["Resources"].items() if of["Type"] in lacked}
    outputs = {name: of for name, of in read["Outputs"].items() if of["Value"] not in [{"Ref": each} for each in gone]}
    kept = {name: of for name, of in read["Resources"].items() if name not in gone}
    return {**read, "Resources": kept, "Outputs": outputs}


def test_what_the_emulator_lacks_is_no_more_than_aws_config(
    lacked: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nministack has no {', '.join(sorted(lacked))}: the stacks are deployed without.\n")
    assert lacked <= {
        "AWS::Config::ConfigRule",
        "AWS::Config::ConfigurationAggregator",
        "AWS::Config::OrganizationConfigRule",
    }


@pytest.fixture(scope="module")
def evaluator(aws: Emulator, lacked: set[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of a stack with an organization."""
    read = without(lacked, lambdas.template())
    for of in read["Resources"].values():
        for key in {"CodeUri", "ContentUri"} & of["Properties"].keys():
            of["Properties"][key] = str(lambdas.BUILD / of["Properties"][key])
    built = tmp_path_factory.mktemp("organization") / "template.yaml"
    built.write_text(yaml.safe_dump(read))
    deploy(aws, ORGANIZATION, "OrganizationRole=blindspot-member", f"ExcludedAccounts={ARCHIVE}", built=built)
    return outputs(aws, ORGANIZATION)


@pytest.fixture(scope="module")
def member(aws: Emulator) -> str:
    """An account of the organization that has nothing."""
    asked = aws.client("organizations").create_account(Email="member@example.com", AccountName="member")
    return str(asked["CreateAccountStatus"]["AccountId"])


def create(aws: Emulator, lacked: set[str], account: str, path: str, **given: str) -> dict[str, str]:
    """The outputs of a stack of one of the templates for an organization, in that account."""
    name = Path(path).stem
    cloudformation = aws.client("cloudformation", account)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(without(lacked, long_forms(template(path)))),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    return outputs(aws, name, account)


def asked_of(account: str) -> dict[str, str]:
    """As AWS Config asks for the account's evaluation, with a token that is none."""
    invoking = {
        "awsAccountId": account,
        "notificationCreationTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }
    rule = "aws-service-rule/config-multiaccountsetup.amazonaws.com/config-rule-0a1b2c"
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(invoking),
        "resultToken": "token",
        "configRuleArn": f"arn:aws:config:{HOME}:{account}:config-rule/{rule}",
        "configRuleName": f"OrgConfigRule-{ORGANIZATION}-dbgzf8ba",
        "configRuleId": "config-rule-0a1b2c",
        "accountId": account,
    }


def judged(aws: Emulator, evaluator: dict[str, str], account: str) -> dict[str, Any]:
    ran = aws.client("lambda").invoke(
        FunctionName=evaluator["EvaluatorFunction"], Payload=json.dumps(asked_of(account)).encode()
    )
    answer: dict[str, Any] = json.loads(ran["Payload"].read())
    assert "FunctionError" not in ran, answer
    return answer


def test_the_evaluator_judges_an_account_of_the_organization_by_the_role_there(
    aws: Emulator, evaluator: dict[str, str], member: str, lacked: set[str]
) -> None:
    before = held(aws, member)
    refused = f"sts:AssumeRole in {HOME}: AccessDenied (account {member}, role "
    assert refused in judged(aws, evaluator, member)["summary"]
    given = {"EvaluatorRoleArn": evaluator["EvaluatorRole"], "ExternalId": evaluator["OrganizationExternalId"]}
    made = create(aws, lacked, member, "organization/member-role.yaml", **given)
    assert made["MemberRole"] == f"arn:aws:iam::{member}:role/{evaluator['OrganizationRole']}"
    assessed = judged(aws, evaluator, member)
    assert (assessed["account"], assessed["verdict"]) == (member, "NON_COMPLIANT"), assessed["summary"]
    assert assessed["regions"][HOME]["gaps"] == [{"code": "trail.missing", "resource": "account"}]
    assert [name for name, region in assessed["regions"].items() if region["doubts"]] == []
    aws.client("cloudformation", member).delete_stack(StackName="member-role")
    eventually(lambda: refused in judged(aws, evaluator, member)["summary"], seconds=30)
    assert held(aws, member) == before


def test_another_account_is_refused(aws: Emulator, evaluator: dict[str, str]) -> None:
    assert "444444444444 is not in the organization" in judged(aws, evaluator, "444444444444")["refused"]


def test_a_stranger_cannot_assume_the_members_role(aws: Emulator, evaluator: dict[str, str], lacked: set[str]) -> None:
    given = {"EvaluatorRoleArn": evaluator["EvaluatorRole"], "ExternalId": evaluator["OrganizationExternalId"]}
    made = create(aws, lacked, ARCHIVE, "organization/member-role.yaml", **given)
    for account in (ACCOUNT, ARCHIVE):
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.client("sts", account).assume_role(
                RoleArn=made["MemberRole"], RoleSessionName="mine", ExternalId=given["ExternalId"]
            )


def test_config_may_invoke_the_evaluator_for_other_accounts(aws: Emulator, evaluator: dict[str, str]) -> None:
    policy = json.loads(aws.client("lambda").get_policy(FunctionName=evaluator["EvaluatorFunction"])["Policy"])
    (statement,) = policy["Statement"]
    assert (statement["Principal"], statement["Action"]) == (
        {"Service": "config.amazonaws.com"},
        "lambda:InvokeFunction",
    )
    assert "Condition" not in statement


def test_the_other_templates_of_an_organization(aws: Emulator, evaluator: dict[str, str], lacked: set[str]) -> None:
    roles = ",".join(evaluator[name] for name in ("EvaluatorRole", "RemediatorRole", "ViewerRole"))
    made = create(aws, lacked, ARCHIVE, "organization/monitoring-role.yaml", TrustedRoleArns=roles)
    assert made == {"MonitoringRole": f"arn:aws:iam::{ARCHIVE}:role/blindspot-monitoring"}
    assert create(aws, lacked, ACCOUNT, "organization/aggregator.yaml") == {"Aggregator": "blindspot"}
    given = {"BucketPrefix": "example-code", "OrganizationId": "o-exampleorgid"}
    assert create(aws, lacked, ACCOUNT, "organization/code-bucket.yaml", **given) == {
        "CodeBucket": f"example-code-{HOME}"
    }

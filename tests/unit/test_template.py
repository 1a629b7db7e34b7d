"""What the linters do not know of template.yaml, and AWS or an operator would find out late."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from blindspot import settings
from blindspot.app import show
from blindspot.app.invocation import Start, parse_evaluator_event
from blindspot.aws.events import ASSESSED, SOURCE
from blindspot.model import profile
from blindspot.remediation.ownership import SUFFIX
from local import sam_template
from local.events import FUNCTIONS

ROOT = Path(__file__).parents[2]
TEMPLATES = ("template.yaml", *(f"organization/{path.name}" for path in sorted((ROOT / "organization").glob("*.yaml"))))
"""The stack's, and those that an organization needs beside it."""
TEXT = (ROOT / "template.yaml").read_text()


class _CloudFormation(yaml.SafeLoader):
    """Reads `!Sub x` as {"!Sub": x}."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            return {f"!{tag}": loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {f"!{tag}": loader.construct_sequence(node, deep=True)}
    raise TypeError(node)


_CloudFormation.add_multi_constructor("!", _tagged)


@cache
def template(path: str) -> dict[str, Any]:
    """One of TEMPLATES, read."""
    read: dict[str, Any] = yaml.load((ROOT / path).read_text(), _CloudFormation)  # noqa: S506 (a SafeLoader)
    return read


TEMPLATE = template("template.yaml")
RESOURCES = TEMPLATE["Resources"]
PARAMETERS = TEMPLATE["Parameters"]
EVALUATOR = RESOURCES["EvaluatorFunction"]["Properties"]
REMEDIATOR = RESOURCES["RemediatorFunction"]["Properties"]
COMMON = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that depend on a parameter too."""
    return [statement.get("!If", ["", statement])[1] for statement in policy["PolicyDocument"]["Statement"]]


INLINE: dict[str, list[dict[str, Any]]] = {
    function: RESOURCES[f"{function}Role"]["Properties"]["Policies"]
    for function in ("Evaluator", "Remediator", "Viewer")
}
POLICIES = {function: [RESOURCES["ReadPolicy"]["Properties"], *policies] for function, policies in INLINE.items()}
READING = _statements(RESOURCES["ReadPolicy"]["Properties"])
OWN = {
    function: [statement for policy in policies for statement in _statements(policy)]
    for function, policies in INLINE.items()
}
STATEMENTS = [*READING, *(statement for statements in OWN.values() for statement in statements)]


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in TEMPLATES for name in template(path)["Parameters"]]
)
def test_a_wrong_parameter_is_refused_before_anything_is_deployed(path: str, name: str) -> None:
    parameter = template(path)["Parameters"][name]
    assert parameter["Description"]
    default = parameter.get("Default")
    if "AllowedValues" in parameter:
        assert default in parameter["AllowedValues"]
    else:
        assert parameter["ConstraintDescription"]
        if default is None:  # the stack cannot do without it
            assert not re.fullmatch(parameter["AllowedPattern"], "")
        else:
            assert re.fullmatch(parameter["AllowedPattern"], default)


def test_the_console_groups_every_parameter() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [name for group in groups for name in group["Parameters"]] == list(PARAMETERS)


@pytest.mark.parametrize(
    ("parameter", "value", "allowed"),
    [
        ("Overrides", '{"calls_to_alarm": 2,\n "benign": []}', True),
        ("Overrides", "calls_to_alarm=2", False),
        ("Schedule", "rate(1 day)", True),
        ("Schedule", "cron(0 7 * * ? *)", True),
        ("Schedule", "rate(0 hours)", False),
        ("Schedule", "at(2030-01-01T00:00:00)", False),
        ("ExcludedRegions", "ap-east-1", True),
        ("ExcludedRegions", "us-gov-east-1, eusc-de-east-1,ap-southeast-3", True),
        ("ExcludedRegions", "Frankfurt", False),
        ("ExcludedRegions", "ap-east-1,", False),
        ("SubscriptionEndpoint", "security-team@example.com", True),
        ("SubscriptionEndpoint", "", True),
        ("SubscriptionEndpoint", "https://chat.example.com/hook", True),
        ("SubscriptionEndpoint", "arn:aws:sqs:eu-west-1:123456789012:alerts", True),
        ("SubscriptionEndpoint", "+14155550100", True),
        ("SubscriptionEndpoint", "http://chat.example.com/hook", False),
        ("SubscriptionEndpoint", "security-team", False),
        ("OperationsTopicArn", "arn:aws-us-gov:sns:us-gov-west-1:111122223333:on-call", True),
        ("OperationsTopicArn", "", True),
        ("OperationsTopicArn", "on-call", False),
        ("OperationsTopicArn", "arn:aws:sns:eu-west-1:111122223333:on-call.fifo", False),
        ("OperationsTopicArn", "arn:aws:sns:eu-west-1:111122223333:on-call:0a1b2c3d-subscription", False),
        ("OperationsTopicArn", "arn:aws:lambda:eu-west-1:111122223333:function:on-call", False),
        ("MonitoringRoleArns", "", True),
        ("MonitoringRoleArns", "arn:aws-us-gov:iam::111122223333:role/audit/blindspot", True),
        ("MonitoringRoleArns", "arn:aws:iam::111122223333:user/alice", False),
        ("MonitoringRoleArns", "blindspot", False),
        ("ReviewLogGroupArns", "", True),
        ("ReviewLogGroupArns", "arn:aws:logs:eu-west-1:111122223333:log-group:trail", True),
        ("ReviewLogGroupArns", "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/aws/a.b_c-d#1:*", True),
        ("ReviewLogGroupArns", "arn:aws:logs:eu-west-1:111122223333:log-group:*", False),
        ("ReviewLogGroupArns", "arn:aws:logs:eu-west-1:111122223333:log-group:trail*", False),
        ("ReviewLogGroupArns", "arn:aws:logs:eu-west-1:111122223333:log-group:trail:log-stream:a", False),
        ("ReviewLogGroupArns", "arn:aws:logs:*:111122223333:log-group:trail", False),
        ("ReviewLogGroupArns", "arn:aws:s3:::trail", False),
        ("ReviewLogGroupArns", "trail", False),
        ("OrganizationRole", "blindspot-member", True),
        ("OrganizationRole", "", True),
        ("OrganizationRole", "r" * 64, True),
        ("OrganizationRole", "r" * 65, False),
        ("OrganizationRole", "audit/blindspot-member", False),
        ("OrganizationRole", "arn:aws:iam::111122223333:role/blindspot-member", False),
        ("OrganizationRole", "blindspot-*", False),
        ("OrganizationRole", "blindspot-member?", False),
        ("ExcludedAccounts", "", True),
        ("ExcludedAccounts", "111122223333", True),
        ("ExcludedAccounts", "11112222333", False),
        ("ExcludedAccounts", "1111222233334", False),
        ("ExcludedAccounts", "sandbox", False),
        ("PermissionsBoundary", "", True),
        ("PermissionsBoundary", "arn:aws:iam::111122223333:policy/teams/boundary", True),
        ("PermissionsBoundary", "arn:aws-us-gov:iam::aws:policy/PowerUserAccess", True),
        ("PermissionsBoundary", "arn:aws:iam::111122223333:role/boundary", False),
        ("PermissionsBoundary", "boundary", False),
    ],
)
def test_what_a_parameter_allows(parameter: str, value: str, allowed: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)) is allowed


def test_the_profiles_offered_are_those_that_exist() -> None:
    profiles = {path.stem for path in (ROOT / "layers/blindspot/blindspot/model/profiles").glob("*.toml")}
    assert set(PARAMETERS["Profile"]["AllowedValues"]) == profiles


def test_the_environment_is_what_the_settings_read() -> None:
    read = set(re.findall(r"BLINDSPOT_\w+", (ROOT / "layers/blindspot/blindspot/settings.py").read_text()))
    given = [set(function["Environment"]["Variables"]) for function in (EVALUATOR, REMEDIATOR)]
    assert set(COMMON) | given[0] | given[1] == read | {"POWERTOOLS_LOG_LEVEL"}
    assert set(COMMON).isdisjoint(given[0] | given[1])


def test_lists_are_passed_on_with_commas() -> None:
    lists = {name for name, parameter in PARAMETERS.items() if parameter["Type"] == "CommaDelimitedList"}
    variables = (COMMON, EVALUATOR["Environment"]["Variables"], REMEDIATOR["Environment"]["Variables"])
    passed = [value["!Join"] for each in variables for value in each.values() if "!Join" in value]
    assert passed == [[",", {"!Ref": name}] for name in LISTS]
    assert lists == {*LISTS, "ExcludedAccounts"}


LISTS = ("MonitoringRoleArns", "ReviewLogGroupArns", "SubscriptionEndpoint")


@pytest.mark.parametrize("name", ["BLINDSPOT_REVIEW_LOG_GROUP_ARNS", "BLINDSPOT_ORGANIZATION_ROLE"])
def test_only_the_evaluator_knows_the_log_groups_to_review_and_the_role_in_other_accounts(name: str) -> None:
    assert name in EVALUATOR["Environment"]["Variables"]
    assert name not in COMMON | REMEDIATOR["Environment"]["Variables"]
    assert "Environment" not in RESOURCES["ViewerFunction"]["Properties"]


def test_every_role_has_the_permissions_boundary_if_there_is_one() -> None:
    """Those of the template, and those that SAM makes for the schedules (SAM developer guide, "ScheduleV2")."""
    boundary = {"!If": ["HasPermissionsBoundary", {"!Ref": "PermissionsBoundary"}, {"!Ref": "AWS::NoValue"}]}
    roles = [of["Properties"] for of in RESOURCES.values() if of["Type"] == "AWS::IAM::Role"]
    functions = [RESOURCES[name]["Properties"] for name in FUNCTIONS]
    events = [event for function in functions for event in function.get("Events", {}).values()]
    schedules = [event["Properties"] for event in events if event["Type"] == "ScheduleV2"]
    assert (len(roles), len(schedules)) == (3, 2)
    assert [each["PermissionsBoundary"] for each in (*roles, *schedules)] == [boundary] * 5
    assert {event["Type"] for event in events} == {"ScheduleV2", "EventBridgeRule"}  # for a rule SAM makes no role
    assert all("Role" in function for function in functions)
    assert TEMPLATE["Conditions"]["HasPermissionsBoundary"] == {
        "!Not": [{"!Equals": [{"!Ref": "PermissionsBoundary"}, ""]}]
    }


def test_a_secret_endpoint_is_not_shown() -> None:
    assert PARAMETERS["SubscriptionEndpoint"]["NoEcho"] is True


@pytest.mark.parametrize("schedule", ["Schedule", "Daily"])
def test_the_evaluator_accepts_what_the_schedule_sends(schedule: str) -> None:
    sent = EVALUATOR["Events"][schedule]["Properties"]["Input"]
    assert parse_evaluator_event(json.loads(sent), rule=None, now=datetime.now(UTC)) == Start()


def test_all_judge_by_the_same_settings() -> None:
    judged_by = {"PROFILE", "OVERRIDES", "EXCLUDED_REGIONS", "MONITORING_ROLE_ARNS"}
    assert {f"BLINDSPOT_{name}" for name in judged_by} < set(COMMON)
    for function in OWN:
        assert RESOURCES[f"{function}Role"]["Properties"]["ManagedPolicyArns"] == [{"!Ref": "ReadPolicy"}]


def test_the_remediator_answers_to_the_evaluator_where_it_is_needed() -> None:
    pattern = REMEDIATOR["Events"]["ControlAssessed"]["Properties"]["Pattern"]
    assert pattern == {
        "source": [SOURCE],
        "detail-type": [ASSESSED],
        "detail": {
            "stack": [COMMON["BLINDSPOT_STACK"]],
            "account": [{"!Ref": "AWS::AccountId"}],
            "verdict": ["NON_COMPLIANT"],
        },
    }
    assert RESOURCES["RemediationFlag"]["Properties"]["Value"] == {"!Ref": "AutoRemediate"}
    assert PARAMETERS["AutoRemediate"]["Default"] == "false"


@pytest.mark.parametrize(
    ("kind", "arn"), [("alarm", "arn:${AWS::Partition}:cloudwatch:*"), ("topic", "arn:${AWS::Partition}:sns:*")]
)
def test_the_remediator_writes_to_what_a_profile_names_or_what_has_the_suffix(kind: str, arn: str) -> None:
    named = [
        resources for statement in OWN["Remediator"] if (resources := _named(statement)) and resources[0][0] == arn
    ]
    own = {getattr(profile.load(name).names, kind) for name in profile.names()} | {f"*{SUFFIX}*"}
    assert [{name for _, name in found} for found in named] == [own] * len(named)
    assert named


def _named(statement: dict[str, Any]) -> list[tuple[str, str]]:
    """The service with its region, and the name, of each alarm or topic that the statement is about."""
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else []
    arns = [each["!Sub"] for each in resources if isinstance(each["!Sub"], str)]
    found = (re.fullmatch(r"(arn:.*:(?:cloudwatch|sns):\*):\$\{AWS::AccountId\}:(?:alarm:)?(.+)", arn) for arn in arns)
    return [(each[1], each[2]) for each in found if each]


def test_the_remediator_subscribes_only_whom_the_stack_names_to_its_own_topics() -> None:
    by_sid = {statement["Sid"]: statement for statement in OWN["Remediator"]}
    assert by_sid["SubscribeWhomTheStackNames"]["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/blindspot": {"!Ref": "AWS::StackId"},
            "sns:Protocol": {"!Ref": "SubscriptionProtocol"},
        },
        "StringLike": {"sns:Endpoint": {"!If": ["IsWebAddress", "https://*", {"!Ref": "SubscriptionEndpoint"}]}},
    }


def test_the_remediators_alarms_notify_only_topics() -> None:
    makes = [statement for statement in STATEMENTS if "cloudwatch:PutMetricAlarm" in actions(statement)]
    topics = {"!Sub": "arn:${AWS::Partition}:sns:*:*:*"}
    assert [statement["Condition"]["ForAllValues:StringLike"] for statement in makes] == [
        {"cloudwatch:AlarmActions": [topics]}
    ]


def test_the_remediator_may_read_the_flag() -> None:
    (reads,) = (statement for statement in OWN["Remediator"] if actions(statement) == ["ssm:GetParameter"])
    name = RESOURCES["RemediationFlag"]["Properties"]["Name"]["!Sub"]
    arn = reads["Resource"]["!Sub"].replace("${RemediationFlag}", name).replace("${AWS::StackName}", "STACK")
    assert arn == "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/STACK/auto-remediate"


@pytest.mark.parametrize("function", OWN)
def test_a_function_writes_only_its_own_log(function: str) -> None:
    writes = [statement for statement in OWN[function] if "logs:PutLogEvents" in actions(statement)]
    assert [(set(actions(statement)), statement["Resource"]) for statement in writes] == [
        ({"logs:CreateLogStream", "logs:PutLogEvents"}, {"!GetAtt": f"{function}LogGroup.Arn"})
    ]
    logging = RESOURCES[f"{function}Function"]["Properties"]["LoggingConfig"]
    assert logging == {"LogGroup": {"!Ref": f"{function}LogGroup"}}


@pytest.mark.parametrize("function", OWN)
def test_a_function_runs_its_own_code_with_its_own_role(function: str) -> None:
    properties = RESOURCES[f"{function}Function"]["Properties"]
    assert properties["CodeUri"] == f"functions/{function.lower()}"
    assert properties["Role"] == {"!GetAtt": f"{function}Role.Arn"}
    (trusted,) = RESOURCES[f"{function}Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert (trusted["Principal"], trusted["Action"]) == ({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole")
    assert RESOURCES[f"{function}LogGroup"]["Properties"] == {"RetentionInDays": {"!Ref": "LogRetentionDays"}}


def test_the_viewer_takes_as_long_as_its_documentation_says() -> None:
    assert RESOURCES["ViewerFunction"]["Properties"]["Timeout"] == 120
    assert "takes up to two minutes" in show.DOCUMENTATION


@pytest.mark.parametrize("function", ["Evaluator", "Remediator"])
def test_a_function_sends_events_only_as_blindspot(function: str) -> None:
    sends = [statement for statement in OWN[function] if "events:PutEvents" in actions(statement)]
    assert [statement["Condition"] for statement in sends] == [{"StringEquals": {"events:source": SOURCE}}]


@pytest.mark.parametrize(
    ("sid", "resource"),
    [("ReadTrails", "cloudtrail:*:*:trail/*")],
)
def test_what_may_be_in_another_account_is_read_there(sid: str, resource: str) -> None:
    (reads,) = (statement for statement in READING if statement["Sid"] == sid)
    assert reads["Resource"] == {"!Sub": f"arn:${{AWS::Partition}}:{resource}"}


def test_config_accepts_the_rule_and_it_takes_no_parameters() -> None:
    rule = RESOURCES["ConfigRule"]
    assert rule["DependsOn"] == "ConfigPermission"
    assert {"Scope", "InputParameters", "MaximumExecutionFrequency"}.isdisjoint(rule["Properties"])
    assert len(rule["Properties"]["Description"]) <= 256
    assert rule["Properties"]["Source"]["SourceDetails"] == [
        {
            "EventSource": "aws.config",
            "MessageType": "ScheduledNotification",
            "MaximumExecutionFrequency": "TwentyFour_Hours",
        }
    ]


def test_the_evaluator_starts_the_rule_that_exists() -> None:
    name = RESOURCES["ConfigRule"]["Properties"]["ConfigRuleName"]
    variable = COMMON["BLINDSPOT_CONFIG_RULE"]
    assert variable == {"!If": ["HasConfigRule", name, ""]}


def test_a_new_stacks_first_run_finds_the_rule() -> None:
    """EventBridge Scheduler user guide, "Rate-based schedules": one without a StartDate invokes immediately. What a
    resource refers to is created before it (CloudFormation user guide, "DependsOn attribute")."""
    condition, with_rule, _ = EVALUATOR["Events"]["Schedule"]["Properties"]["Description"]["!If"]
    assert (condition, RESOURCES["ConfigRule"]["Condition"]) == ("HasConfigRule", "HasConfigRule")
    assert "${ConfigRule}" in with_rule["!Sub"]


def test_without_a_rule_something_asks_daily_as_aws_config_does() -> None:
    daily = EVALUATOR["Events"]["Daily"]["Properties"]
    assert daily["ScheduleExpression"] == "rate(1 day)"
    assert daily["State"] == {"!If": ["HasConfigRule", "DISABLED", "ENABLED"]}


ALARMS = {name: of["Properties"] for name, of in RESOURCES.items() if of["Type"] == "AWS::CloudWatch::Alarm"}


def _end(alarm: dict[str, Any]) -> str:
    """What the alarm's name has after the stack's."""
    return str(alarm["AlarmName"]["!Sub"].removeprefix("${AWS::StackName}-"))


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_follows_what_to_do_and_where_to_read_on(name: str) -> None:
    alarm = ALARMS[name]
    description = alarm["AlarmDescription"]["!Sub"]
    # CloudWatch API reference, PutMetricAlarm. A stack's name has at most 128 characters, as has what CloudFormation
    # makes of it with a logical id and a suffix.
    assert len(re.sub(r"\$\{\w+\}", "x" * 128, description)) <= 1024
    assert len(alarm["AlarmName"]["!Sub"].replace("${AWS::StackName}", "x" * 128)) <= 255
    assert re.search(r"(verdict|evaluation) |gaps ", description)
    assert " First, " in description
    assert "returns to OK" in description or "stays in ALARM until" in description
    assert description.endswith(f" Runbook, in Blindspot's repository: docs/runbook.md#{_end(alarm)}")
    assert set(re.findall(r"\$\{(\w+)\}", description)) <= set(RESOURCES)


def test_every_alarm_has_an_entry_in_the_runbook_and_every_entry_an_alarm() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert headings[: len(ALARMS)] == [_end(alarm) for alarm in ALARMS.values()]
    assert not [heading for heading in headings[len(ALARMS) :] if re.fullmatch("[a-z-]+", heading)]


@pytest.mark.parametrize("name", ALARMS)
def test_cloudwatch_accepts_the_alarm(name: str) -> None:
    """API reference, PutMetricAlarm: longer than a day only with periods of an hour, and a week at most."""
    alarm = ALARMS[name]
    hour = 3600
    length = alarm["Period"] * alarm["EvaluationPeriods"]
    assert length <= (7 * 24 * hour if alarm["Period"] >= hour else 24 * hour)
    datapoints = alarm["DatapointsToAlarm"]
    assert max(datapoints["!If"][1:] if isinstance(datapoints, dict) else [datapoints]) <= alarm["EvaluationPeriods"]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_notifies_the_topic_of_the_parameter_when_it_begins_and_when_it_ends(name: str) -> None:
    notified = {"!If": ["HasOperationsTopic", [{"!Ref": "OperationsTopicArn"}], {"!Ref": "AWS::NoValue"}]}
    assert (ALARMS[name]["AlarmActions"], ALARMS[name]["OKActions"]) == (notified, notified)
    assert "InsufficientDataActions" not in ALARMS[name]


def test_a_new_stack_has_time_for_its_first_run_before_silence_is_an_alarm() -> None:
    """Before it reported, all data of the alarm is missing, which it takes for silence."""
    assert ALARMS["SilenceAlarm"]["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": 60}


def test_the_alarms_are_on_metrics_of_this_stack_alone() -> None:
    own = [{"Name": "service", "Value": "blindspot"}, {"Name": "stack", "Value": {"!Ref": "AWS::StackName"}}]
    functions = [{"!Ref": "EvaluatorFunction"}, {"!Ref": "RemediatorFunction"}]
    for alarm in ALARMS.values():
        match alarm["Namespace"]:
            case "Blindspot":
                assert alarm["Dimensions"] == own
            case "AWS/Lambda":
                assert [(each["Name"], each["Value"] in functions) for each in alarm["Dimensions"]] == [
                    ("FunctionName", True)
                ]
            case namespace:
                assert (namespace, alarm["Dimensions"]) == (
                    "AWS/SQS",
                    [{"Name": "QueueName", "Value": {"!GetAtt": "DeadLetterQueue.QueueName"}}],
                )


def test_without_an_organization_only_this_account_makes_config_invoke_the_evaluator() -> None:
    permissions = {name: of for name, of in RESOURCES.items() if of["Type"] == "AWS::Lambda::Permission"}
    own, organization = permissions.pop("ConfigPermission"), permissions.pop("OrganizationPermission")
    assert own["Properties"] == {**organization["Properties"], "SourceAccount": {"!Ref": "AWS::AccountId"}}
    assert own["Properties"]["Principal"] == "config.amazonaws.com"
    assert organization["Condition"] == "HasOrganization"
    assert not permissions


def test_config_accepts_the_organizations_rule_and_it_takes_no_parameters() -> None:
    """AWS Config API reference, PutOrganizationConfigRule: no more than this is needed."""
    rule = RESOURCES["OrganizationRule"]
    assert (rule["DependsOn"], rule["Condition"]) == ("OrganizationPermission", "HasOrganization")
    assert rule["Properties"]["OrganizationCustomRuleMetadata"] == {
        "Description": RESOURCES["ConfigRule"]["Properties"]["Description"],
        "LambdaFunctionArn": {"!GetAtt": "EvaluatorFunction.Arn"},
        "OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"],
        "MaximumExecutionFrequency": "TwentyFour_Hours",
    }


def test_the_evaluator_knows_the_organizations_rule_by_the_name_that_it_has() -> None:
    stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/audit/0a1b2c3d-0000-4000-8000-000000000001"
    found = settings.organization({"BLINDSPOT_ORGANIZATION_ROLE": "blindspot-member", "BLINDSPOT_STACK": stack})
    assert found is not None
    assert (found.rule, RESOURCES["OrganizationRule"]["Properties"]["OrganizationConfigRuleName"]) == (
        "audit",
        {"!Ref": "AWS::StackName"},
    )
    assert found.external_id == stack.rpartition("/")[2]
    assert TEMPLATE["Outputs"]["OrganizationExternalId"]["Value"] == {
        "!Select": [2, {"!Split": ["/", {"!Ref": "AWS::StackId"}]}]
    }


@pytest.mark.parametrize(
    ("name", "event", "retries", "age"),
    [
        ("Evaluator", "Schedule", 0, {"!If": ["HasOrganization", 21600, 3600]}),
        ("Evaluator", "Daily", 0, {"!If": ["HasOrganization", 21600, 3600]}),
        ("Remediator", "ControlAssessed", 1, 3600),
    ],
)
def test_what_fails_is_kept(name: str, event: str, retries: int, age: object) -> None:
    function, queue = RESOURCES[f"{name}Function"]["Properties"], {"!GetAtt": "DeadLetterQueue.Arn"}
    assert function["EventInvokeConfig"] == {
        "MaximumRetryAttempts": retries,
        "MaximumEventAgeInSeconds": age,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": queue}},
    }
    assert function["Events"][event]["Properties"]["DeadLetterConfig"] == {"Arn": queue}
    assert {"Resource": queue, "Actions": ["sqs:SendMessage"]} in [
        {"Resource": statement["Resource"], "Actions": actions(statement)} for statement in OWN[name]
    ]


def test_only_the_remediators_rule_adds_to_the_queue() -> None:
    policy = RESOURCES["DeadLetterQueuePolicy"]["Properties"]
    assert policy["Queues"] == [{"!Ref": "DeadLetterQueue"}]
    (event,) = REMEDIATOR["Events"]
    # SAM names the rule after the function and the event.
    rule = {"!GetAtt": f"RemediatorFunction{event}.Arn"}
    (statement,) = _statements(policy)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rule}}


def test_the_evaluator_changes_nothing_that_it_audits() -> None:
    statements = [*READING, *OWN["Evaluator"]]
    assert {action for statement in statements for action in actions(statement) if not _reads(action)} == {
        "config:PutEvaluations",
        "config:StartConfigRulesEvaluation",
        "events:PutEvents",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "sts:AssumeRole",
    }


def test_the_viewer_reads_what_the_evaluator_reads_and_reports_to_nobody() -> None:
    def allowed(function: str) -> set[str]:
        return {action for statement in (*READING, *OWN[function]) for action in actions(statement)}

    assert {action for action in allowed("Viewer") if not _reads(action)} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sts:AssumeRole",
    }
    assert allowed("Viewer") < allowed("Evaluator")
    assert {*filter(_reads, allowed("Evaluator"))} - {*filter(_reads, allowed("Viewer"))} == {
        "logs:FilterLogEvents",
        "organizations:DescribeAccount",
    }


def _reads(action: str) -> bool:
    return action.split(":")[1].startswith(("Describe", "Filter", "Get", "List", "Test"))


def allowing(path: str) -> list[dict[str, Any]]:
    """The statements of the policies that the template attaches to roles."""
    resources = template(path)["Resources"].values()
    policies = [policy for of in resources for policy in of["Properties"].get("Policies", ())]
    managed = [of["Properties"] for of in resources if of["Type"] == "AWS::IAM::ManagedPolicy"]
    return [statement for policy in (*managed, *policies) for statement in _statements(policy)]


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_permission_on_everything_says_why(path: str) -> None:
    text, statements = (ROOT / path).read_text(), allowing(path)
    lines = [line for line in text.splitlines() if re.search(r'(Resource|Action): *\[?["\']?\*', line)]
    assert len(lines) == sum(statement["Resource"] == "*" for statement in statements)
    assert all(re.search(r"# .+", line) for line in lines)
    assert not [action for statement in statements for action in actions(statement) if "*" in action]


@pytest.mark.parametrize("path", [*TEMPLATES, "organization/protect-member-role.json"])
def test_any_partition(path: str) -> None:
    assert "arn:aws" not in (ROOT / path).read_text()


def test_the_functions_and_the_layer_are_for_the_processor_of_the_parameter() -> None:
    chosen, layer = {"!Ref": "Architecture"}, RESOURCES["BlindspotLayer"]
    assert TEMPLATE["Globals"]["Function"]["Architectures"] == [chosen]
    assert layer["Properties"]["CompatibleArchitectures"] == [chosen]
    assert layer["Metadata"]["BuildArchitecture"] == chosen
    assert not [name for name in FUNCTIONS if "Architectures" in RESOURCES[name]["Properties"]]
    assert PARAMETERS["Architecture"]["Default"] == "arm64"
    assert PARAMETERS["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]


def long_forms(value: Any) -> Any:
    """A part of a template with the long forms of the intrinsic functions, as JSON has them."""
    match value:
        case {"!Ref": name}:
            return {"Ref": name}
        case {"!GetAtt": str(attribute)}:
            return {"Fn::GetAtt": attribute.split(".", 1)}
        case dict():
            return {re.sub("^!", "Fn::", key): long_forms(inner) for key, inner in value.items()}
        case list():
            return [long_forms(inner) for inner in value]
    return value


def _built() -> dict[str, Any]:
    """The template as `sam build` writes it, in long forms and with the folders of the build."""
    built: dict[str, Any] = long_forms(TEMPLATE)
    for name, resource in built["Resources"].items():
        for folder in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][folder] = name
    built["Resources"]["BlindspotLayer"]["Metadata"]["BuildArchitecture"] = "arm64"
    return built


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_the_local_template_is_for_one_processor(architecture: str) -> None:
    local = yaml.safe_load(sam_template.local_template(_built(), architecture, "blindspot"))
    assert local["Parameters"]["Architecture"]["Default"] == architecture
    assert local["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    layer = local["Resources"]["BlindspotLayer"]
    assert layer["Properties"]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
    assert layer["Metadata"]["BuildArchitecture"] == architecture
    assert layer["Properties"]["ContentUri"] == "build/BlindspotLayer"
    for function in FUNCTIONS:
        assert local["Resources"][function]["Properties"]["CodeUri"] == f"build/{function}"


def test_the_local_template_has_the_variables_that_sam_local_may_pass_on() -> None:
    """Those of the stack, by the names that the stack would have, and one more."""
    local = yaml.safe_load(sam_template.local_template(_built(), "x86_64", "audit"))
    common = local["Globals"]["Function"]["Environment"]["Variables"]
    assert set(common) == {*COMMON, "AWS_ENDPOINT_URL"}
    assert common["AWS_ENDPOINT_URL"] == ""
    assert common["BLINDSPOT_CONFIG_RULE"] == {
        "Fn::If": ["HasConfigRule", {"Fn::Sub": "audit-unauthorized-api-calls"}, ""]
    }
    remediator = local["Resources"]["RemediatorFunction"]["Properties"]["Environment"]["Variables"]
    assert set(remediator) == set(REMEDIATOR["Environment"]["Variables"])
    assert remediator["BLINDSPOT_FLAG"] == "/audit/auto-remediate"
    assert "AWS_ENDPOINT_URL" not in TEXT


def test_the_sdk_takes_an_empty_endpoint_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    client = boto3.session.Session(aws_access_key_id="any", aws_secret_access_key="any").client("sts", "eu-west-1")
    assert client.meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


def test_the_local_template_is_of_the_stack_that_sam_deploys() -> None:
    ours = {"global": {"parameters": {"stack_name": "blindspot"}}}
    guided = {**ours, "deploy": {"parameters": {"stack_name": "audit"}}}
    assert sam_template.stack_name({"default": ours}) == "blindspot"
    assert sam_template.stack_name({"default": guided}) == "audit"


def test_another_processor_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sam_template, "LOCAL", tmp_path / "local.yaml")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    sam_template.LOCAL.write_text("of an earlier build")
    sam_template.main()
    assert capsys.readouterr().err == (
        "Lambda does not run on riscv64, this machine's processor: no template for sam local.\n"
    )
    assert not sam_template.LOCAL.exists()

"""What the linters do not know of template.yaml, and AWS or an operator would find out late."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
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
TEMPLATE: dict[str, Any] = yaml.load(TEXT, _CloudFormation)  # noqa: S506 (a SafeLoader)
RESOURCES = TEMPLATE["Resources"]
PARAMETERS = TEMPLATE["Parameters"]
EVALUATOR = RESOURCES["EvaluatorFunction"]["Properties"]
STATEMENTS = [
    statement
    for policy in RESOURCES["EvaluatorRole"]["Properties"]["Policies"]
    for statement in policy.get("!If", ["", policy])[1]["PolicyDocument"]["Statement"]
]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_wrong_parameter_is_refused_before_anything_is_deployed(name: str) -> None:
    parameter = PARAMETERS[name]
    assert parameter["Description"]
    default = parameter["Default"]
    if "AllowedValues" in parameter:
        assert default in parameter["AllowedValues"]
    else:
        assert parameter["ConstraintDescription"]
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
        ("MonitoringRoleArns", "", True),
        ("MonitoringRoleArns", "arn:aws-us-gov:iam::111122223333:role/audit/blindspot", True),
        ("MonitoringRoleArns", "arn:aws:iam::111122223333:user/alice", False),
        ("MonitoringRoleArns", "blindspot", False),
    ],
)
def test_what_a_parameter_allows(parameter: str, value: str, allowed: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)) is allowed


def test_the_profiles_offered_are_those_that_exist() -> None:
    profiles = {path.stem for path in (ROOT / "layers/blindspot/blindspot/profiles").glob("*.toml")}
    assert set(PARAMETERS["Profile"]["AllowedValues"]) == profiles


def test_the_environment_is_what_the_evaluator_reads() -> None:
    assert set(EVALUATOR["Environment"]["Variables"]) == {
        "BLINDSPOT_PROFILE",
        "BLINDSPOT_OVERRIDES",
        "BLINDSPOT_EXCLUDED_REGIONS",
        "BLINDSPOT_MONITORING_ROLE_ARNS",
        "BLINDSPOT_CONFIG_RULE",
        "BLINDSPOT_REPORT_REGIONS",
        "POWERTOOLS_LOG_LEVEL",
    }


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
    variable = EVALUATOR["Environment"]["Variables"]["BLINDSPOT_CONFIG_RULE"]
    assert variable == {"!If": ["HasConfigRule", name, ""]}


def test_only_this_account_makes_config_invoke_the_evaluator() -> None:
    permission = RESOURCES["ConfigPermission"]["Properties"]
    assert permission["Principal"] == "config.amazonaws.com"
    assert permission["SourceAccount"] == {"!Ref": "AWS::AccountId"}


def test_what_fails_is_kept_and_a_run_is_not_repeated() -> None:
    queue = {"!GetAtt": "DeadLetterQueue.Arn"}
    assert EVALUATOR["EventInvokeConfig"] == {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 3600,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": queue}},
    }
    schedule = EVALUATOR["Events"]["Schedule"]["Properties"]
    assert schedule["DeadLetterConfig"] == {"Arn": queue}
    assert {"Resource": queue, "Actions": ["sqs:SendMessage"]} in [
        {"Resource": statement["Resource"], "Actions": _actions(statement)} for statement in STATEMENTS
    ]


def test_the_evaluator_changes_nothing_that_it_audits() -> None:
    assert {action for statement in STATEMENTS for action in _actions(statement) if not _reads(action)} == {
        "config:PutEvaluations",
        "config:StartConfigRulesEvaluation",
        "events:PutEvents",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "sts:AssumeRole",
    }


def _reads(action: str) -> bool:
    return action.split(":")[1].startswith(("Describe", "Get", "List", "Test"))


def test_every_permission_on_everything_says_why() -> None:
    lines = [line for line in TEXT.splitlines() if re.search(r'(Resource|Action): *\[?["\']?\*', line)]
    assert len(lines) == sum(statement["Resource"] == "*" for statement in STATEMENTS)
    assert all(re.search(r"# .+", line) for line in lines)
    assert not [action for statement in STATEMENTS for action in _actions(statement) if "*" in action]


def test_any_partition() -> None:
    assert "arn:aws" not in TEXT

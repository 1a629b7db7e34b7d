"""What template.yaml lets each function do: its policies with every reference resolved, as IAM gets them."""

import re
from collections.abc import Mapping
from typing import Any

from local.aws.iam import Statement
from tests.goldens import SETTINGS
from tests.unit.test_template import POLICIES, TEMPLATE, template

OF_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
"""What Lambda itself does with the function's role."""

STACK = SETTINGS["BLINDSPOT_STACK"]


def policies(function: str, stack: str = STACK, **parameters: str) -> list[list[Statement]]:
    """The statements of each policy of the function's role, in the stack of this id that was given these parameters:
    first the managed policy, then the role's own."""
    values = values_of(stack, parameters)
    return [resolved(policy["PolicyDocument"], values)["Statement"] for policy in POLICIES[function]]


def role(function: str, stack: str = STACK, **parameters: str) -> list[Statement]:
    """The statements of the function's role."""
    return [statement for policy in policies(function, stack, **parameters) for statement in policy]


def role_of(path: str, stack: str, **parameters: str) -> list[Statement]:
    """The statements of the role that this template of organization/ makes, in the stack of this id."""
    read = template(path)
    (made,) = (of["Properties"] for of in read["Resources"].values() if of["Type"] == "AWS::IAM::Role")
    (policy,) = made["Policies"]
    statements: list[Statement] = resolved(policy["PolicyDocument"], values_of(stack, parameters, read))["Statement"]
    return statements


def parameters(environ: Mapping[str, str]) -> dict[str, str]:
    """The stack's parameters that put this into the functions' environment."""
    names = {
        "MonitoringRoleArns": "BLINDSPOT_MONITORING_ROLE_ARNS",
        "OrganizationRole": "BLINDSPOT_ORGANIZATION_ROLE",
        "ReviewLogGroupArns": "BLINDSPOT_REVIEW_LOG_GROUP_ARNS",
        "SubscriptionProtocol": "BLINDSPOT_SUBSCRIPTION_PROTOCOL",
        "SubscriptionEndpoint": "BLINDSPOT_SUBSCRIPTION_ENDPOINT",
    }
    return {name: environ[variable] for name, variable in names.items() if environ.get(variable)}


def values_of(stack: str, given: Mapping[str, str], template: Mapping[str, Any] = TEMPLATE) -> dict[str, Any]:
    """What a `!Ref` is, by name, in the stack of this id that was given these parameters; and the conditions."""
    _, partition, _, region, account, path = stack.split(":")
    name = path.split("/")[1]
    pseudo = {"Partition": partition, "AccountId": account, "Region": region, "StackId": stack, "StackName": name}
    known = template["Parameters"]
    defaults = {name: parameter["Default"] for name, parameter in known.items() if "Default" in parameter}
    values: dict[str, Any] = defaults | dict(given)
    for parameter in values:
        if known[parameter]["Type"] == "CommaDelimitedList":
            values[parameter] = values[parameter].split(",")
    switch = TEMPLATE["Resources"]["RemediationFlag"]["Properties"]["Name"]["!Sub"]
    values |= {f"AWS::{key}": value for key, value in pseudo.items()} | {"AWS::NoValue": None}
    values |= {"RemediationFlag": switch.replace("${AWS::StackName}", name)}
    return values | {"Conditions": template.get("Conditions", {})}


def resolved(value: Any, values: Mapping[str, Any]) -> Any:
    """A part of the template with its intrinsic functions worked out (CloudFormation user guide, "Intrinsic function
    reference")."""
    match value:
        case {"!Ref": name}:
            return values[name]
        case {"!GetAtt": attribute}:
            return f"arn:aws:of:this:stack:{attribute}"
        case {"!Sub": [text, more]}:
            return _substituted(text, {**values, **resolved(more, values)})
        case {"!Sub": text}:
            return _substituted(text, values)
        case {"!Join": [separator, parts]}:
            return separator.join(resolved(parts, values))
        case {"!Split": [separator, text]}:
            return resolved(text, values).split(separator)
        case {"!Select": [number, listed]}:
            return resolved(listed, values)[int(number)]
        case {"!Equals": [one, other]}:
            return resolved(one, values) == resolved(other, values)
        case {"!Not": [condition]}:
            return not resolved(condition, values)
        case {"!If": [condition, then, otherwise]}:
            holds = resolved(values["Conditions"][condition], values)
            return resolved(then if holds else otherwise, values)
        case dict():
            assert not [key for key in value if key.startswith("!")], value
            return {key: resolved(inner, values) for key, inner in value.items()}
        case list():
            return [inner for each in value if (inner := resolved(each, values)) is not None]
    return value


def _substituted(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{([\w:]+)\}", lambda found: str(values[found[1]]), text)

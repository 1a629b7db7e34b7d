"""IAM: what a role's policies allow (IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements").

Only what the policies of such a role are made of: Allow statements, and the string operators. Anything else is an error
here, so that no policy is taken for narrower or wider than it is.

Which resource a call is about, and which condition keys it has, is as the service authorization reference lists it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.sns.models import sns_backends

from local.aws.extension import cloudwatch, sns
from local.aws.extension.organizations import organization_of

Statement = Mapping[str, Any]
Context = Mapping[str, tuple[str, ...]]
"""The condition keys that a request has, in lower case, each with its values."""


@dataclass(frozen=True)
class Asked:
    """What IAM is asked before AWS does anything: an action on one resource. context: the request's condition keys."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Request:
    """A call with its parameters, as the SDK was given them."""

    call: str
    partition: str
    region: str
    account: str
    parameters: Mapping[str, Any]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass
class Role:
    """A role, and what it was asked for: all that was, and the calls that were refused."""

    statements: Sequence[Statement]
    asked: list[Asked] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)

    def allows(self, request: Request) -> bool:
        """Whether the call is allowed, with all that it needs. Raises LookupError for a call that is not known here."""
        asked = questions(request)
        self.asked += asked
        allowed = all(any(permits(statement, one) for statement in self.statements) for one in asked)
        self.denied += [] if allowed else [request.call]
        return allowed


def questions(request: Request) -> list[Asked]:
    """All that must be allowed: on each resource, and beside the call itself what it needs where it gives tags. Raises
    LookupError."""
    if request.call in FREE:
        return []
    also = ALSO.get(request.call) if request.parameters.get("Tags") else None
    return [
        Asked(action, resource, _context(request, resource))
        for resource in RESOURCES[request.call](request)
        for action in filter(None, (request.call, also))
    ]


def permits(statement: Statement, asked: Asked) -> bool:
    """Whether the statement allows that. Raises ValueError for a statement that is not known here."""
    if not {"Sid", "Effect", "Action", "Resource", "Condition"} >= set(statement) or statement["Effect"] != "Allow":
        raise ValueError(f"A statement that the local IAM does not know: {statement}")
    return (
        any(_like(asked.action.lower(), pattern.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(asked.resource, pattern) for pattern in _listed(statement["Resource"]))
        and all(
            _holds(operator, asked.context.get(key.lower(), ()), _listed(expected))
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _holds(operator: str, values: tuple[str, ...], expected: list[str]) -> bool:
    """One operator on one key; no values where the request does not have the key."""
    found = re.fullmatch(r"(?:(ForAllValues|ForAnyValue):)?String(Not)?(Equals|Like)(IfExists)?", operator)
    if found is None:
        raise ValueError(f"An operator that the local IAM does not know: {operator}")
    of_many, negated, kind, if_exists = found.groups()
    equal: Callable[[str, str], bool] = _like if kind == "Like" else str.__eq__
    one_by_one = [any(equal(value, pattern) for pattern in expected) != bool(negated) for value in values]
    if of_many == "ForAllValues":  # holds for a key that is missing, too
        return all(one_by_one)
    if of_many == "ForAnyValue":
        return any(one_by_one)
    if not values:
        return bool(negated or if_exists)
    (holds,) = one_by_one
    return holds


def _like(text: str, pattern: str) -> bool:
    wildcards = {"*": ".*", "?": "."}
    return bool(re.fullmatch("".join(wildcards.get(c) or re.escape(c) for c in pattern), text, re.DOTALL))


def _listed(one_or_many: Any) -> list[str]:
    return [one_or_many] if isinstance(one_or_many, str) else list(one_or_many)


def _context(request: Request, resource: str) -> Context:
    parameters = request.parameters
    given = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags") or ()}
    context: dict[str, tuple[str, ...]] = {f"aws:requesttag/{key.lower()}": (value,) for key, value in given.items()}
    context |= {f"aws:resourcetag/{key.lower()}": (value,) for key, value in _tags_of(resource).items()}
    if keys := (*given, *parameters.get("TagKeys", ())):
        context["aws:tagkeys"] = keys
    for key, value in KEYS.get(request.call, {}).items():
        if of_key := value(parameters):
            context[key.lower()] = of_key
    return context


def _tags_of(arn: str) -> Mapping[str, str]:
    """The tags of an alarm or a topic, of the call's moment; composite alarms know no authorization by tags."""
    if arn.count(":") < 5:
        return {}
    _, _, service, region, account, resource = arn.split(":", 5)
    if service == "cloudwatch" and resource.startswith("alarm:"):
        return cloudwatch.tags_of(cloudwatch_backends[account][region], arn) or {}
    if service == "sns":
        return sns.tags_of(sns_backends[account][region], arn) or {}
    return {}


FREE = ("sts:GetCallerIdentity",)
"""Need no permission."""

ALSO = {"cloudwatch:PutMetricAlarm": "cloudwatch:TagResource", "sns:CreateTopic": "sns:TagResource"}
"""What a call needs beside its own permission, where it gives tags."""

KEYS: dict[str, dict[str, Callable[[Mapping[str, Any]], tuple[str, ...]]]] = {
    "cloudwatch:PutMetricAlarm": {"cloudwatch:AlarmActions": lambda given: tuple(given.get("AlarmActions", ()))},
    "events:PutEvents": {"events:source": lambda given: tuple({entry["Source"] for entry in given["Entries"]})},
    "sns:Subscribe": {
        "sns:Protocol": lambda given: (given["Protocol"],),
        "sns:Endpoint": lambda given: (given["Endpoint"],),
    },
}
"""Of the services' own condition keys, those that such a role's policies name."""


def _anything(_: Request) -> list[str]:
    return ["*"]


def _log_group(request: Request) -> list[str]:
    return [request.arn("logs", f"log-group:{request.parameters.get('logGroupName', '')}:log-stream:")]


def _given(parameter: str) -> Callable[[Request], list[str]]:
    """The parameter is an ARN."""
    return lambda request: [request.parameters[parameter]]


def _named(service: str, kind: str, parameter: str) -> Callable[[Request], list[str]]:
    """The parameter is a name, or several; kind: what stands before it in the ARN."""
    return lambda request: [
        request.arn(service, f"{kind}{name}") for name in _listed(request.parameters.get(parameter, "*"))
    ]


def _trail(parameter: str) -> Callable[[Request], list[str]]:
    def resources(request: Request) -> list[str]:
        name: str = request.parameters[parameter]
        return [name if name.startswith("arn:") else request.arn("cloudtrail", f"trail/{name}")]

    return resources


def _key(request: Request) -> list[str]:
    name: str = request.parameters["KeyId"]
    return [name if ":key/" in name else request.arn("kms", f"key/{name.rpartition('/')[2]}")]


def _parameter(key: str) -> Callable[[Request], list[str]]:
    return lambda request: [request.arn("ssm", f"parameter/{request.parameters[key].removeprefix('/')}")]


def _member(request: Request) -> list[str]:
    organization, account = organization_of(request.account), request.parameters["AccountId"]
    of = f"{organization.management}:account/{organization.id}" if organization else f"{request.account}:account/o-none"
    return [f"arn:{request.partition}:organizations::{of}/{account}"]


def _of_config(kind: str) -> Callable[[Request], list[str]]:
    # The ARN ends in an id of AWS Config's, not in the name.
    return lambda request: [request.arn("config", f"{kind}/{kind}-0a1b2c")]


RESOURCES: dict[str, Callable[[Request], list[str]]] = {
    "ec2:DescribeRegions": _anything,
    "cloudtrail:DescribeTrails": _anything,
    "cloudtrail:GetTrailStatus": _trail("Name"),
    "cloudtrail:GetEventSelectors": _trail("TrailName"),
    "logs:DescribeLogGroups": _log_group,
    "logs:DescribeMetricFilters": _log_group,
    "logs:DescribeSubscriptionFilters": _log_group,
    "logs:FilterLogEvents": _log_group,
    "logs:PutMetricFilter": _log_group,
    "logs:DeleteMetricFilter": _log_group,
    "logs:DescribeAccountPolicies": _anything,
    "logs:TestMetricFilter": _anything,
    "cloudwatch:DescribeAlarms": _anything,
    "cloudwatch:PutMetricAlarm": _named("cloudwatch", "alarm:", "AlarmName"),
    "cloudwatch:DeleteAlarms": _named("cloudwatch", "alarm:", "AlarmNames"),
    "cloudwatch:ListTagsForResource": _given("ResourceARN"),
    "cloudwatch:TagResource": _given("ResourceARN"),
    "cloudwatch:UntagResource": _given("ResourceARN"),
    "cloudwatch:ListAlarmMuteRules": _named("cloudwatch", "alarm-mute-rule:", "AlarmMuteRuleName"),
    "cloudwatch:GetAlarmMuteRule": _named("cloudwatch", "alarm-mute-rule:", "AlarmMuteRuleName"),
    "sns:ListTopics": _anything,
    "sns:GetSubscriptionAttributes": _anything,
    "sns:GetSMSSandboxAccountStatus": _anything,
    "sns:ListSMSSandboxPhoneNumbers": _anything,
    "sns:GetTopicAttributes": _given("TopicArn"),
    "sns:ListSubscriptionsByTopic": _given("TopicArn"),
    "sns:SetTopicAttributes": _given("TopicArn"),
    "sns:DeleteTopic": _given("TopicArn"),
    "sns:Subscribe": _given("TopicArn"),
    "sns:CreateTopic": _named("sns", "", "Name"),
    "sns:ListTagsForResource": _given("ResourceArn"),
    "sns:TagResource": _given("ResourceArn"),
    "sns:UntagResource": _given("ResourceArn"),
    "kms:DescribeKey": _key,
    "kms:GetKeyPolicy": _key,
    "ssm:GetParameter": _parameter("Name"),
    "ssm:PutParameter": _parameter("Name"),
    "ssm:DeleteParameter": _parameter("Name"),
    "ssm:GetParametersByPath": _parameter("Path"),
    "sts:AssumeRole": _given("RoleArn"),
    "organizations:DescribeAccount": _member,
    "organizations:ListAccounts": _anything,
    "config:PutEvaluations": _anything,
    "config:StartConfigRulesEvaluation": _of_config("config-rule"),
    "config:GetComplianceDetailsByConfigRule": _of_config("config-rule"),
    "config:DescribeConfigurationAggregators": _anything,
    "config:DescribeOrganizationConfigRules": _anything,
    "config:GetOrganizationConfigRuleDetailedStatus": _of_config("organization-config-rule"),
    "config:GetAggregateComplianceDetailsByConfigRule": _of_config("config-aggregator"),
    "config:DescribeAggregateComplianceByConfigRules": _of_config("config-aggregator"),
    "events:PutEvents": lambda request: [request.arn("events", "event-bus/default")],
}
"""What a call is about, as an ARN, or `*` where AWS has no narrower resource."""

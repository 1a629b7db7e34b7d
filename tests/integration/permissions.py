"""What template.yaml lets each function do, in the terms of the calls that are recorded."""

from fnmatch import fnmatchcase
from typing import Any

from tests.unit.test_template import OWN, READING, actions

OF_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
"""What Lambda itself does with the function's role."""

OF_CALLS = {"cloudwatch:TagResource": "cloudwatch:PutMetricAlarm", "sns:TagResource": "sns:CreateTopic"}
"""Permissions that a call needs beside its own, where it gives tags."""

FREE = {"sts:GetCallerIdentity"}
"""Needs no permission."""

VALUES = {"Partition": "aws", "AccountId": "123456789012", "Region": "eu-west-1"}


def allowed(function: str) -> set[str]:
    """The calls that the role allows."""
    found = {action for statement in [*READING, *OWN[function]] for action in actions(statement)}
    return found - OF_LAMBDA - set(OF_CALLS)


def allows(function: str, call: str, arn: str) -> bool:
    """Whether the role allows the call on that resource."""
    return any(
        call in actions(statement) and any(fnmatchcase(arn, pattern) for pattern in _resources(statement["Resource"]))
        for statement in [*READING, *OWN[function]]
    )


def _resources(resource: Any) -> list[str]:
    named = resource if isinstance(resource, list) else [resource]
    return [_substituted(one["!Sub"]) if isinstance(one, dict) and "!Sub" in one else str(one) for one in named]


def _substituted(text: str) -> str:
    for name, value in VALUES.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text

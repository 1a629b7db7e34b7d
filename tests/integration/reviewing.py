"""Refused calls in the local account, and reviews of them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from local.accounts import Made
from local.aws import LocalAws
from tests.integration.evaluating import invoke
from tests.schemas import REVIEW

ACCOUNT = "123456789012"
HOUR = 3600
DAY = 24 * HOUR


def refused(number: int = 0, *, role: str = "scanner", call: str = "GetBucketAcl", **bent: Any) -> dict[str, Any]:
    """The event of a refused call. A field that is given as None is left out."""
    event = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{role.upper()}:session-{number}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session-{number}",
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                    "accountId": ACCOUNT,
                    "userName": role,
                }
            },
        },
        "eventTime": "2026-11-27T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": call,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "scanner/1.0",
        "errorCode": "AccessDenied",
        "errorMessage": f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session-{number} is not authorized to "
        f"perform: s3:{call} because no identity-based policy allows the s3:{call} action",
        "requestParameters": {"bucketName": "payroll"},
        "responseElements": None,
        "requestID": f"request-{number}",
        "eventID": f"{role}-{call}-{number}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return {name: value for name, value in (event | bent).items() if value is not None or name == "responseElements"}


def every(seconds: int, *, for_: int = 7 * DAY, **bent: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Refused calls so many seconds apart, the last ten minutes ago, each with its time in milliseconds since 1970."""
    last = int(datetime.now(UTC).timestamp()) - 600
    for number, ago in enumerate(range(0, for_ - HOUR, seconds)):
        yield (last - ago) * 1000, refused(number, **bent)


def deliver(aws: LocalAws, made: Made, *events: Any) -> None:
    """CloudTrail delivers them to the log group of the trail."""
    for each in events:
        aws.deliver_events(made.log_group, each, made.region)


def log_group(made: Made) -> str:
    return f"arn:aws:logs:{made.region}:{ACCOUNT}:log-group:{made.log_group}"


def review(hours: int | None = None, milliseconds: int = 300_000) -> dict[str, Any]:
    """The evaluator's document of a review, which is as its schema says."""
    made = invoke({"action": "review"} | ({"hours": hours} if hours else {}), milliseconds)
    assert [error.message for error in REVIEW.iter_errors(json.loads(json.dumps(made, allow_nan=False)))] == []
    return made


def reads(aws: LocalAws) -> int:
    """How often log events were read."""
    return [str(call) for call in aws.calls].count("logs:FilterLogEvents")

"""Documents of a review, as docs/review.schema.json has them. A test bends the field it is about."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from blindspot.report.reading import view_of
from blindspot.report.view import Reviewed

ACCOUNT = "111122223333"
TRAIL_LOG = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:organization-trail"
OTHER_LOG = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:data-trail"
ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:unauthorized_api_calls_alarm"
SCP = f"arn:aws:organizations::{ACCOUNT}:policy/o-a1b2c3d4e5/service_control_policy/p-examplepolicyid111"
FIRST = date(2026, 11, 20)


def an_event(role: str, service: str, call: str, code: str = "AccessDenied", **bent: Any) -> dict[str, Any]:
    """A refused CloudTrail event of a role."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "accountId": ACCOUNT, "userName": role}
    event = {
        "eventVersion": "1.11",
        "eventTime": "2026-11-27T10:58:12Z",
        "eventSource": service,
        "eventName": call,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "errorCode": code,
        "readOnly": True,
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session",
            "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": issuer},
        },
    }
    return event | bent


def a_caller(name: str = "scanner", kind: str = "role", account: str = ACCOUNT) -> dict[str, Any]:
    return {"kind": kind, "name": name, "account": account}


def a_refusal(policy_type: str = "", explicit: bool | None = None, policy: str | None = None) -> dict[str, Any]:
    return {"policy_type": policy_type, "explicit": explicit, "policy": policy}


def a_group(**bent: Any) -> dict[str, Any]:
    """A scanner's call, refused a hundred times a day."""
    group = {
        "caller": a_caller(),
        "service": "s3.amazonaws.com",
        "call": "GetBucketAcl",
        "code": "AccessDenied",
        "refused_by": a_refusal("identity-based policy", explicit=False),
        "count": 700,
        "days": 7,
        "first_seen": "2026-11-20T12:04:10+00:00",
        "last_seen": "2026-11-27T10:58:12+00:00",
        "addresses": ["198.51.100.7"],
        "more_addresses": False,
        "regions": ["us-east-1"],
        "read_only": True,
        "management": True,
        "signs": ["many-services"],
        "looks_like": "a scanner",
        "excused": False,
        "exclusion": None,
        "not_excluded": None,
        "example": an_event("scanner", "s3.amazonaws.com", "GetBucketAcl"),
    }
    return group | bent


def an_exclusion(role: str = "scanner", **bent: Any) -> dict[str, Any]:
    """What excludes the first group."""
    issuer = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    calls = '$.eventSource = "s3.amazonaws.com" && $.eventName = "GetBucketAcl"'
    exclusion = {
        "pattern": f'{{ ($.userIdentity.sessionContext.sessionIssuer.arn = "{issuer}") && ({calls}) }}',
        "reason": f"Refused calls of role {role}, which reads and changes nothing.",
        "until": "2027-02-25",
        "groups": [0],
        "excluded": 700,
        "silenced": an_event(role, "s3.amazonaws.com", "GetBucketAcl", awsRegion="eu-west-1"),
        "covers": True,
        "length": 512,
        "alarms_before": 200,
        "alarms_after": 14,
    }
    return exclusion | bent


def days(counts: list[int], first: date = FIRST) -> list[dict[str, Any]]:
    return [{"day": str(first + timedelta(days=number)), "refused": count} for number, count in enumerate(counts)]


def an_alarm(counts: list[int], maybe: int = 0, first: date = FIRST, **bent: Any) -> dict[str, Any]:
    """maybe: how many more it would be at most on each day."""
    alarm = {
        "alarm": ALARM,
        "name": "unauthorized_api_calls_alarm",
        "terms": "Sum >= 1, 1 of 1 periods of 300 s, missing data missing",
        "days": [
            {"day": str(first + timedelta(days=number)), "fewest": count, "most": count + maybe}
            for number, count in enumerate(counts)
        ],
        "fewest": sum(counts),
        "most": sum(counts) + maybe * len(counts),
        "at_least": False,
        "not_known": None,
    }
    return alarm | bent


def a_log_group(**bent: Any) -> dict[str, Any]:
    return {"log_group": TRAIL_LOG, "read_from": "2026-11-20T12:00:00+00:00", "events": 800, "error": None} | bent


REFUSED_READ = {
    "call": "logs:FilterLogEvents",
    "region": "us-east-1",
    "error": "AccessDeniedException",
    "permission": "logs:FilterLogEvents",
}

CALLS = [40, 118, 121, 119, 122, 118, 104, 58]
ALARMS = [9, 29, 30, 28, 31, 29, 26, 18]


def a_review(**bent: Any) -> dict[str, Any]:
    """A week of a scanner, of a person, and of one call that nobody expects."""
    person = a_group(
        caller=a_caller("AWSReservedSSO_Developer_0a1b2c3d4e5f6071"),
        service="ec2.amazonaws.com",
        call="DescribeInstances",
        code="Client.UnauthorizedOperation",
        refused_by=a_refusal("service control policy", explicit=True, policy=SCP),
        count=96,
        days=5,
        signs=["console"],
        looks_like="a console without permission",
        not_excluded={"code": "person", "why": "A person makes these calls."},
        example=an_event("AWSReservedSSO_Developer_0a1b2c3d4e5f6071", "ec2.amazonaws.com", "DescribeInstances"),
    )
    new = a_group(
        caller=a_caller("build", account="444455556666"),
        service="secretsmanager.amazonaws.com",
        call="GetSecretValue",
        code="AccessDeniedException",
        refused_by=a_refusal(),
        count=4,
        days=2,
        first_seen="2026-11-26T03:11:52+00:00",
        addresses=["203.0.113.20", "2001:db8::1"],
        more_addresses=True,
        regions=["eu-west-1", "us-east-1"],
        signs=["new", "many-services"],
        looks_like="an attack",
        example=an_event("build", "secretsmanager.amazonaws.com", "GetSecretValue", "AccessDeniedException"),
    )
    exclusion = an_exclusion()
    benign = [{key: exclusion[key] for key in ("pattern", "reason", "until")}]
    review = {
        "schema": 1,
        "version": "0.1.0",
        "stack": None,
        "run": None,
        "action": "review",
        "account": ACCOUNT,
        "partition": "aws",
        "profile": "cis-level-2",
        "reviewed_at": "2026-11-27T12:00:00+00:00",
        "hours": 168,
        "summary": "A summary.",
        "read": {
            "from": "2026-11-20T12:00:00+00:00",
            "to": "2026-11-27T12:00:00+00:00",
            "share": 1.0,
            "events": 800,
            "not_understood": 0,
            "calls": 61,
        },
        "log_groups": [a_log_group()],
        "days": days(CALLS),
        "alarms": [an_alarm(ALARMS), an_alarm(ALARMS, alarm=None, name="unauthorized-api-calls-alarm")],
        "groups": [a_group(exclusion=0), person, new],
        "exclusions": [exclusion],
        "remarks": [],
        "overrides": json.dumps({"benign": benign}),
        "pattern": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        "refused_calls": 0,
        "api_calls": 120,
        "duration_ms": 34567,
    }
    return review | bent


def reviewed(document: Any) -> Reviewed:
    """What is shown of it."""
    shown = view_of(document).reviewed
    assert shown is not None
    return shown


def a_large_review() -> dict[str, Any]:
    """500 groups in 90 days, of two log groups of which one cannot be read, and 61 % of what was asked for."""
    first = date(2026, 8, 29)
    counts = [40 + (number * number * 7) % 431 for number in range(90)]
    alarms = [count // 4 for count in counts]
    groups = [
        a_group(
            caller=a_caller(f"application-{number % 40}-with-a-rather-long-name-as-infrastructure-code-makes-them"),
            call=f"DescribeThing{number}",
            count=1 + 5000 // (number + 1),
            exclusion=0 if number % 40 == 0 else None,
            not_excluded={"code": "changes", "why": "These calls change things."} if number % 3 == 1 else None,
        )
        for number in range(500)
    ]
    excluded = [number for number in range(500) if number % 40 == 0]
    read = {"from": "2026-08-29T00:00:00+00:00", "to": "2026-11-27T00:00:00+00:00", "share": 0.619, "calls": 3000}
    return a_review(
        hours=3489,
        read=read | {"events": sum(counts), "not_understood": 3},
        log_groups=[a_log_group(), a_log_group(log_group=OTHER_LOG, read_from=read["to"], error=REFUSED_READ)],
        days=days(counts, first),
        alarms=[
            an_alarm(alarms, 9, first),
            an_alarm([], first=first, name="composite", not_known="Alarm composite is a composite alarm."),
            an_alarm(alarms, first=first, alarm=None, name="unauthorized-api-calls-alarm"),
        ],
        groups=groups,
        exclusions=[an_exclusion(groups=excluded, silenced=None, alarms_before=5000, alarms_after=900)] * 4,
        refused_calls=2,
        cut={"examples": 12},
    )

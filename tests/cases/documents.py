"""Documents as the evaluator and the remediator write them, but small. A test bends the field it is about."""

from __future__ import annotations

from typing import Any

from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.report.reading import view_of
from blindspot.report.view import Assessed, Remediated

ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/management-events"
LOG_GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:management-events"
FILTER = f"{LOG_GROUP}:metric-filter:unauthorized"
ALARM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:unauthorized-calls"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:security-alerts"
SUBSCRIPTION = f"{TOPIC}:0a1b2c3d"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
DESTINATION = f"arn:aws:logs:eu-west-1:{ACCOUNT}:destination:siem"

EVENT = {
    "eventTime": "2026-01-01T12:00:00Z",
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "awsRegion": "eu-west-1",
    "errorCode": "AccessDeniedException",
    "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/developer/session"},
}


def a_channel(**bent: Any) -> dict[str, Any]:
    channel = {
        "trail": TRAIL,
        "log_group": LOG_GROUP,
        "filter": "unauthorized",
        "alarm": ALARM,
        "topic": TOPIC,
        "subscription": SUBSCRIPTION,
        "gap": None,
        "sees": "all",
        "alike": 1,
    }
    return channel | bent


def a_region(verdict: str = "COMPLIANT", **bent: Any) -> dict[str, Any]:
    region = {"verdict": verdict, "blind_spot": None, "confirmed": True, "gaps": [], "doubts": [], "channels": [0]}
    return region | bent


def a_document(**bent: Any) -> dict[str, Any]:
    """An evaluator's document: COMPLIANT in two regions and in those enabled later."""
    document = {
        "schema": 2,
        "version": "0.1.0",
        "stack": None,
        "run": None,
        "control": "Ensure unauthorized API calls are monitored",
        "profile": "cis-level-2",
        "account": ACCOUNT,
        "partition": "aws",
        "assessed_at": "2026-11-27T12:00:00+00:00",
        "verdict": "COMPLIANT",
        "summary": "A summary.",
        "regions": {name: a_region() for name in ("eu-west-1", "us-east-1", "future")},
        "channels": [a_channel()],
        "gaps": [],
        "notes": [],
        "skipped": [],
        "unreadable": [],
        "refused_calls": 0,
        "config": None,
        "changed_from": None,
        "api_calls": 1,
        "duration_ms": 1,
    }
    return document | bent


EXCLUSIONS: list[dict[str, Any]] = [
    {"pattern": "{ $.eventName = A }", "reason": "nightly scanner", "until": "2027-02-25", "in_force": True},
    {"pattern": "{ $.eventName = B }", "reason": None, "until": "2026-11-27", "in_force": False},
    {"pattern": "{ $.eventName = C }", "reason": None, "until": None, "in_force": True},
]


def with_gap(code: str = "filter.misses", resource: str = FILTER, **bent: Any) -> dict[str, Any]:
    """The same where all regions have this gap."""
    region = a_region("NON_COMPLIANT", blind_spot=EVENT, gaps=[{"code": code, "resource": resource}])
    document = a_document(verdict="NON_COMPLIANT")
    gap = {
        "code": code,
        "resource": resource,
        "regions": list(document["regions"]),
        "message": "A message.",
        "fix": FIXES.get(code, "A fix."),
        "help": "docs/gaps.md#help",
    }
    return document | {"regions": dict.fromkeys(document["regions"], region), "gaps": [gap]} | bent


def with_doubt(code: str = "alarm.unclear", resource: str = ALARM, **bent: Any) -> dict[str, Any]:
    """The same where all regions have this doubt."""
    fix = DOUBT_FIXES.get(code) or FIXES[code]
    doubt = {"code": code, "resource": resource, "message": "It is not known.", "fix": fix}
    region = a_region("INDETERMINATE", blind_spot=EVENT, doubts=[doubt])
    document = a_document(verdict="INDETERMINATE")
    return document | {"regions": dict.fromkeys(document["regions"], region)} | bent


def a_change(**bent: Any) -> dict[str, Any]:
    change = {
        "action": "create alarm",
        "resource": ALARM,
        "gap": "alarm.missing",
        "before": None,
        "request": {"call": "cloudwatch:PutMetricAlarm", "region": "eu-west-1", "parameters": {"AlarmName": "a"}},
        "undo": {"call": "cloudwatch:DeleteAlarms", "region": "eu-west-1", "parameters": {"AlarmNames": ["a"]}},
        "heals": ["eu-west-1"],
    }
    return change | bent


def a_remediation(**bent: Any) -> dict[str, Any]:
    """A remediator's document: a plan of one change."""
    document = {
        "action": "plan",
        "plan_id": "0123456789abcdef-1234",
        "stack": "arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot/0a1b2c",
        "run": "run-1",
        "account": ACCOUNT,
        "profile": "cis-level-2",
        "assessed_at": "2026-11-27T12:00:00+00:00",
        "switch": {"on": False, "parameter": "/p", "why": "its value is 'false'", "switch": "aws ssm put-parameter"},
        "verdict_before": "NON_COMPLIANT",
        "plan": [a_change()],
        "expected": "COMPLIANT",
        "expected_once_confirmed": "COMPLIANT",
        "listeners": [],
        "monthly_cost": {"usd": 0.1, "alarms": 1, "metrics": 0, "basis": "List prices."},
        "notices": [],
        "outcomes": [],
        "manual_steps": [],
        "verdict_after": None,
    }
    return document | bent


def a_step(**bent: Any) -> dict[str, Any]:
    return {
        "code": "lease.held",
        "resource": "/blindspot/lease",
        "regions": [],
        "message": "Another run has it.",
        "fix": "Run it again.",
    } | bent


STEPS = [a_step(), a_step(code="alarm.missing")]


def assessed(document: Any) -> Assessed:
    """What is shown of an evaluator's document."""
    found = view_of(document).assessed
    assert found is not None
    return found


def remediated(document: Any) -> Remediated:
    """What is shown of a remediator's document."""
    (found,) = view_of(document).remediated
    return found

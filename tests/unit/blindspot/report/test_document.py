import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from blindspot.model import profile
from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.model.snapshot import LogGroup, Skipped, Snapshot, Unreadable
from blindspot.report.document import Document, detail, document, without_events
from blindspot.verdict.assessment import assess
from tests.builders import ACCOUNT, HOME, REGIONS, a_compliant_snapshot, a_filter, an_alarm, log_group_arn, topic_arn
from tests.cases.accounts import BROKEN, DOUBTFUL, HOLDS

EXACT = a_filter('{ $.errorCode = "AccessDenied" || $.errorCode = "*UnauthorizedOperation" }')


def documented(snapshot: Snapshot) -> Document:
    assessed = assess(snapshot, profile.load("cis-level-2"))
    return document(assessed, config={"rule": "r", "sent": 1, "refused": []}, api_calls=12, duration_ms=345)


def test_every_field_is_there() -> None:
    refused = Unreadable("cloudtrail:DescribeTrails", "us-east-1", "AccessDeniedException", denied=True)
    found = documented(
        a_compliant_snapshot(
            filters=(EXACT,),
            skipped=(Skipped("af-south-1", "not opted in"),),
            unread_regions={"us-east-1": refused},
        )
    )
    assert {key: value for key, value in found.items() if key != "regions"} == {
        "control": "Ensure unauthorized API calls are monitored",
        "profile": "cis-level-2",
        "account": ACCOUNT,
        "partition": "aws",
        "assessed_at": "2026-11-21T12:00:00+00:00",
        "verdict": "NON_COMPLIANT",
        "gaps": [
            {
                "code": "filter.misses",
                "resource": f"{log_group_arn()}:metric-filter:unauthorized",
                "regions": ["eu-central-1", "eu-west-1", "future"],
                "message": "Metric filter unauthorized of log group management-events matches only if errorCode "
                'is exactly "AccessDenied"; this event has errorCode "AccessDeniedException".',
                "fix": "Widen the filter pattern, or add a second metric filter beside it.",
            }
        ],
        "notes": [],
        "skipped": [{"region": "af-south-1", "reason": "not opted in"}],
        "unreadable": [
            {
                "call": "cloudtrail:DescribeTrails",
                "region": "us-east-1",
                "error": "AccessDeniedException",
                "permission": "cloudtrail:DescribeTrails",
            }
        ],
        "config": {"rule": "r", "sent": 1, "refused": []},
        "api_calls": 12,
        "duration_ms": 345,
    }
    assert {name: region["verdict"] for name, region in found["regions"].items()} == {
        "eu-central-1": "NON_COMPLIANT",
        "eu-west-1": "NON_COMPLIANT",
        "us-east-1": "INDETERMINATE",
        "future": "NON_COMPLIANT",
    }
    home = found["regions"][HOME]
    assert home["blind_spot"]["errorCode"] == "AccessDeniedException"
    assert home["confirmed"] is False
    assert home["gaps"] == [{"code": "filter.misses", "resource": f"{log_group_arn()}:metric-filter:unauthorized"}]
    assert home["channels"] == [
        {
            "trail": f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/management-events",
            "log_group": log_group_arn(),
            "filter": "unauthorized",
            "alarm": f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:unauthorized",
            "topic": topic_arn(),
            "subscription": f"{topic_arn()}:0001",
            "gap": None,
        }
    ]
    assert found["regions"]["us-east-1"]["doubts"][0]["message"].startswith("cloudtrail:DescribeTrails was refused")


def test_what_is_logged_and_sent_holds_no_event() -> None:
    found = documented(a_compliant_snapshot(filters=(EXACT,)))
    for small in (without_events(found), detail(found)):
        assert "eventName" not in json.dumps(small)
        assert small["regions"][HOME]["channels"] == found["regions"][HOME]["channels"]


def test_the_detail_of_a_large_account_fits_and_keeps_its_verdicts() -> None:
    filters = tuple(replace(EXACT, name=f"filter-{number}", metric=f"metric-{number}") for number in range(100))
    alarms = tuple(
        an_alarm(name=f"alarm-{number}-{'x' * 200}", metric=f"metric-{number % 100}") for number in range(1000)
    )
    regions = tuple(f"region-{number}-1" for number in range(34))
    found = documented(a_compliant_snapshot(regions=regions, filters=filters, alarms=alarms))
    assert len(json.dumps(found)) > 1_000_000
    small = detail(found)
    assert len(json.dumps(small).encode()) <= 256 * 1024
    assert {name: region["verdict"] for name, region in small["regions"].items()} == dict.fromkeys(
        [*regions, "future"], "NON_COMPLIANT"
    )
    assert small["gaps"]


def test_a_gap_stands_once_with_all_its_regions_and_the_widest_first() -> None:
    snapshot = a_compliant_snapshot(filters=(EXACT,))
    gone = "arn:aws:logs:us-east-1:123456789012:log-group:gone"
    second = replace(snapshot.trails[0], arn="arn:t2", home_region="us-east-1", multi_region=False, log_group_arn=gone)
    groups: dict[str, LogGroup | Unreadable | None] = {**snapshot.log_groups, gone: None}
    found = documented(replace(snapshot, trails=(*snapshot.trails, second), log_groups=groups))
    assert [(gap["code"], gap["regions"]) for gap in found["gaps"]] == [
        ("filter.misses", [*REGIONS, "future"]),
        ("log-group.missing", ["us-east-1"]),
    ]


SCHEMA = json.loads((Path(__file__).parents[4] / "docs/document.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL, *HOLDS])
def test_every_document_follows_the_schema(name: str) -> None:
    snapshot = BROKEN[name][0] if name in BROKEN else DOUBTFUL.get(name) or HOLDS[name]
    VALIDATOR.validate(documented(snapshot))
    VALIDATOR.validate(detail(documented(snapshot)))


def test_the_schema_knows_every_code() -> None:
    assert SCHEMA["$defs"]["gap_code"]["enum"] == list(FIXES)
    assert SCHEMA["$defs"]["doubt_code"]["enum"] == [*FIXES, *DOUBT_FIXES]

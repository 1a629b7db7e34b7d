import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import blindspot
from blindspot.model import profile
from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.model.snapshot import LogGroup, Skipped, Snapshot, Unreadable
from blindspot.report.document import (
    LARGEST_ANSWER,
    LARGEST_TOLD,
    Document,
    Origin,
    detail,
    document,
    failure,
    fitted,
    without_events,
)
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import (
    ACCOUNT,
    HOME,
    NOW,
    REGIONS,
    a_compliant_snapshot,
    a_filter,
    a_topic,
    a_trail,
    an_alarm,
    log_group_arn,
    topic_arn,
)
from tests.cases.accounts import BROKEN, DOUBTFUL, HOLDS
from tests.cases.hostile import NAMES

EXACT = a_filter('{ $.errorCode = "AccessDenied" || $.errorCode = "*UnauthorizedOperation" }')


STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot/0a1b2c"
CONFIG = {"rule": "r", "sent": 1, "refused": []}


def documented(snapshot: Snapshot, changed_from: Verdict | None = None, refused_calls: int = 0) -> Document:
    assessed = assess(snapshot, profile.load("cis-level-2"))
    return document(
        assessed,
        origin=Origin(STACK, "run-1"),
        config=CONFIG,
        changed_from=changed_from,
        refused_calls=refused_calls,
        api_calls=12,
        duration_ms=345,
    )


def test_every_field_is_there() -> None:
    refused = Unreadable("cloudtrail:DescribeTrails", "us-east-1", "AccessDeniedException", denied=True)
    found = documented(
        a_compliant_snapshot(
            filters=(EXACT,),
            skipped=(Skipped("af-south-1", "not opted in"),),
            unread_regions={"us-east-1": refused},
        ),
        Verdict.COMPLIANT,
        refused_calls=2,
    )
    assert {key: value for key, value in found.items() if key not in ("regions", "summary")} == {
        "schema": 2,
        "version": blindspot.__version__,
        "stack": STACK,
        "run": "run-1",
        "control": "Ensure unauthorized API calls are monitored",
        "profile": "cis-level-2",
        "account": ACCOUNT,
        "partition": "aws",
        "assessed_at": "2026-11-21T12:00:00+00:00",
        "verdict": "NON_COMPLIANT",
        "channels": [
            {
                "trail": f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/management-events",
                "log_group": log_group_arn(),
                "filter": "unauthorized",
                "alarm": f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:unauthorized",
                "topic": topic_arn(),
                "subscription": f"{topic_arn()}:0001",
                "gap": None,
                "sees": "some",
                "alike": 1,
            }
        ],
        "gaps": [
            {
                "code": "filter.misses",
                "resource": f"{log_group_arn()}:metric-filter:unauthorized",
                "regions": ["eu-central-1", "eu-west-1", "future"],
                "message": "Metric filter unauthorized of log group management-events matches only if errorCode "
                'is exactly "AccessDenied"; this event has errorCode "AccessDeniedException".',
                "fix": "Widen the filter pattern, or add a second metric filter beside it.",
                "help": "docs/gaps.md#filter-misses",
            }
        ],
        "exclusions": [
            {
                "pattern": '{ $.sourceIPAddress = "delivery.logs.amazonaws.com" }',
                "reason": None,
                "until": None,
                "in_force": True,
            },
            {"pattern": '{ $.eventName = "HeadBucket" }', "reason": None, "until": None, "in_force": True},
        ],
        "notes": [
            {
                "code": "calls.refused",
                "resource": ACCOUNT,
                "message": "AWS refused 2 calls of Blindspot. "
                "Each is itself an unauthorized call, which the alarm may count.",
            }
        ],
        "skipped": [{"region": "af-south-1", "reason": "not opted in"}],
        "unreadable": [
            {
                "call": "cloudtrail:DescribeTrails",
                "region": "us-east-1",
                "error": "AccessDeniedException",
                "permission": "cloudtrail:DescribeTrails",
            }
        ],
        "refused_calls": 2,
        "config": CONFIG,
        "changed_from": "COMPLIANT",
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
    assert home["channels"] == [0]
    assert found["regions"]["us-east-1"]["doubts"][0]["message"].startswith("cloudtrail:DescribeTrails was refused")


def test_what_is_logged_and_sent_holds_no_event() -> None:
    found = documented(a_compliant_snapshot(filters=(EXACT,)))
    for small in (without_events(found), detail(found)):
        assert "blind_spot" not in json.dumps(small)
        assert small["channels"] == found["channels"]
        assert "cut" not in small


def test_exclusions_have_a_reason_and_an_end_and_others_are_not_told_their_patterns() -> None:
    names = ("GetObject", "ListBuckets", "HeadBucket")
    texts = [f"{{ $.eventName = {name} }}" for name in names]
    entries = [
        {"pattern": texts[0], "reason": "nightly scanner \x1b", "until": "2026-11-22"},
        {"pattern": texts[1], "until": "2026-11-21"},
        texts[2],
    ]
    chosen = profile.load("cis-level-2", {"benign": entries}, on=NOW.date())
    found = document(assess(a_compliant_snapshot(), chosen), origin=Origin(), config=None, api_calls=1, duration_ms=1)
    told: list[dict[str, object]] = [
        {"reason": r"nightly scanner \u001b", "until": "2026-11-22", "in_force": True},
        {"reason": None, "until": "2026-11-21", "in_force": False},
        {"reason": None, "until": None, "in_force": True},
    ]
    assert found["exclusions"] == [{"pattern": text, **each} for text, each in zip(texts, told, strict=True)]
    assert detail(found)["exclusions"] == without_events(found)["exclusions"] == told
    assert [note["code"] for note in found["notes"]] == ["exclusion.ends", "exclusion.ended"]
    assert not any(name in json.dumps([detail(found)["notes"], found["summary"]]) for name in names)
    for each in (found, detail(found)):
        VALIDATOR.validate(each)


def test_a_channel_stands_once_however_many_regions_it_is_of() -> None:
    trails = (a_trail(), *(a_trail(region, "regional", multi_region=False) for region in REGIONS[1:]))
    groups = {str(trail.log_group_arn): LogGroup(str(trail.log_group_arn), (EXACT,)) for trail in trails}
    found = documented(a_compliant_snapshot(trails=trails, log_groups=groups))
    assert [channel["trail"] for channel in found["channels"]] == [trail.arn for trail in trails]
    assert {name: region["channels"] for name, region in found["regions"].items()} == {
        "eu-central-1": [0],
        "eu-west-1": [0, 1],
        "us-east-1": [0, 2],
        "future": [0],
    }


def test_channels_that_differ_in_no_link_stand_once() -> None:
    of_one_region = a_filter('{ $.awsRegion = "eu-west-1" && $.errorCode = "AccessDenied*" }')
    snapshot = a_compliant_snapshot(filters=(of_one_region,))
    found = documented(replace(snapshot, trails=snapshot.trails * 2))
    assert len(found["channels"]) == 1
    assert {tuple(region["channels"]) for region in found["regions"].values()} == {(0,)}


MANY = tuple(f"region-{number}-1" for number in range(34))
UNREAD = tuple(Unreadable("logs:DescribeMetricFilters", f"region-{n}-1", "Throttled" * 9) for n in range(6_000))


def a_large_account(characters: str) -> Document:
    """Each of 34 regions has a trail with 100 filters and alarms, whose names are as long as AWS lets them be."""
    name = characters * 500
    filters = tuple(replace(EXACT, name=f"{number:03}{name}"[:512], metric=f"metric-{number}") for number in range(100))
    trails = tuple(a_trail(region, name="x" * 128, multi_region=False) for region in MANY)
    groups = {str(trail.log_group_arn): LogGroup(str(trail.log_group_arn), filters) for trail in trails}
    alarms = {
        (ACCOUNT, region): tuple(
            an_alarm(region, name=f"{number:03}{name}"[:255], metric=f"metric-{number}") for number in range(100)
        )
        for region in MANY
    }
    topics = {topic_arn(region): a_topic(topic_arn(region)) for region in MANY}
    snapshot = a_compliant_snapshot(regions=MANY, trails=trails, log_groups=groups, topics=topics)
    assessed = replace(assess(replace(snapshot, alarms=alarms), profile.load("cis-level-2")), unreadable=UNREAD)
    return document(assessed, origin=Origin(STACK, "run-1"), config=CONFIG, api_calls=1, duration_ms=1)


@pytest.mark.parametrize("characters", ["🚨", "\x1b"])
def test_an_account_at_aws_limits_fits_what_it_is_sent_to_and_keeps_its_verdicts(characters: str) -> None:
    found = a_large_account(characters)
    assert len(json.dumps(found)) > LARGEST_ANSWER
    for small, largest in (
        (detail(found), LARGEST_TOLD),
        (fitted(found, 1_000_000), 1_000_000),
        (fitted(found, LARGEST_ANSWER), LARGEST_ANSWER),
    ):
        assert largest * 0.9 < len(json.dumps(small)) <= largest
    small = detail(found)
    VALIDATOR.validate(small)
    assert (small["verdict"], small["summary"]) == (found["verdict"], found["summary"])
    assert {name: region["verdict"] for name, region in small["regions"].items()} == {
        name: region["verdict"] for name, region in found["regions"].items()
    }
    for name, missing in small["cut"].items():
        if name in found:
            assert len(small[name]) + missing == len(found[name])
    assert small["gaps"]
    assert all(index < len(small["channels"]) for region in small["regions"].values() for index in region["channels"])


def test_verdict_summary_and_the_first_gap_stay_when_there_is_room_for_no_more() -> None:
    found = documented(a_compliant_snapshot(filters=(EXACT,)))
    small = fitted(found, 100)
    assert (small["verdict"], small["summary"], small["gaps"]) == (found["verdict"], found["summary"], found["gaps"])
    assert small["cut"] == {"channels": 1, "region_gaps": 4, "exclusions": 2, "blind_spots": 4, "regions": 4}
    VALIDATOR.validate(small)


def test_a_run_that_failed_has_a_document_too() -> None:
    found = failure(
        "Profile is 'x'; allowed: cis-level-2.",
        account=None,
        at=NOW,
        origin=Origin(STACK, "run-1"),
        config=None,
        api_calls=3,
        duration_ms=4,
    )
    VALIDATOR.validate(found)
    VALIDATOR.validate(detail(found))
    assert found.keys() == documented(a_compliant_snapshot()).keys()
    assert (found["verdict"], found["account"], found["profile"]) == ("INDETERMINATE", None, None)
    assert found["summary"] == "Cannot verify: Profile is 'x'; allowed: cis-level-2."
    known = failure(
        "x",
        account=ACCOUNT,
        at=NOW,
        origin=Origin(),
        config=CONFIG,
        changed_from=Verdict.COMPLIANT,
        profile="cis-level-2",
        partition="aws",
        api_calls=3,
        duration_ms=4,
    )
    VALIDATOR.validate(known)
    assert (known["account"], known["stack"], known["changed_from"]) == (ACCOUNT, None, "COMPLIANT")


@pytest.mark.parametrize("name", NAMES)
def test_names_that_would_do_harm_do_none(name: str) -> None:
    given, shown = NAMES[name]
    # The field of an event is named after the pattern that tests it.
    odd = a_filter(f'{{ $.errorCode = "AccessDenied" && $.requestParameters.a = "{given}" }}', name=given)
    found = documented(a_compliant_snapshot(filters=(odd,), alarms=(an_alarm(name=given),)))
    failed = failure(given, account=ACCOUNT, at=NOW, origin=Origin(), config=None, api_calls=0, duration_ms=0)
    for made in (found, detail(found), failed):
        VALIDATOR.validate(made)
        text = json.dumps(made, ensure_ascii=False)  # as Lambda and the log write it
        assert text.isprintable()
        assert json.loads(text.encode()) == made
    assert found["channels"][0]["filter"] == shown


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


def test_paths_with_the_same_outcome_are_counted() -> None:
    many = tuple(an_alarm(name=f"unauthorized-{number}") for number in range(40))
    channels = documented(a_compliant_snapshot(alarms=many))["channels"]
    assert sum(channel["alike"] for channel in channels) == 40
    assert len(channels) < 10


def test_the_schema_is_one() -> None:
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*BROKEN, *DOUBTFUL, *HOLDS])
def test_every_document_follows_the_schema(name: str) -> None:
    snapshot = BROKEN[name][0] if name in BROKEN else DOUBTFUL.get(name) or HOLDS[name]
    VALIDATOR.validate(documented(snapshot))
    VALIDATOR.validate(detail(documented(snapshot)))


def test_the_schema_and_the_docs_know_every_note() -> None:
    root = Path(__file__).parents[4]
    sources = [path.read_text() for path in (root / "layers/blindspot/blindspot").rglob("notes.py")]
    codes = {code for text in sources for code in re.findall(r'Note\(\s*"([\w.-]+)"', text)}
    notes = (root / "docs/gaps.md").read_text().partition("\n## Notes\n")[2]
    assert SCHEMA["properties"]["notes"]["items"]["properties"]["code"]["enum"] == sorted(codes)
    assert re.findall(r"^\| `([\w.-]+)`", notes, re.MULTILINE) == sorted(codes)


def test_the_schema_knows_every_code() -> None:
    assert SCHEMA["$defs"]["gap_code"]["enum"] == list(FIXES)
    assert SCHEMA["$defs"]["doubt_code"]["enum"] == [*FIXES, *DOUBT_FIXES]

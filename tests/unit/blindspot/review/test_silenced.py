"""The made-up call that an exclusion would silence too."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model import cloudtrail_events, profile
from blindspot.model.cloudtrail_laws import unlikely
from blindspot.review.candidates import exclusion_of
from blindspot.review.groups import Group, groups
from blindspot.review.silenced import ADDRESSES, REGIONS, seen, silenced
from filter_pattern import ALWAYS, NEVER, And, Equals, Event, Not, Or, Predicate, Proofs, Undecided, atoms, equals, find
from filter_pattern.predicate import Atom
from tests.refusals import ACCOUNT, CONFIG, HOUR, SCANNER, TODAY, Refused, every, read_of, refused, role

PROFILE = profile.load("cis-level-2", on=TODAY)
REQUIRED = And(PROFILE.required, *map(Not, PROFILE.benign))
ACL = refused(SCANNER, "s3 GetBucketAcl")


def of_path(arn: str) -> dict[str, Any]:
    session = SCANNER["sessionContext"]
    return {**SCANNER, "sessionContext": {**session, "sessionIssuer": {**session["sessionIssuer"], "arn": arn}}}


def seen_in(*calls: Refused) -> tuple[Group, ...]:
    return groups(read_of(calls, PROFILE), PROFILE)


def made_up(*calls: Refused, changed: dict[str, Any] | None = None) -> Event | Undecided | None:
    found = tuple(replace(group, details=replace(group.details, **(changed or {}))) for group in seen_in(*calls))
    pattern = exclusion_of(found[0].key.caller, {(group.key.service, group.key.call) for group in found})
    return silenced(pattern, REQUIRED, found, ACCOUNT, Proofs())


def differs(event: Event | Undecided | None, base: Event) -> dict[str, object]:
    assert isinstance(event, dict)
    return {key: value for key, value in event.items() if value != base.get(key) and key != "eventID"}


DIFFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, object]]] = {
    "another address": (ACL, {}, {"sourceIPAddress": "198.51.100.7"}),
    "another address than the first": (
        ACL,
        {"addresses": {"198.51.100.7", "198.51.100.20"}},
        {"sourceIPAddress": "203.0.113.7"},
    ),
    "another address than one of IPv6": (
        {**ACL, "sourceIPAddress": "fd00:db8::7"},
        {},
        {"sourceIPAddress": "198.51.100.7"},
    ),
    "another region, where not all addresses are known": (ACL, {"more_addresses": True}, {"awsRegion": "eu-central-1"}),
    "another region, where a service calls": (refused(CONFIG, "s3 GetBucketAcl"), {}, {"awsRegion": "eu-central-1"}),
    "another region than the first two": (
        ACL,
        {"more_addresses": True, "regions": {"us-east-1", "eu-central-1"}},
        {"awsRegion": "ap-southeast-2"},
    ),
    "another region of China": (
        refused(SCANNER, "s3 GetBucketAcl", region="cn-north-1"),
        {"more_addresses": True},
        {"awsRegion": "cn-northwest-1"},
    ),
    "another region of AWS GovCloud": (
        refused(SCANNER, "s3 GetBucketAcl", region="us-gov-west-1"),
        {"more_addresses": True},
        {"awsRegion": "us-gov-east-1"},
    ),
    "another code, where all regions were seen": (
        ACL,
        {"more_addresses": True, "regions": set(REGIONS[""])},
        {"errorCode": "AccessDeniedException"},
    ),
}


@pytest.mark.parametrize(("call", "changed", "expected"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_one_thing_is_changed(call: dict[str, Any], changed: dict[str, Any], expected: dict[str, object]) -> None:
    event = made_up(*every(HOUR, call), changed=changed)
    assert differs(event, call) == expected
    assert isinstance(event, dict)
    assert event["eventID"] == "66666666-7777-8888-9999-000000000000"


def test_it_is_required_excluded_not_seen_and_credible() -> None:
    calls = [*every(HOUR, ACL), *every(HOUR, refused(SCANNER, "ec2 DescribeVpcs"))]
    found = seen_in(*calls)
    pattern = exclusion_of(found[0].key.caller, {(group.key.service, group.key.call) for group in found})
    event = silenced(pattern, REQUIRED, found, ACCOUNT, Proofs())
    assert isinstance(event, dict)
    assert REQUIRED.matches(event)
    assert pattern.matches(event)
    assert not any(call.event["sourceIPAddress"] == event["sourceIPAddress"] for call in calls)
    assert unlikely(event, ALWAYS) == ()


EVERYWHERE = {"regions": set(REGIONS[""]), "addresses": {*ADDRESSES, ACL["sourceIPAddress"]}}
STILL_REQUIRED: dict[str, tuple[Predicate, dict[str, Any], dict[str, object]]] = {
    "an address": (equals("sourceIPAddress", ADDRESSES[0]), {}, {"sourceIPAddress": ADDRESSES[1]}),
    "a code that only other services send": (
        Atom(("errorCode",), Equals("AccessDenied*")),
        EVERYWHERE,
        {"errorCode": "UnauthorizedOperation"},
    ),
}


@pytest.mark.parametrize(("not_required", "changed", "expected"), STILL_REQUIRED.values(), ids=STILL_REQUIRED)
def test_what_is_not_required_or_not_written_by_cloudtrail_is_not_made_up(
    not_required: Predicate, changed: dict[str, Any], expected: dict[str, object]
) -> None:
    found = [replace(group, details=replace(group.details, **changed)) for group in seen_in(*every(HOUR, ACL))]
    pattern = exclusion_of(found[0].key.caller, [("s3.amazonaws.com", "GetBucketAcl")])
    required = And(REQUIRED, Not(not_required))
    assert differs(silenced(pattern, required, found, ACCOUNT, Proofs()), ACL) == expected


def test_what_find_makes_up_is_one_that_cloudtrail_would_write() -> None:
    (config,) = seen_in(*every(HOUR, refused(CONFIG, "s3 GetBucketAcl")))
    pattern = exclusion_of(config.key.caller, [("s3.amazonaws.com", "GetBucketAcl")])
    event = silenced(pattern, REQUIRED, seen_in(*every(HOUR, ACL)), ACCOUNT, Proofs())
    assert isinstance(event, dict)
    assert unlikely(event, ALWAYS) == ()


WITHOUT_EXAMPLE = {
    "a role": (ACL, {"sourceIPAddress": "198.51.100.7"}),
    "a role below a path": (
        refused(of_path("arn:aws:iam::111122223333:role/team/scanner"), "s3 GetBucketAcl"),
        {"sourceIPAddress": "198.51.100.7"},
    ),
    "a service": (refused(CONFIG, "s3 GetBucketAcl"), {"awsRegion": "eu-central-1"}),
}


@pytest.mark.parametrize(("call", "expected"), WITHOUT_EXAMPLE.values(), ids=WITHOUT_EXAMPLE)
def test_without_an_example_one_is_made_of_the_caller(call: dict[str, Any], expected: dict[str, object]) -> None:
    event = made_up(*every(HOUR, call), changed={"logged": ""})
    assert isinstance(event, dict)
    message = {"errorMessage": event["errorMessage"]}
    assert differs(event, call) == expected | message
    assert unlikely(event, ALWAYS) == ()


def test_there_is_none_where_nothing_else_is_excluded() -> None:
    found = seen_in(*every(HOUR, ACL))
    assert silenced(NEVER, REQUIRED, found, ACCOUNT, Proofs()) is None
    assert silenced(seen(found), REQUIRED, found, ACCOUNT, Proofs()) is None


def test_without_time_it_is_not_told_that_there_is_none() -> None:
    found = seen_in(*every(HOUR, ACL))
    stopped = Proofs(stop=lambda: True)
    assert isinstance(silenced(NEVER, REQUIRED, found, ACCOUNT, stopped), Undecided)


def test_what_cloudtrail_would_not_write_is_not_made_up() -> None:
    """The newest call that was seen is as it is; a change of it that breaks a law is none."""
    strange = refused(SCANNER, "s3 GetBucketAcl", eventSource="ec2.amazonaws.com")
    event = made_up(*every(HOUR, strange))
    assert isinstance(event, dict)
    assert event["eventSource"] == "ec2.amazonaws.com"


@pytest.mark.parametrize(
    ("change", "was_seen"),
    [
        ({}, True),
        ({"userAgent": "other"}, True),
        ({"userIdentity": role("other")}, True),
        ({"sourceIPAddress": "192.0.2.1"}, False),
        ({"awsRegion": "eu-west-1"}, False),
        ({"errorCode": "AccessDeniedException"}, False),
        ({"eventName": "GetBucketPolicy"}, False),
        ({"eventSource": "ec2.amazonaws.com"}, False),
    ],
)
def test_what_counts_as_seen(change: dict[str, Any], was_seen: bool) -> None:
    assert seen(seen_in(*every(HOUR, ACL))).matches({**ACL, **change}) is was_seen


def test_calls_that_only_their_refusals_tell_apart_are_one() -> None:
    message = "is not authorized to perform: x with an explicit deny in a service control policy"
    there = refused(SCANNER, "s3 GetBucketAcl", errorMessage=message, sourceIPAddress="192.0.2.9", region="eu-west-1")
    found = seen_in(*every(HOUR, ACL), *every(HOUR, there))
    assert len(found) == 2
    predicate = seen(found)
    assert isinstance(predicate, Or)
    assert len(predicate.parts) == 1
    assert sum(1 for _ in atoms(predicate)) == 3 + 2 + 2
    unknown = [replace(found[0], details=replace(found[0].details, more_addresses=True)), found[1]]
    assert sum(1 for _ in atoms(seen(unknown))) == 3 + 2


def test_the_first_hundred_changes_are_tried() -> None:
    calls = [call for number in range(20) for call in every(HOUR, refused(SCANNER, f"s3 Get{number}"))[:3]]
    event = made_up(*calls, changed=EVERYWHERE)
    assert isinstance(event, dict)
    assert event["errorCode"] == "AccessDeniedException"


def test_no_made_up_address_is_anybodys() -> None:
    records = cloudtrail_events.records(account=ACCOUNT, region="us-east-1")
    for address in ADDRESSES:
        wanted = And(Atom(("sourceIPAddress",), Equals(address)), PROFILE.required)
        assert unlikely({**ACL, "sourceIPAddress": address}, ALWAYS) == ()
        assert find(wanted, records)

"""Each exclusion that is proposed does exactly what its proof says, under every profile and for any events."""

import random
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from blindspot.model import cloudtrail_calls, profile
from blindspot.review.exclusions import LASTS, Proposed
from blindspot.review.forecast import forecast
from blindspot.verdict.pattern_writer import matches_only_required, pattern_to_write, satisfies
from filter_pattern import And, Event, Not, Or, Proofs
from tests.refusals import (
    CONFIG,
    DAY,
    HOUR,
    SCANNED,
    SCANNER,
    START,
    TODAY,
    Refused,
    alarm_of,
    every,
    noise,
    proposed,
    read_of,
    refused,
    role,
    with_overrides,
)

MINUTE = 60
UNTIL = TODAY + LASTS


@cache
def proposed_by(name: str, tried: tuple[str, ...] = ()) -> Proposed:
    """Of an account with noise and an attack. One call is made twice, so that an alarm that wants two goes to ALARM."""
    twice = every(HOUR, refused(SCANNER, "s3 GetBucketAcl"), start=START + 1)
    return proposed(*noise(), *twice, *attack(tried), name=name)


FEW = "iam CreateUser", "s3 ListBuckets", "kms ListAliases"
"""Calls to services in which the scanner is refused anyway: nothing tells them from it."""

MANY = (
    *("secretsmanager GetSecretValue", "iam CreateUser", "lambda ListFunctions", "rds DescribeDBInstances"),
    *("dynamodb ListTables", "s3 ListBuckets", "sts AssumeRole", "ssm GetParameters"),
)


def attack(tried: tuple[str, ...]) -> list[Refused]:
    """Somebody has the scanner's credentials, and makes one of these calls a day."""
    return [
        Refused(START + number * DAY + 5 * HOUR + 17 * MINUTE, refused(SCANNER, what, sourceIPAddress="203.0.113.99"))
        for number, what in enumerate(tried)
    ]


@pytest.mark.parametrize("name", profile.names())
def test_the_overrides_give_the_profile_with_exactly_these_exclusions(name: str) -> None:
    before = profile.load(name, on=TODAY)
    result = proposed_by(name)
    after = with_overrides(result, name)
    assert result.exclusions
    assert after.benign == (*before.benign, *(exclusion.pattern for exclusion in result.exclusions))
    for entry, exclusion in zip(after.exclusions[len(before.benign) :], result.exclusions, strict=True):
        assert (entry.pattern.text, entry.reason, entry.until) == (
            exclusion.pattern.text,
            exclusion.reason,
            exclusion.until,
        )
    assert with_overrides(result, name, UNTIL - timedelta(days=1)).benign == after.benign
    assert with_overrides(result, name, UNTIL).benign == before.benign


@pytest.mark.parametrize("name", profile.names())
def test_what_is_written_with_them_matches_exactly_what_is_left(name: str) -> None:
    result = proposed_by(name)
    after = with_overrides(result, name)
    written = pattern_to_write(after, Proofs())
    assert written.left_out == ()
    assert written.pattern == result.pattern
    assert written.pattern is not None
    assert satisfies(written.pattern, after, Proofs())
    assert matches_only_required(written.pattern, after, Proofs())
    for exclusion in result.exclusions:
        assert not any(written.pattern.matches(group.details.example or {}) for group in exclusion.groups)
        assert not written.pattern.matches(exclusion.silenced or {})


@pytest.mark.parametrize("name", profile.names())
def test_an_attack_with_the_scanners_credentials_is_not_silenced(name: str) -> None:
    result = proposed_by(name, FEW)
    assert "scanner" in callers(result)
    judged_by = profile.load(name)
    assert result.pattern is not None
    for call in attack(FEW):
        assert not any(exclusion.pattern.matches(call.event) for exclusion in result.exclusions)
        assert result.pattern.matches(call.event) == judged_by.required.matches(call.event)


@pytest.mark.parametrize("name", [name for name in profile.names() if name != "clouddefense-cis-v1.4.0"])
def test_where_it_shows_nothing_of_the_scanner_is_excluded(name: str) -> None:
    """The profile that is left out requires two codes alone, so a review by it reads few of these calls."""
    result = proposed_by(name, MANY)
    assert "scanner" not in callers(result)
    assert {each.code for each in result.not_proposed if each.group.key.caller.name == "scanner"} == {"attack"}


def callers(result: Proposed) -> set[str]:
    return {each.groups[0].key.caller.name for each in result.exclusions}


# --- each does exactly what its proof says

CALLERS: tuple[Any, ...] = (
    SCANNER,
    role("scanner-2"),
    role("ci"),
    cloudtrail_calls.user("scanner"),
    CONFIG,
    cloudtrail_calls.service("configservice"),
    cloudtrail_calls.role("scanner", invoked_by="config"),
    cloudtrail_calls.ROOT,
    cloudtrail_calls.OTHER_ACCOUNT,
    cloudtrail_calls.WEB_IDENTITY,
)
NAMES = ("GetBucketAcl", "GetBucketPolicy", "DescribeInstances", "ListUsers", "ListKeys", "ListBuckets", "getbucketacl")
SOURCES = ("s3", "ec2", "iam", "kms", "config")
CODES = (*cloudtrail_calls.DENIALS, "NoSuchBucket", "AccessDenied2", "accessdenied")
FIELDS = ("errorCode", "eventSource", "eventName", "userIdentity", "sourceIPAddress", "awsRegion")
INNER = ("type", "arn", "invokedBy", "sessionContext", "accountId")


def any_event(choose: random.Random, *, odd: bool) -> dict[str, Any]:
    """A refused call or nearly one, with fields missing that may be. odd: with fields of another type, or without one
    that is always there."""
    event = refused(choose.choice(CALLERS), f"{choose.choice(SOURCES)} {choose.choice(NAMES)}")
    event["errorCode"] = choose.choice(CODES)
    event["awsRegion"] = choose.choice(("us-east-1", "eu-west-1"))
    event["sourceIPAddress"] = choose.choice((event["sourceIPAddress"], "delivery.logs.amazonaws.com", "192.0.2.1"))
    if choose.random() < 0.3:
        event["userIdentity"].pop(choose.choice(INNER), None)
    if odd:
        within = choose.choice((event, event["userIdentity"]))
        within[choose.choice((*FIELDS, *INNER))] = choose.choice((None, 1, True, [], {}, "", "x"))
        event.pop(choose.choice(("", *FIELDS)), None)
    return event


def calls_of(event: Event) -> tuple[str, object, object]:
    identity = event.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    session = identity.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    if isinstance(issuer, dict) and issuer.get("arn") == "arn:aws:iam::111122223333:role/scanner":
        return "scanner", event.get("eventSource"), event.get("eventName")
    if identity.get("type") == "AWSService" and identity.get("invokedBy") == "config.amazonaws.com":
        return "config.amazonaws.com", event.get("eventSource"), event.get("eventName")
    return "", event.get("eventSource"), event.get("eventName")


@pytest.mark.parametrize("name", ["cis-level-2", "security-hub-cloudwatch-2"])
def test_each_exclusion_does_exactly_what_its_proof_says_on_ten_thousand_events(name: str) -> None:
    result = proposed(*noise(), name=name)
    judged_by = profile.load(name, on=TODAY)
    assert result.pattern is not None
    excluded = {
        exclusion.groups[0].key.caller.name: [[group.key.service, group.key.call] for group in exclusion.groups]
        for exclusion in result.exclusions
    }
    left = And(judged_by.required, *map(Not, judged_by.benign), Not(Or(*(each.pattern for each in result.exclusions))))
    choose = random.Random(16)  # noqa: S311 (events to try, no secret)
    silenced = 0
    for _ in range(5_000):
        odd = choose.random() < 0.2
        event = any_event(choose, odd=odd)
        caller, service, call = calls_of(event)
        for exclusion in result.exclusions:
            its_caller = exclusion.groups[0].key.caller.name
            expected = caller == its_caller and [service, call] in excluded[its_caller]
            assert exclusion.pattern.matches(event) is expected, event
            silenced += expected
        assert odd or result.pattern.matches(event) is left.matches(event), event
    assert silenced > 100


@given(
    st.lists(st.tuples(st.sampled_from(range(4)), st.sampled_from(SCANNED), st.integers(1, 48)), min_size=1, max_size=6)
)
@settings(max_examples=10, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_each_proof_is_true_whatever_the_noise(made: list[tuple[int, str, int]]) -> None:
    callers = (SCANNER, role("ci"), CONFIG, cloudtrail_calls.user("mallory"))
    calls = [
        call
        for number, what, hours in made
        for call in every(hours * HOUR, refused(callers[number], what), start=START + number * 7 * MINUTE)
    ]
    result = proposed(*calls)
    alarms = None
    for exclusion in result.exclusions:
        assert alarms in (None, exclusion.alarms_before)
        alarms = exclusion.alarms_after
        assert exclusion.excluded == sum(exclusion.pattern.matches(call.event) for call in calls)
        assert isinstance(exclusion.silenced, dict)
        assert exclusion.pattern.matches(exclusion.silenced)
        assert exclusion.length <= 1024
    proposed_or_not = {group.key for each in result.exclusions for group in each.groups}
    proposed_or_not |= {each.group.key for each in result.not_proposed}
    assert all(each.why.endswith(".") for each in result.not_proposed)
    if result.exclusions:
        judged_by = profile.load("cis-level-2", on=TODAY)
        left = [call for call in calls if result.pattern and result.pattern.matches(call.event)]
        read = read_of(left, judged_by)
        counted = forecast(alarm_of(judged_by), read.tally, read.read)
        assert alarms == sum(count.most for count in counted.values())

"""Which calls may be excluded."""

from dataclasses import replace
from typing import Any

import pytest

from blindspot.model import cloudtrail_calls, profile
from blindspot.review.candidates import Candidate, NotProposed, candidates, exclusion_of, fewest_days
from blindspot.review.forecast import Feed
from blindspot.review.groups import groups
from blindspot.review.refused_call import ARN, INVOKED_BY, ISSUER_ARN, Caller
from blindspot.review.risk import WHY
from blindspot.review.tally import Interval
from filter_pattern import parse
from tests.refusals import (
    ACCOUNT,
    CONFIG,
    DAY,
    END,
    HOUR,
    SCANNED,
    SCANNER,
    START,
    TODAY,
    Refused,
    alarm_of,
    every,
    noise,
    read_of,
    refused,
    role,
)

PROFILE = profile.load("cis-level-2", on=TODAY)
ROLE = Caller("role", "scanner", ACCOUNT, ISSUER_ARN, f"arn:aws:iam::{ACCOUNT}:role/scanner")
SERVICE = Caller("service", "config.amazonaws.com", "", INVOKED_BY, "config.amazonaws.com")
ISSUER = '($.userIdentity.sessionContext.sessionIssuer.arn = "arn:aws:iam::111122223333:role/scanner")'

PATTERNS = {
    "one call": (ROLE, ["s3 A"], f'{{ {ISSUER} && ($.eventSource = "s3") && ($.eventName = "A") }}'),
    "calls of one service": (
        ROLE,
        ["s3 B", "s3 A"],
        f'{{ {ISSUER} && ($.eventSource = "s3") && (($.eventName = "A") || ($.eventName = "B")) }}',
    ),
    "calls of several services": (
        ROLE,
        ["s3 B", "ec2 C", "s3 A"],
        (
            f'{{ {ISSUER} && (($.eventSource = "ec2") && ($.eventName = "C") || '
            '($.eventSource = "s3") && (($.eventName = "A") || ($.eventName = "B"))) }'
        ),
    ),
    "a service's call": (
        SERVICE,
        ["s3 A"],
        (
            '{ ($.userIdentity.type = "AWSService") && ($.userIdentity.invokedBy = "config.amazonaws.com") && '
            '($.eventSource = "s3") && ($.eventName = "A") }'
        ),
    ),
}


@pytest.mark.parametrize(("caller", "calls", "text"), PATTERNS.values(), ids=PATTERNS)
def test_the_narrowest_pattern(caller: Caller, calls: list[str], text: str) -> None:
    pattern = exclusion_of(caller, [(call.split()[0], call.split()[1]) for call in calls])
    assert pattern.text == text
    assert pattern == parse(text)


DAYS_READ = {0: 2, 1: 2, 7: 2, 8: 2, 8.1: 3, 12: 3, 13: 4, 30: 8, 90: 23}


@pytest.mark.parametrize(("days", "fewest"), DAYS_READ.items())
def test_on_how_many_days_noise_is_seen(days: float, fewest: int) -> None:
    assert fewest_days(Interval(0, int(days * DAY))) == fewest


def found_in(*calls: Refused, start: int = START) -> tuple[tuple[Candidate, ...], dict[tuple[str, str], str]]:
    """The candidates, and by caller and call why others are none."""
    read = read_of(calls, PROFILE, start=start)
    found, not_proposed = candidates(groups(read, PROFILE), read, alarm_of(PROFILE))
    return found, {(each.group.key.caller.name, each.group.key.call): each.code for each in not_proposed}


def names(found: tuple[Candidate, ...]) -> dict[str, dict[str, int]]:
    return {each.caller.name: {call.call: call.matched for call in each.calls} for each in found}


def test_callers_and_their_calls_are_in_the_order_of_how_many_they_are() -> None:
    more = every(HOUR // 2, refused(SCANNER, "sns ListTopics"))
    found, refused_ones = found_in(*noise(*more))
    once = dict.fromkeys(("DescribeInstances", "ListUsers", "ListKeys", "GetBucketAcl"), 192)
    assert names(found) == {
        "scanner": {"ListTopics": 384} | once,
        "config.amazonaws.com": {"GetBucketPolicy": 192},
    }
    assert [call.call for call in found[0].calls][:3] == ["ListTopics", "DescribeInstances", "ListUsers"]
    assert [each.matched for each in found] == [5 * 192 + 192, 192]
    assert not refused_ones


LATELY = START + 6 * DAY
"""When the last quarter of the time that is read begins."""


def test_what_is_seen_on_too_few_days_is_neither_proposed_nor_told() -> None:
    one_day = every(60, refused(SCANNER, "s3 GetBucketAcl"), start=LATELY, end=LATELY + DAY)
    assert found_in(*one_day, start=START + 2 * DAY) == ((), {})
    two_days = every(2 * DAY, refused(SCANNER, "s3 GetBucketAcl"), start=LATELY - 2 * DAY, end=LATELY + 1)
    assert names(found_in(*two_days)[0]) == {"scanner": {"GetBucketAcl": 2}}


@pytest.mark.parametrize(("last", "is_noise"), [(LATELY - 1, False), (LATELY, True), (END - 1, True)])
def test_what_has_ended_is_no_noise(last: int, is_noise: bool) -> None:
    calls = [Refused(at, refused(SCANNER, "s3 GetBucketAcl")) for at in (START, START + DAY, last)]
    assert bool(found_in(*calls)[0]) is is_noise


@pytest.mark.parametrize(
    ("seconds", "may_be"), [(DAY, False), (2 * DAY - 1, False), (2 * DAY, True), (2 * DAY + 60, True)]
)
def test_what_lasts_two_nights_is_not_excluded(seconds: int, may_be: bool) -> None:
    first = LATELY - DAY // 2
    calls = [Refused(at, refused(SCANNER, "s3 GetBucketAcl")) for at in (first, first + 60, first + seconds)]
    for in_order in (calls, calls[::-1]):
        found, refused_ones = found_in(*in_order)
        assert bool(found) is may_be
        assert refused_ones == ({} if may_be else {("scanner", "GetBucketAcl"): "new"})
    read = read_of(calls, PROFILE)
    for not_proposed in candidates(groups(read, PROFILE), read, alarm_of(PROFILE))[1]:
        assert not_proposed.why == (
            "The last of these calls came less than 48 hours after the first. So it is not known to be ordinary."
        )


def test_what_the_pattern_does_not_match_is_no_noise() -> None:
    assert found_in(*every(HOUR, refused(SCANNER, "s3 HeadBucket"))) == ((), {})


def test_one_risky_call_does_not_keep_the_caller_s_others() -> None:
    found, refused_ones = found_in(*noise(*every(HOUR, refused(SCANNER, "s3 PutBucketPolicy"))))
    assert set(names(found)) == {"scanner", "config.amazonaws.com"}
    assert refused_ones == {("scanner", "PutBucketPolicy"): "changes"}


PEOPLE = role("AWSReservedSSO_ReadOnly_0123456789abcdef")
NOT_EXCLUDED: dict[str, tuple[dict[str, Any], str]] = {
    "a person": (refused(PEOPLE, "s3 ListBuckets"), "person"),
    "a user": (refused(cloudtrail_calls.user("mallory"), "s3 ListBuckets"), "person"),
    "another account": (refused(cloudtrail_calls.OTHER_ACCOUNT, "s3 ListBuckets"), "outside"),
    "a change": (refused(SCANNER, "ec2 RunInstances"), "changes"),
    "a secret": (refused(SCANNER, "kms Decrypt"), "secrets"),
    "Blindspot": (refused(SCANNER, "cloudtrail DescribeTrails", userAgent="Boto3/1 blindspot"), "own"),
}


@pytest.mark.parametrize(("event", "code"), NOT_EXCLUDED.values(), ids=NOT_EXCLUDED)
def test_what_is_not_excluded_although_it_is_noise(event: dict[str, Any], code: str) -> None:
    found, refused_ones = found_in(*every(HOUR, event))
    assert found == ()
    assert list(refused_ones.values()) == [code]


def test_what_began_lately_is_not_excluded() -> None:
    start = END - 2 * DAY
    found, refused_ones = found_in(*noise(*every(HOUR, refused(SCANNER, "sns ListTopics"), start=start)))
    assert refused_ones == {("scanner", "ListTopics"): "new"}
    assert "ListTopics" not in names(found)["scanner"]


def test_of_a_role_that_a_person_used_once_nothing_is_excluded() -> None:
    at_night = refused({**SCANNER, "arn": f"{SCANNER['arn']}@example.com"}, "sns ListTopics")
    found, refused_ones = found_in(*noise(Refused(START, at_night)))
    assert set(names(found)) == {"config.amazonaws.com"}
    assert refused_ones == {("scanner", what.split()[1]): "person" for what in SCANNED}


def test_of_a_role_that_looks_stolen_nothing_is_excluded() -> None:
    tried = ("sns ListTopics", "sqs ListQueues", "lambda ListFunctions", "rds DescribeDBInstances", "ecs ListClusters")
    found, refused_ones = found_in(*noise(*(Refused(END - HOUR, refused(SCANNER, what)) for what in tried)))
    assert set(names(found)) == {"config.amazonaws.com"}
    assert refused_ones == {("scanner", what.split()[1]): "attack" for what in SCANNED}


def same_call_otherwise_refused(start: int) -> tuple[Refused, ...]:
    message = "is not authorized to perform: s3:GetBucketAcl with an explicit deny in a service control policy"
    return tuple(every(DAY, refused(SCANNER, "s3 GetBucketAcl", errorMessage=message), start=start))


def test_the_same_call_refused_in_another_way_is_excluded_with_it_and_told() -> None:
    found, refused_ones = found_in(*noise(*same_call_otherwise_refused(START + 7 * HOUR)[:1]))
    (acl,) = (call for call in found[0].calls if call.call == "GetBucketAcl")
    assert [(len(call.groups), len(call.noisy)) for call in found[0].calls] == [(2, 1), (1, 1), (1, 1), (1, 1)]
    assert (acl.matched, [group.count for group in acl.groups]) == (193, [192, 1])
    assert acl.noisy == acl.groups[:1]
    assert not refused_ones


def test_it_is_not_excluded_where_that_began_lately() -> None:
    read = read_of(noise(*same_call_otherwise_refused(END - HOUR)), PROFILE)
    found, not_proposed = candidates(groups(read, PROFILE), read, alarm_of(PROFILE))
    assert "GetBucketAcl" not in names(found)["scanner"]
    assert [(each.group.key.call, each.group.count, each.code) for each in not_proposed] == [
        ("GetBucketAcl", 192, "new")
    ]
    assert not_proposed[0].why == (
        "An exclusion would also exclude the same call refused in another way. "
        "First seen in the last quarter of the time that was read. So it is not known to be ordinary."
    )


def test_the_most_important_reason_of_several_is_told() -> None:
    def otherwise(number: int, **changes: Any) -> list[Refused]:
        message = f"is not authorized with an explicit deny in a service control policy: arn:aws:p/{number}"
        return every(DAY, refused(SCANNER, "s3 GetBucketAcl", errorMessage=message, **changes), start=END - HOUR)

    others = [
        *otherwise(1),
        *otherwise(2, readOnly=False),
        *otherwise(3, readOnly=None),
        *otherwise(4, sessionCredentialFromConsole="true"),
    ]
    _, refused_ones = found_in(*noise(*others))
    assert refused_ones == {("scanner", what.split()[1]): "person" for what in SCANNED}
    _, refused_ones = found_in(*noise(*others[:-1]))
    assert refused_ones == {("scanner", "GetBucketAcl"): "changes"}


def test_the_caller_s_other_calls_are_excluded_then() -> None:
    encoded = "You are not authorized to perform this operation. with an explicit deny in a service control policy"
    late = Refused(END - HOUR, refused(SCANNER, "ec2 DescribeInstances", errorMessage=encoded))
    found, refused_ones = found_in(*noise(late))
    assert set(names(found)["scanner"]) == {"ListUsers", "ListKeys", "GetBucketAcl"}
    assert refused_ones == {("scanner", "DescribeInstances"): "new"}


def test_only_what_the_alarms_own_pattern_matches_is_noise() -> None:
    read = read_of(noise(), PROFILE)
    for cell in read.tally.cells.values():
        cell.seen_by <<= 1
    found, alarm = groups(read, PROFILE), alarm_of(PROFILE)
    assert candidates(found, read, alarm) == ((), ())
    second = replace(alarm, feeds=(Feed(1, 1.0, None),))
    assert len(candidates(found, read, second)[0]) == 2


def test_a_call_of_the_same_sessions_that_is_told_by_another_field_is_excluded_with_it() -> None:
    without_issuer = {key: value for key, value in SCANNER.items() if key != "sessionContext"}
    both = [*every(HOUR, refused(SCANNER, "s3 GetBucketAcl")), *every(HOUR, refused(without_issuer, "s3 GetBucketAcl"))]
    found, _ = found_in(*both)
    by_sessions = next(each for each in found if each.caller.value.endswith("/*"))
    by_issuer = next(each for each in found if not each.caller.value.endswith("/*"))
    assert len(by_sessions.groups) == 2
    assert len(by_issuer.groups) == 1
    assert all(by_sessions.pattern.matches(group.details.example or {}) for group in by_sessions.groups)


def test_so_is_one_whose_event_is_escaped_in_another_way() -> None:
    without_issuer = {key: value for key, value in SCANNER.items() if key != "sessionContext"}
    both = [*every(HOUR, refused(SCANNER, "s3 GetBucketAcl")), *every(HOUR, refused(without_issuer, "s3 GetBucketAcl"))]
    read = read_of(both, PROFILE)
    for details in read.tally.details.values():
        details.logged = details.logged.replace("/", "\\/")
    found, _ = candidates(groups(read, PROFILE), read, alarm_of(PROFILE))
    assert sorted(len(each.groups) for each in found) == [1, 2]


def test_so_is_one_of_which_no_example_is_kept() -> None:
    long: dict[str, Any] = {"requestParameters": {"bucketName": "x" * 6_000}}
    without_issuer = {key: value for key, value in SCANNER.items() if key != "sessionContext"}
    others = [role("another"), CONFIG]
    both = [
        *every(HOUR, refused(without_issuer, "s3 GetBucketAcl")),
        *(call for who in (SCANNER, *others) for call in every(HOUR, refused(who, "s3 GetBucketAcl", **long))),
    ]
    found = {each.caller.value: [group.key.caller.name for group in each.groups] for each in found_in(*both)[0]}
    assert found == {
        f"arn:aws:sts::{ACCOUNT}:assumed-role/scanner/*": ["scanner"] * 2,
        f"arn:aws:iam::{ACCOUNT}:role/scanner": ["scanner"],
        f"arn:aws:iam::{ACCOUNT}:role/another": ["another"],
        "config.amazonaws.com": ["config.amazonaws.com"],
    }


def test_of_a_caller_with_calls_that_are_not_told_apart_nothing_is_excluded() -> None:
    read = read_of(noise(*every(HOUR, refused(SCANNER, "kms Decrypt"))), PROFILE)
    read.tally.in_others.add(ROLE._replace(path=ARN, value="another field tells it"))
    found, not_proposed = candidates(groups(read, PROFILE), read, alarm_of(PROFILE))
    assert set(names(found)) == {"config.amazonaws.com"}
    assert {(each.group.key.call, each.code, each.why) for each in not_proposed} == {
        ("Decrypt", "secrets", WHY["secrets"]),
        *(
            (
                what.split()[1],
                "unnamed",
                "Only 20,000 groups are told apart. It is not known what else this caller was refused.",
            )
            for what in SCANNED
        ),
    }


def test_the_callers_with_the_most_calls_are_looked_at() -> None:
    many = [
        call
        for number in range(52)
        for call in every(HOUR, refused(role(f"role-{number}"), "s3 ListBuckets"), start=START + number * HOUR)
    ]
    found, refused_ones = found_in(*many)
    assert len(found) == 50
    assert refused_ones == {("role-50", "ListBuckets"): "no-time", ("role-51", "ListBuckets"): "no-time"}


def test_the_reason_names_no_caller_but_a_service() -> None:
    found, _ = found_in(*noise(), *every(DAY, refused(SCANNER, "s3 GetBucketAcl")))
    assert [each.reason for each in found] == [
        "Review: 776 refused calls of a role on 8 days: s3.amazonaws.com GetBucketAcl and 3 more",
        "Review: 192 refused calls of config.amazonaws.com on 8 days: s3.amazonaws.com GetBucketPolicy",
    ]
    long = found[0].calls[0]._replace(call="x" * 300)
    assert len(found[0]._replace(calls=(long,)).reason) == 200


def test_a_call_that_two_trails_deliver_counts_once() -> None:
    read = read_of(noise(), PROFILE)
    for cell in list(read.tally.cells.values()):
        again = replace(cell, log_group="another", again=True)
        read.tally.cells[again.key, again.log_group, again.seen_by, again.again] = again
    found, refused_ones = candidates(groups(read, PROFILE), read, alarm_of(PROFILE))
    assert [each.matched for each in found] == [4 * 192, 192]
    assert refused_ones == ()


def test_calls_of_which_no_example_is_kept_are_those_of_their_caller() -> None:
    found, _ = found_in(*every(HOUR, refused(SCANNER, "s3 GetBucketAcl", requestParameters={"long": "x" * 5000})))
    (call,) = found[0].calls
    assert [group.details.example for group in call.groups] == [None]
    assert call.matched == 192


def test_the_days_of_the_calls_that_the_pattern_matches_are_counted() -> None:
    excused = every(HOUR, refused(CONFIG, "s3 ListBuckets", sourceIPAddress="delivery.logs.amazonaws.com"))
    one = [Refused(LATELY, refused(CONFIG, "s3 ListBuckets"))]
    assert found_in(*excused, *one) == ((), {})
    two = [*one, Refused(LATELY - 2 * DAY, refused(CONFIG, "s3 ListBuckets"))]
    assert names(found_in(*excused, *two)[0]) == {"config.amazonaws.com": {"ListBuckets": 2}}


def test_why_is_kept_with_the_code() -> None:
    read = read_of(every(HOUR, refused(SCANNER, "kms Decrypt")), PROFILE)
    found = groups(read, PROFILE)
    _, not_proposed = candidates(found, read, alarm_of(PROFILE))
    assert not_proposed == (NotProposed(found[0], "secrets", "The call hands out credentials, secrets or data."),)


HOSTILE = {
    "a quote in the path": ('role/x"y/scanner', {"unnamed"}),
    "a backslash in the path": ("role/x\\y/scanner", {"unnamed"}),
    "a star for the name": ("role/*", set[str]()),
    "a star for the path": ("role/*/scanner", set[str]()),
    "only a star": ("*", set[str]()),
}


@pytest.mark.parametrize(("ending", "codes"), HOSTILE.values(), ids=HOSTILE)
def test_no_name_widens_a_pattern(ending: str, codes: set[str]) -> None:
    """A role whose ARN is not one that IAM gives is named by its sessions, or not at all."""
    hostile = role("hostile")
    hostile["sessionContext"]["sessionIssuer"]["arn"] = f"arn:aws:iam::{ACCOUNT}:{ending}"
    found, refused_ones = found_in(*every(HOUR, refused(hostile, "s3 ListBuckets")))
    assert set(refused_ones.values()) == codes
    assert len(found) == 1 - len(codes)
    for candidate in found:
        assert candidate.pattern == parse(candidate.pattern.text)
        assert candidate.pattern.matches(refused(hostile, "s3 ListBuckets"))
        assert not candidate.pattern.matches(refused(SCANNER, "s3 ListBuckets"))

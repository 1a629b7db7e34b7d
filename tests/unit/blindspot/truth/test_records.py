"""What a filter misses is a call that CloudTrail would write; what is proven holds for all that it might write."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.explain import explain
from blindspot.model import profile
from blindspot.model.cloudtrail_events import records
from blindspot.model.cloudtrail_laws import invariants, unlikely
from blindspot.verdict.assessment import RegionAssessment, Verdict, assess
from filter_pattern import (
    And,
    Empty,
    Found,
    Not,
    Or,
    Predicate,
    Proofs,
    parse,
    unseen,
)
from tests.builders import CIS, a_compliant_snapshot, a_filter

C, N, I = Verdict.COMPLIANT, Verdict.NON_COMPLIANT, Verdict.INDETERMINATE  # noqa: E741 (as in a table)
EITHER = CIS[2:-2]

BUCKET, FUNCTION = "$.requestParameters.bucketName", "$.requestParameters.functionName"
PARAMETER = "$.requestParameters.name"
NAME = "$.userIdentity.sessionContext.sessionIssuer.userName"
ARN = "$.userIdentity.sessionContext.sessionIssuer.arn"

# The filter's exclusions, what the profile calls benign, the verdict, and words of what explains it.
CASES: dict[str, tuple[str, tuple[str, ...], Verdict, str]] = {
    "a parameter of any service": (
        f'({EITHER}) && ({BUCKET} NOT EXISTS || {BUCKET} != "assets")',
        (f'{BUCKET} = "assets"',),
        I,
        "event.parameter: If a call had a requestParameters.bucketName that is not text, nobody would be alerted.",
    ),
    "a parameter that one service has": (
        f"({EITHER}) && ({FUNCTION} NOT EXISTS || {FUNCTION} != nightly)",
        (f"{FUNCTION} = nightly",),
        I,
        "event.parameter: If a call had a requestParameters.functionName that is not text, nobody would be alerted.",
    ),
    "a parameter of a named service": (
        f'({EITHER}) && ($.eventSource != "s3.amazonaws.com" || {BUCKET} NOT EXISTS || {BUCKET} != "assets")',
        (f'{BUCKET} = "assets"',),
        C,
        "",
    ),
    "a parameter of digits, of a named service": (
        f'({EITHER}) && ($.eventSource != "s3.amazonaws.com" || {BUCKET} NOT EXISTS || {BUCKET} != "12")',
        (f'{BUCKET} = "12"',),
        C,
        "",
    ),
    "a parameter that no model knows": (
        f'({EITHER}) && ($.requestParameters.madeUp NOT EXISTS || $.requestParameters.madeUp != "assets")',
        ('$.requestParameters.madeUp = "assets"',),
        N,
        "secretsmanager.amazonaws.com GetSecretValue",
    ),
    "a role by its name": (
        f"({EITHER}) && ($.userIdentity.type != AssumedRole || {NAME} != scanner)",
        (f"{NAME} = scanner",),
        C,
        "",
    ),
    "a role by its name, if it is an issuer": (
        f"({EITHER}) && ($.userIdentity.sessionContext.sessionIssuer.type != Role || {NAME} != scanner)",
        (f"{NAME} = scanner",),
        N,
        "s3.amazonaws.com PutBucketPolicy",  # a user has no issuer
    ),
    "a user by name": (
        f"({EITHER}) && ($.userIdentity.type != IAMUser || $.userIdentity.userName != bob)",
        ("$.userIdentity.userName = bob",),
        C,
        "",
    ),
    "a role by its ARN": (
        f"({EITHER}) && ($.userIdentity.type != AssumedRole || {ARN} != scanner)",
        (f"{ARN} = scanner",),
        I,
        "event.unlikely: If a call had a caller whose role had no arn,",
    ),
    "root by its ARN": (
        f'({EITHER}) && ($.userIdentity.type != Root || $.userIdentity.arn != "*:root")',
        ('$.userIdentity.arn = "*:root"',),
        I,
        "event.unlikely: If a call had a caller of type Root without arn,",
    ),
    "codes that no service sends": (
        '$.errorCode != "Throttling*"',
        (),
        I,
        "event.code: If a service sent the error code ThrottlingUnauthorizedOperation,",
    ),
    "a word in the middle of a code": (
        f'({EITHER}) && $.errorCode != "*NotFound*"',
        (),
        I,
        "event.code: If a service sent the error code AccessDeniedNotFound,",
    ),
    "a code that a service sends": (f'({EITHER}) && $.errorCode != "*Fault"', (), N, "AccessDeniedFault"),
    "a code that a pattern writes down": (
        f"({EITHER}) && $.errorCode != AccessDeniedTwice",
        (),
        N,
        "AccessDeniedTwice",
    ),
    "a list of codes": (
        " || ".join(
            f"$.errorCode = {code}"
            for code in (
                *("AccessDenied", "AccessDeniedException", "AccessDeniedFault", "AccessDeniedForDependencyException"),
                *("AccessDeniedByMetaException", "UnauthorizedOperation", "Client.UnauthorizedOperation"),
            )
        ),
        (),
        N,
        "AccessDeniedTenant",
    ),
    "a list of the usual codes": (
        " || ".join(
            f"$.errorCode = {code}"
            for code in (
                "UnauthorizedOperation",
                "Client.UnauthorizedOperation",
                "AccessDenied",
                "AccessDeniedException",
            )
        ),
        (),
        N,
        "dms.amazonaws.com AddTagsToResource AccessDeniedFault",
    ),
    "a code of two services": (
        f"({EITHER}) && $.errorCode != AccessDeniedForDependencyException",
        (),
        N,
        "organizations.amazonaws.com AcceptHandshake AccessDeniedForDependencyException",
    ),
    "EC2's codes": (
        f"({EITHER}) && $.errorCode != Client.UnauthorizedOperation",
        (),
        N,
        "ec2.amazonaws.com RunInstances Client.UnauthorizedOperation",
    ),
    "S3 with EC2's code": (
        f'({EITHER}) && ($.eventSource != "s3.amazonaws.com" || $.errorCode != "Client.UnauthorizedOperation")',
        (),
        I,
        "event.code: If s3.amazonaws.com sent the error code Client.UnauthorizedOperation,",
    ),
    "S3 with its own code": (
        f'({EITHER}) && ($.eventSource != "s3.amazonaws.com" || $.errorCode != "AccessDenied")',
        (),
        N,
        "s3.amazonaws.com PutBucketPolicy AccessDenied",
    ),
    "S3 with a code that any service may send": (
        f'({EITHER}) && ($.eventSource != "s3.amazonaws.com" || $.errorCode != "AccessDeniedException")',
        (),
        N,
        "s3.amazonaws.com PutBucketPolicy AccessDeniedException",
    ),
    "a code of a service that nobody need see": (
        f"({EITHER}) && $.errorCode != AccessDeniedFault",
        ("$.eventSource = dms.amazonaws.com",),
        I,
        "event.code: If secretsmanager.amazonaws.com sent the error code AccessDeniedFault,",
    ),
    "a code of an unknown service": (
        f'({EITHER}) && ($.eventSource != "madeup.amazonaws.com" || $.errorCode != "AccessDeniedFault")',
        (),
        N,
        "madeup.amazonaws.com GetSecretValue AccessDeniedFault",
    ),
    "a parameter that is an object in one service": (
        f'({EITHER}) && ($.eventSource = "s3.amazonaws.com" || {PARAMETER} NOT EXISTS || {PARAMETER} != "x")',
        (f'{PARAMETER} = "x"',),
        N,
        "identitystore.amazonaws.com CreateGroup AccessDeniedException",
    ),
    "a parameter that is an object in one service, without that": (
        f'({EITHER}) && ($.eventSource = "s3*" || $.eventSource = "id*" || {PARAMETER} NOT EXISTS || {PARAMETER} != x)',
        (f'{PARAMETER} = "x"',),
        I,
        "event.parameter: If a call had a requestParameters.name that is not text, nobody would be alerted.",
    ),
    "an operation of another service": (
        f'({EITHER}) && ($.eventName != "Decrypt" || $.eventSource != "s3.amazonaws.com")',
        (),
        I,
        "event.unlikely: If s3.amazonaws.com had an operation Decrypt,",
    ),
    "an operation that no model knows": (
        f'({EITHER}) && ($.eventName != "MadeUp" || $.eventSource != "s3.amazonaws.com")',
        (),
        N,
        "s3.amazonaws.com MadeUp",
    ),
    "an operation of an unknown service": (
        f'({EITHER}) && ($.eventName != "Decrypt" || $.eventSource != "madeup.amazonaws.com")',
        (),
        N,
        "madeup.amazonaws.com Decrypt",
    ),
}


def judged(excluding: str, benign: tuple[str, ...]) -> RegionAssessment:
    snapshot = a_compliant_snapshot(filters=(a_filter(f"{{ {excluding} }}"),))
    chosen = profile.load("security-hub-cloudwatch-2", {"benign": [f"{{ {one} }}" for one in benign]})
    return assess(snapshot, chosen).regions[0]


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_rests_on_possible_events_and_tells_credible_ones(name: str) -> None:
    excluding, benign, verdict, words = CASES[name]
    region = judged(excluding, benign)
    assert region.verdict is verdict
    assert (region.blind_spot is None) is (verdict is C)
    if verdict is N:
        event = region.blind_spot or {}
        assert words in f"{event['eventSource']} {event['eventName']} {event['errorCode']}"
        assert not region.doubts
    if verdict is I:
        (doubt,) = region.doubts
        assert f"{doubt.code}: {doubt.message}".startswith(words)
        assert doubt.resource.endswith(":metric-filter:unauthorized")
        assert not region.gaps


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        (
            "a parameter of any service",
            'Name the service in the exclusion too, as in ($.eventSource != "s3.amazonaws.com" || ...).',
        ),
        (
            "a parameter that one service has",
            '"lambda.amazonaws.com" || ...). glue.amazonaws.com has a functionName as well.',
        ),
        (
            "S3 with EC2's code",
            "or name a service in it that sends the code, such as ec2.amazonaws.com.",
        ),
        ("a word in the middle of a code", "Exclude error codes by their full names, without *."),
    ],
)
def test_the_doubt_says_what_settles_it(name: str, fix: str) -> None:
    excluding, benign, _, _ = CASES[name]
    (doubt,) = judged(excluding, benign).doubts
    assert doubt.fix.endswith(fix)


@pytest.mark.parametrize("name", CASES)
def test_explain_agrees(name: str) -> None:
    excluding, benign, verdict, words = CASES[name]
    chosen = profile.load("security-hub-cloudwatch-2", {"benign": [f"{{ {one} }}" for one in benign]})
    answer = explain([parse(f"{{ {excluding} }}")], chosen, simplify=False)
    assert answer["covers"] is {C: True, N: False, I: None}[verdict]
    if verdict is I:
        assert words.partition(": ")[2].partition(",")[0] in answer["undecided"]


# An exclusion, and the call that is shown: one that its author did not mean to leave out, if there is one.
SHOWN = {
    '$.userIdentity.arn != "*ci-deployer*"': "AWSService sts AssumeRole from cloudformation.amazonaws.com",
    '($.userIdentity.arn NOT EXISTS || $.userIdentity.arn != "*:user/bob")': (
        "IAMUser arn:aws:iam::123456789012:user/bob secretsmanager GetSecretValue from 198.51.100.7"
    ),
    '($.eventName != "Decrypt" || $.userIdentity.invokedBy != "config.amazonaws.com")': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session kms Decrypt from 198.51.100.7"
    ),
    '$.eventName != "Decrypt" && $.userIdentity.arn != "*ci-deployer*"': (
        "AWSService sts AssumeRole from cloudformation.amazonaws.com"
    ),
    '$.eventName != "Decrypt" && $.eventName != "HeadBucket"': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session kms Decrypt from 198.51.100.7"
    ),
    '($.eventSource != "s3.amazonaws.com" || $.eventName != "HeadBucket" || $.userIdentity.invokedBy != "a")'
    ' && ($.eventSource != "athena.amazonaws.com" || $.eventName != "GetWorkGroup")': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session s3 HeadBucket from 198.51.100.7"
    ),
    '$.sourceIPAddress != "10.*"': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session secretsmanager GetSecretValue"
        " from 10.0.0.7"
    ),
    '($.eventSource != "kms.amazonaws.com" || $.userIdentity.type != AssumedRole)': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session kms Decrypt from 198.51.100.7"
    ),
    '$.eventName != "GetObject"': (
        "AssumedRole arn:aws:sts::123456789012:assumed-role/developer/session s3 GetObject from 198.51.100.7"
    ),
    '$.eventName != "PutBucket*"': (
        "IAMUser arn:aws:iam::123456789012:user/mallory s3 PutBucketPolicy from 198.51.100.7"
    ),
}


def summarized(event: Mapping[str, Any]) -> str:
    identity = event["userIdentity"]
    who = [identity["type"], identity.get("arn"), event["eventSource"].removesuffix(".amazonaws.com")]
    return " ".join([*filter(None, who), event["eventName"], "from", event["sourceIPAddress"]])


@pytest.mark.parametrize("excluding", SHOWN)
def test_the_call_that_is_shown_could_be_one_of_cloudtrails(excluding: str) -> None:
    event = judged(f"({EITHER}) && {excluding}", ()).blind_spot
    assert event is not None
    assert summarized(event) == SHOWN[excluding]
    assert unlikely(event, parse(CIS)) == ()


ANYWHERE = records(account="123456789012", region="eu-west-1")

clauses = st.sampled_from(
    [
        f'$.eventName != "{name}"'
        for name in ("Decrypt", "Get*", "*Object", "HeadBucket", "MadeUp", "List*", "GetSecretValue")
    ]
    + [f'$.eventSource != "{name}.amazonaws.com"' for name in ("s3", "kms", "sts", "madeup", "athena")]
    + [f'$.eventSource != "{name}"' for name in ("s3*", "*", "*kms*")]
    + [f'$.errorCode != "{name}"' for name in ("AccessDenied", "Client.*", "*NotFound*", "Throttling*", "*Exception")]
    + [f"$.userIdentity.type != {name}" for name in ("Root", "IAMUser", "AssumedRole", "AWSService", "AWSAccount")]
    + [
        f"$.userIdentity.{field} {test}"
        for field in (
            "arn",
            "userName",
            "principalId",
            "invokedBy",
            "accountId",
            "sessionContext.sessionIssuer.userName",
        )
        for test in ('!= "*ci*"', '!= "bob"', "NOT EXISTS", '= "x*"')
    ]
    + [f'$.sourceIPAddress != "{name}"' for name in ("10.*", "*.amazonaws.com", "AWS Internal", "198.51.100.7")]
    + [
        f"$.requestParameters.{field} {test}"
        for field in ("bucketName", "secretId", "maxResults", "madeUp", "tags")
        for test in ('!= "x"', "NOT EXISTS", "!= 5", '= "a*"')
    ]
)
exclusions = st.lists(
    st.lists(clauses, min_size=1, max_size=3).map(lambda parts: "(" + " || ".join(parts) + ")"), min_size=1, max_size=3
).map(lambda parts: f"{{ ({EITHER}) && {' && '.join(parts)} }}")


@settings(max_examples=150)
@given(exclusions)
def test_a_blind_spot_is_credible_and_what_is_proven_of_all_is_proven_of_it(text: str) -> None:
    pattern = parse(text)
    region = judged(text[2:-2], ())
    question = And(parse(CIS), Not(pattern))
    if region.blind_spot is not None:
        assert not pattern.matches(region.blind_spot)
        assert all(law.matches(region.blind_spot) for law in invariants(question))
    if region.verdict is N:
        assert region.blind_spot is not None
        assert unlikely(region.blind_spot, And(parse(CIS), pattern)) == ()
    assert (region.verdict is C) is isinstance(unseen(parse(CIS), [pattern], ANYWHERE), Empty)


def test_five_guarded_exclusions_over_ten_services_take_few_steps() -> None:
    services = ("s3", "kms", "sts", "ecr", "glue", "ecs", "sqs", "sns", "rds", "ec2")
    named = " && ".join(f'$.eventSource != "{service}.amazonaws.com"' for service in services[5:])
    guarded = " && ".join(
        f'($.eventSource != "{service}.amazonaws.com" || $.userIdentity.type != AssumedRole || {NAME} != "{name}")'
        for service, name in zip(services, ("a", "b", "c", "d", "e"), strict=False)
    )
    narrow = parse(f"{{ ({EITHER}) && {guarded} }}")
    wide = parse(f"{{ ({EITHER}) && {guarded} && ({named} || $.readOnly IS TRUE) }}")
    benign: Predicate = Or(*(parse(f"{{ {NAME} = {name} }}") for name in "abcde"))
    for pattern, expected in ((narrow, Empty), (wide, Found)):
        proofs = Proofs()
        before = proofs.left
        assert isinstance(proofs.unseen(And(parse(CIS), Not(benign)), [pattern], ANYWHERE), expected)
        assert before - proofs.left < 50_000

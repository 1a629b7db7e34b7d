"""Examples are of what the question names, and what was put together is mended as far as it may be."""

from typing import Any

import pytest

from blindspot.model.cloudtrail_calls import BUCKET, call, in_account, role, service, user
from blindspot.model.cloudtrail_examples import MOST_EXCLUSIONS, Recorded
from blindspot.model.cloudtrail_laws import unlikely
from filter_pattern import ALWAYS, And, Atom, Equals, Event, parse

KNOWN = Recorded("123456789012", "eu-west-1")
CALL = in_account(call("kms", "Decrypt", role("developer"), error="AccessDeniedException"), *KNOWN)


def calls(pattern: str) -> list[tuple[object, ...]]:
    """The calls of the samples, without those that are there for every question."""
    always = list(KNOWN.samples(ALWAYS))
    samples = [event for event in KNOWN.samples(parse(f"{{ {pattern} }}")) if event not in always]
    return [(one["eventSource"], one["eventName"], one["errorCode"], one["requestParameters"]) for one in samples]


S3, ATHENA, SECRETS = "s3.amazonaws.com", "athena.amazonaws.com", "secretsmanager.amazonaws.com"
DENIED, REFUSED = "AccessDenied", "AccessDeniedException"
ISSUER = "$.userIdentity.sessionContext.sessionIssuer.userName"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("$.eventName = GetRole", ("iam.amazonaws.com", "GetRole", DENIED, None)),
        ("$.eventName = PutBucketAcl", (S3, "PutBucketAcl", DENIED, BUCKET)),
        ("$.eventName = ListBuckets", (S3, "ListBuckets", DENIED, None)),
        (
            "$.eventSource = athena.amazonaws.com",
            ("athena.amazonaws.com", "BatchGetNamedQuery", "AccessDeniedException", None),
        ),
        ("$.requestParameters.secretId = a", (SECRETS, "GetSecretValue", REFUSED, {"secretId": "a"})),
        ("$.requestParameters.bucketName = a", (S3, "PutBucketPolicy", DENIED, {**BUCKET, "bucketName": "a"})),
        (
            "$.eventName = TagResource && $.eventSource = athena.amazonaws.com",
            (ATHENA, "TagResource", REFUSED, None),
        ),
    ],
)
def test_operations_services_and_parameters_that_are_named_are_called(pattern: str, expected: object) -> None:
    assert calls(pattern)[0] == expected


def test_the_example_of_a_service_is_an_operation_that_is_not_named() -> None:
    named = [name for _, name, _, _ in calls("$.eventSource = kms.amazonaws.com && $.eventName != Decrypt")]
    assert named[0] != "Decrypt"


@pytest.mark.parametrize(
    ("pattern", "arn"),
    [
        ('$.userIdentity.arn = "*:user/bob"', "arn:aws:iam::123456789012:user/bob"),
        ('$.userIdentity.arn = "*:assumed-role/ci/*"', "arn:aws:sts::123456789012:assumed-role/ci/session"),
        ('$.userIdentity.arn = "*ci-deployer*"', "arn:aws:iam::123456789012:user/ci-deployer"),
        ("$.userIdentity.userName = bob", "arn:aws:iam::123456789012:user/bob"),
        (
            "$.userIdentity.sessionContext.sessionIssuer.userName = ci",
            "arn:aws:sts::123456789012:assumed-role/ci/session",
        ),
    ],
)
def test_callers_that_are_named_call(pattern: str, arn: str) -> None:
    always = [event["userIdentity"] for event in KNOWN.samples(ALWAYS)]
    callers = [event["userIdentity"] for event in KNOWN.samples(parse(f"{{ {pattern} }}"))]
    named = [caller["arn"] for caller in callers if caller not in always and isinstance(caller, dict)]
    assert named[0] == arn


def test_what_an_exclusion_names_is_shown_last() -> None:
    first = next(iter(KNOWN.samples(ALWAYS)))
    others = list(KNOWN.samples(parse(f'{{ $.eventName != "{first["eventName"]}" }}')))
    assert others[0]["eventName"] != first["eventName"]
    assert others[-1]["eventName"] == first["eventName"]
    together = f'{{ $.eventName != "{first["eventName"]}" || $.eventSource != "madeup.amazonaws.com" }}'
    assert next(iter(KNOWN.samples(parse(together))))["eventName"] == first["eventName"]
    many = [Atom(("a",), Equals("b", negated=True))] * MOST_EXCLUSIONS
    unheard = list(KNOWN.samples(And(*many, Atom(("eventName",), Equals(str(first["eventName"]), negated=True)))))
    assert unheard[0]["eventName"] == first["eventName"]


def mended(event: Event, **wanted: Any) -> Event:
    """The event as it would be recorded, where these fields must stay."""
    return KNOWN.as_recorded(
        {**event, **wanted}, lambda one: all(one.get(name) == value for name, value in wanted.items())
    )


def test_a_service_is_found_for_an_operation_and_an_operation_for_a_service() -> None:
    assert mended(CALL, eventName="GetRole")["eventSource"] == "iam.amazonaws.com"
    assert mended(CALL, eventSource=S3)["eventName"] == "PutBucketPolicy"
    assert mended(CALL, eventSource=S3)["errorCode"] == DENIED
    assert mended(CALL, eventSource=S3)["readOnly"] is False
    assert mended(CALL, eventSource=S3)["errorMessage"] == "not authorized to perform: s3:PutBucketPolicy"
    assert mended(CALL, eventSource="madeup.amazonaws.com", eventName="X")["eventName"] == "X"
    assert mended(CALL, requestParameters={"bucketName": "a"})["eventSource"] == S3
    assert mended(CALL) == CALL
    of_s3 = mended({**CALL, "eventSource": S3, "requestParameters": BUCKET}, eventName="GetRole")
    assert (of_s3["eventSource"], of_s3["requestParameters"]) == ("iam.amazonaws.com", None)
    assert mended(CALL, requestParameters={"madeUp": "a"})["requestParameters"] == {"madeUp": "a"}
    assert mended({**CALL, "requestParameters": {"keyId": "a"}})["requestParameters"] == {"keyId": "a"}


def test_a_caller_is_whole() -> None:
    half = {**role("developer"), "arn": "X"}
    assert mended({**CALL, "userIdentity": half})["userIdentity"] == CALL["userIdentity"]
    assert mended(CALL, userIdentity=half)["userIdentity"] == half
    found = mended({**CALL, "userIdentity": {"type": "AWSService"}})
    assert found["userIdentity"] == service("cloudformation")
    found = mended({**CALL, "userIdentity": {"type": "IAMUser", "userName": "X"}})
    assert found["userIdentity"] == in_account({"userIdentity": user("mallory")}, *KNOWN)["userIdentity"]


def test_an_address_is_one() -> None:
    assert mended({**CALL, "sourceIPAddress": "X"})["sourceIPAddress"] == "198.51.100.7"
    assert mended({**CALL, "sourceIPAddress": "10.0.0.0"})["sourceIPAddress"] == "10.0.0.7"
    by_service = {**CALL, "userIdentity": service("cloudformation"), "sourceIPAddress": "X"}
    assert mended(by_service)["sourceIPAddress"] == "cloudformation.amazonaws.com"


def test_what_is_mended_is_credible() -> None:
    event = {**CALL, "eventName": "GetRole", "sourceIPAddress": "", "userIdentity": {"type": "Root", "arn": "X"}}
    assert unlikely(event, ALWAYS)
    assert unlikely(mended(event), ALWAYS) == ()

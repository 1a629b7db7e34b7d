"""Examples are of what the question names, and what was put together is mended as far as it may be."""

from typing import Any

import pytest

from blindspot.model.api_operations import operations_of
from blindspot.model.cloudtrail_calls import BUCKET, call, in_account, role, service, user
from blindspot.model.cloudtrail_examples import MOST_CALLS, MOST_EXCLUSIONS, MOST_SAMPLES, Recorded
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
        ("$.requestParameters.secretId NOT EXISTS", (SECRETS, "GetSecretValue", REFUSED, {"secretId": "example"})),
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
        ('$.userIdentity.arn = "*:assumed-role/ciX/*"', "arn:aws:sts::123456789012:assumed-role/ciX/session"),
        ("$.userIdentity.userName = ci_deployer", "arn:aws:iam::123456789012:user/ci_deployer"),
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


@pytest.mark.parametrize(
    "pattern",
    [
        "$.userIdentity.accessKeyId != x",
        "($.userIdentity.accessKeyId != x || $.vpcEndpointId != y)",
        "($.vpcEndpointId != x && $.vpcEndpointId != y) || $.errorCode != AccessDenied",
    ],
)
def test_what_has_no_such_field_is_not_what_an_exclusion_names(pattern: str) -> None:
    assert list(KNOWN.samples(parse(f"{{ {pattern} }}"))) == list(KNOWN.samples(ALWAYS))


def test_an_operation_is_shown_of_two_services_and_each_caller_calls() -> None:
    made = {source for source, name, *_ in calls("$.eventName = TagResource") if name == "TagResource"}
    assert made == {SECRETS, "kms.amazonaws.com"}
    made = {source for source, *_ in calls("$.requestParameters.functionName = a")}
    assert made == {"lambda.amazonaws.com", "glue.amazonaws.com"}
    made = {(source, name) for source, name, *_ in calls("$.requestParameters.keyId = a")}
    assert made == {("kms.amazonaws.com", "Decrypt"), ("ssm.amazonaws.com", "AddTagsToResource")}
    assert {name for _, name, *_ in calls("$.eventSource = athena.amazonaws.com")} == {"BatchGetNamedQuery"}


def test_a_call_that_names_no_bucket_is_shown_without() -> None:
    assert (S3, "ListBuckets", DENIED, None) in calls(
        "$.eventSource = s3.amazonaws.com && $.eventName = PutBucketPolicy"
    )


def test_so_many_are_made_and_no_more() -> None:
    users = " || ".join(f"$.userIdentity.userName = bob{number}" for number in range(10))
    assert len(calls(users)) == MOST_SAMPLES
    unknown = " || ".join(f"$.requestParameters.madeUp{number} = a" for number in range(MOST_CALLS))
    assert calls(f"{unknown} || $.requestParameters.secretId = a") == []
    names = " || ".join(f"$.eventName = {name}" for name in operations_of("athena.amazonaws.com")[:MOST_CALLS])
    made = {source for source, *_ in calls(f"{names} || $.eventSource = ssm.amazonaws.com")}
    assert ATHENA in made
    assert len(calls(names)) == MOST_SAMPLES
    unknown = " || ".join(f"$.eventName = MadeUp{number}" for number in range(MOST_CALLS))
    assert calls(f"{unknown} || $.eventName = GetRole") == []
    assert "ssm.amazonaws.com" not in made


@pytest.mark.parametrize("name", ["-", "_", "a*b", "*"])
def test_what_is_no_name_is_nobodys(name: str) -> None:
    assert list(KNOWN.samples(parse(f'{{ $.userIdentity.userName = "{name}" }}'))) == list(KNOWN.samples(ALWAYS))


def test_what_must_be_there_is_no_exclusion() -> None:
    first = next(iter(KNOWN.samples(parse("{ $.eventName = Decrypt }"))))
    assert first["eventName"] == "GetSecretValue"
    first = next(iter(KNOWN.samples(parse("{ $.userIdentity.arn NOT EXISTS }"))))
    assert first["userIdentity"] == service("cloudformation")


def mended(event: Event, **wanted: Any) -> Event:
    """The event as it would be recorded, where these fields must stay."""
    return KNOWN.as_recorded(
        {**event, **wanted}, lambda one: all(one.get(name) == value for name, value in wanted.items())
    )


def test_a_service_is_found_for_an_operation_and_an_operation_for_a_service() -> None:
    assert mended(CALL, eventName="GetRole")["eventSource"] == "iam.amazonaws.com"
    creates = mended(CALL, eventName="CreateRole")
    assert creates["readOnly"] is False
    assert creates.keys() == CALL.keys()
    lists = mended({**CALL, "requestParameters": {"keyId": "a"}}, eventSource=S3, eventName="ListBuckets")
    assert lists["requestParameters"] is None
    assert mended(CALL, eventSource=S3)["eventName"] == "PutBucketPolicy"
    assert mended(CALL, eventSource=S3)["errorCode"] == DENIED
    assert mended(CALL, eventSource=S3)["readOnly"] is False
    assert mended(CALL, eventSource=S3)["errorMessage"] == "not authorized to perform: s3:PutBucketPolicy"
    assert mended(CALL, eventSource=ATHENA)["eventName"] == "BatchGetNamedQuery"
    assert mended(CALL, eventSource="madeup.amazonaws.com", eventName="X")["eventName"] == "X"
    assert mended(CALL, requestParameters={"bucketName": "a"})["eventSource"] == S3
    assert mended(CALL) == CALL
    of_s3 = mended({**CALL, "eventSource": S3, "requestParameters": BUCKET}, eventName="GetRole")
    assert (of_s3["eventSource"], of_s3["requestParameters"]) == ("iam.amazonaws.com", None)
    assert mended(CALL, requestParameters={"madeUp": "a"})["requestParameters"] == {"madeUp": "a"}
    assert mended({**CALL, "requestParameters": {"keyId": "a"}})["requestParameters"] == {"keyId": "a"}


def test_a_service_is_found_for_an_error_code_and_for_the_type_of_a_parameter() -> None:
    found = mended(CALL, errorCode="AccessDeniedFault")
    assert (found["eventSource"], found["eventName"]) == ("dms.amazonaws.com", "AddTagsToResource")
    assert found["errorMessage"] == "not authorized to perform: dms:AddTagsToResource"
    found = mended(CALL, errorCode="Client.UnauthorizedOperation")
    assert (found["eventSource"], found["eventName"]) == ("ec2.amazonaws.com", "RunInstances")
    found = mended(CALL, errorCode="AccessDeniedFault", eventSource="kms.amazonaws.com")
    assert found["eventName"] == "Decrypt"
    assert mended(CALL, requestParameters={"name": {}})["eventSource"] == "identitystore.amazonaws.com"
    of_s3 = {**CALL, "eventSource": S3}
    assert mended(of_s3, requestParameters={"name": "a"})["eventSource"] == SECRETS
    assert mended(of_s3, requestParameters={"name": None})["eventSource"] == SECRETS


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

"""The data are what the command writes from botocore's models, and what is asked of them."""

import json
import re
from pathlib import Path

import pytest

from blindspot.model.api_operations import (
    MOST_CODES,
    codes_that_fit,
    kinds_anywhere,
    kinds_in,
    operations_of,
    services_sending,
    services_speaking,
    services_taking,
    services_with,
)
from local import operations

S3, KMS = "s3.amazonaws.com", "kms.amazonaws.com"


def test_the_data_are_what_the_models_say() -> None:
    data = json.loads(operations.content())
    pinned = re.search(
        r"^botocore==(\S+)", (Path(operations.__file__).parents[1] / "requirements/test.txt").read_text(), re.MULTILINE
    )
    assert pinned
    if data["botocore"] != pinned[1]:
        pytest.skip(f"botocore {data['botocore']} is installed, not the locked {pinned[1]}")
    assert json.loads(operations.kept()) == data
    assert operations.TARGET.stat().st_size < 500_000


def test_services_are_named_as_cloudtrail_names_them() -> None:
    assert services_with("Decrypt") == (KMS,)
    assert "monitoring.amazonaws.com" in services_with("DescribeAlarms")
    assert "ses.amazonaws.com" in services_with("SendEmail")
    assert {KMS, "athena.amazonaws.com"} < set(services_with("TagResource"))
    assert services_with("MadeUp") == ()
    assert "Decrypt" in operations_of(KMS)
    assert operations_of("madeup.amazonaws.com") == ()


def test_parameters_have_the_names_and_types_of_cloudtrail() -> None:
    assert kinds_in(S3, "bucketName") == kinds_anywhere("bucketName") == frozenset({"string"})
    assert kinds_in(S3, "lifecycle") is None  # S3's others have names of their own
    assert kinds_in("ec2.amazonaws.com", "instanceIds") == frozenset({"object"})  # with "items"
    assert kinds_in("autoscaling.amazonaws.com", "instanceIds") == frozenset({"array"})
    assert kinds_anywhere("instanceIds") >= {"array", "object"}
    assert kinds_in(KMS, "plaintext") == frozenset()  # bytes: not documented
    assert kinds_anywhere("plaintext") == frozenset()
    assert kinds_in("iam.amazonaws.com", "policyDocument") == frozenset({"string"})
    assert kinds_anywhere("policyDocument") == frozenset()  # of some services JSON
    assert kinds_in(KMS, "madeUp") is None
    assert kinds_anywhere("madeUp") == frozenset()
    assert S3 in services_taking("bucketName")
    assert services_taking("secretId") == services_taking("secretId", "string") == ("secretsmanager.amazonaws.com",)
    assert services_taking("secretId", "object") == ()
    assert KMS in services_taking("plaintext", "object")  # bytes: may be anything
    assert services_taking("name", "object") == ("identitystore.amazonaws.com",)
    assert services_taking("madeUp") == ()


def test_codes_are_found_by_what_a_pattern_says() -> None:
    assert codes_that_fit("AccessDeniedFor*") == ("AccessDeniedForDependencyException",)
    assert "UnauthorizedOperation" in codes_that_fit("*UnauthorizedOperation")
    assert len(codes_that_fit("*Exception")) == MOST_CODES
    assert list(codes_that_fit("*Exception")) == sorted(codes_that_fit("*Exception"))


def test_codes_are_of_services_by_either_name_and_services_speak_protocols() -> None:
    assert services_sending("AccessDeniedFault") == ("dms.amazonaws.com",)
    assert "iam.amazonaws.com" in services_sending("NoSuchEntity")
    assert "iam.amazonaws.com" in services_sending("NoSuchEntityException")  # the name of its shape
    assert services_sending("MadeUp") == ()
    assert services_speaking("ec2") == ("ec2.amazonaws.com",)
    both = services_speaking("ec2", "query")
    assert {"ec2.amazonaws.com", "iam.amazonaws.com", "monitoring.amazonaws.com"} < {
        *both
    }  # the last speaks JSON as well
    assert S3 not in both
    assert KMS not in both

"""Selection criteria, by which filters and policies choose log events and log groups."""

import pytest

from blindspot.languages.selection_criteria import selects

FIELDS = {"@aws.account": "111122223333", "@aws.region": "eu-west-1", "LogGroupName": "trail"}


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (None, True),
        ('@aws.region = "eu-west-1"', True),
        ("@aws.region='us-east-1'", False),
        ('@aws.region != "us-east-1"', True),
        ('@aws.account IN ["999999999999", "111122223333"]', True),
        ("@aws.account not in ['111122223333']", False),
        ('LogGroupName NOT IN ["other", "another"]', True),
        ('LogGroupName NOT IN ["trail"]', False),
        ('@aws.region = "eu-west-1" AND @aws.account = "111122223333"', True),
        ('@aws.region = "us-east-1" or (@aws.region = "eu-west-1" and not @aws.account = "9")', True),
        ('@aws.region = "us-east-1" AND @data.source = "x"', False),
        ('@aws.region = "eu-west-1" OR @data.source = "x"', True),
        ('@data.source = "x"', None),
        ('@aws.region LIKE "eu-*"', None),
        ('@aws.region = "eu-west-1', None),
        ("", None),
    ],
)
def test_what_criteria_select(criteria: str | None, expected: bool | None) -> None:
    assert selects(criteria, FIELDS) is expected

"""Selection criteria, by which filters and policies choose log events and log groups."""

import pytest

from blindspot.languages.selection_criteria import selects
from blindspot.languages.three_valued import Truth

TRUE, FALSE, UNKNOWN = Truth

FIELDS = {"@aws.account": "111122223333", "@aws.region": "eu-west-1", "LogGroupName": "trail"}


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (None, TRUE),
        ('@aws.region = "eu-west-1"', TRUE),
        ("@aws.region='us-east-1'", FALSE),
        ('@aws.region != "us-east-1"', TRUE),
        ('@aws.account IN ["999999999999", "111122223333"]', TRUE),
        ("@aws.account not in ['111122223333']", FALSE),
        ('LogGroupName NOT IN ["other", "another"]', TRUE),
        ('LogGroupName NOT IN ["trail"]', FALSE),
        ('@aws.region = "eu-west-1" AND @aws.account = "111122223333"', TRUE),
        ('@aws.region = "us-east-1" or (@aws.region = "eu-west-1" and not @aws.account = "9")', TRUE),
        ('@aws.region = "us-east-1" AND @data.source = "x"', FALSE),
        ('@aws.region = "eu-west-1" OR @data.source = "x"', TRUE),
        ('@data.source = "x"', UNKNOWN),
        ('@aws.region LIKE "eu-*"', UNKNOWN),
        ('@aws.region = "eu-west-1', UNKNOWN),
        ("", UNKNOWN),
        ('LogGroupName = ""', FALSE),
        ('LogGroupName != ""', TRUE),
        ("LogGroupName IN []", FALSE),
        ("LogGroupName NOT IN []", TRUE),
        ('LOGGROUPNAME = "trail"', UNKNOWN),
        ('@aws.region = "EU-WEST-1"', FALSE),
        ('NOT @data.source = "x"', UNKNOWN),
        ('@data.source NOT IN ["x"]', UNKNOWN),
        ('@data.source = "x" OR @aws.region = "us-east-1"', UNKNOWN),
        ('@aws.region IN ["eu-west-1"', UNKNOWN),
        ("(" * 5_000, UNKNOWN),
        ("(" * 5_000 + '@aws.region = "eu-west-1"' + ")" * 5_000, TRUE),
        ('LogGroupName IN ["other" "trail"]', UNKNOWN),
        ("LogGroupName NOT IN [trail]", UNKNOWN),
        ('LogGroupName NOT IN ["other",]', UNKNOWN),
        ("LogGroupName IN [ \"other\" , 'trail' ]", TRUE),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_criteria_select(criteria: str | None, expected: Truth) -> None:
    assert selects(criteria, FIELDS) is expected

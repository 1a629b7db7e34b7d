"""Patterns that look at a record's text: what can be proven of them all the same."""

import pytest

from blindspot.model import cloudtrail_events
from filter_pattern import Empty, Found, Undecided, parse, unseen

REQUIRED = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')
RECORDS = cloudtrail_events.records(account="123456789012", region="eu-west-1")


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("?AccessDenied ?UnauthorizedOperation", Empty),  # the words stand in the text of every required event
        ("?Denied ?Unauthorized", Empty),
        ("%AccessDenied|UnauthorizedOperation%", Empty),
        ("eventName", Empty),  # a field that is always there
        ("", Empty),
        ("AccessDenied", Found),
        ("?AccessDenied ?UnauthorizedAccess", Found),
        ("AccessDenied UnauthorizedOperation", Found),
        ("?AccessDenied ?UnauthorizedOperation -HeadBucket", Found),  # the word can stand anywhere
        ("accessdenied", Found),
        ('"errorCode"', Undecided),
        ("[first, second]", Undecided),
        ('{ $.* = "AccessDenied*" || $.* = "*UnauthorizedOperation" }', Undecided),
        ('{ $.resources[*].accountId = "1" }', Found),
        ("{ $.requestParameters.items[0] = x }", Found),
        ('{ $.errorCode != "A*X" }', Undecided),
    ],
)
def test_what_a_pattern_misses(pattern: str, answer: type) -> None:
    filtering = parse(pattern)
    found = unseen(REQUIRED, [filtering], RECORDS)
    assert isinstance(found, answer)
    if isinstance(found, Found):
        assert REQUIRED.matches(found.event)
        assert not filtering.matches(found.event)

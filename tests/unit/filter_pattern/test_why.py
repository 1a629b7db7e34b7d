import pytest

from filter_pattern import parse, why_not

EVENT = {
    "errorCode": "AccessDeniedException",
    "eventName": "HeadBucket",
    "readOnly": True,
    "requestParameters": None,
    "userIdentity": {"type": "IAMUser"},
    "resources": [{"accountId": "1"}, {"accountId": "2"}],
    "count": 3,
}
NAME, RO, PARAMETERS, USER = "eventName", "readOnly", "requestParameters", "userIdentity.userName"
HEAD = '"HeadBucket"'
IS = 'this event has errorCode "AccessDeniedException"'


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ('$.errorCode = "AccessDenied"', f'matches only if errorCode is exactly "AccessDenied"; {IS}'),
        ('$.errorCode = "Exception"', f'matches only if errorCode is exactly "Exception"; {IS}'),
        ('$.errorCode = "Forbidden"', f'matches only if errorCode is exactly "Forbidden"; {IS}'),
        (
            '$.eventName != "Head*"',
            'matches only if eventName does not begin with "Head"; this event has eventName "HeadBucket"',
        ),
        ('$.errorCode = ""', f'matches only if errorCode is exactly ""; {IS}'),
        ('$.errorCode = "Client.*"', f'matches only if errorCode begins with "Client."; {IS}'),
        ('$.errorCode = "*Operation"', f'matches only if errorCode ends with "Operation"; {IS}'),
        ('$.errorCode = "*Fault*"', f'matches only if errorCode contains "Fault"; {IS}'),
        ('$.errorCode = "A*t"', f'matches only if errorCode fits "A*t"; {IS}'),
        ("$.errorCode = %Fault%", f"matches only if errorCode fits %Fault%; {IS}"),
        (
            '$.eventName != "HeadBucket"',
            'matches only if eventName is not "HeadBucket"; this event has eventName "HeadBucket"',
        ),
        ('$.errorCode != "Access*"', f'matches only if errorCode does not begin with "Access"; {IS}'),
        ('$.errorCode != "*Exception"', f'matches only if errorCode does not end with "Exception"; {IS}'),
        ('$.errorCode != "*Denied*"', f'matches only if errorCode does not contain "Denied"; {IS}'),
        ('$.errorCode != "A*Exception"', f'matches only if errorCode does not fit "A*Exception"; {IS}'),
        ("$.errorCode != %Denied%", f"matches only if errorCode does not fit %Denied%; {IS}"),
        ("$.errorCode != *", f"matches only if errorCode is not text or a number; {IS}"),
        ("$.userName = *", "matches only if userName is text or a number; this event has no userName"),
        (
            '$.userIdentity.userName != "x"',
            f'matches only if {USER} exists and is not "x"; this event has no {USER}',
        ),
        (
            '$.requestParameters != "x"',
            f'matches only if {PARAMETERS} is text or a number and is not "x"; this event has {PARAMETERS} null',
        ),
        ("$.errorCode NOT EXISTS", f"matches only if errorCode does not exist; {IS}"),
        ("$.readOnly IS FALSE", "matches only if readOnly is false; this event has readOnly true"),
        ("$.userIdentity IS NULL", "matches only if userIdentity is null; this event has userIdentity {...}"),
        ("$.resources = 1", "matches only if resources is the number 1; this event has resources [...]"),
        ("$.count != 3", "matches only if count is not the number 3; this event has count 3"),
        ("$.count > 3", "matches only if count > 3; this event has count 3"),
        ('$.resources[*].accountId = "3"', 'matches only if resources.*.accountId is exactly "3"'),
        (
            '$.resources[*].ARN = "3"',
            'matches only if resources.*.ARN is exactly "3"; this event has no resources.*.ARN',
        ),
        (
            '$.errorCode = "AccessDenied*" && $.eventName != "HeadBucket" && $.readOnly IS FALSE',
            f"matches only if {NAME} is not {HEAD} and {RO} is false; this event has {NAME} {HEAD} and {RO} true",
        ),
        (
            '$.errorCode = "A" && $.errorCode = "B*"',
            f'matches only if errorCode is exactly "A" and errorCode begins with "B"; {IS}',
        ),
        (
            '$.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied" || $.errorCode = "Other"',
            f'matches only if errorCode is exactly "AccessDenied"; {IS}',
        ),
        (
            '($.errorCode = "x" && $.eventName = "y") || $.errorCode = "z"',
            f'matches only if errorCode is exactly "z"; {IS}',
        ),
    ],
)
def test_the_sentence_names_what_the_event_lacks(pattern: str, sentence: str) -> None:
    assert why_not(parse(f"{{ {pattern} }}"), EVENT) == sentence


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("UnauthorizedOperation", 'matches only if the text of the event contains "UnauthorizedOperation"'),
        ("%Unauthorized$%", "matches only if the text of the event fits %Unauthorized$%"),
        ("[a, b]", "matches only if the text of the event fits [a, b]"),
        ("AccessDenied -HeadBucket", "does not match this event"),
    ],
)
def test_the_sentence_of_a_pattern_that_tests_the_text(pattern: str, sentence: str) -> None:
    assert why_not(parse(pattern), EVENT) == sentence

import pytest

from filter_pattern import parse, why_not

EVENT = {"errorCode": "AccessDeniedException", "eventName": "HeadBucket", "readOnly": True}


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        (
            '$.errorCode = "AccessDenied"',
            'asks errorCode to equal "AccessDenied", without what follows it in "AccessDeniedException"',
        ),
        (
            '$.errorCode = "Exception"',
            'asks errorCode to equal "Exception", without what stands before it in "AccessDeniedException"',
        ),
        ('$.errorCode = "Forbidden"', 'asks errorCode to equal "Forbidden"'),
        ('$.errorCode = "Client.*"', 'asks errorCode to begin with "Client."'),
        ('$.errorCode = "*Operation"', 'asks errorCode to end with "Operation"'),
        ('$.errorCode = "*Fault*"', 'asks errorCode to contain "Fault"'),
        ('$.errorCode = "A*t"', 'asks errorCode to fit "A*t"'),
        ('$.eventName != "Head*"', 'leaves out events whose eventName begins with "Head"'),
        ('$.userIdentity.userName != "x"', "compares userIdentity.userName, which the event does not have"),
        ("$.errorCode NOT EXISTS", "asks errorCode to be missing"),
        ("$.readOnly IS FALSE", "asks readOnly to be false"),
        (
            '$.errorCode = "AccessDenied*" && $.eventName != "HeadBucket" && $.readOnly IS FALSE',
            'leaves out events whose eventName equals "HeadBucket" and asks readOnly to be false',
        ),
        (
            '$.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied" || $.errorCode = "Other"',
            'asks errorCode to equal "AccessDenied", without what follows it in "AccessDeniedException"',
        ),
        (
            '($.errorCode = "x" && $.eventName = "y") || $.errorCode = "z"',
            'asks errorCode to equal "z"',
        ),
    ],
)
def test_the_sentence_names_what_the_event_lacks(pattern: str, sentence: str) -> None:
    assert why_not(parse(f"{{ {pattern} }}"), EVENT) == sentence

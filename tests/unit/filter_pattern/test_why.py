import pytest

from filter_pattern import And, Event, Or, Pattern, Predicate, excludes, parse, why_not

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


def said(predicate: Predicate, event: Event) -> str:
    miss = why_not(predicate, event)
    return " ".join([f"{miss.why}.", *miss.instead])


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
        ("$.errorCode = %Fault%", f"matches only if errorCode matches the regular expression %Fault%; {IS}"),
        (
            '$.eventName != "HeadBucket"',
            'matches only if eventName is not "HeadBucket"; this event has eventName "HeadBucket"',
        ),
        ('$.errorCode != "Access*"', f'matches only if errorCode does not begin with "Access"; {IS}'),
        ('$.errorCode != "*Exception"', f'matches only if errorCode does not end with "Exception"; {IS}'),
        ('$.errorCode != "*Denied*"', f'matches only if errorCode does not contain "Denied"; {IS}'),
        ('$.errorCode != "A*Exception"', f'matches only if errorCode does not fit "A*Exception"; {IS}'),
        ("$.errorCode != %Denied%", f"matches only if errorCode does not match the regular expression %Denied%; {IS}"),
        ("$.errorCode != *", f"matches only if errorCode is not text or a number; {IS}"),
        ("$.userName = *", "matches only if userName is text or a number; userName is missing"),
        (
            '$.userIdentity.userName != "x"',
            (
                f'matches only if {USER} is not "x"; {USER} is missing, and != is false for a missing field. To match '
                f'events without the field, write ($.{USER} NOT EXISTS || $.{USER} != "x")'
            ),
        ),
        (
            '$.requestParameters != "x"',
            (
                f'matches only if {PARAMETERS} is not "x"; this event has {PARAMETERS} null; '
                f"!= is documented only for text and numbers, and {PARAMETERS} is null"
            ),
        ),
        (
            '$.userIdentity != "x"',
            (
                'matches only if userIdentity is not "x"; this event has userIdentity {...}; '
                "!= is documented only for text and numbers, and userIdentity is an object"
            ),
        ),
        (
            '$.resources != "x"',
            (
                'matches only if resources is not "x"; this event has resources [...]; '
                "!= is documented only for text and numbers, and resources is an array"
            ),
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
            'matches only if resources.*.ARN is exactly "3"; resources.*.ARN is missing',
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
    assert said(parse(f"{{ {pattern} }}"), EVENT) == f"{sentence}."


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("UnauthorizedOperation", 'matches only if the text of the event contains "UnauthorizedOperation"'),
        ("%Unauthorized$%", "matches only if the text of the event matches the regular expression %Unauthorized$%"),
        ("[a, b]", "matches only if the text of the event has the fields [a, b], separated by spaces"),
        ("[a = x, ...]", 'matches only if the text of the event has the fields [a = "x", ...], separated by spaces'),
        (
            "AccessDenied -HeadBucket",
            (
                'matches only if the text of the event does not contain "HeadBucket"; '
                'this event has eventName "HeadBucket"'
            ),
        ),
        (
            "-IAM -Exception",
            (
                'matches only if the text of the event does not contain "IAM" and the text of the event does not '
                'contain "Exception"; this event has userIdentity.type "IAMUser" and errorCode "AccessDeniedException"'
            ),
        ),
        ("-accountId", 'matches only if the text of the event does not contain "accountId"'),
        (
            "-Bucket -x9",
            'matches only if the text of the event does not contain "Bucket"; this event has eventName "HeadBucket"',
        ),
        (
            "?Unauthorized ?Forbidden",
            (
                'matches only if the text of the event contains "Unauthorized" or the text of the event contains '
                '"Forbidden"'
            ),
        ),
        (
            'AccessDenied "not found"',
            (
                'matches only if the text of the event contains "not found"; all terms must occur. If one term '
                'is enough, write ?AccessDenied ?"not found"'
            ),
        ),
        (
            "AccessDenied and Unauthorized",
            (
                'matches only if the text of the event contains "and" and the text of the event contains '
                '"Unauthorized"; all terms must occur. If one term is enough, write ?AccessDenied ?Unauthorized'
            ),
        ),
        (
            "AccessDenied Unauthorized -zebra",
            'matches only if the text of the event contains "Unauthorized"',
        ),
        (
            "AccessDenied OR Unauthorized",
            (
                'matches only if the text of the event contains "OR" and the text of the event contains '
                '"Unauthorized"; all terms must occur. If one term is enough, write ?AccessDenied ?Unauthorized'
            ),
        ),
    ],
)
def test_the_sentence_of_a_pattern_that_tests_the_text(pattern: str, sentence: str) -> None:
    assert said(parse(pattern), EVENT) == f"{sentence}."


GONE = "userIdentity.arn is missing, and != is false for a missing field"
X_OR_Y = '$.errorCode = "A*" && $.eventName = "x" || $.errorCode = "A*" && $.eventName = "y"'
DECRYPT = {"errorCode": "AccessDenied", "eventName": "Decrypt", "readOnly": True, "userIdentity": {}, "sample": {}}


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        # The alternative of which most holds.
        (
            '$.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*" && $.userIdentity.arn != "*ci*"',
            f'userIdentity.arn does not contain "ci" (the closest of 2 alternatives); {GONE}.',
        ),
        (
            '$.errorCode = "AccessDenieds" || $.errorCode = "Access*" && $.userIdentity.arn != "*ci*"',
            f'userIdentity.arn does not contain "ci" (the closest of 2 alternatives); {GONE}.',
        ),
        (
            (
                '($.errorCode = "AccessDenied*" && $.readOnly IS FALSE && $.eventName = "x") || '
                '($.errorCode = "AccessDenied*" && $.readOnly IS FALSE && $.eventName = "Decrypt")'
            ),
            "readOnly is false (the closest of 2 alternatives); this event has readOnly true",
        ),
        (
            (
                '($.errorCode = "Access*" && $.readOnly IS TRUE && $.eventName = "x") || '
                '($.errorCode = "Access*" && $.eventName = "y")'
            ),
            'eventName is exactly "x" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            (
                '($.errorCode = "Access*" && $.eventName = "x" && $.readOnly IS FALSE) || '
                '($.errorCode = "Access*" && $.eventName = "y")'
            ),
            'eventName is exactly "y" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            '($.errorCode = "Access*" && $.eventName = "x") || ($.errorCode = "Access*" && $.eventName = "Decrypts")',
            'eventName is exactly "Decrypts" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            '($.errorCode = "Access*" && ($.eventName = "x" || $.eventName = "Decrypts")) || $.eventName = "Decrypts"',
            'eventName is exactly "Decrypts" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            (
                '($.errorCode = "Access*" && $.eventName = "Decrypts" && $.readOnly IS FALSE) || '
                '($.errorCode = "Access*" && $.eventName = "y")'
            ),
            'eventName is exactly "y" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            (
                '($.readOnly IS TRUE && ($.errorCode = "Access*" && $.eventName = "x" || $.errorCode = "z")) || '
                '($.readOnly IS TRUE && $.eventName = "Decrypts")'
            ),
            'eventName is exactly "x" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            (f'($.readOnly IS TRUE && ({X_OR_Y})) || ($.readOnly IS TRUE && $.eventName = "Decrypts")'),
            (
                'eventName is exactly "x" or eventName is exactly "y" (the closest of 2 alternatives); '
                'this event has eventName "Decrypt"'
            ),
        ),
        (
            (
                f"($.readOnly IS TRUE && ({X_OR_Y}))"
                ' || ($.readOnly IS TRUE && $.errorCode = "A*" && $.errorCode = "*d" && $.eventName = "z")'
            ),
            'eventName is exactly "z" (the closest of 2 alternatives); this event has eventName "Decrypt"',
        ),
        (
            (
                '($.readOnly IS TRUE && ($.eventName = "Decrypts" || $.eventName != "Decrypt")) || '
                '($.readOnly IS TRUE && $.errorCode = "AccessDeniedException")'
            ),
            (
                'eventName is exactly "Decrypts" or eventName is not "Decrypt" (the closest of 2 alternatives); '
                'this event has eventName "Decrypt"'
            ),
        ),
        (
            '($.eventName = "Decrypts" && $.readOnly IS FALSE) || ($.eventName = "y" && $.readOnly IS FALSE)',
            'eventName is exactly "Decrypts" and readOnly is false; this event has eventName "Decrypt" and readOnly',
        ),
        (
            (
                '($.errorCode NOT EXISTS && $.readOnly NOT EXISTS && $.eventName != "Decrypt") || '
                '($.errorCode != "A*" && $.eventName != "D*")'
            ),
            '(errorCode does not exist and readOnly does not exist and eventName is not "Decrypt") or (errorCode does',
        ),
        # An exclusion that holds does not make an alternative closer: it holds of nearly every event.
        (
            '$.errorCode = "AccessDeniedException" || ($.errorCode = "Other" && $.eventName != "a")',
            'errorCode is exactly "AccessDeniedException"; this event has errorCode "AccessDenied"',
        ),
        (
            '$.errorCode = "AccessDeniedException" || ($.errorCode = "Other" && $.x NOT EXISTS)',
            'errorCode is exactly "AccessDeniedException"; this event has errorCode "AccessDenied"',
        ),
        # Every part of an exclusion.
        (
            '$.eventName != "Decrypt" || $.userIdentity.arn != "x"',
            f'eventName is not "Decrypt" or userIdentity.arn is not "x"; this event has eventName "Decrypt"; {GONE}.',
        ),
        (
            '$.eventName != "Decrypt" || ($.userIdentity.arn != "x" && $.readOnly IS FALSE)',
            'eventName is not "Decrypt" or (userIdentity.arn is not "x" and readOnly is false); this event has',
        ),
        (
            '$.eventName != "Decrypt" || ($.userIdentity.arn != "x" && $.errorCode NOT EXISTS)',
            (
                'eventName is not "Decrypt" or (userIdentity.arn is not "x" and errorCode does not exist); '
                f'this event has eventName "Decrypt" and errorCode "AccessDenied"; {GONE}.'
            ),
        ),
        (
            '($.eventName != "Decrypt" || $.readOnly IS FALSE) && $.errorCode NOT EXISTS',
            '(eventName is not "Decrypt" or readOnly is false) and errorCode does not exist; this event has eventName',
        ),
        (
            '($.eventName != "Decrypt" || $.errorCode != "A*") && $.readOnly IS FALSE',
            (
                '(eventName is not "Decrypt" or errorCode does not begin with "A") and readOnly is false; '
                'this event has eventName "Decrypt" and errorCode "AccessDenied" and readOnly true'
            ),
        ),
        # An exclusion beside what is asked for.
        (
            '$.errorCode = "AccessDeniedException" || $.eventName != "Decrypt"',
            (
                'errorCode is exactly "AccessDeniedException" or eventName is not "Decrypt"; '
                'this event has errorCode "AccessDenied" and eventName "Decrypt"'
            ),
        ),
        # Alternatives that are all equally far.
        (
            '$.eventName = "A" || $.eventName = "B"',
            'eventName is exactly "A" or eventName is exactly "B"; this event has eventName "Decrypt"',
        ),
        (
            '$.eventName = "A" || $.eventName = "B" || $.eventName = "Decrypts"',
            'eventName is exactly "Decrypts"; this event has eventName "Decrypt"',
        ),
        (
            '$.eventName = "A" || $.eventName = "B" || $.eventName = "C" || $.eventName = "D"',
            (
                'eventName is exactly "A" or eventName is exactly "B" or eventName is exactly "C" (3 of 4 alternatives)'
                '; this event has eventName "Decrypt"'
            ),
        ),
        (
            '$.eventName = "A" || $.eventName = "Decrypts" || $.eventName = "C" || $.eventName = "D"',
            'eventName is exactly "Decrypts" (the closest of 4 alternatives); this event has eventName "Decrypt"',
        ),
        (
            f'$.errorCode = "AccessDenied{"x" * 20}" || $.errorCode = "AccessDenies"',
            'errorCode is exactly "AccessDenies"; this event has errorCode "AccessDenied"',
        ),
        (
            '$.readOnly IS FALSE || $.errorCode = "AccessDeniedException"',
            'errorCode is exactly "AccessDeniedException"; this event has errorCode "AccessDenied"',
        ),
        (
            '$.errorCode = "Nothing" || $.errorCode = "Client.AccessDenied"',
            'errorCode is exactly "Client.AccessDenied"; this event has errorCode "AccessDenied"',
        ),
        (
            '$.eventName = "Decryz" || $.eventName = "B"',
            'eventName is exactly "Decryz"; this event has eventName "Decrypt"',
        ),
        (
            '$.errorCode = "XAccessDeniedX" || $.errorCode = "AccessDenieds"',
            'errorCode is exactly "AccessDenieds"; this event has errorCode "AccessDenied"',
        ),
        (
            '$.errorCode = "*AccessDenies" || $.errorCode = "AccessDenie12"',
            'errorCode ends with "AccessDenies"; this event has errorCode "AccessDenied"',
        ),
        # Less in common than that is chance.
        (
            '$.eventName = "Decrz" || $.eventName = "B"',
            'eventName is exactly "Decrz" or eventName is exactly "B"; this event has eventName "Decrypt"',
        ),
        (
            '$.eventName = "Decorate" || $.eventName = "B"',
            'eventName is exactly "Decorate" or eventName is exactly "B"; this event has eventName "Decrypt"',
        ),
        # What one may not know.
        ('$.eventName = "*X"', 'eventName ends with "X"; this event has eventName "Decrypt"'),
        (
            '$.readOnly != x && $.errorCode = "accessdenied"',
            (
                'readOnly is not "x" and errorCode is exactly "accessdenied"; this event has readOnly true and '
                'errorCode "AccessDenied"; != is documented only for text and numbers, and readOnly is true; upper'
            ),
        ),
        ('$.a = "x" && $.b > 1', 'a is exactly "x" and b > 1; a and b are missing'),
        (
            '$.a != "x" && $.b != 1 && $.c = 1',
            'a is not "x" and b is not the number 1 and c is the number 1; c is missing; a and b are missing, and !=',
        ),
        ("$.a != %x%", "a does not match the regular expression %x%; a is missing, and != is false for a missing"),
        (
            '$.errorCode = "accessdenied"',
            'errorCode is exactly "accessdenied"; this event has errorCode "AccessDenied"; upper and lower case differ',
        ),
        ('$.errorCode = "DECRYPT"', 'errorCode is exactly "DECRYPT"; this event has errorCode "AccessDenied"'),
        (
            '$.sample != "x"',
            'sample is not "x"; this event has sample {...}; != is documented only for text and numbers, and sample',
        ),
        (
            "$.readOnly != x",
            'readOnly is not "x"; this event has readOnly true; != is documented only for text and numbers',
        ),
    ],
)
def test_of_several_alternatives_the_one_that_was_meant(pattern: str, sentence: str) -> None:
    explained = said(parse(f"{{ {pattern} }}"), DECRYPT)
    assert explained.startswith(f"matches only if {sentence}")


def test_what_to_write_for_every_field_that_is_missing() -> None:
    assert why_not(parse('{ $.a != "x" && $.b != 1 && $.a != "x" }'), DECRYPT).instead == (
        'To match events without the field, write ($.a NOT EXISTS || $.a != "x") and ($.b NOT EXISTS || $.b != 1).',
    )


def test_a_pattern_that_no_event_matches_has_no_condition_to_name() -> None:
    assert said(Or(), EVENT) == "does not match this event."
    assert said(Pattern(Or(), "{"), EVENT) == "does not match this event."
    assert said(And(parse("{ $.errorCode = x }"), Or()), EVENT).startswith("matches only if errorCode is")


@pytest.mark.parametrize(
    ("term", "place"),
    [
        ("Head", 'eventName "HeadBucket"'),
        ("s3obj", 'resources[1].ARN "s3object"'),
        ("dmin", 'userIdentity.sub "admin"'),
    ],
)
def test_where_a_term_is(term: str, place: str) -> None:
    event = {
        "resources": [{"ARN": 3}, {"ARN": "s3object"}],
        "userIdentity": {"type": "Root", "sub": "admin"},
        "eventName": "HeadBucket",
    }
    assert why_not(parse(f"-{term}"), event).why.endswith(f'does not contain "{term}"; this event has {place}')


@pytest.mark.parametrize(
    ("pattern", "only_excludes"),
    [
        ("-x", True),
        ("-x -y", True),
        ("-x y", False),
        ("%x%", False),
        ('{ $.a != "x" && $.b NOT EXISTS && $.c != %x% && $.d != 1 }', True),
        ('{ $.a != "x" || $.a = "y" }', False),
        ("{ $.a IS NULL }", False),
        ("{ $.a > 1 }", False),
    ],
)
def test_a_pattern_that_only_excludes_events(pattern: str, only_excludes: bool) -> None:
    assert excludes(parse(pattern)) is only_excludes

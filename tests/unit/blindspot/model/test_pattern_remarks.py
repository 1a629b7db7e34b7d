import pytest

from blindspot.model.pattern_remarks import remarks
from filter_pattern import parse

CIS = '($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")'


@pytest.mark.parametrize(
    ("pattern", "remark"),
    [
        (
            '?a ?"b c" d',
            (
                'AWS ignores ?a and ?"b c", because the pattern also has a term without ?. Use only terms with ?, or '
                "write a JSON pattern, which can exclude events by a field."
            ),
        ),
        (
            "[a, b]",
            (
                "This pattern is for lines with fields that are separated by spaces. CloudTrail writes each event as "
                "JSON. Write { ... } with conditions on fields."
            ),
        ),
        (
            '{ $.errorCode = "A" &&\u00a0$.eventName = "B" }',
            "The pattern has an invisible character, or a blank that is not a space. Type it anew.",
        ),
        (
            '{ $.eventName != "HeadBucket" }',
            "The pattern only leaves events out. It also matches ordinary successful calls.",
        ),
        (
            '{ $.eventName != "a" || $.eventSource != "b" }',
            "The pattern only leaves events out. It also matches ordinary successful calls.",
        ),
        ("-HeadBucket", "The pattern only leaves events out. It also matches ordinary successful calls."),
        (
            f'{{ {CIS} || ($.eventName != "HeadBucket") || ($.sourceIPAddress != "x") }}',
            '|| ($.eventName != "HeadBucket") matches nearly every event. Join what is to be left out with &&.',
        ),
        (
            '"{ $.a = b }"',
            (
                "The pattern is in quotes, so AWS looks for its text in the events instead of testing fields. Leave "
                "out the quotes around it: { $.a = b }"
            ),
        ),
        *(
            (f"AccessDenied {word} Unauthorized", f"AWS reads {word} as a term: a word that the event must contain.")
            for word in ("AND", "OR", "NOT", "and", "or", "not")
        ),
        (
            '{ $.errorcode = "x" || $.errorcode = "y" }',
            (
                "CloudTrail writes no $.errorcode. Names of fields are case-sensitive. Write $.errorCode if you mean "
                "that field."
            ),
        ),
        *(
            (
                f'{{ {name} = "x" }}',
                f"CloudTrail writes no {name}. Write $.errorCode if you mean that field.",
            )
            for name in ("$.detail.errorCode", "$.error-code", "$.detail.errorcode")
        ),
        (
            '{ $.errorCode = "x-${y}" }',
            "${y} in a value is compared as it is. If it is a reference, give its value.",
        ),
        *(
            (
                f'{{ $.errorCode = "{value}" }}',
                (
                    f'"{value}" is compared as text, in which only * has a meaning. If it is a regular expression, '
                    "write it between %, as in %^AccessDenied.*%, and not in quotes."
                ),
            )
            for value in ("AccessDenied.*", ".*Unauthorized", "^Access", "/Access/", "A|B")
        ),
        *(
            (
                f'{{ $.errorCode = "{value}" }}',
                f'"{value}" begins or ends with a space, which must be in the event too.',
            )
            for value in (" AccessDenied*", "AccessDenied* ")
        ),
        ('{ $.errorCode = "A" && $.readOnly = true }', "$.readOnly is never text. Write $.readOnly IS TRUE."),
        ('{ $.errorCode = "A" && $.readOnly = false }', "$.readOnly is never text. Write $.readOnly IS FALSE."),
        (
            '{ $.errorCode = "A" && $.requestParameters = "null" }',
            "$.requestParameters is never text. Write $.requestParameters IS NULL.",
        ),
        (
            '{ $.errorCode = "A" && $.readOnly != True }',
            "$.readOnly is never text. Write $.readOnly IS FALSE.",
        ),
        (
            "{ $.errorCode = null }",
            '"null" is compared as text. Write $.errorCode IS NULL, or $.errorCode NOT EXISTS for a missing field.',
        ),
        (
            "{ $.errorCode != NULL }",
            '"NULL" is compared as text. Write $.errorCode = "*", which is true of any text or number.',
        ),
        *(
            (
                f'{{ $.errorCode = "{sql}" }}',
                f'"{sql}" is compared as text, in which % has no meaning. For any text, write *: "{right}".',
            )
            for sql, right in (("AccessDenied%", "AccessDenied*"), ("%Denied%", "*Denied*"))
        ),
    ],
)
def test_what_its_author_may_not_expect(pattern: str, remark: str) -> None:
    assert list(map(str, remarks(parse(pattern)))) == [remark]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        f"{{ {CIS} }}",
        f'{{ ({CIS}) && ($.eventName != "HeadBucket") }}',
        f'{{ ({CIS}) && ($.eventName != "a" || $.userIdentity.arn NOT EXISTS || $.userIdentity.arn != "b") }}',
        '{ ($.errorCode = "A") && ($.eventSource = "kms.amazonaws.com" || $.eventName != "ListAliases") }',
        "?AccessDenied ?UnauthorizedOperation",
        "AccessDenied -HeadBucket",
        "%AccessDenied|Unauthorized%",
        '{ $.errorCode != "Throttling*" }',
        '{ $.errorCode != "" }',
        f'{{ {CIS} || $.errorCode != "Throttling*" }}',
        '{ $.errorCode != "A" && $.eventName != "B" }',
        '{ $.userAgent = "100%" && $.errorCode = "A" }',
        '{ $.sessionCredentialFromConsole = "true" && $.eventName = "a" }',
        '{ $.requestParameters.dryRun = true && $.eventName = "a" }',
        "{ $.errorCode = %^Access.*% }",
        '{ $.userIdentity.arn = "arn:aws:iam::*:role/x" }',
        '{ $.errorCode = "Client.*" && $.sourceIPAddress != "10.*" }',
    ],
)
def test_most_patterns_need_no_remark(pattern: str) -> None:
    assert remarks(parse(pattern)) == []

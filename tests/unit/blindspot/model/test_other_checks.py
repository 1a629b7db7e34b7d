import pytest

from blindspot.model.other_checks import SECURITY_HUB, prowler_accepts, security_hub_accepts

SPACED = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
SWAPPED = '{($.errorCode="AccessDenied*") || ($.errorCode="*UnauthorizedOperation")}'
LATER = SPACED.replace(" }", ' && ($.eventName!="HeadBucket") }')


@pytest.mark.parametrize(
    ("texts", "security_hub", "prowler"),
    [
        ([SECURITY_HUB], True, True),
        ([SPACED], None, True),
        ([SPACED.replace(" || ", "\n||\n")], None, True),
        ([SPACED, SECURITY_HUB], True, True),
        ([SWAPPED, SECURITY_HUB], True, True),
        ([SWAPPED, SPACED], None, True),
        ([SWAPPED], False, False),
        ([LATER], False, True),
        (["{$.errorCode=*UnauthorizedOperation||$.errorCode=AccessDenied*}"], False, True),
        (['{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }'], False, False),
        (["?AccessDenied ?UnauthorizedOperation"], False, False),
        ([SECURITY_HUB.lower()], False, False),
    ],
)
def test_what_others_accept(texts: list[str], security_hub: bool | None, prowler: bool) -> None:
    assert security_hub_accepts(texts) is security_hub
    assert prowler_accepts(texts) is prowler

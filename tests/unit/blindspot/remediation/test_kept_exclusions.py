"""The pattern that covers a profile and leaves out what another leaves out."""

from dataclasses import replace

import pytest

from blindspot.model import profile
from blindspot.remediation.kept_exclusions import keeping_exclusions
from blindspot.verdict.pattern_writer import satisfies
from filter_pattern import LONGEST_PATTERN, Proofs, parse

PROFILE = profile.load("cis-level-2")
BOTH = '(($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*"))'
HEAD = '($.eventName != "HeadBucket")'
SAFE_ARN = '(($.userIdentity.arn NOT EXISTS) || ($.userIdentity.arn != "*ci*"))'
ARN = '{ ($.userIdentity.arn = "*ci*") }'


@pytest.mark.parametrize(
    ("given", "written", "benign"),
    [
        # What the profile allows to be left out.
        ('{ $.errorCode = "AccessDenied" && $.eventName != "HeadBucket" }', f"{{ {BOTH} && {HEAD} }}", []),
        # What it does not.
        (
            '{ $.errorCode = "AccessDenied*" && $.eventName != "ListBuckets" }',
            f'{{ {BOTH} && ($.eventName != "ListBuckets") }}',
            ['{ ($.eventName = "ListBuckets") }'],
        ),
        # A field that may be missing, left out safely or not; on one alternative or on both.
        ('{ $.errorCode = "AccessDenied*" && $.userIdentity.arn != "*ci*" }', f"{{ {BOTH} && {SAFE_ARN} }}", [ARN]),
        (f'{{ {BOTH} && {SAFE_ARN} && $.readOnly IS TRUE }}', f"{{ {BOTH} && {SAFE_ARN} }}", [ARN]),
        (
            '{ $.errorCode = "x" || $.errorCode = "AccessDenied*" && $.userIdentity.arn != "*ci*" }',
            f"{{ {BOTH} && {SAFE_ARN} }}",
            [ARN],
        ),
        # Parts that leave out only together, and each alone.
        (
            '{ $.errorCode = "AccessDenied" && ($.eventName != "a" || $.eventSource != "b") }',
            f'{{ {BOTH} && (($.eventName != "a") || ($.eventSource != "b")) }}',
            ['{ ($.eventName = "a") && ($.eventSource = "b") }'],
        ),
        (
            '{ $.errorCode = "AccessDenied" && ($.eventName != "a" || ($.eventSource != "b" && $.eventType != "c")) }',
            f'{{ {BOTH} && (($.eventName != "a") || ($.eventSource != "b") && ($.eventType != "c")) }}',
            ['{ ($.eventName = "a") && (($.eventSource = "b") || ($.eventType = "c")) }'],
        ),
        (
            '{ $.errorCode = "x" && ($.eventName != "a" || ($.userIdentity.arn != "*ci*" && $.eventType != "c")) }',
            f'{{ {BOTH} && (($.eventName != "a") || {SAFE_ARN} && ($.eventType != "c")) }}',
            ['{ ($.eventName = "a") && (($.userIdentity.arn = "*ci*") || ($.eventType = "c")) }'],
        ),
        # Twice the same, and one that the profile has beside one that it has not.
        (
            ('{ $.errorCode = "x" && $.eventName != "HeadBucket" && $.eventName != "a" || '
            '$.errorCode = "y" && $.eventName != "a" }'),
            f'{{ {BOTH} && {HEAD} && ($.eventName != "a") }}',
            ['{ ($.eventName = "a") }'],
        ),
    ],
)  # fmt: skip
def test_what_is_kept(given: str, written: str, benign: list[str]) -> None:
    kept = keeping_exclusions(parse(given), PROFILE, Proofs())
    assert kept is not None
    assert kept.pattern == parse(written)
    assert list(kept.benign) == [parse(pattern) for pattern in benign]
    assert satisfies(kept.pattern, replace(PROFILE, benign=PROFILE.benign + kept.benign), Proofs())


@pytest.mark.parametrize(
    "given",
    [
        '{ $.errorCode = "AccessDenied" }',
        # Alternatives, not exclusions.
        f'{{ {BOTH} || {HEAD} }}',
        '{ $.eventName != "HeadBucket" }',
        # What no pattern can say is left out.
        '{ $.errorCode = "AccessDenied" && $.userIdentity.arn NOT EXISTS }',
        '{ $.errorCode = "AccessDenied" && $.eventName != %List% }',
        '{ $.errorCode = "AccessDenied" && $.eventName != "a" && $.eventName != %List% }',
        "AccessDenied -HeadBucket",
        # A parameter that is neither text nor a number is left out too, and nothing calls it benign.
        '{ $.errorCode = "AccessDenied" && $.requestParameters.x != "a" }',
        # What `!=` is not documented for.
        '{ $.errorCode = "AccessDenied" && $.readOnly != "true" }',
        # More than AWS allows.
        f'{{ $.errorCode = "x" && $.eventName != "{"a" * (LONGEST_PATTERN - 80)}" }}',
        # Leaving out everything that is required.
        '{ $.errorCode = "x" && $.eventName != "*" }',
    ],
)  # fmt: skip
def test_nothing_is_kept(given: str) -> None:
    assert keeping_exclusions(parse(given), PROFILE, Proofs()) is None

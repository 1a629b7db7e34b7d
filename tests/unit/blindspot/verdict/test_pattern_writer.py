"""The pattern that remediation writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import cloudtrail_events, profile
from blindspot.model.profile import SettingsError
from blindspot.verdict.pattern_writer import (
    TOO_LONG,
    PatternToWrite,
    _factored,
    _short,
    matches_only_required,
    pattern_to_write,
    satisfies,
    text_of,
)
from filter_pattern import LONGEST_PATTERN, And, Empty, Found, Not, Proofs, find, parse

DENIED = '($.errorCode = "AccessDenied*")'
REQUIRED = '{ $.errorCode = "AccessDenied*" }'

WRITTEN = {
    "nothing benign": ([], REQUIRED),
    "a field that is always there": (
        ['{ $.eventName = "HeadBucket" }'],
        '{ ($.errorCode = "AccessDenied*") && ($.eventName != "HeadBucket") }',
    ),
    "a field that may be missing": (
        ['{ $.userIdentity.arn = "*scanner*" }'],
        f'{{ {DENIED} && (($.userIdentity.arn NOT EXISTS) || ($.userIdentity.arn != "*scanner*")) }}',
    ),
    "both of two": (
        ['{ ($.eventName = "HeadBucket") && ($.eventSource = "s3.amazonaws.com") }'],
        f'{{ {DENIED} && (($.eventName != "HeadBucket") || ($.eventSource != "s3.amazonaws.com")) }}',
    ),
    "either of two": (
        ['{ ($.eventName = "HeadBucket") || ($.eventName = "ListBuckets") }'],
        '{ ($.errorCode = "AccessDenied*") && ($.eventName != "HeadBucket") && ($.eventName != "ListBuckets") }',
    ),
    "what no pattern can leave out": (["{ $.readOnly IS TRUE }"], REQUIRED),
    "one that can be left out, and one that cannot": (
        ["{ $.readOnly IS TRUE }", '{ $.eventName = "HeadBucket" }'],
        '{ ($.errorCode = "AccessDenied*") && ($.eventName != "HeadBucket") }',
    ),
    "more than fits": (
        [f'{{ $.eventName = "{"Name" * 60}{number}" }}' for number in range(9)],
        f'{{ {DENIED} && {" && ".join(f"""($.eventName != "{"Name" * 60}{number}")""" for number in range(3))} }}',
    ),
}


@pytest.mark.parametrize(("benign", "pattern"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written(benign: list[str], pattern: str) -> None:
    judged_by = profile.load("cis-level-2", {"required": REQUIRED, "benign": benign, "pattern": "{ $.a = b }"})
    found = pattern_to_write(judged_by, Proofs()).pattern
    assert found is not None
    assert found == parse(pattern)
    assert satisfies(found, judged_by, Proofs())


@pytest.mark.parametrize("name", profile.names())
def test_the_sources_own_text_is_written_as_it_stands(name: str) -> None:
    judged_by = profile.load(name)
    found = pattern_to_write(judged_by, Proofs()).pattern
    assert found is not None
    assert found.text == judged_by.pattern.text


def test_nothing_is_written_where_what_is_required_is_ordinary() -> None:
    everything = {"required": "{ $.eventName = * }", "benign": []}
    assert pattern_to_write(profile.load("cis-level-2", everything), Proofs()) == PatternToWrite(None)
    assert pattern_to_write(profile.load("cis-v1.5.0", everything), Proofs()).pattern is not None


@pytest.mark.parametrize("name", profile.names())
@pytest.mark.parametrize("added", ['{ $.userAgent = "*scanner*" }', '{ $.eventName = "ListBuckets" }'])
def test_an_exclusion_that_the_operator_adds_is_written_although_the_sources_text_covers_what_is_required(
    name: str, added: str
) -> None:
    source = profile.load(name)
    texts = [pattern.text for pattern in source.benign]
    found = pattern_to_write(profile.load(name, {"benign": [*texts, added]}), Proofs()).pattern
    assert found is not None
    (excluded,) = map(parse, [added])
    matched = And(source.required, excluded, *(Not(benign) for benign in source.benign))
    records = cloudtrail_events.records(account="0" * 12, region=None)
    assert isinstance(find(And(matched, found), records), Empty)
    assert isinstance(find(matched, records), Found)


def test_a_pattern_in_the_overrides_is_written_as_it_stands() -> None:
    mine = '{ ($.errorCode = "AccessDenied*") || ($.errorCode = "*UnauthorizedOperation") }'
    judged_by = profile.load("cis-level-2", {"pattern": mine, "benign": ['{ $.eventName = "ListBuckets" }']})
    assert pattern_to_write(judged_by, Proofs()) == PatternToWrite(parse(mine))


LONG = [f'{{ $.eventName = "{letter * 400}" }}' for letter in "abc"]
LEFT_OUT = {
    "what no pattern can say": (["{ $.readOnly IS TRUE }"], "no filter pattern can exclude exactly"),
    "what is too long": (LONG, "1,024 characters"),
    "what a pattern cannot say without losing more": (['{ $.requestParameters.x != "a" }'], "cannot be shown"),
}


@pytest.mark.parametrize(("benign", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
@pytest.mark.parametrize("first", [True, False])
def test_an_exclusion_that_cannot_be_written_is_left_out_alone_and_told(
    benign: list[str], why: str, first: bool
) -> None:
    short = ['{ $.eventName = "HeadBucket" }']
    beside = [*short, *benign] if first else [*benign, *short]
    judged_by = profile.load("cis-level-2", {"required": REQUIRED, "benign": beside, "pattern": "{ $.a = b }"})
    found = pattern_to_write(judged_by, Proofs())
    assert [left.pattern for left in found.left_out] == benign[-1:]
    assert why in found.left_out[0].why
    assert found.pattern is not None
    assert '($.eventName != "HeadBucket")' in found.pattern.text
    assert satisfies(found.pattern, judged_by, Proofs())


FIELDS = st.sampled_from(
    ["eventName", "eventSource", "errorCode", "userAgent", "userIdentity.arn", "readOnly", "nothing"]
)
VALUES = st.sampled_from(["HeadBucket", "*Bucket", "AccessDenied", "true", "a*b"])
TESTS = st.one_of(
    st.builds(lambda field, sign, value: f'$.{field} {sign} "{value}"', FIELDS, st.sampled_from(["=", "!="]), VALUES),
    st.builds(lambda field, kind: f"$.{field} {kind}", FIELDS, st.sampled_from(["NOT EXISTS", "IS TRUE", "IS NULL"])),
)
BENIGN = st.recursive(
    TESTS.map(lambda test: f"({test})"),
    lambda inner: st.builds(
        lambda one, sign, other: f"({one} {sign} {other})", inner, st.sampled_from(["&&", "||"]), inner
    ),
    max_leaves=4,
)


@given(st.lists(BENIGN, max_size=3))
def test_what_is_written_is_right_whatever_is_benign(benign: list[str]) -> None:
    patterns = [f"{{ {text} }}" for text in benign]
    try:
        judged_by = profile.load("security-hub-cloudwatch-2", {"benign": patterns, "pattern": "{ $.a = b }"})
    except SettingsError:
        return  # nothing is required then
    found = pattern_to_write(judged_by, Proofs()).pattern
    assert found is not None
    assert satisfies(found, judged_by, Proofs())
    assert matches_only_required(found, judged_by, Proofs())
    assert len(found.text) <= LONGEST_PATTERN


def of_role(name: str, *calls: str) -> str:
    services = " || ".join(
        f'($.eventSource = "{call.split()[0]}.amazonaws.com") && ($.eventName = "{call.split()[1]}")' for call in calls
    )
    return (
        f'{{ ($.userIdentity.sessionContext.sessionIssuer.arn = "arn:aws:iam::111122223333:role/{name}") '
        f"&& ({services}) }}"
    )


SCANS = ("ec2 DescribeInstances", "iam ListUsers", "kms ListKeys", "rds DescribeDBInstances", "s3 GetBucketAcl")


def test_where_words_are_required_nothing_can_be_excluded() -> None:
    overrides = {"required": "?AccessDenied ?UnauthorizedOperation", "benign": ['{ $.eventName = "HeadBucket" }']}
    found = pattern_to_write(profile.load("cis-level-2", overrides), Proofs())
    assert [left.why for left in found.left_out] == ["no filter pattern can exclude exactly these events"]
    assert found.pattern is not None
    assert found.pattern.text == overrides["required"]


def test_what_is_too_long_is_written_without_blanks_and_with_each_guard_once() -> None:
    benign = ['{ $.userAgent = "a b" }', of_role("scanner", *SCANS), of_role("ci", *SCANS[:3])]
    judged_by = profile.load("security-hub-cloudwatch-2", {"benign": benign})
    found = pattern_to_write(judged_by, Proofs())
    issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
    assert found.left_out == ()
    assert found.pattern is not None
    assert found.pattern.text == (
        '{(($.errorCode="*UnauthorizedOperation")||($.errorCode="AccessDenied*"))&&'
        '(($.userAgent NOT EXISTS)||($.userAgent!="a b"))&&'
        f"(({issuer} NOT EXISTS)||"
        f'(({issuer}!="arn:aws:iam::111122223333:role/scanner")||'
        "(($.eventSource!=ec2.amazonaws.com)||($.eventName!=DescribeInstances))&&"
        "(($.eventSource!=iam.amazonaws.com)||($.eventName!=ListUsers))&&"
        "(($.eventSource!=kms.amazonaws.com)||($.eventName!=ListKeys))&&"
        "(($.eventSource!=rds.amazonaws.com)||($.eventName!=DescribeDBInstances))&&"
        "(($.eventSource!=s3.amazonaws.com)||($.eventName!=GetBucketAcl)))&&"
        f'(({issuer}!="arn:aws:iam::111122223333:role/ci")||'
        "(($.eventSource!=ec2.amazonaws.com)||($.eventName!=DescribeInstances))&&"
        "(($.eventSource!=iam.amazonaws.com)||($.eventName!=ListUsers))&&"
        "(($.eventSource!=kms.amazonaws.com)||($.eventName!=ListKeys))))}"
    )
    assert satisfies(found.pattern, judged_by, Proofs())
    assert matches_only_required(found.pattern, judged_by, Proofs())


def test_each_exclusion_that_fits_is_written_in_whatever_way_it_fits() -> None:
    benign = [of_role(f"scanner-{number}", *SCANS[:2]) for number in range(5)]
    found = pattern_to_write(profile.load("security-hub-cloudwatch-2", {"benign": benign}), Proofs())
    assert [left.pattern for left in found.left_out] == benign[3:]
    assert {left.why for left in found.left_out} == {TOO_LONG}
    assert found.pattern is not None
    assert found.pattern.text.startswith("{((")


@given(st.lists(BENIGN, max_size=5))
def test_the_short_way_means_the_same(parts: list[str]) -> None:
    whole = And(*(parse(f"{{ {part} }}").predicate for part in [DENIED, *parts]))
    short = parse(f"{{{_short(_factored(whole))}}}")
    records = cloudtrail_events.records(account="0" * 12, region=None)
    for one, other in ((whole, short), (short, whole)):
        assert not isinstance(find(And(one, Not(other)), records), Found)
    assert len(short.text) <= len(f"{{ {whole} }}")


def test_the_text_of_all_exclusions_is_told_without_a_proof() -> None:
    benign = ['{ $.eventName = "HeadBucket" }', "{ $.readOnly IS TRUE }", '{ $.userAgent = "x" }']
    judged_by = profile.load("cis-level-2", {"required": REQUIRED, "benign": benign})
    assert text_of(judged_by) == (
        f'{{ {DENIED} && ($.eventName != "HeadBucket") && (($.userAgent NOT EXISTS) || ($.userAgent != "x")) }}'
    )
    long = profile.load("cis-level-2", {"required": REQUIRED, "benign": LONG})
    assert text_of(long).startswith('{($.errorCode="AccessDenied*")&&($.eventName!=aaaa')
    assert len(text_of(long)) > LONGEST_PATTERN

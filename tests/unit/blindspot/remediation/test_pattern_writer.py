"""The pattern that remediation writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.model import profile
from blindspot.model.profile import SettingsError
from blindspot.remediation.pattern_writer import matches_only_required, pattern_to_write, satisfies
from filter_pattern import LONGEST_PATTERN, Proofs, parse

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
    "more than fits": ([f'{{ $.eventName = "{"Name" * 60}{number}" }}' for number in range(9)], REQUIRED),
}


@pytest.mark.parametrize(("benign", "pattern"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written(benign: list[str], pattern: str) -> None:
    judged_by = profile.load("cis-level-2", {"required": REQUIRED, "benign": benign, "pattern": "{ $.a = b }"})
    found = pattern_to_write(judged_by, Proofs())
    assert found is not None
    assert found == parse(pattern)
    assert satisfies(found, judged_by, Proofs())


@pytest.mark.parametrize("name", profile.names())
def test_the_sources_own_text_is_written_as_it_stands(name: str) -> None:
    judged_by = profile.load(name)
    found = pattern_to_write(judged_by, Proofs())
    assert found is not None
    assert found.text == judged_by.pattern.text


def test_nothing_is_written_where_what_is_required_is_ordinary() -> None:
    assert (
        pattern_to_write(profile.load("cis-level-2", {"required": "{ $.eventName = * }", "benign": []}), Proofs())
        is None
    )
    taken = profile.load("cis-v1.5.0", {"required": "{ $.eventName = * }", "benign": []})
    assert pattern_to_write(taken, Proofs()) is not None


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
    found = pattern_to_write(judged_by, Proofs())
    assert found is not None
    assert satisfies(found, judged_by, Proofs())
    assert matches_only_required(found, judged_by, Proofs())
    assert len(found.text) <= LONGEST_PATTERN

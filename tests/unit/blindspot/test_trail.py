"""What a trail records, by its event selectors: surely, and possibly."""

from typing import Any

import pytest

from blindspot.chain.trail import possibly_recorded, surely_recorded
from blindspot.model import profile
from blindspot.model.snapshot import EventSelectors, FieldSelector, Trail
from blindspot.verdict.assessment import Verdict, assess
from tests.builders import HOME, a_compliant_snapshot, a_trail

INDETERMINATE = Verdict.INDETERMINATE

ALICE = "arn:aws:iam::123456789012:user/alice"
BOB = "arn:aws:iam::123456789012:user/bob"

BY_ALICE: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": ALICE}}
BY_BOB: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": BOB}}
BY_NOBODY_NAMED: dict[str, Any] = {"readOnly": True, "userIdentity": {"type": "AWSService"}}
BY_NULL: dict[str, Any] = {"readOnly": True, "userIdentity": {"arn": None}}

NOT_ALICE = {
    "is not": FieldSelector("userIdentity.arn", not_equals=(ALICE,)),
    "does not begin so": FieldSelector("userIdentity.arn", not_starts_with=(ALICE[:-1],)),
    "does not end so": FieldSelector("userIdentity.arn", not_ends_with=("/alice",)),
}


def selecting(*fields: FieldSelector) -> Trail:
    return a_trail(selectors=EventSelectors(advanced=(fields,)))


@pytest.mark.parametrize("name", NOT_ALICE)
@pytest.mark.parametrize(
    ("event", "surely", "possibly"),
    [
        (BY_ALICE, False, False),
        (BY_BOB, True, True),
        (BY_NOBODY_NAMED, False, True),  # whether "is not" holds of a field that is not there is not documented
        (BY_NULL, False, True),
    ],
    ids=["alice", "bob", "no ARN", "an ARN of null"],
)
def test_what_is_deselected_is_surely_left_out_and_what_lacks_the_field_may_be(
    name: str, event: dict[str, Any], surely: bool, possibly: bool
) -> None:
    trail = selecting(NOT_ALICE[name])
    assert surely_recorded(trail).matches(event) is surely
    assert possibly_recorded(trail, HOME).matches(event) is possibly


def test_what_is_selected_has_the_field() -> None:
    trail = selecting(FieldSelector("userIdentity.arn", equals=(ALICE,)))
    for event in (BY_BOB, BY_NOBODY_NAMED, BY_NULL):
        assert not possibly_recorded(trail, HOME).matches(event)
    assert surely_recorded(trail).matches(BY_ALICE)


EXCUSED = {"is not": ALICE, "does not begin so": f"{ALICE[:-1]}*", "does not end so": "*/alice"}
"""The ARNs that each leaves out, as a filter pattern writes them."""


@pytest.mark.parametrize("name", NOT_ALICE)
def test_leaving_out_whom_the_profile_excuses_may_leave_out_calls_that_name_nobody(name: str) -> None:
    judge = profile.load("cis-level-2", {"benign": [f'{{ $.userIdentity.arn = "{EXCUSED[name]}" }}']})
    for region in assess(a_compliant_snapshot(trails=(selecting(NOT_ALICE[name]),)), judge).regions:
        assert (region.verdict, [doubt.code for doubt in region.doubts]) == (INDETERMINATE, ["trail.selectors"])
        assert region.blind_spot is not None
        identity = region.blind_spot["userIdentity"]
        assert isinstance(identity, dict)
        assert identity.get("arn") is None

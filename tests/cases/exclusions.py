"""An account whose metric filter leaves out a scanner's calls, and the profile that excuses them until a day."""

from datetime import date, timedelta
from typing import Any

from blindspot.model import profile
from blindspot.model.profile import Profile
from blindspot.model.snapshot import Snapshot
from blindspot.verdict.assessment import Assessment, assess
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import Proofs
from tests.builders import a_compliant_snapshot, a_filter

UNTIL = date(2027, 2, 25)
REASON = "Nightly scanner"
SCANNER = (
    '{ ($.userIdentity.sessionContext.sessionIssuer.arn = "arn:aws:iam::123456789012:role/scanner") && '
    '($.eventSource = "s3.amazonaws.com") && ($.eventName = "GetBucketAcl") }'
)
OF_THE_SOURCE = tuple(pattern.text for pattern in profile.load(profile.DEFAULT).benign)


def overrides(reason: str | None = REASON, until: date | None = UNTIL) -> dict[str, Any]:
    """Overrides with the exclusion, as the operator sets them."""
    dated = {"until": until.isoformat()} if until else {}
    return {"benign": [*OF_THE_SOURCE, {"pattern": SCANNER, **({"reason": reason} if reason else {}), **dated}]}


def judged_by(days: int, reason: str | None = REASON) -> Profile:
    """The profile so many days before the exclusion ends."""
    return profile.load(profile.DEFAULT, overrides(reason), on=UNTIL - timedelta(days=days))


LEAVING_IT_OUT = pattern_to_write(judged_by(1), Proofs()).pattern
"""The pattern that remediation writes while the exclusion is in force."""


def an_account(**bent: Any) -> Snapshot:
    """An account with that pattern."""
    assert LEAVING_IT_OUT is not None
    return a_compliant_snapshot(filters=(a_filter(LEAVING_IT_OUT.text),), **bent)


def assessed(days: int, reason: str | None = REASON, **bent: Any) -> Assessment:
    """That account, so many days before the exclusion ends."""
    return assess(an_account(**bent), judged_by(days, reason))

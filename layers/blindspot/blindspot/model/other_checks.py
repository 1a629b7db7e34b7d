"""What other checks of the same control accept: they compare the text of a pattern, not what it matches."""

from __future__ import annotations

import re
from collections.abc import Sequence

SECURITY_HUB = '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}'
"""The text that Security Hub's CloudWatch.2 prescribes. It "fails if the exact metric filters prescribed by CIS are not
used. Additional fields or terms cannot be added to the metric filters" (Security Hub user guide, "Security Hub controls
for CloudWatch")."""

PROWLER = r"\$\.errorCode\s*=\s*.?\*UnauthorizedOperation.+\$\.errorCode\s*=\s*.?AccessDenied\*.?"
"""What Prowler's check cloudwatch_log_metric_filter_unauthorized_api_calls searches for, with re.DOTALL."""


def security_hub_accepts(texts: Sequence[str]) -> bool | None:
    """Whether one of the patterns has the prescribed text. None if one differs from it in spaces alone: whether these
    are compared is not documented."""
    if SECURITY_HUB in texts:
        return True
    return None if _without_blanks(SECURITY_HUB) in map(_without_blanks, texts) else False


def prowler_accepts(texts: Sequence[str]) -> bool:
    """Whether Prowler's regular expression is found in one of the patterns."""
    return any(re.search(PROWLER, text, re.DOTALL) for text in texts)


def _without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)

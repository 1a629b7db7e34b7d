"""Documents to show on a page: the ordinary ones, one whose texts are markup, and one that is as large as can be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from blindspot.model import profile
from blindspot.model.snapshot import Skipped, Snapshot, Unreadable
from blindspot.report.document import Document, Origin, document, failure
from blindspot.report.reading import view_of
from blindspot.report.view import View
from blindspot.verdict.assessment import assess
from tests.builders import ACCOUNT, HOME, NOW, a_compliant_snapshot, a_filter, a_topic
from tests.cases.reviews import a_large_review, a_review
from tests.goldens import golden

ORIGIN = Origin(f"arn:aws:cloudformation:{HOME}:{ACCOUNT}:stack/blindspot/0a1b2c", "9c5e8a4e-run")
CONFIG = {"rule": "blindspot-unauthorized-api-calls", "sent": 1, "refused": []}
REFUSED = Unreadable("logs:DescribeMetricFilters", HOME, "AccessDeniedException", denied=True)

MARKUP = (
    "</pre></style></title><script>document.title='run'</script><img src=x onerror=document.title='run'>",
    '" onmouseover="x" style="position:fixed" href="javascript:document.title=\'run\'',
    "{{ 7 * 7 }} {% include 'page.css' %} &lt;b&gt; <!-- ]]> <cwdb-action call='x'>",
    "javascript:document.title='run'",
    "W" * 255,
    "شركة مراقبة \u05e9\u05dc\u05d5\u05dd 監視 📈👩‍💻",
)
"""Names that would do harm if they were not escaped, or that are hard to lay out."""

FIXED = {
    *("account", "action", "expected", "expected_once_confirmed", "gap", "partition", "schema", "sees"),
    *("verdict", "verdict_after", "verdict_before"),
    *("day", "first_seen", "from", "kind", "last_seen", "looks_like", "read_from", "to", "until"),  # of a review
}
"""Fields whose values nobody can choose."""


EXCLUSIONS = [
    '{ $.eventName = "HeadBucket" }',
    {
        "pattern": '{ ($.userIdentity.sessionContext.sessionIssuer.arn = "arn:aws:iam::123456789012:role/scanner") && '
        '($.eventSource = "s3.amazonaws.com") && ($.eventName = "GetBucketAcl" || $.eventName = "GetBucketPolicy") }',
        "reason": "Nightly scanner; ticket SEC-114",
        "until": (NOW.date() + timedelta(days=9)).isoformat(),
    },
    {
        "pattern": '{ $.userIdentity.invokedBy = "config.amazonaws.com" }',
        "reason": "AWS Config has no access to the vault",
        "until": (NOW.date() - timedelta(days=1)).isoformat(),
    },
]
"""Entries of `benign`: one of the source's, one that ends soon, one that has ended."""


def documented(snapshot: Snapshot, **overrides: object) -> Document:
    """The evaluator's document of an account."""
    assessed = assess(snapshot, profile.load("cis-level-2", overrides, on=NOW.date()))
    return document(assessed, origin=ORIGIN, config=CONFIG, api_calls=12, duration_ms=345)


def hostile(value: Any, name: str, at: str = "") -> Any:
    """A document in which every text that AWS or a customer chooses ends in the name. An ARN stays one."""
    match value:
        case dict():
            return {key: part if key in FIXED else hostile(part, name, key) for key, part in value.items()}
        case list():
            return [hostile(part, name, at) for part in value]
        case str() if at in ("code", "closes", "region", "regions", "heals"):
            return value
        case str():
            # A metric filter's ARN has two names: that of the log group, and its own.
            return value.replace(":metric-filter:", f"{name}:metric-filter:") + name
        case _:
            return value


def large() -> Document:
    """33 regions, each with another blind spot, 100 gaps and 500 channels."""
    small = golden("assess")
    (gap,) = small["gaps"]
    (channel,) = small["channels"]
    region = small["regions"]["eu-west-1"]
    names = [
        f"{area}-{side}-{number}"
        for area in ("ap", "eu", "us", "sa")
        for side in ("north", "south")
        for number in range(1, 5)
    ]
    gaps = [
        {
            **gap,
            "resource": f"{gap['resource']}-{number}",
            "regions": names[number % 32 :],
            "message": f"{number}: {gap['message']}",
        }
        for number in range(100)
    ]
    own = [{"code": each["code"], "resource": each["resource"]} for each in gaps]
    return {
        **small,
        "assessed_at": NOW.isoformat(),
        "gaps": gaps,
        "channels": [{**channel, "filter": f"{channel['filter']}-{number}"} for number in range(500)],
        "regions": {name: {**region, "gaps": own, "channels": list(range(500))} for name in [*names, "future"]},
        "notes": [
            {"code": "alarm.in-alarm", "resource": channel["alarm"], "message": f"Alarm {number} is in ALARM."}
            for number in range(200)
        ],
    }


def large_and_compliant() -> Document:
    """The same, where each of the 500 channels is enough."""
    whole = large()
    regions = {name: {**each, "verdict": "COMPLIANT", "gaps": []} for name, each in whole["regions"].items()}
    channels = [{**channel, "sees": "all"} for channel in whole["channels"]]
    return {**whole, "verdict": "COMPLIANT", "gaps": [], "regions": regions, "channels": channels}


def failed() -> Document:
    return failure(
        "The setting Overrides is not valid: it is no JSON object.",
        account=None,
        at=NOW,
        origin=ORIGIN,
        config=None,
        api_calls=1,
        duration_ms=2,
    )


def of_golden(name: str) -> Document:
    return {**golden(name), "assessed_at": NOW.isoformat()}


def views() -> dict[str, View]:
    """By name, what a page shows; the name is also that of its screenshots."""
    pending = replace(a_topic(), subscriptions=REFUSED)
    broken = a_compliant_snapshot(
        filters=(a_filter('{ $.errorCode = "AccessDenied" }'),), skipped=(Skipped("af-south-1", "not opted in"),)
    )
    shown = {
        "compliant": view_of(documented(a_compliant_snapshot())),
        "non-compliant": view_of(documented(broken)),
        "indeterminate": view_of(documented(a_compliant_snapshot(topics={pending.arn: pending}))),
        "failed": view_of(failed()),
        "exclusions": view_of(documented(a_compliant_snapshot(), benign=EXCLUSIONS)),
        "planned": view_of(of_golden("assess"), golden("plan")),
        "applied": view_of(golden("apply")),
        "reviewed": view_of(a_review()),
        "reviewed-beside": view_of(of_golden("assess"), golden("plan"), a_review()),
        "reviewed-large": view_of(a_large_review()),
        "large": view_of(large(), golden("plan")),
        "large-compliant": view_of(large_and_compliant()),
    }
    for number, name in enumerate(MARKUP):
        shown[f"hostile-{number}"] = view_of(hostile(of_golden("assess"), name), hostile(golden("plan"), name))
        shown[f"hostile-review-{number}"] = view_of(hostile(a_review(), name))
    return shown

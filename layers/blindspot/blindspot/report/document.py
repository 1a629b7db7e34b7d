"""The document: an assessment as JSON, for people and for programs. Pure.

docs/document.schema.json has its shape. The evaluator returns it, and logs and emits its
`detail`. Nothing is too large to be told: `fitted` counts what it leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

import blindspot
from blindspot.chain.channel import Channel
from blindspot.model import fitting
from blindspot.model.findings import Gap
from blindspot.model.fitting import LARGEST_ANSWER, LARGEST_TOLD, Document, last_in_each, last_of
from blindspot.model.harmless import harmless_json
from blindspot.model.profile import Exclusion
from blindspot.model.stack import Origin
from blindspot.report import summary
from blindspot.report.sight import Sight
from blindspot.report.wording import gaps_of
from blindspot.verdict.assessment import Assessment, RegionAssessment, Verdict
from blindspot.verdict.notes import of_refused_calls

__all__ = [
    "LARGEST_ANSWER",
    "LARGEST_TOLD",
    "Document",
    "Origin",
    "detail",
    "document",
    "failure",
    "fitted",
    "without_events",
]

SCHEMA = 2
CONTROL = "Ensure unauthorized API calls are monitored"


def document(
    assessment: Assessment,
    *,
    origin: Origin,
    config: Mapping[str, object] | None,
    changed_from: Verdict | None = None,
    refused_calls: int = 0,
    api_calls: int,
    duration_ms: int,
) -> Document:
    """The assessment as JSON. A region has its channels as indexes of the document's list of channels, and of a gap
    only code and resource; the document's list of gaps has the rest.

    config: {"rule", "sent", "refused"}, or None where nothing was reported to AWS Config.
    changed_from: the account's verdict before, if it was another and is known.
    refused_calls: how many of the run's own calls AWS refused.
    """
    snapshot = assessment.snapshot
    channels = _Channels(assessment)
    gaps = gaps_of(assessment.regions)
    noted = (*of_refused_calls(refused_calls, snapshot.account), *assessment.notes)
    made: Document = {
        "profile": assessment.profile,
        "account": snapshot.account,
        "partition": snapshot.partition,
        "assessed_at": snapshot.read_at.isoformat(timespec="seconds"),
        "verdict": assessment.verdict.value,
        "summary": summary.of(assessment, tuple(gaps)),
        "regions": {
            region.region: {
                "verdict": region.verdict.value,
                "blind_spot": region.blind_spot,
                "confirmed": region.region in assessment.confirmed,
                "gaps": [_gap(gap) for gap in region.gaps],
                "doubts": [
                    {"code": doubt.code, "resource": doubt.resource, "message": doubt.message, "fix": doubt.fix}
                    for doubt in region.doubts
                ],
                "channels": channels.indexes(region),
            }
            for region in assessment.regions
        },
        "channels": channels.listed(),
        "gaps": [
            {**_gap(gap), "regions": regions, "message": gap.message, "fix": gap.fix, "help": help_of(gap.code)}
            for gap, regions in gaps.items()
        ],
        "exclusions": [_exclusion(each, assessment.exclusions.on) for each in assessment.exclusions.listed],
        "notes": [{"code": n.code, "resource": n.resource, "message": n.message} for n in noted],
        "skipped": [{"region": skipped.region, "reason": skipped.reason} for skipped in snapshot.skipped],
        "unreadable": [read.in_document for read in assessment.unreadable],
    }
    return _document(origin, made, config, changed_from, refused_calls, api_calls, duration_ms)


def failure(
    reason: str,
    *,
    account: str | None,
    at: datetime,
    origin: Origin,
    config: Mapping[str, object] | None,
    changed_from: Verdict | None = None,
    profile: str | None = None,
    partition: str | None = None,
    refused_calls: int = 0,
    api_calls: int,
    duration_ms: int,
) -> Document:
    """The document of a run that failed before it had a verdict, for this reason: INDETERMINATE, without regions.

    account, profile, partition: None where the run did not come to know them. at: when it failed.
    """
    made: Document = {
        "profile": profile,
        "account": account,
        "partition": partition,
        "assessed_at": at.isoformat(timespec="seconds"),
        "verdict": Verdict.INDETERMINATE.value,
        "summary": summary.of_failure(reason),
        "regions": {},
        **{name: [] for name in ("channels", "gaps", "exclusions", "notes", "skipped", "unreadable")},
    }
    return _document(origin, made, config, changed_from, refused_calls, api_calls, duration_ms)


def _document(
    origin: Origin,
    made: Document,
    config: Mapping[str, object] | None,
    changed_from: Verdict | None,
    refused_calls: int,
    api_calls: int,
    duration_ms: int,
) -> Document:
    whole: Document = harmless_json(
        {
            "schema": SCHEMA,
            "version": blindspot.__version__,
            "stack": origin.stack,
            "run": origin.run,
            "control": CONTROL,
            **made,
            "refused_calls": refused_calls,
            "config": dict(config) if config is not None else None,
            "changed_from": changed_from.value if changed_from else None,
            "api_calls": api_calls,
            "duration_ms": duration_ms,
        }
    )
    return whole


def without_events(document: Document) -> Document:
    """The document without the blind spots' events, and without the patterns of exclusions: these quote the customer's
    own patterns and names."""
    regions = {
        name: {key: value for key, value in region.items() if key != "blind_spot"}
        for name, region in document["regions"].items()
    }
    exclusions = [
        {key: value for key, value in exclusion.items() if key != "pattern"} for exclusion in document["exclusions"]
    ]
    return {**document, "regions": regions, "exclusions": exclusions}


def detail(document: Document) -> Document:
    """The document as it is logged and put on EventBridge: without events and patterns, and small enough for both."""
    return fitted(without_events(document), LARGEST_TOLD)


def fitted(document: Document, largest_bytes: int) -> Document:
    """The document, cut to that many bytes of JSON: channels first, the gaps last; verdict and summary stay. `cut` then
    says how many of each were left out."""
    return fitting.fitted(document, largest_bytes, _CUTTERS)


def _without_last_channels(document: Document, excess: int) -> tuple[Document, int, int]:
    """Without the last channels, and without the regions' indexes of them."""
    channels, regions = document["channels"], document["regions"]
    times = Counter(index for region in regions.values() for index in region["channels"])
    freed, stay = 0, len(channels)
    while stay and freed < excess:
        stay -= 1
        freed += fitting.size([channels[stay]]) + times[stay] * fitting.size([stay])
    fewer = {
        name: {**region, "channels": [index for index in region["channels"] if index < stay]}
        for name, region in regions.items()
    }
    return {**document, "channels": channels[:stay], "regions": fewer}, len(channels) - stay, freed


_CUTTERS = {
    "channels": _without_last_channels,
    "doubts": last_in_each("regions", "doubts"),
    "region_gaps": last_in_each("regions", "gaps"),
    "exclusions": last_of("exclusions"),
    "notes": last_of("notes"),
    "unreadable": last_of("unreadable"),
    "skipped": last_of("skipped"),
    "blind_spots": last_in_each("regions", "blind_spot"),
    "gaps": last_of("gaps", kept=1),
    "regions": last_of("regions"),
}
"""What to leave out of a document that is too large, in this order."""


class _Channels:
    """The channels of an assessment, each once: those with the same links and the same gap count as one."""

    def __init__(self, assessment: Assessment) -> None:
        self._sight = Sight(assessment)
        self._numbers: dict[tuple[str | None, ...], int] = {}
        self._found: list[list[Channel]] = []
        self._regions: list[list[str]] = []

    def indexes(self, region: RegionAssessment) -> list[int]:
        """The indexes of the region's channels in `listed`, which is complete once every region was asked for."""
        indexes: dict[int, None] = {}
        for channel in region.channels:
            number = self._numbers.setdefault(_links(channel), len(self._found))
            if number == len(self._found):
                self._found.append([])
                self._regions.append([])
            if not self._found[number] or self._found[number][-1] is not channel:
                self._found[number].append(channel)
            if number not in indexes:
                self._regions[number].append(region.region)
                indexes[number] = None
        return list(indexes)

    def listed(self) -> list[Document]:
        return [
            {
                **dict(zip(_LINKS, links, strict=True)),
                "sees": self._sight.of(channels, regions),
                "alike": max(channel.alike for channel in channels),
            }
            for links, channels, regions in zip(self._numbers, self._found, self._regions, strict=True)
        ]


_LINKS = ("trail", "log_group", "filter", "alarm", "topic", "subscription", "gap")


def _links(channel: Channel) -> tuple[str | None, ...]:
    return (
        channel.trail,
        channel.log_group,
        channel.filter,
        channel.alarm,
        channel.topic,
        channel.subscription,
        channel.gap.code if channel.gap else None,
    )


def _gap(gap: Gap) -> Document:
    return {"code": gap.code, "resource": gap.resource}


def _exclusion(exclusion: Exclusion, on: date | None) -> Document:
    return {
        "pattern": exclusion.pattern.text,
        "reason": exclusion.reason,
        "until": exclusion.until.isoformat() if exclusion.until else None,
        "in_force": exclusion.excuses(on),
    }


def help_of(code: str) -> str:
    """The section of docs/gaps.md about a code."""
    return f"docs/gaps.md#{code.replace('.', '-')}"

"""The document: an assessment as JSON, for people and for programs. Pure.

The evaluator returns `document`. It logs and emits `detail`, which has no events and is small enough for EventBridge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from blindspot.chain.channel import Channel
from blindspot.model.findings import Gap
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.assessment import Assessment, RegionAssessment

CONTROL = "Ensure unauthorized API calls are monitored"

LARGEST_DETAIL = 250_000
"""Bytes of a detail; an EventBridge entry may have 256 KB with its envelope (EventBridge API reference, PutEvents)."""

Document = dict[str, Any]


def document(
    assessment: Assessment, *, config: Mapping[str, object] | None, api_calls: int, duration_ms: int
) -> Document:
    """The assessment as JSON. A region's gap has only code and resource; the document's list of gaps has the rest.

    config: {"rule", "sent", "refused"}, or None where nothing was reported to AWS Config.
    """
    snapshot = assessment.snapshot
    return {
        "control": CONTROL,
        "profile": assessment.profile,
        "account": snapshot.account,
        "partition": snapshot.partition,
        "assessed_at": snapshot.read_at.isoformat(timespec="seconds"),
        "verdict": assessment.verdict.value,
        "regions": {
            region.region: _region(region, confirmed=region.region in assessment.confirmed)
            for region in assessment.regions
        },
        "gaps": [
            {**_gap(gap), "regions": regions, "message": gap.message, "fix": gap.fix}
            for gap, regions in _gaps(assessment.regions).items()
        ],
        "notes": [{"code": n.code, "resource": n.resource, "message": n.message} for n in assessment.notes],
        "skipped": [{"region": skipped.region, "reason": skipped.reason} for skipped in snapshot.skipped],
        "unreadable": [_unreadable(read) for read in assessment.unreadable],
        "config": dict(config) if config is not None else None,
        "api_calls": api_calls,
        "duration_ms": duration_ms,
    }


def without_events(document: Document) -> Document:
    """The document without the blind spots' events, which quote the customer's own patterns and names."""
    regions = {
        name: {key: value for key, value in region.items() if key != "blind_spot"}
        for name, region in document["regions"].items()
    }
    return {**document, "regions": regions}


def detail(document: Document) -> Document:
    """The document without events, cut until it fits: channels first, then what repeats the regions' gaps, then the
    lists."""
    small = without_events(document)
    for name in ("channels", "doubts", "gaps"):
        if _size(small) <= LARGEST_DETAIL:
            return small
        regions = {
            region: {key: value for key, value in found.items() if key != name}
            for region, found in small["regions"].items()
        }
        small = {**small, "regions": regions}
    for name in ("notes", "unreadable", "gaps"):
        while _size(small) > LARGEST_DETAIL and small[name]:
            small = {**small, name: small[name][: len(small[name]) // 2]}
    return small


def _size(document: Document) -> int:
    return len(json.dumps(document).encode())


def _gaps(regions: Iterable[RegionAssessment]) -> dict[Gap, list[str]]:
    """Every gap once, with the regions that have it; those of most regions come first."""
    found: dict[Gap, list[str]] = {}
    for region in regions:
        for gap in region.gaps:
            found.setdefault(gap, []).append(region.region)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _region(region: RegionAssessment, *, confirmed: bool) -> Document:
    return {
        "verdict": region.verdict.value,
        "blind_spot": region.blind_spot,
        "confirmed": confirmed,
        "gaps": [_gap(gap) for gap in region.gaps],
        "doubts": [
            {"code": doubt.code, "resource": doubt.resource, "message": doubt.message, "fix": doubt.fix}
            for doubt in region.doubts
        ],
        "channels": [_channel(channel) for channel in region.channels],
    }


def _channel(channel: Channel) -> Document:
    return {
        "trail": channel.trail,
        "log_group": channel.log_group,
        "filter": channel.filter,
        "alarm": channel.alarm,
        "topic": channel.topic,
        "subscription": channel.subscription,
        "gap": channel.gap.code if channel.gap else None,
    }


def _gap(gap: Gap) -> Document:
    return {"code": gap.code, "resource": gap.resource}


def _unreadable(read: Unreadable) -> Document:
    return {
        "call": read.call,
        "region": read.region,
        "error": read.error,
        "permission": read.call if read.denied else None,
    }

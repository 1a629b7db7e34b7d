"""How the time of a plan grows with the places of an account: each has a trail of one region and so many filters.

Of the metric filters of a log group every eleventh matches some refused calls, the others something else; no two have
the same pattern, and no alarm watches them.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from blindspot.model import profile
from blindspot.model.arn import place_of
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot
from blindspot.remediation.ownership import Holdings, Owner, alarm_arns, topic_arns
from blindspot.remediation.plan import plan
from blindspot.settings import Subscriber
from blindspot.verdict.assessment import assess
from tests.builders import a_compliant_snapshot, a_filter, a_trail, log_group_arn

PLACES, FILTERS = (1, 2, 4, 8, 16, 32, 64, 128), (0, 99)

STEEPEST = 2.5
"""How many times as long a plan for twice as many places may take."""

NOISE = 0.05
"""Seconds of CPU below which a time counts as so much: the first plan of a process takes about as long."""

ACTIONS = 4
"""Of each place: metric filter, topic, subscription, alarm."""


def times() -> dict[tuple[int, int], float]:
    """By places and filters, the CPU seconds of a plan: of two the shorter, as whatever else the machine does adds to
    it."""
    planning(1, 1)  # what is worked out once in a process
    return {
        (places, filters): min(planning(places, filters) for _ in range(2)) for filters in FILTERS for places in PLACES
    }


def too_steep(measured: Mapping[tuple[int, int], float]) -> Iterable[str]:
    """Where twice as many places take more than STEEPEST times as long."""
    for (places, filters), seconds in measured.items():
        half = measured.get((places // 2, filters))
        if places > 1 and half is not None and seconds > STEEPEST * max(half, NOISE):
            yield f"a plan for {places} places of {filters} filters: {seconds / half:.1f} times that for {places // 2}"


def planning(places: int, filters: int) -> float:
    """The CPU seconds of one plan, which repairs every place."""
    judged_by = profile.load(profile.DEFAULT)
    snapshot = account(places, filters)
    assessment = assess(snapshot, judged_by)
    arns = [
        arn
        for place in map(place_of, snapshot.log_groups)
        for arns_of in (alarm_arns, topic_arns)
        for arn in arns_of([judged_by.names], "aws", place)
    ]
    gc.collect()
    began = time.process_time()
    made = plan(
        assessment,
        judged_by,
        Holdings(dict.fromkeys(arns, Owner.NOBODY)),
        (Subscriber("email", "security@example.com"),),
    )
    took = time.process_time() - began
    if len(made.actions) != ACTIONS * places:
        raise AssertionError(f"{len(made.actions)} actions for {places} places")
    return took


def account(places: int, filters: int) -> Snapshot:
    """So many regions, each with a trail of its own whose log group has so many metric filters."""
    regions = tuple(f"aa-bench-{number}" for number in range(1, places + 1))
    log_groups = {
        log_group_arn(region): LogGroup(log_group_arn(region), tuple(_filter(region, n) for n in range(filters)))
        for region in regions
    }
    return replace(
        a_compliant_snapshot(trails=tuple(a_trail(region, multi_region=False) for region in regions), topics={}),
        regions=regions,
        own_region=regions[0],
        log_groups=log_groups,
        alarms={place_of(arn): () for arn in log_groups},
    )


def _filter(region: str, number: int) -> MetricFilter:
    field, value = ("errorCode", "AccessDenied") if number % 11 == 0 else ("eventName", "Delete")
    # Without the region's name: what names a region is compared with the ordinary calls of every region.
    pattern = f'{{ $.{field} = "{value}{region.rpartition("-")[2]}x{number}" }}'
    return a_filter(pattern, name=f"f{number}", metric=f"m{number}")


def table(measured: Mapping[tuple[int, int], float]) -> str:
    """As Markdown."""
    rows = ["| places | " + " | ".join(f"{filters} filters, ms" for filters in FILTERS) + " |", "|---|---|---|"]
    for places in PLACES:
        cells = (f"{measured[places, filters] * 1000:,.0f}" for filters in FILTERS)
        rows.append(f"| {places} | {' | '.join(cells)} |")
    return "\n".join(rows)

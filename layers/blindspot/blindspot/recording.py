"""What a trail records and delivers: event selectors become a predicate over events."""

from __future__ import annotations

from datetime import datetime, timedelta

from blindspot.cloudtrail import GLOBAL_REGIONS, GLOBAL_SERVICES
from blindspot.gaps import Doubt, Finding, Gap, short, unread
from blindspot.snapshot import EventSelector, EventSelectors, Trail, Unreadable
from filter_pattern import All, Any, Atom, Is, Not, Predicate, equals

STALE = timedelta(hours=24)
"""How old the last delivery may be. A trail that records reads has our own calls to deliver at every evaluation."""


def observes(trail: Trail, region: str | None) -> bool:
    """Whether events of that region reach the trail; None stands for a region that is enabled later."""
    return trail.multi_region or trail.home_region == region


def surely_recorded(trail: Trail) -> Predicate:
    """The management events that the trail records, as far as that is known for certain."""
    if isinstance(trail.selectors, Unreadable) or trail.selectors.advanced:
        return Any()
    narrowed = All() if trail.global_service_events else Not(GLOBAL_SERVICES)
    return All(_selected(trail.selectors), narrowed)


def possibly_recorded(trail: Trail, region: str | None) -> Predicate:
    """The management events of that region that the trail may record."""
    left_out = region in GLOBAL_REGIONS and not trail.global_service_events
    narrowed = Not(GLOBAL_SERVICES) if left_out else All()
    if isinstance(trail.selectors, Unreadable) or trail.selectors.advanced:
        return narrowed
    return All(_selected(trail.selectors), narrowed)


def _selected(selectors: EventSelectors) -> Predicate:
    return Any(*map(_selected_by, selectors.basic)) if selectors.basic else All()


def _selected_by(selector: EventSelector) -> Predicate:
    if not selector.management_events:
        return Any()
    kinds = {"ReadOnly": Atom(("readOnly",), Is(True)), "WriteOnly": Atom(("readOnly",), Is(False))}
    excluded = (Not(equals("eventSource", source)) for source in selector.excluded_sources)
    return All(kinds.get(selector.read_write, All()), *excluded)


def logging(trail: Trail) -> Finding:
    """Whether the trail is logging, as its home region says; for a multi-region trail that holds everywhere."""
    if isinstance(trail.status, Unreadable):
        return unread(trail.arn, trail.status)
    if not trail.status.logging:
        return Gap("trail.not-logging", trail.arn, f"Trail {short(trail.arn)} is not logging.")
    return None


def selecting(trail: Trail) -> Finding:
    """Whether the trail's selectors are known; what they leave out is in `surely_recorded`."""
    if isinstance(trail.selectors, Unreadable):
        return unread(trail.arn, trail.selectors)
    if trail.selectors.advanced:
        return Doubt(trail.arn, f"The advanced event selectors of trail {short(trail.arn)} are not worked out yet.")
    return None


def delivering(trail: Trail, now: datetime) -> Finding:
    """Whether what the trail records reaches its log group."""
    if trail.log_group_arn is None:
        return Gap("trail.no-log-group", trail.arn, f"Trail {short(trail.arn)} delivers to no log group.")
    status = trail.status
    if isinstance(status, Unreadable):
        return None
    if status.logs_delivery_error:
        return Gap(
            "trail.delivery-failing",
            trail.arn,
            f"Trail {short(trail.arn)} fails to deliver to its log group: {status.logs_delivery_error}.",
        )
    if isinstance(trail.selectors, Unreadable):
        return None
    basic = trail.selectors.basic
    reads = not basic or any(s.management_events and s.read_write != "WriteOnly" for s in basic)
    latest = max(filter(None, (status.logs_delivered_at, status.logging_since)), default=None)
    if reads and not trail.selectors.advanced and (latest is None or now - latest > STALE):
        last = f"since {status.logs_delivered_at:%Y-%m-%d %H:%M} UTC" if status.logs_delivered_at else "so far"
        return Gap(
            "trail.delivery-failing",
            trail.arn,
            f"Trail {short(trail.arn)} has delivered nothing to its log group {last}.",
        )
    return None

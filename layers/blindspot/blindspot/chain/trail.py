"""The trail: which regions it observes, what it records, and whether it delivers that to its log group.

Event selectors become a predicate over events.

Source: CloudTrail user guide, "Logging management events" and "Filtering data events by using advanced event
selectors", whose rule for several conditions on one field is assumed for management events too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from blindspot.model.arn import short
from blindspot.model.cloudtrail_events import GLOBAL_REGIONS, GLOBAL_SERVICES, own_call
from blindspot.model.findings import HOLDS, Doubt, Finding, Gap, malformed, unread
from blindspot.model.snapshot import EventSelector, EventSelectors, FieldSelector, Trail, Unreadable
from filter_pattern import ALWAYS, NEVER, And, Atom, Equals, Is, Not, NotExists, Or, Predicate, equals

SILENT_AFTER = timedelta(hours=24)
"""How old the last delivery may be. A trail that records reads has our own calls to deliver at every evaluation."""

_SELECTABLE = (
    "eventCategory",
    "readOnly",
    "eventSource",
    "eventName",
    "eventType",
    "sessionCredentialFromConsole",
    "userIdentity.arn",
)
"""The fields of management events on which CloudTrail can select (CloudTrail API reference, AdvancedFieldSelector)."""


def observes(trail: Trail, region: str) -> bool:
    """Whether events of that region, or of `future`, reach the trail."""
    return trail.multi_region or trail.home_region == region


def surely_recorded(trail: Trail) -> Predicate:
    """The management events that the trail records, as far as that is known for certain."""
    if isinstance(trail.selectors, Unreadable):
        return NEVER
    narrowed = ALWAYS if trail.global_service_events else Not(GLOBAL_SERVICES)
    return And(_selected(trail.selectors, sure=True), narrowed)


def possibly_recorded(trail: Trail, region: str) -> Predicate:
    """The management events of that region that the trail may record."""
    left_out = region in GLOBAL_REGIONS and not trail.global_service_events
    narrowed = Not(GLOBAL_SERVICES) if left_out else ALWAYS
    if isinstance(trail.selectors, Unreadable):
        return narrowed
    return And(_selected(trail.selectors, sure=False), narrowed)


def _selected(selectors: EventSelectors, *, sure: bool) -> Predicate:
    if selectors.advanced:
        return Or(*(And(*(_field(field, sure=sure) for field in selector)) for selector in selectors.advanced))
    return Or(*map(_selected_by, selectors.basic)) if selectors.basic else ALWAYS


def _selected_by(selector: EventSelector) -> Predicate:
    if not selector.management_events:
        return NEVER
    kinds = {"ReadOnly": Atom(("readOnly",), Is(True)), "WriteOnly": Atom(("readOnly",), Is(False))}
    excluded = (Not(equals("eventSource", source)) for source in selector.excluded_sources)
    return And(kinds.get(selector.read_write, ALWAYS), *excluded)


def _field(selector: FieldSelector, *, sure: bool) -> Predicate:
    """The conditions of an advanced event selector on one field: one that selects, none that excludes."""
    path = tuple(selector.field.split("."))
    select = _tests(path, selector.equals, selector.starts_with, selector.ends_with)
    deselect = _tests(path, selector.not_equals, selector.not_starts_with, selector.not_ends_with)
    if selector.field not in _SELECTABLE:
        return NEVER if sure else ALWAYS
    if deselect and sure:
        # It is not documented whether "is not" is true for a field that an event lacks.
        deselect += [Atom(path, NotExists()), Atom(path, Is(None))]
    return And(Or(*select) if select else ALWAYS, Not(Or(*deselect)))


def _tests(path: tuple[str, ...], equal: Iterable[str], starts: Iterable[str], ends: Iterable[str]) -> list[Predicate]:
    """The conditions as in a filter pattern, with `*` for any text."""
    return [
        *(_is(path, value, value) for value in equal),
        *(_is(path, value, f"{value}*") for value in starts),
        *(_is(path, value, f"*{value}") for value in ends),
    ]


def _is(path: tuple[str, ...], value: str, written: str) -> Predicate:
    if "*" in value:
        return NEVER  # "Selectors don't support the use of wildcards like *", and no event has one in these fields
    return Atom(path, Is(value == "true")) if path == ("readOnly",) else Atom(path, Equals(written))


def check_logging(trail: Trail) -> Finding:
    """Whether the trail is logging. The status in its home region applies in every region."""
    if trail.unread:
        return malformed(trail.arn, f"Trail {short(trail.arn)}", trail.unread)
    if isinstance(trail.status, Unreadable):
        return unread(trail.arn, trail.status)
    if not trail.status.logging:
        return Gap("trail.not-logging", trail.arn, f"Trail {short(trail.arn)} is not logging.")
    return HOLDS


def check_selectors(trail: Trail) -> Finding:
    """Whether the trail's selectors are known; what they leave out is in `surely_recorded`."""
    if trail.unread:
        return HOLDS  # `check_logging` has the doubt
    return unread(trail.arn, trail.selectors) if isinstance(trail.selectors, Unreadable) else HOLDS


def check_delivery(trail: Trail, now: datetime) -> Finding:
    """Whether what the trail records reaches its log group. `now`: aware, in UTC."""
    if trail.log_group_arn is None and trail.unread:
        return HOLDS  # `check_logging` has the doubt
    if trail.log_group_arn is None:
        return Gap("trail.no-log-group", trail.arn, f"Trail {short(trail.arn)} delivers to no log group.")
    status = trail.status
    if isinstance(status, Unreadable):
        return HOLDS  # `check_logging` has the doubt
    if status.logs_delivery_error:
        return replace(delivery_failing(trail, "log group", status.logs_delivery_error), own_fix=_fix(trail))
    if is_silent(trail, now) and surely_recorded(trail).matches(own_call(trail.home_region)):
        last = f"since {status.logs_delivered_at:%Y-%m-%d %H:%M} UTC" if status.logs_delivered_at else "so far"
        message = f"Trail {short(trail.arn)} has delivered nothing to its log group {last}."
        if trail.organization and status.logs_delivered_at is None:
            # Whether a member account is shown the time is not documented.
            return Doubt("trail.delivery-failing", trail.arn, message, own_fix=_fix(trail))
        return Gap("trail.delivery-failing", trail.arn, message, _fix(trail))
    return HOLDS


def _fix(trail: Trail) -> str:
    """The fix where the code does not say it: an organization's trail may deliver for its own account alone (CloudTrail
    user guide, "Role policy document for CloudTrail to use CloudWatch Logs for monitoring")."""
    for_all = "Repair the log group, or let the trail's role write log streams for all accounts of the organization."
    return for_all if trail.organization else ""


def check_delivery_to_siem(trail: Trail, target: str) -> Finding:
    """Whether the latest delivery to the trail's own "bucket" or "topic" succeeded."""
    if isinstance(trail.status, Unreadable):
        return HOLDS  # `check_logging` has the doubt
    error = trail.status.bucket_error if target == "bucket" else trail.status.topic_error
    return delivery_failing(trail, target, error) if error else HOLDS


def delivery_failing(trail: Trail, target: str, error: str) -> Gap:
    """The gap of a trail whose latest delivery failed."""
    message = f"Trail {short(trail.arn)} cannot deliver to its {target}: {error}."
    return Gap("trail.delivery-failing", trail.arn, message)


def is_silent(trail: Trail, now: datetime) -> bool:
    """Whether a logging trail has delivered nothing for a day. That may be normal if it records little."""
    if trail.log_group_arn is None or isinstance(trail.status, Unreadable) or not trail.status.logging:
        return False
    latest = max(filter(None, (trail.status.logs_delivered_at, trail.status.logging_since)), default=None)
    return latest is None or now - latest > SILENT_AFTER

"""Why no channel of a region sees the blind spot: the gaps latest in the chain, and the filters that miss it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from blindspot.chain.channel import Channel
from blindspot.chain.metric_filter import filter_resource, filter_title
from blindspot.model.arn import short
from blindspot.model.field_names import meant
from blindspot.model.findings import Gap
from blindspot.model.pattern_remarks import remarks, written_instead
from blindspot.model.profile import Profile
from blindspot.model.snapshot import FUTURE
from filter_pattern import Atom, Event, FieldPath, Pattern, TextAtom, atoms, why_not


def gaps_of(profile: Profile, region: str, channels: Sequence[Channel], event: Event) -> tuple[Gap, ...]:
    """Why no channel sees the event, at least one gap: those latest in the chain, then the filters that miss it."""
    if not channels:
        return (_NOT_MULTI_REGION if region == FUTURE else _NO_TRAIL,)
    seeing = (channel for channel in channels if channel.gap and channel.whole.matches(event))
    findings = dict.fromkeys(found for channel in seeing for found in channel.broken_by())  # many channels share them
    broken = [gap for found in findings for gap in found.gaps]
    latest = max((gap.rank for gap in broken), default=-1)
    whole = [channel for channel in channels if channel.gap is None]
    found = [gap for gap in broken if gap.rank == latest] + list(_misses(profile, whole, event))
    return tuple(dict.fromkeys(found or [*_misses(profile, channels, event)] or _not_recorded(channels, event)))


_NO_TRAIL = Gap("trail.missing", "account", "No trail records the region.")
_NOT_MULTI_REGION = Gap(
    "trail.not-multi-region", "account", "No multi-region trail would record a region enabled later."
)


def _not_recorded(channels: Iterable[Channel], event: Event) -> Iterator[Gap]:
    """The gaps of trails that do not record the event. If one does: of log groups without a filter for it."""
    recorded = [channel for channel in channels if channel.recorded.matches(event)]
    for channel in recorded:
        log_group = channel.log_group or ""
        message = f"No metric filter of log group {short(log_group)} matches refused calls."
        yield Gap("filter.missing", log_group, message)
    if not recorded:
        what = f"{event['eventSource']} {event['eventName']}"
        for channel in channels:
            yield Gap("trail.selectors", channel.trail, f"Trail {short(channel.trail)} does not record {what}.")


def _misses(profile: Profile, channels: Iterable[Channel], event: Event) -> Iterator[Gap]:
    """The filters of these channels that test the same fields as the profile, and that do not match the event."""
    tested = {*map(_tested_field, atoms(profile.required)), None}
    for channel in channels:
        pattern = channel.pattern
        if pattern is None or channel.filter is None or not channel.recorded.matches(event):
            continue
        resource = filter_resource(channel.log_group or "", channel.filter)
        title = filter_title(channel.log_group or "", channel.filter)
        if pattern.matches(event):
            message = (
                f"Metric filter {title} counts this event with other dimensions than those that its alarm watches."
            )
            yield Gap("filter.narrowed", resource, message)
        elif channel.to_siem:
            yield _miss("siem.misses", channel.log_group or "", f"Subscription filter {title}", pattern, event)
        elif not tested.isdisjoint(map(_tested_field, atoms(pattern))):
            yield _miss("filter.misses", resource, f"Metric filter {title}", pattern, event)


def _miss(code: str, resource: str, title: str, pattern: Pattern, event: Event) -> Gap:
    """The gap of a filter that does not match the event. Its fix is what to write, where that is known."""
    miss, known = why_not(pattern, event), remarks(pattern)
    message = " ".join([f"{title} {miss.why}.", *(remark.what for remark in known)])
    return Gap(code, resource, message, " ".join([*miss.instead, *written_instead(known)]))


def _tested_field(atom: Atom | TextAtom) -> FieldPath | None:
    """The field that is tested, or that was meant; None for the text as a whole."""
    return meant(atom.path) or atom.path if isinstance(atom, Atom) else None

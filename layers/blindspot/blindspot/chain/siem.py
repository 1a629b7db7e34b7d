"""Channels to a SIEM, without an alarm and a topic: how events reach the profile's destinations.

They are sent by a subscription filter of the log group or of its account, or by the trail's bucket or topic.

Source: CloudWatch Logs user guide, "Real-time processing of log data with subscriptions"; CloudTrail user guide,
"Receiving CloudTrail log files".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from blindspot.chain.channel import Path
from blindspot.chain.metric_filter import FilterPatterns, filter_title, system_fields
from blindspot.chain.trail import check_delivery_to_siem
from blindspot.languages.selection_criteria import selects
from blindspot.languages.three_valued import Truth
from blindspot.model.arn import place_of, short
from blindspot.model.findings import Doubt, malformed, unread
from blindspot.model.snapshot import LogGroup, Snapshot, SubscriptionFilter, Trail, Unreadable


def paths_from_trail(trail: Trail, destinations: Collection[str]) -> Iterator[Path]:
    """The paths from the trail's own bucket and topic to these destinations (ARNs)."""
    for target, arn in (("bucket", trail.bucket_arn), ("topic", trail.topic_arn)):
        if arn is not None and arn in destinations:
            yield Path(subscription=arn, to_siem=True).then(check_delivery_to_siem(trail, target))


def paths_from_log_group(
    path: Path, group: LogGroup, snapshot: Snapshot, destinations: Collection[str], patterns: FilterPatterns
) -> Iterator[Path]:
    """The paths from the subscription filters of the log group, and of its account, to these destinations."""
    if not destinations:
        return
    of_account = snapshot.subscription_policies.get(place_of(group.arn), ())
    fields = {**system_fields(group), "LogGroupName": short(group.arn)}
    for filters in (group.subscriptions, of_account):
        if isinstance(filters, Unreadable):
            yield path.then(unread(group.arn, filters))
            continue
        for found in filters:
            selected = selects(found.selection, fields)
            if found.unread and found.destination in ("", *destinations):
                title = f"Subscription filter {filter_title(group.arn, found.name)}"
                yield replace(path, filter=found.name).then(malformed(group.arn, title, found.unread))
            elif found.destination in destinations and selected is not Truth.FALSE:
                yield _through(path, group, found, patterns, selected=selected)


def _through(
    path: Path, group: LogGroup, found: SubscriptionFilter, patterns: FilterPatterns, *, selected: Truth
) -> Path:
    title = filter_title(group.arn, found.name)
    path = replace(path, filter=found.name, subscription=found.destination, to_siem=True)
    if selected is Truth.UNKNOWN or found.on_transformed_logs:
        message = f"It is not known which log events subscription filter {title} sends."
        path = path.then(Doubt("siem.misses", group.arn, message))
    return path.through(patterns.pattern(group.arn, f"subscription filter {title}", found.pattern))

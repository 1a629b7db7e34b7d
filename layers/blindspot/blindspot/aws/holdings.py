"""Reads whose the things are that are ours or have our names."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing
from blindspot.aws.read import Reader
from blindspot.aws.response_fields import Answer, arn, items
from blindspot.aws.things import alarm_state, parse_tags, tags_of
from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import Arn, place_of, short
from blindspot.model.profile import Names
from blindspot.model.snapshot import LogGroup, MetricFilter, Snapshot, Topic, Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation import ownership
from blindspot.remediation.candidates import repairable_log_groups
from blindspot.remediation.ledger import Ledger, topic_of
from blindspot.remediation.ownership import Holdings, Owner

AT_ONCE = 100
"""Alarms that one DescribeAlarms may name (CloudWatch API reference, DescribeAlarms)."""

Tags = Mapping[str, str] | Unreadable | None


def holdings(
    clients: Clients, stack: Stack | None, ledger: Ledger, snapshot: Snapshot, names: Names, *, deadline: float
) -> Holdings:
    """Whose the alarms, topics and metric filters of our names are in the places of the repairable log groups, and
    whose everything is that the ledger has. `deadline` is on the monotonic clock.

    What is in a region that was not assessed is not asked for, and its owner unknown.
    """
    read = [
        resource
        for resource in dict.fromkeys((*_of_our_names(snapshot, names), *_alarms_and_topics(ledger)))
        if _may_exist(resource, snapshot)
    ]
    reachable = [resource for resource in read if _is_reachable(resource, snapshot)]
    reader = Reader(clients, deadline)
    tags: dict[str, Tags] = {resource: Unreadable(*tags_of(resource)[:2], "NotAsked") for resource in read}
    tags |= asyncio.run(_tags(reader, reachable))
    owners = dict.fromkeys(_of_our_names(snapshot, names), Owner.NOBODY)
    owners |= {resource: ownership.owner_of_tagged(resource, found, ledger, stack) for resource, found in tags.items()}
    ours = [resource for resource, owner in owners.items() if owner is Owner.US]
    alarms = asyncio.run(_alarms(clients, reader, [each for each in ours if Arn.parse(each).service == "cloudwatch"]))
    # One that cannot be described cannot be merged.
    undescribed = [each for each in ours if Arn.parse(each).service == "cloudwatch" and each not in alarms]
    owners |= dict.fromkeys(undescribed, Owner.UNKNOWN)
    filters = _filters(snapshot)
    owners |= {resource: ownership.owner_of_filter(resource, found, ledger) for resource, found in filters.items()}
    known = {each: found for each in ours if isinstance(found := tags[each], Mapping)}
    keys = {arn: topic.key_id for arn, topic in snapshot.topics.items() if isinstance(topic, Topic)}
    return ownership.as_seen(Holdings(owners, ledger, alarms, known, stack), filters, keys)


def _of_our_names(snapshot: Snapshot, names: Names) -> Iterator[str]:
    for place in dict.fromkeys(map(place_of, repairable_log_groups(snapshot))):
        yield from ownership.alarm_arns([names], snapshot.partition, place)
        yield from ownership.topic_arns([names], snapshot.partition, place)


def _alarms_and_topics(ledger: Ledger) -> Iterator[str]:
    for resource in ledger.entries:
        if ":metric-filter:" not in resource and topic_of(resource) is None:
            yield resource


def _may_exist(resource: str, snapshot: Snapshot) -> bool:
    if Arn.parse(resource).service == "sns":
        return snapshot.topics.get(resource, resource) is not None
    alarms = snapshot.alarms.get(place_of(resource), Unreadable("", "", ""))
    return isinstance(alarms, Unreadable) or any(alarm.arn == resource for alarm in alarms)


def _is_reachable(resource: str, snapshot: Snapshot) -> bool:
    if isinstance(snapshot.regions, Unreadable):
        return place_of(resource)[1] == snapshot.own_region
    return place_of(resource)[1] in snapshot.regions


async def _tags(reader: Reader, resources: Iterable[str]) -> dict[str, Tags]:
    async def of(resource: str) -> tuple[str, Tags]:
        call, region, named = tags_of(resource)
        # The role allows some names and not others: after a refusal the next may be allowed.
        found = await reader.one(call, region, parse_tags, of=resource, **named)
        return resource, None if isinstance(found, Unreadable) and is_missing(found) else found

    return dict(await asyncio.gather(*map(of, resources)))


async def _alarms(clients: Clients, reader: Reader, resources: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """As they are described; without those of which no answer came."""
    by_region: defaultdict[str, list[str]] = defaultdict(list)
    for resource in resources:
        by_region[place_of(resource)[1]].append(short(resource))

    def described(answer: Answer) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        found = items(answer, "MetricAlarms")
        return tuple((arn(alarm, "AlarmArn"), alarm_state(clients, alarm)) for alarm in found)

    describe = partial(reader.every, "cloudwatch:DescribeAlarms")
    batches = [
        describe(region, described, AlarmNames=names[first : first + AT_ONCE], AlarmTypes=["MetricAlarm"])
        for region, names in by_region.items()
        for first in range(0, len(names), AT_ONCE)
    ]
    answers = await asyncio.gather(*batches)
    return {name: alarm for found in answers if not isinstance(found, Unreadable) for name, alarm in found}


def _filters(snapshot: Snapshot) -> dict[str, MetricFilter]:
    """All metric filters that were read, by resource."""
    read = [
        (log_group, found)
        for log_group, group in snapshot.log_groups.items()
        if isinstance(group, LogGroup) and not isinstance(group.filters, Unreadable)
        for found in group.filters
    ]
    read += [each for filters in snapshot.other_filters.values() for each in filters]
    return {filter_resource(log_group, found.name): found for log_group, found in read}

"""Reading an account into a Snapshot: every read once, in the region where the thing lives, and as early as it can be.

Nothing is decided here, and nothing raises for want of an answer, save that an account must have a number.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from blindspot.aws import answers
from blindspot.aws.clients import CallFailed, Clients
from blindspot.aws.fields import Answer
from blindspot.aws.reading import Reader, in_thread
from blindspot.aws.regions import Regions
from blindspot.snapshot import (
    Alarm,
    EventSelectors,
    LogGroup,
    MetricAlarm,
    MetricFilter,
    Snapshot,
    Subscription,
    Topic,
    Trail,
    Unreadable,
)

T = TypeVar("T")

ABSENT = ("ResourceNotFoundException", "NotFound", "NotFoundException")
"""What Logs and SNS answer for a log group or a topic that does not exist."""

ALARM_TYPES = frozenset({"MetricAlarm", "CompositeAlarm", "LogAlarm"})
"""Without them DescribeAlarms returns metric alarms only (CloudWatch API reference, DescribeAlarms)."""


class AccountUnknown(CallFailed):
    """Raised when STS does not say whose credentials these are: nothing can be judged without an account."""


def collect(
    clients: Clients, *, own_region: str, excluded_regions: frozenset[str], deadline: float, now: datetime
) -> Snapshot:
    """Reads the account that the credentials belong to.

    own_region: where STS and EC2 are asked, and all that is judged where EC2 does not list the regions.
    excluded_regions: no call goes there.
    deadline: on the monotonic clock. What has not answered by then is Unreadable with the error "Timeout", and the
        snapshot is returned without waiting longer.
    Raises AccountUnknown.
    """
    return asyncio.run(_collect(clients, own_region, excluded_regions, deadline, now))


async def _collect(clients: Clients, own: str, excluded: frozenset[str], deadline: float, now: datetime) -> Snapshot:
    reader = Reader(clients, deadline)
    listing = asyncio.create_task(reader.one("ec2:DescribeRegions", own, answers.regions, AllRegions=True))
    identity, alarm_types = await asyncio.gather(
        reader.one("sts:GetCallerIdentity", own, answers.identity),
        in_thread(partial(clients.values_of, "cloudwatch", "AlarmType")),
    )
    if isinstance(identity, Unreadable):
        raise AccountUnknown(identity)

    async def listed() -> Regions:
        ours = (identity.partition, None)  # a region that is too new for this SDK is taken for ours
        return Regions.of(await listing, own, excluded, lambda region: clients.partition_of(region) in ours)

    chain = _Chain(reader, identity.account, asyncio.create_task(listed()), sorted(ALARM_TYPES & alarm_types))
    if own not in excluded:
        chain.start(own)  # judged whatever the regions are, so it need not wait for them
    regions = await chain.follow()
    return Snapshot(
        account=identity.account,
        partition=identity.partition,
        own_region=own,
        read_at=now,
        regions=regions.enabled if isinstance(regions.enabled, Unreadable) else regions.judged,
        skipped=regions.skipped,
        unread_regions={r: shown for r, shown in _results(chain.probes).items() if isinstance(shown, Unreadable)},
        trails=tuple(_results(chain.trails).values()),
        log_groups=_results(chain.log_groups),
        alarms=_results(chain.alarms),
        topics=_results(chain.topics),
    )


class _Chain:
    """The chain from every region's trails to the subscriptions. One task reads each thing, known by its name."""

    def __init__(self, reader: Reader, account: str, regions: asyncio.Task[Regions], alarm_types: list[str]) -> None:
        self._reader = reader
        self._account = account
        self._regions = regions
        self._alarm_types = alarm_types
        self._homes: dict[str, asyncio.Task[None]] = {}
        self.probes: dict[str, asyncio.Task[tuple[Trail, ...] | Unreadable]] = {}
        self.trails: dict[str, asyncio.Task[Trail]] = {}
        self.log_groups: dict[str, asyncio.Task[LogGroup | Unreadable | None]] = {}
        self.alarms: dict[str, asyncio.Task[tuple[Alarm, ...] | Unreadable]] = {}
        self.topics: dict[str, asyncio.Task[Topic | Unreadable | None]] = {}

    def start(self, region: str) -> None:
        """Begins to read what lives in a region."""
        _once(self._homes, region, partial(self._follow_home, region))

    async def follow(self) -> Regions:
        """Reads everything; returns where. A trail is followed as soon as its home region has shown it."""
        regions = await self._regions
        for region in regions.judged:
            self.start(region)
        await asyncio.gather(*self._homes.values())
        await self._follow_trails(self._shown_elsewhere())
        return regions

    async def _shown(self, region: str) -> tuple[Trail, ...] | Unreadable:
        """The trails that a region shows. This is the probe: where it gives no answer nothing more is asked."""
        call = "cloudtrail:DescribeTrails"
        reading = partial(self._reader.one, call, region, answers.trails, includeShadowTrails=True)
        return await _once(self.probes, region, reading)

    async def _follow_home(self, region: str) -> None:
        shown = await self._shown(region)
        if not isinstance(shown, Unreadable):
            await self._follow_trails(trail for trail in shown if trail.home_region == region)

    def _shown_elsewhere(self) -> Iterable[Trail]:
        """Trails whose home has not shown them: it is not called, gave no answer, or has them no longer."""
        for shown in _results(self.probes).values():
            if not isinstance(shown, Unreadable):
                yield from (trail for trail in shown if trail.arn not in self.trails)

    async def _follow_trails(self, trails: Iterable[Trail]) -> None:
        await asyncio.gather(*[_once(self.trails, trail.arn, partial(self._trail, trail)) for trail in trails])

    async def _trail(self, trail: Trail) -> Trail:
        # "returns trail status from a single Region", and wants the ARN of a trail of another region or account
        # (CloudTrail API reference, GetTrailStatus; the same holds for GetEventSelectors).
        status, selectors, _ = await asyncio.gather(
            self._one("cloudtrail:GetTrailStatus", trail.home_region, answers.trail_status, Name=trail.arn),
            self._selectors(trail),
            self._follow_log_group(trail.log_group_arn),
        )
        return replace(trail, status=status, selectors=selectors)

    async def _selectors(self, trail: Trail) -> EventSelectors | Unreadable:
        call = "cloudtrail:GetEventSelectors"
        if _owner(trail.arn) != self._account:  # an organization's trail: only its owner may ask
            return Unreadable(call, trail.home_region, "ForeignAccount")
        return await self._one(call, trail.home_region, answers.event_selectors, TrailName=trail.arn)

    async def _follow_log_group(self, arn: str | None) -> None:
        """Reads a log group and its region's alarms side by side, then the topics that the two lead to."""
        if arn is None:
            return
        reading = _once(self.log_groups, arn, partial(self._log_group, arn))
        if _owner(arn) != self._account:
            await reading
            return
        region = _region(arn)
        group, alarms = await asyncio.gather(reading, _once(self.alarms, region, partial(self._region_alarms, region)))
        if isinstance(group, LogGroup) and not isinstance(alarms, Unreadable):
            topics = _notified(group, alarms)
            await asyncio.gather(*[_once(self.topics, topic, partial(self._topic, topic)) for topic in topics])

    async def _log_group(self, arn: str) -> LogGroup | Unreadable | None:
        call = "logs:DescribeMetricFilters"
        if _owner(arn) != self._account:
            return Unreadable(call, _region(arn), "ForeignAccount")
        name = arn.split(":", 6)[6]
        filters = await self._every(call, _region(arn), answers.metric_filters, logGroupName=name, limit=50)
        return _absent(filters) if isinstance(filters, Unreadable) else LogGroup(arn, filters)

    async def _region_alarms(self, region: str) -> tuple[Alarm, ...] | Unreadable:
        call = "cloudwatch:DescribeAlarms"
        return await self._every(call, region, answers.alarms, AlarmTypes=self._alarm_types, MaxRecords=100)

    async def _topic(self, arn: str) -> Topic | Unreadable | None:
        region = _region(arn)
        attributes, listed = await asyncio.gather(
            self._one("sns:GetTopicAttributes", region, answers.topic_attributes, TopicArn=arn),
            self._every("sns:ListSubscriptionsByTopic", region, answers.subscriptions, TopicArn=arn),
        )
        if isinstance(attributes, Unreadable):
            return _absent(attributes)
        policy, key = attributes
        return Topic(arn, policy, key, listed if isinstance(listed, Unreadable) else await self._as_needed(listed))

    async def _as_needed(self, listed: tuple[Subscription, ...]) -> tuple[Subscription, ...]:
        """The subscriptions with their filter policies, as far as the first that surely hears: confirmed and without
        a filter policy. Confirmed ones after it are left out, so that none stands there unread or as unfiltered."""
        needed: list[Subscription] = []
        heard = False
        for subscription in listed:
            if subscription.arn is None:
                needed.append(subscription)
            elif not heard:
                call, region = "sns:GetSubscriptionAttributes", _region(subscription.arn)
                policy = await self._one(call, region, answers.filter_policy, SubscriptionArn=subscription.arn)
                needed.append(replace(subscription, filter_policy=policy))
                heard = policy is None
        return tuple(needed)

    async def _one(self, call: str, region: str, parse: Callable[[Answer], T], /, **parameters: Any) -> T | Unreadable:
        if closed := await self._closed(call, region):
            return closed
        return await self._reader.one(call, region, parse, **parameters)

    async def _every(
        self, call: str, region: str, parse: Callable[[Answer], tuple[T, ...]], /, **parameters: Any
    ) -> tuple[T, ...] | Unreadable:
        if closed := await self._closed(call, region):
            return closed
        return await self._reader.every(call, region, parse, **parameters)

    async def _closed(self, call: str, region: str) -> Unreadable | None:
        """Why nothing is asked in a region: it is not judged, or the probe gave no answer there."""
        if region not in self.probes:
            regions = await self._regions
            if region not in regions.judged:
                return regions.closed(call, region)
        shown = await self._shown(region)
        return shown if isinstance(shown, Unreadable) else None


def _notified(group: LogGroup, alarms: Iterable[Alarm]) -> list[str]:
    """The topics that alarms on the metrics of a log group's filters notify."""
    filters: tuple[MetricFilter, ...] = () if isinstance(group.filters, Unreadable) else group.filters
    metrics = {(metric_filter.namespace, metric_filter.metric) for metric_filter in filters}
    watching = [a for a in alarms if isinstance(a, MetricAlarm) and (a.namespace, a.metric) in metrics]
    actions = sorted({action for alarm in watching for action in alarm.actions})
    return [arn for arn in actions if arn.split(":")[2:3] == ["sns"] and arn.count(":") == 5]


def _absent(unreadable: Unreadable) -> Unreadable | None:
    return None if unreadable.error in ABSENT else unreadable


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _owner(arn: str) -> str:
    return arn.split(":")[4]


def _once(
    tasks: dict[str, asyncio.Task[T]], name: str, reading: Callable[[], Coroutine[Any, Any, T]]
) -> asyncio.Task[T]:
    """The task that reads what bears this name, started when it is first asked for."""
    if name not in tasks:
        tasks[name] = asyncio.create_task(reading())
    return tasks[name]


def _results(tasks: Mapping[str, asyncio.Task[T]]) -> dict[str, T]:
    return {name: task.result() for name, task in sorted(tasks.items())}

"""Reading an account into a Snapshot: every read once, in the region where the thing lives, and as early as it can be.

Nothing is decided here, and nothing raises for want of an answer, save that an account must have a number.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.errors import NO_SUCH_OPERATION, NO_SUCH_RESOURCE, CallFailed
from blindspot.aws.read import Reader, in_thread
from blindspot.aws.regions import Regions
from blindspot.aws.response_fields import Answer
from blindspot.chain.composite_alarm import may_refer_to
from blindspot.chain.metric_alarm import queries
from blindspot.model.arn import Arn, Place, is_arn, place_of, short
from blindspot.model.findings import FOREIGN
from blindspot.model.snapshot import (
    Alarm,
    CompositeAlarm,
    EventSelectors,
    Key,
    LogGroup,
    MetricFilter,
    MuteRule,
    OtherAlarm,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Topic,
    Trail,
    Unreadable,
)

T = TypeVar("T")

ALARM_TYPES = frozenset({"MetricAlarm", "CompositeAlarm", "LogAlarm"})
"""Without them DescribeAlarms returns metric alarms only (CloudWatch API reference, DescribeAlarms)."""


class AccountUnknown(CallFailed):
    """Raised when STS does not say whose credentials these are: nothing can be judged without an account."""


def collect(
    clients: Clients,
    *,
    own_region: str,
    excluded_regions: frozenset[str],
    monitoring_roles: Mapping[str, str],
    siem: bool,
    deadline: float,
    now: datetime,
    topic_names: tuple[str, ...] = (),
) -> Snapshot:
    """Reads the account that the credentials belong to.

    own_region: where STS and EC2 are asked, and all that is judged where EC2 does not list the regions.
    excluded_regions: no call goes there.
    monitoring_roles: by account, the ARN of the role with which what is in that account is read.
    siem: whether to read what sends log events to a SIEM.
    deadline: on the monotonic clock. What has not answered by then is Unreadable with the error "Timeout", and the
        snapshot is returned without waiting longer.
    topic_names: topics to read wherever a log group of our account is, beside those that its alarms notify.
    Raises AccountUnknown.
    """
    reader = Reader(clients, deadline)
    return asyncio.run(
        _collect(clients, reader, own_region, excluded_regions, monitoring_roles, siem, now, topic_names)
    )


async def _collect(
    clients: Clients,
    reader: Reader,
    own: str,
    excluded: frozenset[str],
    roles: Mapping[str, str],
    siem: bool,
    now: datetime,
    topic_names: tuple[str, ...],
) -> Snapshot:
    listing = asyncio.create_task(reader.one("ec2:DescribeRegions", own, responses.regions, AllRegions=True))
    identity, alarm_types, has_mute_rules = await asyncio.gather(
        reader.one("sts:GetCallerIdentity", own, responses.identity),
        in_thread(partial(clients.values_of, "cloudwatch", "AlarmType")),
        in_thread(partial(clients.knows, "cloudwatch:ListAlarmMuteRules")),
    )
    if isinstance(identity, Unreadable):
        raise AccountUnknown(identity)

    async def listed() -> Regions:
        ours = (identity.partition, None)  # a region that is too new for this SDK is taken for ours
        return Regions.of(await listing, own, excluded, lambda region: clients.partition_of(region) in ours)

    roles_of = _Roles(clients, reader, identity.account, own, excluded, roles)
    regions_listed = asyncio.create_task(listed())
    types = sorted(ALARM_TYPES & alarm_types)
    chain = _Chain(reader, roles_of, regions_listed, types, topic_names, has_mute_rules=has_mute_rules, siem=siem)
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
        other_filters=_elsewhere(identity.partition, _results(chain.filters), chain.log_groups),
        mute_rules=_results(chain.mute_rules),
        subscription_policies=_results(chain.policies),
    )


class _Roles:
    """The accounts beside our own, each read with the credentials of a role there."""

    def __init__(
        self,
        clients: Clients,
        reader: Reader,
        own_account: str,
        own_region: str,
        excluded: frozenset[str],
        roles: Mapping[str, str],
    ) -> None:
        self.own_account = own_account
        self._clients = clients
        self._reader = reader
        self._own_region = own_region
        self._excluded = excluded
        self._roles = roles
        self._assumed: dict[str, asyncio.Task[Unreadable | None]] = {}

    def has(self, account: str) -> bool:
        return account in self._roles and account != self.own_account

    async def closed(self, call: str, place: Place) -> Unreadable | None:
        """Why nothing is asked in a place of another account."""
        account, region = place
        if region in self._excluded:
            return Unreadable(call, region, "Excluded")
        if not self.has(account):
            return Unreadable(call, region, FOREIGN)
        return await _once(self._assumed, account, partial(self._assume, account))

    async def _assume(self, account: str) -> Unreadable | None:
        found = await self._reader.one(
            "sts:AssumeRole",
            self._own_region,
            responses.credentials,
            owner=account,
            RoleArn=self._roles[account],
            RoleSessionName="blindspot",
        )
        if isinstance(found, Unreadable):
            return found
        await in_thread(partial(self._clients.become, account, found))
        return None


class _Chain:
    """The chain from every region's trails to the subscriptions. One task reads each thing, known by its name."""

    def __init__(
        self,
        reader: Reader,
        roles: _Roles,
        regions: asyncio.Task[Regions],
        alarm_types: list[str],
        topic_names: tuple[str, ...],
        *,
        has_mute_rules: bool,
        siem: bool,
    ) -> None:
        self._reader = reader
        self._roles = roles
        self._account = roles.own_account
        self._regions = regions
        self._alarm_types = alarm_types
        self._topic_names = topic_names
        self._siem = siem
        self._has_mute_rules = has_mute_rules
        self._homes: dict[str, asyncio.Task[None]] = {}
        self.probes: dict[str, asyncio.Task[tuple[Trail, ...] | Unreadable]] = {}
        self.trails: dict[str, asyncio.Task[Trail]] = {}
        self.filters: dict[Place, asyncio.Task[tuple[tuple[str, MetricFilter], ...] | Unreadable]] = {}
        self.log_groups: dict[str, asyncio.Task[LogGroup | Unreadable | None]] = {}
        self.alarms: dict[Place, asyncio.Task[tuple[Alarm, ...] | Unreadable]] = {}
        self.mute_rules: dict[Place, asyncio.Task[tuple[MuteRule, ...] | Unreadable]] = {}
        self.policies: dict[Place, asyncio.Task[tuple[SubscriptionFilter, ...] | Unreadable]] = {}
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
        reading = partial(self._reader.one, call, region, responses.trails, includeShadowTrails=True)
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
            self._one("cloudtrail:GetTrailStatus", self._at_home(trail), responses.trail_status, Name=trail.arn),
            self._selectors(trail),
            self._follow_log_group(trail.log_group_arn),
        )
        return replace(trail, status=status, selectors=selectors)

    def _at_home(self, trail: Trail) -> Place:
        """The trail's home, in our own account: an organization's trail is shown there too."""
        return self._account, trail.home_region

    async def _selectors(self, trail: Trail) -> EventSelectors | Unreadable:
        # Only the owner of an organization's trail may ask.
        home = place_of(trail.arn)[0], trail.home_region
        call = "cloudtrail:GetEventSelectors"
        return await self._one(call, home, responses.event_selectors, TrailName=trail.arn)

    async def _follow_log_group(self, arn: str | None) -> None:
        """Reads a log group and what lies beside it."""
        if arn is None:
            return
        place = place_of(arn)
        group = _once(self.log_groups, arn, partial(self._log_group, arn))
        if not await self._unreachable(place):
            if self._has_mute_rules:
                _once(self.mute_rules, place, partial(self._place_mute_rules, place))
            if self._siem:
                _once(self.policies, place, partial(self._place_policies, place))
            await self._follow_alarms(arn, place)
        await asyncio.gather(group, *self.mute_rules.values(), *self.policies.values())

    async def _follow_alarms(self, arn: str, place: Place) -> None:
        """Reads a log group's filters and the alarms there, side by side, then the topics that the two lead to."""
        filters, alarms = await asyncio.gather(
            self._metric_filters(arn), _once(self.alarms, place, partial(self._place_alarms, place))
        )
        if not isinstance(filters, Unreadable) and not isinstance(alarms, Unreadable):
            partition, (account, region) = Arn.parse(arn).partition, place
            ours = self._topic_names if account == self._account else ()
            topics = {*_notified(filters, alarms), *(f"arn:{partition}:sns:{region}:{account}:{name}" for name in ours)}
            await asyncio.gather(*[_once(self.topics, topic, partial(self._topic, topic)) for topic in topics])

    async def _metric_filters(self, arn: str) -> tuple[MetricFilter, ...] | Unreadable:
        place, name = place_of(arn), short(arn)
        listed = await _once(self.filters, place, partial(self._place_filters, place))
        return listed if isinstance(listed, Unreadable) else tuple(found for group, found in listed if group == name)

    async def _place_filters(self, place: Place) -> tuple[tuple[str, MetricFilter], ...] | Unreadable:
        """Every metric filter of the place: any log group's may add to the metric that an alarm watches."""
        return await self._every("logs:DescribeMetricFilters", place, responses.metric_filters, limit=50)

    async def _unreachable(self, place: Place) -> bool:
        """Whether there is no way to read a place of another account."""
        return place[0] != self._account and await self._roles.closed("", place) is not None

    async def _log_group(self, arn: str) -> LogGroup | Unreadable | None:
        place, name = place_of(arn), short(arn)
        filters, log_class, subscriptions = await asyncio.gather(
            self._metric_filters(arn),
            self._one(
                "logs:DescribeLogGroups",
                place,
                partial(responses.log_group_class, name=name),
                logGroupNamePrefix=name,
                limit=1,
            ),
            self._subscriptions(place, name),
        )
        if log_class is None:
            return None
        if isinstance(filters, Unreadable) and isinstance(log_class, Unreadable):
            return filters
        return LogGroup(arn, filters, log_class, subscriptions)

    async def _subscriptions(self, place: Place, name: str) -> tuple[SubscriptionFilter, ...] | Unreadable:
        if not self._siem:
            return ()
        call = "logs:DescribeSubscriptionFilters"
        return await self._every(call, place, responses.subscription_filters, logGroupName=name, limit=50)

    async def _place_policies(self, place: Place) -> tuple[SubscriptionFilter, ...] | Unreadable:
        call, kind = "logs:DescribeAccountPolicies", "SUBSCRIPTION_FILTER_POLICY"
        return await self._every(call, place, responses.subscription_policies, policyType=kind)

    async def _place_alarms(self, place: Place) -> tuple[Alarm, ...] | Unreadable:
        call = "cloudwatch:DescribeAlarms"
        return await self._every(call, place, responses.alarms, AlarmTypes=self._alarm_types, MaxRecords=100)

    async def _place_mute_rules(self, place: Place) -> tuple[MuteRule, ...] | Unreadable:
        call = "cloudwatch:ListAlarmMuteRules"
        listed = await self._every(call, place, responses.mute_rules, Statuses=["ACTIVE", "SCHEDULED"])
        if isinstance(listed, Unreadable):
            return () if listed.error in NO_SUCH_OPERATION else listed
        muted = await asyncio.gather(*[self._muted(place, rule) for rule in listed])
        return tuple(replace(rule, alarms=alarms) for rule, alarms in zip(listed, muted, strict=True))

    async def _muted(self, place: Place, rule: MuteRule) -> tuple[str, ...] | Unreadable:
        name = Arn.parse(rule.arn).name
        return await self._one("cloudwatch:GetAlarmMuteRule", place, responses.muted, AlarmMuteRuleName=name)

    async def _topic(self, arn: str) -> Topic | Unreadable | None:
        place = self._or_ours(arn)
        attributes, listed = await asyncio.gather(
            self._one("sns:GetTopicAttributes", place, responses.topic_attributes, owner=arn, TopicArn=arn),
            self._every("sns:ListSubscriptionsByTopic", place, responses.subscriptions, owner=arn, TopicArn=arn),
        )
        if isinstance(attributes, Unreadable):
            return _absent(attributes)
        policy, key_id = attributes
        subscriptions, key = await asyncio.gather(self._as_needed(place, arn, listed), self._key(place, key_id))
        return Topic(arn, policy, key_id, subscriptions, key)

    def _or_ours(self, arn: str) -> Place:
        """Where a resource that may let our account in is read: as its own account if there is a role, else as ours."""
        account, region = place_of(arn)
        return (account if self._roles.has(account) else self._account), region

    async def _key(self, place: Place, key_id: str | None) -> Key | Unreadable | None:
        if key_id is None or key_id.endswith("alias/aws/sns"):
            return None  # the key of SNS's own is judged by its name
        if key_id.startswith("arn:"):
            place = self._or_ours(key_id)
        key = await self._one("kms:DescribeKey", place, responses.key, owner=key_id, KeyId=key_id)
        if isinstance(key, Unreadable):
            return _absent(key)
        if key.managed_by_aws:
            return key
        policy = await self._one(
            "kms:GetKeyPolicy", place, responses.key_policy, owner=key_id, KeyId=key.arn, PolicyName="default"
        )
        return replace(key, policy=policy)

    async def _as_needed(
        self, place: Place, topic: str, listed: tuple[Subscription, ...] | Unreadable
    ) -> tuple[Subscription, ...] | Unreadable:
        """The subscriptions with their filter policies, as far as the first that surely hears: confirmed and without
        a filter policy. Confirmed ones after it are left out, so that none stands there unread or as unfiltered."""
        if isinstance(listed, Unreadable):
            return listed
        needed: list[Subscription] = []
        reached = False
        for subscription in listed:
            if subscription.arn is None:
                needed.append(subscription)
            elif not reached:
                call = "sns:GetSubscriptionAttributes"
                read = await self._one(
                    call, place, responses.filter_policy, owner=topic, SubscriptionArn=subscription.arn
                )
                policy, scope = (read, subscription.filter_scope) if isinstance(read, Unreadable) else read
                needed.append(replace(subscription, filter_policy=policy, filter_scope=scope))
                reached = policy is None
        return tuple(needed)

    async def _one(self, call: str, place: Place, parse: Callable[[Answer], T], /, **parameters: Any) -> T | Unreadable:
        if closed := await self._closed(call, place):
            return closed
        return await self._reader.one(call, place[1], parse, account=self._other(place), **parameters)

    async def _every(
        self, call: str, place: Place, parse: Callable[[Answer], tuple[T, ...]], /, **parameters: Any
    ) -> tuple[T, ...] | Unreadable:
        if closed := await self._closed(call, place):
            return closed
        return await self._reader.every(call, place[1], parse, account=self._other(place), **parameters)

    def _other(self, place: Place) -> str | None:
        """The account as whose role a place is read, None for our own."""
        return None if place[0] == self._account else place[0]

    async def _closed(self, call: str, place: Place) -> Unreadable | None:
        """Why nothing is asked in a place: it is not judged, the probe gave no answer there, or there is no role."""
        account, region = place
        if account != self._account:
            return await self._roles.closed(call, place)
        if region not in self.probes:
            regions = await self._regions
            if region not in regions.judged:
                return regions.closed(call, region)
        shown = await self._shown(region)
        return shown if isinstance(shown, Unreadable) else None


def _notified(filters: Iterable[MetricFilter], alarms: Iterable[Alarm]) -> list[str]:
    """The topics notified by alarms on the metrics of filters, and by composite alarms on those alarms."""
    metrics = {(metric_filter.namespace, metric_filter.metric) for metric_filter in filters}
    on_numbers = [alarm for alarm in alarms if not isinstance(alarm, CompositeAlarm | OtherAlarm)]
    told: list[Alarm] = [a for a in on_numbers if any((q.namespace, q.metric) in metrics for q in queries(a))]
    composites = [alarm for alarm in alarms if isinstance(alarm, CompositeAlarm)]
    while more := [a for a in composites if a not in told and may_refer_to(a, {alarm.arn for alarm in told})]:
        told += more
    actions = sorted({action for alarm in told for action in alarm.actions})
    return [arn for arn in actions if is_arn(arn) and Arn.parse(arn).service == "sns" and ":" not in short(arn)]


def _elsewhere(
    partition: str,
    filters: Mapping[Place, tuple[tuple[str, MetricFilter], ...] | Unreadable],
    log_groups: Iterable[str],
) -> dict[Place, tuple[tuple[str, MetricFilter], ...]]:
    """The filters of all but these log groups."""
    others = {}
    for place, listed in filters.items():
        if not isinstance(listed, Unreadable):
            account, region = place
            named = ((f"arn:{partition}:logs:{region}:{account}:log-group:{group}", found) for group, found in listed)
            others[place] = tuple((arn, found) for arn, found in named if arn not in log_groups)
    return {place: found for place, found in others.items() if found}


def _absent(unreadable: Unreadable) -> Unreadable | None:
    return None if unreadable.error in NO_SUCH_RESOURCE else unreadable


Name = TypeVar("Name", str, Place)


def _once(
    tasks: dict[Name, asyncio.Task[T]], name: Name, reading: Callable[[], Coroutine[Any, Any, T]]
) -> asyncio.Task[T]:
    """The task that reads what bears this name, started when it is first asked for."""
    if name not in tasks:
        tasks[name] = asyncio.create_task(reading())
    return tasks[name]


def _results(tasks: Mapping[Name, asyncio.Task[T]]) -> dict[Name, T]:
    return {name: task.result() for name, task in sorted(tasks.items())}

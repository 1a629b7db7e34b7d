"""Reads an account into a Snapshot: each read once, in the region of the resource, and as early as possible.

Nothing is decided here. A failed read is a value in the snapshot, and raises only if the account number is missing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.errors import NO_SUCH_OPERATION, CallFailed, is_missing
from blindspot.aws.read import Reader, in_thread, read_by
from blindspot.aws.regions import Regions
from blindspot.aws.response_fields import Answer
from blindspot.aws.responses import Identity
from blindspot.chain.alarm_graph import AlarmGraph
from blindspot.model.arn import Arn, Place, is_arn, place_of, short
from blindspot.model.findings import FOREIGN, NOT_FOLLOWED
from blindspot.model.snapshot import (
    Alarm,
    EventSelectors,
    Key,
    LogGroup,
    MetricFilter,
    MuteRule,
    Snapshot,
    Subscription,
    SubscriptionFilter,
    Topic,
    Trail,
    TrailStatus,
    Unreadable,
)

T = TypeVar("T")

MOST_POLICIES = 200
"""The largest number of subscriptions of one topic whose filter policies are read, one call each."""

MOST_PAGES = 20
"""The largest number of pages, of 100 each, that are read of one topic's subscriptions."""

PROBE = "cloudtrail:DescribeTrails"
"""The first call in a region: if it fails, nothing else is read there."""

OTHERS_FIRST = 0.75
"""Which share of the time for reading a member the accounts have to which an organization's trail leads. So an account
that does not answer leaves time for the member's own trails."""

LIST_SUBSCRIPTIONS = "sns:ListSubscriptionsByTopic"

ALARM_TYPES = frozenset({"MetricAlarm", "CompositeAlarm", "LogAlarm"})
"""Without them DescribeAlarms returns metric alarms only (CloudWatch API reference, DescribeAlarms)."""


class AccountUnknown(CallFailed):
    """Raised if STS does not return the account of the credentials: without it nothing can be assessed."""


def caller(clients: Clients, *, until: float) -> Identity | Unreadable:
    """The account of the credentials, as STS in the function's region has it. `until` is on the monotonic clock."""
    call, region = "sts:GetCallerIdentity", clients.region
    return read_by(until, call, region, lambda: responses.identity(clients.call(call, region)))


def collect(
    clients: Clients,
    identity: Identity | Unreadable,
    *,
    own_region: str,
    excluded_regions: frozenset[str],
    monitoring_roles: Mapping[str, str],
    siem: bool,
    deadline: float,
    now: datetime,
    topic_names: tuple[str, ...] = (),
    member_of: str | None = None,
) -> Snapshot:
    """Reads the account that the credentials belong to.

    identity: as `caller` returns it.
    own_region: the region in which EC2 is called. If EC2 does not list the regions, only this one is read.
    excluded_regions: these are not called.
    monitoring_roles: by account, the ARN of the role with which the resources in that account are read.
    siem: whether to read what sends log events to a SIEM.
    deadline: on the monotonic clock. A read that has not returned by then is Unreadable with the error "Timeout", and
        the snapshot is returned.
    topic_names: topics to read in every region with a log group of our account, in addition to those that alarms
        notify.
    member_of: the function's own account, if the account is another one of its organization. Then other accounts are
        read only to follow an organization's trail, and that account with the function's own credentials.
    Raises AccountUnknown if `identity` is Unreadable.
    """
    if isinstance(identity, Unreadable):
        raise AccountUnknown(identity)
    reader, until, member = Reader(clients, deadline), deadline, member_of is not None
    if member:
        until = time.monotonic() + OTHERS_FIRST * (deadline - time.monotonic())
    by_account = {**monitoring_roles, **({member_of: None} if member_of else {})}
    roles = _Roles(clients, identity.account, own_region, excluded_regions, by_account, until)
    return asyncio.run(
        _collect(clients, reader, identity, own_region, excluded_regions, roles, siem, now, topic_names, member)
    )


async def _collect(
    clients: Clients,
    reader: Reader,
    identity: Identity,
    own: str,
    excluded: frozenset[str],
    roles: _Roles,
    siem: bool,
    now: datetime,
    topic_names: tuple[str, ...],
    member: bool,
) -> Snapshot:
    listing = asyncio.create_task(reader.one("ec2:DescribeRegions", own, responses.regions, AllRegions=True))
    alarm_types, has_mute_rules = await asyncio.gather(
        in_thread(partial(clients.values_of, "cloudwatch", "AlarmType")),
        in_thread(partial(clients.knows, "cloudwatch:ListAlarmMuteRules")),
    )

    async def listed() -> Regions:
        ours = (identity.partition, None)  # a region that this SDK does not know counts as ours
        return Regions.of(await listing, own, excluded, lambda region: clients.partition_of(region) in ours)

    regions_listed = asyncio.create_task(listed())
    types = sorted(ALARM_TYPES & alarm_types)
    chain = _Chain(reader, roles, regions_listed, types, topic_names, has_mute_rules=has_mute_rules, siem=siem)
    if own not in excluded and not member:
        chain.start(own)  # assessed in any case, so it need not wait for the list of regions
    regions = await chain.follow(of_member=member)
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
        unread_filters=chain.unread_elsewhere(),
        mute_rules=_results(chain.mute_rules),
        subscription_policies=_results(chain.policies),
    )


class _Roles:
    """The roles with which resources in other accounts are read: by account; None for the function's own role."""

    def __init__(
        self,
        clients: Clients,
        own_account: str,
        own_region: str,
        excluded: frozenset[str],
        roles: Mapping[str, str | None],
        until: float,
    ) -> None:
        self.own_account = own_account
        self.reader = Reader(clients, until)
        self._assuming = Reader(clients.own, until)  # the roles trust the function's own role
        self._clients = clients
        self._own_region = own_region
        self._excluded = excluded
        self._roles = roles
        self._closed = False
        self._assumed: dict[str, asyncio.Task[Unreadable | None]] = {}

    @property
    def accounts(self) -> tuple[str, ...]:
        """The other accounts that can be read."""
        return () if self._closed else tuple(sorted(self._roles.keys() - {self.own_account}))

    def close(self) -> None:
        """From now on nothing more is read in other accounts."""
        self._closed = True

    def has(self, account: str) -> bool:
        return account in self.accounts

    async def closed(self, call: str, place: Place) -> Unreadable | None:
        """Why nothing is read in this place of another account; None if it can be read."""
        account, region = place
        if region in self._excluded:
            return Unreadable(call, region, "Excluded")
        if self._closed:
            return Unreadable(call, region, NOT_FOLLOWED)
        if not self.has(account):
            return Unreadable(call, region, FOREIGN)
        return await _once(self._assumed, account, partial(self._assume, account))

    async def _assume(self, account: str) -> Unreadable | None:
        role, found = self._roles[account], None
        if role:
            parse = partial(responses.credentials, role=role)
            asked = {"RoleArn": role, "RoleSessionName": "blindspot"}
            found = await self._assuming.one("sts:AssumeRole", self._own_region, parse, of=account, **asked)
        if isinstance(found, Unreadable):
            return found
        await in_thread(partial(self._clients.become, account, found))
        return None


class _Chain:
    """The chain from every region's trails to the subscriptions. One task, with its name, reads each resource."""

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
        self._may_notify = False
        self._elsewhere: list[Place] = []
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
        """Starts to read the resources of a region."""
        _once(self._homes, region, partial(self._follow_home, region))

    async def follow(self, *, of_member: bool) -> Regions:
        """Reads everything, and returns the regions. A trail is followed as soon as its home region lists it.

        of_member: an organization's trail is followed before all else, and nothing else is into another account:
        whoever may set up an alarm in a member could otherwise have any topic read there.
        """
        regions = await self._regions
        if of_member:
            await asyncio.gather(*[self._shown(region) for region in regions.judged])
            await self._follow_trails(trail for trail in self._listed() if trail.organization)
            self._roles.close()
        for region in regions.judged:
            self.start(region)
        await asyncio.gather(*self._homes.values())
        await self._follow_trails(self._listed())  # also those of a home that is not called, failed, or lost its trail
        ours = all(place_of(arn)[0] == self._account for arn in self.log_groups)
        if ours and not self._may_notify and not self._siem:
            await self._look_elsewhere(regions)
        return regions

    async def _look_elsewhere(self, regions: Regions) -> None:
        """Reads the metric filters of all places, as copies of the events may be counted there. What is unread for the
        same reason as the region's trails is not asked for, and not noted again."""
        homes = sorted({place_of(arn)[1] for arn in self.log_groups})
        others = [(account, region) for account in self._roles.accounts for region in homes]
        for place in [*((self._account, region) for region in regions.judged), *others]:
            if place not in self.filters:
                self._elsewhere.append(place)
                _once(self.filters, place, partial(self._place_filters, place))
        await asyncio.gather(*self.filters.values())

    def unread_elsewhere(self) -> dict[Place, Unreadable]:
        """The places beside those of the trails' log groups whose metric filters could not be read."""
        found = {place: self.filters[place].result() for place in self._elsewhere}
        return {
            place: filters
            for place, filters in found.items()
            if isinstance(filters, Unreadable) and filters.call != PROBE
        }

    async def _shown(self, region: str) -> tuple[Trail, ...] | Unreadable:
        """The trails that a region lists. This is the probe: if it fails, nothing else is read in the region."""
        reading = partial(self._reader.one, PROBE, region, responses.trails, includeShadowTrails=True)
        return await _once(self.probes, region, reading)

    async def _follow_home(self, region: str) -> None:
        shown = await self._shown(region)
        if not isinstance(shown, Unreadable):
            await self._follow_trails(trail for trail in shown if trail.home_region == region)

    def _listed(self) -> Iterable[Trail]:
        """The trails that any region lists, as their home region has them before as others have them."""
        listed = [
            (region, trail)
            for region, shown in _results(self.probes).items()
            if not isinstance(shown, Unreadable)
            for trail in shown
        ]
        return [trail for _, trail in sorted(listed, key=lambda one: one[0] != one[1].home_region)]

    async def _follow_trails(self, trails: Iterable[Trail]) -> None:
        await asyncio.gather(*[_once(self.trails, trail.arn, partial(self._trail, trail)) for trail in trails])

    async def _trail(self, trail: Trail) -> Trail:
        # It "returns trail status from a single Region", and requires the ARN of a trail of another region or account
        # (CloudTrail API reference, GetTrailStatus; the same holds for GetEventSelectors).
        if trail.unread:
            await self._follow_log_group(trail.log_group_arn)
            return trail
        status, selectors, _ = await asyncio.gather(
            self._status(trail),
            self._selectors(trail),
            self._follow_log_group(trail.log_group_arn),
        )
        return replace(trail, status=status, selectors=selectors)

    async def _status(self, trail: Trail) -> TrailStatus | Unreadable:
        home = self._account, trail.home_region  # our account has an organization's trail too
        parse = responses.trail_status
        return await self._one("cloudtrail:GetTrailStatus", home, parse, of=trail.arn, Name=trail.arn)

    async def _selectors(self, trail: Trail) -> EventSelectors | Unreadable:
        # Only the owner of an organization's trail may call this, and a delegated administrator (CloudTrail user guide,
        # "Organization delegated administrator"): whoever has the log group, if the owner has not.
        call = "cloudtrail:GetEventSelectors"
        parse = partial(responses.event_selectors, trail=trail.arn)
        owner, holder = place_of(trail.arn)[0], place_of(trail.log_group_arn or trail.arn)[0]
        found = await self._one(call, (owner, trail.home_region), parse, of=trail.arn, TrailName=trail.arn)
        if owner in (holder, self._account) or not isinstance(found, Unreadable):
            return found
        by_holder = await self._one(call, (holder, trail.home_region), parse, of=trail.arn, TrailName=trail.arn)
        return found if isinstance(by_holder, Unreadable) else by_holder

    async def _follow_log_group(self, arn: str | None) -> None:
        """Reads a log group, and the alarms and mute rules of its place."""
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
        """Reads a log group's filters and its place's alarms at the same time, then the topics that these notify."""
        filters, alarms = await asyncio.gather(
            self._metric_filters(arn), _once(self.alarms, place, partial(self._place_alarms, place))
        )
        if isinstance(filters, Unreadable) or isinstance(alarms, Unreadable):
            self._may_notify = True
        else:
            partition, (account, region) = Arn.parse(arn).partition, place
            ours = self._topic_names if account == self._account else ()
            notified = _notified(filters, alarms)
            self._may_notify = self._may_notify or bool(notified)
            topics = {*notified, *(f"arn:{partition}:sns:{region}:{account}:{name}" for name in ours)}
            await asyncio.gather(*[_once(self.topics, topic, partial(self._topic, topic)) for topic in topics])

    async def _metric_filters(self, arn: str) -> tuple[MetricFilter, ...] | Unreadable:
        place, name = place_of(arn), short(arn)
        if closed := await self._closed("logs:DescribeMetricFilters", place):
            return closed  # even where those of another log group of the place were read
        listed = await _once(self.filters, place, partial(self._place_filters, place))
        return listed if isinstance(listed, Unreadable) else tuple(found for group, found in listed if group == name)

    async def _place_filters(self, place: Place) -> tuple[tuple[str, MetricFilter], ...] | Unreadable:
        """Every metric filter of the place: those of other log groups may add to the same metric."""
        return await self._every("logs:DescribeMetricFilters", place, responses.metric_filters, limit=50)

    async def _unreachable(self, place: Place) -> bool:
        """Whether this is a place of another account that cannot be read."""
        return place[0] != self._account and await self._roles.closed("", place) is not None

    async def _log_group(self, arn: str) -> LogGroup | Unreadable | None:
        place, name = place_of(arn), short(arn)
        filters, described, subscriptions = await asyncio.gather(
            self._metric_filters(arn),
            self._one(
                "logs:DescribeLogGroups",
                place,
                lambda answer: (
                    responses.log_group_class(answer, name),
                    responses.masks_data(answer, name),
                    responses.retention_days(answer, name),
                ),
                of=name,
                logGroupNamePrefix=name,
                limit=1,
            ),
            self._subscriptions(place, name),
        )
        log_class, masked, kept = (described, False, None) if isinstance(described, Unreadable) else described
        if log_class is None:
            return None
        if isinstance(filters, Unreadable) and isinstance(log_class, Unreadable):
            return filters
        return LogGroup(arn, filters, log_class, subscriptions, masked, kept)

    async def _subscriptions(self, place: Place, name: str) -> tuple[SubscriptionFilter, ...] | Unreadable:
        if not self._siem:
            return ()
        call = "logs:DescribeSubscriptionFilters"
        parse = partial(responses.subscription_filters, log_group=name)
        return await self._every(call, place, parse, of=name, logGroupName=name, limit=50)

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
        name, parse = Arn.parse(rule.arn).name, partial(responses.muted, rule=rule.arn)
        return await self._one("cloudwatch:GetAlarmMuteRule", place, parse, of=name, AlarmMuteRuleName=name)

    async def _topic(self, arn: str) -> Topic | Unreadable | None:
        topic, subscriptions = await asyncio.gather(self._topic_itself(arn), self._subscribed(arn))
        if not isinstance(topic, Topic):
            return topic
        found, more = (subscriptions, False) if isinstance(subscriptions, Unreadable) else subscriptions
        return replace(topic, subscriptions=found, more_subscriptions=more)

    async def _topic_itself(self, arn: str) -> Topic | Unreadable | None:
        """The topic without its subscriptions."""
        place, parse = place_of(arn), partial(responses.topic_attributes, topic=arn)
        attributes = await self._one("sns:GetTopicAttributes", place, parse, of=arn, TopicArn=arn)
        if isinstance(attributes, Unreadable):
            return _absent(attributes)
        policy, key_id, largest = attributes
        key = await self._key(place, key_id)
        return Topic(arn, policy, key_id, subscriptions=(), key=key, largest_message=largest)

    async def _key(self, place: Place, key_id: str | None) -> Key | Unreadable | None:
        if key_id is None or key_id.endswith("alias/aws/sns"):
            return None  # the AWS managed key of SNS is known by its name
        if is_arn(key_id):
            place = place_of(key_id)
        parse = partial(responses.key, key_id=key_id)
        key = await self._one("kms:DescribeKey", place, parse, of=key_id, KeyId=key_id)
        if isinstance(key, Unreadable):
            return _absent(key)
        if key.managed_by_aws:
            return key
        policy = await self._one(
            "kms:GetKeyPolicy", place, responses.key_policy, of=key_id, KeyId=key.arn, PolicyName="default"
        )
        return replace(key, policy=policy)

    async def _subscribed(self, topic: str) -> tuple[tuple[Subscription, ...], bool] | Unreadable:
        """The topic's subscriptions with their filter policies, up to the first that is confirmed and has no filter
        policy: it surely gets every notification. Those after it are left out; of a topic that the remediator may use
        they are listed, and their filter policies are not read.

        Also whether there are more, and none of these is such a one.
        """
        place, call, parse = place_of(topic), LIST_SUBSCRIPTIONS, partial(responses.subscriptions, topic=topic)
        may_be_used = place[0] == self._account and short(topic) in self._topic_names
        found: list[Subscription] = []
        policies, reached, following = 0, False, dict[str, str]()
        for _ in range(MOST_PAGES):
            page = await self._one(call, place, parse, of=topic, TopicArn=topic, **following)
            if isinstance(page, responses.SubscriptionPage) and page.token and page.token in following.values():
                page = Unreadable(call, place[1], "RepeatedToken")
            if isinstance(page, Unreadable):
                return (tuple(found), False) if reached else page
            for subscription in page.subscriptions:
                if subscription.arn is None:
                    found.append(subscription)
                elif reached and may_be_used:
                    found.append(replace(subscription, filter_policy=None))
                elif not reached:
                    if policies == MOST_POLICIES:
                        return tuple(found), True
                    policies += not subscription.owner or self._roles.has(subscription.owner)
                    found.append(await self._with_policy(place, topic, subscription))
                    reached = found[-1].filter_policy is None
            if page.token is None or (reached and not may_be_used):
                return tuple(found), False
            following = {"NextToken": page.token}
        return tuple(found), not reached

    async def _with_policy(self, place: Place, topic: str, subscription: Subscription) -> Subscription:
        arn, call, unread = f"{subscription.arn}", "sns:GetSubscriptionAttributes", subscription.filter_policy
        if isinstance(unread, Unreadable) and unread.error != "NotRead":
            return subscription
        parse = partial(responses.filter_policy, subscription=arn, topic=topic)
        place = (subscription.owner or place[0], place[1])  # SNS lets only the owner read a subscription
        read = await self._one(call, place, parse, of=arn, SubscriptionArn=arn)
        policy, scope = (read, subscription.filter_scope) if isinstance(read, Unreadable) else read
        return replace(subscription, filter_policy=policy, filter_scope=scope)

    async def _one(self, call: str, place: Place, parse: Callable[[Answer], T], /, **parameters: Any) -> T | Unreadable:
        if closed := await self._closed(call, place):
            return closed
        other, reader = self._other(place)
        return await reader.one(call, place[1], parse, account=other, **parameters)

    async def _every(
        self, call: str, place: Place, parse: Callable[[Answer], tuple[T, ...]], /, **parameters: Any
    ) -> tuple[T, ...] | Unreadable:
        if closed := await self._closed(call, place):
            return closed
        other, reader = self._other(place)
        return await reader.every(call, place[1], parse, account=other, **parameters)

    def _other(self, place: Place) -> tuple[str | None, Reader]:
        """The other account whose role reads this place, None for our own; and what reads it."""
        return (None, self._reader) if place[0] == self._account else (place[0], self._roles.reader)

    async def _closed(self, call: str, place: Place) -> Unreadable | None:
        """Why nothing is read in a place: it is not assessed, the probe failed there, or no role is set."""
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
    graph = AlarmGraph(alarms)
    metrics = {(metric_filter.namespace, metric_filter.metric) for metric_filter in filters}
    notifying = graph.leading_from(number for metric in metrics for number in graph.watching(metric))
    actions = sorted({action for number in notifying for action in graph.alarms[number].actions})
    return [arn for arn in actions if is_arn(arn) and Arn.parse(arn).service == "sns" and ":" not in short(arn)]


def _elsewhere(
    partition: str,
    filters: Mapping[Place, tuple[tuple[str, MetricFilter], ...] | Unreadable],
    log_groups: Iterable[str],
) -> dict[Place, tuple[tuple[str, MetricFilter], ...]]:
    """The filters of all log groups except these."""
    others = {}
    for place, listed in filters.items():
        if not isinstance(listed, Unreadable):
            account, region = place
            named = ((f"arn:{partition}:logs:{region}:{account}:log-group:{group}", found) for group, found in listed)
            others[place] = tuple((arn, found) for arn, found in named if arn not in log_groups)
    return {place: found for place, found in others.items() if found}


def _absent(unreadable: Unreadable) -> Unreadable | None:
    return None if is_missing(unreadable) else unreadable


Name = TypeVar("Name", str, Place)


def _once(
    tasks: dict[Name, asyncio.Task[T]], name: Name, reading: Callable[[], Coroutine[Any, Any, T]]
) -> asyncio.Task[T]:
    """The task with this name; it is started at the first call."""
    if name not in tasks:
        tasks[name] = asyncio.create_task(reading())
    return tasks[name]


def _results(tasks: Mapping[Name, asyncio.Task[T]]) -> dict[Name, T]:
    return {name: task.result() for name, task in sorted(tasks.items())}

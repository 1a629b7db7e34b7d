"""Reads what backout has to know of the things in the ledger: what is there, whose it is, and who else uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.collect import LIST_SUBSCRIPTIONS, MOST_PAGES
from blindspot.aws.errors import is_missing
from blindspot.aws.read import Reader
from blindspot.aws.response_fields import Answer, items, texts
from blindspot.aws.things import alarm_state, alarm_types, parse_tags, parse_topic, tags_of
from blindspot.model.arn import short
from blindspot.model.snapshot import MetricFilter, Subscription, Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.backout import FoundAlarm, FoundTopic, Inventory, Named, log_group_of, named
from blindspot.remediation.ledger import Ledger
from blindspot.remediation.ownership import Owner, owner_of_filter, owner_of_tagged

T = TypeVar("T")


def inventories(
    clients: Clients, stack: Stack, ledger: Ledger, not_called: Mapping[str, str], *, deadline: float
) -> dict[str, Inventory]:
    """By region, what is there of what the stack's ledger names.

    not_called: by region, why it is not called, as one of `findings.NOT_ASKED`. deadline: on the monotonic clock.
    """
    return asyncio.run(_inventories(Reader(clients, deadline), clients, stack, ledger, not_called))


async def _inventories(
    reader: Reader, clients: Clients, stack: Stack, ledger: Ledger, not_called: Mapping[str, str]
) -> dict[str, Inventory]:
    async def of(region: str, resources: Named) -> Inventory:
        reads = _Region(reader, region, not_called.get(region))
        alarms, topics, filters, tags = await asyncio.gather(
            reads.alarms(clients),
            _each(resources.topics, reads.topic),
            _each(resources.filters, reads.filter),
            _each((*resources.alarms, *resources.topics), reads.tags),
        )
        owners = {arn: owner_of_tagged(arn, found, ledger, stack) for arn, found in tags.items()}
        for resource, read in filters.items():
            owners[resource] = (
                Owner.UNKNOWN if isinstance(read, Unreadable) else owner_of_filter(resource, read, ledger)
            )
        read_tags = {arn: found for arn, found in tags.items() if isinstance(found, Mapping)}
        return Inventory(alarms, topics, filters, owners, read_tags)

    resources = named(ledger)
    return dict(zip(resources, await asyncio.gather(*(of(*each) for each in resources.items())), strict=True))


class _Region:
    """The reads of one region. `closed`: why it is not called; None where it is."""

    def __init__(self, reader: Reader, region: str, closed: str | None) -> None:
        self._reader = reader
        self._region = region
        self._closed = closed

    async def alarms(self, clients: Clients) -> dict[str, FoundAlarm] | Unreadable:
        parse = partial(_alarms, clients=clients)
        every = {"AlarmTypes": alarm_types(clients), "MaxRecords": 100}
        found = await self._every("cloudwatch:DescribeAlarms", parse, **every)
        return found if isinstance(found, Unreadable) else {each.alarm.arn: each for each in found}

    async def topic(self, arn: str) -> FoundTopic | Unreadable | None:
        parse = partial(parse_topic, topic=arn)
        state = await self._one("sns:GetTopicAttributes", parse, of=arn, TopicArn=arn)
        if isinstance(state, Unreadable):
            return None if is_missing(state) else state
        subscriptions: list[Subscription] = []
        token: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = partial(responses.subscriptions, topic=arn)
            found = await self._one(LIST_SUBSCRIPTIONS, page, of=arn, TopicArn=arn, **token)
            if isinstance(found, Unreadable):
                return FoundTopic(state, found)
            subscriptions += found.subscriptions
            if found.token is None:
                return FoundTopic(state, tuple(subscriptions))
            token = {"NextToken": found.token}
        return FoundTopic(state, tuple(subscriptions), more=True)

    async def filter(self, resource: str) -> MetricFilter | Unreadable | None:
        log_group, name = log_group_of(resource)
        group = short(log_group)
        parse = partial(responses.metric_filters, log_group=group)
        by_name = {"logGroupName": group, "filterNamePrefix": name}
        found = await self._every("logs:DescribeMetricFilters", parse, of=log_group, **by_name)
        if isinstance(found, Unreadable):
            return None if is_missing(found) else found
        return next((each for _, each in found if each.name == name), None)

    async def tags(self, arn: str) -> Mapping[str, str] | Unreadable | None:
        call, _, by_arn = tags_of(arn)
        # The role allows some names and not others: after a refusal the next may be allowed.
        found = await self._one(call, parse_tags, of=arn, **by_arn)
        return None if isinstance(found, Unreadable) and is_missing(found) else found

    async def _one(self, call: str, parse: Callable[[Answer], T], /, **parameters: Any) -> T | Unreadable:
        if self._closed:
            return Unreadable(call, self._region, self._closed)
        return await self._reader.one(call, self._region, parse, **parameters)

    async def _every(
        self, call: str, parse: Callable[[Answer], tuple[T, ...]], /, **parameters: Any
    ) -> tuple[T, ...] | Unreadable:
        if self._closed:
            return Unreadable(call, self._region, self._closed)
        return await self._reader.every(call, self._region, parse, **parameters)


async def _each(resources: tuple[str, ...], read: Callable[[str], Coroutine[Any, Any, T]]) -> dict[str, T]:
    return dict(zip(resources, await asyncio.gather(*map(read, resources)), strict=True))


def _alarms(answer: Answer, clients: Clients) -> tuple[FoundAlarm, ...]:
    listed = items(answer, "MetricAlarms"), items(answer, "CompositeAlarms", ()), items(answer, "LogAlarms", ())
    records = [record for alarms in listed for record in alarms]
    return tuple(
        FoundAlarm(alarm, _notifies(record), alarm_state(clients, record))
        for alarm, record in zip(responses.alarms(answer), records, strict=True)
    )


def _notifies(alarm: Answer) -> tuple[str, ...]:
    kinds = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return tuple(arn for kind in kinds for arn in texts(alarm, kind))

"""Reads who owns the alarms and topics of our names, and which alarms, topics and metric filters a region has."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from functools import partial

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.collect import ALARM_TYPES
from blindspot.aws.errors import is_missing
from blindspot.aws.read import Reader, read_by
from blindspot.aws.response_fields import Answer, arn, field, items, texts
from blindspot.model.arn import Arn, place_of, short
from blindspot.model.snapshot import MetricFilter, Unreadable
from blindspot.remediation.backout import Inventory
from blindspot.remediation.ownership import MARK, Owner, Owners


def owners(clients: Clients, arns: Collection[str], *, deadline: float) -> Owners:
    """The owner of each of these alarms and topics. `deadline` is on the monotonic clock."""
    return asyncio.run(_owners(Reader(clients, deadline), arns))


async def _owners(reader: Reader, arns: Collection[str]) -> Owners:
    # The role allows some names and not others: after a refusal the next may be allowed.
    reads = [
        reader.one(call, region, _owner, of=arn, **named) for arn in arns for call, region, named in [_tags_of(arn)]
    ]
    return {arn: _owner_from(found) for arn, found in zip(arns, await asyncio.gather(*reads), strict=True)}


def current_owner(clients: Clients, arn: str, *, until: float) -> Owner | Unreadable:
    """The owner of one of them at this moment. `until` is on the monotonic clock."""
    call, region, named = _tags_of(arn)
    found = read_by(until, call, region, lambda: _owner(clients.call(call, region, **named)))
    return found if isinstance(found, Unreadable) and not is_missing(found) else _owner_from(found)


def current_filter(clients: Clients, log_group: str, name: str, *, until: float) -> MetricFilter | Unreadable | None:
    """A metric filter as it is at this moment; None where it, or its log group, does not exist. `until` is on the
    monotonic clock."""
    call, region = "logs:DescribeMetricFilters", place_of(log_group)[1]
    group = short(log_group)
    parse = partial(responses.metric_filters, log_group=group)
    pages = partial(clients.pages, call, region, parse, logGroupName=group, filterNamePrefix=name)
    found = read_by(until, call, region, pages)
    if isinstance(found, Unreadable):
        return None if is_missing(found) else found
    return next((each for _, each in found if each.name == name), None)


def _tags_of(arn: str) -> tuple[str, str, dict[str, str]]:
    if Arn.parse(arn).service == "sns":
        return "sns:ListTagsForResource", place_of(arn)[1], {"ResourceArn": arn}
    return "cloudwatch:ListTagsForResource", place_of(arn)[1], {"ResourceARN": arn}


def _owner(answer: Answer) -> Owner:
    tags = {(field(tag, "Key", str), field(tag, "Value", str)) for tag in items(answer, "Tags")}
    return Owner.US if MARK in tags else Owner.SOMEBODY


def _owner_from(found: Owner | Unreadable) -> Owner:
    if isinstance(found, Unreadable):
        return Owner.NOBODY if is_missing(found) else Owner.UNKNOWN
    return found


def inventories(
    clients: Clients, account: str, partition: str, regions: Iterable[str], *, deadline: float
) -> tuple[Inventory, ...]:
    """The inventory of each of these regions. `deadline` is on the monotonic clock."""
    kinds = sorted(ALARM_TYPES & clients.values_of("cloudwatch", "AlarmType"))
    return asyncio.run(_inventories(Reader(clients, deadline), account, partition, regions, kinds))


async def _inventories(
    reader: Reader, account: str, partition: str, regions: Iterable[str], kinds: list[str]
) -> tuple[Inventory, ...]:
    async def of(region: str) -> Inventory:
        groups = f"arn:{partition}:logs:{region}:{account}:log-group"
        alarms, topics, filters = await asyncio.gather(
            reader.every("cloudwatch:DescribeAlarms", region, _alarms, AlarmTypes=kinds, MaxRecords=100),
            reader.every("sns:ListTopics", region, _topics),
            reader.every("logs:DescribeMetricFilters", region, partial(_filters, groups=groups), limit=50),
        )
        return Inventory((account, region), alarms if isinstance(alarms, Unreadable) else dict(alarms), topics, filters)

    return tuple(await asyncio.gather(*map(of, regions)))


def _alarms(answer: Answer) -> tuple[tuple[str, tuple[str, ...]], ...]:
    listed = items(answer, "MetricAlarms"), items(answer, "CompositeAlarms"), items(answer, "LogAlarms", ())
    found = [alarm for alarms in listed for alarm in alarms]
    kinds = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return tuple((arn(alarm, "AlarmArn"), tuple(to for kind in kinds for to in texts(alarm, kind))) for alarm in found)


def _topics(answer: Answer) -> tuple[str, ...]:
    return tuple(arn(topic, "TopicArn") for topic in items(answer, "Topics"))


def _filters(answer: Answer, groups: str) -> tuple[tuple[str, MetricFilter], ...]:
    return tuple((f"{groups}:{name}", found) for name, found in responses.metric_filters(answer))

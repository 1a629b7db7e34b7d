"""Whose the alarms and topics of our names are, and what a region holds of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from functools import partial

from blindspot.aws import responses as answers
from blindspot.aws.client import Clients, read
from blindspot.aws.collect import ALARM_TYPES
from blindspot.aws.read import Reader
from blindspot.aws.response_fields import Answer, arn, field, items, texts
from blindspot.model.arn import place_of, short
from blindspot.model.snapshot import MetricFilter, Unreadable
from blindspot.remediation.backout import Held
from blindspot.remediation.ownership import MARK, Owner, Owners

ABSENT = ("ResourceNotFoundException", "ResourceNotFound", "NotFound")
"""What CloudWatch, SNS and Logs answer for an alarm, a topic or a log group that does not exist."""


def owners(clients: Clients, arns: Collection[str], *, deadline: float) -> Owners:
    """Whose each of these alarms and topics is. `deadline` is on the monotonic clock."""
    return asyncio.run(_owners(Reader(clients, deadline), arns))


async def _owners(reader: Reader, arns: Collection[str]) -> Owners:
    # The role allows some names and not others, so a refusal says nothing of the next.
    asked = [
        reader.one(call, region, _owner, owner=arn, **named) for arn in arns for call, region, named in [_tags_of(arn)]
    ]
    return {arn: _or_whose(found) for arn, found in zip(arns, await asyncio.gather(*asked), strict=True)}


def owner(clients: Clients, arn: str) -> Owner | Unreadable:
    """Whose one of them is, right now."""
    call, region, named = _tags_of(arn)
    found = read(call, region, lambda: _owner(clients.call(call, region, **named)))
    return found if isinstance(found, Unreadable) and found.error not in ABSENT else _or_whose(found)


def current(clients: Clients, log_group: str, name: str) -> MetricFilter | Unreadable | None:
    """A metric filter as it is right now; None where it, or its log group, does not exist."""
    call, region = "logs:DescribeMetricFilters", place_of(log_group)[1]
    group = short(log_group)
    pages = partial(clients.pages, call, region, answers.metric_filters, logGroupName=group, filterNamePrefix=name)
    found = read(call, region, pages)
    if isinstance(found, Unreadable):
        return None if found.error in ABSENT else found
    return next((each for _, each in found if each.name == name), None)


def _tags_of(arn: str) -> tuple[str, str, dict[str, str]]:
    if arn.split(":")[2] == "sns":
        return "sns:ListTagsForResource", place_of(arn)[1], {"ResourceArn": arn}
    return "cloudwatch:ListTagsForResource", place_of(arn)[1], {"ResourceARN": arn}


def _owner(answer: Answer) -> Owner:
    tags = {(field(tag, "Key", str), field(tag, "Value", str)) for tag in items(answer, "Tags", ())}
    return Owner.US if MARK in tags else Owner.SOMEBODY


def _or_whose(found: Owner | Unreadable) -> Owner:
    if isinstance(found, Unreadable):
        return Owner.NOBODY if found.error in ABSENT else Owner.UNKNOWN
    return found


def held(
    clients: Clients, account: str, partition: str, regions: Iterable[str], *, deadline: float
) -> tuple[Held, ...]:
    """What each of these regions holds. `deadline` is on the monotonic clock."""
    kinds = sorted(ALARM_TYPES & clients.values_of("cloudwatch", "AlarmType"))
    return asyncio.run(_held(Reader(clients, deadline), account, partition, regions, kinds))


async def _held(
    reader: Reader, account: str, partition: str, regions: Iterable[str], kinds: list[str]
) -> tuple[Held, ...]:
    async def of(region: str) -> Held:
        groups = f"arn:{partition}:logs:{region}:{account}:log-group"
        alarms, topics, filters = await asyncio.gather(
            reader.every("cloudwatch:DescribeAlarms", region, _alarms, AlarmTypes=kinds, MaxRecords=100),
            reader.every("sns:ListTopics", region, _topics),
            reader.every("logs:DescribeMetricFilters", region, partial(_filters, groups=groups), limit=50),
        )
        return Held((account, region), alarms if isinstance(alarms, Unreadable) else dict(alarms), topics, filters)

    return tuple(await asyncio.gather(*map(of, regions)))


def _alarms(answer: Answer) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = [alarm for kind in ("Metric", "Composite", "Log") for alarm in items(answer, f"{kind}Alarms", ())]
    kinds = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return tuple((arn(alarm, "AlarmArn"), tuple(to for kind in kinds for to in texts(alarm, kind))) for alarm in found)


def _topics(answer: Answer) -> tuple[str, ...]:
    return tuple(arn(topic, "TopicArn") for topic in items(answer, "Topics", ()))


def _filters(answer: Answer, groups: str) -> tuple[tuple[str, MetricFilter], ...]:
    return tuple((f"{groups}:{name}", found) for name, found in answers.metric_filters(answer))

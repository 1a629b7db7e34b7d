"""Reads what decides whether notifications of a topic arrive that remediation creates: its key, and the SMS sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.errors import is_missing
from blindspot.aws.read import Reader
from blindspot.aws.response_fields import Answer, field, items
from blindspot.model.arn import place_of
from blindspot.model.snapshot import Key, Unreadable
from blindspot.remediation.ownership import Holdings
from blindspot.settings import Settings


def with_delivery(
    clients: Clients, holdings: Holdings, settings: Settings, regions: Iterable[str], *, deadline: float
) -> Holdings:
    """The holdings with the keys that the settings name for topics in these regions, and with the telephone numbers
    that get messages there, where the settings have any. `deadline` is on the monotonic clock."""
    return asyncio.run(_with_delivery(Reader(clients, deadline), holdings, settings, tuple(regions)))


async def _with_delivery(reader: Reader, holdings: Holdings, settings: Settings, regions: tuple[str, ...]) -> Holdings:
    keys = [key for region in regions if (key := _key_in(settings, region))]
    by_sms = regions if any(subscriber.protocol == "sms" for subscriber in settings.subscribers) else ()
    found = await asyncio.gather(*[_key(reader, key) for key in keys])
    receivers = await asyncio.gather(*[_sms_receivers(reader, region) for region in by_sms])
    return replace(
        holdings,
        keys=dict(zip(keys, found, strict=True)),
        sms_receivers={
            region: numbers
            for region, numbers in zip(by_sms, receivers, strict=True)
            if not isinstance(numbers, Unreadable)
        },
    )


def _key_in(settings: Settings, region: str) -> str | None:
    try:
        return settings.profile.topic.key_in(region)
    except LookupError:
        return None


async def _key(reader: Reader, arn: str) -> Key | Unreadable | None:
    region, parse = place_of(arn)[1], partial(responses.key, key_id=arn)
    key = await reader.one("kms:DescribeKey", region, parse, of=arn, KeyId=arn)
    if isinstance(key, Unreadable):
        return None if is_missing(key) else key
    named = {"KeyId": key.arn, "PolicyName": "default"}
    policy = await reader.one("kms:GetKeyPolicy", region, responses.key_policy, of=arn, **named)
    return replace(key, policy=policy)


async def _sms_receivers(reader: Reader, region: str) -> frozenset[str] | Unreadable | None:
    """The telephone numbers that get messages; None where all do, as the account is out of the sandbox."""
    status, numbers = await asyncio.gather(
        reader.one("sns:GetSMSSandboxAccountStatus", region, lambda answer: field(answer, "IsInSandbox", bool)),
        reader.every("sns:ListSMSSandboxPhoneNumbers", region, _verified),
    )
    if status is False or isinstance(status, Unreadable):
        return status or None
    return numbers if isinstance(numbers, Unreadable) else frozenset(numbers)


def _verified(answer: Answer) -> tuple[str, ...]:
    listed = items(answer, "PhoneNumbers")
    return tuple(field(found, "PhoneNumber", str) for found in listed if field(found, "Status", str) == "Verified")

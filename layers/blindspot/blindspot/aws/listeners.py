"""Reads who is subscribed to a topic, all of them: the assessment stops at the first who surely is notified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.read import Reader
from blindspot.aws.response_fields import Answer
from blindspot.model.arn import place_of
from blindspot.model.snapshot import Subscription, Unreadable
from blindspot.remediation.listeners import Subscribed

LONGEST = 10.0
"""Seconds for all topics: a topic may have millions of subscriptions, and a plan is not to wait for them."""


def subscribed(clients: Clients, topics: Sequence[str], *, deadline: float) -> Subscribed:
    """The subscriptions of these topics, in our own account. `deadline` is on the monotonic clock."""
    reader = Reader(clients, min(deadline, time.monotonic() + LONGEST))
    return dict(zip(topics, asyncio.run(_all(reader, topics)), strict=True))


async def _all(reader: Reader, topics: Sequence[str]) -> list[tuple[Subscription, ...] | Unreadable]:
    return await asyncio.gather(*[_of(reader, topic) for topic in topics])


async def _of(reader: Reader, topic: str) -> tuple[Subscription, ...] | Unreadable:
    def parse(answer: Answer) -> tuple[Subscription, ...]:
        return responses.subscriptions(answer, topic).subscriptions

    call, region = "sns:ListSubscriptionsByTopic", place_of(topic)[1]
    return await reader.every(call, region, parse, of=topic, TopicArn=topic)

"""Asks logs:TestMetricFilter which events AWS matches with a filter pattern."""

import asyncio
import json
import time
from collections.abc import Collection

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.read import Reader
from blindspot.model.snapshot import Unreadable
from blindspot.verdict.pattern_check import Answers, Question

PACE = 0.2
"""Seconds from one call to the next: 5 TestMetricFilter a second (CloudWatch Logs user guide, "CloudWatch Logs
quotas")."""


def confirm(clients: Clients, asked: Collection[Question], *, deadline: float) -> Answers:
    """AWS's answer to each question that it answers by the deadline, which is on the monotonic clock."""
    return asyncio.run(_confirm(clients, asked, deadline))


async def _confirm(clients: Clients, asked: Collection[Question], deadline: float) -> Answers:
    reader, began = Reader(clients, deadline), time.monotonic()

    async def ask(number: int, question: Question) -> frozenset[int] | Unreadable:
        turn = began + number * PACE
        if turn >= deadline:
            return Unreadable("logs:TestMetricFilter", clients.region, "Timeout")
        await asyncio.sleep(turn - time.monotonic())
        messages = [json.dumps(event, separators=(",", ":")) for event in question.events]
        return await reader.one(
            "logs:TestMetricFilter",
            clients.region,
            responses.matched,
            filterPattern=question.pattern,
            logEventMessages=messages,
        )

    found = await asyncio.gather(*(ask(number, question) for number, question in enumerate(asked)))
    return {question.pattern: answer for question, answer in zip(asked, found, strict=True)}

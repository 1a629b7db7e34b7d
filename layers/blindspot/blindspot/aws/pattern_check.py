"""Asks logs:TestMetricFilter which events AWS matches with a filter pattern."""

import asyncio
import json
import time
from collections.abc import Collection
from functools import partial

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
    reader, turn = Reader(clients, deadline), time.monotonic()
    answers: dict[str, frozenset[int] | Unreadable] = {}
    silent = Unreadable("logs:TestMetricFilter", clients.region, "Timeout")
    for question in asked:
        if silent in answers.values() or turn >= deadline:
            answers[question.pattern] = silent  # no verdict needs an answer, so there is no waiting for the others
            continue
        await asyncio.sleep(turn - time.monotonic())
        turn = max(turn, time.monotonic()) + PACE
        answers[question.pattern] = await reader.one(
            silent.call,
            silent.region,
            partial(responses.matched, messages=len(question.events)),
            filterPattern=question.pattern,
            logEventMessages=[json.dumps(event, separators=(",", ":")) for event in question.events],
        )
    return answers

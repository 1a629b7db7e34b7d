"""A refusal is of one resource, and no call is repeated that would only be refused again."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blindspot.aws.client import Clients
from blindspot.aws.read import MOST_REFUSED, Reader
from blindspot.model.snapshot import Unreadable

CALL, REGION = "sns:GetTopicAttributes", "eu-west-1"


class Answering(Clients):
    """Answers by resource: whether the call is allowed, or else the error code."""

    def __init__(self, allowed: Callable[[int], bool], code: str = "AuthorizationError") -> None:
        super().__init__(REGION)
        self.allowed = allowed
        self.code = code
        self.asked: list[int] = []

    def call(self, call: str, region: str, account: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        self.asked.append(parameters["number"])
        if self.allowed(parameters["number"]):
            return parameters
        raise ClientError({"Error": {"Code": self.code}}, call)


def read(clients: Answering, *numbers: int) -> list[bool]:
    """Whether each was read."""

    async def all_read() -> list[bool]:
        reader = Reader(clients, time.monotonic() + 30)
        found = [await reader.one(CALL, REGION, dict, of=str(number), number=number) for number in numbers]
        return [not isinstance(one, Unreadable) for one in found]

    return asyncio.run(all_read())


MANY = range(MOST_REFUSED + 2)


@pytest.mark.parametrize(
    ("allowed", "numbers", "found", "asked"),
    [
        (lambda number: number == 1, (0, 1), [False, True], [0, 1]),
        (lambda number: number == 1, (0, 0, 1), [False, False, True], [0, 1]),
        (lambda _: False, MANY, [False] * len(MANY), list(MANY[:MOST_REFUSED])),
        (lambda number: number == 0, MANY, [True, *[False] * len(MANY[1:])], list(MANY)),
    ],
    ids=["one of two", "the same again", "none is allowed", "one of many is allowed"],
)
def test_a_refusal_is_of_one_resource(
    allowed: Callable[[int], bool], numbers: tuple[int, ...], found: list[bool], asked: list[int]
) -> None:
    clients = Answering(allowed)
    assert (read(clients, *numbers), clients.asked) == (found, asked)


def test_a_call_that_failed_is_not_refused() -> None:
    clients = Answering(lambda _: False, "InternalError")
    assert (read(clients, *MANY), clients.asked) == ([False] * len(MANY), [*MANY])

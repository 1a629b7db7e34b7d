"""Each fault does what it says, over HTTP, to a client of the SDK."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.session import Session

from local.aws.clients import CREDENTIALS
from tests.faults.accounts import setting
from tests.faults.answers import FAULTS, applies
from tests.faults.cell import Cell, run
from tests.faults.proxy import Served, served
from tests.scenarios.bends import HOME
from tests.warm import loader

TOPIC = f"arn:aws:sns:{HOME}:123456789012:security-alerts"


@pytest.fixture(scope="module")
def account() -> Iterator[Served]:
    with patch("botocore.session.create_loader", loader), served() as account:
        yield account


def call(account: Served, operation: str, **parameters: Any) -> dict[str, Any]:
    """The answer to one attempt, by a client that has a second."""
    service, name = operation.split(":")
    session = Session()
    session.set_credentials(*CREDENTIALS.values())
    config = Config(read_timeout=1, retries={"total_max_attempts": 1})
    client: Any = session.create_client(service, region_name=HOME, endpoint_url=account.address, config=config)
    answer: dict[str, Any] = getattr(client, xform_name(name))(**parameters)
    answer.pop("ResponseMetadata")
    return answer


READS: dict[str, dict[str, Any]] = {
    "cloudtrail:DescribeTrails": {"includeShadowTrails": True},
    "sns:ListSubscriptionsByTopic": {"TopicArn": TOPIC},
    "ec2:DescribeRegions": {},
}
"""One of each protocol."""

RAISES: dict[str, type[Exception]] = {
    "refused": ClientError,
    "throttled": ClientError,
    "throttled twice": ClientError,
    "status 500": ClientError,
    "reset": ConnectionClosedError,
    "hanging": ReadTimeoutError,
}

UNREADABLE = ("cut off", "malformed", "empty body", "half a body", "HTML page", "{}")

NOT_PARSED = (HTTPClientError, ResponseParserError, AttributeError, LookupError, TypeError, ValueError)
"""What the SDK's parsers raise. Of JSON that cannot be parsed they make an empty answer."""


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("fault", RAISES)
def test_no_answer(account: Served, operation: str, fault: str) -> None:
    account.new(partial(setting, operation, broken=False), operation, fault)
    with pytest.raises(RAISES[fault]):
        call(account, operation, **READS[operation])


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("fault", UNREADABLE)
def test_an_answer_that_says_nothing(account: Served, operation: str, fault: str) -> None:
    account.new(partial(setting, operation, broken=False), operation, fault)
    try:
        assert [value for value in call(account, operation, **READS[operation]).values() if value] == []
    except NOT_PARSED:
        assert fault != "{}"


def test_an_answer_that_trickles_goes_on_for_longer_than_each_read_waits(account: Served) -> None:
    account.new(partial(setting, "ec2:DescribeRegions", broken=False), "ec2:DescribeRegions", "trickling")

    def ask() -> None:
        with suppress(Exception):  # it ends with the account
            call(account, "ec2:DescribeRegions")

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(3)  # a read waits a second
    assert asking.is_alive()


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("fault", ["nulls", "wrong fields", "wrong values"])
def test_an_answer_of_the_wrong_shape(account: Served, operation: str, fault: str) -> None:
    account.new(partial(setting, operation, broken=False), operation)
    whole = call(account, operation, **READS[operation])
    account.new(partial(setting, operation, broken=False), operation, fault)
    with suppress(*NOT_PARSED):
        assert call(account, operation, **READS[operation]) != whole


def test_a_map_is_swapped(account: Served) -> None:
    operation = "sns:GetTopicAttributes"
    account.new(partial(setting, operation, broken=False), operation, "swapped")
    attributes = call(account, operation, TopicArn=TOPIC)["Attributes"]
    assert attributes[TOPIC] == "TopicArn"


@pytest.mark.parametrize(("fault", "tokens"), [("repeated token", ["again"] * 3), ("endless pages", ["0", "1", "2"])])
@pytest.mark.parametrize(
    ("operation", "token"), [("sns:ListSubscriptionsByTopic", "NextToken"), ("logs:DescribeMetricFilters", "nextToken")]
)
def test_pages_do_not_end(account: Served, operation: str, token: str, fault: str, tokens: list[str]) -> None:
    account.new(partial(setting, operation, broken=False), operation, fault)
    answers = [call(account, operation, **READS.get(operation, {})) for _ in tokens]
    assert [answer[token] for answer in answers] == tokens


def test_what_is_throttled_twice_then_answers(account: Served) -> None:
    account.new(partial(setting, "ec2:DescribeRegions", broken=False), "ec2:DescribeRegions", "throttled twice")
    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            call(account, "ec2:DescribeRegions")
    assert len(call(account, "ec2:DescribeRegions")["Regions"]) == 3


def test_what_is_deleted_is_gone_from_the_first_answer_on(account: Served) -> None:
    operation = "cloudtrail:DescribeTrails"
    account.new(partial(setting, operation, broken=False), operation, "deleted")
    trails = call(account, operation, includeShadowTrails=True)["trailList"]
    assert [trail["Name"] for trail in trails] == ["organization"]


WRITES: dict[str, Callable[[str], dict[str, Any]]] = {
    "config:StartConfigRulesEvaluation": lambda rule: {"ConfigRuleNames": [rule]},
    "events:PutEvents": lambda _: {"Entries": [{"Source": "x", "DetailType": "y", "Detail": "{}"}]},
}


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_that_meets_a_fault_is_not_done(account: Served, operation: str) -> None:
    event = account.new(partial(setting, operation, broken=False), operation, "half a body")
    assert call(account, operation, **WRITES[operation](event["configRuleName"])) == {}
    held = account.held()
    assert (held.due, held.events, held.seen) == (0, (), (operation,))
    account.new(partial(setting, operation, broken=False))
    call(account, operation, **WRITES[operation](event["configRuleName"]))
    held = account.held()
    assert (held.due, len(held.events)) in ((1, 0), (0, 1))


def test_a_service_that_is_denied_is_not_reached(account: Served) -> None:
    cell = Cell("config:StartConfigRulesEvaluation", "denied connection", True)
    account.new(partial(setting, cell.operation, broken=True), cell.operation, cell.fault)
    end = run(account.address, cell, {})
    assert end.raised == "NotStarted"
    assert cell.operation not in account.held().seen


def test_a_run_is_killed_when_its_time_is_over(account: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.cell.LIMIT", 1.0)
    monkeypatch.setattr("tests.faults.cell.evaluator.handler", lambda *_: time.sleep(60))
    cell = Cell("config:StartConfigRulesEvaluation", "hanging", True)
    account.new(partial(setting, cell.operation, broken=True), cell.operation, cell.fault)
    assert run(account.address, cell, {}).killed


def test_pages_are_of_what_comes_in_pages() -> None:
    assert applies(FAULTS["endless pages"], "logs:DescribeMetricFilters")
    assert not applies(FAULTS["endless pages"], "cloudtrail:GetTrailStatus")
    assert applies(FAULTS["swapped"], "sns:GetSubscriptionAttributes")
    assert not applies(FAULTS["swapped"], "sns:ListSubscriptionsByTopic")

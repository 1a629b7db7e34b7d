"""FilterLogEvents of the local AWS, as the CloudWatch Logs API reference describes it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.aws import LocalAws, Page, local_aws

GROUP = "trail"
ARN = f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}"
SINCE_2024 = 1_704_067_200_000


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAws]:
    with local_aws() as aws:
        yield aws


@pytest.fixture
def aws(account: LocalAws) -> Iterator[LocalAws]:
    """An account with an empty log group."""
    account.client("logs").create_log_group(logGroupName=GROUP)
    yield account
    account.client("logs").delete_log_group(logGroupName=GROUP)


def ask(aws: LocalAws, **parameters: Any) -> dict[str, Any]:
    named = {} if "logGroupIdentifier" in parameters else {"logGroupName": GROUP}
    answer: dict[str, Any] = aws.client("logs").filter_log_events(**{**named, **parameters})
    return answer


def found(aws: LocalAws, **parameters: Any) -> list[str]:
    return [event["message"] for event in ask(aws, **parameters)["events"]]


def pages(aws: LocalAws, **parameters: Any) -> Iterator[list[str]]:
    token: dict[str, str] = {}
    while True:
        answer = ask(aws, **parameters, **token)
        yield [event["message"] for event in answer["events"]]
        if "nextToken" not in answer:
            return
        token = {"nextToken": answer["nextToken"]}


def test_both_ends_of_the_time_are_included_and_the_oldest_comes_first(aws: LocalAws) -> None:
    aws.deliver_events(GROUP, [(4, "d"), (1, "a"), (3, "c"), (2, "b")])
    assert found(aws) == ["a", "b", "c", "d"]
    assert found(aws, startTime=2, endTime=3) == ["b", "c"]
    assert found(aws, startTime=5) == []
    assert found(aws, endTime=1) == ["a"]


def test_an_event_has_what_aws_documents(aws: LocalAws) -> None:
    aws.deliver_events(GROUP, [(7, {"eventName": "GetUser"})])
    answer = ask(aws)
    (event,) = answer["events"]
    assert event == {
        "logStreamName": "123456789012_CloudTrail_eu-west-1",
        "timestamp": 7,
        "message": '{"eventName": "GetUser"}',
        "ingestionTime": 5_007,
        "eventId": f"{7:020}{0:036}",
    }
    assert "nextToken" not in answer


def test_events_that_were_put_are_there_too(aws: LocalAws) -> None:
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="other")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName=GROUP, logStreamName="other", logEvents=[{"timestamp": now, "message": "put"}])
    aws.deliver_events(GROUP, [(1, "delivered")])
    assert found(aws) == ["delivered", "put"]
    assert found(aws, logStreamNames=["other"]) == ["put"]
    assert found(aws, logStreamNamePrefix="1234") == ["delivered"]
    assert found(aws, startTime=now + 1) == []


def test_a_log_group_is_named_in_three_ways(aws: LocalAws) -> None:
    aws.deliver_events(GROUP, [(1, "a")])
    assert found(aws, logGroupIdentifier=GROUP) == ["a"]
    assert found(aws, logGroupIdentifier=ARN) == ["a"]


def test_a_pattern_selects(aws: LocalAws) -> None:
    codes = ["AccessDenied", "AccessDeniedException", "NoSuchBucket"]
    aws.deliver_events(GROUP, [(at, {"errorCode": code}) for at, code in enumerate(codes)] + [(9, "no JSON")])
    matched = found(aws, filterPattern='{ $.errorCode = "AccessDenied*" }')
    assert [json.loads(message)["errorCode"] for message in matched] == codes[:2]
    assert len(found(aws, filterPattern="")) == 4


def test_the_newest_may_come_first(aws: LocalAws) -> None:
    aws.deliver_events(GROUP, [(SINCE_2024 + at, str(at)) for at in range(5)])
    asked: dict[str, Any] = {"startFromHead": False, "startTime": SINCE_2024, "limit": 2}
    assert list(pages(aws, **asked)) == [["4", "3"], ["2", "1"], ["0"]]


def test_a_log_group_of_the_same_name_that_is_made_later_is_empty(aws: LocalAws) -> None:
    aws.deliver_events(GROUP, [(1, "a")])
    aws.client("logs").delete_log_group(logGroupName=GROUP)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        ask(aws)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    assert found(aws) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"logGroupIdentifier": ARN, "logGroupName": GROUP}, "InvalidParameterException"),
        ({"logGroupIdentifier": f"{ARN}:*"}, "InvalidParameterException"),
        ({"logGroupIdentifier": ARN.replace("eu-west-1", "eu-west-2")}, "ResourceNotFoundException"),
        ({"logGroupIdentifier": "another"}, "ResourceNotFoundException"),
        ({"logGroupName": "another"}, "ResourceNotFoundException"),
        ({"startTime": 2, "endTime": 1}, "InvalidParameterException"),
        ({"limit": 10_001}, "InvalidParameterException"),
        ({"nextToken": "made-up"}, "InvalidParameterException"),
        ({"filterPattern": "{ $.errorCode = }"}, "InvalidParameterException"),
        ({"filterPattern": "x" * 1_025}, "InvalidParameterException"),
        ({"startFromHead": False, "startTime": SINCE_2024 - 1}, "InvalidParameterException"),
        ({"logStreamNames": ["a"], "logStreamNamePrefix": "a"}, "InvalidParameterException"),
    ],
)
def test_what_aws_refuses(aws: LocalAws, asked: dict[str, Any], code: str) -> None:
    aws.deliver_events(GROUP, [(1, "a")])
    with pytest.raises(ClientError) as refusal:
        ask(aws, **asked)
    assert refusal.value.response["Error"]["Code"] == code


def test_neither_name_nor_identifier_is_refused(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        aws.client("logs").filter_log_events()


@pytest.mark.parametrize(
    ("page", "lengths"),
    [
        (Page(), [6]),
        (Page(events=4), [4, 2]),
        (Page(events=3), [3, 3, 0]),  # there may be a token although nothing follows
        (Page(size=2 * 30), [2, 2, 2, 0]),  # of four bytes each, and 26
        (Page(searched=4), [2, 2, 2, 0]),
        (Page(searched=1), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0]),
    ],
)
def test_a_page_may_be_partly_full_or_empty_and_have_a_token(aws: LocalAws, page: Page, lengths: list[int]) -> None:
    aws.deliver_events(GROUP, [(at, "even" if at % 2 == 0 else "odd") for at in range(12)])
    aws.page_log_events(GROUP, page)
    assert [len(events) for events in pages(aws, filterPattern="even")] == lengths


@given(
    times=st.lists(st.integers(0, 50), max_size=20),
    page=st.builds(Page, events=st.integers(1, 5), size=st.integers(1, 200), searched=st.integers(1, 5)),
    start=st.integers(0, 50),
    end=st.integers(0, 50),
)
def test_the_pages_together_are_the_whole(
    account: LocalAws, times: list[int], page: Page, start: int, end: int
) -> None:
    events = [(at, f"{'even' if number % 2 == 0 else 'odd'} {number}") for number, at in enumerate(times)]
    account.client("logs").create_log_group(logGroupName="paged")
    account.deliver_events("paged", events)
    account.page_log_events("paged", page)
    asked: dict[str, Any] = {"logGroupName": "paged", "startTime": min(start, end), "endTime": max(start, end)}
    got = [message for found in pages(account, filterPattern="even", **asked) for message in found]
    account.client("logs").delete_log_group(logGroupName="paged")
    within = [
        (at, number, text)
        for number, (at, text) in enumerate(events)
        if at in range(min(start, end), max(start, end) + 1)
    ]
    assert got == [text for _, _, text in sorted(within) if "even" in text]

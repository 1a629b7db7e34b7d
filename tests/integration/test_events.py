"""The event on EventBridge's default bus."""

import time

import pytest

from blindspot.aws import events
from blindspot.aws.client import Clients
from blindspot.aws.events import ASSESSED, LARGEST_ENTRY, NotEmitted
from local.aws import LocalAws


def emit(clients: Clients, detail_type: str, detail: dict[str, object], seconds: float = 60) -> None:
    events.emit(clients, detail_type, detail, until=time.monotonic() + seconds)


@pytest.fixture
def clients(aws: LocalAws) -> Clients:
    return Clients(aws.region)


def test_the_event(aws: LocalAws, clients: Clients) -> None:
    emit(clients, ASSESSED, {"verdict": "COMPLIANT"})
    (event,) = aws.events
    assert event["Source"] == "blindspot"
    assert event["DetailType"] == "Control Assessed"
    assert event["Detail"] == '{"verdict": "COMPLIANT"}'


def test_an_event_that_failed_although_the_call_did_not(aws: LocalAws, clients: Clients) -> None:
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "SECRET-message"}
    aws.malform("events:PutEvents", {"FailedEntryCount": 1, "Entries": [failed]})
    with pytest.raises(NotEmitted, match=r"^events:PutEvents in eu-west-1: InternalFailure$"):
        emit(clients, ASSESSED, {})


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"FailedEntryCount": 1, "Entries": [{}]},
        {"FailedEntryCount": 0},
        {"FailedEntryCount": 0, "Entries": []},
        {"FailedEntryCount": 0, "Entries": [{}]},
        {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}, {"EventId": "2"}]},
        {"Entries": [{"EventId": "1"}]},
    ],
)
def test_an_answer_that_does_not_say_whether_it_failed(
    aws: LocalAws, clients: Clients, entries: dict[str, object]
) -> None:
    aws.malform("events:PutEvents", entries)
    with pytest.raises(NotEmitted, match="Malformed"):
        emit(clients, ASSESSED, {})


def test_no_answer_in_time(aws: LocalAws, clients: Clients) -> None:
    aws.hang("events:PutEvents", seconds=5)
    began = time.monotonic()
    with pytest.raises(NotEmitted, match=r"events:PutEvents in eu-west-1: Timeout$"):
        emit(clients, ASSESSED, {}, seconds=0.1)
    assert time.monotonic() - began < 4


def test_a_refusal(aws: LocalAws, clients: Clients) -> None:
    aws.fail("events:PutEvents", error="AccessDeniedException")
    with pytest.raises(NotEmitted) as raised:
        emit(clients, ASSESSED, {})
    assert raised.value.failure.denied


def test_the_largest_event(aws: LocalAws, clients: Clients) -> None:
    envelope = len("blindspot") + len("Control Assessed") + len('{"text": ""}')
    emit(clients, ASSESSED, {"text": "x" * (LARGEST_ENTRY - envelope)})
    with pytest.raises(NotEmitted, match="the event has 262145 bytes, and EventBridge accepts 262144"):
        emit(clients, ASSESSED, {"text": "x" * (LARGEST_ENTRY - envelope + 1)})
    assert len(aws.events) == len(aws.calls) == 1

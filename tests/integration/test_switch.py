"""The switch as it is read while a plan is applied: before each write, and again where that is long ago."""

import time

import pytest

from blindspot.aws import switch
from blindspot.aws.client import Clients
from blindspot.aws.switch import KNOWN, SwitchReader
from local.aws import LocalAws
from tests.goldens import FLAG


class Clock:
    """Stands for the `time` module."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(switch, "time", clock)
    return clock


@pytest.fixture
def reader(aws: LocalAws) -> SwitchReader:
    put(aws, "true")
    aws.calls.clear()
    return SwitchReader(Clients(aws.region), FLAG, until=time.monotonic() + 60)


def put(aws: LocalAws, value: str) -> None:
    aws.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def test_a_value_is_known_for_five_seconds(aws: LocalAws, clock: Clock, reader: SwitchReader) -> None:
    assert KNOWN <= 5
    assert reader.expired
    assert reader.read().on is True
    clock.now += KNOWN - 0.01
    assert not reader.expired
    clock.now += 0.01
    assert reader.expired


def test_the_time_that_reading_takes_counts(
    aws: LocalAws, clock: Clock, reader: SwitchReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = reader._get  # noqa: SLF001

    def slow() -> str:
        clock.now += KNOWN
        return get()

    monkeypatch.setattr(reader, "_get", slow)
    assert reader.read().on is True
    assert reader.expired


def test_each_time_it_is_read_anew(aws: LocalAws, clock: Clock, reader: SwitchReader) -> None:
    assert reader.read().on is True
    put(aws, "false")
    assert reader.read().on is False


def test_what_could_not_be_read_is_read_again_at_once(aws: LocalAws, clock: Clock, reader: SwitchReader) -> None:
    aws.fail("ssm:GetParameter", error="AccessDeniedException", times=1)
    first = reader.read()
    assert (first.on, first.unread) == (False, True)
    assert reader.read().on is True


def test_a_value_that_was_read_before_does_not_stand_for_one_that_cannot_be_read(
    aws: LocalAws, clock: Clock, reader: SwitchReader
) -> None:
    assert reader.read().on is True
    aws.fail("ssm:GetParameter", error="AccessDeniedException")
    found = reader.read()
    assert (found.on, found.unread) == (False, True)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Parameter": {}},
        {"Parameter": {"Value": 1}},
        {"Parameter": "true"},
        {"Parameter": {"Name": "/other", "Value": "true"}},
    ],
)
def test_an_answer_without_a_value_is_off_and_unread(
    aws: LocalAws, reader: SwitchReader, answer: dict[str, object]
) -> None:
    aws.malform("ssm:GetParameter", answer)
    found = reader.read()
    assert (found.on, found.unread) == (False, True)

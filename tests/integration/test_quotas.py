"""The accounts of `make quotas` are within AWS's quotas, and what they take is judged."""

from functools import partial

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from local.aws import local_aws
from tests.quotas.__main__ import CPU, DOCUMENT, EVENT, MEMORY, Outcome, row, tried
from tests.quotas.accounts import (
    ACCOUNTS,
    ALARMS,
    ALL_ALARMS,
    COMPOSITES,
    FILTERS,
    Account,
    C,
    I,
    filters,
    setting,
    texts,
)
from tests.scenarios.bends import HOME


@pytest.mark.parametrize(("what", "lengths"), texts().items())
def test_every_text_is_as_long_as_aws_allows(what: str, lengths: tuple[int, int]) -> None:
    length, allowed = lengths
    assert what
    assert length <= allowed


@pytest.mark.parametrize(
    ("name", "all_alarms", "composites"),
    [
        ("a chain of 1,300 composite alarms", ALL_ALARMS, COMPOSITES),
        ("13 layers of 100 composite alarms", ALL_ALARMS, COMPOSITES + 1),
        ("100 filters, 1,000 alarms, 5 topics", ALARMS + 1, 0),
    ],
)
def test_a_region_has_no_more_alarms_than_its_quota(name: str, all_alarms: int, composites: int) -> None:
    with local_aws(region=HOME) as aws:
        setting(name, aws)
        alarms = cloudwatch_backends[aws.account][HOME].alarms.values()
        assert len(alarms) == all_alarms
        assert sum(alarm.rule is not None for alarm in alarms) == composites
        assert max((alarm.rule or "").count("ALARM(") for alarm in alarms) <= 100
        found = aws.client("logs").describe_metric_filters(logGroupName="management-events")["metricFilters"]
        assert len(found) <= FILTERS


def outcome(**bent: object) -> Outcome:
    measured = {"cpu": 1.0, "memory": 200.0, "wall": 2.0, "raised": None, "bytes": 9_000, "calls": 9, "doubts": "[]"}
    told = {"said": C, "row": "", "event": 9_000, "seeding": 0.1}
    told |= {name: bent.pop(name) for name in list(bent) if name in told}
    return Outcome(measured=measured | bent, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bent", "wrong"),
    [
        ({}, []),
        ({"cpu": CPU + 1}, ["too much CPU"]),
        ({"memory": MEMORY + 1}, ["too much memory"]),
        ({"bytes": DOCUMENT + 1}, ["the document is too large"]),
        ({"event": EVENT + 1}, ["the document is too large"]),
        ({"event": 0}, ["no event"]),
        ({"raised": "MemoryError"}, ["raised MemoryError"]),
        ({"said": "no row"}, ["says no row"]),
        ({"said": I}, ["the doubt does not name what it is about"]),
        ({"said": I, "row": "Cannot verify: filter-0"}, []),
        ({"said": I, "doubts": '["filter-0"]'}, []),
    ],
)
def test_what_is_over_a_limit_is_told(bent: dict[str, object], wrong: list[str]) -> None:
    assert list(outcome(**bent).wrong(Account(lambda *_: None, (C, I), "filter-0"))) == wrong


def test_a_process_that_was_killed_is_told() -> None:
    killed = Outcome({}, "no row", "", 0, 0.1)
    assert list(killed.wrong(ACCOUNTS["policies of 30 KB"])) == ["killed: too much CPU or time"]
    assert row("x", killed) == "| x | no row | killed | | | | | |"


def test_an_evaluation_is_measured_in_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Account(partial(filters, patterns=["{ $.eventName = X }"]), (C,))
    monkeypatch.setitem(ACCOUNTS, "small", small)
    found = tried("small", small)
    assert list(found.wrong(small)) == []
    assert 0 < found.measured["cpu"] < CPU
    assert found.measured["memory"] >= found.measured["before"] > 10
    assert row("small", found).startswith("| small | COMPLIANT | ")

"""AWS is asked how it reads each filter that a verdict rests on; where it disagrees, the verdict does not stand."""

import json
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from blindspot.aws import pattern_check as confirm
from blindspot.aws.client import Clients
from blindspot.verdict.pattern_check import MOST_QUESTIONS
from functions.evaluator import app
from local.accounts import CIS, HALF_RIGHT, a_compliant_account, put_filter
from local.aws import LocalAws
from local.lambda_context import Context

pytestmark = pytest.mark.usefixtures("kept_warm")

METRIC = {"metricNamespace": "CISBenchmark", "metricName": "unauthorized_api_calls_metric", "metricValue": "1"}


def assess() -> dict[str, Any]:
    return app.handler({"action": "assess"}, Context(300_000))


def verdicts(document: dict[str, Any]) -> set[tuple[str, bool]]:
    return {(region["verdict"], region["confirmed"]) for region in document["regions"].values()}


def asked(aws: LocalAws) -> int:
    return [str(call) for call in aws.calls].count("logs:TestMetricFilter")


@pytest.mark.parametrize(("pattern", "verdict"), [(CIS, "COMPLIANT"), (HALF_RIGHT, "NON_COMPLIANT")])
def test_where_aws_agrees_the_verdict_is_confirmed(aws: LocalAws, pattern: str, verdict: str) -> None:
    a_compliant_account(aws, pattern=pattern)
    assert verdicts(assess()) == {(verdict, True)}
    assert asked(aws) == 1


@pytest.mark.parametrize(("pattern", "answer"), [(CIS, False), (HALF_RIGHT, True)])
def test_where_aws_disagrees_the_verdict_does_not_stand(
    aws: LocalAws, pattern: str, answer: bool, caplog: pytest.LogCaptureFixture
) -> None:
    a_compliant_account(aws, pattern=pattern)
    aws.misread(pattern, answer)
    document = assess()
    assert verdicts(document) == {("INDETERMINATE", False)}
    assert {doubt["code"] for region in document["regions"].values() for doubt in region["doubts"]} == {
        "filter.disputed"
    }
    assert "AWS matches filter patterns differently than Blindspot" in caplog.text


def test_only_regions_that_rest_on_the_filter_fall(aws: LocalAws) -> None:
    a_compliant_account(aws)
    regional = "?AccessDenied ?UnauthorizedOperation"
    a_compliant_account(aws, region="us-east-1", name="regional", multi_region=False, pattern=regional)
    aws.misread(CIS, False)
    document = assess()
    assert document["regions"]["us-east-1"]["verdict"] == "COMPLIANT"
    assert document["regions"]["eu-west-1"]["verdict"] == "INDETERMINATE"
    aws.misread(regional, False)
    assert verdicts(assess()) == {("INDETERMINATE", False)}


@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException"])
def test_where_aws_cannot_be_asked_the_verdict_stands_unconfirmed(aws: LocalAws, error: str) -> None:
    a_compliant_account(aws)
    aws.fail("logs:TestMetricFilter", error=error)
    document = assess()
    assert verdicts(document) == {("COMPLIANT", False)}
    assert [read["call"] for read in document["unreadable"]] == ["logs:TestMetricFilter"]


def test_what_is_not_answered_is_asked_once(aws: LocalAws) -> None:
    several_filters(aws, 3)
    aws.hang("logs:TestMetricFilter")
    assert verdicts(assess()) <= {("COMPLIANT", False), ("INDETERMINATE", False)}
    assert asked(aws) == 1


@pytest.mark.parametrize(("error", "attempts"), [("ThrottlingException", 1), ("InternalFailure", 1)])
def test_no_question_is_put_again(aws: LocalAws, error: str, attempts: int) -> None:
    a_compliant_account(aws)
    aws.fail("logs:TestMetricFilter", error=error, times=attempts)
    assert verdicts(assess()) == {("COMPLIANT", False)}


def test_where_no_filter_matters_nothing_is_asked(aws: LocalAws) -> None:
    a_compliant_account(aws, logging=False)
    assert verdicts(assess()) == {("NON_COMPLIANT", True)}
    assert asked(aws) == 0


def several_filters(aws: LocalAws, number: int) -> None:
    made = a_compliant_account(aws)
    for each in range(number):
        put_filter(aws, made.region, made.log_group, f"f{each}", f'{{ $.errorCode = "E{each}" }}', METRIC)


def test_no_more_is_asked_than_there_is_time_for(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    several_filters(aws, 3)
    monkeypatch.setattr(confirm, "PACE", 90)  # the second would have its turn when the run is over
    document = app.handler({"action": "assess"}, Context(90_000))
    assert asked(aws) == 1
    assert verdicts(document) <= {("COMPLIANT", False), ("INDETERMINATE", False)}
    assert [(read["call"], read["error"]) for read in document["unreadable"]] == [("logs:TestMetricFilter", "Timeout")]


def test_no_more_is_asked_a_second_than_aws_allows(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still, so that what each call waits for is its turn."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    now = time.monotonic()
    monkeypatch.setattr(confirm, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr("asyncio.sleep", sleep)
    several_filters(aws, 3)
    assess()
    assert len(waited) == asked(aws) > 1
    assert all(later - earlier > 0.2 - 1e-6 for earlier, later in pairwise(waited))


def test_however_many_filters_there_are_only_so_many_are_asked_about(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_filters(aws, MOST_QUESTIONS + 5)
    monkeypatch.setattr(confirm, "PACE", 0)
    assert verdicts(assess()) <= {("COMPLIANT", False), ("INDETERMINATE", False)}
    assert asked(aws) == MOST_QUESTIONS


def test_what_is_asked_is_made_up(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[str] = []
    call = Clients.call

    def listen(self: Any, name: str, *rest: Any, **parameters: Any) -> dict[str, Any]:
        put.extend(parameters.get("logEventMessages", ()))
        return call(self, name, *rest, **parameters)

    monkeypatch.setattr(Clients, "call", listen)
    a_compliant_account(aws, pattern=HALF_RIGHT)
    document = assess()
    events = [json.loads(message) for message in put]
    assert {event["errorCode"] for event in events} == {"Client.UnauthorizedOperation", "AccessDeniedException"}
    spots = {json.dumps(region["blind_spot"]) for region in document["regions"].values()}
    assert spots <= {json.dumps(event) for event in events}

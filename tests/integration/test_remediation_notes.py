"""What the evaluator notes of what the remediator created: nothing where it created nothing, and never a doubt."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.accounts import Made, a_compliant_account, put_alarm
from local.aws import LocalAws
from tests.integration.evaluating import invoke
from tests.integration.remediating import CLOSED, STACK, all_ours, only_a_trail, switch
from tests.scenarios.bends import METRIC

READS = ["ssm:GetParametersByPath"]
ALARM = "Alarm unauthorized_api_calls_alarm in eu-west-1"
FILTER = "Metric filter unauthorized-api-calls-metric of log group management-events in eu-west-1"
TOPIC = "Topic security-alerts in eu-west-1"


def notes() -> list[dict[str, str]]:
    made: list[dict[str, str]] = invoke({"action": "assess"})["notes"]
    return made


@pytest.fixture
def made(small: LocalAws) -> Made:
    """All that the remediator creates, on a trail."""
    switch(small, "true")
    made = a_compliant_account(small)
    all_ours(small, made)
    small.calls.clear()
    return made


def overrides(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    monkeypatch.setenv("BLINDSPOT_OVERRIDES", json.dumps(changed))


def test_where_the_remediator_created_nothing_one_call_says_so(small: LocalAws) -> None:
    a_compliant_account(small)
    assert notes() == []
    assert [str(call) for call in small.calls if call.service == "ssm"] == READS
    assert not [call for call in small.calls if call.operation == "ListTagsForResource"]


def test_without_a_stack_there_is_no_ledger_to_read(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLINDSPOT_STACK")
    a_compliant_account(small)
    assert notes() == []
    assert not [call for call in small.calls if call.service == "ssm"]


@pytest.mark.usefixtures("made")
def test_what_is_as_the_settings_say_needs_no_note(small: LocalAws) -> None:
    document = invoke({"action": "assess"})
    assert (document["verdict"], document["notes"]) == ("COMPLIANT", [])
    assert [str(call) for call in small.calls if call.service == "ssm"] == READS


def test_settings_of_another_stack_concern_nobody(small: LocalAws, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDSPOT_STACK", STACK.id.replace(STACK.uuid, "f" * 8 + STACK.uuid[8:]))
    overrides(monkeypatch, alarm={"threshold": 1, "period": 60})
    assert notes() == []


@pytest.mark.parametrize(
    ("changed", "noted"),
    [
        ({"alarm": {"period": 60}}, [ALARM]),
        ({"alarm": {"tags": {"team": "security"}}}, [ALARM]),
        ({"topic": {"tags": {"team": "security"}}}, [TOPIC]),
        ({"benign": ['{ $.eventName = "HeadBucket" }']}, [FILTER]),
        ({"names": {"metric": "another"}}, [FILTER, ALARM]),
        ({"names": {"alarm": "team-blindspot"}}, []),
        ({"calls_to_alarm": 1}, []),
    ],
    ids=lambda value: json.dumps(value),
)
@pytest.mark.usefixtures("made")
def test_a_change_of_the_settings_is_noted_until_it_is_applied(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], noted: list[str]
) -> None:
    overrides(monkeypatch, **changed)
    found = notes()
    assert [note["code"] for note in found] == ["settings.pending"] * len(noted)
    assert [note["message"] for note in found] == [
        f'{title} is not as the settings say. To set it, send {{"action": "apply"}} to the remediator.'
        for title in noted
    ]


def higher_threshold(aws: LocalAws, made: Made) -> None:
    put_alarm(aws, made.region, made.alarm, METRIC, [made.topic], {"Threshold": 10})


def closed(aws: LocalAws, made: Made) -> None:
    topics = aws.client("sns", made.region)
    topics.set_topic_attributes(TopicArn=made.topic, AttributeName="Policy", AttributeValue=CLOSED)


def one_more_action(aws: LocalAws, made: Made) -> None:
    pager = f"arn:aws:sns:{made.region}:{aws.account}:pager"
    put_alarm(aws, made.region, made.alarm, METRIC, [made.topic, pager], {"TreatMissingData": "notBreaching"})


@pytest.mark.parametrize(("change", "noted"), [(higher_threshold, [ALARM]), (closed, [TOPIC]), (one_more_action, [])])
def test_what_people_changed_is_noted_and_what_they_added_is_not(
    small: LocalAws, made: Made, change: Callable[[LocalAws, Made], None], noted: list[str]
) -> None:
    change(small, made)
    assert [note["message"].partition(" is not as")[0] for note in notes()] == noted


@pytest.mark.parametrize("error", ["AccessDeniedException", "InternalServerError"])
def test_a_ledger_that_cannot_be_read_is_a_note_and_no_doubt(small: LocalAws, made: Made, error: str) -> None:
    small.fail("ssm:GetParametersByPath", error=error)
    document = invoke({"action": "assess"})
    assert document["verdict"] == "COMPLIANT"
    (note,) = (note for note in document["notes"] if note["code"] != "calls.refused")
    assert (note["code"], note["resource"]) == ("ledger.unread", STACK.ledger)
    assert note["message"].endswith(f"ssm:GetParametersByPath gave no answer ({error}).")


@pytest.mark.parametrize("answer", [{}, {"Parameters": None}, {"Parameters": [{"Name": "/other/made/u/0"}]}])
def test_an_answer_that_is_none_is_no_ledger(small: LocalAws, made: Made, answer: dict[str, Any]) -> None:
    small.malform("ssm:GetParametersByPath", answer)
    assert [note["code"] for note in notes()] == ["ledger.unread"]


def test_the_row_goes_before_the_ledger_is_read(small: LocalAws, made: Made) -> None:
    small.evaluator = invoke
    invoke({"action": "start"})
    small.calls.clear()
    small.deliver()
    called = [str(call) for call in small.calls]
    assert called.index("config:PutEvaluations") < called.index("ssm:GetParametersByPath")
    assert small.events[-1]["Detail"]


def test_without_time_the_verdict_is_told_without_notes(small: LocalAws, made: Made) -> None:
    small.evaluator = lambda event: invoke(event, milliseconds=4_000)
    small.hang("ssm:GetParametersByPath", seconds=10)
    invoke({"action": "start"})
    small.deliver()
    assert [row.compliance for row in small.config_rows] == ["COMPLIANT"]
    detail = json.loads(small.events[-1]["Detail"])
    assert (detail["verdict"], [note["code"] for note in detail["notes"]]) == ("COMPLIANT", ["ledger.unread"])


def test_names_that_the_role_does_not_allow_are_noted(small: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    only_a_trail(small, a_compliant_account(small))
    overrides(monkeypatch, names={"topic": "payroll"})
    (note,) = notes()
    assert (note["code"], note["resource"]) == ("names.not-allowed", small.account)
    assert "topic is 'payroll'; allowed for remediation: a name that contains -blindspot" in note["message"]

"""The evaluator for the members of an organization: AWS Config asks, and each member is judged by the role in it."""

import json
from collections.abc import Iterator

import pytest

from blindspot.app.run import clients
from blindspot.aws.responses import Credentials
from local.aws import LocalAws
from tests.goldens import RULE
from tests.integration.members import BROKEN, IN_MEMBER, OWN, RIGHT, STACK, an_organization, asked, rows, run

ROLELESS = "444444444444"


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with an_organization() as aws:
        yield aws


def test_each_account_gets_its_own_verdict(aws: LocalAws) -> None:
    aws.organization.join(ROLELESS)
    aws.put_organization_rule(STACK, excluded=(OWN,))
    aws.ask_members(STACK)
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    aws.deliver()
    verdicts = {OWN: ["COMPLIANT"], RIGHT: ["COMPLIANT"], BROKEN: ["NON_COMPLIANT"], ROLELESS: []}
    assert {account: [row for row, _ in rows(aws, account)] for account in verdicts} == verdicts
    told = {(detail["account"], detail["verdict"]) for detail in map(json.loads, (e["Detail"] for e in aws.events))}
    assert told == {
        (OWN, "COMPLIANT"),
        (RIGHT, "COMPLIANT"),
        (BROKEN, "NON_COMPLIANT"),
        (ROLELESS, "INDETERMINATE"),
    }


def test_a_member_is_read_and_reported_to_with_its_role_alone(aws: LocalAws) -> None:
    event = asked(aws, BROKEN)
    aws.calls.clear()
    left = run(aws, event)
    own = [str(call) for call in aws.calls if call.account != BROKEN]
    assert own == ["organizations:DescribeAccount", "sts:AssumeRole", "events:PutEvents"]
    assert {call.account for call in aws.calls if str(call) not in own} == {BROKEN}
    (assuming,) = (call.request for call in aws.calls if str(call) == "sts:AssumeRole")
    assert "'DurationSeconds': 900" in assuming  # the shortest: the credentials are for one run
    assert len(aws.calls) == left.answer["api_calls"] + 1  # the event is sent after the document was made
    assert left.answer["stack"] == left.details[0]["stack"] != None  # noqa: E711 (both)
    assert left.answer["config"] == {"rule": IN_MEMBER, "sent": 1, "refused": []}
    assert "ssm" not in {call.service for call in aws.calls}  # no remediator acts there, so that no note is about it


def test_a_verdict_that_changed_in_a_member_is_told(aws: LocalAws) -> None:
    run(aws, asked(aws, RIGHT))
    aws.client("cloudwatch", account=RIGHT).delete_alarms(AlarmNames=["unauthorized_api_calls_alarm"])
    left = run(aws, asked(aws, RIGHT))
    assert [(detail["account"], detail["changed_from"]) for detail in left.details] == [(RIGHT, "COMPLIANT")] * 2
    assert [sent["DetailType"] for sent in aws.events[-2:]] == ["Control Assessed", "Verdict Changed"]


def test_a_member_has_a_row_for_each_region_where_they_are_asked_for(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "true")
    run(aws, asked(aws, RIGHT))
    assert [row.id for row in aws.of(RIGHT).config_rows] == [RIGHT, f"{RIGHT}/eu-west-1", f"{RIGHT}/future"]
    monkeypatch.setenv("BLINDSPOT_REPORT_REGIONS", "false")
    run(aws, asked(aws, RIGHT))
    assert [row for row, _ in rows(aws, RIGHT)] == ["COMPLIANT", "NOT_APPLICABLE", "NOT_APPLICABLE"]


def test_refused_calls_in_a_member_are_counted_with_those_that_led_there(aws: LocalAws) -> None:
    event = asked(aws, RIGHT)
    aws.fail("sns:GetTopicAttributes", error="AuthorizationError")
    aws.fail("config:PutEvaluations", error="AccessDeniedException")
    left = run(aws, event)
    assert (left.metrics["RefusedCalls"], left.answer["refused_calls"]) == ([2], 2)
    aws.fail("events:PutEvents", error="AccessDeniedException")
    assert run(aws, asked(aws, RIGHT)).metrics["RefusedCalls"] == [3]


def test_the_clients_of_a_role_share_nothing_but_what_the_sdk_knows_of_aws(aws: LocalAws) -> None:
    own = clients(aws.region)
    one, other = (own.of_role(Credentials(f"A{number}", "SECRET", "SECRET")) for number in range(2))
    parts = [
        {
            **{name: id(value) for name, value in vars(each).items() if isinstance(value, dict)},
            **{name: id(getattr(each, name)) for name in ("_session", "_creating", "_counting")},
            **{name: id(value) for name, value in vars(each._session).items() if not _is_plain(value)},  # noqa: SLF001
        }
        for each in (own, one, other)
    ]
    assert len({id(each._session.get_component("data_loader")) for each in (own, one, other)}) == 1  # noqa: SLF001
    for name in parts[0]:
        assert len({part[name] for part in parts}) == 3, name
    keys = [each._session.get_credentials() for each in (one, other)]  # noqa: SLF001
    assert [key and key.access_key for key in keys] == ["A0", "A1"]


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | tuple)

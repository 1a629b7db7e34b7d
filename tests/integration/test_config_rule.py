"""What AWS Config is asked and told, and that nobody else learns the token."""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders

from blindspot.aws import config_rule
from blindspot.aws.client import Clients
from blindspot.aws.config_rule import NotStarted, Reported, Rows, Rule, Started
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import Evaluation
from local.aws import Call, Fault, LocalAws
from local.aws.extension.config import Row
from tests.goldens import RULE
from tests.integration.reading import answer_once

pytestmark = pytest.mark.usefixtures("kept_warm")

PUT = "config:PutEvaluations"
ACCOUNT = "123456789012"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def soon() -> float:
    return time.monotonic() + 60


def start(clients: Clients, rule: str) -> Started:
    return config_rule.start(clients, rule, until=soon())


def reported_before(clients: Clients, rule: str) -> Rows | Unreadable:
    return config_rule.reported_before(clients, rule, until=soon())


def report(clients: Clients, token: str, sent: Sequence[Evaluation]) -> Reported:
    """Reports the first as the account's, then the others."""
    rule = Rule(clients, RULE, token)
    account = rule.report_account(sent[0], until=soon())
    return account.and_then(rule.report(sent[1:], until=soon())) if account.sent else account


@pytest.fixture
def clients(aws: LocalAws) -> Clients:
    return Clients(aws.region)


@pytest.fixture
def token(aws: LocalAws) -> str:
    aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    return str(aws.config.due.pop()["resultToken"])


def evaluations(others: int, compliance: str = "COMPLIANT") -> tuple[Evaluation, ...]:
    """The account's evaluation and so many others."""
    ids = (ACCOUNT, *(f"{ACCOUNT}/region-{number}" for number in range(others)))
    return tuple(Evaluation("AWS::::Account", resource_id, compliance, "why", NOW) for resource_id in ids)


def failing(aws: LocalAws, *failed: Evaluation, times: int | None = None) -> None:
    """PutEvaluations gives these rows back in FailedEvaluations."""
    given = [{"ComplianceResourceType": row.resource_type, "ComplianceResourceId": row.resource_id} for row in failed]
    aws.malform(PUT, {"FailedEvaluations": given})
    aws.faults[-1].times = times


def test_start(aws: LocalAws, clients: Clients) -> None:
    assert start(clients, RULE) == Started(True, "AWS Config evaluates the rule")
    assert len(aws.config.due) == 1


def test_too_soon_is_as_good(aws: LocalAws, clients: Clients) -> None:
    start(clients, RULE)
    again = start(clients, RULE)
    assert again == Started(False, "an evaluation is in progress, or one was started less than a minute ago")
    assert len(aws.config.due) == 1


@pytest.mark.parametrize("error", ["ResourceInUseException", "NoSuchConfigRuleException", "AccessDeniedException"])
def test_any_other_error_rises(aws: LocalAws, clients: Clients, error: str) -> None:
    aws.fail("config:StartConfigRulesEvaluation", error=error)
    with pytest.raises(NotStarted, match=rf"^config:StartConfigRulesEvaluation in eu-west-1: {error} \(rule {RULE}\)$"):
        start(clients, RULE)


def test_rows_are_kept_as_they_were_sent(aws: LocalAws, clients: Clients, token: str) -> None:
    bare = Evaluation("AWS::::Account", ACCOUNT, "NON_COMPLIANT", None, NOW)
    assert report(clients, token, [bare]).sent == 1
    (kept,) = aws.config_rows
    assert (kept.rule, kept.type, kept.id) == (RULE, "AWS::::Account", ACCOUNT)
    assert (kept.compliance, kept.annotation, kept.at) == ("NON_COMPLIANT", None, NOW)


@pytest.mark.parametrize(("others", "puts"), [(0, 1), (1, 2), (100, 2), (101, 3), (250, 4)])
def test_the_account_goes_alone_and_the_others_by_the_hundred(
    aws: LocalAws, clients: Clients, token: str, others: int, puts: int
) -> None:
    assert report(clients, token, evaluations(others)).sent == 1 + others
    assert len(aws.config_rows) == 1 + others
    assert aws.config_rows[0].id == ACCOUNT
    assert [str(call) for call in aws.calls] == [PUT] * puts


def test_what_failed_is_sent_again(aws: LocalAws, clients: Clients, token: str) -> None:
    sent = evaluations(3)
    failing(aws, sent[0], times=2)
    reported = report(clients, token, sent)
    assert (reported.sent, reported.refused) == (4, ())
    assert {row.id for row in aws.config_rows} == {row.resource_id for row in sent}


@pytest.mark.parametrize("how", ["exception", "answer"])
def test_refused_ids_are_left_out(aws: LocalAws, clients: Clients, token: str, how: str) -> None:
    aws.config.refused_ids = (how, "/")
    reported = report(clients, token, evaluations(2))
    assert reported.sent == 1
    assert reported.refused == (f"{ACCOUNT}/region-0", f"{ACCOUNT}/region-1")
    assert reported.error == ("InvalidParameterValueException" if how == "exception" else "FailedEvaluations")
    assert [row.id for row in aws.config_rows] == [ACCOUNT]


def test_a_failure_of_a_row_that_was_not_sent_is_a_failure(aws: LocalAws, clients: Clients, token: str) -> None:
    failing(aws, *evaluations(3)[3:])
    assert report(clients, token, evaluations(2)) == Reported(0, (ACCOUNT,), "FailedEvaluations")


def test_where_it_is_not_known_which_rows_of_a_batch_were_taken_all_are_refused(
    aws: LocalAws, clients: Clients, token: str
) -> None:
    answer_once(aws, PUT, FailedEvaluations=[])  # the account's row
    failing(aws, *evaluations(3)[3:])
    reported = report(clients, token, evaluations(2))
    assert reported == Reported(1, (f"{ACCOUNT}/region-0", f"{ACCOUNT}/region-1"), "FailedEvaluations")


def test_the_account_s_row_must_be_taken(aws: LocalAws, clients: Clients, token: str) -> None:
    failing(aws, *evaluations(0))
    assert report(clients, token, evaluations(2)) == Reported(0, (ACCOUNT,), "FailedEvaluations")
    assert aws.config_rows == []


def test_a_wrong_token(clients: Clients) -> None:
    assert report(clients, "SECRET-token", evaluations(0)) == Reported(0, (ACCOUNT,), "InvalidResultTokenException")


@pytest.mark.parametrize(
    "fault", ["InvalidResultTokenException", "AccessDeniedException", "ParamValidationError", "Timeout", "Malformed"]
)
def test_the_token_is_never_told(aws: LocalAws, clients: Clients, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token: object = "SECRET-token"
    if fault == "ParamValidationError":
        token = {"SECRET-token": 1}  # the SDK's message quotes it
    elif fault == "Timeout":
        aws.hang(PUT)
    elif fault == "Malformed":
        aws.malform(PUT, {"FailedEvaluations": "SECRET-message"})
    else:
        aws.fail(PUT, error=fault)

    reported = report(clients, token, evaluations(0))  # type: ignore[arg-type]

    assert fault in str(reported.error)
    assert "SECRET" not in repr(reported) + caplog.text


def test_what_was_reported_before(aws: LocalAws, clients: Clients, token: str) -> None:
    assert reported_before(clients, RULE) == {}
    report(clients, token, evaluations(120))
    aws.calls.clear()
    assert reported_before(clients, RULE) == {(row.resource_type, row.resource_id): row for row in evaluations(120)}
    assert len(aws.calls) == 2


def test_what_was_retired_is_not_reported(clients: Clients, token: str) -> None:
    report(clients, token, evaluations(1))
    report(clients, token, [*evaluations(0), *evaluations(1, "NOT_APPLICABLE")[1:]])
    assert reported_before(clients, RULE) == {("AWS::::Account", ACCOUNT): evaluations(0)[0]}


def test_what_was_reported_may_be_unreadable(aws: LocalAws, clients: Clients) -> None:
    call = "config:GetComplianceDetailsByConfigRule"
    aws.fail(call, error="AccessDeniedException")
    assert reported_before(clients, RULE) == Unreadable(call, "eu-west-1", "AccessDeniedException", denied=True)


def garbled(aws: LocalAws, arrived: Sequence[Evaluation] = (), times: int | None = None) -> None:
    """PutEvaluations is answered with nothing, after these rows have arrived."""

    def answer(_: Call) -> object:
        for row in arrived:
            key = RULE, row.resource_type, row.resource_id
            aws.config.rows[key] = Row(*key, row.compliance, row.annotation, row.ordering_timestamp)
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    aws.faults.append(Fault(PUT, None, answer, times))


def test_what_the_answer_does_not_show_is_read_back(aws: LocalAws, clients: Clients, token: str) -> None:
    garbled(aws, evaluations(1))
    assert report(clients, token, evaluations(1)) == Reported(2)
    assert [str(call) for call in aws.calls] == [PUT, config_rule.DETAILS] * 2


def test_what_did_not_arrive_is_sent_again(aws: LocalAws, clients: Clients, token: str) -> None:
    garbled(aws, times=1)
    assert report(clients, token, evaluations(0)) == Reported(1)
    assert [str(call) for call in aws.calls] == [PUT, config_rule.DETAILS, PUT]


def test_an_older_row_is_not_what_was_sent(aws: LocalAws, clients: Clients, token: str) -> None:
    report(clients, token, [evaluations(0)[0]._replace(ordering_timestamp=NOW - timedelta(seconds=1))])
    garbled(aws)
    assert report(clients, token, evaluations(0)) == Reported(0, (ACCOUNT,), "Malformed: FailedEvaluations")


def test_a_row_of_the_same_time_with_another_verdict_is_not_what_was_sent(
    aws: LocalAws, clients: Clients, token: str
) -> None:
    garbled(aws, evaluations(0, "NON_COMPLIANT"))
    assert report(clients, token, evaluations(0)) == Reported(0, (ACCOUNT,), "Malformed: FailedEvaluations")


def test_what_cannot_be_read_back_is_not_known_to_have_arrived(aws: LocalAws, clients: Clients, token: str) -> None:
    garbled(aws, evaluations(0))
    aws.fail(config_rule.DETAILS, error="AccessDeniedException")
    assert report(clients, token, evaluations(0)) == Reported(0, (ACCOUNT,), "Malformed: FailedEvaluations")


def test_a_row_is_sent_in_plain_words_only_where_it_is_what_was_refused(
    aws: LocalAws, clients: Clients, token: str
) -> None:
    aws.fail(PUT, error="NoSuchConfigRuleException", times=1)
    assert report(clients, token, evaluations(0)) == Reported(0, (ACCOUNT,), "NoSuchConfigRuleException")
    assert [str(call) for call in aws.calls].count(PUT) == 1


def test_a_row_that_aws_config_refuses_is_sent_once_more_in_plain_words(
    aws: LocalAws, clients: Clients, token: str
) -> None:
    aws.fail(PUT, error="InvalidParameterValueException", times=1)
    row = evaluations(0)[0]._replace(annotation="The alarm \N{SNOWMAN} is missing.")
    assert report(clients, token, [row]) == Reported(1)
    assert str(aws.config_rows[0].annotation).isascii()


def test_nothing_is_sent_too_late(aws: LocalAws, clients: Clients, token: str) -> None:
    rule = Rule(clients, RULE, token)
    assert rule.report_account(evaluations(0)[0], until=time.monotonic()) == Reported(0, (ACCOUNT,), "Timeout")
    assert aws.calls == []


@pytest.mark.parametrize("answer", [{}, {"message": "<html>"}, {"ResponseMetadata": {}}])
def test_an_answer_that_aws_did_not_give_starts_nothing(
    aws: LocalAws, clients: Clients, answer: dict[str, object]
) -> None:
    aws.malform(config_rule.START, answer)
    with pytest.raises(NotStarted, match="Malformed"):
        start(clients, RULE)


@pytest.mark.parametrize("at", [None, "now", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))])
def test_an_evaluation_without_a_time_is_malformed(aws: LocalAws, clients: Clients, at: object) -> None:
    qualifier = {"ResourceType": "AWS::::Account", "ResourceId": ACCOUNT}
    identifier = {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": at}
    result = {"EvaluationResultIdentifier": identifier, "ComplianceType": "COMPLIANT"}
    aws.malform(config_rule.DETAILS, {"EvaluationResults": [result]})
    assert reported_before(clients, RULE) == Unreadable(
        config_rule.DETAILS, "eu-west-1", "Malformed: OrderingTimestamp"
    )

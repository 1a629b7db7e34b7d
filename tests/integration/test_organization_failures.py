"""What fails in a member is told, counted and raised nowhere; what fails in the function is raised; and whatever it is,
no account gets a verdict that it does not have, and the next one gets its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from blindspot.app import evaluate as evaluating
from blindspot.app.run import UnexpectedError
from blindspot.aws.events import NotEmitted
from blindspot.settings import SettingsError
from local.aws import LocalAws
from tests.integration.members import BROKEN, IN_MEMBER, OWN, RIGHT, an_organization, asked, role, rows, run


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with an_organization() as aws:
        yield aws


def account_of(**given: Any) -> dict[str, Any]:
    return {"Account": {"Id": RIGHT, "State": "ACTIVE", **given}}


CREDENTIALS = {"AccessKeyId": "A" * 20, "SecretAccessKey": "SECRET", "SessionToken": "SECRET"}
OF_ROLE = {"Arn": f"arn:aws:sts::{RIGHT}:assumed-role/blindspot-member/blindspot", "AssumedRoleId": "A:blindspot"}
DESCRIBED, ASSUMED, IDENTITY = "organizations:DescribeAccount", "sts:AssumeRole", "sts:GetCallerIdentity"
PUT, LIST = "config:PutEvaluations", "config:GetComplianceDetailsByConfigRule"

Change = Callable[[LocalAws, pytest.MonkeyPatch], object]


@dataclass(frozen=True)
class Case:
    """A fault that one member meets.

    told: what the log and the event say of it. row: what its annotation begins with; None where there is no row.
    """

    change: Change
    told: str
    row: str | None = None


def fails(call: str, error: str, about: str = "") -> Change:
    return lambda aws, _: aws.fail(call, error=error, about=about)


def answers(call: str, answer: dict[str, Any]) -> Change:
    return lambda aws, _: aws.malform(call, answer)


def hangs(call: str) -> Change:
    return lambda aws, _: aws.hang(call)


def state(state: str) -> Change:
    return lambda aws, _: aws.organization.join(RIGHT, state=state)


def out_of(share: str) -> Change:
    return lambda _, patched: patched.setattr(evaluating, share, 0.0)


CANNOT = "Cannot verify: "
MEMBERS = {
    "no role": Case(fails(ASSUMED, "AccessDenied", RIGHT), f"{ASSUMED} in eu-west-1: AccessDenied"),
    "another external id": Case(lambda aws, _: aws.trust(role(RIGHT), "another"), f"{ASSUMED} in eu-west-1: AccessD"),
    "AssumeRole throttled": Case(fails(ASSUMED, "Throttling", RIGHT), f"{ASSUMED} in eu-west-1: Throttling"),
    "AssumeRole without answer": Case(hangs(ASSUMED), f"{ASSUMED} in eu-west-1: Timeout"),
    "credentials of another role": Case(
        answers(ASSUMED, {"Credentials": CREDENTIALS, "AssumedRoleUser": {**OF_ROLE, "Arn": role(BROKEN)}}),
        f"{ASSUMED} in eu-west-1: Malformed: AssumedRoleUser",
    ),
    "credentials without a key": Case(
        answers(ASSUMED, {"Credentials": {}, "AssumedRoleUser": OF_ROLE}),
        f"{ASSUMED} in eu-west-1: Malformed: AccessKeyId",
    ),
    "suspended": Case(state("SUSPENDED"), f"{DESCRIBED} in eu-west-1: the account is SUSPENDED"),
    "closed": Case(state("CLOSED"), f"{DESCRIBED} in eu-west-1: the account is CLOSED"),
    "pending": Case(state("PENDING_ACTIVATION"), f"{DESCRIBED} in eu-west-1: the account is PENDING_ACTIVATION"),
    "pending closure": Case(state("PENDING_CLOSURE"), f"{DESCRIBED} in eu-west-1: the account is PENDING_CLOSURE"),
    "the older field": Case(
        answers(DESCRIBED, {"Account": {"Id": RIGHT, "Status": "SUSPENDED"}}),
        f"{DESCRIBED} in eu-west-1: the account is SUSPENDED",
    ),
    "both fields": Case(
        answers(DESCRIBED, account_of(State="CLOSED", Status="ACTIVE")),
        f"{DESCRIBED} in eu-west-1: the account is CLOSED",
    ),
    "DescribeAccount refused": Case(
        fails(DESCRIBED, "AccessDeniedException", RIGHT), f"{DESCRIBED} in eu-west-1: AccessDeniedException"
    ),
    "DescribeAccount throttled": Case(
        fails(DESCRIBED, "TooManyRequestsException", RIGHT), f"{DESCRIBED} in eu-west-1: TooManyRequestsException"
    ),
    "DescribeAccount without answer": Case(hangs(DESCRIBED), f"{DESCRIBED} in eu-west-1: Timeout"),
    "no organization": Case(
        fails(DESCRIBED, "AWSOrganizationsNotInUseException"),
        f"{DESCRIBED} in eu-west-1: AWSOrganizationsNotInUseException",
    ),
    "another account described": Case(
        answers(DESCRIBED, account_of(Id=BROKEN)), f"{DESCRIBED} in eu-west-1: Malformed: Id"
    ),
    "no state": Case(answers(DESCRIBED, account_of(State=None)), f"{DESCRIBED} in eu-west-1: Malformed: Status"),
    "an unknown state": Case(answers(DESCRIBED, account_of(State="active")), "the account is active"),
    "nothing described": Case(answers(DESCRIBED, {}), f"{DESCRIBED} in eu-west-1: Malformed: Account"),
    "no time to enter": Case(out_of("ENTERED"), f"{DESCRIBED} in eu-west-1: Timeout"),
    "credentials of another account": Case(
        answers(IDENTITY, {"Account": BROKEN, "Arn": f"arn:aws:sts::{BROKEN}:assumed-role/blindspot-member/blindspot"}),
        f"{IDENTITY} in eu-west-1: the credentials belong to another account",
    ),
    "no identity": Case(hangs(IDENTITY), f"{IDENTITY} in eu-west-1: Timeout", CANNOT + IDENTITY),
    "identity refused": Case(
        fails(IDENTITY, "InvalidClientTokenId"), f"{IDENTITY} in eu-west-1: InvalidClientTokenId", CANNOT + IDENTITY
    ),
    "PutEvaluations refused": Case(
        fails(PUT, "AccessDeniedException", RIGHT), f"{PUT} in eu-west-1: AccessDeniedException"
    ),
    "stale token": Case(
        lambda aws, _: aws.of(RIGHT).config.tokens.clear(), f"{PUT} in eu-west-1: InvalidResultTokenException"
    ),
    "the rule is gone": Case(
        fails(PUT, "NoSuchConfigRuleException", RIGHT), f"{PUT} in eu-west-1: NoSuchConfigRuleException"
    ),
    "PutEvaluations without answer": Case(hangs(PUT), f"{PUT} in eu-west-1: Timeout"),
    "no time to report": Case(out_of("REPORTED"), f"{PUT} in eu-west-1: Timeout"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_what_fails_in_a_member_is_told_and_takes_no_other_along(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = MEMBERS[name]
    event = asked(aws, RIGHT)
    with monkeypatch.context() as patched:
        case.change(aws, patched)
        left = run(aws, event)
    assert left.error is None
    assert left.errors.count("ERROR the member has no new verdict in AWS Config: ") == 1
    assert case.told in left.errors
    assert f"(account {RIGHT}, role {role(RIGHT)})" in left.errors
    assert event["resultToken"] not in left.text
    assert "SECRET" not in left.text
    assert [line["account"] for line in left.lines] == [RIGHT] * len(left.lines)
    (told,) = left.details
    assert (told["account"], told["config"]["rule"]) == (RIGHT, IN_MEMBER)
    reported = case.row is not None
    counted = {name: values for name, values in left.metrics.items() if name not in ("ColdStart", "RefusedCalls")}
    assert counted == {"ReportedMembers": [reported], "UnreportedMembers": [not reported]}
    if reported:
        ((compliance, annotation),) = rows(aws, RIGHT)
        assert compliance == "NON_COMPLIANT"
        assert annotation.startswith(f"{case.row}")
        assert role(RIGHT) in annotation
    else:
        assert rows(aws, RIGHT) == []
        assert told["config"]["refused"] == left.answer["config"]["refused"] == [RIGHT]
    aws.faults[:] = [fault for fault in aws.faults if fault.about]
    after = run(aws, asked(aws, BROKEN))
    assert (after.error, after.metrics["ReportedMembers"]) == (None, [1])
    ((compliance, annotation),) = rows(aws, BROKEN)
    assert compliance == "NON_COMPLIANT"
    assert annotation.startswith("filter.misses: ")


def every_read_is(error: str) -> Change:
    def change(aws: LocalAws, _: pytest.MonkeyPatch) -> None:
        for call in ("ec2:DescribeRegions", "cloudtrail:DescribeTrails", "logs:DescribeMetricFilters", LIST):
            aws.fail(call, error=error)

    return change


DOUBTS: dict[str, tuple[Change, str]] = {
    "reads throttled": (every_read_is("ThrottlingException"), f"{CANNOT}unread.no-answer: "),
    "reads refused": (every_read_is("AccessDeniedException"), f"{CANNOT}unread.refused: "),
    "no time to read": (out_of("READ"), f"{CANNOT}unread.no-answer: "),
    "one link unread": (fails("sns:GetTopicAttributes", "AuthorizationError"), f"{CANNOT}unread.refused: "),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_not_read_in_a_member_is_never_compliant(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run(aws, asked(aws, RIGHT))
    assert [compliance for compliance, _ in rows(aws, RIGHT)] == ["COMPLIANT"]
    change, annotated = DOUBTS[name]
    event = asked(aws, RIGHT)
    with monkeypatch.context() as patched:
        change(aws, patched)
        left = run(aws, event)
    assert left.error is None
    assert left.answer["verdict"] == "INDETERMINATE"
    assert left.metrics["ReportedMembers"] == [1]
    ((compliance, annotation),) = rows(aws, RIGHT)
    assert compliance == "NON_COMPLIANT"
    assert annotation.startswith(annotated)


def test_earlier_rows_that_a_member_does_not_show_keep_no_verdict_back(aws: LocalAws) -> None:
    event = asked(aws, RIGHT)
    aws.fail(LIST, error="AccessDeniedException")
    left = run(aws, event)
    assert left.error is None
    assert "earlier evaluations could not be read" in left.errors
    assert rows(aws, RIGHT)[0][0] == "COMPLIANT"


def test_a_member_is_entered_in_its_own_share_of_the_time(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many are entered at once, so that it takes longer than to identify the own account."""
    for share in ("IDENTIFIED", "LISTED"):
        monkeypatch.setattr(evaluating, share, 0.0)
    left = run(aws, asked(aws, RIGHT))
    assert (left.error, left.errors) == (None, "")
    assert rows(aws, RIGHT)[0][0] == "COMPLIANT"


def test_a_kind_of_evaluation_that_the_rule_is_not_for_leaves_no_compliant_row_in_a_member(aws: LocalAws) -> None:
    """Whoever may create rules in a member may have it asked for, so it is no error of the function."""
    run(aws, asked(aws, RIGHT))
    event = asked(aws, RIGHT)
    invoking = {**json.loads(event["invokingEvent"]), "messageType": "ConfigurationItemChangeNotification"}
    left = run(aws, {**event, "invokingEvent": json.dumps(invoking)})
    assert left.error is None
    assert "messageType" in left.errors
    assert left.metrics["ReportedMembers"] == [1]
    assert rows(aws, RIGHT)[0][1].startswith(f"{CANNOT}The AWS Config event's messageType is not valid.")


def test_a_member_that_takes_too_long_to_judge_is_no_error_of_the_function(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever administers a member decides how much there is in it."""
    event = asked(aws, RIGHT)
    with monkeypatch.context() as patched:
        out_of("JUDGED")(aws, patched)
        left = run(aws, event)
    assert left.error is None
    assert "ERROR" in left.errors  # the message depends on which thread is first
    assert rows(aws, RIGHT)[0][1].startswith(f"{CANNOT}there was no time left to assess the account")
    assert run(aws, asked(aws, BROKEN)).error is None


def unexpected(_: LocalAws, patched: pytest.MonkeyPatch) -> None:
    patched.setattr("blindspot.app.assess.collect", None)


def wrong_profile(_: LocalAws, patched: pytest.MonkeyPatch) -> None:
    patched.setenv("BLINDSPOT_PROFILE", "cis")


OURS: dict[str, tuple[Change, type[Exception], str]] = {
    "EventBridge refused": (fails("events:PutEvents", "AccessDeniedException"), NotEmitted, ""),
    "EventBridge failed": (
        answers("events:PutEvents", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}),
        NotEmitted,
        "",
    ),
    "wrong settings": (wrong_profile, SettingsError, f"{CANNOT}Profile is 'cis'"),
    "unexpected": (unexpected, UnexpectedError, f"{CANNOT}the evaluator failed (TypeError)"),
}
"""What fails, what is raised, and what the member's annotation then begins with."""


@pytest.mark.parametrize("name", OURS)
def test_what_fails_in_the_function_is_raised_for_a_member_too(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, raised, annotated = OURS[name]
    event = asked(aws, RIGHT)
    with monkeypatch.context() as patched:
        change(aws, patched)
        left = run(aws, event)
    assert type(left.error) is raised
    assert left.metrics["ReportedMembers"] == [1]
    ((compliance, annotation),) = rows(aws, RIGHT)
    assert compliance == ("NON_COMPLIANT" if annotated else "COMPLIANT")
    assert annotation.startswith(annotated)
    assert event["resultToken"] not in left.text


def test_what_fails_in_a_member_and_in_the_function_is_told_both(aws: LocalAws) -> None:
    event = asked(aws, RIGHT)
    aws.fail(PUT, error="AccessDeniedException", about=RIGHT)
    aws.fail("events:PutEvents")
    left = run(aws, event)
    assert type(left.error) is NotEmitted
    assert f"{PUT} in eu-west-1: AccessDeniedException (account {RIGHT}, role {role(RIGHT)})" in left.errors


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"BLINDSPOT_ORGANIZATION_ROLE": "path/name"}, "OrganizationRole is 'path/name'"),
        ({"BLINDSPOT_STACK": ""}, "OrganizationRole is set, and BLINDSPOT_STACK is not"),
    ],
    ids=["a path", "no stack"],
)
def test_wrong_settings_of_the_organization_are_told_in_the_own_accounts_row(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], told: str
) -> None:
    for account in (OWN, RIGHT):
        run(aws, asked(aws, account))
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    for account in (RIGHT, OWN):
        event = asked(aws, account)
        aws.calls.clear()
        left = run(aws, event)
        assert type(left.error) is SettingsError
        assert told in str(left.error)
        assert account == OWN or aws.calls == []
    ((compliance, annotation),) = rows(aws, OWN)
    assert compliance == "NON_COMPLIANT"
    assert annotation.startswith(f"{CANNOT}{told}")


def test_a_run_of_the_own_account_is_as_ever(aws: LocalAws) -> None:
    left = run(aws, asked(aws, OWN))
    assert left.error is None
    assert rows(aws, OWN)[0][0] == "COMPLIANT"
    assert (left.metrics["ReportedRuns"], left.metrics["CompliantRegions"]) == ([1], [2])
    assert not {"ReportedMembers", "UnreportedMembers"} & left.metrics.keys()
    assert {str(call) for call in aws.calls}.isdisjoint({DESCRIBED, ASSUMED})

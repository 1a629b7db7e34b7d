"""An organization whose accounts are judged in turn, in one warm process, thousands of times.

The answers are recorded once: the handler judges an account of the local AWS in each state, and what AWS answers there
is kept. From then on a client of the SDK answers from what was recorded, by the credentials that it was made with, and
by what its account is like in that turn. All of our own code runs, from the handler to the requests.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore import hooks, xform_name
from botocore.client import BaseClient
from botocore.compat import accepts_kwargs
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session

from blindspot import settings
from blindspot.aws.collect import caller, collect
from blindspot.aws.organization import NotAMember, NotEntered, enter
from blindspot.model.snapshot import Snapshot
from functions.evaluator import app
from local.accounts import CIS, HALF_RIGHT, a_compliant_account
from local.aws import local_aws
from local.aws.clients import sets_up
from local.aws.extension.sts import account_of
from local.lambda_context import Context
from tests.decided_once import decided_once
from tests.goldens import RULE, SETTINGS, UUID
from tests.scenarios import bends
from tests.scenarios.bends import Bend
from tests.warm import loader, worked_out_once

OWN, MEMBER, ARCHIVE, STRANGER = "123456789012", "210987654321", "111122223333", "888877776666"
MEMBERS = (MEMBER, "310987654321", "410987654321", "510987654321", "610987654321")
HOME = "eu-west-1"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROLE, MONITORING = "blindspot-member", f"arn:aws:iam::{ARCHIVE}:role/blindspot-monitoring"
MEMBERS_RULE = "OrgConfigRule-blindspot-dbgzf8ba"

ENVIRONMENT = {
    **{name: value for name, value in SETTINGS.items() if "REVIEW" not in name},
    "BLINDSPOT_ORGANIZATION_ROLE": ROLE,
    "BLINDSPOT_MONITORING_ROLE_ARNS": MONITORING,
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}


def of_recipient(comparison: str, account: str) -> str:
    """What the control requires, of the events of one account, or of all others."""
    return f'{{ ({CIS.strip("{ }")}) && ($.recipientAccountId {comparison} "{account}") }}'


@dataclass(frozen=True)
class State:
    """What an account is like in one turn.

    says: what its row in AWS Config says. bend: of its own trail's channel. organization: the pattern by which the log
    archive account judges it, if it has no trail of its own.
    """

    says: str
    bend: Bend = bends.nothing
    organization: str | None = None


STATES = {
    "right": State("COMPLIANT"),
    "half right": State("NON_COMPLIANT", bends.the_filter(HALF_RIGHT)),
    "no trail": State("NON_COMPLIANT", bends.no_trail),
    "no subscription": State("NON_COMPLIANT", bends.no_subscription),
    "insensitive": State("NON_COMPLIANT", bends.the_alarm(Threshold=10)),
    "by the organization": State("COMPLIANT", organization=CIS),
    "by the organization alone": State("COMPLIANT", organization=of_recipient("=", MEMBER)),
    "left out by the organization": State("NON_COMPLIANT", organization=of_recipient("!=", MEMBER)),
    "another's in the organization": State("NON_COMPLIANT", organization=of_recipient("=", "999988887777")),
}
OF_OWN = [name for name, state in STATES.items() if not state.organization]

CANNOT_VERIFY = "Cannot verify"

FAULTS = {
    "": "",
    "no role": "sts:AssumeRole",
    "not described": "organizations:DescribeAccount",
    "refused": "logs:DescribeMetricFilters",
    "throttled": "cloudwatch:DescribeAlarms",
    "not reported": "config:PutEvaluations",
}
"""What fails in a turn, by the operation that AWS refuses."""

WHOSE = {OWN: "own", ARCHIVE: "archive"}

Key = tuple[str, str, str, str]


def recorded() -> dict[Key, Any]:
    """What AWS answers, by the state, by whose credentials ask, and by what is asked. Error responses are answers."""
    answers: dict[Key, Any] = {}
    for name in STATES:
        _record(name, MEMBER, answers)
        if name in OF_OWN:
            _record(name, OWN, answers)
    return answers


def _record(name: str, account: str, answers: dict[Key, Any]) -> None:
    state, call_api = STATES[name], BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001
    with local_aws(regions=(HOME,), opted_out=()) as aws, worked_out_once():
        if state.organization:
            aws.trust(MONITORING)
            made = a_compliant_account(aws.of(ARCHIVE), pattern=state.organization)
            aws.client("cloudtrail", account=ARCHIVE).update_trail(Name=made.trail, IsOrganizationTrail=True)
        else:
            state.bend(aws.of(account), a_compliant_account(aws.of(account)))
        aws.organization.join(OWN, MEMBER)
        aws.trust(f"arn:aws:iam::{MEMBER}:role/{ROLE}", UUID)
        aws.put_config_rule(RULE)
        aws.put_organization_rule("blindspot", excluded=(OWN,))
        if account == OWN:
            aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
        else:
            aws.ask_members("blindspot")

        def record(client: BaseClient, operation: str, parameters: dict[str, Any]) -> object:
            try:
                answer: object = call_api(client, operation, parameters)
            except ClientError as error:
                answer = error
            if not sets_up(client):
                asks = account_of(client._request_signer._credentials.access_key)  # type: ignore[attr-defined]  # noqa: SLF001
                call = f"{client.meta.service_model.service_name}:{operation}"
                answers[name, WHOSE.get(asks, "member"), call, _text(parameters)] = answer
            if isinstance(answer, ClientError):
                raise answer
            return answer

        with patch.dict(os.environ, ENVIRONMENT), patch.object(BaseClient, "_make_api_call", record):
            app.clients.cache_clear()
            app.handler(aws.config.due.pop(0), Context())
        rows = aws.of(account).config_rows
        assert [row.compliance for row in rows] == [state.says], (name, account, rows)


def _text(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)


@dataclass(frozen=True)
class Turn:
    """AWS Config asks for an account. fault: a key of FAULTS. hangs: an operation that is not answered in this turn."""

    account: str
    state: str
    fault: str = ""
    hangs: str = ""
    standing: str = "ACTIVE"


@dataclass
class Called:
    """A call. key: the access key that it was made with."""

    turn: int
    key: str
    call: str
    parameters: dict[str, Any]


@dataclass
class Organization:
    """Plays AWS, and judges the accounts in turn.

    keys: which account the credentials are of, and in which turn they were made. rows: by account.
    """

    answers: Mapping[Key, Any]
    turn: Turn = Turn(OWN, "right")
    number: int = 0
    calls: list[Called] = field(default_factory=list)
    keys: dict[str, tuple[str, int]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    hanging: list[threading.Event] = field(default_factory=list)

    def account(self, key: str) -> str:
        return self.keys[key][0] if key in self.keys else OWN

    def begin(self, turn: Turn) -> None:
        self.turn, self.number, self.calls, self.events = turn, self.number + 1, [], []
        _Thread.at_once = not turn.hangs

    def look(self, turn: Turn) -> Snapshot | str:
        """What is read of the account in this turn, as the handler's run would read it; or why it is not entered."""
        self.begin(turn)
        clients, until = app.clients(HOME), time.monotonic() + 60
        led, member = settings.organization(os.environ), turn.account != OWN
        try:
            entered = enter(clients, led.role(turn.account), led.external_id, until=until) if member and led else None
        except (NotAMember, NotEntered) as error:
            return str(error)
        return collect(
            entered.clients if entered else clients,
            entered.identity if entered else caller(clients, until=until),
            own_region=HOME,
            excluded_regions=frozenset(),
            monitoring_roles={ARCHIVE: MONITORING},
            siem=False,
            member_of=OWN if member else None,
            deadline=until,
            now=NOW,
        )

    def take(self, turn: Turn, milliseconds: int = 300_000) -> dict[str, Any]:
        """What the handler returns for this turn. Raises what it raises."""
        self.begin(turn)
        member = turn.account != OWN
        rule = MEMBERS_RULE if member else RULE
        invoking = {
            "awsAccountId": turn.account,
            "notificationCreationTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "messageType": "ScheduledNotification",
            "recordVersion": "1.0",
        }
        event = {
            "version": "1.0",
            "invokingEvent": json.dumps(invoking),
            "ruleParameters": "{}",
            "resultToken": self.token,
            "eventLeftScope": False,
            "executionRoleArn": f"arn:aws:iam::{turn.account}:role/config",
            "configRuleArn": f"arn:aws:config:{HOME}:{turn.account}:config-rule/config-rule-0a1b2c",
            "configRuleName": rule,
            "configRuleId": "config-rule-0a1b2c",
            "accountId": turn.account,
        }
        return app.handler(event, Context(milliseconds))

    @property
    def token(self) -> str:
        return f"token-{self.turn.account}-{self.number}"

    def release(self) -> None:
        """What hung in earlier turns is answered now."""
        while self.hanging:
            self.hanging.pop().set()

    def answer(self, key: str, call: str, region: str, parameters: dict[str, Any]) -> Any:
        turn, account = self.turn, self.account(key)
        self.calls.append(Called(self.number, key, call, parameters))
        if turn.hangs == call:
            event = threading.Event()
            self.hanging.append(event)
            event.wait(60)
        if call in (FAULTS[turn.fault], "logs:TestMetricFilter"):
            raise _error("ThrottlingException" if turn.fault == "throttled" else "AccessDenied", call)
        written: Callable[[str, dict[str, Any]], Any] | None = self._writes().get(call)
        if written:
            return written(account, parameters)
        whose = WHOSE.get(account, "member")
        swap = (turn.account, MEMBER) if turn.account != OWN else (OWN, OWN)
        asked = _text(parameters).replace(*swap)
        # Credentials of another account get what that account has: an empty one.
        if whose == "member" and account != turn.account:
            raise _error("AccessDenied", call)
        kept = self.answers[turn.state, whose, call, asked]
        if isinstance(kept, ClientError):
            raise kept
        return _swapped(kept, swap[1], swap[0])

    def _writes(self) -> dict[str, Callable[[str, dict[str, Any]], Any]]:
        return {
            "sts:AssumeRole": self._assume,
            "sts:GetCallerIdentity": self._identity,
            "organizations:DescribeAccount": self._describe,
            "config:PutEvaluations": self._put,
            "config:GetComplianceDetailsByConfigRule": self._details,
            "events:PutEvents": self._tell,
        }

    def _assume(self, account: str, parameters: dict[str, Any]) -> Any:
        role = parameters["RoleArn"].split(":")
        key = f"ASIA{len(self.keys):016}"
        self.keys[key] = role[4], self.number
        arn = f"arn:aws:sts::{role[4]}:assumed-role/{role[5].partition('/')[2]}/{parameters['RoleSessionName']}"
        secret = {"SecretAccessKey": "secret", "SessionToken": "session", "Expiration": datetime.now(UTC)}
        return {"AssumedRoleUser": {"Arn": arn, "AssumedRoleId": "id"}, "Credentials": {"AccessKeyId": key, **secret}}

    def _identity(self, account: str, _: dict[str, Any]) -> Any:
        return {"Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/a/b", "UserId": "id"}

    def _describe(self, _: str, parameters: dict[str, Any]) -> Any:
        if parameters["AccountId"] == STRANGER:
            raise _error("AccountNotFoundException", "DescribeAccount")
        return {"Account": {"Id": parameters["AccountId"], "State": self.turn.standing}}

    def _put(self, account: str, parameters: dict[str, Any]) -> Any:
        if parameters["ResultToken"] != self.token or account != self.turn.account:
            raise _error("InvalidResultTokenException", "PutEvaluations")
        for row in parameters["Evaluations"]:
            self.rows[account] = row
        return {"FailedEvaluations": []}

    def _details(self, account: str, parameters: dict[str, Any]) -> Any:
        row = self.rows.get(account)
        if row is None:
            return {"EvaluationResults": []}
        qualifier = {
            "ConfigRuleName": parameters["ConfigRuleName"],
            "ResourceType": row["ComplianceResourceType"],
            "ResourceId": row["ComplianceResourceId"],
        }
        identifier = {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": row["OrderingTimestamp"]}
        told = {"ComplianceType": row["ComplianceType"], "Annotation": row.get("Annotation", "")}
        return {"EvaluationResults": [{"EvaluationResultIdentifier": identifier, **told}]}

    def _tell(self, _: str, parameters: dict[str, Any]) -> Any:
        self.events += parameters["Entries"]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in parameters["Entries"]]}


def _error(code: str, call: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, call)


def _swapped(answer: Any, old: str, new: str) -> Any:
    if isinstance(answer, str):
        return answer.replace(old, new)
    if isinstance(answer, dict):
        return {key: _swapped(value, old, new) for key, value in answer.items()}
    if isinstance(answer, list):
        return [_swapped(each, old, new) for each in answer]
    return answer


class _Client:
    """A client of the SDK, with the credentials that its session has when it is made."""

    def __init__(self, organization: Organization, service: str, region: str, credentials: Credentials) -> None:
        self._organization, self._service, self._region = organization, service, region
        self._credentials = credentials

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = next(name for name in OPERATIONS if xform_name(name) == method)
        call = f"{self._service}:{operation}"

        def answer(**parameters: Any) -> Any:
            return self._organization.answer(self._credentials.access_key, call, self._region, parameters)

        return answer


OPERATIONS: set[str] = set()


class _Thread(threading.Thread):
    """What a thread would do is done at once, unless something hangs in this turn: a thread costs more than all that is
    done in it."""

    at_once = True

    def start(self) -> None:
        if self.name == "blindspot-read" and _Thread.at_once:
            self.run()
        else:
            super().start()


_alias_event_name: Callable[..., str] = hooks.EventAliaser._alias_event_name  # type: ignore[attr-defined]  # noqa: SLF001
_aliases: dict[str, str] = {}


def _alias(aliaser: hooks.EventAliaser, name: str) -> str:
    """Botocore works it out anew for each of the hundred handlers of a session."""
    if name not in _aliases:
        _aliases[name] = _alias_event_name(aliaser, name)
    return _aliases[name]


@contextmanager
def in_turn(answers: Mapping[Key, Any]) -> Iterator[Organization]:
    """An organization, and one warm process in which its accounts are judged."""
    organization = Organization(answers)
    OPERATIONS.update(call.split(":")[1] for _, _, call, _ in answers)

    def create_client(session: Session, service: str, region_name: str, **_: Any) -> _Client:
        credentials = session.get_credentials()
        assert credentials
        return _Client(organization, service, region_name, credentials)

    with (
        local_aws(regions=(HOME,)),
        patch.dict(os.environ, ENVIRONMENT),
        patch.object(Session, "create_client", create_client),
        patch("botocore.session.create_loader", loader),
        patch.object(hooks, "accepts_kwargs", cache(accepts_kwargs)),
        patch.object(hooks.EventAliaser, "_alias_event_name", _alias),
        patch.object(threading, "Thread", _Thread),
        decided_once(),
    ):
        app.clients.cache_clear()
        try:
            yield organization
        finally:
            organization.release()
            app.clients.cache_clear()

"""The way into a member of the organization: whether it is one, and the role there.

AWS Config calls the evaluator for every member, and the evaluator reads and reports with the role of one name in each.
Nothing is kept: every run asks again, so no membership and no credentials outlive it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from blindspot.aws import responses
from blindspot.aws.client import Clients
from blindspot.aws.collect import caller
from blindspot.aws.errors import CallFailed
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, expect, field
from blindspot.aws.responses import Identity
from blindspot.model.arn import Arn
from blindspot.model.snapshot import Unreadable

DESCRIBE = "organizations:DescribeAccount"
ASSUME = "sts:AssumeRole"

SECONDS = 900
"""For which the role's credentials are valid: the shortest that STS allows, and three times the evaluator's timeout."""


class NotAMember(CallFailed):
    """Raised for an account that the organization does not have. The message names it."""


class NotEntered(CallFailed):
    """Raised where an account cannot be read with the role in it. The message names both.

    clients: those with the role's credentials, where STS gave them and did not say which account they belong to. They
    may report that, and nothing else.
    """

    def __init__(self, failure: Unreadable, role: str, clients: Clients | None = None) -> None:
        super().__init__(failure, account_and(role))
        self.clients = clients


class Member(NamedTuple):
    """A member of the organization that was entered: what calls it, and what STS says of the credentials."""

    clients: Clients
    identity: Identity


def enter(clients: Clients, role: str, external_id: str, *, until: float) -> Member:
    """Enters the member of the organization that this role belongs to. Nothing is called there before it is known to be
    a member.

    clients: the function's own. role: its ARN. external_id: what its trust policy requires. until: on the monotonic
    clock. Raises NotAMember and NotEntered.

    Source: Organizations API reference, DescribeAccount; IAM user guide, "The confused deputy problem".
    """
    account, region = Arn.parse(role).account, clients.region
    of_account = partial(clients.call, DESCRIBE, region, AccountId=account)
    state = read_by(until, DESCRIBE, region, lambda: _state(of_account(), account))
    if isinstance(state, Unreadable):
        if state.error == "AccountNotFoundException":
            raise NotAMember(state, f"account {account} is not in the organization")
        raise NotEntered(state, role)
    if state != "ACTIVE":
        raise NotEntered(Unreadable(DESCRIBE, region, f"the account is {state}"), role)
    assuming = partial(
        clients.call,
        ASSUME,
        region,
        RoleArn=role,
        RoleSessionName="blindspot",
        ExternalId=external_id,
        DurationSeconds=SECONDS,
    )
    credentials = read_by(until, ASSUME, region, lambda: responses.credentials(assuming(), role=role))
    if isinstance(credentials, Unreadable):
        raise NotEntered(credentials, role)
    entered = clients.of_role(credentials)
    identity = caller(entered, until=until)
    if isinstance(identity, Unreadable):
        raise NotEntered(identity, role, entered)
    if identity.account != account:
        another = "the credentials belong to another account"
        raise NotEntered(Unreadable("sts:GetCallerIdentity", region, another), role)
    return Member(entered, identity)


def account_and(role: str) -> str:
    """The account and the role with this ARN, for a message."""
    return f"account {Arn.parse(role).account}, role {role}"


def state_of(account: Answer) -> str:
    """The state of an account, such as ACTIVE or SUSPENDED. `State` takes the place of `Status` (Organizations API
    reference, Account). Raises Malformed."""
    return field(account, "State", str, None) or field(account, "Status", str)


def _state(answer: Answer, account: str) -> str:
    found = field(answer, "Account", dict)
    expect(found, "Id", account)
    return state_of(found)

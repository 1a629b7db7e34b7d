"""Accounts in turn in one warm process: no credential, nothing that was read and no verdict of one reaches another."""

import io
import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

import pytest

from blindspot.aws.client import ATTEMPTS, ATTEMPTS_AMONG_MANY
from blindspot.aws.errors import CallFailed
from blindspot.model import profile
from blindspot.verdict.assessment import assess
from functions.evaluator import app
from local.accounts import a_compliant_account
from local.aws import LocalAws, local_aws
from local.lambda_context import Context
from tests.goldens import UUID
from tests.in_turn import (
    ARCHIVE,
    CANNOT_VERIFY,
    ENVIRONMENT,
    FAULTS,
    HOME,
    MEMBERS,
    MONITORING,
    OF_OWN,
    OWN,
    ROLE,
    STATES,
    STRANGER,
    Key,
    Organization,
    Turn,
    in_turn,
    recorded,
)

TURNS = 5_000
WHOLE = 500
"""How many turns are read, and how many are taken by the handler, to the row, the document and the events."""

OF_THE_OWN_ACCOUNT = {"organizations:DescribeAccount", "sts:AssumeRole", "events:PutEvents"}
"""What a member's run calls there."""


@pytest.fixture(scope="module")
def answers() -> Mapping[Key, Any]:
    with redirect_stdout(io.StringIO()):
        return recorded()


@pytest.fixture
def organization(answers: Mapping[Key, Any]) -> Iterator[Organization]:
    with in_turn(answers) as organization:
        yield organization


def turns(chance: random.Random, count: int, *, faults: tuple[str, ...]) -> Iterator[Turn]:
    """In any order, each account in any state, whatever it was in before; every third turn something fails."""
    for _ in range(count):
        account = chance.choice((OWN, *MEMBERS))
        state = chance.choice(OF_OWN if account == OWN else tuple(STATES))
        fault = chance.choice(faults) if chance.random() < 0.3 else ""
        standing = "SUSPENDED" if chance.random() < 0.03 else "ACTIVE"
        yield Turn(account, state, fault, standing=standing)


def check_credentials(organization: Organization) -> None:
    """Every call of this turn was made with credentials of the account that it is about, made in this turn."""
    turn = organization.turn
    through_archive = {ARCHIVE} if STATES[turn.state].organization else set()
    for called in organization.calls:
        account, made = organization.keys.get(called.key, (OWN, organization.number))
        of_own = turn.account == OWN or called.call in OF_THE_OWN_ACCOUNT
        allowed = {OWN} if of_own else {turn.account, *through_archive}
        assert account in allowed, (turn, called)
        assert made == organization.number, (turn, called)
        if "ResultToken" in called.parameters:
            assert called.parameters["ResultToken"] == organization.token


def test_what_is_read_of_an_account_is_what_a_new_process_reads(answers: Mapping[Key, Any]) -> None:
    """After 5,000 turns in random order, with faults that come and go."""
    chance = random.Random(1)  # noqa: S311 (no secret)
    faults = ("no role", "not described", "refused", "throttled")
    alone: dict[Turn, object] = {}
    with in_turn(answers) as organization:
        for turn in {*turns(chance, TURNS, faults=faults)}:
            app.clients.cache_clear()
            alone[turn] = organization.look(turn)
    with in_turn(answers) as organization:
        for turn in turns(random.Random(1), TURNS, faults=faults):  # noqa: S311
            assert organization.look(turn) == alone[turn], turn
            check_credentials(organization)


@pytest.mark.parametrize("state", STATES)
def test_a_member_is_judged_as_it_is(organization: Organization, state: str) -> None:
    """Else the test above would compare what is wrong with what is wrong."""
    for account in MEMBERS[:2]:
        snapshot = organization.look(Turn(account, state))
        assert not isinstance(snapshot, str)
        assert (snapshot.account, str(assess(snapshot, profile.load("cis-level-2")).verdict)) == (
            account,
            STATES[state].says,
        )


def says(row: dict[str, Any] | None) -> str | None:
    if row is None:
        return None
    return CANNOT_VERIFY if row.get("Annotation", "").startswith(CANNOT_VERIFY) else row["ComplianceType"]


def allowed(turn: Turn) -> set[str | None]:
    """What the row of this turn may say; None where there can be none."""
    member, state = turn.account != OWN, STATES[turn.state]
    unentered = member and (turn.fault in ("no role", "not described") or turn.standing != "ACTIVE")
    if unentered or turn.fault == "not reported":
        return {None}
    if turn.hangs:
        return {None, CANNOT_VERIFY}
    if turn.fault in ("refused", "throttled"):
        return {CANNOT_VERIFY} if state.says == "COMPLIANT" else {CANNOT_VERIFY, state.says}
    return {state.says}


def accounts_in(text: str) -> set[str]:
    """But for the stack's, which every document names."""
    return {account for account in (OWN, *MEMBERS) if account in text.replace(f":{OWN}:stack/", "")}


def take(organization: Organization, turn: Turn, milliseconds: int = 300_000) -> None:
    """The turn, and what must hold of its row, its document and its events."""
    before = {account: row for account, row in organization.rows.items() if account != turn.account}
    earlier = organization.rows.pop(turn.account, None)
    if earlier and not turn.hangs:
        organization.rows[turn.account] = earlier
    try:
        document: dict[str, Any] = organization.take(turn, milliseconds)
    except CallFailed:
        assert turn.account == OWN or turn.hangs, turn  # what fails in a member is not raised
        document = {}
    row = organization.rows.get(turn.account)
    new = None if row is earlier else row
    assert says(new) in allowed(turn), turn
    assert {account: row for account, row in organization.rows.items() if account != turn.account} == before
    check_credentials(organization)
    details = [json.loads(event["Detail"]) for event in organization.events]
    for told in (document, *details):
        if told:
            assert told["account"] == turn.account
            assert accounts_in(json.dumps(told)) <= {turn.account}
    if document and new:
        verdict = "INDETERMINATE" if says(new) == CANNOT_VERIFY else new["ComplianceType"]
        assert document["verdict"] == verdict
        was = says(earlier)
        was = "INDETERMINATE" if was == CANNOT_VERIFY else was
        assert document["changed_from"] == (was if was != verdict else None)
        for region in document["regions"].values():
            spot = region["blind_spot"]
            assert spot is None or spot["recipientAccountId"] == turn.account


def test_rows_documents_and_events_are_those_of_the_account(organization: Organization) -> None:
    chance = random.Random(2)  # noqa: S311 (no secret)
    for turn in turns(chance, WHOLE, faults=tuple(FAULTS)):
        take(organization, turn)


HANGING = ("organizations:DescribeAccount", "sts:AssumeRole", "ec2:DescribeRegions", "logs:DescribeMetricFilters")


@pytest.mark.parametrize("hangs", [*HANGING, "config:PutEvaluations"])
def test_a_thread_that_hangs_in_one_run_and_ends_in_the_next_changes_neither(
    organization: Organization, hangs: str
) -> None:
    first, second, third = MEMBERS[:3]
    take(organization, Turn(first, "right", hangs=hangs), milliseconds=1_500)
    organization.release()
    take(organization, Turn(second, "half right"))
    take(organization, Turn(third, "by the organization alone"))
    take(organization, Turn(OWN, "no subscription"))
    take(organization, Turn(first, "half right"))


def test_a_stranger_is_refused_between_two_members(organization: Organization) -> None:
    take(organization, Turn(MEMBERS[0], "right"))
    assert organization.take(Turn(STRANGER, "right"))["refused"]
    assert {called.call for called in organization.calls} == {"organizations:DescribeAccount"}
    take(organization, Turn(MEMBERS[1], "half right"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Two members that are right by the organization's trail alone, and the pauses between attempts left out."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with local_aws(regions=(HOME,), opted_out=()) as aws, patch.dict(os.environ, ENVIRONMENT):
        app.clients.cache_clear()
        aws.evaluator = lambda event: app.handler(event, Context())
        aws.organization.join(OWN, *MEMBERS[:2])
        aws.trust(MONITORING)
        made = a_compliant_account(aws.of(ARCHIVE))
        aws.client("cloudtrail", account=ARCHIVE).update_trail(Name=made.trail, IsOrganizationTrail=True)
        for member in MEMBERS[:2]:
            aws.trust(f"arn:aws:iam::{member}:role/{ROLE}", UUID)
        aws.put_organization_rule("blindspot", excluded=(OWN,))
        yield aws
    app.clients.cache_clear()


SHARED, OF_THE_MEMBER = "logs:DescribeMetricFilters", "cloudtrail:GetTrailStatus"


@pytest.mark.parametrize(
    ("call", "times", "row"),
    [
        (SHARED, ATTEMPTS_AMONG_MANY - 1, "COMPLIANT"),
        (SHARED, ATTEMPTS_AMONG_MANY, CANNOT_VERIFY),
        ("sts:AssumeRole", ATTEMPTS_AMONG_MANY - 1, "COMPLIANT"),
        ("sts:AssumeRole", ATTEMPTS_AMONG_MANY, None),
        ("organizations:DescribeAccount", ATTEMPTS_AMONG_MANY - 1, "COMPLIANT"),
        ("organizations:DescribeAccount", ATTEMPTS_AMONG_MANY, None),
        (OF_THE_MEMBER, ATTEMPTS - 1, "COMPLIANT"),
        (OF_THE_MEMBER, ATTEMPTS, CANNOT_VERIFY),
    ],
)
def test_a_throttled_call_is_tried_again_most_often_where_members_share_the_rate(
    aws: LocalAws, call: str, times: int, row: str | None
) -> None:
    """And what is still throttled then is never COMPLIANT. The next member is judged as ever."""
    first, second = MEMBERS[:2]
    aws.fail(call, error="ThrottlingException", times=times)
    aws.ask_members("blindspot", first)
    aws.deliver()
    aws.ask_members("blindspot", second)
    aws.deliver()
    rows = {account: aws.of(account).config_rows for account in (first, second)}
    shown = [
        CANNOT_VERIFY if str(each.annotation).startswith(CANNOT_VERIFY) else each.compliance for each in rows[first]
    ]
    assert shown == ([row] if row else [])
    assert [each.compliance for each in rows[second]] == ["COMPLIANT"]

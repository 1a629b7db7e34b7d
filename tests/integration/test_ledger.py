"""The ledger and the lease in SSM: nothing is overwritten that another wrote, and nothing is guessed."""

import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blindspot.aws import lease
from blindspot.aws.client import Clients
from blindspot.aws.lease import Lease, NotTaken
from blindspot.aws.ledger import put_entry, read_ledger, remove_entry, store
from blindspot.model import stack
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.ledger import LARGEST_ENTRY, Entry, Ledger, digest, encoded
from local.aws import Call, LocalAws
from tests.builders import topic_arn
from tests.integration.remediating import STACK, at

AT = datetime(2026, 11, 27, 10, tzinfo=UTC)
A, B = topic_arn(name="a"), topic_arn(name="b")
NEW = Entry.new(A, "plan", {"Tags": {}}, AT)


def until() -> float:
    return time.monotonic() + 60


@pytest.fixture
def clients(aws: LocalAws) -> Clients:
    return Clients(aws.region)


def put(clients: Clients, entry: Entry) -> Entry:
    stored = put_entry(clients, STACK, entry, until=until())
    assert isinstance(stored, Entry)
    return stored


def read(clients: Clients) -> Ledger:
    return read_ledger(clients, STACK, until=until())


def test_all_pages_are_read(clients: Clients) -> None:
    entries = {arn: put(clients, replace(NEW, resource=arn)) for arn in (topic_arn(name=f"t{n}") for n in range(25))}
    assert read(clients) == Ledger(entries)
    assert {entry.version for entry in read(clients).entries.values()} == {1}


def test_another_stacks_entries_are_not_read(clients: Clients) -> None:
    put_entry(clients, replace(STACK, uuid="another"), NEW, until=until())
    put_entry(clients, replace(STACK, name="another"), NEW, until=until())
    assert read(clients) == Ledger()


def test_an_entry_is_created_once_and_then_replaced(clients: Clients) -> None:
    first = put(clients, NEW)
    again = put_entry(clients, STACK, NEW, until=until())
    assert again == Unreadable("ssm:PutParameter", "eu-west-1", "ParameterAlreadyExists")
    assert put(clients, first.settled()).version == 2
    assert read(clients) == Ledger({A: first.settled()})
    overtaken = put_entry(clients, STACK, first, until=until())
    assert overtaken == Unreadable("ssm:PutParameter", "eu-west-1", "WrittenBySomebodyElse")


def test_an_entry_that_ssm_would_not_hold_is_not_sent(aws: LocalAws, clients: Clients) -> None:
    large = replace(NEW, next={"Tags": {"key": "x" * LARGEST_ENTRY}})
    assert put_entry(clients, STACK, large, until=until()) == Unreadable(
        "ssm:PutParameter", "eu-west-1", "EntryTooLarge"
    )
    assert aws.calls == []
    empty = len(base64.urlsafe_b64decode(encoded(replace(NEW, next={"Tags": {"key": ""}}), STACK.id)))
    largest = replace(NEW, next={"Tags": {"key": "x" * (LARGEST_ENTRY * 3 // 4 - empty)}})
    assert len(encoded(largest, STACK.id)) == LARGEST_ENTRY
    put(clients, largest)


def test_an_entry_that_is_gone_is_removed(clients: Clients) -> None:
    put(clients, NEW)
    for _ in range(2):
        assert remove_entry(clients, STACK, A, until=until()) is None
        assert read(clients) == Ledger()


def test_an_entry_that_was_copied_from_another_stacks_ledger_is_not_understood(aws: LocalAws, clients: Clients) -> None:
    """The path says whose ledger it is, and the entry whose it was written for."""
    another = stack.parse(STACK.id.replace(STACK.uuid, "another"))
    put_entry(clients, another, NEW, until=until())
    ssm = aws.client("ssm")
    value = ssm.get_parameter(Name=another.ledger + digest(A))["Parameter"]["Value"]
    ssm.put_parameter(Name=STACK.ledger + digest(A), Value=value, Type="String")
    found = read(clients)
    assert (dict(found.entries), list(found.malformed)) == ({}, [digest(A)])
    assert list(read_ledger(clients, another, until=until()).entries) == [A]


def test_what_is_not_understood_spoils_nothing_else(aws: LocalAws, clients: Clients) -> None:
    put(clients, NEW)
    aws.client("ssm").put_parameter(Name=STACK.ledger + digest(B), Value="b", Type="String")
    found = read(clients)
    assert (list(found.entries), list(found.malformed), found.unread) == ([A], [digest(B)], None)


RECORD = {"Name": STACK.ledger + digest(A), "Value": "", "Version": 1}
ANSWERS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "another path": {"Parameters": [RECORD | {"Name": "/other/" + digest(A)}]},
    "no value": {"Parameters": [{"Name": RECORD["Name"], "Version": 1}]},
    "no version": {"Parameters": [RECORD | {"Version": None}]},
    "pages without an end": {"Parameters": [], "NextToken": "same"},
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_unread(aws: LocalAws, clients: Clients, answer: dict[str, Any]) -> None:
    aws.malform("ssm:GetParametersByPath", answer)
    assert read(clients).unread is not None


def test_a_refused_read_and_a_read_without_time_are_unread(aws: LocalAws, clients: Clients) -> None:
    assert read_ledger(clients, STACK, until=time.monotonic() - 1).unread is not None
    aws.fail("ssm:GetParametersByPath", error="AccessDeniedException")
    found = read(clients).unread
    assert found is not None
    assert found.error == "AccessDeniedException"


@pytest.mark.parametrize("answer", [{}, {"Version": "1"}, {"Tier": "Standard"}])
def test_a_put_without_a_version_is_not_known_to_be_stored(
    aws: LocalAws, clients: Clients, answer: dict[str, Any]
) -> None:
    aws.malform("ssm:PutParameter", answer)
    assert isinstance(put_entry(clients, STACK, NEW, until=until()), Unreadable)


def test_only_what_is_not_stored_is_stored(aws: LocalAws, clients: Clients) -> None:
    first, second = put(clients, NEW), put(clients, replace(NEW, resource=B))
    aws.calls.clear()
    seen = Ledger({A: first.seen(is_as_next=True), B: second})
    stored = store(clients, STACK, seen, until=until())
    assert [str(call) for call in aws.calls] == ["ssm:PutParameter"]
    assert stored == read(clients) == Ledger({A: first.settled(), B: second})
    assert all(entry.is_stored for entry in stored.entries.values())


def take(clients: Clients, run: str = "second") -> Lease | NotTaken:
    return lease.take(clients, STACK, run, seconds=300, until=until())


def held(aws: LocalAws, ends: timedelta, **other: object) -> None:
    expires = (datetime.now(UTC) + ends).isoformat()
    value = json.dumps({"run": "first", "expires": expires} | other)
    aws.client("ssm").put_parameter(Name=STACK.lease, Value=value, Type="String", Overwrite=True)


def why(taken: Lease | NotTaken) -> str:
    assert isinstance(taken, NotTaken)
    return taken.why


def test_a_lease_is_taken_once(clients: Clients) -> None:
    first = take(clients, "first")
    assert isinstance(first, Lease)
    assert timedelta(seconds=290) < first.ends - datetime.now(UTC) <= timedelta(seconds=300)
    assert why(take(clients)) == f"run first holds it until {first.ends:%Y-%m-%d %H:%M:%S} UTC"
    assert why(take(clients, "first")) == why(take(clients))  # Lambda may start an event twice, under one id
    assert lease.release(clients, first, until=until()) is None
    assert isinstance(take(clients), Lease)


def test_a_lease_that_has_ended_is_taken_over(aws: LocalAws, clients: Clients) -> None:
    held(aws, timedelta(seconds=-1))
    assert isinstance(take(clients), Lease)
    assert "run second holds it" in why(take(clients, "third"))


def test_of_two_that_take_it_over_one_has_it(aws: LocalAws, clients: Clients) -> None:
    held(aws, timedelta(seconds=-1))
    put = Call("ssm", "PutParameter", aws.region)
    at(aws, put, lambda: held(aws, timedelta(seconds=300)), skip=1)
    assert why(take(clients)) == "another run took it at the same time"


WRONG = {
    "no time": {"expires": None},
    "no date": {"expires": "soon"},
    "a time in no zone of this world": {"expires": "0001-01-01T00:00:00+23:59"},
}


@pytest.mark.parametrize("other", WRONG.values(), ids=WRONG)
def test_a_lease_that_is_not_understood_is_not_taken_over(
    aws: LocalAws, clients: Clients, other: dict[str, object]
) -> None:
    held(aws, timedelta(seconds=-1), **other)
    assert why(take(clients)) == "ssm:GetParameter gave no answer (Malformed: Value)"


@pytest.mark.parametrize("call", ["ssm:PutParameter", "ssm:GetParameter"])
def test_a_lease_without_an_answer_is_not_taken(aws: LocalAws, clients: Clients, call: str) -> None:
    held(aws, timedelta(seconds=-1))
    aws.fail(call, error="InternalServerError")
    if call == "ssm:PutParameter":
        assert why(take(clients)) == "ssm:PutParameter gave no answer (InternalServerError)"
    else:
        assert why(take(clients)) == "ssm:GetParameter gave no answer (InternalServerError)"


def test_who_comes_too_late_leaves_the_next_holder_alone(aws: LocalAws, clients: Clients) -> None:
    late = Lease(STACK.lease, "late", datetime.now(UTC) - timedelta(seconds=1))
    held(aws, timedelta(seconds=300))
    before = aws.client("ssm").get_parameter(Name=STACK.lease)["Parameter"]
    assert lease.release(clients, late, until=until()) is None
    assert lease.delete(clients, late, until=until()) is None
    assert aws.client("ssm").get_parameter(Name=STACK.lease)["Parameter"] == before


def test_a_lease_that_nobody_needs_any_more_is_deleted(aws: LocalAws, clients: Clients) -> None:
    taken = take(clients)
    assert isinstance(taken, Lease)
    for _ in range(2):
        assert lease.delete(clients, taken, until=until()) is None
        assert aws.client("ssm").get_parameters(Names=[STACK.lease])["Parameters"] == []
    aws.fail("ssm:DeleteParameter")
    aws.fail("ssm:PutParameter")
    assert isinstance(lease.delete(clients, taken, until=until()), Unreadable)
    assert isinstance(lease.release(clients, taken, until=until()), Unreadable)

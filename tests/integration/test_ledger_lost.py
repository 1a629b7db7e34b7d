"""The ledger or the lease lost, stale, another stack's, half written or unreadable: nothing of others changes, nothing
is deleted that is not known to be ours, it is told, and what does not depend on it goes on."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from blindspot.remediation.ledger import digest
from tests.integration.people import PEOPLE, remove
from tests.integration.test_two_stacks import PAIRS, confirm, empty_account, reached, turn, two
from tests.integration.two_stacks import Held, Installed, Judge, Key, Put, Stopped, look, one_trail, resource_of, stop
from tests.warm import set_up

PAIR = "same region, two profiles, same names"

Bend = Callable[[Judge, Installed, Installed], object]
"""Done to the account after both stacks made what they ask for."""

ACTIONS: dict[str, dict[str, Any]] = {
    "plan": {"action": "plan"},
    "apply": {"action": "apply"},
    "backout": {"action": "backout"},
    "preview": {"action": "backout", "plan": True},
}


@contextmanager
def standing() -> Iterator[tuple[Judge, Installed, Installed, Held]]:
    """Both stacks have made what they ask for; and what the account held before."""
    with empty_account() as aws:
        first, second = PAIRS[PAIR].installed()

        def make() -> tuple[dict[str, dict[Key, Put]], Held]:
            one_trail(aws)
            for stack in (first, second):
                stack.switch(aws, "false")
            before, judge = look(aws), Judge(aws)
            with judge.watching():
                turn(judge, "true", first, second)
                assert reached(judge, first, second)
            return judge.made, before

        made, before = set_up(aws, "both stand", make)
        judge = Judge(aws)
        judge.made = deepcopy(made)
        with judge.watching():
            yield judge, first, second, before


def raised(judge: Judge, first: Installed) -> None:
    with judge.people():
        (alarm,) = judge.ours(first, "alarms")
        alarms = sorted(key for key in look(judge.aws) if key[1] == "alarms")
        PEOPLE["raise the threshold"](judge, [first], alarms.index(alarm))


def run(judge: Judge, stack: Installed, action: str) -> dict[str, Any]:
    turn(judge, "false" if action == "backout" else "true", stack)
    return judge.run(stack, **ACTIONS[action])


def things(held: Held) -> Held:
    """Without the switches, leases and ledgers."""
    return {key: thing for key, thing in held.items() if key[1] != "parameters"}


def told(document: dict[str, Any]) -> str:
    return json.dumps(document["manual_steps"])


# The ledger


def lost(judge: Judge, first: Installed, _: Installed) -> None:
    for name in first.ledger(judge.aws):
        judge.aws.client("ssm", first.region).delete_parameter(Name=first.stack.ledger + name)


def of_another_stack(judge: Judge, first: Installed, second: Installed) -> None:
    """The entries are an earlier stack's of the same name, and those of the second stack's alarm and topic."""
    ssm, path = judge.aws.client("ssm", first.region), first.stack.ledger
    for name, value in first.ledger(judge.aws).items():
        ssm.put_parameter(Name=path.replace(first.uuid, "earlier") + name, Value=value, Type="String")
    lost(judge, first, second)
    PEOPLE["copy an entry into the other ledger"](judge, [first, second], 0)


def garbage(value: str) -> Bend:
    def bend(judge: Judge, first: Installed, _: Installed) -> None:
        for name in first.ledger(judge.aws):
            put(judge, first, name, value)

    return bend


def put(judge: Judge, stack: Installed, name: str, value: str) -> None:
    judge.aws.client("ssm", stack.region).put_parameter(
        Name=stack.stack.ledger + name, Value=value, Type="String", Overwrite=True
    )


def refused(error: str) -> Bend:
    return lambda judge, first, second: judge.aws.fail("ssm:GetParametersByPath", error=error)


def garbled(answer: dict[str, Any]) -> Bend:
    return lambda judge, first, second: judge.aws.malform("ssm:GetParametersByPath", answer)


@dataclass(frozen=True)
class Case:
    """bend: what became of the ledger. says: what plan, apply and backout say of it."""

    bend: Bend
    says: str | None


STRANGE = {"Name": "/elsewhere/made/1", "Value": "e30=", "Version": 1}

LEDGERS = {
    "lost": Case(lost, None),
    "of another stack": Case(of_another_stack, None),
    "not base64": Case(garbage("hello!"), "ledger"),
    "not an entry": Case(garbage("e30="), "ledger"),
    "refused": Case(refused("AccessDeniedException"), "ssm:GetParametersByPath"),
    "throttled": Case(refused("ThrottlingException"), "ssm:GetParametersByPath"),
    "no parameters": Case(garbled({}), "ssm:GetParametersByPath"),
    "null": Case(garbled({"Parameters": None}), "ssm:GetParametersByPath"),
    "of another path": Case(garbled({"Parameters": [STRANGE]}), "ssm:GetParametersByPath"),
    "without a name": Case(garbled({"Parameters": [{"Value": "e30=", "Version": 1}]}), "ssm:GetParametersByPath"),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_ledger_that_does_not_say_what_is_ours(ledger: str, action: str) -> None:
    with standing() as (judge, first, second, _):
        raised(judge, first)
        with judge.people():
            LEDGERS[ledger].bend(judge, first, second)
        before = things(look(judge.aws))
        document = run(judge, first, action)
        after = things(look(judge.aws))
        # It may make something new beside what it does not know to be its own.
        assert {key: after.get(key) for key in before} == before
        if action != "apply" or LEDGERS[ledger].says == "ssm:GetParametersByPath":
            assert after == before
        if says := LEDGERS[ledger].says:
            assert says in told(document)
        # What the other stack does goes on.
        judge.aws.faults.clear()
        turn(judge, "true", first, second)
        assert reached(judge, second)


@pytest.mark.parametrize("ledger", [name for name, case in LEDGERS.items() if case.says == "ssm:GetParametersByPath"])
def test_a_ledger_that_can_be_read_again(ledger: str) -> None:
    with standing() as (judge, first, second, before):
        raised(judge, first)
        LEDGERS[ledger].bend(judge, first, second)
        run(judge, first, "apply")
        judge.aws.faults.clear()
        assert reached(judge, first)
        run(judge, second, "backout")
        run(judge, first, "backout")
        run(judge, second, "backout")
        assert things(look(judge.aws)) == things(before)


@pytest.mark.parametrize("kind", ["alarms", "topics", "metric_filters"])
@pytest.mark.parametrize("value", [None, "hello!"], ids=["deleted", "corrupted"])
def test_one_entry_that_is_lost_or_corrupted(kind: str, value: str | None) -> None:
    """The thing is left, and with it what it needs; the rest is deleted, and it is told."""
    with standing() as (judge, first, second, _):
        run(judge, second, "backout")
        (key,) = judge.ours(first, kind)
        name = digest(resource_of(key, look(judge.aws)[key]))
        with judge.people():
            if value is None:
                judge.aws.client("ssm", first.region).delete_parameter(Name=first.stack.ledger + name)
            else:
                put(judge, first, name, value)
        document = run(judge, first, "backout")
        left = {each[1] for each in judge.made[first.id] if each in look(judge.aws)}
        needed = {
            "alarms": {"alarms", "topics", "metric_filters", "subscriptions"},
            "topics": {"topics", "subscriptions"},
        }
        assert kind in left
        assert left <= needed.get(kind, {kind})
        assert value is None or name in told(document)


@pytest.mark.parametrize("action", ["apply", "backout"])
def test_entries_of_things_long_gone(action: str) -> None:
    with standing() as (judge, first, second, before):
        run(judge, second, "backout")
        gone = [key for kind in ("alarms", "topics", "metric_filters") for key in judge.ours(first, kind)]
        with judge.people():
            for key in gone:
                remove(judge, key)
        assert first.recorded(judge.aws)
        run(judge, first, action)
        if action == "apply":
            confirm(judge)
            assert reached(judge, first)
            run(judge, first, "backout")
        assert things(look(judge.aws)) == things(before)
        assert first.ledger(judge.aws) == {}


def test_entries_that_are_only_intended() -> None:
    """The run ended before each of the writes, and people make what it was about to make, so far as they know it."""
    number = 0
    while True:
        number += 1
        with two(PAIR) as (judge, first, _, before):
            try:
                judge.run(first, "apply", at_write={number: stop})
            except Stopped:
                with judge.people():
                    first.end_lease(judge.aws)
                    for act in ("copy our tag", "make a filter with our name"):
                        PEOPLE[act](judge, [first], 1)
            else:
                return
            theirs = {key: thing for key, thing in look(judge.aws).items() if key not in judge.made.get(first.id, {})}
            assert reached(judge, first), number
            run(judge, first, "backout")
            held = look(judge.aws)
            assert {key: held.get(key) for key in things(theirs)} == things(theirs)
            assert things(held) == {**things(before), **things(theirs)}
            assert first.ledger(judge.aws) == {}


# The lease


def held(value: str) -> Bend:
    def bend(judge: Judge, first: Installed, _: Installed) -> None:
        judge.aws.client("ssm", first.region).put_parameter(
            Name=first.stack.lease, Value=value, Type="String", Overwrite=True
        )

    return bend


def failing(call: str, error: str) -> Bend:
    return lambda judge, first, second: judge.aws.fail(call, error=error, about=first.stack.lease)


def refused_while_held(error: str) -> Bend:
    def bend(judge: Judge, first: Installed, second: Installed) -> None:
        held(RUNNING)(judge, first, second)
        failing("ssm:GetParameter", error)(judge, first, second)

    return bend


RUNNING = json.dumps({"run": "another", "expires": "2999-01-01T00:00:00+00:00"})
ENDED = json.dumps({"run": "another", "expires": "2020-01-01T00:00:00+00:00"})

NOT_TAKEN = {
    "held": (held(RUNNING), "run another holds it until 2999"),
    "not JSON": (held("hello"), "ssm:GetParameter"),
    "no time": (held('{"run": "another"}'), "ssm:GetParameter"),
    "a time without a zone of its own": (held('{"run": "another", "expires": 5}'), "ssm:GetParameter"),
    "put refused": (failing("ssm:PutParameter", "AccessDeniedException"), "ssm:PutParameter"),
    "put throttled": (failing("ssm:PutParameter", "ThrottlingException"), "ssm:PutParameter"),
    "get refused": (refused_while_held("AccessDeniedException"), "ssm:GetParameter"),
}


@pytest.mark.parametrize("action", ["apply", "backout"])
@pytest.mark.parametrize("lease", NOT_TAKEN)
def test_without_the_lease_nothing_is_written_and_it_says_why(lease: str, action: str) -> None:
    bend, says = NOT_TAKEN[lease]
    with standing() as (judge, first, second, _):
        raised(judge, first)
        turn(judge, "false" if action == "backout" else "true", first)
        with judge.people():
            bend(judge, first, second)
        before = look(judge.aws)
        document = judge.run(first, action)
        assert look(judge.aws) == before
        assert (document["outcomes"], says in told(document)) == ([], True)
        # A plan and a preview need none.
        for shown in ("plan", "preview"):
            judge.run(first, **ACTIONS[shown])
        judge.aws.faults.clear()
        with judge.people():
            first.end_lease(judge.aws)
        turn(judge, "true", first)
        assert reached(judge, first)


@pytest.mark.parametrize("action", ["apply", "backout"])
@pytest.mark.parametrize("lease", [ENDED, None], ids=["ended", "none"])
def test_a_lease_that_nobody_holds_is_taken(lease: str | None, action: str) -> None:
    with standing() as (judge, first, second, before):
        run(judge, second, "backout")
        raised(judge, first)
        with judge.people():
            if lease:
                held(lease)(judge, first, second)
            else:
                PEOPLE["delete the lease"](judge, [first], 0)
        document = run(judge, first, action)
        assert {outcome["status"] for outcome in document["outcomes"]} == {"done"}
        if action == "backout":
            assert things(look(judge.aws)) == things(before)
            assert first.stack.lease not in first.parameters(judge.aws)
        else:
            assert reached(judge, first)


@pytest.mark.parametrize("act", ["delete the lease", "hold the lease"])
@pytest.mark.parametrize("action", ["apply", "backout"])
def test_a_lease_that_people_take_while_it_runs(action: str, act: str) -> None:
    """What was begun is done; whoever comes next does nothing while the lease is held."""
    for number in (3, 5, 8):
        with standing() as (judge, first, second, _):
            run(judge, second, "backout")
            raised(judge, first)
            turn(judge, "false" if action == "backout" else "true", first)

            def do(judge: Judge = judge, first: Installed = first) -> None:
                with judge.people():
                    PEOPLE[act](judge, [first], 0)

            document = judge.run(first, action, at_ssm={number: do})
            assert {outcome["status"] for outcome in document["outcomes"]} == {"done"}
            with judge.people():
                first.end_lease(judge.aws)
            turn(judge, "true", first)
            assert reached(judge, first)

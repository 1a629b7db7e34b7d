"""Two stacks in one account: neither changes the other's things, both reach what their settings ask for, and once both
have backed out the account is as it was."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from blindspot.app.remediate import BackoutRefused
from local.aws import LocalAws, local_aws
from tests.integration.two_stacks import ACCOUNTS, AWAY_B, OTHER_NAMES, A, B, Held, Installed, Judge, look
from tests.scenarios.bends import HOME, REGIONS
from tests.warm import set_up, warm


@contextmanager
def empty_account() -> Iterator[LocalAws]:
    with patch.dict(os.environ), local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        yield aws


@dataclass(frozen=True)
class Pair:
    """The second stack of the account, and how its settings differ from those of the first."""

    second: Installed
    profile: str
    overrides: dict[str, Any]

    def installed(self) -> tuple[Installed, Installed]:
        first, second = copy.copy(A), copy.copy(self.second)
        second.profile, second.overrides = self.profile, self.overrides
        return first, second


PAIRS = {
    f"{place}, {settings}, {names}": Pair(second, profile, overrides)
    for place, second in {"same region": B, "two regions": AWAY_B}.items()
    # Without exclusions, so that what the first makes is not enough for the second.
    for settings, profile in {"same profile": "cis-level-2", "two profiles": "conformity-cwl-002"}.items()
    for names, overrides in {"same names": {}, "other names": OTHER_NAMES}.items()
}


@contextmanager
def two(pair: str, name: str = "a trail") -> Iterator[tuple[Judge, Installed, Installed, Held]]:
    """The account with both stacks, and what it held before they did anything but the switches, which are on."""
    with empty_account() as aws:
        set_up(aws, f"two stacks, {name}", lambda: ACCOUNTS[name](aws))
        first, second = PAIRS[pair].installed()
        for stack in (first, second):
            stack.switch(aws, "false")
        before = look(aws)
        judge = Judge(aws)
        with judge.watching():
            turn(judge, "true", first, second)
            yield judge, first, second, before


def turn(judge: Judge, value: str, *stacks: Installed) -> None:
    with judge.people():
        for stack in stacks:
            stack.switch(judge.aws, value)


def confirm(judge: Judge) -> None:
    with judge.people():
        for _, kind, name in look(judge.aws):
            if kind == "topics":
                judge.aws.confirm(name)


def reached(judge: Judge, *stacks: Installed) -> bool:
    """Whether each stack, one after the other, comes to COMPLIANT, and then none has anything left to do."""
    for stack in stacks:
        judge.run(stack, "apply")
        confirm(judge)
    documents = [judge.run(stack, "apply") for stack in stacks]
    return [(made["plan"], made["verdict_before"]) for made in documents] == [([], "COMPLIANT")] * len(stacks)


def backed_out(judge: Judge, *stacks: Installed) -> None:
    turn(judge, "false", *stacks)
    for stack in stacks:
        judge.run(stack, "backout")


RACING = ("same region, same profile, same names", "two regions, two profiles, same names")
"""Where they want the same names, and each the other's work or its own."""


TRIED = dict.fromkeys([*((pair, "a trail") for pair in PAIRS), *((pair, name) for pair in RACING for name in ACCOUNTS)])


@pytest.mark.parametrize(("pair", "name"), TRIED)
def test_both_reach_what_they_ask_for_and_both_can_be_taken_back(pair: str, name: str) -> None:
    with two(pair, name) as (judge, first, second, before):
        assert reached(judge, first, second)
        assert reached(judge, second, first)
        # Whichever backs out first may leave a topic that the other's alarm notifies.
        backed_out(judge, first, second)
        backed_out(judge, first)
        assert look(judge.aws) == before


@pytest.mark.parametrize("pair", PAIRS)
def test_one_that_was_never_on_takes_nothing_back(pair: str) -> None:
    with two(pair) as (judge, first, second, _):
        turn(judge, "false", first)
        assert reached(judge, second)
        held = look(judge.aws)
        document = judge.run(first, "backout")
        assert (document["plan"], document["outcomes"], document["manual_steps"]) == ([], [], [])
        assert look(judge.aws) == held
        with pytest.raises(BackoutRefused):
            judge.run(second, "backout")


@pytest.mark.parametrize("pair", PAIRS)
def test_one_backs_out_while_the_other_stands(pair: str) -> None:
    with two(pair) as (judge, first, second, before):
        assert reached(judge, first, second)
        theirs = judge.made.get(second.id, {}).copy()
        backed_out(judge, first)
        held = look(judge.aws)
        assert {key: held[key] for key in theirs} == {key: put.thing for key, put in theirs.items()}
        assert reached(judge, second)
        backed_out(judge, second, first)
        assert look(judge.aws) == before


@pytest.mark.parametrize("pair", RACING)
@pytest.mark.parametrize("then", ["apply", "backout"])
def test_both_at_once(pair: str, then: str) -> None:
    """The second starts right before each write of the first, those to the ledger included."""
    write = 0
    while True:
        write += 1
        with two(pair) as (judge, first, second, before):
            ran: list[bool] = []
            if then == "backout":
                assert reached(judge, second)
                turn(judge, "false", second)

            def begin(judge: Judge = judge, second: Installed = second, ran: list[bool] = ran) -> None:
                ran.append(True)
                judge.run(second, then)

            judge.run(first, "apply", at_write={write: begin})
            if not ran:
                return
            confirm(judge)
            turn(judge, "true", second)
            assert reached(judge, first, second), write
            backed_out(judge, first, second)
            backed_out(judge, first)
            assert look(judge.aws) == before, write

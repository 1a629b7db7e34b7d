"""Three laws of remediation, over sequences of everything that two stacks and people may do in one account.

1. Nothing of others changes: what a stack was not seen to make stays exactly as people left it, and so does what they
   added to its things. `two_stacks.Judge` looks at every change.
2. What the settings ask for is reached when nobody interferes, and the next run has nothing left to do.
3. Backout leaves what it found, less what people removed and with what they added, and tells what else it leaves.
"""

import copy
import json
import os
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from blindspot.app.remediate import BackoutRefused
from local.aws import local_aws
from tests.integration.people import PEOPLE
from tests.integration.two_stacks import (
    ACCOUNTS,
    AWAY_B,
    OTHER_NAMES,
    A,
    B,
    Document,
    Installed,
    Judge,
    Key,
    Stopped,
    alarm_settings,
    look,
    resource_of,
    stop,
    tags_of,
)
from tests.scenarios.bends import HOME, REGIONS
from tests.warm import set_up, warm

ERRORS = {"AccessDenied": 1, "Throttling": 3, "InternalFailure": 3}
"""Error codes, and how many of the SDK's attempts they take."""

CALLS = (
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:DeleteAlarms",
    "logs:PutMetricFilter",
    "logs:DescribeMetricFilters",
    "logs:DeleteMetricFilter",
    "sns:CreateTopic",
    "sns:Subscribe",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:ListTagsForResource",
    "sns:ListSubscriptionsByTopic",
    "ssm:GetParameter",
    "ssm:GetParametersByPath",
    "ssm:PutParameter",
    "ssm:DeleteParameter",
)

SETTINGS: dict[str, dict[str, Any]] = {
    "as before": {},
    "no benign": {"benign": []},
    "more benign": {
        "benign": [
            '{ $.sourceIPAddress = "delivery.logs.amazonaws.com" }',
            '{ $.eventName = "HeadBucket" }',
            '{ $.eventName = "GetBucketAcl" }',
        ]
    },
    "three calls": {"calls_to_alarm": 3, "alarm": {"threshold": 3}},
    "a period of a minute": {"alarm": {"period": 60}},
    "other names": OTHER_NAMES,
    "tags": {"topic": {"tags": {"cost": "security"}}, "alarm": {"tags": {"cost": "security"}}},
}

PROFILES = ("cis-level-2", "conformity-cwl-002", "cis-v3.0.0", "cis-level-1")
ENDPOINTS = (("security-team@example.com",), ("security-team@example.com", "on-call@example.com"), ("b@example.com",))

stacks = st.integers(0, 1)
number = st.integers(0, 11)
acts = st.sampled_from(sorted(PEOPLE))


class Laws(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.exits = ExitStack()

    @initialize(
        account=st.sampled_from(sorted(ACCOUNTS)),
        other=st.sampled_from([B, AWAY_B]),
        profiles=st.tuples(st.sampled_from(PROFILES), st.sampled_from(PROFILES)),
        on=st.booleans(),
    )
    def begin(self, account: str, other: Installed, profiles: tuple[str, str], on: bool) -> None:
        enter = self.exits.enter_context
        enter(patch.dict(os.environ))
        self.aws = enter(local_aws(region=HOME, regions=REGIONS))
        enter(warm(self.aws))
        set_up(self.aws, f"laws, {account}", lambda: ACCOUNTS[account](self.aws))
        self.stacks = [copy.copy(A), copy.copy(other)]
        for stack, profile in zip(self.stacks, profiles, strict=True):
            stack.profile = profile
            stack.switch(self.aws, "true" if on else "false")
        self.judge = Judge(self.aws)
        enter(self.judge.watching())
        if on:  # what people do then is done to what the stacks made
            self.reach(0)
            self.reach(1)

    def teardown(self) -> None:
        self.exits.close()

    # What the stacks do

    def run(self, of: int, action: str, **how: Any) -> Document | None:
        """None where backout is refused, since the switch is on or unreadable."""
        stack = self.stacks[of]
        try:
            document = self.judge.run(stack, action, **how)
        except BackoutRefused:
            assert action == "backout"
            return None
        return document

    @rule(of=stacks, action=st.sampled_from(["apply", "backout", "plan"]))
    def runs(self, of: int, action: str) -> None:
        self.run(of, action)

    @rule(of=stacks, action=st.sampled_from(["apply", "backout"]), act=acts, on=number, at=st.integers(1, 16))
    def runs_while_people_act(self, of: int, action: str, act: str, on: int, at: int) -> None:
        self.turn(of, action == "apply")
        self.run(of, action, at_ssm={at: lambda: self.people_act(act, on)})

    @rule(of=stacks, actions=st.tuples(*[st.sampled_from(["apply", "backout"])] * 2), at=st.integers(1, 16))
    def both_run(self, of: int, actions: tuple[str, str], at: int) -> None:
        self.turn(of, actions[0] == "apply")
        self.turn(1 - of, actions[1] == "apply")
        self.run(of, actions[0], at_write={at: lambda: self.run(1 - of, actions[1])})

    @rule(of=stacks, action=st.sampled_from(["apply", "backout"]), at=st.integers(1, 16))
    def turned_while_it_runs(self, of: int, action: str, at: int) -> None:
        self.turn(of, action == "apply")
        self.run(of, action, at_ssm={at: lambda: self.turn(of, action != "apply")})

    @rule(of=stacks, action=st.sampled_from(["apply", "backout"]), at=st.integers(1, 20))
    def is_killed(self, of: int, action: str, at: int) -> None:
        self.turn(of, action == "apply")
        try:
            self.run(of, action, at_write={at: stop})
        except Stopped:
            self.lease_ends(of)

    @rule(of=stacks, action=st.sampled_from(["apply", "backout"]), at=st.integers(1, 20))
    def gets_no_answer(self, of: int, action: str, at: int) -> None:
        self.turn(of, action == "apply")
        self.run(of, action, lost=at)

    @rule(
        of=stacks,
        action=st.sampled_from(["apply", "backout", "plan"]),
        call=st.sampled_from(CALLS),
        error=st.sampled_from(sorted(ERRORS)),
        once=st.booleans(),
    )
    def is_refused(self, of: int, action: str, call: str, error: str, once: bool) -> None:
        self.turn(of, action == "apply")
        self.aws.fail(call, error=error, times=ERRORS[error] if once else None)
        self.run(of, action)
        self.aws.faults.clear()

    @rule(of=stacks, act=st.none() | acts, on=number)
    def is_approved_beforehand(self, of: int, act: str | None, on: int) -> None:
        """That plan is applied, or nothing."""
        self.turn(of, True)
        planned = self.run(of, "plan")
        assert planned is not None
        if act:
            self.people_act(act, on)
        applied = self.run(of, "apply", plan=planned["plan_id"])
        assert applied is not None
        assert applied["plan_id"] == planned["plan_id"] or applied["outcomes"] == []

    # What people do

    @rule(act=acts, on=number)
    def people_act(self, act: str, on: int) -> None:
        with self.judge.people():
            PEOPLE[act](self.judge, self.stacks, on)

    @rule(of=stacks, on=st.booleans())
    def turn(self, of: int, on: bool) -> None:
        with self.judge.people():
            self.stacks[of].switch(self.aws, "true" if on else "false")

    @rule(of=stacks)
    def lease_ends(self, of: int) -> None:
        with self.judge.people():
            self.stacks[of].end_lease(self.aws)

    @rule(of=stacks, profile=st.sampled_from(PROFILES), overrides=st.sampled_from(sorted(SETTINGS)))
    def settings_change(self, of: int, profile: str, overrides: str) -> None:
        self.stacks[of].profile = profile
        self.stacks[of].overrides = SETTINGS[overrides]

    @rule(of=stacks, endpoints=st.sampled_from(ENDPOINTS))
    def subscribers_change(self, of: int, endpoints: tuple[str, ...]) -> None:
        self.stacks[of].endpoints = endpoints

    # The laws. The first holds for every change: `Judge.settle`.

    @invariant()
    def nothing_of_others_changes(self) -> None:
        if hasattr(self, "judge"):
            self.judge.settle()

    @rule(of=stacks)
    def undisturbed_it_reaches_what_the_settings_ask_for(self, of: int) -> None:
        self.turn(of, True)
        self.lease_ends(of)
        if not self.held_by_somebody(of):
            self.reach(of)

    def reach(self, of: int) -> None:
        applied = self.run(of, "apply")
        assert applied is not None
        assert {outcome["status"] for outcome in applied["outcomes"]} <= {"done"}, applied["outcomes"]
        with self.judge.people():
            for _, kind, name in look(self.aws):
                if kind == "topics":
                    self.aws.confirm(name)
        again = self.run(of, "apply")
        assert again is not None
        assert again["plan"] == [], [(each["action"], each["resource"]) for each in again["plan"]]
        if again["verdict_before"] != "COMPLIANT":
            assert again["manual_steps"] != []
            assert self.hindered(of), [(step["code"], step["message"]) for step in again["manual_steps"]]
        else:
            self.is_as_the_settings_say(of, again)

    def is_as_the_settings_say(self, of: int, document: Document) -> None:
        stack, held = self.stacks[of], look(self.aws)
        contradict = "settings.contradict" in [step["code"] for step in document["manual_steps"]]
        for key in self.judge.ours(stack, "alarms"):
            wanted = alarm_settings(stack)
            there = {name: held[key][name] for name in wanted}
            assert there == wanted or contradict, (key, there, wanted)
            assert tags_of(held[key]).items() >= tags_asked(stack, "alarm").items()
        for key in self.judge.ours(stack, "topics"):
            subscribed = {
                thing["Endpoint"]
                for (_, kind, _), thing in held.items()
                if kind == "subscriptions" and thing["TopicArn"] == key[2]
            }
            assert subscribed >= {*stack.endpoints}, (key, subscribed)
            assert tags_of(held[key]).items() >= tags_asked(stack, "topic").items()

    def hindered(self, of: int) -> bool:
        """Whether people have made something impossible, so that a person's task is left."""
        stack, held = self.stacks[of], look(self.aws)
        full = sum(key[1] == "metric_filters" for key in held) >= 99
        malformed = len(stack.ledger(self.aws)) > len(stack.recorded(self.aws))
        return full or malformed

    def held_by_somebody(self, of: int) -> bool:
        lease = self.stacks[of].parameters(self.aws).get(self.stacks[of].stack.lease)
        return lease is not None and json.loads(lease)["expires"] > "2900"

    @rule(of=stacks)
    def undisturbed_backout_leaves_what_it_found(self, of: int) -> None:
        self.turn(of, False)
        self.lease_ends(of)
        if not self.held_by_somebody(of):
            self.back_out(of)

    def back_out(self, of: int) -> None:
        stack = self.stacks[of]
        ours = [key for kind in ("alarms", "topics", "metric_filters") for key in self.judge.ours(stack, kind)]
        resources = {key: resource_of(key, look(self.aws)[key]) for key in ours}
        document = self.run(of, "backout")
        assert document is not None
        assert {outcome["status"] for outcome in document["outcomes"]} <= {"done"}, document["outcomes"]
        told = {step["resource"] for step in document["manual_steps"]}
        held = look(self.aws)
        left = [key for key in ours if key in held]
        assert {resources[key] for key in left} <= told, (left, told)
        assert all(self.is_used(of, key) for key in left), left
        kept = {entry for entry in stack.recorded(self.aws) if entry not in told}
        topics = {resource for resource in told if ":sns:" in resource}
        assert {entry for entry in kept if entry.rsplit(":", 2)[0] not in topics} == set()

    def is_used(self, of: int, key: Key) -> bool:
        return key[1] == "topics" and self.judge.used_by(self.stacks[of], key, look(self.aws)) != []


def tags_asked(stack: Installed, kind: str) -> dict[str, str]:
    found: dict[str, str] = stack.overrides.get(kind, {}).get("tags", {})
    return found


Laws.TestCase.settings = settings(max_examples=10, stateful_step_count=12, derandomize=True)
TestLaws = Laws.TestCase

"""The id of a plan: it decides what may be applied, and says what changed since."""

import re
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindspot.remediation.approval import MOST_NAMED, changed_since, is_plan_id, plan_id
from blindspot.remediation.manual_tasks import Task
from tests.actions import create_topic, put_alarm, put_filter, subscribe

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot/0a1b2c3d-0000-4000-8000-000000000000"
FILTER, TOPIC, CHAT, ALARM = put_filter(), create_topic(), subscribe("https", "https://example.com/a"), put_alarm()
WHOLE = (FILTER, TOPIC, CHAT, ALARM)


def id_of(*actions: Any, account: str = "123456789012", stack: str = STACK, profile: str = "cis-level-2") -> str:
    return plan_id(account, stack, profile, actions)


def test_an_id_has_a_part_for_the_plan_and_one_for_each_action() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", id_of())
    assert re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{4}", id_of(FILTER))
    assert re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{4}(\.[0-9a-f]{4}){3}", id_of(*WHOLE))
    assert id_of(*WHOLE) == id_of(put_filter(), *WHOLE[1:])


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (id_of(), True),
        (id_of(*WHOLE), True),
        ("", False),
        ("0123456789abcde", False),
        ("0123456789ABCDEF", False),
        ("0123456789abcdef-", False),
        ("0123456789abcdef-0a1b.", False),
        ("0123456789abcdef-0a1b.2c3", False),
        ("0123456789abcdef\n", False),
        ("\uff10123456789abcdef", False),
    ],
)
def test_the_form_of_an_id(text: str, valid: bool) -> None:
    assert is_plan_id(text) is valid


ALL_NEW = ", ".join(f"{action.title} {action.resource}" for action in WHOLE)


@pytest.mark.parametrize(
    ("approved", "said"),
    [
        (id_of(*WHOLE, account="210987654321"), "The account, the stack or the profile is another."),
        (
            id_of(*WHOLE, stack=STACK.replace("blindspot", "second")),
            "The account, the stack or the profile is another.",
        ),
        (id_of(*WHOLE, profile="cis-v3.0.0"), "The account, the stack or the profile is another."),
        (id_of(*WHOLE[::-1]), "The actions are in another order."),
        (id_of(*WHOLE[:-1]), f"New or changed: create alarm {ALARM.resource}."),
        (id_of(*WHOLE, put_alarm("second")), "No longer planned: 1 of its 5 actions."),
        (
            id_of(FILTER, TOPIC, CHAT, put_alarm(threshold=5)),
            f"No longer planned: 1 of its 4 actions. New or changed: create alarm {ALARM.resource}.",
        ),
        (
            id_of(FILTER, TOPIC, subscribe("https", "https://example.com/b"), ALARM),
            f"No longer planned: 1 of its 4 actions. New or changed: create subscription {CHAT.resource}.",
        ),
        (id_of(), f"New or changed: {ALL_NEW}."),
        (id_of(*WHOLE, *WHOLE), "No longer planned: 4 of its 8 actions."),
    ],
)
def test_what_changed_is_told_with_nothing_but_the_id(approved: str, said: str) -> None:
    task = changed_since(approved, id_of(*WHOLE), WHOLE)
    whole = approved[:16]
    nothing = f"Nothing was written: the approved plan {whole} is not the plan as it is now."
    fix = 'Check the plan in this document. To approve it, send {"action": "apply", "plan": "ID"}.'
    assert task == Task("plan.changed", whole, (), f"{nothing} {said}", fix.replace("ID", id_of(*WHOLE)))


def test_an_id_depends_on_what_the_parameters_are_and_not_on_how_they_are_held() -> None:
    backwards = dict(reversed(ALARM.request.parameters.items()))
    for parameters in (backwards, MappingProxyType(backwards)):
        held = replace(ALARM, request=replace(ALARM.request, parameters=parameters))
        assert id_of(held) == id_of(ALARM)


def test_the_approved_plan_is_not_changed() -> None:
    assert changed_since(id_of(*WHOLE), id_of(*WHOLE), WHOLE) is None
    assert changed_since(id_of(), id_of(), ()) is None


def test_nothing_is_left_to_approve_where_nothing_is_planned() -> None:
    task = changed_since(id_of(*WHOLE), id_of(), ())
    assert task is not None
    assert task.message.endswith("No longer planned: 4 of its 4 actions.")
    assert task.fix == "Nothing is planned now, so there is nothing to approve."


def test_many_new_actions_are_counted() -> None:
    many = [put_alarm(f"alarm-{number}") for number in range(MOST_NAMED + 3)]
    task = changed_since(id_of(), id_of(*many), many)
    assert task is not None
    assert task.message.endswith(f"alarm:alarm-{MOST_NAMED - 1}, and 3 more.")


ACTIONS = st.lists(
    st.sampled_from([*WHOLE, put_alarm("second"), put_alarm(threshold=5), subscribe(), put_filter(name="second")]),
    max_size=6,
)


@given(ACTIONS, ACTIONS)
def test_two_plans_have_one_id_only_if_all_their_requests_are_the_same(first: list[Any], second: list[Any]) -> None:
    same = [(each.request.call, each.request.parameters) for each in first] == [
        (each.request.call, each.request.parameters) for each in second
    ]
    assert (id_of(*first) == id_of(*second)) is same
    assert (changed_since(id_of(*first), id_of(*second), second) is None) is same
    assert is_plan_id(id_of(*first))

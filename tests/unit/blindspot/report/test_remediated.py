"""What is shown of a plan, and of what became of it."""

from typing import Any

import pytest

from tests.cases.documents import (
    ALARM,
    STEPS,
    TOPIC,
    a_change,
    a_remediation,
    a_step,
    remediated,
)

C, N, I = "COMPLIANT", "NON_COMPLIANT", "INDETERMINATE"  # noqa: E741


NOTHING = "Nothing was changed, and no change is planned."


REMEDIATIONS = [
    ({}, "Nothing was changed. The remediator would make 1 change."),
    ({"plan": [a_change(), a_change()]}, "Nothing was changed. The remediator would make 2 changes."),
    ({"action": "backout"}, "Nothing was changed. The remediator would undo 1 change."),
    ({"plan": []}, "There is nothing to change."),
    ({"plan": [], "manual_steps": STEPS[:1]}, f"{NOTHING} The remediator leaves 1 manual step."),
    ({"plan": [], "manual_steps": STEPS}, f"{NOTHING} The remediator leaves 2 manual steps."),
    ({"outcomes": [{"resource": ALARM, "status": "done", "error": None}]}, "1 of 1 change made."),
    ({"outcomes": [{"resource": ALARM, "status": "failed", "error": "x"}]}, "0 of 1 change made."),
    (
        {"action": "backout", "outcomes": [{"resource": ALARM, "status": "done", "error": None}] * 2},
        "2 of 2 changes undone.",
    ),
    (
        {"outcomes": [{"resource": ALARM, "status": "done", "error": None}], "cut": {"plan": 1, "outcomes": 3}},
        "At least 1 of 4 changes made.",
    ),
    ({"plan": [], "cut": {"plan": 1, "outcomes": 2}}, "At least 0 of 2 changes made."),
    ({"plan": [], "cut": {"plan": 7}}, "Nothing was changed. The remediator would make 7 changes."),
]  # fmt: skip


@pytest.mark.parametrize(("bent", "answer"), REMEDIATIONS)
def test_what_remediation_did_is_one_sentence(bent: dict[str, Any], answer: str) -> None:
    assert remediated(a_remediation(**bent)).answer == answer


def test_each_change_has_its_outcome() -> None:
    """Two changes of one resource have their outcomes in order; what was not tried has none."""
    outcomes = [
        {"resource": ALARM, "status": status, "error": error} for status, error in (("done", None), ("failed", "x"))
    ]
    changes = remediated(a_remediation(plan=[a_change()] * 3, outcomes=outcomes)).changes
    assert [(change.status, change.error) for change in changes] == [("done", None), ("failed", "x"), (None, None)]


def test_a_change_may_have_lost_its_request() -> None:
    change = a_change()
    del change["request"], change["undo"], change["before"]
    (shown,) = remediated(a_remediation(plan=[change], cut={"request": 1, "undo": 1, "before": 1})).changes
    assert (shown.request, shown.undo) == ({}, None)
    assert shown.before == "Left out, because the document was too large."  # not that nothing was there
    assert remediated(a_remediation(cut={"request": 1})).cut == {"request": 1}


def test_an_approver_is_told_all_that_the_document_has() -> None:
    sms = {"protocol": "sms", "at": None, "confirmed": 1, "pending": 2}
    email = {"protocol": "email", "at": "x.org", "confirmed": 0, "pending": 1}
    listening = [
        {"topic": TOPIC, "subscriptions": [sms, email], "why": None},
        {"topic": f"{TOPIC}-2", "subscriptions": [], "why": None},
        {"topic": TOPIC, "subscriptions": None, "why": "the topic belongs to another account"},
    ]
    shown = remediated(a_remediation(listeners=listening, notices=["A notice."], expected=N))
    assert shown.facts == (
        "Remediation is off: its value is 'false'. To turn it on: aws ssm put-parameter",
        "Subscribed to topic security-alerts already: sms at ? (1 confirmed, 2 pending).",
        "Subscribed to topic security-alerts already: email at x.org (0 confirmed, 1 pending).",
        "It is not known who is subscribed to topic security-alerts: the topic belongs to another account.",
        "Cost a month: 0.10 USD.",
        "A notice.",
        'To apply exactly this plan, invoke the remediator with {"action": "apply", "plan": "0123456789abcdef-1234"}',
    )
    assert shown.verdicts == (
        ("before", N),
        ("expected", N),
        ("expected once subscriptions are confirmed", C),
    )


@pytest.mark.parametrize("part", ["plan", "before", "request", "outcomes"])
def test_a_plan_that_is_not_whole_cannot_be_approved_from_it(part: str) -> None:
    facts = remediated(a_remediation(cut={part: 1})).facts
    assert not any("To apply" in fact for fact in facts)


@pytest.mark.parametrize("action", ["plan", "apply", "backout"])
def test_what_was_asked_for_is_told(action: str) -> None:
    assert remediated(a_remediation(action=action)).action == action


SWITCHES = [
    (True, "c", "Remediation is on: why. To turn it off: c"),
    (False, "c", "Remediation is off: why. To turn it on: c"),
    (False, None, "Remediation is off: why."),
]


@pytest.mark.parametrize(("on", "command", "fact"), SWITCHES)
def test_the_switch_is_told_with_the_command_that_turns_it(on: bool, command: str | None, fact: str) -> None:
    switch = {"on": on, "parameter": None, "why": "why", "switch": command}
    assert remediated(a_remediation(switch=switch)).facts[0] == fact


def test_it_says_where_the_plan_belongs() -> None:
    document = a_remediation()
    labels = ("Plan", "Account", "Profile", "Assessed at", "Stack", "Run")
    fields = ("plan_id", "account", "profile", "assessed_at", "stack", "run")
    shown = remediated(document)
    assert shown.about == tuple((label, document[field]) for label, field in zip(labels, fields, strict=True))
    assert shown.plan_id == document["plan_id"]
    assert remediated(document | dict.fromkeys(fields)).about == ()


def test_a_change_is_shown_with_all_that_it_has() -> None:
    change = a_change(before={"Threshold": 10})
    (shown,) = remediated(a_remediation(plan=[change])).changes
    assert (shown.action, shown.resource, shown.closes, shown.heals) == (
        "create alarm",
        ALARM,
        "alarm.missing",
        ("eu-west-1",),
    )
    assert (shown.before, shown.request, shown.undo) == (change["before"], change["request"], change["undo"])


def test_what_was_applied_needs_no_approval() -> None:
    done = {"resource": ALARM, "status": "done", "error": None}
    shown = remediated(a_remediation(outcomes=[done], verdict_after=C))
    assert not any("To apply" in fact for fact in shown.facts)
    assert shown.verdicts == (("before", N), ("expected", C), ("afterwards", C))
    assert not any("To apply" in fact for fact in remediated(a_remediation(cut={"outcomes": 1})).facts)


def test_a_manual_step_says_where_it_is_explained() -> None:
    steps = [STEPS[0], STEPS[1] | {"regions": ["eu-west-1"]}, a_step(code="alarm.unclear")]
    shown = remediated(a_remediation(manual_steps=steps)).manual
    assert [step.regions for step in shown] == [(), ("eu-west-1",), ()]
    assert [step.help for step in shown] == [
        "docs/remediation.md#see-the-plan",
        "docs/gaps.md#alarm-missing",
        "docs/gaps.md#alarm-unclear",
    ]

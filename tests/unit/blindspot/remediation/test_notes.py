"""What remediation adds to the notes of the evaluator's document, in words."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from blindspot.chain.metric_filter import filter_resource
from blindspot.model import profile
from blindspot.model.snapshot import Unreadable
from blindspot.remediation.notes import of_names, of_pending, of_unread_ledger
from blindspot.verdict.notes import Note
from tests.builders import HOME, log_group_arn, topic_arn
from tests.unit.blindspot.remediation.test_ownership import STACK

ALARM = f"arn:aws:cloudwatch:{HOME}:123456789012:alarm:a"
PENDING = ' is not as the settings say. To set it, send {"action": "apply"} to the remediator.'


def test_names_that_the_role_does_not_allow() -> None:
    chosen = profile.load(profile.DEFAULT)
    assert [*of_names(chosen, "123456789012")] == []
    (note,) = of_names(replace(chosen, names=replace(chosen.names, alarm="payroll")), "123456789012")
    assert (note.code, note.resource) == ("names.not-allowed", "123456789012")
    assert note.message.startswith("The remediator does not run with these settings. ")
    assert "alarm" in note.message


def test_a_ledger_that_was_not_read() -> None:
    assert of_unread_ledger(STACK, Unreadable("ssm:GetParametersByPath", HOME, "Timeout")) == Note(
        "ledger.unread",
        STACK.ledger,
        "It is not known whether what the remediator created is as the settings say:"
        " ssm:GetParametersByPath gave no answer (Timeout).",
    )


def test_each_thing_that_would_be_set_is_noted_once() -> None:
    filters = filter_resource(log_group_arn(), "f")
    things = [("filter", filters), ("alarm", ALARM), ("topic", topic_arn()), ("alarm", ALARM)]
    repairs: Any = [SimpleNamespace(link=link, resource=resource) for link, resource in things]
    assert [*of_pending(repairs)] == [
        Note("settings.pending", filters, f"Metric filter f of log group management-events in {HOME}{PENDING}"),
        Note("settings.pending", ALARM, f"Alarm a in {HOME}{PENDING}"),
        Note("settings.pending", topic_arn(), f"Topic security-alerts in {HOME}{PENDING}"),
    ]

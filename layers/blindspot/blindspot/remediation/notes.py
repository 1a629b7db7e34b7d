"""What remediation adds to the notes of the evaluator's document. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blindspot.model import profile
from blindspot.model.arn import place_of
from blindspot.model.profile import Profile, SettingsError
from blindspot.model.snapshot import Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.ledger import title_of
from blindspot.remediation.writes import Write
from blindspot.verdict.notes import Note


def of_names(current: Profile, account: str) -> Iterator[Note]:
    """The note on names that the remediator's role does not allow: it makes no plan with them."""
    try:
        profile.check_names(current)
    except SettingsError as error:
        yield Note("names.not-allowed", account, f"The remediator does not run with these settings. {error}")


def of_unread_ledger(stack: Stack, failure: Unreadable) -> Note:
    """The note that it is not known what is ours."""
    why = f"{failure.call} gave no answer ({failure.error})"
    message = f"It is not known whether what the remediator created is as the settings say: {why}."
    return Note("ledger.unread", stack.ledger, message)


def of_pending(repairs: Iterable[Write]) -> Iterator[Note]:
    """A note on each of our things that these repairs would set."""
    for resource in dict.fromkeys(repair.resource for repair in repairs):
        title = title_of(resource)
        message = (
            f"{title[0].upper()}{title[1:]} in {place_of(resource)[1]} is not as the settings say."
            ' To set it, send {"action": "apply"} to the remediator.'
        )
        yield Note("settings.pending", resource, message)

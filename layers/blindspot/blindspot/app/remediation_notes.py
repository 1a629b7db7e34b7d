"""The notes of an evaluation on what the remediator created, read from AWS: nothing where it created nothing."""

from __future__ import annotations

import time
from functools import partial

from blindspot.aws.client import Clients
from blindspot.aws.delivery import with_delivery
from blindspot.aws.holdings import holdings
from blindspot.aws.ledger import read_ledger
from blindspot.aws.read import in_time
from blindspot.model.arn import place_of
from blindspot.model.stack import Stack
from blindspot.remediation import notes
from blindspot.remediation.converge import converge
from blindspot.remediation.ledger import Ledger
from blindspot.remediation.repairs import Repairs, Wanted
from blindspot.settings import Settings
from blindspot.verdict.assessment import Assessment
from blindspot.verdict.notes import Note
from blindspot.verdict.pattern_writer import pattern_to_write
from filter_pattern import Proofs


def remediation_notes(
    clients: Clients, settings: Settings, assessment: Assessment, *, deadline: float, until: float
) -> tuple[Note, ...]:
    """The notes. deadline, until: when reading has to end, and when all has, on the monotonic clock.

    Raises TimeoutError if it has not ended by itself.
    """
    of_names = tuple(notes.of_names(settings.profile, assessment.snapshot.account))
    if settings.stack is None:
        return of_names
    ledger = read_ledger(clients, settings.stack, until=deadline)
    if ledger.unread:
        return (*of_names, notes.of_unread_ledger(settings.stack, ledger.unread))
    if not ledger.entries:
        return of_names
    pending = in_time(partial(_pending, clients, settings, settings.stack, ledger, assessment, deadline), until)
    return (*of_names, *(note for repairs in pending for note in notes.of_pending(repairs)))


def _pending(
    clients: Clients, settings: Settings, stack: Stack, ledger: Ledger, assessment: Assessment, deadline: float
) -> tuple[Repairs, ...]:
    """What would set our things as the settings say. The evaluator does not know who is to be subscribed."""
    snapshot, profile = assessment.snapshot, settings.profile
    held = holdings(clients, stack, ledger, snapshot, profile.names, deadline=deadline)
    regions = sorted({place_of(resource)[1] for resource in held.ours()})
    held = with_delivery(clients, held, settings, regions, deadline=deadline)
    pattern, _ = pattern_to_write(profile, Proofs(stop=lambda: time.monotonic() > deadline))
    return converge(snapshot, Wanted(profile, held, (), pattern))

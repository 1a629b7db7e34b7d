"""Assesses the account: reads it, judges it, and asks AWS about the filter patterns that the verdict depends on."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime
from functools import partial

from blindspot.aws.client import Clients
from blindspot.aws.collect import collect
from blindspot.aws.pattern_check import confirm
from blindspot.aws.read import in_time
from blindspot.aws.responses import Identity
from blindspot.model.arn import Arn
from blindspot.model.snapshot import Unreadable
from blindspot.settings import Settings
from blindspot.verdict import pattern_check
from blindspot.verdict.assessment import Assessment, assess
from filter_pattern import Proofs

logger = logging.getLogger("blindspot.assess")
"""Below the functions' own logger, which writes JSON, where that exists: a command on a terminal has none."""


def assess_account(
    clients: Clients,
    settings: Settings,
    identity: Identity | Unreadable,
    *,
    now: datetime,
    deadline: float,
    proved: float,
    until: float,
    topic_names: tuple[str, ...] = (),
    member: bool = False,
) -> Assessment:
    """The assessment of the account that the clients' credentials belong to.

    identity: as `collect.caller` returns it. now: in UTC; the settings are those of its day.
    deadline, proved, until: when reading has to end, when the proofs do, and when all does, on the monotonic clock.
    topic_names: topics to read beside those that alarms notify.
    member: whether the account is a member of the organization, and not the function's own.
    Raises AccountUnknown as `collect` does, SettingsError as `assess` does, and TimeoutError if it has not ended by
    itself.
    """
    snapshot = collect(
        clients,
        identity,
        own_region=clients.region,
        excluded_regions=settings.excluded_regions,
        monitoring_roles=settings.monitoring_roles,
        siem=bool(settings.profile.siem_destinations),
        topic_names=topic_names,
        member_of=(Arn.parse(settings.stack.id).account if settings.stack else "") if member else None,
        deadline=deadline,
        now=now,
    )
    proofs = Proofs(stop=lambda: time.monotonic() > proved)
    assessment = in_time(partial(assess, snapshot, settings.profile, proofs), until)

    questions = in_time(partial(pattern_check.questions, assessment, settings.profile, proofs), until)
    answers = confirm(clients, questions, deadline=proved)
    if disputed := pattern_check.disputed(questions, answers):
        logger.warning("AWS matches filter patterns differently than Blindspot", extra={"patterns": sorted(disputed)})
        snapshot = replace(snapshot, disputed_patterns=disputed)
        assessment = in_time(partial(assess, snapshot, settings.profile, proofs), until)
    return pattern_check.confirmed(assessment, answers)

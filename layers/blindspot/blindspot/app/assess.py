"""Assesses the account: reads it, judges it, and asks AWS about the filter patterns that the verdict depends on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from blindspot.app.run import logger
from blindspot.aws.client import Clients
from blindspot.aws.collect import collect
from blindspot.aws.pattern_check import confirm
from blindspot.aws.read import in_time
from blindspot.aws.responses import Identity
from blindspot.model.snapshot import Unreadable
from blindspot.settings import Settings
from blindspot.verdict import pattern_check
from blindspot.verdict.assessment import Assessment, assess


def assess_account(
    clients: Clients,
    settings: Settings,
    identity: Identity | Unreadable,
    *,
    deadline: float,
    until: float,
    topic_names: tuple[str, ...] = (),
) -> Assessment:
    """The assessment of the account that the clients' credentials belong to.

    identity: as `collect.caller` returns it. deadline: when reading ends, on the monotonic clock. until: when the
    proofs end.
    topic_names: topics to read beside those that alarms notify.
    Raises AccountUnknown as `collect` does, SettingsError as `assess` does, and TimeoutError for a slow proof.
    """
    snapshot = collect(
        clients,
        identity,
        own_region=clients.region,
        excluded_regions=settings.excluded_regions,
        monitoring_roles=settings.monitoring_roles,
        siem=bool(settings.profile.siem_destinations),
        topic_names=topic_names,
        deadline=deadline,
        now=datetime.now(UTC),
    )
    assessment = in_time(partial(assess, snapshot, settings.profile), until)

    questions = in_time(partial(pattern_check.questions, assessment, settings.profile), until)
    answers = confirm(clients, questions, deadline=until)
    if disputed := pattern_check.disputed(questions, answers):
        logger.warning("AWS matches filter patterns differently than Blindspot", patterns=sorted(disputed))
        snapshot = replace(snapshot, disputed_patterns=disputed)
        assessment = in_time(partial(assess, snapshot, settings.profile), until)
    return pattern_check.confirmed(assessment, answers)

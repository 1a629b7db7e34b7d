"""One look at the account: collect it, judge it, and ask AWS about the filters that the verdict rests on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, TypeVar

from blindspot.aws.client import Clients
from blindspot.aws.collect import collect
from blindspot.aws.pattern_check import confirm
from blindspot.aws.read import in_thread
from blindspot.settings import Settings
from blindspot.verdict import pattern_check as confirmation
from blindspot.verdict.assessment import Assessment, assess

T = TypeVar("T")


class Assessed(NamedTuple):
    """An assessment, and the filter patterns that AWS was seen to read otherwise."""

    assessment: Assessment
    disputed: frozenset[str]


def assessed(
    clients: Clients, settings: Settings, *, deadline: float, grace: float, topic_names: tuple[str, ...] = ()
) -> Assessed:
    """What the account comes to.

    deadline: when reading ends, on the monotonic clock. grace: how many seconds after it a proof may still take.
    topic_names: topics to read beside those that the chain leads to.
    Raises AccountUnknown as `collect` does, SettingsError as `assess` does, and TimeoutError for a slow proof.
    """
    snapshot = collect(
        clients,
        own_region=clients.region,
        excluded_regions=settings.excluded_regions,
        monitoring_roles=settings.monitoring_roles,
        siem=bool(settings.profile.siem_destinations),
        topic_names=topic_names,
        deadline=deadline,
        now=datetime.now(UTC),
    )
    until = deadline + grace
    assessment = in_time(partial(assess, snapshot, settings.profile), until)
    asked = in_time(partial(confirmation.questions, assessment, settings.profile), until)
    answers = confirm(clients, asked, deadline=deadline)
    if disputed := confirmation.disputed(asked, answers):
        assessment = in_time(partial(assess, replace(snapshot, disputed_patterns=disputed), settings.profile), until)
    return Assessed(confirmation.confirmed(assessment, answers), disputed)


def in_time(work: Callable[[], T], until: float) -> T:
    """What `work` decides. A proof about intricate patterns may take long; raises TimeoutError when it is time, on the
    monotonic clock, for something else."""
    return asyncio.run(asyncio.wait_for(in_thread(work), until - time.monotonic()))

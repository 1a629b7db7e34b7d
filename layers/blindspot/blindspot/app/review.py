"""A review, step by step: an ordinary assessment, which finds trails and alarms; the refused calls of the trails' log
groups; and what follows from them.

collect (AWS) -> assess (pure) -> read_refused_calls (AWS) -> review (pure)

It writes nothing, reports to nobody, and keeps nothing. What it returns quotes log events, so none of that is logged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from blindspot.app.assess import assess_account
from blindspot.aws.client import Clients
from blindspot.aws.read import in_time
from blindspot.aws.refused_calls import read_refused_calls
from blindspot.aws.responses import Identity
from blindspot.model.arn import Arn
from blindspot.model.findings import NOT_ASKED
from blindspot.model.snapshot import LogGroup, Snapshot, Unreadable
from blindspot.review.forecast import alarms_of
from blindspot.review.groups import DAY
from blindspot.review.read import LogGroupRead, Read
from blindspot.review.review import Review, review
from blindspot.review.tally import Interval, Tally
from blindspot.settings import Settings
from filter_pattern import Proofs

READS = "logs:FilterLogEvents"


@dataclass(frozen=True, slots=True)
class Times:
    """When each step has to end, on the monotonic clock: the account's resources are read, the patterns are proved, the
    account is judged, its refused calls are read, the exclusions are proved, and the review is made."""

    collected: float
    proved: float
    judged: float
    read: float
    excluded: float
    reviewed: float


def review_account(
    clients: Clients,
    settings: Settings,
    identity: Identity | Unreadable,
    *,
    now: datetime,
    overrides: Mapping[str, object],
    hours: int,
    times: Times,
    allowed: Collection[str] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Review:
    """The review of the account that the clients' credentials belong to.

    now: in UTC. overrides: those in the settings. hours: how many to review, until now.
    allowed: the ARNs of the log groups that may be read; None for those of all trails.
    progress: is told which share of these hours was read.
    Raises what `assess_account` does, and TimeoutError.
    """
    assessment = assess_account(
        clients, settings, identity, now=now, deadline=times.collected, proved=times.proved, until=times.judged
    )
    proofs = Proofs(stop=lambda: time.monotonic() > times.excluded)
    alarms, watched = in_time(partial(alarms_of, assessment, settings.profile, proofs), times.reviewed)
    account = assessment.snapshot.account
    end = int(now.timestamp())
    asked = Interval(end - hours * 3600, end)
    log_groups, not_called = log_groups_to_read(assessment.snapshot, allowed)
    read = read_refused_calls(
        clients,
        log_groups,
        str(settings.profile.required),
        asked,
        partial(Tally, account, watched),
        own_account=account,
        until=times.read,
        kept_since=_kept_since(assessment.snapshot, end),
        progress=progress,
    )
    read = _with(read, not_called)
    work = partial(review, read, assessment, alarms, settings.profile, overrides, proofs, hours=hours, at=now)
    return in_time(work, times.reviewed)


def log_groups_to_read(
    snapshot: Snapshot, allowed: Collection[str] | None
) -> tuple[tuple[str, ...], dict[str, Unreadable]]:
    """The ARNs of the trails' log groups that are to be read, and why others are not called: each such call would be
    refused, and so be itself an unauthorized call.

    allowed: as in `review_account`.
    """
    to_read: list[str] = []
    not_called: dict[str, Unreadable] = {}
    for log_group in sorted({trail.log_group_arn for trail in snapshot.trails if trail.log_group_arn}):
        if why := _why_not(snapshot, log_group, allowed):
            not_called[log_group] = Unreadable(READS, Arn.parse(log_group).region, why.error, why.denied)
        else:
            to_read.append(log_group)
    for log_group in sorted(set(allowed or ()).difference(to_read, not_called)):
        not_called[log_group] = Unreadable(READS, Arn.parse(log_group).region, "NoTrail")
    return tuple(to_read), not_called


def _kept_since(snapshot: Snapshot, now: int) -> dict[str, int]:
    """Since when the log groups have their log events that do not keep them for ever, in seconds since 1970."""
    groups = {arn: group for arn, group in snapshot.log_groups.items() if isinstance(group, LogGroup)}
    return {arn: now - group.retention_days * DAY for arn, group in groups.items() if group.retention_days}


def _why_not(snapshot: Snapshot, log_group: str, allowed: Collection[str] | None) -> Unreadable | None:
    """Why the log group is not called: it is not named, does not exist, or nothing is called there, as in an excluded
    region, or in an account without a role."""
    region = Arn.parse(log_group).region
    if allowed is not None and log_group not in allowed:
        return Unreadable(READS, region, "NotNamed")
    read = snapshot.log_groups[log_group]
    if read is None:
        return Unreadable(READS, region, "ResourceNotFoundException")
    filters = read.filters if isinstance(read, LogGroup) else read
    if isinstance(filters, Unreadable):
        nothing_called = filters.error in NOT_ASKED or not filters.call.startswith("logs:")
        return filters if nothing_called else None
    return None


def _with(read: Read, not_called: Mapping[str, Unreadable]) -> Read:
    """The same, with the log groups that were not called."""
    others = (LogGroupRead(log_group, read.asked.end, 0, why) for log_group, why in not_called.items())
    return replace(read, log_groups=(*read.log_groups, *others))

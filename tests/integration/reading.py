"""Reading the local AWS, and looking at what came of it."""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.awsrequest import AWSResponse, HTTPHeaders

from blindspot.aws.client import Clients
from blindspot.aws.collect import caller, collect
from blindspot.model.snapshot import Alarm, LogGroup, MetricFilter, Snapshot, Subscription, Topic, Unreadable
from local.accounts import Made
from local.aws import Fault, LocalAws

T = TypeVar("T")

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
OWN = "eu-west-1"
REGIONS = ("eu-central-1", OWN, "us-east-1")
CLIENTS = Clients(OWN)
"""Made once: a session loads the models of the services anew."""


def look(
    *,
    excluded: tuple[str, ...] = (),
    roles: Mapping[str, str] | None = None,
    siem: bool = False,
    seconds: float = 30,
    topic_names: tuple[str, ...] = (),
    member_of: str | None = None,
) -> Snapshot:
    return collect(
        CLIENTS,
        caller(CLIENTS, until=time.monotonic() + seconds),
        own_region=OWN,
        excluded_regions=frozenset(excluded),
        monitoring_roles=roles or {},
        siem=siem,
        deadline=time.monotonic() + seconds,
        now=NOW,
        topic_names=topic_names,
        member_of=member_of,
    )


def calls(aws: LocalAws, region: str | None = None) -> Counter[str]:
    """How often each operation was called, in one region or in all."""
    return Counter(str(call) for call in aws.calls if region in (None, call.region))


def answer_once(aws: LocalAws, call: str, **fields: Any) -> None:
    aws.faults.append(Fault(call, None, lambda _: (AWSResponse("", 200, HTTPHeaders(), None), fields), times=1))


def log_group_arn(made: Made) -> str:
    return f"arn:aws:logs:{made.region}:{ACCOUNT}:log-group:{made.log_group}"


def filters(snapshot: Snapshot, made: Made) -> tuple[MetricFilter, ...]:
    return _read(_read(snapshot.log_groups[log_group_arn(made)], LogGroup).filters, tuple)


def alarms(snapshot: Snapshot, region: str = OWN) -> tuple[Alarm, ...]:
    return _read(snapshot.alarms[ACCOUNT, region], tuple)


def subscriptions(snapshot: Snapshot, made: Made) -> tuple[Subscription, ...]:
    return _read(_read(snapshot.topics[made.topic], Topic).subscriptions, tuple)


def _read(found: T | Unreadable | None, kind: type[T]) -> T:
    assert isinstance(found, kind)
    return found

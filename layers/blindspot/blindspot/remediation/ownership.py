"""How remediation names what it creates, and whose a thing is.

A thing is ours where this stack's ledger has an entry of it, and the thing agrees: an alarm or a topic bears the tag
with this stack's id, a metric filter is as the entry says. What somebody else made is never written to, whatever its
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from blindspot.model.arn import Place
from blindspot.model.profile import Names
from blindspot.model.snapshot import Key, MetricFilter, Unreadable
from blindspot.model.stack import Stack
from blindspot.remediation.ledger import Entry, Ledger, Written, filter_state

SUFFIX = "-blindspot"

TAG = "blindspot"
"""The key of the tag of our alarms and topics; its value is the stack's id."""

CLOCKS = timedelta(seconds=5)
"""By how much AWS's clock and ours may differ."""

LONGEST_RUN = timedelta(minutes=15)
"""No run takes longer (Lambda developer guide, "Lambda quotas")."""

LONGEST_FILTER, LONGEST_METRIC, LONGEST_ALARM, LONGEST_TOPIC = 512, 255, 255, 256
"""Characters of a name (API references: PutMetricFilter, PutMetricAlarm, CreateTopic)."""

Metric = tuple[str, str]
"""A namespace and a name."""


class Owner(Enum):
    """Who owns the resource of a name: NOBODY where there is none, UNKNOWN where its tags or its entry in the ledger
    could not be read."""

    NOBODY = "nobody"
    US = "us"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"


Owners = Mapping[str, Owner]
"""By resource: alarms and topics by ARN, metric filters as `chain.metric_filter.filter_resource` names them."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is known of the things that are ours or have our names, when a plan is made.

    owners: of the alarms, topics and metric filters of our names; one that is missing here is somebody else's, or does
        not exist.
    ledger: what this stack's remediator made.
    alarms: by ARN, our alarms as cloudwatch:DescribeAlarms returns them, with the parameters of PutMetricAlarm alone.
    tags: by ARN, the tags of our alarms and topics.
    stack: None outside a stack: nothing is ours there, and nothing can be.
    keys: by ARN, the KMS keys that the settings name for topics; None for one that does not exist.
    sms_receivers: by region, the telephone numbers that get messages there; None where all do. Not known where missing.
    """

    owners: Owners = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    alarms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stack: Stack | None = None
    keys: Mapping[str, Key | Unreadable | None] = field(default_factory=dict)
    sms_receivers: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    @property
    def tag(self) -> Mapping[str, str]:
        """The tag that makes an alarm or a topic ours."""
        return {TAG: self.stack.id} if self.stack else {}

    def owner(self, resource: str) -> Owner:
        """Whose it is, if it exists."""
        return self.owners.get(resource, Owner.SOMEBODY)

    def ours(self) -> Iterator[str]:
        """Everything that is ours."""
        return (resource for resource, owner in self.owners.items() if owner is Owner.US)


def candidates(name: str, longest: int) -> tuple[str, ...]:
    """The names to try: the source's own, and where that is somebody else's with a suffix; cut where it would be too
    long."""
    return name, *(name[: longest - len(suffix)] + suffix for suffix in (SUFFIX, f"{SUFFIX}-2"))


def filter_names(names: Names) -> tuple[str, ...]:
    """The names that our metric filter may have on any log group, in the order in which they are tried."""
    return candidates(names.filter, LONGEST_FILTER)


def topic_names(names: Names) -> tuple[str, ...]:
    """The names that our topic may have."""
    return candidates(names.topic, LONGEST_TOPIC)


def alarm_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The ARNs that our alarm may have: with the sources' names, and with those and a suffix."""
    account, region = place
    found = (name for each in names for name in candidates(each.alarm, LONGEST_ALARM))
    return tuple(dict.fromkeys(f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}" for name in found))


def topic_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The ARNs that our topic may have: with the sources' names, and with those and a suffix."""
    account, region = place
    found = (name for each in names for name in topic_names(each))
    return tuple(dict.fromkeys(f"arn:{partition}:sns:{region}:{account}:{name}" for name in found))


def own_metrics(names: Names) -> tuple[Metric, Metric]:
    """The source's metric, and the one that is used where other people's filters add to that."""
    return (names.namespace, names.metric), (names.namespace, candidates(names.metric, LONGEST_METRIC)[1])


def chosen(arns: Sequence[str], owners: Owners) -> str | None:
    """Which of these to use: the one that is ours already, else the first that is free. None where all are somebody
    else's, or where one may be ours and its tags could not be read."""
    owner_of = {arn: owners.get(arn, Owner.SOMEBODY) for arn in arns}
    ours = next((arn for arn, owner in owner_of.items() if owner is Owner.US), None)
    if ours or Owner.UNKNOWN in owner_of.values():
        return ours
    return next((arn for arn, owner in owner_of.items() if owner is Owner.NOBODY), None)


def as_seen(holdings: Holdings, filters: Mapping[str, MetricFilter], keys: Mapping[str, str | None]) -> Holdings:
    """The same, with the entries of what is ours as what is there shows them: a run may have ended between a write and
    its end in the ledger.

    filters: the metric filters by resource. keys: of each topic, its KmsMasterKeyId.
    """

    def is_as_next(resource: str, before: Written, wanted: Written) -> bool:
        if resource in filters:
            return filter_state(filters[resource]) == wanted
        actions = holdings.alarms.get(resource, {}).get("AlarmActions", ())
        key = keys.get(resource)
        there = _parts({"AlarmActions": actions, "Tags": holdings.tags[resource], "KmsMasterKeyId": key})
        old, new = _parts(before), _parts(wanted)
        # What was to be added is there; if nothing was, what was to go is gone.
        return new <= there and (not new <= old or (old - new).isdisjoint(there))

    entries = {
        resource: entry.seen(
            is_as_next=is_as_next(resource, entry.now or {}, entry.next),
            created=filters[resource].created if resource in filters else None,
        )
        if entry.next is not None and holdings.owners.get(resource) is Owner.US
        else entry
        for resource, entry in holdings.ledger.entries.items()
    }
    return replace(holdings, ledger=replace(holdings.ledger, entries=entries))


def _parts(written: Written) -> set[tuple[object, ...]]:
    """Each action, each tag and the key."""
    tags, actions = written.get("Tags", {}).items(), written.get("AlarmActions", ())
    return {*tags, *((action,) for action in actions), (None, None, written.get("KmsMasterKeyId"))}


def owner_of_tagged(
    resource: str, tags: Mapping[str, str] | Unreadable | None, ledger: Ledger, stack: Stack | None
) -> Owner:
    """Whose an alarm or a topic is. `tags`: None where it does not exist."""
    if tags is None:
        return Owner.NOBODY
    if isinstance(tags, Unreadable) or ledger.is_unknown(resource):
        return Owner.UNKNOWN
    ours = stack is not None and resource in ledger.entries and tags.get(TAG) == stack.id
    return Owner.US if ours else Owner.SOMEBODY


def owner_of_filter(resource: str, found: MetricFilter | None, ledger: Ledger) -> Owner:
    """Whose a metric filter is. `found`: None where it does not exist."""
    if found is None:
        return Owner.NOBODY
    entry = ledger.entries.get(resource)
    if ledger.is_unknown(resource) or (entry and found.unread):
        return Owner.UNKNOWN
    return Owner.US if entry and _is_as_written(found, entry) else Owner.SOMEBODY


def _is_as_written(found: MetricFilter, entry: Entry) -> bool:
    # Somebody may have made the same one before the entry, since the run ended that intended it (another stack with the
    # same settings does), or after ours was deleted.
    state, created = filter_state(found), found.created_at
    if entry.made and state == entry.now:
        return entry.created in (None, found.created)
    if created is None or created < entry.at - CLOCKS or state not in entry.values:
        return False
    return entry.made or created <= entry.at + LONGEST_RUN + CLOCKS

"""Backout: what takes away everything that bears our mark, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import Place, short
from blindspot.model.findings import unread
from blindspot.model.profile import Profile
from blindspot.model.snapshot import MetricFilter, Snapshot, Unreadable
from blindspot.remediation import ownership as naming
from blindspot.remediation.actions import Action, DeleteAlarm, DeleteFilter, DeleteTopic
from blindspot.remediation.ownership import SUFFIX, Owner, Owners


@dataclass(frozen=True, slots=True)
class Held:
    """What one place holds.

    alarms: by ARN, every alarm with all that it acts on. topics: the ARNs of all topics.
    filters: every metric filter with the ARN of its log group.
    """

    place: Place
    alarms: Mapping[str, tuple[str, ...]] | Unreadable
    topics: tuple[str, ...] | Unreadable
    filters: tuple[tuple[str, MetricFilter], ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays, or was not looked at; why, and what to do about it."""

    resource: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Backout:
    """What to do, in this order, and what is left."""

    actions: tuple[Action, ...]
    left: tuple[Left, ...]


def in_question(held: Held, profile: Profile, partition: str) -> tuple[str, ...]:
    """The alarms and topics there that have one of the names which remediation gives, or may have given."""
    names = naming.every_name(profile)
    ours = {*naming.alarm_arns(names, partition, held.place), *naming.topic_arns(names, partition, held.place)}
    there = [arn for found in (held.alarms, held.topics) if not isinstance(found, Unreadable) for arn in found]
    return tuple(arn for arn in there if arn in ours or arn.endswith(SUFFIX))


def backout(held: Iterable[Held], owners: Owners, profile: Profile) -> Backout:
    """What takes back all that remediation made, alarms first: then nothing rings that leads nowhere.

    owners: whose the alarms and topics are that `in_question` names.
    """
    found = [each for place in held for each in _of_place(place, owners, profile)]
    left = tuple(each for each in found if isinstance(each, Left))
    return Backout(tuple(each for each in found if not isinstance(each, Left)), left)


def _of_place(held: Held, owners: Owners, profile: Profile) -> Iterator[Action | Left]:
    for what, read in (("alarms", held.alarms), ("topics", held.topics), ("metric filters", held.filters)):
        if isinstance(read, Unreadable):
            yield Left(f"{what} in {held.place[1]}", unread(what, read).message, AGAIN)
    alarms = {} if isinstance(held.alarms, Unreadable) else held.alarms
    topics = () if isinstance(held.topics, Unreadable) else held.topics
    ours = [arn for arn in alarms if owners.get(arn) is Owner.US]
    yield from map(DeleteAlarm, ours)
    for topic in topics:
        if owners.get(topic) is Owner.US:
            yield from _topic(topic, held, owners)
    for arn in (*alarms, *topics):
        if owners.get(arn) is Owner.UNKNOWN:
            yield Left(arn, "Its tags could not be read.", AGAIN)
        elif owners.get(arn) is Owner.SOMEBODY and arn.endswith(SUFFIX):
            yield Left(arn, "It does not bear the tag that remediation gives.", BY_HAND)
    yield from _filters(held, ours, profile)


def _topic(topic: str, held: Held, owners: Owners) -> Iterator[Action | Left]:
    if isinstance(held.alarms, Unreadable):
        yield Left(topic, "Which alarms notify it could not be read.", AGAIN)
        return
    notifying = {arn: owners.get(arn) for arn, actions in held.alarms.items() if topic in actions}
    if Owner.UNKNOWN in notifying.values():
        yield Left(topic, "An alarm that notifies it may be ours: its tags could not be read.", AGAIN)
        return
    yield DeleteTopic(topic, needs=tuple(arn for arn, owner in notifying.items() if owner is Owner.US))
    for arn, owner in notifying.items():
        if owner is not Owner.US:
            why = f"It notifies topic {short(topic)}, which remediation made and backout deletes."
            yield Left(arn, why, "Give this alarm another topic.")


def _filters(held: Held, ours: list[str], profile: Profile) -> Iterator[Action | Left]:
    names = {naming.filter_name(each) for each in naming.every_name(profile)}
    filters = () if isinstance(held.filters, Unreadable) else held.filters
    for log_group, found in filters:
        beside = (other for group, other in filters if group == log_group)
        if found.name in names and naming.is_ours(found, beside, profile):
            yield DeleteFilter(log_group, found, needs=tuple(ours))
        elif found.name.endswith(SUFFIX):
            why = "It bears our suffix, but not a name and metric that a profile or Overrides gives."
            yield Left(filter_resource(log_group, found.name), why, BY_HAND)


def not_looked_at(snapshot: Snapshot) -> Iterator[Left]:
    """The regions that backout does not reach."""
    if isinstance(snapshot.regions, Unreadable):
        why = f"{unread('regions', snapshot.regions).message} Only {snapshot.own_region} was looked at."
        yield Left("regions", why, AGAIN)
    for skipped in snapshot.skipped:
        if skipped.excluded:
            yield Left(skipped.region, "ExcludedRegions leaves the region out.", "Look there by hand, or leave it in.")


AGAIN = "Run backout again."
BY_HAND = "Look whether anybody needs it, and delete it by hand."

"""Backout: deletes everything that remediation created, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blindspot.chain.metric_filter import filter_resource, filter_title
from blindspot.model.arn import Arn, Place, short
from blindspot.model.findings import unread
from blindspot.model.profile import Profile
from blindspot.model.snapshot import MetricFilter, Snapshot, Unreadable
from blindspot.remediation import ownership
from blindspot.remediation.actions import Action, DeleteAlarm, DeleteFilter, DeleteTopic
from blindspot.remediation.ownership import SUFFIX, Owner, Owners


@dataclass(frozen=True, slots=True)
class Inventory:
    """The alarms, topics and metric filters of one place.

    alarms: by ARN, every alarm with the ARNs of all its actions. topics: the ARNs of all topics.
    filters: every metric filter with the ARN of its log group.
    """

    place: Place
    alarms: Mapping[str, tuple[str, ...]] | Unreadable
    topics: tuple[str, ...] | Unreadable
    filters: tuple[tuple[str, MetricFilter], ...] | Unreadable


@dataclass(frozen=True, slots=True)
class NotDeleted:
    """Something that is not deleted, or was not checked; why, and what to do about it."""

    resource: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Backout:
    """The actions, in this order, and what they do not delete."""

    actions: tuple[Action, ...]
    not_deleted: tuple[NotDeleted, ...]


def possibly_ours(inventory: Inventory, profile: Profile, partition: str) -> tuple[str, ...]:
    """The alarms and topics there that have a name which remediation gives, or may have given earlier."""
    names = ownership.every_name(profile)
    ours = {
        *ownership.alarm_arns(names, partition, inventory.place),
        *ownership.topic_arns(names, partition, inventory.place),
    }
    there = [
        arn for found in (inventory.alarms, inventory.topics) if not isinstance(found, Unreadable) for arn in found
    ]
    return tuple(arn for arn in there if arn in ours or arn.endswith(SUFFIX))


def backout(inventories: Iterable[Inventory], owners: Owners, profile: Profile) -> Backout:
    """What deletes everything that remediation created. Alarms come first, so that none is left without its topic.

    owners: of the alarms and topics that `possibly_ours` lists.
    """
    found = [each for inventory in inventories for each in _of_place(inventory, owners, profile)]
    not_deleted = tuple(each for each in found if isinstance(each, NotDeleted))
    return Backout(tuple(each for each in found if not isinstance(each, NotDeleted)), not_deleted)


def _of_place(inventory: Inventory, owners: Owners, profile: Profile) -> Iterator[Action | NotDeleted]:
    for what, read in (
        ("alarms", inventory.alarms),
        ("topics", inventory.topics),
        ("metric filters", inventory.filters),
    ):
        if isinstance(read, Unreadable):
            yield NotDeleted(f"{what} in {inventory.place[1]}", unread(what, read).message, AGAIN)
    alarms = {} if isinstance(inventory.alarms, Unreadable) else inventory.alarms
    topics = () if isinstance(inventory.topics, Unreadable) else inventory.topics
    ours = [arn for arn in alarms if owners.get(arn) is Owner.US]
    yield from map(DeleteAlarm, ours)
    for topic in topics:
        if owners.get(topic) is Owner.US:
            yield from _topic(topic, inventory, owners)
    for arn in (*alarms, *topics):
        if owners.get(arn) is Owner.UNKNOWN:
            yield NotDeleted(arn, f"{_title(arn)} is not deleted: its tags could not be read.", AGAIN)
        elif owners.get(arn) is Owner.SOMEBODY and arn.endswith(SUFFIX):
            yield NotDeleted(arn, f"{_title(arn)} is not deleted: it does not have the remediator's tag.", BY_HAND)
    yield from _filters(inventory, ours, profile)


def _topic(topic: str, inventory: Inventory, owners: Owners) -> Iterator[Action | NotDeleted]:
    if isinstance(inventory.alarms, Unreadable):
        why = "the alarms in its region could not be read, and one of them may notify it"
        yield NotDeleted(topic, f"{_title(topic)} is not deleted: {why}.", AGAIN)
        return
    notifying = {arn: owners.get(arn) for arn, actions in inventory.alarms.items() if topic in actions}
    if Owner.UNKNOWN in notifying.values():
        why = "the tags of an alarm that notifies it could not be read, and that alarm may be the remediator's"
        yield NotDeleted(topic, f"{_title(topic)} is not deleted: {why}.", AGAIN)
        return
    yield DeleteTopic(topic, needs=tuple(arn for arn, owner in notifying.items() if owner is Owner.US))
    for arn, owner in notifying.items():
        if owner is not Owner.US:
            why = f"{_title(arn)} is not deleted, but it notifies topic {short(topic)}, which backout deletes."
            yield NotDeleted(arn, why, "Set another topic as this alarm's action.")


def _filters(inventory: Inventory, ours: list[str], profile: Profile) -> Iterator[Action | NotDeleted]:
    names = {ownership.filter_name(each) for each in ownership.every_name(profile)}
    filters = () if isinstance(inventory.filters, Unreadable) else inventory.filters
    for log_group, found in filters:
        beside = (other for group, other in filters if group == log_group)
        if found.name in names and found.unread:
            why = f"Metric filter {filter_title(log_group, found.name)} is not deleted: it could not be read."
            yield NotDeleted(filter_resource(log_group, found.name), why, AGAIN)
        elif found.name in names and ownership.is_ours(found, beside, profile):
            yield DeleteFilter(log_group, found, needs=tuple(ours))
        elif found.name.endswith(SUFFIX):
            title = f"Metric filter {filter_title(log_group, found.name)}"
            why = f"{title} is not deleted: no profile and no Overrides give its name and metric."
            yield NotDeleted(filter_resource(log_group, found.name), why, BY_HAND)


def _title(arn: str) -> str:
    """An alarm's or a topic's kind and name, as a sentence begins with them."""
    return f"{'Topic' if Arn.parse(arn).service == 'sns' else 'Alarm'} {short(arn)}"


def regions_not_checked(snapshot: Snapshot) -> Iterator[NotDeleted]:
    """The regions that backout does not reach."""
    if isinstance(snapshot.regions, Unreadable):
        why = f"{unread('regions', snapshot.regions).message} Only {snapshot.own_region} was checked."
        yield NotDeleted("regions", why, AGAIN)
    for skipped in snapshot.skipped:
        if skipped.excluded:
            yield NotDeleted(
                skipped.region, f"Region {skipped.region} is in ExcludedRegions, so it was not checked.", BY_REGION
            )


AGAIN = "Run backout again."
BY_HAND = "Check whether anybody needs it. If nobody does, delete it by hand."
BY_REGION = "Check the region by hand, or remove it from ExcludedRegions and run backout again."

"""Backout: what takes away everything that bears our mark, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blindspot import naming
from blindspot.actions import Action, DeleteAlarm, DeleteFilter, DeleteTopic
from blindspot.counting import filter_resource
from blindspot.gaps import short, unread
from blindspot.naming import SUFFIX, Owner, Owners
from blindspot.profile import Profile
from blindspot.snapshot import Place, Unreadable


@dataclass(frozen=True, slots=True)
class Held:
    """What one place holds.

    alarms: by ARN, every alarm with all that it acts on. topics: the ARNs of all topics.
    filters: every metric filter, as the ARN of its log group and its name.
    """

    place: Place
    alarms: Mapping[str, tuple[str, ...]] | Unreadable
    topics: tuple[str, ...] | Unreadable
    filters: tuple[tuple[str, str], ...] | Unreadable


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays, and why."""

    resource: str
    why: str


@dataclass(frozen=True, slots=True)
class Backout:
    """What to do, in this order, and what is left."""

    actions: tuple[Action, ...]
    left: tuple[Left, ...]


def in_question(held: Held, profile: Profile, partition: str) -> tuple[str, ...]:
    """The alarms and topics there that have one of the names which remediation gives."""
    names = naming.every_name(profile)
    ours = {*naming.alarm_arns(names, partition, held.place), *naming.topic_arns(names, partition, held.place)}
    there = [arn for found in (held.alarms, held.topics) if not isinstance(found, Unreadable) for arn in found]
    return tuple(arn for arn in there if arn in ours)


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
            yield Left(f"{what} in {held.place[1]}", unread(what, read).message)
    alarms = {} if isinstance(held.alarms, Unreadable) else held.alarms
    topics = () if isinstance(held.topics, Unreadable) else held.topics
    ours = [arn for arn in alarms if owners.get(arn) is Owner.US]
    yield from map(DeleteAlarm, ours)
    for topic in topics:
        if owners.get(topic) is Owner.US:
            yield from _topic(topic, held, ours)
    for arn in (*alarms, *topics):
        if owners.get(arn) is Owner.SOMEBODY and arn.endswith(SUFFIX):
            yield Left(arn, "It does not bear the tag that remediation gives, or its tags could not be read.")
    yield from _filters(held, profile)


def _topic(topic: str, held: Held, ours: list[str]) -> Iterator[Action | Left]:
    if isinstance(held.alarms, Unreadable):
        yield Left(topic, "Which alarms notify it could not be read.")
        return
    notifying = [arn for arn, actions in held.alarms.items() if topic in actions]
    yield DeleteTopic(topic, needs=tuple(arn for arn in notifying if arn in ours))
    for arn in notifying:
        if arn not in ours:
            yield Left(arn, f"It notifies topic {short(topic)}, which remediation made and backout deletes.")


def _filters(held: Held, profile: Profile) -> Iterator[Action | Left]:
    names = {naming.filter_name(each) for each in naming.every_name(profile)}
    for log_group, name in () if isinstance(held.filters, Unreadable) else held.filters:
        if name in names:
            yield DeleteFilter(log_group, name)
        elif name.endswith(SUFFIX):
            why = "It bears our suffix, but no name that a profile or Overrides gives."
            yield Left(filter_resource(log_group, name), why)

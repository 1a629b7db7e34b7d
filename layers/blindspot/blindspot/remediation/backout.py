"""Backout: deletes what this stack's ledger says that remediation made, as far as nobody else uses it. Pure.

Alarms come first, so that none is left without its topic or its metric; then topics, with their subscriptions; then
metric filters. What is left stays in the ledger, so that a later backout finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from blindspot.chain.alarm_graph import AlarmGraph
from blindspot.languages import alarm_rule
from blindspot.model.arn import place_of, short
from blindspot.model.findings import unread
from blindspot.model.snapshot import Alarm, MetricFilter, OtherAlarm, Subscription, Unreadable
from blindspot.remediation.deletions import Deletion, delete_alarm, delete_filter, delete_topic
from blindspot.remediation.ledger import (
    BY_ENTRY,
    Ledger,
    State,
    kind_of,
    subscription_resource,
    title_of,
    topic_of,
)
from blindspot.remediation.ownership import TAG, Metric, Owner, Owners
from blindspot.remediation.writes import OUR_STATEMENT, our_statement


@dataclass(frozen=True, slots=True)
class FoundAlarm:
    """An alarm. notifies: the ARNs of its actions in all states. state: what PutMetricAlarm would make it of; empty for
    an alarm of another type."""

    alarm: Alarm
    notifies: tuple[str, ...]
    state: State = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic. state: its attributes; Policy is text where it is not JSON. more: whether it has so many subscriptions
    that the others were not read."""

    state: State
    subscriptions: tuple[Subscription, ...] | Unreadable
    more: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is there of what the ledger has in one region, and what else uses it.

    alarms: by ARN, every alarm of the region. topics, filters: by resource, those of the ledger; None for one that does
    not exist. owners: of the ledger's alarms, topics and metric filters. tags: of its alarms and topics, as far as they
    were read.
    """

    alarms: Mapping[str, FoundAlarm] | Unreadable
    topics: Mapping[str, FoundTopic | Unreadable | None]
    filters: Mapping[str, MetricFilter | Unreadable | None]
    owners: Owners
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotDeleted:
    """Something that is not deleted, or that a deletion affects; why, and what to do about it. `code`: of the manual
    task that this is."""

    resource: str
    why: str
    fix: str
    code: str = "left"


@dataclass(frozen=True, slots=True)
class Removal:
    """An entry to remove from the ledger: the thing is gone, or it is no longer ours."""

    resource: str


@dataclass(frozen=True, slots=True)
class Backout:
    """The actions, in this order, what they do not delete, and the entries to remove beside theirs."""

    actions: tuple[Deletion, ...]
    not_deleted: tuple[NotDeleted, ...]
    removals: tuple[str, ...] = ()


Part = Deletion | NotDeleted | Removal


@dataclass(frozen=True, slots=True)
class Named:
    """The resources of one region that the ledger names. `topics` has those of the subscriptions too."""

    alarms: tuple[str, ...]
    topics: tuple[str, ...]
    subscriptions: tuple[str, ...]
    filters: tuple[str, ...]


def named(ledger: Ledger) -> dict[str, Named]:
    """By region, what the ledger names."""
    by_region: dict[str, dict[str | None, list[str]]] = {}
    for resource in sorted(ledger.entries):
        by_region.setdefault(place_of(resource)[1], {}).setdefault(kind_of(resource), []).append(resource)
    return {region: _named(by_kind) for region, by_kind in sorted(by_region.items())}


def _named(by_kind: Mapping[str | None, list[str]]) -> Named:
    alarms, subscriptions, filters = (by_kind.get(kind, []) for kind in ("alarm", "subscription", "metric filter"))
    subscribed = [topic for each in subscriptions if (topic := topic_of(each))]
    topics = dict.fromkeys([*by_kind.get("topic", []), *subscribed])
    return Named(tuple(alarms), tuple(topics), tuple(subscriptions), tuple(filters))


def log_group_of(metric_filter: str) -> tuple[str, str]:
    """The ARN of the log group, and the name, of the metric filter that an entry names."""
    log_group, _, name = metric_filter.partition(":metric-filter:")
    return log_group, name


def backout(ledger: Ledger, inventories: Mapping[str, Inventory]) -> Backout:
    """What deletes everything that the ledger has. `inventories`: by region, for each that `named` returns."""
    if ledger.unread:
        why = f"{unread('ledger', ledger.unread).message} Without the ledger it is not known what this stack created."
        return Backout((), (NotDeleted("ledger", f"Nothing is deleted: {why}", AGAIN, "ledger.unread"),))
    parts = [*_not_understood(ledger)]
    for region, resources in named(ledger).items():
        parts += _Region(resources, inventories[region], ledger).parts()
    return Backout(
        tuple(part for part in parts if isinstance(part, Deletion)),
        tuple(part for part in parts if isinstance(part, NotDeleted)),
        tuple(part.resource for part in parts if isinstance(part, Removal)),
    )


def _not_understood(ledger: Ledger) -> Iterator[Part]:
    for name, why in sorted(ledger.malformed.items()):
        yield NotDeleted(
            name, f"Entry {name} of the ledger is malformed, so what it names is not deleted: {why}.", BY_ENTRY
        )


def _with_all_alarms(resources: Named, inventory: Inventory) -> Inventory:
    """The inventory, whose alarms are not known where an alarm is not among them that has our tag."""
    if isinstance(inventory.alarms, Unreadable):
        return inventory
    for arn in resources.alarms:
        if arn not in inventory.alarms and inventory.owners.get(arn) is Owner.US:
            missing = Unreadable("cloudwatch:DescribeAlarms", place_of(arn)[1], f"{short(arn)} is missing")
            return replace(inventory, alarms=missing)
    return inventory


class _Region:
    """What becomes of the things of one region."""

    def __init__(self, resources: Named, inventory: Inventory, ledger: Ledger) -> None:
        self.named = resources
        self.found = inventory = _with_all_alarms(resources, inventory)
        self.ledger = ledger
        self.alarms = {} if isinstance(inventory.alarms, Unreadable) else inventory.alarms
        self.graph = AlarmGraph(found.alarm for found in self.alarms.values())

    def parts(self) -> Iterator[Part]:
        for arn in self.named.alarms:
            yield from self.alarm_parts[arn]
        for arn in self.named.topics:
            yield from self.topic(arn)
        for resource in self.named.filters:
            yield from self.filter(resource)

    def owner(self, resource: str) -> Owner:
        return self.found.owners.get(resource, Owner.UNKNOWN)

    @cached_property
    def alarm_parts(self) -> dict[str, tuple[Part, ...]]:
        """By ARN, what becomes of each alarm of the ledger."""
        return {arn: tuple(self.alarm(arn)) for arn in self.named.alarms}

    @cached_property
    def deleted(self) -> frozenset[str]:
        """The alarms that are deleted."""
        parts = (part for parts in self.alarm_parts.values() for part in parts)
        return frozenset(part.resource for part in parts if isinstance(part, Deletion))

    def is_kept(self, alarm: str) -> bool:
        """Whether the alarm is, or may be, ours and is not deleted."""
        ours = alarm in self.named.alarms and self.owner(alarm) is not Owner.SOMEBODY
        return (ours or self.ledger.is_unknown(alarm)) and alarm not in self.deleted

    def alarm(self, arn: str) -> Iterator[Part]:
        if isinstance(self.found.alarms, Unreadable):
            yield _left(arn, unread(arn, self.found.alarms).message, _again(self.found.alarms))
        elif arn not in self.alarms:
            yield Removal(arn)
        elif self.owner(arn) is not Owner.US:
            yield from self.not_ours(arn)
        elif depending := self.depending_on(arn):
            why = f"Composite alarms depend on it: {_names(depending)}."
            yield _left(arn, why, "Remove it from their rules and as their suppressor, then run backout again.")
        else:
            tags = self.found.tags.get(arn, {})
            theirs = {key: value for key, value in tags.items() if key != TAG}
            yield delete_alarm(arn, self.alarms[arn].state, theirs)

    def depending_on(self, arn: str) -> list[str]:
        """The composite alarms whose rule names the alarm, or whose actions it suppresses."""
        (number,) = (number for number in self.graph.called(arn) if self.graph.alarms[number].arn == arn)
        naming = {self.graph.alarms[composite].arn for composite in self.graph.naming.get(number, ())}
        suppressed = {
            composite.arn
            for composite in self.graph.composites.values()
            if composite.suppressor in alarm_rule.names_of(arn)
        }
        return sorted(naming | suppressed)

    def topic(self, arn: str) -> Iterator[Part]:
        found = self.found.topics[arn]
        subscriptions = tuple(each for each in self.named.subscriptions if topic_of(each) == arn)
        if isinstance(found, Unreadable):
            yield _left(arn, unread(arn, found).message, _again(found))
        elif found is None:
            yield from (Removal(each) for each in (arn, *subscriptions) if each in self.ledger.entries)
        elif self.ledger.is_unknown(arn):
            return  # an entry that is not understood may name it
        elif arn not in self.ledger.entries:  # a topic of somebody else that took the name of ours
            yield from map(Removal, subscriptions)
        elif self.owner(arn) is not Owner.US:
            yield from self.not_ours(arn)
            if self.owner(arn) is Owner.SOMEBODY:
                yield from map(Removal, subscriptions)
        elif isinstance(found.subscriptions, Unreadable):
            why = f"It is not known who subscribed to it: {unread(arn, found.subscriptions).message}"
            yield _left(arn, why, AGAIN)
        elif isinstance(self.found.alarms, Unreadable):
            why = f"It is not known which alarms notify it: {unread(arn, self.found.alarms).message}"
            yield _left(arn, why, AGAIN)
        elif kept := sorted(alarm for alarm in self.notifying(arn) if self.is_kept(alarm)):
            yield _left(arn, f"Alarms that are not deleted notify it: {_names(kept)}.", AGAIN)
        elif used := [*self.uses(arn, found, found.subscriptions)]:
            yield _left(arn, " ".join(used), self.commands(arn, found, found.subscriptions))
        else:
            known = frozenset(self.subscription(arn, each) for each in found.subscriptions)
            yield delete_topic(arn, found.state, known, needs=tuple(self.notifying(arn)))

    def notifying(self, topic: str) -> list[str]:
        """The alarms that notify the topic."""
        return [arn for arn, found in self.alarms.items() if topic in found.notifies]

    def uses(self, arn: str, found: FoundTopic, subscriptions: tuple[Subscription, ...]) -> Iterator[str]:
        """A sentence for each way in which others use our topic."""
        if others := sum(not self.is_ours(arn, each) for each in subscriptions):
            of = f"{len(subscriptions)} subscriptions" + (" that were read" if found.more else "")
            yield f"Others subscribed to it ({others} of {of})."
        elif found.more:
            yield f"It has more than {len(subscriptions)} subscriptions, which were not all read."
        if allowing := [*_others_statements(arn, found.state)]:
            yield f"Its policy lets others publish ({', '.join(allowing)})."
        if alarms := [alarm for alarm in self.notifying(arn) if alarm not in self.deleted]:
            yield f"Alarms of somebody else notify it: {_names(alarms)}."

    def subscription(self, topic: str, subscription: Subscription) -> str:
        """What the ledger calls it."""
        return subscription_resource(topic, subscription.protocol, subscription.endpoint)

    def is_ours(self, topic: str, subscription: Subscription) -> bool:
        return self.subscription(topic, subscription) in self.ledger.entries

    def commands(self, arn: str, found: FoundTopic, subscriptions: tuple[Subscription, ...]) -> str:
        """What takes our part of a topic away that others use."""
        region = place_of(arn)[1]
        commands = [
            f"aws sns unsubscribe --subscription-arn {each.arn} --region {region}"
            for each in subscriptions
            if each.arn and self.is_ours(arn, each)
        ]
        # Alarms of others may publish by our statement.
        if self.deleted.issuperset(self.notifying(arn)) and our_statement(arn) in _statements(found.state):
            commands.append(f"aws sns remove-permission --topic-arn {arn} --label {OUR_STATEMENT} --region {region}")
        commands.append(f"aws sns untag-resource --resource-arn {arn} --tag-keys {TAG} --region {region}")
        return (
            f"To take this stack's part away, run: {'; '.join(commands)}. "
            "Without the tag, the next backout leaves the topic to the others."
        )

    def filter(self, resource: str) -> Iterator[Part]:
        found = self.found.filters[resource]
        log_group, _ = log_group_of(resource)
        if isinstance(found, Unreadable):
            yield _left(resource, unread(log_group, found).message, _again(found))
        elif found is None:
            yield Removal(resource)
        elif found.unread:
            yield _left(resource, f"It could not be read ({found.unread}).", AGAIN)
        elif self.owner(resource) is not Owner.US:
            yield from self.not_ours(resource)
        elif isinstance(self.found.alarms, Unreadable):
            why = f"It is not known which alarms watch its metric: {unread(resource, self.found.alarms).message}"
            yield _left(resource, why, AGAIN)
        else:
            yield from self.our_filter(resource, found)

    def our_filter(self, resource: str, found: MetricFilter) -> Iterator[Part]:
        watching = self.watching((found.namespace, found.metric))
        if kept := [arn for arn in watching if self.is_kept(arn)]:
            yield _left(resource, f"Alarms that are not deleted watch its metric: {_names(kept)}.", AGAIN)
            return
        deleted = tuple(arn for arn in watching if arn in self.deleted)
        yield delete_filter(log_group_of(resource)[0], found, needs=deleted)
        for arn in watching:
            if arn not in self.deleted:
                metric = f"{found.namespace}/{found.metric}"
                why = (
                    f"Alarm {short(arn)} of somebody else watches metric {metric}, to which {title_of(resource)} adds."
                )
                fix = "Check whether anybody needs this alarm: after backout the filter adds no more data."
                yield NotDeleted(arn, why, fix)

    def watching(self, metric: Metric) -> list[str]:
        """The alarms on the metric."""
        numbers = self.graph.watching(metric)
        unanalyzed = (alarm for alarm in self.graph.alarms if isinstance(alarm, OtherAlarm) and metric in alarm.metrics)
        return list(dict.fromkeys([*(self.graph.alarms[n].arn for n in numbers), *(alarm.arn for alarm in unanalyzed)]))

    def not_ours(self, resource: str) -> Iterator[Part]:
        """What becomes of a thing that is there and is not, or not surely, ours."""
        if self.owner(resource) is not Owner.SOMEBODY:
            yield _left(resource, "Its tags could not be read, so it may be somebody else's.", AGAIN)
            return
        why = "Somebody changed it" if kind_of(resource) == "metric filter" else "It does not have this stack's tag"
        yield _left(resource, f"{why}, so it is somebody else's.", BY_HAND)
        yield Removal(resource)


def _left(resource: str, why: str, fix: str) -> NotDeleted:
    title = title_of(resource)
    return NotDeleted(resource, f"{title[0].upper()}{title[1:]} is not deleted. {why}", fix)


def _names(arns: Iterable[str]) -> str:
    return ", ".join(map(short, arns))


def _again(read: Unreadable) -> str:
    """What to do where reading failed."""
    return {"Excluded": BY_REGION, "NotOptedIn": OPT_IN}.get(read.error, AGAIN)


def _statements(topic: State) -> list[Any]:
    policy = topic.get("Policy")
    found = policy.get("Statement", []) if isinstance(policy, dict) else []
    return found if isinstance(found, list) else [found]


def _others_statements(arn: str, topic: State) -> Iterator[str]:
    """What names each statement by which others may publish: none of ours, none that only denies, and not the one that
    SNS gives every new topic, which lets its own account publish."""
    if not isinstance(topic.get("Policy"), dict):
        yield "it could not be understood"
    for statement in _statements(topic):
        found = statement if isinstance(statement, dict) else {}
        if statement != our_statement(arn) and found.get("Effect") != "Deny" and not _is_default(arn, found):
            yield f"statement {found['Sid']}" if found.get("Sid") else "a statement without a Sid"


def _is_default(arn: str, statement: Mapping[str, Any]) -> bool:
    owner = {"StringEquals": {"AWS:SourceOwner": place_of(arn)[0]}}
    return statement.get("Sid") == "__default_statement_ID" and statement.get("Condition") == owner


AGAIN = "Run backout again."
BY_HAND = "Delete it by hand if nobody needs it."
BY_REGION = "Remove the region from ExcludedRegions and run backout again."
OPT_IN = "Enable the region and run backout again."

"""How remediation names what it creates, and how it recognizes that later.

An alarm and a topic have a tag from the moment they are created. A metric filter can have no tags: its name ends in the
suffix. What has neither is somebody else's and is never written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache

from blindspot.model import profile
from blindspot.model.arn import Place
from blindspot.model.profile import Names, Profile
from blindspot.model.snapshot import MetricFilter

SUFFIX = "-blindspot"

MARK = ("blindspot", "remediation")
"""The tag, key and value, of the alarms and topics that remediation created."""

LONGEST_FILTER, LONGEST_METRIC, LONGEST_ALARM, LONGEST_TOPIC = 512, 255, 255, 256
"""Characters of a name (API references: PutMetricFilter, PutMetricAlarm, CreateTopic)."""

Metric = tuple[str, str]
"""A namespace and a name."""


class Owner(Enum):
    """Who owns the resource of a name: NOBODY where there is none, UNKNOWN where its tags could not be read."""

    NOBODY = "nobody"
    US = "us"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"


Owners = Mapping[str, Owner]
"""By ARN."""


def suffixed(name: str, longest: int) -> str:
    """The name with the suffix, unless it ends in it already; cut where it would be too long."""
    return name if name.endswith(SUFFIX) else name[: longest - len(SUFFIX)] + SUFFIX


@cache
def _sources() -> tuple[Profile, ...]:
    """Every profile as its source has it."""
    return tuple(map(profile.load, profile.names()))


def filter_name(names: Names) -> str:
    """The name of our metric filter on any log group."""
    return suffixed(names.filter, LONGEST_FILTER)


def topic_names(names: Names) -> tuple[str, str]:
    """The names that our topic may have."""
    return names.topic, suffixed(names.topic, LONGEST_TOPIC)


def alarm_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The ARNs that our alarm may have: with the sources' names, and with those and the suffix."""
    account, region = place
    found = (name for each in names for name in (each.alarm, suffixed(each.alarm, LONGEST_ALARM)))
    return tuple(dict.fromkeys(f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}" for name in found))


def topic_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The ARNs that our topic may have: with the sources' names, and with those and the suffix."""
    account, region = place
    found = (name for each in names for name in topic_names(each))
    return tuple(dict.fromkeys(f"arn:{partition}:sns:{region}:{account}:{name}" for name in found))


def own_metrics(names: Names) -> tuple[Metric, Metric]:
    """The source's metric, and the one that is used where other people's filters add to that."""
    return (names.namespace, names.metric), (names.namespace, suffixed(names.metric, LONGEST_METRIC))


def is_ours(found: MetricFilter, beside: Iterable[MetricFilter], current: Profile) -> bool:
    """Whether a metric filter of our name has a source's pattern, or adds to a metric that remediation would choose:
    one of its own, or that of a filter beside it. Otherwise it is somebody else's, in spite of its name; so is one that
    is malformed in AWS's answer."""
    patterns = {source.pattern.text for source in (current, *_sources())}
    own = {metric for names in every_name(current) for metric in own_metrics(names)}
    theirs = {(other.namespace, other.metric) for other in beside if other.name != found.name}
    if found.unread:
        return False
    return found.pattern in patterns or (found.namespace, found.metric) in own | theirs


def every_name(current: Profile) -> tuple[Names, ...]:
    """The names of the current profile and of every other: an earlier run may have used another profile."""
    return tuple(source.names for source in (current, *_sources()))


def chosen(arns: Sequence[str], owners: Owners) -> str | None:
    """Which of these to use: the one that is ours already, else the first that is free. None where all are somebody
    else's, or where one may be ours and its tags could not be read."""
    owner_of = {arn: owners.get(arn, Owner.SOMEBODY) for arn in arns}
    ours = next((arn for arn, owner in owner_of.items() if owner is Owner.US), None)
    if ours or Owner.UNKNOWN in owner_of.values():
        return ours
    return next((arn for arn, owner in owner_of.items() if owner is Owner.NOBODY), None)

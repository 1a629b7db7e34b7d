"""What remediation calls what it makes, and how it knows it again.

An alarm and a topic bear a tag from the moment they are created. A metric filter cannot have one: its name ends in the
suffix. What bears neither is somebody else's, and is never written to.
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
"""The tag, key and value, of the alarms and topics that remediation made."""

LONGEST_FILTER, LONGEST_METRIC, LONGEST_ALARM, LONGEST_TOPIC = 512, 255, 255, 256
"""Characters of a name (API references: PutMetricFilter, PutMetricAlarm, CreateTopic)."""

Metric = tuple[str, str]
"""A namespace and a name."""


class Owner(Enum):
    """Whose the resource of a name is; UNKNOWN where its tags could not be read."""

    NOBODY = "nobody"
    US = "us"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"


Owners = Mapping[str, Owner]
"""By ARN."""


def suffixed(name: str, longest: int) -> str:
    """The name with the suffix, which it may have already, cut where it would be too long."""
    return name if name.endswith(SUFFIX) else name[: longest - len(SUFFIX)] + SUFFIX


@cache
def _sources() -> tuple[Profile, ...]:
    """Every profile as its source has it."""
    return tuple(map(profile.load, profile.names()))


def filter_name(names: Names) -> str:
    """The name of our metric filter on any log group."""
    return suffixed(names.filter, LONGEST_FILTER)


def topic_names(names: Names) -> tuple[str, str]:
    """What our topic may be called."""
    return names.topic, suffixed(names.topic, LONGEST_TOPIC)


def alarm_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The alarms that may be ours: by the sources' names, and by those with the suffix."""
    account, region = place
    found = (name for each in names for name in (each.alarm, suffixed(each.alarm, LONGEST_ALARM)))
    return tuple(dict.fromkeys(f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}" for name in found))


def topic_arns(names: Iterable[Names], partition: str, place: Place) -> tuple[str, ...]:
    """The topics that may be ours: by the sources' names, and by those with the suffix."""
    account, region = place
    found = (name for each in names for name in topic_names(each))
    return tuple(dict.fromkeys(f"arn:{partition}:sns:{region}:{account}:{name}" for name in found))


def own_metrics(names: Names) -> tuple[Metric, Metric]:
    """The source's metric, and the one that is used where others' filters spoil that."""
    return (names.namespace, names.metric), (names.namespace, suffixed(names.metric, LONGEST_METRIC))


def is_ours(found: MetricFilter, beside: Iterable[MetricFilter], judged_by: Profile) -> bool:
    """Whether a metric filter of our name has a source's pattern, or adds to a metric that remediation would choose:
    one of its own, or that of a filter beside it. Another is somebody else's, in spite of its name."""
    patterns = {source.pattern.text for source in (judged_by, *_sources())}
    own = {metric for names in every_name(judged_by) for metric in own_metrics(names)}
    theirs = {(other.namespace, other.metric) for other in beside if other.name != found.name}
    return found.pattern in patterns or (found.namespace, found.metric) in own | theirs


def every_name(judged_by: Profile) -> tuple[Names, ...]:
    """The names of the profile in force and of every other: an earlier one may have been remediated by."""
    return tuple(source.names for source in (judged_by, *_sources()))


def chosen(arns: Sequence[str], owners: Owners) -> str | None:
    """Which of these to use: what is ours already, else the first that is free; None where all are somebody else's, or
    one may be ours for all that is known."""
    whose = {arn: owners.get(arn, Owner.SOMEBODY) for arn in arns}
    ours = next((arn for arn, owner in whose.items() if owner is Owner.US), None)
    if ours or Owner.UNKNOWN in whose.values():
        return ours
    return next((arn for arn, owner in whose.items() if owner is Owner.NOBODY), None)

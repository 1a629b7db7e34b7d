"""The ledger: what this stack's remediator made, written down before it makes it. Pure.

There is an SSM parameter for each thing, under the stack's own path, named by the SHA-256 of what it names. Nothing
else says what is ours: no name, and no tag alone. For each write an entry goes through these steps:

    next = what is to be written    (the first time created, never overwritten; `made` is false until it was there)
    the write, and what is there read back
    now = next, made

So whenever a run ends, the thing is as `now` or as `next` says, or it is somebody else's work.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from blindspot.chain.metric_filter import filter_title
from blindspot.model.arn import Arn, is_arn, short
from blindspot.model.snapshot import MetricFilter, Unreadable

LARGEST_ENTRY = 4096
"""Bytes of a standard SSM parameter's value (Systems Manager user guide, "Managing parameter tiers")."""

BY_ENTRY = (
    "Find out who changed this SSM parameter. Restore it from its history, or delete it and what it names by hand."
)
"""What a person does about an entry that is not understood."""

_OF_A_STACK = 16
"""Characters of the hash by which an entry names its stack."""

State = Mapping[str, Any]
"""What a thing is like, in the words of the call that writes it and without its names, tags and empty values.

A metric filter: what PutMetricFilter takes beside logGroupName and filterName. An alarm: what PutMetricAlarm takes
beside AlarmName and Tags. A topic: its attributes Policy (parsed JSON) and KmsMasterKeyId. A subscription: nothing.
"""

Written = Mapping[str, Any]
"""What remediation wrote to a thing, as JSON: of a metric filter all of it; of an alarm or a topic what it has beside
what people may have added."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger has of one thing.

    resource: as in `actions`. plan: the id of the plan that wrote it. made: whether the thing was ever there.
    at: when the entry was first written; aware, in UTC. now, next: what was written, and what is being written; None
    where there is nothing. created: when AWS says that a metric filter as in `now` was created, in milliseconds since
    1970: an equal one of another time is somebody else's. version: of the SSM parameter as it was read; 0 for an entry
    that is not stored yet. is_stored: False where it says more than the parameter.
    """

    resource: str
    plan: str
    made: bool
    at: datetime
    now: Written | None
    next: Written | None
    created: int | None = None
    version: int = field(default=0, compare=False)
    is_stored: bool = field(default=True, compare=False)

    @property
    def values(self) -> tuple[Written, ...]:
        """What the thing may be like."""
        return tuple(value for value in (self.now, self.next) if value is not None)

    @classmethod
    def new(cls, resource: str, plan: str, wanted: Written, at: datetime, version: int = 0) -> Entry:
        """The entry before a thing is made. `version`: of the entry of an earlier one, which this replaces."""
        return cls(resource, plan, made=False, at=at, now=None, next=wanted, version=version)

    def intending(self, plan: str, wanted: Written) -> Entry:
        """The entry before a write of that to what is there; what it does not write stays as it is."""
        now = self.next if self.now is None else self.now
        return replace(self, plan=plan, now=now, next={**(now or {}), **wanted})

    def seen(self, *, is_as_next: bool, created: int | None = None) -> Entry:
        """The entry of what is there, after a run that ended between a write and the entry's `now = next`."""
        if self.next is None or (self.now is None and not is_as_next):
            return self
        return replace(self.settled(created) if is_as_next else replace(self, next=None), is_stored=False)

    def settled(self, created: int | None = None) -> Entry:
        """The entry after a write that was read back, which saw that creation time."""
        return replace(self, made=True, now=self.next, next=None, created=created)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries by resource.

    malformed: by the last part of the SSM parameter's name, why an entry is not understood.
    unread: why entries may be missing; None where all were read.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    malformed: Mapping[str, str] = field(default_factory=dict)
    unread: Unreadable | None = None

    def is_unknown(self, resource: str) -> bool:
        """Whether there may be an entry of this resource that was not read or not understood."""
        return resource not in self.entries and (self.unread is not None or digest(resource) in self.malformed)


def digest(resource: str) -> str:
    """The last part of the parameter's name: an SSM parameter's name can hold no ARN."""
    # AWS's answers are JSON, in which a name can have half a surrogate pair.
    return hashlib.sha256(resource.encode(errors="surrogatepass")).hexdigest()


def encoded(entry: Entry, stack: str) -> str:
    """The value of the parameter: JSON in base64url, as a value of SSM can hold no `{{`. `stack`: the stack's id."""
    fields = {
        "stack": digest(stack)[:_OF_A_STACK],
        "resource": entry.resource,
        "plan": entry.plan,
        "state": "made" if entry.made else "intended",
        "at": entry.at.isoformat(timespec="milliseconds"),
        "now": entry.now,
        "next": entry.next,
        "created": entry.created,
    }
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def decoded(name: str, value: str, version: int, stack: str | None = None) -> Entry:
    """The entry in the parameter of this name (its last part). Raises ValueError, which says what is wrong.

    stack: the id of the stack whose entry it must be: one that was copied from the ledger of another makes nothing
    ours. None for any stack's.
    """
    try:
        fields = json.loads(base64.b64decode(value.encode(), altchars=b"-_", validate=True))
        at = datetime.fromisoformat(fields["at"])
        made = {"made": True, "intended": False}[fields["state"]]
        values = fields["now"], fields["next"], fields["created"]
        entry = Entry(fields["resource"], fields["plan"], made, at, *values, version)
        right = isinstance(entry.plan, str) and digest(entry.resource) == name and at.tzinfo is not None
        right = right and kind_of(entry.resource) is not None
        right = right and (stack is None or fields["stack"] == digest(stack)[:_OF_A_STACK])
        right = right and all(value is None or isinstance(value, dict) for value in (entry.now, entry.next))
        right = right and isinstance(entry.created, int | None)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError("it is not JSON in base64url with the fields of an entry") from error
    if not right:
        raise ValueError("its fields are not those of an entry of this name and stack")
    return entry


def filter_state(found: MetricFilter) -> State:
    """What a metric filter is like."""
    transformation = {
        "metricName": found.metric,
        "metricNamespace": found.namespace,
        "metricValue": found.value,
        "defaultValue": found.default,
        "dimensions": dict(found.dimensions),
        # AWS may return this for a filter without one.
        "unit": None if found.unit == "None" else found.unit,
    }
    return without_empty(
        {
            "filterPattern": found.pattern,
            "metricTransformations": [without_empty(transformation)],
            "fieldSelectionCriteria": found.field_selection,
            "applyOnTransformedLogs": found.on_transformed_logs or None,
            "emitSystemFieldDimensions": list(found.system_dimensions),
        }
    )


def without_empty(fields: Mapping[str, Any]) -> State:
    """The fields that have a value: AWS omits some empty ones and returns others."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def subscription_resource(topic: str, protocol: str, endpoint: str) -> str:
    """The id of a subscription, which has an ARN only once it is confirmed. It shows nothing of the endpoint, which
    may be a secret."""
    return f"{topic}:{protocol}:{hashlib.sha256(masked(endpoint).encode()).hexdigest()[:12]}"


def masked(endpoint: str) -> str:
    """The endpoint as SNS lists it: `https://user:****@host` for an address that has a password."""
    return re.sub(r"(://[^/@:]*:)[^/@]*@", r"\1****@", endpoint)


def kind_of(resource: str) -> str | None:
    """What kind of thing this is; None where it is none that remediation makes."""
    if not is_arn(resource):
        return None
    arn = Arn.parse(resource)
    if arn.service == "logs":
        return "metric filter" if ":metric-filter:" in arn.resource else None
    if arn.service == "sns":
        return "subscription" if ":" in arn.resource else "topic"
    return "alarm" if arn.service == "cloudwatch" and arn.resource.startswith("alarm:") else None


def title_of(resource: str) -> str:
    """A thing's kind and name, as a text that a person reads has them."""
    log_group, is_filter, name = resource.partition(":metric-filter:")
    return f"metric filter {filter_title(log_group, name)}" if is_filter else f"{kind_of(resource)} {short(resource)}"


def topic_of(resource: str) -> str | None:
    """The topic of a subscription's resource; None for any other resource."""
    parts = resource.split(":")
    return ":".join(parts[:6]) if parts[2] == "sns" and len(parts) > 6 else None

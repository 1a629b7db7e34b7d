"""The chains of a document: each path from a trail to whom it notifies, with its broken link marked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from blindspot.chain.metric_filter import filter_resource
from blindspot.model.arn import Arn, is_arn, short
from blindspot.report.part import Part
from blindspot.report.view import Chain, Finding, Link, State
from blindspot.verdict.assessment import Verdict

ALARMED = {
    "trail": "trail",
    "log group": "log_group",
    "metric filter": "filter",
    "alarm": "alarm",
    "topic": "topic",
    "subscription": "subscription",
}
"""The links by what people call them, in their order, and the fields of a channel that have them."""

SENT = {
    "trail": "trail",
    "log group": "log_group",
    "subscription filter": "filter",
    "destination": "subscription",
}
"""The same where log events are sent to a SIEM."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel of the document. gap: the code of its first broken link."""

    links: tuple[Link, ...]
    gap: str | None
    sees: str

    @property
    def reach(self) -> int:
        return sum(link.resource is not None for link in self.links)

    def has(self, kind: str) -> bool:
        return any(link.kind == kind for link in self.links)


def chains(document: Part, gaps: Sequence[Finding], doubts: Sequence[Finding]) -> Iterator[Chain]:
    """A chain for each gap or, where there is none, for each doubt; without any, those by which the control
    holds, if it does."""
    channels = [_channel(part) for part in document.items("channels")]
    state = State.BROKEN if gaps else State.UNKNOWN
    for finding in gaps or doubts:
        kind = _broken_kind(finding)
        if kind is not None:
            nearest = _nearest(channels, _of_regions(document, finding), finding, kind)
            yield Chain(_marked(nearest, kind, finding, state), finding)
    if not gaps and not doubts and document.verdict("verdict") is Verdict.COMPLIANT:
        holding = [channel for channel in channels if channel.sees == "all"]
        holding = holding or [channel for channel in channels if channel.sees == "some"]
        yield from (Chain(channel.links, None) for channel in holding)


def _channel(part: Part) -> _Channel:
    alarm, topic, subscription = map(part.text_or_none, ("alarm", "topic", "subscription"))
    kinds = SENT if subscription and not alarm and not topic else ALARMED
    links = tuple(_link(part, kind, field) for kind, field in kinds.items())
    if topic and is_arn(topic) and Arn.parse(topic).service != "sns":
        links = (*links[:4], replace(links[4], kind="alarm action"))
    return _Channel(links, part.text_or_none("gap"), part.text("sees"))


def _link(part: Part, kind: str, field: str) -> Link:
    resource = part.text_or_none(field)
    if resource is None:
        return Link(kind, None, "", State.NOT_REACHED)
    if field == "filter":
        return Link(kind, filter_resource(part.text_or_none("log_group") or "", resource), resource, State.HOLDS)
    return Link(kind, resource, _name(kind, resource), State.HOLDS)


def _name(kind: str, resource: str) -> str:
    """What to show: a subscription's own name says nothing to a person."""
    if kind == "subscription":
        return "confirmed"
    return resource.rpartition(":metric-filter:")[2] if kind == "metric filter" else short(resource)


_KINDS = {"log-group": "log group", "filter": "metric filter", "siem": "subscription filter", "key": "topic"}
"""By the first part of a finding's code, the link that it is about, where that is not what people call it."""


def _broken_kind(finding: Finding) -> str | None:
    """The link that the finding is about. Where the code does not name it, the resource does; None where neither."""
    begin = finding.code.partition(".")[0]
    kind = _KINDS.get(begin, begin)
    return kind if kind in (*ALARMED, *SENT) else _kind_of(finding.resource)


def _kind_of(resource: str) -> str | None:
    if not is_arn(resource):
        return None
    arn = Arn.parse(resource)
    if arn.service == "logs":
        return "metric filter" if ":metric-filter:" in arn.resource else "log group"
    if arn.service == "sns":
        return "subscription" if ":" in arn.resource else "topic"
    return {"cloudtrail": "trail", "cloudwatch": "alarm"}.get(arn.service)


def _of_regions(document: Part, finding: Finding) -> frozenset[int]:
    """The indexes of the channels of the regions that have the finding."""
    regions = document.object("regions")
    known = (regions.object(name) for name in finding.regions if name in regions.fields)
    return frozenset(index for region in known for index in region.indexes("channels"))


def _nearest(channels: Sequence[_Channel], of_regions: frozenset[int], finding: Finding, kind: str) -> tuple[Link, ...]:
    """The links of the channel that the finding is about: that with its resource and its code which goes furthest. The
    resource may be none of the links, such as a topic's key: then one of the same regions."""
    having = [channel for channel in channels if channel.has(kind)]
    named = [channel for channel in having if any(link.resource == finding.resource for link in channel.links)]
    if not named and is_arn(finding.resource) and _kind_of(finding.resource) is None:
        named = [channels[index] for index in sorted(of_regions) if index < len(channels)]
        named = [channel for channel in named if channel.has(kind)]
    best = max(named, key=lambda channel: (channel.gap == finding.code, channel.reach), default=None)
    if best is not None:
        return best.links
    kinds = ALARMED if kind in ALARMED else SENT
    return tuple(Link(each, None, "", State.NOT_REACHED) for each in kinds)


def _marked(links: tuple[Link, ...], kind: str, finding: Finding, state: State) -> tuple[Link, ...]:
    """The links with that one marked. What is before it is as it is; what is after it may hold, and helps nobody. After
    one that is missing there is nothing."""
    known = _known(finding.resource)
    missing = finding.code.endswith(".missing") and kind not in known
    marked, reached = [], True
    for link in links:
        reached = reached and not (missing and link.kind == kind)
        if not reached:
            link = Link(link.kind, None, "", State.NOT_REACHED)
        elif not link.resource and link.kind in known:
            link = Link(link.kind, known[link.kind], _name(link.kind, known[link.kind]), State.HOLDS)
        marked.append(replace(link, state=state) if link.kind == kind else link)
    return tuple(marked)


def _known(resource: str) -> dict[str | None, str]:
    """The links that the resource of a finding names: itself, and of a metric filter the log group too."""
    kind = _kind_of(resource)
    if kind == "metric filter":
        return {kind: resource, "log group": resource.rpartition(":metric-filter:")[0]}
    return {kind: resource}

"""Which gap an action of a plan closes, as the assessment found it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from blindspot.chain.channel import Channel
from blindspot.model.arn import is_arn, place_of
from blindspot.model.findings import Gap
from blindspot.remediation.writes import Write
from blindspot.verdict.assessment import RegionAssessment


class ClosedGaps:
    """The gaps of some regions, by the log group or the place that they are in."""

    def __init__(self, regions: Iterable[RegionAssessment]) -> None:
        regions = tuple(regions)
        self._gaps: defaultdict[object, dict[Gap, None]] = defaultdict(dict)
        self._channels: defaultdict[str | None, list[Channel]] = defaultdict(list)
        for gap in dict.fromkeys(gap for region in regions for gap in region.gaps):
            of_place = gap.code.startswith(("alarm.", "topic.", "subscription.")) and is_arn(gap.resource)
            log_group, is_filter, _ = gap.resource.partition(":metric-filter:")
            key: object = log_group if is_filter or not of_place else place_of(gap.resource)
            self._gaps[key][gap] = None
        # Regions that are alike have the same channels.
        for channels in {id(region.channels): region.channels for region in regions}.values():
            for channel in channels:
                self._channels[channel.log_group].append(channel)

    def code(self, log_group: str, action: Write) -> str:
        """The code of the gap that the action closes: that of its own link; if a resource of that kind is there without
        a gap, the first one of the log group's channels; if there is none, that it is missing."""
        found = [*self._gaps[log_group], *self._gaps[place_of(log_group)]]
        channels = self._channels[log_group]
        found += [channel.gap for channel in channels if channel.gap]
        for gap in found:
            if gap.code.startswith(f"{action.link}."):
                return gap.code
        if found and any(getattr(channel, action.link) for channel in channels):
            return found[0].code
        return f"{action.link}.missing"

    def code_of_ours(self, action: Write) -> str | None:
        """The code of the gap that a thing of ours has, which the action sets right; None where it has none."""
        log_group = action.resource.partition(":metric-filter:")[0]
        found = (*self._gaps[log_group], *self._gaps[place_of(action.resource)])
        own = (gap.code for gap in found if gap.code.startswith(f"{action.link}.") and gap.resource == action.resource)
        return next(own, None)

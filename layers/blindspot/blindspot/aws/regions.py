"""The regions that are assessed, and why the others are not called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from blindspot.model.snapshot import Skipped, Unreadable


@dataclass(frozen=True, slots=True)
class Regions:
    """The account's regions.

    enabled: every region of the partition and whether it is enabled, or why that is not known.
    """

    enabled: Mapping[str, bool] | Unreadable
    own: str
    excluded: frozenset[str]

    @classmethod
    def of(
        cls,
        listed: Mapping[str, bool] | Unreadable,
        own: str,
        excluded: frozenset[str],
        in_partition: Callable[[str], bool],
    ) -> "Regions":
        """From the list of ec2:DescribeRegions in the own region. An emulator may list regions of other partitions."""
        if isinstance(listed, Unreadable):
            return cls(listed, own, excluded)
        enabled = {region: on for region, on in listed.items() if in_partition(region)}
        if not enabled.get(own):  # a list without the region that returned it is wrong
            return cls(Unreadable("ec2:DescribeRegions", own, "Malformed: Regions"), own, excluded)
        return cls(enabled, own, excluded)

    @property
    def judged(self) -> tuple[str, ...]:
        """The enabled regions that are not excluded, sorted. If they are not known: the own region."""
        enabled = {self.own: True} if isinstance(self.enabled, Unreadable) else self.enabled
        return tuple(sorted(region for region, on in enabled.items() if on and region not in self.excluded))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        enabled = {} if isinstance(self.enabled, Unreadable) else self.enabled
        left_out = [
            Skipped(region, "not opted in") for region, on in enabled.items() if not on and region not in self.excluded
        ]
        left_out += [Skipped(region, self._why(region), excluded=True) for region in self.excluded]
        return tuple(sorted(left_out, key=lambda skipped: skipped.region))

    def _why(self, region: str) -> str:
        unknown = not isinstance(self.enabled, Unreadable) and region not in self.enabled
        return "excluded by ExcludedRegions" + (", although AWS lists no such region" if unknown else "")

    def closed(self, call: str, region: str) -> Unreadable:
        """The result of a call that is not made because its region is not assessed."""
        if region in self.excluded:
            return Unreadable(call, region, "Excluded")
        if isinstance(self.enabled, Unreadable):
            return self.enabled
        return Unreadable(call, region, "NotOptedIn" if region in self.enabled else "UnknownRegion")

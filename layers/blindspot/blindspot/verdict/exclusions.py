"""The profile's exclusions on the day of an assessment: which are in force, which end soon, and which have ended. Pure.

An exclusion without a reason is named by its place in `benign`, never by its pattern: that may name a person, and what
is written here is logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from blindspot.model.profile import Exclusion, Profile
from filter_pattern import Event

SOON = timedelta(days=14)
"""Before its end, in which there is a note on it."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """listed: in the order of `benign`. on: the day (UTC); None where it is not known."""

    listed: tuple[Exclusion, ...] = ()
    on: date | None = None

    @property
    def in_force(self) -> tuple[Exclusion, ...]:
        return tuple(exclusion for exclusion in self.listed if exclusion.excuses(self.on))

    @property
    def ending(self) -> tuple[tuple[Exclusion, date], ...]:
        """Those in force that end within a fortnight, each with its end, the next one first."""
        ends = ((exclusion, exclusion.until) for exclusion in self.in_force)
        soon = [(one, until) for one, until in ends if until and self.on and until - self.on <= SOON]
        return tuple(sorted(soon, key=lambda each: each[1]))

    @property
    def ended(self) -> tuple[tuple[Exclusion, date], ...]:
        """Those that have ended, each with its end; none where the day is not known."""
        ends = ((exclusion, exclusion.until) for exclusion in self.listed)
        return tuple((one, until) for one, until in ends if until and self.on and until <= self.on)

    def title(self, exclusion: Exclusion, reason: str | None) -> str:
        """How a sentence that begins with it names it. reason: its own, perhaps shortened."""
        if reason is not None:
            return f'The exclusion "{reason}"'
        return f"Exclusion {self.listed.index(exclusion) + 1} of benign"

    def ended_of(self, event: Event) -> tuple[Exclusion, date] | None:
        """The first that has ended and excused the event before, with its end."""
        return next((each for each in self.ended if each[0].pattern.matches(event)), None)


def exclusions_of(profile: Profile) -> Exclusions:
    """The profile's exclusions, on its day."""
    return Exclusions(profile.exclusions, profile.on)

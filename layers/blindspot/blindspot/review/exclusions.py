"""What to exclude: for the noisiest callers the narrowest pattern, each with its proof. Pure.

An exclusion leaves out some calls of one caller. Callers are taken in the order of how many alarms they cause, as many
as one metric filter and Overrides can hold. Then those are dropped without which the alarm goes to ALARM as often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from blindspot.model.profile import Exclusion as Entry
from blindspot.model.profile import Profile
from blindspot.review.candidates import Call, Candidate, NotProposed, candidates, exclusion_of
from blindspot.review.forecast import ForecastAlarm, Forecaster
from blindspot.review.groups import Group
from blindspot.review.overrides import LONGEST_OVERRIDES, InForce, in_force
from blindspot.review.read import Read
from blindspot.review.risk import WHY
from blindspot.review.silenced import silenced
from blindspot.review.tally import Key
from blindspot.verdict.pattern_writer import ANYWHERE, PatternToWrite, as_published, pattern_to_write, text_of
from filter_pattern import LONGEST_PATTERN, And, Empty, Event, Not, Pattern, Proofs, Undecided

__all__ = ["LASTS", "Exclusion", "NotProposed", "Proposed", "exclusion_of", "propose"]

LASTS = timedelta(days=90)
"""How long an exclusion is in force. Then somebody looks at it again."""

ROUNDS = 3
"""How often the room of exclusions that take no alarm away is given to others."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One exclusion that is proposed: the calls of one caller.

    pattern: what `benign` gets. reason, until: as there.
    groups: what it excludes of what was seen. excluded: how many calls that are.
    silenced: a made-up call that was not seen and would be silenced too; None where there is none.
    covers: whether a metric filter with all exclusions so far still matches all that the profile requires less these;
        always so of what is proposed.
    length: of that metric filter's pattern, in characters; at most 1,024.
    alarms_before, alarms_after: how often the profile's alarm goes to ALARM in the time that was read, without it and
        with it.
    """

    pattern: Pattern
    reason: str
    until: date
    groups: tuple[Group, ...]
    excluded: int
    silenced: Event | None
    covers: bool
    length: int
    alarms_before: int
    alarms_after: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """What to exclude, and what not.

    overrides: the JSON object to set; None where nothing is proposed.
    pattern: of the metric filter with all exclusions, the profile's own too; None where none does what it requires.
    remarks: what else changes with these Overrides; where the profile's alarm is not known, why nothing is proposed. A
        sentence each.
    """

    exclusions: tuple[Exclusion, ...]
    not_proposed: tuple[NotProposed, ...]
    overrides: str | None
    pattern: Pattern | None
    remarks: tuple[str, ...]


def propose(
    groups: Sequence[Group],
    read: Read,
    profile: Profile,
    overrides: Mapping[str, object],
    alarm: ForecastAlarm,
    proofs: Proofs,
    *,
    today: date,
) -> Proposed:
    """The exclusions to set, each with its proof; and every noisy group that they do not exclude, with the reason.

    groups: of what was read. profile: as in force today. overrides: those with which it was loaded. alarm: the
    profile's. today: in UTC.
    """
    found, refused = candidates(groups, read, alarm)
    goes_on = in_force(profile, overrides, today)
    forecaster = Forecaster(alarm, read.tally, read.read)
    proposal = _Proposal(forecaster, read.tally.account, profile, goes_on, proofs, today + LASTS)
    exclusions = proposal.proven(proposal.chosen(found))
    excluded = {group.key for exclusion in exclusions for group in exclusion.groups}
    noisy = (group for candidate in found for call in candidate.calls for group in call.noisy)
    not_proposed = (*refused, *(proposal.why_not(group) for group in noisy if group.key not in excluded))
    if not exclusions:
        remarks = (f"No exclusion is proposed. {alarm.not_known}",) if alarm.not_known is not None else ()
        return Proposed((), not_proposed, None, pattern_to_write(profile, proofs).pattern, remarks)
    entries = [Entry(exclusion.pattern, exclusion.reason, exclusion.until) for exclusion in exclusions]
    with_all = _without_own_pattern(profile, [*profile.benign, *(entry.pattern for entry in entries)])
    pattern = pattern_to_write(with_all, proofs).pattern
    return Proposed(exclusions, not_proposed, goes_on.text(entries), pattern, goes_on.remarks)


def _without_own_pattern(profile: Profile, benign: Iterable[Pattern]) -> Profile:
    """The profile with these exclusions. A pattern of the operator's own would be written as it stands, so it has the
    source's."""
    return replace(profile, benign=tuple(benign), pattern=as_published(profile.name).pattern)


class _Proposal:
    """Chooses what is excluded, and proves it. Everything is decided of the profile with the exclusions that are chosen
    so far."""

    def __init__(
        self,
        forecaster: Forecaster,
        account: str,
        profile: Profile,
        in_force: InForce,
        proofs: Proofs,
        until: date,
    ) -> None:
        self.account, self.proofs, self.until, self.in_force = account, proofs, until, in_force
        self.profile, self._forecaster = profile, forecaster
        self._alarms: dict[frozenset[Key], int] = {}
        self._why_not: dict[Key, NotProposed] = {}
        left_out = {left.pattern for left in self.written([]).left_out}
        self._can_be_written = [benign for benign in profile.benign if benign.text not in left_out]

    def why_not(self, group: Group) -> NotProposed:
        return self._why_not[group.key]

    def chosen(self, found: Iterable[Candidate]) -> list[Candidate]:
        """As many as fit, those first that cause the most alarms; but none that takes no alarm away."""
        pool = sorted(found, key=lambda candidate: self.alarms([candidate]))
        useful: list[Candidate] = []
        for _ in range(ROUNDS):
            fitting = self._as_many_as_fit(pool)
            useful = self._with_effect(fitting)
            if len(useful) == len(fitting):
                break
            useless = {candidate.caller for candidate in fitting} - {candidate.caller for candidate in useful}
            pool = [candidate for candidate in pool if candidate.caller not in useless]
        return useful

    def proven(self, chosen: Iterable[Candidate]) -> tuple[Exclusion, ...]:
        """The exclusions of these, each with its proof beside those before it."""
        before: list[Candidate] = []
        exclusions: list[Exclusion] = []
        for candidate in chosen:
            pattern = candidate.pattern
            required = And(self.profile.required, *map(Not, self._benign(before)))
            made_up = silenced(pattern, required, candidate.groups, self.account, self.proofs)
            written = self.written([*before, candidate]).pattern
            if isinstance(made_up, Undecided) or written is None or not self._excludes(written, pattern):
                self._refuse(candidate.calls, self._unproven())
                continue
            exclusion = Exclusion(
                pattern=pattern,
                reason=candidate.reason,
                until=self.until,
                groups=candidate.groups,
                excluded=sum(group.count for group in candidate.groups),
                silenced=made_up,
                covers=True,
                length=len(written.text),
                alarms_before=self.alarms(before),
                alarms_after=self.alarms([*before, candidate]),
            )
            exclusions.append(exclusion)
            before.append(candidate)
        return tuple(exclusions)

    def alarms(self, excluded: Iterable[Candidate]) -> int:
        """How often the alarm goes to ALARM without these calls."""
        keys = frozenset[Key]().union(*(candidate.keys for candidate in excluded))
        if keys not in self._alarms:
            self._alarms[keys] = sum(count.most for count in self._forecaster.forecast(keys).values())
        return self._alarms[keys]

    def written(self, excluded: Iterable[Candidate]) -> PatternToWrite:
        """What remediation writes with these exclusions."""
        return pattern_to_write(_without_own_pattern(self.profile, self._benign(excluded)), self.proofs)

    def overrides(self, excluded: Iterable[Candidate]) -> str:
        return self.in_force.text(map(self._entry, excluded))

    def _benign(self, excluded: Iterable[Candidate]) -> tuple[Pattern, ...]:
        return (*self.profile.benign, *(candidate.pattern for candidate in excluded))

    def _entry(self, candidate: Candidate) -> Entry:
        return Entry(candidate.pattern, candidate.reason, self.until)

    def _as_many_as_fit(self, pool: Iterable[Candidate]) -> list[Candidate]:
        fitting: list[Candidate] = []
        for candidate in pool:
            part = self._part_that_fits(candidate, fitting)
            if part is not None:
                fitting.append(part)
        return fitting

    def _part_that_fits(self, candidate: Candidate, beside: Sequence[Candidate]) -> Candidate | None:
        """The candidate with as many of its calls as fit; None where these take no alarm away."""
        part, obstacle = candidate, self._too_much([*beside, candidate])
        if obstacle is not None:
            part = candidate._replace(calls=())
            for call in candidate.calls:
                more = part._replace(calls=(*part.calls, call))
                if self._too_much([*beside, more]) is None:
                    part = more
            self._refuse(candidate.calls, obstacle)
            if not part.calls or self.alarms([*beside, part]) >= self.alarms(beside):
                return None
        return part

    def _too_much(self, excluded: Sequence[Candidate]) -> str | None:
        """Why these are too many to be set together, by the code of WHY; None where they fit."""
        lengths = [len(candidate.pattern.text) for candidate in excluded]
        with_all = replace(self.profile, benign=(*self._can_be_written, *(each.pattern for each in excluded)))
        if max(*lengths, len(text_of(with_all))) > LONGEST_PATTERN:
            return "too-long"
        return "no-room" if len(self.overrides(excluded)) > LONGEST_OVERRIDES else None

    def _with_effect(self, fitting: Sequence[Candidate]) -> list[Candidate]:
        """These without those that take no alarm away beside the others."""
        useful = list(fitting)
        for candidate in reversed(fitting):
            others = [other for other in useful if other is not candidate]
            if self.alarms(others) <= self.alarms(useful):
                self._refuse(candidate.calls, "no-effect")
                useful = others
        return useful

    def _excludes(self, written: Pattern, exclusion: Pattern) -> bool:
        return isinstance(self.proofs.find(And(written, exclusion), ANYWHERE), Empty)

    def _unproven(self) -> str:
        return "not-covered" if self.proofs.over is None else "no-time"

    def _refuse(self, calls: Iterable[Call], code: str) -> None:
        for call in calls:
            for group in call.noisy:
                self._why_not[group.key] = NotProposed(group, code, WHY[code])

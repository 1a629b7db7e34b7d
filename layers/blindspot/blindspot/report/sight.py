"""How much of what is required a channel sees by itself: "all", "some" or "none". Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from blindspot.chain.channel import Channel
from blindspot.model import cloudtrail_events
from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import Assessment
from filter_pattern import And, Empty, Found, Predicate, Records, find, implies

BUDGET = 10_000
"""Steps of one question: some hundredths of a second. The verdict does not depend on the answer."""

MOST_QUESTIONS = 100
"""How many distinct predicates are asked about. The channels of the others see "some"."""

UNDECIDED_COSTS = 20
"""A predicate that stays undecided takes long, and counts as this many."""


class Sight:
    """What the channels of an assessment see. The answer to each question is kept."""

    def __init__(self, assessment: Assessment) -> None:
        self._required = assessment.required
        self._account = assessment.snapshot.account
        self._known: dict[tuple[Predicate, Predicate, str | None], str] = {}
        self._left = MOST_QUESTIONS
        self._records = cache(self._records_of)

    def of(self, channels: Iterable[Channel], regions: Sequence[str]) -> str:
        """What channels with the same links see of those regions' events.

        "all": each is sure to see every required event. "none": they see no required event, or have a gap. "some" is
        everything else, also what would take long to decide.
        """
        region = regions[0] if len(regions) == 1 and regions[0] != FUTURE else None
        answers = {self._one(channel, region) for channel in channels}
        return answers.pop() if len(answers) == 1 else "some"

    def _one(self, channel: Channel, region: str | None) -> str:
        if channel.gap is not None:
            return "none"
        question = channel.surely, channel.possibly, region
        if question not in self._known:
            self._known[question] = self._asked(*question) if self._left > 0 else "some"
        return self._known[question]

    def _asked(self, surely: Predicate, possibly: Predicate, region: str | None) -> str:
        self._left -= 1
        records = self._records(region)
        if implies(self._required, surely, records, BUDGET):
            return "all"
        seen = find(And(self._required, possibly), records, BUDGET)
        if isinstance(seen, Empty):
            return "none"
        if not isinstance(seen, Found):
            self._left -= UNDECIDED_COSTS
        return "some"

    def _records_of(self, region: str | None) -> Records:
        return cloudtrail_events.records(account=self._account, region=region)

"""How much of what is required a channel sees by itself: "all", "some" or "none". Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blindspot.chain.channel import Channel
from blindspot.model import cloudtrail_events
from blindspot.model.snapshot import FUTURE
from blindspot.verdict.assessment import Assessment
from filter_pattern import And, Empty, Proofs

STEPS, BUDGET = 1_000_000, 10_000
"""Steps of all questions together, about a second, and of one. They are few, since no verdict depends on an answer."""


class Sight:
    """What the channels of an assessment see."""

    def __init__(self, assessment: Assessment, steps: int = STEPS) -> None:
        self._required = assessment.required
        self._account = assessment.snapshot.account
        self._proofs = Proofs(steps)

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
        records = cloudtrail_events.records(account=self._account, region=region)
        if self._proofs.implies(self._required, channel.surely, records, BUDGET):
            return "all"
        seen = self._proofs.find(And(self._required, channel.possibly), records, BUDGET)
        return "none" if isinstance(seen, Empty) else "some"

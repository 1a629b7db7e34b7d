"""Whether what is missed is an event that CloudTrail would write, or only one that it might.

What is proven rests on every possible event. What is told to be missed must be credible as well: an event that breaks
no law of `cloudtrail_laws`. Between the two there is a doubt, which says what it turns on.
"""

from __future__ import annotations

from dataclasses import dataclass

from blindspot.model.cloudtrail_laws import Law, unlikely
from filter_pattern import And, Event, Found, Predicate, Proofs, Records, Undecided

ROUNDS = 8
"""How often a credible event is looked for. Each round rules out what was unlikely about the event before."""


@dataclass(frozen=True, slots=True)
class Unlikely:
    """An event is missed, but no credible one is known.

    event: the first of those that break the fewest laws of credible events. broken: these laws.
    """

    event: Event
    broken: tuple[Law, ...]


def credible(found: Found, wanted: Predicate, records: Records, proofs: Proofs) -> Found | Unlikely | Undecided:
    """A credible event that satisfies `wanted`, in place of the one that was found, if there is one. Undecided where
    there is no certain answer."""
    asked = wanted
    tried: list[Unlikely] = []
    for _ in range(ROUNDS):
        event = proofs.convincing(found.event, asked, records)
        broken = unlikely(event, wanted)
        if not broken:
            return Found(event)
        tried.append(Unlikely(event, broken))
        asked = And(asked, *(law.holds for law in broken))
        answer = proofs.find(asked, records)
        if isinstance(answer, Undecided):
            return answer
        if not isinstance(answer, Found):
            break
        found = answer
    return min(tried, key=lambda one: len(one.broken))

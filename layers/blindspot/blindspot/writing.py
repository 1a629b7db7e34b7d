"""The filter pattern that remediation writes: the source's own where it does the job, else one that is generated."""

from __future__ import annotations

from collections.abc import Iterator

from blindspot import cloudtrail
from blindspot.profile import Profile
from filter_pattern import All, Any, Atom, Empty, Equals, Not, NotExists, Pattern, Predicate, parse, unseen
from filter_pattern.parser import LONGEST
from filter_pattern.predicate import EVERY

_ANYWHERE = cloudtrail.records(account="000000000000", region=None)


def written(profile: Profile) -> Pattern | None:
    """The source's text if, under the settings in force, it misses nothing and counts nothing ordinary; else what is
    required less what is benign, or just what is required. None where none of these does it within AWS's limits."""
    return next((pattern for pattern in _candidates(profile) if right(pattern, profile)), None)


def right(pattern: Pattern, profile: Profile) -> bool:
    """Whether a metric filter with this pattern alone is all that the profile asks for."""
    required = All(profile.required, *map(Not, profile.benign))
    return isinstance(unseen(required, [pattern], _ANYWHERE), Empty) and not (
        profile.noise_breaks and any(map(pattern.matches, cloudtrail.ordinary(account="0" * 12, region="us-east-1")))
    )


def refused_only(pattern: Pattern, profile: Profile) -> bool:
    """Whether it counts nothing but calls that the profile wants to hear of."""
    return isinstance(unseen(pattern, [profile.required], _ANYWHERE), Empty)


def _candidates(profile: Profile) -> Iterator[Pattern]:
    yield profile.pattern
    less = [negated for negated in map(_negated, profile.benign) if negated is not None]
    text = f"{{ {All(profile.required.predicate, *less)} }}"
    if less and len(text) <= LONGEST:
        yield parse(text)
    yield profile.required


def _negated(predicate: Predicate) -> Predicate | None:
    """What holds of every event of which the predicate does not, in terms that a pattern has; None where it has none.

    `!=` is false of a missing field, so that a field that may be missing is asked for that too.
    """
    match predicate:
        case Pattern():
            return _negated(predicate.predicate)
        case All(parts=parts) | Any(parts=parts):
            negated = [_negated(part) for part in parts]
            known = [part for part in negated if part is not None]
            if len(known) < len(negated):
                return None
            return Any(*known) if isinstance(predicate, All) else All(*known)
        case Atom(path=path, test=Equals(value=value, negated=negated)) if EVERY not in path:
            test = Atom(path, Equals(value, not negated))
            return test if _ANYWHERE.field(path).always else Any(Atom(path, NotExists()), test)
    return None

"""The filter pattern that remediation writes: the source's own where it does the job, else one that is generated."""

from __future__ import annotations

from collections.abc import Iterator

from blindspot.model import cloudtrail_events as cloudtrail
from blindspot.model.profile import Profile
from filter_pattern import (
    EVERY,
    LONGEST_PATTERN,
    And,
    Atom,
    Equals,
    Not,
    NotExists,
    Or,
    Pattern,
    Predicate,
    implies,
    parse,
)

_ANYWHERE = cloudtrail.records(account="000000000000", region=None)


def written(profile: Profile) -> Pattern | None:
    """The source's text if, under the settings in force, it misses nothing and counts nothing ordinary; else what is
    required less what is benign, or just what is required. None where none of these does it within AWS's limits."""
    return next((pattern for pattern in _candidates(profile) if right(pattern, profile)), None)


def right(pattern: Pattern, profile: Profile) -> bool:
    """Whether a metric filter with this pattern alone is all that the profile asks for."""
    required = And(profile.required, *map(Not, profile.benign))
    return implies(required, pattern, _ANYWHERE) and not (
        profile.noise_breaks and any(map(pattern.matches, cloudtrail.ordinary(account="0" * 12, region="us-east-1")))
    )


def refused_only(pattern: Pattern, profile: Profile) -> bool:
    """Whether it counts nothing but calls that the profile wants to hear of."""
    return implies(pattern, profile.required, _ANYWHERE)


def _candidates(profile: Profile) -> Iterator[Pattern]:
    yield profile.pattern
    less = [negated for negated in map(_negated, profile.benign) if negated is not None]
    text = f"{{ {And(profile.required.predicate, *less)} }}"
    if less and len(text) <= LONGEST_PATTERN:
        yield parse(text)
    yield profile.required


def _negated(predicate: Predicate) -> Predicate | None:
    """What holds of every event of which the predicate does not, in terms that a pattern has; None where it has none.

    `!=` is false of a missing field, so that a field that may be missing is asked for that too.
    """
    match predicate:
        case Pattern():
            return _negated(predicate.predicate)
        case And(parts=parts) | Or(parts=parts):
            negated = [_negated(part) for part in parts]
            known = [part for part in negated if part is not None]
            if len(known) < len(negated):
                return None
            return Or(*known) if isinstance(predicate, And) else And(*known)
        case Atom(path=path, test=Equals(value=value, negated=negated)) if EVERY not in path:
            test = Atom(path, Equals(value, not negated))
            return test if _ANYWHERE.field(path).always else Or(Atom(path, NotExists()), test)
    return None

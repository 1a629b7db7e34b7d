"""What a valid filter pattern does that its author probably did not expect, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from blindspot.model import cloudtrail_events
from blindspot.model.field_names import meant
from filter_pattern import (
    ALWAYS,
    STRING,
    Atom,
    Equals,
    Event,
    Or,
    Pattern,
    Predicate,
    TextAtom,
    Word,
    atoms,
    excludes,
    ignored_terms,
    selector,
)

_LIKE_A_REGEX = re.compile(r"^(?:\.\*|\^|/.*/$|(?!Client|Server)[A-Z]\w+\.\*)|\w\|\w")
"""A value that was probably meant as a regular expression. `10.*` and `Client.*` are beginnings of values."""


class Remark(NamedTuple):
    """what: what the pattern does. instead: what to write. Both are sentences; `instead` may be empty."""

    what: str
    instead: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def remarks(pattern: Pattern) -> list[Remark]:
    """The remarks, each once; none for most patterns."""
    found = [*_of_text(pattern), *_of_exclusions(pattern)]
    for atom in atoms(pattern):
        found += _of_field(atom) if isinstance(atom, Atom) else _of_term(atom)
    return list(dict.fromkeys(found))


def written_instead(found: Iterable[Remark]) -> list[str]:
    """What to write instead, each sentence once."""
    return [*dict.fromkeys(remark.instead for remark in found if remark.instead)]


def _of_text(pattern: Pattern) -> Iterator[Remark]:
    """Terms: CloudWatch Logs user guide, "Using filter patterns to match terms in unstructured log events"."""
    ignored = ignored_terms(pattern.text)
    if ignored:
        yield Remark(
            f"AWS ignores {' and '.join(ignored)}, because the pattern also has a term without ?.",
            "Use only terms with ?, or write a JSON pattern, which can exclude events by a field.",
        )
    if pattern.text.startswith("["):
        yield Remark(
            "This pattern is for lines with fields that are separated by spaces. CloudTrail writes each event as JSON.",
            "Write { ... } with conditions on fields.",
        )
    if re.search(r"[\u00a0\u2000-\u200b\u202f\u3000]", pattern.text):
        yield Remark("The pattern has an invisible character, or a blank that is not a space.", "Type it anew.")


def _of_exclusions(pattern: Pattern) -> Iterator[Remark]:
    """Exclusions that match ordinary calls. `!=` is false for a missing field: by itself, `$.errorCode != "x"` does
    not."""
    whole = pattern.predicate
    if whole != ALWAYS and excludes(whole) and not ignored_terms(pattern.text) and _matches_ordinary_calls(whole):
        yield Remark("The pattern only leaves events out. It also matches ordinary successful calls.")
    if isinstance(whole, Or) and not excludes(whole):
        for part in whole.parts:
            if excludes(part) and _matches_ordinary_calls(part):
                yield Remark(f"|| {part} matches nearly every event.", "Join what is to be left out with &&.")
                return


def _matches_ordinary_calls(predicate: Predicate) -> bool:
    return any(map(predicate.matches, _ordinary()))


@cache
def _ordinary() -> tuple[Event, ...]:
    """Ordinary successful calls in two regions: a pattern may leave out one."""
    regions = ("us-east-1", "eu-west-1")
    return tuple(call for region in regions for call in cloudtrail_events.ordinary(account="0" * 12, region=region))


def _of_term(atom: TextAtom) -> Iterator[Remark]:
    if not isinstance(atom.test, Word):
        return
    text = atom.test.text
    if text.startswith("{"):
        yield Remark(
            "The pattern is in quotes, so AWS looks for its text in the events instead of testing fields.",
            f"Leave out the quotes around it: {text}",
        )
    elif text in ("AND", "OR", "NOT", "and", "or", "not"):
        yield Remark(f"AWS reads {text} as a term: a word that the event must contain.")


def _of_field(atom: Atom) -> Iterator[Remark]:
    name, known = selector(atom.path), meant(atom.path)
    if known is not None:
        case = " Names of fields are case-sensitive." if name.casefold() == selector(known).casefold() else ""
        yield Remark(f"CloudTrail writes no {name}.{case}", f"Write {selector(known)} if you mean that field.")
    if not isinstance(atom.test, Equals):
        return
    value = atom.test.value
    if found := re.search(r"\$\{[^}]*\}", value):
        yield Remark(f"{found.group()} in a value is compared as it is.", "If it is a reference, give its value.")
    elif _LIKE_A_REGEX.search(value):
        yield Remark(
            f'"{value}" is compared as text, in which only * has a meaning.',
            "If it is a regular expression, write it between %, as in %^AccessDenied.*%, and not in quotes.",
        )
    elif value != value.strip():
        yield Remark(f'"{value}" begins or ends with a space, which must be in the event too.')
    if (value.startswith("%") or value.endswith("%")) and re.search("[A-Za-z]", value):
        star = re.sub("^%|%$", "*", value)
        yield Remark(f'"{value}" is compared as text, in which % has no meaning.', f'For any text, write *: "{star}".')
    constant, field = value.upper(), cloudtrail_events.records(account="", region=None).field(atom.path)
    is_never_text = STRING not in field.kinds
    if constant == "NULL" or (constant in _OPPOSITE and is_never_text):
        yield Remark(
            f"{name} is never text." if is_never_text else f'"{value}" is compared as text.',
            _of_a_constant(name, constant, negated=atom.test.negated, always=field.always),
        )


_OPPOSITE = {"TRUE": "FALSE", "FALSE": "TRUE"}


def _of_a_constant(name: str, constant: str, *, negated: bool, always: bool) -> str:
    """How to test for the constant, or that the field is not that."""
    if constant != "NULL":
        return f"Write {name} IS {_OPPOSITE[constant] if negated else constant}."
    if negated:
        return f'Write {name} = "*", which is true of any text or number.'
    return f"Write {name} IS NULL{'' if always else f', or {name} NOT EXISTS for a missing field'}."

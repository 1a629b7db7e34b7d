"""What a valid filter pattern does that its author probably did not expect, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blindspot.model import cloudtrail_events
from blindspot.model.field_names import meant
from filter_pattern import (
    ALWAYS,
    STRING,
    Atom,
    Equals,
    Or,
    Pattern,
    TextAtom,
    Word,
    atoms,
    excludes,
    ignored_terms,
    selector,
)

_LIKE_A_REGEX = re.compile(r"^(?:\.\*|\^|/.*/$|(?!Client|Server)[A-Z]\w+\.\*)|\w\|\w")
"""A value that was probably meant as a regular expression. `10.*` and `Client.*` are beginnings of values."""


def remarks(pattern: Pattern) -> list[str]:
    """The sentences, each once; none for most patterns."""
    found = [*_of_text(pattern), *_of_exclusions(pattern)]
    for atom in atoms(pattern):
        found += _of_field(atom) if isinstance(atom, Atom) else _of_term(atom)
    return list(dict.fromkeys(found))


def _of_text(pattern: Pattern) -> Iterator[str]:
    """Terms: CloudWatch Logs user guide, "Using filter patterns to match terms in unstructured log events"."""
    ignored = ignored_terms(pattern.text)
    if ignored:
        yield (
            f"AWS ignores {' and '.join(ignored)}, because the pattern also has a term without ?. Use only terms with "
            "?, or write a JSON pattern, which can exclude events by a field."
        )
    if pattern.text.startswith("["):
        yield (
            "This pattern is for lines with fields that are separated by spaces. CloudTrail writes each event as JSON: "
            "write { ... } with conditions on fields."
        )
    if re.search(r"[\u00a0\u2000-\u200b\u202f\u3000]", pattern.text):
        yield "The pattern has an invisible character, or a blank that is no space. Type it anew."


def _of_exclusions(pattern: Pattern) -> Iterator[str]:
    whole = pattern.predicate
    if whole != ALWAYS and excludes(whole):
        yield "The pattern only leaves events out. It matches all others, also ordinary successful calls."
    if isinstance(whole, Or):
        excluding = [part for part in whole.parts if excludes(part)]
        if excluding and len(excluding) < len(whole.parts):
            yield f"|| {excluding[0]} matches nearly every event. Join what is to be left out with &&."


def _of_term(atom: TextAtom) -> Iterator[str]:
    if not isinstance(atom.test, Word):
        return
    text = atom.test.text
    if text.startswith("{"):
        yield (
            "The pattern is in quotes, so AWS looks for its text in the events instead of testing fields. Leave out "
            f"the quotes around it: {text}"
        )
    elif text in ("AND", "OR", "NOT", "and", "or", "not"):
        yield f"AWS reads {text} as a term: a word that the event must contain."


def _of_field(atom: Atom) -> Iterator[str]:
    name, known = selector(atom.path), meant(atom.path)
    if known is not None:
        yield f"CloudTrail writes no {name}. Did you mean {selector(known)}? Names of fields are case-sensitive."
    if not isinstance(atom.test, Equals):
        return
    value = atom.test.value
    if found := re.search(r"\$\{[^}]*\}", value):
        yield f"{found.group()} in a value is compared as it is. If it is a reference, give its value."
    elif _LIKE_A_REGEX.search(value):
        yield (
            f'"{value}" is compared as text, in which only * has a meaning. If it is a regular expression, write it '
            "between %, as in %^AccessDenied.*%, and not in quotes."
        )
    elif value != value.strip():
        yield f'"{value}" begins or ends with a space, which must be in the event too.'
    if value in ("true", "false", "null") and STRING not in _kinds(atom):
        yield f"{name} is never text. Write {name} IS {value.upper()}."


def _kinds(atom: Atom) -> frozenset[str]:
    return cloudtrail_events.records(account="", region=None).field(atom.path).kinds

"""Why a pattern lets an event pass, in a sentence."""

from __future__ import annotations

from filter_pattern.conditions import MISSING, Equals, Is, NotExists
from filter_pattern.parser import Pattern
from filter_pattern.predicate import And, Atom, Event, Or, Predicate, TextAtom, selector, value_at


def why_not(predicate: Predicate, event: Event) -> str:
    """What the pattern asks of the event that it does not have; continues a sentence that begins with the pattern.

    Of alternatives it names the one that comes closest.
    """
    failing = _failing(predicate, event)
    return " and ".join(dict.fromkeys(_asked(atom, event) for atom in failing)) or "does not match it"


def _failing(predicate: Predicate, event: Event) -> list[Atom | TextAtom]:
    match predicate:
        case Atom() | TextAtom():
            return [] if predicate.matches(event) else [predicate]
        case And(parts):
            return [atom for part in parts for atom in _failing(part, event)]
        case Or(parts):
            arms = [_failing(part, event) for part in parts]
            return min(arms, key=lambda arm: (len(arm), -sum(_likeness(atom, event) for atom in arm)), default=[])
        case Pattern(inner):
            return _failing(inner, event)
    return []


def _likeness(atom: Atom | TextAtom, event: Event) -> int:
    """How many characters the value that is asked for has in common with the event's, at its beginning or its end."""
    value = value_at(event, atom.path) if isinstance(atom, Atom) else None
    if not (isinstance(atom.test, Equals) and isinstance(value, str)):
        return 0
    asked = atom.test.value.strip("*")
    return max(_common(asked, value), _common(asked[::-1], value[::-1]))


def _common(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _asked(atom: Atom | TextAtom, event: Event) -> str:
    if isinstance(atom, TextAtom):
        return f"asks for {atom} in the record's text"
    field, value = selector(atom.path).removeprefix("$."), value_at(event, atom.path)
    match atom.test:
        case NotExists():
            return f"asks {field} to be missing"
        case Is(constant):
            return f"asks {field} to be {'null' if constant is None else str(constant).lower()}"
        case Equals(text, negated):
            if value is MISSING:
                return f"compares {field}, which the event does not have"
            if negated:
                return f"leaves out events whose {field} {_described(text, 's')}"
            return f"asks {field} to {_described(text)}{_beyond(text, value)}"
        case _:
            return f"asks that {field} {atom.test}"


def _described(text: str, ending: str = "") -> str:
    inner = text.strip("*")
    if "*" in inner:
        return f'fit{ending} "{text}"'
    begins, ends = not text.startswith("*"), not text.endswith("*")
    if begins and ends:
        return f'equal{ending} "{inner}"'
    if begins or ends:
        return f'{"begin" if begins else "end"}{ending} with "{inner}"'
    return f'contain{ending} "{inner}"'


def _beyond(text: str, value: object) -> str:
    if "*" in text or not isinstance(value, str) or text == value:
        return ""
    if value.startswith(text):
        return f', without what follows it in "{value}"'
    if value.endswith(text):
        return f', without what stands before it in "{value}"'
    return ""

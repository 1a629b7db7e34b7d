"""CloudWatch Logs filter patterns: what they say, and what they miss.

Pure Python and the standard library only; it knows nothing of AWS accounts. `parse` reads a pattern, `Pattern.matches`
applies it, and `find` decides whether any event satisfies a predicate: `unseen` asks that of the events that a set of
filters would let pass.

The import is part of a Lambda function's cold start. So plain records are named tuples and no class has slots, each of
which would cost half a millisecond, and `json` is imported where it is used.
"""

from filter_pattern.conditions import Equals, Is, NotExists
from filter_pattern.cursor import PatternSyntaxError
from filter_pattern.find import Empty, Found, Undecided, find, unseen
from filter_pattern.parser import Pattern, parse
from filter_pattern.predicate import All, Any, Atom, Event, Not, Predicate, equals
from filter_pattern.records import ANYTHING, Field, Records

__all__ = [
    "ANYTHING",
    "All",
    "Any",
    "Atom",
    "Empty",
    "Equals",
    "Event",
    "Field",
    "Found",
    "Is",
    "Not",
    "NotExists",
    "Pattern",
    "PatternSyntaxError",
    "Predicate",
    "Records",
    "Undecided",
    "equals",
    "find",
    "parse",
    "unseen",
]

"""CloudWatch Logs filter patterns: what they say, and what they miss.

Pure Python and the standard library only; it knows nothing of AWS accounts. `parse` reads a pattern, `Pattern.matches`
applies it, and `find` decides whether any event satisfies a predicate: `unseen` asks that of the events that a set of
filters would let pass, `implies` and `equivalent` ask it of two predicates. All that others need is exported here.

The import is part of a Lambda function's cold start. So plain records are named tuples and no class has slots, each of
which would cost half a millisecond, and `json` is imported where it is used.
"""

from filter_pattern.conditions import Equals, Is, NotExists
from filter_pattern.find import Empty, Found, Undecided, atoms, equivalent, find, implies, unseen
from filter_pattern.parser import LONGEST_PATTERN, Pattern, parse
from filter_pattern.predicate import (
    ALWAYS,
    EVERY,
    NEVER,
    And,
    Atom,
    Event,
    FieldPath,
    Not,
    Or,
    Predicate,
    TextAtom,
    equals,
)
from filter_pattern.records import ANYTHING, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Field, Records
from filter_pattern.tokenizer import PatternSyntaxError
from filter_pattern.why import why_not

__all__ = [
    "ALWAYS",
    "ANYTHING",
    "ARRAY",
    "BOOLEAN",
    "EVERY",
    "LONGEST_PATTERN",
    "NEVER",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "And",
    "Atom",
    "Empty",
    "Equals",
    "Event",
    "Field",
    "FieldPath",
    "Found",
    "Is",
    "Not",
    "NotExists",
    "Or",
    "Pattern",
    "PatternSyntaxError",
    "Predicate",
    "Records",
    "TextAtom",
    "Undecided",
    "atoms",
    "equals",
    "equivalent",
    "find",
    "implies",
    "parse",
    "unseen",
    "why_not",
]

"""CloudWatch Logs filter patterns: what they match, and what they miss.

Pure Python and the standard library only; it knows nothing of AWS accounts. `parse` reads a pattern, and
`Pattern.matches` applies it to an event. `find` decides whether any event satisfies a predicate. `unseen`, `implies`
and `equivalent` are built on `find`: which required event does no filter match, and how do two predicates compare?
`Proofs` decides many such questions within one limit. `why_not` explains a miss. Other packages import only what is
exported here.

The import is part of a Lambda function's cold start. So plain records are named tuples, and no class has slots: each
would cost half a millisecond. For the same reason `json` is imported where it is used.
"""

from filter_pattern.conditions import Equals, Is, IsKind, MatchesRegex, NotExists
from filter_pattern.find import BUDGET, Answer, Empty, Found, Undecided, atoms, equivalent, find, implies, unseen
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
    Word,
    equals,
    selector,
    value_at,
)
from filter_pattern.proofs import Proofs
from filter_pattern.records import ANYTHING, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Field, Records
from filter_pattern.terms import ignored_terms
from filter_pattern.tokenizer import PatternSyntaxError
from filter_pattern.why import excludes, why_not

__all__ = [
    "ALWAYS",
    "ANYTHING",
    "ARRAY",
    "BOOLEAN",
    "BUDGET",
    "EVERY",
    "LONGEST_PATTERN",
    "NEVER",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "And",
    "Answer",
    "Atom",
    "Empty",
    "Equals",
    "Event",
    "Field",
    "FieldPath",
    "Found",
    "Is",
    "IsKind",
    "MatchesRegex",
    "Not",
    "NotExists",
    "Or",
    "Pattern",
    "PatternSyntaxError",
    "Predicate",
    "Proofs",
    "Records",
    "TextAtom",
    "Undecided",
    "Word",
    "atoms",
    "equals",
    "equivalent",
    "excludes",
    "find",
    "ignored_terms",
    "implies",
    "parse",
    "selector",
    "unseen",
    "value_at",
    "why_not",
]

"""Parses text into a `Pattern`; and the parser of JSON patterns.

The first character says which kind of pattern it is: `{` JSON, `[` space-delimited (`space_delimited`), anything else
terms or a regular expression (`terms`). AWS rejects a pattern with a space before `{` or `[` (recorded: "Invalid metric
filter pattern"). What AWS rejects is rejected here too; the error marks the place and says what is allowed there.

Rules (CloudWatch Logs user guide, "Filter pattern syntax for metric filters" and "Using filter patterns to match terms
in JSON log events"): parentheses bind before `&&`, `&&` before `||`, and the only negation is `!=`. A selector has at
most one wildcard, and a pattern at most three. A pattern has at most two regular expressions.

Each `_parse_` function's docstring is its production, or productions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from filter_pattern import terms
from filter_pattern.conditions import OBSERVED, Compare, Equals, EqualsNumber, Is, MatchesRegex, NotExists, Reading
from filter_pattern.predicate import EVERY, And, Atom, Event, FieldPath, Or, Predicate, Step, TextAtom, as_logged
from filter_pattern.space_delimited import SpaceDelimitedParser
from filter_pattern.tokenizer import JSON_WORD, STEP, PatternSyntaxError, Tokenizer

LONGEST_PATTERN = 1024
"""Characters in a filter pattern (CloudWatch Logs API reference, PutMetricFilter).

It limits how deep `&&` and `||` can be nested in each other, to 113 levels of at least nine characters. The code that
reads a predicate calls itself no deeper than that.
"""


@dataclass(frozen=True)
class Pattern:
    """A parsed filter pattern. Two are equal if their predicates are; `text` is the pattern as written."""

    predicate: Predicate
    text: str = field(compare=False)

    def matches(self, event: Event | str, reading: Reading = OBSERVED) -> bool:
        """Whether the filter counts this event (a parsed JSON object), or this message (any text).

        A JSON pattern, `NOT EXISTS` included, never matches a message that is not a JSON object.
        """
        if not self.text.startswith("{"):
            return self.predicate.matches(event if isinstance(event, str) else as_logged(event), reading)
        if not isinstance(event, str):
            return self.predicate.matches(event, reading)
        import json

        try:
            parsed = json.loads(event)
        except (ValueError, RecursionError):
            return False
        return isinstance(parsed, Mapping) and self.predicate.matches(parsed, reading)

    def __str__(self) -> str:
        if self.text.startswith("{"):
            return f"{{ {self.predicate} }}"
        return terms.written(self.predicate)


def parse(text: str) -> Pattern:
    """The parsed pattern. Raises PatternSyntaxError where AWS would reject the text, with a hint if there is one."""
    try:
        return _parse(text)
    except PatternSyntaxError as error:
        from filter_pattern import mistakes  # used only here, and a Lambda function's cold start need not read it

        hint, meant = mistakes.hint(error), mistakes.meant(text, _parse)
        raise PatternSyntaxError(error.message, text, error.start, error.end, hint, meant) from None


def _parse(text: str) -> Pattern:
    if len(text) > LONGEST_PATTERN:
        raise PatternSyntaxError(
            f"A filter pattern can have at most {LONGEST_PATTERN} characters; this one has {len(text)}.",
            text,
            LONGEST_PATTERN,
            len(text),
        )
    if text.startswith("{"):
        return Pattern(JsonParser(text).parse(), text)
    if re.match(r"\s+[{\[]", text):
        blanks = len(text) - len(text.lstrip())
        raise PatternSyntaxError("Remove the space before { or [: the pattern must begin with it.", text, 0, blanks)
    if text.startswith("["):
        return Pattern(TextAtom(SpaceDelimitedParser(text).parse()), text)
    return Pattern(terms.TermsParser(text).parse(), text)


class JsonParser(Tokenizer):
    """Reads one JSON pattern."""

    wildcards = 0
    regexes = 0

    def parse(self) -> Predicate:
        """pattern := '{' disjunction '}'"""
        self.at = 1
        whole = self._parse_disjunction()
        self._expect("}", "&& or || and another condition, or } to end the pattern")
        self.expect_end("Nothing is allowed after the closing }.")
        return whole

    def _parse_disjunction(self) -> Predicate:
        """disjunction := conjunction ('||' conjunction)*
        conjunction := unit ('&&' unit)*
        unit := '(' disjunction ')' | condition

        The open parentheses are in `outer` and not in calls, so that any number of them can be nested.
        """
        outer: list[list[list[Predicate]]] = []
        alternatives: list[list[Predicate]] = [[]]
        while True:
            while self.accept("("):
                outer.append(alternatives)
                alternatives = [[]]
            alternatives[-1].append(self._parse_condition())
            while not self.accept("&&"):
                if self.accept("||"):
                    alternatives.append([])
                    break
                inside = _joined(Or, [_joined(And, parts) for parts in alternatives])
                if not outer:
                    return inside
                self._expect(")", "&& or || and another condition, or ) to close the parenthesis")
                alternatives = outer.pop()
                alternatives[-1].append(inside)

    def _parse_condition(self) -> Predicate:
        """condition := selector (('=' | '!=') value | ('<' | '<=' | '>' | '>=') number
        | 'IS' ('NULL' | 'TRUE' | 'FALSE') | 'NOT' 'EXISTS')"""
        path = self._parse_selector()
        for sign in ("!=", "="):
            if self.accept(sign):
                return Atom(path, self._parse_value(negated=sign == "!="))
        for sign in ("<=", ">=", "<", ">"):
            if self.accept(sign):
                return Atom(path, Compare(sign, self.number(f"Expected a number without quotes after {sign}.")))
        if self.accept_keyword("NOT"):
            if self.accept_keyword("EXISTS"):
                return Atom(path, NotExists())
            raise self.error("Expected EXISTS after NOT.")
        if self.accept_keyword("IS"):
            for name, constant in _CONSTANTS.items():
                if self.accept_keyword(name):
                    return Atom(path, Is(constant))
            raise self.error("Expected NULL, TRUE or FALSE after IS.")
        raise self.error("Expected =, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS after the field.")

    def _parse_selector(self) -> FieldPath:
        """selector := '$' ('.' name | '.*' | '.'? "['" any name "']" | '[' index ']' | '[*]')+"""
        self.skip_blanks()
        start = self.at
        if not self.accept("$"):
            raise self.error("A condition must begin with a field such as $.errorCode, or with a parenthesis.")
        path: list[Step] = []
        while found := STEP.match(self.text, self.at):
            if found["index"]:
                path.append(int(found["index"]))
            elif found["each"]:
                path.append(EVERY)
            else:
                path.append(found["name"] or found["quoted"])
            self.at = found.end()
        if not path or self.text[self.at : self.at + 1] in (".", "["):
            raise self.error(
                "Expected a field name after $ or .: letters, digits, _ and -; or ['any text'], [0], [*] or .*"
            )
        self.wildcards += path.count(EVERY)
        if path.count(EVERY) > 1 or self.wildcards > 3:
            raise self.error("A field can have one wildcard, and a pattern three.", start, self.at)
        return tuple(path)

    def _parse_value(self, *, negated: bool) -> Equals | EqualsNumber | MatchesRegex:
        """value := quoted | number | word | regex"""
        self.skip_blanks()
        start = self.at
        if self.text.startswith("%", self.at):
            self.regexes += 1
            regex = self.regex()
            if self.regexes > 2:
                raise self.error("A pattern can have at most two regular expressions.", start, self.at)
            return MatchesRegex(regex, negated)
        return self.quoted_or_plain(JSON_WORD, negated=negated)

    def _expect(self, sign: str, allowed: str) -> None:
        if not self.accept(sign):
            raise self.error(f"Expected {allowed}.")


def _joined(kind: type[And] | type[Or], parts: Sequence[Predicate]) -> Predicate:
    """The parts joined; what is joined in the same way inside a part becomes parts too."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
    return kind(*flat) if len(flat) > 1 else flat[0]


_CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}

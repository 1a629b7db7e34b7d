"""Reads the patterns that look at a message's text: terms, a single regular expression, and space-delimited ones."""

from __future__ import annotations

import re

from filter_pattern import delimited
from filter_pattern.conditions import Compare, MatchesRegex
from filter_pattern.cursor import Cursor
from filter_pattern.predicate import All, Any, Not, Predicate, Regex, TextAtom, Word

_TERM = re.compile(r"[A-Za-z0-9_]+")
_VALUE = re.compile(r"[^\s,\[\]&|=!<>%\"]+")


def predicate(text: str) -> Predicate:
    """What a pattern that is not JSON says. Raises PatternSyntaxError."""
    if text.startswith("["):
        return TextAtom(_Delimited(text).pattern())
    if text.startswith("%"):
        cursor = Cursor(text)
        regex = cursor.regex()
        cursor.space()
        if cursor.at < len(text):
            raise cursor.error("Nothing may follow a regular expression that stands alone.", cursor.at, len(text))
        return TextAtom(Regex(regex))
    return _Terms(text).pattern()


class _Terms(Cursor):
    def pattern(self) -> Predicate:
        """pattern := (('?' | '-')? (word | '"' phrase '"'))*. Terms must all be there, `-` ones must not; `?` ones are
        alternatives, and ignored where any other term stands beside them."""
        must: list[Predicate] = []
        alternatives: list[Predicate] = []
        self.space()
        while self.at < len(self.text):
            if self.accept("?"):
                alternatives.append(self.term(signed=True))
            elif self.accept("-"):
                must.append(Not(self.term(signed=True)))
            elif (term := self.term()) != All():
                must.append(term)
            self.space()
        if must:
            return All(*must) if len(must) > 1 else must[0]
        return Any(*alternatives) if alternatives else All()

    def term(self, *, signed: bool = False) -> Predicate:
        self.space()
        start = self.at
        phrase = self.quoted()
        if phrase is None:
            word = _TERM.match(self.text, self.at)
            if word is None:
                raise self.error('A term is a word of letters, digits and _, or any "phrase" in double quotes.')
            self.at, phrase = word.end(), word.group()
        if self.at < len(self.text) and not self.text[self.at].isspace():
            raise self.error('Between terms stands a blank; other characters need "double quotes".')
        if signed and not phrase.strip():
            raise self.error("After ? and - comes a phrase that is not blank.", start, self.at)
        return TextAtom(Word(phrase)) if phrase.strip() else All()


class _Delimited(Cursor):
    def pattern(self) -> delimited.Fields:
        """pattern := '[' (slot (',' slot)*)? ']'"""
        self.at = 1
        slots: list[delimited.Slot] = []
        ellipsis: int | None = None
        if self.accept("]"):
            return self.ended(slots, ellipsis)
        while True:
            if self.accept("..."):
                if ellipsis is not None:
                    raise self.error("... may stand once.")
                ellipsis = len(slots)
            else:
                slots.append(self.slot())
            if self.accept("]"):
                return self.ended(slots, ellipsis)
            if not self.accept(","):
                raise self.error("After a field comes a comma, or ] to end the pattern.")

    def ended(self, slots: list[delimited.Slot], ellipsis: int | None) -> delimited.Fields:
        self.space()
        if self.at < len(self.text):
            raise self.error("Nothing may follow the closing ].", self.at, len(self.text))
        return delimited.Fields(tuple(slots), ellipsis)

    def slot(self) -> delimited.Slot:
        """slot := (name (condition (('&&' | '||') name condition)*)?)?"""
        self.space()
        word = _VALUE.match(self.text, self.at)
        if word is None:
            return delimited.Slot()
        self.at, name = word.end(), word.group()
        self.space()
        if self.text[self.at : self.at + 1] in (",", "]"):
            return delimited.Slot(name)
        alternatives = [[self.condition()]]
        while True:
            if self.accept("&&"):
                alternatives[-1].append(self.named(name))
            elif self.accept("||"):
                alternatives.append([self.named(name)])
            else:
                return delimited.Slot(name, tuple(map(tuple, alternatives)))

    def named(self, name: str) -> delimited.Test:
        self.space()
        word = _VALUE.match(self.text, self.at)
        if word is None or word.group() != name:
            raise self.error(f"Conditions of one field all name it: {name}.")
        self.at = word.end()
        return self.condition()

    def condition(self) -> delimited.Test:
        """condition := ('=' | '!=') value | ('<' | '<=' | '>' | '>=') number"""
        for sign in ("!=", "="):
            if self.accept(sign):
                return self.value(negated=sign == "!=")
        for sign in ("<=", ">=", "<", ">"):
            if self.accept(sign):
                return Compare(sign, self.number(f"After {sign} comes a number."))
        raise self.error("A field's name is followed by =, !=, <, <=, > or >=, a comma, or ].")

    def value(self, *, negated: bool) -> delimited.Test:
        self.space()
        if self.text.startswith("%", self.at):
            return MatchesRegex(self.regex(), negated)
        return self.quoted_or_plain(_VALUE, negated=negated)


def written(predicate: Predicate) -> str:
    """The pattern of terms, or of another kind that looks at the text, in its own notation."""
    match predicate:
        case All(parts):
            return " ".join(map(written, parts))
        case Any(parts):
            return " ".join(f"?{written(part)}" for part in parts)
        case Not(part):
            return f"-{written(part)}"
    return str(predicate)

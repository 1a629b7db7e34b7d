"""Patterns of terms, `ERROR -debug "not found"`, and patterns that are one regular expression.

Rules (CloudWatch Logs user guide, "Using filter patterns to match terms in unstructured log events", and the worked
examples of the TestMetricFilter API reference): a term matches anywhere in the message, also inside a longer word.
Upper and lower case differ. The message must contain every term, and none of the terms with `-`. Terms with `?` are
alternatives; they are ignored if the pattern has any other term. An empty or blank pattern matches everything.
"""

from __future__ import annotations

from filter_pattern.predicate import ALWAYS, And, Not, Or, Predicate, Regex, TextAtom, Word
from filter_pattern.tokenizer import TERM, Tokenizer


class TermsParser(Tokenizer):
    """Reads one pattern of terms, or one regular expression.

    ignored: once it is read, the terms with `?` that AWS ignores because the pattern has other terms.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.ignored: list[str] = []

    def parse(self) -> Predicate:
        """pattern := regex | terms"""
        if not self.text.startswith("%"):
            return self._parse_terms()
        regex = self.regex()
        self.expect_end("Nothing is allowed after the regular expression.")
        return TextAtom(Regex(regex))

    def _parse_terms(self) -> Predicate:
        """terms := (('?' | '-')? term)*"""
        must: list[Predicate] = []
        alternatives: list[Predicate] = []
        self.skip_blanks()
        while self.at < len(self.text):
            if self.accept("?"):
                start = self.at
                alternatives.append(self._parse_term(signed=True))
                self.ignored.append(f"?{self.text[start : self.at].strip()}")
            elif self.accept("-"):
                must.append(Not(self._parse_term(signed=True)))
            elif (term := self._parse_term()) != ALWAYS:
                must.append(term)
            self.skip_blanks()
        if must:
            return And(*must) if len(must) > 1 else must[0]
        self.ignored.clear()
        return Or(*alternatives) if alternatives else ALWAYS

    def _parse_term(self, *, signed: bool = False) -> Predicate:
        """term := word | quoted"""
        self.skip_blanks()
        start = self.at
        phrase = self.quoted()
        if phrase is None:
            word = TERM.match(self.text, self.at)
            if word is None:
                raise self.error('Expected a term: a word of letters, digits and _, or any text in "double quotes".')
            self.at, phrase = word.end(), word.group()
        if self.at < len(self.text) and not self.text[self.at].isspace():
            raise self.error(
                'Separate terms with a space. Put other characters than letters, digits and _ in "double quotes".'
            )
        if signed and not phrase.strip():
            raise self.error("The term after ? or - must not be blank.", start, self.at)
        return TextAtom(Word(phrase)) if phrase.strip() else ALWAYS


def ignored_terms(text: str) -> tuple[str, ...]:
    """The terms with `?` that AWS ignores, because the pattern has other terms; `text` is a valid pattern."""
    if text.startswith(("{", "[")):
        return ()
    parser = TermsParser(text)
    parser.parse()
    return tuple(parser.ignored)


def written(predicate: Predicate) -> str:
    """The predicate of a pattern that tests the text, as a pattern."""
    match predicate:
        case And(parts):
            return " ".join(map(written, parts))
        case Or(parts):
            return " ".join(f"?{written(part)}" for part in parts)
        case Not(part):
            return f"-{written(part)}"
    return str(predicate)

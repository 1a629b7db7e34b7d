import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from filter_pattern import ALWAYS, And, Atom, Equals, Not, NotExists, Or, Pattern, PatternSyntaxError, parse
from filter_pattern.conditions import Compare, EqualsNumber, Is, MatchesRegex
from filter_pattern.predicate import EVERY, Regex, TextAtom, Word
from filter_pattern.space_delimited import Fields, Slot
from tests.unit.filter_pattern.strategies import patterns, starred

A, B, C = (Atom((name,), Equals("1x")) for name in "abc")


BETWEEN = (Compare(">", "1"), Compare("<", "5"))


def word(text: str) -> TextAtom:
    return TextAtom(Word(text))


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ('{ $.a = "1x" }', A),
        ("{$.a=1x}", A),
        ("{\n  $.a\n = 1x }\n", A),
        ("{ $.a = 1x || $.b = 1x && $.c = 1x }", Or(A, And(B, C))),
        ("{ ($.a = 1x || $.b = 1x) && $.c = 1x }", And(Or(A, B), C)),
        ("{ $.a = 1x && $.b = 1x || $.c = 1x }", Or(And(A, B), C)),
        ("{ ((($.a = 1x))) }", A),
        ("{ ($.a = 1x || $.b = 1x) || $.c = 1x }", Or(A, B, C)),
        ("{ $.a = 1x && (($.b = 1x && ($.c = 1x))) }", And(A, B, C)),
        ("{ ($.a = 1x || ($.b = 1x && $.c = 1x || $.a = 1x)) && $.c = 1x }", And(Or(A, And(B, C), A), C)),
        ("{" + "(" * 500 + "$.a = 1x" + ")" * 500 + "}", A),
        ('{ $.a != "*x*" }', Atom(("a",), Equals("*x*", negated=True))),
        ("{ $.a-b_c.d NOT EXISTS }", Atom(("a-b_c", "d"), NotExists())),
        ("{ $.['a.b'] = 1x }", Atom(("a.b",), Equals("1x"))),
        ("{ $.a IS TRUE }", Atom(("a",), Is(True))),
        ("{ $.a IS NULL }", Atom(("a",), Is(None))),
        (r'{ $.a = "say \"x\" \\ y" }', Atom(("a",), Equals('say "x" \\ y'))),
        ("{ $.a = kms.amazonaws.com }", Atom(("a",), Equals("kms.amazonaws.com"))),
        ("{ $.a = 12 }", Atom(("a",), EqualsNumber("12"))),
        ("{ $.a != -1.5e3 }", Atom(("a",), EqualsNumber("-1.5e3", negated=True))),
        ("{ $.a >= 12 }", Atom(("a",), Compare(">=", "12"))),
        (r"{ $.a = %^x\d{2}|y$% }", Atom(("a",), MatchesRegex(r"^x\d{2}|y$"))),
        ("{ $.a[0].b[1] = 1x }", Atom(("a", 0, "b", 1), Equals("1x"))),
        ("{ $.a[*].b = 1x }", Atom(("a", EVERY, "b"), Equals("1x"))),
        ("{ $.* = 1x }", Atom((EVERY,), Equals("1x"))),
        ("", ALWAYS),
        (" ", ALWAYS),
        ('" "', ALWAYS),
        ("ERROR", TextAtom(Word("ERROR"))),
        ('ERROR -"not found" -x', And(word("ERROR"), Not(word("not found")), Not(word("x")))),
        ("?a ?b", Or(word("a"), word("b"))),
        ("?a ?b c", word("c")),
        ("%ERR|WARN%", TextAtom(Regex("ERR|WARN"))),
        ("[]", TextAtom(Fields(()))),
        ("[a, ..., b = 4*]", TextAtom(Fields((Slot("a"), Slot("b", ((Equals("4*"),),))), 1))),
        ("[a > 1 && a < 5 || a = x,]", TextAtom(Fields((Slot("a", (BETWEEN, (Equals("x"),))), Slot())))),
        ("{ $.a = arn:aws:iam::* }", Atom(("a",), Equals("arn:aws:iam::*"))),
    ],
)
def test_reads(text: str, predicate: object) -> None:
    assert parse(text).predicate == predicate


@pytest.mark.parametrize(
    ("text", "marked", "message"),
    [
        (" { $.a = x }", " ", "Remove the space before"),
        (" [a, b]", " ", "Remove the space before"),
        ("{ $.a = x } || { $.b = y }", "|| { $.b = y }", "Nothing is allowed after"),
        ("{ $.a = x", "", "} to end the pattern"),
        ("{ ($.a = x }", "}", ") to close the parenthesis"),
        ("{ a = x }", "a", "must begin with a field such as $.errorCode"),
        ("{ $ = x }", "=", "Expected a field name"),
        ("{ $.a. = x }", ".", "Expected a field name"),
        ("{ $.a EXISTS }", "EXISTS", "NOT EXISTS"),
        ("{ $.a IS NOT }", "NOT", "NULL, TRUE or FALSE"),
        ("{ $.a NOT x }", "x", "EXISTS"),
        ("{ $.a = 'x' }", "'", '"double quotes"'),
        ('{ $.a = "x }', '"', '"double quotes"'),
        ("{ $.a = Failed login }", "login", "&& or ||"),
        ("{ $.a = x, $.b = y }", ",", "&& or ||"),
        (r'{ $.a = "x\n" }', r'"x\n"', r"not \n"),
        (r'"x\\\d"', r'"x\\\d"', r"not \d"),
        ('{ $.a < "12" }', '"', "a number without quotes"),
        ("{ $.a >= x }", "x", "a number without quotes"),
        ("{ $.a = %x }", "%x }", "must end with %"),
        ("{ $.a = %x!% }", "!", "A regular expression can have"),
        ("{ $.a = %(x)% }", "(", "A regular expression can have"),
        ("{ $.a = %[z-a]% }", "[", "from the lower to the higher"),
        ("{ $.a = %x{3,2}% }", "{", "from the smaller number"),
        ("{ $.a = %a% && $.b = %b% && $.c = %c% }", "%c%", "two regular expressions"),
        ("{ $.a[*].b[*] = x }", "$.a[*].b[*]", "one wildcard"),
        ("{ $.a[*] = x && $.b.* = x && $.c[*] = x && $.* = x }", "$.*", "a pattern three"),
        ("{ $.a[x] = y }", "[", "[0]"),
        ('{ $."a-b" = x }', ".", "['any text']"),
        ("?Status: timeout", ":", "double quotes"),
        ('?"" ?a', '""', "must not be blank"),
        ('-""', '""', "must not be blank"),
        ("{ $.a > 1e999 }", "1e999", "a number without quotes"),
        ("(x)", "(", "Expected a term: a word of letters"),
        ('"a":[]', ":", "double quotes"),
        ("%x% y", "y", "Nothing is allowed after"),
        ("[a, b", "", "comma"),
        ("[a, b] c", "c", "Nothing is allowed after"),
        ("[..., a, ...]", "]", "only once"),
        ("[a = 4* && b > 1]", "b", "must name that field: a"),
        ("[a ! 4]", "!", "Expected ="),
        ("{" + "(" * 500 + "$.a = x" + ")" * 499 + "}", "}", ") to close the parenthesis"),
        ("{" + "(" * 400 + "$.a = x" + ")" * 401 + "}", ")", "} to end the pattern"),
        ("{ $.a = " + "x" * 1020 + " }", "xxxx }", "at most 1024"),
    ],
)
def test_rejects_and_marks_the_place(text: str, marked: str, message: str) -> None:
    with pytest.raises(PatternSyntaxError) as caught:
        parse(text)
    error = caught.value
    assert message in str(error)
    assert text[error.start : error.end].startswith(marked)


def test_an_error_shows_the_line_and_the_span_under_it() -> None:
    with pytest.raises(PatternSyntaxError) as caught:
        parse('{ ($.a = "x")\n  && ($.b IS SO) }')
    assert str(caught.value).splitlines()[1:] == ["      && ($.b IS SO) }", "                 ^^"]


@given(patterns(starred))
def test_parsing_what_is_written_gives_the_same_pattern(predicate: object) -> None:
    pattern = Pattern(predicate, "{")  # type: ignore[arg-type]  # hypothesis hides the type
    assume(str(pattern).count("%") <= 4)  # a pattern may hold two regular expressions
    read = parse(str(pattern))
    assert str(read) == str(pattern)
    assert parse(str(read)) == read


@given(st.one_of(st.text(), st.text(alphabet="{}()$.=!&|\"*% abNOTEXISTS\\'[]0\n", max_size=60).map(lambda t: "{" + t)))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    with contextlib.suppress(PatternSyntaxError):
        parse(text).matches({})

"""What people write instead of a filter pattern, and what they have to write.

Each mistake was seen in public issue trackers, templates and forums. Nothing here decides whether a pattern is valid:
the parser does, and only a text that it rejects is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from filter_pattern.tokenizer import PatternSyntaxError

LOOKED_AT = 4096
"""Characters of a text that are looked at: a file that was given instead of a pattern can be long."""

NEAR = 80
"""Characters before an error that are looked at."""


def hint(error: PatternSyntaxError) -> str | None:
    """What to do about the error; None if it is no mistake that is known."""
    text, at = error.pattern[:LOOKED_AT], error.start
    for expression, advice in _WHOLE:
        if found := re.search(expression, text, re.DOTALL):
            return advice.replace("{}", found.group().strip())
    before, after = text[max(0, at - NEAR) : at], text[at:]
    in_braces = text.lstrip().startswith("{")
    if in_braces and (with_values := _of_an_operator(before, after) or _of_several_values(before, after)):
        return with_values
    for expression_before, expression_after, advice in _IN_BRACES if in_braces else _WITHOUT_BRACES:
        found = re.match(expression_after, after)
        if found and re.search(rf"(?:{expression_before})\Z", before):
            return advice.replace("{}", found.group().strip())
    return None


def meant(text: str, parse: Callable[[str], object]) -> str | None:
    """The pattern in the text with the known mistakes corrected, if it then is a valid one that tests fields."""
    corrected = text[:LOOKED_AT].strip("\ufeff \t\r\n")
    for expression, replacement in _CORRECTIONS:
        corrected = re.sub(expression, replacement, corrected, flags=re.DOTALL)
    if not corrected.startswith("{"):
        inside = set(re.findall(r"\{[\s(]*\$\.[^{}]*\}", corrected))
        corrected = inside.pop() if len(inside) == 1 else ""
    try:
        parse(corrected)
    except PatternSyntaxError:
        return None
    return corrected or None


_QUOTED = r"\"[^\"]*\"|'[^']*'"
_VALUE = rf"(?:{_QUOTED}|[A-Za-z*][\w.:*-]*)(?=\s*(?:[)}}&|]|\Z))"
_SEVERAL = rf"(\$[^\s$=!<>()&|]+)\s*(!?)=\s*([(\[][^()\[\]$]*[)\]]|{_VALUE}(?:\s*\|\|\s*{_VALUE})+)"
"""Several values of one field: in parentheses, in brackets, or joined without naming the field again."""


def _of_several_values(before: str, after: str) -> str | None:
    """What to write instead of several values of one field."""
    started = before.rfind("$")
    found = re.match(_SEVERAL, before[started:] + after) if started >= 0 else None
    return f"Name the field in every condition: {_one_condition_each(found)}." if found else None


def _one_condition_each(found: re.Match[str]) -> str:
    """The condition for each of several values, joined."""
    field, negated, several = found.groups()
    values = (quoted or word for quoted, word in re.findall(r"[\"']([^\"']*)[\"']|([\w.:*-]+)", several))
    conditions = (f'{field} {negated}= "{value}"' for value in values)
    return f"({(' && ' if negated else ' || ').join(conditions)})"


_OPERATOR = re.compile(
    rf"(?P<no>(?:(?i:not)\s+)?(?P<word>[=!]?~|(?i:like|matches|contains|regexp|rlike|starts_?with|ends_?with)\b))"
    rf"\s*(?P<value>/[^/]+/|%[^%]+%|{_QUOTED})?"
)


def _of_an_operator(before: str, after: str) -> str | None:
    """What to write instead of an operator of another language, with the value that is given."""
    negated, begun = re.search(r"\bNOT\s+\Z", before), re.search(r"([=!]~?)\s*\Z", before)
    found = _OPERATOR.match((begun[1] if begun else "") + after)
    if found is None:
        return None
    no = f"NOT {found['no']}" if negated else found["no"]
    sign = "!=" if no.lower().startswith(("not", "!")) else "="
    return (
        f"Filter patterns have no {' '.join(no.split())}. Write {sign} {_test(found['word'].lower(), found['value'])}."
    )


def _test(word: str, value: str | None) -> str:
    """What to write after = or != for the operator."""
    text = value[1:-1] if value else ""
    if not text:
        return _REGEX
    if word == "like":
        return f'"{text.replace("%", "*")}", where * stands for any text'
    if word in ("contains", "startswith", "starts_with", "endswith", "ends_with"):
        return f'"{"*" * (word[0] != "s")}{text}{"*" * (word[0] != "e")}"'
    return f"%{text}%"


_BRACES = "Put all conditions inside one pair of braces: { ... }."
_PASTE = "Give only the pattern itself, which begins with { and ends with }."
_REGEX = '%AccessDenied.*%, or "AccessDenied*" where * stands for any text'

_NOT_IN = "Filter patterns have no NOT IN. Write one condition with != for each value, joined with &&."
_EXAMPLE = 'A filter pattern has conditions on fields, such as { $.errorCode = "AccessDenied*" }.'
_TEMPLATE = (
    r"\bresource\s+\"aws_|\b[fF]ilterPattern\b|\bfilter_pattern\s*[=:]|^\s*pattern\s*[=:]|AWS::Logs::\w+"
    r"|^\s*[>|][+-]?\s*\n"
)
_QUERY = (
    r"^\s*(SELECT|select)\s.*\b(FROM|from)\b|(^|\|)\s*(fields|filter|stats|sort|parse|limit|display|dedup)\s"
    r"|@(timestamp|message|logStream)\b"
)
_FILE = (
    r"^(fileb?://|@|~?\.{0,2}/|[A-Za-z]:[\\/])\S*[^\s/]$"
    r"|^[\w ./\\~-]+\.(tf|tfvars|hcl|json|ya?ml|toml|template|txt|md|csv|log|ts|js|py|rb|go|java|cs|sh|pattern)$"
)
_REFERENCE = r"[$%#]\{[^}]*\}?|^\s*(\$(env:)?\w+|\$\([^()]*\)|(var|local|module|data)\.[\w.]+|\{\{\s*[\w.]+\s*\}\})\s*$"

_WHOLE = (
    (r"^\ufeff", "The text begins with a byte order mark, which is invisible. Save the file without it."),
    (
        r"!(Sub|Ref|Join|ImportValue|FindInMap|GetAtt)\b|\"(Fn::\w+|Ref)\"",
        "{} is a function of CloudFormation: give the text that it returns.",
    ),
    (_REFERENCE, "{} is a reference: give its value."),
    (r"^\s*\{\s*$", "Nothing follows the brace. In a shell, quote the whole pattern: '{ $.errorCode = ... }'."),
    (_TEMPLATE, "This is a part of a template. " + _PASTE),
    (_QUERY, "This is a query of CloudWatch Logs Insights, not a filter pattern. " + _EXAMPLE),
    (_FILE, "{} looks like the name of a file. Give the text of the file, for example through standard input."),
    (
        r"^\s*\(*\s*[A-Za-z_][\w.]*\s*(=|!=|<>|(IS|NOT\s+EXISTS)\b)",
        "A pattern that tests fields stands in braces, and a field begins with $. : write { $.errorCode = ... }.",
    ),
    (r"^\s*\{\s*\"", "This is JSON, such as an event pattern of EventBridge, not a filter pattern. " + _EXAMPLE),
    (
        r"^\s*'\s*\{.*\}\s*'\s*$",
        "Leave out the quotes around the pattern: the shell or the template would take them away.",
    ),
    (r"^\s*\{\s*\{", "Use one pair of braces, and parentheses inside it."),
    (
        r"\\\$|\\\"",
        'A backslash before " or $ is how Terraform, JSON or a shell writes them inside quotes. Leave it out.',
    ),
    ("[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a]", '{} is not a quote of code. Write straight quotes: "'),
    (
        "[\u00a0\u2000-\u200b\u202f\u3000]",
        "The text has a blank or invisible character that is not a space. Type it anew.",
    ),
)
"""Expressions that are searched for in the whole text, and the advice. `{}` is what was found."""

_IN_BRACES = (
    (r"=\s*", r"=", "Write one =. Filter patterns have no {}=."),
    (r"<\s*", r">", "Write != instead of <>."),
    (r"[\w\]]\s*", r":=?", "Write = instead of {}."),
    (r"=\s*", r"'", "Put text in double quotes: \"AccessDenied*\", not 'AccessDenied*'."),
    (r"[^<>]=\s*", r'"', "The double quote that ends the value is missing."),
    (r"\bNOT\s+", r"(?i:in)\b", _NOT_IN),
    (r"", r"(?i:not\s+in)\b", _NOT_IN),
    (r"", r"(?i:in)\b", "Filter patterns have no {}. Write one condition for each value, joined with ||."),
    (
        r"\bIS\s+",
        r"NOT\b",
        'AWS does not support IS NOT. Write != "value", or = "*" for a field that is any text or number.',
    ),
    (r"\bNOT\s+", r"(?i:exists?)\b", "Write NOT EXISTS, in upper case."),
    (
        r"",
        r"(?i:exists?)\b",
        'AWS does not support EXISTS, only NOT EXISTS. Write = "*", which is true of any text or number.',
    ),
    (r"[\w\]]\s+", r"(?i:(does\s+)?not\s+exists?|notexists|missing|undefined)\b", "Write NOT EXISTS, in upper case."),
    (
        r"[\w\]]\s+",
        r"(?i:is\s+(null|true|false))\b",
        "Write IS NULL, IS TRUE or IS FALSE, in upper case.",
    ),
    (r"\bIS\s+", r"(?i:null|true|false)\b", "Write IS NULL, IS TRUE or IS FALSE, in upper case."),
    (
        r"[{(]\s*|&&\s*|\|\|\s*",
        r"!|(?i:not)\b",
        "Conditions cannot be negated as a whole. Write != in each of them, and turn && into ||, and || into &&.",
    ),
    (r"%[^%]*", r"[()]", r"Regular expressions have no groups: write %one|two%, or \x28 and \x29 for parentheses."),
    (r"\}\s*", r"(\|\||&&|or\b|and\b|OR\b|AND\b|\{)", _BRACES),
    (r"\}\s*", r".{1,40}", "Leave out what follows the pattern: {}"),
    (r"", r"(?i:and|or)\b|&(?!&)|\|(?!\|)", "Write && for and, and || for or, instead of {}."),
    (r"", r",", "Join conditions with && or ||, not with a comma."),
    (r"=\s*[\w.-]+", r"%", "% is a wildcard of SQL. For any text at the beginning or end of a value, write *."),
    (r"=\s*", r"%[^%]*\Z", "A regular expression stands between two %. For any text, write *."),
    (r"(\|\||&&)\s*", r"[\"%'*]", 'Name the field in every condition: $.errorCode = "A" || $.errorCode = "B".'),
    (r"\$", r"[A-Za-z_][\w.]*", "Write a dot after $: $.{}."),
    (r"\$\S*", r"\.?\[?\"", "Write fields as $.errorCode, or $.['any text'] with single quotes."),
    (r"", r"\.[A-Za-z_][\w.]*", "A field begins with $: write ${}."),
    (r"[{(]\s*|&&\s*|\|\|\s*", r"[A-Za-z_][\w.]*", "A field begins with $. : write $.{}."),
    (r"=\s*[^\s\"%]+\s+", r"\w+", "Put a value that has spaces in double quotes."),
)
_WITHOUT_BRACES = (
    (r"", r"\$|.*\$\.", "A pattern that tests fields stands in braces: { $.errorCode = ... }."),
    (r"", r"/[^/]+/\Z", "A regular expression stands between %, not between slashes."),
    (r"", r"\|", "Terms of which one is enough begin with ?: ?AccessDenied ?UnauthorizedOperation."),
    (r"", r"\*", "Terms have no *: a term matches anywhere in the text, also inside a longer word."),
    (r"", r"'", "Put text in double quotes."),
)
"""Expressions of what is before the place of the error and of what is there, and the advice."""

_OUTSIDE = r'(?=(?:[^"]*"[^"]*")*[^"]*\Z)'
"""What follows has complete quotes only: this is not inside of quotes."""

_CORRECTIONS = (
    (r'\\(["$])', r"\1"),
    ("[\u201c\u201d\u201e\u201f\u00ab\u00bb]", '"'),
    ("[\u2018\u2019\u201a]", "'"),
    (r"\A'\s*(\{.*\})\s*'\Z", r"\1"),
    (r'\A"\s*(\{.*\})\s*"\Z', r"\1"),
    (r"=(\s*)'([^'\"]*)'", r'=\1"\2"'),
    (r"\A([($].*)\Z", r"{ \1 }"),
    (r"\A((?!\w*(?i:pattern))[A-Za-z_][\w.]*\s*!?=[^{]*)\Z", r"{ \1 }"),
    (r"\A(\{[^{}]*\})[^{}|&]*\Z", r"\1"),
    (r"\$\.?\[\"([\w-]+)\"\]", r"$.\1"),
    (r"={2,3}" + _OUTSIDE, "="),
    (r"<>" + _OUTSIDE, "!="),
    (r"(?i:\band\b)" + _OUTSIDE, "&&"),
    (r"(?i:\bor\b)" + _OUTSIDE, "||"),
    (r"(?<!&)&(?!&)" + _OUTSIDE, "&&"),
    (r"(?<!\|)\|(?!\|)" + _OUTSIDE, "||"),
    (r"(?i:\bnot\s+exists?\b)" + _OUTSIDE, "NOT EXISTS"),
    (r"(?i:\bis\s+(null|true|false)\b)" + _OUTSIDE, lambda found: found.group().upper()),
    (r"\$(?=[A-Za-z_])" + _OUTSIDE, "$."),
    (r"([{(]\s*|&&\s*|\|\|\s*)\.?(?=[A-Za-z_][\w.]*\s*(?:[=!<>]|NOT\b|IS\b))" + _OUTSIDE, r"\1$."),
    (r"(=\s*)([A-Za-z]\w*(?: \w+)+)(?=\s*(?:[)}]|&&|\|\|))" + _OUTSIDE, r'\1"\2"'),
    (r"(?=\$)" + _OUTSIDE + _SEVERAL, _one_condition_each),
)
"""Expressions and what to put in place of what they match, one after the other."""

"""What people write instead of a filter pattern: the hint says what to do, and the pattern that was meant is shown."""

import pytest

from filter_pattern import LONGEST_PATTERN, PatternSyntaxError, parse

RIGHT = '{ ($.errorCode = "A") || ($.errorCode = "B*") }'
ESCAPED = RIGHT.replace('"', '\\"')
NONE = None


def error_of(text: str) -> PatternSyntaxError:
    with pytest.raises(PatternSyntaxError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "hint", "meant"),
    [
        # Signs and words of other languages.
        ('{ $.a == "x" }', "Write one =. Filter patterns have no ==.", '{ $.a = "x" }'),
        ('{ $.a === "x" }', "Write one =.", '{ $.a = "x" }'),
        ('{ $.a <> "x" }', "Write != instead of <>.", '{ $.a != "x" }'),
        ('{ $.a: "x" }', "Write = instead of :.", NONE),
        ('{ $.a := "x" }', "Write = instead of :=.", NONE),
        ('{ $.a =~ "x" }', "have no =~. Write = %x%.", NONE),
        ('{ $.a =~ /x/ }', "have no =~. Write = %x%.", NONE),
        ('{ $.a !~ /x/ }', "have no !~. Write != %x%.", NONE),
        ('{ $.a ~ "x" }', "have no ~. Write = %x%.", NONE),
        ('{ $.a LIKE "x%" }', 'have no LIKE. Write = "x*", where * stands for any text.', NONE),
        ("{ $.a LIKE }", 'have no LIKE. Write = %AccessDenied.*%, or "AccessDenied*" where', NONE),
        ('{ $.a NOT LIKE "x%" }', 'have no NOT LIKE. Write != "x*",', NONE),
        ('{ $.a not like "x%" }', 'have no not like. Write != "x*",', NONE),
        ("{ $.a matches %x% }", "have no matches. Write = %x%.", NONE),
        ('{ $.a contains "x" }', 'have no contains. Write = "*x*".', NONE),
        ('{ $.a IN ("x", "y") }', "have no IN. Write one condition for each value, joined with ||.", NONE),
        ('{ $.a NOT IN ("x") }', "have no NOT IN. Write one condition with != for each value, joined with &&.", NONE),
        ('{ $.a not in ("x") }', "have no NOT IN.", NONE),
        ('{ $.a startswith "x" }', 'have no startswith. Write = "x*".', NONE),
        ('{ $.a starts_with "x" }', 'have no starts_with. Write = "x*".', NONE),
        ('{ $.a endswith "x" }', 'have no endswith. Write = "*x".', NONE),
        ('{ $.a ends_with "x" }', 'have no ends_with. Write = "*x".', NONE),
        ('{ $.a = "x" and $.b = "and" }', "&& for and, and || for or, instead of and", '{ $.a = "x" && $.b = "and" }'),
        ('{ ($.a = "x") OR ($.b = "y") }', "instead of OR", '{ ($.a = "x") || ($.b = "y") }'),
        ('{ $.a = "x" AND $.b = "y" or $.c = 1 }', "instead of AND", '{ $.a = "x" && $.b = "y" || $.c = 1 }'),
        ('{ $.a = "x" & $.b = "y" }', "instead of &", '{ $.a = "x" && $.b = "y" }'),
        ('{ $.a = "x|y" | $.b = "y" }', "instead of |", '{ $.a = "x|y" || $.b = "y" }'),
        ('{ $.a = "x", $.b = "y" }', "with && or ||, not with a comma", NONE),
        ('{ !($.a = "x") }', "cannot be negated as a whole", NONE),
        ('{ NOT $.a = "x" }', "cannot be negated as a whole", NONE),
        ('{ $.a = "x" && !($.b = "y") }', "cannot be negated as a whole", NONE),
        # Tests that AWS does not have, or has in upper case.
        ("{ $.a IS NOT NULL }", 'AWS does not support IS NOT. Write != "value", or = "*"', NONE),
        ("{ $.a EXISTS }", 'AWS does not support EXISTS, only NOT EXISTS. Write = "*"', NONE),
        ("{ $.a exists }", "only NOT EXISTS", NONE),
        ("{ $.a NOT EXIST }", "Write NOT EXISTS", "{ $.a NOT EXISTS }"),
        ("{ $.a not exists }", "Write NOT EXISTS, in upper case", "{ $.a NOT EXISTS }"),
        ("{ $.a does not exist }", "Write NOT EXISTS, in upper case", NONE),
        ("{ $.a is null }", "Write IS NULL, IS TRUE or IS FALSE, in upper case", "{ $.a IS NULL }"),
        ("{ $.a IS true }", "in upper case", "{ $.a IS TRUE }"),
        # Quotes.
        ("{ $.a = 'x' }", "Put text in double quotes", '{ $.a = "x" }'),
        ("{ ($.a != 'x y') && $.b = 'z*' }", "Put text in double quotes", '{ ($.a != "x y") && $.b = "z*" }'),
        ('{ $.a = \u201cx\u201d }', "Write straight quotes", '{ $.a = "x" }'),
        ("{ $.a = \u2018x\u2019 }", "Write straight quotes", '{ $.a = "x" }'),
        ('{ $.a = "x }', "The double quote that ends the value is missing", NONE),
        ("{ ($.a = Failed authentication) }", "has spaces in double quotes", '{ ($.a = "Failed authentication") }'),
        (ESCAPED, 'A backslash before " or $', RIGHT),
        (r'{ (\$.a = \"x\") }', 'A backslash before " or $', '{ ($.a = "x") }'),
        (f"'{RIGHT}'", "Leave out the quotes around the pattern", RIGHT),
        (f'{RIGHT}"', 'Leave out what follows the pattern: "', RIGHT),
        # Fields.
        ('{ errorCode = "x" }', "A field begins with $. : write $.errorCode.", '{ $.errorCode = "x" }'),
        ('{ (a = "x") || (b.c != "y") }', "write $.a.", '{ ($.a = "x") || ($.b.c != "y") }'),
        ('{ $errorCode = "x" }', "Write a dot after $: $.errorCode.", '{ $.errorCode = "x" }'),
        ('{ .errorCode = "x" }', "A field begins with $: write $.errorCode.", '{ $.errorCode = "x" }'),
        ('{ $["a-b"] = "x" }', "Write fields as $.errorCode, or $.['any text']", '{ $.a-b = "x" }'),
        ('{ $.a."b" = "x" }', "Write fields as", NONE),
        (
            '{ $.a = "x" || "y" }',
            'Name the field in every condition: ($.a = "x" || $.a = "y").',
            '{ ($.a = "x" || $.a = "y") }',
        ),
        (
            '{ $.b = "z" || $.a = x* || y* }',
            'Name the field in every condition: ($.a = "x*" || $.a = "y*").',
            '{ $.b = "z" || ($.a = "x*" || $.a = "y*") }',
        ),
        *(
            (
                f"{{ $.b = z && $.a = {several} }}",
                'Name the field in every condition: ($.a = "x" || $.a = "y").',
                '{ $.b = z && ($.a = "x" || $.a = "y") }',
            )
            for several in ('("x" || "y")', "(x || y)", '["x", "y"]', "[x, y]", "('x', 'y')")
        ),
        ('{ $.a != ("x", "y") }', '($.a != "x" && $.a != "y")', '{ ($.a != "x" && $.a != "y") }'),
        ('{ $.a = x || y', 'Name the field in every condition: ($.a = "x" || $.a = "y").', NONE),
        ('{ $.a = "x" && %y% }', 'Name the field in every condition', NONE),
        # Braces, and what is around them.
        (RIGHT[2:-2], "stands in braces", RIGHT),
        ('($.a = "x") ||\n($.b = "y")', "stands in braces", '{ ($.a = "x") ||\n($.b = "y") }'),
        ('$.a = "x"', "stands in braces", '{ $.a = "x" }'),
        ('errorCode = "x"', "stands in braces, and a field begins with $.", '{ $.errorCode = "x" }'),
        ('a.b != "x" && (c = y)', "stands in braces, and a field begins with $.", '{ $.a.b != "x" && ($.c = y) }'),
        ('(a = "x")', "stands in braces, and a field begins with $.", '{ ($.a = "x") }'),
        ("{", "Nothing follows the brace. In a shell, quote the whole pattern: '{ $.errorCode = ... }'.", NONE),
        ('{ $.a = "x" } || { $.b = "y" }', "Put all conditions inside one pair of braces", NONE),
        ('{ { $.a = "x" } }', "Use one pair of braces", NONE),
        ('{ $.a = "x" };', "Leave out what follows the pattern: ;", '{ $.a = "x" }'),
        ('{ $.a = "x" } # alarm', "Leave out what follows the pattern: # alarm", '{ $.a = "x" }'),
        ('  { $.a = "x" }', NONE, '{ $.a = "x" }'),
        ('\ufeff{ $.a = "x" }', "byte order mark", '{ $.a = "x" }'),
        ('{ $.a = "x" &&\u200b $.b = y }', "invisible character", NONE),
        # Templates.
        ("{ $.a = ${var.code} }", "${var.code} is a reference: give its value.", NONE),
        ("${local.pattern}", "${local.pattern} is a reference", NONE),
        *(
            (name, f"{name} is a reference: give its value.", NONE)
            for name in ("$var", "$errorCode", "$(cat file)", "#{pattern}", "{{ pattern }}", "var.pattern")
        ),
        (f"pattern = \"{ESCAPED}\"", "a part of a template. Give only the pattern itself", RIGHT),
        (f'resource "aws_cloudwatch_log_metric_filter" "x" {{\n pattern = "{ESCAPED}"\n}}', "of a template", RIGHT),
        (f"FilterPattern: '{RIGHT}'", "a part of a template", RIGHT),
        (f'"filterPattern": "{ESCAPED}"', "a part of a template", RIGHT),
        (f">-\n  {RIGHT}", "a part of a template", RIGHT),
        (f"!Sub '{RIGHT}'", "!Sub is a function of CloudFormation", RIGHT),
        ("!Ref Pattern", "!Ref is a function of CloudFormation", NONE),
        # Other texts.
        ("modules/alarms/main.tf", "looks like the name of a file", NONE),
        ("./pattern", "looks like the name of a file", NONE),
        ("README.md", "looks like the name of a file", NONE),
        (r"C:\p.txt", "looks like the name of a file", NONE),
        ("my pattern.txt", "looks like the name of a file", NONE),
        ("file://pattern.json", "looks like the name of a file", NONE),
        ("template.yaml", "looks like the name of a file", NONE),
        ("fields @timestamp | filter errorCode like /Denied/", "a query of CloudWatch Logs Insights", NONE),
        ("filter errorCode = 'x' | stats count(*)", "a query of CloudWatch Logs Insights", NONE),
        ("SELECT * FROM trail WHERE errorCode = 'x'", "a query of CloudWatch Logs Insights", NONE),
        ("SELECT *\nFROM trail", "a query of CloudWatch Logs Insights", NONE),
        ('{"detail": {"errorCode": ["x"]}}', "This is JSON, such as an event pattern of EventBridge", NONE),
        # Terms and regular expressions.
        ("AccessDenied|UnauthorizedOperation", "?AccessDenied ?UnauthorizedOperation", NONE),
        ("*UnauthorizedOperation", "Terms have no *", NONE),
        ("/AccessDenied/", "stands between %, not between slashes", NONE),
        ("'not found'", "Put text in double quotes", NONE),
        ("{ $.a = %(x|y)% }", r"have no groups: write %one|two%, or \x28", NONE),
        ("{ $.a = x% }", "% is a wildcard of SQL. For any text at the beginning or end of a value, write *.", NONE),
        ("{ $.a = %x }", "A regular expression stands between two %.", NONE),
        # What is inside of quotes is left as it is; of two patterns none is chosen.
        ('{ $.a == "$.b = (x)" }', "Write one =", '{ $.a = "$.b = (x)" }'),
        ('{ $.a == "this or that and x | y" }', "Write one =", '{ $.a = "this or that and x | y" }'),
        ("pattern = { $.a = x }\npattern = { $.b = y }", "a part of a template", NONE),
        # No known mistake.
        ("{ $.a = }", NONE, NONE),
        ('{ $.a = "x"', NONE, NONE),
        ("a:b", NONE, NONE),
    ],
)  # fmt: skip
def test_a_known_mistake_has_a_hint(text: str, hint: str | None, meant: str | None) -> None:
    error = error_of(text)
    assert (error.hint or "").count(hint or "") == 1 if hint else error.hint is None
    assert error.meant == meant


def test_the_error_ends_with_the_hint_and_what_was_meant() -> None:
    assert str(error_of('{ $.a == "x" }')).splitlines() == [
        'Expected a value: a word, a number, any text in "double quotes", or %a regular expression%.',
        '    { $.a == "x" }',
        "           ^",
        "Write one =. Filter patterns have no ==.",
        'Probably meant: { $.a = "x" }',
    ]
    assert len(str(error_of("{ $.a = }")).splitlines()) == 3
    assert str(error_of(' { $.a = "x" }')).splitlines()[3:] == ['Probably meant: { $.a = "x" }']


@pytest.mark.parametrize(
    ("text", "shown", "marks"),
    [
        ("{ $.a = b c }" + " " * 400, "    { $.a = b c }" + " " * 147 + " ...", " " * 14 + "^"),
        ("{ $.a = " + "x" * 400 + " y }", "    ... " + "x" * 156 + " y }", " " * 165 + "^"),
        ("{ $.a = " + "x" * LONGEST_PATTERN, "    ... " + "x" * 160, " " * 160 + "^" * 8),
        ("{ $.a = " + "x" * 3000, "    ... " + "x" * 160 + " ...", " " * 88 + "^" * 80),
    ],
    ids=["after", "before", "too long", "much too long"],
)
def test_of_a_long_line_the_error_shows_the_place(text: str, shown: str, marks: str) -> None:
    assert str(error_of(text)).splitlines()[1:3] == [shown, marks]


def test_a_file_that_is_given_instead_of_a_pattern_is_looked_at_as_far_as_its_beginning() -> None:
    error = error_of(f"FilterPattern: '{RIGHT}'\n" + "x" * 1_000_000)
    assert (error.hint or "").startswith("This is a part of a template")
    assert error.meant == RIGHT

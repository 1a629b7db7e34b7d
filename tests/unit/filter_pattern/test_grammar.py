"""Text in the shape of a pattern, up to AWS's longest: it is parsed or rejected, and decided within its steps."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.model import cloudtrail_events
from filter_pattern import LONGEST_PATTERN, And, Found, Not, Pattern, PatternSyntaxError, Records, parse, why_not
from filter_pattern.find import decide
from filter_pattern.steps import Steps

RECORDS = cloudtrail_events.records(account="123456789012", region="eu-west-1")
REQUIRED = parse('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }')
LIMIT = 20_000

NAMES = st.sampled_from(
    ("errorCode", "eventName", "userIdentity.arn", "readOnly", "a", "a.b", "a[0]", "a[*].c", "['x y']")
)
FIELDS = st.one_of(
    NAMES.map(lambda name: f"$.{name}"),
    st.integers(1, 300).map(lambda depth: "$" + ".a" * depth),
    st.integers(1, 200).map(lambda depth: "$" + "[0]" * depth),
    st.just("$.*"),
)
WORDS = st.text("abx*", min_size=1, max_size=12)
CLASSES = (".", "a", "[ab]", "[^a]", r"\w", r"\x41", "|", "^", "$")
REGEXES = st.lists(
    st.tuples(st.sampled_from(CLASSES), st.sampled_from(("", "?", "*", "+", "{3}", "{0,200}"))).map("".join), max_size=6
).map("".join)
TESTS = st.one_of(
    WORDS.map(lambda word: f"={word}"),
    st.text(max_size=8).map(lambda text: '!="' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    st.integers(-99, 99).map(lambda number: f">={number}"),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: f"={number}"),
    st.integers(1, 300).map(lambda digits: "<" + "9" * digits),
    REGEXES.map(lambda regex: f"=%{regex}%"),
    st.sampled_from((" IS NULL", " IS TRUE", " NOT EXISTS")),
)
CONDITIONS = st.tuples(st.integers(0, 3), FIELDS, TESTS, st.integers(0, 3)).map(
    lambda parts: "(" * parts[0] + parts[1] + parts[2] + ")" * parts[3]
)


def balanced(conditions: list[str], signs: list[str], deep: int) -> str:
    text = "(" * deep + conditions[0]
    for sign, condition in zip(signs, conditions[1:], strict=False):
        text += sign + condition
    opened = text.count("(") - text.count(")")
    return "{" + "(" * -opened + text + ")" * opened + "}"


JSON = st.builds(
    balanced,
    st.lists(CONDITIONS, min_size=1, max_size=60),
    st.lists(st.sampled_from(("&&", "||")), min_size=60, max_size=60),
    st.sampled_from((0, 0, 0, 5, 450)),
)
TERMS = st.lists(
    st.tuples(
        st.sampled_from(("", "-", "?")), st.one_of(st.text("abcDenied", min_size=1, max_size=6), WORDS.map(repr))
    ).map("".join),
    max_size=250,
).map(" ".join)
LINES = st.lists(st.one_of(st.just("..."), st.tuples(st.sampled_from("abc"), TESTS).map("".join)), max_size=40).map(
    lambda slots: f"[{','.join(slots)}]"
)
TEXTS = st.one_of(JSON, JSON, TERMS, LINES).map(lambda text: text[:LONGEST_PATTERN])


@settings(max_examples=400)
@given(TEXTS)
def test_a_pattern_is_decided_within_its_steps(text: str) -> None:
    with contextlib.suppress(PatternSyntaxError):
        pattern = parse(text)
        assert hash(pattern) == hash(Pattern(pattern.predicate, "other"))
        str(pattern)
        assert why_not(pattern, RECORDS.samples[0])
        for wanted in (pattern, Not(pattern), And(REQUIRED, Not(pattern))):
            for records in (RECORDS, Records({})):
                steps = Steps(LIMIT)
                answer = decide(wanted, records, steps)
                # One more than the limit is spent where it is noticed, at once for many.
                assert steps.taken <= LIMIT or steps.left < 0
                assert not isinstance(answer, Found) or wanted.matches(answer.event)


@given(st.text(max_size=LONGEST_PATTERN + 10), st.sampled_from(("", "{", "[", "%", "{ $.a = %", '{ $.a = "', "{ ((")))
def test_any_text_is_parsed_or_rejected(text: str, begin: str) -> None:
    with contextlib.suppress(PatternSyntaxError):
        assert parse(begin + text).text == begin + text

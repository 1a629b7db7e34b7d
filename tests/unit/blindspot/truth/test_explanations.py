"""What a person reads who gave a pattern that is not what it seems: the reason, and what to write.

Each is read where people meet it: in the output of `explain`, and in the gap of an account that has such a filter.
"""

import io
import json
from contextlib import redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindspot.explain import main
from blindspot.model.findings import DOUBT_FIXES, FIXES
from blindspot.model.pattern_remarks import remarks
from blindspot.verdict.assessment import assess
from filter_pattern import parse
from tests.builders import a_filter
from tests.cases.accounts import PROFILE, filters

CODES = '$.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*"'
ARN_IS_MISSING = "userIdentity.arn is missing, and != is false for a missing field"

MISSES = {
    "an exclusion of a field that may be missing": (
        f'{{ {CODES} && $.userIdentity.arn != "*ci-deployer*" }}',
        [
            'only if userIdentity.arn does not contain "ci-deployer" (the closest of 2 alternatives)',
            ARN_IS_MISSING,
            'write ($.userIdentity.arn NOT EXISTS || $.userIdentity.arn != "*ci-deployer*").',
        ],
    ),
    "an exclusion beside both codes": (
        f'{{ ({CODES}) && $.userIdentity.arn != "*ci-deployer*" }}',
        ['only if userIdentity.arn does not contain "ci-deployer"; ' + ARN_IS_MISSING],
    ),
    "an exclusion of two parts": (
        f'{{ ({CODES}) && ($.eventName != "Decrypt" || $.userIdentity.invokedBy != "config.amazonaws.com") }}',
        [
            ('only if eventName is not "Decrypt" or userIdentity.invokedBy is not "config.amazonaws.com"; '
            'this event has eventName "Decrypt"'),
        ],
    ),
    "alternative terms beside another": (
        "?UnauthorizedOperation ?AccessDenied -HeadBucket",
        [
            'the text of the event does not contain "HeadBucket"; this event has ',
            "AWS ignores ?UnauthorizedOperation and ?AccessDenied, because the pattern also has a term without ?.",
            "Use only terms with ?, or write a JSON pattern",
        ],
    ),
    "a term that is left out": (
        "-HeadBucket",
        [
            'the text of the event does not contain "HeadBucket"',
            "only leaves events out. It also matches ordinary successful calls.",
        ],
    ),
    "terms that must all occur": (
        "UnauthorizedOperation AccessDenied",
        ["all terms must occur. If one term is enough, write ?UnauthorizedOperation ?AccessDenied."],
    ),
    "terms joined with OR": (
        "AccessDenied OR UnauthorizedOperation",
        ["AWS reads OR as a term", "write ?AccessDenied ?UnauthorizedOperation."],
    ),
    "a regular expression": (
        "%AccessDenied%",
        ["only if the text of the event matches the regular expression %AccessDenied%."],
    ),
    "a regular expression for a field": (
        "{ $.errorCode = %^AccessDenied$% }",
        ['only if errorCode matches the regular expression %^AccessDenied$%; this event has errorCode "'],
    ),
    "a field in other letters": (
        '{ $.errorcode = "AccessDenied*" || $.errorcode = "*UnauthorizedOperation" }',
        ["errorcode is missing", "Names of fields are case-sensitive. Write $.errorCode if you mean that field."],
    ),
    "a field of another service's events": (
        '{ $.detail.errorCode = "AccessDenied*" || $.detail.errorCode = "*UnauthorizedOperation" }',
        ["CloudTrail writes no $.detail.errorCode. Write $.errorCode if you mean that field."],
    ),
    "a value in other letters": (
        '{ $.errorCode = "accessdenied*" || $.errorCode = "*unauthorizedoperation" }',
        ["upper and lower case differ"],
    ),
    "a pattern in quotes": (
        r'"{ $.errorCode = \"AccessDenied*\" }"',
        ["The pattern is in quotes", "Leave out the quotes around it"],
    ),
    "a value that is a regular expression": (
        '{ $.errorCode = "AccessDenied.*|UnauthorizedOperation" }',
        ["is compared as text, in which only * has a meaning", "write it between %"],
    ),
    "a reference in a value": (
        '{ $.errorCode = "${Code}" }',
        ["${Code} in a value is compared as it is. If it is a reference, give its value."],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "words"), MISSES.values(), ids=MISSES)
def test_the_command_says_why_the_pattern_misses_an_event(
    capsys: pytest.CaptureFixture[str], pattern: str, words: list[str]
) -> None:
    assert main(["--", pattern]) == 1
    printed = capsys.readouterr().out
    assert [said for said in words if said not in printed] == []
    assert "A pattern that covers profile cis-level-2: {" in printed


@pytest.mark.parametrize(("pattern", "words"), MISSES.values(), ids=MISSES)
def test_the_gap_of_an_account_says_so_too(pattern: str, words: list[str]) -> None:
    """The message says what is wrong, and the fix what to do."""
    gaps = [gap for region in assess(filters(a_filter(pattern)), PROFILE).regions for gap in region.gaps]
    gap = next((gap for gap in gaps if gap.code == "filter.misses"), gaps[0])
    known = remarks(parse(pattern))
    assert [remark for remark in known if remark.what not in gap.message or remark.instead not in gap.fix] == []
    assert "rite " not in gap.message
    if gap.code == "filter.misses":  # of one that counts ordinary calls, only that is the gap
        assert [said for said in words if said not in f"{gap.message} {gap.fix}"] == []


@pytest.mark.parametrize("pattern", ['{ $.errorCode != "Throttling*" }', '{ $.errorCode != "" }', "?AccessDenied -x"])
def test_what_matches_no_ordinary_call_or_says_why_is_not_said_to_match_all(
    capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    main(["--", pattern])
    assert "only leaves events out" not in capsys.readouterr().out


def test_where_nothing_better_is_known_the_fix_is_that_of_the_code() -> None:
    gap = assess(filters(a_filter('{ $.errorCode = "AccessDenied" }')), PROFILE).regions[0].gaps[0]
    assert gap.fix == FIXES["filter.misses"]


@pytest.mark.parametrize(
    ("patterns", "fix"),
    [
        (["[a, b]"], DOUBT_FIXES["filter.unclear"]),
        (["[a, b]", "{ $.a = b }"], DOUBT_FIXES["filter.unclear"]),
        ([f'{{ ({CODES}) && $.errorCode != "Throttling*" }}'], DOUBT_FIXES["event.code"]),
    ],
)
def test_what_resolves_a_doubt(capsys: pytest.CaptureFixture[str], patterns: list[str], fix: str) -> None:
    assert main(patterns) == 1
    assert f"\nFix: {fix}\n" in capsys.readouterr().out
    assert main(["--json", *patterns]) == 1
    assert json.loads(capsys.readouterr().out)["fix"] == fix


def test_a_pattern_may_stay_as_it_is_with_the_overrides_that_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pattern = f'{{ ({CODES}) && ($.userIdentity.arn NOT EXISTS || $.userIdentity.arn != "*ci*") }}'
    assert main([pattern]) == 1
    printed = capsys.readouterr().out
    assert "One that also leaves out" not in printed
    assert "Then keep it, and set Overrides: {" in printed
    overrides = printed.split("set Overrides: ")[1].split("\n")[0]
    assert main(["--overrides", overrides, pattern]) == 0


@pytest.mark.parametrize(
    "pattern", ["?AccessDenied", "? AccessDenied", '?"AccessDenied"', "-x", "%x%", '""', "{ $.a = b }"]
)
def test_a_pattern_of_one_part_is_explained(capsys: pytest.CaptureFixture[str], pattern: str) -> None:
    assert main(["--", pattern]) == 1
    assert capsys.readouterr().out.startswith(("Misses", "Undecided", "Covers"))
    assert main(["--json", "--", pattern]) == 1
    assert json.loads(capsys.readouterr().out)["profile"] == "cis-level-2"


_word = st.sampled_from(("AccessDenied", '"x y"', "errorCode"))
_terms = st.lists(st.builds("{}{}".format, st.sampled_from(("", "?", "-", "? ", "- ")), _word), min_size=1, max_size=3)
_conditions = st.lists(
    st.builds(
        "$.{} {}".format,
        st.sampled_from(("errorCode", "readOnly", "userIdentity.arn", "resources[*].ARN")),
        st.sampled_from(('= "AccessDenied*"', '!= "x"', "= null", "NOT EXISTS", "IS TRUE", "> 1", "!= %x%")),
    ),
    min_size=1,
    max_size=3,
).filter(lambda conditions: "".join(conditions).count("%x%") <= 2)  # AWS takes no third


@settings(max_examples=60)
@given(
    st.one_of(
        _terms.map(" ".join),
        st.builds(lambda parts, sign: f"{{ {sign.join(parts)} }}", _conditions, st.sampled_from((" && ", " || "))),
        st.sampled_from(("[a]", "[a = x, ...]", "%x%")),
    )
)
def test_every_valid_pattern_is_explained(pattern: str) -> None:
    with redirect_stdout(io.StringIO()) as printed:
        assert main(["--", pattern]) in (0, 1)
    assert printed.getvalue().startswith(("Covers", "Misses", "Undecided"))


@pytest.mark.parametrize("profile", ["cis-level-2", "cis-v1.5.0"])
@pytest.mark.parametrize("given", [[""], ["  "], ["\n"], ["--", ""], []], ids=repr)
def test_nothing_is_no_pattern(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: list[str], profile: str
) -> None:
    """A variable that is not set must not pass a gate: an empty pattern matches every event."""
    monkeypatch.setattr("sys.stdin", io.StringIO(" \r\n\n"))
    with pytest.raises(SystemExit) as ended:
        main(["--profile", profile, *given])
    assert ended.value.code == 2
    assert "is empty; expected a filter pattern" in capsys.readouterr().err


@pytest.mark.parametrize("pattern", ["-HeadBucket", "-heartbeat", "-j", "--jso", "-h=x"])
def test_a_pattern_that_begins_with_a_minus_is_no_option(capsys: pytest.CaptureFixture[str], pattern: str) -> None:
    """Not even one that begins like an option, since --help ends with 0, as a pattern that covers everything does."""
    with pytest.raises(SystemExit) as ended:
        main([pattern])
    assert ended.value.code == 2
    assert f"{pattern} is not an option. If it is a pattern, write -- before the patterns" in capsys.readouterr().err

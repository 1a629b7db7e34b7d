"""What a person reads who gave a pattern that is not what it seems: the reason, and what to write.

Each is read where people meet it: in the output of `explain`, and in the gap of an account that has such a filter.
"""

import io

import pytest

from blindspot.explain import main
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
            'only if userIdentity.arn does not contain "ci-deployer"; ' + ARN_IS_MISSING,
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
        ['the text of the event does not contain "HeadBucket"', "matches all others, also ordinary successful calls"],
    ),
    "terms that must all occur": (
        "UnauthorizedOperation AccessDenied",
        ["All terms must occur. If one is enough, write ?UnauthorizedOperation ?AccessDenied."],
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
        ["errorcode is missing", "Did you mean $.errorCode? Names of fields are case-sensitive."],
    ),
    "a field of another service's events": (
        '{ $.detail.errorCode = "AccessDenied*" || $.detail.errorCode = "*UnauthorizedOperation" }',
        ["CloudTrail writes no $.detail.errorCode. Did you mean $.errorCode?"],
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
    gaps = [gap for region in assess(filters(a_filter(pattern)), PROFILE).regions for gap in region.gaps]
    messages = [gap.message for gap in gaps if gap.code == "filter.misses"]
    if not messages:  # it counts ordinary calls: that is the gap
        assert {gap.code for gap in gaps} == {"filter.noise"}
        assert [remark for remark in remarks(parse(pattern)) if remark not in gaps[0].message] == []
        return
    assert [said for said in words if said not in messages[0]] == []


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
    assert f"{pattern} is no option. If it is a pattern, write -- before the patterns" in capsys.readouterr().err

import io
import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blindspot.explain import explain, main
from blindspot.model import profile
from blindspot.model.other_checks import SECURITY_HUB
from filter_pattern import parse
from tests.cases.hostile import NAMES

CIS = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
HALF = '{ $.errorCode = "AccessDenied" }'
IN_ONE_REGION = (
    '{ ($.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*") && $.awsRegion = "us-east-1" }'
)
NO_CI = '{ ($.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*") && $.userIdentity.arn != "*ci*" }'
PROFILE = profile.load(profile.DEFAULT)


@pytest.mark.parametrize(
    ("arguments", "status", "printed"),
    [
        ([CIS], 0, "Covers every event that profile cis-level-2 requires"),
        (["?AccessDenied ?UnauthorizedOperation"], 0, "Covers"),
        ([HALF], 1, 'matches only if errorCode is exactly "AccessDenied"'),
        ([HALF], 1, '"errorCode": "AccessDeniedException"'),
        (['{ $.errorCode = "AccessDenied*" }', '{ $.errorCode = "*UnauthorizedOperation" }'], 0, "Covers"),
        (["{ $.eventName = * }"], 1, "Noise: { $.eventName = * } counts ordinary successful calls"),
        (["--profile", "cis-v1.5.0", "{ $.eventName = * }"], 0, "Covers"),
        (["[first, second]"], 1, "Undecided: the answer depends on words"),
        ([CIS[:-1] + '|| $.errorCode = "AccessDeniedException" }'], 0, f"matches the same events: {CIS}"),
        (
            [IN_ONE_REGION],
            1,
            "Misses events that profile cis-level-2 requires. Example: ",
        ),
        (["{ $.a"], 2, "Invalid: Expected =, !="),
        (["{ $.a"], 2, "A pattern that covers profile cis-level-2: {"),
        (
            ['{ $.errorCode == "A" }'],
            2,
            'Write one =. Filter patterns have no ==.\nProbably meant: { $.errorCode = "A" }',
        ),
        ([HALF, "?a b"], 1, "Note: ?a b: AWS ignores ?a"),
        ([HALF], 1, "Security Hub's CloudWatch.2 rejects this text. It accepts only {($.errorCode=\"*Unauthorized"),
        ([CIS], 0, "AWS does not document whether it compares spaces, the only difference."),
        ([SECURITY_HUB], 0, "Security Hub's CloudWatch.2 accepts this text."),
        ([CIS], 0, "Prowler's check accepts this text."),
        (
            [HALF],
            1,
            "Prowler's check rejects this text. It searches for $.errorCode = *UnauthorizedOperation, and after",
        ),
        (["--", "-HeadBucket"], 1, "Noise: -HeadBucket counts ordinary successful calls"),
        (["--overrides", '{"benign": ["{ $.awsRegion != us-east-1 }"]}', IN_ONE_REGION], 0, "Covers"),
        (["--overrides={}", IN_ONE_REGION], 1, "Misses"),
        (["--overrides", '{"required": "{ $.eventName = GetSecretValue }"}', "x"], 1, "GetSecretValue"),
        (["--overrides", '{"required": "{ $.errorCode NOT EXISTS }", "noise_breaks": false}', "x"], 1, "Misses"),
        ([CIS, "{ $.a"], 2, "Invalid"),
    ],
)
def test_the_answer_and_its_exit_status(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, printed: str
) -> None:
    assert main(arguments) == status
    assert printed in capsys.readouterr().out


def test_a_pattern_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(CIS + "\n"))
    assert main([]) == 0
    assert "Covers" in capsys.readouterr().out


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", HALF]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["covers"], answer["noise"], answer["simpler"]) == (False, [], None)
    assert answer["blind_spot"]["errorCode"] == "AccessDeniedException"
    assert main(["--json", "{ $.a"]) == 2
    assert json.loads(capsys.readouterr().out)["at"] == [5, 6]


def test_the_json_says_what_to_paste_instead(capsys: pytest.CaptureFixture[str]) -> None:
    pattern = profile.load("cis-level-2").pattern.text
    main(["--json", HALF])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["suggestion"], answer["keeping_exclusions"], answer["remarks"]) == (pattern, None, [])
    assert (answer["security_hub"], answer["prowler"]) == (False, False)
    main(["--json", CIS])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["suggestion"], answer["keeping_exclusions"]) == (None, None)
    assert (answer["security_hub"], answer["prowler"]) == (None, True)
    main(["--json", '{ $.errorcode == "x" }'])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["hint"], answer["meant"]) == ("Write one =. Filter patterns have no ==.", '{ $.errorcode = "x" }')
    assert answer["suggestion"] == pattern
    main(["--json", "?a b"])
    remark = json.loads(capsys.readouterr().out)["remarks"][0]
    assert (remark["pattern"], remark["remark"][:14]) == ("?a b", "AWS ignores ?a")


def test_what_to_paste_to_keep_exclusions_covers_with_the_overrides_that_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For the stack, and for this command."""
    assert main(["--json", NO_CI]) == 1
    kept = json.loads(capsys.readouterr().out)["keeping_exclusions"]
    assert main([NO_CI]) == 1
    printed = capsys.readouterr().out
    assert f"One that also leaves out what your pattern leaves out: {kept['pattern']}" in printed
    overrides = printed.split("Then set Overrides: ")[1].split("\n")[0]
    assert json.loads(overrides) == {"benign": kept["benign"]}
    assert kept["benign"] == [*(one.text for one in PROFILE.benign), '{ ($.userIdentity.arn = "*ci*") }']
    assert main(["--overrides", overrides, kept["pattern"]]) == 0
    assert main([kept["pattern"]]) == 1
    assert main(["--json", '{ $.errorCode = "AccessDenied" && $.eventName != "HeadBucket" }']) == 1
    capsys.readouterr()
    kept_alone = explain([parse('{ $.errorCode = "AccessDenied" && $.eventName != "HeadBucket" }')], PROFILE)
    assert kept_alone["keeping_exclusions"]["benign"] is None
    assert main([kept_alone["keeping_exclusions"]["pattern"]]) == 0


def test_the_overrides_to_paste_keep_reasons_and_ends_of_exclusions_and_leave_out_those_that_ended() -> None:
    """Of today, as the stack judges."""
    today = datetime.now(UTC).date()
    text = "{ $.eventName = HeadBucket }"
    kept = {"pattern": text, "reason": "a scanner", "until": (today + timedelta(days=2)).isoformat()}
    overrides = {"benign": [text, kept, kept | {"until": (today - timedelta(days=1)).isoformat()}]}
    judge = profile.load(profile.DEFAULT, overrides, on=today)
    answer = explain([parse(NO_CI)], judge)
    assert answer["keeping_exclusions"]["benign"] == [text, kept, '{ ($.userIdentity.arn = "*ci*") }']


@pytest.mark.parametrize(("days", "status"), [(-1, 1), (2, 0)])
def test_overrides_are_those_of_today(capsys: pytest.CaptureFixture[str], days: int, status: int) -> None:
    until = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    overrides = {"benign": [{"pattern": "{ $.eventName = GetObject }", "until": until}]}
    pattern = f"{{ ({CIS[1:-1]}) && $.eventName != GetObject }}"
    assert main(["--overrides", json.dumps(overrides), pattern]) == status
    assert "GetObject" in capsys.readouterr().out or status == 0


@pytest.mark.parametrize("excluding", ['$.sourceIPAddress != "10.*"', '$.userIdentity.arn != "*:user/bob"'])
def test_no_pattern_matches_the_example(excluding: str) -> None:
    pattern = parse(f"{{ ({CIS[1:-1]}) && {excluding} }}")
    missed = explain([pattern], PROFILE, simplify=False)["blind_spot"]
    assert PROFILE.required.matches(missed)
    assert not pattern.matches(missed)


@pytest.mark.parametrize(
    ("overrides", "wrong"),
    [
        ("x", "expected a JSON object with keys of a profile"),
        ("[" * 100_000, "expected a JSON object with keys of a profile"),
        ("[]", "Overrides is []; allowed: an object with the keys"),
        ('{"benig": []}', "Overrides has an unknown key 'benig'; allowed: required, benign"),
        ('{"benign": ["{"]}', "Overrides: benign is not a valid filter pattern."),
        ('{"benign": "x"}', "Overrides: benign is 'x'; allowed: a list of: filter patterns, as text"),
    ],
    ids=range(6),
)
def test_overrides_that_are_none(capsys: pytest.CaptureFixture[str], overrides: str, wrong: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--overrides", overrides, CIS])
    assert ended.value.code == 2
    assert f"--overrides: {wrong}" in capsys.readouterr().err


def test_the_help_has_the_default_the_exit_statuses_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("(default:", profile.DEFAULT, "exit status:\n  0  together", "\n  2  a"))
    example = printed.split("example:\n")[1].split("\n")[0]
    assert main(shlex.split(example)[3:]) == 0


def test_the_documentation_has_every_field_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    documented = (Path(__file__).parents[3] / "docs/filter-patterns.md").read_text()
    for arguments in (["--json", NO_CI], ["--json", "{ $.a"]):
        main(arguments)
        fields = json.loads(capsys.readouterr().out)
        assert [name for name in fields if f"| `{name}` |" not in documented] == []


@pytest.mark.parametrize("content", [None, "no json", '{"text": "x"}', '{"pattern": 3}', "3"])
def test_a_corpus_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None) -> None:
    corpus = tmp_path / "patterns.jsonl"
    if content is not None:
        corpus.write_text(content)
    with pytest.raises(SystemExit, match="2"):
        main(["--corpus", str(corpus)])
    assert 'one JSON object with "pattern" on each line' in capsys.readouterr().err


def test_a_corpus_as_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    corpus = tmp_path / "patterns.jsonl"
    corpus.write_text("".join(json.dumps({"pattern": text}) + "\n" for text in (CIS, HALF, "{ $.eventName = * }", "{")))
    assert main(["--corpus", str(corpus)]) == 0
    printed = capsys.readouterr().out
    assert "4 patterns, 1 of them invalid." in printed
    assert "| cis-level-2 | 1 | 1 | 1 | 0 | GetSecretValue, AccessDeniedException |" in printed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pattern", ['$.errorCode = "AccessDenied" || $.a = "{}"', '$.errorCode != "{}"', "{}"])
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_pattern_does_no_harm_to_a_terminal(
    capsys: pytest.CaptureFixture[str], arguments: list[str], pattern: str, name: str
) -> None:
    given, _ = NAMES[name]
    main([*arguments, f"{{ {pattern.format(given)} }}"])
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    assert arguments or sum(line.startswith(("Misses", "Covers", "Invalid", "Undecided")) for line in lines) == 1


def test_a_corpus_does_no_harm_to_a_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    corpus = tmp_path / "patterns.jsonl"
    every_code_but = '{ $.errorCode = "*" && $.errorCode != "\x1bAccessDenied" && $.eventName != "[a-z]*" }'
    corpus.write_text(json.dumps({"pattern": every_code_but}) + "\n")
    assert main(["--corpus", str(corpus)]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.rstrip("\n").split("\n"))


def test_the_json_of_an_error_has_the_pattern_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "{ $.a = \x7f\n\x1b%"]) == 2
    assert json.loads(capsys.readouterr().out)["pattern"] == "{ $.a = \x7f\n\x1b%"


def test_the_fix_of_an_unlikely_miss_is_that_of_the_accounts_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    function = "$.requestParameters.functionName"
    main(["--", f'{{ ({CIS[2:-2]}) && ({function} NOT EXISTS || {function} = "*") }}'])
    assert 'as in ($.eventSource != "lambda.amazonaws.com" || ...).' in capsys.readouterr().out

import io
import json
from pathlib import Path

import pytest

from blindspot.explain import main
from tests.cases.hostile import NAMES

CIS = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
HALF = '{ $.errorCode = "AccessDenied" }'


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
            [CIS[:-1] + '&& $.awsRegion = "us-east-1" }'],
            1,
            "Misses events that profile cis-level-2 requires. Example: ",
        ),
        (["{ $.a"], 2, "Invalid: Expected =, !="),
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


@pytest.mark.parametrize("text", ["", "\n"])
@pytest.mark.parametrize("arguments", [[], ["-"], ["--profile", "cis-v1.5.0"]])
def test_an_empty_standard_input_is_no_pattern(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "standard input is empty; expected a filter pattern" in capsys.readouterr().err


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

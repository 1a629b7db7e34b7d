"""`python -m blindspot`: an account assessed with one's own credentials, and documents that were kept."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindspot import cli
from blindspot.aws.client import Clients
from blindspot.aws.responses import Credentials
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws
from tests.cases.documents import a_document, a_remediation, with_gap

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": "layers/blindspot", "COLUMNS": "80", "NO_COLOR": "1"}
BLINDSPOT = (sys.executable, "-m", "blindspot")


@pytest.fixture(autouse=True)
def own_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Credentials by environment, and an AWS configuration without profiles. Returns its folder."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SECRET-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def assess(*options: str) -> int:
    return cli.main(["assess", "--region", "eu-west-1", *options])


@pytest.fixture
def in_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged, of which nothing may be left."""
    yield caplog
    assert caplog.text == ""


def test_a_compliant_account_is_status_0_and_its_document_is_json(
    small: LocalAws, capsys: pytest.CaptureFixture[str], in_log: pytest.LogCaptureFixture
) -> None:
    a_compliant_account(small)
    assert assess("--json") == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["verdict"], document["account"]) == ("COMPLIANT", "123456789012")
    assert (document["stack"], document["run"], document["config"]) == (None, None, None)
    assert document["api_calls"] == len(small.calls)
    assert printed.err == ""
    assert small.config_rows == []
    assert small.events == []


def test_a_blind_spot_is_status_1_and_shown(
    small: LocalAws, capsys: pytest.CaptureFixture[str], in_log: pytest.LogCaptureFixture
) -> None:
    a_compliant_account(small, pattern=HALF_RIGHT)
    assert assess() == 1
    printed = capsys.readouterr()
    assert "No. There are calls that alert nobody" in printed.out
    assert '"errorCode": "AccessDeniedException"' in printed.out
    assert printed.err == ""


def test_a_doubt_is_status_3(small: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    a_compliant_account(small)
    small.fail("cloudwatch:DescribeAlarms")
    assert assess("--markdown") == 3
    assert "### 1. `unread.refused`" in capsys.readouterr().out


def test_what_is_required_can_be_set(small: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    a_compliant_account(small, pattern=HALF_RIGHT)
    options = ("--profile", "clouddefense-cis-v1.4.0", "--overrides", '{"future_region": false}')
    assert assess(*options, "--excluded-regions", "us-east-1", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["profile"] == "clouddefense-cis-v1.4.0"
    assert set(document["regions"]) == {"eu-central-1", "eu-west-1"}


def test_the_page_is_written(small: LocalAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_compliant_account(small)
    page = tmp_path / "page.html"
    page.write_text("an old one")
    assert assess("--html", str(page)) == 0
    assert page.read_text("utf-8").startswith("<!")
    assert capsys.readouterr().out == (
        f"Yes, in all 3 enabled regions, and in every region that is enabled later.\nThe page is in {page}.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_profile_of_the_aws_configuration_makes_the_calls(
    small: LocalAws, own_credentials: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(own_credentials / "config"))
    keys = "aws_access_key_id = a\naws_secret_access_key = b\n"
    (own_credentials / "config").write_text(f"[profile audit]\nregion = eu-central-1\n{keys}")
    small.fail("sts:GetCallerIdentity", error="ExpiredToken")
    assert cli.main(["assess", "--profile-name", "audit"]) == 2
    assert [(str(call), call.region) for call in small.calls] == [("sts:GetCallerIdentity", "eu-central-1")]
    assert "The AWS credentials have expired. Log in" in capsys.readouterr().err


def test_with_a_role_in_another_account_the_same_profile_is_used(
    small: LocalAws, own_credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificates and endpoints too, and not those of AWS_PROFILE."""
    keys = "aws_access_key_id = a\naws_secret_access_key = b\n"
    (own_credentials / "config").write_text(f"[profile audit]\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(own_credentials / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    clients = Clients("eu-west-1", "audit")
    clients.become("999999999999", Credentials("c", "d", "e"))
    assert clients.call("sts:GetCallerIdentity", "eu-west-1", "999999999999")["Account"] == "123456789012"


def test_a_link_to_a_page_stays_one(tmp_path: Path) -> None:
    page, link, (document,) = tmp_path / ("p" * 255), tmp_path / "link.html", kept(tmp_path, a_document())
    link.symlink_to(page)
    assert cli.main(["report", "--html", str(link), document]) == 0
    assert link.is_symlink()
    assert page.read_text("utf-8").startswith("<!")
    assert {path.name for path in tmp_path.iterdir()} == {page.name, link.name, Path(document).name}


def test_a_page_of_several_documents_is_named_with_each_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = kept(tmp_path, a_document(), a_remediation())
    assert cli.main(["report", "--html", str(tmp_path / "page.html"), *documents]) == 0
    answers = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in answers] == ["Yes,", "Nothing", "The"]


def test_no_page_is_made_where_none_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = kept(tmp_path, a_document())
    assert "its folder does not exist" in failed(capsys, "report", document, "--html", "/nowhere/page.html")


def test_refused_calls_are_counted(small: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    a_compliant_account(small)
    small.fail("sns:ListSubscriptionsByTopic", error="AuthorizationError")
    assess("--json")
    assert json.loads(capsys.readouterr().out)["refused_calls"] == 1


REFUSED = {
    "ExpiredToken": "The AWS credentials have expired.",
    "InvalidClientTokenId": "AWS does not accept the credentials (InvalidClientTokenId).",
    "SignatureDoesNotMatch": "AWS does not accept the credentials (SignatureDoesNotMatch).",
    "Whatever": "AWS did not say which account the credentials are of: sts:GetCallerIdentity failed in eu-west-1 "
    "(Whatever).",
}


@pytest.mark.parametrize("error", REFUSED)
def test_credentials_that_aws_refuses_are_an_error(
    small: LocalAws, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small.fail("sts:GetCallerIdentity", error=error)
    assert assess() == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"python -m blindspot assess: error: {REFUSED[error]}")
    assert "SECRET" not in printed.err


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that the command writes where it cannot be run."""
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err


def test_a_fault_of_the_command_is_not_the_status_of_a_blind_spot(
    small: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_compliant_account(small)
    monkeypatch.setattr("blindspot.report.markdown.markdown", lambda _: 1 / 0)
    assert assess("--markdown") == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_page_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    somebodys = tmp_path / "somebodys"
    somebodys.write_text("theirs")
    (tmp_path / f".blindspot-{os.getpid()}").symlink_to(somebodys)
    (document,) = kept(tmp_path, a_document())
    page = tmp_path / "page.html"
    assert "cannot be written: File exists" in failed(capsys, "report", document, "--html", str(page))
    assert (page.exists(), somebodys.read_text()) == (False, "theirs")


def test_a_page_may_have_the_longest_name(tmp_path: Path) -> None:
    (document,) = kept(tmp_path, a_document())
    page = tmp_path / ("a" * 255)
    assert cli.main(["report", document, "--html", str(page)]) == 0
    assert page.read_text("utf-8").startswith("<!")


def test_without_credentials_it_says_how_to_log_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "There are no AWS credentials. Log in" in failed(capsys, "assess", "--region", "eu-west-1")


def test_without_a_region_it_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No region is set." in failed(capsys, "assess")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_be_in_the_environment(
    small: LocalAws, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv(name, "us-east-1")
    small.fail("sts:GetCallerIdentity")
    assert "failed in us-east-1" in failed(capsys, "assess")


@pytest.mark.parametrize("option", [("--profile-name", "nobody"), ()])
def test_an_unknown_profile_is_named_with_those_there_are(
    option: tuple[str, ...],
    own_credentials: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (own_credentials / "config").write_text("[profile audit]\nregion = eu-central-1\n[profile other]\n")
    if not option:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "has no profile 'nobody'. Its profiles: audit, other." in failed(capsys, "assess", *option)


@pytest.mark.parametrize(
    "line",
    [
        "sso_session = none",
        "role_arn = arn\nsource_profile = x",
        *(f"credential_process = {program}" for program in ("false", "/nowhere", "echo SECRET")),
    ],
)
def test_credentials_that_cannot_be_had_are_an_error(
    line: str, own_credentials: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (own_credentials / "config").write_text(f"[profile audit]\nregion = eu-central-1\n{line}\n")
    said = failed(capsys, "assess", "--profile-name", "audit")
    assert "Log in, as with" in said
    assert "SECRET" not in said


def test_a_role_that_cannot_be_assumed_is_an_error(
    small: LocalAws, own_credentials: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(own_credentials / "config"))
    role = "role_arn = arn:aws:iam::999999999999:role/audit\ncredential_source = Environment\n"
    (own_credentials / "config").write_text(f"[profile audit]\nregion = eu-central-1\n{role}")
    small.fail("sts:AssumeRole", error="AccessDenied")
    assert "The AWS credentials cannot be used (AccessDenied)." in failed(capsys, "assess", "--profile-name", "audit")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--overrides", "{", "Overrides is not JSON"),
        ("--excluded-regions", "Ireland", "ExcludedRegions has 'Ireland'"),
        ("--monitoring-role-arns", "me", "MonitoringRoleArns has 'me'"),
        ("--html", "/nowhere/page.html", "its folder does not exist"),
        ("--html", ".", "this is no file"),
        ("--html", "x" * 256, "cannot be written: File name too long"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_called(
    small: LocalAws, option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in failed(capsys, "assess", "--region", "eu-west-1", option, value)
    assert small.calls == []


def kept(folder: Path, *documents: Any) -> list[str]:
    names = []
    for number, document in enumerate(documents):
        path = folder / f"{number}.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        names.append(str(path))
    return names


def test_kept_documents_are_shown_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = kept(tmp_path, {"detail": with_gap()}, a_remediation())
    assert cli.main(["report", *names]) == 0
    shown = capsys.readouterr().out
    assert "No. There are calls that alert nobody" in shown
    assert "Remediation: plan" in shown


def test_json_is_the_document_without_its_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "--json", *kept(tmp_path, {"detail": a_document()})]) == 0
    assert json.loads(capsys.readouterr().out) == a_document()


def test_a_document_may_begin_with_a_mark_as_windows_writes_it(tmp_path: Path) -> None:
    assert cli.main(["report", *kept(tmp_path, "\ufeff" + json.dumps(a_document()))]) == 0


def test_no_name_in_a_document_or_of_a_file_does_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "\x1b[31m\u202e\x9b"
    assert cli.main(["report", "--json", *kept(tmp_path, a_document(summary=odd))]) == 0
    shown = capsys.readouterr().out + failed(capsys, "report", odd).removesuffix("\n")
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize("options", [("--json", "--markdown"), ("--markdown", "--html", "x.html"), ("--htm", "x")])
def test_one_form_by_its_whole_name(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["report", *options, "document.json"])
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("\udcff", "is not JSON"),
        ("NaN", "is not JSON"),
        ('{"a": 1e999}', "is not JSON"),
        ({}, "This is no document of Blindspot."),
        (a_document(verdict="OK"), "The document's verdict is not valid."),
    ],
)
def test_what_is_no_document_is_an_error(
    document: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "document"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    whole = kept(tmp_path, a_remediation())
    told = failed(capsys, "report", *whole, str(path))
    assert said in told
    assert f"error: {path}" in told


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read: No such file" in failed(capsys, "report", str(tmp_path / "none"))
    assert "cannot be read: Is a directory" in failed(capsys, "report", str(tmp_path))


def run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**ENVIRONMENT, **environment}
    return subprocess.run(
        [*BLINDSPOT, *arguments], cwd=ROOT, env=known, input=given, capture_output=True, text=True, check=False
    )


def test_a_document_may_come_from_standard_input() -> None:
    ran = run("report", "-", given=json.dumps(with_gap()))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Would every unauthorized API call")


def test_without_standard_input_it_says_so() -> None:
    command = ["bash", "-c", f"{sys.executable} -m blindspot report - <&-"]
    ran = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("python -m blindspot report: error: Standard input is not JSON")


@pytest.mark.parametrize("command", [(), ("assess",), ("review",), ("report",), ("explain",)])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    ran = run(*command, "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "xample:\n  python -m blindspot" in ran.stdout


def test_a_wrong_command_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["expain"])
    told = capsys.readouterr().err
    assert told.startswith("usage: python -m blindspot COMMAND ...")
    assert all(f"'{name}'" in told for name in ("assess", "review", "report", "explain"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is simulated by a device of Linux")
@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",)])
def test_a_full_disk_is_no_verdict(form: tuple[str, ...]) -> None:
    command = ["bash", "-c", f"{' '.join([*BLINDSPOT, 'report', '-', *form])} >/dev/full"]
    given = json.dumps(with_gap())
    ran = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, input=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("python -m blindspot report: error: [Errno 28] No space left on device.")


def test_explain_is_todays_command() -> None:
    pattern = '{ $.errorCode = "AccessDenied" }'
    ran = run("explain", "--json", pattern)
    assert (ran.returncode, json.loads(ran.stdout)["covers"]) == (1, False)
    assert run("explain", "{").returncode == 2


def without_packages(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a Python that has only its own library."""
    main = "import sys; sys.path.insert(0, 'layers/blindspot'); from blindspot.cli import main; sys.exit(main())"
    python = [sys.executable, "-I", "-S", "-c", main]
    return subprocess.run([*python, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_explain_needs_python_alone() -> None:
    ran = without_packages("explain", "{")
    assert (ran.returncode, ran.stderr) == (2, "")
    assert ran.stdout.startswith("Invalid: ")


def test_a_package_that_is_missing_is_named() -> None:
    ran = without_packages("assess")
    assert ran.returncode == 2
    assert "needs the Python package botocore. `make install` installs it" in ran.stderr


def test_over_http_on_a_terminal_it_shows_progress_and_nothing_else_on_stderr(tmp_path: Path) -> None:
    server = [sys.executable, "-m", "local.server", "--account", "half-right"]
    with subprocess.Popen(server, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
        environment = {**ENVIRONMENT, **keys, "AWS_ENDPOINT_URL": serving.stdout.readline().strip()}
        ours, theirs = pty.openpty()
        command = [*BLINDSPOT, "assess", "--json"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
        ) as running:
            os.close(theirs)
            out, _ = running.communicate()
        told = os.read(ours, 1_000_000).decode()
        os.close(ours)
        serving.terminate()
    assert running.returncode == 1
    assert json.loads(out)["gaps"][0]["code"] == "filter.misses"
    assert "Assessing account 123456789012 by profile cis-level-2: " in told
    assert told.endswith("\r\x1b[K")

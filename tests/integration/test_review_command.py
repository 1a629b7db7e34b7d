"""`python -m blindspot review`: the refused calls of an account, with one's own credentials."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindspot import cli
from local.accounts import Made, a_compliant_account
from local.aws import LocalAws
from tests.integration.reviewing import DAY, HOUR, deliver, every, log_group, reads
from tests.integration.test_assess_command import BLINDSPOT, ENVIRONMENT, ROOT
from tests.schemas import REVIEW


@pytest.fixture(autouse=True)
def own_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials by environment, and an AWS configuration without profiles."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SECRET-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setattr("blindspot.aws.refused_calls.PACE", 0)


@pytest.fixture
def account(small: LocalAws) -> Made:
    """An account whose alarm a scanner sets off all day."""
    made = a_compliant_account(small)
    deliver(small, made, every(HOUR))
    return made


def review(*options: str) -> int:
    return cli.main(["review", "--region", "eu-west-1", *options])


def document(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert review("--json", *options) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    found: dict[str, Any] = json.loads(printed.out)
    assert [error.message for error in REVIEW.iter_errors(found)] == []
    return found


def test_the_document_is_json_and_nothing_is_written(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = small.dump()
    found = document(capsys)
    assert (found["hours"], found["account"], found["stack"], found["run"]) == (168, "123456789012", None, None)
    assert (found["groups"][0]["caller"]["name"], len(found["exclusions"])) == ("scanner", 1)
    assert found["api_calls"] == len(small.calls)
    assert (small.config_rows, small.events, small.dump()) == ([], [], before)
    assert [record for record in caplog.records if record.name.startswith("blindspot")] == []


def test_all_log_groups_of_the_trails_are_read(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the account, and the stack's parameter has no say."""
    monkeypatch.setenv("BLINDSPOT_REVIEW_LOG_GROUP_ARNS", "arn:aws:logs:eu-west-1:123456789012:log-group:payroll")
    other = a_compliant_account(small, region="us-east-1", name="other")
    deliver(small, other, every(HOUR, role="other"))
    found = document(capsys, "--hours", "24")
    assert [each["log_group"] for each in found["log_groups"]] == [log_group(account), log_group(other)]
    assert {group["caller"]["name"] for group in found["groups"]} == {"scanner", "other"}
    assert {each["error"] for each in found["log_groups"]} == {None}


@pytest.mark.parametrize(("hours", "calls"), [("1", 1), ("3", 3), ("2160", (7 * DAY - HOUR) // HOUR)])
def test_the_hours_can_be_chosen(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], hours: str, calls: int
) -> None:
    found = document(capsys, "--hours", hours)
    assert (found["hours"], found["groups"][0]["count"]) == (int(hours), calls)


@pytest.mark.parametrize("hours", ["0", "2161", "-1", "1.5", "week", "", "٣"])
def test_other_hours_are_a_wrong_command_line(small: LocalAws, hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        review("--hours", hours)
    assert "argument --hours: allowed: a whole number from 1 to 2160" in capsys.readouterr().err
    assert small.calls == []


def test_the_exclusions_that_are_set_already_are_kept(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    own: dict[str, Any] = {"benign": ['{ $.eventName = "Own" }'], "calls_to_alarm": 1}
    found = document(capsys, "--overrides", json.dumps(own))
    printed = json.loads(found["overrides"])
    assert printed["benign"][0] == own["benign"][0]
    assert printed["calls_to_alarm"] == 1
    assert len(printed["benign"]) == 2
    again = document(capsys, "--overrides", found["overrides"])
    assert (again["exclusions"], again["groups"][0]["excused"]) == ([], True)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--overrides", "{", "Overrides is not JSON"),
        ("--excluded-regions", "Ireland", "ExcludedRegions has 'Ireland'"),
        ("--html", "/nowhere/page.html", "its folder does not exist"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_called(
    small: LocalAws, option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert review(option, value) == 2
    printed = capsys.readouterr()
    assert (printed.out, small.calls) == ("", [])
    assert message in printed.err


def test_credentials_that_have_expired_are_an_error(small: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    small.fail("sts:GetCallerIdentity", error="ExpiredToken")
    assert review() == 2
    assert "python -m blindspot review: error: The AWS credentials have expired." in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "--markdown"])
def test_what_is_refused_is_shown_with_status_0(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    small.fail("logs:FilterLogEvents", error="AccessDeniedException")
    assert review(*([] if form == "text" else [form])) == 0
    printed = capsys.readouterr()
    assert "AccessDeniedException" in printed.out
    assert (reads(small), printed.err) == (1, "")


def test_where_the_time_is_over_it_says_so_far(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small.fail("logs:FilterLogEvents", error="ThrottlingException")
    monkeypatch.setattr(cli, "CALLS_READ", 5)
    found = document(capsys)
    why = found["log_groups"][0]["error"]["error"]
    assert (found["read"]["share"], why in ("ThrottlingException", "Timeout")) == (0, True)
    assert found["summary"] == f"Nothing was read: log group management-events could not be read ({why})."


def test_the_page_is_written_and_the_answer_printed(
    small: LocalAws, account: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert review("--html", str(page)) == 0
    assert page.read_text("utf-8").startswith("<!")
    assert "scanner" in page.read_text("utf-8")
    answer, where = capsys.readouterr().out.splitlines()
    assert "role scanner makes all refused calls" in answer
    assert where == f"The page is in {page}."


def test_nothing_of_the_account_is_left_where_it_is_shown_to_others(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, "--anonymize")
    assert found["anonymized"] is True
    shown = json.dumps(found)
    for name in (
        "scanner/",
        "role/scanner",
        "123456789012",
        "198.51.100.7",
        "management-events",
        "session-",
        "payroll",
    ):
        assert name not in shown
    assert not [group for group in found["groups"] if "scanner" in group["caller"]["name"]]
    assert found["groups"][0]["count"] == (7 * DAY - HOUR) // HOUR


def test_what_runs_out_of_time_is_an_error(
    small: LocalAws, account: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blindspot.app.review.review", lambda *_, **__: time.sleep(2))
    monkeypatch.setattr(cli, "REVIEWED", 1)
    assert review("--hours", "1") == 2
    assert "could not be read and assessed in the time of this run" in capsys.readouterr().err


@pytest.fixture
def served() -> Iterator[dict[str, str]]:
    """An environment that leads to an account on this machine."""
    server = [sys.executable, "-m", "local.server", "--account", "half-right"]
    with subprocess.Popen(server, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
        yield {**ENVIRONMENT, **keys, "AWS_ENDPOINT_URL": serving.stdout.readline().strip()}
        serving.terminate()


def on_a_terminal(environment: dict[str, str], *options: str, interrupt_at: str = "") -> tuple[int, str, str]:
    """The status, what is printed, and what the terminal shows. interrupt_at: somebody presses Ctrl-C when it shows
    this."""
    ours, theirs = pty.openpty()
    command = [*BLINDSPOT, "review", *options]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True) as ran:
        os.close(theirs)
        told = ""
        while True:
            try:
                part = os.read(ours, 65_536).decode()
            except OSError:  # nobody writes to it any more
                break
            told += part
            if interrupt_at and interrupt_at in told:
                ran.send_signal(signal.SIGINT)
                interrupt_at = ""
        assert ran.stdout is not None
        out = ran.stdout.read()
    os.close(ours)
    return ran.returncode, out, told


def test_on_a_terminal_it_says_how_far_it_came(served: dict[str, str]) -> None:
    status, out, told = on_a_terminal(served, "--json")
    assert (status, json.loads(out)["read"]["share"]) == (0, 1.0)
    assert "Reviewing account 123456789012 by profile cis-level-2: " in told
    shares = [int(share) for share in re.findall(r"so far (\d+) % of the hours asked for", told)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert told.endswith("\r\x1b[K")


def test_ctrl_c_ends_it_quietly(served: dict[str, str]) -> None:
    """As it ends any other program: the shell then sees 130."""
    status, out, told = on_a_terminal(served, "--hours", "2160", interrupt_at="so far")
    assert (status, out) == (-signal.SIGINT, "")
    assert "Traceback" not in told

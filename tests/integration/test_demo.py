"""What a person sees of `make demo`."""

import os
import pty
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from local import demo_text
from local.aws.extension.config import Row

ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, "-m", "local.demo"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": "layers/blindspot", "COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm"}


@pytest.fixture(scope="module")
def output() -> str:
    """In a pipe, at 80 columns."""
    ran = subprocess.run(DEMO, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def words(text: str) -> str:
    """Without the lines of tables, so that a sentence is in one piece."""
    return " ".join(re.sub(r"[^\w\s.,:'?-]", " ", text).split())


def test_the_answer_comes_first_and_the_account_last(output: str) -> None:
    in_order = (
        "Would every unauthorized API call in this account alert somebody?",
        "No. There are calls that alert nobody in 16 of 17 enabled regions, and in every region that is enabled later.",
        "calls secretsmanager:GetSecretValue in ap-northeast-1.",
        "Why: Metric filter",
        "Fix: ",
        "The CloudTrail event, abbreviated:",
        "Verdict by region",
        "Received by AWS Config",
        "Nothing was changed. The remediator would make 1 change.",
        "logs:PutMetricFilter",
        "Before: nothing is there.",
        "To undo it:",
        "Verdict expected: COMPLIANT.",
        "Remediation is off: its value is 'false' only 'true' is on.",
        "Subscribed to topic security-alerts already: email at example.com 1 confirmed, 0 pending .",
        "Cost a month: 0.00 USD.",
        "Log group organization-baseline in us-east-1 has 8 of at most 100 metric filters",
        "To apply exactly this plan, invoke the remediator with action : apply , plan : ",
        "Remediation on: 1 of 1 changes made. Reassessed: COMPLIANT.",
        "AWS Config re-evaluated: 18 of 18 regions are COMPLIANT.",
        "Backout: 1 of 1 changes undone. The account is as it was before.",
        "The account exists only in this process: no call left this machine.",
        "Why one metric filter closes the gap in all regions: organization-baseline is a multi-region trail.",
        "The same as a page for a browser: .demo page.html",
    )
    plain = words(output)
    found = [plain.find(said) for said in in_order]
    assert -1 not in found, in_order[found.index(-1)]
    assert found == sorted(found)
    assert plain.startswith(in_order[0])


def test_every_kind_of_trouble_is_in_the_table(output: str) -> None:
    for said in ("COMPLIANT eu-west-1", "Trail sydney-office is not", "subscription is not confirmed"):
        assert re.search(r"\b.*?".join(map(re.escape, said.split())), words(output)), said


def test_the_page_is_where_it_says(output: str) -> None:
    name = re.search(r"a page for a browser: (\S+)", output)
    assert name is not None
    written = (ROOT / name[1]).read_text("utf-8")
    assert written.startswith("<!")
    assert "organization-baseline" in written


def test_the_change_is_written_in_full(output: str) -> None:
    assert '$.eventName!=\\"HeadBucket\\")}' in "".join(output.split())


def test_no_line_is_wider_than_the_terminal(output: str) -> None:
    assert [line for line in output.splitlines() if len(line) > 80] == []


def test_in_ascii_and_into_head_it_ends_quietly() -> None:
    command = f"{sys.executable} -m local.demo | head -3; exit ${{PIPESTATUS[0]}}"
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    # The last part may be in the pipe already when `head` has had its lines.
    assert ran.returncode in (0, 128 + signal.SIGPIPE)
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[2].startswith("No. There are calls that alert nobody in 16 of 17")
    assert ran.stdout.isascii()


def test_on_a_terminal_it_shows_progress_and_ctrl_c_ends_it_quietly() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(DEMO, cwd=ROOT, env=ENVIRONMENT, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        seen = b""
        while b"Setting up an AWS account" not in seen:
            seen += os.read(ours, 1000)
        running.send_signal(signal.SIGINT)
        assert running.wait() == -signal.SIGINT
    os.close(ours)
    assert b"Traceback" not in seen


def test_names_from_an_account_are_not_taken_for_markup() -> None:
    odd = "[bold red]x[/] [/nothing] :smile:"
    row = Row("r", "AWS::::Account", odd, "NON_COMPLIANT", f"{odd} \x1b[31m", datetime.now(UTC))
    console = Console(file=StringIO(), width=80, force_terminal=False)
    console.print(demo_text.config([row]))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in printed
    assert "".join(printed.split()).count("[boldred]x[/]") >= 2
    assert printed.count(":smile:") == 2

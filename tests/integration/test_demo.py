"""What a person sees of `make demo`, and that README shows the same."""

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


def test_readme_shows_the_blind_spot(output: str) -> None:
    shown = re.search(r"╭─.*?╯", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown.group() in output


def test_the_answer_comes_first_and_the_account_last(output: str) -> None:
    in_order = (
        "Would every unauthorized API call in this account alert somebody?",
        "No. In 16 of 17 enabled regions, and in every region that is enabled later,",
        "calls secretsmanager:GetSecretValue in ap-northeast-1.",
        "Why: Metric filter",
        "Fix: ",
        "The CloudTrail event, abbreviated:",
        "Verdict by region",
        "Received by AWS Config",
        "With remediation on, Blindspot would make 1 change:",
        "logs:PutMetricFilter",
        "Before: nothing is there.",
        "To undo it:",
        "Verdict to expect: COMPLIANT.",
        "Subscribed to topic security-alerts already: email at example.com 1 confirmed, 0 pending .",
        "Cost a month: 0.00 USD.",
        "Log group organization-baseline in us-east-1 has 8 of at most 100 metric filters",
        "To apply exactly this plan: action : apply , plan : ",
        "Remediation on: 1 of 1 changes made. Reassessed: COMPLIANT.",
        "AWS Config re-evaluated: 18 of 18 regions are COMPLIANT.",
        "Backout: 1 of 1 changes undone. The account is as it was before.",
        "The account exists only in this process: no call left this machine.",
        "Why one metric filter closes the gap in all regions: organization-baseline is a multi-region trail.",
    )
    plain = words(output)
    found = [plain.find(said) for said in in_order]
    assert -1 not in found, in_order[found.index(-1)]
    assert found == sorted(found)
    assert plain.startswith(in_order[0])


def test_every_kind_of_trouble_is_in_the_table(output: str) -> None:
    for said in ("eu-west-1 COMPLIANT", "Trail sydney-office is not", "subscription is not confirmed"):
        assert re.search(r"\b.*?".join(map(re.escape, said.split())), words(output)), said


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
    assert ran.stdout.splitlines()[2].startswith("No. In 16 of 17 enabled regions")
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


ODD = "[bold red]x[/] [/nothing] :smile:"


def test_names_from_an_account_are_not_taken_for_markup() -> None:
    event = {"userIdentity": {"type": ODD}, "eventSource": ODD, "eventName": ODD, "awsRegion": "r", "errorCode": ODD}
    gaps = [{"code": "filter.misses", "resource": ODD}]
    region = {"verdict": "NON_COMPLIANT", "blind_spot": event, "gaps": gaps, "doubts": []}
    gap = {"code": "filter.misses", "resource": ODD, "message": ODD, "fix": ODD, "regions": [ODD]}
    found = {"regions": {ODD: region}, "gaps": [gap]}
    request = {"call": "logs:PutMetricFilter", "parameters": {"filterName": ODD}}
    action = {"action": ODD, "gap": ODD, "heals": [ODD], "before": request, "request": request, "undo": request}
    subscription = {"protocol": ODD, "at": ODD, "confirmed": 1, "pending": 0}
    planned = {
        "plan": [action],
        "plan_id": ODD,
        "expected": ODD,
        "expected_once_confirmed": ODD,
        "listeners": [{"topic": ODD, "subscriptions": [subscription]}],
        "monthly_cost": {"usd": 0},
        "notices": [ODD],
    }
    row = Row("r", "AWS::::Account", ODD, "NON_COMPLIANT", f"{ODD} \x1b[31m", datetime.now(UTC))
    console = Console(file=StringIO(), width=80, force_terminal=False)
    for part in (
        demo_text.answer(found),
        demo_text.blind_spot(found),
        demo_text.regions(found),
        demo_text.config([row]),
        demo_text.plan(planned),
    ):
        console.print(part)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in printed
    assert "".join(printed.split()).count("[boldred]x[/]") >= 8
    assert printed.count(":smile:") >= 8

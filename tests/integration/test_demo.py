"""What a person sees of `make demo`, and that README shows the same."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output() -> str:
    environment = {**os.environ, "PYTHONPATH": "layers/blindspot", "COLUMNS": "80", "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "local.demo"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_readme_shows_how_the_demo_ends(output: str) -> None:
    shown = re.search(r"╭─.*?╯", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown.group() in output


def test_remediation_closes_the_gap_and_backout_restores(output: str) -> None:
    assert "did 1 of 1" in output
    assert "18 of 18 regions are COMPLIANT" in " ".join(output.split())
    assert output.rstrip().endswith("the account is as it was before.")


def test_every_kind_of_trouble_is_in_the_table(output: str) -> None:
    words = " ".join(re.sub(r"[^\w\s.,-]", " ", output).split())
    for said in ("eu-west-1 COMPLIANT", "Trail sydney-office is not", "has been confirmed", "Received by AWS Config"):
        assert re.search(r"\b.*?".join(map(re.escape, said.split())), words), said


def test_it_takes_less_than_half_a_minute(output: str) -> None:
    seconds = [float(found) for found in re.findall(r"(\d+\.\d) s\b", output)]
    assert len(seconds) == 3
    assert sum(seconds) < 30

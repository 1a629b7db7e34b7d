"""The quick form of `make soak`, in a process of its own: pytest keeps what is logged."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.soak.soaking import Limits, Measured

ROOT = Path(__file__).parents[2]


def test_nothing_grows_and_no_verdict_is_stale() -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers/blindspot")])
    ran = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--evaluations", "300"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line[:7] for line in ran.stdout.splitlines()].count("| 300 |") == 1, ran.stderr
    assert (ran.returncode, ran.stdout.splitlines()[-1].partition(", ")[2]) == (
        0,
        "every verdict as the account was; nothing grew",
    )


def test_growth_is_noticed() -> None:
    first = Measured(100, 50_000, 300, 1, 8)
    last = replace(first, objects=first.objects + 9_000, threads=9, files=9)
    assert Limits().exceeded(first, last) == ["9,000 more objects", "8 more threads"]
    assert Limits().exceeded(first, replace(first, megabytes=355)) == ["55 more megabytes"]

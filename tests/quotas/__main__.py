"""`make quotas`: evaluations of accounts at AWS's quotas, and what they take of Lambda's time and memory.

The account is served by a process of its own, so only what the product takes is measured. It exits with 1 where an
evaluation takes too much, or ends without a verdict or a doubt that names the culprit.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.cell import said
from tests.faults.proxy import Held, Served, environment_of, served
from tests.goldens import RULE
from tests.quotas.accounts import ACCOUNTS, Account, setting

SECONDS = 120
"""That the function may run. A smaller time than the deployed one keeps the whole within minutes."""

CPU, MEMORY = 100, 850
"""Seconds, and megabytes, that an evaluation may take."""

DOCUMENT, EVENT = 6 * 2**20, 256 * 2**10
"""Bytes that Lambda returns, and that EventBridge takes."""

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """measured: what `tests.quotas.invoke` wrote, nothing where it was killed. row: what AWS Config's row says."""

    measured: dict[str, Any]
    said: str
    row: str
    event: int
    seeding: float

    def wrong(self, account: Account) -> Iterator[str]:
        if not self.measured:
            yield "killed: too much CPU or time"
            return
        if self.measured["raised"]:
            yield f"raised {self.measured['raised']}"
        if self.measured["cpu"] > CPU:
            yield "too much CPU"
        if self.measured["memory"] > MEMORY:
            yield "too much memory"
        if self.measured["bytes"] > DOCUMENT or self.event > EVENT:
            yield "the document is too large"
        if self.said not in account.says:
            yield f"says {self.said}"
        elif self.said == "Cannot verify" and account.named not in self.row + self.measured["doubts"]:
            yield "the doubt does not name what it is about"
        if not self.event:
            yield "no event"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quotas")
    parser.add_argument("--account", default="", help="only those whose name contains this")
    asked = parser.parse_args()
    print("| account | row | CPU, s | peak memory, MB | time, s | calls | document, KB | event, KB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    bad: list[str] = []
    for name, account in ACCOUNTS.items():
        if asked.account in name:
            outcome = tried(name, account)
            print(row(name, outcome), flush=True)
            bad += [f"{name}: {wrong} ({outcome.row})" for wrong in outcome.wrong(account)]
    print("\n" + ("\n".join(bad) or f"all within {CPU} s of CPU and {MEMORY} MB"))
    return bool(bad)


def tried(name: str, account: Account) -> Outcome:
    with served() as aws:
        began = time.monotonic()
        event = aws.new(partial(setting, name), regions=account.regions)
        seeding = time.monotonic() - began
        measured = invoked(aws, event)
        held = aws.held()
    return Outcome(measured, said(event, held) or "no row", _annotation(held), _event(held), seeding)


def invoked(aws: Served, event: dict[str, Any]) -> dict[str, Any]:
    """What was measured; nothing where the process was killed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers/blindspot")])
    here = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**here, **environment_of(aws.address), "PYTHONPATH": path, "BLINDSPOT_CONFIG_RULE": RULE}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        command = [sys.executable, "-m", "tests.quotas.invoke", str(SECONDS), str(result)]
        try:
            subprocess.run(
                command,
                input=json.dumps(event),
                env=environment,
                cwd=ROOT,
                text=True,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS + 30,
            )
        except subprocess.TimeoutExpired:
            return {}
        measured: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
        return measured


def row(name: str, outcome: Outcome) -> str:
    found = outcome.measured
    if not found:
        return f"| {name} | {outcome.said} | killed | | | | | |"
    cells = (
        outcome.said,
        f"{found['cpu']:.1f}",
        f"{found['memory']:.0f}",
        f"{found['wall']:.1f}",
        found["calls"] or "",
    )
    sizes = (f"{found['bytes'] / 1024:,.0f}", f"{outcome.event / 1024:,.0f}")
    return f"| {name} | " + " | ".join(map(str, (*cells, *sizes))) + " |"


def _annotation(held: Held) -> str:
    return str(held.row.annotation) if held.row else ""


def _event(held: Held) -> int:
    return max((len(event["Detail"].encode()) for event in held.events), default=0)


if __name__ == "__main__":
    sys.exit(main())

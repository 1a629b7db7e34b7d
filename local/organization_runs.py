"""The runs for members of an organization, measured on the local AWS: what they call in which account, log and send.

    python -m local.organization_runs

writes into local/organization_runs.json what one member takes, from which `local.bench_organization` works out what
many take, and `local.costs` what they cost a month. Calls, log lines, events and metrics are those of the real handler,
which the local AWS Config invokes for each member. The CPU time is this machine's, and that of the local AWS is in it.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.accounts import a_compliant_account
from local.aws import LocalAws, local_aws
from local.aws.extension.ec2 import DEFAULT_REGIONS
from local.cost_runs import DELAY, Run, billed_events, metrics_in
from local.demo import SETTINGS
from local.lambda_context import Context

FILE = Path(__file__).with_suffix(".json")

CHAINS = ("own", "organization")
"""Whose trail, log group, filter, alarm and topic a member has: its own, or those of the log archive account."""

HOME, ARCHIVE = SETTINGS["BLINDSPOT_STACK"].split(":")[3], "111111111111"
ROLE, MONITORING = "blindspot-member", "blindspot-monitoring"
EXTERNAL_ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

EVERY_REGION = "cloudtrail:DescribeTrails"
"""What is called in every region of a member. All else is called in one."""


@dataclass(frozen=True)
class FanOut:
    """So many members judged one after another, in a process of its own.

    calls: "ACCOUNT OPERATION" and how often it was called; the account is "own" (the evaluator's), "archive" or
    "member". verdicts: of the members' rows in AWS Config. cpu: seconds. The others are as in `cost_runs.Run`.
    """

    chain: str
    members: int
    regions: int
    calls: dict[str, int]
    verdicts: dict[str, int]
    log_bytes: int
    events: int
    metrics: tuple[str, ...]
    round_trips: int
    cpu: float

    @property
    def run(self) -> Run:
        """What one run costs; its calls are those in all accounts."""
        counted: Counter[str] = Counter()
        for name, count in self.calls.items():
            counted[name.split()[1]] += count
        return Run(
            self.regions,
            f"evaluate a member, {self.chain} trail",
            dict(counted),
            sum(self.verdicts.values()),
            self.log_bytes,
            self.events,
            self.metrics,
            self.round_trips,
            self.cpu,
        )


def main() -> None:
    if arguments := sys.argv[1:]:
        found = measured(arguments[0], int(arguments[1]), int(arguments[2]), float(arguments[3]))
        sys.stdout.write(json.dumps(asdict(found)))
        return
    runs = [in_a_process(chain, 1, len(DEFAULT_REGIONS), DELAY) for chain in CHAINS]
    kept = {"measured": datetime.now(UTC).date().isoformat(), "runs": [asdict(run) for run in runs]}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")
    sys.stdout.write(f"{len(runs)} runs in {FILE.name}\n")


def kept() -> tuple[str, dict[str, FanOut]]:
    """The day on which the runs in the file were measured, and the run of a member with each chain."""
    loaded = json.loads(FILE.read_text())
    runs = [_fan_out(each) for each in loaded["runs"]]
    return loaded["measured"], {run.chain: run for run in runs}


def in_a_process(chain: str, members: int, regions: int, delay: float) -> FanOut:
    command = [sys.executable, "-m", "local.organization_runs", chain, str(members), str(regions), str(delay)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=FILE.parents[1])  # noqa: S603 (ours)
    return _fan_out(json.loads(printed.stdout))


def _fan_out(loaded: dict[str, object]) -> FanOut:
    fields: dict[str, object] = {**loaded, "metrics": tuple(loaded["metrics"])}  # type: ignore[arg-type]
    return FanOut(**fields)  # type: ignore[arg-type]  # what it was made of


def measured(chain: str, members: int, regions: int, delay: float) -> FanOut:
    """AWS Config asks for every member once; each call takes `delay` longer."""
    printed = io.StringIO()
    accounts = [f"{222_222_000_000 + number}" for number in range(members)]
    names = (HOME, *(name for name in DEFAULT_REGIONS if name != HOME))[:regions]
    with local_aws(region=HOME, regions=names, opted_out=()) as aws, redirect_stdout(printed):
        from functions.evaluator import app

        _set_up(aws, chain, accounts)
        aws.evaluator = lambda event: app.handler(event, Context())
        aws.ask_members("blindspot")
        aws.latency(delay)
        began = time.process_time()
        aws.deliver()
        cpu = time.process_time() - began
        whose = {None: "own", ARCHIVE: "archive"}
        calls = Counter(f"{whose.get(call.account, 'member')} {call}" for call in aws.calls)
        text = printed.getvalue()
        return FanOut(
            chain,
            members,
            regions,
            dict(sorted(calls.items())),
            dict(Counter(row.compliance for account in accounts for row in aws.of(account).config_rows)),
            len(text.encode()),
            billed_events(aws.events),
            tuple(sorted(set(metrics_in(text)))),
            aws.round_trips(),
            round(cpu, 1),
        )


def _set_up(aws: LocalAws, chain: str, accounts: list[str]) -> None:
    """An organization in which each of these accounts is COMPLIANT."""
    monitoring = f"arn:aws:iam::{ARCHIVE}:role/{MONITORING}"
    settings = {
        "BLINDSPOT_ORGANIZATION_ROLE": ROLE,
        "BLINDSPOT_MONITORING_ROLE_ARNS": monitoring,
        "BLINDSPOT_STACK": f"arn:aws:cloudformation:{HOME}:{aws.account}:stack/blindspot/{EXTERNAL_ID}",
    }
    os.environ.update({name: value for name, value in SETTINGS.items() if not name.startswith("POWERTOOLS")} | settings)
    aws.organization.join(aws.account, *accounts)
    if chain == "organization":
        aws.trust(monitoring)
        made = a_compliant_account(aws.of(ARCHIVE))
        aws.client("cloudtrail", account=ARCHIVE).update_trail(Name=made.trail, IsOrganizationTrail=True)
    for account in accounts:
        aws.trust(f"arn:aws:iam::{account}:role/{ROLE}", EXTERNAL_ID)
        if chain == "own":
            a_compliant_account(aws.of(account))
    aws.put_organization_rule("blindspot", excluded=(aws.account,))


if __name__ == "__main__":
    main()

"""One cell of the matrix: an operation, a fault, and an account that is good or broken.

The product's side runs in a process of its own, that is killed when its time is over, as Lambda does. `wrong` then says
what must not be: nothing that failed may count as compliant, and whatever happens is reported before the end.
"""

import json
import multiprocessing
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from blindspot.app.run import clients
from functions.evaluator import app as evaluator
from functions.remediator import app as remediator
from tests.faults.accounts import (
    EVALUATE,
    OPERATIONS,
    PLAN,
    PLANNING,
    REFUSED_CALLS,
    REVIEW,
    SETTINGS,
    START,
    setting,
)
from tests.faults.answers import FAULTS, Fault, Kind, Wire
from tests.faults.proxy import HOST, Held, Served, environment_of
from tests.faults.time_left import Left

LIMIT, LONG = 10.0, 300.0
"""Seconds that a function has where a fault lasts, and where not."""

REVIEWING = 40.0
"""Seconds of a review, whatever the fault: one that AWS throttles goes on as long as it may."""

REPORTS = ("config:PutEvaluations", "config:GetComplianceDetailsByConfigRule", "events:PutEvents")
"""What the evaluator calls once it has judged."""


@dataclass(frozen=True)
class Cell:
    operation: str
    fault: str
    broken: bool

    def __str__(self) -> str:
        return f"{self.operation}, {self.fault}, {'broken' if self.broken else 'good'} account"

    @property
    def run(self) -> str:
        return OPERATIONS[self.operation].run

    @property
    def limit(self) -> float:
        if self.run == REVIEW:
            return REVIEWING
        return LIMIT if FAULTS[self.fault].waits else LONG


@dataclass(frozen=True)
class End:
    """How a run ended: returned what, or raised what, or neither where it was killed; and what it logged."""

    returned: dict[str, Any] | None
    raised: str | None
    log: str

    @property
    def killed(self) -> bool:
        return self.returned is None and self.raised is None

    @property
    def records(self) -> Iterator[dict[str, Any]]:
        for line in self.log.splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record

    @property
    def told_verdict(self) -> bool:
        """Whether the log holds a verdict."""
        return any(record.get("verdict") or (record.get("document") or {}).get("verdict") for record in self.records)

    @property
    def counted_as_unreported(self) -> bool:
        return any("UnreportedRuns" in record for record in self.records)

    @property
    def warned(self) -> bool:
        return any(record.get("level") in ("WARNING", "ERROR", "CRITICAL") for record in self.records)


def outcome(served: Served, cell: Cell) -> tuple[str, str]:
    """In a word what became of the run, and what is wrong with it, or nothing."""
    event = served.new(partial(setting, cell.operation, broken=cell.broken), cell.operation, cell.fault)
    end = run(served.address, cell, event)
    held = served.held()
    return summary(event, end, held, cell), wrong(event, end, held, cell)


def run(address: str, cell: Cell, event: dict[str, Any]) -> End:
    """The function's run in a process that is killed at the limit."""
    environment = environment_of(address) | SETTINGS | (PLANNING if cell.run == PLAN else {})
    if FAULTS[cell.fault].wire is Wire.DENIED:
        # One service has one address: that it is denied meets its other operations too.
        environment[f"AWS_ENDPOINT_URL_{_SERVICES[cell.operation.split(':')[0]]}"] = f"http://{HOST}:{_closed_port()}"
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        process = fork.Process(target=_invoke, args=(theirs, log, cell, event, environment))
        process.start()
        theirs.close()
        returned, raised = None, None
        try:
            if ours.poll(cell.limit):
                returned, raised = ours.recv()
        except EOFError:
            raised = "the process ended"
        process.kill()
        process.join()
        return End(returned, raised, log.read_text() if log.exists() else "")


def _invoke(result: Any, log: Path, cell: Cell, event: dict[str, Any], environment: Mapping[str, str]) -> None:
    sys.stdout.flush()
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    with patch.dict(os.environ, environment):
        clients.cache_clear()
        handler, asked = {
            EVALUATE: (evaluator.handler, event),
            START: (evaluator.handler, {"action": "start"}),
            REVIEW: (evaluator.handler, {"action": "review", "hours": 2}),
            PLAN: (remediator.handler, {"action": "plan"}),
        }[cell.run]
        try:
            ended: tuple[object, object] = handler(asked, Left(cell.limit)), None
        except BaseException as error:  # noqa: BLE001 (told to whoever asked)
            ended = None, type(error).__name__
        sys.stdout.flush()
        result.send(ended)
    os._exit(0)  # threads that wait for an answer do not hold it up


def summary(event: dict[str, Any], end: End, held: Held, cell: Cell) -> str:
    if cell.run != EVALUATE:
        return "killed" if end.killed else f"raised {end.raised}" if end.raised else "returned"
    row = said(event, held) or "no row"
    return f"{row}, killed" if end.killed else row


def wrong(event: dict[str, Any], end: End, held: Held, cell: Cell) -> str:
    """What must not be; an empty text where all is right."""
    if cell.run == PLAN:
        written = [call for call in held.seen if call.split(":")[1].startswith(("Put", "Create", "Set", "Subscribe"))]
        return "killed" if end.killed else f"wrote: {written}" if set(written) - {"events:PutEvents"} else ""
    if cell.run == START:
        claims = (end.returned or {}).get("started") is True
        if FAULTS[cell.fault].kind is Kind.NONE and not claims:
            return "does not say started"
        return "killed" if end.killed else "says started, and nothing was" if claims and not held.due else ""
    if cell.run == REVIEW:
        return "killed" if end.killed else _wrong_review(end.returned, cell)
    return _wrong_report(end, held, cell, said(event, held))


def _wrong_review(returned: dict[str, Any] | None, cell: Cell) -> str:
    """A review that says it read everything has counted every refused call."""
    if returned is None:
        return "raised"
    read, errors = returned["read"], [each["error"] for each in returned["log_groups"]]
    whole = read["share"] == 1 and not any(errors)
    if whole and read["events"] != REFUSED_CALLS * cell.broken:
        return f"says that all was read, with {read['events']} events"
    if not whole and not any(errors):
        return "does not say why it was not read"
    if not whole and FAULTS[cell.fault].kind is Kind.NONE and not FAULTS[cell.fault].waits:
        return "was not read, without a fault"
    return ""


def _wrong_report(end: End, held: Held, cell: Cell, said: str | None) -> str:
    fault, returned = FAULTS[cell.fault], end.returned or {}
    if said is None:
        if (returned.get("config") or {}).get("sent"):
            return "says sent, and no row is there"
        # All of a service's operations are denied together.
        denied = fault.wire is Wire.DENIED and cell.operation.startswith("config:")
        if cell.operation != "config:PutEvaluations" and not denied:
            return "killed before the row was there" if end.killed else f"no row ({end.raised or 'returned'})"
        missing = {
            "raised": end.raised is not None,
            "verdict logged": end.told_verdict,
            "UnreportedRuns": end.counted_as_unreported,
        }
        return ", ".join(f"not {name}" for name, is_there in missing.items() if not is_there)
    right = "NON_COMPLIANT" if cell.broken else "COMPLIANT"
    allowed = {right} if _changes_nothing(fault, cell) else {right, "Cannot verify"}
    if fault.deletes:
        allowed.add("NON_COMPLIANT")
    if said not in allowed:
        return f"the row says {said}"
    if not held.events and not end.raised and not end.warned and not end.killed:
        return "the event is not there, and nothing says so"
    return ""


def _changes_nothing(fault: Fault, cell: Cell) -> bool:
    """Whether the verdict must be as without the fault. With little time a busy machine may not read everything."""
    if fault.waits:
        return False
    return fault.kind is Kind.NONE or (cell.operation in REPORTS and fault.wire is not Wire.DENIED)


def said(event: dict[str, Any], held: Held) -> str | None:
    """What this run's row says; None where it is not there."""
    asked = json.loads(event["invokingEvent"])["notificationCreationTime"]
    if held.row is None or f"{held.row.at:%Y-%m-%dT%H:%M:%S}" != asked[:19]:
        return None
    return "Cannot verify" if str(held.row.annotation).startswith("Cannot verify") else held.row.compliance


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


_SERVICES = {
    "cloudtrail": "CLOUDTRAIL",
    "cloudwatch": "CLOUDWATCH",
    "config": "CONFIG_SERVICE",
    "ec2": "EC2",
    "events": "EVENTBRIDGE",
    "kms": "KMS",
    "logs": "CLOUDWATCH_LOGS",
    "sns": "SNS",
    "ssm": "SSM",
    "sts": "STS",
}
"""As AWS_ENDPOINT_URL_<SERVICE> names them (AWS SDKs and tools reference guide)."""

"""`make faults`: every operation meets every fault, over HTTP, in an account that is good and in one that is broken.

It prints a matrix of what AWS Config's row said, and exits with 1 when anything in it must not be.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unittest.mock import patch

from botocore.session import Session

from tests.faults.accounts import EVALUATE, OPERATIONS
from tests.faults.answers import FAULTS, Kind, applies
from tests.faults.cell import Cell, outcome
from tests.faults.proxy import served
from tests.warm import loader

WAITING, WORKING = 12, 3
"""Cells at once, of those that mostly wait, and of those that mostly work."""

LETTERS = {"COMPLIANT": "C", "NON_COMPLIANT": "N", "Cannot verify": "?", "no row": "-", "returned": "r"}

Outcome = tuple[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--operation", default="", help="only those whose name contains this")
    parser.add_argument("--fault", choices=FAULTS, help="only this")
    asked = parser.parse_args()
    chosen = [
        cell
        for cell in cells()
        if asked.operation in cell.operation and (asked.fault is None or cell.fault == asked.fault)
    ]
    began = time.monotonic()
    found: dict[Cell, Outcome] = {}
    for waits, workers in ((True, WAITING), (False, WORKING)):
        found |= at_once([cell for cell in chosen if _mostly_waits(cell) is waits], workers)
    bad = {cell: wrong for cell, (_, wrong) in found.items() if wrong}
    print(table(found))
    counts = Counter(f"{'broken' if cell.broken else 'good'} account: {said}" for cell, (said, _) in found.items())
    print("\n".join(f"{number:5}  {what}" for what, number in sorted(counts.items())))
    print("".join(f"\nwrong: {cell}: {wrong}" for cell, wrong in sorted(bad.items(), key=str)))
    print(f"\n{len(found)} cells in {(time.monotonic() - began) / 60:.0f} minutes, {len(bad)} wrong")
    return bool(bad)


def cells() -> Iterable[Cell]:
    """The matrix. Where it is not the verdict that an operation is called for, the account's state does not matter."""
    for operation, row in OPERATIONS.items():
        for name, fault in FAULTS.items():
            if applies(fault, operation):
                yield Cell(operation, name, broken=True)
                if row.run == EVALUATE:
                    yield Cell(operation, name, broken=False)


def at_once(chosen: Sequence[Cell], workers: int) -> dict[Cell, Outcome]:
    """The outcome of each, so many at a time, each worker with an account of its own."""
    fork = multiprocessing.get_context("fork")
    todo: Any = fork.Queue()
    done: Any = fork.Queue()
    with patch("botocore.session.create_loader", loader):  # what is loaded here need not be loaded for each cell
        _load()
        started = [fork.Process(target=_work, args=(todo, done)) for _ in range(min(workers, len(chosen)))]
        for process in started:
            process.start()
    for cell in [*chosen, *[None] * len(started)]:
        todo.put(cell)
    found = {}
    for _ in chosen:
        cell, (said, bad) = done.get()
        found[cell] = said, bad
        if bad:
            print(f"{len(found)} of {len(chosen)}: {cell}: {bad}", file=sys.stderr, flush=True)
    for process in started:
        process.join()
    return found


def _mostly_waits(cell: Cell) -> bool:
    fault = FAULTS[cell.fault]
    return fault.waits and fault.kind is not Kind.NONE


def _work(todo: Any, done: Any) -> None:
    with served() as account:
        while (cell := todo.get()) is not None:
            try:
                done.put((cell, outcome(account, cell)))
            except Exception as error:  # noqa: BLE001 (one cell's)
                done.put((cell, ("failed", f"the test failed: {error!r}")))


def _load() -> None:
    session = Session()
    session.set_credentials("", "")
    for service in sorted({operation.split(":")[0] for operation in OPERATIONS}):
        session.create_client(service, region_name="us-east-1")


def table(found: Mapping[Cell, Outcome]) -> str:
    """Rows of operations, columns of faults; in each cell the good account, then the broken one."""
    faults = [name for name in FAULTS if any(cell.fault == name for cell in found)]
    operations = [name for name in OPERATIONS if any(cell.operation == name for cell in found)]
    lines = ["| operation | " + " | ".join(faults) + " |", "|---" * (len(faults) + 1) + "|"]
    for operation in operations:
        shown = []
        for fault in faults:
            pair = (found.get(Cell(operation, fault, broken)) for broken in (False, True))
            shown.append("".join(_letter(*outcome) for outcome in pair if outcome))
        lines.append(f"| {operation} | " + " | ".join(shown) + " |")
    lines += [
        "",
        "C: COMPLIANT. N: NON_COMPLIANT. ?: Cannot verify. -: no row. r: returned. e: raised. k: killed. !: wrong.",
    ]
    return "\n".join(lines)


def _letter(said: str, wrong: str) -> str:
    letter = LETTERS.get(said.split(",")[0], "e" if said.startswith("raised") else "k")
    return letter + ("k" if said.endswith(", killed") else "") + ("!" if wrong else "")


if __name__ == "__main__":
    sys.exit(main())

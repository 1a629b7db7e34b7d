"""`make soak`: ten thousand evaluations in one warm process. It exits with 1 where something grows."""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import os
import signal
import sys
import time

from tests.soak.soaking import STATES, Limits, Measured, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--evaluations", type=int, default=10_000, help="how many (default: %(default)s)")
    asked = parser.parse_args()
    if hasattr(
        signal, "SIGPIPE"
    ):  # as in Lambda: what answers late finds nobody who waits, and must not end the process
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    report = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the product logs
    print("| evaluations | objects | resident, MB | threads | open files | CPU, ms an evaluation |", file=report)
    print("|---|---|---|---|---|---|", file=report)
    measured: list[Measured] = []
    before = time.process_time()
    for one in soak(asked.evaluations, every=max(1, asked.evaluations // 10)):
        spent, before = time.process_time() - before, time.process_time()
        each = spent * 10_000 / asked.evaluations
        cells = (f"{one.evaluations:,}", f"{one.objects:,}", f"{one.megabytes:,.0f}", one.threads, one.files)
        print(f"| {' | '.join(map(str, cells))} | {each:.0f} |", file=report, flush=True)
        measured.append(one)
    grown = Limits().exceeded(measured[1], measured[-1])  # the first warm the process up
    print(
        f"\n{len(STATES)} states, every verdict as the account was; " + ("; ".join(grown) or "nothing grew"),
        file=report,
    )
    return bool(grown)


if __name__ == "__main__":
    sys.exit(main())

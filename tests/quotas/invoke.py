"""One invocation of the evaluator in a process that has nothing else in it, as Lambda's has.

    python -m tests.quotas.invoke SECONDS RESULT < EVENT

It writes JSON into the file RESULT: the CPU seconds and the peak of resident memory of the whole process, and what
the evaluator returned or raised. Limits of the process keep the machine from harm.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

MOST_CPU, MOST_MEMORY = 120, 6 * 2**30
"""Seconds, and bytes of addresses, of which threads take far more than they use."""


def main() -> None:
    seconds, result = float(sys.argv[1]), Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    os.nice(10)
    from functions.evaluator import app
    from tests.faults.time_left import Left

    event, began = json.load(sys.stdin), time.monotonic()
    before = memory()
    returned: dict[str, Any] = {}
    raised = None
    try:
        returned = app.handler(event, Left(seconds))
    except Exception as error:  # noqa: BLE001 (told to whoever asked)
        raised = type(error).__name__
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.monotonic() - began,
        "before": before,
        "memory": memory(),
        "raised": raised,
        "bytes": len(json.dumps(returned)),
        "calls": returned.get("api_calls"),
        "gaps": [gap["code"] for gap in returned.get("gaps", [])],
        "doubts": json.dumps([region["doubts"] for region in returned.get("regions", {}).values()])[:100_000],
    }
    result.write_text(json.dumps(measured))
    sys.stdout.flush()
    os._exit(0)  # threads that still read do not hold it up


def memory() -> float:
    """The most that was resident, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage also counts what the parent had resident before the exec
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


if __name__ == "__main__":
    main()

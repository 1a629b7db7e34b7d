"""Where the time of a first invocation goes, on python3.13: `cold_start.py LAYER EVENT` prints it as JSON."""

import json
import os
import resource
import sys
import time
from typing import Any

sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], sys.argv[1]]

began = time.perf_counter()
import app  # type: ignore[import-not-found]  # noqa: E402 (the task root's; it is what is measured)

imported = time.perf_counter() - began

from botocore.session import Session  # noqa: E402 (which the import above must pay for)

create_client = Session.create_client
making: list[float] = []


def timed(*given: Any, **more: Any) -> Any:
    began = time.perf_counter()
    client = create_client(*given, **more)
    making.append(time.perf_counter() - began)
    return client


class Context:
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    function_name, memory_limit_in_mb = "evaluator", 1769
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:evaluator"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def call() -> float:
    began = time.perf_counter()
    app.handler(json.loads(sys.argv[2]), Context())
    return time.perf_counter() - began


Session.create_client = timed  # type: ignore[method-assign]
first, second = call(), call()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
measured = {"import": imported, "clients": sum(making), "made": len(making), "first": first, "second": second}
print(json.dumps({**measured, "peak": peak}), file=sys.stderr)  # noqa: T201 (the log is on stdout)

"""One evaluation of the evaluator on the local AWS, measured in a process of its own.

    python -m local.bench_account REGIONS TRAILS FILTERS DELAY

prints one JSON object: wall and CPU seconds, calls and round trips of a warm evaluation in which every call takes DELAY
seconds longer, the CPU seconds of the reference, and the peak memory of the process in MB. CPU and memory include those
of the local AWS.
"""

import json
import os
import resource
import sys
import time
from typing import Any

from local.accounts import a_compliant_account, put_alarm, put_filter
from local.aws import LocalAws, local_aws
from local.aws.extension.ec2 import DEFAULT_REGIONS
from local.bench import least, loop
from local.lambda_context import Context

MORE_REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1"),
    *("me-central-1", "me-south-1", "mx-central-1"),
)
"""Those that an account opts in to."""


def main() -> None:
    regions, trails, filters = map(int, sys.argv[1:4])
    names = ("eu-west-1", *(name for name in (*DEFAULT_REGIONS, *MORE_REGIONS) if name != "eu-west-1"))[:regions]
    with local_aws(regions=names, opted_out=()) as aws:
        os.environ.update({"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "CRITICAL"})
        seed(aws, trails, filters)
        print(json.dumps(measured(aws, float(sys.argv[4]))))


def seed(aws: LocalAws, trails: int, filters: int) -> None:
    """So many trails, each with its channel, spread over the regions, and so many metric filters with their alarms."""
    for number in range(trails):
        region = aws.regions[number % len(aws.regions)]
        name = f"trail-{number}"
        a_compliant_account(aws, region=region, name=name, topic=name, multi_region=number == 0)
    for number in range(filters - 1):
        group, name = f"application-{number // 100}", f"errors-{number}"
        if number % 100 == 0:
            aws.client("logs").create_log_group(logGroupName=group)
        metric = {"metricNamespace": "Application", "metricName": name, "metricValue": "1"}
        put_filter(aws, aws.region, group, name, "ERROR", metric)
        put_alarm(aws, aws.region, name, metric, [], {})


def measured(aws: LocalAws, delay: float) -> dict[str, Any]:
    """Of three warm evaluations the least CPU, and the shortest wall time."""
    from functions.evaluator import app

    app.handler({"action": "assess"}, Context())
    aws.latency(delay)
    wall, spent, trips, document = [], [], [], {}
    for _ in range(3):
        before, began, used = len(aws.calls), time.perf_counter(), time.process_time()
        document = app.handler({"action": "assess"}, Context())
        wall.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
        trips.append(aws.round_trips(after=before))
    return {
        "wall": min(wall),
        "cpu": min(spent),
        "reference": least(loop),
        "calls": document["api_calls"],
        "round_trips": min(trips),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "verdict": document["verdict"],
    }


if __name__ == "__main__":
    main()

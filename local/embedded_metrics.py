"""What CloudWatch makes of a log in its embedded metric format.

Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sent:
    """What one line has of one metric, with one set of dimensions."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    values: tuple[float, ...]


def records(log: str) -> list[dict[str, Any]]:
    """The lines that have metrics."""
    return [json.loads(line) for line in log.splitlines() if line.startswith('{"_aws"')]


def sent(log: str) -> Iterator[Sent]:
    """The metrics in these lines."""
    for record in records(log):
        for of in record["_aws"]["CloudWatchMetrics"]:
            for names in of["Dimensions"]:
                dimensions = {name: record[name] for name in names}
                for name in (metric["Name"] for metric in of["Metrics"]):
                    yield Sent(of["Namespace"], name, dimensions, tuple(record[name]))

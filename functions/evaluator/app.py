"""The evaluator's entry point: started by the schedule, by AWS Config, or by hand."""

import os
from typing import Any

from blindspot.app.evaluate import evaluate
from blindspot.app.run import Context, clients

__all__ = ["clients", "handler"]


def handler(event: object, context: Context) -> dict[str, Any]:
    """Answers one event; `blindspot.app.evaluate` says how. Returns what Lambda returns to whoever invoked it."""
    return evaluate(event, context, os.environ)

"""The remediator's entry point: started by the evaluator's event, or by hand."""

import os
from typing import Any

from blindspot.app.remediate import remediate
from blindspot.app.run import Context, clients

__all__ = ["clients", "handler"]


def handler(event: object, context: Context) -> dict[str, Any]:
    """Answers one event; `blindspot.app.remediate` says how. Returns what Lambda returns to whoever invoked it."""
    return remediate(event, context, os.environ)

"""The viewer's entry point: a custom widget of a CloudWatch dashboard invokes it."""

import os

from blindspot.app.run import Context, clients
from blindspot.app.show import show

__all__ = ["clients", "handler"]


def handler(event: object, context: Context) -> str:
    """Answers one event; `blindspot.app.show` says how. Returns HTML, or Markdown where documentation is asked for."""
    return show(event, context, os.environ)

"""Running the evaluator on the local AWS."""

from typing import Any

from functions.evaluator import app
from local.lambda_context import Context


def invoke(event: object, milliseconds: int = 300_000) -> dict[str, Any]:
    return app.handler(event, Context(milliseconds))

"""The events in events/, and the function that each is for."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "events"

FUNCTIONS = {
    "EvaluatorFunction": ("assess", "config-rule", "scheduler", "start"),
    "RemediatorFunction": ("apply", "backout", "control-assessed", "plan"),
}


def event(name: str) -> dict[str, Any]:
    """The event of that name, anew."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return loaded

"""The events in events/, and which function each invokes."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "events"

FUNCTIONS = {
    "EvaluatorFunction": ("assess", "config-rule", "review", "scheduler", "start"),
    "RemediatorFunction": ("apply", "apply-plan", "backout", "backout-plan", "control-assessed", "plan"),
    "ViewerFunction": ("widget", "widget-assess", "widget-describe"),
}

OF_MEMBERS = ("assess-member", "organization-rule")
"""Those that ask the evaluator about a member of the organization. Without OrganizationRole it refuses them."""


def event(name: str) -> dict[str, Any]:
    """The event of that name, loaded again each time."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return loaded

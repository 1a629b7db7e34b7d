"""What each event of events/ returns, in tests/golden/: the same in this process, under Lambda's runtime, and by sam.

UPDATE_GOLDEN=1 writes the golden files anew; read the difference before you commit it.
"""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "golden"

RULE = "blindspot-unauthorized-api-calls"
FLAG = "/blindspot/auto-remediate"
UUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
SETTINGS = {
    "BLINDSPOT_CONFIG_RULE": RULE,
    "BLINDSPOT_FLAG": FLAG,
    "BLINDSPOT_REVIEW_LOG_GROUP_ARNS": "arn:aws:logs:eu-west-1:123456789012:log-group:management-events",
    "BLINDSPOT_STACK": f"arn:aws:cloudformation:eu-west-1:123456789012:stack/blindspot/{UUID}",
    "BLINDSPOT_SUBSCRIPTION_ENDPOINT": "security-team@example.com",
}
"""The stack that they were made with. Its switch is off."""

SHOWN = {
    "widget": '<cwdb-action action="call" display="widget" endpoint="arn:aws:lambda:',
    "widget-assess": "AccessDeniedException",
    "widget-describe": "## Blindspot\n",
}
"""A part of what each event of the viewer returns; the rest of it is looked at in a browser."""


def golden(name: str) -> dict[str, Any]:
    """What the event of that name returns, as `steady` gives it."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return loaded


def kept(name: str, returned: dict[str, Any]) -> dict[str, Any]:
    """The golden file; with UPDATE_GOLDEN it is first written anew."""
    if "UPDATE_GOLDEN" in os.environ:
        (FOLDER / f"{name}.json").write_text(json.dumps(returned, indent=1) + "\n")
    return golden(name)


def steady(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what differs from run to run, such as the days that a review is about."""
    subscriptions = {channel["subscription"] for channel in document.get("channels", ()) if channel["subscription"]}
    of_this_run = ("version", "stack", "run", "assessed_at", "reviewed_at", "duration_ms", "days")
    if document.get("action") == "review":
        document = {
            **document,
            "read": {key: value for key, value in document["read"].items() if key not in ("from", "to")},
            "log_groups": [{**each, "read_from": None} for each in document["log_groups"]],
            "alarms": [{**each, "days": None} for each in document["alarms"]],
        }
    text = json.dumps({key: value for key, value in document.items() if key not in of_this_run})
    for number, arn in enumerate(sorted(subscriptions)):
        text = text.replace(arn, f"subscription-{number}")
    steadied: dict[str, Any] = json.loads(text)
    return steadied

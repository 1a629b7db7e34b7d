"""ministack, told the one condition key of the roles' policies that it does not know.

Without it the evaluator would be refused events:PutEvents. Run by the Python of ministack's own environment.
"""

import importlib
import json
from typing import Any

actions: Any = importlib.import_module("ministack.core.iam_actions")
known = actions.request_tag_context


def context(service: str, action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = known(service, action, body, parameters)
    if action != "events:PutEvents":
        return keys
    # Joined, sources that differ are like none that a policy names.
    return {**keys, "events:source": " ".join({entry["Source"] for entry in json.loads(body)["Entries"]})}


actions.request_tag_context = context
importlib.import_module("ministack.app").main()

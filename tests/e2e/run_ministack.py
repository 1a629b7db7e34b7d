"""ministack, told what it does not know of the roles' policies: a condition key, and the resource of a call.

Without them the evaluator would be refused events:PutEvents and ssm:GetParametersByPath. Run by the Python of
ministack's own environment.
"""

import importlib
import json
from typing import Any

actions: Any = importlib.import_module("ministack.core.iam_actions")
known = actions.request_tag_context
known_resource = actions.extract_resource_arn


def context(service: str, action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = known(service, action, body, parameters)
    if action != "events:PutEvents":
        return keys
    # Joined, sources that differ are like none that a policy names.
    return {**keys, "events:source": " ".join({entry["Source"] for entry in json.loads(body)["Entries"]})}


def resource(service: str, *of_request: Any) -> str:
    found: str = known_resource(service, *of_request)
    *_, body, _, region, account = of_request
    path = json.loads(body or b"{}").get("Path", "") if service == "ssm" else ""
    return f"arn:aws:ssm:{region}:{account}:parameter{path}" if path else found


actions.request_tag_context = context
actions.extract_resource_arn = resource
importlib.import_module("ministack.app").main()

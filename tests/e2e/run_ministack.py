"""ministack, told what it does not know of the roles' policies: two condition keys, and the resource of two calls.

Without them the evaluator would be refused events:PutEvents, ssm:GetParametersByPath, organizations:DescribeAccount,
and the role in another account. Run by the Python of ministack's own environment.
"""

import importlib
import json
import re
from typing import Any

actions: Any = importlib.import_module("ministack.core.iam_actions")
evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
known = actions.request_tag_context
known_resource = actions.extract_resource_arn
known_key = evaluator._resolve_condition_key  # noqa: SLF001 (it has no public name)


def context(service: str, action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = known(service, action, body, parameters)
    if action != "events:PutEvents":
        return keys
    # Joined, sources that differ are like none that a policy names.
    return {**keys, "events:source": " ".join({entry["Source"] for entry in json.loads(body)["Entries"]})}


def resource(service: str, *of_request: Any) -> str:
    found: str = known_resource(service, *of_request)
    *_, body, _, region, account = of_request
    asked = json.loads(body or b"{}") if service in ("ssm", "organizations") else {}
    if "Path" in asked:
        return f"arn:aws:ssm:{region}:{account}:parameter{asked['Path']}"
    if "AccountId" in asked:
        return f"arn:aws:organizations::{account}:account/o-exampleorgid/{asked['AccountId']}"
    return found


def key(name: str, asked: Any) -> Any:
    found = known_key(name, asked)
    if name.lower() != "aws:principalarn":
        return found
    # Of a session it is the role's ARN (IAM user guide, "AWS global condition context keys").
    return re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", found)


actions.request_tag_context = context
actions.extract_resource_arn = resource
evaluator._resolve_condition_key = key  # noqa: SLF001
importlib.import_module("ministack.app").main()

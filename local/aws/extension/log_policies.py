"""CloudWatch Logs: where log events are forwarded to, by a log group's subscription filters or the account's policy.

Moto delivers to targets, which must exist. Here only their ARNs are checked, and nothing is delivered.
"""

import json
import re
import time
from typing import Any

from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from local.aws.extension.logs import check_filter, check_pattern, invalid, page

KEPT = ("roleArn", "applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")
DISTRIBUTIONS = ("Random", "ByLogStream")
SYSTEM_FIELDS = ("@aws.account", "@aws.region", "@source.log")
POLICY_TYPE = "SUBSCRIPTION_FILTER_POLICY"
POLICY_TYPES = (
    "DATA_PROTECTION_POLICY",
    POLICY_TYPE,
    "FIELD_INDEX_POLICY",
    "TRANSFORMER_POLICY",
    "METRIC_EXTRACTION_POLICY",
    "RETENTION_POLICY",
)
POLICY_KEYS = ("DestinationArn", "RoleArn", "FilterPattern", "Distribution")
SELECTION = re.compile(r'LogGroupName NOT IN \[\s*("[\w./#-]+"(\s*,\s*"[\w./#-]+")*)?\s*\]', re.ASCII)

RESOURCES = {
    "kinesis": "stream/.+",
    "firehose": "deliverystream/.+",
    "lambda": "function:.+",
    "logs": "destination:.+",
}
ARN = re.compile(r"arn:aws[\w-]*:(\w+):[a-z0-9-]+:(\d{12}):(.+)", re.ASCII)


def put_subscription_filter(self: LogsResponse) -> str:
    check_filter(self)
    _check_destination(self.logs_backend, self._get_param("destinationArn"), self._get_param("roleArn"))
    distribution, emitted = self._get_param("distribution") or "ByLogStream", self._get_param("emitSystemFields") or []
    _check_distribution(distribution)
    if not set(emitted) <= set(SYSTEM_FIELDS):
        raise invalid("emitSystemFields", f"Member must satisfy enum value set: {SYSTEM_FIELDS}", emitted)
    group, name = self._get_param("logGroupName"), self._get_param("filterName")
    kept = _subscription_filters(self.logs_backend, group)
    # One of the same name is replaced.
    if len(kept) >= 2 and name not in kept:
        raise LimitExceededException
    kept[name] = {
        "filterName": name,
        "logGroupName": group,
        "filterPattern": self._get_param("filterPattern"),
        "destinationArn": self._get_param("destinationArn"),
        "distribution": distribution,
        "creationTime": int(time.time() * 1000),
    } | {key: self._get_param(key) for key in KEPT if self._get_param(key)}
    return ""


def describe_subscription_filters(self: LogsResponse) -> str:
    kept = _subscription_filters(self.logs_backend, self._get_param("logGroupName"))
    prefix = self._get_param("filterNamePrefix") or ""
    return page(self, "subscriptionFilters", [kept[name] for name in sorted(kept) if name.startswith(prefix)])


def delete_subscription_filter(self: LogsResponse) -> str:
    kept = _subscription_filters(self.logs_backend, self._get_param("logGroupName"))
    if kept.pop(self._get_param("filterName"), None) is None:
        raise ResourceNotFoundException("The specified subscription filter does not exist.")
    return ""


def _subscription_filters(backend: LogsBackend, group: str) -> dict[str, dict[str, Any]]:
    """By name. Kept apart from moto's own, to whose targets moto would deliver."""
    if group not in backend.groups:
        raise ResourceNotFoundException
    kept: dict[str, dict[str, Any]] = vars(backend.groups[group]).setdefault("sent_on", {})
    return kept


def put_account_policy(self: LogsResponse) -> str:
    name, kind, document = (self._get_param(key) for key in ("policyName", "policyType", "policyDocument"))
    scope, criteria = self._get_param("scope") or "ALL", self._get_param("selectionCriteria")
    _check_type(kind)
    if kind != POLICY_TYPE:
        raise InvalidParameterException(f"The local AWS keeps no policy of type {kind}, only {POLICY_TYPE}.")
    if not name or name.startswith("aws/"):
        raise invalid("policyName", "cannot be empty or start with aws/", name)
    if scope != "ALL":
        raise invalid("scope", "Member must satisfy enum value set: [ALL]", scope)
    # "the only supported selectionCriteria filter is LogGroupName NOT IN []", of 25 KB at most.
    if criteria and (len(criteria) > 25 * 1024 or not SELECTION.fullmatch(criteria)):
        raise invalid("selectionCriteria", "LogGroupName NOT IN [...]", criteria)
    _check_document(self.logs_backend, document)
    kept = account_policies(self.logs_backend)
    # "Each account can have one account-level subscription filter policy per Region."
    if kept and name not in kept:
        raise LimitExceededException
    kept[name] = {
        "policyName": name,
        "policyDocument": document,
        "lastUpdatedTime": int(time.time() * 1000),
        "policyType": kind,
        "scope": scope,
        "accountId": self.logs_backend.account_id,
    } | ({"selectionCriteria": criteria} if criteria else {})
    return json.dumps({"accountPolicy": kept[name]})


def describe_account_policies(self: LogsResponse) -> str:
    kind, name = self._get_param("policyType"), self._get_param("policyName")
    _check_type(kind)
    own = self.logs_backend.account_id
    accounts = self._get_param("accountIdentifiers") or [own]
    if accounts != [own]:
        # Only a monitoring account can name another account, and one at a time.
        raise invalid("accountIdentifiers", f"only {own}, as this is no monitoring account", accounts)
    found = [policy for policy in account_policies(self.logs_backend).values() if policy["policyType"] == kind]
    if name is not None and name not in [policy["policyName"] for policy in found]:
        raise ResourceNotFoundException("The specified account policy does not exist.")
    return page(self, "accountPolicies", [policy for policy in found if name in (None, policy["policyName"])])


def delete_account_policy(self: LogsResponse) -> str:
    name, kind = self._get_param("policyName"), self._get_param("policyType")
    _check_type(kind)
    if kind != POLICY_TYPE or account_policies(self.logs_backend).pop(name, None) is None:
        raise ResourceNotFoundException("The specified account policy does not exist.")
    return ""


def account_policies(backend: LogsBackend) -> dict[str, dict[str, Any]]:
    """By name; kept on moto's backend, so that moto forgets them with everything else."""
    kept: dict[str, dict[str, Any]] = vars(backend).setdefault("account_policies", {})
    return kept


def _check_type(kind: str) -> None:
    if kind not in POLICY_TYPES:
        raise invalid("policyType", f"Member must satisfy enum value set: {POLICY_TYPES}", kind)


def _check_document(backend: LogsBackend, text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "DestinationArn" not in document or not set(document) <= set(POLICY_KEYS):
        raise invalid("policyDocument", f"a JSON object of DestinationArn and some of {POLICY_KEYS}", text)
    if not all(isinstance(value, str) for value in document.values()):
        raise invalid("policyDocument", "values are strings", text)
    _check_destination(backend, document["DestinationArn"], document.get("RoleArn"))
    check_pattern(backend, document.get("FilterPattern", ""))
    _check_distribution(document.get("Distribution", "ByLogStream"))


def _check_destination(backend: LogsBackend, arn: str, role: str | None) -> None:
    found = ARN.fullmatch(arn)
    service, account, resource = found.groups() if found else ("", "", "")
    if service not in RESOURCES or not re.fullmatch(RESOURCES[service], resource):
        raise invalid("destinationArn", f"the ARN of one of {tuple(RESOURCES)}", arn)
    if service != "logs" and account != backend.account_id:
        raise invalid("destinationArn", "in the same account, or a logical destination", arn)
    if service in ("kinesis", "firehose") and not role:
        raise InvalidParameterException(f"destinationArn for vendor {service} cannot be used without roleArn")


def _check_distribution(distribution: str) -> None:
    if distribution not in DISTRIBUTIONS:
        raise invalid("distribution", f"Member must satisfy enum value set: {DISTRIBUTIONS}", distribution)


METHODS = {
    LogsResponse: {
        "put_subscription_filter": put_subscription_filter,
        "describe_subscription_filters": describe_subscription_filters,
        "delete_subscription_filter": delete_subscription_filter,
        "put_account_policy": put_account_policy,
        "describe_account_policies": describe_account_policies,
        "delete_account_policy": delete_account_policy,
    },
}

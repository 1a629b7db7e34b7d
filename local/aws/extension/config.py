"""AWS Config: rules, evaluations, and the result token between them (AWS Config API reference)."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from moto.config.models import ConfigBackend
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError

RESOURCE_TYPES = ("AWS::::Account", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::SNS::Topic")
T = TypeVar("T")

COMPLIANCES = ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")

_put_config_rule = ConfigBackend.put_config_rule


@dataclass
class Row:
    """A stored evaluation.

    at: its OrderingTimestamp. invoked, recorded: when AWS Config invoked the function, and when it took the evaluation;
    None where that is `at` too.
    """

    rule: str
    type: str
    id: str
    compliance: str
    annotation: str | None
    at: datetime
    invoked: datetime | None = None
    recorded: datetime | None = None


class Token(NamedTuple):
    """What a result token stands for: the rule, and when AWS Config invoked the function."""

    rule: str
    invoked: datetime


@dataclass
class Evaluations:
    """What AWS Config keeps of the evaluations of one account and region.

    refused_ids: (how, what): resource ids that contain `what` are refused, by an "exception" or in the "answer".
    recorder: whether the account has a configuration recorder in the region.
    functions: by rule, where the events for it go, if its function is in another account.
    """

    rules: set[str] = field(default_factory=set)
    tokens: dict[str, Token] = field(default_factory=dict)
    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    due: list[dict[str, Any]] = field(default_factory=list)
    refused_ids: tuple[str, str] | None = None
    recorder: bool = True
    functions: dict[str, "Evaluations"] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def evaluations(backend: ConfigBackend) -> Evaluations:
    """Kept on moto's backend, so that moto forgets it with everything else."""
    kept: Evaluations = vars(backend).setdefault("evaluations", Evaluations())
    return kept


def put_evaluations(self: ConfigResponse) -> str:
    kept = evaluations(self.config_backend)
    given = self._get_param("Evaluations") or []
    if len(given) > 100:
        raise _invalid(f"Member must have length less than or equal to 100: evaluations has {len(given)}.")
    for row in given:
        _check(row)
    if self._get_param("TestMode"):
        return json.dumps({"FailedEvaluations": []})
    token = self._get_param("ResultToken")
    if token not in kept.tokens:
        raise JsonRESTError("InvalidResultTokenException", "Result Token provided is invalid")
    failed = [row for row in given if kept.refused_ids and kept.refused_ids[1] in row["ComplianceResourceId"]]
    if failed and kept.refused_ids and kept.refused_ids[0] == "exception":
        raise _invalid("A resource id in the evaluations is invalid.")
    for row in given:
        if row not in failed:
            _keep(kept, kept.tokens[token], row)
    return json.dumps({"FailedEvaluations": failed})


def _check(row: dict[str, Any]) -> None:
    if row["ComplianceType"] not in COMPLIANCES:
        raise _invalid(f"Value {row['ComplianceType']} at complianceType is not one of {', '.join(COMPLIANCES)}.")
    if row["ComplianceResourceType"] not in RESOURCE_TYPES:
        raise _invalid(f"The resource type {row['ComplianceResourceType']} is invalid.")
    if not 1 <= len(row["ComplianceResourceId"]) <= 768:
        raise _invalid("complianceResourceId must have 1 to 768 characters.")
    if not 1 <= len(row.get("Annotation", "x")) <= 256:
        raise _invalid("annotation must have 1 to 256 characters.")


def _keep(kept: Evaluations, token: Token, row: dict[str, Any]) -> None:
    key = (token.rule, row["ComplianceResourceType"], row["ComplianceResourceId"])
    at = datetime.fromtimestamp(row["OrderingTimestamp"], UTC)
    # Results are ordered by OrderingTimestamp: an older one does not replace a newer one.
    if key not in kept.rows or at >= kept.rows[key].at:
        kept.rows[key] = Row(*key, row["ComplianceType"], row.get("Annotation"), at, token.invoked, kept.clock())


def start_config_rules_evaluation(self: ConfigResponse) -> str:
    kept = evaluations(self.config_backend)
    rules = self._get_param("ConfigRuleNames")
    if len(rules) > 25:
        raise _invalid("Member must have length less than or equal to 25: configRuleNames.")
    now = kept.clock()
    for rule in rules:
        _exists(self.config_backend, rule)
        # "if an evaluation is in progress or if you call the API more than once per minute"
        due = kept.functions.get(rule, kept).due
        in_progress = (self.current_account, rule) in [(event["accountId"], event["configRuleName"]) for event in due]
        if in_progress or (rule in kept.asked and now - kept.asked[rule] < timedelta(minutes=1)):
            raise JsonRESTError(
                "LimitExceededException", "The evaluation is in progress, or was started less than a minute ago."
            )
    for rule in rules:
        kept.asked[rule] = now
        kept.functions.get(rule, kept).due.append(event_of(self.config_backend, rule))
    return json.dumps({})


def event_of(backend: ConfigBackend, rule: str) -> dict[str, Any]:
    """The event with which AWS Config invokes the function of a rule that this account has."""
    kept, token = evaluations(backend), secrets.token_urlsafe(120)
    now = kept.clock()
    kept.tokens[token] = Token(rule, now)
    account = backend.account_id
    role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    invoking = {
        "awsAccountId": account,
        "notificationCreationTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(invoking),
        "ruleParameters": "{}",
        "resultToken": token,
        "eventLeftScope": False,
        "executionRoleArn": f"arn:aws:iam::{account}:role/{role}",
        "configRuleArn": f"arn:aws:config:{backend.region_name}:{account}:config-rule/config-rule-0a1b2c",
        "configRuleName": rule,
        "configRuleId": "config-rule-0a1b2c",
        "accountId": account,
    }


def get_compliance_details_by_config_rule(self: ConfigResponse) -> str:
    kept = evaluations(self.config_backend)
    rule = self._get_param("ConfigRuleName")
    limit = self._get_param("Limit") or 10
    if len(rule) > 64 or limit > 100:
        raise _invalid("configRuleName has at most 64 characters, and limit is at most 100.")
    _exists(self.config_backend, rule)
    wanted = self._get_param("ComplianceTypes") or COMPLIANCES
    rows = [row for row in kept.rows.values() if row.rule == rule and row.compliance in wanted]
    shown, more = page(rows, self._get_param("NextToken"), limit)
    return json.dumps({"EvaluationResults": [described(row) for row in shown], **more})


def described(row: Row) -> dict[str, Any]:
    """The row as the APIs tell it."""
    qualifier = {"ConfigRuleName": row.rule, "ResourceType": row.type, "ResourceId": row.id}
    return {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": qualifier,
            "OrderingTimestamp": row.at.timestamp(),
        },
        "ComplianceType": row.compliance,
        "Annotation": row.annotation,
        "ConfigRuleInvokedTime": (row.invoked or row.at).timestamp(),
        "ResultRecordedTime": (row.recorded or row.at).timestamp(),
    }


def page(found: Sequence[T], token: str | None, limit: int) -> tuple[Sequence[T], dict[str, str]]:
    """The page that the token begins, and the token of the next, if there is one."""
    if token and not token.isdecimal():
        raise JsonRESTError("InvalidNextTokenException", "The specified next token is not valid.")
    begin = int(token or 0)
    more = {"NextToken": str(begin + limit)} if begin + limit < len(found) else {}
    return found[begin : begin + limit], more


def put_config_rule(self: ConfigBackend, config_rule: dict[str, Any], tags: Any = None) -> str:
    kinds = {detail.get("MessageType") for detail in config_rule.get("Source", {}).get("SourceDetails", [])}
    # A rule that runs on a schedule only has no scope.
    if config_rule.get("Scope") and kinds == {"ScheduledNotification"}:
        raise _invalid("Scope is not supported for periodic rules.")
    return _put_config_rule(self, config_rule, tags)


def _exists(backend: ConfigBackend, rule: str) -> None:
    if rule not in evaluations(backend).rules | set(backend.config_rules):
        raise JsonRESTError("NoSuchConfigRuleException", f"The ConfigRule '{rule}' provided in the request is invalid.")


def _invalid(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidParameterValueException", message)


METHODS = {
    ConfigResponse: {
        "put_evaluations": put_evaluations,
        "start_config_rules_evaluation": start_config_rules_evaluation,
        "get_compliance_details_by_config_rule": get_compliance_details_by_config_rule,
    },
    ConfigBackend: {"put_config_rule": put_config_rule},
}

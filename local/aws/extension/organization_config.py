"""AWS Config for an organization: its rules, and the aggregator that shows what they found (AWS Config API reference).

Of an organization's rules only those whose function the account itself has, on a schedule.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.config.models import ConfigBackend, config_backends
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError

from local.aws.extension.config import Evaluations, Row, described, evaluations, page
from local.aws.extension.organizations import Organization, organization_of

NO_RECORDER = "NoAvailableConfigurationRecorderException"
"""What PutConfigRule answers in an account without recorder. That a member's status has the same code is not known."""

LARGEST_PAGE = 100
LARGEST_PAGE_OF_RULES = 1000

_put_configuration_aggregator = ConfigResponse.put_configuration_aggregator


@dataclass
class OrganizationRule:
    """A rule of the organization, of one region.

    name_in_members: Audit Manager's API reference, SourceKeyword, has one: "OrgConfigRule-", the rule's name, a hyphen
    and eight characters.
    deployed: the accounts in which AWS Config tried to create it, each with the error code, None where it is there.
    """

    name: str
    arn: str
    name_in_members: str
    function: str
    excluded: tuple[str, ...]
    updated: datetime
    deployed: dict[str, str | None] = field(default_factory=dict)


def rules_of(backend: ConfigBackend) -> dict[str, OrganizationRule]:
    """The organization's rules that an account created in a region. Kept on moto's backend, so that moto forgets them
    with everything else."""
    kept: dict[str, OrganizationRule] = vars(backend).setdefault("organization_rules", {})
    return kept


def deploy(backend: ConfigBackend, rule: OrganizationRule) -> None:
    """AWS Config creates the rule in every account that is to have it and has not: also in those that joined since, and
    in those that have a recorder by now (it tries again for hours). It deletes the rule, with all that it found, where
    an account is excluded."""
    organization = organization_of(backend.account_id)
    for account, state in organization.accounts.items() if organization else ():
        member = evaluations(config_backends[account][backend.region_name])
        if account in rule.excluded:
            rule.deployed.pop(account, None)
            _delete(member, rule)
        elif state == "ACTIVE" and rule.deployed.get(account, NO_RECORDER) is not None:
            rule.deployed[account] = None if member.recorder else NO_RECORDER
            if member.recorder:
                member.rules.add(rule.name_in_members)
                member.functions[rule.name_in_members] = evaluations(backend)


def _delete(member: Evaluations, rule: OrganizationRule) -> None:
    member.rules.discard(rule.name_in_members)
    member.rows = {key: row for key, row in member.rows.items() if row.rule != rule.name_in_members}
    member.tokens = {key: token for key, token in member.tokens.items() if token.rule != rule.name_in_members}


def put_organization_config_rule(self: ConfigResponse) -> str:
    _administered(self)
    name, excluded = self._get_param("OrganizationConfigRuleName"), self._get_param("ExcludedAccounts") or []
    given = self._get_param("OrganizationCustomRuleMetadata") or {}
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise _refusal("InvalidParameterValueException", "The name of the organization config rule is invalid.")
    if len(excluded) > 1000 or not all(re.fullmatch(r"\d{12}", each) for each in excluded):
        raise _refusal("InvalidParameterValueException", "ExcludedAccounts has at most 1000 ids of accounts.")
    if given.get("OrganizationConfigRuleTriggerTypes") != ["ScheduledNotification"]:
        raise NotImplementedError("The local AWS knows custom rules on a schedule, and no other of an organization")
    place = f"{self.region}:{self.current_account}"
    if given["LambdaFunctionArn"].split(":")[3:5] != place.split(":"):
        raise NotImplementedError("The local AWS knows no rule whose function is in another account or region")
    arn = f"arn:aws:config:{place}:organization-config-rule/{name}-dbgzf8ba"
    kept, now = rules_of(self.config_backend), evaluations(self.config_backend).clock()
    before = kept[name].deployed if name in kept else {}
    in_members = f"OrgConfigRule-{name}-dbgzf8ba"
    kept[name] = OrganizationRule(name, arn, in_members, given["LambdaFunctionArn"], tuple(excluded), now, before)
    deploy(self.config_backend, kept[name])
    return json.dumps({"OrganizationConfigRuleArn": arn})


def delete_organization_config_rule(self: ConfigResponse) -> str:
    rule = _rule(self, self._get_param("OrganizationConfigRuleName"))
    for account in rule.deployed:
        _delete(evaluations(config_backends[account][self.region]), rule)
    del rules_of(self.config_backend)[rule.name]
    return ""


def describe_organization_config_rules(self: ConfigResponse) -> str:
    _administered(self)
    names = self._get_param("OrganizationConfigRuleNames")
    found = [_rule(self, name) for name in names] if names else list(rules_of(self.config_backend).values())
    shown, more = page(found, self._get_param("NextToken"), _limit(self, LARGEST_PAGE))
    told = [
        {
            "OrganizationConfigRuleName": rule.name,
            "OrganizationConfigRuleArn": rule.arn,
            "OrganizationCustomRuleMetadata": {
                "LambdaFunctionArn": rule.function,
                "OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"],
            },
            "ExcludedAccounts": list(rule.excluded),
            "LastUpdateTime": rule.updated.timestamp(),
        }
        for rule in shown
    ]
    return json.dumps({"OrganizationConfigRules": told, **more})


def get_organization_config_rule_detailed_status(self: ConfigResponse) -> str:
    organization = _administered(self)
    rule = _rule(self, self._get_param("OrganizationConfigRuleName"))
    deploy(self.config_backend, rule)
    wanted = self._get_param("Filters") or {}
    told = [
        {
            "AccountId": account,
            "ConfigRuleName": rule.name_in_members,
            "MemberAccountRuleStatus": "CREATE_FAILED" if error else "CREATE_SUCCESSFUL",
            **({"ErrorCode": error, "ErrorMessage": "A configuration recorder is not available."} if error else {}),
            "LastUpdateTime": rule.updated.timestamp(),
        }
        for account, error in rule.deployed.items()
        if account in organization.accounts
    ]
    found = [row for row in told if all(row[key] == value for key, value in wanted.items())]
    shown, more = page(found, self._get_param("NextToken"), _limit(self, LARGEST_PAGE))
    return json.dumps({"OrganizationConfigRuleDetailedStatus": shown, **more})


def put_configuration_aggregator(self: ConfigResponse) -> str:
    if self._get_param("OrganizationAggregationSource"):
        _administered(self)
    return _put_configuration_aggregator(self)


def get_aggregate_compliance_details_by_config_rule(self: ConfigResponse) -> str:
    account, region, compliance = (self._get_param(key) for key in ("AccountId", "AwsRegion", "ComplianceType"))
    if compliance not in (None, "COMPLIANT", "NON_COMPLIANT"):
        raise _refusal("ValidationException", "ComplianceType is COMPLIANT or NON_COMPLIANT.")
    of_rule = [row for *_, row in _aggregated(self, account, region) if row.rule == self._get_param("ConfigRuleName")]
    found = [row for row in of_rule if compliance in (None, row.compliance)]
    shown, more = page(found, self._get_param("NextToken"), _limit(self, LARGEST_PAGE, usual=50))
    told = [{**described(row), "AccountId": account, "AwsRegion": region} for row in shown]
    return json.dumps({"AggregateEvaluationResults": told, **more})


def describe_aggregate_compliance_by_config_rules(self: ConfigResponse) -> str:
    wanted = self._get_param("Filters") or {}
    of_rules: dict[tuple[str, str, str], list[str]] = {}
    for account, region, row in _aggregated(self, wanted.get("AccountId"), wanted.get("AwsRegion")):
        of_rules.setdefault((row.rule, account, region), []).append(row.compliance)
    told = []
    for (rule, account, region), compliances in of_rules.items():
        count = compliances.count("NON_COMPLIANT")
        compliance: dict[str, Any] = {"ComplianceType": "NON_COMPLIANT" if count else "COMPLIANT"}
        if count:  # "The number of resources that cause a result of NON_COMPLIANT, up to a maximum number"
            compliance["ComplianceContributorCount"] = {"CappedCount": min(count, 25), "CapExceeded": count > 25}
        of_row = {"ConfigRuleName": rule, "AccountId": account, "AwsRegion": region}
        if all({**of_row, **compliance}[key] == value for key, value in wanted.items()):
            told.append({**of_row, "Compliance": compliance})
    shown, more = page(told, self._get_param("NextToken"), _limit(self, LARGEST_PAGE_OF_RULES))
    return json.dumps({"AggregateComplianceByConfigRules": shown, **more})


def select_aggregate_resource_config(_: ConfigResponse) -> str:
    raise _refusal("NotImplementedException", "The local AWS has no advanced queries.")


def _aggregated(self: ConfigResponse, account: str | None, region: str | None) -> Iterator[tuple[str, str, Row]]:
    """The rows that the aggregator has of its accounts and regions, or of one; "Config supports only the COMPLIANT and
    NON_COMPLIANT"."""
    aggregator = self.config_backend.config_aggregators.get(self._get_param("ConfigurationAggregatorName"))
    if aggregator is None:
        raise _refusal("NoSuchConfigurationAggregatorException", "The configuration aggregator does not exist.")
    organization = organization_of(self.current_account)
    sources: list[Any] = [*(aggregator.account_aggregation_sources or ()), aggregator.organization_aggregation_source]
    source = sources[0]
    of_organization = organization.accounts if organization else ()
    accounts = source.account_ids if aggregator.account_aggregation_sources else of_organization
    for each in [each for each in accounts if account in (None, each)]:
        for place, backend in list(config_backends[each].items()):
            if region in (None, place) and (source.all_aws_regions or place in source.aws_regions):
                rows = evaluations(backend).rows.values()
                yield from ((each, place, row) for row in rows if row.compliance in ("COMPLIANT", "NON_COMPLIANT"))


def _administered(self: ConfigResponse) -> Organization:
    """The organization that the caller administers."""
    found = organization_of(self.current_account)
    if found is None:
        raise _refusal("NoAvailableOrganizationException", "Organization is no longer available.")
    if not found.administered_by(self.current_account):
        raise _refusal("OrganizationAccessDeniedException", "This action can only be performed by an administrator.")
    return found


def _rule(self: ConfigResponse, name: str) -> OrganizationRule:
    _administered(self)
    # Another administrator of the organization does not see it (DescribeOrganizationConfigRules).
    if name not in rules_of(self.config_backend):
        raise _refusal("NoSuchOrganizationConfigRuleException", "The organization config rule does not exist.")
    return rules_of(self.config_backend)[name]


def _limit(self: ConfigResponse, largest: int, usual: int | None = None) -> int:
    limit: int = self._get_param("Limit") or usual or largest
    if limit > largest:
        raise _refusal("InvalidLimitException", "The specified limit is outside the allowable range.")
    return limit


def _refusal(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)


METHODS = {
    ConfigResponse: {
        "put_organization_config_rule": put_organization_config_rule,
        "delete_organization_config_rule": delete_organization_config_rule,
        "describe_organization_config_rules": describe_organization_config_rules,
        "get_organization_config_rule_detailed_status": get_organization_config_rule_detailed_status,
        "put_configuration_aggregator": put_configuration_aggregator,
        "get_aggregate_compliance_details_by_config_rule": get_aggregate_compliance_details_by_config_rule,
        "select_aggregate_resource_config": select_aggregate_resource_config,
        "describe_aggregate_compliance_by_config_rules": describe_aggregate_compliance_by_config_rules,
    },
}

"""Reads what AWS Config's aggregator has of an organization: accounts, the organization's rule in each, and its rows.

Without the accounts, the rule or the aggregator there is nothing to show. Every other read that fails is a value: the
account has then not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

from blindspot.aws.client import Clients
from blindspot.aws.config_rule import evaluation_of
from blindspot.aws.errors import is_throttled
from blindspot.aws.organization import state_of
from blindspot.aws.read import read_by
from blindspot.aws.response_fields import Answer, Malformed, expect, field, items, texts
from blindspot.model.snapshot import Unreadable
from blindspot.report.config_evaluations import Evaluation
from blindspot.report.organization import Member, MemberRule, OrganizationRead, Rows, why_left_out

T = TypeVar("T")

AGGREGATORS = "config:DescribeConfigurationAggregators"
ACCOUNTS = "organizations:ListAccounts"
RULES = "config:DescribeOrganizationConfigRules"
STATUSES = "config:GetOrganizationConfigRuleDetailedStatus"
ROWS = "config:GetAggregateComplianceDetailsByConfigRule"

OWN_RULE = "{stack}-unauthorized-api-calls"
"""What template.yaml calls the rule of the evaluator's own account."""

AT_ONCE = 5
"""Accounts whose rows are asked for at the same time. AWS documents no quota for that."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds before a throttled call is made again: each pause is twice as long as the one before."""


class NotShown(Exception):
    """Raised where there is nothing to show of the organization. The message says why, and what to do."""


def read_organization(
    clients: Clients,
    account: str,
    *,
    stack: str,
    aggregator: str,
    until: float,
    progress: Callable[[int, int], None] = lambda read, of_all: None,
) -> OrganizationRead:
    """The organization, as the account of the evaluator sees it. Raises NotShown.

    account: that of the credentials. stack: the name of the evaluator's stack, and so of the organization's rule.
    until: on the monotonic clock. progress: is told of how many accounts the rows were read, and of how many they are.

    Sources: Organizations API reference, ListAccounts; AWS Config API reference, the operations above.
    """
    reads = _Reads(clients, until)
    _check_aggregator(reads, account, aggregator)
    members = reads.every(ACCOUNTS, _members)
    if isinstance(members, Unreadable):
        raise NotShown(f"The organization's accounts could not be listed. {_failed(members)}")
    if account not in [member.id for member in members]:
        raise NotShown(f"AWS Organizations did not list account {account} itself. Run the command again.")
    rules = reads.every(STATUSES, _statuses, OrganizationConfigRuleName=stack, Limit=100)
    if isinstance(rules, Unreadable):
        if rules.error == "NoSuchOrganizationConfigRuleException":
            raise NotShown(
                f"Account {account} has no organization's rule {stack} in {clients.region}. Deploy the stack there "
                "with OrganizationRole, or name it with --stack and its region with --region."
            )
        raise NotShown(f"What AWS Config made of organization's rule {stack} could not be read. {_failed(rules)}")
    excluded = reads.one(RULES, partial(_excluded, stack), OrganizationConfigRuleNames=[stack])
    by_account = dict(rules)
    rows = _rows(
        reads,
        aggregator,
        {
            member.id: rule
            for member in members
            if (rule := _rule_of(member, account, stack, by_account.get(member.id), excluded))
        },
        progress,
    )
    return OrganizationRead(account, clients.region, stack, aggregator, members, excluded, by_account, rows)


class _Reads:
    """Calls operations until the time on the monotonic clock. A throttled call is made again and again."""

    def __init__(self, clients: Clients, until: float) -> None:
        self.region = clients.region
        self._clients = clients
        self._until = until

    def one(self, call: str, parse: Callable[[Answer], T], **parameters: Any) -> T | Unreadable:
        """What `parse` returns for the answer."""
        answer = partial(self._clients.call, call, self.region, **parameters)
        pause = SHORTEST_PAUSE
        while True:
            found = read_by(self._until, call, self.region, lambda: parse(answer()))
            if not isinstance(found, Unreadable) or not is_throttled(found):
                return found
            if time.monotonic() + pause >= self._until:
                return found
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def every(
        self, call: str, parse: Callable[[Answer], tuple[T, ...]], **parameters: Any
    ) -> tuple[T, ...] | Unreadable:
        """What `parse` returns for all pages. A page may be empty and have a next one."""
        found: list[T] = []
        seen: set[str] = set()
        while True:
            page = self.one(call, lambda answer: (parse(answer), field(answer, "NextToken", str, None)), **parameters)
            if isinstance(page, Unreadable):
                return page
            part, token = page
            found += part
            if not token:
                return tuple(found)
            if token in seen:
                return Unreadable(call, self.region, "RepeatedToken")
            seen.add(token)
            parameters["NextToken"] = token


def _check_aggregator(reads: _Reads, account: str, name: str) -> None:
    """Raises NotShown unless there is an aggregator of that name that collects from the organization in the region."""
    found = reads.one(AGGREGATORS, partial(_source, name), ConfigurationAggregatorNames=[name])
    deploy = (
        "Deploy organization/aggregator.yaml there, or name another one with --aggregator and its region with --region"
    )
    if isinstance(found, Unreadable):
        if found.error == "NoSuchConfigurationAggregatorException":
            raise NotShown(f"Account {account} has no AWS Config aggregator {name} in {reads.region}. {deploy}.")
        raise NotShown(f"AWS Config aggregator {name} could not be read. {_failed(found)}")
    if found is None:
        raise NotShown(f"AWS Config aggregator {name} does not collect from an organization. {deploy}.")
    if not found.all_regions and reads.region not in found.regions:
        raise NotShown(
            f"AWS Config aggregator {name} does not collect from {reads.region}. Add this region to it, or name that "
            "of the stack with --region."
        )


def _failed(failure: Unreadable) -> str:
    where = f"{failure.call} in {failure.region}"
    if failure.denied or failure.error == "OrganizationAccessDeniedException":
        return (
            f"{where} was refused ({failure.error}). Use credentials that may call it, of the organization's "
            "management account or of a delegated administrator's."
        )
    if failure.error == "AWSOrganizationsNotInUseException":
        return "The account belongs to no organization."
    return f"{where} gave no answer ({failure.error}). Run the command again."


def _rule_of(
    member: Member, own: str, stack: str, rule: MemberRule | None, excluded: frozenset[str] | Unreadable
) -> str | None:
    """What the rule is called whose rows are to be read; None where none can decide, so none is asked for."""
    if member.id == own:
        return OWN_RULE.format(stack=stack)
    if member.state != "ACTIVE" or why_left_out(member, own, excluded):
        return None
    return rule.rule if rule and rule.exists else None


def _rows(
    reads: _Reads, aggregator: str, rules: Mapping[str, str], progress: Callable[[int, int], None]
) -> dict[str, Rows]:
    """The rows of each account's rule, or why they were not read. The first account is read before the others: a read
    that AWS refuses would be refused for all, and each refusal is itself an unauthorized call. Raises NotShown."""

    def of(account: str) -> Rows:
        return reads.every(
            ROWS,
            partial(_evaluations, account, reads.region, rules[account]),
            ConfigurationAggregatorName=aggregator,
            ConfigRuleName=rules[account],
            AccountId=account,
            AwsRegion=reads.region,
            Limit=100,
        )

    first, *others = rules
    found = {first: of(first)}
    if isinstance(refused := found[first], Unreadable) and refused.denied:
        raise NotShown(f"AWS Config aggregator {aggregator} could not be read. {_failed(refused)}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for account, rows in zip(others, pool.map(of, others), strict=True):
            found[account] = rows
            progress(len(found), len(rules))
    return found


class _Source(NamedTuple):
    """Which regions of an organization an aggregator collects from."""

    all_regions: bool
    regions: tuple[str, ...]


def _source(name: str, answer: Answer) -> _Source | None:
    """What the aggregator collects from in an organization; None where it collects from accounts that are named."""
    for aggregator in items(answer, "ConfigurationAggregators"):
        if field(aggregator, "ConfigurationAggregatorName", str) == name:
            source = field(aggregator, "OrganizationAggregationSource", dict, None)
            if source is None:
                return None
            return _Source(field(source, "AllAwsRegions", bool, False), texts(source, "AwsRegions"))
    raise Malformed("ConfigurationAggregators")


def _members(answer: Answer) -> tuple[Member, ...]:
    return tuple(
        Member(field(account, "Id", str), field(account, "Name", str, ""), state_of(account))
        for account in items(answer, "Accounts")
    )


def _statuses(answer: Answer) -> tuple[tuple[str, MemberRule], ...]:
    return tuple(
        (
            field(status, "AccountId", str),
            MemberRule(
                field(status, "ConfigRuleName", str),
                field(status, "MemberAccountRuleStatus", str),
                field(status, "ErrorCode", str, None),
            ),
        )
        for status in items(answer, "OrganizationConfigRuleDetailedStatus")
    )


def _excluded(name: str, answer: Answer) -> frozenset[str]:
    for rule in items(answer, "OrganizationConfigRules"):
        if field(rule, "OrganizationConfigRuleName", str) == name:
            return frozenset(texts(rule, "ExcludedAccounts"))
    raise Malformed("OrganizationConfigRules")


def _evaluations(account: str, region: str, rule: str, answer: Answer) -> tuple[Evaluation, ...]:
    """One page of results, each of which must be about what was asked for."""
    results = items(answer, "AggregateEvaluationResults")
    for result in results:
        expect(result, "AccountId", account)
        expect(result, "AwsRegion", region)
        identifier = field(result, "EvaluationResultIdentifier", dict)
        expect(field(identifier, "EvaluationResultQualifier", dict), "ConfigRuleName", rule)
    return tuple(map(evaluation_of, results))

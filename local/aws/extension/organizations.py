"""Organizations: which accounts belong together, and who may know it (Organizations API reference).

Moto gives its accounts random ids, shows its lists to every account, and does not tell members by their state.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse

from local.aws.extension.sts import own_account

PAGE = 20

OF_CONFIG = ("config.amazonaws.com", "config-multiaccountsetup.amazonaws.com")
"""The services that `delegated` is about: AWS Config's aggregators and its rules."""


@dataclass
class Organization:
    """The organization, with the state of each of its accounts, such as ACTIVE or SUSPENDED.

    delegated: the accounts that are delegated administrators of AWS Config.
    names: of the accounts, where they are not "account ID".
    """

    management: str
    id: str = "o-exampleorgid"
    accounts: dict[str, str] = field(default_factory=dict)
    delegated: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def join(self, *accounts: str, state: str = "ACTIVE") -> None:
        """The accounts are in the organization from now on, in that state."""
        self.accounts.update(dict.fromkeys(accounts, state))

    def leave(self, account: str) -> None:
        del self.accounts[account]

    def administered_by(self, account: str) -> bool:
        """Whether the account is the management account or a delegated administrator's."""
        return account == self.management or account in self.delegated


def organization_of(account: str) -> Organization | None:
    """The one that the account is in; an account is in one organization at most."""
    return next((each for each in _all() if account in each.accounts), None)


def organization_or_new(account: str) -> Organization:
    """The one that the account is in, or else a new one, whose management account it is."""
    found = organization_of(account)
    if found is None:
        found = Organization(account, id=f"o-{len(_all())}exampleorg", accounts={account: "ACTIVE"})
        _all().append(found)
    return found


def _all() -> list[Organization]:
    """Kept on a backend of moto's, so that moto forgets them with everything else."""
    kept: list[Organization] = vars(organizations_backends[own_account()]["aws"]).setdefault("all", [])
    return kept


def _asked_by_an_administrator(self: OrganizationsResponse) -> Organization:
    """The caller's organization. "You can only call this operation from the management account or a member account that
    is a delegated administrator" (DescribeAccount, ListAccounts)."""
    found = organization_of(self.current_account)
    if found is None:
        raise JsonRESTError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    if not found.administered_by(self.current_account):
        raise JsonRESTError("AccessDeniedException", "You don't have permissions to access this resource.")
    return found


def describe_account(self: OrganizationsResponse) -> str:
    account = self._get_param("AccountId")
    kept = _asked_by_an_administrator(self)
    if not re.fullmatch(r"\d{12}", account):
        raise _invalid("You specified an account id that does not match the pattern.")
    if account not in kept.accounts:
        raise JsonRESTError("AccountNotFoundException", "You specified an account that doesn't exist.")
    return json.dumps({"Account": _described(kept, account)})


def list_accounts(self: OrganizationsResponse) -> str:
    kept = _asked_by_an_administrator(self)
    limit, token = self._get_param("MaxResults") or PAGE, self._get_param("NextToken") or "0"
    if limit > PAGE or not token.isdecimal():
        raise _invalid("MaxResults is at most 20, and NextToken is that of the answer before.")
    begin, accounts = int(token), list(kept.accounts)
    more = {"NextToken": str(begin + limit)} if begin + limit < len(accounts) else {}
    return json.dumps({"Accounts": [_described(kept, each) for each in accounts[begin : begin + limit]], **more})


def list_delegated_administrators(self: OrganizationsResponse) -> str:
    kept, wanted = _asked_by_an_administrator(self), self._get_param("ServicePrincipal")
    accounts = sorted(kept.delegated) if wanted in (None, *OF_CONFIG) else []
    told = [{**_described(kept, account), "DelegationEnabledDate": 1_700_000_000} for account in accounts]
    return json.dumps({"DelegatedAdministrators": told})


def _described(kept: Organization, account: str) -> Mapping[str, Any]:
    return {
        "Id": account,
        "Arn": f"arn:aws:organizations::{kept.management}:account/{kept.id}/{account}",
        "Email": f"{account}@example.com",
        "Name": kept.names.get(account, f"account {account}"),
        "State": kept.accounts[account],  # Status was retired on 2026-09-09 (API reference, Account)
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_700_000_000,
    }


def _invalid(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidInputException", message)


METHODS = {
    OrganizationsResponse: {
        "describe_account": describe_account,
        "list_accounts": list_accounts,
        "list_delegated_administrators": list_delegated_administrators,
    }
}

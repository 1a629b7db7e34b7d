"""STS: who may assume which role, and which account a call then reads (STS API reference, AssumeRole)."""

import os
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import AccessDeniedError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.sts.exceptions import STSValidationError
from moto.sts.models import AssumedRole, STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

ACCOUNT = "x-moto-account-id"
"""The header in which a client of `LocalAws.client` names the account that it sets up."""

SHORTEST, LONGEST_OF_A_CHAIN = 900, 3600

_assume_role = TokenResponse.assume_role
_get_caller_identity = STSBackend.get_caller_identity


@dataclass(frozen=True)
class Trust:
    """Whom a role's trust policy lets in: the account, and if the policy names them its role and the external id (IAM
    user guide, "The confused deputy problem"; aws:PrincipalArn is the role's ARN, not the session's).

    longest: the role's MaxSessionDuration, in seconds.
    """

    account: str
    external_id: str | None = None
    principal: str | None = None
    longest: int = 3600

    def lets_in(self, account: str, principal: str | None, external_id: str | None) -> bool:
        # A trust policy without sts:ExternalId takes any external id.
        return (
            account == self.account and self.principal in (None, principal) and self.external_id in (None, external_id)
        )


def assume_role(self: TokenResponse) -> ActionResult:
    role_arn, account = self._get_param("RoleArn"), self.current_account
    principal = _principal(self, account)
    of = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    trust = trusts(sts_backends[of][get_partition(self.region)]).get(role_arn)
    if trust is None or not trust.lets_in(account, principal, self._get_param("ExternalId")):
        _, caller, _ = self.backend.get_caller_identity(self.get_access_key(), self.region)
        # AWS does not say whether the role exists.
        raise AccessDeniedError(caller, f"sts:AssumeRole on resource: {role_arn}")
    _check_duration(self._get_int_param("DurationSeconds", 3600), trust, of_a_role=principal is not None)
    answer = _assume_role(self)
    made: Any = answer.result
    _sessions()[made["Credentials"].access_key_id] = made["Credentials"]
    return answer


def _check_duration(seconds: int, trust: Trust, *, of_a_role: bool) -> None:
    if seconds < SHORTEST:
        raise STSValidationError("DurationSeconds must have value greater than or equal to 900.")
    if seconds > trust.longest:
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if of_a_role and seconds > LONGEST_OF_A_CHAIN:
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )


def trusts(backend: STSBackend) -> dict[str, Trust]:
    """The roles of an account that can be assumed. Kept on moto's backend, so that moto forgets them with everything
    else."""
    kept: dict[str, Trust] = vars(backend).setdefault("trusts", {})
    return kept


def _principal(self: TokenResponse, account: str) -> str | None:
    """The ARN of the role whose session calls; None for others."""
    session = session_of(self.get_access_key())
    if ACCOUNT in self.headers or session:
        return session.role_arn if session else None
    return own_role().get(account)


def own_role() -> dict[str, str]:
    """The role that the local AWS's own credentials are of, by its account; empty where they are a user's."""
    kept: dict[str, str] = vars(sts_backends[own_account()]["aws"]).setdefault("own_role", {})
    return kept


def get_caller_identity(self: STSBackend, access_key_id: str, region: str) -> tuple[str, str, str]:
    user_id, arn, account = _get_caller_identity(self, access_key_id, region)
    role = own_role().get(account)
    if role is None or session_of(access_key_id):
        return user_id, arn, account
    name = role.rpartition("/")[2]
    return f"AROAEXAMPLE:{name}", f"arn:{get_partition(region)}:sts::{account}:assumed-role/{name}/{name}", account


def get_current_account(self: BaseResponse) -> str:
    # Moto looks at the environment first, and would take all calls for one account's.
    return self.headers.get(ACCOUNT) or account_of(self.get_access_key())


def account_of(access_key: str) -> str:
    """The account of the role whose credentials these are. All other credentials are of the local AWS's own account."""
    session = session_of(access_key)
    return session.account_id if session else own_account()


def own_account() -> str:
    return os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)


def session_of(access_key: str) -> AssumedRole | None:
    """The session of an assumed role whose credentials these are."""
    return _sessions().get(access_key)


def _sessions() -> dict[str, AssumedRole]:
    kept: dict[str, AssumedRole] = vars(sts_backends[own_account()]["aws"]).setdefault("sessions", {})
    return kept


METHODS = {
    TokenResponse: {"assume_role": assume_role},
    STSBackend: {"get_caller_identity": get_caller_identity},
    BaseResponse: {"get_current_account": get_current_account},
}

"""STS: which roles can be assumed, and which account a call then reads (STS API reference, AssumeRole)."""

import os

from moto.core.exceptions import AccessDeniedError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

ACCOUNT = "x-moto-account-id"
"""The header in which a client of `LocalAws.client` names the account that it sets up."""

_assume_role = TokenResponse.assume_role


def assume_role(self: TokenResponse) -> ActionResult:
    role_arn = self._get_param("RoleArn")
    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    if role_arn not in trusted(sts_backends[account][get_partition(self.region)]):
        _, caller, _ = self.backend.get_caller_identity(self.get_access_key(), self.region)
        # AWS does not say whether the role exists.
        raise AccessDeniedError(caller, f"sts:AssumeRole on resource: {role_arn}")
    return _assume_role(self)


def trusted(backend: STSBackend) -> set[str]:
    """The roles that can be assumed. Kept on moto's backend, so that moto forgets them with everything else."""
    kept: set[str] = vars(backend).setdefault("trusted", set())
    return kept


def get_current_account(self: BaseResponse) -> str:
    # Moto looks at the environment first, and would take all calls for one account's.
    return self.headers.get(ACCOUNT) or account_of(self.get_access_key())


def account_of(access_key: str) -> str:
    """The account of the role whose credentials these are. All other credentials are of the local AWS's own account."""
    for account, backends in list(sts_backends.items()):
        for backend in list(backends.values()):
            if backend.get_assumed_role_from_access_key(access_key):
                return account
    return os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)


METHODS = {
    TokenResponse: {"assume_role": assume_role},
    BaseResponse: {"get_current_account": get_current_account},
}

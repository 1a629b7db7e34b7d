"""STS: who may take on a role, and whose account a call reads then (STS API reference, AssumeRole)."""

import os

from moto.core.exceptions import AccessDeniedError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

ACCOUNT = "x-moto-account-id"
"""The header in which a client of `LocalAws.client` says whose account it sets up."""

_assume_role = TokenResponse.assume_role


def assume_role(self: TokenResponse) -> ActionResult:
    role_arn = self._get_param("RoleArn")
    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    if role_arn not in trusted(sts_backends[account][get_partition(self.region)]):
        _, caller, _ = self.backend.get_caller_identity(self.get_access_key(), self.region)
        # Whether the role exists is not told.
        raise AccessDeniedError(caller, f"sts:AssumeRole on resource: {role_arn}")
    return _assume_role(self)


def trusted(backend: STSBackend) -> set[str]:
    """The roles that may be taken on. Kept on moto's backend, so that moto forgets them with everything else."""
    kept: set[str] = vars(backend).setdefault("trusted", set())
    return kept


def get_current_account(self: BaseResponse) -> str:
    # Moto itself asks the environment first, and would find every account's calls in one.
    return self.headers.get(ACCOUNT) or account_of(self.get_access_key())


def account_of(access_key: str) -> str:
    """The account of the role that the credentials were given for; any other credentials are the local AWS's own."""
    for account, backends in list(sts_backends.items()):
        for backend in list(backends.values()):
            if backend.get_assumed_role_from_access_key(access_key):
                return account
    return os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)


METHODS = {
    TokenResponse: {"assume_role": assume_role},
    BaseResponse: {"get_current_account": get_current_account},
}

"""KMS: the keys that AWS manages, and keys of other accounts (KMS API reference, DescribeKey; "AWS managed keys")."""

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import AccessDeniedException, NotAuthorizedException, NotFoundException, ValidationException
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.kms.utils import RESERVED_ALIASES

MANAGED = frozenset({*RESERVED_ALIASES, "alias/aws/sns", "alias/aws/sqs"})

_check_alias = KmsResponse._validate_alias  # noqa: SLF001 (every operation that takes an alias goes through it)
_check_key = KmsResponse._validate_cmk_id  # noqa: SLF001 (and every one that takes a key through this)
_create_alias = KmsResponse.create_alias
_schedule_key_deletion = KmsResponse.schedule_key_deletion


def _validate_cmk_id(self: KmsResponse, key_id: str) -> None:
    _check_place(self, key_id)
    _check_key(self, key_id)


def _validate_alias(self: KmsResponse, key_id: str) -> None:
    _check_place(self, key_id)
    _check_alias(self, key_id)


def _check_place(self: KmsResponse, key_id: str) -> None:
    if not key_id.startswith("arn:"):
        return
    *_, region, account, _ = key_id.split(":")
    if region != self.region:
        # AWS: "Invalid arn us-west-2"
        raise NotFoundException(f"Invalid arn {region}")
    if account != self.current_account:
        # Only that key's policy would allow the call. AWS does not say whether the key exists.
        raise AccessDeniedException(f"The caller is not authorized to use the key {key_id}")


def get_key_id_from_alias(self: KmsBackend, alias_name: str) -> str | None:
    """ "If you specify a predefined AWS alias, KMS associates the alias with an AWS managed key"."""
    for key in self.keys.values():
        if alias_name in key.aliases:
            return key.id
    if alias_name not in MANAGED:
        return None
    service = alias_name.rpartition("/")[2]
    made = self.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", f"Default key for {service}", None)
    self.create_alias(made.id, alias_name)
    made.key_manager = "AWS"  # so nobody can change it
    made.policy = json.dumps(_policy_of_aws(self, service))
    return made.id


def _policy_of_aws(backend: KmsBackend, service: str) -> dict[str, Any]:
    """The policy of such a key: only its service can use it, and nobody can change it."""
    through = {
        "kms:CallerAccount": backend.account_id,
        "kms:ViaService": f"{service}.{backend.region_name}.amazonaws.com",
    }
    root = f"arn:{backend.partition}:iam::{backend.account_id}:root"
    used = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"StringEquals": through},
    }
    seen = {
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": [used, seen]}


def create_alias(self: KmsResponse) -> str:
    # "The alias name cannot begin with alias/aws/. The alias/aws/ prefix is reserved for AWS managed keys."
    if self._get_param("AliasName").startswith("alias/aws/"):
        raise NotAuthorizedException
    return _create_alias(self)


def schedule_key_deletion(self: KmsResponse) -> str:
    if not 7 <= self._get_param("PendingWindowInDays", 30) <= 30:
        raise ValidationException("PendingWindowInDays must be between 7 and 30.")
    answer = json.loads(_schedule_key_deletion(self))
    key = self.kms_backend.keys[self.kms_backend.get_key_id(answer["KeyId"])]
    return json.dumps({**answer, "KeyId": key.arn, "KeyState": key.key_state})


def _change(operation: str) -> Callable[..., object]:
    """The backend's operation, for an ARN as for an id. Refused where the key cannot be changed."""
    original: Callable[..., object] = getattr(KmsBackend, operation)

    def change(self: KmsBackend, key_id: str, *more: object) -> object:
        key = self.keys[self.get_key_id(key_id)]
        if key.key_manager == "AWS":
            raise AccessDeniedException(f"The caller is not authorized to change the key {key.arn}")
        if key.key_state == "PendingDeletion" and operation in NOT_WHILE_PENDING:
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return original(self, key.id, *more)

    return change


# KMS developer guide, "Key states of AWS KMS keys".
NOT_WHILE_PENDING = ("create_alias", "disable_key", "enable_key", "schedule_key_deletion")
CHANGES = (*NOT_WHILE_PENDING, "cancel_key_deletion", "put_key_policy")

METHODS = {
    KmsResponse: {
        "_validate_cmk_id": _validate_cmk_id,
        "_validate_alias": _validate_alias,
        "create_alias": create_alias,
        "schedule_key_deletion": schedule_key_deletion,
    },
    KmsBackend: {
        "get_key_id_from_alias": get_key_id_from_alias,
        **{operation: _change(operation) for operation in CHANGES},
    },
}

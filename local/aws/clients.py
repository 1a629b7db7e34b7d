"""The clients that set an account up: neither recorded nor told to fail, and for any account."""

from functools import cache
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from local.aws.extension.sts import ACCOUNT

CREDENTIALS = {
    "aws_access_key_id": "SECRET-access-key",
    "aws_secret_access_key": "SECRET-secret-key",
    "aws_session_token": "SECRET-session-token",
}

_MARK = "local-aws"


@cache
def client_for(service: str, region: str, account: str) -> Any:
    """Kept for every local AWS: a client knows nothing of what an account holds, and making one takes long."""
    make: Any = _session().client  # which service is not known when types are checked
    client = make(service, region_name=region, config=Config(user_agent_extra=_MARK))
    client.meta.events.register("before-call", lambda params, **_: params["headers"].update({ACCOUNT: account}))
    return client


def sets_up(client: BaseClient) -> bool:
    """Whether it is one of these."""
    return vars(client.meta.config).get("user_agent_extra") == _MARK


@cache
def _session() -> boto3.Session:
    make: Any = boto3.Session  # whose stub cannot take arguments by `**`
    session: boto3.Session = make(**CREDENTIALS)
    return session

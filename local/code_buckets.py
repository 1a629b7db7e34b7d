"""The buckets from which the stacks of a StackSet take their code: one a region, in one account."""

import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from botocore.session import Session

from blindspot.aws.client import Clients
from blindspot.aws.collect import caller
from blindspot.aws.errors import read
from blindspot.aws.own_credentials import NotReady, why_unknown
from blindspot.model.snapshot import Unreadable

PATIENCE = 30
"""Seconds that STS has to say whose the credentials are."""

RIGHTS = "s3:ListBucket, s3:GetObject and s3:PutObject"


class NotUploaded(Exception):
    """Raised where the files cannot be uploaded. The message says what is wrong, and what is needed."""


class CodeBuckets:
    """The buckets of the account that the credentials belong to. Raises NotReady if AWS does not say which it is.

    Each call names this account as the bucket's owner: what somebody else has under that name gets nothing of ours.
    """

    def __init__(self, clients: Clients) -> None:
        identity = caller(clients, until=time.monotonic() + PATIENCE)
        if isinstance(identity, Unreadable):
            raise NotReady(why_unknown(identity))
        self._clients, self._account = clients, identity.account

    def check(self, prefix: str, regions: Sequence[str]) -> None:
        """Raises NotUploaded that names every bucket PREFIX-REGION that is missing, refused or elsewhere."""
        if wrong := [why for region in regions if (why := self._wrong(f"{prefix}-{region}", region))]:
            raise NotUploaded("\n".join([*wrong, "Nothing was uploaded."]))

    def upload(self, bucket: str, region: str, files: Mapping[str, bytes]) -> int:
        """Puts the files there, by name, that are not there already; returns how many. Raises NotUploaded."""
        sent = 0
        for name, body in files.items():
            checksum = b64encode(sha256(body).digest()).decode()
            there = self._call("HeadObject", region, Bucket=bucket, Key=name, ChecksumMode="ENABLED")
            if not isinstance(there, Unreadable) and there.get("ChecksumSHA256") == checksum:
                continue
            integrity = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": checksum}
            answer = self._call("PutObject", region, Bucket=bucket, Key=name, Body=body, **integrity)
            if isinstance(answer, Unreadable):
                raise NotUploaded(
                    f"{name} was not uploaded to bucket {bucket}: {answer.call} failed in {region} ({answer.error}). "
                    f"The credentials must be allowed {RIGHTS} on the bucket. What is there already stays, and the "
                    "next run sends the rest."
                )
            sent += 1
        return sent

    def url(self, bucket: str, region: str, name: str) -> str:
        """The address of a file, as CloudFormation takes it."""
        endpoint = Session().create_client("s3", region_name=region).meta.endpoint_url
        return f"{endpoint}/{bucket}/{name}"

    def _wrong(self, bucket: str, region: str) -> str | None:
        """What is wrong with the bucket, if anything is."""
        found = self._call("HeadBucket", region, Bucket=bucket)
        if not isinstance(found, Unreadable):
            there = found.get("BucketRegion", region)
            return None if there == region else f"Bucket {bucket} is in {there}, and it must be in {region}."
        match found.error:
            case "404" | "NoSuchBucket":
                return (
                    f"There is no bucket {bucket}. Deploy organization/code-bucket.yaml in {region} of account "
                    f"{self._account}, or name another BUCKET."
                )
            case "403" | "AccessDenied":
                return (
                    f"AWS refused bucket {bucket}. It must belong to account {self._account}, whose credentials these "
                    f"are, and they must be allowed {RIGHTS} on it."
                )
        return (
            f"Bucket {bucket} could not be looked at: {found.call} failed in {region} ({found.error}). Check the name "
            "of the region, and the network."
        )

    def _call(self, operation: str, region: str, **parameters: Any) -> dict[str, Any] | Unreadable:
        call = f"s3:{operation}"
        owned = {**parameters, "ExpectedBucketOwner": self._account}
        return read(call, region, lambda: self._clients.call(call, region, **owned))

"""The credentials and the region of whoever runs a command, from the environment and the AWS configuration.

Source: AWS SDKs and tools reference guide, "Standardized credential providers", "AWS Region".
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError, ProfileNotFound
from botocore.session import Session

from blindspot.aws.errors import error_code
from blindspot.model.snapshot import Unreadable


class NotReady(Exception):
    """Raised where an account cannot be read with what there is. The message says what is missing and what to do."""


def region(aws_profile: str | None, asked: str | None, environ: Mapping[str, str]) -> str:
    """The region that is asked for, or that the environment or the profile names, once credentials were found.

    aws_profile: None for the default one, or that of AWS_PROFILE. Raises NotReady.
    """
    session = Session(profile=aws_profile)
    try:
        found = asked or environ.get("AWS_REGION") or session.get_config_variable("region")
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except ProfileNotFound:
        name = aws_profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
        known = ", ".join(session.available_profiles) or "none"
        raise NotReady(f"The AWS configuration has no profile {name!r}. Its profiles: {known}.") from None
    except Exception as error:  # noqa: BLE001 (providers run programs and call AWS: botocore lets through what that raises)
        # Its message may quote a token or the output of a program.
        why = error_code(error) if isinstance(error, ClientError) else type(error).__name__
        raise NotReady(f"The AWS credentials cannot be used ({why}). {_LOG_IN}") from None
    if frozen is None:
        raise NotReady(f"There are no AWS credentials. {_LOG_IN}")
    if not found:
        raise NotReady("No region is set. Name that of your stack or of most of your resources with --region.")
    return str(found)


_LOG_IN = "Log in, as with `aws sso login`, or name a profile of the AWS CLI with --profile-name."


def why_unknown(refused: Unreadable) -> str:
    """What to tell where STS does not return the account of the credentials."""
    if refused.error in ("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
        return f"The AWS credentials have expired. {_LOG_IN}"
    if refused.error in ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"):
        return f"AWS does not accept the credentials ({refused.error}). {_LOG_IN}"
    failed = f"{refused.call} failed in {refused.region} ({refused.error})"
    return f"AWS did not say which account the credentials are of: {failed}. Check the region and the network."

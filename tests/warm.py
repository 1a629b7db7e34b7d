"""The local AWS kept warm: what was read is answered again for as long as nothing changed, and an account that was set
up once is taken out again.

All that moto holds of a service goes into some kilobytes. While these are the same, byte for byte, a read is the same
too: its answer comes from memory, and neither the wire nor moto has to make it again. What comes before is as ever:
the SDK checks and writes the request, the call is recorded, and a fault meets it. Writes are always made.
"""

import copyreg
import io
import pickle
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from typing import Any, TypeVar
from unittest.mock import patch

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.loaders import Loader, create_loader
from botocore.useragent import UserAgentString
from moto.cloudtrail.models import TrailStatus, cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core import responses
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.utils import method_names_from_class
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms import models as kms_models
from moto.kms.models import kms_backends
from moto.kms.utils import AbstractPrivateKey, RSAPrivateKey, generate_private_key
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends
from moto.sts.models import sts_backends

from local.aws import LocalAws, calls
from local.aws.extension import ec2
from local.aws.extension.sts import ACCOUNT
from tests.decided_once import decided_once

T = TypeVar("T")

REGIONAL: dict[str, BackendDict[Any]] = {
    "cloudwatch": cloudwatch_backends,
    "kms": kms_backends,
    "logs": logs_backends,
    "sns": sns_backends,
}
"""The services of which a region knows nothing of another."""

HELD: dict[str, BackendDict[Any]] = {
    **REGIONAL,
    "cloudtrail": cloudtrail_backends,
    "events": events_backends,
    "iam": iam_backends,
    "s3": s3_backends,
    "sts": sts_backends,
}
"""All that an account is made of, but for SSM's parameters, whose backend one cannot pickle, and AWS Config's rule."""

MOST = 20_000
"""Answers that are kept, some kilobytes each."""

_answers: dict[bytes, bytes] = {}
_dumps: dict[bytes, bytes] = {}
_set_up: dict[tuple[str, Hashable], tuple[Any, bytes]] = {}


@contextmanager
def warm(aws: LocalAws) -> Iterator[None]:
    """Every read that nothing has changed since is answered from memory, until the context ends."""
    for backends in (cloudtrail_backends, *REGIONAL.values()):
        for region in aws.regions:
            backends[aws.account][region]  # moto makes it when it is first asked for
    make_request: Any = calls._make_request  # noqa: SLF001 (behind what records the calls: the wire)

    def answer(client: Any, model: Any, request: dict[str, Any], context: dict[str, Any]) -> Any:
        call = model.service_model.service_name, model.name
        if ":".join(call) in [fault.call for fault in aws.faults]:
            return make_request(client, model, request, context)
        read = aws, *call, client.meta.region_name, _asked(client, request)
        before = _key(*read)
        if before in _answers:
            status, parsed = _unpickled(_answers[before])
            return AWSResponse("", status, HTTPHeaders(), None), parsed
        made, parsed = make_request(client, model, request, context)
        # What is only made when it is first asked for is there from now on, and the next answer is this one.
        if made.status_code < 500 and (after := _key(*read)):
            _keep(_answers, after, (made.status_code, parsed))
        return made, parsed

    with (
        patch.object(calls, "_make_request", answer),
        patch.object(kms_models, "generate_private_key", _private_key),
        patch("botocore.session.create_loader", loader),
        decided_once(),
    ):
        yield


@contextmanager
def worked_out_once() -> Iterator[None]:
    """What moto and the SDK work out anew for every account or call, though it is always the same, is kept."""
    with (
        patch.object(AccountSpecificBackend, "_generate_regions", lambda _, service: _regions(service)),
        patch.object(UserAgentString, "to_string", _user_agent),
        patch.object(responses, "method_names_from_class", cache(method_names_from_class)),
    ):
        yield


def dump(aws: LocalAws) -> dict[str, dict[str, dict[str, Any]]]:
    """As `aws.dump()` without SSM's parameters, made anew where something has changed. Not to be written to."""
    held = [_whole(backends) for backends in (cloudtrail_backends, *REGIONAL.values())]
    key = _digest(repr((aws.account, aws.regions)).encode(), *map(_pickled, held))
    if key not in _dumps:
        _keep(_dumps, key, without_parameters(aws.dump()))
    found: dict[str, dict[str, dict[str, Any]]] = _unpickled(_dumps[key])
    return found


def without_parameters(held: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What `LocalAws.dump` gave, without SSM's parameters: the switch, the lease and the ledger."""
    kept = {region: {kind: of for kind, of in kinds.items() if kind != "parameters"} for region, kinds in held.items()}
    return {region: kinds for region, kinds in kept.items() if kinds}


def set_up(aws: LocalAws, name: Hashable, make: Callable[[], T]) -> T:
    """What `make` returns; what it puts into an empty local AWS is set up once, and from then on taken out again."""
    if (aws.account, name) not in _set_up:
        made = make()
        aws.dump()  # what is only made when it is first asked for is set up too
        aws.client("sts").get_caller_identity()
        held = {name: _whole(backends) for name, backends in HELD.items()}
        _set_up[aws.account, name] = made, _pickled((held, _parameters(aws, aws.region)))
        return made
    made, kept = _set_up[aws.account, name]
    held, parameters = _unpickled(kept)
    for service, accounts in held.items():
        for account, regions in accounts.items():
            HELD[service][account].update(regions)
    ssm_backends[aws.account][aws.region]._parameters.update(parameters[aws.account])  # noqa: SLF001
    found: T = made
    return found


def _key(aws: LocalAws, service: str, operation: str, region: str, asked: bytes) -> bytes | None:
    """What the answer follows from; None where that is not known, or where the call writes."""
    if not operation.startswith(("Describe", "Get", "List", "Test")):
        return None
    if service in REGIONAL:
        backends = REGIONAL[service]
        for account in {aws.account, *backends}:
            backends[account][region]  # moto makes it when it is first asked for
        held: object = dict(_each(backends, region))
    elif service == "cloudtrail":
        held = _whole(cloudtrail_backends)
    elif (service, operation) == ("ec2", "DescribeRegions"):
        held = ec2.ENABLED, ec2.OPTED_OUT
    elif (service, operation) in (("ssm", "GetParameter"), ("ssm", "GetParametersByPath")):
        held = _parameters(aws, region)
    elif (service, operation) == ("sts", "GetCallerIdentity"):
        held = _whole(sts_backends), _whole(iam_backends)
    else:
        return None
    try:
        return _digest(f"{service}:{operation} {region} ".encode(), asked, _pickled(held))
    except RuntimeError:  # another thread was about to change it
        return None


def _parameters(aws: LocalAws, region: str) -> dict[str, Any]:
    ssm_backends[aws.account][region]  # moto makes it when it is first asked for
    return {account: dict(of._parameters) for account, of in _each(ssm_backends, region)}  # noqa: SLF001


def _asked(client: Any, request: dict[str, Any]) -> bytes:
    """What is asked, and by whom."""
    access_key = client._request_signer._credentials.access_key  # noqa: SLF001 (botocore shows it nowhere else)
    parts = (request["headers"].get(ACCOUNT), access_key, request["url_path"], request["query_string"], request["body"])
    return repr(parts).encode()


def _whole(backends: BackendDict[Any]) -> dict[str, dict[str, Any]]:
    return {account: dict(regions) for account, regions in list(backends.items())}


def _each(backends: BackendDict[Any], region: str) -> list[tuple[str, Any]]:
    return [(account, regions[region]) for account, regions in list(backends.items())]


def _digest(*parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=20).digest()


def _keep(kept: dict[bytes, bytes], key: bytes, value: object) -> None:
    if len(kept) >= MOST:
        kept.clear()
    kept[key] = _pickled(value)


def _reduced(status: TrailStatus) -> tuple[Any, ...]:
    """Without when it was last asked for, which moto writes down and nobody keeps."""
    asked = {"latest_delivery_time": None, "latest_delivery_attempt": None} if status.is_logging else {}
    return copyreg.__newobj__, (TrailStatus,), vars(status) | asked  # type: ignore[attr-defined]


@cache
def _private_key(spec: str) -> AbstractPrivateKey:
    """Moto makes one for every key, which takes long; nothing here is ever signed with it."""
    return generate_private_key(spec)


@cache
def _regions(service: str) -> list[str]:
    """Moto means to keep them, but under a key that is another one for every account."""
    anywhere = AccountSpecificBackend.get_session()
    partitions = anywhere.get_available_partitions()
    return [name for partition in partitions for name in anywhere.get_available_regions(service, partition)]


_user_agent = cache(UserAgentString.to_string)


@cache
def loader(search_path: str | None = None) -> Loader:
    """Every role that is taken on gets a session of its own, which would read the models of the services anew."""
    return create_loader(search_path)


class _Pickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table | {
        TrailStatus: _reduced,
        RSAPrivateKey: lambda key: (_private_key, (f"RSA_{key.key_size}",)),
    }


def _pickled(thing: object) -> bytes:
    into = io.BytesIO()
    _Pickler(into, pickle.HIGHEST_PROTOCOL).dump(thing)
    return into.getvalue()


def _unpickled(kept: bytes) -> Any:
    return pickle.loads(kept)  # noqa: S301 (our own)

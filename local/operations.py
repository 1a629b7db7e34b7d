"""`python -m local.operations`: writes what botocore's models say of AWS's APIs, for `blindspot.model.api_operations`.

For each service, by the eventSource under which CloudTrail records it: its operations, the JSON types of the parameters
at the top of their requests, the error codes that its models name, and the protocols that it speaks. CloudTrail writes
an error's code or the name of its shape: both are listed.

CloudTrail's names differ from the models' in places. A service is recorded under its signing name or its endpoint's
prefix, mostly: it is listed under both. Parameters begin with a small letter. Amazon S3 has names of its own, and only
those that its user guide shows are listed ("Amazon S3 CloudTrail events"). A list of Amazon EC2's is an object with
`items`.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

TARGET = Path(__file__).parent.parent / "layers/blindspot/blindspot/model/api_operations.json.gz"

KINDS = {
    "string": "string",
    "character": "string",
    "blob": "",
    "boolean": "boolean",
    "integer": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "timestamp": "number string",
    "list": "array",
    "structure": "object",
    "map": "object",
}
"""The JSON types of a model's types, "" for any: how CloudTrail writes bytes is not documented, and how it writes a
time differs from service to service."""

S3_NAMES = {"Bucket": "bucketName", "Key": "key"}


def read() -> dict[str, Any]:
    """What the installed botocore's models say: {"botocore", "services": {eventSource: {"operations", "codes",
    "protocols", "parameters": {JSON types: names}}}}. Names are in one string, with blanks between them."""
    operations: defaultdict[str, set[str]] = defaultdict(set)
    kinds: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    codes: defaultdict[str, set[str]] = defaultdict(set)
    protocols: defaultdict[str, set[str]] = defaultdict(set)
    loader = Loader()
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        shapes = model["shapes"]
        errors = {name: shape.get("error", {}) for name, shape in shapes.items() if shape.get("exception")}
        for source in _sources(model["metadata"]):
            operations[source] |= model["operations"].keys()
            codes[source] |= {*errors, *(error["code"] for error in errors.values() if "code" in error)}
            protocols[source] |= {model["metadata"]["protocol"], *model["metadata"].get("protocols", ())}
            for name, kind in _parameters(model):
                kinds[source][name] |= {kind}
    return {
        "botocore": botocore.__version__,
        "services": {
            source: {
                "operations": _joined(operations[source]),
                "codes": _joined(codes[source]),
                "protocols": _joined(protocols[source]),
                "parameters": _by_kinds(kinds[source]),
            }
            for source in sorted(operations)
        },
    }


def _sources(metadata: Mapping[str, str]) -> set[str]:
    prefix = metadata["endpointPrefix"]
    names = {prefix, metadata.get("signingName", prefix)}
    return {f"{name.lower()}.amazonaws.com" for name in names if "." not in name}


def _parameters(model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names of the parameters as CloudTrail writes them, each with a JSON type; "" for one that may be any."""
    own_names = model["metadata"]["endpointPrefix"] in ("s3", "s3-control")
    for operation in model["operations"].values():
        members = model["shapes"][operation["input"]["shape"]].get("members", {}) if "input" in operation else {}
        for member, reference in members.items():
            if own_names and member not in S3_NAMES:
                continue
            name = S3_NAMES[member] if own_names else member[0].lower() + member[1:]
            shape = model["shapes"][reference["shape"]]
            kind = "" if shape.get("document") or reference.get("jsonvalue") else KINDS[shape["type"]]
            yield name, "object" if kind == "array" and model["metadata"]["protocol"] == "ec2" else kind


def _by_kinds(parameters: Mapping[str, set[str]]) -> dict[str, str]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, kinds in parameters.items():
        names["" if "" in kinds else _joined({one for kind in kinds for one in kind.split()})].append(name)
    return {kinds: _joined(set(names[kinds])) for kinds in sorted(names)}


def _joined(names: set[str]) -> str:
    return " ".join(sorted(names))


def content() -> str:
    """What the file holds, as JSON."""
    return json.dumps(read(), separators=(",", ":"))


def kept() -> str:
    """What the file holds that is kept."""
    return gzip.decompress(TARGET.read_bytes()).decode()


if __name__ == "__main__":
    TARGET.write_bytes(gzip.compress(content().encode(), compresslevel=9, mtime=0))

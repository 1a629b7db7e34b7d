"""`make package`: the built template as plain CloudFormation, with the code in buckets of one's own, for a StackSet.

    python -m local.package --bucket PREFIX [--profile-name NAME] [REGION ...]

A service-managed StackSet takes no transform (CloudFormation API reference, CreateStackSet, Capabilities), so SAM's own
is applied here, without a call to AWS. A function takes its code from a bucket in its own region alone (CloudFormation
template reference, AWS::Lambda::Function Code), so the template names the bucket PREFIX-REGION, by the region of each
stack. It names those of the given regions alone: in another one the bucket of that name may be a stranger's. Files are
named by their content: what is the same is not uploaded again, and a stack whose code changed is updated.
"""

from blindspot.terminal import as_a_command

if __name__ == "__main__":
    as_a_command()  # before the imports, which take long enough to be interrupted

import argparse
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import yaml

from blindspot.aws.client import Clients
from blindspot.aws.own_credentials import NotReady, region
from local.code_buckets import CodeBuckets, NotUploaded
from local.sam_template import BUILT, ROOT

TEMPLATE = BUILT.parents[1] / "stackset.yaml"
CODE = BUILT.parents[1] / "package"

STACK_SET = "blindspot-remediator"

CODE_OF = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
"""The property that has the code of a resource, by the resource's type."""

NOT_DONE = 2
"""The exit status where nothing, or not all, was uploaded."""


def archive(folder: Path) -> bytes:
    """The folder as a zip file that is the same on every machine: without times, owners or compression, whose result
    depends on the version of zlib."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    written = io.BytesIO()
    with ZipFile(written, "w") as zipped:
        for name in sorted(files):
            if "__pycache__" not in name:  # has times in it
                entry = ZipInfo(name)
                entry.create_system, entry.external_attr = 3, 0o100644 << 16  # a file that every Unix user may read
                zipped.writestr(entry, files[name].read_bytes())
    return written.getvalue()


def key(name: str, body: bytes) -> str:
    """The name of a file in the buckets: NAME.EXTENSION, with its content's hash between them."""
    stem, extension = name.split(".")
    return f"{stem}-{sha256(body).hexdigest()}.{extension}"


def code_of(built: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The zip file of each function and layer in the template that `sam build` wrote into the folder."""
    resources = {name: found for name, found in built["Resources"].items() if found["Type"] in CODE_OF}
    return {
        name: archive(folder / resource["Properties"][CODE_OF[resource["Type"]]])
        for name, resource in resources.items()
    }


def plain(template: dict[str, Any], prefix: str, keys: dict[str, str], regions: Sequence[str]) -> str:
    """The SAM template as plain CloudFormation, in YAML.

    prefix: of the buckets' names
    keys: the name of the zip file in them, by function and layer
    regions: where stacks can be created; none: nowhere
    """
    # Here, since only what `make build` and `make check` need brings the translator.
    from boto3 import Session
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    given = json.loads(json.dumps(template))
    given["Mappings"] = {"Code": {region: {"Bucket": f"{prefix}-{region}"} for region in regions or ["REGION"]}}
    for name, found in keys.items():
        resource = given["Resources"][name]
        location = {"Bucket": {"Fn::FindInMap": ["Code", {"Ref": "AWS::Region"}, "Bucket"]}, "Key": found}
        resource["Properties"][CODE_OF[resource["Type"]]] = location
    # The region is only what the translator asks for: the template is the same for all.
    translated = Translator({}, Parser(), boto_session=Session(region_name="us-east-1")).translate(given, {})
    without_aliases = json.loads(json.dumps(translated))
    return yaml.safe_dump(without_aliases, sort_keys=False, allow_unicode=True, width=120)


def next_commands(url: str, home: str, parameters: Sequence[str], aws_profile: str | None = None) -> str:
    """What to run once all is uploaded: to create the StackSet in the region `home`, or to update it."""
    profile = f"--profile {shlex.quote(aws_profile)} " if aws_profile else ""
    stack_set = f"{profile}--region {home} --stack-set-name {STACK_SET}"
    template = f"--template-url {url} \\\n        --capabilities CAPABILITY_IAM"
    pace = "--operation-preferences FailureTolerancePercentage=10,MaxConcurrentPercentage=25"
    without_rule = "--parameters ParameterKey=CreateConfigRule,ParameterValue=false"
    kept = ",".join(name for name in parameters if name != "CreateConfigRule")
    return f"""\
To create the StackSet, then its stacks, one in each account of an organizational unit:

    aws cloudformation create-stack-set {stack_set} \\
        {template} {without_rule} \\
        --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
    aws cloudformation create-stack-instances {stack_set} \\
        --deployment-targets OrganizationalUnitIds=OU-ID --regions {home} {pace}

To update the StackSet and its stacks, in bash or zsh. Leave out parameters that this release has added:

    aws cloudformation update-stack-set {stack_set} \\
        {template} {without_rule} \\
        ParameterKey={{{kept}}},UsePreviousValue=true \\
        {pace}

With the credentials of a delegated administrator, add --call-as DELEGATED_ADMIN to each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the template and the code, and uploads them to the regions' buckets; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.package", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("regions", metavar="REGION", nargs="*", help="where stacks are wanted; none: upload nothing")
    parser.add_argument("--bucket", metavar="PREFIX", required=True, help="the buckets are PREFIX-REGION")
    parser.add_argument("--profile-name", metavar="NAME", help="a profile of the AWS CLI")
    chosen = parser.parse_args(arguments)
    regions = list(dict.fromkeys(chosen.regions))
    try:
        check_names(chosen.bucket, regions)
        built = yaml.safe_load(built_template())
        code = {f"{name}.zip": body for name, body in code_of(built, BUILT.parent).items()}
        keys = {name.removesuffix(".zip"): key(name, body) for name, body in code.items()}
        template = plain(built, chosen.bucket, keys, regions).encode()
        files = {key(name, body): body for name, body in {**code, "stackset.yaml": template}.items()}
        keep(files, template)
        if not regions:
            print("Nothing is uploaded, because no region is named: no stack can be created from this template.")
            print(f"The files for the buckets: {_shown(CODE)}")
            return 0
        buckets = CodeBuckets(Clients(region(chosen.profile_name, regions[0], os.environ), chosen.profile_name))
        buckets.check(chosen.bucket, regions)
        for there in regions:
            sent = buckets.upload(f"{chosen.bucket}-{there}", there, files)
            print(f"{chosen.bucket}-{there}: {sent} of {len(files)} files uploaded, the others were there.")
    except (NotUploaded, NotReady) as error:
        print(f"python -m local.package: error: {error}", file=sys.stderr)
        return NOT_DONE
    url = buckets.url(f"{chosen.bucket}-{regions[0]}", regions[0], key("stackset.yaml", template))
    print("\n" + next_commands(url, regions[0], list(built["Parameters"]), chosen.profile_name), end="")
    return 0


def check_names(prefix: str, regions: Sequence[str]) -> None:
    """Raises NotUploaded where a bucket cannot have the name, or a region is none."""
    for wrong in (name for name in regions if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name)):
        raise NotUploaded(f"{wrong!r} is not a region. REGIONS are names separated by spaces, such as eu-west-1.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,46}[a-z0-9]", prefix):  # as in organization/code-bucket.yaml
        raise NotUploaded(
            f"{prefix!r} cannot begin the name of a bucket PREFIX-REGION. BUCKET is 3 to 48 lower-case letters, digits "
            "and hyphens, and it begins and ends with no hyphen."
        )


def built_template() -> str:
    """What `make build` wrote. Raises NotUploaded."""
    try:
        return BUILT.read_text()
    except FileNotFoundError:
        raise NotUploaded(f"There is no {_shown(BUILT)}: run `make build` first.") from None


def keep(files: dict[str, bytes], template: bytes) -> None:
    """Writes the template to TEMPLATE, and the files for the buckets, alone, into CODE."""
    CODE.mkdir(exist_ok=True)
    for old in CODE.iterdir():
        old.unlink()
    for name, body in files.items():
        (CODE / name).write_bytes(body)
    TEMPLATE.write_bytes(template)
    print(f"Template: {_shown(TEMPLATE)}, {len(template):,} bytes")


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT)


if __name__ == "__main__":
    sys.exit(main())

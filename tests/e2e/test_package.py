"""`make package`: template.yaml as plain CloudFormation, and stacks of it on ministack, without SAM and its transform.

No emulator here has StackSets: a stack is created as a StackSet would, under a name such as StackSets gives, from the
template in the bucket. ministack knows no AWS::Config::ConfigRule; these stacks have none anyway.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
import yaml

from local import package
from local.sam_template import BUILT
from tests.builders import ACCOUNT, HOME
from tests.e2e.lambdas import build, template
from tests.e2e.processes import ROOT, Emulator, eventually, ministack
from tests.e2e.test_deployment import logged, outputs

PREFIX = "code"
AWAY = "us-west-2"
STACK = f"StackSet-{package.STACK_SET}-5b1c2f80-0000-4000-8000-000000000000"
"""As StackSets calls a stack (CloudFormation user guide, "StackSets concepts")."""

LARGEST = 1_000_000
"""Bytes of a template in a bucket (CloudFormation user guide, "Understand CloudFormation quotas")."""

LIMITS = {"Parameters": 200, "Resources": 500, "Outputs": 200}
"""The same page."""


@pytest.fixture(scope="module")
def code() -> dict[str, bytes]:
    return package.code_of(template(), BUILT.parent)


def packaged(code: dict[str, bytes], regions: tuple[str, ...] = (HOME, AWAY)) -> str:
    keys = {name: package.key(f"{name}.zip", body) for name, body in code.items()}
    return package.plain(template(), PREFIX, keys, regions)


@pytest.fixture(scope="module")
def plain(code: dict[str, bytes]) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(packaged(code))
    return read


def inside(value: object) -> Iterator[object]:
    """Everything in a template: the value, and all that is in it; of a mapping the keys too."""
    yield value
    if isinstance(value, dict):
        for key, of_key in value.items():
            yield key
            yield from inside(of_key)
    elif isinstance(value, list):
        for each in value:
            yield from inside(each)


def test_a_service_managed_stack_set_takes_it(code: dict[str, bytes], plain: dict[str, Any]) -> None:
    texts = {text for text in inside(plain) if isinstance(text, str)}
    assert [text for text in texts if text in ("Transform", "Fn::Transform")] == []
    types = {resource["Type"] for resource in plain["Resources"].values()}
    unwanted = ("AWS::Serverless::", "AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro", "Custom::")
    assert [kind for kind in types if kind.startswith(unwanted)] == []
    assert [text for text in texts if "arn:aws:" in text] == []  # every partition
    assert len(packaged(code).encode()) < LARGEST
    assert [section for section, most in LIMITS.items() if len(plain[section]) > most] == []


def test_it_is_template_yaml_but_for_where_the_code_is(plain: dict[str, Any]) -> None:
    given = template()
    sections = [name for name in given if name not in ("Transform", "Globals", "Resources")]
    assert {name: plain[name] for name in sections} == {name: given[name] for name in sections}
    assert set(plain) == {*sections, "Mappings", "Resources"}
    untouched = {name: it for name, it in given["Resources"].items() if it["Type"] not in package.CODE_OF}
    assert {name: plain["Resources"][name] for name in untouched} == untouched


def test_the_functions_have_what_template_yaml_gives_them(plain: dict[str, Any]) -> None:
    given, common = template()["Resources"], template()["Globals"]["Function"]
    (layer,) = (name for name, it in plain["Resources"].items() if it["Type"] == "AWS::Lambda::LayerVersion")
    functions = [name for name, it in given.items() if it["Type"] == "AWS::Serverless::Function"]
    for name in functions:
        own = given[name]["Properties"]
        variables = {**common["Environment"]["Variables"], **own.get("Environment", {}).get("Variables", {})}
        made = plain["Resources"][name]["Properties"]
        assert made["Environment"]["Variables"] == variables
        assert made["Layers"] == [{"Ref": layer}]
        same = ("Role", "Description", "LoggingConfig")
        assert {key: made[key] for key in same} == {key: own[key] for key in same}
        for key in ("Handler", "Runtime", "MemorySize", "Timeout", "Architectures"):
            assert made[key] == own.get(key, common[key])
        assert made["Code"]["S3Bucket"] == {"Fn::FindInMap": ["Code", {"Ref": "AWS::Region"}, "Bucket"]}
        for event, of_event in own.get("Events", {}).items():
            trigger = plain["Resources"][f"{name}{event}"]
            assert trigger["Type"] in ("AWS::Scheduler::Schedule", "AWS::Events::Rule"), of_event
        retries = own.get("EventInvokeConfig", {}).get("MaximumRetryAttempts")
        invoked = plain["Resources"].get(f"{name}EventInvokeConfig", {"Properties": {}})
        assert invoked["Properties"].get("MaximumRetryAttempts") == retries
    assert len(functions) == 3


@pytest.mark.parametrize(
    ("regions", "buckets"),
    [
        ((HOME,), {HOME: {"Bucket": f"{PREFIX}-{HOME}"}}),
        ((HOME, AWAY), {region: {"Bucket": f"{PREFIX}-{region}"} for region in (HOME, AWAY)}),
        ((), {"REGION": {"Bucket": f"{PREFIX}-REGION"}}),
    ],
)
def test_no_stack_takes_code_from_a_bucket_that_was_not_checked(
    code: dict[str, bytes], regions: tuple[str, ...], buckets: dict[str, dict[str, str]]
) -> None:
    """Whoever has a bucket of that name in a further region could run any code in the accounts."""
    made = yaml.safe_load(packaged(code, regions))
    assert made["Mappings"] == {"Code": buckets}
    texts = [text for text in inside(made["Resources"]) if isinstance(text, str)]
    assert [text for text in texts if text.startswith(f"{PREFIX}-")] == []


def test_no_account_gets_the_organizations_rule(plain: dict[str, Any]) -> None:
    """It is only in a stack that names the role of the members, and by default none is named."""
    (rule,) = (it for it in plain["Resources"].values() if it["Type"] == "AWS::Config::OrganizationConfigRule")
    condition = plain["Conditions"][rule["Condition"]]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "OrganizationRole"}, ""]}]}
    assert plain["Parameters"]["OrganizationRole"]["Default"] == ""


def test_only_what_changed_has_another_name(code: dict[str, bytes]) -> None:
    """A layer's version cannot change: another one comes with new code, under an id of its own, and CloudFormation
    deletes the former once the functions have the new one. Everything else is updated where it is."""
    before, with_layer, with_function = (
        yaml.safe_load(packaged({**code, **changed}))["Resources"]
        for changed in ({}, {"BlindspotLayer": b"new"}, {"EvaluatorFunction": b"new"})
    )
    gone, come = (names for names in (set(before) - set(with_layer), set(with_layer) - set(before)))
    assert [name[:14] for name in (*gone, *come)] == ["BlindspotLayer"] * 2
    assert {before[name]["DeletionPolicy"] for name in gone} == {"Delete"}
    assert [name for name in before if before[name] != with_function.get(name)] == ["EvaluatorFunction"]
    assert list(before) == list(with_function)


def test_cfn_lint_finds_nothing(code: dict[str, bytes], tmp_path: Path) -> None:
    written = tmp_path / "stackset.yaml"
    written.write_text(packaged(code))
    lint = Path(sys.executable).with_name("cfn-lint")
    # W1020: a description has an Fn::Sub with nothing to fill in.
    ran = subprocess.run([lint, "--ignore-checks", "W1020", "--", written], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    build()
    with ministack(tmp_path_factory.mktemp("ministack"), iam=True) as aws:
        yield aws


@pytest.fixture(scope="module")
def buckets(aws: Emulator) -> tuple[str, ...]:
    for region in (HOME, AWAY):
        make: Any = boto3.client
        s3 = make("s3", region, endpoint_url=aws.endpoint, aws_access_key_id=ACCOUNT, aws_secret_access_key="test")
        s3.create_bucket(Bucket=f"{PREFIX}-{region}", CreateBucketConfiguration={"LocationConstraint": region})
    return f"{PREFIX}-{HOME}", f"{PREFIX}-{AWAY}"


def make_package(aws: Emulator, *regions: str) -> subprocess.CompletedProcess[str]:
    """As `make package` runs it."""
    command = (sys.executable, "-m", "local.package", "--bucket", PREFIX, *regions)
    return subprocess.run(command, cwd=ROOT, env=aws.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def stack(aws: Emulator, buckets: tuple[str, ...]) -> dict[str, str]:
    """The outputs of a stack from the template that was uploaded."""
    ran = make_package(aws, HOME, AWAY)
    assert ran.returncode == 0, ran.stderr
    assert [line for line in ran.stdout.splitlines() if line.startswith(f"{PREFIX}-")] == [
        f"{bucket}: 5 of 5 files uploaded, the others were there." for bucket in buckets
    ]
    (url,) = {word for word in ran.stdout.split() if word.startswith("http")}
    aws.client("cloudformation").create_stack(
        StackName=STACK,
        TemplateURL=url,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "CreateConfigRule", "ParameterValue": "false"}],
    )
    assert done(aws) == "CREATE_COMPLETE"
    return outputs(aws, STACK)


def done(aws: Emulator) -> str:
    """The stack's status, once nothing goes on."""

    def status() -> str | None:
        (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        now: str = stack["StackStatus"]
        return None if now.endswith("IN_PROGRESS") else now

    return eventually(status, seconds=60) or ""


def test_without_regions_nothing_is_uploaded(aws: Emulator, code: dict[str, bytes]) -> None:
    ran = make_package(aws)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Nothing is uploaded" in ran.stdout
    assert package.TEMPLATE.read_text() == packaged(code, ())  # also in another process
    keys = {path.name for path in package.CODE.iterdir()}
    assert {key.rpartition("-")[0] for key in keys} == {"stackset", *code}


def test_a_region_without_a_bucket_is_an_error_before_anything_is_uploaded(
    aws: Emulator, buckets: tuple[str, ...]
) -> None:
    before = aws.client("s3").list_objects_v2(Bucket=buckets[0])["KeyCount"]
    ran = make_package(aws, HOME, "sa-east-1")
    assert ran.returncode == package.NOT_DONE
    assert f"There is no bucket {PREFIX}-sa-east-1." in ran.stderr
    assert aws.client("s3").list_objects_v2(Bucket=buckets[0])["KeyCount"] == before


def test_the_stack_of_a_stack_set_assesses_and_plans(aws: Emulator, stack: dict[str, str]) -> None:
    ran = aws.client("lambda").invoke(FunctionName=stack["EvaluatorFunction"], Payload=b'{"action": "start"}')
    assert "FunctionError" not in ran
    assessed = logged(aws, stack["EvaluatorLogGroup"], "control assessed")
    planned = eventually(lambda: logged(aws, stack["RemediatorLogGroup"], "Remediation Planned"), seconds=60)
    assert assessed is not None
    assert planned is not None
    assert (assessed["account"], assessed["verdict"]) == (ACCOUNT, "NON_COMPLIANT")
    assert planned["account"] == ACCOUNT
    assert (planned["switch"]["on"], planned["switch"]["parameter"]) == (False, f"/{STACK}/auto-remediate")
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=stack["DeadLetterQueue"])


def test_an_update_with_new_code_reaches_the_functions(
    aws: Emulator, stack: dict[str, str], code: dict[str, bytes], buckets: tuple[str, ...]
) -> None:
    """With nothing but the code changed, the functions stay and get a new version of the layer; all still run."""
    name = stack["RemediatorFunction"]
    before = aws.client("lambda").get_function_configuration(FunctionName=name)
    new = {**code, "BlindspotLayer": with_a_file(code["BlindspotLayer"])}
    files = {package.key(f"{each}.zip", body): body for each, body in new.items()} | {
        "new.yaml": packaged(new).encode()
    }
    for key, body in files.items():
        aws.client("s3").put_object(Bucket=buckets[0], Key=key, Body=body)
    aws.client("cloudformation").update_stack(
        StackName=STACK,
        TemplateURL=f"{aws.endpoint}/{buckets[0]}/new.yaml",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": each, "UsePreviousValue": True} for each in template()["Parameters"]],
    )
    assert done(aws) == "UPDATE_COMPLETE"
    after = aws.client("lambda").get_function_configuration(FunctionName=name)
    assert after["FunctionArn"] == before["FunctionArn"]
    assert after["Layers"] != before["Layers"]
    planned = aws.client("lambda").invoke(FunctionName=name, Payload=b'{"action": "plan"}')
    assert "FunctionError" not in planned
    assert json.loads(planned["Payload"].read())["account"] == ACCOUNT


def with_a_file(zipped: bytes) -> bytes:
    archive = BytesIO(zipped)
    with ZipFile(archive, "a") as opened:
        opened.writestr("python/later.py", "")
    return archive.getvalue()

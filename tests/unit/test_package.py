"""`make package`, but for the translation itself, whose library `make test` does not install: tests/e2e has that."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zipfile import ZipFile

import pytest
from botocore.exceptions import ClientError

from blindspot.aws.client import Clients
from blindspot.aws.own_credentials import NotReady
from local.aws import Call, Fault, LocalAws, local_aws
from local.code_buckets import CodeBuckets, NotUploaded
from local.package import STACK_SET, archive, check_names, key, main, next_commands
from tests.unit.test_documented_commands import ANYWHERE, COMMAND, allowed_and_required
from tests.unit.test_template import PARAMETERS, ROOT

ACCOUNT = "123456789012"
HOME, AWAY = "eu-west-1", "us-west-2"
FILES = {"app-1.zip": b"the code", "stackset-1.yaml": b"the template"}


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with local_aws(account=ACCOUNT, region=HOME) as aws:
        for region in (HOME, AWAY):
            create_bucket(aws, f"code-{region}", region)
        yield aws


class Recording(Clients):
    """Keeps each call of S3, with the owner that its bucket must have."""

    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.made: list[tuple[str, str]] = []

    def call(self, call: str, region: str, account: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        if call.startswith("s3:"):
            self.made.append((call, parameters.get("ExpectedBucketOwner", "")))
        return super().call(call, region, account, **parameters)


def create_bucket(aws: LocalAws, name: str, region: str) -> None:
    aws.client("s3", region).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})


def refuse(aws: LocalAws, operation: str, code: str) -> None:
    """S3 answers with the code; to a HEAD it is the HTTP status, since such an answer has no body."""

    def answer(_: Call) -> NoReturn:
        raise ClientError({"Error": {"Code": code, "Message": "Forbidden"}}, operation)

    aws.faults.append(Fault(f"s3:{operation}", None, answer))


def a_folder(root: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_the_same_files_are_the_same_archive_whenever_and_wherever_they_were_written(tmp_path: Path) -> None:
    names = ("python/b.py", "python/a/__init__.py", "python/a-1.dist-info/RECORD")
    one, other = a_folder(tmp_path / "one", names), a_folder(tmp_path / "other", (*reversed(names),))
    for path in other.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (0, 10**9))
    a_folder(other, ("python/a/__pycache__/__init__.cpython-313.pyc",))
    assert archive(one) == archive(other)
    (other / names[0]).write_text("changed")
    assert archive(one) != archive(other)


def test_lambda_may_read_every_file_of_the_archive(tmp_path: Path) -> None:
    names = tuple(f"{letter}.py" for letter in "cabfed")
    with ZipFile(BytesIO(archive(a_folder(tmp_path, names)))) as zipped:
        assert {entry.filename: entry.external_attr >> 16 for entry in zipped.infolist()} == dict.fromkeys(
            names, 0o100644
        )
        assert [zipped.read(name).decode() for name in names] == list(names)
        assert zipped.namelist() == sorted(names)  # whatever the order in which the file system has them


def test_a_file_has_another_name_once_its_content_is_another() -> None:
    assert re.fullmatch(r"Layer-[0-9a-f]{64}\.zip", key("Layer.zip", b"a"))
    assert key("Layer.zip", b"a") == key("Layer.zip", b"a") != key("Layer.zip", b"b")


@pytest.mark.parametrize(
    ("prefix", "regions", "wrong"),
    [
        ("code", [], None),
        ("blindspot-123456789012", [HOME, "us-gov-east-1", "eusc-de-east-1"], None),
        ("c" * 48, [HOME], None),
        ("c" * 49, [HOME], "BUCKET is 3 to 48"),
        ("", [HOME], "BUCKET is 3 to 48"),
        ("Code", [HOME], "BUCKET is 3 to 48"),
        ("my.code", [HOME], "BUCKET is 3 to 48"),
        ("s3://code", [HOME], "BUCKET is 3 to 48"),
        ("-code", [], "BUCKET is 3 to 48"),
        ("code-", [], "BUCKET is 3 to 48"),
        ("code", ["Frankfurt"], "'Frankfurt' is not a region"),
        ("code", [f"{HOME},{AWAY}"], f"'{HOME},{AWAY}' is not a region. REGIONS are names separated by spaces"),
    ],
)
def test_a_wrong_name_is_an_error_that_says_what_is_allowed(prefix: str, regions: list[str], wrong: str | None) -> None:
    if wrong is None:
        check_names(prefix, regions)
    else:
        with pytest.raises(NotUploaded, match=re.escape(wrong)):
            check_names(prefix, regions)


def test_a_wrong_name_ends_with_an_error_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bucket", "Code"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("python -m local.package: error: 'Code' cannot begin the name of a bucket")


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (("REGIONS=eu-west-1 us-east-1", "PROFILE=an audit"), ["--profile-name", "an audit", "eu-west-1", "us-east-1"]),
        ((), []),
    ],
)
def test_make_package_builds_and_passes_on_what_it_is_given(given: tuple[str, ...], passed: list[str]) -> None:
    command = ("make", "-n", "package", "BUCKET=code", *given)
    # A make that runs the tests tells this one that it is a part of it.
    alone = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    planned = subprocess.run(command, cwd=ROOT, env=alone, check=True, capture_output=True, text=True).stdout
    built, run = planned.index("sam build"), planned.index("-m local.package")
    assert built < run
    assert shlex.split(planned[run:].replace("\\\n", " ")) == ["-m", "local.package", "--bucket", "code", *passed]


def test_only_what_is_not_there_is_uploaded(aws: LocalAws) -> None:
    buckets = CodeBuckets(Clients(HOME))
    buckets.check("code", [HOME, AWAY])
    assert [buckets.upload(f"code-{region}", region, FILES) for region in (HOME, AWAY, HOME)] == [2, 2, 0]
    assert buckets.upload(f"code-{HOME}", HOME, FILES | {"new-1.zip": b"new"}) == 1
    there = aws.client("s3", AWAY)
    assert {name: there.get_object(Bucket=f"code-{AWAY}", Key=name)["Body"].read() for name in FILES} == FILES


def test_a_file_that_somebody_replaced_is_uploaded_again(aws: LocalAws) -> None:
    buckets = CodeBuckets(Clients(HOME))
    buckets.upload(f"code-{HOME}", HOME, FILES)
    there = aws.client("s3")
    there.put_object(Bucket=f"code-{HOME}", Key="app-1.zip", Body=b"other code", ChecksumAlgorithm="SHA256")
    assert buckets.upload(f"code-{HOME}", HOME, FILES) == 1
    assert there.get_object(Bucket=f"code-{HOME}", Key="app-1.zip")["Body"].read() == FILES["app-1.zip"]


@pytest.mark.usefixtures("aws")
def test_every_call_names_the_account_that_must_own_the_bucket() -> None:
    """So that nothing goes to a bucket that somebody else has under the name."""
    clients = Recording(HOME)
    buckets = CodeBuckets(clients)
    buckets.check("code", [HOME])
    buckets.upload(f"code-{HOME}", HOME, FILES)
    assert {call for call, _ in clients.made} == {"s3:HeadBucket", "s3:HeadObject", "s3:PutObject"}
    assert {owner for _, owner in clients.made} == {ACCOUNT}


def test_one_error_names_every_bucket_that_is_wrong_and_nothing_is_uploaded(aws: LocalAws) -> None:
    create_bucket(aws, "code-us-east-2", "eu-north-1")
    with pytest.raises(NotUploaded) as error:
        CodeBuckets(Clients(HOME)).check("code", [HOME, "us-east-2", "sa-east-1"])
    elsewhere, missing, nothing = str(error.value).splitlines()
    assert elsewhere == "Bucket code-us-east-2 is in eu-north-1, and it must be in us-east-2."
    assert missing.startswith("There is no bucket code-sa-east-1. Deploy organization/code-bucket.yaml in sa-east-1 of")
    assert nothing == "Nothing was uploaded."


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        (
            "403",
            f"AWS refused bucket code-{HOME}. It must belong to account {ACCOUNT}, whose credentials these are, and",
        ),
        ("400", f"Bucket code-{HOME} could not be looked at: s3:HeadBucket failed in {HOME} (400)."),
    ],
)
def test_a_bucket_that_aws_does_not_show_is_named(aws: LocalAws, code: str, wrong: str) -> None:
    refuse(aws, "HeadBucket", code)
    with pytest.raises(NotUploaded, match=re.escape(wrong)):
        CodeBuckets(Clients(HOME)).check("code", [HOME])


def test_a_refused_upload_names_the_file_the_bucket_and_the_permissions(aws: LocalAws) -> None:
    refuse(aws, "PutObject", "AccessDenied")
    wrong = rf"app-1\.zip was not uploaded to bucket code-{HOME}: s3:PutObject failed in {HOME} \(AccessDenied\)"
    with pytest.raises(NotUploaded, match=wrong):
        CodeBuckets(Clients(HOME)).upload(f"code-{HOME}", HOME, FILES)


def test_where_it_may_not_look_a_file_is_uploaded(aws: LocalAws) -> None:
    """Without s3:ListBucket, S3 answers 403 for a file that is not there."""
    refuse(aws, "HeadObject", "403")
    assert CodeBuckets(Clients(HOME)).upload(f"code-{HOME}", HOME, FILES) == len(FILES)


def test_credentials_that_aws_does_not_know_are_told(aws: LocalAws) -> None:
    aws.fail("sts:GetCallerIdentity", error="ExpiredToken")
    with pytest.raises(NotReady, match="The AWS credentials have expired"):
        CodeBuckets(Clients(HOME))


@pytest.mark.parametrize(
    ("region", "url"),
    [
        (HOME, "https://s3.eu-west-1.amazonaws.com/code-eu-west-1/stackset-1.yaml"),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn/code-cn-north-1/stackset-1.yaml"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_the_template_has_an_address_as_cloudformation_takes_it(region: str, url: str) -> None:
    assert CodeBuckets(Clients(HOME)).url(f"code-{region}", region, "stackset-1.yaml") == url


def test_the_commands_that_are_printed_exist_and_keep_every_parameter() -> None:
    shown = next_commands("https://s3.eu-west-1.amazonaws.com/b/stackset-1.yaml", HOME, list(PARAMETERS), "AUDIT")
    commands = {command: options for _, command, options in COMMAND.findall(shown)}
    assert list(commands) == ["create-stack-set", "create-stack-instances", "update-stack-set"]
    for command, options in commands.items():
        words = [word.removeprefix("--") for word in shlex.split(options) if word.startswith("--")]
        allowed, required = allowed_and_required("cloudformation", command)
        assert required <= set(words) <= allowed | ANYWHERE
        assert f"--profile AUDIT --region {HOME} --stack-set-name {STACK_SET}" in options
    for command in ("create-stack-set", "update-stack-set"):
        assert "ParameterKey=CreateConfigRule,ParameterValue=false" in commands[command]
    (kept,) = re.findall(r"ParameterKey=\{(.+)\},UsePreviousValue=true", commands["update-stack-set"])
    assert {*kept.split(",")} == {*PARAMETERS} - {"CreateConfigRule"}

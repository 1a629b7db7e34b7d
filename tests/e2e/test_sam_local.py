"""What `sam build` made, in Lambda's image: every event by `sam local invoke`, then the whole loop by `start-lambda`.

`make sam-local` shows each document. SAM_LOCAL_SKIP_PULL=1 says that the image is one that was built on this machine.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config

from local.events import FOLDER, FUNCTIONS, event
from tests.e2e.lambdas import (
    BUILD,
    CREDENTIALS,
    REGION,
    SAM,
    LocalServer,
    await_port,
    missing,
    run,
    running,
    served,
    template,
    with_python,
)
from tests.e2e.processes import free_port
from tests.goldens import FLAG, SETTINGS, golden, steady

TEMPLATE = BUILD / "local.yaml"
NO_IMAGE = ("--skip-pull-image",) if os.environ.get("SAM_LOCAL_SKIP_PULL") == "1" else ()


def docker(*asked: str) -> str:
    ran = run("docker", *asked)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@contextmanager
def seen_by_containers(account: str, region: str = REGION) -> Iterator[LocalServer]:
    """The local AWS where containers can reach it; those that called it are removed in the end."""
    if (
        docker("info", "--format", "{{.OperatingSystem}}") == "Docker Desktop"
    ):  # whose containers run in a machine apart
        host, seen_as = "127.0.0.1", "host.docker.internal"
    else:
        host = seen_as = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    with served(account, region, host, seen_as) as server:
        try:
            yield server
        finally:
            remove_containers(server)


def remove_containers(server: LocalServer) -> None:
    """Those of an end that came too early: whose environment has the server's address, so that they are ours."""
    for container in docker("ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda").split():
        if f"AWS_ENDPOINT_URL={server.endpoint}" in run("docker", "inspect", container).stdout:
            run("docker", "rm", "--force", container)


@pytest.fixture(scope="module", autouse=True)
def _template() -> None:
    """The built template for this machine's processor; sam passes on only such variables as it declares."""
    answer = run("docker", "version")
    if answer.returncode:
        why = answer.stderr.strip().splitlines()[-1]
        missing(f"Docker does not answer ({why}): 'apt-get install docker.io' installs it, 'sudo dockerd' starts it.")
    built = template()
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    function, layer = built["Globals"]["Function"], built["Resources"]["BlindspotLayer"]
    function["Architectures"] = layer["Properties"]["CompatibleArchitectures"] = [architecture]
    layer["Metadata"]["BuildArchitecture"] = architecture
    function["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = ""
    TEMPLATE.write_text(yaml.safe_dump(built, sort_keys=False))


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with seen_by_containers("half-right") as server:
        yield server


def options(server: LocalServer, folder: Path) -> tuple[str | Path, ...]:
    """What every `sam local` needs to know."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps({"Parameters": {**SETTINGS, "AWS_ENDPOINT_URL": server.endpoint}}))
    return "--template", TEMPLATE, "--env-vars", variables, "--region", server.region, *NO_IMAGE


def environment(server: LocalServer) -> dict[str, str]:
    """That of sam itself, which hands the credentials on and asks STS, so that not even this leaves the machine."""
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**with_python(), **CREDENTIALS, **no_files, "AWS_ENDPOINT_URL": server.address}


@pytest.mark.parametrize(
    ("function", "name"), [(function, name) for function, names in FUNCTIONS.items() for name in names]
)
def test_every_event_returns_what_its_golden_file_says(
    server: LocalServer, tmp_path: Path, function: str, name: str
) -> None:
    given, file = server.event(name), FOLDER / f"{name}.json"
    if given != event(name):
        file = tmp_path / file.name
        file.write_text(json.dumps(given))
    ran = run(SAM, "local", "invoke", function, "--event", file, *options(server, tmp_path), env=environment(server))
    if not ran.stdout.strip():  # sam exits with 0 whatever becomes of the function
        pytest.fail(f"{function} returned nothing:\n{ran.stderr}", pytrace=False)
    document = json.loads(ran.stdout)
    show(f"sam local invoke {function} --event events/{name}.json", document)
    assert without_count(steady(document)) == without_count(golden(name)), ran.stderr


def without_count(document: dict[str, Any]) -> dict[str, Any]:
    """The SDK in Lambda's image may be older, and not have every call that Blindspot would make."""
    return {key: value for key, value in document.items() if key != "api_calls"}


class Lambda:
    """`sam local start-lambda`, called as AWS's Lambda is."""

    def __init__(self, port: int) -> None:
        make: Any = boto3.client
        credentials = {name.lower(): value for name, value in CREDENTIALS.items()}
        patient = Config(read_timeout=310, retries={"total_max_attempts": 1})
        address = f"http://127.0.0.1:{port}"
        self.client = make("lambda", region_name=REGION, endpoint_url=address, config=patient, **credentials)

    def __call__(self, function: str, given: dict[str, Any], why: str) -> dict[str, Any]:
        answer = self.client.invoke(FunctionName=function, Payload=json.dumps(given))
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        show(f"{why}: {function}", document)
        assert "FunctionError" not in answer, document
        return document


@contextmanager
def started(server: LocalServer, folder: Path) -> Iterator[Lambda]:
    """Functions that stay warm, until the context ends."""
    port = free_port()
    command = (SAM, "local", "start-lambda", "--port", str(port), "--warm-containers", "LAZY")
    log = folder / "start-lambda.log"
    with (
        log.open("w") as written,
        running(
            *command, *options(server, folder), env=environment(server), stdout=written, stderr=subprocess.STDOUT
        ) as process,
    ):
        await_port(process, port)
        yield Lambda(port)


def test_the_loop_from_the_schedule_to_backout(tmp_path: Path) -> None:
    with seen_by_containers("real", "us-east-1") as server, started(server, tmp_path) as invoke:
        before = server.ask("dump")

        assert invoke("EvaluatorFunction", event("scheduler"), "The schedule")["started"] is True
        (asked,) = server.ask("due")
        found = invoke("EvaluatorFunction", asked, "AWS Config calls back")
        assert (found["verdict"], verdicts(server)) == ("NON_COMPLIANT", ["NON_COMPLIANT"])

        switch(server, "true")
        server.ask("later")
        applied = invoke("RemediatorFunction", announced(server), "EventBridge, with remediation switched on")
        assert {outcome["status"] for outcome in applied["outcomes"]} == {"done"}
        assert applied["verdict_after"] == "COMPLIANT"

        (asked,) = server.ask("due")
        found = invoke("EvaluatorFunction", asked, "AWS Config calls back, as the remediator had it do")
        assert (found["verdict"], verdicts(server)) == ("COMPLIANT", ["COMPLIANT"])

        switch(server, "false")
        backed_out = invoke("RemediatorFunction", event("backout"), "Somebody takes it back")
        assert {outcome["status"] for outcome in backed_out["outcomes"]} == {"done"}
        assert server.ask("dump") == before


def switch(server: LocalServer, value: str) -> None:
    server.client("ssm").put_parameter(Name=FLAG, Value=value, Type="String", Overwrite=True)


def verdicts(server: LocalServer) -> list[str]:
    return [row["compliance"] for row in server.ask("rows")]


def announced(server: LocalServer) -> dict[str, Any]:
    """The one event that was put on the bus, as EventBridge hands it to the remediator."""
    (sent,) = server.ask("events")
    detail = json.loads(sent["Detail"])
    return event("control-assessed") | {"source": sent["Source"], "detail-type": sent["DetailType"], "detail": detail}


def show(what: str, document: dict[str, Any]) -> None:
    print(f"\n# {what}\n{json.dumps(document, indent=1)}")  # noqa: T201 (for whoever runs `make sam-local`)

"""What `sam build` made, in Lambda's image: every event by `sam local invoke`, then the whole loop by `start-lambda`.

`make sam-local` shows one line for each run; the documents are in DOCUMENTS.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.events import FOLDER, FUNCTIONS, event
from local.sam_template import LOCAL
from tests.e2e.containers import host_address, remove_containers, require_docker, require_image, seen_by_containers
from tests.e2e.lambdas import CREDENTIALS, REGION, SAM, LocalServer, await_port, run, running
from tests.e2e.processes import ROOT, free_port
from tests.goldens import FLAG, SETTINGS, SHOWN, golden, steady

DOCUMENTS = LOCAL.with_name("documents")
DOCUMENTED_HOST = "172.17.0.1"
"""The address of this machine in docs/local.md."""


@pytest.fixture(scope="module", autouse=True)
def _lambda_image() -> None:
    require_docker()
    require_image()
    DOCUMENTS.mkdir(exist_ok=True)
    for old in DOCUMENTS.glob("*.json"):
        old.unlink()
    say(f"The documents that the functions return are in {DOCUMENTS}.\n")


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with seen_by_containers("half-right") as server:
        switch(server, "false")
        yield server


def options(server: LocalServer, folder: Path) -> tuple[str | Path, ...]:
    """What every `sam local` needs to know."""
    variables = folder / "variables.json"
    variables.write_text(json.dumps({"Parameters": {**SETTINGS, "AWS_ENDPOINT_URL": server.endpoint}}))
    return "--template", LOCAL, "--env-vars", variables, "--region", server.region


def environment(server: LocalServer) -> dict[str, str]:
    """That of sam itself, which hands the credentials on and asks STS, so that not even this leaves the machine."""
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**shell(), **CREDENTIALS, **no_files, "AWS_ENDPOINT_URL": server.address}


def shell() -> dict[str, str]:
    """This process's environment without AWS settings; `_lambda_image` has seen to the image."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "SAM_CLI_TELEMETRY": "0", "SAM_SKIP_PULL_IMAGE": "true"}


@pytest.mark.parametrize(
    ("function", "name"), [(function, name) for function, names in FUNCTIONS.items() for name in names]
)
def test_every_event_returns_what_it_should(server: LocalServer, tmp_path: Path, function: str, name: str) -> None:
    given, file = server.event(name), FOLDER / f"{name}.json"
    if given != event(name):
        file = tmp_path / file.name
        file.write_text(json.dumps(given))
    with progress(f"sam local invoke {function} --event events/{name}.json", f"{function}-{name}") as returned:
        asked = ("local", "invoke", function, "--event", file, *options(server, tmp_path))
        ran = run(SAM, *asked, env=environment(server))
        document = parsed(function, ran)
        returned.append(document)
    if name in SHOWN:
        assert SHOWN[name] in document, ran.stderr
    else:
        assert without_count(steady(document)) == without_count(golden(name)), ran.stderr


def parsed(function: str, ran: subprocess.CompletedProcess[str]) -> Any:
    """What the function returned; sam exits with 0 whatever becomes of the function."""
    if not ran.stdout.strip():
        pytest.fail(f"{function} returned nothing:\n{ran.stderr}", pytrace=False)
    return json.loads(ran.stdout)


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
        with progress(f"{why}: {function}", f"loop-{function}") as returned:
            answer = self.client.invoke(FunctionName=function, Payload=json.dumps(given))
            document: dict[str, Any] = json.loads(answer["Payload"].read())
            returned.append(document)
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
        switch(server, "false")
        before = server.ask("dump")

        assert invoke("EvaluatorFunction", event("scheduler"), "The schedule")["started"] is True
        (asked,) = server.ask("due")
        found = invoke("EvaluatorFunction", asked, "AWS Config")
        assert (found["verdict"], verdicts(server)) == ("NON_COMPLIANT", ["NON_COMPLIANT"])

        switch(server, "true")
        server.ask("later")
        applied = invoke("RemediatorFunction", announced(server), "EventBridge, with the switch on")
        assert {outcome["status"] for outcome in applied["outcomes"]} == {"done"}
        assert applied["verdict_after"] == "COMPLIANT"

        (asked,) = server.ask("due")
        found = invoke("EvaluatorFunction", asked, "AWS Config, as the remediator asked it to")
        assert (found["verdict"], verdicts(server)) == ("COMPLIANT", ["COMPLIANT"])

        switch(server, "false")
        backed_out = invoke("RemediatorFunction", event("backout"), "Backout, by hand")
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


SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)


def commands(title: str) -> list[str]:
    """The blocks of commands in that section of docs/local.md, as written."""
    sections = dict(SECTION.findall((ROOT / "docs/local.md").read_text()))
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in BLOCK.findall(sections[title])]


def typed(block: str, environment: dict[str, str], folder: Path) -> list[dict[str, Any]]:
    """What the functions return when somebody types the block into a shell: a document for each `sam local invoke`."""
    lines = block.replace("\\\n", " ").splitlines()
    files = {number: folder / f"{number}.json" for number, line in enumerate(lines) if "sam local invoke" in line}
    into_files = (f"{line} > '{files[number]}'" if number in files else line for number, line in enumerate(lines))
    with progress(f"Typed from docs/local.md, {len(lines)} lines", "typed") as returned:
        ran = run("bash", "-ec", "\n".join(into_files), env=environment)
        assert ran.returncode == 0, ran.stderr
        for file in files.values():
            assert file.read_text().strip(), ran.stderr  # sam exits with 0 whatever becomes of the function
            returned.append(json.loads(file.read_text()))
    return returned


def test_the_commands_for_ones_own_account(tmp_path: Path) -> None:
    """Typed as written; the AWS profile is there, and the shell leads AWS's clients to an account on this machine."""
    profile = tmp_path / "config"
    profile.write_text("[profile AWS-PROFILE]\naws_access_key_id = local\naws_secret_access_key = local\n")
    (block,) = commands("Your own account")
    with seen_by_containers("half-right") as server:
        variables = {**shell(), "AWS_CONFIG_FILE": str(profile), "AWS_ENDPOINT_URL": server.endpoint}
        assessed, planned = typed(block.replace("REGION", server.region), variables, tmp_path)
    assert_half_right(assessed, planned)


def test_the_commands_for_an_account_behind_a_port(tmp_path: Path) -> None:
    serve, invoke = commands("An account behind a port")
    host, seen_as = host_address()
    serve, invoke = serve.replace(DOCUMENTED_HOST, host), invoke.replace(DOCUMENTED_HOST, seen_as)
    port = int(re.findall(r"--port (\d+)", serve)[0])
    with running("bash", "-c", f"exec {serve}", cwd=ROOT, env=shell(), stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline(), "local.server did not start"
        try:
            assessed, planned, started = typed(invoke, shell(), tmp_path)
        finally:
            remove_containers(f"http://{seen_as}:{port}")
    assert_half_right(assessed, planned)
    assert started["started"] is True


def assert_half_right(assessed: dict[str, Any], planned: dict[str, Any]) -> None:
    assert (assessed["verdict"], assessed["unreadable"]) == ("NON_COMPLIANT", [])
    assert (planned["verdict_before"], planned["switch"]["on"]) == ("NON_COMPLIANT", False)
    assert planned["switch"]["parameter"] == FLAG


@contextmanager
def progress(what: str, name: str) -> Iterator[list[Any]]:
    """Says what runs, then what came of it, in one line; the documents that are put into the list go into files."""
    began = time.monotonic()
    say(f"{what} ...")
    returned: list[Any] = []
    try:
        yield returned
    except BaseException:
        say(" failed\n")
        raise
    number = len(list(DOCUMENTS.glob("*.json")))
    for document in returned:
        number += 1
        (DOCUMENTS / f"{number:02}-{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    results = ", ".join(result(document) for document in returned)
    say(f" {results} ({time.monotonic() - began:.1f} s)\n")


def result(document: Any) -> str:
    """A document in a word or two."""
    match document:
        case {"verdict": str(verdict)}:
            return verdict
        case {"verdict_after": str(after), "outcomes": [_, *_] as outcomes}:
            return f"{len(outcomes)} changes, then {after}"
        case {"verdict_before": str(before), "plan": plan}:
            return f"{before}, {len(plan)} changes planned"
        case {"started": bool(started)}:
            return "evaluation started" if started else "no evaluation started"
    return "returned"


def say(text: str) -> None:
    print(text, end="", flush=True)  # noqa: T201 (for whoever runs `make sam-local`)

"""What the tests of the built functions share: the build, the template's variables, and the local AWS they call."""

import json
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import boto3
import pytest
import yaml

from local.events import event
from local.sam_template import BUILT, LOCAL
from tests.e2e.processes import ROOT
from tests.goldens import SETTINGS

BUILD = BUILT.parent
LAYER = BUILD / "BlindspotLayer/python"
SAM = Path(sys.executable).with_name("sam")
REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "local"}
PATIENCE = 60
"""Seconds within which anything here starts or stops."""


def missing(sentence: str) -> NoReturn:
    """Fails the test for a tool that is not there; the sentence says what installs it."""
    pytest.fail(sentence, pytrace=False)


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """What became of a command; 127, as a shell says it, where there is no such command."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


@cache
def build() -> None:
    """Has `make build` make BUILD and LOCAL."""
    built = run("make", "build")
    if built.returncode:
        missing(f"`make build` failed: {built.stderr.partition('make: ***')[0].strip()}")


def template() -> dict[str, Any]:
    """The template as it was built."""
    build()
    read: dict[str, Any] = yaml.safe_load((BUILD / "template.yaml").read_text())
    return read


def local_template() -> dict[str, Any]:
    """The template that `sam local` runs on this machine."""
    build()
    if not LOCAL.exists():
        missing(f"Lambda does not run on {platform.machine()}, this machine's processor.")
    read: dict[str, Any] = yaml.safe_load(LOCAL.read_text())
    return read


def variables(function: str) -> dict[str, str]:
    """What the template puts into the function's environment by default, and SETTINGS for what only a stack has."""
    built = template()

    def text(value: Any) -> str:
        match value:
            case {"Ref": name} if name in built["Parameters"]:
                return str(built["Parameters"][name]["Default"])
            case {"Fn::Join": [_, inner]}:
                return text(inner)
            case str():
                return value
        raise TypeError(f"SETTINGS must say what {value} is")

    own = built["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
    declared = built["Globals"]["Function"]["Environment"]["Variables"] | own
    return {name: SETTINGS[name] if name in SETTINGS else text(value) for name, value in declared.items()}


def await_port(process: subprocess.Popen[str], port: int) -> None:
    """Returns once the process listens there."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None, f"it ended with {process.returncode}: {process.args!r}"
            assert time.monotonic() < until, f"it does not listen: {process.args!r}"
            time.sleep(0.05)
        else:
            return


@contextmanager
def running(*command: str | Path, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """The command, until the context ends."""
    with subprocess.Popen(command, text=True, **more) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass(frozen=True)
class LocalServer:
    """The local AWS in a process of its own.

    endpoint: where the functions find it.
    """

    endpoint: str
    region: str
    address: str

    def ask(self, route: str, **query: str) -> Any:
        """What one of `local.server.ROUTES` answers."""
        return json.loads(posted(f"{self.address}/local-aws/{route}?{urlencode(query)}", b""))

    def client(self, service: str) -> Any:
        make: Any = boto3.client  # which service is not known when types are checked
        credentials = {name.lower(): value for name, value in CREDENTIALS.items()}
        return make(service, region_name=self.region, endpoint_url=self.address, **credentials)

    def asked_by_config(self) -> dict[str, Any]:
        """The event that AWS Config sends once it was told to start."""
        self.ask("later")
        self.client("config").start_config_rules_evaluation(ConfigRuleNames=[SETTINGS["BLINDSPOT_CONFIG_RULE"]])
        (asked,) = self.ask("due")
        return dict(asked)

    def event(self, name: str) -> dict[str, Any]:
        """The event of that name; AWS Config sends its own, not the sample."""
        given = event(name)
        if "resultToken" in given:
            given = self.asked_by_config()
        self.ask("later")
        self.ask("due")
        return given


@contextmanager
def served(
    account: str, region: str = REGION, host: str = "127.0.0.1", seen_as: str | None = None
) -> Iterator[LocalServer]:
    """The local AWS with one of `local.server.ACCOUNTS`, listening on that address.

    seen_as: the host's name where the functions run, if not its address.
    """
    command = (sys.executable, "-m", "local.server", "--host", host, "--region", region, "--account", account)
    rule = ("--rule", SETTINGS["BLINDSPOT_CONFIG_RULE"])
    with running(*command, *rule, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address, "local.server did not start"
        yield LocalServer(address.replace(host, seen_as or host), region, address)


def posted(address: str, body: bytes) -> str:
    """The answer to a POST to a server of ours."""
    with urlopen(Request(address, body, method="POST"), timeout=310) as answer:  # noqa: S310 (ours)
        return str(answer.read().decode())

"""The processes that the end-to-end tests start, and what stops them again."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

from tests.builders import ACCOUNT, HOME

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Emulator:
    """An AWS account behind one address. Both emulators take an access key of twelve digits for the account's id."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """Leads whoever calls AWS here, whatever this machine is set up for."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": HOME,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str) -> Any:
        make: Any = boto3.client  # which service is not known when types are checked
        return make(
            service,
            region_name=HOME,
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )


@contextmanager
def emulator(name: str, port: int, settings: Mapping[str, str], folder: Path) -> Iterator[Emulator]:
    """The emulator, run by run_<name>.py in its own environment, with `folder` for all that it writes."""
    python = ROOT / f".venv/{name}/bin/python"
    if not python.exists():
        pytest.fail(f"The emulator {name} is not installed: run `make .venv/{name}/.made`.", pytrace=False)
    command = [python, Path(__file__).with_name(f"run_{name}.py")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **settings}
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        if not _answers(process, port, seconds=60):
            pytest.fail(f"The emulator {name} did not start:\n{log.read_text()[-3000:]}", pytrace=False)
        yield Emulator(f"http://{HOST}:{port}")
    finally:
        _stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def eventually(ask: Callable[[], T], seconds: float) -> T:
    """What is answered, once it is anything."""
    until = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < until, f"not within {seconds:.0f} seconds"
        time.sleep(0.5)
    return answer


def _answers(process: subprocess.Popen[bytes], port: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.1)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the process, and what it has started: its group. LocalStack would wait for our clients to hang up."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sent)
            process.wait(timeout=3)

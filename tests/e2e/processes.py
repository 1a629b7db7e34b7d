"""The processes that the end-to-end tests start, and what stops them again."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
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
    """An AWS account behind one address. ministack takes an access key of twelve digits for the account's id."""

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

    def client(self, service: str, account: str = ACCOUNT) -> Any:
        make: Any = boto3.client  # which service is not known when types are checked
        return make(
            service,
            region_name=HOME,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )


@contextmanager
def ministack(folder: Path, *, iam: bool = False) -> Iterator[Emulator]:
    """The emulator ministack, in an environment of its own.

    folder: where it writes all that it writes
    iam: whether it refuses calls that the caller's policies do not allow
    """
    python = ROOT / ".venv/ministack/bin/python"
    if not python.exists():
        pytest.fail("The emulator ministack is not installed: run `make .venv/ministack/.made`.", pytrace=False)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "AUTH": str(iam).lower(),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
    }
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [python, Path(__file__).with_name("run_ministack.py")],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if not _answers(process, port, seconds=60):
            pytest.fail(f"The emulator ministack did not start:\n{log.read_text()[-3000:]}", pytrace=False)
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
    """Ends the process, and what it has started: its group."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sent)
            process.wait(timeout=3)

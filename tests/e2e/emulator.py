"""A built function in the Lambda runtime interface emulator, which the SAM CLI brings along; without Docker."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.e2e.lambdas import (
    BUILD,
    CREDENTIALS,
    LocalServer,
    await_port,
    missing,
    posted,
    running,
    template,
    variables,
)
from tests.e2e.processes import ROOT, free_port

LAYER = BUILD / "BlindspotLayer/python"


@dataclass(frozen=True)
class Emulated:
    """An emulator, and what it writes: its own log and the function's."""

    address: str
    process: int
    log: Path

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        answer = posted(self.address, json.dumps(event).encode())
        assert answer, self.log.read_text()
        answered: dict[str, Any] = json.loads(answer)
        return answered

    @property
    def peak(self) -> int:
        """The most bytes of memory that the function's process has had; the emulator starts it at the first event."""
        children = [path.read_text().split() for path in Path(f"/proc/{self.process}/task").glob("*/children")]
        (child,) = (child for thread in children for child in thread)
        status = Path(f"/proc/{child}/status").read_text().splitlines()
        (line,) = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


def runtime() -> Path:
    """A python3.13 with the packages that Lambda's has."""
    python = ROOT / ".venv/runtime/bin/python"
    if not python.exists():
        missing("The packages of Lambda's Python are not installed: run `make .venv/runtime/.made`.")
    return python


def environment(function: str, server: LocalServer) -> dict[str, str]:
    """All that the function finds: what Lambda sets, the template's variables, and the way to the local AWS.

    Lambda developer guide, "Defined runtime environment variables".
    """
    properties = template()["Globals"]["Function"]
    return {
        **CREDENTIALS,
        "AWS_REGION": server.region,
        "AWS_DEFAULT_REGION": server.region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(properties["Timeout"]),  # for the emulator, which counts it down
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(BUILD / function),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_HANDLER": properties["Handler"],
        "AWS_ENDPOINT_URL": server.endpoint,
        **variables(function),
    }


def command(script: str, layer: Path = LAYER) -> tuple[str | Path, ...]:
    """Runs a script of this folder as Lambda runs Python: nothing of ours on its path, and nowhere to keep bytecode."""
    return runtime(), "-I", "-B", ROOT / "tests/e2e" / script, layer


@contextmanager
def emulated(function: str, server: LocalServer, log: Path) -> Iterator[Emulated]:
    """The function, until the context ends."""
    if sys.platform != "linux":
        missing("The runtime interface emulator needs Linux; elsewhere 'make sam-local' has it in Docker.")
    sam = find_spec("samcli")
    if sam is None or sam.origin is None:
        missing("The SAM CLI is not installed: 'make install' does it.")
    machine = "arm64" if platform.machine() == "aarch64" else "x86_64"
    emulator = Path(sam.origin).with_name("local") / f"rapid/aws-lambda-rie-{machine}"
    port, api = free_port(), free_port()
    addresses = (
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{api}"),
    )
    with (
        log.open("w") as written,
        running(
            *(emulator, *addresses, *command("bootstrap.py")),
            cwd=BUILD / function,
            env=environment(function, server),
            stdout=written,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        await_port(process, port)
        yield Emulated(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", process.pid, log)

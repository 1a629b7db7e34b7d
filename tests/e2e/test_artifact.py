"""The artifacts of `sam build`, on Lambda's Python and in an environment that has nothing else."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.events import FUNCTIONS
from tests.e2e.emulator import LAYER, Emulated, command, emulated, environment
from tests.e2e.lambdas import LocalServer, build, run, served, template
from tests.goldens import FLAG, golden, steady

LARGEST = 10_000_000
"""Bytes of the layer, unzipped. Every one of them delays a cold start."""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with served("half-right") as server:
        server.client("ssm").put_parameter(Name=FLAG, Value="false", Type="String")
        yield server


@pytest.fixture(scope="module")
def functions(server: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Emulated]]:
    build()
    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as stack:
        yield {name: stack.enter_context(emulated(name, server, logs / f"{name}.log")) for name in FUNCTIONS}


@pytest.mark.parametrize(
    ("function", "name"), [(function, name) for function in FUNCTIONS for name in FUNCTIONS[function]]
)
def test_every_event_returns_what_its_golden_file_says(
    server: LocalServer, functions: dict[str, Emulated], function: str, name: str
) -> None:
    before = server.ask("dump")
    assert steady(functions[function](server.event(name))) == golden(name)
    assert server.ask("dump") == before


def test_an_event_that_the_function_refuses_is_an_error(functions: dict[str, Emulated]) -> None:
    assert functions["EvaluatorFunction"]({})["errorType"] == "InvocationError"


def test_the_layer_is_small_and_leaves_the_sdk_to_the_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    build()
    files = [path for path in LAYER.rglob("*") if path.is_file()]
    assert not {"boto3", "botocore", "tests", "pydantic"} & {path.name for path in LAYER.iterdir()}
    assert not [path for path in files if path.suffix == ".so"]  # one build is for both processors
    size = sum(path.stat().st_size for path in files)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(LAYER.parent))
    with capsys.disabled():
        show(f"Layer: {len(files)} files, {megabytes(size)}, zipped {megabytes(len(zipped.getvalue()))}")
    assert size < LARGEST


@pytest.mark.parametrize(
    ("function", "event"),
    [("EvaluatorFunction", "assess"), ("RemediatorFunction", "plan")],
    ids=("evaluator", "remediator"),
)
def test_a_cold_start_is_short_and_fits_the_memory(
    server: LocalServer, capsys: pytest.CaptureFixture[str], function: str, event: str
) -> None:
    given = json.dumps(server.event(event))
    ran = run(*command("cold_start.py"), given, env=environment(function, server))
    assert ran.returncode == 0, ran.stderr
    took = json.loads(ran.stderr.splitlines()[-1])
    with capsys.disabled():
        show(
            f"{function}: import {took['import']:.2f} s; first call {took['first']:.2f} s, of which {took['made']} "
            f"clients {took['clients']:.2f} s; second call {took['second']:.2f} s; peak {megabytes(took['peak'])}"
        )
    assert took["peak"] < template()["Globals"]["Function"]["MemorySize"] * 1024**2


def test_the_functions_stay_within_their_memory(
    functions: dict[str, Emulated], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, function in functions.items():
        with capsys.disabled():
            show(f"{name}, after these events: peak {megabytes(function.peak)}")
        assert function.peak < template()["Globals"]["Function"]["MemorySize"] * 1024**2


def show(line: str) -> None:
    print(f"\n{line}")  # noqa: T201 (for whoever runs this)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

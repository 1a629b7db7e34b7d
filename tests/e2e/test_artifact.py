"""The artifacts of `sam build`, on Lambda's Python and in an environment that has nothing else."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from blindspot.report.page import page
from blindspot.report.reading import view_of
from local.events import FUNCTIONS
from tests.cases.pages import of_golden
from tests.e2e.emulator import LAYER, Emulated, command, emulated, environment
from tests.e2e.lambdas import LocalServer, build, run, served, template
from tests.goldens import FLAG, SHOWN, golden, steady

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
    ("function", "name"),
    [(function, name) for function in FUNCTIONS for name in FUNCTIONS[function] if name not in SHOWN],
)
def test_every_event_returns_what_its_golden_file_says(
    server: LocalServer, functions: dict[str, Emulated], function: str, name: str
) -> None:
    before = server.ask("dump")
    assert steady(functions[function](server.event(name))) == golden(name)
    assert server.ask("dump") == before


@pytest.mark.parametrize("name", FUNCTIONS["ViewerFunction"])
def test_the_viewer_shows_what_it_is_asked_for(server: LocalServer, functions: dict[str, Emulated], name: str) -> None:
    before = server.ask("dump")
    assert SHOWN[name] in functions["ViewerFunction"](server.event(name))
    assert server.ask("dump") == before


def test_an_event_that_the_function_refuses_is_an_error_that_the_log_has(functions: dict[str, Emulated]) -> None:
    """Once as Lambda writes it, for which the runbook has people look, and once with what Powertools adds."""
    function = functions["EvaluatorFunction"]
    before = len(function.log.read_text())
    assert function({})["errorType"] == "InvocationError"
    lines = function.log.read_text()[before:].splitlines()
    assert len([line for line in lines if line.startswith("[ERROR] InvocationError: The evaluator does not acc")]) == 1
    (told,) = (json.loads(line) for line in lines if '"message":"the run failed"' in line.replace('": "', '":"'))
    assert (told["exception_name"], told["function_name"]) == ("InvocationError", "EvaluatorFunction")


def test_the_layer_is_small_and_leaves_the_sdk_to_the_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    build()
    files = [path for path in LAYER.rglob("*") if path.is_file()]
    assert not {"boto3", "botocore", "tests", "pydantic"} & {path.name for path in LAYER.iterdir()}
    # One build is for both processors: where MarkupSafe cannot load its compiled part, it does the same in Python.
    assert {path.relative_to(LAYER).parts[0] for path in files if path.suffix == ".so"} <= {"markupsafe"}
    size = sum(path.stat().st_size for path in files)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(LAYER.parent))
    with capsys.disabled():
        show(f"Layer: {len(files)} files, {megabytes(size)}, zipped {megabytes(len(zipped.getvalue()))}")
    assert size < LARGEST


@pytest.mark.parametrize("compiled", [True, False], ids=("as built", "without what was compiled"))
def test_the_layer_renders_a_page_on_either_processor(tmp_path: Path, compiled: bool) -> None:
    build()
    shutil.copytree(LAYER, tmp_path, dirs_exist_ok=True)
    if not compiled:
        for path in tmp_path.rglob("*.so"):
            path.unlink()
    document = of_golden("assess")
    ran = run(*command("render_page.py", tmp_path), input=json.dumps(document), env={"PYTHONUTF8": "1"})
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == page(view_of(document))


@pytest.mark.parametrize(
    ("function", "event"),
    [("EvaluatorFunction", "assess"), ("RemediatorFunction", "plan"), ("ViewerFunction", "widget")],
    ids=("evaluator", "remediator", "viewer"),
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

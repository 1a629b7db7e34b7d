"""Commands in a shell: a closed pipe, Ctrl-C and an encoding without a character leave no traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": "layers/blindspot"}
MISSES = '{ $.errorCode = "AccessDenied" || $.userIdentity.userName = "Zoë" }'
BUSY = ("import sys; from blindspot.terminal import as_a_command; as_a_command()\nwhile True: print('a line')",)


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell sees; `$python` is this interpreter."""
    known = {**ENVIRONMENT, "python": sys.executable, "MISSES": MISSES, **environment}
    return subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=known, capture_output=True, text=True, errors="replace", check=False
    )


def test_the_reader_of_a_pipe_may_stop_reading() -> None:
    ran = shell('"$python" -m blindspot.explain "$MISSES" | head -1; exit ${PIPESTATUS[0]}')
    # The rest may be in the pipe already when `head` has had its line.
    assert ran.returncode in (1, 128 + signal.SIGPIPE)
    assert (ran.stdout.count("\n"), ran.stderr) == (1, "")


def test_a_closed_pipe_ends_a_command_that_goes_on_printing() -> None:
    ran = shell(f'"$python" -c "{BUSY[0]}" | head -1; exit ${{PIPESTATUS[0]}}')
    assert (ran.returncode, ran.stdout, ran.stderr) == (128 + signal.SIGPIPE, "a line\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("given", ['"$MISSES"', '<<< "$MISSES"'])
def test_any_encoding_will_do(given: str, encoding: str) -> None:
    ran = shell(f'"$python" -m blindspot.explain {given}', PYTHONIOENCODING=encoding)
    assert ran.stdout.startswith("Misses")
    assert ran.stderr == ""


def test_a_character_that_cannot_be_printed_is_written_as_an_escape() -> None:
    ran = shell('"$python" -m blindspot.explain "$MISSES"', PYTHONIOENCODING="ascii")
    assert r"Zo\xeb" in ran.stdout


def test_without_standard_input_it_still_runs() -> None:
    assert shell('"$python" -m blindspot.explain "$MISSES" <&-').stderr == ""


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc says which signals a process handles")


@ON_LINUX
@pytest.mark.parametrize("module", ["blindspot.explain", "local.server", "local.bench"])
def test_ctrl_c_while_it_imports_or_waits_for_a_pattern(module: str) -> None:
    with started(sys.executable, "-m", module) as running:
        interrupt_once_it_handles(running)
        assert (running.wait(), running.stderr and running.stderr.read()) == (-signal.SIGINT, b"")


def test_the_server_prints_its_address_and_ends_on_ctrl_c() -> None:
    with started(sys.executable, "-m", "local.server", text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith("http://127.0.0.1:")
        running.stdout.close()  # as `head -1` does; the server goes on
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert (running.wait(), running.stderr.read()) == (-signal.SIGINT, "")


def started(*command: str, text: bool = False) -> subprocess.Popen[Any]:
    """The command as a shell starts it: with Ctrl-C as by default, even where the tests run in the background."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=text,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupt_once_it_handles(running: subprocess.Popen[Any]) -> None:
    """Sends Ctrl-C once the process no longer answers it as Python does, but as the system does by default."""
    status = Path(f"/proc/{running.pid}/status")
    caught, python_set_it = 1 << (signal.SIGINT - 1), False
    while running.poll() is None:
        mask = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt"))
        held = bool(int(mask, 16) & caught)
        if python_set_it and not held:
            running.send_signal(signal.SIGINT)
            return
        python_set_it = python_set_it or held


@pytest.mark.parametrize("module", ["local.demo", "local.server", "local.bench"])
def test_development_commands_need_no_pythonpath(module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")

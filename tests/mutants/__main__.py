"""Do the unit tests of a module notice when it is changed? `make mutants MODULE=filter_pattern.find`.

mutmut makes the mutants, each a small change of one function: another operator, a missing argument, a `case` less
(`make.py`). Each is run against the module's own unit tests, tests/unit/<package>/test_<module>.py and
test_<module>_*.py, and is killed where a test fails. What survives shows which test is missing. The command fails where
under 95 % are killed, without those that mutants.toml lists as equivalent.

A mutant is never written to a file: a process is forked from one that has pytest loaded, and imports the mutant in
place of the module. It may use three times the processor time that the tests take, and counts as killed beyond that, as
it does when it runs out of memory. Hypothesis tries few examples, the same each time.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import time
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers/blindspot"
LISTED = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())
ENOUGH = 0.95
EXAMPLES = 25
"""Of each property; a thousand would find more, for a hundred times as long."""
MEMORY = 2 << 30
MOST, SECONDS = 300, 300
"""With --since: mutants, and seconds to run them."""


@dataclass(frozen=True)
class Mutant:
    module: str
    function: str
    was: tuple[str, ...]
    becomes: tuple[str, ...]
    source: str

    def __str__(self) -> str:
        lines = [f"    - {line}" for line in self.was] + [f"    + {line}" for line in self.becomes]
        return "\n".join([f"  {self.module}, {self.function}:", *lines])

    @property
    def reason(self) -> str | None:
        """Why it is equivalent, where it is listed."""
        same = {"module": self.module, "function": self.function, "was": [*self.was], "becomes": [*self.becomes]}
        return next((e["reason"] for e in LISTED["equivalent"] if e == {**same, "reason": e["reason"]}), None)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a mutant in place of its module."""

    def __init__(self, module: str, code: CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.code.co_filename, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # noqa: S102 (that is what it is for)


class FewExamples:
    """A pytest plugin: every property tries few examples, and the same ones each time."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            function = getattr(item, "obj", None)
            given = getattr(function, "_hypothesis_internal_use_settings", None)
            if given is not None:
                few = settings(given, max_examples=min(EXAMPLES, given.max_examples), derandomize=True, database=None)
                function._hypothesis_internal_use_settings = few  # type: ignore[union-attr]  # noqa: SLF001


def file_of(module: str) -> Path:
    return LAYER / f"{module.replace('.', '/')}.py"


def tests_of(module: str) -> list[str]:
    *package, name = module.split(".")
    folder = ROOT / "tests/unit" / "/".join(package)
    return [str(path) for pattern in (f"test_{name}.py", f"test_{name}_*.py") for path in sorted(folder.glob(pattern))]


def mutants_of(module: str, seed: int, number: int, changed: Sequence[int] = ()) -> list[Mutant]:
    made = subprocess.run(
        [
            str(ROOT / ".venv/mutants/bin/python"),
            str(Path(__file__).parent / "make.py"),
            *map(str, (file_of(module), seed, number, *changed)),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = map(json.loads, made.stdout.splitlines())
    return [Mutant(module, r["function"], tuple(r["was"]), tuple(r["becomes"]), r["source"]) for r in rows]


def start(tests: list[str], mutant: Mutant | None, cpu: int, output: int) -> int:
    """Forks a process that runs the tests, and gives its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if mutant is not None:
            mutated = compile(mutant.source, str(file_of(mutant.module)), "exec")
            sys.meta_path.insert(0, Finder(mutant.module, mutated))
        quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is loaded before the fork
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=line", *quiet, *tests]
        code = int(pytest.main(arguments, plugins=[FewExamples()]))
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def run(tests: list[str], mutants: list[Mutant], until: float) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it was killed. Raises SystemExit where the tests fail without any."""
    reading, writing = os.pipe()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pid = start(tests, None, 600, writing)
    os.close(writing)
    with os.fdopen(reading, errors="replace") as pipe:
        said = pipe.read()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise SystemExit(f"{said}\nThe tests fail without any mutant.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = int(3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)) + 3
    waiting, running = list(reversed(mutants)), dict[int, Mutant]()
    with Path(os.devnull).open("w") as nowhere:
        try:
            while waiting or running:
                while waiting and len(running) < (os.cpu_count() or 1) and time.monotonic() < until:
                    mutant = waiting.pop()
                    running[start(tests, mutant, cpu, nowhere.fileno())] = mutant
                if not running:
                    return
                pid, status = os.wait()
                yield running.pop(pid), os.waitstatus_to_exitcode(status) != 0
        finally:
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)


def is_known(revision: str) -> bool:
    command = ["git", "rev-parse", "--quiet", "--verify", revision]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


def changed_since(revision: str) -> Iterator[tuple[str, list[int]]]:
    """The modules that are held, with the lines that differ from those of the revision."""
    for module in LISTED["held"]:
        diff = subprocess.run(
            ["git", "diff", "--unified=0", "--no-ext-diff", revision, "--", str(file_of(module))],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        hunks = re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE)
        lines = [int(first) + i for first, number in hunks for i in range(max(1, int(number or 1)))]
        if lines:
            yield module, lines


def lines_of(module: str, function: str) -> set[str]:
    """The lines of a function, or of a method as in `Class.method`; none where the module has no such function."""
    source = file_of(module).read_text()
    node: ast.AST | None = ast.parse(source)
    for name in function.split("."):
        node = next((each for each in getattr(node, "body", ()) if getattr(each, "name", None) == name), None)
    if not isinstance(node, ast.FunctionDef):
        return set()
    return {line.strip() for line in source.splitlines()[node.lineno - 1 : node.end_lineno]}


def outdated() -> list[str]:
    """The listed mutants of lines that their functions no longer have."""
    return [
        f"{listed['module']}, {listed['function']}: {line}"
        for listed in LISTED["equivalent"]
        for line in listed["was"]
        if line not in lines_of(listed["module"], listed["function"])
    ]


def enough(module: str, mutants: list[Mutant], until: float) -> bool:
    """Runs the mutants, prints how each ended that was not killed, and says whether enough were."""
    tests = tests_of(module)
    if not tests:
        raise SystemExit(f"{module} has no unit tests of its own, such as {module.replace('.', '/test_')}.py.")
    equivalent = [mutant for mutant in mutants if mutant.reason]
    ended = dict[Mutant, bool]()
    for mutant, noticed in run(tests, [mutant for mutant in mutants if not mutant.reason], until):
        ended[mutant] = noticed
        if not noticed:
            print("Survived:", mutant, sep="\n", flush=True)
    for mutant in equivalent:
        print("Equivalent:", mutant, f"    {mutant.reason}", sep="\n")
    killed, left = sum(ended.values()), len(mutants) - len(equivalent) - len(ended)
    print(f"{module}: {len(mutants)} mutants, {killed} killed, {len(ended) - killed} survived, ", end="")
    print(f"{len(equivalent)} equivalent" + f", {left} not run for want of time" * bool(left))
    if ended:
        print(f"  {killed / len(ended):.1%} killed of those that are not equivalent; {ENOUGH:.0%} must be.", flush=True)
    return killed >= ENOUGH * len(ended)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.split("\n", 1)[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--sample", type=int, default=100, help="how many mutants of a module (100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--since", metavar="REVISION", help="instead, the functions changed since then")
    chosen = parser.parse_args()
    if old := outdated():
        print("mutants.toml lists what is no longer there:", *old, sep="\n  ")
        return 1
    if chosen.modules:
        chosen_lines: dict[str, list[int]] = {module: [] for module in chosen.modules}
        number, seconds = chosen.sample, float("inf")
    elif chosen.since:
        if not is_known(chosen.since):
            print(f"There is no revision {chosen.since} in this clone, so that nothing is known to have changed.")
            return 0
        chosen_lines = dict(changed_since(chosen.since))
        number, seconds = MOST // max(1, len(chosen_lines)), SECONDS / max(1, len(chosen_lines))
        print(f"Changed since {chosen.since}: {', '.join(chosen_lines) or 'no module that is held'}.")
    else:
        parser.error("name a module, such as MODULE=filter_pattern.find, or a revision, such as SINCE=HEAD~1")
    gc.freeze()
    results = []
    for module, lines in chosen_lines.items():
        until = time.monotonic() + seconds
        results.append(enough(module, mutants_of(module, chosen.seed, number, lines), until))
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main())

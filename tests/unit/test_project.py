"""Conventions of the repository that nothing else would notice."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings

from local.events import FUNCTIONS, OF_MEMBERS
from tests.cases.profiles import BLIND, EXACT, LATE, OK, VERDICTS

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers/blindspot"


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return (path for path in paths if path.is_file())


def _pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", lock.read_text(), re.MULTILINE))


def test_the_readme_names_what_a_user_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    targets = re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    wanted = [f"make {target}" for target in targets if target not in {"help", "lock", "clean"}]
    wanted += [f"events/{path.name}" for path in sorted((ROOT / "events").glob("*.json"))]
    assert [text for text in wanted if text not in readme] == []


def test_the_readme_runs_sam_local_as_docs_local_does() -> None:
    def commands(path: str) -> list[str]:
        return re.findall(r"^    (\S*sam local invoke .* --profile .*)$", (ROOT / path).read_text(), re.MULTILINE)

    assert commands("README.md") == commands("docs/local.md") != []


def test_each_promise_names_the_test_that_holds_it() -> None:
    promised = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text()))
    defined = {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert promised - defined == set() != promised


def test_every_event_is_for_one_function() -> None:
    names = [*OF_MEMBERS, *(name for events in FUNCTIONS.values() for name in events)]
    assert sorted(names) == sorted(path.stem for path in (ROOT / "events").glob("*.json"))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="asks git which files are the project's")
def test_no_file_says_where_packages_come_from() -> None:
    address = re.compile(rb"index-url|find-links|(pypi|pythonhosted|npmjs|debian)\.(org|com)")
    own = Path(__file__)
    assert [path for path in _tracked() if path != own and address.search(path.read_bytes())] == []


def test_the_locks_agree_so_that_they_share_one_environment() -> None:
    locks = [LAYER / "requirements.txt", *(ROOT / f"requirements/{name}.txt" for name in ("demo", "test", "check"))]
    for smaller, larger in pairwise(locks):
        assert _pins(smaller) < _pins(larger)


def test_every_package_has_its_place_in_the_import_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    placed = set(re.findall(r"blindspot\.(\w+)", " ".join(contracts[0]["layers"])))
    exist = {path.parent.name for path in (LAYER / "blindspot").glob("*/__init__.py")} | {"__main__", "cli", "explain"}
    assert placed == exist


def test_every_module_of_remediation_has_its_place_in_the_overview() -> None:
    folder = LAYER / "blindspot/remediation"
    placed = set(re.findall(r"\w+", (folder / "__init__.py").read_text().partition("\n\n")[2]))
    assert {path.stem for path in folder.glob("[!_]*.py")} <= placed


@pytest.mark.parametrize("path", sorted((LAYER / "filter_pattern").glob("*.py")), ids=lambda path: path.stem)
def test_the_pattern_language_needs_the_standard_library_alone(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                imported |= {name.name.split(".")[0] for name in names}
            case ast.ImportFrom(module=module, level=0):
                imported.add(str(module).split(".")[0])
    assert imported <= sys.stdlib_module_names | {"filter_pattern"}


def test_no_property_is_tested_against_the_clock() -> None:
    assert settings().deadline is None
    modules = [
        path for path in (ROOT / "tests").rglob("*.py") if path not in (Path(__file__), ROOT / "tests/conftest.py")
    ]
    assert [path for path in modules if re.search(r"\bsettings\(.*deadline", path.read_text())] == []


def test_the_date_is_an_argument_but_where_a_run_begins_and_where_entries_are_dated() -> None:
    clock = re.compile(r"\b(datetime\.(now|today|utcnow)|date\.today|time\.time)\(")
    readers = {
        path.relative_to(LAYER / "blindspot").as_posix()
        for path in (LAYER / "blindspot").rglob("*.py")
        if clock.search(path.read_text())
    }
    assert readers == {"app/run.py", "cli.py", "explain.py", "aws/apply.py", "aws/lease.py"}


def test_the_docs_show_the_verdicts_of_the_profiles() -> None:
    text = (ROOT / "docs/profiles.md").read_text()
    section = re.search(r"^## Verdicts by profile\n(.+?)^## ", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    shown = re.findall(r"^\| `([\w.-]+)` \| (.*) \|$", section[1], re.MULTILINE)
    words = {OK: "yes", LATE: "alarm", BLIND: "benign", EXACT: "exact"}
    table = {source: " | ".join(words[cell] for cell in cells) for source, cells in VERDICTS.items()}
    assert shown == list(table.items())


def test_make_check_runs_every_checker() -> None:
    planned = subprocess.run(["make", "-n", "check"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    checkers = ["ruff check", "ruff format --check", "mypy", "lint-imports", "cfn-lint template.yaml", "sam validate"]
    assert [name for name in checkers if not re.search(rf"^(\S+=\S+ )?\S*/{name}\b", planned, re.MULTILINE)] == []


STAGES = ["test", "check", "quotas", "mutants", "e2e", "page"]


@pytest.mark.parametrize("fails", [*STAGES, ""])
def test_a_commit_fails_with_the_first_stage_that_fails(fails: str, tmp_path: Path) -> None:
    """The script, in a folder where make fails for one target, Docker answers and the rest is there."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci")
    there = dict.fromkeys(("docker", "jq", "chromium", "npm"), "true")
    for name, body in {"make": '[ "$1" != "$FAILS" ]', **there}.items():
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(f"#!/bin/sh\n{body}\n")
        command.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "FAILS": fails, "LAMBDA_IMAGE": "none", "TMPDIR": str(tmp_path)}
    ran = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    times = re.findall(r"^make (\w+) +0:\d\d( failed)?$", ran.stdout, re.MULTILINE)
    if fails:
        *passed, last = times
        assert ran.returncode != 0
        assert last == (fails, " failed")
        assert [name for name, _ in passed] == STAGES[: STAGES.index(fails)]
    else:
        assert ran.returncode == 0
        assert times == [(name, "") for name in STAGES]

"""What a person sees of `python -m local.organization`, and of the same organization behind the local server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from blindspot import cli
from local.aws import LocalAws, local_aws
from local.server import ACCOUNTS, application
from tests.integration.test_demo import ENVIRONMENT, words

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """In a pipe, at 80 columns."""
    page = tmp_path_factory.mktemp("demo") / "page.html"
    demo = [sys.executable, "-m", "local.organization", "--html", str(page)]
    ran = subprocess.run(demo, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert page.read_text("utf-8").startswith("<!")
    return ran.stdout


def test_the_steps_come_in_the_order_of_the_document(output: str) -> None:
    titles = re.findall(r"^\d+\. (.*)$", output, re.MULTILINE)
    document = (ROOT / "docs/organization.md").read_text("utf-8")
    steps = [
        line.partition(". ")[2] for line in document.splitlines() if line.startswith("## ") and line[3].isdecimal()
    ]
    assert titles == steps[: len(titles)]
    assert titles[-1] == "See every account"


def test_it_tells_of_every_step_and_answers(output: str) -> None:
    in_order = (
        "123456789012 Audit in us-east-1. The organization has 9 accounts.",
        "The stack assessed its own account: COMPLIANT.",
        "Without a recorder: 888888888888 New shop .",
        "It is missing in 666666666666 Sandbox .",
        "AWS Config called the evaluator for 6 accounts: 4 COMPLIANT, 1 NON COMPLIANT, 1 without a verdict.",
        "No. There are calls that alert nobody in 1 of 8 accounts",
        "The organization exists only in this process: no call left this machine.",
    )
    plain = words(output).replace("_", " ")
    found = [plain.find(told) for told in in_order]
    assert -1 not in found, in_order[found.index(-1)]
    assert found == sorted(found)


@pytest.fixture(scope="module")
def organization() -> Iterator[LocalAws]:
    before = dict(os.environ)
    with local_aws(region=REGION, regions=(REGION, "eu-west-1")) as aws:
        ACCOUNTS["organization"](aws)
        yield aws
    assert dict(os.environ) == before


VERDICTS = {
    "111111111111": "COMPLIANT",
    "123456789012": "COMPLIANT",
    "222222222222": "COMPLIANT",
    "333333333333": "COMPLIANT",
    "444444444444": "NON_COMPLIANT",
    "555555555555": "COMPLIANT",
}


def test_the_server_has_each_accounts_verdict(organization: LocalAws) -> None:
    rows: Any = Client(application(organization)).post("/local-aws/rows").json
    assert {row["account"]: row["compliance"] for row in rows if row["id"] == row["account"]} == VERDICTS


def test_the_command_shows_who_has_not_answered(organization: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["organization", "--region", REGION, "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert {each["account"]: each["verdict"] for each in shown["accounts"] if each["verdict"]} == VERDICTS

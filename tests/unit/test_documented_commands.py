"""Every AWS CLI command that people are told to run is one that exists, with all that it requires."""

import re
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

ROOT = Path(__file__).parents[2]
TEXTS = ("README.md", "SECURITY.md", "template.yaml", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

ANYWHERE = {"query", "output", "region", "profile", "cli-binary-format", "cli-read-timeout"}
"""Options of every command."""

OF_THE_CLI = {
    ("cloudformation", "deploy"): {"stack-name", "template-file", "parameter-overrides", "capabilities"},
    ("logs", "tail"): {"since", "filter-pattern"},
}
"""Commands that are no operation of the service (AWS CLI reference), with the options in use here."""

COMMAND = re.compile(r"\baws ([a-z]+) ([a-z]+(?:-[a-z0-9]+)+|tail|deploy|invoke)\b((?:\\\n|[^`|\n])*)")

INNER = re.compile(r"\$\((aws [^()]+)\)")


def parts(text: str) -> str:
    """The text with each command that is within another one in a line of its own."""
    return "\n".join([INNER.sub("X", text), *INNER.findall(text)])


COMMANDS = sorted(
    {
        (service, command, frozenset(re.findall(r" --([a-z-]+)", options)))
        for name in TEXTS
        for service, command, options in COMMAND.findall(parts((ROOT / name).read_text()))
    },
    key=str,
)


def allowed_and_required(service: str, command: str) -> tuple[set[str], set[str]]:
    if found := OF_THE_CLI.get((service, command)):
        return found, set()
    model = Session().get_service_model({"configservice": "config"}.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert command in operations
    shape = model.operation_model(operations[command]).input_shape
    assert shape is not None
    # A switch has a form that sets it and one that clears it.
    names = {xform_name(name, "-") for name in shape.members}
    return names | {f"no-{name}" for name in names}, {xform_name(name, "-") for name in shape.required_members}


@pytest.mark.parametrize(("service", "command", "options"), COMMANDS)
def test_a_command_of_the_aws_cli_exists(service: str, command: str, options: frozenset[str]) -> None:
    allowed, required = allowed_and_required(service, command)
    assert options <= allowed | ANYWHERE
    if options & required:  # otherwise it is only named
        assert required <= options | {option.removeprefix("no-") for option in options}


def test_the_commands_are_found() -> None:
    assert {("logs", "tail"), ("sqs", "receive-message"), ("cloudformation", "describe-stack-resource-drifts")} <= {
        (service, command) for service, command, _ in COMMANDS
    }

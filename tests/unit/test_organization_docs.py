"""docs/organization.md can be followed: each command is one that AWS, SAM or this repository has, with values that it
takes; what is created is removed; and what it names exists."""

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]
import pytest
import yaml
from botocore import xform_name
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.session import Session
from botocore.validate import ParamValidator

from blindspot import cli
from local import server
from local.package import STACK_SET

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/organization.md").read_text()

EXAMPLES = {
    "REGION": "eu-west-1",
    "AUDIT": "audit",
    "MANAGEMENT": "management",
    "ACCOUNT": "logs",
    "AUDIT-ID": "111122223333",
    "LOG-ACCOUNT-ID": "444455556666",
    "ACCOUNT-IDS": "444455556666,555566667777",
    "MEMBER-ID": "666677778888",
    "OU-ID": "ou-abcd-11111111",
    "ROOT-ID": "r-abcd",
    "ORGANIZATION-ID": "o-abcdefghij",
    "POLICY-ID": "p-11111111",
    "TOPIC-ARN": "arn:aws:sns:eu-west-1:111122223333:operations",
    "OPERATION-ID": "11111111-2222-3333-4444-555555555555",
    "PREFIX": "blindspot-code",
}
"""What a reader may put for each placeholder."""

OUTPUTS = {
    "EvaluatorFunction": "blindspot-EvaluatorFunction-1ABC",
    "EvaluatorRole": "arn:aws:iam::111122223333:role/blindspot-EvaluatorRole-1ABC",
    "RemediatorRole": "arn:aws:iam::111122223333:role/blindspot-RemediatorRole-1ABC",
    "ViewerRole": "arn:aws:iam::111122223333:role/blindspot-ViewerRole-1ABC",
    "OrganizationExternalId": "11111111-2222-3333-4444-555555555555",
    "OrganizationRule": "blindspot",
}
"""What the stack's outputs may be."""

ROLES = ("member", "monitoring")

PLACEHOLDER = re.compile(r"(?<![\w$'-])[A-Z]{2,}(?:-[A-Z]+)*(?![\w'-])")

OF_THE_CLI = {"profile", "region", "output", "query", "cli-read-timeout", "cli-binary-format"}
SWITCHES = {"no-retain-stacks": ("retain-stacks", False)}


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's tags as nothing but their values."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else str(node)


_Template.add_multi_constructor("!", _untagged)


@cache
def template(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((ROOT / path).read_text(), _Template)  # noqa: S506 (a SafeLoader)
    return found


@dataclass(frozen=True)
class Command:
    """One of the document's, without line breaks; options as they are given, each with its values."""

    text: str
    words: tuple[str, ...]
    options: dict[str, list[str]]

    def __str__(self) -> str:
        return " ".join(self.words)

    def one(self, option: str) -> str:
        (value,) = self.options[option]
        return value


@cache
def shell() -> str:
    """What the document lets a shell run, each command in one line: blocks of code, and code in the text."""
    blocks = "\n".join(line for line in TEXT.splitlines() if line.startswith("    "))
    inline = "\n".join(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^ {4}.*$", "", TEXT, flags=re.MULTILINE)))
    return re.sub(r"\\\n\s*", " ", f"{blocks}\n{inline}\n")


def ended(text: str) -> str:
    """The text up to where the shell ends the command: outside of quotes a line's end, a pipe, or a parenthesis."""
    depth, quote = 0, ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "|;\n" or (character == ")" and depth == 0):
            return text[:index]
        depth += {"(": 1, ")": -1}.get(character, 0) if not quote else 0
    return text


def written(start: str) -> Iterator[str]:
    """The document's commands that begin with this expression."""
    for match in re.finditer(rf"(?<![\w./-]){start} (?=[a-z-])", shell()):
        yield ended(shell()[match.start() :])


def found(start: str) -> Iterator[Command]:
    """The same, with an example for all that a reader puts in."""
    for text in written(start):
        text = re.sub(r"\$\(output (\w+)\)", lambda output: OUTPUTS[output[1]], text)
        text = text.replace("$AWS_REGION", "eu-west-1")
        text = PLACEHOLDER.sub(lambda name: EXAMPLES.get(name[0], name[0]), text)
        words: list[str] = []
        options: dict[str, list[str]] = {}
        for word in shlex.split(text):
            if word.startswith("--"):
                options[word[2:]] = values = []
            elif options:
                values.append(word)
            else:
                words.append(word)
        yield Command(text, tuple(words), options)


AWS = [command for command in found("aws") if command.options]
SAM = list(found(r"\.venv/bin/sam"))
PYTHON = list(found(r"\.venv/bin/python"))
DEPLOYED = [command for command in AWS if command.words[1:] == ("cloudformation", "deploy")]


@cache
def service(name: str) -> ServiceModel:
    return Session().get_service_model({"configservice": "config"}.get(name, name))


def operation(command: Command) -> OperationModel:
    _, of, name, *_ = command.words
    model = service(of)
    return model.operation_model({xform_name(each, "-"): each for each in model.operation_names}[name])


def shorthand(shape: Shape, values: list[str]) -> Any:
    """The value as the AWS CLI reads it (user guide, "Using shorthand syntax"): a word of a list, or a=1,b=2."""
    if isinstance(shape, ListShape):
        return [shorthand(shape.member, [value]) for value in values]
    (value,) = values
    if isinstance(shape, StructureShape):
        members: dict[str, list[str]] = {}
        for part in value.split(","):
            name, equals, rest = part.partition("=")
            if equals:
                members[name] = last = [rest]
            else:
                last.append(part)
        return {name: shorthand(shape.members[name], given) for name, given in members.items()}
    if value.startswith("file://"):
        return (ROOT / value.removeprefix("file://")).read_text()
    return json.loads(value) if shape.type_name in {"boolean", "integer"} else value


def not_allowed(shape: Shape, value: Any) -> Iterator[str]:
    """Values that AWS would refuse, though their type is right."""
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            yield from not_allowed(shape.members[name], member)
    elif isinstance(shape, ListShape):
        for member in value:
            yield from not_allowed(shape.member, member)
    elif isinstance(value, str):
        allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
        if (allowed and value not in allowed) or (pattern and not re.fullmatch(pattern, value)):
            yield value


def members(shape: Shape | None) -> set[str]:
    """The names of all that an answer may hold."""
    if isinstance(shape, StructureShape):
        return {name for key, member in shape.members.items() for name in {key, *members(member)}}
    return members(shape.member) if isinstance(shape, ListShape) else set()


def queried(parsed: dict[str, Any]) -> set[str]:
    own = {parsed["value"]} if parsed["type"] == "field" else set()
    return own.union(*(queried(child) for child in parsed["children"] if isinstance(child, dict)))


@pytest.mark.parametrize("command", [each for each in AWS if each not in DEPLOYED], ids=str)
def test_aws_takes_each_command(command: Command) -> None:
    model = operation(command)
    shape = model.input_shape or StructureShape("Empty", {"type": "structure", "members": {}})
    names = {xform_name(name, "-"): name for name in shape.members}
    request = {}
    for option, values in command.options.items():
        if option in OF_THE_CLI:
            continue
        option, switched = SWITCHES.get(option, (option, None))
        member = shape.members[names[option]]
        request[names[option]] = shorthand(member, values) if switched is None else switched
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()
    assert list(not_allowed(shape, request)) == []
    if "query" in command.options:
        parsed = jmespath.compile(command.one("query")).parsed
        assert queried(parsed) <= members(model.output_shape)


@pytest.mark.parametrize("command", AWS, ids=str)
def test_each_command_says_for_which_account_it_is(command: Command) -> None:
    assert command.one("profile") in {"audit", "management", "logs"}


def settings(command: Command) -> dict[str, str]:
    given = (word.partition("=") for word in command.options.get("parameter-overrides", []))
    return {name: value.strip('"') for name, _, value in given}


def rolled_out() -> Iterator[tuple[Command, str, dict[str, str]]]:
    """Each command that deploys a template, with the template's file and its parameters."""
    for command in DEPLOYED:
        yield command, command.one("template-file"), settings(command)
    for command in AWS:
        body = command.options.get("template-body")
        if body and command.words[2] in {"create-stack-set", "update-stack-set"}:
            pairs = (dict(part.split("=", 1) for part in pair.split(",")) for pair in command.options["parameters"])
            yield command, body[0].removeprefix("file://"), {p["ParameterKey"]: p["ParameterValue"] for p in pairs}
    for command in SAM:
        if command.words[1] == "deploy":
            yield command, "template.yaml", settings(command)


@pytest.mark.parametrize(("command", "path", "given"), list(rolled_out()), ids=str)
def test_each_template_takes_its_parameters(command: Command, path: str, given: dict[str, str]) -> None:
    parameters = template(path)["Parameters"]
    assert given.keys() <= parameters.keys()
    assert {name for name, parameter in parameters.items() if "Default" not in parameter} <= given.keys()
    for name, value in given.items():
        pattern = parameters[name].get("AllowedPattern", ".*")
        listed = value.split(",") if parameters[name]["Type"] == "CommaDelimitedList" else [value]
        assert [part for part in listed if not re.fullmatch(pattern, part)] == []
    if path != "template.yaml":
        roles = [found for found in template(path)["Resources"].values() if found["Type"] == "AWS::IAM::Role"]
        named = [role for role in roles if "RoleName" in role["Properties"]]
        needed = ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if roles else []
        assert command.options.get("capabilities", []) == needed
        assert "Transform" not in template(path)


def test_each_template_of_an_organization_is_rolled_out() -> None:
    paths = {path.relative_to(ROOT).as_posix() for path in (ROOT / "organization").glob("*.yaml")}
    assert paths == {path for _, path, _ in rolled_out()} - {"template.yaml"}


def test_what_is_created_is_removed() -> None:
    def stacks(*names: str) -> set[tuple[str, str]]:
        return {
            (command.one("profile"), name)
            for command in AWS
            if command.words[2] in names
            for option in ("stack-name", "stack-set-name", "service-principal")
            for name in command.options.get(option, ())
        }

    created = {("audit", STACK_SET)} | stacks("deploy", "create-stack-set", "register-delegated-administrator")
    removed = stacks("delete-stack", "delete-stack-set", "deregister-delegated-administrator")
    assert removed <= created
    assert {principal for _, principal in created - removed} == {
        "config.amazonaws.com",
        "config-multiaccountsetup.amazonaws.com",
    }


def test_each_output_exists() -> None:
    named = set(re.findall(r"output ([A-Z]\w+)", shell()))
    assert named == OUTPUTS.keys() & named != set()
    assert named <= template("template.yaml")["Outputs"].keys()


def test_each_placeholder_is_explained() -> None:
    words = [
        word for start in ("aws", r"\.venv/bin/sam", "make") for text in written(start) for word in shlex.split(text)
    ]
    of_aws = ("query", "expression", "description")  # what follows has AWS's own words in capitals
    used = {
        name
        for before, word in pairwise(words)
        if before.removeprefix("--") not in of_aws
        for name in PLACEHOLDER.findall(word)
    } - {"BUCKET", "REGIONS", "PROFILE"}
    prose = re.sub(r"^ {4}.*$", "", TEXT, flags=re.MULTILINE)
    assert used == EXAMPLES.keys()
    assert [name for name in sorted(used) if f"`{name}`" not in prose] == []


@pytest.mark.parametrize("command", PYTHON, ids=lambda command: command.text)
def test_each_of_our_commands_exists(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, module, *arguments = shlex.split(command.text)
    assert importlib.util.find_spec(module) is not None
    if module == "blindspot":
        with pytest.raises(SystemExit):
            cli.main([arguments[0], "--help"])
        assert set(re.findall(r"--[a-z-]+", command.text)) <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    if module == "local.server":
        assert command.one("account") in server.ACCOUNTS


def test_each_permission_exists() -> None:
    named = set(re.findall(r"`(organizations|config|cloudformation|iam|sts|cloudtrail|ec2):(\w+)`", TEXT))
    assert {(of, name) for of, name in named if name not in service(of).operation_names} == set() != named


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings, and those that are written out."""
    text = path.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda path: path.name
)
def test_each_link_leads_somewhere(path: Path) -> None:
    """Those of this document, and those that lead to it."""
    text = re.sub(r"^(```).*?^\1$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
        if path.name != "organization.md" and not target.endswith("organization.md"):
            continue
        file = path.parent / target if target else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_the_picture_names_what_is_there() -> None:
    (picture,) = re.findall(r"^```mermaid\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    declared = set(re.findall(r"^ +(?:subgraph )?(\w+)\[", picture, re.MULTILINE))
    arrows = re.findall(r"^ +(\w+) --(?:.*--)?> (\w+)$", picture, re.MULTILINE)
    assert len(arrows) == picture.count("-->") != 0
    assert {end for arrow in arrows for end in arrow} <= declared
    code = "".join(path.read_text() for path in (ROOT / "layers/blindspot/blindspot/aws").glob("*.py"))
    for name in re.findall(r"\b(?:Describe|Assume|Put)[A-Z]\w+", picture):
        assert f":{name}" in code
    roles = {template(f"organization/{of}-role.yaml")["Parameters"]["RoleName"]["Default"] for of in ROLES}
    assert roles == set(re.findall(r"role (blindspot-\w+)", picture))


def test_the_policy_protects_the_role_that_the_template_makes() -> None:
    policy = json.loads((ROOT / "organization/protect-member-role.json").read_text())
    name = template("organization/member-role.yaml")["Parameters"]["RoleName"]["Default"]
    assert f":role/{name}" in json.dumps(policy)

"""Writes `.aws-sam/local.yaml`: the built template, as `sam local` can run it on this machine. Part of `make build`.

Three things differ from what is deployed. The functions run on this machine's processor. Names that AWS would make from
the stack are written out, with the stack's name from samconfig.toml: `sam local` has no stack. And AWS_ENDPOINT_URL is
declared, since `sam local` passes on only variables that the template declares. It is empty by default, which the SDK
takes for none.
"""

import platform
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
BUILT = ROOT / ".aws-sam/build/template.yaml"
LOCAL = ROOT / ".aws-sam/local.yaml"

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
"""Lambda's name of a processor, by the names that operating systems and Docker have for it."""


def local_template(built: dict[str, Any], architecture: str, stack: str) -> str:
    """The local template as YAML.

    built: the template that `sam build` wrote, to lie in the folder above it
    architecture: arm64 or x86_64
    stack: the name of the stack
    """
    template: dict[str, Any] = yaml.safe_load(
        yaml.safe_dump(built, sort_keys=False).replace("${AWS::StackName}", stack)
    )
    template["Parameters"]["Architecture"]["Default"] = architecture
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = ""
    resources = template["Resources"]
    for resource in resources.values():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::Serverless::LayerVersion":
                properties["ContentUri"] = f"{BUILT.parent.name}/{properties['ContentUri']}"
                resource["Metadata"]["BuildArchitecture"] = architecture
            case "AWS::Serverless::Function":
                properties["CodeUri"] = f"{BUILT.parent.name}/{properties['CodeUri']}"
                variables = properties.get("Environment", {}).get("Variables", {})
                variables |= {name: _named(value, resources) for name, value in variables.items()}
    return yaml.safe_dump(template, sort_keys=False)


def _named(value: object, resources: dict[str, Any]) -> object:
    """A reference to an SSM parameter is its name; any other value stays."""
    match value:
        case {"Ref": str(name)} if resources.get(name, {}).get("Type") == "AWS::SSM::Parameter":
            return resources[name]["Properties"]["Name"]["Fn::Sub"]
    return value


def stack_name(samconfig: dict[str, Any]) -> str:
    """The stack that `sam deploy` deploys; `sam deploy --guided` writes another name into its own section."""
    sections = {"global": {"parameters": {}}, "deploy": {"parameters": {}}} | samconfig["default"]
    named: dict[str, str] = sections["global"]["parameters"] | sections["deploy"]["parameters"]
    return named["stack_name"]


def main() -> None:
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine.lower())
    if architecture is None:
        LOCAL.unlink(missing_ok=True)
        sys.stderr.write(f"Lambda does not run on {machine}, this machine's processor: no template for sam local.\n")
        return
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    LOCAL.write_text(local_template(yaml.safe_load(BUILT.read_text()), architecture, stack_name(samconfig)))
    sys.stdout.write(f"Template for sam local, on {architecture}: {LOCAL.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()

"""Docker, as the tests of Lambda's image need it: the image, this machine's address, and what is left to remove."""

import ipaddress
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from local.sam_template import ARCHITECTURES
from tests.e2e.lambdas import REGION, LocalServer, local_template, missing, run, served


def docker(*asked: str) -> str:
    """What the command prints; the test fails with Docker's own last line if it fails."""
    ran = run("docker", *asked)
    if ran.returncode:
        missing(f"`docker {' '.join(asked)}` failed: {last_line(ran.stderr)}")
    return ran.stdout.strip()


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it printed nothing"])[-1]


def require_docker() -> None:
    """Fails the test in one sentence where Docker does not run, or runs on a processor that the template is not for."""
    answer = run("docker", "info", "--format", "{{.Architecture}}")
    if answer.returncode:
        why = last_line(answer.stderr)
        missing(f"Docker does not answer ({why}): 'apt-get install docker.io' installs it, 'sudo dockerd' starts it.")
    runs_on, built_for = answer.stdout.strip(), architecture()
    if ARCHITECTURES.get(runs_on) != built_for:
        missing(f"Docker runs on {runs_on}, but .aws-sam/local.yaml is for {built_for}, this machine's processor.")


def require_image() -> None:
    """Pulls Lambda's image where it is missing; fails the test in one sentence where Docker cannot."""
    version = local_template()["Globals"]["Function"]["Runtime"].removeprefix("python")
    image = f"public.ecr.aws/lambda/python:{version}-{architecture()}"
    if run("docker", "image", "inspect", image).returncode == 0:
        return
    pulled = run("docker", "pull", image)
    if pulled.returncode:
        missing(f"Docker has no image {image} and cannot pull it: {last_line(pulled.stderr)}")


def architecture() -> str:
    """The processor that .aws-sam/local.yaml names."""
    named: str = local_template()["Parameters"]["Architecture"]["Default"]
    return named


def gateway(ipam: Sequence[dict[str, str]]) -> str:
    """This machine's IPv4 address in a Docker network.

    ipam: the network's IPAM.Config. Docker names no Gateway for the default bridge until it was restarted once; the
    address is then the first of the subnet, which is Docker's default.
    """
    networks = [(ipaddress.ip_network(config["Subnet"], strict=False), config.get("Gateway")) for config in ipam]
    addresses = [named or str(network[1]) for network, named in networks if network.version == 4]
    if not addresses:
        missing("Docker's network 'bridge' has no IPv4 subnet, so containers cannot reach this machine.")
    return addresses[0]


def host_address() -> tuple[str, str]:
    """Where the local AWS listens, and that host's name in a container."""
    if (
        docker("info", "--format", "{{.OperatingSystem}}") == "Docker Desktop"
    ):  # its containers run in a virtual machine
        return "127.0.0.1", "host.docker.internal"
    inspected: list[dict[str, Any]] = json.loads(docker("network", "inspect", "bridge"))
    host = gateway(inspected[0]["IPAM"]["Config"])
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            missing(f"Containers reach this machine at {host}, where nothing can listen: {error.strerror}.")
    return host, host


@contextmanager
def seen_by_containers(account: str, region: str = REGION) -> Iterator[LocalServer]:
    """The local AWS where containers can reach it; those that called it are removed in the end."""
    host, seen_as = host_address()
    with served(account, region, host, seen_as) as server:
        try:
            yield server
        finally:
            remove_containers(server.endpoint)


def remove_containers(endpoint: str) -> None:
    """Removes what an early end left behind: containers with this endpoint in their environment, which are ours."""
    for container in docker("ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda").split():
        if f"AWS_ENDPOINT_URL={endpoint}" in run("docker", "inspect", container).stdout:
            run("docker", "rm", "--force", container)

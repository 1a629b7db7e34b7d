"""Where containers find this machine; no Docker is needed for it."""

import pytest

from tests.e2e.containers import gateway


@pytest.mark.parametrize(
    ("ipam", "address"),
    [
        ([{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}], "172.17.0.1"),
        ([{"Subnet": "172.17.0.0/16"}], "172.17.0.1"),
        ([{"Subnet": "10.200.0.0/24", "Gateway": "10.200.0.9"}], "10.200.0.9"),
        ([{"Subnet": "172.18.0.1/16"}], "172.18.0.1"),
        ([{"Subnet": "fd00::/80", "Gateway": "fd00::1"}, {"Subnet": "172.17.0.0/16"}], "172.17.0.1"),
    ],
)
def test_the_address_of_this_machine(ipam: list[dict[str, str]], address: str) -> None:
    assert gateway(ipam) == address


def test_a_network_without_ipv4_is_one_sentence() -> None:
    with pytest.raises(pytest.fail.Exception, match="no IPv4 subnet"):
        gateway([{"Subnet": "fd00::/80", "Gateway": "fd00::1"}])

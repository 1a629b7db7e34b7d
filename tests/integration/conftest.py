from collections.abc import Iterator

import pytest

from local.aws import LocalAws, local_aws

RULE = "blindspot-unauthorized-api-calls"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """An empty account, with a stack of Blindspot that has an AWS Config rule."""
    with local_aws() as aws:
        monkeypatch.setenv("BLINDSPOT_CONFIG_RULE", RULE)
        aws.put_config_rule(RULE)
        yield aws

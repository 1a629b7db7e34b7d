from collections.abc import Iterator

import pytest

from local.aws import LocalAws, local_aws
from tests.goldens import RULE
from tests.integration.remediating import SETTINGS
from tests.scenarios.bends import HOME, REGIONS
from tests.warm import warm, worked_out_once


@pytest.fixture(scope="session", autouse=True)
def working_things_out_once() -> Iterator[None]:
    with worked_out_once():
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """An empty account, with a stack of Blindspot that has an AWS Config rule."""
    with local_aws() as aws:
        monkeypatch.setenv("BLINDSPOT_CONFIG_RULE", RULE)
        for name in ("BLINDSPOT_REVIEW_LOG_GROUP_ARNS", "BLINDSPOT_STACK"):
            monkeypatch.setenv(name, SETTINGS[name])
        aws.put_config_rule(RULE)
        yield aws


@pytest.fixture
def kept_warm(aws: LocalAws) -> Iterator[None]:
    """For tests of what is made of the answers, rather than of how they come."""
    with warm(aws):
        yield


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """An empty account of three regions, with a stack of Blindspot that names whom to subscribe."""
    with local_aws(region=HOME, regions=REGIONS) as aws, warm(aws):
        for name, value in {**SETTINGS, "BLINDSPOT_CONFIG_RULE": RULE}.items():
            monkeypatch.setenv(name, value)
        aws.put_config_rule(RULE)
        yield aws

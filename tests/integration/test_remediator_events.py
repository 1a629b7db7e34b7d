"""The remediator as it is invoked: each event of events/ through the real handler, where the switch is off."""

from collections.abc import Iterator

import pytest

from functions.remediator import app
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from local.events import FUNCTIONS, event
from local.lambda_context import Context
from tests.goldens import SETTINGS, kept, steady
from tests.integration.remediating import switch


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    with local_aws() as aws:
        switch(aws, "false")
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        yield aws


@pytest.mark.parametrize("name", FUNCTIONS["RemediatorFunction"])
def test_every_event_returns_what_its_golden_file_says_and_writes_nothing(aws: LocalAws, name: str) -> None:
    a_compliant_account(aws, pattern=HALF_RIGHT)
    before = aws.dump()
    returned = steady(app.handler(event(name), Context()))
    assert returned == kept(name, returned)
    assert aws.dump() == before

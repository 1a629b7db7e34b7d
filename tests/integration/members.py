"""An organization on the local AWS, whose members the evaluator judges, and what its runs leave behind."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from blindspot.app.run import logger
from local.accounts import HALF_RIGHT, a_compliant_account
from local.aws import LocalAws, local_aws
from local.embedded_metrics import sent
from tests.goldens import RULE, SETTINGS, UUID
from tests.integration.evaluating import invoke
from tests.warm import warm

OWN, RIGHT, BROKEN, STRANGER = "123456789012", "222222222222", "333333333333", "999999999999"
NAME = "blindspot-member"
STACK = "blindspot"
IN_MEMBER = f"OrgConfigRule-{STACK}-dbgzf8ba"


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/{NAME}"


@contextmanager
def an_organization() -> Iterator[LocalAws]:
    """The evaluator's own account, two members with the role, one of them broken, and an account outside."""
    settings = {**SETTINGS, "BLINDSPOT_ORGANIZATION_ROLE": NAME, "BLINDSPOT_REVIEW_LOG_GROUP_ARNS": ""}
    with local_aws(regions=("eu-west-1",)) as aws, warm(aws), patch.dict(os.environ, settings):
        aws.evaluator = invoke
        aws.put_config_rule(RULE)
        aws.organization.join(OWN, RIGHT, BROKEN)
        for member in (RIGHT, BROKEN):
            aws.trust(role(member), UUID)
        a_compliant_account(aws)
        a_compliant_account(aws.of(RIGHT))
        a_compliant_account(aws.of(BROKEN), pattern=HALF_RIGHT)
        aws.put_organization_rule(STACK, excluded=(OWN,))
        yield aws


def asked(aws: LocalAws, account: str) -> dict[str, Any]:
    """The event with which AWS Config asks about a member, or about the function's own account."""
    if account == OWN:
        aws.config.asked.clear()
        aws.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    else:
        aws.ask_members(STACK, account)
    return aws.config.due.pop(0)


@dataclass
class Left:
    """What a run left behind: its answer or its error, the lines of its log, the metrics, the events."""

    answer: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    text: str = ""
    metrics: dict[str, list[float]] = field(default_factory=dict)
    details: list[dict[str, Any]] = field(default_factory=list)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{") and '"_aws"' not in line]

    @property
    def errors(self) -> str:
        """What the log has at level WARNING and above, but for the document."""
        return "".join(
            f"{line['level']} {line['message']}: {line.get('error', line.get('reason', ''))}"
            for line in self.lines
            if line["level"] in ("WARNING", "ERROR") and "document" not in line
        )


def run(aws: LocalAws, event: object, milliseconds: int = 300_000) -> Left:
    """What the evaluator leaves behind of this event."""
    kept, printed, handler, left = io.StringIO(), io.StringIO(), logger.registered_handler, Left()
    before = len(aws.events)
    with patch.object(handler, "stream", kept), patch("sys.stdout", printed):
        try:
            left.answer = invoke(event, milliseconds)
        except Exception as error:  # noqa: BLE001 (whatever it is, Lambda counts it)
            left.error = error
    left.text = kept.getvalue()
    for each in sent(printed.getvalue()):
        left.metrics.setdefault(each.name, []).extend(each.values)
    left.details = [json.loads(put["Detail"]) for put in aws.events[before:]]
    return left


def rows(aws: LocalAws, account: str) -> list[tuple[str, str]]:
    """The account's rows in AWS Config: what they say, and with which annotation."""
    return [(row.compliance, row.annotation or "") for row in aws.of(account).config_rows]

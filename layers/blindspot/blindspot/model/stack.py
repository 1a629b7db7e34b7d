"""The CloudFormation stack that the functions belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack by its id, an ARN that ends in `stack/NAME/UUID` (CloudFormation user guide, "Stack ID")."""

    id: str
    name: str
    uuid: str

    @property
    def ledger(self) -> str:
        """The path of the SSM parameters that say what this stack's remediator made. A later stack of the same name has
        another one."""
        return f"/{self.name}/made/{self.uuid}/"

    @property
    def lease(self) -> str:
        """The SSM parameter that the one run holds that may write."""
        return f"/{self.name}/lease"


def parse(text: str) -> Stack:
    """The stack of that id. Raises ValueError, which says what is allowed."""
    found = re.fullmatch(r"arn:[a-z-]+:cloudformation:[a-z0-9-]+:\d{12}:stack/([A-Za-z][A-Za-z0-9-]*)/([\w-]+)", text)
    if found is None:
        raise ValueError("the id of a CloudFormation stack, an ARN that ends in stack/NAME/UUID")
    return Stack(text, found[1], found[2])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from: the id of the stack, and of the invocation. None where there is none."""

    stack: str | None = None
    run: str | None = None

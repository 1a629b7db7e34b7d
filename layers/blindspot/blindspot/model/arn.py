"""Amazon Resource Names (ARNs), and their place: an account and a region.

Source: IAM user guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

from typing import NamedTuple

Place = tuple[str, str]
"""An account and a region."""


class Arn(NamedTuple):
    """The parts of `arn:partition:service:region:account:resource`. Only `resource` may contain colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Raises ValueError for text that is not an ARN."""
        prefix, *parts = text.split(":", 5)
        if prefix != "arn" or len(parts) != len(cls._fields):
            raise ValueError("not an ARN")
        return cls(*parts)

    @property
    def place(self) -> Place:
        return self.account, self.region

    @property
    def name(self) -> str:
        """The resource without its kind: the alarm's name in `alarm:NAME`."""
        return self.resource.partition(":")[2] or self.resource


def is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= len(Arn._fields)


def place_of(arn: str) -> Place:
    """The account and the region in an ARN. Raises ValueError for text that is not an ARN."""
    return Arn.parse(arn).place


def short(arn: str) -> str:
    """The name of a trail, log group, alarm, topic or subscription in its ARN; other text unchanged."""
    name = arn.split(":", 5)[-1]
    return name.removeprefix("trail/").removeprefix("log-group:").removeprefix("alarm:")

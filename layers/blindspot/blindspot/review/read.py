"""What was read of the time that was asked for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from blindspot.model.snapshot import Unreadable
from blindspot.review.tally import Interval, Tally


class LogGroupRead(NamedTuple):
    """What was read of one log group.

    log_group: its ARN. start: since when all its refused calls were counted, in seconds since 1970; the end of the time
        that was asked for where none were. events: how many there were. error: why not all were read, if not.
    """

    log_group: str
    start: int
    events: int
    error: Unreadable | None


@dataclass(frozen=True, slots=True)
class Read:
    """The refused calls that were read, newest first.

    asked: the time that was asked for. read: the part of it, up to its end, in which every log group that could be read
        was read whole; only these events are in the tally.
    calls: how many FilterLogEvents were called.
    """

    asked: Interval
    read: Interval
    tally: Tally
    log_groups: tuple[LogGroupRead, ...]
    calls: int

    @property
    def share(self) -> float:
        """Which share of the time that was asked for was read."""
        return (self.read.end - self.read.start) / (self.asked.end - self.asked.start)

"""The limit of a proof. It counts steps, not time, so the answer is the same on every machine."""

from __future__ import annotations

from collections.abc import Callable

PAUSE = 5000
"""Steps between two questions to `stop`: some milliseconds."""


class OverLimit(Exception):
    """Raised where a decision may take no more steps."""


class Steps:
    """Counts the steps of one decision.

    limit: how many it may take; a step takes about a microsecond.
    stop: asked every PAUSE steps whether to stop before that.
    """

    def __init__(self, limit: int, stop: Callable[[], bool] | None = None) -> None:
        self._limit = limit
        self._stop = stop
        self._pause = limit if stop is None else min(limit, PAUSE)
        self.taken = 0
        self.stopped = False

    @property
    def left(self) -> int:
        return self._limit - self.taken

    def spend(self, steps: int) -> None:
        """Raises OverLimit if that is more than may be taken."""
        self.taken += steps
        if self.taken > self._pause:
            self._check()

    def _check(self) -> None:
        if self.taken > self._limit:
            raise OverLimit
        if self._stop is not None and self._stop():
            self.stopped = True
            raise OverLimit
        self._pause = min(self._limit, self.taken + PAUSE)

"""The context of an invocation whose time runs."""

import time

from local.lambda_context import Context


class Left(Context):
    """So many seconds are left when it is made."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # powertools declares it static
        return max(0, round((self._until - time.monotonic()) * 1000))

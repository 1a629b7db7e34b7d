"""How often a call may be made, account by account and region by region, as AWS throttles: by a token bucket (EC2
developer guide, "Request throttling"; CloudWatch Logs user guide, "quotas")."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Limit:
    """The attempts of a call that one account may make in one region.

    burst: how many at once, after a rest. account: the only one that is limited, or None for every one.
    error: the code of the answer to one too many.
    throttled: how many attempts were, by account and region.
    """

    call: str
    per_second: float
    burst: float = 0.0
    account: str | None = None
    error: str = "ThrottlingException"
    clock: Callable[[], float] = time.monotonic
    throttled: dict[tuple[str, str], int] = field(default_factory=dict)
    _left: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meets(self, call: str, account: str) -> bool:
        return self.call == call and self.account in (None, account)

    def allows(self, call: str, region: str, account: str) -> bool:
        """Whether the attempt, which is made now, is answered."""
        if not self.meets(call, account):
            return True
        with self._lock:
            most, now, key = max(self.burst, self.per_second, 1.0), self.clock(), (account, region)
            left, at = self._left.get(key, (most, now))
            left = min(most, left + (now - at) * self.per_second)
            self._left[key] = (left - 1 if left >= 1 else left, now)
            if left < 1:
                self.throttled[key] = self.throttled.get(key, 0) + 1
            return left >= 1

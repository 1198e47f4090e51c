"""How often something may be done: buckets that fill at a steady rate, one for each who asks.

A school's forty tablets often share one address, so what is limited by address is only what is
dear (guesses, new benches), and generously; the cookie of a tablet is limited more closely.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

FORGOTTEN = 4096  # buckets kept; full ones go first, for they say nothing


@dataclass
class Limit:
    """At most `burst` at once, and `per_minute` in the long run.

    Buckets hold what is left; one that nobody asked for lately is full again and is dropped.
    """

    burst: int
    per_minute: float
    _left: dict[Hashable, tuple[float, float]] = field(default_factory=dict, repr=False)

    def wait(self, who: Hashable, now: float | None = None) -> float:
        """Seconds until it is allowed again; 0 when it is allowed now. Asking takes nothing."""
        left = self._now(who, time.monotonic() if now is None else now)
        return 0.0 if left >= 1.0 else (1.0 - left) * 60.0 / self.per_minute

    def take(self, who: Hashable, now: float | None = None) -> float:
        """Take one if there is one; otherwise the seconds to wait."""
        now = time.monotonic() if now is None else now
        wait = self.wait(who, now)
        if wait == 0.0:
            self._left[who] = (self._now(who, now) - 1.0, now)
            if len(self._left) > FORGOTTEN:
                self._forget(now)
        return wait

    def give_back(self, who: Hashable) -> None:
        """Forget what was taken: it turned out well."""
        self._left.pop(who, None)

    def _now(self, who: Hashable, now: float) -> float:
        left, then = self._left.get(who, (float(self.burst), now))
        return min(float(self.burst), left + (now - then) * self.per_minute / 60.0)

    def _forget(self, now: float) -> None:
        emptiest = sorted(self._left, key=lambda who: self._now(who, now))
        self._left = {who: self._left[who] for who in emptiest[: FORGOTTEN // 2]}


class DoorLimits:
    """How often benches may be asked for: pages by seat, and the dear part, new benches, by seat and by address."""

    def __init__(self) -> None:
        self.pages = Limit(burst=30, per_minute=60)
        self.by_seat = Limit(burst=8, per_minute=6)
        self.by_address = Limit(burst=100, per_minute=60)  # a school's class may come from one
        self.newcomers = Limit(burst=40, per_minute=20)  # browsers that never showed a cookie before, by address

    def page(self, seat: str) -> float:
        """Seconds this seat must wait before its next page; 0 when it is served."""
        return self.pages.take(seat)

    def bench(self, seat: str, address: str, new: bool) -> float:
        """Seconds to wait before a new bench is prepared; 0 when it is."""
        asked = [(self.by_seat, seat), (self.by_address, address)] + ([(self.newcomers, address)] if new else [])
        wait = max(limit.wait(who) for limit, who in asked)
        if wait == 0.0:
            for limit, who in asked:
                limit.take(who)
        return wait

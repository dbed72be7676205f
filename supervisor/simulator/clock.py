"""The rules' time: the loop's, optionally made faster, and the calendar that goes with it."""

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Simulated seconds. With scale 0.1 each takes a tenth of a real one, so 50 s polls last 5 s."""

    def __init__(self, scale: float) -> None:
        """`scale` is real seconds per simulated second."""
        self.scale = scale
        self._loop = asyncio.get_running_loop()
        self._epoch = time.time() - self._loop.time()

    def now(self) -> float:
        """Simulated seconds on a monotonic clock."""
        return self._loop.time() / self.scale

    def real(self) -> float:
        """Real seconds on the same monotonic clock."""
        return self._loop.time()

    def date(self, now: float) -> int:
        """The Unix time, never scaled, of a simulated moment."""
        return int(self._epoch + now * self.scale)

    def stamp(self, now: float) -> float:
        """The Unix time with its fraction."""
        return round(self._epoch + now * self.scale, 3)

    def at(self, when: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back at a simulated moment."""
        return self._loop.call_at(when * self.scale, then)

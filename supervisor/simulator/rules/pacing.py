"""How often something may happen."""

from collections import deque


class Pacer:
    """At most `count` events in any `seconds`."""

    def __init__(self, seconds: float, count: int, first: float | None = None) -> None:
        """`first` is an event that has already happened."""
        self._seconds = seconds
        self._limit = count
        self._events: deque[float] = deque([] if first is None else [first], maxlen=count)

    def free_at(self, now: float) -> float:
        """When the next event may happen; not after `now` if it may happen now."""
        if len(self._events) < self._limit:
            return now
        return self._events[0] + self._seconds

    def count(self, now: float) -> None:
        """An event happens now."""
        self._events.append(now)

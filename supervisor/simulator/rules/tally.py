"""What the referee counts about one bot. It watches and never decides anything.

Two pollers at once: two different clients (peer connections) that both have a getUpdates open at the server, be it
waiting for updates or for a delayed 409. A client that has hung up no longer counts, though its call may live on.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from supervisor.simulator.rules.calls import Call
from supervisor.simulator.rules.texts import CONFLICTS, ConflictKind

KEPT_MESSAGES = 1000


@dataclass
class Tally:
    """Counters of one bot."""

    calls: Counter[str] = field(default_factory=Counter)
    last_poll: float | None = None
    conflicts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CONFLICTS, 0))
    """409 answers given to clients that were there to read them."""
    unseen_conflicts: int = 0
    """409 answers whose client had already hung up."""
    sent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_MESSAGES))
    sent_count: int = 0
    deliveries: int = 0
    failed_deliveries: int = 0
    overlaps: int = 0
    """How often a poll arrived while another living client's poll was open."""
    _open: dict[int, tuple[Call, float]] = field(default_factory=dict)
    _overlap: float = 0.0
    _overlap_since: float | None = None

    def called(self, now: float, call: Call) -> None:
        """A request arrived."""
        self.calls[call.method] += 1
        if call.method != "getupdates":
            return
        self.last_poll = now
        if any(other.client != call.client for other, _ in self._open.values()):
            self.overlaps += 1
        self._open[id(call)] = (call, now)
        self._recount(now)

    def ended(self, now: float, call: Call) -> None:
        """A request was answered, or its client hung up."""
        if self._open.pop(id(call), None):
            self._recount(now)

    def conflict(self, kind: ConflictKind, seen: bool) -> None:
        """A 409 was answered."""
        if seen:
            self.conflicts[kind] += 1
        else:
            self.unseen_conflicts += 1

    def message(self, record: dict[str, Any]) -> None:
        """The bot sent, edited or deleted a message."""
        self.sent_count += 1
        self.sent.append(record)

    def pollers(self) -> list[tuple[Call, float]]:
        """The open polls of living clients, with the time each began."""
        return list(self._open.values())

    def overlap(self, now: float) -> float:
        """Seconds during which two clients or more had a poll open."""
        running = 0.0 if self._overlap_since is None else now - self._overlap_since
        return self._overlap + running

    def _recount(self, now: float) -> None:
        both = len({call.client for call, _ in self._open.values()}) > 1
        if both and self._overlap_since is None:
            self._overlap_since = now
        elif not both and self._overlap_since is not None:
            self._overlap += now - self._overlap_since
            self._overlap_since = None

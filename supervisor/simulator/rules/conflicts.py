"""409: who is told, and when [S: Client.cpp fail_query_conflict].

One clock per bot serves all four kinds: a conflict is told at once if none was told at once in the last 3 s,
otherwise exactly 3 s later, even if its cause has gone by then. A call that waits here polls no longer.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from supervisor.simulator.rules.calls import Action, Answer, Call, fail
from supervisor.simulator.rules.tally import Tally
from supervisor.simulator.rules.texts import CONFLICTS, ConflictKind

THROTTLE = 3.0


@dataclass(frozen=True)
class _Delayed:
    due: float
    call: Call
    kind: ConflictKind


class Conflicts:
    """The conflict clock of one bot and the answers it holds back."""

    def __init__(self, emit: Callable[[Action], None], tally: Tally) -> None:
        self._emit = emit
        self._tally = tally
        self._free_at = float("-inf")
        self._delayed: deque[_Delayed] = deque()

    def fail(self, now: float, call: Call, kind: ConflictKind) -> None:
        """Answer `call` with a 409, now or in 3 s."""
        if now >= self._free_at:
            self._free_at = now + THROTTLE
            self._tell(call, kind)
        else:
            self._delayed.append(_Delayed(now + THROTTLE, call, kind))

    def holds(self, call: Call) -> bool:
        """Whether this call waits for a delayed 409."""
        return any(delayed.call is call for delayed in self._delayed)

    def due(self) -> float | None:
        """When the next delayed answer is to be given."""
        return self._delayed[0].due if self._delayed else None

    def wake(self, now: float) -> None:
        """Give the delayed answers whose time has come."""
        while self._delayed and self._delayed[0].due <= now:
            delayed = self._delayed.popleft()
            self._tell(delayed.call, delayed.kind)

    def _tell(self, call: Call, kind: ConflictKind) -> None:
        self._tally.conflict(kind, seen=call.alive)
        self._emit(Answer(call, fail(409, CONFLICTS[kind])))

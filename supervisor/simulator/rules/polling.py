"""getUpdates: one waiting slot per bot, taken by the newest blocking poll [S: Client.cpp do_get_updates].

Updates are never claimed: everybody gets them until somebody asks for a higher offset. A waiting poll belongs to
the bot, not to its connection, so it survives its client. Whether a webhook forbids polling is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from supervisor.simulator.rules.arguments import integer
from supervisor.simulator.rules.calls import Action, Answer, Call, ok_raw
from supervisor.simulator.rules.conflicts import Conflicts
from supervisor.simulator.rules.queue import UpdateQueue, print_updates
from supervisor.simulator.rules.texts import ConflictKind

MAX_TIMEOUT = 50
MAX_LIMIT = 100
DAMPED_TIMEOUT = 3
DAMPED_FOR = 3.0
SINGLE_FOR = 0.5
BATCH_AFTER_LAST = 0.001
BATCH_AT_MOST = 0.002


@dataclass
class _Waiting:
    call: Call
    offset: int
    limit: int
    until: float
    """Its timeout; moved closer by the first update."""
    answer_at: float
    awake: bool = False


class Polling:
    """The polls of one bot object; the queue outlives it."""

    def __init__(self, emit: Callable[[Action], None], queue: UpdateQueue, conflicts: Conflicts) -> None:
        self._emit = emit
        self._queue = queue
        self._conflicts = conflicts
        self._waiting: _Waiting | None = None
        self._previous_offset = -1
        self._previous_start = float("-inf")

    def get_updates(self, now: float, call: Call) -> None:
        """One getUpdates. Equal offsets in quick succession wait 3 s and get one update: that damps short polls."""
        offset = integer(call.args, "offset", 0)
        limit = integer(call.args, "limit", MAX_LIMIT, 1, MAX_LIMIT)
        timeout = integer(call.args, "timeout", 0, 0, MAX_TIMEOUT)
        if offset == self._previous_offset:
            if timeout < DAMPED_TIMEOUT and now < self._previous_start + DAMPED_FOR:
                timeout = DAMPED_TIMEOUT
            if now < self._previous_start + SINGLE_FOR:
                limit = 1
        self._previous_offset, self._previous_start = offset, now
        self._serve(now, call, offset, limit, timeout)

    def _serve(self, now: float, call: Call, offset: int, limit: int, timeout: int) -> None:
        if offset < 0:
            self._queue.clear(keep=-offset)
        if offset <= 0:
            offset = self._queue.head
        if self._queue.accepts(offset):
            self._queue.confirm_before(offset)
            start = offset
        else:
            start = self._queue.head
        updates = self._queue.read(now, start, limit)
        if timeout and not updates:
            self.abort(now, "get_updates")
            self._waiting = _Waiting(call, offset, limit, now + timeout, now + timeout)
            return
        result, shown = print_updates(updates)
        if call.alive:
            for update in shown:
                update.handed_out = True
        self._emit(Answer(call, ok_raw(result)))

    def abort(self, now: float, kind: ConflictKind) -> None:
        """The waiting poll, if there is one, loses its place and gets a 409."""
        if self._waiting:
            waiting, self._waiting = self._waiting, None
            self._conflicts.fail(now, waiting.call, kind)

    def update_arrived(self, now: float) -> None:
        """Answer the waiting poll 1 ms after the last and at most 2 ms after the first new update."""
        waiting = self._waiting
        if not waiting:
            return
        if not waiting.awake:
            waiting.awake = True
            waiting.until = min(waiting.until, now + BATCH_AT_MOST)
        waiting.answer_at = min(waiting.until, now + BATCH_AFTER_LAST)

    def finish(self, now: float) -> None:
        """Answer the waiting poll with what there is, which may be nothing."""
        if self._waiting:
            waiting, self._waiting = self._waiting, None
            self._serve(now, waiting.call, waiting.offset, waiting.limit, 0)

    def waits(self, call: Call) -> bool:
        """Whether this call holds the slot."""
        return self._waiting is not None and self._waiting.call is call

    def due(self) -> float | None:
        """When the waiting poll is to be answered."""
        return self._waiting.answer_at if self._waiting else None

    def wake(self, now: float) -> None:
        """Answer the waiting poll if its time has come."""
        if self._waiting and self._waiting.answer_at <= now:
            self.finish(now)
